//! How long steps would take on other numbers of ranks, here or on another machine.

mod machine;
mod measure;
mod model;

use std::fmt::Write;

use fluxions_io::Problem;
use fluxions_solver::Demand;

pub(crate) use self::machine::Machine;
pub(crate) use self::measure::machine;
use self::measure::{speeds, this_machine};
use self::model::{Parts, Speeds, parts};
use crate::failure::Failure;
use crate::ranks::cores;

/// The most ranks that are looked at, and the fewest cells of a rank.
const MOST_RANKS: usize = 1 << 24;
const LEAST_CELLS: usize = 4;
/// More ranks do not pay where the time of a step is no longer than the shortest there is by this factor.
const PAYS: f64 = 1.1;

/// A number of ranks, and the time of a step on them.
struct Point {
    ranks: usize,
    demand: Demand,
    parts: Parts,
    /// The time on one rank over that on all of them together.
    efficiency: f64,
}

/// What a step costs on numbers of ranks of a machine.
struct Model<'a> {
    problem: &'a Problem,
    machine: Machine,
    /// Whether it is this one.
    here: bool,
    alone: Speeds,
    together: Speeds,
}

impl Model<'_> {
    /// The parts of the time of a step on so many ranks, if the grid can be cut for them.
    fn point(&self, ranks: usize, one: Option<f64>) -> Option<Point> {
        let Model { problem, machine, here, alone, together } = self;
        let speeds = if *here && ranks > 1 { together } else { alone };
        let cells = problem.pde.grid().cells().div_ceil(ranks);
        let cut = (ranks, &problem.dims[..]);
        let scheme = &problem.times.scheme;
        let demand = Demand::new(&problem.pde, scheme, cut, speeds.steps(cells)).ok()??;
        let parts = parts(&demand, machine, speeds, (ranks, *here));
        let total = parts.total();
        let efficiency = one.unwrap_or(total) / (total * ranks as f64);
        Some(Point { ranks, demand, parts, efficiency })
    }
}

/// How long a step takes on so many ranks of a machine, and how many ranks pay, in words: of this machine, which is
/// measured for about a second, or of the one of this name or in this file.
pub(crate) fn scaling(
    problem: &Problem,
    ranks: usize,
    of: Option<&str>,
) -> Result<String, Failure> {
    if problem.times.scheme.solves(&problem.pde) {
        return Ok("not known before: each step solves equations".into());
    }
    let here = of.is_none();
    let machine = of.map_or_else(|| this_machine(ranks), Machine::find)?;
    let alone = speeds(problem, 1)?;
    let beside = cores().min(ranks);
    let together = if here && beside > 1 { speeds(problem, beside)? } else { alone.clone() };
    let model = Model { problem, machine, here, alone, together };
    let Some(one) = model.point(1, None) else {
        return Ok("not known: the grid cannot be stepped by one rank".into());
    };
    let seconds = one.parts.total();
    let point = |ranks: usize| model.point(ranks, Some(seconds));
    let mut rows: Vec<Point> = vec![one];
    rows.extend((ranks > 1).then(|| point(ranks)).flatten());
    let mut text = format!("on {}\n", model.machine.name);
    if model.machine.network.is_none() && ranks > model.machine.cores {
        text += &format!("which has {} cores: ranks take turns\n", model.machine.cores);
    }
    text += &table(&rows);
    text += &verdict(problem, &model, &point);
    Ok(text)
}

/// A line for each number of ranks.
fn table(rows: &[Point]) -> String {
    let heads = ["ranks", "a step", "computing", "latency", "transfer", "copying", "reducing"];
    let mut text = String::new();
    let mut cells: Vec<String> = heads.iter().map(|head| format!("{head:>9}")).collect();
    cells.push("efficiency".into());
    let _ = writeln!(text, "{}", cells.join("  "));
    for Point { ranks, parts, efficiency, .. } in rows {
        let Parts { computing, latency, transfer, copying, reducing } = *parts;
        let times = [parts.total(), computing, latency, transfer, copying, reducing];
        let mut cells = vec![format!("{ranks:>9}")];
        cells.extend(times.map(|seconds| format!("{:>9}", told(seconds))));
        cells.push(format!("{:>8.0} %", 100.0 * efficiency));
        let _ = writeln!(text, "{}", cells.join("  "));
    }
    if let Some(Point { demand, .. }) = rows.last().filter(|row| row.ranks > 1) {
        let (messages, bytes) = demand.sent();
        let dims: Vec<String> = demand.dims.iter().map(usize::to_string).collect();
        let _ = writeln!(
            text,
            "a rank: {} cells ({}), {messages:.1} messages with {:.1} KiB a step",
            demand.cells,
            dims.join("×"),
            bytes / 1024.0
        );
    }
    text
}

/// Up to how many ranks more of them pay, and what stops that.
fn verdict(problem: &Problem, model: &Model<'_>, point: &dyn Fn(usize) -> Option<Point>) -> String {
    let has_network = model.machine.network.is_some();
    let most = if has_network { MOST_RANKS } else { model.machine.cores };
    let most = most.min(problem.pde.grid().cells() / LEAST_CELLS).max(1);
    let doubled = std::iter::successors(Some(1), |ranks| Some(2 * ranks));
    let points: Vec<Point> = doubled.take_while(|ranks| *ranks <= most).map_while(point).collect();
    let fastest = points.iter().map(|p| p.parts.total()).fold(f64::INFINITY, f64::min);
    let pays = points.iter().position(|p| p.parts.total() <= PAYS * fastest);
    let Some(pays) = pays else { return String::new() };
    let best = &points[pays];
    let half = points[..=pays].iter().find(|point| point.efficiency < 0.5);
    let half = half.map_or(String::new(), |point| {
        format!("; from {} on their efficiency is below a half", point.ranks)
    });
    let limit = match points.get(pays + 1) {
        Some(next) => next.parts.overhead(),
        None if has_network && best.ranks >= MOST_RANKS / 2 => "nothing up to so many",
        None if has_network => "the grid, whose blocks become too small",
        None => "the cores of the machine",
    };
    format!(
        "more ranks pay up to about {} ({} a step){half}\nwhat limits it: {limit}",
        best.ranks,
        told(best.parts.total())
    )
}

/// Seconds in words of up to nine characters.
fn told(seconds: f64) -> String {
    match seconds {
        0.0 => "0".into(),
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
