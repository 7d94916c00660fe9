//! A pipeline of several steps, together with the deep halos that it needs.
//!
//! The more steps a sweep makes, the deeper are the halos that it needs, and the more cells are
//! computed by two blocks. So the numbers of steps that are tried depend on the size of the blocks.

use fluxions_halo::{Decomposition, HaloWidth};

use crate::plan::margins::Margins;
use crate::plan::plan::Plan;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::pipeline::Pipeline;
use crate::system::pde::Pde;

/// The largest number of steps that a program can ask for. Many more than this pay nowhere, and
/// each takes time to prepare.
const MOST_STEPS: usize = 256;
/// The numbers of steps that are tried.
pub(crate) const STEPS: [usize; 5] = [16, 8, 4, 2, 1];
/// The number of cells that a block must have along an axis for each layer of a halo, in large
/// blocks and in small ones. In large blocks halos take at most 5 % of the memory. In small blocks
/// speed is more important.
const CELLS_PER_LAYER: [usize; 2] = [40, 12];
/// The same in blocks that stay in the fastest caches. There exchanges cost more than cells.
const CELLS_PER_LAYER_IN_CACHE: usize = 2;
/// A block is large if a rank's arrays have more than this number of bytes.
const LARGE: usize = 128 << 20;
/// Arrays of a rank with fewer than this number of bytes stay in its fastest caches without
/// blocking. There blocking still saves exchanges and what is done once for each step.
const SMALL: usize = 1 << 20;
/// The number of cells that a slab must have before it is cut into tiles, which is that of two of
/// the largest tiles. The first entry is for slabs across axis 0 (planes), and the second one for
/// slabs across axis 1 (rows).
const LEAST: [usize; 2] = [128, 2048];

/// A pipeline and the halos that it needs. It is the same on all ranks.
pub(crate) struct DeepPipeline {
    /// The tasks of all steps.
    pub(crate) pipeline: Pipeline,
    /// For each array, the halo cells that must be known before the first task.
    pub(crate) widths: Vec<Margins>,
    /// Whether blocks may be cut into tiles.
    pub(crate) tiled: bool,
    /// The number of cells of a block if blocks stay in the fastest caches.
    pub(crate) in_cache: Option<usize>,
    /// The faces beyond which some rank computes halo cells.
    joined: [[bool; 2]; 3],
    /// The options that the program asked for.
    pub(crate) asked: Blocking,
}

impl DeepPipeline {
    /// The pipeline with the most steps that fit into one sweep and may pay off. `None` if steps
    /// are made one by one.
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
        // Where the sign changes, halo cells are not copies of the cells at the other end, so
        // computing them like those would give other values.
        let mut ways = [true, false].into_iter().filter(|tiled| may_tile || !tiled);
        let tiled = ways.find(|tiled| !one.changes_sign(pde, plan, joined(*tiled)))?;
        let joined = joined(tiled);
        let block: usize = (0..3).map(cells).product();
        let bytes = block * plan.arrays() * size_of::<f64>();
        let in_cache = (bytes < SMALL).then_some(block);
        let (most, per_layer) = match asked.steps {
            Some(steps) => (steps.min(MOST_STEPS), 1),
            None if in_cache.is_some() => (STEPS[0], CELLS_PER_LAYER_IN_CACHE),
            // A single slab of a line this long would take seconds to tune.
            None if pde.grid().dimension() == 1 && bytes > LARGE => return None,
            None if bytes > LARGE => (STEPS[0], CELLS_PER_LAYER[0]),
            None => (STEPS[0], CELLS_PER_LAYER[1]),
        };
        let fewer = STEPS.into_iter().filter(|steps| *steps < most);
        std::iter::once(most).chain(fewer).find_map(|steps| {
            let pipeline = Pipeline::new(pde, plan, steps)?;
            let widths = pipeline.needs(plan, joined).arrays;
            let deepest = deepest(&widths);
            let fits = |axis: usize| deepest[axis] * per_layer <= cells(axis);
            (0..3).all(fits).then_some(DeepPipeline {
                pipeline,
                widths,
                tiled,
                in_cache,
                joined,
                asked,
            })
        })
    }

    /// The pipeline of the first steps of this one. It needs fewer halo layers.
    pub(crate) fn shortened(&self, plan: &Plan, steps: usize) -> Self {
        let pipeline = self.pipeline.shortened(steps);
        let widths = pipeline.needs(plan, self.joined).arrays;
        let DeepPipeline { tiled, in_cache, joined, asked, .. } = *self;
        DeepPipeline { pipeline, widths, tiled, in_cache, joined, asked }
    }

    /// The number of halo layers that memory must have along each axis.
    pub(crate) fn halo(&self) -> [usize; 3] {
        deepest(&self.widths)
    }

    /// How wide the halos of external fields must be.
    pub(crate) fn data_widths(&self, pde: &Pde) -> Vec<HaloWidth> {
        let given = self.widths[pde.arrays()..pde.all_arrays()].iter();
        let width =
            |layers: &Margins| HaloWidth { layers: *layers, corners: *layers != [[0; 2]; 3] };
        given.map(width).collect()
    }
}

/// The largest number of layers on either side of each axis.
fn deepest(widths: &[Margins]) -> [usize; 3] {
    let along = |axis: usize| widths.iter().flat_map(move |margins| margins[axis]);
    std::array::from_fn(|axis| along(axis).fold(0, usize::max))
}
