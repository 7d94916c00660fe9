//! Explicit steps of other forms (two registers, several steps), and what may be done to a state after each step.

#[path = "common/solving.rs"]
mod solving;

use fluxions::prelude::*;
use solving::{solve, solved};

/// Two fields that see each other, with a source that changes with the time.
fn system(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 12, periodic = true }}\n[equations]\n\
         u = \"0.003*laplace(u) - 2*u*v + sin(3*t)\"\nv = \"diffusion(0.001 + 0.002*u^2, v) + u - v\"\n\
         [initial]\nu = \"1 + 0.3*sin(2*pi*x)\"\nv = \"1 - 0.2*cos(2*pi*x)\"\n\
         [time]\nend = 1\n{time}\n"
    )
}

fn largest_difference(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let both = a.iter().flatten().zip(b.iter().flatten());
    both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn all(fields: &[Vec<f64>], holds: impl Fn(f64) -> bool) -> bool {
    fields.iter().flatten().all(|x| holds(*x))
}

/// The steps do not divide the end: the last one is shorter, and a multistep scheme begins anew for it.
#[test]
fn schemes_have_their_orders() {
    let exact = solved(&system("scheme = \"tsit5\"\ntolerance = 1e-12"), 1);
    let schemes =
        Tableau::ALL.into_iter().map(|scheme| (scheme.name().to_string(), scheme.order()));
    let multistep = [("adams-bashforth2".to_string(), 2), ("adams-bashforth3".to_string(), 3)];
    for (scheme, expected) in schemes.chain(multistep) {
        let error = |steps: f64| {
            let dt = 1.0 / (steps + 0.3);
            let time = format!("dt = {dt}\nscheme = \"{scheme}\"");
            largest_difference(&solved(&system(&time), 1), &exact)
        };
        let errors = [error(20.0), error(40.0)];
        let order = (errors[0] / errors[1]).log2();
        assert!(order > expected as f64 - 0.3, "{scheme}: {order} from {errors:?}");
    }
}

#[test]
fn multistep_schemes_give_the_same_bits_on_1_to_4_ranks() {
    for scheme in ["adams-bashforth2", "adams-bashforth3"] {
        solve(&system(&format!("dt = 0.03\nscheme = \"{scheme}\"")));
        // A step that follows the solution changes its length now and then.
        solve(&system(&format!("dt = \"auto\"\nscheme = \"{scheme}\"")));
    }
}

/// A state that is set by the program has no steps before it.
#[test]
fn a_multistep_scheme_forgets_its_steps_where_the_state_is_set() {
    let text = system("dt = 0.05\nscheme = \"adams-bashforth3\"");
    let problem = Problem::parse("test.toml", &text).unwrap();
    let world = World::solo();
    let run = |interrupted: bool| {
        let mut simulation = problem.simulation(&world).build().unwrap();
        if interrupted {
            simulation.run_until(0.5).unwrap();
            for (name, value) in [("u", 1.7), ("v", 0.4)] {
                simulation.field_mut(name).unwrap().fill(value);
            }
        }
        simulation.run_until(1.0).unwrap();
        simulation.field("u").unwrap()[[3]]
    };
    let from_there = text.replace("[time]", "[time]\nstart = 0.5");
    let from_there = from_there.replace("\"1 + 0.3*sin(2*pi*x)\"", "1.7");
    let from_there = from_there.replace("\"1 - 0.2*cos(2*pi*x)\"", "0.4");
    assert!((run(true) - solved(&from_there, 1)[0][3]).abs() < 1e-14);
    assert!((run(true) - run(false)).abs() > 1e-3);
}

/// The variance of noise is that at the beginning of a step, also for schemes that overwrite their arrays.
#[test]
fn noise_is_that_of_the_state_before_the_step() {
    let noisy = |scheme: &str| {
        let text = "[grid]\nx = { bounds = [0, 1], cells = 40, periodic = true }\n[equations]\nu = 0\n\
                    [noise]\nu = \"0.01*u^2\"\n[initial]\nu = \"2 + x\"\n[time]\nend = 0.1\ndt = 0.01\n";
        solve(&format!("{text}scheme = \"{scheme}\"\n"))
    };
    let euler = noisy("euler");
    for scheme in ["ssprk(10,4)", "carpenter-kennedy45"] {
        assert!(largest_difference(&noisy(scheme), &euler) < 1e-13, "{scheme}");
    }
}

#[test]
fn unknowns_without_space_are_stepped_with_schemes_in_two_registers() {
    let text = |scheme: &str, steps: u32| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8, periodic = true }}\n[equations]\nu = \"-T*u\"\n\
             [numbers]\nT = {{ initial = 1, equation = \"average(u) - 0.5*T^2 + cos(t)\" }}\n\
             [initial]\nu = \"1 + 0.1*sin(2*pi*x)\"\n[time]\nend = 1\ndt = {}\nscheme = \"{scheme}\"\n",
            1.0 / f64::from(steps)
        )
    };
    let exact = solved(&text("rk4", 2000), 1);
    for scheme in ["ssprk(10,4)", "carpenter-kennedy45"] {
        let error = |steps| largest_difference(&solve(&text(scheme, steps)), &exact);
        let order = (error(8) / error(16)).log2();
        assert!(order > 3.7, "{scheme}: {order}");
    }
}

const SCHEMES: [&str; 9] = [
    "dt = 0.013\nscheme = \"rk4\"",
    "dt = \"auto\"\nscheme = \"euler\"",
    "dt = 0.013\nscheme = \"adams-bashforth3\"",
    "dt = 0.013\nscheme = \"ssprk(10,4)\"",
    "scheme = \"tsit5\"\ntolerance = 1e-5",
    "scheme = \"fehlberg45\"\ntolerance = 1e-5",
    "scheme = \"rkc2\"\ntolerance = 1e-5",
    "scheme = \"tr-bdf2\"\ntolerance = 1e-5",
    "dt = 0.013\nscheme = \"bdf2\"",
];

/// Decay at a constant rate, which a floor stops.
#[test]
fn fields_can_be_given_values_after_each_step() {
    for time in SCHEMES {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 24 }}\n[equations]\ns = \"-1 + 0.001*laplace(s)\"\n\
             [initial]\ns = \"0.4 + 0.2*x\"\n[after_step]\ns = \"max(s, 0)\"\n[time]\nend = 1\n{time}\n"
        );
        assert!(all(&solve(&text), |s| s == 0.0), "{time}");
        let halfway = solved(&text.replace("end = 1\n", "end = 0.2\n"), 1);
        assert!(all(&halfway, |s| (0.15..0.5).contains(&s)), "{time}: {halfway:?}");
    }
}

/// Nothing of the steps before a change is taken for what it was: 1 is doubled after each of four steps.
#[test]
fn no_scheme_takes_a_change_for_a_slope() {
    for time in SCHEMES {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\nu = \"0.001*laplace(u)\"\n[initial]\nu = 1\n\
             [after_step]\nu = \"2*u\"\n[time]\nend = 0.052\nmax_steps = 4\n{time}\n"
        );
        let problem = Problem::parse("test.toml", &text).unwrap();
        // Steps that follow the solution or a tolerance may be fewer.
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let report = simulation.run_until(0.052).unwrap();
        let expected = 2f64.powi(report.steps as i32);
        let found = simulation.field("u").unwrap().to_owned();
        assert!(found.iter().all(|u| (u - expected).abs() < 1e-9 * expected), "{time}: {found}");
    }
}

/// The smallest value of `s` at every time at which diagnostics are due.
fn lowest(text: &str) -> Vec<f64> {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    let found = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let list = found.clone();
    let every = Every::Times((1..100).map(|k| f64::from(k) / 100.0).collect());
    let world = World::solo();
    let builder = problem.simulation(&world).number("lowest", "min(s)");
    let builder = builder.track(every, move |now: &mut Snapshot<'_>| {
        let time = now.time();
        assert!((time * 100.0 - (time * 100.0).round()).abs() < 1e-9, "{time}");
        let value = now.number("lowest")?;
        list.lock().unwrap().push(value);
        Ok(GO_ON)
    });
    builder.build().unwrap().run_until(1.0).unwrap();
    let found = found.lock().unwrap().clone();
    assert!(found.len() >= 99, "{}", found.len());
    found
}

/// What is looked at is what steps lead to: not what lies between a state and one that was changed, or kept positive.
#[test]
fn output_knows_changes_and_bounds() {
    for scheme in
        ["tsit5", "dormand-prince", "bogacki-shampine", "rkc2", "fehlberg45", "tr-bdf2", "bdf2"]
    {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\ns = \"-1 + 0*s\"\n[initial]\ns = 0.5\n\
             [after_step]\ns = \"max(s, 0)\"\n[time]\nend = 1\nscheme = \"{scheme}\"\ntolerance = 1e-3\n"
        );
        assert!(lowest(&text).iter().all(|s| *s >= 0.0), "{scheme}");
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[equations]\ns = \"0.001*laplace(s) - 20*u*s/(0.001 + s)\"\n\
             u = \"laplace(u) - u*s/(0.01 + s)\"\n[initial]\ns = \"1 + x\"\nu = 1\n\
             [time]\nend = 1\nscheme = \"{scheme}\"\ntolerance = 1e-3\npositive = [\"s\"]\n"
        );
        assert!(lowest(&text).iter().all(|s| *s >= 0.0), "{scheme}");
    }
}

/// What a field is given is computed before any other field changes: these two change places.
#[test]
fn all_values_after_a_step_are_those_of_the_same_state() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 9 }\n[equations]\nu = 0\nv = 0\n[initial]\nu = \"x\"\n\
                v = \"5 + x\"\n[after_step]\nu = \"v\"\nv = \"u + 10*t\"\n[time]\nend = 0.3\ndt = 0.1\n";
    let found = solve(text);
    let x = |k: usize| (k as f64 + 0.5) / 9.0;
    for k in 0..9 {
        // After three steps: u is v of the second, which is u of the first + 2.
        assert!((found[0][k] - (5.0 + x(k) + 2.0)).abs() < 1e-14);
        assert!((found[1][k] - (x(k) + 1.0 + 3.0)).abs() < 1e-14);
    }
}

/// The average is taken away after each step, by reductions; neighbours are seen beyond walls.
#[test]
fn values_after_a_step_may_be_those_of_operators_and_averages() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 30 }\n[equations]\nu = \"0.01*laplace(u) + u^2\"\n\
                [initial]\nu = \"cos(pi*x) + 0.1*x\"\n[boundary]\nx = { derivative = 0 }\n\
                [after_step]\nu = \"u - average(u) + 1e-5*laplace(u)\"\n[time]\nend = 0.5\n\
                scheme = \"dormand-prince\"\ntolerance = 1e-6\n";
    let found = solve(text);
    let sum: f64 = found[0].iter().sum();
    assert!(sum.abs() < 1e-12, "{sum}");
    assert!(!all(&found, |u| u.abs() < 0.1));
}

/// Where rates are 0 nothing changes, whatever the weights of the registers.
#[test]
fn what_is_at_rest_stays_so_to_the_bit() {
    for scheme in ["ssprk(10,4)", "carpenter-kennedy45", "adams-bashforth3"] {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[regions]\nrock = \"x > 0.5\"\n[equations]\n\
             u = \"0.01*laplace(u)\"\n[boundary.u]\nrock = {{ value = 0.3 }}\n[initial]\nu = \"0.1 + x\"\n\
             [time]\nend = 1\ndt = 0.01\nscheme = \"{scheme}\"\n"
        );
        let found = solve(&text);
        assert!(found[0][10..].iter().all(|u| *u == 0.3), "{scheme}: {found:?}");
    }
}

#[test]
fn what_is_held_in_a_region_is_held_after_a_change() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[regions]\nrock = \"x > 0.5\"\n[equations]\n\
                u = \"0.01*laplace(u)\"\n[boundary.u]\nrock = { value = 3 }\n[initial]\nu = 1\n\
                [after_step]\nu = \"0.9*u\"\n[time]\nend = 0.1\ndt = 0.01\n";
    let found = solve(text);
    assert!(found[0][10..].iter().all(|u| *u == 3.0), "{found:?}");
    assert!((found[0][0] - 0.9f64.powi(10)).abs() < 1e-3);
}

#[test]
fn unknowns_follow_a_change() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nrho = \"0.01*laplace(rho)\"\n\
                [solve]\nphi = \"laplace(phi) = -rho\"\n[boundary.phi]\nx = { value = 0 }\n\
                [initial]\nrho = 1\n[after_step]\nrho = \"2*rho\"\n[time]\nend = 0.1\ndt = 0.1\n";
    let found = solve(text);
    let greatest = found[1].iter().copied().fold(0.0, f64::max);
    assert!((greatest - 0.25).abs() < 0.002, "{greatest}");
}

#[test]
fn a_change_to_what_is_not_finite_ends_the_run() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nu = \"-1\"\n[initial]\nu = 0.05\n\
                [after_step]\nu = \"sqrt(u)\"\n[time]\nend = 1\ndt = 0.1\n";
    let problem = Problem::parse("test.toml", text).unwrap();
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let error = simulation.run_until(1.0).unwrap_err();
    let expected = "the value that `u` is given after step 1 (t = 0.1) is not finite everywhere";
    assert_eq!(error.to_string(), expected);
}

/// Decay by a rate that is steep near 0, of which long steps lead below 0.
fn monod(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\ns = \"-3*s/(1e-3 + s)\"\n\
         [initial]\ns = \"1 + x\"\n[time]\nend = 1\n{time}\n"
    )
}

#[test]
fn what_has_to_stay_positive_does_so() {
    for scheme in ["tsit5", "bogacki-shampine", "rkc2", "tr-bdf2"] {
        let time =
            format!("scheme = \"{scheme}\"\ntolerance = {{ relative = 0.1, absolute = 0.3 }}");
        let free = solved(&monod(&time), 1);
        let kept = solve(&monod(&format!("{time}\npositive = [\"s\"]")));
        assert!(all(&kept, |s| s >= 0.0), "{scheme}: {kept:?}");
        assert!(all(&kept, |s| s < 0.3), "{scheme}: {kept:?}");
        if scheme == "tsit5" {
            // Without it the same steps go astray.
            assert!(!all(&free, |s| s >= 0.0), "{scheme}: {free:?}");
        }
    }
}
