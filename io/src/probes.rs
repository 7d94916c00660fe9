//! Writes probes/NAME.csv: values at a point, interpolated between the centres of cells.

use std::fmt::Write;

use fluxions_comm::Combine;
use fluxions_grid::{Axis, Condition, Grid};
use fluxions_solver::{Flow, GO_ON, Pde, Report, Snapshot, Tracker, TrackerError};

use crate::folder::{PROBES, RunFolder};
use crate::lines::Lines;
use crate::problem::Probe;
use crate::series::Field;
use crate::together::agree;

/// A tracker that writes what several probes with one schedule see, each to a file of its own.
pub struct ProbesWriter {
    folder: RunFolder,
    probes: Vec<Probe>,
    /// The cells that each probe looks at, with their weights.
    stencils: Vec<Vec<(Vec<usize>, f64)>>,
    /// The fields at which any of them looks, and for each of them how many real numbers a value has.
    fields: Vec<(String, usize)>,
    /// What is looked up on this rank; all that follows is empty before the first look.
    looks: Vec<Look>,
    /// The weights of what is looked up, for each value of each probe.
    values: Vec<Vec<Vec<f64>>>,
    files: Vec<Lines>,
    /// The bytes of the files of a run that goes on.
    lengths: Vec<u64>,
}

/// A number of a field in a cell.
struct Look {
    field: usize,
    part: usize,
    /// The cell in this rank's block, if it is there.
    cell: Option<Vec<usize>>,
}

impl ProbesWriter {
    /// A writer of probes of a system.
    pub fn new(folder: &RunFolder, pde: &Pde, probes: Vec<Probe>) -> Self {
        let wraps = wrapping(pde);
        let stencils = probes.iter().map(|probe| stencil(pde.grid(), &wraps, &probe.at)).collect();
        let mut fields: Vec<(String, usize)> = Vec::new();
        for name in probes.iter().flat_map(|probe| &probe.fields) {
            if !fields.iter().any(|(known, _)| known == name) {
                fields.push((name.clone(), 0));
            }
        }
        ProbesWriter {
            folder: folder.clone(),
            probes,
            stencils,
            fields,
            looks: Vec::new(),
            values: Vec::new(),
            files: Vec::new(),
            lengths: Vec::new(),
        }
    }

    /// Works out what is looked up where, and makes the files ready, with a column for each real number of a value.
    fn begin(&mut self, now: &Snapshot<'_>) -> Result<(), TrackerError> {
        let directions = &now.pde().space().components;
        let missing = now.grid().missing();
        let (start, shape) = (&now.block().start()[missing..], &now.block().shape()[missing..]);
        let mut described = Vec::new();
        for (name, numbers) in &mut self.fields {
            let field = Field::new(name, now.type_of(name)?, directions);
            *numbers = field.components().len() * field.ty().per_component();
            described.push(field);
        }
        for (number, probe) in self.probes.iter().enumerate() {
            let mut header = "step,time".to_string();
            let mut values = Vec::new();
            for name in &probe.fields {
                let known = self.fields.iter().position(|(known, _)| known == name);
                let Some(field) = known else { continue };
                for component in described[field].components() {
                    match described[field].ty().complex {
                        true => header += &format!(",re {component},im {component}"),
                        false => header += &format!(",{component}"),
                    }
                }
                for part in 0..self.fields[field].1 {
                    // What does not count might not be a number.
                    let stencil = self.stencils[number].iter().filter(|(_, weight)| *weight != 0.0);
                    values.push(stencil.clone().map(|(_, weight)| *weight).collect());
                    self.looks.extend(stencil.map(|(cell, _)| {
                        let here = cell.iter().zip(start).zip(shape);
                        let here =
                            here.map(|((at, start), n)| at.checked_sub(*start).filter(|at| at < n));
                        Look { field, part, cell: here.collect() }
                    }));
                }
            }
            self.values.push(values);
            let name = format!("probes/{}.csv", probe.name);
            let mut file = Lines::new(&self.folder, &name, header + "\n");
            if let Some(length) = self.lengths.get(number) {
                file.go_on(*length);
            }
            self.files.push(file);
        }
        Ok(())
    }

    /// What is looked up, on all ranks. Collective.
    fn look(&self, now: &mut Snapshot<'_>) -> Result<Vec<i64>, TrackerError> {
        let mut bits = vec![0; self.looks.len()];
        for (field, (name, _)) in self.fields.iter().enumerate() {
            let parts = now.parts(name)?;
            for (bits, look) in bits.iter_mut().zip(&self.looks).filter(|(_, l)| l.field == field) {
                if let Some(cell) = &look.cell {
                    *bits = parts[look.part][&cell[..]].to_bits() as i64;
                }
            }
        }
        // Each cell is that of one rank: all others add 0.
        now.world().combine(Combine::Sum, &mut bits)?;
        Ok(bits)
    }
}

/// Across the ends of which axes probes look: of periodic ones, unless a field changes its sign there.
fn wrapping(pde: &Pde) -> Vec<bool> {
    let missing = pde.grid().missing();
    let axes = pde.grid().axes().iter().enumerate();
    axes.map(|(number, axis)| {
        let changes_sign = |array: usize| {
            let [lower, _] = &pde.conditions().of_array(array)[missing + number];
            matches!(lower.condition, Condition::Antiperiodic)
        };
        axis.is_periodic() && !(0..pde.arrays()).any(changes_sign)
    })
    .collect()
}

/// The cells around a point with their weights: linear along each axis between the centres of two cells, also beyond
/// the last centre before a wall. `wraps` says across which ends.
fn stencil(grid: &Grid, wraps: &[bool], at: &[f64]) -> Vec<(Vec<usize>, f64)> {
    let mut cells = vec![(Vec::new(), 1.0)];
    for ((axis, wraps), x) in grid.axes().iter().zip(wraps).zip(at) {
        let along = along(axis, *wraps, *x);
        cells = cells
            .into_iter()
            .flat_map(|(cell, weight): (Vec<usize>, f64)| {
                let with = |(index, share): &(usize, f64)| {
                    ([&cell[..], &[*index]].concat(), weight * share)
                };
                along.iter().map(with).collect::<Vec<_>>()
            })
            .collect();
    }
    cells
}

/// The cells around a coordinate along an axis, with their weights.
fn along(axis: &Axis, wraps: bool, x: f64) -> Vec<(usize, f64)> {
    let n = axis.cells();
    let place = (x - axis.centre(0)) / axis.spacing();
    if wraps {
        let (below, share) = (place.floor(), place - place.floor());
        let index = |at: f64| at.rem_euclid(n as f64) as usize % n;
        return vec![(index(below), 1.0 - share), (index(below + 1.0), share)];
    }
    if n == 1 {
        return vec![(0, 1.0)];
    }
    let below = place.floor().clamp(0.0, (n - 2) as f64);
    let share = place - below;
    vec![(below as usize, 1.0 - share), (below as usize + 1, share)]
}

impl Tracker for ProbesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        if self.files.is_empty() {
            self.begin(now)?;
            let is_root = now.world().is_root();
            let made = if is_root { self.folder.make_folder(PROBES) } else { Ok(()) };
            agree(now.world(), made)?;
        }
        let found = self.look(now)?;
        if !now.world().is_root() {
            return Ok(GO_ON);
        }
        let mut rest = found.into_iter().map(|bits| f64::from_bits(bits as u64));
        let stamp = format!("{},{:?}", now.step(), now.time());
        let mut line = String::new();
        for (values, file) in self.values.iter().zip(&mut self.files) {
            line.clone_from(&stamp);
            for weights in values {
                let value: f64 = weights.iter().zip(&mut rest).map(|(w, x)| w * x).sum();
                // Writing to a text cannot fail.
                let _ = write!(line, ",{value:?}");
            }
            line.push('\n');
            file.add(&line)?;
            if now.is_last() {
                file.write()?;
            }
        }
        Ok(GO_ON)
    }

    fn finish(&mut self, _: &Report) -> Result<(), TrackerError> {
        Ok(self.files.iter_mut().try_for_each(Lines::write)?)
    }

    fn settle(&mut self) -> Result<(), TrackerError> {
        Ok(self.files.iter_mut().try_for_each(Lines::settle)?)
    }

    fn save(&self) -> Option<Vec<u8>> {
        let lengths = match self.files.is_empty() {
            true => self.lengths.clone(),
            false => self.files.iter().map(Lines::length).collect(),
        };
        Some(lengths.into_iter().flat_map(u64::to_le_bytes).collect())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let (lengths, _) = saved.as_chunks::<8>();
        self.lengths = lengths.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        (self.looks, self.values, self.files) = (Vec::new(), Vec::new(), Vec::new());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::Ends;

    use super::*;

    #[test]
    fn what_is_linear_is_met_exactly_also_at_walls_and_across_the_seam() {
        let grid = Grid::cartesian().axis("x", 0.0..2.0, 5, Ends::Bounded);
        let grid = grid.axis("y", -1.0..1.0, 4, Ends::Periodic).build().unwrap();
        let value = |cell: &[usize]| {
            let [x, y] = [0, 1].map(|axis| grid.axes()[axis].centre(cell[axis] as isize));
            3.0 * x + y.abs()
        };
        for (at, expected) in [
            ([0.2, -0.75], 1.35),
            ([0.0, 0.5], 0.5),
            ([2.0, 0.25], 6.25),
            ([1.1, 1.0], 3.3 + 0.75),
            ([1.1, -0.9], 3.3 + 0.75),
        ] {
            let stencil = stencil(&grid, &[false, true], &at);
            let found: f64 = stencil.iter().map(|(cell, weight)| weight * value(cell)).sum();
            assert!((found - expected).abs() < 1e-14, "{at:?}: {found}");
        }
    }
}
