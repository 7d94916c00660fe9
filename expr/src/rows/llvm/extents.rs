//! Extents: the memory that a kernel touches when it computes a range of cells.

use std::collections::HashMap;

use crate::kernel::{Kernel, Op};
use crate::rows::{Call, Cells};

/// The memory, parameters and profiles that a kernel needs in a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Extents {
    /// For each input and each pair of offsets along axes 0 and 1, the smallest and the largest
    /// offset along axis 2.
    loads: Vec<(u32, [i32; 2], [i32; 2])>,
    /// For each input, the smallest and the largest offset along each axis.
    boxes: Vec<(u32, [[i64; 2]; 3])>,
    /// Each profile with the axis along which it runs.
    profiles: Vec<(u32, u8)>,
    parameters: usize,
    outputs: usize,
}

impl Extents {
    /// The extents of a kernel.
    pub(super) fn of(kernel: &Kernel) -> Self {
        let mut extents = Extents {
            loads: Vec::new(),
            boxes: Vec::new(),
            profiles: Vec::new(),
            parameters: 0,
            outputs: kernel.outputs.len(),
        };
        let (mut rows, mut boxes) = (HashMap::new(), HashMap::new());
        for op in &kernel.ops {
            match *op {
                Op::Load { input, offset: [o0, o1, o2] } => {
                    let row = *rows.entry((input, [o0, o1])).or_insert_with(|| {
                        extents.loads.push((input, [o0, o1], [o2, o2]));
                        extents.loads.len() - 1
                    });
                    let [low, high] = &mut extents.loads[row].2;
                    (*low, *high) = ((*low).min(o2), (*high).max(o2));
                    let offset = [o0, o1, o2].map(i64::from);
                    let place = *boxes.entry(input).or_insert_with(|| {
                        extents.boxes.push((input, offset.map(|o| [o, o])));
                        extents.boxes.len() - 1
                    });
                    for ([low, high], o) in extents.boxes[place].1.iter_mut().zip(offset) {
                        (*low, *high) = ((*low).min(o), (*high).max(o));
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

    /// The rows that are read, each as an input and its offsets along axes 0 and 1.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, [i32; 2])> {
        self.loads.iter().map(|(input, row, _)| (*input, *row))
    }

    /// Panics if the kernel would touch anything in `cells` that is not part of the call. There
    /// must be at least one cell.
    pub(super) fn check(&self, call: &Call<'_>, cells: Cells) {
        // Sums that are too large for 64 bits saturate, so that they lie outside the memory.
        let length = call.memory.len() as i64;
        let pitch = [call.pitch[0] as i64, call.pitch[1] as i64, 1];
        let distance = |offsets: [i64; 3]| {
            let along = |axis: usize| offsets[axis].saturating_mul(pitch[axis]);
            along(0).saturating_add(along(1)).saturating_add(along(2))
        };
        let [first, last] =
            [cells.map(|c| c.0 as i64), cells.map(|c| c.1 as i64 - 1)].map(distance);
        // The positions of arrays that begin before the memory are negative, modulo 2^64.
        let inside = |position: usize, low: i64, high: i64| {
            let position = position as i64;
            position.saturating_add(first).saturating_add(low) >= 0
                && position.saturating_add(last).saturating_add(high) < length
        };
        for (input, axes) in &self.boxes {
            let [low, high] = [0, 1].map(|end| distance(axes.map(|axis| axis[end])));
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
            let (first, end) = cells[*axis as usize];
            let before = profile.before as isize;
            assert!(
                first.saturating_add(before) >= 0
                    && end.saturating_add(before) <= profile.values.len() as isize,
                "profile {number} of a kernel does not cover the cells of the call"
            );
        }
    }
}
