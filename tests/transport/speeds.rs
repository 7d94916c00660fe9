//! Flows that are too fast: before the first step, and later.

use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Error, Sources, Transport};

use crate::recipe::options;

fn plane() -> Grid {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 20, Periodic);
    grid.axis("y", 0.0..1.0, 16, Bounded).build().unwrap()
}

fn advected(velocity: [&str; 2], option: &str) -> fluxions::solver::PdeBuilder {
    let velocity = Advector::Velocity(velocity.map(Formula::from).into());
    let transport = Transport { options: options(option), ..Transport::by(velocity) };
    Pde::on(&plane()).transport("psi", transport)
}

/// The error that a run ends with, the same however it is run.
fn error(pde: &Pde, initial: &[(&str, &str)], dt: f64) -> String {
    let mut errors = Vec::new();
    for (ranks, dims, steps) in
        [(1, [1, 1], 0), (1, [1, 1], 4), (3, [3, 1], 0), (3, [3, 1], 2), (3, [1, 3], 4)]
    {
        let blocking =
            Blocking { steps: Some(steps), slabs: Some(1), tile: Some(0), stream: Some(false) };
        let run = |world: &World| {
            let builder = Simulation::builder(pde, world).dt(dt).dims(&dims).blocking(blocking);
            let builder = initial.iter().fold(builder, |b, (field, text)| b.initial(field, *text));
            let mut simulation = builder.build().map_err(|e| e.to_string())?;
            simulation.run_until(100.0 * dt).map_err(|e| match e {
                Error::CourantLater { .. } => format!("later: {e}"),
                _ => e.to_string(),
            })
        };
        errors.push(on_threads(ranks, run).unwrap_err().to_string());
    }
    for error in &errors[1..] {
        assert_eq!(error, &errors[0]);
    }
    errors.swap_remove(0)
}

#[test]
fn too_large_a_courant_number_is_named_before_the_first_step_on_1_and_3_ranks() {
    let pde = advected(["10", "3*sin(pi*x)"], "it2").build().unwrap();
    let error = error(&pde, &[("psi", "1")], 0.01);
    // 10·0.01·20 + 3·0.01·16·sin(π·0.475) or so, over 1.
    assert!(error.contains("the Courant number of `psi` is 2.4"), "{error}");
}

#[test]
fn flows_that_grow_with_time_are_noticed_at_their_step_on_1_and_3_ranks() {
    for option in ["it1", "it2", "iga_fct", "it3_fct"] {
        // Fastest where y = 0.25 and x is large; the last cell begins to lose more at the jump beyond.
        let pde = advected(["(1 + t)*5*(1 + 0.3*sin(2*pi*y))*(1 + 0.2*x)", "0"], option);
        let error = error(&pde.build().unwrap(), &[("psi", "2 + sin(2*pi*x)")], 0.005);
        println!("{option}: {error}");
        assert!(error.starts_with("later: the Courant number of `psi`"), "{error}");
        assert!(error.contains("(step "), "{error}");
    }
}

#[test]
fn flows_that_grow_with_their_field_are_noticed_at_their_step_on_1_and_3_ranks() {
    for (velocity, option) in [("psi", "it2"), ("psi", "dfl_fct"), ("other", "it2")] {
        let pde =
            advected([velocity, "0"], option).equation("psi", "psi").equation("other", "other");
        let initial = [("psi", "1 + 0.2*sin(2*pi*x)"), ("other", "1 + 0.1*y")];
        for sources in [Sources::Symmetric, Sources::Euler] {
            let pde = pde.clone().sources(sources).build().unwrap();
            let error = error(&pde, &initial, 0.02);
            println!("{velocity} {option}: {error}");
            assert!(error.starts_with("later: the Courant number of `psi`"), "{error}");
        }
    }
}

/// A source that is not finite is not taken for a flow that is too fast, though the flow depends on
/// the field.
#[test]
fn what_is_not_finite_is_no_courant_number_on_1_and_3_ranks() {
    for source in ["sqrt(0.05 - t)", "psi/(0.1 - t)*where(x > 0.5, 1, 0)"] {
        for velocity in ["0.1", "0.01*psi", "0.1*cos(t)"] {
            let pde = advected([velocity, "0"], "it2").equation("psi", source).build().unwrap();
            let error = error(&pde, &[("psi", "1")], 0.01);
            println!("{source} {velocity}: {error}");
            assert!(error.contains("`psi` is not finite"), "{source} {velocity}: {error}");
        }
    }
}

#[test]
fn flows_that_are_computed_where_they_are_used_are_noticed_at_their_step_on_1_and_3_ranks() {
    let pde = advected(["0.5 + 20*t", "0"], "it2").build().unwrap();
    let error = error(&pde, &[("psi", "2 + sin(2*pi*x)")], 0.01);
    assert!(error.starts_with("later: the Courant number of `psi`"), "{error}");
}

#[test]
fn flows_that_are_no_numbers_are_named_on_1_and_3_ranks() {
    let pde = advected(["sqrt(x - 2)", "0"], "it2").build().unwrap();
    let before = error(&pde, &[("psi", "2")], 0.01);
    assert!(before.contains("the flow that advects `psi` is not finite"), "{before}");
    let pde = advected(["sqrt(other - 1)", "0"], "it2").equation("other", "0").build().unwrap();
    let found = error(&pde, &[("psi", "2"), ("other", "0.1")], 0.01);
    assert!(found.starts_with("`psi` is not finite"), "{found}");
}

#[test]
fn a_diffusivity_that_is_negative_is_refused() {
    let velocity = Advector::Velocity(vec![0.0.into(), 0.0.into()]);
    let transport = Transport { diffusivity: vec!["x - 0.1".into()], ..Transport::by(velocity) };
    let pde = Pde::on(&plane()).transport("psi", transport).build().unwrap();
    let error = error(&pde, &[("psi", "2")], 1e-4);
    assert!(error.contains("the diffusivity of `psi` is negative"), "{error}");
}

/// Two fields with one velocity, found with an operator that sees the conditions of each.
#[test]
fn a_velocity_sees_the_conditions_of_the_field_that_it_carries_on_1_rank() {
    let alone = |names: &[&str]| {
        let value = |name: &str| if name == "psi" { 0.1 } else { 0.5 };
        let builder = names.iter().fold(Pde::on(&plane()), |builder, name| {
            let velocity = Advector::Velocity(vec![0.0.into(), "0.01*d_dy(w*1)".into()]);
            builder.transport(name, Transport::by(velocity)).boundary_of(
                name,
                "y",
                Condition::Value(value(name).into()),
            )
        });
        let pde = builder.equation("w", "0").build().unwrap();
        let world = World::solo();
        let builder = Simulation::builder(&pde, &world).dt(0.01).initial("w", "y^2");
        let builder = names.iter().fold(builder, |builder, name| builder.initial(name, "1 + y"));
        let mut simulation = builder.build().unwrap();
        simulation.run_until(0.2).unwrap();
        names.iter().map(|name| simulation.field(name).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = alone(&["psi", "chi"]);
    assert_eq!(both, [alone(&["psi"]), alone(&["chi"])].concat());
}
