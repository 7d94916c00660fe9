//! Loops over cells, compiled once for every width of vectors and chosen when the program runs.
//!
//! Functions are sequences of operations that are rounded one by one, so that every width gives
//! the same bits.

use pulp::Arch;

use crate::math::Usual;

/// The width of vectors that loops are run with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width(Arch);

impl Width {
    /// The widest that this processor has.
    pub(super) fn widest() -> Self {
        Width(Arch::new())
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Width(Arch::Scalar), Width(Arch::new())];
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        all.extend(pulp::x86::V3::try_new().map(|v3| Width(Arch::V3(v3))));
        all
    }

    /// Computes each cell from one number. `usual` and `exact` are the same function.
    #[inline(always)]
    pub(super) fn each<U, E>(self, cells: &mut [f64], a: &[f64], usual: U, exact: E)
    where
        U: Fn(&mut Usual, f64) -> f64,
        E: Fn(f64) -> f64,
    {
        let rare = self.0.dispatch(
            #[inline(always)]
            || {
                let mut lanes = Usual::default();
                for (cell, a) in cells.iter_mut().zip(a) {
                    *cell = usual(&mut lanes, *a);
                }
                lanes.met_rare()
            },
        );
        if rare {
            self.0.dispatch(
                #[inline(always)]
                || {
                    for (cell, a) in cells.iter_mut().zip(a) {
                        *cell = exact(*a);
                    }
                },
            );
        }
    }

    /// The same from two numbers.
    #[inline(always)]
    pub(super) fn each2<U, E>(self, cells: &mut [f64], [a, b]: [&[f64]; 2], usual: U, exact: E)
    where
        U: Fn(&mut Usual, f64, f64) -> f64,
        E: Fn(f64, f64) -> f64,
    {
        let rare = self.0.dispatch(
            #[inline(always)]
            || {
                let mut lanes = Usual::default();
                for ((cell, a), b) in cells.iter_mut().zip(a).zip(b) {
                    *cell = usual(&mut lanes, *a, *b);
                }
                lanes.met_rare()
            },
        );
        if rare {
            self.0.dispatch(
                #[inline(always)]
                || {
                    for ((cell, a), b) in cells.iter_mut().zip(a).zip(b) {
                        *cell = exact(*a, *b);
                    }
                },
            );
        }
    }

    /// The same from three numbers, for a function without rare arguments.
    #[inline(always)]
    pub(super) fn each3<F>(self, cells: &mut [f64], [a, b, c]: [&[f64]; 3], f: F)
    where
        F: Fn(f64, f64, f64) -> f64,
    {
        self.0.dispatch(
            #[inline(always)]
            || {
                for (((cell, a), b), c) in cells.iter_mut().zip(a).zip(b).zip(c) {
                    *cell = f(*a, *b, *c);
                }
            },
        );
    }

    /// Whether all numbers are finite.
    pub(super) fn are_finite(self, cells: &[f64]) -> bool {
        self.0.dispatch(
            #[inline(always)]
            || {
                // x·0 is 0 for finite x and NaN otherwise; many sums, so that they vectorise.
                let mut sums = [0.0; 32];
                let chunks = cells.chunks_exact(32);
                for x in chunks.remainder() {
                    sums[0] += x * 0.0;
                }
                for chunk in chunks {
                    for (sum, x) in sums.iter_mut().zip(chunk) {
                        *sum += x * 0.0;
                    }
                }
                sums.iter().sum::<f64>() == 0.0
            },
        )
    }
}
