//! Problems that programs write: long sums, many parameters, fields and definitions.

use std::fmt::Write;

use fluxions::expr::Backend;
use fluxions::prelude::*;
use fluxions::solver::Blocking;

/// A grid of a few cells, and what is given.
fn problem(text: &str) -> Problem {
    let text = format!(
        r#"
        [grid]
        x = {{ bounds = [0, 1], cells = 6, periodic = true }}
        y = {{ bounds = [0, 1], cells = 5 }}
        [time]
        end = 1
        dt = 1
        scheme = "euler"
        {text}
        "#
    );
    Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// What a step of length 1 adds to u, cell by cell.
fn change(problem: &Problem, backend: Backend) -> Vec<f64> {
    let world = World::solo();
    let mut simulation = problem.simulation(&world).backend(backend).build().unwrap();
    let before: Vec<f64> = simulation.field("u").unwrap().iter().copied().collect();
    simulation.run_until(1.0).unwrap();
    let after = simulation.field("u").unwrap();
    after.iter().zip(before).map(|(after, before)| after - before).collect()
}

/// The numbers 0.25, 0.5, … as terms of a sum.
fn terms(count: usize) -> impl Iterator<Item = f64> {
    (1..=count).map(|k| 0.25 * (k % 64) as f64)
}

#[test]
fn a_sum_and_a_product_of_ten_thousand_terms_have_their_values() {
    // All of these sums are exact.
    let mut sum = "0".to_string();
    let mut expected = 0.0;
    for (k, term) in terms(10_000).enumerate() {
        let sign = if k % 3 == 0 { "-" } else { "+" };
        let _ = write!(sum, " {sign} {term}*u");
        expected += if k % 3 == 0 { -term } else { term };
    }
    let product = "*u/u".repeat(5_000);
    let text = format!("[equations]\nu = \"{sum} + u{product}\"\n[initial]\nu = 1");
    let problem = problem(&text);
    for backend in Backend::ALL {
        assert!(change(&problem, *backend).iter().all(|x| *x == expected + 1.0), "{backend}");
    }
}

#[test]
fn ten_thousand_parameters_that_use_each_other_have_their_values() {
    let count = 10_000;
    let mut text = "[parameters]\n".to_string();
    // The last one comes first in the file.
    for k in (1..count).rev() {
        let _ = writeln!(text, "p{k} = \"p{} + 1\"", k - 1);
    }
    text += "p0 = 0.5\n[equations]\nu = \"p9999 + p17*u\"\n[initial]\nu = 1";
    let problem = problem(&text);
    let parameters = problem.pde.parameters();
    assert_eq!(parameters.len(), count);
    for (name, value) in parameters {
        let number: f64 = name[1..].parse().unwrap();
        assert_eq!(*value, number + 0.5);
    }
    assert!(change(&problem, Backend::default()).iter().all(|x| *x == 9999.5 + 17.5));
}

#[test]
fn definitions_may_use_each_other_in_a_long_row() {
    let count = 5_000;
    let mut text = "[define]\na0 = \"u\"\na1 = \"u + 1\"\nb0 = \"x\"\nb1 = \"x + 1\"\n".to_string();
    for k in 2..count {
        let _ = writeln!(text, "a{k} = \"a{} + 1\"", k - 1);
        // Most ways through these leave out every other one.
        let _ = writeln!(text, "b{k} = \"0*b{} + b{}\"", k - 2, k - 1);
    }
    text += "[equations]\nu = \"a4999 - u + b4999 - x\"\n[initial]\nu = 0";
    let problem = problem(&text);
    for backend in Backend::ALL {
        let found = change(&problem, *backend);
        assert!(found.iter().all(|x| (x - 5000.0).abs() < 1e-9), "{backend}: {found:?}");
    }
}

#[test]
fn operators_in_definitions_may_follow_each_other_in_a_long_row() {
    let count = 150;
    let mut text = "[define]\na0 = \"u\"\n".to_string();
    for k in 1..count {
        let _ = writeln!(text, "a{k} = \"a{} + 0*laplace(a{})\"", k - 1, k - 1);
    }
    text += "[equations]\nu = \"a149\"\n[initial]\nu = \"1 + y\"";
    let problem = problem(&text);
    let found = change(&problem, Backend::Closures);
    let y = |k: usize| 1.0 + ((k % 5) as f64 + 0.5) / 5.0;
    assert!(found.iter().enumerate().all(|(k, x)| (x - y(k)).abs() < 1e-12), "{found:?}");
}

/// Equations that differ, of so many fields that their kernel is computed in pieces.
#[test]
fn each_of_many_fields_has_the_bits_that_it_has_alone() {
    let count = 60;
    let equation =
        |k: usize| format!("u{k} = \"{}*laplace(u{k}) + sin(u{k})*{k}\"\n", 0.001 * k as f64);
    let initial = |k: usize| format!("u{k} = \"cos({k}*x) + y\"\n");
    let of = |fields: &[usize], scheme: &str| {
        let equations: String = fields.iter().map(|k| equation(*k)).collect();
        let initial: String = fields.iter().map(|k| initial(*k)).collect();
        let mut found = problem(&format!("[equations]\n{equations}[initial]\n{initial}"));
        found.times.scheme = Tableau::find(scheme).unwrap().into();
        found
    };
    let solve = |problem: &Problem, field: &str, backend: Backend, sweeps: usize| {
        let world = World::solo();
        let blocking = Blocking { steps: Some(sweeps), ..Blocking::default() };
        let builder = problem.simulation(&world).backend(backend).blocking(blocking);
        let mut simulation = builder.build().unwrap();
        simulation.run_until(3.0).unwrap();
        let field = simulation.field(field).unwrap();
        field.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    for scheme in ["euler", "ssprk3", "rk4"] {
        let all = of(&(0..count).collect::<Vec<_>>(), scheme);
        for k in [0, 7, 31, 59] {
            let (alone, name) = (of(&[k], scheme), format!("u{k}"));
            let expected = solve(&alone, &name, Backend::Closures, 0);
            for backend in Backend::ALL {
                for sweeps in [0, 2] {
                    let found = solve(&all, &name, *backend, sweeps);
                    assert_eq!(found, expected, "{name}, {scheme}, {backend}");
                }
            }
        }
    }
}

#[test]
fn far_too_many_steps_in_a_sweep_are_as_many_as_pay() {
    let text = "[equations]\nu = \"-u\"\n[initial]\nu = 1";
    let problem = problem(text);
    let world = World::solo();
    let steps = |steps: usize| {
        let blocking = Blocking { steps: Some(steps), ..Blocking::default() };
        let simulation = problem.simulation(&world).blocking(blocking).build().unwrap();
        simulation.blocking().steps.unwrap()
    };
    assert_eq!(steps(40), 40);
    assert!((40..10_000).contains(&steps(1_000_000_000)));
}
