//! Loops over numbers, compiled once for every width of vectors, of which one is chosen at run time. Each operation is
//! rounded as it stands there, so every width gives the same bits.

use pulp::{Arch, NullaryFnOnce};

/// Does something by the widest vectors that this processor has. What it consists of has to be inlined into `call`, which
/// needs `#[inline(always)]`.
pub(crate) fn widely<T: NullaryFnOnce>(task: T) -> T::Output {
    Arch::new().dispatch(task)
}
