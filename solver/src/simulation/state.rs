//! The state of a system on one rank: fields, the expressions that trackers ask for, and how the
//! values of all ranks are put together.

use std::ops::Range;

use fluxions_comm::World;
use fluxions_expr::{Reduction, Type};
use fluxions_grid::{Grid, Metric};
use fluxions_halo::{Decomposition, Subdomain};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis};

use crate::error::Error;
use crate::plan::action::Extent;
use crate::plan::observable::Observable;
use crate::run::executor::Executor;
use crate::run::memory::Memory;
use crate::run::not_finite;
use crate::run::random_rows::rows;
use crate::run::reduction::{Measure, PartialReduction};
use crate::schemes::tolerance::Tolerance;
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
    /// Finds the largest rate of change, if it will be asked for.
    pub(crate) rates: Option<Executor>,
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
                Ok(observable.arrays.clone())
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

    pub(crate) fn largest_rate(&mut self, time: f64) -> Result<f64, Error> {
        let Some(executor) = &mut self.rates else {
            return Err(Error::NoSuchNumber { name: "the largest rate of change".into() });
        };
        executor.run(&self.world, &self.block, &mut self.memory, time, 0.0)?;
        Ok(executor.parameters()[executor.plan().results()][0])
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
        let (layout, numbers) = (self.memory.layout(), self.memory.of_array(array));
        let grid = self.pde.grid();
        let measure = Measure::new(grid);
        // Volumes differ along the first named axis, which is r.
        let r = grid.missing();
        let first = self.block.start()[r];
        let volume = |index: usize| grid.metric(Metric::Volume, (first + index) as isize);
        let mut partial = PartialReduction::new(kind);
        for (at, cells) in rows(&self.block) {
            let row = &numbers[layout.index(cells.start)..][..cells.shape()[2]];
            match (measure, at.get(r)) {
                (Measure::Uniform { .. }, _) => partial.add(row),
                (Measure::Weighted { .. }, Some(index)) => {
                    let volume = volume(*index);
                    partial.add_weighted(row, |_| volume);
                }
                // r runs along the row.
                (Measure::Weighted { .. }, None) => partial.add_weighted(row, volume),
            }
        }
        Ok(partial.finish(&self.world, measure)?)
    }

    pub(crate) fn gather(&mut self, name: &str, time: f64) -> Result<Option<ArrayD<f64>>, Error> {
        let ty = self.type_of(name)?;
        let mut numbers = Vec::new();
        for array in self.arrays_of(name, time)? {
            self.gather_array(array, &mut numbers)?;
        }
        if !self.world.is_root() {
            return Ok(None);
        }
        let grid = self.pde.grid();
        let mut shape = vec![self.pde.space().dimension(); ty.rank.indices()];
        shape.extend(&grid.shape()[grid.missing()..]);
        if ty.complex {
            // The imaginary part of each number comes next to its real part.
            shape.push(2);
            let mut pairs = Vec::with_capacity(numbers.len());
            for component in numbers.chunks_exact(2 * grid.cells()) {
                let (re, im) = component.split_at(grid.cells());
                re.iter().zip(im).for_each(|(re, im)| pairs.extend([*re, *im]));
            }
            numbers = pairs;
        }
        let all = ArrayD::from_shape_vec(shape, numbers);
        Ok(Some(all.expect("a value has as many numbers as its type")))
    }

    /// Appends the values of an array on the whole grid to `numbers`, on rank 0. Collective.
    fn gather_array(&self, array: usize, numbers: &mut Vec<f64>) -> Result<(), Error> {
        let (layout, values) = (self.memory.layout(), self.memory.of_array(array));
        let mut mine = Vec::with_capacity(self.block.cells());
        layout.rows(&layout.domain(), |start, cells| {
            mine.extend_from_slice(&values[start..][..cells]);
        });
        let blocks: Vec<Subdomain> =
            (0..self.world.size()).map(|rank| self.decomposition.subdomain(rank)).collect();
        let counts: Vec<usize> = blocks.iter().map(Subdomain::cells).collect();
        let Some(all) = self.world.gather(&mine, &counts)? else { return Ok(()) };
        let first = numbers.len();
        numbers.resize(first + all.len(), 0.0);
        let (whole, mut rest) = (&mut numbers[first..], &all[..]);
        for block in &blocks {
            for ([i, j], _) in rows(block) {
                let (row, others) = rest.split_at(block.shape()[2]);
                let start = block.global_number([i, j, 0]) as usize;
                whole[start..][..row.len()].copy_from_slice(row);
                rest = others;
            }
        }
        Ok(())
    }

    pub(crate) fn is_finite(&self) -> bool {
        let mut globals = self.memory.globals().iter();
        globals.all(|number| number.is_finite())
            && (0..self.pde.arrays()).all(|array| {
                // x·0 is 0 for finite x and NaN otherwise.
                let finite = |sum: f64| sum == 0.0;
                let view = self.view(array);
                view.rows().into_iter().all(|row| finite(row.fold(0.0, |sum, x| sum + x * 0.0)))
            })
    }

    /// Whether what has to stay positive does not begin below 0. Collective.
    ///
    /// # Errors
    /// The first field or number that does.
    pub(crate) fn check_positive(&self, tolerance: &Tolerance) -> Result<(), Error> {
        let State { pde, world, memory, .. } = self;
        for name in &tolerance.positive {
            let field = pde.fields().iter().position(|field| field == name);
            let arrays = field.map_or(0..0, |field| pde.arrays_of(field));
            let numbers = pde.globals().iter().zip(memory.globals());
            let numbers = numbers.filter(|(global, _)| global.name == *name).map(|(_, x)| *x);
            let lowest = |array| self.view(array).iter().copied().fold(f64::INFINITY, f64::min);
            let value =
                world.min(arrays.map(lowest).chain(numbers).fold(f64::INFINITY, f64::min))?;
            if value < 0.0 {
                let origin = Origin::Positive(name.clone());
                return Err(Error::NegativeStart { origin, name: name.clone(), value });
            }
        }
        Ok(())
    }

    /// The first array of the fields and cell of this block that is not finite: the number of the
    /// array and the cell's number in the grid. Unknowns without space count after all arrays, as if
    /// each had one cell.
    pub(crate) fn first_not_finite(&self) -> Option<(usize, u64)> {
        let arrays = self.pde.arrays();
        let in_fields = (0..arrays).find_map(|array| {
            let (layout, numbers) = (self.memory.layout(), self.memory.of_array(array));
            let cell = not_finite::first(&self.block, &layout, numbers, &self.block.domain())?;
            Some((array, cell))
        });
        let mut globals = self.memory.globals().iter();
        in_fields.or_else(|| Some((arrays + globals.position(|x| !x.is_finite())?, 0)))
    }
}

/// The view of an array along the grid's named axes, made from that along the three inner axes.
fn named_axes<S: ndarray::RawData>(
    array: ndarray::ArrayBase<S, ndarray::IxDyn>,
    grid: &Grid,
) -> ndarray::ArrayBase<S, ndarray::IxDyn> {
    (0..grid.missing()).fold(array, |array, _| array.index_axis_move(Axis(0), 0))
}

#[cfg(test)]
mod tests {
    use fluxions_comm::ExactSum;
    use fluxions_comm::threads::run as on_threads;
    use fluxions_expr::Rank;
    use fluxions_grid::{Ends, Geometry};

    use super::*;
    use crate::simulation::simulation::Simulation;

    /// Grids of each geometry and dimension. No two axes of a grid have the same number of cells.
    fn grids() -> Vec<Grid> {
        let all: [(Geometry, &[(&str, usize)]); 6] = [
            (Geometry::Cartesian, &[("x", 7)]),
            (Geometry::Cartesian, &[("x", 5), ("y", 6)]),
            (Geometry::Cartesian, &[("x", 4), ("y", 3), ("z", 5)]),
            (Geometry::Polar, &[("r", 9)]),
            (Geometry::Spherical, &[("r", 8)]),
            (Geometry::Cylindrical, &[("r", 6), ("z", 5)]),
        ];
        let grid = |(geometry, axes): (_, &[(&str, usize)])| {
            let axis = |grid: fluxions_grid::GridBuilder, (name, cells): &(&str, usize)| {
                grid.axis(name, 0.5..2.0, *cells, Ends::Bounded)
            };
            axes.iter().fold(Grid::builder(geometry), axis).build().unwrap()
        };
        all.map(grid).into()
    }

    /// The value that a test gives to a cell of an array.
    fn value(array: usize, cell: usize) -> f64 {
        (1.0 + 1000.0 * array as f64 + cell as f64).sin()
    }

    /// A scalar, a vector and a complex field whose numbers all differ.
    fn simulation(grid: &Grid, world: &World) -> Simulation {
        let pde = Pde::on(grid)
            .field("v", Type::real(Rank::Vector))
            .field("psi", Type::COMPLEX)
            .equation("u", "0")
            .equation("v", "0*v")
            .equation("psi", "0*psi")
            .build()
            .unwrap();
        let zeros = format!("[{}]", vec!["0"; pde.space().dimension()].join(", "));
        let builder = Simulation::builder(&pde, world).initial("u", 0.0).initial("psi", "0*I");
        let mut simulation = builder.initial("v", zeros.as_str()).dt(1.0).build().unwrap();
        for array in 0..pde.arrays() {
            let State { memory, block, .. } = &mut simulation.state;
            let mut view = memory.layout().view_mut(memory.of_array_mut(array));
            for ((i, j, k), cell) in view.indexed_iter_mut() {
                *cell = value(array, block.global_number([i, j, k]) as usize);
            }
        }
        simulation
    }

    const KINDS: [Reduction; 4] =
        [Reduction::Integral, Reduction::Average, Reduction::Max, Reduction::Min];

    /// The reductions of `u`, which is array `number`, computed cell by cell.
    fn reductions(grid: &Grid, number: usize) -> [f64; 4] {
        let mut sum = ExactSum::new();
        let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
        let per_shell = grid.cells() / grid.axes()[0].cells();
        for cell in 0..grid.cells() {
            let value = value(number, cell);
            let volume = grid.metric(Metric::Volume, (cell / per_shell) as isize);
            sum.add(if grid.cell_volume().is_some() { value } else { value * volume });
            (most, least) = (most.max(value), least.min(value));
        }
        let (integral, average) = match grid.cell_volume() {
            Some(volume) => (sum.value() * volume, sum.value() / grid.cells() as f64),
            None => (sum.value(), sum.value() / grid.volume()),
        };
        [integral, average, most, least]
    }

    #[test]
    fn reductions_are_those_of_all_cells_on_1_to_3_ranks() {
        for grid in grids() {
            for ranks in 1..=3 {
                let found = on_threads(ranks, |world| {
                    let mut simulation = simulation(&grid, world);
                    let state = &mut simulation.state;
                    let array = state.array_of("u", 0.0)?;
                    let found = KINDS.map(|kind| state.reduce("u", kind, 0.0).unwrap());
                    if world.rank() == ranks - 1 {
                        let origin = state.memory.layout().origin();
                        state.memory.of_array_mut(array)[origin] = f64::NAN;
                    }
                    for kind in KINDS {
                        assert!(state.reduce("u", kind, 0.0)?.is_nan(), "{kind:?}");
                    }
                    Ok::<_, Error>((array, found))
                });
                for (array, found) in found.unwrap() {
                    assert_eq!(found, reductions(&grid, array), "{grid:?} on {ranks} ranks");
                }
            }
        }
    }

    #[test]
    fn gathered_values_lie_where_their_cells_are_on_1_to_3_ranks() {
        for grid in grids() {
            let cells = grid.cells();
            let shape: Vec<usize> = grid.axes().iter().map(|axis| axis.cells()).collect();
            for ranks in 1..=3 {
                let found = on_threads(ranks, |world| {
                    let state = &mut simulation(&grid, world).state;
                    let field = |name| (state.arrays_of(name, 0.0), state.gather(name, 0.0));
                    Ok::<_, Error>(["u", "v", "psi"].map(field))
                });
                let mut found = found.unwrap().into_iter();
                let [scalar, vector, complex] = found.next().unwrap().map(|(arrays, all)| {
                    let (arrays, all) = (arrays.unwrap(), all.unwrap().unwrap());
                    let numbers: Vec<f64> = all.iter().copied().collect();
                    (arrays, all.shape().to_vec(), numbers)
                });
                let of = |array: usize| (0..cells).map(move |cell| value(array, cell));

                assert_eq!(scalar.1, shape);
                assert_eq!(scalar.2, of(scalar.0.start).collect::<Vec<_>>());

                let n = vector.0.len();
                assert_eq!(vector.1, [&[n], &shape[..]].concat());
                assert_eq!(vector.2, vector.0.flat_map(of).collect::<Vec<_>>());

                assert_eq!(complex.1, [&shape[..], &[2]].concat());
                let parts = of(complex.0.start).zip(of(complex.0.start + 1));
                assert_eq!(complex.2, parts.flat_map(|(re, im)| [re, im]).collect::<Vec<_>>());

                // Only rank 0 has them.
                for other in found.flatten() {
                    assert_eq!(other.1.unwrap(), None);
                }
            }
        }
    }
}
