//! Writes the time series of a run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fluxions_comm::{Combine, Kind, World};
use fluxions_solver::{Flow, GO_ON, Pde, Report, Snapshot, Tracker, TrackerError};
use hdf5::{File, FileBuilder};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

use super::block::{Block, Slabs};
use super::direct::{Offsets, OpenSegment};
use super::index::Numbers;
use super::segment::{self, Places, SnapshotPlace};
use super::{Contents, Field, checksum, index, mesh, xdmf};
use crate::error::{Error, hdf};
use crate::folder::{Claim, Mode, RunFolder, Wait, sync};
use crate::problem::{Compression, Precision, Problem, Warning, Warnings};
use crate::together::{agree, is_on_one_host};
use crate::unlocked::unlocked;

/// The shortest time between two writes of the index while a run goes on: what it may lack after a kill.
const INDEX: Duration = Duration::from_millis(250);

/// A tracker that writes snapshots to a run folder.
pub struct SeriesWriter {
    folder: RunFolder,
    /// Whether the folder must still be claimed.
    claims: bool,
    claim: Option<Claim>,
    /// The names of what is written.
    names: Vec<String>,
    contents: Contents,
    places: Places,
    times: Vec<f64>,
    numbers: Numbers,
    /// The segment of the last snapshot, once there is one.
    open: Option<OpenSegment>,
    /// The first segment that may not be on the disk yet.
    settled: usize,
    /// Whether numbers are written past HDF5.
    directly: bool,
    /// When the index was written, and with how many snapshots.
    shown: Option<(Instant, usize)>,
    /// With how many snapshots the index is on the disk.
    synced: usize,
    one_host: bool,
    /// The fields whose numbers were too large for the file, and where that is told.
    overflown: Vec<String>,
    warnings: Warnings,
}

/// Where a series stands.
#[derive(Serialize, Deserialize)]
struct Saved {
    times: Vec<f64>,
    numbers: Numbers,
    overflown: Vec<String>,
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
            compression: Compression::None,
            problem: String::new(),
        };
        let (folder, names) = (RunFolder::at(folder), pde.fields().to_vec());
        SeriesWriter::of((folder, true), names, contents)
    }

    /// A writer of what `problem` asks for. The folder is ready for a run.
    pub fn new(folder: &RunFolder, problem: &Problem) -> Self {
        let contents = Contents {
            title: problem.title.clone(),
            grid: problem.pde.grid().clone(),
            fields: Vec::new(),
            precision: problem.output.precision,
            compression: problem.output.compression,
            problem: problem.text.clone(),
        };
        let names = problem.output.fields.iter().map(|(name, _)| name.clone()).collect();
        let folder = folder.clone();
        SeriesWriter::of((folder, false), names, contents)
    }

    fn of((folder, claims): (RunFolder, bool), names: Vec<String>, contents: Contents) -> Self {
        SeriesWriter {
            folder,
            claims,
            claim: None,
            names,
            contents,
            places: Places::new(1),
            times: Vec::new(),
            numbers: Vec::new(),
            open: None,
            settled: 0,
            directly: false,
            shown: None,
            synced: 0,
            one_host: true,
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

    /// Takes note of what is written: only a running simulation knows the types of expressions. Collective.
    fn begin(&mut self, now: &Snapshot<'_>) -> Result<(), TrackerError> {
        let directions = &now.pde().space().components;
        let field = |name: &String| Ok(Field::new(name, now.type_of(name)?, directions));
        self.contents.fields =
            self.names.iter().map(field).collect::<Result<_, fluxions_solver::Error>>()?;
        self.places = Places::of_contents(&self.contents);
        if self.times.is_empty() {
            let globals = now.pde().globals().iter();
            self.numbers = globals.map(|global| (global.name.clone(), Vec::new())).collect();
        }
        let is_whole = self.contents.compression == Compression::None;
        self.one_host = is_on_one_host(now.world())?;
        self.directly = self.one_host && is_whole;
        let begun = if now.world().is_root() { self.begin_files() } else { Ok(()) };
        Ok(agree(now.world(), begun)?)
    }

    fn begin_files(&mut self) -> Result<(), Error> {
        if self.claims && self.claim.is_none() {
            let mut claim = self.folder.claim(Mode::New, &[])?;
            claim.begin()?;
            self.claim = Some(claim);
        }
        ["series.h5", "series.xdmf"].into_iter().try_for_each(|n| self.folder.make(n).map(drop))?;
        mesh::write(&self.folder.make("mesh.h5")?, &self.contents.grid)?;
        if self.times.is_empty() {
            return Ok(());
        }
        // A run that goes on makes anew what came after its checkpoint.
        self.show(Wait::No)?;
        let place = self.places.of(self.times.len());
        segment::forget_from(self.folder.path(), place)
    }

    /// Opens the segment of a snapshot, which is made if this is its first one. Collective.
    fn open(&mut self, world: &World, place: SnapshotPlace) -> Result<(), TrackerError> {
        if self.open.as_ref().is_some_and(|open| open.number == place.segment) {
            return Ok(());
        }
        let path = self.segment(place);
        let names: Vec<String> = self.numbers.iter().map(|(name, _)| name.clone()).collect();
        let here = if world.is_root() {
            let made = match place.slot {
                0 => segment::create(&path, place, &self.contents, &names),
                _ => Ok(()),
            };
            made.and_then(|()| Offsets::read(&path, &self.contents, &names)).map(Some)
        } else {
            Ok(None)
        };
        let here = agree(world, here)?;
        let opened =
            OpenSegment::open(world, (path, place.segment), here, &self.contents, names.len())?;
        self.open = Some(agree(world, opened)?);
        Ok(())
    }

    fn segment(&self, place: SnapshotPlace) -> PathBuf {
        self.folder.path().join(place.file())
    }

    /// Writes this rank's part of one field; its part of the checksum of each component.
    fn write_field(
        &self,
        segment: &OpenSegment,
        slot: usize,
        number: usize,
        block: &Block<'_>,
    ) -> Result<Vec<u64>, Error> {
        let field = &self.contents.fields[number];
        let write = match (self.contents.precision, field.ty().complex) {
            (Precision::F64, false) => Block::write_directly::<f64>,
            (Precision::F32, false) => Block::write_directly::<f32>,
            (Precision::F64, true) => Block::write_directly::<Complex64>,
            (Precision::F32, true) => Block::write_directly::<Complex32>,
        };
        let components = 0..field.components().len();
        components
            .map(|component| {
                write(block, segment, &self.contents, (number, field), (slot, component))
            })
            .collect()
    }

    /// The same by HDF5.
    fn write_field_by_hdf5(
        &self,
        file: &File,
        slot: usize,
        number: usize,
        block: &Block<'_>,
        how: (Slabs, bool),
    ) -> hdf5::Result<Vec<u64>> {
        let field = &self.contents.fields[number];
        let dataset = file.dataset(&SnapshotPlace::dataset(field))?;
        let write = match (self.contents.precision, field.ty().complex) {
            (Precision::F64, false) => Block::write_by_hdf5::<f64>,
            (Precision::F32, false) => Block::write_by_hdf5::<f32>,
            (Precision::F64, true) => Block::write_by_hdf5::<Complex64>,
            (Precision::F32, true) => Block::write_by_hdf5::<Complex32>,
        };
        let components = 0..field.components().len();
        components
            .map(|component| {
                let at = [&[slot], &*field.indices(component)].concat();
                write(block, &dataset, &at, (component, &self.contents), how)
            })
            .collect()
    }

    /// Writes all fields of a snapshot; this rank's parts of the checksums, field by field. Collective.
    fn write(
        &self,
        now: &mut Snapshot<'_>,
        segment: &OpenSegment,
        place: SnapshotPlace,
    ) -> Result<Vec<Vec<u64>>, TrackerError> {
        let world = now.world().clone();
        let missing = now.grid().missing();
        let start = now.block().start()[missing..].to_vec();
        let slabs = Slabs::of(now);
        let path = self.segment(place);
        let failed = hdf(&path, "write a snapshot");
        // Ranks on one host write one after the other what HDF5 has to compress: together they wait for ever for one
        // that has failed.
        let by_mpi = !self.one_host && world.kind() == Kind::Mpi;
        let together = by_mpi.then(|| together_on(&world).open_rw(&path));
        let together = match together {
            Some(opened) => Some(agree(&world, opened.map_err(&failed))?),
            None => None,
        };
        let (mut sums, mut outcome) = (Vec::new(), Ok(()));
        for (number, field) in self.contents.fields.iter().enumerate() {
            let per_component = field.ty().per_component();
            let parts = now.parts(field.name())?;
            let block = Block { parts, per_component, start: &start };
            if self.directly {
                // Ranks that write by themselves go on until all can tell of an error.
                match self.write_field(segment, place.slot, number, &block) {
                    Ok(of_field) => sums.push(of_field),
                    Err(error) => outcome = outcome.and(Err(error)),
                }
                continue;
            }
            let written = match &together {
                Some(file) => self
                    .write_field_by_hdf5(file, place.slot, number, &block, (slabs, true))
                    .map_err(&failed),
                None => world
                    .in_turn(|| {
                        let file = unlocked().open_rw(&path)?;
                        let how = (slabs, false);
                        let sums =
                            self.write_field_by_hdf5(&file, place.slot, number, &block, how)?;
                        file.flush()?;
                        file.close().map(|()| sums)
                    })?
                    .map_err(&failed),
            };
            sums.push(agree(&world, written)?);
        }
        let closed = together.map_or(Ok(()), |file| file.flush().and_then(|()| file.close()));
        let outcome = outcome.and(closed.map_err(&failed));
        agree(&world, outcome)?;
        Ok(sums)
    }

    /// Writes the index anew.
    fn show(&mut self, wait: Wait) -> Result<(), Error> {
        let SeriesWriter { folder, contents, places, times, numbers, .. } = self;
        index::write(&folder.series(), contents, *places, times, numbers, wait)?;
        xdmf::write(&folder.xdmf(), contents, *places, times, wait)?;
        self.shown = Some((Instant::now(), self.times.len()));
        if wait == Wait::ForDisk {
            self.synced = self.times.len();
        }
        Ok(())
    }
}

impl Tracker for SeriesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let world = now.world().clone();
        if self.contents.fields.is_empty() {
            self.begin(now)?;
        }
        let place = self.places.of(self.times.len());
        self.warn_of_overflow(now)?;
        self.open(&world, place)?;
        let Some(segment) = self.open.take() else { return Ok(GO_ON) };
        let sums = self.write(now, &segment, place)?;
        let mut all: Vec<i64> = sums.iter().flatten().map(|sum| *sum as i64).collect();
        world.combine(Combine::Sum, &mut all)?;
        // Every rank's part is in the file, so the snapshot may have a time.
        let completed = match world.is_root() {
            true => {
                let mut rest = &all[..];
                let of_fields = self.contents.fields.iter().enumerate();
                let written = of_fields.map(|(number, field)| {
                    let (here, others) = rest.split_at(field.components().len());
                    rest = others;
                    let here: Vec<u64> =
                        here.iter().map(|sum| checksum::stored(*sum as u64)).collect();
                    segment.write_checksums(number, place.slot, &here)
                });
                let written = written.collect::<Result<Vec<()>, Error>>();
                written.and_then(|_| segment.complete(place.slot, now.time(), now.globals()))
            }
            false => Ok(()),
        };
        self.open = Some(segment);
        self.times.push(now.time());
        for ((_, values), number) in self.numbers.iter_mut().zip(now.globals()) {
            values.push(*number);
        }
        let is_due = self.shown.is_none_or(|(when, _)| when.elapsed() >= INDEX) || now.is_last();
        let shown = completed.and_then(|()| match world.is_root() && is_due {
            true => self.show(Wait::No),
            false => Ok(()),
        });
        agree(&world, shown)?;
        Ok(GO_ON)
    }

    fn finish(&mut self, report: &Report) -> Result<(), TrackerError> {
        // Only rank 0 shows what there is.
        if self.shown.is_some_and(|(_, count)| count < self.times.len()) {
            self.show(Wait::No)?;
        }
        if self.claim.is_some() {
            self.folder.note_end(&report.stop_reason.to_string())?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), TrackerError> {
        if let Some(open) = &self.open {
            // Where ranks are on different hosts, each waits for what it has written itself.
            let written = (self.settled..=open.number).map(segment::file);
            written.map(|file| self.folder.path().join(file)).try_for_each(|path| sync(&path))?;
            self.settled = open.number;
        }
        if self.shown.is_some() && self.synced < self.times.len() {
            self.show(Wait::ForDisk)?;
            [self.folder.snapshots().as_path(), self.folder.path()]
                .into_iter()
                .try_for_each(sync)?;
        }
        Ok(())
    }

    fn save(&self) -> Option<Vec<u8>> {
        let SeriesWriter { times, numbers, overflown, .. } = self;
        let (times, numbers, overflown) = (times.clone(), numbers.clone(), overflown.clone());
        let saved = Saved { times, numbers, overflown };
        Some(postcard::to_stdvec(&saved).expect("plain data can be written to memory"))
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let Saved { times, numbers, overflown } = postcard::from_bytes(saved)?;
        (self.times, self.numbers, self.overflown) = (times, numbers, overflown);
        Ok(())
    }
}

/// What opens a file by all MPI processes of a world together.
fn together_on(world: &World) -> FileBuilder {
    #[cfg_attr(not(feature = "mpi"), expect(unused_mut))]
    let mut builder = unlocked();
    #[cfg(feature = "mpi")]
    if let Some(communicator) = world.raw() {
        builder.with_fapl(|list| list.mpio(communicator, None));
    }
    let _ = world;
    builder
}
