//! Unknowns without space, which are stepped with the fields.

#[path = "common/solving.rs"]
mod solving;

use fluxions::comm::threads;
use fluxions::prelude::*;
use solving::solve;

/// The numbers at the end of a problem on 1 to 3 ranks, with the same bits.
fn numbers(text: &str) -> Vec<f64> {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    let on = |ranks: usize| {
        let run = |world: &World| {
            let mut simulation =
                problem.simulation(world).build().unwrap_or_else(|e| panic!("{e}"));
            simulation.run_until(problem.times.end)?;
            Ok::<_, fluxions::solver::Error>(simulation.globals().to_vec())
        };
        let all = threads::run(ranks, run).unwrap_or_else(|e| panic!("{e:?}"));
        assert!(all.iter().all(|numbers| *numbers == all[0]), "{all:?}");
        all[0].clone()
    };
    let one = on(1);
    assert_eq!((on(2), on(3)), (one.clone(), one.clone()), "{text}");
    one
}

const ROD: &str = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n";

#[test]
fn numbers_are_stepped_with_the_order_of_the_scheme() {
    // A pendulum without fields, T' = -S, S' = T: T = cos t.
    for (scheme, order) in [("euler", 1.0), ("rk2", 2.0), ("ssprk3", 3.0), ("rk4", 4.0)] {
        let error = |dt: f64| {
            let found = numbers(&format!(
                "{ROD}[equations]\nu = \"0\"\n[initial]\nu = 0\n[numbers]\n\
                 T = {{ initial = \"a\", equation = \"-S\" }}\nS = {{ initial = 0, equation = \"T\" }}\n\
                 [parameters]\na = \"2 - 1\"\n[time]\nend = 1\ndt = {dt}\nscheme = \"{scheme}\"\n"
            ));
            (found[0] - 1f64.cos()).abs() + (found[1] - 1f64.sin()).abs()
        };
        let (coarse, fine) = (error(0.1), error(0.05));
        let found = (coarse / fine).log2();
        assert!((found - order).abs() < 0.2, "{scheme}: {coarse} {fine} {found}");
    }
}

/// Fields and numbers act on each other: u' = -T u, T' = average(u) - T, which is the same for a
/// field that is the same everywhere.
#[test]
fn numbers_and_fields_see_each_other_in_every_stage() {
    for scheme in ["euler", "rk4"] {
        let time = format!("[time]\nend = 1\ndt = 0.05\nscheme = \"{scheme}\"\n");
        let start = format!("{ROD}[initial]\nu = 2\n");
        let found = numbers(&format!(
            "{start}[equations]\nu = \"-T*u + forcing\"\n[define]\nforcing = \"0.1*T*t\"\n[numbers]\n\
             T = {{ initial = 0.5, equation = \"average(u) - T*max(u^2)\" }}\n{time}"
        ));
        let field = solve(&format!(
            "{start}T = 0.5\n[equations]\nu = \"-T*u + 0.1*T*t\"\nT = \"u - T*u^2\"\n{time}"
        ));
        assert!((found[0] - field[1][0]).abs() < 1e-15, "{scheme}: {found:?} {}", field[1][0]);
    }
}

/// A slab in a bath that is well mixed: what leaves the slab warms the bath.
#[test]
fn a_slab_warms_its_bath() {
    let text = format!(
        "{ROD}[equations]\nu = \"laplace(u)\"\n[initial]\nu = 1\n[boundary.u]\n\"x+\" = {{ flux = \"8*(value - T)\" }}\n\
         [numbers]\nT = {{ initial = 0, equation = \"flow_x_plus(u)/C\" }}\n[parameters]\nC = 3\n[time]\n\
         end = 4\ndt = 1e-3\n"
    );
    match Problem::parse("test.toml", &text) {
        Ok(_) => {
            let (bath, slab) = (numbers(&text)[0], solve(&text));
            let mean = slab[0].iter().sum::<f64>() / 20.0;
            assert!((mean + 3.0 * bath - 1.0).abs() < 1e-12, "{mean} {bath}");
            assert!((bath - 0.25).abs() < 1e-3, "{bath}");
        }
        Err(e) => panic!("{e:?}"),
    }
}

#[test]
fn a_wall_has_the_value_of_a_number() {
    // The steady profile between 0 and T, which has grown to 2.
    let text = format!(
        "{ROD}[equations]\nu = \"laplace(u)\"\n[initial]\nu = 0\n[boundary.u]\n\"x-\" = {{ value = 0 }}\n\
         \"x+\" = {{ value = \"T\" }}\n[numbers]\nT = {{ initial = 0, equation = \"30*(2 - T)\" }}\n[time]\nend = 2\n\
         dt = 5e-4\n"
    );
    for (i, u) in solve(&text)[0].iter().enumerate() {
        assert!((u - 2.0 * (i as f64 + 0.5) / 20.0).abs() < 1e-6, "{i}: {u}");
    }
}

#[test]
fn the_automatic_step_knows_how_fast_numbers_decay() {
    let dt = |equation: &str| {
        let text = format!(
            "{ROD}[equations]\nu = \"-u\"\n[initial]\nu = 1\n[numbers]\nT = {{ initial = 1, equation = \"{equation}\" }}\n\
             [time]\nend = 1\ndt = \"auto\"\n"
        );
        let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
        problem.times.dt
    };
    let (slow, fast, by_state) = (dt("-T"), dt("-1000*(T - average(u))"), dt("-1000*T*average(u)"));
    assert!(fast < 3e-3 && (fast / by_state - 1.0).abs() < 0.01, "{slow} {fast} {by_state}");
    assert!(slow > 50.0 * fast, "{slow} {fast}");
}

#[test]
fn a_number_that_is_not_finite_ends_the_run() {
    let text = format!(
        "{ROD}[equations]\nu = \"0\"\n[initial]\nu = 1\n[numbers]\nT = {{ initial = 1, equation = \"T^2\" }}\n[time]\n\
         end = 10\ndt = 0.1\n"
    );
    let problem = Problem::parse("test.toml", &text).unwrap();
    let run = |world: &World| {
        let mut simulation = problem.simulation(world).build().unwrap_or_else(|e| panic!("{e}"));
        let error = simulation.run_until(10.0).unwrap_err();
        Ok::<_, fluxions::solver::Error>(error.to_string())
    };
    for message in threads::run(2, run).unwrap() {
        assert!(message.starts_with("`T` is not finite at t = 1."), "{message}");
    }
}

#[test]
fn a_saved_simulation_goes_on_with_its_numbers() {
    let text = format!(
        "{ROD}[equations]\nu = \"-T*u\"\n[initial]\nu = 1\n[numbers]\nT = {{ initial = 1, equation = \"-T\" }}\n[time]\n\
         end = 1\ndt = 0.1\n"
    );
    let problem = Problem::parse("test.toml", &text).unwrap();
    let run = |world: &World| {
        let build = || problem.simulation(world).build().unwrap_or_else(|e| panic!("{e}"));
        let (mut first, mut second) = (build(), build());
        first.run_until(0.5)?;
        second.restore(&first.save())?;
        first.run_until(1.0)?;
        second.run_until(1.0)?;
        assert_eq!(first.globals(), second.globals());
        Ok::<_, fluxions::solver::Error>(())
    };
    threads::run(1, run).unwrap();
}

#[test]
fn mistakes_in_numbers_are_explained() {
    let message = |rest: &str| {
        let text = format!(
            "{ROD}{rest}\n[equations]\nu = \"laplace(u)\"\n[initial]\nu = 1\n[time]\nend = 1\ndt = 1e-3\n"
        );
        let Err(mistakes) = Problem::parse("test.toml", &text) else { panic!("allowed: {rest}") };
        mistakes.list.iter().map(|found| found.message.clone()).collect::<Vec<_>>().join("\n")
    };
    for (number, expected) in [
        ("{ initial = 1, equation = \"-u\" }", "`T` is one number, but its rate of change differs"),
        ("{ initial = 1, equation = \"i*T\" }", "`T` is one number, but its rate of change is"),
        ("{ initial = \"u\", equation = \"-T\" }", "cannot be used in a constant"),
        ("{ initial = 1 }", "`equation` is missing in [numbers.T]"),
        ("{ initial = 1, equation = \"-S\" }", "unknown name `S`"),
        ("3", "expected a table"),
        ("{ initial = \"1/0\", equation = \"-T\" }", "the initial value of `T` is"),
    ] {
        let found = message(&format!("[numbers]\nT = {number}"));
        assert!(found.contains(expected), "{number}\n{found}");
    }
    let found = message("[numbers]\nu = { initial = 1, equation = 0 }");
    assert!(found.contains("the name `u` is taken"), "{found}");
    let found =
        message("[transport.u]\nvelocity = 1\n[numbers]\nT = { initial = 1, equation = 0 }");
    assert!(found.contains("cannot be stepped beside `u`"), "{found}");
}

/// The slope of a root at 0 is infinite: it says nothing about the step.
#[test]
fn a_rate_with_an_infinite_slope_has_an_automatic_step() {
    let text = format!(
        "{ROD}[equations]\nu = \"laplace(u)\"\n[initial]\nu = 1\n[numbers]\n\
         h = {{ initial = 0, equation = \"1 - sqrt(h)\" }}\n[time]\nend = 1\ndt = \"auto\"\n"
    );
    let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(problem.times.dt > 1e-4, "{}", problem.times.dt);
}

/// Itô's noise has the variance of the beginning of the step, also by a number.
#[test]
fn noise_by_a_number_is_that_of_the_beginning_of_the_step() {
    for scheme in ["euler", "rk4"] {
        let after = |end: &str| {
            solve(&format!(
                "{ROD}[equations]\nu = \"0\"\n[initial]\nu = 0\n[numbers]\nT = {{ initial = 0, equation = 1 }}\n\
                 [noise]\nu = \"T\"\n[time]\nend = {end}\ndt = 0.1\nscheme = \"{scheme}\"\n"
            ))
            .swap_remove(0)
        };
        assert!(after("0.1").iter().all(|u| *u == 0.0), "{scheme}");
        assert!(after("0.2").iter().all(|u| *u != 0.0), "{scheme}");
    }
}

/// A number that decays fast, and one that diffusion drives, with fields that depend on both.
const BATH: &str = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\n\
    u = \"0.1*laplace(u) - 3*(u - T)\"\n[initial]\nu = \"1 + x\"\n[numbers]\n\
    T = { initial = 0, equation = \"40*(average(u) - T*(1 + T^2)) + S\" }\n\
    S = { initial = 1, equation = \"cos(3*t) - S*integral(u*x)\" }\n[solver]\ntolerance = 1e-12\n[time]\nend = 0.4\n";

#[test]
fn implicit_schemes_step_numbers_with_their_orders() {
    let exact = numbers(&format!("{BATH}scheme = \"dormand-prince\"\ntolerance = 1e-11\n"));
    for (scheme, order) in [
        ("backward-euler", 1.0),
        ("crank-nicolson", 2.0),
        ("bdf2", 2.0),
        ("tr-bdf2", 2.0),
        ("sdirk2", 2.0),
        ("sdirk4", 4.0),
        ("ars222", 2.0),
        ("ark3", 3.0),
    ] {
        let error = |dt: f64| {
            let found = numbers(&format!("{BATH}scheme = \"{scheme}\"\ndt = {dt}\n"));
            found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(0.005), error(0.0025));
        let found = (coarse / fine).log2();
        assert!(found > order - 0.25, "{scheme}: {coarse} {fine} {found}");
    }
}

#[test]
fn implicit_steps_with_numbers_follow_a_tolerance_on_1_to_4_ranks() {
    let exact = numbers(&format!("{BATH}scheme = \"dormand-prince\"\ntolerance = 1e-11\n"));
    for scheme in ["crank-nicolson", "bdf2", "tr-bdf2", "sdirk2", "sdirk4", "ark3"] {
        let text = format!("{BATH}scheme = \"{scheme}\"\ntolerance = 1e-5\n");
        solve(&text);
        let found = numbers(&text);
        let error = found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 2e-4, "{scheme}: {found:?} {exact:?}");
    }
}
