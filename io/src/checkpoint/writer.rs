//! Writes the checkpoints of a run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fluxions_comm::Combine;
use fluxions_solver::{Checkpoint, CheckpointWriter, Occasion, Present, TrackerError, Wish};

use super::record::Record;
use super::rhythm::{Limit, Rhythm};
use super::{ASIDE, STATE, UNFINISHED, folder, list, part};
use crate::error::{Error, THIS_BUILD, file};
use crate::folder::{CHECKPOINTS, RunFolder, Wait, put_in_place, sync, write_whole};
use crate::problem::{Checkpointing, Problem};
use crate::together::{agree, first};

/// Writes checkpoints to a run folder: now and then, before the end of the run, and where the run is asked to stop.
pub struct Checkpoints {
    folder: RunFolder,
    /// How many are kept.
    keep: usize,
    /// The text of the problem, as it is in the run folder.
    problem: String,
    scheme: String,
    limits: Vec<Limit>,
    /// Gives the reason when the run is asked to stop.
    asked: Box<dyn Fn() -> Option<String>>,
    /// The step of the last checkpoint, if there is one.
    last: Option<u64>,
    /// When the next one is due.
    due: Due,
    /// How long the last one took.
    took: Duration,
}

enum Due {
    Wall {
        interval: Duration,
        next: Instant,
    },
    Simulation {
        interval: f64,
        /// Nothing before the first state is seen.
        next: Option<f64>,
    },
}

impl Checkpoints {
    /// Checkpoints of a problem in its run folder.
    pub fn new(folder: &RunFolder, problem: &Problem) -> Self {
        let Checkpointing { rhythm, keep } = problem.checkpoint;
        let due = match rhythm {
            Rhythm::Wall(interval) => Due::Wall { interval, next: Instant::now() + interval },
            Rhythm::Simulation(interval) => Due::Simulation { interval, next: None },
        };
        Checkpoints {
            folder: folder.clone(),
            keep: keep.max(1),
            problem: problem.text_in(folder.path()),
            scheme: problem.times.scheme_name().into(),
            limits: Vec::new(),
            asked: Box::new(|| None),
            last: None,
            due,
            took: Duration::ZERO,
        }
    }

    /// Stops the run in time before these limits.
    #[must_use]
    pub fn before(mut self, limits: Vec<Limit>) -> Self {
        self.limits = limits;
        self
    }

    /// Stops the run, after a checkpoint, when this gives a reason. Every rank calls it about ten times a second.
    #[must_use]
    pub fn asked(mut self, asked: impl Fn() -> Option<String> + 'static) -> Self {
        self.asked = Box::new(asked);
        self
    }

    /// Whether a checkpoint is due by simulation time.
    fn is_due(&mut self, now: &Present<'_>) -> bool {
        let Due::Simulation { interval, next } = &mut self.due else { return false };
        let after = |time: f64| ((time / *interval).floor() + 1.0) * *interval;
        let reached = now.time >= *next.get_or_insert_with(|| after(now.time));
        if reached {
            *next = Some(after(now.time));
        }
        reached
    }

    /// What is wanted by clocks and signals: rank 0 looks at clocks, all ranks at signals. Collective.
    fn meet(&mut self, now: &Present<'_>) -> Result<Wish, TrackerError> {
        let is_root = now.world.is_root();
        let mine = (self.asked)();
        let limit = self.limits.iter().position(|limit| is_root && limit.is_near(self.took));
        let by_wall =
            matches!(self.due, Due::Wall { next, .. } if is_root && Instant::now() >= next);
        let mut found = [
            i64::from(mine.is_some()),
            limit.map_or(0, |limit| limit as i64 + 1),
            i64::from(by_wall),
        ];
        now.world.combine(Combine::Max, &mut found)?;
        Ok(match found {
            [0, 0, 0] => Wish::Nothing,
            [0, 0, _] => Wish::Write,
            [0, limit, _] => {
                // Ranks on other hosts may know of other limits.
                let limit = self.limits.get(limit as usize - 1);
                let reason = limit.map_or("the time is nearly over", |limit| &limit.reason);
                Wish::WriteAndStop(reason.into())
            }
            _ => Wish::WriteAndStop(first(now.world, mine.as_deref())?.unwrap_or_default()),
        })
    }

    /// Makes the folder of a new checkpoint, under the name that it has until it is complete.
    fn begin(&self, step: u64) -> Result<(), Error> {
        self.folder.make_folder(CHECKPOINTS)?;
        let new = self.unfinished(step);
        super::remove(&new)?;
        std::fs::create_dir(&new).map_err(file(&new, "make the folder"))
    }

    /// Writes the files of a checkpoint. Collective.
    fn write_files(&self, checkpoint: &Checkpoint<'_>, step: u64) -> Result<(), TrackerError> {
        let world = checkpoint.world();
        agree(world, if world.is_root() { self.begin(step) } else { Ok(()) })?;
        let path = part(&self.unfinished(step), world.rank());
        let arrays = checkpoint.arrays().len();
        let values = |number| checkpoint.values(number);
        let written = part::write(&path, (step, world.rank()), &checkpoint.part(), arrays, values);
        agree(world, written)?;
        agree(world, if world.is_root() { self.complete(checkpoint, step) } else { Ok(()) })?;
        Ok(())
    }

    fn unfinished(&self, step: u64) -> PathBuf {
        let finished = folder(&self.folder.checkpoints(), step);
        finished.with_extension(&UNFINISHED[1..])
    }

    /// Completes a checkpoint whose parts are written, and removes those that are too old.
    fn complete(&self, checkpoint: &Checkpoint<'_>, step: u64) -> Result<(), Error> {
        let new = self.unfinished(step);
        let record = Record {
            state: checkpoint.state().clone(),
            ranks: checkpoint.world().size(),
            shape: checkpoint.shape(),
            arrays: checkpoint.arrays(),
            problem: self.problem.clone(),
            scheme: self.scheme.clone(),
            created_by: THIS_BUILD.into(),
        };
        write_whole(&new.join(STATE), record.to_text().as_bytes(), Wait::ForDisk)?;
        sync(&new)?;
        let (checkpoints, finished) =
            (self.folder.checkpoints(), folder(&self.folder.checkpoints(), step));
        // One that is there already, as of a run that went on from an earlier one, makes room at the last moment.
        let aside = finished.with_extension(&ASIDE[1..]);
        if finished.exists() {
            super::remove(&aside)?;
            put_in_place(&finished, &aside)?;
        }
        put_in_place(&new, &finished)?;
        sync(&checkpoints)?;
        super::remove(&aside)?;
        // Later ones are those that were damaged, or of a run that is not gone on with.
        let all = list(&checkpoints);
        let before = all.iter().skip_while(|path| **path != finished);
        before.skip(self.keep).try_for_each(|old| super::remove(old))
    }
}

impl CheckpointWriter for Checkpoints {
    fn wish(&mut self, now: &Present<'_>) -> Result<Wish, TrackerError> {
        let wish = match now.occasion {
            Occasion::Step => Wish::Nothing,
            Occasion::BeforeEnd => Wish::Write,
            Occasion::Meeting => self.meet(now)?,
        };
        let is_due = self.is_due(now);
        Ok(match wish {
            Wish::Nothing if is_due => Wish::Write,
            Wish::Write if self.last == Some(now.step) => Wish::Nothing,
            wish => wish,
        })
    }

    fn write(&mut self, checkpoint: &Checkpoint<'_>) -> Result<(), TrackerError> {
        let (world, step) = (checkpoint.world(), checkpoint.state().steps);
        if self.last == Some(step) {
            return Ok(());
        }
        let began = Instant::now();
        if let Err(failed) = self.write_files(checkpoint, step) {
            if world.is_root() {
                // Where the disk is full, others need the room.
                let _ = super::remove(&self.unfinished(step));
            }
            return Err(failed);
        }
        self.last = Some(step);
        self.took = began.elapsed();
        if let Due::Wall { interval, next } = &mut self.due {
            *next = Instant::now() + *interval;
        }
        Ok(())
    }

    fn resumed(&mut self, step: u64) {
        self.last = Some(step);
    }
}
