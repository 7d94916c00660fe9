//! Writes the time series of a run.

use std::path::PathBuf;

use fluxions_comm::{Kind, World};
use fluxions_solver::{Flow, GO_ON, Pde, Snapshot, Tracker};
use hdf5::{File, FileBuilder};
use ndarray::ArrayViewD;

use super::segment::{self, Place};
use super::{Contents, hyperslab, index, mesh, xdmf};
use crate::error::{Error, hdf};
use crate::folder::RunFolder;
use crate::problem::{Precision, Problem};
use crate::together::agree;

/// Most numbers that a rank converts and writes at a time.
const SLAB: usize = 1 << 19;

/// A tracker that writes snapshots to a run folder.
pub struct SeriesWriter {
    folder: RunFolder,
    /// Whether the folder is still to be made ready.
    prepares: bool,
    contents: Contents,
    times: Vec<f64>,
}

impl SeriesWriter {
    /// A writer of all fields of a system. The folder is made at the first snapshot, and refused
    /// if it holds a run.
    pub fn create(folder: impl Into<PathBuf>, pde: &Pde) -> Self {
        let contents = Contents {
            title: String::new(),
            grid: pde.grid().clone(),
            fields: pde.fields().to_vec(),
            precision: Precision::F64,
            problem: String::new(),
        };
        SeriesWriter { folder: RunFolder::at(folder), prepares: true, contents, times: Vec::new() }
    }

    /// A writer of what `problem` asks for. The folder is ready for a new run.
    pub fn new(folder: &RunFolder, problem: &Problem) -> Self {
        let contents = Contents {
            title: problem.title.clone(),
            grid: problem.pde.grid().clone(),
            fields: problem.output.fields.iter().map(|(name, _)| name.clone()).collect(),
            precision: problem.output.precision,
            problem: problem.text.clone(),
        };
        SeriesWriter { folder: folder.clone(), prepares: false, contents, times: Vec::new() }
    }

    fn begin(&self, place: Place) -> Result<(), Error> {
        if self.times.is_empty() {
            if self.prepares {
                self.folder.prepare(false)?;
            }
            mesh::write(&self.folder.mesh(), &self.contents.grid)?;
        }
        if place.slot == 0 {
            segment::create(&self.segment(place), place, &self.contents)?;
        }
        Ok(())
    }

    fn segment(&self, place: Place) -> PathBuf {
        self.folder.path().join(place.file())
    }

    /// Writes this rank's part of one field.
    fn write_field(
        &self,
        file: &File,
        place: Place,
        field: &str,
        part: &Part<'_>,
        together: bool,
    ) -> hdf5::Result<()> {
        let dataset = file.dataset(&Place::dataset(field))?;
        match self.contents.precision {
            Precision::F64 => part.write(&dataset, place.slot, together, |x| x),
            Precision::F32 => part.write(&dataset, place.slot, together, |x| x as f32),
        }
    }
}

impl Tracker for SeriesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, fluxions_solver::Error> {
        let world = now.world().clone();
        let place = Place::of(self.times.len());
        let begun = if world.is_root() { self.begin(place) } else { Ok(()) };
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
        for field in self.contents.fields.clone() {
            let part = Part { values: now.field(&field)?, start: &start, slabs };
            let written = match &together {
                Some(file) => self.write_field(file, place, &field, &part, true),
                None => world.in_turn(|| {
                    let file = open(&world).open_rw(&path)?;
                    self.write_field(&file, place, &field, &part, false)?;
                    file.close()
                })?,
            };
            agree(&world, written.map_err(&failed))?;
        }
        let closed = together.map_or(Ok(()), File::close);
        agree(&world, closed.map_err(&failed))?;

        // Every rank's part is in the file: the snapshot can be shown.
        self.times.push(now.time());
        let shown = if world.is_root() { self.show() } else { Ok(()) };
        agree(&world, shown)?;
        Ok(GO_ON)
    }
}

impl SeriesWriter {
    fn show(&self) -> Result<(), Error> {
        index::write(&self.folder.series(), &self.contents, &self.times)?;
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
struct Part<'a> {
    values: ArrayViewD<'a, f64>,
    start: &'a [usize],
    slabs: Slabs,
}

impl Part<'_> {
    fn write<T: hdf5::H5Type>(
        &self,
        dataset: &hdf5::Dataset,
        slot: usize,
        together: bool,
        convert: impl Fn(f64) -> T,
    ) -> hdf5::Result<()> {
        let Slabs { axis, thickness, count } = self.slabs;
        let cells = self.values.shape()[axis];
        let mut numbers = Vec::new();
        for slab in 0..count {
            let (from, to) = ((slab * thickness).min(cells), ((slab + 1) * thickness).min(cells));
            if from == to && !together {
                break;
            }
            let part = self.values.slice_axis(ndarray::Axis(axis), ndarray::Slice::from(from..to));
            numbers.clear();
            numbers.extend(part.iter().map(|x| convert(*x)));
            let mut start = [&[slot], self.start].concat();
            start[1 + axis] += from;
            let shape = [&[1], part.shape()].concat();
            hyperslab::write(dataset, &start, &shape, &numbers, together)?;
        }
        Ok(())
    }
}
