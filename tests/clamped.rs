//! Walls with a value and a slope, for equations of fourth order.

#[path = "common/solving.rs"]
mod solving;

use solving::{solve, solved};

/// A plate in each geometry, w_t = −∇⁴w + source, whose exact solution has values and slopes that are
/// given at its walls.
fn plate(grid: &str, equation: &str, solution: &str, walls: &str, dt: f64) -> String {
    format!(
        "[grid]\n{grid}\n[define]\nexact = \"{solution}\"\n[equations]\nw = \"{equation}\"\n\
         [initial]\nw = \"exact\"\n[boundary.w]\n{walls}\n[time]\n\
         end = {}\ndt = {dt}\nscheme = \"euler\"\n",
        dt * 400.0
    )
}

#[test]
fn a_clamped_beam_keeps_a_polynomial_of_fourth_degree() {
    // w = x²(1 − x)² + t bends by w'''' = 24.
    let text = plate(
        "x = { bounds = [0, 1], cells = 10 }",
        "25 - laplace(laplace(w))",
        "x^2*(1 - x)^2 + t",
        "x = { value = \"t\", derivative = 0 }",
        2e-6,
    );
    let found = solve(&text);
    for (i, w) in found[0].iter().enumerate() {
        let x = (i as f64 + 0.5) / 10.0;
        let exact = x * x * (1.0 - x) * (1.0 - x) + 8e-4;
        // The differences of a polynomial of fourth degree are exact, but for the ghost cells' cubic.
        assert!((w - exact).abs() < 1e-4, "{x}: {w} {exact}");
    }
}

/// The largest error at the end, relative to 1.
fn error(text: &str, cells: [usize; 2], exact: impl Fn(f64, f64) -> f64) -> f64 {
    let found = solved(text, 1);
    let [nx, ny] = cells;
    let at = |k: usize| ((k / ny) as f64 + 0.5, (k % ny) as f64 + 0.5);
    let errors = found[0].iter().enumerate().map(|(k, w)| {
        let (i, j) = at(k);
        (w - exact(i / nx as f64, j / ny as f64)).abs()
    });
    errors.fold(0.0, f64::max)
}

#[test]
fn values_and_slopes_are_met_to_second_order() {
    // w = sin(2x + 1)e^(−t) with ∂w/∂n = ∓2cos(2x + 1)e^(−t); w'''' = 16w.
    let beam = |n: usize| {
        let dt = 0.03 / (n as f64).powi(4);
        let text = plate(
            &format!("x = {{ bounds = [0, 1], cells = {n} }}"),
            "15*sin(2*x + 1)*exp(-t) - d2_dx2(d2_dx2(w))",
            "sin(2*x + 1)",
            "x = { value = \"sin(2*x + 1)*exp(-t)\", derivative = \"(2*heaviside(x - 0.5, 0) - 1)*2*cos(2*x + 1)*exp(-t)\" }",
            dt,
        );
        // As long as the slowest mode lives, so that errors at the walls have come in.
        let text = text.replace(&format!("end = {}", dt * 400.0), "end = 0.004");
        error(&text, [n, 1], |x, _| (2.0 * x + 1.0).sin() * (-0.004f64).exp())
    };
    let errors = [10, 20].map(beam);
    let order = (errors[0] / errors[1]).log2();
    assert!(order > 1.9, "{errors:?} {order}");
}

#[test]
fn a_plate_is_clamped_at_its_corners_too() {
    // w = (x(1 − x)y(2 − y))², which is flat at all four walls.
    let plate = |n: usize| {
        let dt = 0.008 / (n as f64).powi(4);
        let text = plate(
            &format!(
                "x = {{ bounds = [0, 1], cells = {n} }}\ny = {{ bounds = [0, 1], cells = {n} }}"
            ),
            "24*(x*(1 - x))^2 + 24*(y*(1 - y))^2 + 2*(2 - 12*x + 12*x^2)*(2 - 12*y + 12*y^2) - laplace(laplace(w))",
            "(x*(1 - x)*y*(1 - y))^2",
            "x = { value = 0, derivative = 0 }\ny = { value = 0, derivative = 0 }",
            dt,
        );
        let text = text.replace(&format!("end = {}", dt * 400.0), "end = 0.002");
        error(&text, [n, n], |x, y| (x * (1.0 - x) * y * (1.0 - y)).powi(2))
    };
    let errors = [8, 16].map(plate);
    let order = (errors[0] / errors[1]).log2();
    assert!(order > 1.9, "{errors:?} {order}");
}

#[test]
fn both_numbers_may_see_other_fields_and_the_time() {
    let solution = |walls: &str| {
        solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\n[equations]\n\
             w = \"-laplace(laplace(w))\"\nT = \"laplace(T)\"\n[initial]\nw = \"x\"\nT = 1\n\
             [boundary.w]\n{walls}\n[boundary.T]\nx = {{ value = 1 }}\n[time]\nend = 1e-4\ndt = 1e-6\n"
        ))
    };
    let numbers = solution("x = { value = 0.3, derivative = -0.2 }");
    let fields = solution("x = { value = \"0.3*T\", derivative = \"-0.2*average(T)\" }");
    for (a, b) in numbers[0].iter().zip(&fields[0]) {
        assert!((a - b).abs() < 1e-13, "{a} {b}");
    }
}

#[test]
fn a_supported_beam_has_the_moments_that_are_given() {
    // w = x⁴/24 + x²/5 has w'' = x²/2 + 0.4 and w'''' = 1.
    let beam = |n: usize| {
        let text = plate(
            &format!("x = {{ bounds = [0, 1], cells = {n} }}"),
            "1 - laplace(laplace(w))",
            "x^4/24 + x^2/5",
            "\"x-\" = { value = 0, curvature = 0.4 }\n\"x+\" = { value = \"1/24 + 0.2\", curvature = 0.9 }",
            0.05 / (n as f64).powi(4),
        );
        error(&text, [n, 1], |x, _| x.powi(4) / 24.0 + x * x / 5.0)
    };
    // The sum over a pair of cells is 2w + w''x² + w''''x⁴/12, of which the last is left out.
    let errors = [8, 16].map(beam);
    assert!(errors[0] < 2e-4 && errors[1] < errors[0] / 10.0, "{errors:?}");
}
