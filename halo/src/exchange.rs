//! The exchange of halos: it carries out a halo plan for some fields, any number of times.
//!
//! Messages are packed, with all fields in one, or go from the arrays and into them, where that is faster (way.rs). A leg from a
//! block to itself (along a periodic axis that is not cut) is a copy and needs no message.

use fluxions_comm::{Error, InPlace, Incoming, Kind, Outgoing, World};
use fluxions_grid::{Face, Layout};

use crate::decomposition::Subdomain;
use crate::link::{Link, fill};
use crate::plan::{HaloPlan, HaloWidth};
use crate::way::{Choice, Halos, Way};

/// A field that takes part in an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldHalo {
    /// The axes at whose ends the sign of the field changes.
    pub antiperiodic: [bool; 3],
}

/// The exchange of the halos of some fields on one block, any number of times.
pub struct Exchange {
    world: World,
    plan: HaloPlan,
    layout: Layout,
    fields: Vec<FieldHalo>,
    phases: Vec<Phase>,
}

/// The links of a phase and how their messages go.
struct Phase {
    links: Vec<Link>,
    /// The messages across each axis that go from the arrays and into them.
    in_place: Vec<(usize, InPlace)>,
    choice: Choice,
}

impl Exchange {
    /// Sets up the exchange of halos of this width between all blocks. All ranks must do so.
    /// Nothing is sent yet.
    ///
    /// # Panics
    /// If a message is too long for MPI.
    pub fn new(
        world: &World,
        block: &Subdomain,
        layout: Layout,
        width: HaloWidth,
        fields: &[FieldHalo],
    ) -> Self {
        let plan = HaloPlan::new(block, width);
        let phase = |legs: &Vec<_>| {
            let links = legs.iter().map(|leg| Link::new(world, leg, fields.len()));
            Phase::new(world, &layout, links.collect(), block.halos())
        };
        let phases = plan.phases().iter().map(phase).collect();
        Exchange { world: world.clone(), plan, layout, fields: fields.to_vec(), phases }
    }

    /// The halo plan that is carried out.
    pub fn plan(&self) -> &HaloPlan {
        &self.plan
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        self.phases.iter().flat_map(|phase| &phase.links)
    }

    /// The number of messages that this rank sends in each exchange. Where they go from the arrays, this is their number for
    /// each field.
    pub fn messages(&self) -> usize {
        self.links().filter(|link| link.outgoing.is_some()).count()
    }

    /// The number of bytes that this rank sends in each exchange.
    pub fn bytes(&self) -> usize {
        let sent = |link: &Link| link.outgoing.as_ref().map_or(0, Outgoing::length);
        self.links().map(sent).sum::<usize>() * size_of::<f64>()
    }

    /// The way in which the messages of a phase go; none as long as ways are tried.
    pub fn way(&self, phase: usize) -> Option<Way> {
        self.phases[phase].choice.chosen()
    }

    /// The axes across which messages go, with the way of each that was chosen.
    pub fn ways(&self) -> impl Iterator<Item = (usize, Way)> {
        let of_phase = |phase: &Phase| {
            let way = phase.choice.chosen();
            let is_sent = |link: &&Link| link.outgoing.is_some() || link.incoming.is_some();
            let axes = phase.links.iter().filter(is_sent).map(|link| link.leg.face.axis);
            axes.filter_map(move |axis| way.map(|way| (axis, way))).collect::<Vec<_>>()
        };
        self.phases.iter().flat_map(of_phase)
    }

    /// Starts a phase: prepares to receive, packs and sends, and fills those halo cells that come
    /// from the block itself. `arrays` gives the positions in `memory` where each field's array
    /// begins. All ranks must do so.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn start(
        &mut self,
        phase: usize,
        memory: &mut [f64],
        arrays: &[usize],
    ) -> Result<(), Error> {
        debug_assert_eq!(arrays.len(), self.fields.len());
        let Phase { links, in_place, choice } = &mut self.phases[phase];
        choice.begin(&self.world)?;
        let way = choice.way();
        let is_packed = |link: &&mut Link| !way.in_place[link.leg.face.axis];
        let packed = links.iter_mut().filter(is_packed);
        packed.filter_map(|link| link.incoming.as_mut()).for_each(Incoming::start);
        for link in links.iter_mut().filter(is_packed) {
            link.send(&self.layout, memory, arrays)?;
        }
        for (axis, messages) in in_place.iter_mut().filter(|(axis, _)| way.in_place[*axis]) {
            messages.exchange(memory, arrays)?;
            for link in links.iter().filter(|link| link.leg.face.axis == *axis) {
                link.turn(&self.layout, &self.fields, memory, arrays);
            }
        }
        for Link { leg, copied, .. } in links.iter() {
            // What a block sends to itself beyond one face arrives beyond the opposite face.
            if copied.is_empty() {
                continue;
            }
            let arrives = Face { axis: leg.face.axis, side: leg.face.side.opposite() };
            if let Some(link) = links.iter().find(|link| link.leg.face == arrives) {
                fill(&link.leg, copied, &self.layout, &self.fields, memory, arrays);
            }
        }
        match way.waits {
            true => self.receive(phase, memory, arrays),
            false => Ok(()),
        }
    }

    /// Whether all halo cells of a phase that has started are filled.
    pub fn is_over(&self, phase: usize) -> bool {
        let Phase { links, choice, .. } = &self.phases[phase];
        let way = choice.way();
        let mut awaited = links.iter().filter(|link| link.incoming.is_some());
        way.waits || awaited.all(|link| way.in_place[link.leg.face.axis])
    }

    /// Gives the messages of a phase a chance to make progress.
    pub fn poll(&mut self, phase: usize) {
        let Phase { links, choice, .. } = &mut self.phases[phase];
        let way = choice.way();
        if way.waits {
            return;
        }
        let packed = links.iter_mut().filter(|link| !way.in_place[link.leg.face.axis]);
        packed.filter_map(|link| link.incoming.as_mut()).for_each(Incoming::poll);
    }

    /// Finishes a phase: waits for the messages to this rank and fills the halo cells with them.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn finish(
        &mut self,
        phase: usize,
        memory: &mut [f64],
        arrays: &[usize],
    ) -> Result<(), Error> {
        match self.phases[phase].choice.way().waits {
            true => Ok(()),
            false => self.receive(phase, memory, arrays),
        }
    }

    fn receive(&mut self, phase: usize, memory: &mut [f64], arrays: &[usize]) -> Result<(), Error> {
        let Phase { links, choice, .. } = &mut self.phases[phase];
        let way = choice.way();
        let is_packed = |link: &&mut Link| !way.in_place[link.leg.face.axis];
        for link in links.iter_mut().filter(is_packed) {
            link.receive(&self.layout, &self.fields, memory, arrays)?;
        }
        links.iter_mut().filter(is_packed).try_for_each(Link::finish)
    }

    /// Ends what counts for the choice of a way: the phase, and what was computed meanwhile and because of it. Without this call
    /// no other ways are tried.
    pub fn measured(&mut self, phase: usize) {
        self.phases[phase].choice.end();
    }
}

impl Phase {
    fn new(world: &World, layout: &Layout, links: Vec<Link>, halos: Halos) -> Self {
        let is_sent = |link: &&Link| link.outgoing.is_some() || link.incoming.is_some();
        let mut across = [false; 3];
        links.iter().filter(is_sent).for_each(|link| across[link.leg.face.axis] = true);
        let can_be_in_place = world.kind() == Kind::Mpi && halos != Halos::Packed;
        let axes = (0..3).filter(|axis| can_be_in_place && across[*axis]);
        let messages = |axis: usize| {
            let links = || links.iter().filter(move |link| link.leg.face.axis == axis);
            let sent: Vec<_> = links().filter_map(|link| link.sent(layout)).collect();
            let received: Vec<_> = links().filter_map(|link| link.received(layout)).collect();
            let messages = world.in_place(&sent, &received);
            (axis, messages.unwrap_or_else(|error| panic!("{error}")))
        };
        let in_place = axes.map(messages).collect();
        Phase { links, in_place, choice: Choice::new(across, can_be_in_place, halos) }
    }
}
