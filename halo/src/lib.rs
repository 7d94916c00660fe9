//! The decomposition of a grid over ranks, and the exchange of halos between them.
//!
//! A [`Decomposition`] cuts the grid into blocks of nearly equal size, one per rank. A [`HaloPlan`]
//! says, as data, which cells of a block's halo come from which rank. An [`Exchange`] carries it
//! out for some fields, with messages that are set up once. Cells beyond a wall of the domain are
//! not exchanged: [`wall`] reads and writes them, and the code that knows the boundary conditions
//! computes them.

mod decomposition;
mod error;
mod exchange;
mod link;
mod pack;
mod plan;
pub mod wall;
mod way;
mod wrap;

pub use decomposition::{Decomposition, Neighbour, Subdomain};
pub use error::Error;
pub use exchange::{Exchange, FieldHalo};
pub use plan::{HaloPlan, HaloWidth, Leg};
pub use way::{Halos, Way};
pub use wrap::wrap;
