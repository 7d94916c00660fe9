//! Temporal blocking: how many steps are made in one sweep over memory.
//!
//! Steps in one sweep need halos as deep as all of them look, and cells that two blocks both
//! compute. What is best depends on caches and memory, so it is measured for a moment at the
//! start; it never changes a bit.

use std::time::Instant;

use fluxions_comm::World;
use fluxions_halo::{Decomposition, HaloWidth, Subdomain};

use crate::error::Error;
use crate::memory::Memory;
use crate::pde::Pde;
use crate::pipeline::{Margins, Pipeline};
use crate::plan::Plan;
use crate::wavefront::Wavefront;

/// Numbers of steps that are tried.
const STEPS: [usize; 5] = [16, 8, 4, 2, 1];
/// Cells of a block for each halo layer that makes no more than 5 % of its memory.
const CELLS_PER_LAYER: usize = 40;
/// Bytes of a rank's arrays that are in its fastest caches anyway.
const SMALL: usize = 1 << 20;
/// Bytes of slabs that an entry advances at a time, if it can be one slab at least.
const BATCH: usize = 16 << 10;
/// Most slabs that an entry advances at a time.
const MOST_SLABS: usize = 32;
/// How long each choice is timed, in seconds, about.
const TIMED: f64 = 6e-3;
/// How often each choice is timed; the fastest counts.
const ROUNDS: usize = 2;

/// How steps are made in sweeps, where somebody says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocking {
    /// Time steps in one sweep over memory, or fewer where blocks are too small; 0 for a sweep for
    /// each pass of each stage. Measured if not given.
    pub steps: Option<usize>,
    /// Rows, or planes in three dimensions, that are advanced at a time; measured if not given.
    pub slabs: Option<usize>,
}

/// A pipeline with the halos that it needs, the same on all ranks.
pub(crate) struct Blocked {
    pub(crate) pipeline: Pipeline,
    /// For each array the halo cells that must be known at the beginning.
    pub(crate) widths: Vec<Margins>,
    asked: Blocking,
}

impl Blocked {
    /// The pipeline of as many steps as can be made in one sweep and may be worth while; nothing
    /// where steps are made one by one.
    pub(crate) fn new(
        pde: &Pde,
        plan: &Plan,
        swaps: &[(usize, usize)],
        decomposition: &Decomposition,
        asked: Blocking,
    ) -> Option<Self> {
        let one = Pipeline::new(pde, plan, swaps, 1).filter(|_| asked.steps != Some(0))?;
        let (shape, dims) = (decomposition.shape(), decomposition.dims());
        let cells = |axis: usize| shape[axis] / dims[axis];
        let joined = std::array::from_fn(|axis| {
            let wraps = axis == one.axis
                && pde.grid().inner_axis(axis).is_some_and(|named| named.is_periodic());
            [dims[axis] > 1 || wraps; 2]
        });
        if one.changes_sign(pde, plan, joined) {
            return None;
        }
        let bytes = (0..3).map(cells).product::<usize>() * plan.arrays * size_of::<f64>();
        let (most, per_layer) = match asked.steps {
            Some(steps) => (steps, 1),
            None if bytes < SMALL => return None,
            None => (STEPS[0], CELLS_PER_LAYER),
        };
        let fewer = STEPS.into_iter().filter(|steps| *steps < most);
        std::iter::once(most).chain(fewer).find_map(|steps| {
            let pipeline = Pipeline::new(pde, plan, swaps, steps)?;
            let widths = pipeline.needs(plan, joined).arrays;
            let fits = |axis: usize| {
                let layers = widths.iter().flat_map(|margins| margins[axis]).max().unwrap_or(0);
                layers * per_layer <= cells(axis)
            };
            (0..3).all(fits).then_some(Blocked { pipeline, widths, asked })
        })
    }

    /// The halo layers at each axis.
    pub(crate) fn halo(&self) -> [usize; 3] {
        let most = |axis: usize| self.widths.iter().flat_map(|margins| margins[axis]).max();
        std::array::from_fn(|axis| most(axis).unwrap_or(0))
    }

    /// How wide the halos of given fields have to be.
    pub(crate) fn data_widths(&self, pde: &Pde) -> Vec<HaloWidth> {
        let given = self.widths[pde.arrays()..pde.all_arrays()].iter();
        let width =
            |layers: &Margins| HaloWidth { layers: *layers, corners: *layers != [[0; 2]; 3] };
        given.map(width).collect()
    }

    /// Chooses the numbers of steps and slabs of a wavefront by timing some sweeps over what is in
    /// memory. Collective.
    pub(crate) fn tune(
        &self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        wavefront: &mut Wavefront,
    ) -> Result<(), Error> {
        let axis = self.pipeline.axis;
        let slabs = block.shape()[axis];
        let slab_bytes = (memory.layout().length() / slabs.max(1)).max(1) * size_of::<f64>();
        let usual = (BATCH / slab_bytes).clamp(1, MOST_SLABS);
        wavefront.slabs = self.asked.slabs.unwrap_or(usual).max(1);
        if self.asked.steps.is_some() {
            return Ok(());
        }
        // Seconds in which one slab makes one step, over as many slabs as take so long.
        let mut guess = 0.0;
        let mut time = |wavefront: &mut Wavefront, steps: usize| {
            let fitting = TIMED / (steps as f64 * guess);
            let timed = if guess > 0.0 { fitting as usize } else { 0 };
            let timed = timed.max(16).min(slabs);
            let mut best = f64::INFINITY;
            for _ in 0..ROUNDS {
                let began = Instant::now();
                wavefront.sweep(block, memory, steps, |_| (0.0, 0.0), Some(timed as isize));
                best = best.min(began.elapsed().as_secs_f64() / (steps * timed) as f64);
            }
            guess = best;
            world.max(best)
        };
        time(wavefront, 1)?;
        let most = wavefront.steps;
        let mut best = (f64::INFINITY, 1);
        for steps in STEPS.into_iter().rev().filter(|steps| *steps <= most) {
            let seconds = time(wavefront, steps)?;
            if seconds < best.0 {
                best = (seconds, steps);
            }
        }
        wavefront.steps = best.1;
        if self.asked.slabs.is_none() {
            let mut best = (best.0, usual);
            for slabs in [4 * usual, 2 * usual, usual / 2, usual / 4] {
                if slabs == 0 || slabs > MOST_SLABS {
                    continue;
                }
                wavefront.slabs = slabs;
                let seconds = time(wavefront, wavefront.steps)?;
                if seconds < best.0 {
                    best = (seconds, slabs);
                }
            }
            wavefront.slabs = best.1;
        }
        Ok(())
    }
}
