//! Temporal blocking: how many steps are made in one sweep over memory.
//!
//! Steps in one sweep need halos as deep as all of them look, and cells that two blocks both
//! compute. What is best depends on caches and memory, so it is measured for a moment at the
//! start; it never changes a bit.

use std::time::Instant;

use fluxions_comm::World;
use fluxions_halo::{Decomposition, HaloWidth, Subdomain};

use crate::error::Error;
use crate::plan::margins::Margins;
use crate::plan::plan::Plan;
use crate::run::blocking::pipeline::Pipeline;
use crate::run::blocking::wavefront::{WHOLE, Wavefront};
use crate::run::memory::Memory;
use crate::system::pde::Pde;

/// Numbers of steps that are tried.
const STEPS: [usize; 5] = [16, 8, 4, 2, 1];
/// How many steps there are at most where nothing can be measured.
const UNMEASURED: usize = 4;
/// Cells of a block along an axis for each layer of a halo: in large ones halos take no more than
/// 5 % of the memory, in small ones speed counts.
const CELLS_PER_LAYER: [usize; 2] = [40, 12];
/// Bytes of a rank's arrays that are many.
const LARGE: usize = 128 << 20;
/// Bytes of a rank's arrays that are in its fastest caches anyway.
const SMALL: usize = 1 << 20;
/// Cells of tiles that are tried, along the second axis: rows of a plane in three dimensions,
/// where slabs lie across axis 0, cells of a row in two.
const TILES: [&[usize]; 2] = [&[16, 32, 64], &[512, 1024]];
/// Blocks are cut into two of the largest tiles at least.
const LEAST: [usize; 2] = [128, 2048];
/// Bytes of slabs that a task advances at a time, if it can be one slab at least.
const BATCH: usize = 64 << 10;
/// Most slabs that a task advances at a time.
const MOST_SLABS: usize = 64;
/// Bytes of arrays over which each choice is timed, if there are as many: more than caches hold.
const TIMED: usize = 64 << 20;
/// Seconds for which a choice is timed once more, so that others on the machine disturb less.
const SHORT: f64 = 0.05;
/// A choice has to be faster than the one before by this factor.
const BETTER: f64 = 1.02;

/// How steps are made in sweeps, where somebody says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocking {
    /// Time steps in one sweep over memory, or fewer where blocks are too small; 0 for a sweep for
    /// each pass of each stage. Measured if not given.
    pub steps: Option<usize>,
    /// Rows, or planes in three dimensions, that are advanced at a time; measured if not given.
    pub slabs: Option<usize>,
    /// Cells of a tile along the second axis, into which the rows or planes are cut; not cut if 0.
    /// Measured if not given.
    pub tile: Option<usize>,
    /// Whether, where there is a sweep for each pass, results are stored past the caches, as is best
    /// for arrays that outgrow these; measured if not given.
    pub stream: Option<bool>,
}

/// A pipeline with the halos that it needs, the same on all ranks.
pub(crate) struct Blocked {
    pub(crate) pipeline: Pipeline,
    /// For each array the halo cells that must be known at the beginning.
    pub(crate) widths: Vec<Margins>,
    /// Whether blocks may be cut into tiles.
    pub(crate) tiled: bool,
    /// The faces beyond which any rank computes cells of the halo.
    joined: [[bool; 2]; 3],
    asked: Blocking,
}

impl Blocked {
    /// The pipeline of as many steps as can be made in one sweep and may be worth while; nothing
    /// where steps are made one by one.
    pub(crate) fn new(
        pde: &Pde,
        plan: &Plan,
        decomposition: &Decomposition,
        asked: Blocking,
    ) -> Option<Self> {
        let one = Pipeline::new(pde, plan, 1).filter(|_| asked.steps != Some(0))?;
        let (shape, dims) = (decomposition.shape(), decomposition.dims());
        let cells = |axis: usize| shape[axis] / dims[axis];
        let may_tile = match asked.tile {
            Some(cells) => cells > 0,
            None => cells(one.tile_axis) >= LEAST[one.axis],
        };
        let joined = |tiled: bool| {
            std::array::from_fn(|axis| {
                let cut = axis == one.axis || (tiled && axis == one.tile_axis);
                let wraps = pde.grid().inner_axis(axis).is_some_and(|named| named.is_periodic());
                [dims[axis] > 1 || (cut && wraps); 2]
            })
        };
        // Where the sign changes, halo cells are no copies of what the other end computes.
        let mut ways = [true, false].into_iter().filter(|tiled| may_tile || !tiled);
        let tiled = ways.find(|tiled| !one.changes_sign(pde, plan, joined(*tiled)))?;
        let joined = joined(tiled);
        let bytes = (0..3).map(cells).product::<usize>() * plan.arrays() * size_of::<f64>();
        let (most, per_layer) = match asked.steps {
            Some(steps) => (steps, 1),
            None if bytes < SMALL => return None,
            None if bytes > LARGE => (STEPS[0], CELLS_PER_LAYER[0]),
            None => (STEPS[0], CELLS_PER_LAYER[1]),
        };
        let fewer = STEPS.into_iter().filter(|steps| *steps < most);
        std::iter::once(most).chain(fewer).find_map(|steps| {
            let pipeline = Pipeline::new(pde, plan, steps)?;
            let widths = pipeline.needs(plan, joined).arrays;
            let deepest = deepest(&widths);
            let fits = |axis: usize| deepest[axis] * per_layer <= cells(axis);
            (0..3).all(fits).then_some(Blocked { pipeline, widths, tiled, joined, asked })
        })
    }

    /// The same for fewer steps, which need less of a halo.
    pub(crate) fn shortened(&self, plan: &Plan, steps: usize) -> Self {
        let pipeline = self.pipeline.shortened(steps);
        let widths = pipeline.needs(plan, self.joined).arrays;
        let Blocked { tiled, joined, asked, .. } = *self;
        Blocked { pipeline, widths, tiled, joined, asked }
    }

    /// The halo layers at each axis.
    pub(crate) fn halo(&self) -> [usize; 3] {
        deepest(&self.widths)
    }

    /// How wide the halos of given fields have to be.
    pub(crate) fn data_widths(&self, pde: &Pde) -> Vec<HaloWidth> {
        let given = self.widths[pde.arrays()..pde.all_arrays()].iter();
        let width =
            |layers: &Margins| HaloWidth { layers: *layers, corners: *layers != [[0; 2]; 3] };
        given.map(width).collect()
    }

    /// Chooses the numbers of steps and slabs of a wavefront by timing some sweeps over what is in
    /// memory, unless a closure of the program would be called with that. Collective.
    pub(crate) fn tune(
        &self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        wavefront: &mut Wavefront,
    ) -> Result<(), Error> {
        let slabs = block.shape()[self.pipeline.axis];
        let along = block.shape()[self.pipeline.tile_axis];
        let slab_bytes = (memory.layout().length() / slabs.max(1)).max(1) * size_of::<f64>();
        wavefront.tile = self.asked.tile.filter(|cells| *cells > 0).unwrap_or(WHOLE);
        let batch = |tile: usize| {
            let bytes = (slab_bytes * tile.min(along) / along.max(1)).max(1);
            self.asked.slabs.unwrap_or((BATCH / bytes).min(MOST_SLABS)).max(1)
        };
        wavefront.slabs = batch(wavefront.tile);
        if self.asked.steps.is_some() {
            return Ok(());
        }
        let most = wavefront.steps;
        if wavefront.calls_closures() {
            wavefront.steps = most.min(UNMEASURED);
            return Ok(());
        }
        let timed = (TIMED / (slab_bytes * memory.arrays())).max(4 * most).min(slabs) as isize;
        // The first time, memory becomes this rank's.
        wavefront.steps = 1;
        wavefront.sweep(block, memory, 1, |_| (0.0, 0.0), None);
        // Each time another part of the block, which has left the caches where the block outgrows
        // them.
        let mut parts = (0..slabs as isize / timed).cycle().map(|part| part * timed);
        let mut time = |wavefront: &mut Wavefront| {
            let start = parts.next().unwrap_or(0);
            let began = Instant::now();
            let part = Some(start..start + timed);
            wavefront.sweep(block, memory, wavefront.steps, |_| (0.0, 0.0), part);
            world.max(began.elapsed().as_secs_f64())
        };
        let (first_tile, first_slabs) = (wavefront.tile, wavefront.slabs);
        let mut best = (f64::INFINITY, (1, first_tile, first_slabs));
        let mut attempt = |wavefront: &mut Wavefront, steps, tile, slabs| {
            (wavefront.steps, wavefront.tile, wavefront.slabs) = (steps, tile, slabs);
            let mut seconds = time(wavefront)?;
            if seconds < SHORT {
                seconds = seconds.min(time(wavefront)?);
            }
            let seconds = seconds / steps as f64;
            if seconds * BETTER < best.0 {
                best = (seconds, (steps, tile, slabs));
            }
            (wavefront.steps, wavefront.tile, wavefront.slabs) = best.1;
            Ok::<_, Error>(())
        };
        let mut tiles = vec![first_tile];
        if self.tiled && self.asked.tile.is_none() {
            tiles.extend(TILES[self.pipeline.axis]);
        }
        for tile in tiles {
            // More steps stay in caches with tiles than without, so no fewer are tried.
            let least = wavefront.steps;
            let slabs = batch(tile);
            for steps in STEPS.into_iter().rev().filter(|n| (least..=most).contains(n)) {
                attempt(wavefront, steps, tile, slabs)?;
            }
        }
        if self.asked.slabs.is_none() {
            let Wavefront { steps, tile, slabs, .. } = *wavefront;
            for slabs in [2 * slabs, slabs / 2] {
                if (1..=MOST_SLABS).contains(&slabs) {
                    attempt(wavefront, steps, tile, slabs)?;
                }
            }
        }
        Ok(())
    }
}

/// The most layers at either side of each axis.
fn deepest(widths: &[Margins]) -> [usize; 3] {
    let most = |axis: usize| widths.iter().flat_map(|margins| margins[axis]).max();
    std::array::from_fn(|axis| most(axis).unwrap_or(0))
}
