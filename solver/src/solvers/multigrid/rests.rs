//! What the equations of the cells of a row lack, and the values for which they hold.

use crate::solvers::multigrid::level::Level;

/// How many cells are computed together.
const LANES: usize = 8;
/// Lists for so many neighbours are shortened before a loop, so that their lengths are not looked at in it; of more, that
/// would take longer than a row.
const FEW: usize = 10;

/// The entries of cells for a neighbour.
trait Coefficients: Copy {
    /// Those of cells from this one on.
    fn some(self, first: usize) -> [f64; LANES];
    fn one(self, cell: usize) -> f64;
    fn shortened(self, count: usize) -> Self;
}

impl Coefficients for f64 {
    #[inline(always)]
    fn some(self, _: usize) -> [f64; LANES] {
        [self; LANES]
    }

    #[inline(always)]
    fn one(self, _: usize) -> f64 {
        self
    }

    #[inline(always)]
    fn shortened(self, _: usize) -> Self {
        self
    }
}

impl Coefficients for &[f64] {
    #[inline(always)]
    fn some(self, first: usize) -> [f64; LANES] {
        let mut numbers = [0.0; LANES];
        numbers.copy_from_slice(&self[first..first + LANES]);
        numbers
    }

    #[inline(always)]
    fn one(self, cell: usize) -> f64 {
        self[cell]
    }

    #[inline(always)]
    fn shortened(self, count: usize) -> Self {
        &self[..count]
    }
}

/// Entries for neighbours, and the values of these.
type Terms<'t, const N: usize, C> = (&'t [C; N], &'t [&'t [f64]; N]);

/// b − Σ entries·values in cells from this one on.
#[inline(always)]
fn some_rests<const N: usize, C: Coefficients>(
    b: &[f64],
    (entries, values): Terms<'_, N, C>,
    first: usize,
) -> [f64; LANES] {
    let mut rest = b.some(first);
    for n in 0..N {
        let (entries, values) = (entries[n].some(first), values[n].some(first));
        for lane in 0..LANES {
            rest[lane] -= entries[lane] * values[lane];
        }
    }
    rest
}

/// The same in one cell.
#[inline(always)]
fn rest_in<const N: usize, C: Coefficients>(
    b: &[f64],
    (entries, values): Terms<'_, N, C>,
    cell: usize,
) -> f64 {
    let mut rest = b[cell];
    for n in 0..N {
        rest -= entries[n].one(cell) * values[n][cell];
    }
    rest
}

/// to ← (b − Σ entries·values)·factor, where `to` is none of the values.
#[inline(always)]
fn rests<const N: usize, C: Coefficients, F: Coefficients>(
    to: &mut [f64],
    b: &[f64],
    terms: Terms<'_, N, C>,
    factor: F,
) {
    let count = to.len();
    let b = &b[..count];
    if count < LANES {
        for (k, to) in to.iter_mut().enumerate() {
            *to = rest_in(b, terms, k) * factor.one(k);
        }
        return;
    }
    let shortened;
    let terms = match N < FEW {
        true => {
            shortened =
                (terms.0.map(|entries| entries.shortened(count)), terms.1.map(|x| &x[..count]));
            (&shortened.0, &shortened.1)
        }
        false => terms,
    };
    let mut first = 0;
    while first < count {
        // The last ones are computed together with some before them once more.
        let at = first.min(count - LANES);
        let mut rest = some_rests(b, terms, at);
        let factor = factor.some(at);
        for lane in 0..LANES {
            rest[lane] *= factor[lane];
        }
        to[at..at + LANES].copy_from_slice(&rest);
        first += LANES;
    }
}

/// to ← to + ω·((b − Σ entries·values)·factor − to), where `to` is none of the values.
#[inline(always)]
fn over_relax<const N: usize, C: Coefficients, F: Coefficients>(
    to: &mut [f64],
    b: &[f64],
    terms: Terms<'_, N, C>,
    (factor, omega): (F, f64),
) {
    let count = to.len();
    let b = &b[..count];
    let mut first = 0;
    while first + LANES <= count {
        let rest = some_rests(b, terms, first);
        let factor = factor.some(first);
        for (lane, to) in to[first..first + LANES].iter_mut().enumerate() {
            *to += omega * (rest[lane] * factor[lane] - *to);
        }
        first += LANES;
    }
    for (k, to) in to.iter_mut().enumerate().skip(first) {
        *to += omega * (rest_in(b, terms, k) * factor.one(k) - *to);
    }
}

/// The same for the cells of a parity in a row: the first list of `numbers` and the first cell's neighbours are those from
/// `from` on; the factor is the inverse, or 1.
#[inline(always)]
pub(super) fn rests_in_row<const N: usize>(
    level: &Level,
    (row, parity): (usize, usize),
    from: usize,
    to: &mut [f64],
    b: &[f64],
    values: &[&[f64]; N],
    inverted: bool,
) {
    let (stencils, omega) = (&level.stencils, level.omega);
    let inverses = stencils.inverses(row, parity);
    let (lists, apart) = stencils.lists(row, from, parity);
    let Some(same) = stencils.same(row, parity) else {
        let entries: [&[f64]; N] = std::array::from_fn(|n| &lists[n * apart..]);
        let terms = (&entries, values);
        return match inverted {
            true if omega != 1.0 => over_relax(to, b, terms, (inverses, omega)),
            true => rests(to, b, terms, inverses),
            false => rests(to, b, terms, 1.0),
        };
    };
    // The first and the last cell may have other entries.
    let last = to.len() - 1;
    for k in [0, last] {
        let mut rest = b[k];
        for n in 0..N {
            rest -= lists[n * apart + k] * values[n][k];
        }
        to[k] = match inverted {
            true if omega != 1.0 => to[k] + omega * (rest * inverses[k] - to[k]),
            true => rest * inverses[k],
            false => rest,
        };
    }
    let entries: [f64; N] = std::array::from_fn(|n| same[from + n]);
    let values: [&[f64]; N] = std::array::from_fn(|n| &values[n][1..]);
    let (terms, inverse) = ((&entries, &values), same[same.len() - 1]);
    let (to, b) = (&mut to[1..last], &b[1..last]);
    match inverted {
        true if omega != 1.0 => over_relax(to, b, terms, (inverse, omega)),
        true => rests(to, b, terms, inverse),
        false => rests(to, b, terms, 1.0),
    }
}
