//! Explicit Runge–Kutta schemes as data.

use std::borrow::Cow;

use crate::error::Error;
use crate::schemes::stability::{StabilityPolynomial, StabilityRegion};
use crate::schemes::two_registers::TwoRegisterStage;

/// A Butcher tableau of an explicit scheme:
///
/// ```text
/// c | a        k_i = f(t + c_i dt, u + dt Σ_j a_ij k_j)
///   |----      u  ← u + dt Σ_i b_i k_i
///     b
/// ```
///
/// Some well-known schemes are constants; [`Tableau::new`] makes others and checks them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tableau {
    name: Cow<'static, str>,
    order: usize,
    /// The rows of the strictly lower triangle one after the other: i numbers in row i.
    a: Cow<'static, [f64]>,
    b: Cow<'static, [f64]>,
    c: Cow<'static, [f64]>,
    embedded: Option<Embedded>,
    real_limit: f64,
    imaginary_limit: f64,
    /// The same scheme in two registers, where it is made that way.
    two_registers: &'static [TwoRegisterStage],
}

/// A second result, whose difference from the first estimates the error of a step.
#[derive(Clone, Debug, PartialEq)]
struct Embedded {
    /// The order of its error in the time step.
    order: usize,
    weights: Cow<'static, [f64]>,
    /// The weights of the stages in the bend of the solution within a step, if they are known
    /// ([`Tableau::bend`]).
    bend: Option<Cow<'static, [f64]>>,
}

/// How far sums may be from what they must be: the coefficients of a scheme are rounded.
const ROUNDING: f64 = 1e-12;

impl Tableau {
    /// The explicit Euler scheme.
    pub const EULER: Tableau = Tableau {
        name: Cow::Borrowed("euler"),
        order: 1,
        a: Cow::Borrowed(&[]),
        b: Cow::Borrowed(&[1.0]),
        c: Cow::Borrowed(&[0.0]),
        embedded: None,
        real_limit: 2.0,
        imaginary_limit: 0.0,
        two_registers: &[],
    };

    /// Heun's scheme: an Euler step, then the mean of the slopes at both ends. The optimal
    /// strong-stability-preserving scheme of second order (Shu & Osher 1988, J. Comput. Phys.
    /// 77, 439, eq. 2.16).
    pub const RK2: Tableau = Tableau {
        name: Cow::Borrowed("rk2"),
        order: 2,
        a: Cow::Borrowed(&[1.0]),
        b: Cow::Borrowed(&[0.5, 0.5]),
        c: Cow::Borrowed(&[0.0, 1.0]),
        embedded: None,
        real_limit: 2.0,
        imaginary_limit: 0.0,
        two_registers: &[],
    };

    /// The optimal strong-stability-preserving scheme of third order (Shu & Osher 1988, J. Comput.
    /// Phys. 77, 439, eq. 2.18).
    pub const SSPRK3: Tableau = Tableau {
        name: Cow::Borrowed("ssprk3"),
        order: 3,
        a: Cow::Borrowed(&[1.0, 0.25, 0.25]),
        b: Cow::Borrowed(&[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0]),
        c: Cow::Borrowed(&[0.0, 1.0, 0.5]),
        embedded: None,
        real_limit: 2.512_745_326_618_33,
        imaginary_limit: 1.732_050_807_568_877_2,
        two_registers: &[],
    };

    /// The classical scheme of fourth order (Kutta 1901, Z. Math. Phys. 46, 435).
    pub const RK4: Tableau = Tableau {
        name: Cow::Borrowed("rk4"),
        order: 4,
        a: Cow::Borrowed(&[0.5, 0.0, 0.5, 0.0, 0.0, 1.0]),
        b: Cow::Borrowed(&[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0]),
        c: Cow::Borrowed(&[0.0, 0.5, 0.5, 1.0]),
        embedded: None,
        real_limit: 2.785_293_563_405_28,
        imaginary_limit: 2.828_427_124_746_190_3,
        two_registers: &[],
    };

    /// The pair of third and second order by Bogacki & Shampine (1989, Appl. Math. Lett. 2, 321).
    pub const BOGACKI_SHAMPINE: Tableau = Tableau {
        name: Cow::Borrowed("bogacki-shampine"),
        order: 3,
        a: Cow::Borrowed(&[1.0 / 2.0, 0.0, 3.0 / 4.0, 2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]),
        b: Cow::Borrowed(&[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0]),
        c: Cow::Borrowed(&[0.0, 1.0 / 2.0, 3.0 / 4.0, 1.0]),
        embedded: Some(Embedded {
            order: 2,
            weights: Cow::Borrowed(&[7.0 / 24.0, 1.0 / 4.0, 1.0 / 3.0, 1.0 / 8.0]),
            bend: None,
        }),
        real_limit: 2.512_745_326_618_33,
        imaginary_limit: 1.732_050_807_568_877_2,
        two_registers: &[],
    };

    /// The pair of fourth and fifth order by Fehlberg (1969, NASA TR R-315, table III), which goes on with
    /// the result of fourth order. Unstable for undamped oscillations.
    pub const FEHLBERG45: Tableau = Tableau {
        name: Cow::Borrowed("fehlberg45"),
        order: 4,
        a: Cow::Borrowed(&[
            1.0 / 4.0,
            3.0 / 32.0,
            9.0 / 32.0,
            1932.0 / 2197.0,
            -7200.0 / 2197.0,
            7296.0 / 2197.0,
            439.0 / 216.0,
            -8.0,
            3680.0 / 513.0,
            -845.0 / 4104.0,
            -8.0 / 27.0,
            2.0,
            -3544.0 / 2565.0,
            1859.0 / 4104.0,
            -11.0 / 40.0,
        ]),
        b: Cow::Borrowed(&[25.0 / 216.0, 0.0, 1408.0 / 2565.0, 2197.0 / 4104.0, -1.0 / 5.0, 0.0]),
        c: Cow::Borrowed(&[0.0, 1.0 / 4.0, 3.0 / 8.0, 12.0 / 13.0, 1.0, 1.0 / 2.0]),
        embedded: Some(Embedded {
            order: 5,
            weights: Cow::Borrowed(&[
                16.0 / 135.0,
                0.0,
                6656.0 / 12825.0,
                28561.0 / 56430.0,
                -9.0 / 50.0,
                2.0 / 55.0,
            ]),
            bend: None,
        }),
        real_limit: 3.020_017_543_970_502_7,
        imaginary_limit: 0.0,
        two_registers: &[],
    };

    /// The pair of fifth and fourth order by Cash & Karp (1990, ACM Trans. Math. Softw. 16, 201).
    /// Unstable for undamped oscillations.
    pub const CASH_KARP: Tableau = Tableau {
        name: Cow::Borrowed("cash-karp"),
        order: 5,
        a: Cow::Borrowed(&[
            1.0 / 5.0,
            3.0 / 40.0,
            9.0 / 40.0,
            3.0 / 10.0,
            -9.0 / 10.0,
            6.0 / 5.0,
            -11.0 / 54.0,
            5.0 / 2.0,
            -70.0 / 27.0,
            35.0 / 27.0,
            1631.0 / 55296.0,
            175.0 / 512.0,
            575.0 / 13824.0,
            44275.0 / 110592.0,
            253.0 / 4096.0,
        ]),
        b: Cow::Borrowed(&[37.0 / 378.0, 0.0, 250.0 / 621.0, 125.0 / 594.0, 0.0, 512.0 / 1771.0]),
        c: Cow::Borrowed(&[0.0, 1.0 / 5.0, 3.0 / 10.0, 3.0 / 5.0, 1.0, 7.0 / 8.0]),
        embedded: Some(Embedded {
            order: 4,
            weights: Cow::Borrowed(&[
                2825.0 / 27648.0,
                0.0,
                18575.0 / 48384.0,
                13525.0 / 55296.0,
                277.0 / 14336.0,
                1.0 / 4.0,
            ]),
            bend: None,
        }),
        real_limit: 3.734_359_607_234_723_3,
        imaginary_limit: 0.0,
        two_registers: &[],
    };

    /// The pair of fifth and fourth order by Dormand & Prince (1980, J. Comput. Appl. Math. 6, 19), with
    /// states within steps by Shampine (1986, Math. Comput. 46, 135; Hairer, Nørsett & Wanner 1993,
    /// "Solving Ordinary Differential Equations I", II.6).
    pub const DORMAND_PRINCE: Tableau = Tableau {
        name: Cow::Borrowed("dormand-prince"),
        order: 5,
        a: Cow::Borrowed(&[
            1.0 / 5.0,
            3.0 / 40.0,
            9.0 / 40.0,
            44.0 / 45.0,
            -56.0 / 15.0,
            32.0 / 9.0,
            19372.0 / 6561.0,
            -25360.0 / 2187.0,
            64448.0 / 6561.0,
            -212.0 / 729.0,
            9017.0 / 3168.0,
            -355.0 / 33.0,
            46732.0 / 5247.0,
            49.0 / 176.0,
            -5103.0 / 18656.0,
            35.0 / 384.0,
            0.0,
            500.0 / 1113.0,
            125.0 / 192.0,
            -2187.0 / 6784.0,
            11.0 / 84.0,
        ]),
        b: Cow::Borrowed(&[
            35.0 / 384.0,
            0.0,
            500.0 / 1113.0,
            125.0 / 192.0,
            -2187.0 / 6784.0,
            11.0 / 84.0,
            0.0,
        ]),
        c: Cow::Borrowed(&[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0]),
        embedded: Some(Embedded {
            order: 4,
            weights: Cow::Borrowed(&[
                5179.0 / 57600.0,
                0.0,
                7571.0 / 16695.0,
                393.0 / 640.0,
                -92097.0 / 339200.0,
                187.0 / 2100.0,
                1.0 / 40.0,
            ]),
            bend: Some(Cow::Borrowed(&[
                -12_715_105_075.0 / 11_282_082_432.0,
                0.0,
                87_487_479_700.0 / 32_700_410_799.0,
                -10_690_763_975.0 / 1_880_347_072.0,
                701_980_252_875.0 / 199_316_789_632.0,
                -1_453_857_185.0 / 822_651_844.0,
                69_997_945.0 / 29_380_423.0,
            ])),
        }),
        real_limit: 3.306_567_892_634_946_5,
        imaginary_limit: 0.997_189_008_632_529_9,
        two_registers: &[],
    };

    /// The pair of fifth and fourth order by Tsitouras (2011, Comput. Math. Appl. 62, 770, table 1), with
    /// his states within steps.
    pub const TSIT5: Tableau = Tableau {
        name: Cow::Borrowed("tsit5"),
        order: 5,
        a: Cow::Borrowed(&[
            0.161,
            -0.008480655492356989,
            0.335480655492357,
            2.8971530571054935,
            -6.359448489975075,
            4.3622954328695815,
            5.325864828439257,
            -11.748883564062828,
            7.4955393428898365,
            -0.09249506636175525,
            5.86145544294642,
            -12.92096931784711,
            8.159367898576159,
            -0.071584973281401,
            -0.028269050394068383,
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
        ]),
        b: Cow::Borrowed(&[
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
            0.0,
        ]),
        c: Cow::Borrowed(&[0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0]),
        embedded: Some(Embedded {
            order: 4,
            weights: Cow::Borrowed(&[
                0.09824077787029101,
                0.010816434459656746,
                0.4720087724042376,
                1.5237195812770048,
                -3.872426680888636,
                2.782792630028961,
                -0.015151515151515152,
            ]),
            bend: Some(Cow::Borrowed(&[
                -1.053_088_497_729_021_6,
                0.1017,
                2.490_627_285_651_253,
                -16.548_102_889_244_902,
                47.379_521_962_819_28,
                -34.870_657_861_496_61,
                2.5,
            ])),
        }),
        real_limit: 3.506_846_993_804_947_6,
        imaginary_limit: 0.477_978_868_882_133_4,
        two_registers: &[],
    };

    /// Every scheme that has a constant.
    pub const ALL: [Tableau; 11] = [
        Self::EULER,
        Self::RK2,
        Self::SSPRK3,
        Self::SSPRK104,
        Self::RK4,
        Self::CARPENTER_KENNEDY45,
        Self::BOGACKI_SHAMPINE,
        Self::FEHLBERG45,
        Self::CASH_KARP,
        Self::DORMAND_PRINCE,
        Self::TSIT5,
    ];

    /// A scheme of these weights, b and c, with its limits, that works in two registers.
    pub(crate) const fn in_two_registers(
        (name, order): (&'static str, usize),
        a: &'static [f64],
        [b, c]: [&'static [f64]; 2],
        [real_limit, imaginary_limit]: [f64; 2],
        two_registers: &'static [TwoRegisterStage],
    ) -> Tableau {
        Tableau {
            name: Cow::Borrowed(name),
            order,
            a: Cow::Borrowed(a),
            b: Cow::Borrowed(b),
            c: Cow::Borrowed(c),
            embedded: None,
            real_limit,
            imaginary_limit,
            two_registers,
        }
    }

    /// A scheme of these weights. Row i of `a` holds the weights of the stages before stage i; it
    /// may be shorter where the last ones are 0, and longer where nothing but 0 follows.
    ///
    /// ```
    /// use fluxions_solver::Tableau;
    ///
    /// let midpoint = Tableau::new("midpoint", 2, &[&[][..], &[0.5]], &[0.0, 1.0], &[0.0, 0.5])?;
    /// assert_eq!(midpoint.stages(), 2);
    /// # Ok::<(), fluxions_solver::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are no stages or an order of 0, if the numbers of rows, weights and times differ,
    /// if a number is not finite, if a stage depends on itself or a later one, if the times are not
    /// the sums of the rows, or if the sum of `b` is not 1.
    pub fn new(
        name: impl Into<String>,
        order: usize,
        a: &[impl AsRef<[f64]>],
        b: &[f64],
        c: &[f64],
    ) -> Result<Self, Error> {
        let name = name.into();
        let stages = b.len();
        if stages == 0 || order == 0 {
            return Err(Error::NoScheme { name, stages, order });
        }
        check_length(&name, "a", a.len(), stages)?;
        check_length(&name, "c", c.len(), stages)?;
        check_finite(&name, "b", b)?;
        check_finite(&name, "c", c)?;
        let mut triangle = Vec::new();
        for (i, row) in a.iter().enumerate() {
            let row = row.as_ref();
            check_finite(&name, "a", row)?;
            if let Some(j) = (i..row.len()).find(|j| row[*j] != 0.0) {
                let (row, column, weight) = (i + 1, j + 1, row[j]);
                return Err(Error::ImplicitTableau { name, row, column, weight });
            }
            let weights = (0..i).map(|j| row.get(j).copied().unwrap_or(0.0));
            let sum: f64 = weights.clone().sum();
            if (sum - c[i]).abs() > ROUNDING {
                let (row, time) = (i + 1, c[i]);
                return Err(Error::TableauTimes { name, row, sum, time });
            }
            triangle.extend(weights);
        }
        check_weights(&name, "b", b)?;
        let polynomial = StabilityPolynomial::new(&triangle, b);
        Ok(Tableau {
            name: name.into(),
            order,
            a: triangle.into(),
            b: b.to_vec().into(),
            c: c.to_vec().into(),
            embedded: None,
            real_limit: polynomial.real_limit(),
            imaginary_limit: polynomial.imaginary_limit(),
            two_registers: &[],
        })
    }

    /// The same scheme with the weights of a second result, of another order: the difference of
    /// both estimates the error of a step.
    ///
    /// # Errors
    /// If there are not as many as stages, if one is not finite, if their sum is not 1, or if the order is
    /// 0.
    pub fn with_embedded(self, order: usize, weights: &[f64]) -> Result<Self, Error> {
        if order == 0 {
            let name = format!("{} (embedded)", self.name);
            return Err(Error::NoScheme { name, stages: weights.len(), order });
        }
        check_length(&self.name, "the embedded weights", weights.len(), self.stages())?;
        check_finite(&self.name, "the embedded weights", weights)?;
        check_weights(&self.name, "the embedded weights", weights)?;
        let embedded = Embedded { order, weights: weights.to_vec().into(), bend: None };
        Ok(Tableau { embedded: Some(embedded), ..self })
    }

    /// The scheme of that name among those that have a constant.
    pub fn find(name: &str) -> Option<Tableau> {
        Self::ALL.into_iter().find(|tableau| tableau.name == name)
    }

    /// The scheme's name, as problem files use it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The order of its error in the time step.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The number of stages.
    pub fn stages(&self) -> usize {
        self.b.len()
    }

    /// The weights of the earlier stages in a stage, as many as there are.
    pub fn a(&self, stage: usize) -> &[f64] {
        let start = stage * stage.saturating_sub(1) / 2;
        &self.a[start..start + stage]
    }

    /// The weights of the stages in the result.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// The times of the stages, in steps after the beginning of the step.
    pub fn c(&self) -> &[f64] {
        &self.c
    }

    /// The weights of the stages in a second result, if there is one.
    pub fn embedded(&self) -> Option<&[f64]> {
        self.embedded.as_ref().map(|embedded| &*embedded.weights)
    }

    /// The weights d of the stages by which states within a step are found, where they are known:
    ///
    /// u(θ) = the cubic through both ends of the step with their slopes + θ²(1 − θ)²·dt Σ_i d_i k_i
    pub fn bend(&self) -> Option<&[f64]> {
        self.embedded.as_ref()?.bend.as_deref()
    }

    /// The stages in two registers; none where a scheme is not made that way.
    pub(crate) fn two_registers(&self) -> &'static [TwoRegisterStage] {
        self.two_registers
    }

    /// The order of the estimate of the error: the lower one of both results. Nothing if there is no
    /// second one.
    pub fn error_order(&self) -> Option<usize> {
        self.embedded.as_ref().map(|embedded| embedded.order.min(self.order))
    }

    /// How far the scheme is stable on the negative real axis: |λ| dt.
    pub fn real_limit(&self) -> f64 {
        self.real_limit
    }

    /// The region of the left half plane in which it is stable.
    pub(crate) fn region(&self) -> StabilityRegion {
        StabilityPolynomial::new(&self.a, &self.b).region()
    }

    /// How far it is stable on the imaginary axis.
    pub fn imaginary_limit(&self) -> f64 {
        self.imaginary_limit
    }
}

fn check_length(name: &str, what: &'static str, found: usize, stages: usize) -> Result<(), Error> {
    match found == stages {
        true => Ok(()),
        false => Err(Error::TableauShape { name: name.into(), what, found, stages }),
    }
}

fn check_finite(name: &str, what: &'static str, numbers: &[f64]) -> Result<(), Error> {
    match numbers.iter().find(|number| !number.is_finite()) {
        None => Ok(()),
        Some(number) => Err(Error::TableauNotFinite { name: name.into(), what, number: *number }),
    }
}

fn check_weights(name: &str, what: &'static str, weights: &[f64]) -> Result<(), Error> {
    let sum: f64 = weights.iter().sum();
    match (sum - 1.0).abs() <= ROUNDING {
        true => Ok(()),
        false => Err(Error::TableauWeights { name: name.into(), what, sum }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_coefficients_as_stages_need() {
        for t in Tableau::ALL {
            let s = t.stages();
            assert_eq!((t.a.len(), t.c.len()), (s * (s - 1) / 2, s), "{}", t.name);
        }
    }

    /// States within a step by the bend are of fourth order: Σ_i b_i(θ) c_i^k and the other trees up to
    /// the third order give θ^(k+1)/(k+1), and so do those of the fourth (Hairer, Nørsett & Wanner 1993,
    /// II.6).
    #[test]
    fn bends_are_of_fourth_order() {
        for t in Tableau::ALL.iter().filter(|t| t.bend().is_some()) {
            let (s, d) = (t.stages(), t.bend().unwrap());
            let ac = |i: usize| t.a(i).iter().zip(&*t.c).map(|(a, c)| a * c).sum::<f64>();
            for theta in [0.2, 0.5, 0.9] {
                // The cubic with b(0) = 0, b(1) = b and the slopes 1 of the first and of the last stage.
                let weight = |i: usize| {
                    let (first, last) = (f64::from(i == 0), f64::from(i == s - 1));
                    let curved =
                        (1.0 - 2.0 * theta) * t.b[i] + (theta - 1.0) * first + theta * last;
                    let bend = theta * theta * (1.0 - theta) * (1.0 - theta) * d[i];
                    theta * t.b[i] + theta * (theta - 1.0) * curved + bend
                };
                let sum = |f: &dyn Fn(usize) -> f64| (0..s).map(|i| weight(i) * f(i)).sum::<f64>();
                let residuals = [
                    sum(&|_| 1.0) - theta,
                    sum(&|i| t.c[i]) - theta.powi(2) / 2.0,
                    sum(&|i| t.c[i].powi(2)) - theta.powi(3) / 3.0,
                    sum(&ac) - theta.powi(3) / 6.0,
                    sum(&|i| t.c[i].powi(3)) - theta.powi(4) / 4.0,
                    sum(&|i| t.c[i] * ac(i)) - theta.powi(4) / 8.0,
                ];
                assert!(residuals.iter().all(|r| r.abs() < 1e-14), "{} {residuals:?}", t.name);
            }
        }
    }

    /// The constants, made as a user makes a scheme, are the same with the limits that are written
    /// down.
    #[test]
    fn schemes_that_are_made_are_those_of_the_constants() {
        for t in Tableau::ALL {
            let rows: Vec<&[f64]> = (0..t.stages()).map(|i| t.a(i)).collect();
            let made = Tableau::new(t.name(), t.order(), &rows, t.b(), t.c()).unwrap();
            assert!((made.real_limit - t.real_limit).abs() < 1e-9, "{made:?}");
            assert!((made.imaginary_limit - t.imaginary_limit).abs() < 1e-9, "{made:?}");
            let (real_limit, imaginary_limit) = (t.real_limit, t.imaginary_limit);
            let two_registers = t.two_registers;
            let made = Tableau { real_limit, imaginary_limit, two_registers, ..made };
            let made = match &t.embedded {
                Some(Embedded { order, weights, bend }) => {
                    let made = made.with_embedded(*order, weights).unwrap();
                    let embedded = made.embedded.clone().unwrap();
                    Tableau { embedded: Some(Embedded { bend: bend.clone(), ..embedded }), ..made }
                }
                None => made,
            };
            assert_eq!(made, t);
        }
    }

    fn made(a: &[&[f64]], b: &[f64], c: &[f64]) -> Result<Tableau, Error> {
        Tableau::new("mine", 2, a, b, c)
    }

    #[track_caller]
    fn refused(made: Result<Tableau, Error>, message: &str) {
        assert_eq!(made.unwrap_err().to_string(), message);
    }

    #[test]
    fn a_scheme_has_stages_and_an_order() {
        refused(made(&[], &[], &[]), "the scheme `mine` has 0 stages and the order 2");
        let none = Tableau::new("mine", 0, &[[0.0; 0]], &[1.0], &[0.0]);
        refused(none, "the scheme `mine` has 1 stages and the order 0");
    }

    #[test]
    fn rows_weights_and_times_are_as_many_as_stages() {
        let rows: [&[f64]; 2] = [&[], &[1.0]];
        refused(
            made(&rows, &[0.5, 0.25, 0.25], &[0.0, 1.0]),
            "in the tableau of `mine`, a has 2 rows or numbers where b has 3",
        );
        refused(
            made(&rows, &[0.5, 0.5], &[0.0]),
            "in the tableau of `mine`, c has 1 rows or numbers where b has 2",
        );
        refused(
            made(&rows, &[0.5, 0.5], &[0.0, 1.0]).unwrap().with_embedded(1, &[1.0]),
            "in the tableau of `mine`, the embedded weights has 1 rows or numbers where b has 2",
        );
    }

    #[test]
    fn implicit_schemes_are_refused() {
        // The implicit midpoint rule, and a stage that needs the next one.
        refused(
            made(&[&[0.5]], &[1.0], &[0.5]),
            "the tableau of `mine` is implicit: 0.5 in row 1 and column 1 of a",
        );
        refused(
            made(&[&[0.0, 0.5], &[1.0, 0.0]], &[0.5, 0.5], &[0.5, 1.0]),
            "the tableau of `mine` is implicit: 0.5 in row 1 and column 2 of a",
        );
        let zeros = made(&[&[0.0, 0.0], &[1.0, 0.0]], &[0.5, 0.5], &[0.0, 1.0]).unwrap();
        assert_eq!(zeros.a(1), Tableau::RK2.a(1));
    }

    #[test]
    fn sums_are_checked() {
        let rows: [&[f64]; 2] = [&[], &[0.5]];
        refused(
            made(&rows, &[0.0, 1.0], &[0.0, 0.75]),
            "in the tableau of `mine`, the sum of row 2 of a is 0.5, but its time in c is 0.75",
        );
        refused(
            made(&rows, &[0.0, 8.0], &[0.0, 0.5]),
            "in the tableau of `mine`, the sum of b is 8 and not 1",
        );
        let embedded = made(&rows, &[0.0, 1.0], &[0.0, 0.5]).unwrap().with_embedded(1, &[1.0, 0.5]);
        refused(
            embedded,
            "in the tableau of `mine`, the sum of the embedded weights is 1.5 and not 1",
        );
    }

    #[test]
    fn numbers_are_finite() {
        let rows: [&[f64]; 2] = [&[], &[f64::INFINITY]];
        refused(made(&rows, &[0.0, 1.0], &[0.0, 0.5]), "in the tableau of `mine`, inf stands in a");
        refused(made(&[&[]], &[f64::NAN], &[0.0]), "in the tableau of `mine`, NaN stands in b");
        refused(made(&[&[]], &[1.0], &[f64::NAN]), "in the tableau of `mine`, NaN stands in c");
        let embedded = Tableau::EULER.with_embedded(1, &[f64::NAN]);
        refused(embedded, "in the tableau of `euler`, NaN stands in the embedded weights");
    }

    #[test]
    fn embedded_weights_are_kept() {
        let heun = Tableau::RK2.with_embedded(1, &[1.0, 0.0]).unwrap();
        assert_eq!((heun.embedded(), Tableau::RK2.embedded()), (Some(&[1.0, 0.0][..]), None));
    }
}
