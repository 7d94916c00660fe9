//! The grids of a multigrid method, and its cycle.

use fluxions_comm::{ExactSum, World};

use crate::error::Error;
use crate::solvers::multigrid::coarsening::{Coarsening, kept};
use crate::solvers::multigrid::direct::Direct;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::gather::gather_slab;
use crate::solvers::multigrid::level::{Level, neighbours};
use crate::solvers::multigrid::slab::{Cuts, Edges, Slab};
use crate::solvers::multigrid::transfer::{RestrictAll, Squares};
use crate::solvers::multigrid::work::Work;
use crate::solvers::wide::widely;

/// On a grid of at most so many cells the system is solved directly.
const FEWEST: usize = 40;
/// The most cells of a coarsest grid that is solved directly, and how often a larger one is smoothed.
const MOST: usize = 500;
const SWEEPS: usize = 10;
/// Where the entries for neighbours are this share of those of the cells themselves, or less, smoothing alone brings a
/// residual down by a factor of ten or more, and does it twice on the coarsest grid.
const DOMINATED: f64 = 0.33;
const FEW_SWEEPS: usize = 2;
/// Where the identity leaves this share of the entries of the cells themselves to ties with neighbours, or less,
/// over-relaxation on the finest grid takes less time than cycles; and how often is smoothed at a time then.
const WEAK: f64 = 0.95;
const MOST_SWEEPS: usize = 30;
/// How often is smoothed before and after the correction from the coarser grid.
const BEFORE: usize = 2;
const AFTER: usize = 1;

/// Grids from the finest to the coarsest.
pub(crate) struct Hierarchy {
    levels: Vec<Level>,
    /// What renews the layers around the solution of each.
    edges: Vec<Edges>,
    coarsenings: Vec<Coarsening>,
    /// Where the ranks come together, if they hold parts of the finest grids.
    meeting: Option<Meeting>,
    /// The coarsest system, unless it is large: then few of its cells are tied to each other.
    direct: Option<Direct>,
    /// How often the coarsest grid is smoothed if it is not solved directly.
    sweeps: usize,
}

/// From which level on every rank has all of a grid.
struct Meeting {
    /// The number of the level.
    at: usize,
    /// This rank's part of it.
    part: Level,
}

impl Meeting {
    /// The numbers of the whole level from those of the cells of the parts, row by row. Collective.
    fn gather<'a>(
        part: &Level,
        world: &World,
        numbers: impl Iterator<Item = &'a [f64]>,
    ) -> Result<Vec<f64>, Error> {
        gather_slab(world, (part.grid.shape, part.slab), numbers)
    }

    /// Gives the whole level the right side of the parts. Collective.
    fn collect(&self, world: &World, whole: &mut Level) -> Result<(), Error> {
        let (part, n2) = (&self.part, whole.shape[2]);
        let mut numbers = vec![0.0; part.cells()];
        for (row, to) in part.rows().zip(numbers.chunks_exact_mut(n2)) {
            part.copy_row(&part.b, row, 0, to);
        }
        let all = Self::gather(part, world, numbers.chunks_exact(n2))?;
        for (row, numbers) in whole.rows().zip(all.chunks_exact(n2)) {
            whole.set_right(row, numbers);
        }
        Ok(())
    }

    /// Gives this rank's part the solution of the whole level, with the layers beside it, which are those at the other
    /// end where ends are joined.
    fn spread(&mut self, whole: &Level) {
        let part = &mut self.part;
        let Slab { axis, first, count } = part.slab;
        let layers = part.grid.shape[axis] as isize;
        for layer in -1..=count as isize {
            let from = first as isize + layer;
            if part.grid.periodic[axis] || (0..layers).contains(&from) {
                let from = whole.layer_along(axis, from.rem_euclid(layers));
                let to = part.layer(layer);
                part.x[to].copy_from_slice(&whole.x[from]);
            }
        }
    }
}

impl Hierarchy {
    /// The hierarchy for a matrix on the finest grid, of which each rank has a slab if there are `cuts`; `mirrors` as
    /// for [`Coarsening::of`]. What solves systems `alone`, in whose matrix the identity has this magnitude, has one grid
    /// where neighbours are weakly tied. Collective.
    pub(crate) fn new(
        world: &World,
        finest: Level,
        mut cuts: Option<Cuts>,
        mirrors: &[[f64; 2]; 3],
        alone: Option<f64>,
    ) -> Result<Self, Error> {
        let edges_of = |level: &Level, is_cut: bool| match is_cut {
            true => Edges::of_slab(world, level),
            false => Edges::of_whole(level),
        };
        let mut edges = vec![edges_of(&finest, cuts.is_some())];
        let (mut levels, mut coarsenings, mut meeting) = (vec![finest], Vec::new(), None);
        let mut sweeps = SWEEPS;
        while let Some(last) = levels.last() {
            let shared = cuts.is_some().then_some(world);
            let strengths = last.strengths(shared)?;
            if let Some(identity) = alone.filter(|_| levels.len() == 1 && !last.tied) {
                // Not those of all entries: walls would make them weaker.
                let ties = 1.0 - identity / last.diagonal(shared)?;
                if ties <= WEAK {
                    // The best factor where cells of two colours see each other only, by the largest eigenvalue of
                    // Jacobi's method (Young 1954, Trans. Am. Math. Soc. 76, 92).
                    levels[0].omega = 2.0 / (1.0 + (1.0 - ties * ties).sqrt());
                    break;
                }
            }
            if last.ties(shared)? <= DOMINATED {
                sweeps = FEW_SWEEPS;
                break;
            }
            let Some(coarsening) = Coarsening::of(last, strengths, mirrors, FEWEST) else { break };
            let next = cuts.take().map(|cuts| match coarsening.halves(cuts.axis) {
                true => cuts.halved(),
                false => cuts,
            });
            let coarse = match next {
                None => coarsening.coarse(last, None)?,
                Some(next) if next.are_even() && next.are_worth_while(coarsening.grid.cells()) => {
                    cuts = Some(next);
                    coarsening.coarse(last, Some(world))?
                }
                Some(_) => {
                    let entries = coarsening.entries(last);
                    let (grid, slab) = (coarsening.grid.clone(), coarsening.slab);
                    let all = neighbours(grid.shape);
                    let part = Level::new(grid.clone(), slab, all.clone(), &entries);
                    let lists = (0..all.len())
                        .map(|number| Meeting::gather(&part, world, entries.rows_of(number)));
                    let lists = lists.collect::<Result<Vec<_>, _>>()?;
                    meeting = Some(Meeting { at: levels.len(), part });
                    let [n0, n1, n2] = grid.shape;
                    let whole = Entries::of_lists(&lists, n2, n0 * n1);
                    let (offsets, whole) = kept(None, grid.shape, &whole)?;
                    let slab = Slab::whole(grid.shape);
                    Level::new(grid, slab, offsets, &whole)
                }
            };
            edges.push(edges_of(&coarse, cuts.is_some()));
            coarsenings.push(coarsening);
            levels.push(coarse);
        }
        let coarsest = &levels[levels.len() - 1];
        let is_small = coarsest.cells() <= MOST && coarsest.cells() == coarsest.grid.cells();
        let direct = is_small.then(|| Direct::of(coarsest));
        Ok(Hierarchy { levels, edges, coarsenings, meeting, direct, sweeps })
    }

    /// Takes over the memory of another hierarchy for grids that are the same: that of the system would have to be made
    /// ready again.
    pub(crate) fn take_memory(&mut self, other: Hierarchy) {
        for (level, other) in self.levels.iter_mut().zip(other.levels) {
            level.take_memory(other);
        }
        if let (Some(meeting), Some(other)) = (&mut self.meeting, other.meeting) {
            meeting.part.take_memory(other.part);
        }
    }

    /// The bytes of memory that the grids take.
    pub(crate) fn bytes(&self) -> usize {
        let parts = self.meeting.iter().map(|meeting| &meeting.part);
        self.levels.iter().chain(parts).map(Level::bytes).sum()
    }

    /// The finest grid, whose right side is given and whose solution is found.
    pub(crate) fn finest(&mut self) -> &mut Level {
        &mut self.levels[0]
    }

    /// A V-cycle from the solution 0. Collective.
    pub(crate) fn cycle(&mut self, world: &World) -> Result<(), Error> {
        self.cycle_from(world, 0, None)
    }

    /// Cycles from a first guess found on coarser grids (full multigrid: Trottenberg, Oosterlee & Schüller 2001, section
    /// 2.6), until the root of the mean square of the residual is at most `tolerance`, or while a cycle brings it down by
    /// `slowest` at least: how many there were, and the last residual. Collective.
    pub(crate) fn solve(
        &mut self,
        world: &World,
        tolerance: f64,
        slowest: f64,
        most: usize,
    ) -> Result<(usize, f64), Error> {
        let is_deep = !self.coarsenings.is_empty();
        if is_deep {
            self.begin(world)?;
        }
        let (mut before, mut sweeps) = (f64::INFINITY, 0);
        for cycles in 0.. {
            let residual = match is_deep {
                true => {
                    let times = if cycles == 0 { BEFORE } else { AFTER + BEFORE };
                    let correction =
                        Some(if cycles == 0 { Corrects::All } else { Corrects::Error });
                    self.work(
                        world,
                        0,
                        Task { correction, times, down: Down::Measured, ..Task::default() },
                    )?
                }
                false => {
                    let first = if cycles == 0 { self.residual(world, false)? } else { before };
                    sweeps += self.over_relax(first, tolerance, cycles == 0)?;
                    self.residual(world, true)?
                }
            };
            if residual <= tolerance || residual > slowest * before || cycles == most {
                return Ok((if is_deep { cycles } else { sweeps }, residual));
            }
            before = residual;
            if is_deep {
                self.cycle_from(world, 1, None)?;
            }
        }
        Ok((most, before))
    }

    /// Corrects the solution on the only grid as often as it takes to bring the residual from one norm to another: how
    /// often. Collective.
    fn over_relax(&mut self, from: f64, to: f64, from_zero: bool) -> Result<usize, Error> {
        let level = &mut self.levels[0];
        let rate = level.omega - 1.0;
        let mut times = 1;
        let mut left = from;
        while left > to && times < MOST_SWEEPS {
            left *= rate.max(0.05);
            times += 1;
        }
        match from_zero {
            true => level.smooth_zero(&mut self.edges[0], times)?,
            false => level.smooth(&mut self.edges[0], times)?,
        }
        Ok(times)
    }

    /// The root of the mean square of the residual on the finest grid, or of the right side. Collective.
    fn residual(&mut self, world: &World, of_residual: bool) -> Result<f64, Error> {
        let finest = &mut self.levels[0];
        if of_residual {
            self.edges[0].renew(finest)?;
        }
        let mut sum = ExactSum::new();
        widely(Squares { level: finest, of_residual, sum: &mut sum });
        if finest.cells() < finest.grid.cells() {
            world.combine_sum(&mut sum)?;
        }
        Ok((sum.value() / finest.grid.volume()).sqrt())
    }

    /// Makes a first guess on the grid after the finest. Collective.
    fn begin(&mut self, world: &World) -> Result<(), Error> {
        let coarsest = self.levels.len() - 1;
        for number in 0..coarsest {
            let (fine, coarse) = self.levels.split_at_mut(number + 1);
            let (fine, coarse) = (&fine[number], &mut coarse[0]);
            let meeting = self.meeting.as_mut().filter(|meeting| meeting.at == number + 1);
            let (part, whole) = match meeting {
                None => (coarse, None),
                Some(meeting) => (&mut meeting.part, Some(coarse)),
            };
            let mut restriction = self.coarsenings[number].restriction(fine, part, false, None);
            widely(RestrictAll { restriction: &mut restriction, fine });
            if let (Some(whole), Some(meeting)) = (whole, &self.meeting) {
                meeting.collect(world, whole)?;
            }
        }
        self.cycle_from(world, coarsest, None)?;
        for number in (1..coarsest).rev() {
            self.cycle_from(world, number, Some(Corrects::All))?;
        }
        Ok(())
    }

    /// A cycle on a grid and those that are coarser, from the solution 0, or from one that comes from the next coarser
    /// grid. Collective.
    fn cycle_from(
        &mut self,
        world: &World,
        number: usize,
        correction: Option<Corrects>,
    ) -> Result<(), Error> {
        let (level, edges) = (&mut self.levels[number], &mut self.edges[number]);
        if number == self.coarsenings.len() {
            match &self.direct {
                Some(direct) => direct.solve(level),
                None => level.smooth_zero(edges, self.sweeps)?,
            }
            return Ok(());
        }
        let from_zero = correction.is_none();
        self.work(world, number, Task { correction, from_zero, times: BEFORE, down: Down::Goes })?;
        self.cycle_from(world, number + 1, None)?;
        let correction = Some(Corrects::Error);
        self.work(world, number, Task { correction, times: AFTER, ..Task::default() })?;
        Ok(())
    }

    /// Does what there is to do on a grid: the root of the mean square of the residual, if that is asked for. Collective.
    fn work(&mut self, world: &World, number: usize, task: Task) -> Result<f64, Error> {
        let (fine, coarse) = self.levels.split_at_mut(number + 1);
        let (fine, coarse) = (&mut fine[number], &mut coarse[0]);
        let (edges, of_coarse) = self.edges.split_at_mut(number + 1);
        let (edges, of_coarse) = (&mut edges[number], &mut of_coarse[0]);
        let coarsening = &self.coarsenings[number];
        let Task { correction, from_zero, times, down } = task;
        let meeting = self.meeting.as_mut().filter(|meeting| meeting.at == number + 1);
        let (part, whole) = match meeting {
            None => {
                if correction.is_some() {
                    of_coarse.renew(coarse)?;
                }
                (coarse, None)
            }
            Some(meeting) => {
                if correction.is_some() {
                    meeting.spread(coarse);
                }
                (&mut meeting.part, Some(coarse))
            }
        };
        let mut correction = correction
            .map(|corrects| coarsening.correction(fine, part, corrects == Corrects::Error));
        let mut sum = ExactSum::new();
        let squares = (down == Down::Measured).then_some(&mut sum);
        let mut restriction =
            (down != Down::Not).then(|| coarsening.restriction(fine, part, true, squares));
        let (of_correction, of_restriction) = (correction.as_mut(), restriction.as_mut());
        let work =
            Work { correction: of_correction, from_zero, times, restriction: of_restriction };
        fine.work(edges, work)?;
        if let Some(correction) = correction {
            part.x = correction.solution;
        }
        if let (Some(whole), Some(meeting), true) = (whole, &self.meeting, down != Down::Not) {
            meeting.collect(world, whole)?;
        }
        if down != Down::Measured {
            return Ok(0.0);
        }
        if fine.cells() < fine.grid.cells() {
            world.combine_sum(&mut sum)?;
        }
        Ok((sum.value() / fine.grid.volume()).sqrt())
    }
}

/// What is to be done on a grid that is not the coarsest.
#[derive(Clone, Copy, Default)]
struct Task {
    /// What comes from the next coarser grid.
    correction: Option<Corrects>,
    /// Whether there is the solution 0 at first.
    from_zero: bool,
    /// How often is smoothed.
    times: usize,
    down: Down,
}

/// Whether a solution comes from a coarser grid, or a correction of one.
#[derive(Clone, Copy, PartialEq)]
enum Corrects {
    All,
    Error,
}

/// Whether the residual goes to the coarser grid, and is measured.
#[derive(Clone, Copy, Default, PartialEq)]
enum Down {
    #[default]
    Not,
    Goes,
    Measured,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream::Stream;
    use crate::solvers::multigrid::level::{Lattice, Sizes};

    /// A Laplacian with values held at the walls across some axes.
    fn laplacian(shape: [usize; 3], spacing: [f64; 3], held: bool, periodic: [bool; 3]) -> Level {
        let cells: usize = shape.iter().product();
        let mut offsets = vec![[0; 3]];
        let mut entries = vec![vec![0.0; cells]];
        for axis in (0..3).filter(|axis| shape[*axis] > 1) {
            for side in [-1, 1] {
                let mut offset = [0; 3];
                offset[axis] = side;
                let mut list = vec![0.0; cells];
                for cell in 0..cells {
                    let index =
                        [cell / (shape[1] * shape[2]), cell / shape[2] % shape[1], cell % shape[2]]
                            [axis] as i32;
                    let factor = 1.0 / (spacing[axis] * spacing[axis]);
                    let is_inside = (0..shape[axis] as i32).contains(&(index + side));
                    if is_inside || periodic[axis] {
                        list[cell] += factor;
                        entries[0][cell] -= factor;
                    } else if held {
                        entries[0][cell] -= 2.0 * factor;
                    }
                }
                offsets.push(offset);
                entries.push(list);
            }
        }
        Level::whole(Lattice { shape, periodic, sizes: shape.map(Sizes::equal) }, offsets, &entries)
    }

    /// By which factor the residual falls in a cycle, after a few of them.
    fn factor(level: Level, held: bool) -> f64 {
        let mirrors = [[if held { -1.0 } else { 1.0 }; 2]; 3];
        let n2 = level.shape[2];
        let world = World::solo();
        let mut hierarchy = Hierarchy::new(&world, level.clone(), None, &mirrors, None).unwrap();
        let mut outer = level;
        let mut edges = Edges::of_whole(&outer);
        let stream = Stream::new(1, "residual", 0);
        let cells = outer.cells();
        let sample =
            |k: usize| stream.sample(fluxions_expr::Distribution::Uniform, k as u64, 0) - 0.5;
        let mut right: Vec<f64> = (0..cells).map(sample).collect();
        if !held {
            let mean = right.iter().sum::<f64>() / cells as f64;
            right.iter_mut().for_each(|x| *x -= mean);
        }
        for (row, numbers) in outer.rows().zip(right.chunks_exact(n2)) {
            outer.set_right(row, numbers);
        }
        // The residual, and its norm.
        let mut residual = |outer: &mut Level| {
            edges.renew(outer).unwrap();
            let mut residual = outer.b.clone();
            let mut sum = 0.0;
            for row in outer.rows() {
                for parity in [0, 1] {
                    let (at, count) = outer.half(row, parity);
                    let of_row = &mut residual[at..at + count];
                    outer.residual_in(row, parity, of_row);
                    sum += of_row.iter().map(|x| x * x).sum::<f64>();
                }
            }
            (residual, sum.sqrt())
        };
        let mut norms = Vec::new();
        for _ in 0..10 {
            let (residual, norm) = residual(&mut outer);
            norms.push(norm);
            hierarchy.finest().b.copy_from_slice(&residual);
            hierarchy.cycle(&world).unwrap();
            outer.x.iter_mut().zip(&hierarchy.finest().x).for_each(|(to, x)| *to += x);
        }
        (norms[9] / norms[4]).powf(0.2)
    }

    #[test]
    fn residuals_fall_fast_on_grids_of_any_size() {
        for (shape, periodic, most) in [
            ([1, 1, 257], [false; 3], 0.35),
            ([1, 64, 64], [false; 3], 0.06),
            ([1, 97, 101], [false; 3], 0.4),
            ([1, 100, 60], [false; 3], 0.3),
            ([1, 256, 256], [false; 3], 0.06),
            ([1, 96, 50], [false, true, false], 0.2),
            ([24, 24, 24], [false; 3], 0.1),
            ([17, 20, 33], [false, false, true], 0.3),
        ] {
            for held in [true, false] {
                let found = factor(laplacian(shape, [1.0; 3], held, periodic), held);
                assert!(found < most, "{shape:?} held: {held}: {found}");
            }
        }
    }

    #[test]
    fn axes_of_different_spacing_are_made_coarser_one_by_one() {
        for ratio in [2.0, 3.0, 10.0, 100.0, 1000.0] {
            for held in [true, false] {
                let level = laplacian([1, 64, 64], [1.0, ratio, 1.0], held, [false; 3]);
                let found = factor(level, held);
                assert!(found < 0.3, "{ratio} held: {held}: {found}");
            }
        }
    }
}
