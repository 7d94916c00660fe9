//! The random inputs of kernels, which are made for one row of a block at a time.

use fluxions_comm::World;
use fluxions_grid::{Grid, Region};
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::plan::action::Slot;
use crate::plan::plan::Plan;
use crate::random::source::RandomSource;
use crate::run::binding::Binding;
use crate::run::memory::{Memory, RESULT_ROW};

/// The sources of a plan's random numbers, in the order of their rows in memory.
pub(crate) struct RandomRows(Vec<RandomSource>);

impl RandomRows {
    /// The sources of the random numbers of a plan for this seed. Collective.
    pub(crate) fn new(
        plan: &Plan,
        seed: u64,
        grid: &Grid,
        block: &Subdomain,
        world: &World,
    ) -> Result<Self, Error> {
        let sources = plan.randoms().iter().map(|r| RandomSource::new(seed, r, grid, block, world));
        Ok(RandomRows(sources.collect::<Result<_, _>>()?))
    }

    /// Computes the random inputs of a kernel for row (i, j) of a block, and binds them.
    pub(crate) fn fill(
        &self,
        block: &Subdomain,
        memory: &mut Memory,
        inputs: &[Slot],
        row: [usize; 2],
        step: u64,
        binding: &mut Binding,
    ) {
        let cells = block.shape()[2];
        for (slot, bound) in inputs.iter().zip(&mut binding.inputs) {
            let Slot::Row(number) = slot else { continue };
            // The rows of random numbers follow the row of results.
            let source = &self.0[number - RESULT_ROW - 1];
            let start = memory.row(*number);
            source.fill(block, row, step, &mut memory.all_mut()[start..][..cells]);
            *bound = memory.row_of_block(*number, row);
        }
    }
}

/// The rows of a block in order, each with its indices along axes 0 and 1 and with its cells.
pub(crate) fn rows(block: &Subdomain) -> impl Iterator<Item = ([usize; 2], Region)> + use<> {
    let [n0, n1, n2] = block.shape();
    let row = move |i: usize, j: usize| {
        let [first, second, last] = [i, j, n2].map(|n| n as isize);
        let cells = Region { start: [first, second, 0], end: [first + 1, second + 1, last] };
        ([i, j], cells)
    };
    (0..n0).flat_map(move |i| (0..n1).map(move |j| row(i, j)))
}
