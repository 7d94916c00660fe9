//! The language in right-hand sides: what py-pde has in initial values only, or not at all, and
//! what takes several steps to get wrong, such as choices inside operators.

use fluxions::prelude::*;

const CELLS: usize = 9;

/// One Euler step of length 1 from u = 0.3 + x − y², v = [x·y, 1 + y]: the change of u is the
/// right-hand side.
fn right_hand_side(equation: &str) -> Vec<f64> {
    let text = format!(
        r#"
        [grid]
        x = {{ bounds = [-1, 1], cells = {CELLS}, periodic = true }}
        y = {{ bounds = [0, 1], cells = {CELLS} }}
        [fields]
        v = "vector"
        [parameters]
        k = 2
        slope = "1 + x"
        z = "3 + 4*I"
        [functions]
        monod = "(s, half) -> s/(half + s)"
        twice = "s -> monod(s, k) + monod(s, k)"
        [define]
        w = "[u, y]"
        [equations]
        u = "{equation}"
        v = 0
        [initial]
        u = "0.3 + x - y^2"
        v = ["x*y", "1 + y"]
        [time]
        end = 1
        dt = 1
        scheme = "euler"
        "#
    );
    let problem =
        Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{equation}: {e:?}"));
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap();
    let before: Vec<f64> = simulation.field("u").unwrap().iter().copied().collect();
    simulation.run_until(1.0).unwrap_or_else(|e| panic!("{equation}: {e}"));
    let after = simulation.field("u").unwrap();
    after.iter().zip(before).map(|(after, before)| after - before).collect()
}

#[test]
fn expressions_have_their_values_in_every_cell() {
    type Exact = fn(f64, f64) -> f64;
    fn u(x: f64, y: f64) -> f64 {
        0.3 + x - y * y
    }
    let table: [(&str, Exact); 22] = [
        ("Piecewise((0.1, u > 0.5), (x, True))", |x, y| if u(x, y) > 0.5 { 0.1 } else { x }),
        ("Min(u, 0.2) - Max(u, x, y) + min(1, 2)", |x, y| {
            u(x, y).min(0.2) - u(x, y).max(x).max(y) + 1.0
        }),
        ("sign(u) + erf(u)", |x, y| u(x, y).signum() + erf(u(x, y))),
        ("u^2 + u**3 + u²", |x, y| 2.0 * u(x, y).powi(2) + u(x, y).powi(3)),
        ("v[0] + v.y*v[1]", |x, y| x * y + (1.0 + y) * (1.0 + y)),
        ("(x > 0.5)*u", |x, y| if x > 0.5 { u(x, y) } else { 0.0 }),
        ("(x > 0 and not y > 0.5) + (x < -0.5 or y == 0.5)", |x, y| {
            f64::from(u8::from(x > 0.0 && y <= 0.5)) + f64::from(u8::from(x < -0.5 || y == 0.5))
        }),
        ("re(exp(I*x)) + im(exp(i*y)) + real(z)*imag(z)", |x, y| x.cos() + y.sin() + 12.0),
        ("abs(x + I*y)^2 + Abs(z) + arg(I)", |x, y| {
            x * x + y * y + 5.0 + std::f64::consts::FRAC_PI_2
        }),
        ("real(sqrt(-4 + 0*I)) + imag(sqrt(-4 + 0*I))", |_, _| 2.0),
        ("monod(u + 2, k) + twice(3)", |x, y| (u(x, y) + 2.0) / (4.0 + u(x, y)) + 1.2),
        ("heaviside(x) + Heaviside(-x, 1) + heaviside(0)", |x, _| {
            let step =
                |x: f64, zero: f64| if x == 0.0 { zero } else { f64::from(u8::from(x > 0.0)) };
            step(x, 0.5) + step(-x, 1.0) + 0.5
        }),
        ("dot(v, v) - norm(v)^2 + dot([1, 2], w) + 1", |x, y| 1.0 + u(x, y) + 2.0 * y),
        ("trace(outer(v, w)) + outer(v, w)[0, 1] + outer(v, w).yx", |x, y| {
            let (v, w) = ([x * y, 1.0 + y], [u(x, y), y]);
            v[0] * w[0] + v[1] * w[1] + v[0] * w[1] + v[1] * w[0]
        }),
        ("cross(v, w) + transpose(outer(v, w))[0, 1]", |x, y| {
            let (v, w) = ([x * y, 1.0 + y], [u(x, y), y]);
            v[0] * w[1] - v[1] * w[0] + v[1] * w[0]
        }),
        ("dot(outer(v, w), [1, 0])[1]", |x, y| (1.0 + y) * u(x, y)),
        ("where(x > 0, v, w)[1]", |x, y| if x > 0.0 { 1.0 + y } else { y }),
        ("slope*k - floor(2.5*y) + round(x) + ceil(x)", |x, y| {
            2.0 * (1.0 + x) - (2.5 * y).floor() + x.round() + x.ceil()
        }),
        ("mod(x, 0.3) + atan2(y, x) + hypot(3, 4)", |x, y| x.rem_euclid(0.3) + y.atan2(x) + 5.0),
        ("|x| + |v| + gamma(3) + log(8, 2) + cbrt(8)", |x, y| {
            x.abs() + f64::hypot(x * y, 1.0 + y) + 2.0 + 3.0 + 2.0
        }),
        ("cosh(x)^2 - sinh(x)^2 + asinh(sinh(x)) + tanh(0)", |x, _| 1.0 + x),
        ("expm1(x) - exp(x) + log1p(y) - log(1 + y) + pi/pi + E/e", |_, _| 1.0),
    ];
    for (expression, exact) in table {
        let found = right_hand_side(expression);
        for i in 0..CELLS {
            for j in 0..CELLS {
                let x = -1.0 + (i as f64 + 0.5) * 2.0 / CELLS as f64;
                let y = (j as f64 + 0.5) / CELLS as f64;
                let (a, b) = (found[i * CELLS + j], exact(x, y));
                assert!((a - b).abs() < 1e-12, "{expression} at {x}, {y}: {a}, not {b}");
            }
        }
    }
}

/// The error function at this point, by its series (Abramowitz & Stegun 1964, eq. 7.1.5).
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..60 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

#[test]
fn what_means_the_same_gives_the_same() {
    for (a, b) in [
        ("laplace(Piecewise((u, x > 0.5), (x, True)))", "laplace(where(x > 0.5, u, x))"),
        ("integral(Piecewise((u, u > 0.1), (0, True)))", "integral(where(u > 0.1, u, 0))"),
        ("∇²u + |∇u|² + ∇·v + ∇×v", "laplace(u) + gradient_squared(u) + divergence(v) + curl(v)"),
        ("∇²(u*x) - (∇u)[0]", "laplace(u*x) - d_dx(u)"),
        ("divergence(gradient(u))", "d_dx(gradient(u)[0]) + d_dy(gradient(u)[1])"),
        ("twice(laplace(u) + 9)", "2*((laplace(u) + 9)/(k + laplace(u) + 9))"),
        ("advect(v, u)", "dot(v, gradient(u))"),
        ("diffusion(k, u)", "k*laplace(u)"),
        ("average(u)*2", "integral(u)"),
        ("tensor_divergence(outer(v, w))[0]", "d_dx(v[0]*w[0]) + d_dy(v[0]*w[1])"),
    ] {
        let (left, right) = (right_hand_side(a), right_hand_side(b));
        for (l, r) in left.iter().zip(&right) {
            assert!((l - r).abs() < 1e-10 * (1.0 + r.abs()), "{a}: {l}, {b}: {r}");
        }
    }
}

/// Ranks as threads have small stacks. Expressions as deep as the language allows, long chains of
/// definitions and many operators within each other are solved there all the same.
#[test]
fn deep_expressions_are_solved_on_2_ranks() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 16, Periodic).build().unwrap();
    let sum = vec!["u"; 900].join(" + ");
    let nested = format!("{}u{}", "laplace(".repeat(100), ")".repeat(100));
    let mut chain = Pde::on(&grid).define("d0", "u");
    for k in 1..300 {
        chain = chain.define(&format!("d{k}"), format!("d{} + u", k - 1));
    }
    for (builder, slope) in [
        (Pde::on(&grid).equation("u", sum), 900.0),
        (chain.equation("u", "d299"), 300.0),
        (Pde::on(&grid).equation("u", nested), 0.0),
    ] {
        let pde = builder.build().unwrap();
        let found = on_threads(2, |world| {
            let builder = Simulation::builder(&pde, world).initial("u", "1").dt(1e-3);
            let mut simulation = builder.scheme(Tableau::EULER).build().unwrap();
            simulation.run_until(1e-3).map(|_| simulation.field("u").unwrap()[[0]])
        });
        assert!((found.unwrap()[0] - (1.0 + slope * 1e-3)).abs() < 1e-12);
    }
}
