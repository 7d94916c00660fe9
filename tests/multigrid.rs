//! How fast linear systems are solved: by multigrid cycles, V(2,1) with red–black Gauss–Seidel, alone or, where these are
//! slow, one an iteration as the preconditioner of conjugate gradients. On 1 rank; tests/elliptic.rs has the same bits on several.

use fluxions::prelude::*;
use fluxions::solver::Balance;

/// What came of a problem from a start without order.
fn balance(text: &str, tolerance: f64) -> Balance {
    let text = format!(
        "{text}[initial]\nu = \"random_uniform(-1, 1)\"\n[solver]\ntolerance = {tolerance}\n"
    );
    let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(0.0).unwrap_or_else(|e| panic!("{e}: {text}"));
    simulation.balance().unwrap().clone()
}

/// By which factor an iteration makes the residual smaller, once the first ones have taken away what falls fast.
fn factor(text: &str) -> f64 {
    let [early, late] = [1e-3, 1e-11].map(|tolerance| balance(text, tolerance));
    let fallen =
        (late.residuals[1] / late.residuals[0]) / (early.residuals[1] / early.residuals[0]);
    fallen.powf(1.0 / (late.iterations - early.iterations) as f64)
}

/// A grid of cells of these sizes with ends of a kind.
fn text(axes: &[(&str, usize, f64)], ends: &str, equation: &str) -> String {
    let periodic = if ends == "periodic" { ", periodic = true" } else { "" };
    let mut text = String::from("[grid]\n");
    for (name, cells, size) in axes {
        let length = *cells as f64 * size;
        text += &format!("{name} = {{ bounds = [0, {length}], cells = {cells}{periodic} }}\n");
    }
    text += "[boundary]\n";
    for (k, (name, ..)) in axes.iter().enumerate() {
        text += &match ends {
            "value" => format!("{name} = {{ value = 0 }}\n"),
            "derivative" => format!("{name} = {{ derivative = 0 }}\n"),
            "mixed" if k == 0 => {
                format!("{name} = {{ mixed = {{ coefficient = 2, value = 1 }} }}\n")
            }
            "mixed" => {
                format!("\"{name}-\" = {{ value = 0 }}\n\"{name}+\" = {{ derivative = 1 }}\n")
            }
            _ => String::new(),
        };
    }
    text + &format!("[solve]\nu = \"{equation}\"\n")
}

const ENDS: [&str; 4] = ["value", "derivative", "mixed", "periodic"];

/// Squares, sizes that are no powers of two and primes, and one long axis, with ends of each kind. V(2,1) has a factor of
/// 0.10 to 0.12 (Trottenberg, Oosterlee & Schüller 2001, "Multigrid", section 2.5).
#[test]
fn residuals_fall_fast_in_two_dimensions() {
    for ends in ENDS {
        let sizes =
            [(32, 32), (64, 64), (128, 128), (256, 256), (96, 96), (97, 97), (101, 67), (1000, 40)];
        let found =
            sizes.map(|(n, m)| factor(&text(&[("x", n, 1.0), ("y", m, 1.0)], ends, "laplace(u)")));
        assert!(found.iter().all(|factor| *factor < 0.12), "{ends}: {found:?}");
    }
    // It does not depend on the size.
    let found = factor(&text(&[("x", 1024, 1.0), ("y", 1024, 1.0)], "value", "laplace(u)"));
    assert!(found < 0.12, "{found}");
}

#[test]
fn residuals_fall_fast_in_three_dimensions() {
    for (n, ends) in
        [(32, "value"), (32, "derivative"), (24, "mixed"), (37, "periodic"), (64, "value")]
    {
        let axes = [("x", n, 1.0), ("y", n, 1.0), ("z", n, 1.0)];
        let found = factor(&text(&axes, ends, "laplace(u)"));
        assert!(found < 0.15, "{n} {ends}: {found}");
    }
}

/// One axis, of Cartesian, polar and spherical grids, with a centre and without. Red–black cycles do least here.
#[test]
fn residuals_fall_fast_in_one_dimension() {
    for (n, most) in [(1000, 0.25), (97, 0.2), (96, 0.2), (769, 0.25)] {
        for ends in ENDS {
            let found = factor(&text(&[("x", n, 1.0)], ends, "laplace(u)"));
            assert!(found < most, "{n} {ends}: {found}");
        }
        for geometry in ["polar", "spherical"] {
            for (inner, held) in
                [(0.0, "\"r+\" = { value = 0 }"), (0.0, ""), (0.3, "r = { value = 0 }")]
            {
                let found = factor(&format!(
                    "[grid]\ngeometry = \"{geometry}\"\nr = {{ bounds = [{inner}, 1], cells = {n} }}\n\
                     [boundary]\n{held}\n[solve]\nu = \"laplace(u)\"\n"
                ));
                assert!(found < most, "{geometry} {inner} {n} {held}: {found}");
            }
        }
    }
}

#[test]
fn residuals_fall_fast_in_cylinders() {
    for (n, m) in [(32, 32), (64, 96), (97, 101)] {
        for (inner, periodic, held) in [
            (0.0, "", "\"r+\" = { value = 0 }\nz = { value = 0 }"),
            (0.0, "", ""),
            (1.0, "", "r = { derivative = 0 }\nz = { value = 0 }"),
            (0.0, ", periodic = true", "\"r+\" = { value = 0 }"),
        ] {
            let (outer, length) = (inner + 1.0, m as f64 / n as f64);
            let found = factor(&format!(
                "[grid]\ngeometry = \"cylindrical\"\nr = {{ bounds = [{inner}, {outer}], cells = {n} }}\n\
                 z = {{ bounds = [0, {length}], cells = {m}{periodic} }}\n[boundary]\n{held}\n\
                 [solve]\nu = \"laplace(u)\"\n"
            ));
            assert!(found < 0.12, "{n} {m} {inner} {periodic} {held}: {found}");
        }
    }
}

/// Cells that are up to a thousand times as long as wide.
#[test]
fn stretched_cells_take_few_iterations() {
    for ratio in [1.0, 10.0, 100.0, 1000.0] {
        for (n, m) in [(64, 64), (128, 96), (97, 101)] {
            for ends in ["value", "derivative", "periodic"] {
                for sizes in [(ratio, 1.0), (1.0, ratio)] {
                    let axes = [("x", n, sizes.0), ("y", m, sizes.1)];
                    let iterations = balance(&text(&axes, ends, "laplace(u)"), 1e-10).iterations;
                    assert!(iterations <= 15, "{n} {m} {ends} {sizes:?}: {iterations}");
                }
            }
        }
    }
    for sizes in [[1.0, 10.0, 100.0], [1.0, 1.0, 100.0], [100.0, 100.0, 1.0]] {
        for ends in ["value", "derivative"] {
            let axes = [("x", 24, sizes[0]), ("y", 20, sizes[1]), ("z", 32, sizes[2])];
            let iterations = balance(&text(&axes, ends, "laplace(u)"), 1e-10).iterations;
            assert!(iterations <= 15, "{ends} {sizes:?}: {iterations}");
        }
    }
}

/// Coefficients that jump across a circle, either way, and from field to field of a chequerboard.
#[test]
fn coefficients_that_jump_take_few_iterations() {
    let circle = "(x - 0.5)^2 + (y - 0.45)^2 < 0.09";
    let board = |fields: u32| format!("sin({fields}*pi*x)*sin({fields}*pi*y) > 0");
    for jump in [1.0, 1e3, 1e6] {
        for (n, ends) in
            [(64, "value"), (64, "derivative"), (64, "periodic"), (97, "value"), (128, "value")]
        {
            let size = 1.0 / n as f64;
            let iterations = |operator: &str, place: &str, (inside, outside): (f64, f64)| {
                let equation = format!("{operator}(where({place}, {inside}, {outside}), u)");
                balance(&text(&[("x", n, size), ("y", n, size)], ends, &equation), 1e-10).iterations
            };
            for operator in ["diffusion", "diffusion_harmonic"] {
                for values in [(jump, 1.0), (1.0, jump)] {
                    let found = iterations(operator, circle, values);
                    assert!(found <= 15, "{operator} {values:?} {n} {ends}: {found}");
                }
                // Where fields of the harmonic mean do not end with cells of the coarser grids, more are needed.
                let is_easy = operator == "diffusion" || n != 97;
                for fields in [4, 8].into_iter().filter(|_| is_easy) {
                    let found = iterations(operator, &board(fields), (jump, 1.0));
                    assert!(found <= 20, "{operator} {fields} {jump} {n} {ends}: {found}");
                }
            }
        }
    }
}
