//! The decomposition of a grid into blocks, one per rank.

use fluxions_grid::{Face, Grid, Layout, Region, Side};

use crate::error::Error;
use crate::way::Halos;

/// A grid cut into blocks of nearly equal size, `dims[a]` of them along axis a.
///
/// Ranks are numbered along axis 2 first, as cells are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decomposition {
    shape: [usize; 3],
    periodic: [bool; 3],
    dims: [usize; 3],
    /// Cuts are at multiples of so many cells along each axis.
    units: [usize; 3],
    halos: Halos,
}

impl Decomposition {
    /// Cuts `grid` into `ranks` blocks.
    ///
    /// `dims` gives numbers of ranks along the named axes. Where it is 0, or has no entry, the
    /// number is chosen so that the halos are smallest. Of equally good choices the one with more
    /// ranks along earlier axes is taken. Along each inner axis that is cut or periodic, every
    /// block has at least `least` cells.
    ///
    /// # Errors
    /// If the grid has too few cells, or if the product of `dims` is not `ranks`.
    pub fn new(
        grid: &Grid,
        ranks: usize,
        dims: &[usize],
        least: [usize; 3],
    ) -> Result<Self, Error> {
        let shape = grid.shape();
        let missing = grid.missing();
        let periodic: [bool; 3] =
            std::array::from_fn(|a| grid.inner_axis(a).is_some_and(|x| x.is_periodic()));
        let asked: [usize; 3] = std::array::from_fn(|axis| match axis.checked_sub(missing) {
            Some(named) => dims.get(named).copied().unwrap_or(0),
            None => 1,
        });
        let least = least.map(|cells| cells.max(1));
        let free = |a: usize, dims: &[usize; 3]| dims[a] == 1 && !periodic[a];
        let fits =
            |dims: &[usize; 3]| (0..3).all(|a| free(a, dims) || shape[a] / dims[a] >= least[a]);
        let candidates: Vec<[usize; 3]> = factorings(ranks)
            .into_iter()
            .filter(|dims| (0..3).all(|a| asked[a] == 0 || asked[a] == dims[a]))
            .collect();
        if candidates.is_empty() {
            return Err(Error::WrongDims { dims: asked[missing..].to_vec(), ranks });
        }
        let best = candidates
            .into_iter()
            .filter(fits)
            .min_by_key(|dims| (surface(shape, periodic, *dims), dims.map(std::cmp::Reverse)));
        match best {
            Some(dims) => {
                Ok(Decomposition { shape, periodic, dims, units: [1; 3], halos: Halos::default() })
            }
            None => Err(Error::TooManyRanks {
                shape: shape[missing..].to_vec(),
                ranks,
                least: least[missing..].to_vec(),
            }),
        }
    }

    /// The same with cuts at multiples of a power of 2, along each axis the largest one with which blocks differ by
    /// less than a quarter in length and have at least `least` cells. So blocks of cells that become one on a
    /// coarser grid are not cut.
    #[must_use]
    pub fn aligned(self, least: [usize; 3]) -> Self {
        let units = std::array::from_fn(|a| {
            let cells = self.shape[a] / self.dims[a];
            let mut unit = 1;
            while 16 * unit <= cells && cells - 2 * unit >= least[a] {
                unit *= 2;
            }
            unit
        });
        Decomposition { units, ..self }
    }

    /// The same with halos that go in this way.
    #[must_use]
    pub fn with_halos(self, halos: Halos) -> Self {
        Decomposition { halos, ..self }
    }

    /// The number of blocks along each of the three inner axes.
    pub fn dims(&self) -> [usize; 3] {
        self.dims
    }

    /// The number of blocks, which is the number of ranks.
    pub fn ranks(&self) -> usize {
        self.dims.iter().product()
    }

    /// The number of cells of the grid along each axis.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn coordinates(&self, rank: usize) -> [usize; 3] {
        let [_, d1, d2] = self.dims;
        [rank / (d1 * d2), rank / d2 % d1, rank % d2]
    }

    fn rank_at(&self, [c0, c1, c2]: [usize; 3]) -> usize {
        (c0 * self.dims[1] + c1) * self.dims[2] + c2
    }

    /// The block of a rank.
    pub fn subdomain(&self, rank: usize) -> Subdomain {
        let at = self.coordinates(rank);
        let cut = |a: usize, c: usize| match c == self.dims[a] {
            true => self.shape[a],
            // The nearest multiple.
            false => {
                (c * self.shape[a] / self.dims[a] + self.units[a] / 2) / self.units[a]
                    * self.units[a]
            }
        };
        let start: [usize; 3] = std::array::from_fn(|a| cut(a, at[a]));
        let shape = std::array::from_fn(|a| cut(a, at[a] + 1) - start[a]);
        let neighbour = |axis: usize, side: Side| {
            let last = self.dims[axis] - 1;
            let (wraps, next) = match side {
                Side::Lower if at[axis] == 0 => (true, last),
                Side::Lower => (false, at[axis] - 1),
                Side::Upper if at[axis] == last => (true, 0),
                Side::Upper => (false, at[axis] + 1),
            };
            let mut other = at;
            other[axis] = next;
            let here = !wraps || self.periodic[axis];
            here.then(|| Neighbour { rank: self.rank_at(other), wraps })
        };
        let neighbours = std::array::from_fn(|a| Side::BOTH.map(|side| neighbour(a, side)));
        Subdomain { rank, start, shape, global: self.shape, neighbours, halos: self.halos }
    }
}

/// All ways to write `ranks` as a product of three numbers, in order.
fn factorings(ranks: usize) -> Vec<[usize; 3]> {
    let divisors = |n: usize| (1..=n).filter(move |d| n.is_multiple_of(*d));
    divisors(ranks).flat_map(|a| divisors(ranks / a).map(move |b| [a, b, ranks / a / b])).collect()
}

/// The number of cells on both sides of all cuts.
fn surface(shape: [usize; 3], periodic: [bool; 3], dims: [usize; 3]) -> usize {
    let cells: usize = shape.iter().product();
    let cuts = |a: usize| match dims[a] {
        1 => 0,
        n => n - usize::from(!periodic[a]),
    };
    (0..3).map(|a| 2 * cuts(a) * (cells / shape[a])).sum()
}

/// The rank beyond a face of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The number of the rank. If a periodic axis has one block, the block is its own neighbour.
    pub rank: usize,
    /// Whether the end of a periodic axis lies between the two blocks.
    pub wraps: bool,
}

/// The block of one rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subdomain {
    rank: usize,
    start: [usize; 3],
    shape: [usize; 3],
    global: [usize; 3],
    neighbours: [[Option<Neighbour>; 2]; 3],
    halos: Halos,
}

impl Subdomain {
    /// The rank whose block this is.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How its halos go.
    pub fn halos(&self) -> Halos {
        self.halos
    }

    /// The index in the grid of the block's first cell.
    pub fn start(&self) -> [usize; 3] {
        self.start
    }

    /// The number of cells of the block along each axis.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The number of cells of the block.
    pub fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of cells of the whole grid along each axis.
    pub fn global_shape(&self) -> [usize; 3] {
        self.global
    }

    /// The block's cells, counted from its first cell.
    pub fn domain(&self) -> Region {
        Region::domain(self.shape)
    }

    /// The rank beyond a face. `None` where there is a wall.
    pub fn neighbour(&self, face: Face) -> Option<Neighbour> {
        self.neighbours[face.axis][face.side.index()]
    }

    /// The layout of a field on this block with halos of this width.
    pub fn layout(&self, halo: [usize; 3]) -> Layout {
        Layout::new(self.shape, halo)
    }

    /// The number of a cell of the block among all cells of the grid. Cells are numbered along axis
    /// 2 first, then along axis 1 and axis 0.
    pub fn global_number(&self, cell: [usize; 3]) -> u64 {
        let [i, j, k] = std::array::from_fn(|a| (self.start[a] + cell[a]) as u64);
        (i * self.global[1] as u64 + j) * self.global[2] as u64 + k
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxions_grid::Ends;

    fn grid(shape: &[usize], ends: Ends) -> Grid {
        let axes = ["x", "y", "z"].iter().zip(shape);
        axes.fold(Grid::cartesian(), |g, (name, n)| g.axis(name, 0.0..1.0, *n, ends))
            .build()
            .unwrap()
    }

    #[test]
    fn aligned_cuts_are_at_multiples_and_leave_blocks_of_similar_size() {
        for (cells, ranks) in [(1000, 3), (97, 2), (1024, 5), (50, 4), (12, 6)] {
            let grid = grid(&[cells, 7], Ends::Bounded);
            let cut = Decomposition::new(&grid, ranks, &[ranks, 1], [1; 3]).unwrap();
            let cut = cut.aligned([1, 2, 1]);
            let blocks: Vec<Subdomain> = (0..ranks).map(|rank| cut.subdomain(rank)).collect();
            let mut next = 0;
            let unit = (1usize << ((cells / ranks) as f64 / 8.0).max(1.0).log2() as u32).max(1);
            for block in &blocks {
                assert_eq!((block.start()[1], block.start()[1] % unit), (next, 0));
                next += block.shape()[1];
                let share = block.shape()[1] as f64 / (cells as f64 / ranks as f64);
                assert!((0.74..1.26).contains(&share), "{cells} {ranks}: {block:?}");
            }
            assert_eq!(next, cells);
        }
    }

    #[test]
    fn every_cell_belongs_to_one_block_for_any_number_of_ranks() {
        for shape in [&[13][..], &[17, 13], &[5, 6, 14]] {
            let grid = grid(shape, Ends::Periodic);
            for ranks in 1..=13 {
                let decomposition = Decomposition::new(&grid, ranks, &[], [1; 3]).unwrap();
                let mut owners = vec![0; grid.cells()];
                let sizes: Vec<_> = (0..ranks)
                    .map(|rank| {
                        let block = decomposition.subdomain(rank);
                        for i in 0..block.shape()[0] {
                            for j in 0..block.shape()[1] {
                                for k in 0..block.shape()[2] {
                                    owners[block.global_number([i, j, k]) as usize] += 1;
                                }
                            }
                        }
                        block.shape()
                    })
                    .collect();
                assert!(owners.iter().all(|n| *n == 1));
                for axis in 0..3 {
                    let along = sizes.iter().map(|s| s[axis]);
                    assert!(along.clone().max().unwrap() - along.min().unwrap() <= 1);
                }
            }
        }
    }

    #[test]
    fn the_halo_is_smallest_and_earlier_axes_are_cut_first() {
        let dims = |shape: &[usize], ranks, asked: &[usize]| {
            Decomposition::new(&grid(shape, Ends::Bounded), ranks, asked, [1; 3]).unwrap().dims()
        };
        assert_eq!(dims(&[64, 64], 2, &[]), [1, 2, 1]);
        assert_eq!(dims(&[64, 64], 4, &[]), [1, 2, 2]);
        assert_eq!(dims(&[64, 64], 4, &[1]), [1, 1, 4]);
        assert_eq!(dims(&[10, 1000], 2, &[]), [1, 1, 2]);
        assert_eq!(dims(&[64, 64, 64], 8, &[]), [2, 2, 2]);
        assert_eq!(dims(&[64, 64, 64], 6, &[0, 3, 0]), [2, 3, 1]);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let small = grid(&[5], Ends::Bounded);
        assert_eq!(
            Decomposition::new(&small, 6, &[], [1; 3]).unwrap_err().to_string(),
            "a grid of 5 cells cannot be cut into 6 blocks"
        );
        assert!(Decomposition::new(&small, 3, &[], [1, 1, 2]).is_err());
        let error =
            Decomposition::new(&grid(&[8, 8], Ends::Bounded), 6, &[4, 0], [1; 3]).unwrap_err();
        assert_eq!(error.to_string(), "ranks along the axes, [4, 0], do not multiply to 6");
    }

    #[test]
    fn neighbours_wrap_on_periodic_axes_and_end_at_walls() {
        let face = |side| Face { axis: 2, side };
        let periodic = Decomposition::new(&grid(&[6], Ends::Periodic), 3, &[], [1; 3]).unwrap();
        let first = periodic.subdomain(0);
        let wraps = |rank, wraps| Some(Neighbour { rank, wraps });
        assert_eq!(first.neighbour(face(Side::Lower)), wraps(2, true));
        assert_eq!(first.neighbour(face(Side::Upper)), wraps(1, false));
        let bounded = Decomposition::new(&grid(&[6], Ends::Bounded), 3, &[], [1; 3]).unwrap();
        assert_eq!(bounded.subdomain(0).neighbour(face(Side::Lower)), None);
        let alone = Decomposition::new(&grid(&[6], Ends::Periodic), 1, &[], [1; 3]).unwrap();
        assert_eq!(alone.subdomain(0).neighbour(face(Side::Lower)), wraps(0, true));
    }
}
