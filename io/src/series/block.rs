//! A rank's part of a field on its way to a segment.

use fluxions_solver::Snapshot;
use hdf5::Dataset;
use ndarray::{ArrayViewD, Axis, Dimension, Slice};

use super::checksum;
use super::direct::{OpenSegment, first_number};
use super::number::Stored;
use super::{Contents, Field, hyperslab};
use crate::error::Error;

/// The most numbers that a rank converts and writes at a time: few enough to stay in the caches.
const SLAB: usize = 1 << 15;
/// The same where HDF5 writes them, which costs more for each call.
const SLAB_BY_HDF5: usize = 1 << 19;

/// How blocks are cut for writing by HDF5, the same on all ranks: along which named axis, how thick the slabs are, and
/// how many there are on the rank with most.
#[derive(Clone, Copy)]
pub(crate) struct Slabs {
    axis: usize,
    thickness: usize,
    count: usize,
}

impl Slabs {
    pub(crate) fn of(now: &Snapshot<'_>) -> Self {
        let decomposition = now.decomposition();
        let missing = now.grid().missing();
        let largest = (0..decomposition.ranks())
            .map(|rank| decomposition.subdomain(rank).shape())
            .fold([0; 3], |a, b| std::array::from_fn(|k| a[k].max(b[k])));
        let shape = &largest[missing..];
        let axis = shape.iter().position(|n| *n > 1).unwrap_or(0);
        let across = shape.iter().product::<usize>() / shape[axis];
        let thickness = (SLAB_BY_HDF5 / across).max(1);
        Slabs { axis, thickness, count: shape[axis].div_ceil(thickness) }
    }
}

/// A rank's part of a field.
pub(crate) struct Block<'a> {
    /// Real numbers that a value is made of, each in all cells: of one component after the other.
    pub(crate) parts: Vec<ArrayViewD<'a, f64>>,
    /// How many there are of each component.
    pub(crate) per_component: usize,
    /// The index in the grid of the first cell.
    pub(crate) start: &'a [usize],
}

impl Block<'_> {
    fn parts_of(&self, component: usize) -> &[ArrayViewD<'_, f64>] {
        &self.parts[component * self.per_component..][..self.per_component]
    }

    /// Writes a component to its place in a segment; its part of the checksum.
    pub(crate) fn write_directly<T: Stored>(
        &self,
        segment: &OpenSegment,
        contents: &Contents,
        (number, field): (usize, &Field),
        (slot, component): (usize, usize),
    ) -> Result<u64, Error> {
        let parts = self.parts_of(component);
        let base = first_number(field, contents, slot, component);
        let shape: Vec<usize> = contents.grid.axes().iter().map(|axis| axis.cells()).collect();
        let row_length = parts[0].shape().last().copied().unwrap_or(1);
        let mut sum: u64 = 0;
        // Rows that follow one another in the file are written together.
        let (mut bytes, mut from, mut next) = (Vec::new(), 0, 0);
        let mut imaginary = parts.get(1).map(|part| part.rows().into_iter());
        let rows = parts[0].rows().into_iter().zip(indices(&parts[0]));
        for (row, index) in rows {
            let index = index.iter().zip(self.start).map(|(index, start)| index + start);
            let cell = index.zip(&shape).fold(0, |at, (index, n)| at * n + index) as u64;
            if cell != next || bytes.len() >= SLAB * size_of::<T>() {
                segment.write_field(number, (base + from, size_of::<T>()), &bytes)?;
                bytes.clear();
                from = cell;
            }
            let imaginary = imaginary.as_mut().and_then(Iterator::next);
            let value = |k: usize| {
                let im = imaginary.as_ref().map_or(0.0, |row| row[k]);
                T::from_parts(row[k], im)
            };
            sum =
                sum.wrapping_add(checksum::of_row((0..row_length).map(|k| value(k).bits()), cell));
            (0..row_length).for_each(|k| value(k).append_to(&mut bytes));
            next = cell + row_length as u64;
        }
        segment.write_field(number, (base + from, size_of::<T>()), &bytes)?;
        Ok(sum)
    }

    /// Writes a component by HDF5, which begins at these first indices of the dataset; its part of the checksum.
    pub(crate) fn write_by_hdf5<T: Stored>(
        &self,
        dataset: &Dataset,
        at: &[usize],
        (component, contents): (usize, &Contents),
        (slabs, together): (Slabs, bool),
    ) -> hdf5::Result<u64> {
        let parts = self.parts_of(component);
        let Slabs { axis, thickness, count } = slabs;
        let cells = parts[0].shape()[axis];
        let shape: Vec<usize> = contents.grid.axes().iter().map(|axis| axis.cells()).collect();
        let (mut numbers, mut sum): (Vec<T>, u64) = (Vec::new(), 0);
        for slab in 0..count {
            let (from, to) = ((slab * thickness).min(cells), ((slab + 1) * thickness).min(cells));
            if from == to && !together {
                break;
            }
            let cut = |k: usize| parts[k].slice_axis(Axis(axis), Slice::from(from..to));
            let re = cut(0);
            numbers.clear();
            match parts.len() {
                1 => numbers.extend(re.iter().map(|re| T::from_parts(*re, 0.0))),
                _ => {
                    let pairs = re.iter().zip(cut(1));
                    numbers.extend(pairs.map(|(re, im)| T::from_parts(*re, *im)));
                }
            }
            let mut start = [at, self.start].concat();
            start[at.len() + axis] += from;
            let row_length = re.shape().last().copied().unwrap_or(1).max(1);
            for (row, index) in numbers.chunks_exact(row_length).zip(indices(&re)) {
                let index =
                    index.iter().zip(&start[at.len()..]).map(|(index, start)| index + start);
                let cell = index.zip(&shape).fold(0, |at, (index, n)| at * n + index) as u64;
                sum = sum.wrapping_add(checksum::of_row(row.iter().map(|x| x.bits()), cell));
            }
            let shape = [&*vec![1; at.len()], re.shape()].concat();
            hyperslab::write(dataset, &start, &shape, &numbers, together)?;
        }
        Ok(sum)
    }
}

/// The indices of the first cell of each row of an array, the last of them 0.
fn indices(array: &ArrayViewD<'_, f64>) -> impl Iterator<Item = Vec<usize>> + use<> {
    let mut heads = array.raw_dim();
    if let Some(last) = heads.slice_mut().last_mut() {
        *last = (*last).min(1);
    }
    ndarray::indices(heads).into_iter().map(|index| index.slice().to_vec())
}
