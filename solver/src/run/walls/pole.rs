//! Poles. Beyond a pole lie the cells on its other side, half a turn away.

use fluxions_grid::{Condition, Face, Grid, Layout, Region};

use crate::system::boundary::array_condition::ArrayCondition;

/// The half turn that leads to the other side of a pole.
pub(crate) struct Half {
    /// The periodic axis around the pole.
    axis: usize,
    /// The number of cells along this axis.
    cells: isize,
}

impl Half {
    /// The half turn beyond a face. `None` if the condition is not that of a pole.
    pub(crate) fn of(grid: &Grid, condition: &ArrayCondition, face: Face) -> Option<Self> {
        if condition.condition != Condition::Pole {
            return None;
        }
        let around = (0..3).filter(|axis| *axis != face.axis).find_map(|axis| {
            let named = grid.inner_axis(axis).filter(|named| named.is_periodic())?;
            Some(Half { axis, cells: named.cells() as isize })
        });
        Some(around.expect("a pole was checked to have a periodic axis around it"))
    }

    /// Reads the cells of a layer, each of them half a turn further, into consecutive numbers. The
    /// axis around the pole must not be cut.
    pub(crate) fn read(&self, array: &[f64], layout: &Layout, layer: &Region, cells: &mut [f64]) {
        let mut numbers = cells.iter_mut();
        for i in layer.start[0]..layer.end[0] {
            for j in layer.start[1]..layer.end[1] {
                for k in layer.start[2]..layer.end[2] {
                    let mut cell = [i, j, k];
                    cell[self.axis] = (cell[self.axis] + self.cells / 2).rem_euclid(self.cells);
                    let number = numbers.next().expect("there is a number for each cell");
                    *number = array[layout.index(cell)];
                }
            }
        }
    }
}
