//! Guards are run to find out why the values of a sweep are not finite.

use fluxions_expr::rows::Cells;
use fluxions_expr::{Backend, Call, Kernel, Scratch};

/// Why arrays of the state are not finite after a step, as far as the guarded sweeps on a rank
/// tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    /// The arrays in which more was advected out of a cell than was in it.
    pub(crate) too_fast: Vec<usize>,
    /// The arrays that were not finite already before their guarded sweep.
    pub(crate) earlier: Vec<usize>,
    /// The arrays that are not finite after the sweeps so far.
    failed: Vec<usize>,
}

impl Causes {
    /// Records the next sweep of the step: the arrays that it wrote, whether its guard was raised
    /// (if it has one), and whether it gave numbers that are not finite.
    pub(crate) fn note(&mut self, arrays: Vec<usize>, raised: Option<bool>, failed: bool) {
        if let Some(raised) = raised {
            if arrays.iter().any(|array| self.failed.contains(array)) {
                self.earlier.extend(&arrays);
            } else if raised {
                self.too_fast.extend(&arrays);
            }
        }
        if failed {
            self.failed.extend(arrays);
        }
    }
}

/// Whether a guard gives a number that is not 0 in any of these cells. The numbers in the output of
/// the call are restored afterwards. This is called only when a run fails, so the guard is compiled
/// here.
pub(crate) fn is_raised(
    guard: &Kernel,
    call: &mut Call<'_>,
    cells: Cells,
    scratch: &mut Scratch,
) -> bool {
    let [pitch0, pitch1] = call.pitch.map(|pitch| pitch as isize);
    let output = call.outputs[0] as isize;
    let [planes, rows, along] = cells;
    let places = (planes.0..planes.1).flat_map(move |i| {
        (rows.0..rows.1).flat_map(move |j| {
            let row = output + i * pitch0 + j * pitch1;
            (along.0..along.1).map(move |k| (row + k) as usize)
        })
    });
    let before: Vec<f64> = places.clone().map(|place| call.memory[place]).collect();
    let guard = Backend::Closures.compile(guard);
    guard.reserve(scratch);
    guard.run(call, cells, scratch);
    let raised = places.clone().any(|place| call.memory[place] != 0.0);
    places.zip(before).for_each(|(place, value)| call.memory[place] = value);
    raised
}
