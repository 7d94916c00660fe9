//! Regions: boxes of cells. Some regions of a block have names.
//!
//! The *domain* of a block consists of its own cells. Around it lies the *halo*, which consists of
//! cells of other blocks and of ghost cells beyond walls. The *core* consists of the cells whose
//! neighbours within some reach all lie in the domain. The *rim* is the rest of the domain.

/// A box of cells, given by the first index and one past the last index along each of the three
/// inner axes. Indices count from the first cell of the domain, and those of halo cells may be
/// negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first index along each axis.
    pub start: [isize; 3],
    /// One past the last index along each axis.
    pub end: [isize; 3],
}

impl Region {
    /// The domain of a block of this shape.
    pub fn domain(shape: [usize; 3]) -> Self {
        Region { start: [0; 3], end: shape.map(|n| n as isize) }
    }

    /// The number of cells along each axis.
    #[inline]
    pub fn shape(&self) -> [usize; 3] {
        std::array::from_fn(|a| (self.end[a] - self.start[a]).max(0) as usize)
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether the region has no cells.
    pub fn is_empty(&self) -> bool {
        self.cells() == 0
    }

    /// The region without the outermost `margins` cells on the lower and upper side of each axis.
    /// Where the margins overlap it is empty, but still within this region.
    #[must_use]
    pub fn shrunk(&self, margins: [[usize; 2]; 3]) -> Self {
        let mut inner = *self;
        for axis in 0..3 {
            let [low, high] = margins[axis].map(|m| m as isize);
            inner.start[axis] = (self.start[axis] + low).min(self.end[axis]);
            inner.end[axis] = (self.end[axis] - high).max(inner.start[axis]);
        }
        inner
    }

    /// The region with `margins` more cells on the lower and upper side of each axis.
    #[must_use]
    pub fn grown(&self, margins: [[usize; 2]; 3]) -> Self {
        let mut outer = *self;
        for axis in 0..3 {
            outer.start[axis] -= margins[axis][0] as isize;
            outer.end[axis] += margins[axis][1] as isize;
        }
        outer
    }

    /// The region with its range along one axis replaced by `start..end`.
    #[must_use]
    pub fn with_axis(&self, axis: usize, start: isize, end: isize) -> Self {
        let mut other = *self;
        (other.start[axis], other.end[axis]) = (start, end);
        other
    }

    /// The cells that lie in both regions.
    #[must_use]
    pub fn intersection(&self, other: &Region) -> Self {
        Region {
            start: std::array::from_fn(|a| self.start[a].max(other.start[a])),
            end: std::array::from_fn(|a| self.end[a].min(other.end[a])),
        }
    }

    /// The slabs that make up this region without `core`, which must lie within it. There are at
    /// most two slabs per axis. They are disjoint and not empty.
    pub fn without(&self, core: &Region) -> impl Iterator<Item = Region> + use<> {
        let mut slabs = [*core; 6];
        let mut rest = *self;
        for axis in 0..3 {
            slabs[2 * axis] = rest.with_axis(axis, rest.start[axis], core.start[axis]);
            slabs[2 * axis + 1] = rest.with_axis(axis, core.end[axis], rest.end[axis]);
            rest = rest.with_axis(axis, core.start[axis], core.end[axis]);
        }
        if core.is_empty() {
            slabs = [*self, *core, *core, *core, *core, *core];
        }
        slabs.into_iter().filter(|slab| !slab.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_intersect_in_the_cells_that_both_have() {
        let a = Region { start: [0, -1, 2], end: [4, 3, 5] };
        let b = Region { start: [2, 0, 0], end: [9, 9, 3] };
        assert_eq!(a.intersection(&b), Region { start: [2, 0, 2], end: [4, 3, 3] });
        assert_eq!(b.intersection(&a), a.intersection(&b));
        assert!(a.intersection(&Region { start: [4, 0, 2], end: [5, 1, 3] }).is_empty());
    }

    #[test]
    fn core_and_rim_are_the_domain_each_cell_once() {
        for shape in [[1, 1, 9], [1, 6, 7], [3, 4, 5], [2, 2, 2], [1, 1, 1]] {
            for margin in 0..4 {
                let domain = Region::domain(shape);
                let margins = shape.map(|n| if n == 1 { [0, 0] } else { [margin, 1] });
                let core = domain.shrunk(margins);
                let rim = domain.without(&core);
                let mut count = vec![0; domain.cells()];
                for part in rim.chain([core]) {
                    for i in part.start[0]..part.end[0] {
                        for j in part.start[1]..part.end[1] {
                            for k in part.start[2]..part.end[2] {
                                let at = (i as usize * shape[1] + j as usize) * shape[2];
                                count[at + k as usize] += 1;
                            }
                        }
                    }
                }
                assert!(count.iter().all(|n| *n == 1), "{shape:?} {margin}");
            }
        }
    }
}
