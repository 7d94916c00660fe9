//! Inspections: what a problem needs, found without solving it. This is its plan, memory, messages
//! and speed.

use std::time::{Duration, Instant};

use fluxions_comm::World;
use fluxions_expr::Backend;
use fluxions_halo::Decomposition;

use crate::error::{Error, Errors};
use crate::inspect::demand::rounds;
use crate::run::blocking::deep_pipeline::DeepPipeline;
use crate::run::blocking::options::Blocking;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::scheme::SchemeProperties;
use crate::simulation::machine_memory;
use crate::simulation::needs::Needs;
use crate::simulation::simulation::Simulation;
use crate::solvers::blocks;
use crate::solvers::multigrid::cycles::cuts;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;
use crate::system::transport::limits;

/// What a problem needs to be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The properties of the scheme.
    pub scheme: SchemeProperties,
    /// The step plan, with one action per line.
    pub plan: String,
    /// The kernels of the plan, operation by operation.
    pub kernels: String,
    /// The number of ranks along each named axis.
    pub dims: Vec<usize>,
    /// The bytes of memory on the rank that needs most: of arrays, copies of them, and solvers, beside the program.
    pub memory_per_rank: usize,
    /// The number of messages, of all ranks together, in a step that is not blocked with others.
    pub messages_per_step: usize,
    /// The number of bytes in these messages.
    pub bytes_per_step: usize,
}

impl Inspection {
    /// Finds out what `pde` needs with this scheme on this number of ranks; of memory, what its steps need.
    ///
    /// # Errors
    /// If the grid cannot be cut into this many blocks, or if the scheme cannot step the system.
    pub fn new(
        pde: &Pde,
        scheme: impl Into<SchemeChoice>,
        ranks: usize,
        dims: &[usize],
    ) -> Result<Self, Error> {
        Inspection::with_needs(pde, scheme, (ranks, dims), None)
    }

    /// The same, with the memory that a simulation needs beside its steps, as one of a part of the grid has told.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_needs(
        pde: &Pde,
        scheme: impl Into<SchemeChoice>,
        (ranks, dims): (usize, &[usize]),
        needs: Option<Needs>,
    ) -> Result<Self, Error> {
        let choice = scheme.into();
        let scheme = scheme_for(pde, &choice)?;
        let plan = scheme.step(pde);
        let least = plan.least_cells(pde);
        limits::check_cells(pde, least)?;
        let dims = limits::ranks_along(pde, dims)?;
        let decomposition = match choice.solves(pde) {
            true => blocks::cut(pde.grid(), ranks, &dims, least)?,
            false => Decomposition::new(pde.grid(), ranks, &dims, least)?,
        };
        let blocked = DeepPipeline::new(pde, &plan, &decomposition, Blocking::default());
        let deep = blocked.map_or([0; 3], |blocked| blocked.halo());
        let needs = needs.unwrap_or(Needs::of_steps(plan.arrays(), plan.rows(), plan.halo()));
        let halo = [plan.halo(), needs.halo, deep];
        let halo =
            std::array::from_fn(|axis| halo.map(|halo| halo[axis]).into_iter().max().unwrap_or(0));
        let is_cut = cuts(&decomposition, pde.grid().missing()).is_some();
        let (mut memory, mut messages, mut bytes) = (0, 0, 0);
        for rank in 0..ranks {
            let block = decomposition.subdomain(rank);
            // Where solvers do not share the grid, each rank has all of it.
            let solved = if is_cut { block.cells() } else { pde.grid().cells() };
            let solver = (needs.solver * solved as f64) as usize;
            memory = memory.max(needs.bytes(block.layout(halo)) + solver);
            for message in rounds(&plan, &block).iter().flat_map(|round| &round.messages) {
                messages += 1;
                bytes += message.bytes;
            }
        }
        let kernel = |(name, kernel)| format!("{name}\n{kernel}");
        let kernels: Vec<String> =
            plan.kernel_names().iter().zip(plan.kernels()).map(kernel).collect();
        Ok(Inspection {
            scheme: SchemeProperties::of(scheme.as_ref(), pde),
            plan: plan.to_string(),
            kernels: kernels.join("\n"),
            dims: decomposition.dims()[pde.grid().missing()..].to_vec(),
            memory_per_rank: memory,
            messages_per_step: messages,
            bytes_per_step: bytes,
        })
    }
}

impl Inspection {
    /// Whether this machine has so many bytes of memory for each of so many ranks.
    ///
    /// # Errors
    /// If it has less, so that a simulation may be refused.
    pub fn check_memory(bytes: usize, ranks: usize) -> Result<(), Error> {
        machine_memory::check_total((bytes * ranks) as u64)
    }
}

/// The most cells on which steps are timed, and on which equations without time are solved.
const MOST_CELLS: usize = 1 << 20;
const MOST_SOLVED: usize = 1 << 16;
/// Steps of this length leave the state as it is, and so do not fail.
pub(super) const NO_STEP: f64 = 1e-30;
/// About how long steps are timed.
const TIMED: Duration = Duration::from_millis(200);

/// How fast one rank is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// The number of cells that it steps per second.
    pub cells_per_second: f64,
    /// The seconds that it takes to set up a simulation of the whole grid.
    pub setup_seconds: f64,
    /// Bytes of memory that solvers keep for each cell.
    pub solver_bytes_per_cell: f64,
}

/// How fast one rank is with kernels that are compiled by this back end. It is measured for a moment
/// on a part of the grid, in steps of the length `dt` where equations are solved in each, or else by finding a state
/// in which rates vanish.
///
/// # Errors
/// The mistakes in the initial values.
pub fn measured_speed(
    pde: &Pde,
    initial: &[(String, Formula)],
    scheme: impl Into<SchemeChoice>,
    dt: f64,
    backend: Backend,
) -> Result<Speed, Errors> {
    let (all, scheme) = (pde.grid().cells() as f64, scheme.into());
    let balances = scheme.balances();
    let most = if balances { MOST_SOLVED } else { MOST_CELLS };
    let (pde, initial) = Shifted::part(pde, initial, most, 0.0);
    let (world, cells) = (World::solo(), pde.grid().cells() as f64);
    let measure = |dt: f64| -> Result<Speed, Errors> {
        let began = Instant::now();
        let builder = Simulation::builder(&pde, &world).scheme(&scheme).dt(dt).backend(backend);
        let mut simulation = builder.initials(&initial).build()?;
        let setup_seconds = began.elapsed().as_secs_f64() * all / cells;
        let began = Instant::now();
        let seconds = match balances {
            true => {
                simulation.run_until(simulation.time()).map(|_| began.elapsed().as_secs_f64())?
            }
            false => seconds_per_step(&mut simulation, dt, TIMED)?,
        };
        let solver_bytes_per_cell = simulation.needs().solver;
        Ok(Speed { cells_per_second: cells / seconds, setup_seconds, solver_bytes_per_cell })
    };
    match scheme.solves(&pde) {
        // Why a part cannot be solved need not hold for the whole.
        true if !balances => measure(dt).or_else(|_| measure(NO_STEP)),
        true => measure(dt),
        false => measure(NO_STEP),
    }
}

/// The seconds that a step of a simulation takes on the slowest rank. It makes steps of length `dt`
/// for about the time `timed`. Collective.
///
/// # Errors
/// If a field is no longer finite, or another rank has failed.
pub fn seconds_per_step(
    simulation: &mut Simulation,
    dt: f64,
    timed: Duration,
) -> Result<f64, Error> {
    // Where several steps are made in a sweep over memory, fewer take longer, each.
    let mut steps = simulation.blocking().steps.unwrap_or(1).max(1) as f64;
    loop {
        let (began, before) = (Instant::now(), simulation.steps());
        simulation.run_until(simulation.time() + steps * dt)?;
        // Steps that follow an error may have become longer.
        let made = (simulation.steps() - before).max(1);
        let elapsed = simulation.world().max(began.elapsed().as_secs_f64())?;
        if elapsed >= timed.as_secs_f64() / 2.0 || steps >= 1e6 {
            return Ok(elapsed / made as f64);
        }
        steps *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::run::blocking::options::Blocking;
    use crate::schemes::tableau::Tableau;

    #[test]
    fn whole_sweeps_are_timed() {
        let axis =
            |grid: fluxions_grid::GridBuilder, name| grid.axis(name, 0.0..1.0, 64, Ends::Periodic);
        let grid = axis(axis(Grid::cartesian(), "x"), "y").build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let world = World::solo();
        let blocking = Blocking { steps: Some(4), ..Blocking::default() };
        let builder = Simulation::builder(&pde, &world).scheme(&Tableau::EULER).dt(NO_STEP);
        let initial = [("u".to_string(), Formula::from("x"))];
        let builder = builder.backend(Backend::Closures).blocking(blocking).initials(&initial);
        let mut simulation = builder.build().unwrap();
        seconds_per_step(&mut simulation, NO_STEP, Duration::ZERO).unwrap();
        assert_eq!(simulation.steps(), 4);
    }
}
