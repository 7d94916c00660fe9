//! A multigrid cycle for each array of the state as something near the inverse of a matrix.

use fluxions_comm::{Combine, World};
use fluxions_expr::Node;
use fluxions_grid::{Condition, Grid, Metric};
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::run::memory::Memory;
use crate::run::random_rows::rows;
use crate::solvers::diagonal::Diagonal;
use crate::solvers::multigrid::hierarchy::Hierarchy;
use crate::solvers::multigrid::level::{Level, Sizes, neighbours};
use crate::solvers::place::Place;
use crate::solvers::vectors::Vector;
use crate::system::boundary::array_condition::FaceConditions;
use crate::system::pde::Pde;

/// The most cells times arrays, of which every rank has to hold the entries of 27 neighbours.
const MOST: usize = 1 << 24;

/// How values of an array go on beyond each end of each axis.
type Mirrors = [[f64; 2]; 3];

/// The entries of a Jacobian matrix for nearest neighbours, and cycles for a matrix made of it.
pub(crate) struct Multigrid {
    shape: [usize; 3],
    periodic: [bool; 3],
    sizes: [Sizes; 3],
    /// For each array how it goes on beyond the ends.
    mirrors: Vec<Mirrors>,
    offsets: Vec<[i32; 3]>,
    /// For each array and neighbour the entries of all cells of the grid; nothing where all of them are 0.
    entries: Vec<Vec<Vec<f64>>>,
    hierarchies: Vec<Hierarchy>,
    bits: Vec<i64>,
}

impl Multigrid {
    /// What is needed for some fields of a system; nothing where multigrid is not made for it.
    pub(crate) fn new(
        pde: &Pde,
        fields: &[usize],
        diagonal: &Diagonal,
        periodic: [bool; 3],
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
        if !diagonal.sees_nearest() || grid.cells() * mirrors.len() > MOST {
            return None;
        }
        let mut sizes = shape.map(Sizes::equal);
        if grid.cell_volume().is_none() {
            let r = grid.missing();
            let volume = |k: usize| grid.metric(Metric::Volume, k as isize);
            sizes[r].volumes = (0..shape[r]).map(volume).collect();
        }
        let offsets = neighbours(shape);
        let entries = vec![vec![Vec::new(); offsets.len()]; mirrors.len()];
        let (hierarchies, bits) = (Vec::new(), Vec::new());
        Some(Multigrid { shape, periodic, sizes, mirrors, offsets, entries, hierarchies, bits })
    }

    /// Takes the entries from the product with a vector whose array `number` is 1 in cells of a colour.
    /// Collective.
    pub(crate) fn take(
        &mut self,
        place: &Place<'_>,
        diagonal: &Diagonal,
        product: Vector,
        number: usize,
        colour: [usize; 3],
    ) -> Result<(), Error> {
        // From each index along an axis the step to an index of the colour.
        let steps: [Vec<Option<i32>>; 3] = std::array::from_fn(|axis| {
            let n = self.shape[axis] as i32;
            let has_colour = |index: i32, step: &i32| {
                let to = index + step;
                let inside = self.periodic[axis] || (0..n).contains(&to);
                let to = to.rem_euclid(n) as usize;
                inside && diagonal.colour(axis, to, self.shape) == colour[axis]
            };
            (0..n)
                .map(|index| [0, -1, 1].into_iter().find(|step| has_colour(index, step)))
                .collect()
        });
        let mut values = std::mem::take(&mut self.bits);
        gather(place.world, place.block, place.memory, product + number, &mut values)?;
        let [_, n1, n2] = self.shape;
        for (row, of_row) in values.chunks_exact(n2).enumerate() {
            let (Some(i), Some(j)) = (steps[0][row / n1], steps[1][row % n1]) else { continue };
            let place = |k: i32| self.offsets.iter().position(|offset| *offset == [i, j, k]);
            let places = [-1, 0, 1].map(place);
            for (k, value) in of_row.iter().enumerate() {
                let Some(step) = steps[2][k] else { continue };
                let Some(place) = places[(step + 1) as usize] else { continue };
                let (entries, entry) = (&mut self.entries[number][place], *value as u64);
                if entries.is_empty() && f64::from_bits(entry) != 0.0 {
                    entries.resize(values.len(), 0.0);
                }
                if let Some(known) = entries.get_mut(row * n2 + k) {
                    *known = f64::from_bits(entry);
                }
            }
        }
        self.bits = values;
        Ok(())
    }

    /// Makes the cycles of identity·I + factor·J ready.
    pub(crate) fn build(&mut self, identity: f64, factor: f64) {
        self.hierarchies.clear();
        for (entries, mirrors) in self.entries.iter().zip(&self.mirrors) {
            let cells: usize = self.shape.iter().product();
            let scaled = |(k, list): (usize, &Vec<f64>)| match k {
                0 if list.is_empty() => vec![identity; cells],
                0 => list.iter().map(|entry| identity + factor * entry).collect(),
                _ => list.iter().map(|entry| factor * entry).collect(),
            };
            let there = |(k, list): &(usize, &Vec<f64>)| *k == 0 || !list.is_empty();
            let offsets = entries.iter().enumerate().filter(there).map(|(k, _)| self.offsets[k]);
            let (sizes, offsets) = (self.sizes.clone(), offsets.collect());
            let entries = entries.iter().enumerate().filter(there).map(scaled).collect();
            let finest = Level::new(self.shape, self.periodic, sizes, offsets, entries);
            self.hierarchies.push(Hierarchy::new(finest, mirrors));
        }
    }

    /// The mean of the magnitudes that tie a cell to its neighbours, of the array in which it is largest.
    pub(crate) fn strength(&self) -> f64 {
        let cells: usize = self.shape.iter().product();
        let of_array = |entries: &Vec<Vec<f64>>| {
            let neighbours = entries[1..].iter().flatten();
            neighbours.map(|x| x.abs()).sum::<f64>() / cells as f64
        };
        self.entries.iter().map(of_array).fold(0.0, f64::max)
    }

    /// to ← a cycle for `from`. Collective.
    pub(crate) fn apply(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
    ) -> Result<(), Error> {
        let Place { world, block, memory } = place;
        for (k, hierarchy) in self.hierarchies.iter_mut().enumerate() {
            gather(world, block, memory, from + k, &mut self.bits)?;
            let finest = hierarchy.finest();
            let n2 = self.shape[2];
            for (_, cell, at) in finest.rows() {
                let bits = self.bits[cell..cell + n2].iter();
                finest.b[at..at + n2].iter_mut().zip(bits).for_each(|(to, bits)| {
                    *to = f64::from_bits(*bits as u64);
                });
            }
            hierarchy.cycle();
            let finest = hierarchy.finest();
            let (layout, start) = (memory.layout(), block.start());
            let numbers = memory.of_array_mut(to + k);
            for ([i, j], cells) in rows(block) {
                let at = finest.at([start[0] + i, start[1] + j, start[2]]);
                let length = cells.shape()[2];
                let row = &mut numbers[layout.index(cells.start)..][..length];
                row.copy_from_slice(&finest.x[at..at + length]);
            }
        }
        Ok(())
    }
}

/// The bits of an array on the whole grid, on every rank. Collective.
fn gather(
    world: &World,
    block: &Subdomain,
    memory: &Memory,
    array: usize,
    bits: &mut Vec<i64>,
) -> Result<(), Error> {
    let cells: usize = block.global_shape().iter().product();
    bits.clear();
    bits.resize(cells, 0);
    let (layout, numbers) = (memory.layout(), memory.of_array(array));
    for ([i, j], cells) in rows(block) {
        let row = &numbers[layout.index(cells.start)..][..cells.shape()[2]];
        let to = &mut bits[block.global_number([i, j, 0]) as usize..][..row.len()];
        to.iter_mut().zip(row).for_each(|(to, x)| *to = x.to_bits() as i64);
    }
    if world.size() > 1 {
        // Each number is that of one rank, and 0 on all others.
        world.combine(Combine::Sum, bits)?;
    }
    Ok(())
}

/// How corrections of an array go on beyond the ends; nothing where the sign changes between joined ends.
fn mirrors_of(grid: &Grid, conditions: &FaceConditions) -> Option<Mirrors> {
    let mut mirrors = [[1.0; 2]; 3];
    for axis in grid.missing()..3 {
        let spacing = grid.inner_axis(axis).map_or(1.0, |axis| axis.spacing());
        for side in 0..2 {
            mirrors[axis][side] = match &conditions[axis][side].condition {
                Condition::Value(_) | Condition::Ghost(_) | Condition::NormalValue(_) => -1.0,
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
