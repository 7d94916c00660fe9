//! Deep halos: the halos that the steps of a pipeline need, exchanged once for all of these steps.

use fluxions_comm::World;
use fluxions_halo::{Exchange, FieldHalo, HaloWidth, Subdomain};

use crate::error::Error;
use crate::plan::margins::{Margins, widen};
use crate::run::counts::Counts;
use crate::run::memory::Memory;

/// Those of some arrays that need a deep halo, and how wide it is: `widths` gives, for every array of the plan, the halo cells
/// that must be known.
pub(crate) fn exchanged(
    arrays: impl Iterator<Item = usize>,
    widths: &[Margins],
) -> (Vec<usize>, HaloWidth) {
    let arrays: Vec<usize> = arrays.filter(|k| widths[*k] != Margins::default()).collect();
    let mut layers = Margins::default();
    arrays.iter().for_each(|array| widen(&mut layers, &widths[*array]));
    let axes = layers.iter().filter(|sides| **sides != [0; 2]).count();
    (arrays, HaloWidth { layers, corners: axes > 1 })
}

/// The deep halos of some arrays of the state.
pub(crate) struct DeepHalo {
    arrays: Vec<usize>,
    exchange: Exchange,
    /// The positions where the arrays begin, for the present exchange.
    starts: Vec<usize>,
}

impl DeepHalo {
    /// The deep halos of those of `arrays` that need one. `widths` gives, for every array of the
    /// plan, the halo cells that must be known. Collective.
    pub(crate) fn new(
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        arrays: impl Iterator<Item = usize>,
        widths: &[Margins],
    ) -> Self {
        let (arrays, width) = exchanged(arrays, widths);
        let fields = vec![FieldHalo::default(); arrays.len()];
        let exchange = Exchange::new(world, block, memory.layout(), width, &fields);
        DeepHalo { starts: Vec::with_capacity(arrays.len()), arrays, exchange }
    }

    /// The exchange.
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Exchanges until it is chosen how messages go. Collective.
    pub(crate) fn choose_ways(&mut self, memory: &mut Memory) -> Result<(), Error> {
        let phases = self.exchange.plan().phases().len();
        while (0..phases).any(|phase| self.exchange.way(phase).is_none()) {
            self.fill(memory, &mut Counts::default())?;
        }
        Ok(())
    }

    /// Fills the halos. Collective.
    pub(crate) fn fill(&mut self, memory: &mut Memory, counts: &mut Counts) -> Result<(), Error> {
        self.starts.clear();
        self.starts.extend(self.arrays.iter().map(|array| memory.array(*array)));
        for phase in 0..self.exchange.plan().phases().len() {
            self.exchange.start(phase, memory.all_mut(), &self.starts)?;
            self.exchange.finish(phase, memory.all_mut(), &self.starts)?;
            self.exchange.measured(phase);
        }
        counts.add_exchange(&self.exchange);
        Ok(())
    }
}
