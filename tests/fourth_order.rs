//! Equations in which the Laplace operator is applied several times, solved by several multigrid cycles one after the other.

#[path = "common/solving.rs"]
mod solving;

use std::f64::consts::PI;

use fluxions::prelude::*;
use fluxions::solver::Balance;
use solving::{solve, solved};

const CLAMPED: &str = "{ value = 0, derivative = 0 }";
const SUPPORTED: &str = "{ value = 0, curvature = 0 }";

/// A square plate under a load, with walls of a kind.
fn plate(n: usize, walls: &str, load: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = {n} }}\ny = {{ bounds = [0, 1], cells = {n} }}\n\
         [solve]\nw = \"laplace(laplace(w)) = {load}\"\n[boundary.w]\nx = {walls}\ny = {walls}\n"
    )
}

/// What it took to solve a problem on 1 rank.
fn balance(text: &str) -> Balance {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(0.0).unwrap_or_else(|e| panic!("{e}: {text}"));
    simulation.balance().unwrap().clone()
}

/// The largest difference of the first field from a function of the place in a square, beside its largest value.
fn error(found: &[f64], n: usize, exact: impl Fn(f64, f64) -> f64) -> f64 {
    let at = |k: usize| (k as f64 + 0.5) / n as f64;
    let all: Vec<f64> = (0..n * n).map(|k| exact(at(k / n), at(k % n))).collect();
    let largest = all.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let differences = found.iter().zip(&all).map(|(found, exact)| (found - exact).abs());
    differences.fold(0.0, f64::max) / largest
}

#[test]
fn plates_bend_as_they_should_on_1_to_4_ranks() {
    // Simply supported under a sine, and clamped with walls at rest: sin²(πx)·sin²(πy).
    let load = "4*pi^4*sin(pi*x)*sin(pi*y)";
    let supported = |n: usize| {
        error(&solve(&plate(n, SUPPORTED, load))[0], n, |x, y| (PI * x).sin() * (PI * y).sin())
    };
    let load =
        "8*pi^4*(cos(2*pi*x)*cos(2*pi*y) - cos(2*pi*x)*sin(pi*y)^2 - sin(pi*x)^2*cos(2*pi*y))";
    let clamped = |n: usize| {
        let found = solve(&plate(n, CLAMPED, load));
        error(&found[0], n, |x, y| ((PI * x).sin() * (PI * y).sin()).powi(2))
    };
    for (name, errors) in
        [("supported", [32, 64].map(supported)), ("clamped", [32, 64].map(clamped))]
    {
        let order = (errors[0] / errors[1]).log2();
        assert!(errors[1] < 5e-3 && (1.8..2.3).contains(&order), "{name}: {errors:?} {order}");
    }
}

/// A round plate bends by (1 − r²)²/64 in the middle; values of radial grids and cylinders have the same bits on any ranks.
#[test]
fn round_plates_bend_as_they_should_on_1_to_4_ranks() {
    let walls = format!("[boundary.w]\n\"r+\" = {CLAMPED}\n");
    let equation = "[solve]\nw = \"laplace(laplace(w)) = 1\"\n";
    let found = solve(&format!(
        "[grid]\ngeometry = \"polar\"\nr = {{ bounds = [0, 1], cells = 150 }}\n{equation}{walls}"
    ));
    for (k, w) in found[0].iter().enumerate() {
        let r = (k as f64 + 0.5) / 150.0;
        let exact = (1.0 - r * r) * (1.0 - r * r) / 64.0;
        assert!((w - exact).abs() < 1e-5, "{r}: {w} {exact}");
    }
    let found = solve(&format!(
        "[grid]\ngeometry = \"cylindrical\"\nr = {{ bounds = [0, 1], cells = 40 }}\n\
         z = {{ bounds = [0, 1], cells = 30 }}\n{equation}{walls}z = {CLAMPED}\n"
    ));
    assert!(found[0].iter().all(|w| (-1e-6..0.0024).contains(w)));
}

/// Ends that are joined: the average is free; with terms of lower order it is not.
#[test]
fn rings_are_solved_on_1_to_4_ranks() {
    let ring = |equation: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 64, periodic = true }}\n\
             y = {{ bounds = [0, 1], cells = 64, periodic = true }}\n[solve]\nw = \"{equation}\"\n"
        )
    };
    // The eigenvalue of the difference operator makes it exact, but for rounding.
    let eigen = 2.0 * (2.0 * 64.0 * (PI / 64.0).sin()).powi(2);
    let waves = "cos(2*pi*x)*cos(2*pi*y)";
    for (equation, factor) in [
        (format!("laplace(laplace(w)) = {waves}"), eigen * eigen),
        (format!("laplace(laplace(laplace(w))) + {waves}"), eigen.powi(3)),
        (
            format!("laplace(laplace(w)) - 100*laplace(w) + 1000*w = {waves}"),
            eigen * eigen + 100.0 * eigen + 1000.0,
        ),
    ] {
        let text = ring(&equation);
        let exact = |x: f64, y: f64| (2.0 * PI * x).cos() * (2.0 * PI * y).cos() / factor;
        let found = error(&solve(&text)[0], 64, exact);
        assert!(found < 1e-6, "{equation}: {found}");
    }
}

/// The diagonal alone takes more than ten times as many iterations in 64², and does not lead to a solution in 128².
#[test]
fn iterations_hardly_grow_with_the_number_of_cells() {
    let supported = [64, 256].map(|n| balance(&plate(n, SUPPORTED, "1")).iterations);
    assert!(supported.iter().all(|iterations| *iterations <= 20), "{supported:?}");
    let clamped = [64, 128, 256].map(|n| balance(&plate(n, CLAMPED, "1")).iterations);
    assert!(clamped[0] <= 70, "{clamped:?}");
    assert!(clamped.windows(2).all(|pair| pair[1] < 2 * pair[0]), "{clamped:?}");
    let cube =
        plate(32, CLAMPED, "1").replace("[solve]", "z = { bounds = [0, 1], cells = 32 }\n[solve]");
    let cube = balance(&format!("{cube}z = {CLAMPED}\n")).iterations;
    assert!(cube <= 60, "{cube}");
}

/// Long implicit steps by cycles end where those by the diagonal do, with the same bits on any ranks.
#[test]
fn implicit_steps_by_cycles_are_the_same_on_1_to_4_ranks() {
    let text = |preconditioner: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 32], cells = 64, periodic = true }}\n\
             y = {{ bounds = [0, 32], cells = 64 }}\n[equations]\nu = \"laplace(u^3 - u - laplace(u))\"\n\
             [initial]\nu = \"0.3*cos(pi*x/8)*cos(pi*y/16) + 0.05*random_uniform(-1, 1)\"\n\
             [time]\nend = 20\nscheme = \"tr-bdf2\"\ntolerance = {{ relative = 1e-4, absolute = 1e-5 }}\n\
             [solver]\npreconditioner = \"{preconditioner}\"\n"
        )
    };
    let cycles = solve(&text("multigrid"));
    let diagonal = solved(&text("diagonal"), 1);
    let both = cycles[0].iter().zip(&diagonal[0]);
    let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(difference < 1e-3, "{difference}");
}

/// Cells that are held at a value see themselves alone, in cycles too.
#[test]
fn a_plate_rests_on_a_post_on_1_to_4_ranks() {
    let walls = format!("x = {CLAMPED}\ny = {CLAMPED}\n");
    let text = |preconditioner: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 10], cells = 80 }}\ny = {{ bounds = [0, 10], cells = 80 }}\n\
             [regions]\npost = \"(x - 5)^2 + (y - 5)^2 < 1\"\n[solve]\nw = \"laplace(laplace(w)) = 1\"\n\
             [boundary.w]\n{walls}post = {{ value = 0 }}\n{preconditioner}"
        )
    };
    let found = solve(&text(""));
    let expected = solved(&text("[solver]\npreconditioner = \"diagonal\"\n"), 1);
    let largest = expected[0].iter().fold(0.0f64, |most, w| most.max(*w));
    let both = found[0].iter().zip(&expected[0]);
    let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest > 0.1 && difference < 1e-6 * largest, "{largest} {difference}");
    assert_eq!(found[0][40 * 80 + 40], 0.0);
    let iterations = [80, 160]
        .map(|n| balance(&text("").replace("cells = 80", &format!("cells = {n}"))).iterations);
    assert!(iterations[0] <= 100 && iterations[1] <= 220, "{iterations:?}");
}

/// Where coefficients differ by much from cell to cell, the diagonal is nearer to the inverse.
#[test]
fn films_of_any_height_are_stepped() {
    let found = solve(
        "[grid]\nx = { bounds = [0, 20], cells = 48, periodic = true }\n\
         y = { bounds = [0, 20], cells = 48, periodic = true }\n\
         [equations]\nh = \"-divergence(h^3*gradient(laplace(h)))\"\n\
         [initial]\nh = \"0.05 + exp(-((x - 10)^2 + (y - 10)^2)/8)\"\n\
         [time]\nend = 5\nscheme = \"tr-bdf2\"\ntolerance = { relative = 1e-4, absolute = 1e-5 }\n\
         [solver]\npreconditioner = \"multigrid\"\n",
    );
    let mass: f64 = found[0].iter().sum::<f64>() / 48.0 / 48.0;
    // 0.05 + 8π/400
    assert!((mass - 0.05 - 8.0 * PI / 400.0).abs() < 1e-5, "{mass}");
}
