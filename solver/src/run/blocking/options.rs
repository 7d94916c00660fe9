//! The options of temporal blocking.

/// How time steps are made in sweeps over memory. Options that are not given are chosen by
/// measurements at the start. No option changes a bit of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocking {
    /// The number of time steps in one sweep over memory. Fewer are made if blocks are too small.
    /// With 0, each pass of each stage has a sweep of its own. Measured if not given.
    pub steps: Option<usize>,
    /// The number of slabs (rows, or planes in three dimensions) that are advanced at a time.
    /// Measured if not given.
    pub slabs: Option<usize>,
    /// The number of cells along the second axis of the tiles into which slabs are cut. With 0,
    /// slabs are not cut. Measured if not given.
    pub tile: Option<usize>,
    /// Whether results are stored past the caches where each pass has a sweep of its own. This is
    /// best for arrays that outgrow the caches. Measured if not given.
    pub stream: Option<bool>,
}
