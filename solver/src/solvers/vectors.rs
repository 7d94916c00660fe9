//! Vectors of a solver: families of arrays, one for each array of the state.

use fluxions_grid::{Grid, Metric};
use fluxions_halo::{Decomposition, Subdomain};

use crate::error::Error;
use crate::run::random_rows::rows;
use crate::solvers::block_sums::{BlockSums, PartialSum};
use crate::solvers::place::Place;
use crate::solvers::vector_loops::{
    Advance, Combine, EachAlone, EachOfArray, Largest, RowsOfBlock, SumRows, Volumes, WithoutOrder,
};
use crate::solvers::wide::widely;

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
        change: impl Fn(&mut f64, f64) + Copy,
    ) {
        (0..self.arrays).for_each(|k| each_of_array(place, to + k, from + k, change));
    }

    /// x ← x + step·p and r ← r − step·q, and the norm of r. Collective.
    pub(crate) fn advance(
        &self,
        place: &mut Place<'_>,
        (x, r): (Vector, Vector),
        (p, q): (Vector, Vector),
        step: f64,
    ) -> Result<f64, Error> {
        let mut sums = Vec::with_capacity(self.arrays);
        for k in 0..self.arrays {
            let mut sum = self.sums.begin();
            let volumes = self.volumes(place);
            let Place { block, memory, .. } = place;
            let arrays = [x + k, r + k, p + k, q + k].map(|array| memory.array(array));
            let rows = RowsOfBlock::of(block, memory);
            let all = memory.all_mut();
            widely(Advance { sums: &self.sums, sum: &mut sum, volumes, all, arrays, rows, step });
            sums.push(sum);
        }
        let found = self.sums.finish(place.world, &mut sums)?;
        Ok((found.iter().sum::<f64>() / self.volume).sqrt())
    }

    /// to ← factor·from + Σ weight·vector, for vectors that are others than `to`.
    pub(crate) fn combine(
        &self,
        place: &mut Place<'_>,
        to: Vector,
        (factor, from): (f64, Vector),
        others: &[(f64, Vector)],
    ) {
        for k in 0..self.arrays {
            let Place { block, memory, .. } = place;
            let (to, from) = (memory.array(to + k), (factor, memory.array(from + k)));
            let other = |(weight, vector): &(f64, Vector)| (*weight, memory.array(vector + k));
            let others: Vec<(f64, usize)> = others.iter().map(other).collect();
            let rows = RowsOfBlock::of(block, memory);
            widely(Combine { all: memory.all_mut(), to, from, others: &others, rows });
        }
    }

    /// vector ← factor·vector
    pub(crate) fn scale(&self, place: &mut Place<'_>, vector: Vector, factor: f64) {
        for k in 0..self.arrays {
            each_alone(place, vector + k, |x| *x *= factor);
        }
    }

    /// Multiplies every number of an array by that of another in the same cell.
    pub(crate) fn multiply_array(&self, place: &mut Place<'_>, array: usize, by: usize) {
        each_of_array(place, array, by, |to, by| *to *= by);
    }

    /// Adds a number to every cell of an array.
    pub(crate) fn shift_array(&self, place: &mut Place<'_>, array: usize, by: f64) {
        each_alone(place, array, |x| *x += by);
    }

    /// Takes its average over the domain away from an array. Collective.
    pub(crate) fn remove_average(&self, place: &mut Place<'_>, array: usize) -> Result<(), Error> {
        let average = self.average(place, array)?;
        self.shift_array(place, array, -average);
        Ok(())
    }

    /// Sets every number of an array.
    pub(crate) fn set_array(&self, place: &mut Place<'_>, array: usize, value: f64) {
        each_alone(place, array, |x| *x = value);
    }

    /// Sets every number of a vector.
    pub(crate) fn set(&self, place: &mut Place<'_>, vector: Vector, value: f64) {
        (0..self.arrays).for_each(|k| self.set_array(place, vector + k, value));
    }

    /// Sets an array to 1 and −1 in cells next to each other, along all axes.
    pub(crate) fn set_chequered(&self, place: &mut Place<'_>, array: usize) {
        let Place { block, memory, .. } = place;
        let (layout, start) = (memory.layout(), block.start());
        let numbers = memory.of_array_mut(array);
        for ([i, j], cells) in rows(block) {
            let first = start[0] + i + start[1] + j + start[2];
            let row = &mut numbers[layout.index(cells.start)..][..cells.shape()[2]];
            for (k, number) in row.iter_mut().enumerate() {
                *number = if (first + k).is_multiple_of(2) { 1.0 } else { -1.0 };
            }
        }
    }

    /// Sets a vector to numbers in −½ … ½ that have no order, functions of the numbers of the cells in the grid.
    pub(crate) fn set_random(&self, place: &mut Place<'_>, vector: Vector, which: u32) {
        for k in 0..self.arrays {
            let seed = (u64::from(which) << 32) + k as u64;
            let Place { block, memory, .. } = place;
            let layout = memory.layout();
            let numbers = memory.of_array_mut(vector + k);
            for ([i, j], cells) in rows(block) {
                let first = block.global_number([i, j, 0]);
                let row = &mut numbers[layout.index(cells.start)..][..cells.shape()[2]];
                widely(WithoutOrder { row, first, seed });
            }
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
                sums.push(self.sum_of(place, [x + k, y + k], |volume, x, y| volume * (x * y)));
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

    /// The average over the domain of an array. Collective.
    pub(crate) fn average(&self, place: &Place<'_>, array: usize) -> Result<f64, Error> {
        let mut sums = [self.sum_of(place, [array; 2], |volume, x, _| volume * x)];
        Ok(self.sums.finish(place.world, &mut sums)?[0] / self.volume)
    }

    /// The average over the domain of an array, and that of its magnitude. Collective.
    pub(crate) fn averages(&self, place: &Place<'_>, array: usize) -> Result<[f64; 2], Error> {
        let mut sums = [
            self.sum_of(place, [array; 2], |volume, x, _| volume * x),
            self.sum_of(place, [array; 2], |volume, x, _| volume * x.abs()),
        ];
        let found = self.sums.finish(place.world, &mut sums)?;
        Ok([found[0] / self.volume, found[1] / self.volume])
    }

    /// The average over the domain of an array, and that of its squares. Collective.
    pub(crate) fn moments(&self, place: &Place<'_>, array: usize) -> Result<[f64; 2], Error> {
        let mut sums = [
            self.sum_of(place, [array; 2], |volume, x, _| volume * x),
            self.sum_of(place, [array; 2], |volume, x, _| volume * (x * x)),
        ];
        let found = self.sums.finish(place.world, &mut sums)?;
        Ok([found[0] / self.volume, found[1] / self.volume])
    }

    /// The largest magnitude in an array. Collective.
    pub(crate) fn magnitude(&self, place: &Place<'_>, array: usize) -> Result<f64, Error> {
        Ok(place.world.max(largest_here(place, [array], |[x]| x.abs()))?)
    }

    /// The largest value, at least 0, that `of` has for the number of an array of a vector and the numbers of some arrays
    /// in a cell, those that `arrays` tells for the number; infinite if one is not a number. Collective.
    pub(crate) fn largest<const N: usize>(
        &self,
        place: &Place<'_>,
        arrays: impl Fn(usize) -> [usize; N],
        of: impl Fn(usize, [f64; N]) -> f64,
    ) -> Result<f64, Error> {
        let of_array = |k: usize| largest_here(place, arrays(k), |numbers| of(k, numbers));
        Ok(place.world.max((0..self.arrays).map(of_array).fold(0.0, f64::max))?)
    }

    /// The sum of what `term` gives for the volume of each cell of this rank and the numbers of two arrays there.
    fn sum_of(
        &self,
        place: &Place<'_>,
        arrays: [usize; 2],
        term: impl Fn(f64, f64, f64) -> f64,
    ) -> PartialSum {
        let mut sum = self.sums.begin();
        let volumes = self.volumes(place);
        let rows = RowsOfBlock::of(place.block, place.memory);
        let arrays = arrays.map(|array| place.memory.of_array(array));
        widely(SumRows { sums: &self.sums, sum: &mut sum, volumes, arrays, rows, term });
        sum
    }

    fn volumes(&self, place: &Place<'_>) -> Volumes<'_> {
        let cells = place.block.global_shape().iter().product::<usize>();
        match &self.volumes {
            None => Volumes::Equal(self.volume / cells as f64),
            Some((axis, volumes)) => Volumes::Along(*axis, volumes),
        }
    }
}

/// Copies arrays from `from` on to those from `to` on.
pub(crate) fn copy_arrays(place: &mut Place<'_>, to: usize, from: usize, count: usize) {
    (0..count).for_each(|k| each_of_array(place, to + k, from + k, |to, from| *to = from));
}

/// Calls `change` with every number of an array and that of another in the same cell.
pub(crate) fn each_of_array(
    place: &mut Place<'_>,
    to: usize,
    from: usize,
    change: impl Fn(&mut f64, f64) + Copy,
) {
    let Place { block, memory, .. } = place;
    let (to, from) = (memory.array(to), memory.array(from));
    let rows = RowsOfBlock::of(block, memory);
    widely(EachOfArray { all: memory.all_mut(), to, from, rows, change });
}

/// Calls `change` with every number of an array.
fn each_alone(place: &mut Place<'_>, array: usize, change: impl Fn(&mut f64) + Copy) {
    let Place { block, memory, .. } = place;
    let rows = RowsOfBlock::of(block, memory);
    widely(EachAlone { numbers: memory.of_array_mut(array), rows, change });
}

/// The largest value, at least 0, that `of` has for the numbers of some arrays in a cell of this rank; infinite if one is
/// not a number.
fn largest_here<const N: usize>(
    place: &Place<'_>,
    arrays: [usize; N],
    of: impl Fn([f64; N]) -> f64,
) -> f64 {
    let arrays = arrays.map(|array| place.memory.of_array(array));
    widely(Largest { arrays, rows: RowsOfBlock::of(place.block, place.memory), of })
}
