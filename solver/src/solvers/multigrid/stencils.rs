//! The entries of a level's matrix as its loops read them: those of the cells of a row with even indices first, then those
//! with odd ones, so that the cells of one colour of a chequerboard lie side by side.

use fluxions_comm::ExactSum;

use crate::solvers::multigrid::entries::Entries;

/// In a row of fewer cells of a parity it does not matter whether all of them have the same entries.
const LEAST: usize = 16;

/// The entries of the cells of a slab, row of cells by row of cells, and the inverses of those of the cells themselves.
#[derive(Clone, Debug)]
pub(crate) struct Stencils {
    neighbours: usize,
    length: usize,
    /// For each kind of row, one neighbour after the other, the entries of its cells; the inverses last.
    numbers: Vec<f64>,
    /// For each kind of row and parity the numbers of a cell, where they are the same in all cells but the first and the
    /// last one.
    same: Vec<Option<Vec<f64>>>,
    /// The kind of each row.
    kinds: Vec<u32>,
}

impl Stencils {
    /// Those of entries, of which the first ones are those of the cells themselves.
    pub(crate) fn of(entries: &Entries) -> Self {
        let (neighbours, length) = entries.size();
        let mut numbers = Vec::with_capacity(entries.count() * (neighbours + 1) * length);
        for kind in 0..entries.count() as u32 {
            let of_kind = entries.of_kind(kind);
            let start = numbers.len();
            for list in of_kind.chunks_exact(length) {
                numbers.extend(list.iter().step_by(2));
                numbers.extend(list.iter().skip(1).step_by(2));
            }
            let inverse = |x: f64| if x == 0.0 { 0.0 } else { 1.0 / x };
            numbers.extend_from_within(start..start + length);
            let inverses = numbers.len() - length;
            numbers[inverses..].iter_mut().for_each(|x| *x = inverse(*x));
        }
        let kinds = entries.kinds().to_vec();
        let mut stencils = Stencils { neighbours, length, numbers, same: Vec::new(), kinds };
        let both = (0..entries.count()).flat_map(|kind| [(kind, 0), (kind, 1)]);
        stencils.same = both.map(|(kind, parity)| stencils.same_in(kind, parity)).collect();
        stencils
    }

    /// The bytes of memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.numbers) + size_of_val(&*self.kinds)
    }

    /// The numbers of a cell of a kind and parity, if they are the same in almost all.
    fn same_in(&self, kind: usize, parity: usize) -> Option<Vec<f64>> {
        let list = |number: usize| {
            let list = self.list_of(kind, number, parity);
            let inner = list.get(1..list.len().max(1) - 1).filter(|_| list.len() >= LEAST)?;
            inner.iter().all(|x| x.to_bits() == inner[0].to_bits()).then_some(inner[0])
        };
        (0..=self.neighbours).map(list).collect()
    }

    fn list_of(&self, kind: usize, number: usize, parity: usize) -> &[f64] {
        let evens = self.length.div_ceil(2);
        let count = if parity == 0 { evens } else { self.length - evens };
        &self.numbers[self.start_of(kind, number, parity)..][..count]
    }

    /// Where the entries of the cells of a kind and parity begin for one of the neighbours.
    #[inline(always)]
    fn start_of(&self, kind: usize, number: usize, parity: usize) -> usize {
        let start = (kind * (self.neighbours + 1) + number) * self.length;
        if parity == 0 { start } else { start + self.length.div_ceil(2) }
    }

    /// The entries of the cells of a parity in a row for one of the neighbours.
    #[inline(always)]
    pub(super) fn list(&self, row: usize, number: usize, parity: usize) -> &[f64] {
        self.list_of(self.kinds[row] as usize, number, parity)
    }

    /// The entries of the cells of a parity in a row for the neighbours from this one on, and how many numbers apart those
    /// for one begin and those for the next.
    #[inline(always)]
    pub(super) fn lists(&self, row: usize, number: usize, parity: usize) -> (&[f64], usize) {
        let start = self.start_of(self.kinds[row] as usize, number, parity);
        (&self.numbers[start..], self.length)
    }

    /// The inverses of the entries of the cells themselves.
    #[inline(always)]
    pub(super) fn inverses(&self, row: usize, parity: usize) -> &[f64] {
        self.list(row, self.neighbours, parity)
    }

    /// The entries and the inverse of a cell, where they are the same in all cells of a parity in a row but the first and the
    /// last one.
    #[inline(always)]
    pub(super) fn same(&self, row: usize, parity: usize) -> Option<&[f64]> {
        self.same[2 * self.kinds[row] as usize + parity].as_deref()
    }

    /// The entry of a cell of a row.
    pub(crate) fn entry(&self, row: usize, number: usize, cell: usize) -> f64 {
        self.list(row, number, cell % 2)[cell / 2]
    }

    /// The kind of a row.
    pub(crate) fn kind(&self, row: usize) -> u32 {
        self.kinds[row]
    }

    /// The largest sum, of all cells, of the magnitudes of the entries for neighbours beside that of the cell itself.
    pub(crate) fn strongest_ties(&self) -> f64 {
        let kinds = self.numbers.chunks_exact((self.neighbours + 1) * self.length);
        let of_kind = |numbers: &[f64]| {
            let of_cell = |cell: usize| {
                let all = (1..self.neighbours).map(|k| numbers[k * self.length + cell].abs());
                all.sum::<f64>() * numbers[self.neighbours * self.length + cell].abs()
            };
            (0..self.length).map(of_cell).fold(0.0, f64::max)
        };
        kinds.map(of_kind).fold(0.0, f64::max)
    }

    /// Adds the magnitudes of the entries for one of the neighbours to a sum: those of each row are added first, in a fixed
    /// order.
    pub(crate) fn add_magnitudes(&self, number: usize, sum: &mut ExactSum) {
        let of_kind = (self.neighbours + 1) * self.length;
        let kinds = self.numbers.chunks_exact(of_kind);
        let of_kinds: Vec<f64> = kinds
            .map(|numbers| numbers[number * self.length..][..self.length].iter().map(|x| x.abs()))
            .map(Iterator::sum)
            .collect();
        self.kinds.iter().for_each(|kind| sum.add(of_kinds[*kind as usize]));
    }
}
