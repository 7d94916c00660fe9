//! The world and its operations.

mod all_to_all;
mod cartesian;
mod collective;
mod communicators;
mod exact;
mod immediate;
mod immediate_parts;
mod immediate_reduction;
#[cfg(feature = "mpi")]
mod in_order;
mod in_place;
mod neighbourhood;
mod persistent;
mod point_to_point;
mod probe;
mod reduce_scatter;
mod reduction;
mod shared_window;
mod start;
mod world;

pub use cartesian::{Cartesian, balanced_dimensions};
pub use in_place::InPlace;
pub use neighbourhood::Neighbourhood;
pub use persistent::{RecvChannel, SendChannel};
pub use probe::Message;
pub use shared_window::SharedWindow;
pub(crate) use world::Inner;
pub use world::{Kind, World};
