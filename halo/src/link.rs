//! A leg of a halo plan with its messages.

use fluxions_comm::{Error, Incoming, Outgoing, Part, World};
use fluxions_grid::Layout;

use crate::exchange::FieldHalo;
use crate::pack::{change_sign, pack, rows, unpack};
use crate::plan::Leg;

/// A leg with its messages.
pub(crate) struct Link {
    pub(crate) leg: Leg,
    pub(crate) outgoing: Option<Outgoing>,
    pub(crate) incoming: Option<Incoming>,
    /// The buffer through which a leg to the block itself is copied.
    pub(crate) copied: Vec<f64>,
}

/// The tags of the messages from and to this rank: a message is named by the face of its receiver.
fn tags(leg: &Leg) -> (usize, usize) {
    let tag = |side: usize| 2 * leg.face.axis + side;
    (tag(leg.face.side.index()), tag(leg.face.side.opposite().index()))
}

impl Link {
    pub(crate) fn new(world: &World, leg: &Leg, fields: usize) -> Self {
        let (sent, received) = (leg.send.cells() * fields, leg.receive.cells() * fields);
        let itself = leg.neighbour == world.rank();
        let (mine, theirs) = tags(leg);
        Link {
            outgoing: (!itself && sent > 0).then(|| world.outgoing(leg.neighbour, theirs, sent)),
            incoming: (!itself && received > 0)
                .then(|| world.incoming(leg.neighbour, mine, received)),
            copied: vec![0.0; if itself { sent } else { 0 }],
            leg: leg.clone(),
        }
    }

    /// Packs what is sent and sends it, or keeps it if it stays here.
    pub(crate) fn send(
        &mut self,
        layout: &Layout,
        memory: &[f64],
        arrays: &[usize],
    ) -> Result<(), Error> {
        let mut packed = match &mut self.outgoing {
            Some(outgoing) => outgoing.buffer(),
            None => &mut self.copied,
        };
        if packed.is_empty() {
            return Ok(());
        }
        for array in arrays {
            packed = pack(&memory[*array..], layout, &self.leg.send, packed);
        }
        self.outgoing.as_mut().map_or(Ok(()), Outgoing::start)
    }

    /// Waits for the message and fills the halo cells with it.
    pub(crate) fn receive(
        &mut self,
        layout: &Layout,
        fields: &[FieldHalo],
        memory: &mut [f64],
        arrays: &[usize],
    ) -> Result<(), Error> {
        if let Some(incoming) = &mut self.incoming {
            fill(&self.leg, incoming.finish()?, layout, fields, memory, arrays);
        }
        Ok(())
    }

    /// Waits until what is sent has left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.outgoing.as_mut().map_or(Ok(()), Outgoing::finish)
    }

    /// What goes to the other rank from an array.
    pub(crate) fn sent(&self, layout: &Layout) -> Option<Part> {
        let rows = rows(layout, &self.leg.send);
        let part = Part { rank: self.leg.neighbour, tag: tags(&self.leg).1, rows };
        self.outgoing.as_ref().map(|_| part)
    }

    /// What comes from it into an array.
    pub(crate) fn received(&self, layout: &Layout) -> Option<Part> {
        let rows = rows(layout, &self.leg.receive);
        let part = Part { rank: self.leg.neighbour, tag: tags(&self.leg).0, rows };
        self.incoming.as_ref().map(|_| part)
    }

    /// Changes the signs of cells that have arrived in the arrays.
    pub(crate) fn turn(
        &self,
        layout: &Layout,
        fields: &[FieldHalo],
        memory: &mut [f64],
        arrays: &[usize],
    ) {
        for (field, array) in fields.iter().zip(arrays) {
            if self.incoming.is_some() && is_turned(&self.leg, field) {
                change_sign(layout, &self.leg.receive, &mut memory[*array..]);
            }
        }
    }
}

fn is_turned(leg: &Leg, field: &FieldHalo) -> bool {
    leg.wraps && field.antiperiodic[leg.face.axis]
}

/// Fills the halo cells of a leg with packed numbers.
pub(crate) fn fill(
    leg: &Leg,
    mut packed: &[f64],
    layout: &Layout,
    fields: &[FieldHalo],
    memory: &mut [f64],
    arrays: &[usize],
) {
    for (field, array) in fields.iter().zip(arrays) {
        let turned = is_turned(leg, field);
        packed = unpack(packed, layout, &leg.receive, turned, &mut memory[*array..]);
    }
}
