//! What each rank has of a part of the grid: the cells of a slice or a box that lie in its block, or on rank 0 the values
//! on a line.

use fluxions_comm::Combine;
use fluxions_solver::{Pde, Snapshot, TrackerError};
use ndarray::{ArrayD, ArrayViewD, Axis, CowArray, IxDyn, Slice};

use crate::problem::{Along, Cut, Part};
use crate::stencils::Stencils;

/// How a part is cut out of the grid.
pub(crate) enum View {
    /// All of the grid.
    Whole,
    /// These cells along each axis.
    Cells(Vec<Along>),
    /// Values between the centres of cells.
    Points(Stencils),
}

/// A rank's values of a field, for each of the real numbers of which a value is made.
pub(crate) type Values<'a> = Vec<CowArray<'a, f64, IxDyn>>;

impl View {
    /// The view of a part.
    pub(crate) fn of(part: &Part, pde: &Pde) -> Self {
        match &part.cut {
            Cut::Line(points) => View::Points(Stencils::new(pde, points)),
            Cut::Cells(along) => View::Cells(along.clone()),
        }
    }

    /// The index in the part of the first cell that this rank has.
    pub(crate) fn start(&self, now: &Snapshot<'_>) -> Vec<usize> {
        match self {
            View::Whole => now.block().start()[now.grid().missing()..].to_vec(),
            View::Points(_) => vec![0],
            View::Cells(along) => {
                let here = here(along, now);
                let axes = along.iter().zip(here).filter(|(along, _)| !along.is_layer);
                axes.map(|(_, here)| here.first).collect()
            }
        }
    }

    /// This rank's values of a field. Collective.
    pub(crate) fn values<'a>(
        &self,
        now: &'a mut Snapshot<'_>,
        name: &str,
    ) -> Result<Values<'a>, TrackerError> {
        match self {
            View::Whole => Ok(now.parts(name)?.into_iter().map(CowArray::from).collect()),
            View::Points(stencils) => on_points(stencils, now, name),
            View::Cells(along) => {
                let here = here(along, now);
                let parts = now.parts(name)?.into_iter();
                Ok(parts.map(|part| cut(part, along, &here)).collect())
            }
        }
    }
}

/// Which cells of a part along an axis lie in a block.
#[derive(Clone, Copy)]
struct Here {
    /// The number in the part of the first of them, and how many there are.
    first: usize,
    count: usize,
    /// The index in the block of the first of them.
    at: usize,
}

/// The cells of a part that lie in this rank's block, along each axis.
fn here(along: &[Along], now: &Snapshot<'_>) -> Vec<Here> {
    let missing = now.grid().missing();
    let (start, shape) = (&now.block().start()[missing..], &now.block().shape()[missing..]);
    let along = along.iter().zip(start).zip(shape);
    let here: Vec<Here> =
        along.map(|((along, start), cells)| within(along, *start, *cells)).collect();
    match here.iter().any(|here| here.count == 0) {
        true => vec![Here { first: 0, count: 0, at: 0 }; here.len()],
        false => here,
    }
}

/// The cells of a part that are among `cells` of an axis from `start` on.
fn within(along: &Along, start: usize, cells: usize) -> Here {
    let before = |index: usize| index.saturating_sub(along.first).div_ceil(along.stride);
    let first = before(start).min(along.count);
    let count = before(start + cells).min(along.count) - first;
    Here { first, count, at: (along.first + first * along.stride).saturating_sub(start) }
}

/// The cells of a part in a block.
fn cut<'a>(part: ArrayViewD<'a, f64>, along: &[Along], here: &[Here]) -> CowArray<'a, f64, IxDyn> {
    let mut part = part;
    for (axis, (Here { count, at, .. }, along)) in here.iter().zip(along).enumerate() {
        let end = at + count.saturating_sub(1) * along.stride + usize::from(*count > 0);
        let slice = Slice::new(*at as isize, Some(end as isize), along.stride as isize);
        part.slice_axis_inplace(Axis(axis), slice);
    }
    let is_empty = part.is_empty();
    for axis in (0..along.len()).rev().filter(|axis| along[*axis].is_layer) {
        if !is_empty {
            part.index_axis_inplace(Axis(axis), 0);
        }
    }
    match is_empty {
        true => {
            let left = along.iter().filter(|along| !along.is_layer).count();
            CowArray::from(ArrayD::zeros(vec![0; left]))
        }
        false => CowArray::from(part),
    }
}

/// The values at points, on rank 0; no values on the others. Collective.
fn on_points<'a>(
    stencils: &Stencils,
    now: &mut Snapshot<'_>,
    name: &str,
) -> Result<Values<'a>, TrackerError> {
    let (is_root, world) = (now.world().is_root(), now.world().clone());
    let cells = stencils.cells_here(now);
    let mut values = Values::new();
    for part in now.parts(name)? {
        let bits = |cell: &Option<Vec<usize>>| {
            cell.as_ref().map_or(0, |cell| part[&cell[..]].to_bits() as i64)
        };
        // Each cell is that of one rank: all others add 0.
        let mut bits: Vec<i64> = cells.iter().map(bits).collect();
        world.combine(Combine::Sum, &mut bits)?;
        let numbers = match is_root {
            true => stencils.sums(bits.into_iter().map(|bits| f64::from_bits(bits as u64))),
            false => Vec::new(),
        };
        values.push(CowArray::from(ArrayD::from_shape_vec(vec![numbers.len()], numbers)?));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells that blocks have of a part follow one another and are all of them.
    #[test]
    fn blocks_share_a_part_without_a_gap() {
        for (first, count, stride) in [(0, 12, 1), (3, 5, 1), (2, 4, 3), (1, 11, 1), (7, 1, 1)] {
            let along = Along { first, count, stride, is_layer: false };
            for cuts in [vec![0, 12], vec![0, 5, 12], vec![0, 1, 2, 8, 9, 12]] {
                let mut found = Vec::new();
                for pair in cuts.windows(2) {
                    let (start, cells) = (pair[0], pair[1] - pair[0]);
                    let Here { first, count, at } = within(&along, start, cells);
                    assert!(count == 0 || first == found.len(), "{along:?} {cuts:?}");
                    let block: Vec<f64> = (start..start + cells).map(|i| i as f64).collect();
                    let view = ArrayViewD::from_shape(vec![cells], &block).unwrap();
                    let here = [Here { first, count, at: if count == 0 { 0 } else { at } }];
                    found.extend(cut(view, &[along], &here).iter().copied());
                }
                let expected: Vec<f64> = (0..count).map(|k| (first + k * stride) as f64).collect();
                assert_eq!(found, expected, "{along:?} {cuts:?}");
            }
        }
    }
}
