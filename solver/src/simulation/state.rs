//! The state of a system on one rank: fields, the expressions that trackers ask for, and how the
//! values of all ranks are put together.

use std::ops::Range;

use fluxions_comm::{ExactSum, World};
use fluxions_expr::{Reduction, Type};
use fluxions_grid::{Grid, Metric};
use fluxions_halo::{Decomposition, Subdomain};
use ndarray::{Array3, ArrayD, ArrayViewD, ArrayViewMutD, Axis};

use crate::error::Error;
use crate::plan::action::Extent;
use crate::plan::observable::Observable;
use crate::run::executor::Executor;
use crate::run::memory::Memory;
use crate::schemes::mpdata::passes;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// What is common to the run loop and the snapshots that trackers see.
pub(crate) struct State {
    pub(crate) pde: Pde,
    pub(crate) world: World,
    pub(crate) decomposition: Decomposition,
    pub(crate) block: Subdomain,
    pub(crate) memory: Memory,
    pub(crate) observables: Vec<(Observable, Executor)>,
}

impl State {
    /// The type of a field or of an expression.
    pub(crate) fn type_of(&self, name: &str) -> Result<Type, Error> {
        if let Some(field) = self.pde.fields().iter().position(|field| field == name) {
            return Ok(self.pde.types()[field]);
        }
        let is_it = |o: &Observable| o.name == name && o.extent == Extent::Block;
        match self.observables.iter().find(|(o, _)| is_it(o)) {
            Some((observable, _)) => Ok(observable.ty),
            None => self.pde.field(&Origin::Output(name.into()), name).map(|_| Type::REAL),
        }
    }

    /// The arrays of a field, or of an expression, which is then evaluated.
    pub(crate) fn arrays_of(&mut self, name: &str, time: f64) -> Result<Range<usize>, Error> {
        if let Some(field) = self.pde.fields().iter().position(|field| field == name) {
            return Ok(self.pde.arrays_of(field));
        }
        let is_it = |o: &Observable| o.name == name && o.extent == Extent::Block;
        match self.observables.iter_mut().find(|(o, _)| is_it(o)) {
            Some((observable, executor)) => {
                executor.run(&self.world, &self.block, &mut self.memory, time, 0.0)?;
                let first = self.pde.all_arrays();
                Ok(first..first + observable.ty.numbers(self.pde.space().dimension()))
            }
            None => self.pde.field(&Origin::Output(name.into()), name).map(|_| 0..0),
        }
    }

    /// The array of a real scalar.
    pub(crate) fn array_of(&mut self, name: &str, time: f64) -> Result<usize, Error> {
        match self.type_of(name)? {
            Type::REAL => Ok(self.arrays_of(name, time)?.start),
            ty => Err(Error::NotScalar { name: name.into(), ty }),
        }
    }

    pub(crate) fn number(&mut self, name: &str, time: f64) -> Result<f64, Error> {
        let is_it = |o: &Observable| o.name == name && o.extent == Extent::Once;
        match self.observables.iter_mut().find(|(o, _)| is_it(o)) {
            Some((_, executor)) => {
                executor.run(&self.world, &self.block, &mut self.memory, time, 0.0)?;
                Ok(self.memory.all()[self.memory.row(0)])
            }
            None => Err(Error::NoSuchNumber { name: name.into() }),
        }
    }

    pub(crate) fn view(&self, array: usize) -> ArrayViewD<'_, f64> {
        let view = self.memory.layout().view(self.memory.of_array(array)).into_dyn();
        named_axes(view, self.pde.grid())
    }

    pub(crate) fn view_mut(&mut self, array: usize) -> ArrayViewMutD<'_, f64> {
        let layout = self.memory.layout();
        let view = layout.view_mut(self.memory.of_array_mut(array)).into_dyn();
        named_axes(view, self.pde.grid())
    }

    pub(crate) fn reduce(&mut self, name: &str, kind: Reduction, time: f64) -> Result<f64, Error> {
        let array = self.array_of(name, time)?;
        let values = self.view(array);
        let grid = self.pde.grid();
        let nan_wins = |a: f64, b: f64, better: bool| if better || b.is_nan() { b } else { a };
        match kind {
            Reduction::Max => {
                let max = values.iter().fold(f64::NEG_INFINITY, |a, b| nan_wins(a, *b, *b > a));
                Ok(self.world.max(max)?)
            }
            Reduction::Min => {
                let min = values.iter().fold(f64::INFINITY, |a, b| nan_wins(a, *b, *b < a));
                Ok(self.world.min(min)?)
            }
            Reduction::Integral | Reduction::Average => {
                let mut sum = ExactSum::new();
                let equal = grid.cell_volume();
                match equal {
                    Some(_) => values.iter().for_each(|x| sum.add(*x)),
                    None => {
                        // r is the first axis.
                        let first = self.block.start()[grid.missing()];
                        for (i, cells) in values.axis_iter(Axis(0)).enumerate() {
                            let volume = grid.metric(Metric::Volume, (first + i) as isize);
                            cells.iter().for_each(|x| sum.add(*x * volume));
                        }
                    }
                }
                self.world.combine_sum(&mut sum)?;
                Ok(match (kind, equal) {
                    (Reduction::Integral, _) => sum.value() * equal.unwrap_or(1.0),
                    (_, Some(_)) => sum.value() / grid.cells() as f64,
                    (_, None) => sum.value() / grid.volume(),
                })
            }
        }
    }

    pub(crate) fn gather(&mut self, name: &str, time: f64) -> Result<Option<ArrayD<f64>>, Error> {
        let ty = self.type_of(name)?;
        let mut parts = Vec::new();
        for array in self.arrays_of(name, time)? {
            parts.extend(self.gather_array(array)?);
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let shape = parts[0].shape().to_vec();
        let n = self.pde.space().dimension();
        let mut whole = vec![n; ty.rank.indices()];
        if ty.complex {
            whole.push(2);
        }
        whole.extend(&shape);
        let numbers: Vec<f64> = parts.into_iter().flatten().collect();
        let mut all = ArrayD::from_shape_vec(whole, numbers)
            .expect("a value has as many numbers as its type");
        if ty.complex {
            // The axis of real and imaginary part goes to the end.
            let mut order: Vec<usize> = (0..all.ndim()).collect();
            let part = order.remove(ty.rank.indices());
            order.push(part);
            all = all.permuted_axes(order).as_standard_layout().into_owned();
        }
        Ok(Some(all))
    }

    /// An array on the whole grid, on rank 0.
    fn gather_array(&self, array: usize) -> Result<Option<ArrayD<f64>>, Error> {
        let mine: Vec<f64> = self.view(array).iter().copied().collect();
        let blocks: Vec<Subdomain> =
            (0..self.world.size()).map(|rank| self.decomposition.subdomain(rank)).collect();
        let counts: Vec<usize> = blocks.iter().map(Subdomain::cells).collect();
        let Some(all) = self.world.gather(&mine, &counts)? else { return Ok(None) };
        let mut whole = Array3::zeros(self.decomposition.shape());
        let mut values = all.into_iter();
        for block in &blocks {
            let [s0, s1, s2] = block.start();
            let [n0, n1, n2] = block.shape();
            let mut part = whole.slice_mut(ndarray::s![s0..s0 + n0, s1..s1 + n1, s2..s2 + n2]);
            part.iter_mut().zip(&mut values).for_each(|(cell, value)| *cell = value);
        }
        Ok(Some(named_axes(whole.into_dyn(), self.pde.grid())))
    }

    /// Whether a number that is not finite says that a Courant number was too large; `cell` is that
    /// of the grid.
    pub(crate) fn is_too_fast(&self, array: usize, cell: u64) -> bool {
        let cells = self.memory.layout().view(self.memory.of_array(array));
        let mut indexed = cells.indexed_iter();
        let found = indexed.find(|((i, j, k), _)| self.block.global_number([*i, *j, *k]) == cell);
        found.is_some_and(|(_, value)| passes::is_too_fast(*value))
    }

    pub(crate) fn is_finite(&self) -> bool {
        (0..self.pde.arrays()).all(|array| self.view(array).iter().all(|x| x.is_finite()))
    }

    /// The first array of the fields and cell of this block that is not finite: the number of the
    /// array and the cell's number in the grid.
    pub(crate) fn first_not_finite(&self) -> Option<(usize, u64)> {
        (0..self.pde.arrays()).find_map(|array| {
            let cells = self.memory.layout().view(self.memory.of_array(array));
            let mut indexed = cells.indexed_iter();
            let ((i, j, k), _) = indexed.find(|(_, x)| !x.is_finite())?;
            Some((array, self.block.global_number([i, j, k])))
        })
    }
}

/// An array over the three axes inside as one over the grid's named axes.
fn named_axes<S: ndarray::RawData>(
    array: ndarray::ArrayBase<S, ndarray::IxDyn>,
    grid: &Grid,
) -> ndarray::ArrayBase<S, ndarray::IxDyn> {
    (0..grid.missing()).fold(array, |array, _| array.index_axis_move(Axis(0), 0))
}
