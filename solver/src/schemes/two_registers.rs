//! Runge–Kutta schemes that work in two registers, as data.

use crate::schemes::tableau::Tableau;

/// A stage of a scheme that works in two registers, u and r, both of which are the state at the beginning of a
/// step. With weights `u` and `r`
///
/// ```text
/// r ← r_0·u + r_1·r + r_2·dt·F(u)
/// u ← u_0·u + u_1·r + u_2·dt·F(u)      by the old r
/// ```
///
/// (Ketcheson 2010, J. Comput. Phys. 229, 1763, whose schemes in two registers have this form.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TwoRegisterStage {
    pub(crate) r: [f64; 3],
    pub(crate) u: [f64; 3],
}

impl TwoRegisterStage {
    /// What leaves a register as it is.
    pub(crate) const KEEP: [f64; 3] = [0.0, 1.0, 0.0];

    /// An Euler step of a sixth.
    const SIXTH: TwoRegisterStage = TwoRegisterStage { r: Self::KEEP, u: [1.0, 0.0, 1.0 / 6.0] };
}

impl Tableau {
    /// The optimal strong-stability-preserving scheme of fourth order with ten stages, stable for monotonic
    /// steps six times as long as those of Euler's scheme (Ketcheson 2008, SIAM J. Sci. Comput. 30, 2113,
    /// section 6.1 and its program 3; here both registers are states, so that what is at rest stays so to the bit).
    pub const SSPRK104: Tableau = Tableau::in_two_registers(
        ("ssprk(10,4)", 4),
        &[
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 6.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 15.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
            1.0 / 6.0,
        ],
        [
            &[0.1; 10],
            &[0.0, 1.0 / 6.0, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0 / 3.0, 0.5, 2.0 / 3.0, 5.0 / 6.0, 1.0],
        ],
        [13.917_047_464_637, 4.921_453_070_732],
        &[
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage { r: [0.9, 0.1, 0.15], u: [0.4, 0.6, 1.0 / 15.0] },
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage::SIXTH,
            TwoRegisterStage { r: TwoRegisterStage::KEEP, u: [0.6, 0.4, 0.1] },
        ],
    );

    /// The scheme of fourth order with five stages by Carpenter & Kennedy (1994, NASA TM 109112, table 1), with a
    /// wide region of stability for waves.
    pub const CARPENTER_KENNEDY45: Tableau = Tableau::in_two_registers(
        ("carpenter-kennedy45", 4),
        &[
            0.149_659_021_999_229_12,
            -0.008_809_355_635_422_508,
            0.379_210_312_999_627_26,
            0.401_177_653_646_238_4,
            -0.601_876_919_898_777,
            0.822_955_029_386_981_7,
            -0.190_429_699_852_496_33,
            0.813_822_622_443_732_9,
            -0.364_561_247_865_668_5,
            0.699_450_455_949_122_1,
        ],
        [
            &[
                0.005_594_188_455_006_987,
                0.344_743_042_340_567_1,
                0.028_911_816_184_089_78,
                0.467_693_705_052_184_16,
                0.153_057_247_968_151_98,
            ],
            &[
                0.0,
                0.149_659_021_999_229_12,
                0.370_400_957_364_204_75,
                0.622_255_763_134_443_2,
                0.958_282_130_674_690_3,
            ],
        ],
        [4.656_757_066_281_988, 3.340_717_986_380_991],
        &[
            TwoRegisterStage { r: [0.0, 0.0, 1.0], u: [1.0, 0.0, 0.149_659_021_999_229_12] },
            TwoRegisterStage {
                r: [0.0, -0.417_890_474_499_851_95, 1.0],
                u: [1.0, -0.158_468_377_634_651_63, 0.379_210_312_999_627_26],
            },
            TwoRegisterStage {
                r: [0.0, -1.192_151_694_642_677, 1.0],
                u: [1.0, -0.981_087_232_898_404_3, 0.822_955_029_386_981_7],
            },
            TwoRegisterStage {
                r: [0.0, -1.697_784_692_471_527_9, 1.0],
                u: [1.0, -1.187_516_277_252_650_2, 0.699_450_455_949_122_1],
            },
            TwoRegisterStage {
                r: [0.0, -1.514_183_444_257_155_8, 1.0],
                u: [1.0, -0.231_756_750_896_937_95, 0.153_057_247_968_151_98],
            },
        ],
    );
}
