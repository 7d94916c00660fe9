//! Boundary conditions as functions of a program. Ranks are threads; their number is said by each
//! test.

use fluxions::prelude::*;

fn grid(cells: usize) -> Grid {
    Grid::cartesian()
        .axis("x", 0.0..1.0, cells, Bounded)
        .axis("y", 0.0..1.0, 8, Periodic)
        .build()
        .unwrap()
}

fn solved(pde: &Pde, ranks: usize) -> Vec<f64> {
    let results = on_threads(ranks, |world| {
        let builder = Simulation::builder(pde, world).initial("c", "cos(2*x) + 0.2*sin(2*pi*y)");
        let mut simulation = builder.scheme(Tableau::RK4).dt(2e-4).build().unwrap();
        simulation.run_until(0.02).unwrap();
        simulation.gather("c").map_err(|e| e.to_string())
    });
    results.unwrap().into_iter().flatten().flatten().collect()
}

/// 2v - f, as the condition `value` has it, with v = y + t at the wall.
fn value(wall: &WallPoint<'_>) -> f64 {
    2.0 * (wall.position[1] + wall.time) - wall.mirrored()
}

#[test]
fn a_function_that_says_what_value_says_gives_its_bits_on_1_2_and_4_ranks() {
    let pde = |condition| {
        // A nested operator, so that the definition has conditions of its own, too.
        let builder = Pde::on(&grid(16)).equation("c", "laplace(c) - 1e-4*laplace(laplace(c))");
        builder.boundary("x", condition).build().unwrap()
    };
    let text = pde(Condition::Value("y + t".into()));
    let function = pde(WallFunction::new(value).condition());
    let expected = solved(&text, 1);
    for ranks in [1, 2, 4] {
        assert_eq!(solved(&function, ranks), expected, "{ranks} ranks");
    }
}

#[test]
fn functions_see_the_cells_at_the_wall_and_the_layer() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded).build().unwrap();
    let seen = WallFunction::new(|wall: &WallPoint<'_>| {
        assert_eq!((wall.layer, wall.position), (1, &[1.0][..]));
        wall.cells[0] + 10.0 * wall.cells[1] + 100.0 * wall.cells[2]
    });
    let builder = Pde::on(&grid).equation("c", "d_dx_forward(c)");
    let pde = builder.boundary("x+", seen.condition()).build().unwrap();
    let world = World::solo();
    let builder = Simulation::builder(&pde, &world).initial("c", "x").scheme(Tableau::EULER);
    let mut simulation = builder.dt(0.125).build().unwrap();
    simulation.run_until(0.125).unwrap();
    let x = |cell: f64| (cell + 0.5) / 8.0;
    let ghost = x(7.0) + 10.0 * x(6.0) + 100.0 * x(5.0);
    let expected = x(7.0) + 0.125 * ((ghost - x(7.0)) / 0.125);
    let found = simulation.field("c").unwrap()[[7]];
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

/// c_t = c_xx with d_n c = 1 - c⁴ at x = 1 settles to c = 1 at that wall: a condition that no kind of
/// condition by text has to second order, and the error of the steady slope shows its order.
#[test]
fn a_radiating_wall_settles_on_1_rank() {
    let dx = 1.0 / 16.0;
    let radiating = WallFunction::new(move |wall: &WallPoint<'_>| {
        // Newton's iteration for the value w at the wall: 2(w - f)/dx = 1 - w⁴.
        let f = wall.cells[0];
        let mut w = f;
        for _ in 0..20 {
            let residual = 2.0 * (w - f) / dx - 1.0 + w.powi(4);
            w -= residual / (2.0 / dx + 4.0 * w.powi(3));
        }
        2.0 * w - f
    });
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 16, Bounded).build().unwrap();
    let pde = Pde::on(&grid)
        .equation("c", "d2_dx2(c)")
        .boundary("x-", Condition::Value(0.0.into()))
        .boundary("x+", radiating.condition())
        .build()
        .unwrap();
    let world = World::solo();
    let builder = Simulation::builder(&pde, &world).initial("c", "0").scheme(Tableau::EULER);
    let mut simulation = builder.dt(1.5e-3).build().unwrap();
    simulation.run_until(6.0).unwrap();
    // The steady state is a straight line of slope s through 0 with s = 1 - s⁴.
    let slope = simulation.field("c").unwrap()[[15]] / (1.0 - dx / 2.0);
    assert!((slope - (1.0 - slope.powi(4))).abs() < 1e-9, "{slope}");
}

#[test]
fn a_function_of_the_wall_does_not_fit_everywhere() {
    let message = |builder: PdeBuilder| builder.build().unwrap_err().to_string();
    let condition = || WallFunction::new(value).condition();
    let thin = Pde::on(&grid(2)).equation("c", "laplace(c)").boundary("x", condition());
    assert!(message(thin).contains("it needs 3 cells along x, and there are 2"));
    let Condition::Function(formula) = condition() else { unreachable!("it is a function") };
    let elsewhere = Pde::on(&grid(8)).equation("c", formula);
    assert!(message(elsewhere).contains("a function of the wall is for boundary conditions"));
    let complex = Pde::on(&grid(8))
        .field("c", Type::COMPLEX)
        .equation("c", "i*laplace(c)")
        .boundary("x", condition());
    assert!(message(complex).contains("makes no sense for complex numbers"));
}
