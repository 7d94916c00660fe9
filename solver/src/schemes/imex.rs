//! Schemes that treat a part of the rates implicitly and the rest explicitly.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::schemes::implicit::ImplicitStages;

/// A scheme that treats a part of the rates implicitly, such as diffusion, and the rest explicitly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imex {
    /// Forward and backward Euler, of order 1.
    Euler,
    /// ARS(2,2,2), of order 2 (Ascher, Ruuth & Spiteri 1997, Appl. Numer. Math. 25, 151, section 2.6).
    Ars222,
    /// ARS(2,3,3), of order 3 (the same, section 2.4).
    Ars233,
    /// ARS(4,4,3), of order 3 (the same, section 2.8).
    Ars443,
    /// `ARK3(2)4L[2]SA`, of order 3 with an estimate of the error (Kennedy & Carpenter 2003, Appl. Numer. Math.
    /// 44, 139).
    Ark3,
    /// `ARK4(3)6L[2]SA`, of order 4 with an estimate of the error (the same).
    Ark4,
}

/// The rows of coefficients.
type Rows = Vec<Vec<f64>>;

/// The coefficients of both parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ImexStages {
    pub(crate) implicit: ImplicitStages,
    /// The rows of A for the explicit part.
    pub(crate) a: Vec<Vec<f64>>,
    /// The weights of the result for both parts.
    pub(crate) b: [Vec<f64>; 2],
}

impl Imex {
    /// All schemes.
    pub const ALL: [Imex; 6] =
        [Imex::Euler, Imex::Ars222, Imex::Ars233, Imex::Ars443, Imex::Ark3, Imex::Ark4];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Imex::Euler => "imex-euler",
            Imex::Ars222 => "ars222",
            Imex::Ars233 => "ars233",
            Imex::Ars443 => "ars443",
            Imex::Ark3 => "ark3(2)4L[2]SA",
            Imex::Ark4 => "ark4(3)6L[2]SA",
        }
    }

    /// The scheme of a name, which may be the short one of the last two: ark3 and ark4.
    pub fn find(name: &str) -> Option<Self> {
        match name {
            "ark3" => Some(Imex::Ark3),
            "ark4" => Some(Imex::Ark4),
            name => Imex::ALL.into_iter().find(|scheme| scheme.name() == name),
        }
    }

    /// The order of its error in the time step.
    pub fn order(self) -> usize {
        match self {
            Imex::Euler => 1,
            Imex::Ars222 => 2,
            Imex::Ars233 | Imex::Ars443 | Imex::Ark3 => 3,
            Imex::Ark4 => 4,
        }
    }

    /// Whether it estimates the error of a step.
    pub fn estimates_error(self) -> bool {
        matches!(self, Imex::Ark3 | Imex::Ark4)
    }

    /// Its coefficients.
    pub(crate) fn stages(self) -> ImexStages {
        let gamma = 1.0 - FRAC_1_SQRT_2;
        let rows = |rows: &[&[f64]]| rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        let (explicit, implicit, b, embedded): (Rows, Rows, [Vec<f64>; 2], _) = match self {
            Imex::Euler => (
                rows(&[&[], &[1.0]]),
                rows(&[&[0.0], &[0.0, 1.0]]),
                [vec![1.0, 0.0], vec![0.0, 1.0]],
                None,
            ),
            Imex::Ars222 => {
                let delta = 1.0 - 1.0 / (2.0 * gamma);
                (
                    rows(&[&[], &[gamma], &[delta, 1.0 - delta]]),
                    rows(&[&[0.0], &[0.0, gamma], &[0.0, 1.0 - gamma, gamma]]),
                    [vec![delta, 1.0 - delta, 0.0], vec![0.0, 1.0 - gamma, gamma]],
                    None,
                )
            }
            Imex::Ars233 => {
                let gamma = (3.0 + 3f64.sqrt()) / 6.0;
                (
                    rows(&[&[], &[gamma], &[gamma - 1.0, 2.0 * (1.0 - gamma)]]),
                    rows(&[&[0.0], &[0.0, gamma], &[0.0, 1.0 - 2.0 * gamma, gamma]]),
                    [vec![0.0, 0.5, 0.5], vec![0.0, 0.5, 0.5]],
                    None,
                )
            }
            Imex::Ars443 => (
                rows(&[
                    &[],
                    &[0.5],
                    &[11.0 / 18.0, 1.0 / 18.0],
                    &[5.0 / 6.0, -5.0 / 6.0, 0.5],
                    &[0.25, 1.75, 0.75, -1.75],
                ]),
                rows(&[
                    &[0.0],
                    &[0.0, 0.5],
                    &[0.0, 1.0 / 6.0, 0.5],
                    &[0.0, -0.5, 0.5, 0.5],
                    &[0.0, 1.5, -1.5, 0.5, 0.5],
                ]),
                [vec![0.25, 1.75, 0.75, -1.75, 0.0], vec![0.0, 1.5, -1.5, 0.5, 0.5]],
                None,
            ),
            Imex::Ark3 => {
                let d = 1767732205903.0 / 4055673282236.0;
                let b = [
                    1471266399579.0 / 7840856788654.0,
                    -4482444167858.0 / 7529755066697.0,
                    11266239266428.0 / 11593286722821.0,
                    d,
                ];
                let embedded = vec![
                    2756255671327.0 / 12835298489170.0,
                    -10771552573575.0 / 22201958757719.0,
                    9247589265047.0 / 10645013368117.0,
                    2193209047091.0 / 5459859503100.0,
                ];
                (
                    rows(&[
                        &[],
                        &[1767732205903.0 / 2027836641118.0],
                        &[5535828885825.0 / 10492691773637.0, 788022342437.0 / 10882634858940.0],
                        &[
                            6485989280629.0 / 16251701735622.0,
                            -4246266847089.0 / 9704473918619.0,
                            10755448449292.0 / 10357097424841.0,
                        ],
                    ]),
                    rows(&[
                        &[0.0],
                        &[d, d],
                        &[2746238789719.0 / 10658868560708.0, -640167445237.0 / 6845629431997.0, d],
                        &b,
                    ]),
                    [b.to_vec(), b.to_vec()],
                    Some(embedded),
                )
            }
            Imex::Ark4 => {
                let b = [
                    82889.0 / 524892.0,
                    0.0,
                    15625.0 / 83664.0,
                    69875.0 / 102672.0,
                    -2260.0 / 8211.0,
                    0.25,
                ];
                let embedded = vec![
                    4586570599.0 / 29645900160.0,
                    0.0,
                    178811875.0 / 945068544.0,
                    814220225.0 / 1159782912.0,
                    -3700637.0 / 11593932.0,
                    61727.0 / 225920.0,
                ];
                (
                    rows(&[
                        &[],
                        &[0.5],
                        &[13861.0 / 62500.0, 6889.0 / 62500.0],
                        &[
                            -116923316275.0 / 2393684061468.0,
                            -2731218467317.0 / 15368042101831.0,
                            9408046702089.0 / 11113171139209.0,
                        ],
                        &[
                            -451086348788.0 / 2902428689909.0,
                            -2682348792572.0 / 7519795681897.0,
                            12662868775082.0 / 11960479115383.0,
                            3355817975965.0 / 11060851509271.0,
                        ],
                        &[
                            647845179188.0 / 3216320057751.0,
                            73281519250.0 / 8382639484533.0,
                            552539513391.0 / 3454668386233.0,
                            3354512671639.0 / 8306763924573.0,
                            4040.0 / 17871.0,
                        ],
                    ]),
                    rows(&[
                        &[0.0],
                        &[0.25, 0.25],
                        &[8611.0 / 62500.0, -1743.0 / 31250.0, 0.25],
                        &[5012029.0 / 34652500.0, -654441.0 / 2922500.0, 174375.0 / 388108.0, 0.25],
                        &[
                            15267082809.0 / 155376265600.0,
                            -71443401.0 / 120774400.0,
                            730878875.0 / 902184768.0,
                            2285395.0 / 8070912.0,
                            0.25,
                        ],
                        &b,
                    ]),
                    [b.to_vec(), b.to_vec()],
                    Some(embedded),
                )
            }
        };
        let c = implicit.iter().map(|row| row.iter().sum()).collect();
        ImexStages { implicit: ImplicitStages { a: implicit, c, embedded }, a: explicit, b }
    }
}
