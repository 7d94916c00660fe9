//! How many ranks a problem is solved on where nobody says: as many as make it faster.
//!
//! In small problems ranks wait longer for each other than they compute. So steps are timed for a
//! moment, on one rank and then on twice as many again and again, until more ranks no longer pay.

use std::time::{Duration, Instant};

use fluxions::comm::{World, threads};
use fluxions_io::Problem;
use fluxions_solver::seconds_per_step;

/// Grids with more cells than this are not timed: every core pays.
pub(crate) const LARGE: usize = 1 << 18;
/// The fewest cells for a rank in such a grid.
const CELLS_PER_RANK: usize = 1 << 12;
/// The same where nothing is timed because equations are solved only once.
const SOLVED_PER_RANK: usize = 1 << 15;
/// Runs that take one rank fewer seconds than this are not worth a choice.
const SHORT: f64 = 0.05;
/// The share of the whole run that each measurement takes, and the most seconds.
const SHARE: f64 = 0.01;
const LONG: f64 = 0.03;
/// The seconds of the shortest measurement.
const QUICK: f64 = 0.002;
/// More ranks must be faster by this factor.
const FASTER: f64 = 1.1;

/// The number of ranks, from `least` to `most`, on which a problem is solved fastest.
pub(crate) fn fastest(problem: &Problem, least: usize, most: usize) -> usize {
    let grid = problem.pde.grid();
    let world = World::solo();
    // Errors are reported when the problem is solved.
    let fits = |ranks: usize| matches!(problem.simulation(&world).most_ranks(ranks), Ok(Some(n)) if n == ranks);
    if most <= least {
        return least;
    }
    let once = problem.times.balances();
    if grid.cells() > LARGE || once {
        let each = if once { SOLVED_PER_RANK } else { CELLS_PER_RANK };
        return (1..=most.min(grid.cells() / each))
            .rev()
            .find(|ranks| *ranks >= least && fits(*ranks))
            .unwrap_or(least);
    }
    let Some(steps) = problem.times.most_steps() else { return least };
    let timed = |step: f64| (SHARE * steps as f64 * step).clamp(QUICK, LONG);
    let candidates = doubled(least, most).into_iter().filter(|ranks| fits(*ranks));
    let seconds = |ranks| timing(problem, ranks, timed).map(|timing| timing.step);
    choose(candidates, seconds, |step| steps as f64 * step >= SHORT).unwrap_or(least)
}

/// The numbers from `least` to `most` of which each is twice the one before, but for the last.
fn doubled(least: usize, most: usize) -> Vec<usize> {
    let doubled = std::iter::successors(Some(least), |ranks| Some(2 * ranks));
    doubled.take_while(|ranks| *ranks < most).chain([most]).collect()
}

/// The first of these numbers of ranks after which no further one is faster. `seconds` gives the
/// time of a step on that many ranks if it is known; `matters` says whether steps that take so long
/// are worth a faster number.
fn choose(
    candidates: impl IntoIterator<Item = usize>,
    mut seconds: impl FnMut(usize) -> Option<f64>,
    matters: impl Fn(f64) -> bool,
) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for ranks in candidates {
        let Some(found) = seconds(ranks) else { break };
        match best {
            Some((_, fastest)) if found * FASTER > fastest => break,
            _ => best = Some((ranks, found)),
        }
        if !matters(found) {
            break;
        }
    }
    best.map(|(ranks, _)| ranks)
}

/// How long a problem takes on some number of ranks, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) setup: f64,
    pub(crate) step: f64,
}

/// How long a problem takes on this many ranks as threads, if it can be stepped. The first steps,
/// which also touch the memory, tell about how long a step takes; `timed` gives the seconds of the
/// measurement from that.
pub(crate) fn timing(
    problem: &Problem,
    ranks: usize,
    timed: impl Fn(f64) -> f64 + Sync,
) -> Option<Timing> {
    // So short that the state hardly changes, unless that decides how long a step takes.
    let start = problem.times.start;
    let dt = match problem.times.scheme.solves(&problem.pde) {
        true => problem.times.dt,
        false if start == 0.0 => 1e-30,
        false => 1e-12 * start.abs(),
    };
    let on = |world: &World| {
        let began = Instant::now();
        let builder = problem.simulation(world).dt(dt).max_steps(None);
        let mut simulation = builder.build().map_err(|errors| errors.to_string())?;
        let setup = began.elapsed().as_secs_f64();
        let mut time = |seconds: f64| {
            let timed = Duration::from_secs_f64(seconds);
            seconds_per_step(&mut simulation, dt, timed).map_err(|error| error.to_string())
        };
        let about = time(QUICK)?;
        Ok::<_, String>(Timing { setup, step: time(timed(about))? })
    };
    let timing = match ranks {
        1 => on(&World::solo()).ok()?,
        _ => *threads::run(ranks, on).ok()?.first()?,
    };
    Some(timing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_ranks_that_are_tried_are_doubled() {
        assert_eq!(doubled(1, 8), [1, 2, 4, 8]);
        assert_eq!(doubled(1, 6), [1, 2, 4, 6]);
        assert_eq!(doubled(3, 16), [3, 6, 12, 16]);
        assert_eq!(doubled(1, 1), [1]);
    }

    #[test]
    fn more_ranks_are_chosen_only_as_long_as_they_pay() {
        let choice = |times: &[f64]| {
            let at = |ranks: usize| times.get(ranks.ilog2() as usize).copied();
            choose(doubled(1, 8), at, |step| step >= 0.1)
        };
        assert_eq!(choice(&[1.0, 0.5, 0.26, 0.15]), Some(8));
        assert_eq!(choice(&[1.0, 0.5, 0.48, 0.1]), Some(2));
        assert_eq!(choice(&[1.0, 20.0, 0.1, 0.1]), Some(1));
        // Where the run is short enough, no further number is tried.
        assert_eq!(choice(&[1.0, 0.09, 0.01, 0.001]), Some(2));
        // What cannot be timed is not chosen.
        assert_eq!(choice(&[1.0, 0.5]), Some(2));
        assert_eq!(choice(&[]), None);
    }
}
