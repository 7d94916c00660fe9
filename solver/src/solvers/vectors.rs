//! Vectors of a solver: families of arrays, one for each array of the state.

use fluxions_grid::{Grid, Metric};
use fluxions_halo::{Decomposition, Subdomain};

use crate::error::Error;
use crate::random::stream::Stream;
use crate::run::memory::Memory;
use crate::run::random_rows::rows;
use crate::solvers::block_sums::{BlockSums, PartialSum};
use crate::solvers::place::Place;

/// A vector, by its first array.
pub(crate) type Vector = usize;

/// What is done with vectors. Products are those of integrals: values count by the volumes of their cells.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    /// How many arrays a vector has.
    pub(crate) arrays: usize,
    sums: BlockSums,
    /// The volumes of cells by their index along the first named axis of the block, where they differ, and
    /// the number of this inner axis.
    volumes: Option<(usize, Vec<f64>)>,
    volume: f64,
}

impl Vectors {
    pub(crate) fn new(
        grid: &Grid,
        decomposition: &Decomposition,
        block: &Subdomain,
        arrays: usize,
    ) -> Self {
        let axis = grid.missing();
        let volumes = grid.cell_volume().is_none().then(|| {
            let first = block.start()[axis];
            let cells = 0..block.shape()[axis];
            let volume = |k: usize| grid.metric(Metric::Volume, (first + k) as isize);
            (axis, cells.map(volume).collect())
        });
        let volume = grid.volume();
        Vectors { arrays, sums: BlockSums::new(decomposition, block), volumes, volume }
    }

    /// to ← to + factor·from
    pub(crate) fn add(&self, place: &mut Place<'_>, to: Vector, factor: f64, from: Vector) {
        self.each(place, to, from, |to, from| *to += factor * from);
    }

    /// to ← factor·to + from
    pub(crate) fn scale_and_add(
        &self,
        place: &mut Place<'_>,
        to: Vector,
        factor: f64,
        from: Vector,
    ) {
        self.each(place, to, from, |to, from| *to = factor * *to + from);
    }

    /// to ← factor·from
    pub(crate) fn copy_scaled(&self, place: &mut Place<'_>, to: Vector, factor: f64, from: Vector) {
        self.each(place, to, from, |to, from| *to = factor * from);
    }

    pub(crate) fn copy(&self, place: &mut Place<'_>, to: Vector, from: Vector) {
        self.each(place, to, from, |to, from| *to = from);
    }

    /// Calls `change` with every number of `to` and that of `from` in the same cell.
    pub(crate) fn each(
        &self,
        place: &mut Place<'_>,
        to: Vector,
        from: Vector,
        change: impl Fn(&mut f64, f64),
    ) {
        (0..self.arrays).for_each(|k| each_of_array(place, to + k, from + k, &change));
    }

    /// vector ← factor·vector
    pub(crate) fn scale(&self, place: &mut Place<'_>, vector: Vector, factor: f64) {
        let Place { block, memory, .. } = place;
        let layout = memory.layout();
        for k in 0..self.arrays {
            let numbers = memory.of_array_mut(vector + k);
            for (_, cells) in rows(block) {
                let row = &mut numbers[layout.index(cells.start)..][..cells.shape()[2]];
                row.iter_mut().for_each(|x| *x *= factor);
            }
        }
    }

    /// Multiplies every number of an array by that of another in the same cell.
    pub(crate) fn multiply_array(&self, place: &mut Place<'_>, array: usize, by: usize) {
        each_of_array(place, array, by, |to, by| *to *= by);
    }

    /// Adds a number to every cell of an array.
    pub(crate) fn shift_array(&self, place: &mut Place<'_>, array: usize, by: f64) {
        let Place { block, memory, .. } = place;
        let layout = memory.layout();
        let numbers = memory.of_array_mut(array);
        for (_, cells) in rows(block) {
            let row = &mut numbers[layout.index(cells.start)..][..cells.shape()[2]];
            row.iter_mut().for_each(|x| *x += by);
        }
    }

    /// Takes its average over the domain away from an array. Collective.
    pub(crate) fn remove_average(&self, place: &mut Place<'_>, array: usize) -> Result<(), Error> {
        let [average, _] = self.averages(place, array)?;
        self.shift_array(place, array, -average);
        Ok(())
    }

    /// Sets every number of an array by the number of its cell in the grid.
    pub(crate) fn set_array(
        &self,
        place: &mut Place<'_>,
        array: usize,
        value: impl Fn(u64) -> f64,
    ) {
        let Place { block, memory, .. } = place;
        let layout = memory.layout();
        let numbers = memory.of_array_mut(array);
        for ([i, j], cells) in rows(block) {
            let first = block.global_number([i, j, 0]);
            let row = &mut numbers[layout.index(cells.start)..][..cells.shape()[2]];
            row.iter_mut().zip(first..).for_each(|(to, cell)| *to = value(cell));
        }
    }

    /// Sets every number of a vector.
    pub(crate) fn set(&self, place: &mut Place<'_>, vector: Vector, value: f64) {
        (0..self.arrays).for_each(|k| self.set_array(place, vector + k, |_| value));
    }

    /// Sets a vector to numbers in −½ … ½ that have no order.
    pub(crate) fn set_random(&self, place: &mut Place<'_>, vector: Vector, which: u32) {
        for k in 0..self.arrays {
            let stream = Stream::new(0, "a vector of a solver", 1000 * which + k as u32);
            let sample = |cell| stream.sample(fluxions_expr::Distribution::Uniform, cell, 0) - 0.5;
            self.set_array(place, vector + k, sample);
        }
    }

    /// The products of pairs of vectors: ∫ x·y dV. Collective.
    pub(crate) fn products(
        &self,
        place: &Place<'_>,
        pairs: &[(Vector, Vector)],
    ) -> Result<Vec<f64>, Error> {
        let mut sums: Vec<PartialSum> = Vec::with_capacity(pairs.len() * self.arrays);
        for (x, y) in pairs {
            for k in 0..self.arrays {
                let mut sum = self.sums.begin();
                let [x, y] = [x + k, y + k].map(|array| place.memory.of_array(array));
                self.sum_rows(place, &mut sum, |at, volume| volume * (x[at] * y[at]));
                sums.push(sum);
            }
        }
        let found = self.sums.finish(place.world, &mut sums)?;
        Ok(found.chunks(self.arrays).map(|of_arrays| of_arrays.iter().sum()).collect())
    }

    /// The product of two vectors. Collective.
    pub(crate) fn product(&self, place: &Place<'_>, x: Vector, y: Vector) -> Result<f64, Error> {
        Ok(self.products(place, &[(x, y)])?[0])
    }

    /// The root of the mean square of the numbers of a vector, added up over its arrays. Collective.
    pub(crate) fn norm(&self, place: &Place<'_>, x: Vector) -> Result<f64, Error> {
        Ok((self.product(place, x, x)? / self.volume).sqrt())
    }

    /// The average over the domain of an array, and that of its magnitude. Collective.
    pub(crate) fn averages(&self, place: &Place<'_>, array: usize) -> Result<[f64; 2], Error> {
        let numbers = place.memory.of_array(array);
        let mut sums = [self.sums.begin(), self.sums.begin()];
        self.sum_rows(place, &mut sums[0], |at, volume| volume * numbers[at]);
        self.sum_rows(place, &mut sums[1], |at, volume| volume * numbers[at].abs());
        let found = self.sums.finish(place.world, &mut sums)?;
        Ok([found[0] / self.volume, found[1] / self.volume])
    }

    /// The largest magnitude in an array. Collective.
    pub(crate) fn magnitude(&self, place: &Place<'_>, array: usize) -> Result<f64, Error> {
        Ok(place.world.max(largest_here(place, |memory, at| memory.of_array(array)[at].abs()))?)
    }

    /// The largest value that `of` has for the place of a cell in an array; infinite if one is not a
    /// number. Collective.
    pub(crate) fn largest(
        &self,
        place: &Place<'_>,
        of: impl Fn(&Memory, usize, usize) -> f64,
    ) -> Result<f64, Error> {
        let of_array = |k: usize| largest_here(place, |memory, at| of(memory, k, at));
        Ok(place.world.max((0..self.arrays).map(of_array).fold(0.0, f64::max))?)
    }

    /// Adds what `term` gives for the place of each cell in an array and its volume.
    fn sum_rows(&self, place: &Place<'_>, sum: &mut PartialSum, term: impl Fn(usize, f64) -> f64) {
        let layout = place.memory.layout();
        let uniform = self.volume / place.block.global_shape().iter().product::<usize>() as f64;
        for (row, cells) in rows(place.block) {
            let at = layout.index(cells.start);
            match &self.volumes {
                None => self.sums.add_row(sum, row, |k| term(at + k, uniform)),
                Some((2, volumes)) => self.sums.add_row(sum, row, |k| term(at + k, volumes[k])),
                Some((axis, volumes)) => {
                    let volume = volumes[row[*axis]];
                    self.sums.add_row(sum, row, |k| term(at + k, volume));
                }
            }
        }
    }
}

/// Copies arrays from `from` on to those from `to` on.
pub(crate) fn copy_arrays(place: &mut Place<'_>, to: usize, from: usize, count: usize) {
    (0..count).for_each(|k| each_of_array(place, to + k, from + k, |to, from| *to = from));
}

/// Calls `change` with every number of an array and that of another in the same cell.
fn each_of_array(place: &mut Place<'_>, to: usize, from: usize, change: impl Fn(&mut f64, f64)) {
    let Place { block, memory, .. } = place;
    let layout = memory.layout();
    let (to, from) = (memory.array(to), memory.array(from));
    let all = memory.all_mut();
    for (_, cells) in rows(block) {
        let (at, length) = (layout.index(cells.start), cells.shape()[2]);
        let (to, from) = two(all, to + at, from + at, length);
        to.iter_mut().zip(from).for_each(|(to, from)| change(to, *from));
    }
}

/// The largest value, at least 0, that `of` has for the place of a cell of this rank in an array; infinite if one is not
/// a number.
fn largest_here(place: &Place<'_>, of: impl Fn(&Memory, usize) -> f64) -> f64 {
    let layout = place.memory.layout();
    let mut largest: f64 = 0.0;
    for (_, cells) in rows(place.block) {
        let start = layout.index(cells.start);
        for at in start..start + cells.shape()[2] {
            let value = of(place.memory, at);
            largest = if value.is_nan() { f64::INFINITY } else { largest.max(value) };
        }
    }
    largest
}

/// Two different pieces of a memory, the first of them mutable.
fn two(all: &mut [f64], to: usize, from: usize, length: usize) -> (&mut [f64], &[f64]) {
    if to < from {
        let (before, after) = all.split_at_mut(from);
        (&mut before[to..][..length], &after[..length])
    } else {
        let (before, after) = all.split_at_mut(to);
        (&mut after[..length], &before[from..][..length])
    }
}
