//! Observed orders against exact solutions: of every operator, boundary kind and scheme. Both the
//! order and the error itself must be right. The tables are printed (`--nocapture`).

use std::cell::Cell;
use std::rc::Rc;

use fluxions::prelude::*;
use fluxions::solver::Formula;

/// A unit square or cube or interval, periodic.
fn torus(axes: &[&str], cells: usize) -> Grid {
    let mut builder = Grid::cartesian();
    for (k, axis) in axes.iter().enumerate() {
        // Different spacings, so that no axis is mistaken for another.
        builder = builder.axis(axis, 0.0..1.0, cells + 4 * k, Periodic);
    }
    builder.build().unwrap()
}

/// The largest difference between an expression of u and the exact one.
fn operator_error(grid: &Grid, u: &str, operator: &str, exact: &str) -> f64 {
    let world = World::solo();
    let pde = Pde::on(grid).equation("u", "0").build().unwrap();
    let error = Rc::new(Cell::new(f64::NAN));
    let found = error.clone();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("u", u)
        .dt(1.0)
        .field("difference", format!("abs({operator} - ({exact}))"))
        .track(Every::Steps(1), move |now: &mut Snapshot| {
            found.set(now.max("difference")?);
            Ok(GO_ON)
        })
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(0.0).unwrap();
    error.get()
}

/// Checks the order between the two finest of three grids, and that the error is small.
fn check(name: &str, order: f64, errors: [f64; 3], ratio: f64, largest: f64) {
    let observed = (errors[1] / errors[2]).log(ratio);
    println!("{name:60} order {observed:.3} of {order}   error {:.2e}", errors[2]);
    assert!((observed - order).abs() < 0.1, "{name}: order {observed}, errors {errors:?}");
    assert!(errors[2] < largest, "{name}: error {:e}", errors[2]);
}

#[test]
fn every_operator_has_its_order() {
    let wave = "sin(2*pi*x)*cos(2*pi*y)";
    let (xy, xyz): (&[&str], &[&str]) = (&["x", "y"], &["x", "y", "z"]);
    let table = [
        (&["x"][..], "sin(2*pi*x)", "laplace(u)", "-4*pi^2*u", 2.0),
        (&["x"], "exp(sin(2*pi*x))", "d_dx(u)", "2*pi*cos(2*pi*x)*u", 2.0),
        (xy, wave, "laplace(u)", "-8*pi^2*u", 2.0),
        (xy, wave, "d_dx(u)", "2*pi*cos(2*pi*x)*cos(2*pi*y)", 2.0),
        (xy, wave, "d_dy(u)", "-2*pi*sin(2*pi*x)*sin(2*pi*y)", 2.0),
        (xy, wave, "d2_dx2(u)", "-4*pi^2*u", 2.0),
        (xy, wave, "d2_dy2(u)", "-4*pi^2*u", 2.0),
        (xy, wave, "d_dx_forward(u)", "2*pi*cos(2*pi*x)*cos(2*pi*y)", 1.0),
        (xy, wave, "d_dx_backward(u)", "2*pi*cos(2*pi*x)*cos(2*pi*y)", 1.0),
        (xy, wave, "d_dy_forward(u)", "-2*pi*sin(2*pi*x)*sin(2*pi*y)", 1.0),
        (xy, wave, "d_dy_backward(u)", "-2*pi*sin(2*pi*x)*sin(2*pi*y)", 1.0),
        (xy, wave, "d_dx_backward(d_dx_forward(u))", "-4*pi^2*u", 2.0),
        (
            xy,
            wave,
            "gradient_squared(u)",
            "4*pi^2*((cos(2*pi*x)*cos(2*pi*y))^2 + (sin(2*pi*x)*sin(2*pi*y))^2)",
            2.0,
        ),
        (xy, wave, "d_dx(d_dy(u))", "-4*pi^2*cos(2*pi*x)*sin(2*pi*y)", 2.0),
        (xy, wave, "laplace(laplace(u))", "64*pi^4*u", 2.0),
        (xy, "sin(2*pi*x)", "laplace(u^2)", "8*pi^2*cos(4*pi*x)", 2.0),
        (xyz, "sin(2*pi*x)*cos(2*pi*y)*sin(2*pi*z)", "laplace(u)", "-12*pi^2*u", 2.0),
        (xyz, "sin(2*pi*z)*cos(2*pi*y)", "d_dz(u)", "2*pi*cos(2*pi*z)*cos(2*pi*y)", 2.0),
        (xyz, "sin(2*pi*z)*cos(2*pi*y)", "d_dz_forward(u)", "2*pi*cos(2*pi*z)*cos(2*pi*y)", 1.0),
        (xyz, "sin(2*pi*z)*cos(2*pi*y)", "d2_dz2(u)", "-4*pi^2*u", 2.0),
    ];
    for (axes, u, operator, exact, order) in table {
        let cells = if axes.len() == 3 { [16, 32, 64] } else { [32, 64, 128] };
        let errors = cells.map(|n| {
            // The same ratio of spacings along every axis.
            let mut builder = Grid::cartesian();
            for (k, axis) in axes.iter().enumerate() {
                builder = builder.axis(axis, 0.0..1.0, n + n / 4 * k, Periodic);
            }
            operator_error(&builder.build().unwrap(), u, operator, exact)
        });
        let name = format!("{operator} in {} D", axes.len());
        let scale = if operator.contains("laplace(laplace") { 20.0 } else { 1.0 };
        check(&name, order, errors, 2.0, scale * if order == 1.0 { 1.3 } else { 0.5 });
    }
    // The table above would not notice an operator that is exact by chance.
    assert!(operator_error(&torus(&["x"], 32), "sin(2*pi*x)", "d_dx(u)", "0") > 6.0);
}

/// A function of one coordinate with its first two derivatives.
struct Profile {
    value: String,
    first: String,
    second: String,
}

impl Profile {
    /// sin(k·s + p)
    fn wave(s: &str, k: f64, p: f64) -> Self {
        let at = format!("({k}*{s} + {p})");
        Profile {
            value: format!("sin{at}"),
            first: format!("({k}*cos{at})"),
            second: format!("(-{k}^2*sin{at})"),
        }
    }

    fn one() -> Self {
        Profile { value: "1".into(), first: "0".into(), second: "0".into() }
    }
}

/// The largest error at t = 0.2 of c = cos(t) X(x) Y(y) + 0.3 x² with this condition at a face of
/// the domain [0.2, 1.5], and the right values at the others.
fn boundary_error(
    cells: usize,
    x: &Profile,
    y: Option<&Profile>,
    face: &str,
    kind: &Condition<Formula>,
) -> f64 {
    let one = Profile::one();
    let along_y = y.unwrap_or(&one);
    let shape = format!("{}*{}", x.value, along_y.value);
    let exact = format!("(cos(t)*{shape} + 0.3*x^2)");
    let laplacian =
        format!("cos(t)*({}*{} + {}*{}) + 0.6", x.second, along_y.value, x.value, along_y.second);
    let mut grid = Grid::cartesian().axis("x", 0.2..1.5, cells, Bounded);
    if y.is_some() {
        grid = grid.axis("y", 0.2..1.5, cells, Bounded);
    }
    let pde = Pde::on(&grid.build().unwrap())
        .equation("c", format!("laplace(c) - sin(t)*{shape} - ({laplacian})"))
        .boundary("x", Condition::Value(exact.as_str().into()));
    let pde = match y {
        Some(_) => pde.boundary("y", Condition::Value(exact.as_str().into())),
        None => pde,
    };
    let pde = pde.boundary(face, kind.clone()).build().unwrap_or_else(|e| panic!("{e}"));
    let world = World::solo();
    let h = 1.3 / cells as f64;
    let error = Rc::new(Cell::new(f64::NAN));
    let found = error.clone();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("c", exact.as_str())
        .dt(0.2 * h * h)
        .field("difference", format!("abs(c - {exact})"))
        .track(Every::Times(vec![]), move |now: &mut Snapshot| {
            found.set(now.max("difference")?);
            Ok(GO_ON)
        })
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(0.2).unwrap();
    error.get()
}

/// The curvature is imposed on the cell at the wall, half a cell inwards (as py-pde does), which
/// is of second order where the third derivative vanishes at the wall; its solutions are chosen
/// so.
fn wall_is_of_second_order(kind: &str) {
    for (axis, dimension) in [("x", 1), ("x", 2), ("y", 2)] {
        for (side, outward, wall) in [("-", -1.0, 0.2), ("+", 1.0, 1.5)] {
            // Around the wall the wave is even for a curvature, and anything otherwise.
            let (kx, ky) = (1.3, 0.9);
            let phase = |k: f64, anything: f64, across: bool| match across && kind == "curvature" {
                true => std::f64::consts::FRAC_PI_2 - k * wall,
                false => anything,
            };
            let x = Profile::wave("x", kx, phase(kx, 0.4, axis == "x"));
            let y = Profile::wave("y", ky, phase(ky, 0.9, axis == "y"));
            let y = (dimension == 2).then_some(y);
            let one = Profile::one();
            let other = y.as_ref().unwrap_or(&one);
            let exact = format!("(cos(t)*{}*{} + 0.3*x^2)", x.value, other.value);
            let (normal, second) = match axis {
                "x" => (
                    format!("{outward}*(cos(t)*{}*{} + 0.6*x)", x.first, other.value),
                    format!("cos(t)*{}*{} + 0.6", x.second, other.value),
                ),
                _ => (
                    format!("{outward}*cos(t)*{}*{}", x.value, other.first),
                    format!("cos(t)*{}*{}", x.value, other.second),
                ),
            };
            let condition = match kind {
                "value" => Condition::Value(Formula::Text(exact)),
                "derivative" => Condition::Derivative(Formula::Text(normal)),
                "mixed" => Condition::Mixed {
                    coefficient: "1 + 0.5*cos(t)".into(),
                    value: Formula::Text(format!("{normal} + (1 + 0.5*cos(t))*{exact}")),
                },
                "curvature" => Condition::Curvature(Formula::Text(second)),
                _ => {
                    // The value half a cell beyond the wall, by its Taylor series.
                    let step = "(dx/2)";
                    Condition::Ghost(Formula::Text(format!(
                        "{exact} + {step}*({normal}) + {step}^2/2*({second})"
                    )))
                }
            };
            let face = format!("{axis}{side}");
            let errors = [12, 24, 48].map(|n| boundary_error(n, &x, y.as_ref(), &face, &condition));
            check(&format!("{kind} at {face} in {dimension} D"), 2.0, errors, 2.0, 1e-3);
        }
    }
}

#[test]
fn a_wall_with_a_value_is_of_second_order() {
    wall_is_of_second_order("value");
}

#[test]
fn a_wall_with_a_derivative_is_of_second_order() {
    wall_is_of_second_order("derivative");
}

#[test]
fn a_wall_with_a_mixed_is_of_second_order() {
    wall_is_of_second_order("mixed");
}

#[test]
fn a_wall_with_a_curvature_is_of_second_order() {
    wall_is_of_second_order("curvature");
}

#[test]
fn a_wall_with_a_ghost_cell_is_of_second_order() {
    wall_is_of_second_order("ghost");
}

#[test]
fn integrals_are_of_second_order() {
    let world = World::solo();
    let errors = [10, 20, 40].map(|n| {
        let grid = Grid::cartesian().axis("x", 0.0..2.0, n, Bounded).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "integral(x^2*u)").build().unwrap();
        let mut simulation = Simulation::builder(&pde, &world)
            .initial("u", 1.0)
            .dt(0.1)
            .scheme(Tableau::EULER)
            .build()
            .unwrap();
        simulation.run_until(0.1).unwrap();
        // u = 1 + dt·8/3
        let u = simulation.field("u").unwrap()[[0]];
        ((u - 1.0) / 0.1 - 8.0 / 3.0).abs()
    });
    check("integral", 2.0, errors, 2.0, 1e-2);
}

/// u' = cos(t) u, whose solution is e^sin(t).
#[test]
fn every_scheme_has_its_order() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 1, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "cos(t)*u").build().unwrap();
    // Ralston's scheme (1962, Math. Comput. 16, 431) stands for those that a program brings along.
    let rows: [&[f64]; 3] = [&[], &[0.5], &[0.0, 0.75]];
    let weights = [2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0];
    let ralston = Tableau::new("ralston", 3, &rows, &weights, &[0.0, 0.5, 0.75]).unwrap();
    // Pairs have longer steps, in tests/tolerance.rs.
    let plain = Tableau::ALL.into_iter().filter(|scheme| scheme.embedded().is_none());
    for scheme in plain.chain([ralston]) {
        let errors = [0.02, 0.01, 0.005].map(|dt| {
            let mut simulation = Simulation::builder(&pde, &world)
                .initial("u", 1.0)
                .scheme(&scheme)
                .dt(dt)
                .build()
                .unwrap();
            simulation.run_until(2.0).unwrap();
            (simulation.field("u").unwrap()[[0]] - 2f64.sin().exp()).abs()
        });
        check(scheme.name(), scheme.order() as f64, errors, 2.0, 1e-2);
    }
}
