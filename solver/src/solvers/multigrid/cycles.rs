//! A multigrid cycle for each array of the state as something near the inverse of a matrix.

use fluxions_comm::{Combine, ExactSum, World};
use fluxions_expr::Node;
use fluxions_grid::{Condition, Grid, Metric};
use fluxions_halo::Decomposition;

use crate::error::Error;
use crate::run::random_rows::rows;
use crate::solvers::colours::Colours;
use crate::solvers::diagonal::Diagonal;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::gather::gather;
use crate::solvers::multigrid::hierarchy::Hierarchy;
use crate::solvers::multigrid::laplacian::{Mirrors, Power};
use crate::solvers::multigrid::level::{Lattice, Level, Sizes, neighbours};
use crate::solvers::multigrid::probes::Probes;
use crate::solvers::multigrid::slab::{Cuts, Slab};
use crate::solvers::place::Place;
use crate::solvers::vectors::Vector;
use crate::system::boundary::array_condition::FaceConditions;
use crate::system::pde::Pde;

/// The most cells of the grid times arrays, whose entries for up to 27 neighbours have to be held. It does not depend on
/// how the ranks share them, so that the method does not.
const MOST: usize = 1 << 24;

/// How many times the Laplace operator is applied at most.
const MOST_TIMES: usize = 3;

/// Where a cycle leaves more of a residual than this, other methods use cycles better.
const SLOWEST: f64 = 0.2;

/// The entries of a Jacobian matrix for nearest neighbours, and cycles for a matrix made of it.
pub(crate) struct Multigrid {
    pub(super) grid: Lattice,
    /// Where the grid is cut among the ranks; nothing where each of them has all of it.
    pub(super) cuts: Option<Cuts>,
    /// The part of the grid of this rank.
    pub(super) slab: Slab,
    /// For each array how it goes on beyond the ends.
    mirrors: Vec<Mirrors>,
    /// Of the arrays in whose equations the Laplace operator is applied several times, its power.
    powers: Vec<Option<Power>>,
    /// For each array the sign of the matrix of which its cycles are made.
    signs: Vec<f64>,
    pub(super) offsets: Vec<[i32; 3]>,
    colours: Colours,
    /// While entries are being found: for each array what products have told.
    probes: Vec<Probes>,
    /// For each array its entries, once they are found.
    pub(super) entries: Vec<Entries>,
    uniform: bool,
    hierarchies: Vec<Hierarchy>,
    /// The numbers of an array in all of the grid, where they are gathered.
    pub(super) numbers: Vec<f64>,
}

impl Multigrid {
    /// What is needed for some fields of a system; nothing where multigrid is not made for it.
    pub(crate) fn new(
        pde: &Pde,
        fields: &[usize],
        diagonal: &Diagonal,
        periodic: [bool; 3],
        decomposition: &Decomposition,
        rank: usize,
    ) -> Option<Self> {
        let grid = pde.grid();
        let mut mirrors = Vec::new();
        for field in fields {
            let sets = pde.conditions().of_field(*field, pde.types()[*field])?;
            for set in sets {
                mirrors.push(mirrors_of(grid, pde.conditions().of_array(*set))?);
            }
        }
        let shape = grid.shape();
        let cuts = cuts(decomposition, grid.missing());
        let slab = cuts.as_ref().map_or(Slab::whole(shape), |cuts| cuts.slab(rank));
        if diagonal.seen().iter().any(|c| *c > MOST_TIMES) || grid.cells() * mirrors.len() > MOST {
            return None;
        }
        let offsets = neighbours(shape);
        let power = |(mirrors, seen): (&Mirrors, &usize)| {
            (*seen > 1).then(|| Power::new(*seen, grid, slab, periodic, mirrors, &offsets))
        };
        let powers = mirrors.iter().zip(diagonal.seen()).map(power).collect();
        let mut sizes = shape.map(Sizes::equal);
        if grid.cell_volume().is_none() {
            let r = grid.missing();
            let volume = |k: usize| grid.metric(Metric::Volume, k as isize);
            sizes[r].volumes = (0..shape[r]).map(volume).collect();
        }
        let grid = Lattice { shape, periodic, sizes };
        Some(Multigrid {
            grid,
            cuts,
            slab,
            signs: vec![1.0; mirrors.len()],
            mirrors,
            powers,
            offsets,
            colours: diagonal.colours(shape),
            probes: Vec::new(),
            entries: Vec::new(),
            uniform: false,
            hierarchies: Vec::new(),
            numbers: Vec::new(),
        })
    }

    /// The bytes of memory that it takes, once the grids are made.
    pub(crate) fn bytes(&self) -> usize {
        let entries = self.entries.iter().map(Entries::bytes);
        let hierarchies = self.hierarchies.iter().map(Hierarchy::bytes);
        entries.chain(hierarchies).sum::<usize>() + size_of_val(&*self.numbers)
    }

    /// Takes the entries from the product with a vector whose array `number` is 1 in cells of a colour.
    /// Collective.
    pub(crate) fn take(
        &mut self,
        place: &Place<'_>,
        product: Vector,
        number: usize,
        colour: usize,
    ) -> Result<(), Error> {
        let Multigrid { grid, slab, colours, probes, powers, .. } = self;
        if powers[number].is_some() {
            return Ok(());
        }
        let [n0, n1, n2] = slab.shape(grid.shape);
        if probes.is_empty() {
            *probes = vec![Probes::new(colours.count, n0 * n1); self.mirrors.len()];
        }
        let first = [0, 1].map(|axis| if axis == slab.axis { slab.first } else { 0 });
        let of_row = |row: usize| {
            let of_row = colours.of_row([first[0] + row / n1, first[1] + row % n1]);
            (colour + colours.count - of_row) % colours.count
        };
        if self.cuts.is_none() && place.world.size() > 1 {
            let mut values = std::mem::take(&mut self.numbers);
            Self::read(place, grid.cells(), product + number, &mut values)?;
            for (row, values) in values.chunks_exact(n2).enumerate() {
                probes[number].take(row, of_row(row), values);
            }
            self.numbers = values;
        } else {
            let Place { block, memory, .. } = place;
            let (layout, values) = (memory.layout(), memory.of_array(product + number));
            for (row, (_, cells)) in rows(block).enumerate() {
                let values = &values[layout.index(cells.start)..][..n2];
                probes[number].take(row, of_row(row), values);
            }
        }
        Ok(())
    }

    /// Whether each of several ranks has all of the grid.
    fn is_gathered(&self, world: &World) -> bool {
        self.cuts.is_none() && world.size() > 1
    }

    /// Reads the numbers of an array in all of a grid of so many cells, on every rank. Collective.
    pub(super) fn read(
        place: &Place<'_>,
        cells: usize,
        array: usize,
        numbers: &mut Vec<f64>,
    ) -> Result<(), Error> {
        let Place { world, block, memory } = place;
        let (layout, from) = (memory.layout(), memory.of_array(array));
        let rows = rows(block).map(|([i, j], cells)| {
            let row = &from[layout.index(cells.start)..][..cells.shape()[2]];
            (block.global_number([i, j, 0]) as usize, row)
        });
        *numbers = gather(world, cells, rows)?;
        Ok(())
    }

    /// Makes the cycles of identity·I + factor·J ready, which solve systems `alone` or are part of other methods. Collective.
    pub(crate) fn build(
        &mut self,
        world: &World,
        (identity, factor): (f64, f64),
        alone: bool,
    ) -> Result<(), Error> {
        let mut before = std::mem::take(&mut self.hierarchies).into_iter();
        for (k, mirrors) in self.mirrors.iter().enumerate() {
            let (entries, sign) = match &self.powers[k] {
                Some(power) => power.root((identity, factor)),
                None => (self.entries[k].scaled(identity, factor), 1.0),
            };
            self.signs[k] = sign;
            let there = entries.there(self.cuts.is_some().then_some(world))?;
            let offsets = self.offsets.iter().zip(&there).filter(|(_, there)| **there);
            let offsets = offsets.map(|(offset, _)| *offset).collect();
            let entries = entries.only(&there);
            let finest = Level::new(self.grid.clone(), self.slab, offsets, &entries);
            let (cuts, alone) = (self.cuts.clone(), alone.then_some(identity.abs()));
            let mut hierarchy = Hierarchy::new(world, finest, cuts, mirrors, alone)?;
            if let Some(before) = before.next() {
                hierarchy.take_memory(before);
            }
            self.hierarchies.push(hierarchy);
        }
        Ok(())
    }

    /// Takes note that all entries were taken: the mean of the magnitudes that tie a cell to its neighbours, of the array in
    /// which it is largest. Collective.
    pub(crate) fn gathered(&mut self, world: &World) -> Result<f64, Error> {
        let probes = std::mem::take(&mut self.probes);
        let entries_of = |(k, power): (usize, &Option<Power>)| match power {
            Some(power) => power.laplacian.clone(),
            None => probes[k].entries(&self.grid, self.slab, &self.colours, &self.offsets),
        };
        self.entries = self.powers.iter().enumerate().map(entries_of).collect();
        self.uniform = self.are_uniform(world)?;
        let mut strongest: f64 = 0.0;
        for (entries, power) in self.entries.iter().zip(&self.powers) {
            if let Some(power) = power {
                strongest = strongest.max(power.ties());
                continue;
            }
            let mut sum = ExactSum::new();
            entries.add_magnitudes(1..self.offsets.len(), &mut sum);
            if self.cuts.is_some() {
                world.combine_sum(&mut sum)?;
            }
            strongest = strongest.max(sum.value() / self.grid.cells() as f64);
        }
        Ok(strongest)
    }

    /// Whether at least half of the rows of cells have the entries of the row in the middle of the grid. Collective.
    fn are_uniform(&self, world: &World) -> Result<bool, Error> {
        let [n0, n1, _] = self.grid.shape;
        let mut middle = [n0 / 2, n1 / 2];
        let Slab { axis, first, count } = self.slab;
        let is_here = (first..first + count).contains(&middle[axis.min(1)]);
        middle[axis.min(1)] = middle[axis.min(1)].wrapping_sub(first);
        for entries in &self.entries {
            let number = middle[0].wrapping_mul(self.slab.shape(self.grid.shape)[1]);
            let row = is_here.then(|| number + middle[1]);
            let mut hash = [row.map_or(0, |row| (entries.hash_of(row) >> 1) as i64)];
            if self.cuts.is_some() {
                world.combine(Combine::Max, &mut hash)?;
            }
            let mut same = [entries.count_with(hash[0] as u64) as i64];
            if self.cuts.is_some() {
                world.combine(Combine::Sum, &mut same)?;
            }
            if 2 * same[0] < (n0 * n1) as i64 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// to ← a cycle for `from`; several where the Laplace operator is applied several times, between which `between` is
    /// called with the number of an array. Collective.
    pub(crate) fn apply(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
        mut between: impl FnMut(&mut Place<'_>, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let cycle = |hierarchy: &mut Hierarchy, world: &World| hierarchy.cycle(world);
        for k in 0..self.arrays() {
            self.with_array(place, k, (from + k, to + k), self.signs[k], cycle)?;
            for _ in 1..self.powers[k].as_ref().map_or(1, |power| power.exponent) {
                between(place, k)?;
                self.with_array(place, k, (to + k, to + k), 1.0, cycle)?;
            }
        }
        Ok(())
    }

    /// How many cycles one after the other are taken for an array at most.
    pub(crate) fn times(&self) -> usize {
        self.powers.iter().flatten().map(|power| power.exponent).max().unwrap_or(1)
    }

    /// The arrays in whose equations the Laplace operator is applied several times.
    pub(crate) fn powers(&self) -> Vec<usize> {
        (0..self.arrays()).filter(|k| self.powers[*k].is_some()).collect()
    }

    /// The numbers of an array in the cells that are held here. Collective.
    pub(crate) fn here(&self, place: &Place<'_>, array: usize) -> Result<Vec<f64>, Error> {
        let mut numbers = Vec::new();
        if self.is_gathered(place.world) {
            Self::read(place, self.grid.cells(), array, &mut numbers)?;
            return Ok(numbers);
        }
        let (layout, n2) = (place.memory.layout(), self.grid.shape[2]);
        let values = place.memory.of_array(array);
        for (_, cells) in rows(place.block) {
            numbers.extend_from_slice(&values[layout.index(cells.start)..][..n2]);
        }
        Ok(numbers)
    }

    /// Takes note of what the Jacobian matrix makes, in the equation of one of these arrays, of the chequered vector, times
    /// this vector, and of 1: in the cells that are held here, the averages, and that of the squares of the first. Collective.
    pub(crate) fn measure(
        &mut self,
        world: &World,
        k: usize,
        [(of_chequers, average), (of_ones, average_of_ones)]: [(Vec<f64>, f64); 2],
        of_squares: f64,
    ) -> Result<(), Error> {
        let Some(power) = &mut self.powers[k] else { return Ok(()) };
        power.measure(average, of_squares);
        let mut holds = [i64::from(power.hold(&of_chequers, &of_ones))];
        if self.cuts.is_some() {
            world.combine(Combine::Max, &mut holds)?;
        }
        power.is_singular &= holds[0] == 0;
        power.measure_of_one(average_of_ones);
        Ok(())
    }

    /// Whether the entries for nearest neighbours are all that there are.
    pub(crate) fn knows_all_entries(&self) -> bool {
        self.powers.iter().all(Option::is_none)
    }

    /// Whether there is a matrix for nearest neighbours for every array.
    pub(crate) fn is_of_use(&self) -> bool {
        self.powers.iter().flatten().all(|power| power.factor.is_some())
    }

    /// to ← the solution for `from`, of one array, by cycles alone, until the root of the mean square of its residual is
    /// `tolerance`, or until they are slow: their number, and the residual. Collective.
    pub(crate) fn solve(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
        tolerance: f64,
        most: usize,
    ) -> Result<(usize, f64), Error> {
        let mut found = (0, f64::INFINITY);
        self.with_array(place, 0, (from, to), 1.0, |hierarchy, world| {
            found = hierarchy.solve(world, tolerance, SLOWEST, most)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Whether almost all rows of cells have the same entries, so that it takes no time to make coarse matrices.
    pub(crate) fn is_uniform(&self) -> bool {
        self.uniform
    }

    /// Of how many arrays the matrix is.
    pub(crate) fn arrays(&self) -> usize {
        self.mirrors.len()
    }

    /// Gives the numbers of the array `from` to hierarchy `k` as its right side, and takes its solution times `factor` to
    /// another array or the same. Collective.
    fn with_array(
        &mut self,
        place: &mut Place<'_>,
        k: usize,
        (from, to): (usize, usize),
        factor: f64,
        action: impl FnOnce(&mut Hierarchy, &World) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut numbers = std::mem::take(&mut self.numbers);
        let is_gathered = self.is_gathered(place.world);
        if is_gathered {
            Self::read(place, self.grid.cells(), from, &mut numbers)?;
        }
        let Place { world, block, memory } = place;
        let hierarchy = &mut self.hierarchies[k];
        let finest = hierarchy.finest();
        let (layout, n2) = (memory.layout(), finest.shape[2]);
        match is_gathered {
            true => {
                for (row, numbers) in finest.rows().zip(numbers.chunks_exact(n2)) {
                    finest.set_right(row, numbers);
                }
            }
            false => {
                let from = memory.of_array(from);
                for ((_, cells), row) in rows(block).zip(finest.rows()) {
                    finest.set_right(row, &from[layout.index(cells.start)..][..n2]);
                }
            }
        }
        action(hierarchy, world)?;
        let finest = hierarchy.finest();
        // Where the block begins in what is held.
        let start = if self.cuts.is_some() { [0; 3] } else { block.start() };
        let to = memory.of_array_mut(to);
        for ([i, j], cells) in rows(block) {
            let row = finest.row((start[0] + i) * finest.shape[1] + start[1] + j);
            let to = &mut to[layout.index(cells.start)..][..cells.shape()[2]];
            finest.copy_row(&finest.x, row, start[2], to);
            if factor != 1.0 {
                to.iter_mut().for_each(|x| *x *= factor);
            }
        }
        self.numbers = numbers;
        Ok(())
    }
}

/// Where a decomposition cuts the grid into slabs whose layers stay together in pairs; nothing if it does not, or if there
/// is one rank. The axis is the first one.
pub(crate) fn cuts(decomposition: &Decomposition, axis: usize) -> Option<Cuts> {
    let (dims, ranks) = (decomposition.dims(), decomposition.ranks());
    let is_cut_once = (0..3).all(|other| other == axis || dims[other] == 1);
    if ranks == 1 || axis == 2 || !is_cut_once {
        return None;
    }
    let starts = (0..ranks).map(|rank| decomposition.subdomain(rank).start()[axis]);
    let starts = starts.chain([decomposition.shape()[axis]]).collect();
    let cuts = Cuts { axis, starts };
    (cuts.are_even() && cuts.are_worth_while(decomposition.shape().iter().product()))
        .then_some(cuts)
}

/// How corrections of an array go on beyond the ends; nothing where the sign changes between joined ends.
fn mirrors_of(grid: &Grid, conditions: &FaceConditions) -> Option<Mirrors> {
    let mut mirrors = [[1.0; 2]; 3];
    for axis in grid.missing()..3 {
        let spacing = grid.inner_axis(axis).map_or(1.0, |axis| axis.spacing());
        for side in 0..2 {
            mirrors[axis][side] = match &conditions[axis][side].condition {
                Condition::Value(_) | Condition::Ghost(_) | Condition::NormalValue(_) => -1.0,
                Condition::Clamped { .. } | Condition::Supported { .. } => -1.0,
                Condition::Mixed { coefficient, .. } => match coefficient.node {
                    Node::Number(gamma) if spacing * gamma > -2.0 => {
                        (2.0 - spacing * gamma) / (2.0 + spacing * gamma)
                    }
                    _ => 1.0,
                },
                Condition::Antiperiodic => return None,
                _ => 1.0,
            };
        }
    }
    Some(mirrors)
}

#[cfg(test)]
mod tests {
    use fluxions_grid::Ends;

    use super::*;

    #[test]
    fn grids_are_shared_where_ranks_have_pairs_of_layers_and_enough_of_them() {
        let cuts_of = |cells: [usize; 2], dims: [usize; 2]| {
            let grid = Grid::cartesian().axis("x", 0.0..1.0, cells[0], Ends::Bounded);
            let grid = grid.axis("y", 0.0..1.0, cells[1], Ends::Bounded).build().unwrap();
            let ranks = dims[0] * dims[1];
            let cut = Decomposition::new(&grid, ranks, &dims, [1; 3]).unwrap();
            cuts(&cut.aligned([1; 3]), grid.missing()).map(|cuts| cuts.starts)
        };
        assert_eq!(cuts_of([128, 90], [2, 1]), Some(vec![0, 64, 128]));
        assert_eq!(cuts_of([128, 90], [3, 1]), Some(vec![0, 44, 84, 128]));
        assert_eq!(cuts_of([1000, 1000], [3, 1]), Some(vec![0, 320, 672, 1000]));
        // One rank, cuts along two axes, few cells.
        assert_eq!(cuts_of([128, 90], [1, 1]), None);
        assert_eq!(cuts_of([128, 90], [2, 2]), None);
        assert_eq!(cuts_of([32, 32], [2, 1]), None);
    }
}
