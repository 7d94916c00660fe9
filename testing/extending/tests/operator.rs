//! Field operators that a program defines. Ranks are threads; their number is said by each test.

use fluxions::expr::Binary;
use fluxions::prelude::*;

/// The fourth-order central difference along x (Abramowitz & Stegun 1964, table 25.2).
fn slope(dx: f64, axes: usize) -> FieldOperator {
    let term = |step: i32, weight: f64| {
        let mut offset = vec![0; axes];
        offset[0] = step;
        (offset, weight / (12.0 * dx))
    };
    let terms = [term(-2, 1.0), term(-1, -8.0), term(1, 8.0), term(2, -1.0)];
    FieldOperator::stencil("slope", terms)
}

/// The values of c, gathered, after some steps of an equation.
fn solved(pde: &Pde, initial: &str, steps: f64, ranks: usize) -> Vec<f64> {
    let gathered = on_threads(ranks, |world| {
        let builder = Simulation::builder(pde, world).initial("c", initial);
        let mut simulation = builder.scheme(Tableau::EULER).dt(0.125).build().unwrap();
        simulation.run_until(0.125 * steps).unwrap();
        simulation.gather("c").map_err(|e| e.to_string())
    });
    gathered.unwrap().into_iter().flatten().flatten().collect()
}

/// The largest error of the slope of `text` on so many cells, found as one Euler step of c' = slope.
fn error(cells: usize, ends: fluxions::grid::Ends, text: &str, exact: fn(f64) -> f64) -> f64 {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, ends).build().unwrap();
    let axis = &grid.axes()[0];
    let builder = Pde::on(&grid).operator(slope(axis.spacing(), 1)).define("f", text);
    let builder = match ends {
        Bounded => builder.boundary_of("f", "x", Condition::Value(0.0.into())),
        Periodic => builder,
    };
    let pde = builder.equation("c", "slope(f)").build().unwrap();
    let found = solved(&pde, "0", 1.0, 1);
    let errors = found
        .iter()
        .enumerate()
        .map(|(i, change)| (change / 0.125 - exact(axis.centre(i as isize))).abs());
    errors.fold(0.0, f64::max)
}

#[test]
fn a_wide_stencil_has_its_order() {
    use std::f64::consts::TAU;
    let order =
        |ends, text, exact| (error(40, ends, text, exact) / error(80, ends, text, exact)).log2();
    let found = order(Periodic, "sin(2*pi*x)", |x| TAU * (TAU * x).cos());
    assert!((found - 4.0).abs() < 0.1, "{found}");
    // Both layers of ghost cells beyond a wall continue the field: it is odd there.
    let found = order(Bounded, "sin(2*pi*x)", |x| TAU * (TAU * x).cos());
    assert!((found - 4.0).abs() < 0.1, "{found}");
}

#[test]
fn a_stencil_of_the_laplacian_is_the_laplacian() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..4.0, 16, Bounded)
        .axis("y", 0.0..2.0, 8, Periodic)
        .build()
        .unwrap();
    // The spacing is 1/4 along both axes: all products are exact.
    let terms = [
        (vec![-1, 0], 16.0),
        (vec![1, 0], 16.0),
        (vec![0, -1], 16.0),
        (vec![0, 1], 16.0),
        (vec![0, 0], -64.0),
    ];
    let built_in = Pde::on(&grid).equation("c", "laplace(c)").build().unwrap();
    let own = Pde::on(&grid)
        .operator(FieldOperator::stencil("five_points", terms))
        .equation("c", "five_points(c)")
        .build()
        .unwrap();
    let initial = "sin(3*x) + cos(pi*y)*x";
    let (a, b) = (solved(&built_in, initial, 2.0, 1), solved(&own, initial, 2.0, 1));
    assert_eq!(a.len(), 128);
    let difference = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let largest = a.iter().map(|a| a.abs()).fold(0.0, f64::max);
    assert!(difference <= 1e-13 * largest, "{difference} of {largest}");
}

/// ∇·(a∇c) along x with a at the faces by the harmonic mean, written as operations.
fn harmonic_diffusion() -> FieldOperator {
    FieldOperator::rule("harmonic_diffusion", 2, |cells| {
        let dx = cells.spacing(0);
        let mut face = |side: i32| {
            let [a, b] = [0, side].map(|step| cells.at(0, &[step, 0]));
            let [c, d] = [0, side].map(|step| cells.at(1, &[step, 0]));
            let kernel = cells.builder();
            let (product, sum) =
                (kernel.binary(Binary::Multiply, a, b), kernel.binary(Binary::Add, a, b));
            let half = kernel.binary(Binary::Divide, product, sum);
            let rise = kernel.binary(Binary::Subtract, d, c);
            kernel.binary(Binary::Multiply, half, rise)
        };
        let (above, below) = (face(1), face(-1));
        let kernel = cells.builder();
        let sum = kernel.binary(Binary::Add, above, below);
        let scale = kernel.constant(2.0 / (dx * dx));
        kernel.binary(Binary::Multiply, scale, sum)
    })
}

#[test]
fn a_rule_of_two_arguments_gives_the_same_bits_on_any_ranks() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..12.0, 24, Bounded)
        .axis("y", 0.0..4.0, 8, Periodic)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .operator(harmonic_diffusion())
        .define("a", "1 + 10*heaviside(x - 6, 0.5)")
        .equation("c", "0.01*harmonic_diffusion(a, c) - 0.1*c")
        .build()
        .unwrap();
    let initial = "exp(-(x - 5)^2) + 0.1*sin(pi*y/2)";
    let one = solved(&pde, initial, 20.0, 1);
    // The harmonic mean of 1 and 11 is at the faces between columns 11 and 12.
    let (row, dt, dx): (usize, f64, f64) = (8, 0.125, 0.5);
    let start: Vec<f64> = solved(&pde, initial, 0.0, 1);
    let next = solved(&pde, initial, 1.0, 1);
    let c = |i: usize| start[i * row];
    let fluxes = [2.0 * 11.0 / 12.0 * (c(12) - c(11)), c(11) - c(10)];
    let expected = c(11) + dt * (0.01 * (fluxes[0] - fluxes[1]) / (dx * dx) - 0.1 * c(11));
    assert!((next[11 * row] - expected).abs() < 1e-14);
    for ranks in [2, 3, 5] {
        assert_eq!(solved(&pde, initial, 20.0, ranks), one, "{ranks} ranks");
    }
}

#[test]
fn operators_that_do_not_fit_are_refused() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded).build().unwrap();
    let message = |operator: FieldOperator, text: &str| {
        Pde::on(&grid).operator(operator).equation("c", text).build().unwrap_err().to_string()
    };
    assert_eq!(
        message(slope(0.1, 2), "slope(c)"),
        "the operator `slope` does not fit: the offset [-2, 0] has 2 components, but the grid has 1 axes"
    );
    assert_eq!(
        message(FieldOperator::stencil("f", [(vec![1], f64::NAN)]), "f(c)"),
        "the operator `f` does not fit: the weight at [1] is NaN"
    );
    assert_eq!(
        message(FieldOperator::rule("f", 1, |cells| cells.at(1, &[0])), "f(c)"),
        "the operator `f` does not fit: it asks for argument 1, counted from 0, but takes 1"
    );
    let by_spacing = FieldOperator::rule("f", 1, |cells| {
        let dy = cells.spacing(1);
        cells.builder().constant(dy)
    });
    assert_eq!(
        message(by_spacing, "f(c)"),
        "the operator `f` does not fit: it asks for axis 1, counted from 0, but the grid has 1"
    );
    assert_eq!(
        message(FieldOperator::rule("f", 1, |cells| cells.coordinate(3)), "f(c)"),
        "the operator `f` does not fit: it asks for axis 3, counted from 0, but the grid has 1"
    );
    assert_eq!(
        message(FieldOperator::stencil("laplace", [(vec![1], 1.0)]), "c"),
        "the name `laplace` is taken: it is a built-in function"
    );
    let two = FieldOperator::rule("two", 2, |cells| cells.at(1, &[1]));
    let text = message(two, "two(c)");
    assert!(text.contains("`two` takes 2 arguments, but 1 is given"), "{text}");
}
