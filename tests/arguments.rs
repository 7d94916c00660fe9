//! What operators are applied to goes on beyond walls as the fields do of which it is made.

#[path = "common/solving.rs"]
mod solving;

use fluxions::expr::Backend;
use fluxions::prelude::*;
use solving::{solve, solved};

fn line(equation: &str, initial: &str, boundary: &str, time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 50 }}\n[equations]\nc = \"{equation}\"\n\
         [initial]\nc = \"{initial}\"\n[boundary]\n{boundary}\n[time]\n{time}"
    )
}

fn mass(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn nothing_flows_through_a_wall_where_the_field_has_no_slope_on_1_to_4_ranks() {
    let time = "end = 0.2\ndt = 1e-4";
    let before: f64 = (0..50).map(|i| (-20.0 * (i as f64 + 0.5) / 50.0).exp()).sum::<f64>() / 50.0;
    for equation in [
        "divergence(gradient(c))",
        "divergence((1 + x^2)*gradient(c))",
        "divergence((1 + c)*gradient(c) + 0.1*c*[x*(1 - x)])",
        "d_dx((1 + x)*d_dx(c))",
        "laplace(c*sqrt(c))",
        "-1e-4*laplace(laplace(c) - c^3)",
    ] {
        let c = &solve(&line(equation, "exp(-20*x)", "", time))[0];
        let change = (mass(c) - before).abs();
        assert!(change < 1e-15, "{equation}: {change:e}");
    }
}

/// Both tend to a constant, though they differ in their stencils.
#[test]
fn a_closed_divergence_tends_to_the_limit_of_diffusion() {
    let time = "end = 3\ndt = 1e-4";
    let of = |equation| solved(&line(equation, "exp(-20*x)", "", time), 1).remove(0);
    let (composed, compact) =
        (of("divergence((1 + x^2)*gradient(c))"), of("diffusion(1 + x^2, c)"));
    assert!(largest_difference(&composed, &compact) < 1e-9);
}

#[test]
fn a_flux_of_a_given_value_has_its_value_at_the_wall() {
    let boundary = "\"x-\" = { value = 1 }";
    let equation = "-d_dx(c^2/2) + 0.01*d2_dx2(c)";
    let c = &solve(&line(equation, "1", boundary, "end = 2\ndt = 0.005"))[0];
    assert!(c.iter().all(|c| (c - 1.0).abs() < 1e-12), "{c:?}");
}

/// The stationary solution of a nonlinear diffusion between given values is known: c² is linear.
#[test]
fn a_nonlinear_argument_meets_given_values_to_second_order() {
    let boundary = "\"x-\" = { value = 1 }\n\"x+\" = { value = 2 }";
    for equation in ["laplace(c^2)", "laplace(c*c*c/c)"] {
        let error = |cells: usize| {
            let time = format!("end = 2\ndt = {}", 0.05 / (cells * cells) as f64);
            let text = line(equation, "1 + x", boundary, &time);
            let c = solved(&text.replace("50", &cells.to_string()), 1).remove(0);
            let exact = |i: usize| (1.0 + 3.0 * (i as f64 + 0.5) / cells as f64).sqrt();
            let errors = c.iter().enumerate().map(|(i, c)| (c - exact(i)).abs());
            errors.fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(10), error(20));
        assert!(fine < 1e-3, "{equation}: {fine:e}");
        assert!(coarse < 1e-12 || coarse / fine > 3.4, "{equation}: {coarse:e} {fine:e}");
    }
}

/// With a straight line, the composed operators see no wall.
#[test]
fn a_line_stays_a_line_under_composed_operators() {
    let boundary = "\"x-\" = { value = 1 }\n\"x+\" = { derivative = 2 }";
    for equation in ["divergence(gradient(c))", "-laplace(laplace(c))", "d_dx(d_dx(c))"] {
        let c = &solve(&line(equation, "1 + 2*x", boundary, "end = 1e-5\ndt = 1e-8"))[0];
        let exact = |i: usize| 1.0 + 2.0 * (i as f64 + 0.5) / 50.0;
        let errors = c.iter().enumerate().map(|(i, c)| (c - exact(i)).abs());
        assert!(errors.fold(0.0, f64::max) < 1e-9, "{equation}: {c:?}");
    }
}

#[test]
fn py_pde_s_meaning_is_there_by_name() {
    let time = "end = 0.2\ndt = 1e-4";
    let boundary = "arguments = \"own field\"";
    let c = &solve(&line("divergence(gradient(c))", "exp(-20*x)", boundary, time))[0];
    // The gradient is mirrored as the field is, so much flows in.
    assert!((mass(c) - 0.24198).abs() < 1e-4, "{}", mass(c));
}

#[test]
fn in_two_dimensions_and_across_corners_the_bits_are_the_same_on_1_to_4_ranks() {
    for (equation, conditions) in [
        ("divergence(c*gradient(c^2)) + laplace(exp(c))", "x = { value = 0.5 }"),
        ("laplace(laplace(c^2)*0.001) + d_dx(d_dy(c)*c)", "x = { value = \"sin(y)\" }"),
        ("d_dx(c*d_dy(c*d_dx(c)))", "x = { mixed = { coefficient = 1, value = 2 } }"),
        ("0.01*divergence([c*c, x*c]) + laplace(sin(c))", "\"x-\" = { derivative = 1 }"),
    ] {
        let c = solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\ny = {{ bounds = [0, 1], cells = 12 }}\n\
             [equations]\nc = \"0.01*({equation})\"\n[initial]\nc = \"1 + 0.5*sin(3*x)*cos(2*y)\"\n\
             [boundary]\n{conditions}\n\"y+\" = {{ value = 0.25 }}\n[time]\nend = 0.01\ndt = 0.001"
        ));
        assert!(c[0].iter().all(|c| c.is_finite()));
    }
}

#[test]
fn antiperiodic_ends_change_the_sign_of_odd_functions_only_on_1_to_4_ranks() {
    // On [0, 2], where the field goes on periodically, it has the same values on [0, 1].
    for equation in ["0.01*laplace(c + c^3)", "-0.1*d_dx(c^2)*c", "0.01*laplace(exp(c))"] {
        let text = |bounds: &str, cells: usize, antiperiodic: &str| {
            format!(
                "[grid]\nx = {{ bounds = {bounds}, cells = {cells}, periodic = true }}\n\
                 [equations]\nc = \"{equation}\"\n[initial]\nc = \"sin(pi*x) + 0.3*cos(3*pi*x)\"\n\
                 {antiperiodic}\n[time]\nend = 0.5\ndt = 0.005"
            )
        };
        let half = solve(&text("[0, 1]", 16, "[boundary]\nx = \"antiperiodic\""));
        let whole = solved(&text("[0, 2]", 32, ""), 1);
        if equation.contains("exp") {
            // exp(-c) is not -exp(c), so the double domain is not antiperiodic; it stays finite.
            assert!(half[0].iter().all(|c| c.is_finite()));
            continue;
        }
        assert!(largest_difference(&half[0], &whole[0][..16]) < 1e-13, "{equation}");
    }
}

/// The integral of a divergence vanishes between closed walls, whatever stands in it and whatever the
/// grid is.
#[test]
fn what_flows_in_divergences_is_kept_between_closed_walls_on_every_geometry() {
    let axis = |name: &str, bounds: &str| format!("{name} = {{ bounds = {bounds}, cells = 9 }}\n");
    let grids = [
        axis("x", "[-1, 0.5]"),
        axis("x", "[0, 1]") + &axis("y", "[0, 2]"),
        axis("x", "[0, 1]") + &axis("y", "[0, 2]") + &axis("z", "[-1, 1]"),
        "conservative = true\ngeometry = \"polar\"\n".to_string() + &axis("r", "[0, 1]"),
        "conservative = true\ngeometry = \"polar\"\n".to_string() + &axis("r", "[0.5, 2]"),
        "conservative = true\ngeometry = \"spherical\"\n".to_string() + &axis("r", "[0, 1]"),
        "conservative = true\ngeometry = \"spherical\"\n".to_string() + &axis("r", "[1, 2]"),
        "conservative = true\ngeometry = \"cylindrical\"\n".to_string()
            + &axis("r", "[0, 1]")
            + &axis("z", "[0, 1]"),
        "conservative = true\ngeometry = \"cylindrical\"\n".to_string()
            + &axis("r", "[1, 2]")
            + &axis("z", "[0, 1]"),
    ];
    let factors = ["1", "c", "exp(c)/(1 + c^2)", "(2 + POSITION)", "laplace(c)", "integral(c)"];
    let potentials =
        ["c", "c^2", "c*sqrt(c)", "laplace(c)", "c^3 - c - laplace(c)", "c*laplace(c^2)"];
    for grid in &grids {
        let position = if grid.contains("geometry") { "r" } else { "x" };
        for factor in factors {
            for potential in potentials {
                let factor = factor.replace("POSITION", position);
                let divergence = format!("divergence({factor}*gradient({potential}))");
                let text = format!(
                    "[grid]\n{grid}[equations]\nc = \"{divergence}\"\n[initial]\n\
                     c = \"1.5 + sin(3*{position}) + 0.2*random_uniform(0, 1)\"\n\
                     [time]\nend = 1e-30\ndt = 1e-30\n"
                );
                let problem =
                    Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
                let world = World::solo();
                let builder = problem.simulation(&world).backend(Backend::Closures);
                let builder = builder.number("flow", format!("integral({divergence})").as_str());
                let size = format!("integral(abs({divergence}))");
                let mut simulation = builder.number("size", size.as_str()).build().unwrap();
                let flow = simulation.number("flow").unwrap();
                let size = simulation.number("size").unwrap();
                assert!(flow.abs() <= 1e-12 * size, "{divergence} on {grid}: {flow:e} of {size:e}");
            }
        }
    }
}
