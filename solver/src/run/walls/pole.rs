//! Beyond a pole: cells at the other side of it, half a turn away.

use fluxions_grid::{Condition, Face, Grid, Layout, Region};

use crate::system::boundary::array_condition::ArrayCondition;

/// Half of the way around a pole: the axis along the wall that goes around it.
pub(crate) struct Half {
    axis: usize,
    cells: isize,
}

impl Half {
    /// The way around, where the condition is that of a pole.
    pub(crate) fn of(grid: &Grid, condition: &ArrayCondition, face: Face) -> Option<Self> {
        let is_pole = matches!(condition.condition, Condition::Pole);
        let around = |axis: &usize| {
            *axis != face.axis && grid.inner_axis(*axis).is_some_and(|named| named.is_periodic())
        };
        let axis = (0..3).find(around).filter(|_| is_pole)?;
        let cells = grid.inner_axis(axis)?.cells() as isize;
        Some(Half { axis, cells })
    }

    /// Reads the cells of a layer, each half a turn further, into consecutive numbers. The axis
    /// around the pole is not cut.
    pub(crate) fn read(&self, array: &[f64], layout: &Layout, layer: &Region, cells: &mut [f64]) {
        let mut numbers = cells.iter_mut();
        for i in layer.start[0]..layer.end[0] {
            for j in layer.start[1]..layer.end[1] {
                for k in layer.start[2]..layer.end[2] {
                    let mut cell = [i, j, k];
                    cell[self.axis] = (cell[self.axis] + self.cells / 2).rem_euclid(self.cells);
                    if let Some(number) = numbers.next() {
                        *number = array[layout.index(cell)];
                    }
                }
            }
        }
    }
}
