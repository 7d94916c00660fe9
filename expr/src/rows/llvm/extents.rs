//! Extents: which memory a kernel touches when it computes a range of cells.

use crate::kernel::{Kernel, Op};
use crate::rows::{Call, Cells};

/// What a kernel asks of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Extents {
    /// For each input and each pair of offsets along axes 0 and 1, the smallest and the largest
    /// offset along axis 2.
    loads: Vec<(u32, [i32; 2], [i32; 2])>,
    /// Each profile with the axis along which it runs.
    profiles: Vec<(u32, u8)>,
    parameters: usize,
    outputs: usize,
}

impl Extents {
    /// What `kernel` asks of a call.
    pub(super) fn of(kernel: &Kernel) -> Self {
        let mut extents = Extents {
            loads: Vec::new(),
            profiles: Vec::new(),
            parameters: 0,
            outputs: kernel.outputs.len(),
        };
        for op in &kernel.ops {
            match *op {
                Op::Load { input, offset: [o0, o1, o2] } => {
                    let row = |(i, row, _): &&mut (u32, [i32; 2], [i32; 2])| {
                        (*i, *row) == (input, [o0, o1])
                    };
                    match extents.loads.iter_mut().find(row) {
                        Some((_, _, [low, high])) => {
                            (*low, *high) = ((*low).min(o2), (*high).max(o2));
                        }
                        None => extents.loads.push((input, [o0, o1], [o2, o2])),
                    }
                }
                Op::Profile { axis, number } => extents.profiles.push((number, axis)),
                Op::Parameter(number) => {
                    extents.parameters = extents.parameters.max(number as usize + 1);
                }
                _ => {}
            }
        }
        extents
    }

    /// The rows that are read: input, and offsets along axes 0 and 1.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, [i32; 2])> {
        self.loads.iter().map(|(input, row, _)| (*input, *row))
    }

    /// Panics unless all that the kernel touches in `cells` is part of the call. There is at
    /// least one cell.
    pub(super) fn check(&self, call: &Call<'_>, cells: Cells) {
        let length = call.memory.len() as i128;
        let pitch = call.pitch.map(|p| p as i128);
        let [rows0, rows1, columns] = cells.map(|(first, end)| (first as i128, end as i128 - 1));
        // Distances from cell (0, 0, 0) to the first and the last cell of the range.
        let first = rows0.0 * pitch[0] + rows1.0 * pitch[1] + columns.0;
        let last = rows0.1 * pitch[0] + rows1.1 * pitch[1] + columns.1;
        let inside = |position: usize, low: i128, high: i128| {
            // Arrays that begin before the memory have positions below zero, modulo 2^64.
            let position = position as isize as i128;
            position + first + low >= 0 && position + last + high < length
        };
        for (input, [o0, o1], [low, high]) in &self.loads {
            let row = i128::from(*o0) * pitch[0] + i128::from(*o1) * pitch[1];
            let (low, high) = (row + i128::from(*low), row + i128::from(*high));
            assert!(
                inside(call.inputs[*input as usize], low, high),
                "input {input} of a kernel reaches outside the memory of the call"
            );
        }
        assert!(call.outputs.len() >= self.outputs, "a kernel is called with too few outputs");
        for (number, position) in call.outputs[..self.outputs].iter().enumerate() {
            assert!(
                inside(*position, 0, 0),
                "output {number} of a kernel reaches outside the memory of the call"
            );
        }
        assert!(
            call.parameters.len() >= self.parameters,
            "a kernel is called with too few parameters"
        );
        for (number, axis) in &self.profiles {
            let profile = &call.profiles[*number as usize];
            let (first, last) = [rows0, rows1, columns][*axis as usize];
            let before = profile.before as i128;
            assert!(
                first + before >= 0 && last + before < profile.values.len() as i128,
                "profile {number} of a kernel does not cover the cells of the call"
            );
        }
    }
}
