//! Discrete Fourier transforms of lines of any length, with the same bits on every machine.
//!
//! Libraries choose instructions by processor and take sines from the C library, so their last bits
//! differ between machines. Here each sum has a fixed order, and sines are computed as in kernels.
//!
//! Lengths with small prime factors are transformed factor by factor (Stockham's form of the
//! algorithm of Cooley & Tukey: Van Loan 1992, "Computational Frameworks for the Fast Fourier
//! Transform", section 1.7). Transforms of other lengths become convolutions whose length is a
//! power of two (Bluestein 1970, IEEE Trans. Audio Electroacoust. 18, 451).

use std::f64::consts::FRAC_PI_2;

use fluxions_expr::Unary;

/// A complex number: its real and its imaginary part.
type Complex = [f64; 2];

/// The largest prime factor for which a transform is a direct sum.
const LARGEST: usize = 13;

/// The transforms of lines of one length.
pub(super) enum Fourier {
    Factors(Factors),
    Chirp(Chirp),
}

impl Fourier {
    /// Prepares the transforms of lines of this length, which must not be 0.
    pub(super) fn new(length: usize) -> Self {
        match factors(length) {
            Some(factors) => Fourier::Factors(Factors::new(length, factors)),
            None => Fourier::Chirp(Chirp::new(length)),
        }
    }

    /// Replaces the amplitudes of the modes of a line by the numbers of its cells, without a
    /// factor. Number m becomes the sum over k of amplitude k times exp(2πi·k·m/n).
    pub(super) fn inverse(&self, line: &mut [Complex]) {
        match self {
            Fourier::Factors(factors) => factors.inverse(line),
            Fourier::Chirp(chirp) => chirp.inverse(line),
        }
    }
}

/// The length as a product of fours and small primes. `None` if it has a larger prime factor.
fn factors(mut length: usize) -> Option<Vec<usize>> {
    let mut factors = Vec::new();
    for factor in std::iter::once(4).chain(2..=LARGEST) {
        while length.is_multiple_of(factor) {
            factors.push(factor);
            length /= factor;
        }
    }
    (length == 1).then_some(factors)
}

/// exp(2πi·k/n) for k below n. Only the angle beyond the last full quarter of the circle is
/// computed, so that quarters of the circle are exact.
fn root(k: usize, n: usize) -> Complex {
    let (quarters, beyond) = (4 * k / n, 4 * k % n);
    let angle = FRAC_PI_2 * beyond as f64 / n as f64;
    let (cos, sin) = (Unary::Cos.eval(angle), Unary::Sin.eval(angle));
    match quarters {
        0 => [cos, sin],
        1 => [-sin, cos],
        2 => [-cos, -sin],
        _ => [sin, -cos],
    }
}

fn times([a, b]: Complex, [c, d]: Complex) -> Complex {
    [a * c - b * d, a * d + b * c]
}

fn plus([a, b]: Complex, [c, d]: Complex) -> Complex {
    [a + c, b + d]
}

fn minus([a, b]: Complex, [c, d]: Complex) -> Complex {
    [a - c, b - d]
}

fn conjugate([a, b]: Complex) -> Complex {
    [a, -b]
}

/// The transforms of a length that is a product of small factors.
pub(super) struct Factors {
    factors: Vec<usize>,
    /// exp(2πi·k/n) for each k below the length n.
    roots: Vec<Complex>,
}

impl Factors {
    fn new(length: usize, factors: Vec<usize>) -> Self {
        Factors { factors, roots: (0..length).map(|k| root(k, length)).collect() }
    }

    fn inverse(&self, line: &mut [Complex]) {
        let mut from = line.to_vec();
        let mut to = vec![[0.0; 2]; line.len()];
        let mut done = 1;
        for factor in &self.factors {
            match factor {
                2 => self.step(&from, &mut to, done, |[a, b]| [plus(a, b), minus(a, b)]),
                4 => self.step(&from, &mut to, done, four),
                3 => self.step(&from, &mut to, done, |z: [Complex; 3]| self.sums(z)),
                5 => self.step(&from, &mut to, done, |z: [Complex; 5]| self.sums(z)),
                7 => self.step(&from, &mut to, done, |z: [Complex; 7]| self.sums(z)),
                11 => self.step(&from, &mut to, done, |z: [Complex; 11]| self.sums(z)),
                13 => self.step(&from, &mut to, done, |z: [Complex; 13]| self.sums(z)),
                _ => unreachable!("{factor} is neither 4 nor a prime up to {LARGEST}"),
            }
            std::mem::swap(&mut from, &mut to);
            done *= factor;
        }
        line.copy_from_slice(&from);
    }

    /// Computes transforms of length N·`done` from those of length `done`.
    ///
    /// Let n be the number of all amplitudes. `from[j + done·t]` is mode j of the transform of
    /// every (n/done)-th number from t on. `to` holds the longer transforms in the same order.
    fn step<const N: usize>(
        &self,
        from: &[Complex],
        to: &mut [Complex],
        done: usize,
        transform: impl Fn([Complex; N]) -> [Complex; N],
    ) {
        let apart = from.len() / (done * N);
        for t in 0..apart {
            for j in 0..done {
                let turned = |q: usize| {
                    let z = from[j + done * (t + apart * q)];
                    if q == 0 { z } else { times(z, self.roots[j * q * apart]) }
                };
                for (s, z) in transform(std::array::from_fn(turned)).into_iter().enumerate() {
                    to[j + done * (s + N * t)] = z;
                }
            }
        }
    }

    /// The transform of a few numbers, computed by its definition.
    fn sums<const N: usize>(&self, z: [Complex; N]) -> [Complex; N] {
        let apart = self.roots.len() / N;
        std::array::from_fn(|s| {
            (1..N).fold(z[0], |sum, q| plus(sum, times(z[q], self.roots[s * q % N * apart])))
        })
    }
}

/// The transform of four numbers.
fn four([a, b, c, d]: [Complex; 4]) -> [Complex; 4] {
    let (even, odd) = (plus(a, c), plus(b, d));
    let (uneven, [re, im]) = (minus(a, c), minus(b, d));
    let turned = [-im, re];
    [plus(even, odd), plus(uneven, turned), minus(even, odd), minus(uneven, turned)]
}

/// The transforms of any length n as convolutions, in which k·m is written as (k² + m² − (m −
/// k)²)/2.
pub(super) struct Chirp {
    /// exp(πi·k²/n) for each k below n.
    chirp: Vec<Complex>,
    /// The conjugate chirp around index 0, transformed and divided by its length.
    filter: Vec<Complex>,
    convolution: Factors,
}

impl Chirp {
    fn new(length: usize) -> Self {
        let chirp: Vec<_> = (0..length).map(|k| root(k * k % (2 * length), 2 * length)).collect();
        let longer = (2 * length - 1).next_power_of_two();
        let convolution =
            Factors::new(longer, factors(longer).expect("a power of two has small factors"));
        let mut filter = vec![[0.0; 2]; longer];
        for (k, z) in chirp.iter().enumerate() {
            let z = conjugate(*z).map(|part| part / longer as f64);
            filter[k] = z;
            filter[(longer - k) % longer] = z;
        }
        convolution.inverse(&mut filter);
        Chirp { chirp, filter, convolution }
    }

    fn inverse(&self, line: &mut [Complex]) {
        let mut long = vec![[0.0; 2]; self.filter.len()];
        for ((long, z), turn) in long.iter_mut().zip(&*line).zip(&self.chirp) {
            *long = times(*z, *turn);
        }
        self.convolution.inverse(&mut long);
        // The transform back is computed as the conjugate of the transform of the conjugates.
        for (z, filter) in long.iter_mut().zip(&self.filter) {
            *z = conjugate(times(*z, *filter));
        }
        self.convolution.inverse(&mut long);
        for ((z, long), turn) in line.iter_mut().zip(&long).zip(&self.chirp) {
            *z = times(conjugate(*long), *turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudorandom complex numbers.
    fn numbers(length: usize) -> Vec<Complex> {
        (0..length).map(|k| [k * k % 17, k * 7 % 23].map(|x| x as f64 - 8.0)).collect()
    }

    fn size([a, b]: Complex) -> f64 {
        a.hypot(b)
    }

    #[test]
    fn transforms_are_the_sums_that_define_them() {
        for n in (1..=70).chain([97, 121, 128, 143, 240, 243, 331, 1024]) {
            let line = numbers(n);
            let mut found = line.clone();
            Fourier::new(n).inverse(&mut found);
            let whole: f64 = line.iter().map(|z| size(*z)).sum();
            for (m, found) in found.into_iter().enumerate() {
                let term = |(k, z): (usize, &Complex)| times(*z, root(k * m % n, n));
                let expected = line.iter().enumerate().map(term).fold([0.0; 2], plus);
                let error = size(minus(found, expected));
                assert!(error <= 1e-15 * whole, "mode {m} of {n}: {error:e} of {whole}");
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_standard_library_and_quarters_are_exact() {
        assert_eq!([0, 1, 2, 3].map(|k| root(k, 4)), [[1., 0.], [-0., 1.], [-1., -0.], [0., -1.]]);
        for n in [1, 3, 7, 12, 1000] {
            for k in 0..n {
                let (sin, cos) = (std::f64::consts::TAU * k as f64 / n as f64).sin_cos();
                assert!(size(minus(root(k, n), [cos, sin])) < 2e-15);
            }
        }
    }

    #[test]
    fn transforms_have_recorded_bits() {
        for (n, recorded) in [(12, 0xf775_53f9_6334_97f6), (97, 0x0b3e_e40a_71dc_b508)] {
            let mut line = numbers(n);
            Fourier::new(n).inverse(&mut line);
            let mix = |hash: u64, x: &f64| {
                (hash.rotate_left(5) ^ x.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            };
            assert_eq!(line.as_flattened().iter().fold(0, mix), recorded, "{n}");
        }
    }
}
