//! Functions of a program in equations. Ranks are threads; their number is said by each test.

use fluxions::prelude::*;

fn grid() -> Grid {
    Grid::cartesian()
        .axis("x", 0.0..1.0, 24, Bounded)
        .axis("y", 0.0..1.0, 13, Periodic)
        .build()
        .unwrap()
}

fn solved(pde: &Pde, ranks: usize) -> (Vec<f64>, String) {
    let results = on_threads(ranks, |world| {
        let builder = Simulation::builder(pde, world).initial("u", "sin(3*x) + 0.1*cos(2*pi*y)");
        let mut simulation = builder.scheme(Tableau::RK4).dt(1e-4).build().unwrap();
        let report = simulation.run_until(2e-3).unwrap();
        let values = simulation.gather("u").map_err(|e| e.to_string())?;
        Ok::<_, String>((values.into_iter().flatten().collect(), report.backend))
    });
    results.unwrap().swap_remove(0)
}

fn reaction([u, x, y, t, k]: [f64; 5]) -> f64 {
    k * u * (1.0 - u) + 0.1 * x * y * t
}

#[test]
fn functions_of_many_numbers_give_what_the_text_gives_on_1_2_and_3_ranks() {
    let text =
        Pde::on(&grid()).equation("u", "laplace(u) + (3*u*(1 - u) + 0.1*x*y*t)").build().unwrap();
    let closure = |u: f64, x: f64, y: f64, t: f64, k: f64| reaction([u, x, y, t, k]);
    let five = Pde::on(&grid())
        .function("reaction", closure)
        .equation("u", "laplace(u) + reaction(u, x, y, t, 3)")
        .build()
        .unwrap();
    let slice = Native::of_slice("reaction", 5, |x| reaction([x[0], x[1], x[2], x[3], x[4]]));
    let any = Pde::on(&grid())
        .native(slice)
        .equation("u", "laplace(u) + reaction(u, x, y, t, 3)")
        .build()
        .unwrap();
    let (expected, backend) = solved(&text, 1);
    for pde in [&five, &any] {
        for ranks in 1..=3 {
            let (found, same) = solved(pde, ranks);
            assert_eq!(found, expected, "{ranks} ranks");
            // A closure does not throw the kernel off the fast back end.
            assert_eq!(same, backend);
        }
    }
}
