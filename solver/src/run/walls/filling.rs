//! What ghost cells beyond walls are filled in.

use fluxions_expr::Scratch;
use fluxions_grid::Layout;

use crate::run::binding::HaloBinding;

/// The bound arrays of a halo group at a time.
pub(crate) struct Filling<'a> {
    pub(crate) memory: &'a mut [f64],
    pub(crate) layout: &'a Layout,
    pub(crate) halo: &'a HaloBinding,
    pub(crate) time: f64,
    pub(crate) scratch: &'a mut Scratch,
}
