//! A rank's part of a field on its way to a segment.

use std::borrow::Cow;

use fluxions_solver::Snapshot;
use hdf5::Dataset;
use ndarray::{ArrayView1, ArrayViewD, Axis, Dimension, Slice};

use super::number::NumberType;
use super::view::Values;
use super::{Contents, Field, hyperslab};

/// The most numbers that a rank converts and gives to HDF5 at a time.
pub(crate) const SLAB: usize = 1 << 19;

/// How blocks are cut for writing by HDF5, the same on all ranks: along which named axis, how thick the slabs are, and
/// how many there are on the rank with most.
#[derive(Clone, Copy)]
pub(crate) struct Slabs {
    axis: usize,
    thickness: usize,
    count: usize,
}

impl Slabs {
    /// Blocks that are written in one piece.
    pub(crate) fn whole() -> Self {
        Slabs { axis: 0, thickness: usize::MAX, count: 1 }
    }

    pub(crate) fn of(now: &Snapshot<'_>) -> Self {
        let decomposition = now.decomposition();
        let missing = now.grid().missing();
        let largest = (0..decomposition.ranks())
            .map(|rank| decomposition.subdomain(rank).shape())
            .fold([0; 3], |a, b| std::array::from_fn(|k| a[k].max(b[k])));
        let shape = &largest[missing..];
        let axis = shape.iter().position(|n| *n > 1).unwrap_or(0);
        let across = shape.iter().product::<usize>() / shape[axis];
        let thickness = (SLAB / across).max(1);
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
    /// How its numbers are stored.
    pub(crate) numbers: NumberType,
}

/// Numbers in a row of cells along the last axis.
pub(crate) struct Row<'a> {
    /// The number of the first cell in the grid.
    pub(crate) cell: u64,
    /// The real parts, or all of it.
    pub(crate) re: Cow<'a, [f64]>,
    /// The imaginary parts of complex numbers.
    pub(crate) im: Option<Cow<'a, [f64]>>,
}

impl<'a> Block<'a> {
    /// A rank's part of a field, of which these are the values, from this cell of the grid on.
    pub(crate) fn of(
        values: &'a Values<'_>,
        field: &Field,
        contents: &Contents,
        start: &'a [usize],
    ) -> Self {
        let numbers = NumberType::new(contents.precision, field.ty().complex);
        let parts = values.iter().map(|part| part.view()).collect();
        Block { parts, per_component: field.ty().per_component(), start, numbers }
    }

    /// The rows of a component, in the order of their cells in the grid.
    pub(crate) fn rows(
        &self,
        component: usize,
        contents: &Contents,
    ) -> impl Iterator<Item = Row<'_>> {
        let parts = &self.parts[component * self.per_component..][..self.per_component];
        rows(parts, self.start.to_vec(), contents)
    }

    /// Writes a component by HDF5, which begins at these first indices of the dataset; its part of the checksum.
    pub(crate) fn write_by_hdf5(
        &self,
        dataset: &Dataset,
        at: &[usize],
        (component, contents): (usize, &Contents),
        (slabs, together): (Slabs, bool),
    ) -> hdf5::Result<u64> {
        let parts = &self.parts[component * self.per_component..][..self.per_component];
        let Slabs { axis, thickness, count } = slabs;
        let cells = parts[0].shape()[axis];
        let (mut bytes, mut sum): (Vec<u8>, u64) = (Vec::new(), 0);
        for slab in 0..count {
            let (from, to) = ((slab * thickness).min(cells), ((slab + 1) * thickness).min(cells));
            if from == to && !together {
                break;
            }
            let cells = Slice::from(from..to);
            let parts = parts.iter().map(|part| part.slice_axis(Axis(axis), cells));
            let parts: Vec<_> = parts.collect();
            let mut start = self.start.to_vec();
            start[axis] += from;
            bytes.clear();
            for Row { cell, re, im } in rows(&parts, start.clone(), contents) {
                let begin = bytes.len();
                bytes.resize(begin + re.len() * self.numbers.size, 0);
                self.numbers.put(&re, im.as_deref(), &mut bytes[begin..]);
                sum = sum.wrapping_add(self.numbers.checksum(&bytes[begin..], cell));
            }
            let start = [at, &start].concat();
            let shape = [&*vec![1; at.len()], parts[0].shape()].concat();
            hyperslab::write(dataset, &start, &shape, &bytes, together)?;
        }
        Ok(sum)
    }
}

/// The rows of numbers with these real parts, and imaginary ones if there are two, from this cell of the grid on.
fn rows<'a>(
    parts: &'a [ArrayViewD<'_, f64>],
    start: Vec<usize>,
    contents: &Contents,
) -> impl Iterator<Item = Row<'a>> + use<'a> {
    let shape: Vec<usize> = contents.grid.axes().iter().map(|axis| axis.cells()).collect();
    let mut heads = parts[0].raw_dim();
    if let Some(last) = heads.slice_mut().last_mut() {
        *last = (*last).min(1);
    }
    let cells = ndarray::indices(heads).into_iter().map(move |index| {
        let index = index.slice().iter().zip(&start).map(|(index, start)| index + start);
        index.zip(&shape).fold(0, |at, (index, n)| at * n + index) as u64
    });
    let mut imaginary = parts.get(1).map(|part| part.rows().into_iter());
    parts[0].rows().into_iter().zip(cells).map(move |(re, cell)| {
        let im = imaginary.as_mut().and_then(Iterator::next).map(numbers);
        Row { cell, re: numbers(re), im }
    })
}

/// The numbers of a row, which lie in one piece as a rule.
fn numbers(row: ArrayView1<'_, f64>) -> Cow<'_, [f64]> {
    row.to_slice().map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed)
}
