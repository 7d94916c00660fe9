//! Writes the time series of a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use fluxions_comm::{Combine, World};
use fluxions_solver::{Flow, GO_ON, Pde, Report, Snapshot, Tracker, TrackerError};
use serde::{Deserialize, Serialize};

use super::block::{Block, SLAB};
use super::direct::{OpenSegment, first_number};
use super::form::Form;
use super::index::{Numbers, SOLVER};
use super::index_writer::IndexWriter;
use super::part_writer::{Destination, PartWriter};
use super::segment::{self, Places, SnapshotPlace};
use super::view::View;
use super::{Contents, Field, by_hdf5, checksum, mesh, solver};
use crate::error::{Error, file};
use crate::folder::{Claim, Mode, RunFolder, Wait, remove, sync};
use crate::problem::{Compression, Output, Part, Precision, Problem, Warning, Warnings};
use crate::together::{agree, is_on_one_host};

/// Bytes of a snapshot for each rank from which on a thread writes them: less is written in less time than a thread takes to
/// wake up.
const ASIDE: usize = 1 << 18;

/// A tracker that writes snapshots to a run folder.
///
/// While a thread writes a snapshot the steps go on; the ranks complete it when they meet.
pub struct SeriesWriter {
    folder: RunFolder,
    /// Whether the folder must still be claimed.
    claims: bool,
    claim: Option<Claim>,
    /// The names of what is written.
    names: Vec<String>,
    contents: Contents,
    /// What of the grid is written.
    view: View,
    places: Places,
    times: Vec<f64>,
    numbers: Numbers,
    /// The form of the last segment, once there is one.
    form: Option<Form>,
    /// The segment of the last snapshot, once there is one.
    open: Option<Arc<OpenSegment>>,
    /// The first segment that may not be on the disk yet.
    settled: usize,
    /// What writes numbers past HDF5, where that can be done.
    parts: Option<PartWriter>,
    /// The snapshot that is being written, if one is.
    pending: Option<Pending>,
    /// What shows the snapshots, on rank 0.
    index: Option<IndexWriter>,
    one_host: bool,
    /// The fields whose numbers were too large for the file, and where that is told.
    overflown: Vec<String>,
    warnings: Warnings,
}

/// A snapshot that has no time in its segment yet.
struct Pending {
    world: World,
    segment: Arc<OpenSegment>,
    slot: usize,
    time: f64,
    numbers: Vec<f64>,
    is_last: bool,
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

    /// About how many bytes of memory a writer takes on rank 0 alone.
    pub fn memory_once(problem: &Problem) -> usize {
        mesh::memory(problem.pde.grid())
    }

    /// About how many bytes of memory a writer of what `problem` asks for takes on each of so many ranks.
    pub fn memory(problem: &Problem, ranks: usize) -> usize {
        let Output { fields, precision, compression, .. } = &problem.output;
        let cells = problem.pde.grid().cells() / ranks;
        match compression {
            Compression::None => {
                let snapshot = cells * fields.len() * precision.bytes();
                PartWriter::memory(has_spare_core(ranks) && snapshot >= ASIDE, snapshot)
            }
            // The numbers of a field as they are given to HDF5.
            Compression::Deflate => cells.min(SLAB) * precision.bytes(),
        }
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

    /// A writer of a part of the grid, to a folder of its own in that of the run, which is ready.
    pub fn of_part(folder: &RunFolder, problem: &Problem, part: &Part) -> Self {
        let names = part.fields.iter().map(|(name, _)| name.clone()).collect();
        let writer = SeriesWriter::new(folder, problem);
        SeriesWriter {
            folder: folder.part(&part.name),
            names,
            contents: Contents { grid: part.grid.clone(), ..writer.contents },
            view: View::of(part, &problem.pde),
            ..writer
        }
    }

    fn of((folder, claims): (RunFolder, bool), names: Vec<String>, contents: Contents) -> Self {
        SeriesWriter {
            folder,
            claims,
            claim: None,
            names,
            contents,
            view: View::Whole,
            places: Places::new(1),
            times: Vec::new(),
            numbers: Vec::new(),
            form: None,
            open: None,
            settled: 0,
            parts: None,
            pending: None,
            index: None,
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
        // What was written before a checkpoint is on the disk.
        self.settled = self.places.of(self.times.len()).segment;
        if self.times.is_empty() {
            let globals = now.pde().globals().iter().map(|global| global.name.clone());
            let of_solver = match self.view {
                View::Whole => solver::names(&now.effort()),
                _ => Vec::new(),
            };
            self.numbers = globals.chain(of_solver).map(|name| (name, Vec::new())).collect();
        }
        let world = now.world();
        self.one_host = is_on_one_host(world)?;
        // Where ranks keep all cores busy, a thread would take more from the steps than it saves.
        let mut spare = [i64::from(has_spare_core(world.size()))];
        world.combine(Combine::Min, &mut spare)?;
        let by_hdf5 = !self.one_host || self.contents.compression != Compression::None;
        let aside = spare[0] == 1 && !by_hdf5;
        let begun = if world.is_root() { self.begin_files(aside) } else { Ok(()) };
        agree(world, begun)?;
        if by_hdf5 {
            return Ok(());
        }
        let is_large = self.contents.bytes_of_snapshot() / world.size() >= ASIDE;
        let failed = file(self.folder.path(), "start a thread that writes to it");
        let parts = match aside && is_large {
            true => PartWriter::aside().map_err(failed),
            false => Ok(PartWriter::here()),
        };
        self.parts = Some(agree(world, parts)?);
        Ok(())
    }

    fn begin_files(&mut self, aside: bool) -> Result<(), Error> {
        if self.claims && self.claim.is_none() {
            let mut claim = self.folder.claim(Mode::New, &[])?;
            claim.begin()?;
            self.claim = Some(claim);
        }
        if !matches!(self.view, View::Whole) {
            self.folder.make_part()?;
        }
        ["series.h5", "series.xdmf"].into_iter().try_for_each(|n| self.folder.make(n).map(drop))?;
        mesh::write(&self.folder.make("mesh.h5")?, &self.contents.grid)?;
        self.index = Some(IndexWriter::new(&self.folder, &self.contents, self.places, aside));
        if self.times.is_empty() {
            return Ok(());
        }
        // A run that goes on makes anew what came after its checkpoint.
        self.show(Wait::No)?;
        let place = self.places.of(self.times.len());
        segment::forget_from(self.folder.path(), place)
    }

    /// Opens the segment of a snapshot, which is made if this is its first one. Collective.
    fn open(
        &mut self,
        world: &World,
        place: SnapshotPlace,
    ) -> Result<Arc<OpenSegment>, TrackerError> {
        if let Some(open) = self.open.as_ref().filter(|open| open.number == place.segment) {
            return Ok(open.clone());
        }
        let path = self.segment(place);
        let form = match self.form.take().filter(|form| form.fits(place)) {
            Some(form) => {
                agree(world, form.make(&path))?;
                form
            }
            None => {
                let names: Vec<String> =
                    self.numbers.iter().map(|(name, _)| name.clone()).collect();
                Form::of(world, (&path, place), &self.contents, &names)?
            }
        };
        let opened = OpenSegment::open(path, place.segment, form.offsets.clone());
        let opened = Arc::new(agree(world, opened)?);
        self.form = Some(form);
        self.open = Some(opened.clone());
        Ok(opened)
    }

    fn segment(&self, place: SnapshotPlace) -> PathBuf {
        self.folder.path().join(place.file())
    }

    /// Gives this rank's part of all fields to what writes past HDF5. Collective.
    fn hand_over(
        &mut self,
        now: &mut Snapshot<'_>,
        (segment, slot): (&Arc<OpenSegment>, usize),
    ) -> Result<(), TrackerError> {
        let SeriesWriter { contents, view, parts: Some(parts), .. } = self else { return Ok(()) };
        let start = view.start(now);
        let mut component = 0;
        parts.begin(segment.clone(), contents.components());
        for (number, field) in contents.fields.iter().enumerate() {
            let values = view.values(now, field.name())?;
            let block = Block::of(&values, field, contents, &start);
            for of_field in 0..field.components().len() {
                let first = first_number(field, contents, slot, of_field);
                let to = Destination { field: number, first, component, numbers: block.numbers };
                let written = parts.write(to, block.rows(of_field, contents));
                let failed = file(segment.path(), "get the memory to write a snapshot");
                written.unwrap_or_else(|error| parts.give_up(failed(error)));
                component += 1;
            }
        }
        parts.end();
        Ok(())
    }

    /// Takes back what was begun of a snapshot that cannot be written: where the disk is full, others need the room.
    fn give_up(&mut self, unfinished: &Pending) {
        self.open = None;
        if unfinished.world.is_root() && unfinished.slot == 0 {
            let _ = remove(unfinished.segment.path());
        }
    }

    /// Completes the snapshot that is being written, if there is one, once it is written, for which it waits if `wait` is set.
    /// Collective.
    fn complete_pending(&mut self, wait: bool) -> Result<(), TrackerError> {
        let SeriesWriter { parts: Some(parts), pending, .. } = self else { return Ok(()) };
        let Some(written) = pending.take() else { return Ok(()) };
        let world = written.world.clone();
        if !wait {
            let mut done = [i64::from(parts.is_done())];
            world.combine(Combine::Min, &mut done)?;
            if done[0] == 0 {
                *pending = Some(written);
                return Ok(());
            }
        }
        let sums = agree(&world, parts.outcome());
        if sums.is_err() {
            self.give_up(&written);
        }
        self.complete(written, sums?)
    }

    /// Gives a snapshot its time, now that all ranks have written their parts, with these parts of the checksums. Collective.
    fn complete(&mut self, written: Pending, sums: Vec<u64>) -> Result<(), TrackerError> {
        let Pending { world, segment, slot, time, numbers, is_last } = written;
        let mut sums: Vec<i64> = sums.into_iter().map(|sum| sum as i64).collect();
        world.combine(Combine::Sum, &mut sums)?;
        let completed = match world.is_root() {
            true => self.complete_here(&segment, (slot, time), (&numbers, &sums), is_last),
            false => Ok(()),
        };
        agree(&world, completed)?;
        if !world.is_root() {
            self.note(time, &numbers);
        }
        Ok(())
    }

    /// Gives a snapshot its time, takes note of it, and shows it if that is due.
    fn complete_here(
        &mut self,
        segment: &OpenSegment,
        (slot, time): (usize, f64),
        (numbers, sums): (&[f64], &[i64]),
        is_last: bool,
    ) -> Result<(), Error> {
        self.write_time(segment, (slot, time), numbers, sums)?;
        self.note(time, numbers);
        if is_last { self.show(Wait::No) } else { self.show_if_due() }
    }

    /// Takes note of a snapshot that is complete.
    fn note(&mut self, time: f64, numbers: &[f64]) {
        self.times.push(time);
        for ((_, values), number) in self.numbers.iter_mut().zip(numbers) {
            values.push(*number);
        }
    }

    fn write_time(
        &self,
        segment: &OpenSegment,
        (slot, time): (usize, f64),
        numbers: &[f64],
        sums: &[i64],
    ) -> Result<(), Error> {
        let mut rest = sums;
        for (number, field) in self.contents.fields.iter().enumerate() {
            let (here, others) = rest.split_at(field.components().len());
            rest = others;
            let here: Vec<u64> = here.iter().map(|sum| checksum::stored(*sum as u64)).collect();
            segment.write_checksums(number, slot, &here)?;
        }
        segment.complete(slot, time, numbers)
    }

    /// Shows all snapshots that are complete.
    fn show(&mut self, wait: Wait) -> Result<(), Error> {
        let SeriesWriter { index, times, numbers, .. } = self;
        index.as_mut().map_or(Ok(()), |index| index.show(times, numbers, wait))
    }

    /// Shows all snapshots that are complete, a few times a second.
    fn show_if_due(&mut self) -> Result<(), Error> {
        let SeriesWriter { index, times, numbers, .. } = self;
        index.as_mut().map_or(Ok(()), |index| index.show_if_due(times, numbers))
    }
}

/// Whether there is a core that none of so many ranks needs.
fn has_spare_core(ranks: usize) -> bool {
    available_parallelism().is_ok_and(|cores| cores.get() > ranks)
}

/// The value of a number of a series in a state.
fn number(now: &Snapshot<'_>, name: &str) -> f64 {
    if let Some(name) = name.strip_prefix(SOLVER) {
        return solver::value(&now.effort(), name);
    }
    let mut globals = now.pde().globals().iter().zip(now.globals());
    globals.find(|(global, _)| global.name == name).map_or(f64::NAN, |(_, value)| *value)
}

impl Tracker for SeriesWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let world = now.world().clone();
        if self.contents.fields.is_empty() {
            self.begin(now)?;
        }
        // One snapshot at a time is on its way.
        self.complete_pending(true)?;
        let place = self.places.of(self.times.len());
        self.warn_of_overflow(now)?;
        let segment = self.open(&world, place)?;
        let written = Pending {
            world,
            segment: segment.clone(),
            slot: place.slot,
            time: now.time(),
            numbers: self.numbers.iter().map(|(name, _)| number(now, name)).collect(),
            is_last: now.is_last(),
        };
        if self.parts.is_some() {
            self.hand_over(now, (&segment, place.slot))?;
            self.pending = Some(written);
            self.complete_pending(false)?;
        } else {
            let to = (&*self.segment(place), place.slot);
            let sums = by_hdf5::write(now, (&self.contents, &self.view), to, self.one_host)?;
            self.complete(written, sums)?;
        }
        Ok(GO_ON)
    }

    fn catch_up(&mut self, wait: bool) -> Result<(), TrackerError> {
        self.complete_pending(wait)?;
        // A snapshot after which there is no other for a long time is shown all the same.
        self.show_if_due()?;
        match &mut self.index {
            Some(index) if wait => Ok(index.wait()?),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, report: &Report) -> Result<(), TrackerError> {
        self.show(Wait::No)?;
        if self.claim.is_some() {
            self.folder.note_end(&report.stop_reason.to_string())?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), TrackerError> {
        let is_begun = !self.contents.fields.is_empty();
        if let Some(last) = self.times.len().checked_sub(1).filter(|_| is_begun) {
            // Where ranks are on different hosts, each waits for what it has written itself.
            let last = self.places.of(last).segment;
            let written = (self.settled..=last).map(segment::file);
            written.map(|file| self.folder.path().join(file)).try_for_each(|path| sync(&path))?;
            self.settled = last;
        }
        let index = self.index.as_ref();
        if index.is_some_and(|index| !index.is_on_disk(self.times.len())) {
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
