//! A step of a linear equation, beside the stability function of its scheme: from the published coefficients as exact
//! fractions, not from those of Fluxions. On 1 rank.

#[path = "common/solving.rs"]
#[allow(dead_code)]
mod solving;

use fluxions::solver::{Implicit, Tableau};
use solving::solved;

/// u at `end` of u' = (a + b)·u with u = 1 at first, where b is what schemes of two parts treat implicitly.
fn stepped(scheme: &str, [a, b]: [f64; 2], is_split: bool, end: f64) -> f64 {
    let part = if is_split { "implicit = { u = \"b*u\" }" } else { "" };
    let found = solved(
        &format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 4 }}\n[parameters]\na = {a}\nb = {b}\n[equations]\n\
             u = \"a*u + b*u\"\n[initial]\nu = 1\n[solver]\ntolerance = 1e-13\n\
             [time]\nend = {end}\ndt = 1\nscheme = \"{scheme}\"\n{part}\n"
        ),
        1,
    );
    assert!(found[0].iter().all(|u| *u == found[0][0]), "{scheme}");
    found[0][0]
}

/// R(z) at z = −1/2, −5/4, −2 and 3/10.
#[rustfmt::skip]
const OF_ONE_PART: [(&str, [f64; 4]); 16] = [
    ("euler", [0.5, -0.25, -1.0, 1.3]),
    ("rk2", [0.625, 0.53125, 1.0, 1.345]),
    ("ssprk3", [0.6041666666666666, 0.20572916666666666, -0.3333333333333333, 1.3495]),
    ("ssprk(10,4)", [0.6065409840182282, 0.2871027932019374, 0.13897678199461463, 1.349857435426586]),
    ("rk4", [0.6067708333333334, 0.3074544270833333, 0.3333333333333333, 1.3498375]),
    ("carpenter-kennedy45", [0.6066145833333333, 0.2921956380208333, 0.17333333333333334, 1.34984965]),
    ("bogacki-shampine", [0.6041666666666666, 0.20572916666666666, -0.3333333333333333, 1.3495]),
    ("fehlberg45", [0.6064703525641025, 0.278110601963141, 0.02564102564102564, 1.3498608653846154]),
    ("cash-karp", [0.6065299479166667, 0.28679148356119794, 0.14666666666666667, 1.34985866125]),
    ("dormand-prince", [0.6065364583333334, 0.2883809407552083, 0.17333333333333334, 1.349858965]),
    ("tsit5", [0.6065327949686162, 0.28748656460370253, 0.1583281914543269, 1.3498587940820554]),
    ("backward-euler", [0.6666666666666666, 0.4444444444444444, 0.3333333333333333, 1.4285714285714286]),
    ("crank-nicolson", [0.6, 0.23076923076923078, 0.0, 1.3529411764705883]),
    ("tr-bdf2", [0.6032634801055627, 0.25839343798960546, 0.06822746429607388, 1.351303537896916]),
    ("sdirk2", [0.6032634801055627, 0.25839343798960546, 0.06822746429607388, 1.351303537896916]),
    ("sdirk4", [0.6065471049467391, 0.2873229628748163, 0.13991769547325103, 1.349856051623936]),
];

/// R(a, b) for (a, b) = (−1/2, −5/4), (3/10, −2), (−5/4, −1/2) and (−2, −5/4).
#[rustfmt::skip]
const OF_TWO_PARTS: [(&str, [f64; 4]); 6] = [
    ("imex-euler", [0.2222222222222222, 0.43333333333333335, -0.16666666666666666, -0.4444444444444444]),
    ("ars222", [0.19617508131854478, 0.10659034974491105, 0.443589003983959, 0.8132603591902671]),
    ("ars233", [0.17737347276702473, 0.08050824021323563, 0.19933712020582425, 0.27889054217919335]),
    ("ars443", [0.16086816132332746, 0.1544525390625, 0.0858388888888889, -0.20775805391190005]),
    ("ark3(2)4L[2]SA", [0.172345689738057, 0.14078750815340957, 0.18033349679622313, 0.07704876935774252]),
    ("ark4(3)6L[2]SA", [0.17270143414750241, 0.18651201284433092, 0.16820208565263228, -0.028166149665340593]),
];

#[test]
fn a_step_multiplies_by_the_stability_function() {
    for (scheme, known) in OF_ONE_PART {
        for (z, known) in [-0.5, -1.25, -2.0, 0.3].into_iter().zip(known) {
            let found = stepped(scheme, [z, 0.0], false, 1.0);
            assert!((found - known).abs() <= 1e-13, "{scheme} at {z}: {found} {known}");
        }
    }
    let all = Tableau::ALL.len() + Implicit::ALL.len();
    assert_eq!(
        OF_ONE_PART.len() + 2,
        all,
        "all but bdf2, which looks back, and Rannacher's first steps"
    );
}

#[test]
fn a_step_of_two_parts_multiplies_by_the_stability_function() {
    let places = [[-0.5, -1.25], [0.3, -2.0], [-1.25, -0.5], [-2.0, -1.25]];
    for (scheme, known) in OF_TWO_PARTS {
        for (place, known) in places.into_iter().zip(known) {
            let found = stepped(scheme, place, true, 1.0);
            assert!((found - known).abs() <= 1e-13, "{scheme} at {place:?}: {found} {known}");
        }
    }
}

/// u₁ = 1/(1 − z), and with a step that is r times as long as the one before (Hairer, Nørsett & Wanner 1993, "Solving
/// Ordinary Differential Equations I", III.5): (1 + 2r)·u₂ = (1 + r)²·u₁ − r²·u₀ + (1 + r)·r·z·u₂ for steps 1 and r.
#[test]
fn two_steps_of_bdf2_are_those_of_its_formula() {
    for z in [-0.5, -1.25, -2.0, 0.3] {
        for r in [1.0, 0.5, 0.125] {
            let first = 1.0 / (1.0 - z);
            let second =
                ((1.0 + r) * (1.0 + r) * first - r * r) / (1.0 + 2.0 * r - (1.0 + r) * r * z);
            let found = stepped("bdf2", [z, 0.0], false, 1.0 + r);
            assert!((found - second).abs() <= 1e-13, "{z} {r}: {found} {second}");
        }
    }
}
