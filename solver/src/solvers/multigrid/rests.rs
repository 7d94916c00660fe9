//! What the equations of the cells of a row lack, and the values for which they hold.

use crate::solvers::multigrid::level::Level;

/// How many cells are computed together.
const LANES: usize = 8;

/// The entries of cells for a neighbour.
trait Coefficients: Copy {
    /// Those of cells from this one on.
    fn some(self, first: usize) -> [f64; LANES];
    fn one(self, cell: usize) -> f64;
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
}

/// to ← (b − Σ entries·values)·factor, where `to` is none of the values.
#[inline(always)]
fn rests<const N: usize, C: Coefficients, F: Coefficients>(
    to: &mut [f64],
    b: &[f64],
    terms: [(C, &[f64]); N],
    factor: F,
) {
    let count = to.len();
    let (b, terms) = (&b[..count], terms.map(|(entries, values)| (entries, &values[..count])));
    if count < LANES {
        for k in 0..count {
            let mut rest = b[k];
            for (entries, values) in terms {
                rest -= entries.one(k) * values[k];
            }
            to[k] = rest * factor.one(k);
        }
        return;
    }
    let mut first = 0;
    while first < count {
        // The last ones are computed together with some before them once more.
        let at = first.min(count - LANES);
        let mut rest = b.some(at);
        for (entries, values) in terms {
            let (entries, values) = (entries.some(at), values.some(at));
            for lane in 0..LANES {
                rest[lane] -= entries[lane] * values[lane];
            }
        }
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
    terms: [(C, &[f64]); N],
    (factor, omega): (F, f64),
) {
    let count = to.len();
    let (b, terms) = (&b[..count], terms.map(|(entries, values)| (entries, &values[..count])));
    let mut first = 0;
    while first + LANES <= count {
        let mut rest = b.some(first);
        for (entries, values) in terms {
            let (entries, values) = (entries.some(first), values.some(first));
            for lane in 0..LANES {
                rest[lane] -= entries[lane] * values[lane];
            }
        }
        let factor = factor.some(first);
        for (lane, to) in to[first..first + LANES].iter_mut().enumerate() {
            *to += omega * (rest[lane] * factor[lane] - *to);
        }
        first += LANES;
    }
    for k in first..count {
        let mut rest = b[k];
        for (entries, values) in terms {
            rest -= entries.one(k) * values[k];
        }
        to[k] += omega * (rest * factor.one(k) - to[k]);
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
    values: [&[f64]; N],
    inverted: bool,
) {
    let stencils = &level.stencils;
    let count = to.len();
    let lists: [&[f64]; N] = std::array::from_fn(|n| stencils.list(row, from + n, parity));
    let inverses = stencils.inverses(row, parity);
    let omega = level.omega;
    let Some(same) = stencils.same(row, parity) else {
        let terms: [_; N] = std::array::from_fn(|n| (lists[n], values[n]));
        return match inverted {
            true if omega != 1.0 => over_relax(to, b, terms, (inverses, omega)),
            true => rests(to, b, terms, inverses),
            false => rests(to, b, terms, 1.0),
        };
    };
    // The first and the last cell may have other entries.
    let last = count - 1;
    for k in [0, last] {
        let mut rest = b[k];
        for n in 0..N {
            rest -= lists[n][k] * values[n][k];
        }
        to[k] = match inverted {
            true if omega != 1.0 => to[k] + omega * (rest * inverses[k] - to[k]),
            true => rest * inverses[k],
            false => rest,
        };
    }
    let terms: [_; N] = std::array::from_fn(|n| (same[from + n], &values[n][1..last]));
    match inverted {
        true if omega != 1.0 => {
            let inverse = same[same.len() - 1];
            over_relax(&mut to[1..last], &b[1..last], terms, (inverse, omega));
        }
        true => rests(&mut to[1..last], &b[1..last], terms, same[same.len() - 1]),
        false => rests(&mut to[1..last], &b[1..last], terms, 1.0),
    }
}
