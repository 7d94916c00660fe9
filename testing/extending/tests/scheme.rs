//! A time stepping scheme of one's own, on one rank.

use fluxions::prelude::*;

/// Heun's third-order scheme (Heun 1900, Z. Math. Phys. 45, 23).
fn heun() -> Tableau {
    let third = 1.0 / 3.0;
    let a: [&[f64]; 3] = [&[], &[third], &[0.0, 2.0 * third]];
    Tableau::new("heun3", 3, &a, &[0.25, 0.0, 0.75], &[0.0, third, 2.0 * third]).unwrap()
}

/// The error of u' = -u + sin(t) at t = 1 in steps of this length.
fn error(scheme: &Tableau, dt: f64) -> f64 {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "sin(t) - u").build().unwrap();
    let world = World::solo();
    let builder = Simulation::builder(&pde, &world).initial("u", 1.0);
    let mut simulation = builder.scheme(scheme).dt(dt).build().unwrap();
    simulation.run_until(1.0).unwrap();
    let exact = 1.5 * (-1.0f64).exp() + 0.5 * (1.0f64.sin() - 1.0f64.cos());
    (simulation.field("u").unwrap()[[0]] - exact).abs()
}

#[test]
fn a_scheme_of_the_program_has_its_order() {
    let scheme = heun();
    let order = (error(&scheme, 0.05) / error(&scheme, 0.025)).log2();
    assert!((order - 3.0).abs() < 0.1, "{order}");
}

#[test]
fn its_stability_limits_are_found() {
    let scheme = heun();
    // Every three-stage scheme of third order has R(z) = 1 + z + z²/2 + z³/6.
    assert!((scheme.real_limit() - 2.512745).abs() < 1e-5, "{}", scheme.real_limit());
    assert!((scheme.imaginary_limit() - 3.0f64.sqrt()).abs() < 1e-5);
}

#[test]
fn what_is_no_explicit_scheme_is_refused() {
    type Rows<'a> = &'a [&'a [f64]];
    let message = |a: Rows<'_>, b: &[f64], c: &[f64]| {
        Tableau::new("mine", 2, a, b, c).unwrap_err().to_string()
    };
    let two: Rows<'_> = &[&[], &[0.5]];
    for (message, word) in [
        (message(two, &[0.0, 1.0, 0.0], &[0.0, 0.5]), "mine"),
        (message(&[&[0.5], &[0.5]], &[0.5, 0.5], &[0.5, 0.5]), "row 1"),
        (message(two, &[4.0, 4.0], &[0.0, 0.5]), "8"),
        (message(two, &[0.0, 1.0], &[0.0, 0.7]), "0.7"),
        (message(two, &[0.0, f64::NAN], &[0.0, 0.5]), "NaN"),
    ] {
        assert!(message.contains(word), "{message}");
    }
    let embedded = heun().with_embedded(1, &[0.5, 0.5, 0.5]).unwrap_err();
    assert!(embedded.to_string().contains("1.5"), "{embedded}");
}

#[test]
fn a_scheme_beside_transport_is_refused() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 16, Periodic).build().unwrap();
    let transport = Transport::by(Advector::Velocity(vec![1.0.into()]));
    let pde = Pde::on(&grid).transport("u", transport).build().unwrap();
    let world = World::solo();
    let builder = Simulation::builder(&pde, &world).initial("u", 1.0).dt(0.01);
    let error = builder.scheme(heun()).build().map(drop).unwrap_err();
    assert!(error.to_string().contains("`heun3`"), "{error}");
}
