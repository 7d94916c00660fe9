//! A pipeline of several steps, and the deep halos that it needs.
//!
//! Steps in one sweep need halos as deep as all of them look, and cells that two blocks both
//! compute. So how many steps are tried depends on the size of the blocks.

use fluxions_halo::{Decomposition, HaloWidth};

use crate::plan::margins::Margins;
use crate::plan::plan::Plan;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::pipeline::Pipeline;
use crate::system::pde::Pde;

/// Numbers of steps that are tried.
pub(crate) const STEPS: [usize; 5] = [16, 8, 4, 2, 1];
/// Cells of a block along an axis for each layer of a halo: in large blocks halos take no more
/// than 5 % of the memory, in small ones speed counts.
const CELLS_PER_LAYER: [usize; 2] = [40, 12];
/// From so many bytes of a rank's arrays on, a block is large.
const LARGE: usize = 128 << 20;
/// Up to so many bytes, a rank's arrays stay in its fastest caches without blocking.
const SMALL: usize = 1 << 20;
/// Cells that a slab must have before it is cut into tiles: two of the largest tiles, first for
/// slabs across axis 0 (planes), then across axis 1 (rows).
const LEAST: [usize; 2] = [128, 2048];

/// A pipeline with the halos that it needs. It is the same on all ranks.
pub(crate) struct DeepPipeline {
    /// The tasks of all steps.
    pub(crate) pipeline: Pipeline,
    /// For each array the halo cells that must be known at the beginning.
    pub(crate) widths: Vec<Margins>,
    /// Whether blocks may be cut into tiles.
    pub(crate) tiled: bool,
    /// The faces beyond which some rank computes cells of the halo.
    joined: [[bool; 2]; 3],
    /// What the program asked for.
    pub(crate) asked: Blocking,
}

impl DeepPipeline {
    /// The pipeline of the most steps that fit into one sweep and may be worth while; nothing where
    /// steps are made one by one.
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
        // Where the sign changes, halo cells are no copies of cells at the other end, and computing
        // them here would give other values.
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
            (0..3).all(fits).then_some(DeepPipeline { pipeline, widths, tiled, joined, asked })
        })
    }

    /// The pipeline of the first steps of this one, which need fewer halo layers.
    pub(crate) fn shortened(&self, plan: &Plan, steps: usize) -> Self {
        let pipeline = self.pipeline.shortened(steps);
        let widths = pipeline.needs(plan, self.joined).arrays;
        let DeepPipeline { tiled, joined, asked, .. } = *self;
        DeepPipeline { pipeline, widths, tiled, joined, asked }
    }

    /// The halo layers that memory must have along each axis.
    pub(crate) fn halo(&self) -> [usize; 3] {
        deepest(&self.widths)
    }

    /// How wide the halos of external fields have to be.
    pub(crate) fn data_widths(&self, pde: &Pde) -> Vec<HaloWidth> {
        let given = self.widths[pde.arrays()..pde.all_arrays()].iter();
        let width =
            |layers: &Margins| HaloWidth { layers: *layers, corners: *layers != [[0; 2]; 3] };
        given.map(width).collect()
    }
}

/// The most layers at either side of each axis.
fn deepest(widths: &[Margins]) -> [usize; 3] {
    let along = |axis: usize| widths.iter().flat_map(move |margins| margins[axis]);
    std::array::from_fn(|axis| along(axis).fold(0, usize::max))
}
