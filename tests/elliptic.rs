//! Elliptic problems and steady states.

#[path = "common/solving.rs"]
mod solving;

use std::f64::consts::PI;

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::{Error, Krylov};
use solving::{solve, solved};

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

fn failure(text: &str, world: &World) -> Error {
    let problem = problem(text);
    let mut simulation = problem.simulation(world).build().unwrap();
    simulation.run_until(problem.times.end).unwrap_err()
}

const SQUARE: &str =
    "[grid]\nx = { bounds = [0, 1], cells = 24 }\ny = { bounds = [0, 1], cells = 70 }\n";

#[test]
fn both_sides_may_be_written() {
    let walls = "[boundary]\nx = { value = 0 }\ny = { value = 1 }\n";
    let vanishing = format!("{SQUARE}[solve]\nphi = \"laplace(phi) + x*y\"\n{walls}");
    let equation = format!("{SQUARE}[solve]\nphi = \"laplace(phi) = -x*y\"\n{walls}");
    let (a, b) = (solve(&vanishing), solved(&equation, 1));
    let both = a[0].iter().zip(&b[0]);
    assert!(both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-9);
}

/// Every method finds the same solution, with the same bits on any ranks.
#[test]
fn methods_agree_on_1_to_4_ranks() {
    let text = |method: &str| {
        format!(
            "{SQUARE}[solve]\nphi = \"diffusion(1 + 10*x, phi) - 3*phi + sin(9*x*y)\"\n\
             [boundary]\n\"x-\" = {{ value = \"y\" }}\n[solver]\ntolerance = 1e-12\n{method}\n"
        )
    };
    let expected = solve(&text(""));
    for (method, preconditioner) in
        Krylov::ALL.into_iter().flat_map(|method| ["multigrid", "diagonal"].map(|p| (method, p)))
    {
        let method = method.name();
        let found =
            solve(&text(&format!("krylov = \"{method}\"\npreconditioner = \"{preconditioner}\"")));
        let both = found[0].iter().zip(&expected[0]);
        let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference < 1e-10, "{method} {preconditioner}: {difference}");
    }
}

/// Problems that are not symmetric, indefinite ones, several unknowns, complex ones, vectors, and nonlinear
/// ones: what should vanish does.
#[test]
fn residuals_vanish_on_1_to_4_ranks() {
    for (fields, solve_section, initial) in [
        ("", "phi = \"laplace(phi) + 20*d_dx(phi) + 1\"", ""),
        ("", "phi = \"laplace(phi) + 60*phi + 1\"", ""),
        ("", "phi = \"laplace(phi) + psi\"\npsi = \"laplace(psi) - phi + 1\"", ""),
        ("[fields]\nphi = \"complex\"\n", "phi = \"laplace(phi) + (3 + 2*I)*phi = I*x\"", ""),
        ("[fields]\nphi = \"vector\"\n", "phi = \"vector_laplace(phi) - phi + [1, x]\"", ""),
        ("", "phi = \"laplace(phi) + 2*exp(phi)\"", ""),
        ("", "phi = \"diffusion(1 + phi^2, phi) = -5*x\"", "[initial]\nphi = \"0.1*x\"\n"),
        ("", "phi = \"laplace(phi) - phi^3 + average(phi)*x + 1\"", ""),
    ] {
        let text = format!(
            "{SQUARE}{fields}[solve]\n{solve_section}\n{initial}\
             [boundary]\nx = {{ value = 0 }}\ny = {{ derivative = 0 }}\n"
        );
        solve(&text);
        let problem = problem(&text);
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        simulation.run_until(0.0).unwrap();
        let [first, last] = simulation.balance().unwrap().residuals;
        assert!(last <= 1e-10 * first, "{solve_section}: {last} of {first}");
    }
}

/// The discrete eigenfunction of the Laplacian on an interval whose ends are held.
/// Waves in a room, with and without damping: the matrix is far from definite, and cycles lead nowhere. The solution is a
/// sum of eigenfunctions of the discrete Laplacian, whose ends are at walls, at reflecting ends, and joined.
#[test]
fn waves_are_found_on_1_to_4_ranks() {
    let modes = [(1, 2, 1.0), (3, 4, -0.5), (5, 2, 0.8), (7, 8, 0.3), (2, 6, -0.7)];
    let (nx, ny) = (24, 20);
    let eigenvalue = |k: f64, n: usize| {
        let n = n as f64;
        -4.0 * n * n * (k * PI / (2.0 * n)).sin().powi(2)
    };
    for (squared, damping) in [(400.0, 0.0), (400.0, 40.0)] {
        let number = format!("({squared} + {damping}*I)");
        let (number, fields) = match damping {
            0.0 => (squared.to_string(), ""),
            _ => (number, "[fields]\np = \"complex\"\n"),
        };
        let terms = modes.iter().map(|(k, l, size)| {
            let eigenvalue = eigenvalue(f64::from(*k), nx) + eigenvalue(f64::from(*l), ny);
            format!("{size}*({eigenvalue} + {number})*sin({k}*pi*x)*cos({l}*pi*y)")
        });
        let right = terms.collect::<Vec<_>>().join(" + ");
        for ends in ["}", ", periodic = true }"] {
            let found = solve(&format!(
                "[grid]\nx = {{ bounds = [0, 1], cells = {nx} }}\ny = {{ bounds = [0, 1], cells = {ny}{ends}\n\
                 {fields}[solve]\np = \"laplace(p) + {number}*p = {right}\"\n[boundary]\nx = {{ value = 0 }}\n"
            ));
            // Of a complex number both parts, one after the other.
            let parts = found[0].len() / (nx * ny);
            for (cell, values) in found[0].chunks_exact(parts).enumerate() {
                let x = (cell / ny) as f64 + 0.5;
                let y = (cell % ny) as f64 + 0.5;
                let mode = |(k, l, size): &(i32, i32, f64)| {
                    let (x, y) = (x / nx as f64, y / ny as f64);
                    size * (f64::from(*k) * PI * x).sin() * (f64::from(*l) * PI * y).cos()
                };
                let exact: f64 = modes.iter().map(mode).sum();
                let imaginary = values.get(1).copied().unwrap_or(0.0);
                let error = (values[0] - exact).hypot(imaginary);
                assert!(error < 1e-6, "{number} {ends}: {cell}: {values:?} {exact}");
            }
        }
    }
}

#[test]
fn a_sine_is_exact() {
    let found = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 50 }\n[solve]\nphi = \"laplace(phi) = -sin(pi*x)\"\n\
         [boundary]\nx = { value = 0 }\n",
        1,
    );
    let dx: f64 = 1.0 / 50.0;
    let eigenvalue = 2.0 * (1.0 - (PI * dx).cos()) / (dx * dx);
    for (k, value) in found[0].iter().enumerate() {
        let exact = (PI * (k as f64 + 0.5) * dx).sin() / eigenvalue;
        assert!((value - exact).abs() < 1e-10, "{k}: {value} {exact}");
    }
}

#[test]
fn what_cannot_be_balanced_is_told_on_1_to_3_ranks() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 24 }\n[solve]\nphi = \"laplace(phi) + x\"\n\
                [boundary]\n\"x+\" = { derivative = 0.25 }\n";
    for ranks in 1..=3 {
        let found = threads::run(ranks, |world| Ok::<_, Error>(failure(text, world))).unwrap();
        for error in found {
            let Error::Incompatible { field, excess } = &error else { panic!("{error}") };
            assert_eq!(field, "phi");
            assert!((excess - 0.75).abs() < 1e-12, "{excess}");
        }
    }
    let projected = solve(&format!("{text}[solver]\ncompatible = \"project\"\n"));
    let mean: f64 = projected[0].iter().sum::<f64>() / 24.0;
    assert!(mean.abs() < 1e-12, "{mean}");
    // What is balanced is accepted.
    let balanced = text.replace("0.25", "-0.5");
    let mean: f64 = solve(&balanced)[0].iter().sum::<f64>() / 24.0;
    assert!(mean.abs() < 1e-12, "{mean}");
}

/// Equations without a solution, which are nearly met, as far as rounding tells, where the state has run away. On 1 and 2
/// ranks.
#[test]
fn a_state_that_has_run_away_is_no_solution() {
    for (equation, most) in [
        ("laplace(phi) - exp(-phi^2) - 1000", 1),
        ("laplace(phi) - exp(-phi^2) - 1", 1),
        ("laplace(phi) - 300*exp(-phi^2) - 1", 2),
    ] {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\ny = {{ bounds = [0, 1], cells = 8 }}\n\
             [solve]\nphi = \"{equation}\"\n"
        );
        for ranks in 1..=most {
            let found = threads::run(ranks, |world| Ok::<_, Error>(failure(&text, world))).unwrap();
            for error in found {
                assert!(
                    error.to_string().starts_with("the equations could not be solved"),
                    "{equation}: {error}"
                );
            }
        }
    }
}

/// Derivatives of derivatives look at every other cell. What they leave undetermined may grow until rounding hides the residual:
/// that is no solution, and the message says why.
#[test]
fn chequers_that_grow_are_no_solution_and_are_named() {
    let tensor = "[[2, 0.5], [0.5, 1]]";
    let text = |equation: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 32 }}\ny = {{ bounds = [0, 1], cells = 32 }}\n[solve]\n\
             u = \"{equation} + 1\"\n[boundary.u]\nx = {{ value = 0 }}\ny = {{ value = 0 }}\n"
        )
    };
    for equation in [
        format!("divergence(dot({tensor}, gradient(u)))"),
        "d_dx(d_dx(u)) + d_dy(d_dy(u)) + x + y".into(),
    ] {
        let found = threads::run(2, |world| Ok::<_, Error>(outcome(&text(&equation), world)));
        for outcome in found.unwrap() {
            match outcome {
                // Or a solution without them.
                Ok(largest) => assert!(largest < 1.0, "{equation}: {largest}"),
                Err(error) => {
                    let told = error.to_string();
                    assert!(
                        told.contains("change their sign from cell to cell"),
                        "{equation}: {told}"
                    );
                    assert!(error.help().unwrap().contains("diffusion(D, u)"));
                }
            }
        }
    }
    let compact = solve(&text(&format!("diffusion({tensor}, u)")));
    assert!(compact[0].iter().all(|u| (0.0..0.06).contains(u)));
}

/// The largest value of the solution of an elliptic problem, or why there is none.
fn outcome(text: &str, world: &World) -> Result<f64, Error> {
    let problem = problem(text);
    let mut simulation = problem.simulation(world).build().unwrap();
    simulation.run_until(0.0)?;
    let found = simulation.field("u")?;
    Ok(found.iter().fold(0.0, |largest, u| largest.max(u.abs())))
}

/// Bratu's problem has a steady state up to a fold, at 6.7798 for 16² cells, and none beyond it.
#[test]
fn a_steady_state_is_found_where_there_is_one() {
    let text = |lambda: f64| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\ny = {{ bounds = [0, 1], cells = 16 }}\n\
             [equations]\nu = \"laplace(u) + {lambda}*exp(u)\"\n[boundary]\nx = {{ value = 0 }}\n\
             y = {{ value = 0 }}\n[initial]\nu = 0\n[time]\nmode = \"steady\"\n"
        )
    };
    let near = solve(&text(6.7));
    let highest = near[0].iter().copied().fold(0.0, f64::max);
    assert!((1.1..1.4).contains(&highest), "{highest}");
    let error = failure(&text(7.0), &World::solo());
    assert!(error.to_string().starts_with("no steady state was found"), "{error}");
}

/// Where a field keeps its amount, the steady state is the one that the initial values lead to.
#[test]
fn steady_states_keep_what_is_kept() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 40 }\n[equations]\n\
                u = \"diffusion(1 + u^2, u)\"\n[initial]\nu = \"where(x < 0.25, 2, 0)\"\n\
                [time]\nmode = \"steady\"\n";
    for value in &solve(text)[0] {
        assert!((value - 0.5).abs() < 1e-8, "{value}");
    }
}

#[test]
fn programs_solve_too() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 10, Bounded).build().unwrap();
    let pde = Pde::on(&grid).equation("phi", "laplace(phi) + 2");
    let pde = pde.boundary("x", Condition::Value(0.0.into())).build().unwrap();
    let world = World::solo();
    let scheme = SchemeChoice::Elliptic(SolverOptions::default());
    let builder = Simulation::builder(&pde, &world).initial("phi", 0.0).scheme(scheme);
    let mut simulation = builder.build().unwrap();
    let report = simulation.run_until(0.0).unwrap();
    assert_eq!((report.steps, report.time), (0, 0.0));
    // x(1 − x), but for dx²/4 from the walls.
    let middle = simulation.field("phi").unwrap()[[5]];
    assert!((middle - 0.55 * 0.45 - 0.0025).abs() < 1e-9, "{middle}");
    assert!(simulation.balance().unwrap().iterations > 0);
}

#[test]
fn what_is_no_number_is_not_solved() {
    let solved = "[grid]\nx = { bounds = [0, 1], cells = 12 }\n[solve]\nu = \"laplace(u) + 1/u\"\n\
                  [boundary]\nx = { value = 1 }\n";
    let steady = "[grid]\nx = { bounds = [0, 1], cells = 12 }\n[equations]\nu = \"laplace(u) + log(u)\"\n\
                  [initial]\nu = 0\n[time]\nmode = \"steady\"\n";
    for text in [solved, steady] {
        let error = failure(text, &World::solo());
        assert!(matches!(error, Error::NotSolved { .. }), "{error}");
    }
    solve(&format!("{solved}[initial]\nu = 1\n"));
}

/// At the first guess a constant changes nothing, elsewhere it does.
#[test]
fn a_constant_is_free_only_if_it_is_so_everywhere() {
    let found = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 30, periodic = true }\n[solve]\n\
         u = \"laplace(u) - u^3 + 1 + cos(2*pi*x)\"\n",
    );
    let mean = found[0].iter().sum::<f64>() / 30.0;
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
}

#[test]
fn a_solution_is_a_good_first_guess() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 40, periodic = true }\n[solve]\n\
                phi = \"laplace(phi) + sin(2*pi*x)\"\n";
    let problem = problem(text);
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap();
    simulation.run_until(0.0).unwrap();
    let first = simulation.iterations().unwrap().linear;
    // Looked at anew, and found to be solved.
    simulation.field_mut("phi").unwrap();
    simulation.run_until(0.0).unwrap();
    assert!(simulation.iterations().unwrap().linear <= first + 1);
}

/// Matrices that are not symmetric though they were so at first, and parts that see along one axis only.
#[test]
fn methods_are_left_where_they_do_not_fit() {
    solve(
        "[grid]\nx = { bounds = [0, 1], cells = 40 }\n[solve]\n\
         u = \"0.05*laplace(u) - u*d_dx(u) + 1\"\n[boundary]\nx = { value = 0 }\n",
    );
    solve(
        "[grid]\nx = { bounds = [0, 1], cells = 12 }\ny = { bounds = [0, 1], cells = 10 }\n\
         z = { bounds = [0, 1], cells = 14 }\n[equations]\nu = \"d2_dz2(u) + x*y - u^3\"\n\
         [initial]\nu = 0\n[time]\nend = 0.5\ndt = 0.1\nscheme = \"ars222\"\n\
         implicit = { u = \"d2_dz2(u)\" }\n",
    );
}

/// Grids that are cut into slabs on several levels, of ends of each kind, sizes that are no powers of two, volumes that
/// differ, coefficients that jump, entries at corners, and three dimensions.
#[test]
fn grids_that_ranks_share_give_the_same_bits_on_1_to_4_ranks() {
    let square = |ends: &str| {
        format!(
            "x = {{ bounds = [0, 1], cells = 128{ends} }}\ny = {{ bounds = [0, 2], cells = 90{ends} }}"
        )
    };
    let periodic = square(", periodic = true");
    let held = "x = { value = \"y\" }\n\"y-\" = { derivative = 1 }\n\"y+\" = { mixed = { coefficient = 2, value = 1 } }";
    for (grid, boundary, equation) in [
        (square(""), held, "laplace(u) + sin(5*x*y)"),
        (square(""), held, "diffusion(where(x > y, 1000, 1), u) + 1"),
        (square(""), held, "diffusion([[2, 1], [1, 2]], u) + x"),
        (square(""), "", "laplace(u) + cos(2*pi*x)"),
        (periodic.clone(), "", "laplace(u) - u + sin(2*pi*x)*cos(pi*y)"),
        (periodic.replace("90", "75").replace("128", "150"), "", "laplace(u) + sin(2*pi*x)"),
        (square("").replace("[0, 2]", "[0, 40]"), held, "laplace(u) + 1"),
        (
            "geometry = \"cylindrical\"\nr = { bounds = [0, 1], cells = 80 }\nz = { bounds = [0, 1], cells = 60 }".into(),
            "\"r+\" = { value = 1 }\nz = { value = \"r\" }",
            "laplace(u) + r*z",
        ),
        (
            format!("{}\nz = {{ bounds = [0, 1], cells = 9 }}", square("").replace("128", "40").replace("90", "30")),
            "x = { value = 0 }\nz = { derivative = \"x\" }",
            "laplace(u) + x*y",
        ),
    ] {
        let text = format!("[grid]\n{grid}\n[boundary]\n{boundary}\n[solve]\nu = \"{equation}\"\n");
        let found = solve(&text);
        assert!(found[0].iter().all(|u| u.is_finite()), "{text}");
    }
}
