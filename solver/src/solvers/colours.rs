//! Colours of cells, so far apart that no cell sees two of the same colour. So one product of a matrix with a vector that is
//! 1 in cells of a colour tells an entry of each row (Curtis, Powell & Reid 1974, J. Inst. Math. Appl. 13, 117).
//!
//! The colour of a cell is the sum of a number for each of its indices, modulo the number of colours.

/// Colours of the cells of a grid.
#[derive(Clone, Debug)]
pub(crate) struct Colours {
    /// How many there are.
    pub(crate) count: usize,
    /// For each axis the number of each index.
    along: [Vec<usize>; 3],
    /// Whether neighbours along one axis alone have colours of their own.
    is_star: bool,
    /// Along which axes cells see others.
    sees: [bool; 3],
}

impl Colours {
    /// The colours for a grid of this shape whose ends are joined along some axes, where cells of a colour have to be `apart`
    /// along each axis, or where cells see no others but the nearest along one axis (`is_star`).
    pub(crate) fn new(
        shape: [usize; 3],
        periodic: [bool; 3],
        apart: [usize; 3],
        is_star: bool,
    ) -> Self {
        let boxes = Self::of_boxes(shape, periodic, apart);
        let stars = is_star.then(|| Self::of_stars(shape, periodic)).flatten();
        let sees = boxes.sees;
        let found = stars.filter(|stars| stars.count < boxes.count).unwrap_or(boxes);
        Colours { sees, ..found }
    }

    /// A colour for each place in boxes of cells; those at a seam have colours of their own.
    fn of_boxes(shape: [usize; 3], periodic: [bool; 3], apart: [usize; 3]) -> Self {
        let counts: [usize; 3] = std::array::from_fn(|axis| {
            let (apart, cells) = (apart[axis], shape[axis]);
            match periodic[axis] && cells % apart != 0 {
                true => (apart + cells % apart).min(cells),
                false => apart.min(cells),
            }
        });
        let along = std::array::from_fn(|axis| {
            let (apart, cells) = (apart[axis], shape[axis]);
            let even = cells / apart * apart;
            let stride: usize = counts[axis + 1..].iter().product();
            let place = |index: usize| match periodic[axis] && index >= even && even > 0 {
                true => apart + index - even,
                false => index % apart,
            };
            (0..cells).map(|index| stride * place(index)).collect()
        });
        Colours {
            count: counts.iter().product(),
            along,
            is_star: false,
            sees: apart.map(|apart| apart > 1),
        }
    }

    /// Colours by which a cell differs from its nearest neighbours, and these from each other: along each axis the number
    /// grows by steps of its own, of which no two, nor their opposites, are the same modulo the number of colours. Where ends
    /// are joined steps of two sizes may be needed to come back to the number of the first index.
    fn of_stars(shape: [usize; 3], periodic: [bool; 3]) -> Option<Self> {
        let axes: Vec<usize> = (0..3).filter(|axis| shape[*axis] > 1).collect();
        let ways = (0..1 << axes.len()).filter_map(|mixed: usize| {
            let is_mixed = |place: usize| mixed >> place & 1 == 1;
            let steps: usize = (0..axes.len()).map(|place| 1 + usize::from(is_mixed(place))).sum();
            let count = 2 * steps + 1;
            let mut along = shape.map(|cells| vec![0; cells]);
            let mut step = 1;
            for (place, axis) in axes.iter().copied().enumerate() {
                let cells = shape[axis];
                // So many steps are larger by one.
                let larger = match (periodic[axis], is_mixed(place)) {
                    (false, false) => 0,
                    (false, true) => return None,
                    (true, false) if (cells * step).is_multiple_of(count) => 0,
                    (true, false) => return None,
                    (true, true) => (count - cells * step % count) % count,
                };
                if larger > cells {
                    return None;
                }
                along[axis] = (0..cells).map(|k| k * step + k.min(larger)).collect();
                step += 1 + usize::from(is_mixed(place));
            }
            Some(Colours { count, along, is_star: true, sees: [true; 3] })
        });
        ways.min_by_key(|colours| colours.count)
    }

    /// The colour of a cell.
    #[cfg(test)]
    fn of(&self, cell: [usize; 3]) -> usize {
        (0..3).map(|axis| self.along[axis][cell[axis]]).sum::<usize>() % self.count
    }

    /// Whether a neighbour is one that cells see.
    pub(crate) fn tell(&self, offset: [i32; 3]) -> bool {
        let is_seen = |axis: usize| offset[axis] == 0 || self.sees[axis];
        let steps = offset.iter().filter(|step| **step != 0).count();
        (0..3).all(is_seen) && (!self.is_star || steps < 2)
    }

    /// The colour of a row of cells, where those along it count from 0.
    pub(crate) fn of_row(&self, [i, j]: [usize; 2]) -> usize {
        (self.along[0][i] + self.along[1][j]) % self.count
    }

    /// For each colour the indices of cells along rows that have it in a row of colour 0, of those in a range.
    pub(crate) fn in_rows(&self, range: std::ops::Range<usize>) -> Vec<Vec<usize>> {
        let mut lists = vec![Vec::new(); self.count];
        let cells = range.clone().zip(&self.along[2][range]);
        cells.for_each(|(index, number)| lists[number % self.count].push(index));
        lists
    }

    /// By how much the number of an index is larger than that of another one along an axis.
    pub(crate) fn step(&self, axis: usize, from: usize, to: usize) -> usize {
        let [from, to] = [from, to].map(|index| self.along[axis][index] % self.count);
        (to + self.count - from) % self.count
    }

    /// The colour of a cell along a row of colour 0.
    pub(crate) fn along_row(&self, index: usize) -> usize {
        self.along[2][index] % self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_sees_a_colour_twice() {
        let sizes =
            [[1, 1, 9], [1, 8, 13], [1, 7, 5], [5, 4, 7], [3, 6, 10], [1, 2, 30], [2, 9, 4]];
        for (shape, periodic) in sizes.into_iter().flat_map(|shape| (0..8).map(move |p| (shape, p)))
        {
            let periodic: [bool; 3] = std::array::from_fn(|axis| periodic >> axis & 1 == 1);
            let apart = shape.map(|cells| if cells > 1 { 3 } else { 1 });
            for is_star in [true, false] {
                let colours = Colours::new(shape, periodic, apart, is_star);
                let neighbour = |cell: [usize; 3], offset: [i32; 3]| -> Option<[usize; 3]> {
                    let mut to = cell;
                    for axis in 0..3 {
                        let (n, index) = (shape[axis] as i32, cell[axis] as i32 + offset[axis]);
                        if !periodic[axis] && !(0..n).contains(&index) {
                            return None;
                        }
                        to[axis] = index.rem_euclid(n) as usize;
                    }
                    Some(to)
                };
                for number in 0..shape.iter().product() {
                    let cell = [
                        number / (shape[1] * shape[2]),
                        number / shape[2] % shape[1],
                        number % shape[2],
                    ];
                    let mut seen: Vec<[usize; 3]> = (0..27)
                        .map(|o: i32| [o / 9 - 1, o / 3 % 3 - 1, o % 3 - 1])
                        .filter(|o| !is_star || o.iter().filter(|o| **o != 0).count() < 2)
                        .filter_map(|offset| neighbour(cell, offset))
                        .collect();
                    seen.sort_unstable();
                    seen.dedup();
                    let mut found: Vec<usize> = seen.iter().map(|cell| colours.of(*cell)).collect();
                    found.sort_unstable();
                    found.dedup();
                    assert_eq!(
                        found.len(),
                        seen.len(),
                        "{shape:?} {periodic:?} {is_star} {cell:?}"
                    );
                    assert!(found.iter().all(|colour| *colour < colours.count));
                }
            }
        }
        // Where cells do not see others there is nothing to tell of these.
        let alone = Colours::new([1, 8, 9], [false; 3], [1, 1, 3], true);
        assert!(alone.tell([0, 0, -1]) && !alone.tell([0, 1, 0]) && !alone.tell([0, -1, 1]));
        let count = |shape, periodic| Colours::new(shape, periodic, [3; 3], true).count;
        assert_eq!(count([1, 100, 77], [false; 3]), 5);
        assert_eq!(count([1, 1024, 1024], [false, true, true]), 9);
        assert_eq!(count([128; 3], [false; 3]), 7);
        assert_eq!(count([128; 3], [true; 3]), 13);
    }
}
