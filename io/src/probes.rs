//! Writes probes/NAME.csv: values at a point, interpolated between the centres of cells.

use std::fmt::Write;

use fluxions_comm::Combine;
use fluxions_solver::{Flow, GO_ON, Pde, Report, Snapshot, Tracker, TrackerError};

use crate::folder::{PROBES, RunFolder};
use crate::lines::Lines;
use crate::problem::Probe;
use crate::series::Field;
use crate::stencils::Stencils;
use crate::together::agree;

/// A tracker that writes what several probes with one schedule see, each to a file of its own.
pub struct ProbesWriter {
    folder: RunFolder,
    probes: Vec<Probe>,
    /// The cells that each probe looks at, with their weights.
    stencils: Vec<Stencils>,
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
        let stencils = probes
            .iter()
            .map(|probe| Stencils::new(pde, std::slice::from_ref(&probe.at)))
            .collect();
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
                    let stencils = &self.stencils[number];
                    values.extend(stencils.weights().iter().cloned());
                    let cells = stencils.cells_here(now).into_iter();
                    self.looks.extend(cells.map(|cell| Look { field, part, cell }));
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

impl Tracker for ProbesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        if self.files.is_empty() {
            self.begin(now)?;
            let is_root = now.world().is_root();
            let mut make = || {
                self.folder.make_folder(PROBES)?;
                Lines::note_all(&mut self.files)
            };
            agree(now.world(), if is_root { make() } else { Ok(()) })?;
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

    fn catch_up(&mut self, _: bool) -> Result<(), TrackerError> {
        Ok(self.files.iter_mut().try_for_each(Lines::write_if_due)?)
    }

    fn finish(&mut self, _: &Report) -> Result<(), TrackerError> {
        Ok(self.files.iter_mut().try_for_each(Lines::write)?)
    }

    fn settle(&mut self) -> Result<(), TrackerError> {
        Ok(Lines::settle_all(&mut self.files)?)
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
