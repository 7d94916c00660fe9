//! The world and its operations.

mod cartesian;
mod collective;
mod communicators;
mod immediate;
mod persistent;
mod point_to_point;
mod probe;
mod reduction;
mod world;

pub use cartesian::{Cartesian, balanced_dimensions};
pub use persistent::{RecvChannel, SendChannel};
pub use probe::Message;
pub(crate) use world::Inner;
pub use world::{Kind, World};
