//! Grids: axes, regions, the memory layout of fields, boundary conditions and stencils as data.
//! This crate is pure arithmetic. It knows no expression, no rank and no file.
//!
//! A grid has one to three named axes. Internally there are always three axes, numbered 0 to 2 and
//! called the inner axes here. Those without a name come first and are one cell long. So axis 2 is
//! always the last named axis and the contiguous one, and no signature depends on the dimension.
//!
//! ```
//! use fluxions_grid::{Ends, Grid};
//!
//! let grid = Grid::cartesian()
//!     .axis("x", 0.0..10.0, 100, Ends::Periodic)
//!     .axis("y", -1.0..1.0, 40, Ends::Bounded)
//!     .build()?;
//! assert_eq!(grid.shape(), [1, 100, 40]);
//! assert_eq!(grid.axes()[1].centre(0), -0.975);
//! # Ok::<(), fluxions_grid::Error>(())
//! ```

mod axis;
mod boundary;
mod error;
mod geometry;
mod grid;
mod layout;
mod metric;
mod region;
mod stencil;

pub use axis::{Axis, Ends};
pub use boundary::{Condition, Face, Side};
pub use error::Error;
pub use geometry::Geometry;
pub use grid::{Grid, GridBuilder};
pub use layout::{CACHE_LINE, Layout};
pub use metric::Metric;
pub use region::Region;
pub use stencil::{Difference, FirstDifference, Stencil, Term};
