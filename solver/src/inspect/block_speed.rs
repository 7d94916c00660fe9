//! How fast blocks are stepped on the cores of this machine, alone and beside each other.

use std::sync::Barrier;
use std::time::Duration;

use fluxions_comm::World;
use fluxions_expr::Backend;

use crate::error::Errors;
use crate::inspect::inspection::{NO_STEP, seconds_per_step};
use crate::schemes::choice::SchemeChoice;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// In how many bursts steps are timed. The fastest of them counts, since other programs make some of them slower.
const BURSTS: u32 = 4;

/// How fast a block is stepped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockSpeed {
    /// The number of cells of the block that was timed.
    pub cells: usize,
    /// The seconds that a step takes for each of its cells.
    pub seconds: f64,
    /// How many steps are made in a sweep over memory; 0 where they are made pass by pass.
    pub steps: usize,
}

/// How fast a block of at most so many cells is stepped on each of `cores` cores that do so at the same time, each
/// without the others: for about the time `timed`.
///
/// # Errors
/// The mistakes in the initial values.
pub fn block_speed(
    (pde, initial): (&Pde, &[(String, Formula)]),
    scheme: impl Into<SchemeChoice>,
    backend: Backend,
    (cells, cores): (usize, usize),
    timed: Duration,
) -> Result<BlockSpeed, Errors> {
    let scheme = scheme.into();
    let (pde, initial) = Shifted::part(pde, initial, cells, 0.0);
    let cells = pde.grid().cells();
    let begin = Barrier::new(cores);
    let one = || -> Result<(f64, usize), Errors> {
        let world = World::solo();
        let builder =
            Simulation::builder(&pde, &world).scheme(&scheme).dt(NO_STEP).backend(backend);
        let built = builder.initials(&initial).build();
        begin.wait();
        let mut simulation = built?;
        let mut fastest = f64::INFINITY;
        for _ in 0..BURSTS {
            let seconds = seconds_per_step(&mut simulation, NO_STEP, timed / BURSTS)?;
            fastest = fastest.min(seconds);
        }
        Ok((fastest, simulation.blocking().steps.unwrap_or(0)))
    };
    let timings = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(one)).collect();
        let mut all = vec![one()];
        let joined = others
            .into_iter()
            .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all.extend(joined);
        all.into_iter().collect::<Result<Vec<_>, _>>()
    })?;
    let seconds = timings.iter().map(|(seconds, _)| seconds).sum::<f64>() / cores as f64;
    Ok(BlockSpeed { cells, seconds: seconds / cells as f64, steps: timings[0].1 })
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::schemes::tableau::Tableau;

    #[test]
    fn blocks_are_timed_alone_and_beside_each_other() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 4096, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let initial = [("u".to_string(), Formula::from("x"))];
        for cores in [1, 2] {
            let timed = Duration::from_millis(2);
            let speed = block_speed(
                (&pde, &initial),
                &Tableau::EULER,
                Backend::Closures,
                (1024, cores),
                timed,
            );
            let speed = speed.unwrap();
            assert_eq!(speed.cells, 1024);
            assert!(speed.seconds > 0.0 && speed.seconds.is_finite());
        }
        let wrong = [("u".to_string(), Formula::from("log(x - 9)"))];
        let timed = Duration::from_millis(2);
        let failed =
            block_speed((&pde, &wrong), &Tableau::EULER, Backend::Closures, (64, 2), timed);
        assert!(failed.is_err());
    }
}
