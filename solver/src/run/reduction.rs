//! Reductions over the domain. They give the same bits however the domain is cut into blocks, since
//! sums are exact until the end, and an extreme is one of the values.

use fluxions_comm::{Error, ExactSum, World};
use fluxions_expr::Reduction;
use fluxions_grid::Grid;

/// How sums over cells are turned into integrals and averages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// All cells have the same volume. The sums are those of the values.
    Uniform { cell_volume: f64, cells: f64 },
    /// The volumes of cells differ. The sums are those of the values times the volumes of their
    /// cells.
    Weighted { volume: f64 },
}

impl Measure {
    /// The measure of a grid.
    pub(crate) fn new(grid: &Grid) -> Self {
        match grid.cell_volume() {
            Some(cell_volume) => Measure::Uniform { cell_volume, cells: grid.cells() as f64 },
            None => Measure::Weighted { volume: grid.volume() },
        }
    }

    fn integral(self, sum: f64) -> f64 {
        match self {
            Measure::Uniform { cell_volume, .. } => sum * cell_volume,
            Measure::Weighted { .. } => sum,
        }
    }

    fn average(self, sum: f64) -> f64 {
        match self {
            Measure::Uniform { cells, .. } => sum / cells,
            Measure::Weighted { volume } => sum / volume,
        }
    }
}

/// A reduction of the values that this rank has seen so far.
pub(crate) struct PartialReduction {
    kind: Reduction,
    sum: ExactSum,
    extreme: f64,
}

impl PartialReduction {
    /// A reduction that has seen no values yet.
    pub(crate) fn new(kind: Reduction) -> Self {
        let extreme = match kind {
            Reduction::Max => f64::NEG_INFINITY,
            Reduction::Min => f64::INFINITY,
            // Sums do not use the extreme.
            Reduction::Integral | Reduction::Average => 0.0,
        };
        PartialReduction { kind, sum: ExactSum::new(), extreme }
    }

    /// Adds the values of a row to the reduction.
    pub(crate) fn add(&mut self, row: &[f64]) {
        match self.kind {
            Reduction::Integral | Reduction::Average => self.sum.extend(row),
            Reduction::Max => self.extreme = extreme(self.extreme, row, larger),
            Reduction::Min => self.extreme = extreme(self.extreme, row, smaller),
        }
    }

    /// Adds the values of a row to the reduction. Sums are those of the values times the volumes of
    /// their cells. `volume` gives the volume of a cell from its index in the row.
    pub(crate) fn add_weighted(&mut self, row: &[f64], volume: impl Fn(usize) -> f64) {
        match self.kind {
            Reduction::Integral | Reduction::Average => {
                const ROOM: usize = 512;
                let mut products = [0.0; ROOM];
                for (chunk, first) in row.chunks(ROOM).zip((0..).step_by(ROOM)) {
                    let products = &mut products[..chunk.len()];
                    for ((product, x), k) in products.iter_mut().zip(chunk).zip(first..) {
                        *product = x * volume(k);
                    }
                    self.sum.extend(products);
                }
            }
            Reduction::Max | Reduction::Min => self.add(row),
        }
    }

    /// The result for the whole domain. Collective.
    pub(crate) fn finish(mut self, world: &World, measure: Measure) -> Result<f64, Error> {
        match self.kind {
            // Of zeros of both signs any may have been met first.
            Reduction::Max => Ok(world.max(self.extreme)? + 0.0),
            Reduction::Min => Ok(world.min(self.extreme)? + 0.0),
            Reduction::Integral => {
                world.combine_sum(&mut self.sum)?;
                Ok(measure.integral(self.sum.value()))
            }
            Reduction::Average => {
                world.combine_sum(&mut self.sum)?;
                Ok(measure.average(self.sum.value()))
            }
        }
    }
}

/// The extreme of a number and those of a row, by what chooses of two; NaN if one of them is NaN.
fn extreme(before: f64, row: &[f64], choose: impl Fn(f64, f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let (rows, others) = row.as_chunks::<LANES>();
    let (mut lanes, mut bad) = ([before; LANES], [before.is_nan(); LANES]);
    for row in rows {
        for lane in 0..LANES {
            lanes[lane] = choose(lanes[lane], row[lane]);
            bad[lane] |= row[lane].is_nan();
        }
    }
    let is_bad = bad.contains(&true) || others.iter().any(|x| x.is_nan());
    let found = lanes.iter().chain(others).fold(before, |a, b| choose(a, *b));
    if is_bad { f64::NAN } else { found }
}

/// The larger number; the first one if one of them is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The smaller number; the first one if one of them is NaN.
fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Geometry};

    use super::*;

    fn reduced(kind: Reduction, rows: &[&[f64]], measure: Measure) -> f64 {
        let mut partial = PartialReduction::new(kind);
        rows.iter().for_each(|row| partial.add(row));
        partial.finish(&World::solo(), measure).unwrap()
    }

    #[test]
    fn sums_are_exact_and_extremes_are_values() {
        let rows: [&[f64]; 3] = [&[1e100, 3.0], &[-1e100, -2.5], &[0.25, 7.0]];
        let measure = Measure::Uniform { cell_volume: 0.5, cells: 6.0 };
        assert_eq!(reduced(Reduction::Integral, &rows, measure), 0.5 * 7.75);
        assert_eq!(reduced(Reduction::Average, &rows, measure), 7.75 / 6.0);
        assert_eq!(reduced(Reduction::Max, &rows, measure), 1e100);
        assert_eq!(reduced(Reduction::Min, &rows, measure), -1e100);
    }

    #[test]
    fn a_nan_is_never_lost() {
        let measure = Measure::Uniform { cell_volume: 1.0, cells: 3.0 };
        for rows in [[&[f64::NAN, 1.0][..], &[2.0]], [&[1.0, 2.0], &[f64::NAN]]] {
            for kind in [Reduction::Max, Reduction::Min] {
                assert!(reduced(kind, &rows, measure).is_nan());
            }
        }
    }

    #[test]
    fn where_volumes_differ_sums_are_weighted_already() {
        let grid = Grid::builder(Geometry::Spherical).axis("r", 0.0..2.0, 4, Ends::Bounded);
        let measure = Measure::new(&grid.build().unwrap());
        let Measure::Weighted { volume } = measure else { panic!("{measure:?}") };
        assert!((volume - 4.0 / 3.0 * std::f64::consts::PI * 8.0).abs() < 1e-12);
        assert_eq!(reduced(Reduction::Integral, &[&[3.0, 4.0]], measure), 7.0);
        assert_eq!(reduced(Reduction::Average, &[&[3.0, 4.0]], measure), 7.0 / volume);
    }
}
