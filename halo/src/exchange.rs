//! The exchange of halos: it carries out a halo plan for some fields, any number of times.
//!
//! Each leg sends all fields in one message. A leg from a block to itself (along a periodic axis
//! that is not cut) is a copy and needs no message.

use fluxions_comm::{Error, Incoming, Outgoing, World};
use fluxions_grid::Layout;

use crate::decomposition::Subdomain;
use crate::pack::{pack, unpack};
use crate::plan::{HaloPlan, HaloWidth, Leg};

/// A field that takes part in an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldHalo {
    /// The axes at whose ends the sign of the field changes.
    pub antiperiodic: [bool; 3],
}

/// The exchange of the halos of some fields on one block, any number of times.
pub struct Exchange {
    plan: HaloPlan,
    layout: Layout,
    fields: Vec<FieldHalo>,
    phases: Vec<Vec<Link>>,
}

/// A leg with its messages.
struct Link {
    leg: Leg,
    outgoing: Option<Outgoing>,
    incoming: Option<Incoming>,
    /// The buffer through which a leg to the block itself is copied.
    copied: Vec<f64>,
}

impl Exchange {
    /// Sets up the exchange of halos of this width between all blocks. All ranks must do so.
    /// Nothing is sent yet.
    pub fn new(
        world: &World,
        block: &Subdomain,
        layout: Layout,
        width: HaloWidth,
        fields: &[FieldHalo],
    ) -> Self {
        let plan = HaloPlan::new(block, width);
        let link = |leg: &Leg| {
            let (sent, received) = (leg.send.cells(), leg.receive.cells());
            let (sent, received) = (sent * fields.len(), received * fields.len());
            let itself = leg.neighbour == world.rank();
            // The tag of a message is given by the face of its receiver.
            let tag = |side: usize| 2 * leg.face.axis + side;
            let (mine, theirs) = (leg.face.side.index(), leg.face.side.opposite().index());
            Link {
                outgoing: (!itself && sent > 0)
                    .then(|| world.outgoing(leg.neighbour, tag(theirs), sent)),
                incoming: (!itself && received > 0)
                    .then(|| world.incoming(leg.neighbour, tag(mine), received)),
                copied: vec![0.0; if itself { sent } else { 0 }],
                leg: leg.clone(),
            }
        };
        let phases = plan.phases().iter().map(|legs| legs.iter().map(link).collect()).collect();
        Exchange { plan, layout, fields: fields.to_vec(), phases }
    }

    /// The halo plan that is carried out.
    pub fn plan(&self) -> &HaloPlan {
        &self.plan
    }

    /// The number of messages that this rank sends in each exchange.
    pub fn messages(&self) -> usize {
        self.phases.iter().flatten().filter(|link| link.outgoing.is_some()).count()
    }

    /// The number of bytes that this rank sends in each exchange.
    pub fn bytes(&self) -> usize {
        let sent = |link: &Link| link.outgoing.as_ref().map_or(0, Outgoing::length);
        self.phases.iter().flatten().map(sent).sum::<usize>() * size_of::<f64>()
    }

    /// Starts a phase: prepares to receive, packs and sends, and fills those halo cells that come
    /// from the block itself. `arrays` gives the positions in `memory` where each field's array
    /// begins.
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
        let links = &mut self.phases[phase];
        links.iter_mut().filter_map(|link| link.incoming.as_mut()).for_each(Incoming::start);
        for Link { leg, outgoing, copied, .. } in links.iter_mut() {
            let mut packed = match outgoing {
                Some(outgoing) => outgoing.buffer(),
                None if !copied.is_empty() => copied,
                None => continue,
            };
            for array in arrays {
                packed = pack(&memory[*array..], &self.layout, &leg.send, packed);
            }
            if let Some(outgoing) = outgoing {
                outgoing.start()?;
            }
        }
        for Link { leg, copied, .. } in links.iter() {
            // What a block sends to itself beyond one face arrives beyond the opposite face.
            if copied.is_empty() {
                continue;
            }
            let arrives =
                fluxions_grid::Face { axis: leg.face.axis, side: leg.face.side.opposite() };
            if let Some(link) = links.iter().find(|link| link.leg.face == arrives) {
                fill(&link.leg, copied, &self.layout, &self.fields, memory, arrays);
            }
        }
        Ok(())
    }

    /// Gives the messages of a phase a chance to make progress.
    pub fn poll(&mut self, phase: usize) {
        let links = self.phases[phase].iter_mut();
        links.filter_map(|link| link.incoming.as_mut()).for_each(Incoming::poll);
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
        let links = &mut self.phases[phase];
        for Link { leg, incoming, .. } in links.iter_mut() {
            if let Some(incoming) = incoming {
                fill(leg, incoming.finish()?, &self.layout, &self.fields, memory, arrays);
            }
        }
        links.iter_mut().filter_map(|link| link.outgoing.as_mut()).try_for_each(Outgoing::finish)
    }
}

fn fill(
    leg: &Leg,
    mut packed: &[f64],
    layout: &Layout,
    fields: &[FieldHalo],
    memory: &mut [f64],
    arrays: &[usize],
) {
    for (field, array) in fields.iter().zip(arrays) {
        let negate = leg.wraps && field.antiperiodic[leg.face.axis];
        packed = unpack(packed, layout, &leg.receive, negate, &mut memory[*array..]);
    }
}
