//! Checkpoints: all that another run needs to go on from a state, to the same bits.

use std::time::Instant;

use fluxions_comm::World;
use fluxions_grid::Region;

use crate::error::Error;
use crate::simulation::run_state::{RunState, SavedScheme};
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::tracker::{GO_ON, TrackerError, agree};
use crate::solvers::place::Place;

/// What stores checkpoints of a run.
///
/// All ranks call it at the same steps, so that it may use collective operations, and has to give the same
/// answers on all of them.
pub trait CheckpointWriter {
    /// What is wanted in the present state. Collective.
    ///
    /// # Errors
    /// Whatever makes it impossible to go on.
    fn wish(&mut self, now: &Present<'_>) -> Result<Wish, TrackerError>;

    /// Stores a checkpoint. Collective.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn write(&mut self, checkpoint: &Checkpoint<'_>) -> Result<(), TrackerError>;

    /// Is called when the simulation goes on from a checkpoint after so many steps, which is stored already.
    fn resumed(&mut self, step: u64) {
        let _ = step;
    }
}

/// The state about which a [`CheckpointWriter`] is asked.
#[derive(Clone, Copy)]
pub struct Present<'a> {
    /// The ranks.
    pub world: &'a World,
    /// The time.
    pub time: f64,
    /// Steps since the beginning.
    pub step: u64,
    /// What gives rise to the question.
    pub occasion: Occasion,
}

/// When a [`CheckpointWriter`] is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// After steps, as often as the run loop looks around. Ranks may be asked while they wait for no others, so
    /// that an answer should follow from time and step alone.
    Step,
    /// When the ranks meet, about ten times a second: the place to look at clocks on the wall, and at signals.
    Meeting,
    /// In the last state that does not depend on when the run ends: from it, a run to a later end makes the
    /// same steps as a single run would.
    BeforeEnd,
}

/// What a [`CheckpointWriter`] wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// A checkpoint.
    Write,
    /// A checkpoint, and then the end of the run, for this reason.
    WriteAndStop(String),
}

/// A state of a simulation, with all that the next steps depend on: what a run that goes on needs to give the
/// same bits, whatever its ranks.
///
/// It consists of a [`RunState`], the same on all ranks, and of arrays of the grid, of which each rank has a part:
/// its block, and beyond the ends of axes a few cells more.
pub struct Checkpoint<'a> {
    simulation: &'a Simulation,
    state: &'a RunState,
    /// The arrays, by their numbers in the memory.
    kept: Vec<usize>,
}

impl<'a> Checkpoint<'a> {
    fn new(simulation: &'a Simulation, state: &'a RunState) -> Self {
        Checkpoint { simulation, state, kept: simulation.kept() }
    }

    /// The ranks.
    pub fn world(&self) -> &World {
        self.simulation.world()
    }

    /// Where the simulation stands, beside the arrays.
    pub fn state(&self) -> &RunState {
        self.state
    }

    /// What the arrays are, in their order: the fields first.
    pub fn arrays(&self) -> Vec<String> {
        let names = self.simulation.stepper.plan().names_from(0);
        self.kept.iter().map(|array| names[*array].clone()).collect()
    }

    /// The cells of the grid along each axis; those that it does not have come first, with one cell.
    pub fn shape(&self) -> [usize; 3] {
        self.simulation.state.block.global_shape()
    }

    /// The cells of the grid of which this rank has the values. Indices count from the first cell of the grid;
    /// those beyond an end of an axis are negative, or not less than the number of cells. Axes that the grid does
    /// not have come first, with one cell.
    pub fn part(&self) -> Region {
        self.simulation.kept_part()
    }

    /// The values of an array in this rank's part of the grid, the last axis first.
    pub fn values(&self, number: usize) -> Vec<f64> {
        let Simulation { state: State { memory, block, .. }, .. } = self.simulation;
        let array = self.kept[number];
        let region = shifted(&self.part(), block.start().map(|start| -(start as isize)));
        let numbers = memory.of_array(array);
        let mut values = Vec::with_capacity(region.cells());
        memory.layout().rows(&region, |start, cells| {
            values.extend_from_slice(&numbers[start..][..cells]);
        });
        values
    }
}

fn shifted(region: &Region, by: [isize; 3]) -> Region {
    Region {
        start: std::array::from_fn(|axis| region.start[axis] + by[axis]),
        end: std::array::from_fn(|axis| region.end[axis] + by[axis]),
    }
}

impl Simulation {
    /// The present state with all that the next steps depend on; `state` is what [`save`](Self::save) gives.
    pub fn checkpoint<'a>(&'a self, state: &'a RunState) -> Checkpoint<'a> {
        Checkpoint::new(self, state)
    }

    /// The arrays that the next steps depend on, each once.
    pub(super) fn kept(&self) -> Vec<usize> {
        let fields = self.state.pde.arrays();
        let plans = [Some(self.stepper.plan()), self.first_steps.as_ref().map(|f| f.other_plan())];
        let changing = plans.into_iter().flatten().flat_map(|plan| plan.changing().iter().copied());
        let slopes = self.dense.iter().flat_map(|dense| dense.slopes());
        let implicit = self.implicit.iter().flat_map(|implicit| implicit.kept(fields));
        let unknowns = self.stepper.unknowns().map(|unknowns| unknowns.borrow().kept());
        let unknowns = unknowns.into_iter().flatten();
        let mut kept: Vec<usize> = changing.chain(slopes).chain(implicit).chain(unknowns).collect();
        kept.sort_unstable();
        kept.dedup();
        (0..fields).chain(kept.into_iter().filter(|array| *array >= fields)).collect()
    }

    /// This rank's block, and the cells beyond the ends of axes that plans of steps look at.
    fn kept_part(&self) -> Region {
        let State { block, memory, .. } = &self.state;
        let (start, shape, global) = (block.start(), block.shape(), block.global_shape());
        let beyond = self.stepper.plan().halo();
        let halo = memory.layout().halo();
        let margins = std::array::from_fn(|axis| {
            let width = beyond[axis].min(halo[axis]);
            let at_ends = [start[axis] == 0, start[axis] + shape[axis] == global[axis]];
            at_ends.map(|at_end| if at_end { width } else { 0 })
        });
        shifted(&Region::domain(shape).grown(margins), start.map(|start| start as isize))
    }

    /// Goes on from a checkpoint of a simulation that was built in the same way, on any number of ranks: with the
    /// same steps, to the same bits. `values` is called for each of the arrays, in the order of
    /// [`Checkpoint::arrays`], with its number, the cells of the grid that this rank needs, and room for their
    /// values, the last axis first; what it does not know it leaves as it is. Collective.
    ///
    /// # Errors
    /// If the state is that of another simulation, if `values` fails, or if another rank has failed.
    pub fn resume(
        &mut self,
        saved: &RunState,
        mut values: impl FnMut(usize, &Region, &mut [f64]) -> Result<(), TrackerError>,
    ) -> Result<(), Error> {
        self.restore(saved)?;
        let world = self.state.world.clone();
        let mut load = || {
            for (number, array) in self.kept().into_iter().enumerate() {
                let State { memory, block, .. } = &mut self.state;
                let layout = memory.layout();
                let mine = layout.domain().grown(layout.halo().map(|width| [width; 2]));
                let wanted = shifted(&mine, block.start().map(|start| start as isize));
                let mut room = Vec::with_capacity(wanted.cells());
                layout.rows(&mine, |start, cells| {
                    room.extend_from_slice(&memory.of_array(array)[start..][..cells]);
                });
                values(number, &wanted, &mut room)?;
                let (numbers, mut rest) = (memory.of_array_mut(array), &room[..]);
                layout.rows(&mine, |start, cells| {
                    let (row, others) = rest.split_at(cells);
                    numbers[start..][..cells].copy_from_slice(row);
                    rest = others;
                });
            }
            Ok(GO_ON)
        };
        let loaded = load();
        let _ = agree(&world, loaded)?;
        self.restore_scheme(saved.scheme()?)?;
        self.go_on_from(&saved.spent);
        if let Some(writer) = &mut self.checkpoints {
            writer.resumed(saved.steps);
        }
        if !self.state.is_finite() {
            let place = self.state.first_not_finite();
            self.health.note(self.steps, self.time, place, Default::default());
        }
        self.health.meet(&self.state, self.steps)
    }

    /// Takes over what the scheme knew, once all arrays are as they were. Collective.
    pub(super) fn restore_scheme(&mut self, known: SavedScheme) -> Result<(), Error> {
        self.last_dt = known.last_dt;
        if let Some(dense) = &mut self.dense {
            dense.knows_slopes = known.knows_slopes;
        }
        if let (Some(first), Some(known)) = (&mut self.first_steps, known.first_steps) {
            first.restore(known);
        }
        let State { world, block, memory, .. } = &mut self.state;
        if let (Some(implicit), Some(known)) = (&mut self.implicit, known.implicit) {
            implicit.restore(&mut Place { world, block, memory }, known)?;
        }
        if let (Some(unknowns), Some(known)) = (self.stepper.unknowns(), known.unknowns) {
            unknowns.borrow_mut().restore(world, block, memory, &known)?;
        }
        Ok(())
    }

    /// Asks for a wish, and writes a checkpoint if it is wanted: why the run is to stop, if it is. Collective.
    pub(super) fn checkpoint_if_wanted(
        &mut self,
        occasion: Occasion,
    ) -> Result<Option<String>, Error> {
        let Some(writer) = &mut self.checkpoints else { return Ok(None) };
        let (world, time, step) = (&self.state.world, self.time, self.steps);
        let began = Instant::now();
        let wish = writer.wish(&Present { world, time, step, occasion });
        let wish = wish.map_err(Error::of_tracker)?;
        if wish == Wish::Nothing {
            return Ok(None);
        }
        self.write_checkpoint()?;
        self.durations.output += began.elapsed().as_secs_f64();
        match wish {
            Wish::WriteAndStop(reason) => Ok(Some(reason)),
            Wish::Nothing | Wish::Write => Ok(None),
        }
    }

    /// Writes a checkpoint of the present state, if anything stores them. Collective.
    pub(super) fn write_checkpoint(&mut self) -> Result<(), Error> {
        let Some(mut writer) = self.checkpoints.take() else { return Ok(()) };
        // Not a number in a checkpoint would stay there.
        let healthy = self.health.meet(&self.state, self.steps);
        let healthy = healthy.and_then(|()| self.trackers.settle(&self.state.world));
        let mut state = self.save();
        // A run that goes on asks it again.
        if let Some(tracker) = self.trackers.asked_to_stop {
            state.trackers[tracker].schedule.last = None;
        }
        let written = healthy.and_then(|()| store(&mut *writer, &Checkpoint::new(self, &state)));
        self.checkpoints = Some(writer);
        written
    }
}

fn store(writer: &mut dyn CheckpointWriter, checkpoint: &Checkpoint<'_>) -> Result<(), Error> {
    let written = writer.write(checkpoint).map(|()| GO_ON);
    agree(checkpoint.world(), written).map(drop)
}
