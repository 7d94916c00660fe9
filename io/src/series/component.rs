//! Reads components of fields, and compares what is read with its checksum.

use std::ops::Range;

use hdf5::{Hyperslab, SliceOrIndex};
use ndarray::{ArrayD, Axis};
use num_complex::{Complex32, Complex64};

use super::number::Stored;
use super::{Field, Series, checksum};
use crate::error::{Error, hdf};

/// How many numbers are read at a time where only a part of them is wanted, and the checksum is that of all.
const SLAB: usize = 1 << 19;

/// The values of one component of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    /// Of a real field.
    Real(ArrayD<f64>),
    /// Of a complex field.
    Complex(ArrayD<Complex64>),
}

impl Component {
    /// A real number computed from each value.
    pub fn map(
        self,
        of_real: impl Fn(f64) -> f64,
        of_complex: impl Fn(Complex64) -> f64,
    ) -> ArrayD<f64> {
        match self {
            Component::Real(values) => values.mapv_into(of_real),
            Component::Complex(values) => values.mapv(of_complex),
        }
    }

    /// The absolute values.
    pub fn absolute(self) -> ArrayD<f64> {
        self.map(f64::abs, Complex64::norm)
    }

    /// What the values add to the checksum, where the first is that of this cell. They are stored in 4 bytes each if `is_single`.
    fn checksum(&self, is_single: bool, first: usize) -> u64 {
        match (self, is_single) {
            (Component::Real(values), true) => sum_of::<f32, _>(values, |x| (*x, 0.0), first),
            (Component::Real(values), false) => sum_of::<f64, _>(values, |x| (*x, 0.0), first),
            (Component::Complex(values), true) => {
                sum_of::<Complex32, _>(values, |z| (z.re, z.im), first)
            }
            (Component::Complex(values), false) => {
                sum_of::<Complex64, _>(values, |z| (z.re, z.im), first)
            }
        }
    }

    /// For each axis the values at one index or at all. Those along the first axis are of these rows.
    fn at(self, indices: &[Option<usize>], rows: &Range<usize>) -> Self {
        match self {
            Component::Real(values) => Component::Real(cut(values, indices, rows)),
            Component::Complex(values) => Component::Complex(cut(values, indices, rows)),
        }
    }

    /// Adds values behind these, along the first axis.
    fn append(&mut self, next: Self) -> Result<(), ndarray::ShapeError> {
        match (self, next) {
            (Component::Real(values), Component::Real(next)) => values.append(Axis(0), next.view()),
            (Component::Complex(values), Component::Complex(next)) => {
                values.append(Axis(0), next.view())
            }
            _ => Ok(()),
        }
    }
}

fn sum_of<S: Stored, T>(values: &ArrayD<T>, parts: impl Fn(&T) -> (f64, f64), first: usize) -> u64 {
    let bits = values.iter().map(|value| {
        let (re, im) = parts(value);
        S::from_parts(re, im).bits()
    });
    checksum::of_row(bits, first as u64)
}

fn cut<T>(mut values: ArrayD<T>, indices: &[Option<usize>], rows: &Range<usize>) -> ArrayD<T> {
    for (axis, index) in indices.iter().enumerate().rev() {
        if let Some(index) = index {
            let first = if axis == 0 { rows.start } else { 0 };
            values = values.index_axis_move(Axis(axis), index - first);
        }
    }
    values
}

impl Series {
    /// One component of a field at one snapshot: one axis per axis of the grid, the last of them
    /// restricted to the index `cut` if it is `Some`.
    ///
    /// # Errors
    /// If the component or the snapshot does not exist, is missing or damaged, or cannot be read.
    pub fn component(
        &self,
        field: &Field,
        snapshot: usize,
        component: usize,
        cut: Option<usize>,
    ) -> Result<Component, Error> {
        let mut at = vec![None; self.cells(field, component)?.len()];
        if let Some(last) = at.last_mut() {
            *last = cut;
        }
        self.part(field, snapshot, component, &at)
    }

    /// One component of a field at one snapshot, for each axis of the grid at one index or at all. All of the component is read,
    /// since the checksum is that of all; of what is not wanted little is in memory at a time.
    ///
    /// # Errors
    /// If the component or the snapshot does not exist, is missing or damaged, or cannot be read.
    pub fn part(
        &self,
        field: &Field,
        snapshot: usize,
        component: usize,
        at: &[Option<usize>],
    ) -> Result<Component, Error> {
        let stored = self.checksum(field.name(), snapshot, component)?;
        let is_missing = stored == Some(0);
        let damaged = || {
            let (path, field) = (self.path.clone(), field.name().into());
            Error::Damaged { path, field, snapshot, is_missing }
        };
        if is_missing {
            return Err(damaged());
        }
        let place = [snapshot].into_iter().chain(field.indices(component));
        let place: Vec<Option<SliceOrIndex>> =
            place.map(|index| Some(SliceOrIndex::Index(index))).collect();
        let Some(stored) = stored else {
            let at = at.iter().map(|index| index.map(SliceOrIndex::Index));
            return self.read_part(field, &place.into_iter().chain(at).collect::<Vec<_>>());
        };
        let cells = self.cells(field, component)?;
        let (rows, of_row) = match cells.split_first() {
            Some((rows, others)) => (*rows, others.iter().product::<usize>().max(1)),
            None => (1, 1),
        };
        let thickness = match at.iter().all(Option::is_none) {
            true => rows,
            false => (SLAB / of_row).clamp(1, rows.max(1)),
        };
        let is_single = self.bytes(field.name())? < 8 * field.ty().per_component();
        let (mut sum, mut found) = (0u64, None::<Component>);
        for start in (0..rows).step_by(thickness.max(1)) {
            let slab = start..rows.min(start + thickness);
            let range = (!cells.is_empty()).then(|| SliceOrIndex::SliceCount {
                start,
                step: 1,
                count: slab.len(),
                block: 1,
            });
            let values = self.read_part(field, &[&*place, &[range]].concat())?;
            sum = sum.wrapping_add(values.checksum(is_single, start * of_row));
            if at.first().copied().flatten().is_none_or(|wanted| slab.contains(&wanted)) {
                let values = values.at(at, &slab);
                match &mut found {
                    Some(found) => found.append(values).map_err(|_| damaged())?,
                    None => found = Some(values),
                }
            }
        }
        found.filter(|_| checksum::stored(sum) == stored).ok_or_else(damaged)
    }

    /// How many cells a component of a field has along each axis.
    fn cells(&self, field: &Field, component: usize) -> Result<Vec<usize>, Error> {
        let shape = self.dataset(field.name())?.shape();
        Ok(shape.get(1 + field.indices(component).len()..).unwrap_or_default().to_vec())
    }

    fn read_part(
        &self,
        field: &Field,
        ranges: &[Option<SliceOrIndex>],
    ) -> Result<Component, Error> {
        Ok(match field.ty().complex {
            false => Component::Real(self.read_box(field.name(), ranges)?),
            true => Component::Complex(self.read_box(field.name(), ranges)?),
        })
    }

    /// Whether there are checksums of a field. Early files have none.
    pub(crate) fn has_checksums(&self, field: &str) -> bool {
        let name = format!("checksums/{field}");
        self.file.link_exists("checksums") && self.file.link_exists(&name)
    }

    /// The checksum of a component of a field, 0 where its segment is missing; nothing in files without checksums.
    fn checksum(
        &self,
        field: &str,
        snapshot: usize,
        component: usize,
    ) -> Result<Option<u64>, Error> {
        if !self.has_checksums(field) {
            return Ok(None);
        }
        let name = format!("checksums/{field}");
        let failed = hdf(&self.path, "read the checksums");
        let at =
            Hyperslab::from(vec![SliceOrIndex::Index(snapshot), SliceOrIndex::Index(component)]);
        let read = self.file.dataset(&name);
        let read = read.and_then(|sums| sums.read_slice::<u64, _, ndarray::IxDyn>(at));
        Ok(read.map_err(failed)?.first().copied())
    }
}
