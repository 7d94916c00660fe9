//! Asks why the values of a sweep are not finite, where its plan has a guard for it.

use std::sync::Arc;

use fluxions_expr::rows::Cells;
use fluxions_expr::{Backend, Call, Kernel, RowFn, Scratch};

/// Whether a guard gives a number that is not 0 in any of these cells. It computes into the output
/// of the guarded kernel, which is computed again afterwards. This happens only when a run fails.
pub(crate) fn is_raised(
    guard: &Kernel,
    guarded: &Arc<dyn RowFn>,
    call: &mut Call<'_>,
    cells: Cells,
    scratch: &mut Scratch,
) -> bool {
    let asked = Backend::Closures.compile(guard);
    asked.reserve(scratch);
    asked.run(call, cells, scratch);
    let [pitch0, pitch1] = call.pitch.map(|pitch| pitch as isize);
    let [planes, rows, along] = cells;
    let raised = (planes.0..planes.1).any(|i| {
        (rows.0..rows.1).any(|j| {
            let row = call.outputs[0] as isize + i * pitch0 + j * pitch1;
            (along.0..along.1).any(|k| call.memory[(row + k) as usize] != 0.0)
        })
    });
    guarded.run(call, cells, scratch);
    raised
}
