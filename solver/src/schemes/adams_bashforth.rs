//! Explicit multistep schemes: one evaluation a step, and slopes kept from the steps before.

use crate::plan::plan::Plan;
use crate::schemes::runge_kutta::RungeKutta;
use crate::schemes::scheme::{Scheme, Starting};
use crate::schemes::stability::StabilityRegion;
use crate::schemes::stages::Stages;
use crate::schemes::tableau::Tableau;
use crate::system::pde::Pde;

/// An explicit scheme that takes the slope of a step from the polynomial through those at its beginning and at the
/// beginnings of the steps before: u ← u + dt Σ_j b_j F_(n−j) (Hairer, Nørsett & Wanner 1993, "Solving Ordinary
/// Differential Equations I", III.1, eq. 1.5). Its first steps, and those after a change of their length, are
/// Runge–Kutta steps of the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdamsBashforth {
    /// Of order 2, from two slopes. Unstable for undamped oscillations.
    Two,
    /// Of order 3, from three slopes.
    Three,
}

impl AdamsBashforth {
    /// Both of them.
    pub const ALL: [AdamsBashforth; 2] = [AdamsBashforth::Two, AdamsBashforth::Three];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            AdamsBashforth::Two => "adams-bashforth2",
            AdamsBashforth::Three => "adams-bashforth3",
        }
    }

    /// The weights of the slopes, the newest first.
    fn weights(self) -> &'static [f64] {
        match self {
            AdamsBashforth::Two => &[1.5, -0.5],
            AdamsBashforth::Three => &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
        }
    }

    /// The scheme of the first steps.
    fn first(self) -> Tableau {
        match self {
            AdamsBashforth::Two => Tableau::RK2,
            AdamsBashforth::Three => Tableau::SSPRK3,
        }
    }
}

/// The steps of a multistep scheme.
#[derive(Clone, Debug)]
pub(crate) struct AdamsBashforthScheme {
    scheme: AdamsBashforth,
    step: RungeKutta,
    first: RungeKutta,
}

impl AdamsBashforthScheme {
    /// Those of this scheme.
    pub(crate) fn new(scheme: AdamsBashforth) -> Self {
        let (weights, first) = (scheme.weights(), scheme.first());
        let back = weights.len() - 1;
        let step = Stages::of(&Tableau::EULER, true).keeping(back).looking_back(weights);
        let step = RungeKutta::with_stages(Tableau::EULER, step);
        let stages = Stages::of(&first, true).keeping(back);
        AdamsBashforthScheme { scheme, step, first: RungeKutta::with_stages(first, stages) }
    }
}

impl Scheme for AdamsBashforthScheme {
    fn name(&self) -> &str {
        self.scheme.name()
    }

    fn order(&self) -> usize {
        self.scheme.weights().len()
    }

    /// Up to there all roots of the characteristic polynomial are at most 1 in magnitude (Hairer & Wanner 1996,
    /// "Solving Ordinary Differential Equations II", V.1).
    fn real_limit(&self) -> f64 {
        match self.scheme {
            AdamsBashforth::Two => 1.0,
            AdamsBashforth::Three => 6.0 / 11.0,
        }
    }

    fn imaginary_limit(&self) -> f64 {
        match self.scheme {
            AdamsBashforth::Two => 0.0,
            // (6/5)·√(4/11)
            AdamsBashforth::Three => 0.723_627_226_866_878,
        }
    }

    /// Where all roots ζ of ζ^m = ζ^(m−1) + z Σ_j b_j ζ^(m−1−j) are at most 1 in magnitude, which the Schur–Cohn
    /// recursion tells.
    fn region(&self) -> Option<StabilityRegion> {
        let weights = self.scheme.weights();
        let limits = (self.real_limit(), self.imaginary_limit());
        Some(StabilityRegion::new(limits, |x, y| {
            // The coefficients of ζ^0 … ζ^m.
            let own = weights.iter().rev().map(|b| (-b * x, -b * y));
            let mut p: Vec<(f64, f64)> = own.chain([(1.0, 0.0)]).collect();
            p[weights.len() - 1].0 -= 1.0;
            while p.len() > 1 {
                let (first, last) = (p[0], p[p.len() - 1]);
                let square = |(re, im): (f64, f64)| re * re + im * im;
                if square(first) >= square(last) * (1.0 + 1e-12) {
                    return false;
                }
                // (conj(last)·p − first·conj(reversed p))/ζ
                let next = |k: usize| {
                    let (a, b) = (p[k], p[p.len() - 1 - k]);
                    let left = (last.0 * a.0 + last.1 * a.1, last.0 * a.1 - last.1 * a.0);
                    let right = (first.0 * b.0 + first.1 * b.1, first.1 * b.0 - first.0 * b.1);
                    (left.0 - right.0, left.1 - right.1)
                };
                p = (1..p.len()).map(next).collect();
            }
            true
        }))
    }

    fn registers(&self, pde: &Pde) -> usize {
        self.step.registers(pde).max(self.first.registers(pde))
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        self.step.kept(pde)
    }

    fn step(&self, pde: &Pde) -> Plan {
        self.step.step(pde)
    }

    fn starting(&self, pde: &Pde) -> Option<Starting> {
        Some(Starting {
            plan: self.first.step(pde),
            steps: (self.scheme.weights().len() - 1) as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ_j b_j (−j)^k = 1/(k + 1) up to the order, and not beyond.
    #[test]
    fn weights_integrate_polynomials() {
        for scheme in AdamsBashforth::ALL {
            let weights = scheme.weights();
            let moment = |k: i32| -> f64 {
                let terms = weights.iter().enumerate();
                terms.map(|(j, b)| b * (-(j as f64)).powi(k)).sum()
            };
            let error = |k: usize| (moment(k as i32) - 1.0 / (k + 1) as f64).abs();
            assert!((0..weights.len()).all(|k| error(k) < 1e-15), "{}", scheme.name());
            assert!(error(weights.len()) > 0.1);
        }
    }

    /// The largest magnitude of the roots of ζ^m = ζ^(m−1) + z Σ_j b_j ζ^(m−1−j), by iteration.
    fn amplification(scheme: AdamsBashforth, (re, im): (f64, f64)) -> f64 {
        let weights = scheme.weights();
        let mut slopes = vec![(1.0, 0.5), (-0.3, 1.0), (0.7, -0.2)];
        slopes.truncate(weights.len());
        let mut y: (f64, f64) = (1.0, 0.0);
        let mut size = 0.0;
        const STEPS: usize = 40_000;
        for _ in 0..STEPS {
            slopes.rotate_right(1);
            slopes[0] = (re * y.0 - im * y.1, re * y.1 + im * y.0);
            for (b, slope) in weights.iter().zip(&slopes) {
                y = (y.0 + b * slope.0, y.1 + b * slope.1);
            }
            let length = y.0.hypot(y.1).max(slopes[0].0.hypot(slopes[0].1)).max(1e-300);
            size += length.ln();
            y = (y.0 / length, y.1 / length);
            slopes.iter_mut().for_each(|slope| *slope = (slope.0 / length, slope.1 / length));
        }
        (size / STEPS as f64).exp()
    }

    #[test]
    fn stability_ends_at_the_limits() {
        for scheme in AdamsBashforth::ALL {
            let made = AdamsBashforthScheme::new(scheme);
            let (x, y) = (made.real_limit(), made.imaginary_limit());
            assert!(amplification(scheme, (-0.99 * x, 0.0)) < 1.0, "{}", scheme.name());
            assert!(amplification(scheme, (-1.01 * x, 0.0)) > 1.001, "{}", scheme.name());
            if y > 0.0 {
                assert!(amplification(scheme, (0.0, 0.99 * y)) < 1.000_1, "{}", scheme.name());
            }
            assert!(amplification(scheme, (0.0, 1.01 * y + 0.3)) > 1.001, "{}", scheme.name());
            let region = made.region().unwrap();
            for angle in [0.3, 0.8, 1.3] {
                let (x, y) = (-f64::sin(angle), f64::cos(angle));
                let longest = region.longest(x, y);
                let at = |factor: f64| {
                    amplification(scheme, (factor * longest * x, factor * longest * y))
                };
                assert!(at(0.98) < 1.000_1 && at(1.02) > 1.001, "{} {angle}", scheme.name());
            }
        }
    }
}
