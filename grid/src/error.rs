//! What can be wrong with a grid.

/// Why a grid cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No axis, or more than three.
    #[error("a grid has one to three axes, not {axes}")]
    Dimension {
        /// How many were given.
        axes: usize,
    },
    /// An axis that the geometry does not have.
    #[error("a {geometry} grid has no axis `{axis}`: its axes are {known}")]
    UnknownAxis {
        /// The geometry's name.
        geometry: &'static str,
        /// The axis asked for.
        axis: String,
        /// The axes that the geometry has.
        known: String,
    },
    /// The same axis twice.
    #[error("the axis `{axis}` is given twice")]
    DuplicateAxis {
        /// Its name.
        axis: String,
    },
    /// An axis that the geometry needs.
    #[error("a {geometry} grid needs the axis `{axis}`")]
    MissingAxis {
        /// The geometry's name.
        geometry: &'static str,
        /// The axis that is missing.
        axis: &'static str,
    },
    /// A radius below zero.
    #[error("the axis `r` is a distance and begins at 0 or above, not at {start}")]
    NegativeRadius {
        /// Its lower bound.
        start: f64,
    },
    /// A radial axis whose ends are joined.
    #[error("the axis `r` is a distance from a centre and cannot be periodic")]
    PeriodicRadius,
    /// Bounds that are not finite or not in order.
    #[error("the bounds of axis `{axis}` must be finite and in order, not [{start}, {end}]")]
    Bounds {
        /// The axis.
        axis: String,
        /// Its lower bound.
        start: f64,
        /// Its upper bound.
        end: f64,
    },
    /// More cells than can be counted.
    #[error("a grid of {cells:e} cells is too large: {most:e} are possible")]
    TooLarge {
        /// How many were asked for.
        cells: f64,
        /// How many are possible.
        most: f64,
    },
    /// An axis without cells, or with more than can be counted.
    #[error("axis `{axis}` needs at least 1 and at most {most} cells, not {cells}")]
    Cells {
        /// The axis.
        axis: String,
        /// How many were asked for.
        cells: usize,
        /// How many are possible.
        most: usize,
    },
}
