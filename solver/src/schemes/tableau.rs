//! Explicit Runge–Kutta schemes as data.

/// A Butcher tableau of an explicit scheme:
///
/// ```text
/// c | a        k_i = f(t + c_i dt, u + dt Σ_j a_ij k_j)
///   |----      u  ← u + dt Σ_i b_i k_i
///     b
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tableau {
    /// The scheme's name, as problem files use it.
    pub name: &'static str,
    /// The order of its error in the time step.
    pub order: usize,
    /// Weights of earlier stages, row i of length i.
    pub a: &'static [&'static [f64]],
    /// Weights of the stages in the result.
    pub b: &'static [f64],
    /// Times of the stages, in steps.
    pub c: &'static [f64],
    /// How far the scheme is stable on the negative real axis: |λ| dt.
    pub real_limit: f64,
    /// How far it is stable on the imaginary axis.
    pub imaginary_limit: f64,
}

impl Tableau {
    /// The explicit Euler scheme.
    pub const EULER: Tableau = Tableau {
        name: "euler",
        order: 1,
        a: &[&[]],
        b: &[1.0],
        c: &[0.0],
        real_limit: 2.0,
        imaginary_limit: 0.0,
    };

    /// Heun's scheme: an Euler step, then the mean of the slopes at both ends. The optimal
    /// strong-stability-preserving scheme of second order (Shu & Osher 1988, J. Comput. Phys.
    /// 77, 439, eq. 2.16).
    pub const RK2: Tableau = Tableau {
        name: "rk2",
        order: 2,
        a: &[&[], &[1.0]],
        b: &[0.5, 0.5],
        c: &[0.0, 1.0],
        real_limit: 2.0,
        imaginary_limit: 0.0,
    };

    /// The optimal strong-stability-preserving scheme of third order (Shu & Osher 1988, J. Comput.
    /// Phys. 77, 439, eq. 2.18).
    pub const SSPRK3: Tableau = Tableau {
        name: "ssprk3",
        order: 3,
        a: &[&[], &[1.0], &[0.25, 0.25]],
        b: &[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0],
        c: &[0.0, 1.0, 0.5],
        real_limit: 2.512_745_326_618_33,
        imaginary_limit: 1.732_050_807_568_877_2,
    };

    /// The classical scheme of fourth order (Kutta 1901, Z. Math. Phys. 46, 435).
    pub const RK4: Tableau = Tableau {
        name: "rk4",
        order: 4,
        a: &[&[], &[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
        b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
        c: &[0.0, 0.5, 0.5, 1.0],
        real_limit: 2.785_293_563_405_28,
        imaginary_limit: 2.828_427_124_746_190_3,
    };

    /// Every scheme.
    pub const ALL: [Tableau; 4] = [Self::EULER, Self::RK2, Self::SSPRK3, Self::RK4];

    /// The scheme of that name.
    pub fn find(name: &str) -> Option<Tableau> {
        Self::ALL.into_iter().find(|tableau| tableau.name == name)
    }

    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.b.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_sum_to_the_times_and_order_conditions_hold() {
        for t in Tableau::ALL {
            let s = t.stages();
            let a = |i: usize, j: usize| t.a[i].get(j).copied().unwrap_or(0.0);
            assert_eq!((t.a.len(), t.c.len()), (s, s));
            for i in 0..s {
                let row: f64 = t.a[i].iter().sum();
                assert!((row - t.c[i]).abs() < 1e-15, "{} row {i}", t.name);
                assert!(t.a[i].len() <= i, "{} is explicit", t.name);
            }
            let sum = |f: &dyn Fn(usize) -> f64| (0..s).map(|i| t.b[i] * f(i)).sum::<f64>();
            let ac = |i: usize, p: i32| (0..s).map(|j| a(i, j) * t.c[j].powi(p)).sum::<f64>();
            let aac = |i: usize| (0..s).map(|j| a(i, j) * ac(j, 1)).sum::<f64>();
            // Hairer, Nørsett & Wanner 1993, "Solving Ordinary Differential Equations I", II.1–2.
            let conditions = [
                (1, sum(&|_| 1.0), 1.0),
                (2, sum(&|i| t.c[i]), 1.0 / 2.0),
                (3, sum(&|i| t.c[i].powi(2)), 1.0 / 3.0),
                (3, sum(&|i| ac(i, 1)), 1.0 / 6.0),
                (4, sum(&|i| t.c[i].powi(3)), 1.0 / 4.0),
                (4, sum(&|i| t.c[i] * ac(i, 1)), 1.0 / 8.0),
                (4, sum(&|i| ac(i, 2)), 1.0 / 12.0),
                (4, sum(&aac), 1.0 / 24.0),
            ];
            for (order, left, right) in conditions {
                if order <= t.order {
                    assert!((left - right).abs() < 1e-15, "{} order {order}", t.name);
                }
            }
        }
    }

    /// |amplification| of y' = λy over one step with z = λ dt, by running the scheme.
    fn amplification(t: &Tableau, z: (f64, f64)) -> f64 {
        let times = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        let mut slopes: Vec<(f64, f64)> = Vec::new();
        for row in t.a {
            let mut y = (1.0, 0.0);
            for (weight, k) in row.iter().zip(&slopes) {
                y = (y.0 + weight * k.0, y.1 + weight * k.1);
            }
            slopes.push(times(z, y));
        }
        let sum = |part: fn(&(f64, f64)) -> f64| {
            t.b.iter().zip(&slopes).map(|(b, k)| b * part(k)).sum::<f64>()
        };
        f64::hypot(1.0 + sum(|k| k.0), sum(|k| k.1))
    }

    #[test]
    fn stability_ends_at_the_limits() {
        for t in Tableau::ALL {
            let real = |x: f64| amplification(&t, (-x, 0.0));
            assert!(real(t.real_limit * 0.9999) <= 1.0 && real(t.real_limit * 1.0001) > 1.0);
            let imaginary = |y: f64| amplification(&t, (0.0, y));
            if t.imaginary_limit > 0.0 {
                assert!(imaginary(t.imaginary_limit * 0.9999) <= 1.0);
            }
            assert!(imaginary(t.imaginary_limit * 1.0001 + 1e-3) > 1.0, "{}", t.name);
        }
    }
}
