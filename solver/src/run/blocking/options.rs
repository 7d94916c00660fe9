//! What a program may ask of temporal blocking.

/// How time steps are made in sweeps over memory. What is left open is measured at the start; no
/// choice changes a bit of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocking {
    /// Time steps in one sweep over memory, or fewer where blocks are too small; 0 for one sweep
    /// for each pass of each stage. Measured if not given.
    pub steps: Option<usize>,
    /// Slabs (rows, or planes in three dimensions) that are advanced at a time. Measured if not
    /// given.
    pub slabs: Option<usize>,
    /// Cells of a tile along the second axis, into which slabs are cut; 0 leaves them whole.
    /// Measured if not given.
    pub tile: Option<usize>,
    /// Whether results are stored past the caches where each pass has a sweep of its own. This is
    /// best for arrays that outgrow the caches. Measured if not given.
    pub stream: Option<bool>,
}
