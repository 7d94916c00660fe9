//! Trackers: code that the run loop calls with the state now and then, to write files or to show
//! progress.

use std::ops::ControlFlow;

use fluxions_comm::{Combine, World};

use crate::error::Error;
use crate::simulation::report::Report;
use crate::simulation::schedule::{Due, Now, Schedule};
use crate::simulation::snapshot::Snapshot;

/// Whether a run goes on, or stops for a reason.
pub type Flow = ControlFlow<String>;

/// The run goes on.
pub const GO_ON: Flow = ControlFlow::Continue(());

/// An error of any type. The operator `?` makes it from errors of this library and from those of
/// the program alike.
pub type TrackerError = Box<dyn std::error::Error + Send + Sync>;

/// Something that looks at the state of a run now and then.
///
/// Given to [`SimulationBuilder::change`](crate::SimulationBuilder::change), it may also change it, by
/// [`Snapshot::field_mut`] and its like.
///
/// All ranks call it at the same steps, so that it may use collective operations. A closure
/// `FnMut(&mut Snapshot) -> Result<Flow, TrackerError>` is a tracker.
///
/// Errors may be of any type: one of this library ends the run as it is, any other one as
/// [`Error::Tracker`], from which it can be had again.
pub trait Tracker {
    /// Looks at a state.
    ///
    /// # Errors
    /// Whatever makes it impossible to go on.
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError>;

    /// Completes what it has left to other threads, of which it waits for all if `wait` is set. Called about ten times a second
    /// while steps are made, and with `wait` at the end of a run or of a single step, and before [`settle`](Tracker::settle).
    /// Collective.
    ///
    /// # Errors
    /// If that has failed, the same on all ranks.
    fn catch_up(&mut self, wait: bool) -> Result<(), TrackerError> {
        let _ = wait;
        Ok(())
    }

    /// Is told that the simulation is over, by
    /// [`Simulation::finish`](crate::Simulation::finish). A program may drop a simulation without
    /// that, so what must not be lost is written in [`record`](Tracker::record).
    ///
    /// # Errors
    /// Whatever goes wrong at the end.
    fn finish(&mut self, report: &Report) -> Result<(), TrackerError> {
        let _ = report;
        Ok(())
    }

    /// Is called before a checkpoint is written. What was recorded so far must be on the disk when this returns, since a run
    /// that goes on from the checkpoint does not record it again. Also called where a run fails, since what was recorded before
    /// is right.
    ///
    /// # Errors
    /// If it cannot be written.
    fn settle(&mut self) -> Result<(), TrackerError> {
        Ok(())
    }

    /// What a tracker of the same kind needs to go on from here, if it needs anything.
    fn save(&self) -> Option<Vec<u8>> {
        None
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// If it cannot go on from there.
    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let _ = saved;
        Ok(())
    }
}

impl<F: FnMut(&mut Snapshot<'_>) -> Result<Flow, TrackerError>> Tracker for F {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        self(now)
    }
}

/// The trackers of a simulation, each with its schedule.
pub(super) struct Trackers {
    pub(super) list: Vec<(Schedule, Box<dyn Tracker>)>,
    /// The number of the one that asked the run to stop, if one did.
    pub(super) asked_to_stop: Option<usize>,
}

impl Trackers {
    /// These trackers with their schedules.
    pub(super) fn new(list: Vec<(Schedule, Box<dyn Tracker>)>) -> Self {
        Trackers { list, asked_to_stop: None }
    }

    /// Whether a tracker will be due in a state that is not reached yet, as far as can be told.
    pub(super) fn come(&self, then: &Now) -> bool {
        self.list.iter().any(|(schedule, _)| schedule.comes(then))
    }

    /// The next time for which a tracker waits that does not change the state, if one does.
    pub(super) fn next_time(&self, steps: u64) -> Option<f64> {
        self.next_due(steps, false)
    }

    /// The next time for which a tracker waits that may change the state, if one does.
    pub(super) fn next_change(&self, steps: u64) -> Option<f64> {
        self.next_due(steps, true)
    }

    fn next_due(&self, steps: u64, of_changes: bool) -> Option<f64> {
        let schedules = self.list.iter().map(|(schedule, _)| schedule);
        let times = schedules.filter(|schedule| schedule.is_of_changes() == of_changes);
        let times = times.filter_map(|schedule| match schedule.due(steps) {
            Due::Time(time) => Some(time),
            Due::Steps(_) | Due::Unknown => None,
        });
        times.reduce(f64::min)
    }

    /// Lets all trackers complete what goes on beside the steps. Collective.
    pub(super) fn catch_up(&mut self, world: &World, wait: bool) -> Result<(), Error> {
        let mut outcome = Ok(GO_ON);
        for (_, tracker) in &mut self.list {
            outcome = outcome.and(tracker.catch_up(wait).map(|()| GO_ON));
        }
        agree(world, outcome).map(drop)
    }

    /// Tells all trackers that what they have recorded must be on the disk, even if one of them fails: the first failure.
    /// Collective.
    pub(super) fn settle(&mut self, world: &World) -> Result<(), Error> {
        let mut settled = self.catch_up(world, true);
        for (_, tracker) in &mut self.list {
            let outcome = tracker.settle().map(|()| GO_ON);
            settled = settled.and(agree(world, outcome).map(drop));
        }
        settled
    }

    /// Tells all trackers that the simulation is over, even if one of them fails: the first
    /// failure. Collective.
    pub(super) fn finish(&mut self, world: &World, report: &Report) -> Result<(), Error> {
        let mut finished = Ok(());
        for (_, tracker) in &mut self.list {
            let outcome = tracker.finish(report).map(|()| GO_ON);
            finished = finished.and(agree(world, outcome).map(|_| ()));
        }
        finished
    }
}

/// What the ranks decide together about a tracker: an error of any of them ends the run on all,
/// as does the wish of any to stop. Collective.
pub(super) fn agree(world: &World, outcome: Result<Flow, TrackerError>) -> Result<Flow, Error> {
    let (rank, size) = (world.rank() as i64, world.size() as i64);
    let outcome = outcome.map_err(Error::of_tracker);
    let urgency = match &outcome {
        // What a rank has found out itself says more than that another one has failed.
        Err(Error::Elsewhere { .. }) => 1,
        Err(_) => 0,
        Ok(Flow::Break(_)) => 2,
        Ok(Flow::Continue(())) => 3,
    };
    let mut first = [urgency * size + rank];
    world.combine(Combine::Min, &mut first)?;
    let (most, lowest) = (first[0] / size, first[0] % size);
    if lowest == rank || most == 3 {
        return outcome;
    }
    match most {
        0 | 1 => Err(Error::Elsewhere { rank: lowest as usize }),
        _ => Ok(Flow::Break(format!("rank {lowest} asked to stop"))),
    }
}
