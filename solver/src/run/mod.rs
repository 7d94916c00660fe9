//! Plans on memory: kernels run, halos exchanged, ghost cells filled.

pub(crate) mod blocking;
pub(crate) mod executor;
pub(crate) mod guard;
pub(crate) mod memory;
pub(crate) mod profiles;
pub(crate) mod streaming;
pub(crate) mod walled_group;
pub(crate) mod walls;
