//! The tests of py-pde 0.59 that are about equations, expressed again. Each names the one it comes
//! from (paths under py-pde's tests/). What py-pde checks of its Python classes is left out.

mod common;

use std::f64::consts::PI;

use common::statistics::{
    assert_distributed, assert_mean, assert_standard_normal, mean, normal_distribution, part,
    volumes,
};
use fluxions::equations;
use fluxions::prelude::*;
use fluxions::solver::PdeBuilder;

fn line(bounds: std::ops::Range<f64>, cells: usize) -> Grid {
    Grid::cartesian().axis("x", bounds, cells, Bounded).build().unwrap()
}

/// Unit cells along x, and y if there are any.
fn unit(shape: &[usize]) -> Grid {
    let axes = ["x", "y", "z"].into_iter().zip(shape);
    axes.fold(Grid::cartesian(), |g, (name, n)| g.axis(name, 0.0..*n as f64, *n, Bounded))
        .build()
        .unwrap()
}

fn radial(geometry: Geometry, bounds: std::ops::Range<f64>, cells: usize) -> Grid {
    Grid::builder(geometry).axis("r", bounds, cells, Bounded).build().unwrap()
}

fn cylinder(radius: f64, cells: usize, z: std::ops::Range<f64>, layers: usize) -> Grid {
    let r = Grid::builder(Geometry::Cylindrical).axis("r", 0.0..radius, cells, Bounded);
    r.axis("z", z, layers, Periodic).build().unwrap()
}

fn value(v: impl Into<Formula>) -> Condition<Formula> {
    Condition::Value(v.into())
}

fn derivative(v: impl Into<Formula>) -> Condition<Formula> {
    Condition::Derivative(v.into())
}

/// Solves a system by a scheme; what was given no initial value begins at 0.
fn run(
    pde: PdeBuilder,
    scheme: Tableau,
    [dt, end]: [f64; 2],
    initial: &[(&str, &str)],
) -> Simulation {
    let pde = pde.build().unwrap_or_else(|e| panic!("{e}"));
    let world = World::solo();
    let mut builder = Simulation::builder(&pde, &world).scheme(scheme).dt(dt);
    for field in pde.fields() {
        builder = match initial.iter().find(|(name, _)| name == field) {
            Some((_, value)) => builder.initial(field, *value),
            None => builder.initial(field, 0.0),
        };
    }
    let mut simulation = builder.build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(end).unwrap_or_else(|e| panic!("{e}"));
    simulation
}

fn euler(pde: PdeBuilder, times: [f64; 2], initial: &[(&str, &str)]) -> Vec<f64> {
    part(&run(pde, Tableau::EULER, times, initial), "c", 0)
}

/// The numbers of an expression on a grid, as it stands in an initial value.
fn evaluate(builder: &PdeBuilder, ty: Type, text: &str) -> Vec<Vec<f64>> {
    let pde = builder.clone().field("c", ty).equation("c", 0.0).build();
    let pde = pde.unwrap_or_else(|e| panic!("{text}: {e}"));
    let world = World::solo();
    let simulation = Simulation::builder(&pde, &world).dt(1.0).initial("c", text).build();
    let simulation = simulation.unwrap_or_else(|e| panic!("{text}: {e}"));
    (0..ty.numbers(pde.space().dimension())).map(|k| part(&simulation, "c", k)).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: impl IntoIterator<Item = f64>, absolute: f64) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (cell, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= absolute, "cell {cell}: {a} instead of {b}");
    }
}

fn centres(start: f64, end: f64, cells: usize) -> impl Iterator<Item = f64> {
    (0..cells).map(move |i| start + (i as f64 + 0.5) * (end - start) / cells as f64)
}

/// pdes/test_diffusion_pdes.py: test_simple_diffusion_value
#[test]
fn diffusion_between_two_values_is_a_ramp() {
    let pde = equations::diffusion(&line(0.0..1.0, 16), 1.0);
    let pde = pde.boundary("x-", value(0.0)).boundary("x+", value(1.0));
    assert_close(&euler(pde, [1e-3, 1.0], &[]), centres(0.0, 1.0, 16), 5e-3 / 32.0);
}

/// pdes/test_diffusion_pdes.py: test_simple_diffusion_flux_right, test_simple_diffusion_flux_left
#[test]
fn diffusion_with_a_flux_at_one_end_is_a_ramp_of_that_slope() {
    let pde = || equations::diffusion(&line(0.0..1.0, 16), 1.0);
    let right = pde().boundary("x-", value(0.0)).boundary("x+", derivative(3.0));
    let c = euler(right, [1e-3, 5.0], &[]);
    assert_close(&c, centres(0.0, 1.0, 16).map(|x| 3.0 * x), 5e-3);
    let left = pde().boundary("x-", derivative(2.0)).boundary("x+", value(0.0));
    let c = euler(left, [1e-3, 5.0], &[]);
    assert_close(&c, centres(0.0, 1.0, 16).map(|x| 2.0 - 2.0 * x), 5e-3);
}

/// pdes/test_diffusion_pdes.py: test_diffusion_time_dependent_bcs
#[test]
fn diffusion_follows_a_wall_that_is_switched_on() {
    let world = World::solo();
    let pde = equations::diffusion(&unit(&[3]), 1.0).boundary("x", value("Heaviside(t - 1.5)"));
    let pde = pde.build().unwrap();
    let builder = Simulation::builder(&pde, &world).dt(1e-2).initial("c", 0.0);
    let mut simulation = builder.build().unwrap();
    simulation.run_until(1.0).unwrap();
    assert_eq!(part(&simulation, "c", 0), [0.0; 3]);
    simulation.run_until(10.0).unwrap();
    assert_close(&part(&simulation, "c", 0), [1.0; 3], 1e-3);
}

/// pdes/test_diffusion_pdes.py: test_diffusion_sde
#[test]
fn noise_alone_gives_a_normal_distribution() {
    let pde = equations::diffusion(&line(0.0..1000.0, 3700), 0.0).noise("c", 0.35);
    let c = euler(pde, [1e-3, 0.1], &[]);
    let deviation = (0.35 * 0.1 / (1000.0 / 3700.0f64)).sqrt();
    assert_distributed(&c, |c| normal_distribution(c / deviation));
}

/// pdes/test_pde_class.py: test_pde_integral
#[test]
fn an_integral_in_the_equation_takes_the_mean_away() {
    let pde = Pde::on(&unit(&[16])).equation("c", "-integral(c)");
    let initial = [("c", "random_uniform(0, 1)")];
    let before = euler(pde.clone(), [1e-3, 0.0], &initial);
    let after = euler(pde, [1e-3, 5.0], &initial);
    assert_close(&after, before.iter().map(|c| c - mean(&before)), 1e-3);
}

/// pdes/test_pde_class.py: test_anti_periodic_bcs
#[test]
fn a_wall_cannot_vanish_from_an_antiperiodic_ring() {
    let grid = Grid::cartesian().axis("x", -10.0..10.0, 32, Periodic).build().unwrap();
    let pde = || equations::allen_cahn(&grid, 1.0, 1.0);
    let times = [0.01, 200.0];
    let initial = [("c", "random_uniform(0, 1)")];
    let c = euler(pde(), times, &initial);
    assert_close(&c.iter().map(|c| c.abs()).collect::<Vec<_>>(), [1.0; 32], 1e-3);
    let c = euler(pde().boundary("x", Condition::Antiperiodic), times, &initial);
    let fluctuations =
        mean(&c.iter().map(|x| (x - mean(&c)).powi(2)).collect::<Vec<_>>()) * 20.0 / 32.0;
    assert!(fluctuations.sqrt() > 0.1, "{c:?}");
}

/// pdes/test_pde_class.py: test_pde_heaviside. At t = 0.999 py-pde has done ten whole steps;
/// here the end is met.
#[test]
fn heaviside_stands_in_an_equation() {
    let pde = || Pde::on(&line(-1.0..1.0, 2)).equation("c", "Heaviside(x)");
    let initial = [("c", "sign(x)")];
    assert_close(&euler(pde(), [0.1, 1.0], &initial), [-1.0, 2.0], 1e-12);
    assert_close(&euler(pde(), [0.1, 0.999], &initial), [-1.0, 1.999], 1e-12);
}

/// pdes/test_pde_class.py: test_compare_swift_hohenberg
#[test]
fn swift_hohenberg_as_an_equation_is_that_of_the_library_on_five_grids() {
    let (epsilon, q0, g) = (0.1f64, 0.7f64, 0.3);
    let plane = Grid::cartesian().axis("x", 0.0..16.0, 16, Periodic);
    let grids = [
        unit(&[16]),
        plane.axis("y", 0.0..16.0, 16, Bounded).build().unwrap(),
        radial(Geometry::Spherical, 0.0..8.0, 16),
        radial(Geometry::Polar, 0.0..8.0, 16),
        cylinder(8.0, 8, -4.0..4.0, 8),
    ];
    for grid in grids {
        let text = "(rate - kc2^2)*u - 2*kc2*laplace(u) - laplace(laplace(u)) + delta*u^2 - u^3";
        let written = Pde::on(&grid)
            .parameter("rate", epsilon)
            .parameter("kc2", q0 * q0)
            .parameter("delta", g)
            .equation("u", text);
        let solve = |pde: PdeBuilder| {
            let initial = [("u", "random_uniform(0, 1)")];
            part(&run(pde, Tableau::EULER, [5e-4, 0.1], &initial), "u", 0)
        };
        let known = solve(equations::swift_hohenberg(&grid, epsilon, q0, g));
        assert_close(&solve(written), known, 1e-12);
    }
}

/// pdes/test_pde_class.py: test_pde_spatial_args
#[test]
fn coordinates_stand_in_equations_and_under_operators() {
    let pde = Pde::on(&unit(&[4])).equation("c", "x");
    assert_close(&euler(pde, [0.1, 1.0], &[]), [0.5, 1.5, 2.5, 3.5], 1e-12);
    let pde = || Pde::on(&unit(&[4])).equation("c", "dot(gradient(x), gradient(c))");
    assert_eq!(euler(pde(), [0.1, 1.0], &[("c", "1")]), [1.0; 4]);
    // ∂x/∂x is 1 everywhere, and ∂c/∂x half of it at the ends, where the derivative is 0 at the wall.
    let c = euler(pde(), [1.0, 1.0], &[("c", "x^2")]);
    assert_close(&c, [0.25 + 1.0, 2.25 + 3.0, 6.25 + 5.0, 12.25 + 3.0], 1e-12);
    // In py-pde x has the derivative 0 at the wall too.
    let own = pde().arguments(ArgumentConditions::OwnField);
    let c = euler(own, [1.0, 1.0], &[("c", "x^2")]);
    assert_close(&c, [0.25 + 0.5 * 1.0, 2.25 + 3.0, 6.25 + 5.0, 12.25 + 0.5 * 3.0], 1e-12);
}

/// pdes/test_pde_class.py: test_pde_product_operators
#[test]
fn products_of_a_constant_vector_have_no_derivatives() {
    for shape in [&[4][..], &[4, 5], &[4, 5, 6]] {
        let pde = Pde::on(&unit(shape))
            .field("p", Type::real(Rank::Vector))
            .equation("p", "gradient(dot(p, p) + inner(p, p)) + tensor_divergence(outer(p, p))");
        let one = ["[1]", "[1, 1]", "[1, 1, 1]"][shape.len() - 1];
        let simulation = run(pde, Tableau::EULER, [0.5, 4.0], &[("p", one)]);
        for k in 0..shape.len() {
            assert!(part(&simulation, "p", k).iter().all(|p| *p == 1.0));
        }
    }
}

/// pdes/test_pde_class.py: test_pde_multiplicative_noise
#[test]
fn multiplicative_noise_is_that_of_the_state_before_the_step() {
    let pde = Pde::on(&unit(&[128, 64])).equation("c", "0").noise("c", "c^2");
    let c = euler(pde, [0.25, 0.25], &[("c", "2")]);
    assert_standard_normal(&c.iter().map(|c| c - 2.0).collect::<Vec<_>>());
    assert_distributed(&c, |c| normal_distribution((c - 2.0) / (0.25f64 * 4.0).sqrt()));
}

/// pdes/test_pde_class.py: test_pde_noise_variance_expression
#[test]
fn a_variance_of_state_and_place_has_the_drift_of_its_derivative() {
    let pde = |interpretation| {
        Pde::on(&unit(&[20]))
            .equation("c", "0")
            .noise("c", "0.5*c^2 + x")
            .interpretation(interpretation)
    };
    let initial = [("c", "1 + x")];
    let ito = euler(pde(Interpretation::Ito), [0.5, 0.5], &initial);
    let stratonovich = euler(pde(Interpretation::Stratonovich), [0.5, 0.5], &initial);
    let drift: Vec<f64> = stratonovich.iter().zip(&ito).map(|(a, b)| a - b).collect();
    // d(variance)/dc = c
    assert_close(&drift, centres(0.0, 20.0, 20).map(|x| 0.25 * (1.0 + x) * 0.5), 1e-12);
}

/// pdes/test_wave_pdes.py: test_wave_equation; pdes/test_klein_gordon.py: reduces to wave, and
/// against its expression
#[test]
fn klein_gordon_without_mass_is_the_wave_equation() {
    let grid = Grid::cartesian().axis("x", 0.0..16.0, 16, Periodic);
    let grid = grid.axis("y", 0.0..8.0, 8, Bounded).build().unwrap();
    let solve = |pde: PdeBuilder| {
        let initial = [("u", "random_uniform(0, 1)"), ("v", "random_uniform(0, 1)")];
        let simulation = run(pde, Tableau::RK4, [0.01, 1.0], &initial);
        [part(&simulation, "u", 0), part(&simulation, "v", 0)].concat()
    };
    let wave = solve(equations::wave(&grid, 1.5));
    assert_close(&solve(equations::klein_gordon(&grid, 1.5, 0.0)), wave.clone(), 1e-12);
    let written = Pde::on(&grid).equation("u", "v").equation("v", "1.5**2*laplace(u)");
    assert_close(&solve(written), wave, 1e-12);
    let heavy = solve(equations::klein_gordon(&grid, 1.5, 2.0));
    let written = Pde::on(&grid).equation("u", "v").equation("v", "2.25*∇²(u) - 4*u");
    assert_close(&solve(written), heavy, 1e-12);
}

/// test_integration.py: test_inhomogeneous_bcs_2
#[test]
fn walls_with_a_linear_value_give_the_linear_solution() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded);
    let grid = grid.axis("y", 0.0..1.0, 8, Bounded).build().unwrap();
    let pde = equations::diffusion(&grid, 1.0);
    let pde = pde.boundary("x", value("x + y")).boundary("y", value("x + y"));
    let c = euler(pde, [2e-3, 10.0], &[("c", "random_uniform(0, 1)")]);
    let x: Vec<f64> = centres(0.0, 1.0, 8).collect();
    assert_close(&c, (0..64).map(|k| x[k / 8] + x[k % 8]), 1e-7);
}

/// test_integration.py: test_inhomogeneous_bcs_1
#[test]
fn walls_with_a_wave_give_the_wave_between_them() {
    let grid = Grid::cartesian().axis("x", 0.0..2.0 * PI, 32, Periodic);
    let grid = grid.axis("y", 0.0..1.0, 2, Bounded).build().unwrap();
    let pde = equations::diffusion(&grid, 1.0).boundary("y", value("sin(x)"));
    let c = euler(pde, [5e-3, 10.0], &[("c", "random_uniform(0, 1)")]);
    assert_close(&c, (0..64).map(|k| 0.9 * (PI / 16.0 * ((k / 2) as f64 + 0.5)).sin()), 1.5e-2);
    // Between the walls 8(sin x − c) = λc with the discrete λ.
    let lambda = 2.0 * (1.0 - (PI / 16.0).cos()) / (PI / 16.0f64).powi(2);
    let share = 8.0 / (8.0 + lambda);
    assert_close(&c, (0..64).map(|k| share * (PI / 16.0 * ((k / 2) as f64 + 0.5)).sin()), 1e-9);
}

/// test_integration.py: test_inhomogeneous_bcs_func
#[test]
fn a_wall_by_a_function_is_the_wall_by_its_text() {
    let grid = Grid::cartesian().axis("x", -5.0..5.0, 32, Bounded);
    let grid = grid.axis("y", -5.0..5.0, 32, Bounded).build().unwrap();
    let solve = |wall: &str| {
        let pde = equations::diffusion(&grid, 1.0)
            .function("wall", |x: f64| x.signum())
            .define_function("text", "(x) -> sign(x)")
            .boundary("y-", value(0.0))
            .boundary("y+", value(wall));
        euler(pde, [0.01, 1.0], &[])
    };
    let expected = solve("sign(x)");
    assert!(expected.iter().any(|c| *c > 0.5) && expected.iter().any(|c| *c < -0.5));
    for wall in ["wall(x)", "text(x)", "where(x > 0, 1, -1)", "Piecewise((1, x > 0), (-1, True))"] {
        assert_eq!(solve(wall), expected);
    }
}

/// solvers/test_explicit_solvers.py: test_solvers_time_dependent
#[test]
fn every_scheme_follows_a_force_that_depends_on_time() {
    let world = World::solo();
    let pde = Pde::on(&unit(&[1])).equation("y", "2*sin(t) - y").build().unwrap();
    for scheme in Tableau::ALL {
        let dt = 1e-3;
        let exact = |t: f64| 2.0 * (-t).exp() - t.cos() + t.sin();
        let builder = Simulation::builder(&pde, &world).scheme(scheme).dt(dt);
        let builder = builder.track(Every::Time(1.0), move |now: &mut Snapshot| {
            let (y, wanted) = (now.max("y")?, exact(now.time()));
            assert!((y - wanted).abs() < 0.05, "{y} {wanted}");
            Ok(GO_ON)
        });
        let mut simulation = builder.initial("y", 1.0).build().unwrap();
        assert_eq!(simulation.run_until(20.0).unwrap().steps, 20_000);
    }
}

/// solvers/test_explicit_solvers.py: test_solvers_simple_fixed
#[test]
fn every_scheme_grows_exponentially() {
    for scheme in Tableau::ALL {
        let pde = Pde::on(&unit(&[4])).equation("c", "c");
        let simulation = run(pde, scheme, [1e-3, 10.0], &[("c", "1 + x")]);
        assert_eq!(simulation.steps(), 10_000);
        let c = part(&simulation, "c", 0);
        for (c, x) in c.iter().zip(centres(0.0, 4.0, 4)) {
            assert!((c / ((1.0 + x) * 10f64.exp()) - 1.0).abs() < 0.1);
        }
    }
}

/// solvers/test_explicit_solvers.py: test_stochastic_solvers_geometric_brownian_motion
#[test]
fn geometric_brownian_motion_has_its_mean_and_variance() {
    let (mu, sigma2, end) = (0.5f64, 0.1f64, 1.0);
    for interpretation in [Interpretation::Ito, Interpretation::Stratonovich] {
        let pde = Pde::on(&unit(&[16_000]))
            .equation("c", "0.5*c")
            .noise("c", "0.1*c^2")
            .interpretation(interpretation);
        let c = euler(pde, [1e-3, end], &[("c", "1")]);
        let rate = match interpretation {
            Interpretation::Ito => mu,
            Interpretation::Stratonovich => mu + sigma2 / 2.0,
        };
        let (average, square) = ((rate * end).exp(), ((2.0 * rate + sigma2) * end).exp());
        assert!((mean(&c) / average - 1.0).abs() < 0.03);
        let variance = mean(&c.iter().map(|x| (x - mean(&c)).powi(2)).collect::<Vec<_>>());
        assert!((variance / (square - average * average) - 1.0).abs() < 0.1);
        assert_mean(&c.iter().map(|c| c.ln()).collect::<Vec<_>>(), rate - sigma2 / 2.0);
    }
}

/// solvers/test_explicit_solvers.py: test_stochastic_solver_equilibrium, with another equation: the
/// square-root process dc = (a − c) dt + √(c/2) dW has a gamma distribution, whose shape is 4a by
/// Itô and 4a + ½ by Stratonovich (Cox, Ingersoll & Ross 1985, Econometrica 53, 385).
#[test]
fn equilibria_depend_on_the_interpretation() {
    let shape_4 = |c: f64| {
        let x = 4.0 * c.max(0.0);
        1.0 - (-x).exp() * (1.0 + x + x * x / 2.0 + x.powi(3) / 6.0)
    };
    for (interpretation, rate) in
        [(Interpretation::Ito, "1 - c"), (Interpretation::Stratonovich, "0.875 - c")]
    {
        let pde = Pde::on(&unit(&[3000]))
            .equation("c", rate)
            .noise("c", "0.5*max(c, 0)")
            .interpretation(interpretation);
        let c = euler(pde, [2e-3, 8.0], &[("c", "1")]);
        assert_distributed(&c, shape_4);
    }
}

/// solvers/test_generic_solvers.py: *_backend_support
#[test]
fn every_scheme_smooths_a_step_to_an_error_function() {
    for scheme in Tableau::ALL {
        let pde = equations::diffusion(&line(-6.0..6.0, 32), 1.0).equation("exact", "0");
        let initial = [("c", "heaviside(x, 0.5)"), ("exact", "0.5 + 0.5*erf(x/2)")];
        let simulation = run(pde, scheme, [0.01, 1.0], &initial);
        assert_close(&part(&simulation, "c", 0), part(&simulation, "exact", 0), 1e-2);
    }
}

/// A definition `s` with a value in each of three cells of width ½, and `f` made of it.
fn by_cell(grid: &Grid, [a, b, c]: [f64; 3], f: &str) -> PdeBuilder {
    let text = format!("where(r < 0.5, {a:?}, where(r < 1, {b:?}, {c:?}))");
    Pde::on(grid).define("s", text).define("f", f)
}

/// backends/generic/operators/test_polar_operators.py: test_findiff_polar
#[test]
fn operators_on_a_disk_give_the_numbers_by_hand() {
    let grid = radial(Geometry::Polar, 0.0..1.5, 3);
    let outside = |b: PdeBuilder| b.boundary_of("f", "r+", value(0.0));
    let s = outside(by_cell(&grid, [1.0, 2.0, 4.0], "s"));
    let gradient = evaluate(&s, Type::real(Rank::Vector), "gradient(f)");
    assert_eq!(gradient, [vec![1.0, 3.0, -6.0], vec![0.0; 3]]);
    let v = outside(by_cell(&grid, [1.0, 2.0, 4.0], "[s, 0]"));
    let divergence = evaluate(&v, Type::REAL, "divergence(f)");
    assert_close(&divergence[0], [5.0, 17.0 / 3.0, -6.0 + 4.0 / 1.25], 1e-12);
}

/// backends/generic/operators/test_cylindrical_operators.py: test_findiff_cylindrical
#[test]
fn operators_in_a_cylinder_give_the_numbers_by_hand() {
    let grid = cylinder(1.5, 3, 0.0..1.0, 2);
    let twice = |v: [f64; 3]| v.into_iter().flat_map(|v| [v, v]).collect::<Vec<_>>();
    let s =
        |wall: Condition<Formula>| by_cell(&grid, [1.0, 2.0, 4.0], "s").boundary_of("f", "r", wall);
    let laplace = |wall| evaluate(&s(wall), Type::REAL, "laplace(f)").remove(0);
    assert_close(&laplace(value(3.0)), twice([8.0, 4.0 + 3.0 / 0.75, -16.0]), 1e-12);
    // By hand, too: the ghost is 4 + 3/2.
    let last = 4.0 * (5.5 - 8.0 + 2.0) + (5.5 - 2.0) / 1.25;
    assert_close(&laplace(derivative(3.0)), twice([8.0, 4.0 + 3.0 / 0.75, last]), 1e-12);
    let gradient = evaluate(&s(value(3.0)), Type::real(Rank::Vector), "gradient(f)");
    assert_eq!(gradient, [twice([-3.0, 3.0, 0.0]), vec![0.0; 6], vec![0.0; 6]]);
    let v = by_cell(&grid, [1.0, 2.0, 4.0], "[s, 0, 0]").boundary_of("f", "r", derivative(0.0));
    let divergence = evaluate(&v, Type::REAL, "divergence(f)");
    assert_close(&divergence[0], twice([5.0, 17.0 / 3.0, 2.0 + 4.0 / 1.25]), 1e-12);
}

/// backends/generic/operators/test_spherical_operators.py: test_findiff_sph
#[test]
fn operators_in_a_ball_give_the_numbers_by_hand() {
    let vector = |conservative: bool| {
        let grid = Grid::builder(Geometry::Spherical).axis("r", 0.0..1.5, 3, Bounded);
        let grid = grid.conservative(conservative).build().unwrap();
        let v = by_cell(&grid, [1.0, 2.0, 4.0], "[s, 0, 0]");
        evaluate(&v.boundary_of("f", "r+", value(0.0)), Type::REAL, "divergence(f)").remove(0)
    };
    // Fluxes through r = ½, 1, 3/2 over the volumes between.
    let fluxes = [0.0, 0.25 * 1.5, 1.0 * 3.0, 2.25 * 0.0];
    let volumes = [0.125 / 3.0, 0.875 / 3.0, 2.375 / 3.0];
    let expected = (0..3).map(|i| (fluxes[i + 1] - fluxes[i]) / volumes[i]);
    assert_close(&vector(true), expected, 1e-12);
    assert_close(&vector(false), [9.0, 3.0 + 4.0 / 0.75, -6.0 + 8.0 / 1.25], 1e-12);
    let grid = radial(Geometry::Spherical, 0.0..1.5, 3);
    let s = by_cell(&grid, [1.0, 2.0, 4.0], "s").boundary_of("f", "r+", value(0.0));
    let gradient = evaluate(&s, Type::real(Rank::Vector), "gradient(f)");
    assert_eq!(gradient, [vec![1.0, 3.0, -6.0], vec![0.0; 3], vec![0.0; 3]]);
}

/// backends/generic/operators: test_conservative_laplace_polar, test_conservative_sph,
/// test_conservative_laplace_cyl
#[test]
fn the_integral_of_a_laplacian_and_a_divergence_without_flux_is_zero() {
    let conservative = |geometry, start: f64| {
        let grid = Grid::builder(geometry).axis("r", start..1.5, 8, Bounded);
        if geometry == Geometry::Cylindrical { grid.axis("z", 0.0..1.0, 9, Periodic) } else { grid }
            .conservative(true)
            .build()
            .unwrap()
    };
    for geometry in [Geometry::Polar, Geometry::Spherical, Geometry::Cylindrical] {
        for start in [0.0, 0.75] {
            let grid = conservative(geometry, start);
            let components = grid.components().len();
            let zeros = vec!["0"; components - 1].join(", ");
            let builder = Pde::on(&grid)
                .define("s", "random_uniform(0, 1)")
                .define("f", format!("[s, {zeros}]"))
                .boundary_of("f", "r", value(0.0));
            for text in ["laplace(s)", "divergence(f)"] {
                let found = evaluate(&builder, Type::REAL, text).remove(0);
                let sum: f64 = found.iter().zip(volumes(&grid)).map(|(f, v)| f * v).sum();
                assert!(sum.abs() < 1e-12, "{text} on {geometry:?} from {start}: {sum}");
            }
        }
    }
}

/// backends/generic/operators: test_examples_scalar_polar, test_examples_scalar_sph,
/// test_examples_scalar_cyl
#[test]
fn derivatives_of_the_cube_of_the_radius_are_known() {
    let mean_square = |a: &[f64], b: &[f64]| {
        let size: f64 = b.iter().map(|b| b * b).sum();
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / size
    };
    for (geometry, laplace) in
        [(Geometry::Polar, "9*r"), (Geometry::Spherical, "12*r"), (Geometry::Cylindrical, "9*r")]
    {
        let grid = match geometry {
            Geometry::Cylindrical => cylinder(1.0, 32, 0.0..1.0, 4),
            _ => radial(geometry, 0.0..1.0, 32),
        };
        let builder = Pde::on(&grid).define("s", "r^3").boundary_of("s", "r+", derivative(3.0));
        let components = grid.components().len();
        let number = |text: &str| evaluate(&builder, Type::REAL, text).remove(0);
        let gradient = evaluate(&builder, Type::real(Rank::Vector), "gradient(s)");
        assert!(mean_square(&gradient[0], &number("3*r^2")) < 1e-5);
        assert!((1..components).all(|k| gradient[k].iter().all(|g| *g == 0.0)));
        let error = mean_square(&number("laplace(s)"), &number(laplace));
        assert!(error < 1e-3, "{geometry:?}: {error}");
        let squares = mean_square(&number("gradient_squared(s)"), &number("9*r^4"));
        assert!(squares < 1e-4, "{geometry:?}: {squares}");
    }
}

/// backends/generic/operators/test_spherical_operators.py: test_examples_vector_sph,
/// test_examples_tensor_sph; test_polar_operators.py: test_examples_vector_polar,
/// test_examples_tensor_polar
#[test]
fn derivatives_of_vectors_and_tensors_of_the_radius_are_known() {
    let vector = Type::real(Rank::Vector);
    let near = |found: &[f64], expected: &[f64]| {
        let pairs = found.iter().zip(expected);
        // Away from the walls, whose conditions are not those of the solution.
        pairs.skip(2).take(28).all(|(a, b)| (a - b).abs() < 0.02 * (1.0 + b.abs()))
    };
    let ball = Pde::on(&radial(Geometry::Spherical, 0.0..1.0, 32));
    let ball =
        ball.define("v", "[r^3, 0, 0]").define("q", "[[r^3, 0, 0], [0, r^3, 0], [0, 0, r^3]]");
    let number = |b: &PdeBuilder, text: &str| evaluate(b, Type::REAL, text).remove(0);
    assert!(near(&number(&ball, "divergence(v)"), &number(&ball, "5*r^2")));
    let slopes = evaluate(&ball, Type::real(Rank::Tensor), "vector_gradient(v)");
    let (along, across) = (number(&ball, "3*r^2"), number(&ball, "r^2"));
    for (k, slope) in slopes.iter().enumerate() {
        match k {
            0 => assert!(near(slope, &along)),
            4 | 8 => assert!(near(slope, &across)),
            _ => assert!(slope.iter().all(|x| *x == 0.0)),
        }
    }
    assert!(near(&evaluate(&ball, vector, "tensor_divergence(q)")[0], &along));
    assert!(near(&number(&ball, "tensor_double_divergence(q)"), &number(&ball, "12*r")));

    let disk = Pde::on(&radial(Geometry::Polar, 0.0..1.0, 32));
    let disk = disk.define("v", "[r^3, r^2]").define("q", "[[r^3, r^2], [2*r^2, 2*r^3]]");
    assert!(near(&number(&disk, "divergence(v)"), &number(&disk, "4*r^2")));
    let slopes = evaluate(&disk, Type::real(Rank::Tensor), "vector_gradient(v)");
    let expected = ["3*r^2", "-r", "2*r", "r^2"].map(|text| number(&disk, text));
    assert!(slopes.iter().zip(&expected).all(|(slope, expected)| near(slope, expected)));
    let divergence = evaluate(&disk, vector, "tensor_divergence(q)");
    // ∂r qrr + (qrr − qφφ)/r and ∂r qφr + (qrφ + qφr)/r
    assert!(near(&divergence[0], &number(&disk, "2*r^2")));
    assert!(near(&divergence[1], &number(&disk, "7*r")));
}

/// backends/generic/operators: test_small_annulus_polar, test_small_annulus_sph
#[test]
fn a_tiny_hole_changes_nothing() {
    for geometry in [Geometry::Polar, Geometry::Spherical] {
        let of = |start: f64, text: &str| {
            let grid = radial(geometry, start..1.0, 8);
            let zeros = if geometry == Geometry::Polar { "0" } else { "0, 0" };
            let builder = Pde::on(&grid)
                .define("s", "random_uniform(0, 1)")
                .define("v", format!("[s, {zeros}]"));
            evaluate(&builder, Type::REAL, text).remove(0)
        };
        for text in ["laplace(s)", "gradient_squared(s)", "divergence(v)", "integral(s)"] {
            let whole = of(0.0, text);
            let size = whole.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            assert_close(&of(1e-8, text), whole, 1e-6 * size);
        }
    }
}

/// The ghost cell beyond the upper end of an axis of unit cells where f is 1.
fn ghosts(grid: &Grid, face: &str, condition: Condition<Formula>) -> Vec<f64> {
    let builder = Pde::on(grid).define("f", "1").boundary_of("f", face, condition);
    let (axis, side) = face.split_at(1);
    let text = match side {
        "+" => format!("f + d_d{axis}_forward(f)"),
        _ => format!("f - d_d{axis}_backward(f)"),
    };
    evaluate(&builder, Type::REAL, &text).remove(0)
}

/// grids/boundaries/test_local_boundaries.py: test_mixed_condition, test_inhomogeneous_bcs_1d,
/// test_inhomogeneous_bcs_2d
#[test]
fn ghost_cells_have_the_numbers_by_hand() {
    let mixed = |coefficient: f64, beta: f64| Condition::Mixed {
        coefficient: coefficient.into(),
        value: beta.into(),
    };
    let two = unit(&[2]);
    assert_close(&ghosts(&two, "x+", mixed(1.0, 3.0)), [1.0, 7.0 / 3.0], 1e-15);
    assert_close(&ghosts(&two, "x+", mixed(2.0, 4.0)), [1.0, 2.0], 1e-15);
    assert_close(&ghosts(&two, "x-", mixed(1.0, 3.0)), [7.0 / 3.0, 1.0], 1e-15);
    assert_eq!(ghosts(&two, "x+", value("x**2")), [1.0, 7.0]);
    assert_eq!(ghosts(&two, "x-", value("x**2")), [-1.0, 1.0]);
    let square = unit(&[2, 2]);
    let curvature = ghosts(&square, "x+", Condition::Curvature("y".into()));
    assert_eq!(curvature, [1.0, 1.0, 1.5, 2.5]);
    assert_eq!(ghosts(&square, "x-", derivative("y")), [1.5, 2.5, 1.0, 1.0]);
    assert_eq!(ghosts(&square, "y+", value("x + y")), [1.0, 4.0, 1.0, 6.0]);
}

/// grids/boundaries/test_local_boundaries.py: test_expression_bc_setting_value,
/// test_expression_bc_operator, test_expression_bc_derivative, test_expression_bc_mixed
#[test]
fn conditions_as_expressions_are_those_of_constants() {
    let grid = unit(&[3, 4]);
    for face in ["x-", "x+", "y-", "y+"] {
        let same = |a, b| assert_eq!(ghosts(&grid, face, a), ghosts(&grid, face, b));
        same(value("1 + 1 + 0*x*t"), value(2.0));
        same(derivative("3 - cos(0*y)"), derivative(2.0));
        same(Condition::Curvature("2*(x - x) + 4/2".into()), Condition::Curvature(2.0.into()));
        same(Condition::Ghost("value + dx*2".into()), derivative(2.0));
        same(Condition::Ghost("4 - value".into()), value(2.0));
        same(
            Condition::Mixed { coefficient: "2*dx".into(), value: "3*value".into() },
            Condition::Mixed { coefficient: 2.0.into(), value: 3.0.into() },
        );
    }
}

/// pdes/test_pdes_mpi.py, solvers/test_explicit_mpi_solvers.py: on ranks the result is that on one,
/// here to the bit; grids/test_grid_mesh.py: a field that is split and put together again is the
/// same.
#[test]
fn results_on_ranks_are_those_on_one() {
    let solve = |world: &World, dimension: usize| {
        let shape = [[12, 0, 0], [7, 8, 0], [4, 5, 6]][dimension - 1];
        let pde = Pde::on(&unit(&shape[..dimension]))
            .field("v", Type::real(Rank::Vector))
            .field("psi", Type::COMPLEX)
            .parameter("k", "1 + 0.1*x")
            .equation("c", "k*laplace(c)")
            .equation("v", "vector_laplace(v) + gradient(c)")
            .equation("psi", "I*laplace(psi) - k*psi")
            .build()
            .map_err(|e| e.to_string())?;
        let mut simulation = Simulation::builder(&pde, world)
            .scheme(Tableau::EULER)
            .dt(0.01)
            .initial("c", "random_uniform(0, 1)")
            .initial("v", "gradient(random_uniform(0, 1))")
            .initial("psi", "random_normal(0, 1) + I*random_normal(0, 1)")
            .build()
            .map_err(|e| e.to_string())?;
        let mut all = Vec::new();
        for end in [0.0, 0.1] {
            simulation.run_until(end).map_err(|e| e.to_string())?;
            for field in ["c", "v", "psi"] {
                let values = simulation.gather(field).map_err(|e| e.to_string())?;
                all.extend(values.into_iter().flatten());
            }
        }
        Ok::<_, String>(all)
    };
    for dimension in 1..=3 {
        let expected = solve(&World::solo(), dimension).unwrap();
        for ranks in 2..=4 {
            let found = on_threads(ranks, |world| solve(world, dimension)).unwrap();
            assert!(found[0] == expected, "{dimension} D on {ranks} ranks");
        }
    }
}

/// grids/test_generic_grids.py: test_cell_volumes, test_integration_serial
#[test]
fn integrals_are_sums_of_cell_volumes() {
    let ring = Grid::cartesian().axis("x", -1.0..3.0, 9, Periodic);
    let grids = [
        line(-1.0..3.0, 7),
        ring.axis("y", 0.0..0.5, 5, Bounded).build().unwrap(),
        unit(&[3, 4, 5]),
        radial(Geometry::Polar, 0.0..2.0, 9),
        radial(Geometry::Polar, 1.0..2.0, 9),
        radial(Geometry::Spherical, 0.0..2.0, 9),
        radial(Geometry::Spherical, 1.0..2.0, 9),
        cylinder(2.0, 5, -1.0..1.0, 6),
    ];
    for grid in grids {
        let volumes = volumes(&grid);
        let total: f64 = volumes.iter().sum();
        assert!((total / grid.volume() - 1.0).abs() < 1e-13);
        let builder = Pde::on(&grid).define("s", "random_uniform(0, 1)");
        let number = |text: &str| evaluate(&builder, Type::REAL, text).remove(0);
        let sum: f64 = number("s").iter().zip(&volumes).map(|(s, v)| s * v).sum();
        assert!((number("integral(1)")[0] / total - 1.0).abs() < 1e-13);
        assert!((number("integral(s)")[0] / sum - 1.0).abs() < 1e-13);
        assert!((number("average(s)")[0] / (sum / total) - 1.0).abs() < 1e-13);
    }
}
