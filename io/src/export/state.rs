//! What is exported, read from a series and checked.

use std::collections::HashSet;

use fluxions_grid::Grid;

use super::Selection;
use crate::error::Error;
use crate::{Component, Field, Series};

/// What is exported of a series.
pub(super) struct Content<'s> {
    series: &'s Series,
    pub(super) grid: Grid,
    pub(super) fields: Vec<Exported>,
    /// The numbers of the snapshots, at least one.
    pub(super) snapshots: Vec<usize>,
    /// Their times.
    pub(super) times: Vec<f64>,
    /// The unknowns without space, with their values in these snapshots.
    pub(super) numbers: Vec<(String, Vec<f64>)>,
}

/// A field that is exported.
pub(super) struct Exported {
    pub(super) field: Field,
    /// Whether its numbers have 4 bytes.
    pub(super) is_single: bool,
}

impl<'s> Content<'s> {
    pub(super) fn new(series: &'s Series, selection: &Selection) -> Result<Self, Error> {
        let all = series.times()?;
        let snapshots: Vec<usize> = match selection.time {
            Some(asked) => series.nearest(asked)?.into_iter().collect(),
            None => (0..all.len()).collect(),
        };
        if snapshots.is_empty() {
            return Err(Error::NoSnapshot { path: series.folder().path().into() });
        }
        let grid = series.grid()?;
        let damaged = || Error::Unreadable { path: series.path().into(), others: Vec::new() };
        let names = match selection.fields.is_empty() {
            true => series.fields()?,
            false => selection.fields.clone(),
        };
        let mut fields = Vec::new();
        for name in names {
            if fields.iter().any(|known: &Exported| known.field.name() == name) {
                continue;
            }
            let field = series.field(&name)?;
            // What a damaged file says may be anything.
            let cells = grid.axes().iter().map(|axis| axis.cells());
            let shape: Vec<usize> = field.component_shape().into_iter().chain(cells).collect();
            let places = field.directions().iter().map(|name| direction(name).map(|(k, _)| k));
            let places = places.collect::<Option<HashSet<_>>>().ok_or_else(damaged)?;
            let are_distinct = places.len() == field.directions().len();
            if series.shape(&name)?.get(1..) != Some(&shape) || !are_distinct {
                return Err(damaged());
            }
            let is_single = series.bytes(&name)? < 8 * field.ty().per_component();
            fields.push(Exported { field, is_single });
        }
        let of_snapshots = |values: Vec<f64>| -> Option<Vec<f64>> {
            snapshots.iter().map(|k| values.get(*k).copied()).collect()
        };
        let numbers = series.globals()?.into_iter();
        let numbers = numbers.map(|(name, values)| Some((name, of_snapshots(values)?)));
        let numbers = numbers.collect::<Option<Vec<_>>>().ok_or_else(damaged)?;
        let times = of_snapshots(all.clone()).ok_or_else(damaged)?;
        Ok(Content { series, grid, fields, snapshots, times, numbers })
    }

    /// A component of a field at a snapshot, compared with its checksum.
    pub(super) fn read(
        &self,
        of: &Exported,
        snapshot: usize,
        component: usize,
    ) -> Result<Component, Error> {
        self.series.component(&of.field, snapshot, component, None)
    }
}

/// Which coordinate of space a direction is at phi = 0 and theta = π/2, and its sign; nothing if there is no such direction.
/// What lies along a line of its own, `s`, is shown along x.
pub(super) fn direction(name: &str) -> Option<(usize, f64)> {
    match name {
        "x" | "r" | "s" => Some((0, 1.0)),
        "y" | "phi" => Some((1, 1.0)),
        "z" => Some((2, 1.0)),
        "theta" => Some((2, -1.0)),
        _ => None,
    }
}

/// Appends a number in 8 or 4 bytes.
pub(super) fn append(x: f64, is_single: bool, bytes: &mut Vec<u8>) {
    match is_single {
        true => bytes.extend((x as f32).to_le_bytes()),
        false => bytes.extend(x.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_turn_as_those_of_space_do() {
        for names in [["x", "y", "z"], ["r", "theta", "phi"]] {
            let [(a, p), (b, q), (c, r)] = names.map(|name| direction(name).unwrap());
            // Of an even permutation a pair of neighbours rises twice on the way round.
            let is_even = [(a, b), (b, c), (c, a)].iter().filter(|(k, l)| k < l).count() == 2;
            assert_eq!(p * q * r, if is_even { 1.0 } else { -1.0 }, "{names:?}");
        }
        assert_eq!(direction("theta"), Some((2, -1.0)));
        assert_eq!(direction("w"), None);
    }
}
