//! How far an explicit Runge–Kutta scheme is stable on the real and the imaginary axis.

use std::f64::consts::FRAC_PI_2;

/// The factor R(z) by which a step changes a mode of y' = λy with z = λ dt, as a polynomial:
/// R(z) = 1 + Σ_k z^k bᵀ A^(k−1) 1 (Hairer & Wanner 1996, "Solving Ordinary Differential Equations
/// II", IV.2).
#[derive(Clone, Debug)]
pub(crate) struct StabilityPolynomial {
    /// The coefficients, that of z⁰ first.
    coefficients: Vec<f64>,
}

/// Sums below this share of the sum of magnitudes are 0 but for rounding.
const ROUNDING: f64 = 1e-13;

impl StabilityPolynomial {
    /// That of the scheme with the weights `b` and the rows of the strictly lower triangle of `a`,
    /// one after the other.
    pub(crate) fn new(triangle: &[f64], b: &[f64]) -> Self {
        let mut coefficients = vec![1.0];
        let mut powers = vec![1.0; b.len()];
        for _ in b {
            coefficients.push(b.iter().zip(&powers).map(|(b, power)| b * power).sum());
            let row = |i: usize| &triangle[i * i.saturating_sub(1) / 2..][..i];
            let product = |i: usize| row(i).iter().zip(&powers).map(|(a, power)| a * power).sum();
            powers = (0..b.len()).map(product).collect();
        }
        StabilityPolynomial { coefficients }
    }

    fn stages(&self) -> f64 {
        (self.coefficients.len() - 1) as f64
    }

    /// The region of the left half plane where |R(z)| ≤ 1.
    pub(crate) fn region(&self) -> StabilityRegion {
        let (real, imaginary) = (self.real_limit(), self.imaginary_limit());
        let is_stable = |x: f64, y: f64| {
            let next = |(re, im): (f64, f64), c: &f64| (re * x - im * y + c, re * y + im * x);
            let (re, im) = self.coefficients.iter().rev().fold((0.0, 0.0), next);
            re * re + im * im <= 1.0 + 1e-12
        };
        StabilityRegion::new((real, imaginary), is_stable)
    }

    /// The largest x for which |R(−t)| ≤ 1 for all t up to x.
    pub(crate) fn real_limit(&self) -> f64 {
        let signed = self.coefficients.iter().zip([1.0, -1.0].into_iter().cycle());
        let along: Vec<f64> = signed.map(|(coefficient, sign)| coefficient * sign).collect();
        // No explicit scheme of first order is stable further (Hairer & Wanner 1996, IV.2).
        let most = 2.0 * self.stages().powi(2);
        let until = |sign: f64| {
            let mut excess: Vec<f64> = along.iter().map(|c| sign * c).collect();
            excess[0] -= 1.0;
            negative_until(&excess, most)
        };
        until(1.0).min(until(-1.0))
    }

    /// The largest y for which |R(is)| ≤ 1 for all s up to y.
    pub(crate) fn imaginary_limit(&self) -> f64 {
        // |R(iy)|² − 1 as a polynomial in y².
        let part = |first: usize| {
            let terms = self.coefficients.iter().skip(first).step_by(2);
            let signed = terms.zip([1.0, -1.0].into_iter().cycle());
            signed.map(|(coefficient, sign)| coefficient * sign).collect::<Vec<f64>>()
        };
        let magnitudes = |p: &[f64]| p.iter().map(|c| c.abs()).collect::<Vec<f64>>();
        let squares = |real: &[f64], imaginary: &[f64]| {
            let mut sum = vec![0.0; self.coefficients.len()];
            for (k, term) in product(real, real).into_iter().enumerate() {
                sum[k] += term;
            }
            for (k, term) in product(imaginary, imaginary).into_iter().enumerate() {
                sum[k + 1] += term;
            }
            sum
        };
        let (real, imaginary) = (part(0), part(1));
        let mut excess = squares(&real, &imaginary);
        let largest = squares(&magnitudes(&real), &magnitudes(&imaginary));
        excess[0] -= 1.0;
        for (coefficient, largest) in excess.iter_mut().zip(largest) {
            if coefficient.abs() <= ROUNDING * largest {
                *coefficient = 0.0;
            }
        }
        // No explicit scheme is stable further (Jeltsch & Nevanlinna 1981, Numer. Math. 37, 61).
        negative_until(&excess, self.stages().powi(2)).sqrt()
    }
}

/// The region of the left half plane in which a scheme is stable, as it is seen from 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StabilityRegion {
    /// How far it reaches at equal angles from the imaginary axis to the negative real one.
    radii: Vec<f64>,
}

impl StabilityRegion {
    /// The angles.
    const ANGLES: usize = 129;
    /// The steps in which the end of the region is looked for along an angle.
    const STEPS: usize = 256;

    /// The region of a scheme with these limits on the real and the imaginary axis that is stable where this holds.
    pub(crate) fn new((real, imaginary): (f64, f64), is_stable: impl Fn(f64, f64) -> bool) -> Self {
        let most = 1.5 * real.max(imaginary);
        let radius = |k: usize| {
            if k == 0 {
                return imaginary;
            }
            if k == Self::ANGLES - 1 {
                return real;
            }
            let angle = FRAC_PI_2 * (1.0 + k as f64 / (Self::ANGLES - 1) as f64);
            let (sin, cos) = angle.sin_cos();
            let is_outside = |r: f64| !is_stable(r * cos, r * sin);
            let step = most / Self::STEPS as f64;
            let outside = (1..=Self::STEPS).find(|n| is_outside(*n as f64 * step));
            let Some(n) = outside else { return most };
            bisect(is_outside, (n - 1) as f64 * step, n as f64 * step)
        };
        StabilityRegion { radii: (0..Self::ANGLES).map(radius).collect() }
    }

    /// By what a number in the left half plane may be multiplied and is still in the region; infinite for 0.
    pub(crate) fn longest(&self, x: f64, y: f64) -> f64 {
        let length = x.hypot(y);
        if length == 0.0 {
            return f64::INFINITY;
        }
        let place = (-x).max(0.0).atan2(y.abs()) / FRAC_PI_2 * (Self::ANGLES - 1) as f64;
        let first = (place as usize).min(Self::ANGLES - 2);
        let share = place - first as f64;
        let radius = (1.0 - share) * self.radii[first] + share * self.radii[first + 1];
        radius / length
    }

    /// The radius of the largest half disc in it.
    pub(crate) fn half_disc(&self) -> f64 {
        self.radii.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

fn product(p: &[f64], q: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; p.len() + q.len() - 1];
    for (i, a) in p.iter().enumerate() {
        for (j, b) in q.iter().enumerate() {
            all[i + j] += a * b;
        }
    }
    all
}

fn value(polynomial: &[f64], x: f64) -> f64 {
    polynomial.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Up to where from 0 on a polynomial that is 0 there has no positive value, or `most`.
fn negative_until(polynomial: &[f64], most: f64) -> f64 {
    // The first term that is there decides next to 0.
    if polynomial.iter().find(|c| **c != 0.0).is_some_and(|c| *c > 0.0) {
        return 0.0;
    }
    let mut pieces = roots(&derivative(polynomial), most);
    pieces.push(most);
    let mut start = 0.0;
    for end in pieces {
        let magnitude: f64 =
            polynomial.iter().rev().fold(0.0, |sum, coefficient| sum * end + coefficient.abs());
        if value(polynomial, end) > ROUNDING * magnitude {
            return bisect(|x| value(polynomial, x) > 0.0, start, end);
        }
        start = end;
    }
    most
}

fn derivative(polynomial: &[f64]) -> Vec<f64> {
    polynomial.iter().enumerate().skip(1).map(|(k, c)| k as f64 * c).collect()
}

/// Where a polynomial changes its sign between 0 and `most`, in order. Between neighbouring such
/// places of its derivative it is monotonic.
fn roots(polynomial: &[f64], most: f64) -> Vec<f64> {
    if polynomial.len() < 2 {
        return Vec::new();
    }
    let mut ends = roots(&derivative(polynomial), most);
    ends.push(most);
    let mut found = Vec::new();
    let mut start = 0.0;
    for end in ends {
        let (before, after) = (value(polynomial, start), value(polynomial, end));
        if (before > 0.0) != (after > 0.0) {
            found.push(bisect(|x| (value(polynomial, x) > 0.0) == (after > 0.0), start, end));
        }
        start = end;
    }
    found
}

/// Where something begins to hold between a place where it does not and one where it does.
fn bisect(holds: impl Fn(f64) -> bool, mut without: f64, mut with: f64) -> f64 {
    loop {
        let middle = without + (with - without) / 2.0;
        if middle <= without || middle >= with {
            return without;
        }
        *(if holds(middle) { &mut with } else { &mut without }) = middle;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::tableau::Tableau;

    fn polynomial(tableau: &Tableau) -> StabilityPolynomial {
        let triangle: Vec<f64> =
            (0..tableau.stages()).flat_map(|i| tableau.a(i).to_vec()).collect();
        StabilityPolynomial::new(&triangle, tableau.b())
    }

    #[test]
    fn schemes_of_as_many_stages_as_orders_have_the_exponential_series() {
        let series = [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0];
        for tableau in Tableau::ALL.into_iter().filter(|t| t.stages() == t.order()) {
            let found = polynomial(&tableau).coefficients;
            assert_eq!(found.len(), tableau.order() + 1);
            assert!(found.iter().zip(series).all(|(a, b)| (a - b).abs() < 1e-15), "{found:?}");
        }
    }

    /// |amplification| of y' = λy over one step with z = λ dt, by running the scheme.
    fn amplification(t: &Tableau, z: (f64, f64)) -> f64 {
        let times = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        let mut slopes: Vec<(f64, f64)> = Vec::new();
        for stage in 0..t.stages() {
            let mut y = (1.0, 0.0);
            for (weight, k) in t.a(stage).iter().zip(&slopes) {
                y = (y.0 + weight * k.0, y.1 + weight * k.1);
            }
            slopes.push(times(z, y));
        }
        let sum = |part: fn(&(f64, f64)) -> f64| {
            t.b().iter().zip(&slopes).map(|(b, k)| b * part(k)).sum::<f64>()
        };
        f64::hypot(1.0 + sum(|k| k.0), sum(|k| k.1))
    }

    #[test]
    fn stability_ends_at_the_limits() {
        for t in Tableau::ALL {
            let real = |x: f64| amplification(&t, (-x, 0.0));
            let (x, y) = (t.real_limit(), t.imaginary_limit());
            assert!(real(x * 0.9999) <= 1.0 && real(x * 1.0001) > 1.0);
            let imaginary = |y: f64| amplification(&t, (0.0, y));
            if y > 0.0 {
                assert!(imaginary(y * 0.9999) <= 1.0);
            }
            assert!(imaginary(y * 1.0001 + 0.1) > 1.0, "{}", t.name());
        }
    }

    #[test]
    fn regions_end_where_steps_amplify() {
        for t in Tableau::ALL {
            let region = t.region();
            for angle in [0.1, 0.4, 0.8, 1.2, 1.5] {
                let (x, y) = (-f64::sin(angle), f64::cos(angle));
                let longest = region.longest(x, y);
                let at =
                    |factor: f64| amplification(&t, (factor * longest * x, factor * longest * y));
                assert!(at(0.98) <= 1.0 && at(1.02) > 1.0, "{} {angle}", t.name());
            }
        }
        // Euler's region is the disc about −1.
        let euler = Tableau::EULER.region();
        assert!((euler.longest(-0.01, 1.0) - 0.02).abs() < 1e-5);
        assert!((euler.longest(-1.0, 1.0) - 1.0).abs() < 1e-9);
        assert_eq!((euler.half_disc(), euler.longest(0.0, 0.0)), (0.0, f64::INFINITY));
    }

    /// The undamped Chebyshev scheme of two stages: R(z) = 1 + z + z²/8 touches −1 at z = −4 and
    /// goes on to z = −8.
    #[test]
    fn touching_one_is_no_end() {
        let rows: [&[f64]; 2] = [&[], &[0.125]];
        let chebyshev = Tableau::new("chebyshev", 1, &rows, &[0.0, 1.0], &[0.0, 0.125]).unwrap();
        assert!((chebyshev.real_limit() - 8.0).abs() < 1e-9, "{chebyshev:?}");
        assert_eq!(chebyshev.imaginary_limit(), 0.0);
    }

    /// The four-stage scheme of third order with R(z) = 1 + z + z²/2 + z³/6 + z⁴/12 … is unstable on
    /// the imaginary axis from the start, where z⁴/24 makes it stable.
    #[test]
    fn the_first_term_decides_next_to_zero() {
        let stable = |fourth: f64| {
            let coefficients = vec![1.0, 1.0, 0.5, 1.0 / 6.0, fourth];
            StabilityPolynomial { coefficients }.imaginary_limit()
        };
        assert_eq!(stable(1.0 / 12.0), 0.0);
        assert!((stable(1.0 / 24.0) - 8f64.sqrt()).abs() < 1e-12);
    }
}
