//! Diffusivities that differ by direction, or jump from cell to cell.

#[path = "common/solving.rs"]
mod solving;

use solving::{solve, solved};

/// The largest error of a scalar c on n×n cells that keeps sin(2x + y)·e^(−t), between walls with this
/// condition, for ∂c/∂t = ∇·(D∇c) + source.
fn error(n: usize, diffusion: &str, source: &str, walls: &str) -> f64 {
    let dt = 0.05 / (n * n) as f64;
    let found = solved(
        &format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = {n} }}\ny = {{ bounds = [0, 1], cells = {n} }}\n\
             [define]\nexact = \"sin(2*x + y)*exp(-t)\"\nslope = \"cos(2*x + y)*exp(-t)\"\n[equations]\n\
             c = \"{diffusion} + {source}\"\n[initial]\nc = \"exact\"\n[boundary]\n{walls}\n[time]\n\
             end = 0.1\ndt = {dt}\nscheme = \"euler\"\n"
        ),
        1,
    );
    let errors = found[0].iter().enumerate().map(|(k, c)| {
        let at = |i: usize| (i as f64 + 0.5) / n as f64;
        (c - (2.0 * at(k / n) + at(k % n)).sin() * (-0.1f64).exp()).abs()
    });
    errors.fold(0.0, f64::max)
}

const VALUES: &str = "x = { value = \"exact\" }\ny = { value = \"exact\" }";

#[test]
fn diffusion_by_direction_is_of_second_order() {
    // ∇·(D∇c) of c = sin(2x + y): with D constant −(4D_xx + 4D_xy + D_yy)·c.
    let slopes = "\"x-\" = { derivative = \"-2*slope\" }\n\"x+\" = { derivative = \"2*slope\" }\n\
                  \"y-\" = { derivative = \"-slope\" }\n\"y+\" = { derivative = \"slope\" }";
    for (diffusion, source, walls) in [
        ("diffusion([0.5, 0.2], c)", "(2 + 0.2 - 1)*exact", VALUES),
        ("diffusion([0.5, 0.2], c)", "(2 + 0.2 - 1)*exact", slopes),
        ("diffusion([[0.5, 0.2], [0.2, 0.3]], c)", "(2 + 0.8 + 0.3 - 1)*exact", VALUES),
        // ∇·(D∇c) with D = [[1 + x, y/2], [y/2, 1]]: ∂x((1 + x)c_x + y/2 c_y) + ∂y(y/2 c_x + c_y).
        (
            "diffusion([[1 + x, y/2], [y/2, 1]], c)",
            "(4*(1 + x) + 2*y + 1 - 1)*exact - 3*slope",
            VALUES,
        ),
    ] {
        let errors = [8, 16].map(|n| error(n, diffusion, source, walls));
        let order = (errors[0] / errors[1]).log2();
        assert!(order > 1.8, "{diffusion}, {walls}: {errors:?} {order}");
    }
}

#[test]
fn a_direction_of_its_own_is_that_of_a_scalar_along_each_axis() {
    let problem = |equation: &str, rest: &str| {
        solve(&format!(
            "[grid]\n{rest}[equations]\nc = \"{equation}\"\n[initial]\nc = \"x*x*y + sin(3*y)\"\n\
             [boundary]\n\"y-\" = {{ value = 1 }}\n[time]\nend = 1e-3\ndt = 1e-4\n"
        ))
    };
    let plane = "x = { bounds = [0, 1], cells = 7 }\ny = { bounds = [0, 2], cells = 6 }\n";
    let scalar = problem("diffusion(1 + x*y, c)", plane);
    for same in ["diffusion([1 + x*y, 1 + x*y], c)", "diffusion([[1 + x*y, 0], [0, 1 + x*y]], c)"] {
        let found = problem(same, plane);
        for (a, b) in scalar[0].iter().zip(&found[0]) {
            assert!((a - b).abs() < 1e-13, "{same}: {a} {b}");
        }
    }
}

/// Walls without conditions are closed, whatever the tensor, in every geometry that has two axes.
#[test]
fn a_tensor_lets_nothing_through_walls_without_conditions() {
    let plane = "x = { bounds = [0, 1], cells = 7 }\ny = { bounds = [0, 2], cells = 6 }\n";
    let tube = "geometry = \"cylindrical\"\nr = { bounds = [0, 1], cells = 7 }\n\
                z = { bounds = [0, 2], cells = 6 }\n";
    for (grid, [a, b], tensor) in [
        (plane, ["x", "y"], "[[2, 0.7], [0.7, 1]]"),
        (plane, ["x", "y"], "[[2 + x, x*y], [c, 1]]"),
        (tube, ["r", "z"], "[[2, 0.7, 0], [0.7, 1, 0], [0, 0, 1]]"),
        (tube, ["r", "z"], "[[2 + r, r*z, 0], [c, 1, 0], [0, 0, 1]]"),
    ] {
        for equation in ["diffusion(D, c)", "2*flow - 0.1*diffusion(D, c)", "diffusion(D, c^2)"] {
            let text = format!(
                "[grid]\n{grid}[define]\nD = \"{tensor}\"\nflow = \"diffusion(D, c)\"\n[equations]\n\
                 c = \"{equation}\"\nv = \"{equation}\"\n[initial]\n\
                 c = \"1 + 0.3*sin({a} + 2*{b})\"\nv = 0\n[time]\nend = 2e-3\ndt = 1e-4\n"
            );
            let problem = fluxions::prelude::Problem::parse("test.toml", &text).unwrap();
            let world = fluxions::prelude::World::solo();
            let builder = problem.simulation(&world).number("m", "integral(c)");
            let builder = builder.number("w", format!("flow_{a}_plus(c)"));
            let mut simulation =
                builder.number("other", "integral(v)").build().unwrap_or_else(|e| panic!("{e}"));
            let before = simulation.number("m").unwrap();
            assert_eq!(simulation.number("w").unwrap(), 0.0);
            simulation.run_until(problem.times.end).unwrap();
            let after = simulation.number("m").unwrap();
            assert!(
                (after - before).abs() < 1e-13 * before,
                "{equation} on {grid}: {before} {after}"
            );
            assert!(simulation.number("other").unwrap().abs() < 1e-13, "{equation} on {grid}");
        }
    }
}

#[test]
fn a_flux_through_a_wall_of_a_tensor_is_what_was_given() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 7 }\ny = { bounds = [0, 2], cells = 6 }\n\
                [equations]\nc = \"diffusion([[2, 0.7], [0.7, 1]], c)\"\n[initial]\nc = \"x*y\"\n\
                [boundary.c]\n\"x-\" = { flux = -0.25 }\n[time]\nend = 2e-3\ndt = 1e-4\n";
    let mass = |c: &[f64]| c.iter().sum::<f64>() * 2.0 / 42.0;
    let before: f64 =
        (0..42).map(|k| ((k / 6) as f64 + 0.5) / 7.0 * ((k % 6) as f64 + 0.5) / 3.0).sum::<f64>()
            * 2.0
            / 42.0;
    let gained = mass(&solve(text)[0]) - before;
    assert!((gained - 0.25 * 2.0 * 2e-3).abs() < 1e-14, "{gained}");
}

/// A chequered field has no slope for central differences; compact ones smooth it.
#[test]
fn a_chequered_field_is_smoothed() {
    let solve = |equation: &str| {
        let found = solved(
            &format!(
                "[grid]\nx = {{ bounds = [0, 8], cells = 8, periodic = true }}\n\
                 y = {{ bounds = [0, 8], cells = 8, periodic = true }}\n[equations]\n\
                 c = \"{equation}\"\n[initial]\nc = \"cos(pi*(x - 0.5))*cos(pi*(y - 0.5))\"\n[time]\n\
                 end = 0.5\ndt = 0.05\n"
            ),
            1,
        );
        found[0].iter().fold(0.0f64, |largest, c| largest.max(c.abs()))
    };
    assert!(solve("diffusion([[1, 0.5], [0.5, 1]], c)") < 0.05);
    assert!(solve("divergence(dot([[1, 0.5], [0.5, 1]], gradient(c)))") > 0.99);
}

/// Two layers with an interface between cells: the steady state is a polygon, and the harmonic mean
/// meets it exactly.
#[test]
fn layers_let_through_what_their_resistances_do() {
    let steady = |operator: &str| {
        let found = solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 10 }}\n[define]\nD = \"where(x < 0.5, 0.01, 1)\"\n\
             [equations]\nc = \"{operator}(D, c)\"\n[initial]\nc = \"where(x < 0.5, x/0.505, (0.5 + 0.01*(x - 0.5))/0.505)\"\n\
             [boundary.c]\n\"x-\" = {{ value = 0 }}\n\"x+\" = {{ value = 1 }}\n[time]\nend = 1\ndt = 2e-3\n"
        ));
        let exact = |x: f64| if x < 0.5 { x / 0.505 } else { (0.5 + 0.01 * (x - 0.5)) / 0.505 };
        let errors =
            found[0].iter().enumerate().map(|(i, c)| (c - exact((i as f64 + 0.5) / 10.0)).abs());
        errors.fold(0.0, f64::max)
    };
    assert!(steady("diffusion_harmonic") < 1e-13, "{}", steady("diffusion_harmonic"));
    assert!(steady("diffusion") > 0.01);
}

#[test]
fn a_thin_layer_of_a_cell_has_its_resistance() {
    // 1/D = 1 + 3/h in one cell of ten: all resistances add up to 4.
    let found = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 10 }\n[define]\n\
         D = \"1/(1 + where(abs(x - 0.55) < 0.01, 3/0.1, 0))\"\n[equations]\n\
         c = \"diffusion_harmonic(D, c)\"\n[initial]\n\
         c = \"where(x < 0.5, x/4, where(x < 0.6, 0.5125, 1 - (1 - x)/4))\"\n[boundary.c]\n\
         \"x-\" = { value = 0 }\n\"x+\" = { value = 1 }\n[time]\nend = 1\ndt = 2e-3\n",
    );
    for (i, c) in found[0].iter().enumerate() {
        let x = (i as f64 + 0.5) / 10.0;
        let exact =
            [x / 4.0, 0.5125, 1.0 - (1.0 - x) / 4.0][usize::from(i > 4) + usize::from(i > 5)];
        assert!((c - exact).abs() < 1e-13, "{i}: {c} {exact}");
    }
}

#[test]
fn nothing_passes_cells_that_do_not_conduct() {
    let found = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 10 }\ny = { bounds = [0, 1], cells = 10 }\n[define]\n\
         E = \"where(abs(x - 0.5) < 0.25, 0, 1)\"\n\
         [equations]\nc = \"diffusion_harmonic([E, E], c)\"\n[initial]\nc = \"where(x < 0.5, 1, 0)\"\n\
         [time]\nend = 0.1\ndt = 1e-3\n",
    );
    for (k, c) in found[0].iter().enumerate() {
        assert_eq!(*c, if k < 50 { 1.0 } else { 0.0 }, "{k}");
    }
}
