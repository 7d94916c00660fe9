//! Loops over cells. They are compiled once for every width of vectors, and one is chosen at run
//! time.
//!
//! The functions are sequences of operations, each of which is rounded, so every width gives the
//! same bits.

use pulp::{Arch, NullaryFnOnce};

use crate::math::Usual;

/// The width of the vectors with which loops are run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width(Arch);

impl Width {
    /// The widest vectors that this processor has.
    pub(super) fn widest() -> Self {
        Width(Arch::new())
    }

    /// All widths that this processor has, beginning with the one that every processor has.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Width(Arch::Scalar), Width(Arch::new())];
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        all.extend(pulp::x86::V3::try_new().map(|v3| Width(Arch::V3(v3))));
        all
    }

    /// Computes each cell from the numbers of N rows. `usual` and `exact` are the same function,
    /// but `usual` only notes rare arguments. If there were any, `exact` computes all cells again.
    #[inline(always)]
    pub(super) fn each<const N: usize, U, E>(
        self,
        cells: &mut [f64],
        rows: [&[f64]; N],
        usual: U,
        exact: E,
    ) where
        U: Fn(&mut Usual, [f64; N]) -> f64,
        E: Fn([f64; N]) -> f64,
    {
        if self.0.dispatch(EachUsual { cells, rows, f: usual }) {
            self.0.dispatch(Each { cells, rows, f: exact });
        }
    }

    /// Computes each cell from the numbers of N rows, by a function that has no rare arguments.
    #[inline(always)]
    pub(super) fn each_simple<const N: usize, F>(self, cells: &mut [f64], rows: [&[f64]; N], f: F)
    where
        F: Fn([f64; N]) -> f64,
    {
        self.0.dispatch(Each { cells, rows, f });
    }

    /// Whether all numbers are finite.
    pub(super) fn are_finite(self, cells: &[f64]) -> bool {
        self.0.dispatch(AreFinite(cells))
    }
}

// Types with a method that is always inlined are dispatched here, and not closures: for a closure,
// the compiler may leave a call to code for the narrowest vectors.

struct Each<'a, const N: usize, F> {
    cells: &'a mut [f64],
    rows: [&'a [f64]; N],
    f: F,
}

impl<const N: usize, F: Fn([f64; N]) -> f64> NullaryFnOnce for Each<'_, N, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Each { cells, rows, f } = self;
        let rows = rows.map(|row| &row[..cells.len()]);
        for i in 0..cells.len() {
            cells[i] = f(std::array::from_fn(|k| rows[k][i]));
        }
    }
}

struct EachUsual<'a, const N: usize, F> {
    cells: &'a mut [f64],
    rows: [&'a [f64]; N],
    f: F,
}

impl<const N: usize, F: Fn(&mut Usual, [f64; N]) -> f64> NullaryFnOnce for EachUsual<'_, N, F> {
    /// Whether any argument was rare.
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let EachUsual { cells, rows, f } = self;
        let rows = rows.map(|row| &row[..cells.len()]);
        let mut lanes = Usual::default();
        for i in 0..cells.len() {
            cells[i] = f(&mut lanes, std::array::from_fn(|k| rows[k][i]));
        }
        lanes.met_rare()
    }
}

struct AreFinite<'a>(&'a [f64]);

impl NullaryFnOnce for AreFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        // x·0 is 0 for finite x and NaN otherwise. There are many sums, so that the loop is
        // vectorised.
        let mut sums = [0.0; 32];
        let chunks = self.0.chunks_exact(32);
        for (sum, x) in sums.iter_mut().zip(chunks.remainder()) {
            *sum += x * 0.0;
        }
        for chunk in chunks {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *sum += x * 0.0;
            }
        }
        sums.iter().sum::<f64>() == 0.0
    }
}
