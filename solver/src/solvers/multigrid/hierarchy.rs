//! The grids of a multigrid method, and its cycle.

use fluxions_comm::World;

use crate::error::Error;
use crate::solvers::multigrid::coarsening::{Coarsening, kept};
use crate::solvers::multigrid::direct::Direct;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::gather::gather;
use crate::solvers::multigrid::level::{Level, neighbours};
use crate::solvers::multigrid::slab::{Cuts, Edges, Slab};

/// On a grid of at most so many cells the system is solved directly.
const FEWEST: usize = 40;
/// The most cells of a coarsest grid that is solved directly, and how often a larger one is smoothed.
const MOST: usize = 500;
const SWEEPS: usize = 10;
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
        let [_, n1, n2] = part.grid.shape;
        let rows = part.rows().zip(numbers).map(|((mut row, ..), numbers)| {
            row[part.slab.axis] += part.slab.first;
            ((row[0] * n1 + row[1]) * n2, numbers)
        });
        gather(world, part.grid.cells(), rows)
    }

    /// Gives the whole level the right side of the parts. Collective.
    fn collect(&self, world: &World, whole: &mut Level) -> Result<(), Error> {
        let (part, n2) = (&self.part, whole.shape[2]);
        let rows = part.rows().map(|(_, _, at)| &part.b[at..at + n2]);
        let all = Self::gather(part, world, rows)?;
        for (_, cell, at) in whole.rows() {
            whole.b[at..at + n2].copy_from_slice(&all[cell..cell + n2]);
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
    /// for [`Coarsening::of`]. Collective.
    pub(crate) fn new(
        world: &World,
        finest: Level,
        mut cuts: Option<Cuts>,
        mirrors: &[[f64; 2]; 3],
    ) -> Result<Self, Error> {
        let edges_of = |level: &Level, is_cut: bool| match is_cut {
            true => Edges::of_slab(world, level),
            false => Edges::of_whole(level),
        };
        let mut edges = vec![edges_of(&finest, cuts.is_some())];
        let (mut levels, mut coarsenings, mut meeting) = (vec![finest], Vec::new(), None);
        while let Some(last) = levels.last() {
            let strengths = last.strengths(cuts.is_some().then_some(world))?;
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
                    let part = Level::new(grid.clone(), slab, all.clone(), entries);
                    let lists = (0..all.len())
                        .map(|number| Meeting::gather(&part, world, part.entries.rows_of(number)));
                    let lists = lists.collect::<Result<Vec<_>, _>>()?;
                    meeting = Some(Meeting { at: levels.len(), part });
                    let [n0, n1, n2] = grid.shape;
                    let whole = Entries::of_lists(&lists, n2, n0 * n1);
                    let (offsets, whole) = kept(None, grid.shape, &whole)?;
                    let slab = Slab::whole(grid.shape);
                    Level::new(grid, slab, offsets, whole)
                }
            };
            edges.push(edges_of(&coarse, cuts.is_some()));
            coarsenings.push(coarsening);
            levels.push(coarse);
        }
        let coarsest = &levels[levels.len() - 1];
        let is_small = coarsest.cells() <= MOST && coarsest.cells() == coarsest.grid.cells();
        let direct = is_small.then(|| Direct::of(coarsest));
        Ok(Hierarchy { levels, edges, coarsenings, meeting, direct })
    }

    /// The finest grid, whose right side is given and whose solution is found.
    pub(crate) fn finest(&mut self) -> &mut Level {
        &mut self.levels[0]
    }

    /// A V-cycle from the solution 0. Collective.
    pub(crate) fn cycle(&mut self, world: &World) -> Result<(), Error> {
        self.cycle_from(world, 0)
    }

    fn cycle_from(&mut self, world: &World, number: usize) -> Result<(), Error> {
        let edges = &mut self.edges[number];
        let Some(coarsening) = self.coarsenings.get(number) else {
            let coarsest = &mut self.levels[number];
            match &self.direct {
                Some(direct) => direct.solve(coarsest),
                None => {
                    coarsest.smooth_zero(edges)?;
                    for _ in 1..SWEEPS {
                        coarsest.smooth(edges)?;
                    }
                }
            }
            return Ok(());
        };
        let (fine, coarse) = self.levels.split_at_mut(number + 1);
        let (fine, coarse) = (&mut fine[number], &mut coarse[0]);
        fine.smooth_zero(edges)?;
        for _ in 1..BEFORE {
            fine.smooth(edges)?;
        }
        edges.renew(fine)?;
        match self.meeting.as_mut().filter(|meeting| meeting.at == number + 1) {
            None => coarsening.restrict(fine, coarse),
            Some(meeting) => {
                coarsening.restrict(fine, &mut meeting.part);
                meeting.collect(world, coarse)?;
            }
        }
        self.cycle_from(world, number + 1)?;
        let (fine, coarse) = self.levels.split_at_mut(number + 1);
        let (fine, coarse) = (&mut fine[number], &mut coarse[0]);
        let coarse = match self.meeting.as_mut().filter(|meeting| meeting.at == number + 1) {
            None => {
                self.edges[number + 1].renew(coarse)?;
                coarse
            }
            Some(meeting) => {
                meeting.spread(coarse);
                &mut meeting.part
            }
        };
        self.coarsenings[number].correct(fine, coarse);
        for _ in 0..AFTER {
            fine.smooth(&mut self.edges[number])?;
        }
        Ok(())
    }
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
        let mut hierarchy = Hierarchy::new(&world, level.clone(), None, &mirrors).unwrap();
        let mut outer = level;
        let mut edges = Edges::of_whole(&outer);
        let stream = Stream::new(1, "residual", 0);
        let mut sum = 0.0;
        for (_, cell, at) in outer.rows() {
            for k in 0..n2 {
                let count = (cell + k) as u64;
                let x = stream.sample(fluxions_expr::Distribution::Uniform, count, 0) - 0.5;
                outer.b[at + k] = x;
                sum += x;
            }
        }
        if !held {
            let mean = sum / outer.cells() as f64;
            for (_, _, at) in outer.rows() {
                outer.b[at..at + n2].iter_mut().for_each(|x| *x -= mean);
            }
        }
        // The residual, and its norm.
        let mut residual = |outer: &mut Level| {
            edges.renew(outer).unwrap();
            let (mut residual, shifts) = (outer.b.clone(), outer.shifts());
            let mut sum = 0.0;
            for row in outer.rows() {
                let of_row = &mut residual[row.2..][..n2];
                outer.residual_in(row, &shifts, of_row);
                sum += of_row.iter().map(|x| x * x).sum::<f64>();
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
