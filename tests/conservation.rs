//! What the equations conserve stays the same to rounding: on periodic domains, and between walls
//! without flux.

use fluxions::prelude::*;

/// The change of the integral of c, relative to the integral of |c|, after `steps` steps.
fn drift(grid: &Grid, equation: &str, dt: f64, steps: f64) -> f64 {
    let world = World::solo();
    let pde = Pde::on(grid).equation("c", equation).build().unwrap();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("c", "0.1 + random_normal(0, 0.3)")
        .dt(dt)
        .build()
        .unwrap();
    let total = |simulation: &Simulation| world.sum(&values(simulation)).unwrap();
    let size: f64 = values(&simulation).iter().map(|x| x.abs()).sum();
    let before = total(&simulation);
    simulation.run_until(steps * dt).unwrap();
    assert!(values(&simulation).iter().all(|x| x.is_finite()));
    (total(&simulation) - before).abs() / size
}

fn values(simulation: &Simulation) -> Vec<f64> {
    simulation.field("c").unwrap().iter().copied().collect()
}

#[test]
fn mass_is_conserved_between_walls_and_around() {
    for ends in [Periodic, Bounded] {
        let axes = [("x", 31), ("y", 18), ("z", 7)];
        for dimension in 1..=3 {
            let builder = axes[..dimension].iter().fold(Grid::cartesian(), |g, (name, n)| {
                g.axis(name, 0.0..1.0 * *n as f64, *n, ends)
            });
            let grid = builder.build().unwrap();
            for (equation, dt) in [
                ("0.2*laplace(c)", 0.5),
                ("laplace(c^3 - c - laplace(c))", 0.005),
                ("0.1*laplace(laplace(laplace(c))) + 0.1*laplace(sin(c))", 0.001),
            ] {
                let drift = drift(&grid, equation, dt, 200.0);
                assert!(drift < 2e-13, "{equation} in {dimension} D, {ends:?}: {drift:e}");
            }
        }
    }
}

#[test]
fn a_constant_stays_constant_to_the_bit() {
    let world = World::solo();
    let grid = Grid::cartesian()
        .axis("x", 0.0..0.7, 13, Bounded)
        .axis("y", 0.0..1.0, 9, Periodic)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .equation("c", "0.3*laplace(c) - laplace(laplace(c)) + gradient_squared(c) + d_dx(c)")
        .build()
        .unwrap();
    let mut simulation =
        Simulation::builder(&pde, &world).initial("c", 0.1).dt(0.001).build().unwrap();
    simulation.run_until(1.0).unwrap();
    assert!(values(&simulation).iter().all(|c| *c == 0.1));
}

/// A solution that begins with a mirror symmetry keeps it to the bit.
#[test]
fn mirror_symmetry_is_kept_to_the_bit() {
    let world = World::solo();
    let grid = Grid::cartesian()
        .axis("x", -1.0..1.0, 24, Bounded)
        .axis("y", -2.0..2.0, 30, Periodic)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .equation("c", "laplace(c) + c - c^3 + gradient_squared(c)")
        .boundary("x", Condition::Value(0.3.into()))
        .build()
        .unwrap();
    let mut simulation =
        Simulation::builder(&pde, &world).initial("c", 0.0).dt(0.001).build().unwrap();
    for ((i, j), c) in
        simulation.field_mut("c").unwrap().indexed_iter_mut().map(|(at, c)| ((at[0], at[1]), c))
    {
        let (i, j) = (i.min(23 - i) as f64, j.min(29 - j) as f64);
        *c = (0.3 * i).sin() * (0.7 * j).cos() + 0.01 * i * j;
    }
    simulation.run_until(0.1).unwrap();
    let c = simulation.field("c").unwrap();
    for i in 0..24 {
        for j in 0..30 {
            assert_eq!(c[[i, j]], c[[23 - i, j]]);
            assert_eq!(c[[i, j]], c[[i, 29 - j]]);
        }
    }
}
