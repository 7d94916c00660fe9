//! From a grid to the next coarser one.

use std::collections::HashMap;

use fluxions_comm::{ExactSum, World};

use crate::error::Error;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::level::{Lattice, Level, Sizes, neighbours};
use crate::solvers::multigrid::slab::Slab;
use crate::solvers::multigrid::transfer::{Correction, Restriction};

/// An axis is made coarser if the coupling along it is at least this share of the strongest.
const WEAK: f64 = 0.2;

/// For each step from a fine cell, −1 to 1: the steps from its coarse one, counted from −1, with weights.
type Reached = [[(usize, f64); 2]; 3];

/// How a grid is made coarser.
#[derive(Clone, Debug)]
pub(crate) struct Coarsening {
    /// Whether each axis is made coarser: two cells become one; the last one may stand alone.
    axes: [bool; 3],
    /// For each axis and index of the fine grid the coarse cells from which a value is interpolated, with their
    /// weights: the one that the cell is part of first.
    weights: [Vec<[(usize, f64); 2]>; 3],
    /// The coarse grid, and the part of it that is made from the slab of the fine one.
    pub(crate) grid: Lattice,
    pub(crate) slab: Slab,
}

impl Coarsening {
    /// The coarsening of a level whose strengths are these, unless it has too few cells. `mirrors` gives for each end
    /// of each axis by which factor values go on beyond it: −1 where they are held at 0, 1 where they go on evenly.
    pub(crate) fn of(
        level: &Level,
        strengths: [f64; 3],
        mirrors: &[[f64; 2]; 3],
        fewest: usize,
    ) -> Option<Self> {
        let fine = &level.grid;
        if fine.cells() <= fewest {
            return None;
        }
        let most = strengths.iter().copied().fold(0.0, f64::max);
        let axes: [bool; 3] = std::array::from_fn(|axis| {
            fine.shape[axis] > 1 && strengths[axis] >= WEAK * most && most > 0.0
        });
        if axes == [false; 3] {
            return None;
        }
        let weights = std::array::from_fn(|axis| {
            let widths = &fine.sizes[axis].widths;
            weights(widths, axes[axis], fine.periodic[axis], mirrors[axis])
        });
        let together = |axis: usize, of_fine: &[f64]| {
            let mut sizes =
                vec![0.0; if axes[axis] { of_fine.len().div_ceil(2) } else { of_fine.len() }];
            for (index, size) in of_fine.iter().enumerate() {
                sizes[if axes[axis] { index / 2 } else { index }] += size;
            }
            sizes
        };
        let sizes: [Sizes; 3] = std::array::from_fn(|axis| {
            let Sizes { widths, volumes } = &fine.sizes[axis];
            Sizes { widths: together(axis, widths), volumes: together(axis, volumes) }
        });
        let shape = std::array::from_fn(|axis| sizes[axis].widths.len());
        let grid = Lattice { shape, periodic: fine.periodic, sizes };
        let Slab { axis, first, count } = level.slab;
        let slab = match axes[axis] {
            true => Slab { axis, first: first / 2, count: (first + count).div_ceil(2) - first / 2 },
            false => level.slab,
        };
        Some(Coarsening { axes, weights, grid, slab })
    }

    /// Whether an axis is made coarser.
    pub(crate) fn halves(&self, axis: usize) -> bool {
        self.axes[axis]
    }

    /// The coarse cell along an axis that a fine one is part of, both as indices in their grids.
    fn parent(&self, axis: usize, index: usize) -> usize {
        if self.axes[axis] { index / 2 } else { index }
    }

    /// By how many cells of the coarse grid, −1 to 1, one leads from one index along an axis to another, round the ends
    /// where these are joined; if both ways lead there, in the direction of `towards`.
    fn step(&self, axis: usize, from: usize, to: usize, towards: i32) -> i32 {
        let (from, to) = (from as i32, to as i32);
        if from == to || !self.grid.periodic[axis] {
            return to - from;
        }
        let cells = self.grid.shape[axis] as i32;
        let reaches = |step: i32| (from + step).rem_euclid(cells) == to;
        let first = if towards < 0 { -1 } else { 1 };
        if reaches(first) { first } else { -first }
    }

    /// For each cell of the fine slab along an axis the index, in the coarse slab, of the cell that it is part of.
    fn parents(&self, axis: usize, fine: &Level) -> Vec<usize> {
        let first = if axis == self.slab.axis { self.slab.first } else { 0 };
        fine.slab
            .along(axis, fine.grid.shape)
            .map(|index| self.parent(axis, index) - first)
            .collect()
    }

    /// The shares of the cells of the fine slab along an axis in the coarse cells that they are parts of, by their
    /// volumes.
    fn shares(&self, axis: usize, fine: &Level) -> Vec<f64> {
        let (of_fine, of_coarse) = (&fine.grid.sizes[axis].volumes, &self.grid.sizes[axis].volumes);
        let cells = fine.slab.along(axis, fine.grid.shape);
        cells.map(|index| of_fine[index] / of_coarse[self.parent(axis, index)]).collect()
    }

    /// For each cell of the fine slab along an axis the coarse cells from which its value is interpolated, as indices
    /// in the coarse slab and the layer around it.
    fn sources(&self, axis: usize, fine: &Level) -> Vec<[(isize, f64); 2]> {
        let coarse = self.grid.shape[axis];
        let is_cut = axis == self.slab.axis && self.slab.count < coarse;
        let first = if is_cut { self.slab.first as isize } else { 0 };
        let cells = fine.slab.along(axis, fine.grid.shape);
        cells
            .map(|index| {
                let parent = self.parent(axis, index);
                self.weights[axis][index].map(|(to, weight)| match is_cut {
                    false => (to as isize, weight),
                    true => {
                        let towards = if index % 2 == 0 { -1 } else { 1 };
                        let step = self.step(axis, parent, to, towards) as isize;
                        (parent as isize + step - first, weight)
                    }
                })
            })
            .collect()
    }

    /// The entries of the coarse level, R·A·P, for the neighbours of [`neighbours`]. Coarse rows that are made of the same
    /// kinds of fine ones in the same way share them.
    pub(crate) fn entries(&self, fine: &Level) -> Entries {
        let shape = self.slab.shape(self.grid.shape);
        let offsets = neighbours(self.grid.shape);
        let place = |o: [i32; 3]| (9 * (o[0] + 1) + 3 * (o[1] + 1) + o[2] + 1) as usize;
        let mut numbers = [0; 27];
        offsets.iter().enumerate().for_each(|(k, offset)| numbers[place(*offset)] = k);
        let ways: [Vec<Way>; 3] = std::array::from_fn(|axis| self.ways(axis, fine));
        let classes: [Vec<usize>; 2] = std::array::from_fn(|axis| classes(&ways[axis]));
        let children: [Vec<Vec<usize>>; 2] =
            std::array::from_fn(|axis| self.children(axis, fine, shape[axis]));
        let parents = self.parents(2, fine);
        let steps: Vec<[usize; 3]> =
            fine.offsets.iter().map(|offset| offset.map(|o| (o + 1) as usize)).collect();
        let n1 = fine.shape[1];
        let mut entries = Entries::new(offsets.len(), shape[2]);
        let mut known: HashMap<Vec<[usize; 3]>, u32> = HashMap::new();
        let mut of_row = vec![0.0; offsets.len() * shape[2]];
        for ci in 0..shape[0] {
            for cj in 0..shape[1] {
                let (is, js) = (&children[0][ci], &children[1][cj]);
                let pairs = || is.iter().flat_map(|i| js.iter().map(move |j| (*i, *j)));
                let made_of = pairs().map(|(i, j)| {
                    let kind = fine.stencils.kind(i * n1 + j) as usize;
                    [kind, classes[0][i], classes[1][j]]
                });
                let made_of: Vec<[usize; 3]> = made_of.collect();
                if let Some(kind) = known.get(&made_of) {
                    entries.push_again(*kind);
                    continue;
                }
                of_row.fill(0.0);
                for (i, j) in pairs() {
                    let (of_i, of_j) = (&ways[0][i], &ways[1][j]);
                    for (number, [a, b, c]) in steps.iter().enumerate() {
                        for (k, of_k) in ways[2].iter().enumerate() {
                            let entry = fine.stencils.entry(i * n1 + j, number, k);
                            let entry = of_i.share * of_j.share * of_k.share * entry;
                            if entry == 0.0 {
                                continue;
                            }
                            let to = parents[k];
                            for (i, u) in of_i.reached[*a].iter().filter(|(_, w)| *w != 0.0) {
                                for (j, v) in of_j.reached[*b].iter().filter(|(_, w)| *w != 0.0) {
                                    for (k, w) in of_k.reached[*c].iter().filter(|(_, w)| *w != 0.0)
                                    {
                                        let neighbour = numbers[9 * i + 3 * j + k];
                                        of_row[neighbour * shape[2] + to] += entry * (u * v * w);
                                    }
                                }
                            }
                        }
                    }
                }
                known.insert(made_of, entries.push(&of_row));
            }
        }
        entries
    }

    /// The coarse level: R·A·P. Collective where the ranks hold parts of it.
    pub(crate) fn coarse(&self, fine: &Level, world: Option<&World>) -> Result<Level, Error> {
        let (offsets, entries) = kept(world, self.grid.shape, &self.entries(fine))?;
        Ok(Level::new(self.grid.clone(), self.slab, offsets, &entries))
    }

    /// How the cells of the fine slab along an axis take part in the coarse matrix.
    fn ways(&self, axis: usize, fine: &Level) -> Vec<Way> {
        let cells = fine.grid.shape[axis] as i32;
        let of_neighbour = |index: usize, towards: i32| {
            let neighbour = (index as i32 + towards).rem_euclid(cells) as usize;
            self.weights[axis][neighbour].map(|(to, weight)| {
                let step = self.step(axis, self.parent(axis, index), to, towards);
                ((step + 1) as usize, weight)
            })
        };
        let cells = fine.slab.along(axis, fine.grid.shape).zip(self.shares(axis, fine));
        cells
            .map(|(index, share)| Way {
                share,
                reached: [-1, 0, 1].map(|towards| of_neighbour(index, towards)),
            })
            .collect()
    }

    /// For each index in the coarse slab along an axis the indices in the fine one of the cells that it is made of.
    fn children(&self, axis: usize, fine: &Level, count: usize) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); count];
        let parents = self.parents(axis, fine).into_iter().enumerate();
        parents.for_each(|(index, parent)| children[parent].push(index));
        children
    }

    /// What gives the coarse level the means of the residual of the fine level after smoothing, or of its right side. The
    /// squares of the numbers, by the volumes of cells, are added to `squares`.
    pub(crate) fn restriction<'l>(
        &self,
        fine: &Level,
        coarse: &'l mut Level,
        of_residual: bool,
        squares: Option<&'l mut ExactSum>,
    ) -> Restriction<'l> {
        let shares = std::array::from_fn(|axis| self.shares(axis, fine));
        let children = std::array::from_fn(|axis| self.children(axis, fine, coarse.shape[axis]));
        Restriction::new(fine, coarse, (shares, children), self.axes[2], (of_residual, squares))
    }

    /// What adds to a fine level what is interpolated from the solution of the coarse one, or replaces what there is. The
    /// layers around the coarse solution have to be right. The solution is lent.
    pub(crate) fn correction(&self, fine: &Level, coarse: &mut Level, adds: bool) -> Correction {
        let sources = std::array::from_fn(|axis| self.sources(axis, fine));
        let weights: Vec<[f64; 2]> = self.weights[2].iter().map(|w| w.map(|(_, w)| w)).collect();
        Correction::new(coarse, sources, &weights, self.axes[2], adds)
    }
}

/// How a fine cell takes part in the coarse matrix, along an axis.
struct Way {
    /// Its share in the coarse cell that it is part of.
    share: f64,
    /// How its neighbours are interpolated.
    reached: Reached,
}

/// The number of each way among those that are different.
fn classes(ways: &[Way]) -> Vec<usize> {
    let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
    let class = |way: &Way| {
        let reached = way.reached.iter().flatten();
        let bits = reached.flat_map(|(step, weight)| [*step as u64, weight.to_bits()]);
        let next = known.len();
        *known.entry(bits.chain([way.share.to_bits()]).collect()).or_insert(next)
    };
    ways.iter().map(class).collect()
}

/// The neighbours that have entries on any rank, with these.
pub(crate) fn kept(
    world: Option<&World>,
    shape: [usize; 3],
    entries: &Entries,
) -> Result<(Vec<[i32; 3]>, Entries), Error> {
    let there = entries.there(world)?;
    let all = neighbours(shape).into_iter().zip(&there);
    let offsets = all.filter(|(_, there)| **there).map(|(offset, _)| offset).collect();
    Ok((offsets, entries.only(&there)))
}

/// For each index of a fine axis the coarse cells from which a value is interpolated.
fn weights(
    widths: &[f64],
    coarser: bool,
    periodic: bool,
    mirrors: [f64; 2],
) -> Vec<[(usize, f64); 2]> {
    let cells = widths.len();
    if !coarser {
        return (0..cells).map(|k| [(k, 1.0), (k, 0.0)]).collect();
    }
    let coarse = cells.div_ceil(2);
    let mut edges = vec![0.0];
    for width in widths {
        edges.push(edges[edges.len() - 1] + width);
    }
    let length = edges[cells];
    let centre = |parent: usize| (edges[2 * parent] + edges[(2 * parent + 2).min(cells)]) / 2.0;
    (0..cells)
        .map(|k| {
            let parent = k / 2;
            let distance = (edges[k] + edges[k + 1]) / 2.0 - centre(parent);
            if distance == 0.0 {
                return [(parent, 1.0), (parent, 0.0)];
            }
            let side = usize::from(distance > 0.0);
            let at_end = [parent == 0, parent + 1 == coarse][side];
            if at_end && !periodic {
                // What goes on beyond the wall mirrors the coarse cell.
                let apart = 2.0 * [centre(parent), length - centre(parent)][side];
                let share = distance.abs() / apart;
                let mirror = mirror_of_wide(mirrors[side], apart);
                return [(parent, 1.0 - share + mirror * share), (parent, 0.0)];
            }
            let other = [(parent + coarse - 1) % coarse, (parent + 1) % coarse][side];
            if other == parent {
                return [(parent, 1.0), (parent, 0.0)];
            }
            let apart = match at_end {
                true => length - (centre(parent) - centre(other)).abs(),
                false => (centre(parent) - centre(other)).abs(),
            };
            let share = distance.abs() / apart;
            [(parent, 1.0 - share), (other, share)]
        })
        .collect()
}

/// By which factor values go on beyond a wall in cells that are so many times as wide as those for which it is `mirror`:
/// where that is (2 − h)/(2 + h), by the same condition (2 − w·h)/(2 + w·h).
fn mirror_of_wide(mirror: f64, widths: f64) -> f64 {
    let (sum, difference) = (1.0 + mirror, widths * (1.0 - mirror));
    match sum > 0.0 && sum + difference > 0.0 {
        true => (sum - difference) / (sum + difference),
        false => mirror,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_interpolated_exactly_and_constants_everywhere() {
        for (cells, periodic) in [(8, false), (7, false), (9, true), (2, true), (5, true)] {
            let list = weights(&vec![1.0; cells], true, periodic, [1.0, 1.0]);
            for pair in &list {
                assert!((pair[0].1 + pair[1].1 - 1.0).abs() < 1e-15, "{cells} {pair:?}");
            }
            let coarse = cells.div_ceil(2);
            let centre = |c: usize| (2 * c + (2 * c + 1).min(cells - 1) + 1) as f64 / 2.0;
            for (k, pair) in list.iter().enumerate() {
                let inside = |c: usize| c > 0 && c + 1 < coarse;
                if pair.iter().all(|(c, _)| inside(*c)) {
                    let found: f64 = pair.iter().map(|(c, w)| w * centre(*c)).sum();
                    assert!((found - (k as f64 + 0.5)).abs() < 1e-14);
                }
            }
        }
        // Beside a wall at which values are 0 they fall on a line to it.
        let held = weights(&[1.0; 8], true, false, [-1.0, -1.0]);
        assert_eq!(held[0], [(0, 0.5), (0, 0.0)]);
        assert_eq!(held[7], [(3, 0.5), (3, 0.0)]);
    }

    #[test]
    fn conditions_are_the_same_for_wider_cells() {
        for (mirror, wide) in [(-1.0, -1.0), (1.0, 1.0), (0.0, -0.6), (0.5, -1.0 / 7.0)] {
            assert!((mirror_of_wide(mirror, 4.0) - wide).abs() < 1e-15, "{mirror}");
        }
        // What a wall makes grow would have no value in cells that are wide enough.
        assert_eq!(mirror_of_wide(3.0, 4.0), 3.0);
    }

    /// The coarse matrix of a Laplacian is that of the coarse grid.
    #[test]
    fn coarse_laplacians_are_laplacians() {
        for held in [true, false] {
            let n = 8;
            let mirror = if held { -1.0 } else { 1.0 };
            let ends = |k: usize| if k == 0 || k + 1 == n { 1.0 } else { 0.0 };
            let centre = (0..n).map(|k| -2.0 + mirror * ends(k)).collect();
            let side = |last: usize| (0..n).map(|k| f64::from(u8::from(k != last))).collect();
            let offsets = vec![[0, 0, 0], [0, 0, -1], [0, 0, 1]];
            let entries = vec![centre, side(0), side(n - 1)];
            let sizes = [1, 1, n].map(Sizes::equal);
            let grid = Lattice { shape: [1, 1, n], periodic: [false; 3], sizes };
            let fine = Level::whole(grid, offsets, &entries);
            let mirrors = [[1.0; 2], [1.0; 2], [mirror; 2]];
            let strengths = fine.strengths(None).unwrap();
            let coarse = Coarsening::of(&fine, strengths, &mirrors, 2).unwrap();
            let coarse = coarse.coarse(&fine, None).unwrap();
            assert_eq!(coarse.shape, [1, 1, n / 2]);
            let expected =
                |k: usize| 0.25 * (-2.0 + mirror * if k == 0 || k == 3 { 1.0 } else { 0.0 });
            for k in 0..n / 2 {
                assert!((coarse.stencils.entry(0, 0, k) - expected(k)).abs() < 1e-15, "{coarse:?}");
            }
        }
    }
}
