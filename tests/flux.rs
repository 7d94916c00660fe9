//! Fluxes that are given at walls, and flows through walls that are told.

#[path = "common/solving.rs"]
mod solving;

use fluxions::expr::Backend;
use fluxions::prelude::*;
use solving::{solve, solved};

/// Grids of every geometry, with a wall each through which something can flow: its name, its function
/// for the flow and its area.
fn grids() -> Vec<(String, &'static str, &'static str, f64)> {
    use std::f64::consts::PI;
    let axis = |name: &str, bounds: &str| format!("{name} = {{ bounds = {bounds}, cells = 8 }}\n");
    let geometry =
        |name: &str, rest: String| format!("geometry = \"{name}\"\nconservative = true\n{rest}");
    vec![
        (axis("x", "[-1, 0.5]"), "x-", "flow_x_minus", 1.0),
        (axis("x", "[-1, 0.5]"), "x+", "flow_x_plus", 1.0),
        (axis("x", "[0, 1]") + &axis("y", "[0, 2]"), "x+", "flow_x_plus", 2.0),
        (axis("x", "[0, 1]") + &axis("y", "[0, 2]"), "y-", "flow_y_minus", 1.0),
        (geometry("polar", axis("r", "[0, 2]")), "r+", "flow_r_plus", 4.0 * PI),
        (geometry("polar", axis("r", "[0.5, 2]")), "r-", "flow_r_minus", PI),
        (geometry("spherical", axis("r", "[0, 1]")), "r+", "flow_r_plus", 4.0 * PI),
        (geometry("spherical", axis("r", "[1, 2]")), "r-", "flow_r_minus", 4.0 * PI),
        (
            geometry("cylindrical", axis("r", "[0, 1]") + &axis("z", "[0, 3]")),
            "r+",
            "flow_r_plus",
            6.0 * PI,
        ),
        (
            geometry("cylindrical", axis("r", "[0, 1]") + &axis("z", "[0, 3]")),
            "z+",
            "flow_z_plus",
            PI,
        ),
    ]
}

/// The numbers of a problem at its beginning and, after its steps, at its end.
fn numbers(text: &str, of: &[&str]) -> Vec<[f64; 2]> {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}: {text}"));
    let world = World::solo();
    let mut builder = problem.simulation(&world).backend(Backend::Closures);
    for (k, number) in of.iter().enumerate() {
        builder = builder.number(&format!("n{k}"), *number);
    }
    let mut simulation = builder.build().unwrap_or_else(|e| panic!("{e}: {text}"));
    let all = |simulation: &mut Simulation| -> Vec<f64> {
        (0..of.len()).map(|k| simulation.number(&format!("n{k}")).unwrap()).collect()
    };
    let before = all(&mut simulation);
    simulation.run_until(problem.times.end).unwrap();
    let after = all(&mut simulation);
    before.into_iter().zip(after).map(|(a, b)| [a, b]).collect()
}

/// What flows in by one wall is what was given, whatever is diffused, and nothing flows through the
/// others.
#[test]
fn exactly_what_was_given_flows_on_every_geometry() {
    for (grid, wall, flow, area) in grids() {
        let position = if grid.contains("geometry") { "r" } else { "x" };
        for equation in [
            "diffusion(1 + c^2, c)",
            "0.3*laplace(c^2) - laplace(c)/-2",
            "divergence((1 + c)*gradient(c))",
            "k - k + diffusion(POSITION + 2, c)*a",
            "-divergence(-gradient(c)*2)",
        ] {
            let equation = equation.replace("POSITION", position);
            let text = format!(
                "[grid]\n{grid}[define]\nk = \"0.1*laplace(c)\"\na = \"1 + t\"\n[equations]\n\
                 c = \"{equation}\"\n[initial]\nc = \"1 + 0.2*{position}\"\n[boundary.c]\n\
                 \"{wall}\" = {{ flux = -0.25 }}\n[time]\nend = 0.01\ndt = 1e-3\n"
            );
            let flow = format!("{flow}(c)");
            let found = numbers(&text, &["integral(c)", &flow]);
            let [[before, after], [flow, _]] = found[..] else { unreachable!() };
            let expected = 0.25 * area * 0.01;
            let error = (after - before - expected).abs() / before;
            assert!(error < 1e-14, "{equation} on {grid}: {} of {expected}", after - before);
            assert!((flow + 0.25 * area).abs() < 1e-12, "{equation} on {grid}: {flow}");
        }
    }
}

/// The flows through all walls are what the integral of the equation loses, with conditions of every
/// kind.
#[test]
fn the_balance_of_flows_closes() {
    let text = |equation: &str, walls: [&str; 4]| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\ny = {{ bounds = [0, 2], cells = 6 }}\n\
             [define]\nF = \"[c*y, x - c^2]\"\n[equations]\nc = \"{equation}\"\n[initial]\n\
             c = \"1 + sin(3*x)*cos(2*y)\"\n[boundary]\n\"x-\" = {}\n\"x+\" = {}\n\"y-\" = {}\n\"y+\" = {}\n\
             [time]\nend = 1e-3\ndt = 1e-3\n",
            walls[0], walls[1], walls[2], walls[3]
        )
    };
    let kinds = [
        "{ value = 0.5 }",
        "{ derivative = \"c - 1\" }",
        "{ mixed = { coefficient = 2, value = \"x + y\" } }",
        "{ flux = \"0.3*c + 0.1*value*cell - cell(c^2) + dx\" }",
        "{ curvature = 1 }",
        "{ flux = \"sin(x) - y*average(c)\" }",
    ];
    for (k, equation) in [
        "laplace(c)",
        "diffusion(1 + c^2, c) - d_dx(c^2)",
        "divergence(F) + 2*d2_dy2(c)",
        "divergence_forward(F) - d_dy_backward(c*x)",
        "laplace(c^3 - c) - 0.01*laplace(laplace(c))",
        "divergence(gradient(c)*c) - diffusion(2, c)",
    ]
    .into_iter()
    .enumerate()
    {
        for shift in 0..kinds.len() {
            let walls = std::array::from_fn(|wall| kinds[(wall + shift + k) % kinds.len()]);
            let flows = ["flow_x_minus", "flow_x_plus", "flow_y_minus", "flow_y_plus"]
                .map(|f| format!("{f}(c)"));
            let text = text(equation, walls);
            let mut wanted = vec!["integral(c)"];
            wanted.extend(flows.iter().map(String::as_str));
            let found = numbers(&(text + "scheme = \"euler\"\n"), &wanted);
            let out: f64 = found[1..].iter().map(|[flow, _]| flow).sum();
            let [before, after] = found[0];
            let lost = (before - after) / 1e-3;
            let size: f64 = found[1..].iter().map(|[flow, _]| flow.abs()).sum();
            assert!(
                (lost - out).abs() < 1e-10 * (1.0 + size),
                "{equation} {walls:?}: {lost} {out}"
            );
        }
    }
}

/// Drift and diffusion between closed walls: the mass stays, and the limit is Boltzmann's.
#[test]
fn drift_and_diffusion_are_closed_together() {
    let limit = |cells: usize| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = {cells} }}\n[equations]\n\
             p = \"0.2*laplace(p) + d_dx(p*x)\"\n[initial]\np = 1\n[boundary]\nx = {{ flux = 0 }}\n\
             [time]\nend = 8\ndt = {}\n",
            0.5 / (cells * cells) as f64
        );
        let p = solve(&text).remove(0);
        let mass: f64 = p.iter().sum::<f64>() / cells as f64;
        assert!((mass - 1.0).abs() < 1e-12, "{mass}");
        let place = |i: usize| (i as f64 + 0.5) / cells as f64;
        let exact: Vec<f64> = (0..cells).map(|i| (-place(i).powi(2) / 0.4).exp()).collect();
        let norm = exact.iter().sum::<f64>() / cells as f64;
        let errors = p.iter().zip(exact).map(|(p, exact)| (p - exact / norm).abs());
        errors.fold(0.0, f64::max)
    };
    let (coarse, fine) = (limit(10), limit(20));
    assert!(coarse / fine > 3.4 && fine < 3e-3, "{coarse:e} {fine:e}");
}

/// A flux that depends on the field at the wall is met by the straight line that solves the problem.
#[test]
fn a_flux_may_depend_on_fields_at_the_wall_on_1_to_4_ranks() {
    let all = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 12 }\n[equations]\nc = \"laplace(c)\"\n\
         d = \"diffusion(2, d)\"\ng = \"0*g\"\n[initial]\nc = 1\nd = 1\ng = \"2*x\"\n[boundary.c]\n\
         \"x-\" = { value = 1 }\n\"x+\" = { flux = \"0.5*(c - g)\" }\n[boundary.d]\n\
         \"x-\" = { value = 1 }\n\"x+\" = { flux = \"value - g + t*0\" }\n[boundary.g]\nx = { curvature = 0 }\n\
         [time]\nend = 20\ndt = 1e-3\n",
    );
    for (field, slope) in [(0, 1.0 / 3.0), (1, 1.0 / 3.0)] {
        for (i, value) in all[field].iter().enumerate() {
            let exact = 1.0 + slope * (i as f64 + 0.5) / 12.0;
            assert!((value - exact).abs() < 1e-9, "{field}: {value} {exact}");
        }
    }
}

/// Of a vector, a flux is its component along the outward normal.
#[test]
fn a_flux_of_a_vector_is_its_normal_component() {
    let text = |boundary: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 10 }}\n[define]\nF = \"[-0.1*d_dx(c)]\"\n[equations]\n\
             c = \"-divergence(F)\"\n[initial]\nc = \"x^2\"\n[boundary.F]\n{boundary}\n\
             [time]\nend = 0.1\ndt = 0.01\n"
        )
    };
    let by_flux = solved(&text("\"x-\" = { flux = -0.3 }\n\"x+\" = { flux = 0.1 }"), 2);
    let by_value = solved(&text("\"x-\" = { value = 0.3 }\n\"x+\" = { value = 0.1 }"), 2);
    assert_eq!(by_flux, by_value);
    let mass: f64 = by_flux[0].iter().sum::<f64>() / 10.0;
    let before: f64 = (0..10).map(|i| ((i as f64 + 0.5) / 10.0).powi(2)).sum::<f64>() / 10.0;
    assert!((mass - before - 0.02).abs() < 1e-14, "{mass} {before}");
}

/// A condition of normal components holds for no scalar, and leaves its flux.
#[test]
fn a_flux_stays_beside_a_condition_of_normal_components() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[fields]\nv = \"vector\"\n[equations]\n\
                c = \"laplace(c)\"\nv = \"vector_laplace(v)\"\n[initial]\nc = 1\nv = [1]\n[boundary]\n\
                x = { flux = 0.5 }\n\"x+\" = { normal_value = 0 }\n[time]\nend = 0.01\ndt = 1e-3";
    let found = numbers(text, &["integral(c)", "flow_x_plus(c)"]);
    assert!((found[0][0] - found[0][1] - 0.01).abs() < 1e-14 && (found[1][0] - 0.5).abs() < 1e-13);
}

/// The flows of thousands of terms are found, and so are those in definitions that use each other.
#[test]
fn flows_of_many_terms_are_found() {
    let terms: String = (0..3000).map(|k| format!(" + {k}e-9*c")).collect();
    let rows: String = (1..60).map(|k| format!("a{k} = \"a{} + 0\"\n", k - 1)).collect();
    let text = format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[define]\na0 = \"divergence([c])\"\n{rows}[equations]\n\
         c = \"laplace(c){terms} - a59\"\n[initial]\nc = 1\n[boundary.c]\nx = {{ flux = 0 }}\n[time]\n\
         end = 1e-3\ndt = 1e-3"
    );
    let found = numbers(&text, &["flow_x_plus(c)", "flow_x_plus(laplace(c) - a59)"]);
    assert!(found[0][0].abs() < 1e-13 && (found[1][0] - 1.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn fluxes_without_a_meaning_are_refused() {
    let refused = |equation: &str, rest: &str| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nc = \"{equation}\"\ns = \"c - s\"\n\
             [initial]\nc = \"x\"\ns = 1\n{rest}\n[time]\nend = 1"
        );
        match Problem::parse("test.toml", &text) {
            Ok(_) => panic!("{rest} is taken"),
            Err(error) => format!("{error:?}"),
        }
    };
    for (equation, rest, reason) in [
        ("c*laplace(c)", "[boundary]\n\"x+\" = { flux = 1 }", "nothing flows there"),
        ("laplace(c)", "[boundary.s]\n\"x+\" = { flux = 1 }", "nothing flows there"),
        ("laplace(c)", "[boundary.c]\n\"x+\" = { flux = \"d_dx(s)\" }", "cannot use operators"),
    ] {
        let found = refused(equation, rest);
        assert!(found.contains(reason), "{rest}: {found}");
    }
    // One for all fields holds for those that move.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[equations]\nc = \"laplace(c)\"\ns = \"c - s\"\n\
                [initial]\nc = \"x\"\ns = 1\n[boundary]\nx = { flux = 0 }\n[time]\nend = 1\ndt = 1e-3";
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
}
