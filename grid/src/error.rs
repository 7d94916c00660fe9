//! What can be wrong with a grid.

/// Why a grid cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The grid has no axis, or more than three.
    #[error("a grid has one to three axes, not {axes}")]
    Dimension {
        /// The number of axes that were given.
        axes: usize,
    },
    /// The grid has an axis that its geometry does not have.
    #[error("a {geometry} grid has no axis `{axis}`: its axes are {known}")]
    UnknownAxis {
        /// The geometry's name.
        geometry: &'static str,
        /// The axis that was asked for.
        axis: String,
        /// The axes that the geometry has.
        known: String,
    },
    /// The same axis was given twice.
    #[error("the axis `{axis}` is given twice")]
    DuplicateAxis {
        /// The name of the axis.
        axis: String,
    },
    /// The grid lacks an axis that its geometry needs.
    #[error("a {geometry} grid needs the axis `{axis}`")]
    MissingAxis {
        /// The geometry's name.
        geometry: &'static str,
        /// The axis that is missing.
        axis: &'static str,
    },
    /// A radius is negative.
    #[error("the axis `r` is a distance and begins at 0 or above, not at {start}")]
    NegativeRadius {
        /// The lower bound of the axis.
        start: f64,
    },
    /// The radial axis is periodic.
    #[error("the axis `r` is a distance from a centre and cannot be periodic")]
    PeriodicRadius,
    /// The bounds of an axis are not finite, not in order, or further apart than numbers reach.
    #[error(
        "the bounds of axis `{axis}` must be in order and a finite length apart, not [{start:?}, {end:?}]"
    )]
    Bounds {
        /// The name of the axis.
        axis: String,
        /// The lower bound of the axis.
        start: f64,
        /// The upper bound of the axis.
        end: f64,
    },
    /// The grid has more cells than can be counted.
    #[error("a grid of {cells:e} cells is too large: {most:e} are possible")]
    TooLarge {
        /// The number of cells that were asked for.
        cells: f64,
        /// The largest possible number of cells.
        most: f64,
    },
    /// An axis has no cells, or more than can be counted.
    #[error("axis `{axis}` needs at least 1 and at most {most} cells, not {cells}")]
    Cells {
        /// The name of the axis.
        axis: String,
        /// The number of cells that were asked for.
        cells: usize,
        /// The largest possible number of cells.
        most: usize,
    },
}
