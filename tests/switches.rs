//! Steps that follow a tolerance end where rates jump or bend as functions of the time.

#[path = "common/solving.rs"]
mod solving;

use std::f64::consts::PI;

use fluxions::prelude::*;
use fluxions::solver::{Every, Report};
use solving::solve;

const END: f64 = 10.0;

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{text}\n{e:?}"))
}

/// A field that changes at a rate; what comes after the equations, and how it is stepped.
fn changing(rate: &str, more: &str, scheme: &str, relative: f64) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\nu = \"{rate}\"\n{more}\n\
         [initial]\nu = 0\n[time]\nend = {END}\nscheme = \"{scheme}\"\n\
         tolerance = {{ relative = {relative}, absolute = {relative} }}\n"
    )
}

/// The value in a cell at the end, and the report. On 1 rank.
fn run(text: &str) -> (f64, Report) {
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(problem.times.end).unwrap();
    let value = *simulation.field("u").unwrap().iter().next().unwrap();
    (value, report)
}

/// Functions of the time that jump or bend, with their integrals to the end.
fn functions() -> Vec<(&'static str, f64)> {
    vec![
        ("where(t >= 1.1, 1, 0)", 8.9),
        ("where(1.1 < t, 0, 1)", 1.1),
        ("where(2*t - 1 > 3*0.1, 1, 0)", 9.35),
        ("where(t > 5 and t < 5.001, 1000, 0)", 1.0),
        ("where(abs(t - 5) < 0.0005, 1000, 0)", 1.0),
        ("where(mod(t, 2) < 0.5, 1, 0)", 2.5),
        ("t % 2", 10.0),
        ("1 + t % 2.5 % 1", 10.0 + 4.0 * 1.125),
        ("heaviside(t - 3.3)", 6.7),
        ("heaviside(3.3 - t, 1)", 3.3),
        ("sign(t - 4)", 2.0),
        ("sign(sin(t))", 4.0 * PI - 10.0),
        ("abs(t - 3)", 29.0),
        ("floor(t)", 45.0),
        ("ceil(-t/2)", -20.0),
        ("round(t)", 50.0),
        ("min(t/4, 1)", 8.0),
        ("max(t - 7, 0, 2*t - 16)", 5.0),
        ("where(exp(t) > 100, 1, 0)", END - 100f64.ln()),
        ("Piecewise((2, t < sqrt(2)), (1, t < 2), (0, True))", 2.0 + 2f64.sqrt()),
    ]
}

/// On 1 rank.
#[test]
fn what_jumps_and_bends_is_integrated_exactly_and_no_step_is_rejected() {
    let schemes = [
        "bogacki-shampine",
        "fehlberg45",
        "cash-karp",
        "dormand-prince",
        "tsit5",
        "rkc2",
        "tr-bdf2",
    ];
    for scheme in schemes {
        for (rate, integral) in functions() {
            let (value, report) = run(&changing(rate, "", scheme, 1e-3));
            let error = (value - integral).abs();
            assert!(error < 1e-10, "{scheme}, {rate}: {value} instead of {integral}");
            assert_eq!(report.rejected_steps, 0, "{scheme}, {rate}");
        }
    }
}

/// On 1 rank.
#[test]
fn switches_in_definitions_parameters_and_conditions_count() {
    let exact = |text: &str, integral: f64| {
        for scheme in ["dormand-prince", "tr-bdf2"] {
            let (value, report) = run(&text.replace("SCHEME", scheme));
            assert!((value - integral).abs() < 1e-9, "{scheme}: {value} {integral}\n{text}");
            assert_eq!(report.rejected_steps, 0, "{scheme}\n{text}");
        }
    };
    let of_names =
        "[parameters]\nbegin = 1.7\n[define]\nphase = \"(t - begin)/2\"\non = \"phase > 1\"";
    exact(&changing("where(on, 3, 0)", of_names, "SCHEME", 1e-3), 3.0 * (END - 3.7));
    // What flows in through both walls of a domain of length 1, whose cells have all the same then.
    let text = |condition: &str| {
        let boundary = format!("[boundary]\nx = {{ flux = {condition} }}\n");
        changing("laplace(u)", &boundary, "SCHEME", 1e-2)
    };
    for (condition, inwards) in
        [("[[0, 0], [1, 0], [1, -2], [3, -2], [3, 0]]", 8.0), ("\"where(t < 2.25, -1, 0)\"", 4.5)]
    {
        let problem = problem(&text(condition).replace("SCHEME", "dormand-prince"));
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        simulation.run_until(END).unwrap();
        let values: Vec<f64> = simulation.field("u").unwrap().iter().copied().collect();
        let average = values.iter().sum::<f64>() / values.len() as f64;
        assert!((average - inwards).abs() < 1e-12, "{condition}: {average}");
    }
}

/// What is switched on and off decays: u' = k·(g(t) − u), g = 1 from t = 1.3 to 4.6. On 1 rank.
#[test]
fn the_tolerance_is_met_beside_switches() {
    let k: f64 = 2.0;
    let exact = (1.0 - (-k * 3.3).exp()) * (-k * (END - 4.6)).exp();
    for scheme in ["bogacki-shampine", "dormand-prince", "tsit5", "rkc2", "tr-bdf2"] {
        let text = changing("2*(where(t > 1.3 and t < 4.6, 1, 0) - u)", "", scheme, 1e-6);
        let (value, _) = run(&text);
        assert!((value - exact).abs() < 2e-6, "{scheme}: {value} {exact}");
    }
}

/// Functions that jump very often are left to the estimate of the error. On 1 rank.
#[test]
fn what_jumps_very_often_does_not_stop_a_run() {
    for rate in ["1e-9*floor(1e12*t)/1e12", "1e-9*mod(sin(t)*43758.5453, 1)"] {
        let (value, report) = run(&changing(rate, "", "dormand-prince", 1e-3));
        assert!(value.is_finite() && report.steps < 1000, "{rate}: {} steps", report.steps);
    }
}

/// On 1 to 4 ranks.
#[test]
fn switches_keep_the_bits_on_1_to_4_ranks() {
    let text = changing("laplace(u) + x*where(mod(t, 1) < 0.3, 1, 0)", "", "tsit5", 1e-5);
    solve(&text);
}

/// Output is interpolated within steps, and does not change them. On 1 rank.
#[test]
fn output_changes_no_step_beside_switches() {
    let text = changing("where(mod(t, 1) < 0.3, 1, 0) - u", "", "tsit5", 1e-5);
    let problem = problem(&text);
    let bits = |every: Option<f64>| {
        let world = World::solo();
        let mut builder = problem.simulation(&world);
        if let Some(every) = every {
            builder = builder.track(Every::Time(every), |_: &mut Snapshot<'_>| Ok(GO_ON));
        }
        let mut simulation = builder.build().unwrap();
        let report = simulation.run_until(END).unwrap();
        (report.steps, simulation.field("u").unwrap().iter().next().unwrap().to_bits())
    };
    assert_eq!(bits(None), bits(Some(0.1)));
}
