//! The stabilised schemes `rkc2` and `rkl2`.

#[path = "common/solving.rs"]
mod solving;

use std::f64::consts::PI;

use fluxions::prelude::*;
use solving::{solve, solved};

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Evaluations of the right-hand sides in a run to its end.
fn evaluations(text: &str) -> u64 {
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    simulation.run_until(problem.times.end).unwrap().rhs_evaluations
}

const SCHEMES: [&str; 2] = ["rkc2", "rkl2"];

const ROD: &str = "[grid]\nx = { bounds = [0, 1], cells = 64 }\n[equations]\nu = \"laplace(u)\"\n\
                   [initial]\nu = \"cos(pi*x) + where(x < 0.3, 1, 0)\"\n";

/// With steps of equal length it is of second order, at hundreds of times the limit of other schemes.
#[test]
fn equal_steps_are_of_second_order() {
    let error = |scheme: &str, dt: f64| {
        let found = solved(
            &format!(
                "[grid]\nx = {{ bounds = [0, 1], cells = 64 }}\n[equations]\n\
                 u = \"laplace(u) + (4 - pi^2)*t*u\"\n[initial]\nu = \"cos(pi*x)\"\n\
                 [time]\nend = 0.4\ndt = {dt}\nscheme = \"{scheme}\"\n"
            ),
            1,
        );
        let dx: f64 = 1.0 / 64.0;
        let eigenvalue = 2.0 * (1.0 - (PI * dx).cos()) / (dx * dx);
        let exact = (-0.4 * eigenvalue + (4.0 - PI * PI) * 0.08).exp() * (PI * dx / 2.0).cos();
        (found[0][0] - exact).abs()
    };
    for scheme in SCHEMES {
        let errors = [0.02, 0.01, 0.005].map(|dt| error(scheme, dt));
        for pair in errors.windows(2) {
            let order = (pair[0] / pair[1]).log2();
            assert!((order - 2.0).abs() < 0.15, "{scheme} {errors:?}");
        }
        // The limit of rk4 is 1.7e-4.
        assert!(errors[0] < 1e-3, "{scheme} {errors:?}");
    }
}

#[test]
fn diffusion_takes_fewer_evaluations_than_by_other_schemes() {
    let text =
        |scheme: &str| format!("{ROD}[time]\nend = 1\ntolerance = 1e-4\nscheme = \"{scheme}\"\n");
    let many = evaluations(&text("dormand-prince"));
    let exact = solved(&text("dormand-prince"), 1);
    for scheme in SCHEMES {
        let few = evaluations(&text(scheme));
        assert!(8 * few < many, "{scheme}: {few} {many}");
        let found = solved(&text(scheme), 1);
        let differences = found[0].iter().zip(&exact[0]).map(|(a, b)| (a - b).abs());
        let difference = differences.fold(0.0, f64::max);
        assert!(difference < 1e-3, "{scheme}: {difference}");
    }
}

#[test]
fn the_error_follows_the_tolerance() {
    let text = |scheme: &str, tolerance: f64| {
        format!(
            "[grid]\nx = {{ bounds = [0, 10], cells = 100, periodic = true }}\n[equations]\n\
             c = \"0.5*laplace(c) + 4*(c - c^3)\"\n[initial]\n\
             c = \"0.8*sin(2*pi*x/10) + 0.3*cos(6*pi*x/10)\"\n[time]\nend = 1\n\
             scheme = \"{scheme}\"\ntolerance = {tolerance}\n"
        )
    };
    let exact = solved(&text("tsit5", 1e-11), 1);
    let all = SCHEMES.into_iter().flat_map(|scheme| [1e-3, 1e-5, 1e-7].map(|t| (scheme, t)));
    for (scheme, tolerance) in all {
        let found = solved(&text(scheme, tolerance), 1);
        let error = found[0].iter().zip(&exact[0]).map(|(a, b)| (a - b).abs());
        let error = error.fold(0.0, f64::max) / tolerance;
        assert!((0.01..30.0).contains(&error), "{scheme} {tolerance}: {error}");
    }
}

/// Equations that change their limit, walls, a quantity on another geometry; with the same bits on 1 to 4
/// ranks, with steps by the error and equal ones.
#[test]
fn every_kind_of_system_on_1_to_4_ranks() {
    let times = ["tolerance = 1e-4", "dt = 2e-3"];
    for (scheme, time) in SCHEMES.into_iter().flat_map(|scheme| times.map(|time| (scheme, time))) {
        let found = solve(&format!(
            "[grid]\ngeometry = \"cylindrical\"\nr = {{ bounds = [0, 1], cells = 16 }}\n\
             z = {{ bounds = [0, 2], cells = 20 }}\n[fields]\nv = \"vector\"\n[equations]\n\
             v = \"vector_laplace(v)\"\nc = \"diffusion(0.1 + 5*h*c^2, c)\"\nh = \"1\"\n[initial]\n\
             v = [\"r\", \"sin(z)\", \"0\"]\nc = \"exp(-r^2)\"\nh = 0\n[boundary.c]\n\
             \"z-\" = {{ value = \"0.5*h + 0.1\" }}\n[time]\nend = 0.1\nscheme = \"{scheme}\"\n{time}\n"
        ));
        assert!(found.iter().flatten().all(|x| x.abs() < 2.0), "{scheme} {time}");
    }
}

/// Modes at clamped walls are faster than those inside.
#[test]
fn a_clamped_plate_comes_to_rest() {
    let times = ["tolerance = 1e-6", "dt = 1e-5"];
    for (scheme, time) in SCHEMES.into_iter().flat_map(|scheme| times.map(|time| (scheme, time))) {
        let found = solved(
            &format!(
                "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[equations]\nw = \"-laplace(laplace(w)) + 1\"\n\
                 [initial]\nw = 0\n[boundary.w]\nx = {{ value = 0, derivative = 0 }}\n\
                 [time]\nend = 0.03\nscheme = \"{scheme}\"\n{time}\n"
            ),
            1,
        );
        for (cell, w) in found[0].iter().enumerate() {
            let x = (cell as f64 + 0.5) / 20.0;
            let rest = x * x * (1.0 - x) * (1.0 - x) / 24.0;
            assert!((w - rest).abs() < 3e-5, "{time} {cell}: {w} {rest}");
        }
    }
}

/// The diffusivity grows by a factor of 100, and with it the stages of equal steps.
#[test]
fn stages_follow_a_limit_that_changes() {
    let problem = problem(
        "[grid]\nx = { bounds = [0, 1], cells = 64 }\n[equations]\nu = \"(1 + 100*t)*laplace(u) + 1\"\n[initial]\n\
         u = \"cos(pi*x) + where(x < 0.3, 1, 0)\"\n[boundary.u]\nx = { value = 0 }\n\
         [time]\nend = 1\ndt = 2e-3\nscheme = \"rkc2\"\n",
    );
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(1.0).unwrap();
    assert_eq!(report.steps, 500);
    let middle = simulation.field("u").unwrap()[[32]];
    assert!((middle - 0.125 / 101.0).abs() < 1e-4, "{middle}");
}

/// What is held stays to the bit, whatever the number of stages.
#[test]
fn what_has_no_slope_stays_as_it_is() {
    let found = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 64 }\n[regions]\nhot = \"x < 0.3\"\n[equations]\n\
         u = \"laplace(u)\"\nk = \"0\"\n[initial]\nu = 0\nk = \"0.1*x\"\n[boundary.u]\nhot = { value = 0.7 }\n\
         [time]\nend = 2\nscheme = \"rkc2\"\ntolerance = 1e-3\n",
        1,
    );
    assert!(found[0][..19].iter().all(|u| *u == 0.7));
    assert!(found[1].iter().enumerate().all(|(k, x)| *x == 0.1 * ((k as f64 + 0.5) / 64.0)));
}

#[test]
fn steps_go_on_from_what_was_saved() {
    let problem =
        problem(&format!("{ROD}[time]\nend = 0.5\ntolerance = 1e-4\nscheme = \"rkc2\"\n"));
    let world = World::solo();
    let build = || problem.simulation(&world).build().unwrap();
    let values = |simulation: &Simulation| simulation.field("u").unwrap().to_owned();
    let (mut whole, mut first, mut second) = (build(), build(), build());
    whole.run_until(0.5).unwrap();
    for _ in 0..40 {
        first.step().unwrap();
    }
    second.field_mut("u").unwrap().assign(&values(&first));
    second.restore(&first.save()).unwrap();
    second.run_until(0.5).unwrap();
    assert_eq!((second.steps(), values(&second)), (whole.steps(), values(&whole)));
}
