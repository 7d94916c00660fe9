//! Writes the time series of a run.

use std::path::PathBuf;

use fluxions_comm::{Kind, World};
use fluxions_solver::{Flow, GO_ON, Pde, Snapshot, Tracker, TrackerError};
use hdf5::{Dataset, File, FileBuilder};
use ndarray::{ArrayViewD, Axis, Slice};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

use super::index::Numbers;
use super::number::Stored;
use super::segment::{self, SnapshotPlace};
use super::{Contents, Field, hyperslab, index, mesh, xdmf};
use crate::error::{Error, hdf};
use crate::folder::{Claim, Mode, RunFolder};
use crate::problem::{Precision, Problem, Warning, Warnings};
use crate::together::agree;

/// The most numbers that a rank converts and writes at a time.
const SLAB: usize = 1 << 19;

/// A tracker that writes snapshots to a run folder.
pub struct SeriesWriter {
    folder: RunFolder,
    /// Whether the folder must still be claimed.
    claims: bool,
    claim: Option<Claim>,
    /// The names of what is written.
    names: Vec<String>,
    contents: Contents,
    times: Vec<f64>,
    numbers: Numbers,
    /// The fields whose numbers were too large for the file, and where that is told.
    overflown: Vec<String>,
    warnings: Warnings,
}

impl SeriesWriter {
    /// A writer of all fields of a system. The folder is created at the first snapshot; a folder that
    /// already holds a run is refused.
    pub fn create(folder: impl Into<PathBuf>, pde: &Pde) -> Self {
        let contents = Contents {
            title: String::new(),
            grid: pde.grid().clone(),
            fields: Vec::new(),
            precision: Precision::F64,
            problem: String::new(),
        };
        let (folder, names) = (RunFolder::at(folder), pde.fields().to_vec());
        SeriesWriter::of((folder, true), names, contents)
    }

    fn of((folder, claims): (RunFolder, bool), names: Vec<String>, contents: Contents) -> Self {
        SeriesWriter {
            folder,
            claims,
            claim: None,
            names,
            contents,
            times: Vec::new(),
            numbers: Vec::new(),
            overflown: Vec::new(),
            warnings: Warnings::default(),
        }
    }

    /// Adds to these warnings, on rank 0, what cannot be written as it is.
    #[must_use]
    pub fn with(mut self, warnings: &Warnings) -> Self {
        self.warnings = warnings.clone();
        self
    }

    /// Warns once of each field with a number that becomes infinite in 4 bytes. Collective.
    fn warn_of_overflow(&mut self, now: &mut Snapshot<'_>) -> Result<(), TrackerError> {
        if self.contents.precision == Precision::F64 {
            return Ok(());
        }
        for name in &self.names {
            if self.overflown.contains(name) {
                continue;
            }
            let numbers = now.parts(name)?;
            let largest = numbers.iter().flatten().fold(0.0, |a: f64, x| a.max(x.abs()));
            drop(numbers);
            let largest = now.world().max(largest)?;
            if largest.is_finite() && (largest as f32).is_infinite() {
                self.overflown.push(name.clone());
                if now.world().is_root() {
                    self.warnings.push(Warning::overflow(name, largest, now.time()));
                }
            }
        }
        Ok(())
    }

    /// A writer of what `problem` asks for. The folder is ready for a new run.
    pub fn new(folder: &RunFolder, problem: &Problem) -> Self {
        let contents = Contents {
            title: problem.title.clone(),
            grid: problem.pde.grid().clone(),
            fields: Vec::new(),
            precision: problem.output.precision,
            problem: problem.text.clone(),
        };
        let names = problem.output.fields.iter().map(|(name, _)| name.clone()).collect();
        let folder = folder.clone();
        SeriesWriter::of((folder, false), names, contents)
    }

    /// Looks up the fields by name: only a running simulation knows the types of expressions.
    fn fields(&self, now: &Snapshot<'_>) -> Result<Vec<Field>, fluxions_solver::Error> {
        let directions = &now.pde().space().components;
        let field = |name: &String| Ok(Field::new(name, now.type_of(name)?, directions));
        self.names.iter().map(field).collect()
    }

    fn begin(&mut self, place: SnapshotPlace, is_first: bool) -> Result<(), Error> {
        if is_first {
            if self.claims && self.claim.is_none() {
                let mut claim = self.folder.claim(Mode::New, &[])?;
                claim.begin()?;
                self.claim = Some(claim);
            }
            ["series.h5", "series.xdmf"]
                .into_iter()
                .try_for_each(|n| self.folder.make(n).map(drop))?;
            mesh::write(&self.folder.make("mesh.h5")?, &self.contents.grid)?;
        }
        if place.slot == 0 {
            segment::create(&self.segment(place), place, &self.contents)?;
        }
        Ok(())
    }

    fn segment(&self, place: SnapshotPlace) -> PathBuf {
        self.folder.path().join(place.file())
    }

    /// Writes this rank's part of one field, component by component.
    fn write_field(
        &self,
        file: &File,
        place: SnapshotPlace,
        field: &Field,
        block: &Block<'_>,
        together: bool,
    ) -> hdf5::Result<()> {
        let dataset = file.dataset(&SnapshotPlace::dataset(field))?;
        let complex = field.ty().complex;
        for component in 0..field.components().len() {
            let at = [&[place.slot], &*field.indices(component)].concat();
            let write = match (self.contents.precision, complex) {
                (Precision::F64, false) => Block::write::<f64>,
                (Precision::F32, false) => Block::write::<f32>,
                (Precision::F64, true) => Block::write::<Complex64>,
                (Precision::F32, true) => Block::write::<Complex32>,
            };
            write(block, &dataset, &at, component, together)?;
        }
        Ok(())
    }
}

impl Tracker for SeriesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let world = now.world().clone();
        let place = SnapshotPlace::of(self.times.len());
        let is_first = self.contents.fields.is_empty();
        if is_first {
            self.contents.fields = self.fields(now)?;
        }
        if self.times.is_empty() {
            let globals = now.pde().globals().iter();
            self.numbers = globals.map(|global| (global.name.clone(), Vec::new())).collect();
        }
        self.warn_of_overflow(now)?;
        let begun = if world.is_root() { self.begin(place, is_first) } else { Ok(()) };
        agree(&world, begun)?;

        let path = self.segment(place);
        let failed = hdf(&path, "write a snapshot");
        let missing = now.grid().missing();
        let start = now.block().start()[missing..].to_vec();
        let slabs = Slabs::of(now);
        let together = (world.kind() == Kind::Mpi).then(|| open(&world).open_rw(&path));
        let together = match together {
            Some(opened) => Some(agree(&world, opened.map_err(&failed))?),
            None => None,
        };
        for field in &self.contents.fields {
            let per_component = field.ty().per_component();
            let parts = now.parts(field.name())?;
            let block = Block { parts, per_component, start: &start, slabs };
            let written = match &together {
                Some(file) => self.write_field(file, place, field, &block, true),
                None => world.in_turn(|| {
                    let file = open(&world).open_rw(&path)?;
                    self.write_field(&file, place, field, &block, false)?;
                    file.close()
                })?,
            };
            agree(&world, written.map_err(&failed))?;
        }
        let closed = together.map_or(Ok(()), File::close);
        agree(&world, closed.map_err(&failed))?;

        // Every rank's part is in the file, so the index may include the snapshot.
        self.times.push(now.time());
        for ((_, values), number) in self.numbers.iter_mut().zip(now.globals()) {
            values.push(*number);
        }
        let shown = if world.is_root() { self.show() } else { Ok(()) };
        agree(&world, shown)?;
        Ok(GO_ON)
    }

    fn save(&self) -> Option<Vec<u8>> {
        let SeriesWriter { times, numbers, overflown, .. } = self;
        let saved =
            Saved { times: times.clone(), numbers: numbers.clone(), overflown: overflown.clone() };
        Some(postcard::to_stdvec(&saved).expect("plain data can be written to memory"))
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let Saved { times, numbers, overflown } = postcard::from_bytes(saved)?;
        (self.times, self.numbers, self.overflown) = (times, numbers, overflown);
        Ok(())
    }
}

/// Where a series stands.
#[derive(Serialize, Deserialize)]
struct Saved {
    times: Vec<f64>,
    numbers: Numbers,
    overflown: Vec<String>,
}

impl SeriesWriter {
    fn show(&self) -> Result<(), Error> {
        index::write(&self.folder.series(), &self.contents, &self.times, &self.numbers)?;
        xdmf::write(&self.folder.xdmf(), &self.contents, &self.times)
    }
}

/// How a file is opened for writing: without locks, so that it can be read at any time.
fn open(world: &World) -> FileBuilder {
    let mut builder = File::with_options();
    builder.with_fapl(|list| {
        list.file_locking(false);
        #[cfg(feature = "mpi")]
        if let Some(communicator) = world.raw() {
            list.mpio(communicator, None);
        }
        list
    });
    let _ = world;
    builder
}

/// How blocks are cut for writing, the same on all ranks: along which named axis, how thick the
/// slabs are, and how many there are on the rank with most.
#[derive(Clone, Copy)]
struct Slabs {
    axis: usize,
    thickness: usize,
    count: usize,
}

impl Slabs {
    fn of(now: &Snapshot<'_>) -> Self {
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
struct Block<'a> {
    /// Real numbers that a value is made of, each in all cells: of one component after the other.
    parts: Vec<ArrayViewD<'a, f64>>,
    /// How many there are of each component.
    per_component: usize,
    start: &'a [usize],
    slabs: Slabs,
}

impl Block<'_> {
    /// Writes a component, which begins at these first indices of the dataset.
    fn write<T: Stored>(
        &self,
        dataset: &Dataset,
        at: &[usize],
        component: usize,
        together: bool,
    ) -> hdf5::Result<()> {
        let first = component * self.per_component;
        let parts = &self.parts[first..first + self.per_component];
        let Slabs { axis, thickness, count } = self.slabs;
        let cells = parts[0].shape()[axis];
        let mut numbers: Vec<T> = Vec::new();
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
            let shape = [&*vec![1; at.len()], re.shape()].concat();
            hyperslab::write(dataset, &start, &shape, &numbers, together)?;
        }
        Ok(())
    }
}
