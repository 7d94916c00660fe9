//! Steps as long as a tolerance allows, and the schemes that estimate their error.

#[path = "common/solving.rs"]
mod solving;

use std::path::Path;
use std::sync::{Arc, Mutex};

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::{Error, Tableau};
use solving::{solve, solved};

const PAIRS: [&str; 5] = ["bogacki-shampine", "fehlberg45", "cash-karp", "dormand-prince", "tsit5"];

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Gray–Scott spots on 32² cells (reference/README.md).
fn gray_scott(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 32, periodic = true }}\n\
         y = {{ bounds = [0, 1], cells = 32, periodic = true }}\n[equations]\n\
         u = \"2e-5*laplace(u) - u*v^2 + 0.037*(1 - u)\"\nv = \"1e-5*laplace(v) + u*v^2 - 0.097*v\"\n\
         [initial]\nu = \"1 - 0.5*exp(-60*((x - 0.5)^2 + (y - 0.45)^2))\"\n\
         v = \"0.25*exp(-60*((x - 0.5)^2 + (y - 0.45)^2))\"\n[time]\nend = 200\n{time}\n"
    )
}

/// Van der Pol's oscillators, whose fastest modes decay with rates of up to 2250 (reference/README.md).
fn van_der_pol(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 3], cells = 12 }}\n[equations]\nu = \"v\"\n\
         v = \"10^x*(1 - u^2)*v - u\"\n[initial]\nu = 2\nv = 0\n[time]\nend = 2\n{time}\n"
    )
}

/// A run with a tolerance: its largest error beside that, and the share of steps that were rejected.
fn measured(text: impl Fn(&str) -> String, case: &str, scheme: &str, relative: f64) -> (f64, f64) {
    let absolute = 0.1 * relative;
    let problem = problem(&text(&format!(
        "scheme = \"{scheme}\"\ntolerance = {{ relative = {relative}, absolute = {absolute} }}"
    )));
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(problem.times.end).unwrap();
    let mut error: f64 = 0.0;
    for name in ["u", "v"] {
        let file = format!("tests/reference/solvers/{case}__{name}__tight.npy");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let (_, exact) = fluxions_testing::read_npy(&path);
        let found = simulation.field(name).unwrap();
        assert_eq!(found.len(), exact.len());
        error = found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(error, f64::max);
    }
    (error / relative, report.rejected_steps as f64 / report.steps as f64)
}

/// On 1 rank.
#[test]
fn the_error_of_a_run_follows_the_tolerance() {
    for (scheme, least, most) in [
        ("bogacki-shampine", 0.1, 10.0),
        ("dormand-prince", 0.1, 10.0),
        ("tsit5", 0.1, 10.0),
        ("ark3", 0.1, 10.0),
        ("ark4", 0.1, 10.0),
        // Its second result is worse than its order says: steps are shorter than they need be.
        ("cash-karp", 0.005, 10.0),
        // It goes on with the result of lower order, whose error adds up.
        ("fehlberg45", 0.1, 20.0),
    ] {
        for relative in [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9] {
            if scheme == "ark3" && relative < 1e-7 {
                // Thousands of steps.
                continue;
            }
            let (error, rejected) =
                measured(gray_scott, "sv13_gray_scott_adaptive", scheme, relative);
            assert!((least..most).contains(&error), "{scheme} {relative}: {error}");
            assert!(rejected < 0.05, "{scheme} {relative}: {rejected}");
        }
    }
    // Errors of second order add up in long runs: as the 2/3 power of the tolerance.
    for scheme in ["rkc2", "rkl2", "tr-bdf2"] {
        for relative in [1e-3f64, 1e-4, 1e-5, 1e-6, 1e-7] {
            let (error, rejected) =
                measured(gray_scott, "sv13_gray_scott_adaptive", scheme, relative);
            let error = error * relative.cbrt();
            assert!((0.03..0.7).contains(&error), "{scheme} {relative}: {error}");
            assert!(rejected < 0.05, "{scheme} {relative}: {rejected}");
        }
    }
}

/// Explicit pairs take the longest stable steps, whose errors are small and of which few are rejected; others take steps
/// as long as the tolerance allows. On 1 rank.
#[test]
fn stiff_oscillators_are_followed_and_few_steps_rejected() {
    for scheme in PAIRS.into_iter().chain(["rkc2", "rkl2", "tr-bdf2"]) {
        for relative in [1e-3, 1e-5, 1e-7] {
            let (error, rejected) =
                measured(van_der_pol, "sv10_van_der_pol_cells", scheme, relative);
            let fits = match PAIRS.contains(&scheme) {
                true => error < 0.1,
                false => (0.1..0.7).contains(&(error * f64::cbrt(relative))),
            };
            assert!(fits, "{scheme} {relative}: {error}");
            assert!(rejected < 0.1, "{scheme} {relative}: {rejected}");
        }
    }
}

/// With equal steps each pair has the order of the result with which it goes on.
#[test]
fn pairs_have_their_orders_with_equal_steps() {
    for scheme in PAIRS {
        let error = |dt: f64| {
            let found = solved(
                &format!(
                    "[grid]\nx = {{ bounds = [0, 1], cells = 4 }}\n[equations]\nu = \"-v*(1 + 0.1*t)\"\n\
                     v = \"u*(1 + 0.1*t)\"\n[initial]\nu = 1\nv = 0\n[time]\nend = 2\ndt = {dt}\n\
                     scheme = \"{scheme}\"\n"
                ),
                1,
            );
            let angle: f64 = 2.0 + 0.05 * 4.0;
            (found[0][0] - angle.cos()).abs() + (found[1][0] - angle.sin()).abs()
        };
        let (coarse, fine) = (error(0.2), error(0.1));
        let order = Tableau::find(scheme).unwrap().order() as f64;
        let found = (coarse / fine).log2();
        assert!((order - 0.3..order + 0.8).contains(&found), "{scheme}: {coarse} {fine} {found}");
    }
}

/// A substrate is used up: with a step that suits the beginning it would fall far below 0.
#[test]
fn what_is_used_up_ends_at_0_on_1_to_4_ranks() {
    let text = |time: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 32 }}\n[parameters]\nmu = 50\nK = 0.001\n[equations]\n\
             s = \"1e-3*laplace(s) - mu*b*s/(K + s)\"\nb = \"1e-3*laplace(b) + 0.5*mu*b*s/(K + s)\"\n\
             [initial]\ns = \"1 + 0.1*cos(pi*x)\"\nb = 0.1\n[time]\nend = 0.3\n{time}\n"
        )
    };
    let found = solve(&text("tolerance = 1e-4"));
    assert!(found[0].iter().all(|s| s.abs() < 1e-6), "{found:?}");
    // What there was has become half as much of the other.
    let total: f64 = found[1].iter().sum::<f64>() / 32.0;
    assert!((total - 0.6).abs() < 1e-4, "{total}");
    let fixed = solved(&text("dt = 0.05"), 1);
    assert!(fixed[0].iter().any(|s| *s < -1.0), "{fixed:?}");
}

/// At the limit of stability few steps are rejected.
#[test]
fn diffusion_to_late_times_rejects_few_steps() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 64 }\n[equations]\nu = \"laplace(u)\"\n[initial]\n\
                u = \"cos(pi*x) + where(x < 0.3, 1, 0)\"\n[time]\nend = 1\ntolerance = 1e-4\n";
    for scheme in PAIRS {
        let problem = problem(&format!("{text}scheme = \"{scheme}\"\n"));
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let report = simulation.run_until(1.0).unwrap();
        let share = report.rejected_steps as f64 / report.steps as f64;
        assert!(share < 0.1, "{scheme}: {} of {}", report.rejected_steps, report.steps);
        let least = 4.0 * 64.0 * 64.0 / Tableau::find(scheme).unwrap().real_limit();
        assert!((report.steps as f64) < 1.4 * least, "{scheme}: {} {least}", report.steps);
    }
}

/// States within steps, at which trackers look: the times and the values of u, and the fields at the end
/// with the number of steps.
#[expect(clippy::type_complexity)]
fn looked_at(
    text: &str,
    ranks: usize,
    every: Every,
    end: f64,
) -> (Vec<(f64, Vec<f64>)>, Vec<f64>, u64) {
    let problem = problem(text);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let run = |world: &World| {
        let list = seen.clone();
        let tracker = move |now: &mut Snapshot<'_>| {
            let (time, values) = (now.time(), now.gather("u")?);
            // What is computed beside the fields may not touch what the steps need.
            now.gather("beside")?;
            if let Some(values) = values {
                list.lock().unwrap().push((time, values.into_iter().collect()));
            }
            Ok(GO_ON)
        };
        let builder = problem.simulation(world).field("beside", "laplace(laplace(u) + v)");
        let mut simulation = builder.track(every.clone(), tracker).build().unwrap();
        let report = simulation.run_until(end)?;
        let fields = ["u", "v"].map(|name| simulation.gather(name).unwrap());
        let values: Vec<f64> = fields.into_iter().flatten().flatten().collect();
        Ok::<_, Error>((values, report.steps))
    };
    let (end, steps) = threads::run(ranks, run).unwrap().swap_remove(0);
    let seen = seen.lock().unwrap().clone();
    (seen, end, steps)
}

#[test]
fn output_at_exact_times_does_not_change_the_steps_on_1_and_3_ranks() {
    for scheme in ["dormand-prince", "bogacki-shampine"] {
        let text = gray_scott(&format!("tolerance = 1e-4\nscheme = \"{scheme}\""));
        let (none, plain, steps) = looked_at(&text, 1, Every::Steps(1000), 200.0);
        assert_eq!(none.len(), 2);
        let mut all = Vec::new();
        for ranks in [1, 3] {
            // Several times in a step.
            let (seen, end, as_many) = looked_at(&text, ranks, Every::Time(2.0), 200.0);
            assert!(end == plain && steps == as_many, "{scheme} on {ranks}");
            let times: Vec<f64> = seen.iter().map(|(time, _)| *time).collect();
            assert_eq!(times, (0..=100).map(|k| 2.0 * f64::from(k)).collect::<Vec<_>>());
            assert!(steps < 100, "{steps}");
            all.push(seen);
        }
        assert!(all[0] == all[1], "{scheme}");
    }
}

/// States within steps are about as exact as those at their ends.
#[test]
fn states_within_steps_are_as_exact_as_the_tolerance() {
    let text = |relative: f64, scheme: &str| {
        let absolute = 0.1 * relative;
        gray_scott(&format!(
            "tolerance = {{ relative = {relative}, absolute = {absolute} }}\nscheme = \"{scheme}\""
        ))
    };
    let every = || Every::Times(vec![3.0, 17.0, 44.0, 71.5, 120.0]);
    let (exact, ..) = looked_at(&text(1e-11, "tsit5"), 1, every(), 200.0);
    for (scheme, most) in [("bogacki-shampine", 10.0), ("dormand-prince", 1.0), ("tsit5", 1.0)] {
        for relative in [1e-3, 1e-5, 1e-7] {
            let (found, ..) = looked_at(&text(relative, scheme), 1, every(), 200.0);
            for ((time, found), (_, exact)) in found.iter().zip(&exact) {
                let error = found.iter().zip(exact).map(|(a, b)| (a - b).abs());
                let error = error.fold(0.0, f64::max) / relative;
                assert!(error < most, "{scheme} {relative} at {time}: {error}");
            }
        }
    }
}

/// A step whose result is finite, but not the slope there, is rejected: u may reach 0, and falls below it
/// with longer steps.
#[test]
fn a_step_to_where_there_is_no_slope_is_rejected_on_1_to_4_ranks() {
    for scheme in ["dormand-prince", "bogacki-shampine", "cash-karp", "rkc2"] {
        let found = solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"-sqrt(u) + 0.1\"\n\
             [initial]\nu = \"1 + 0.1*x\"\n[time]\nend = 20\nscheme = \"{scheme}\"\ntolerance = 1e-3\ndt = 5\n"
        ));
        // It comes to rest where the root is 0.1.
        assert!(found[0].iter().all(|u| (u - 0.01).abs() < 1e-4), "{scheme}: {found:?}");
    }
}

/// With schemes that do not know states within a step exactly enough, and with numbers, steps end where
/// trackers are due.
#[test]
fn steps_end_at_times_within_where_states_there_are_not_exact() {
    let text = gray_scott("tolerance = 1e-4\nscheme = \"cash-karp\"");
    let (seen, ..) = looked_at(&text, 2, Every::Time(37.5), 100.0);
    let times: Vec<f64> = seen.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0.0, 37.5, 75.0, 100.0]);
}

/// A tracker that fails within a step leaves the state at its end.
#[test]
fn a_tracker_that_fails_within_a_step_leaves_no_trace() {
    let problem = problem(&gray_scott("tolerance = 1e-4"));
    let world = World::solo();
    let mut fails = true;
    let tracker = move |now: &mut Snapshot<'_>| match now.time() > 0.0 && fails {
        true => {
            fails = false;
            Err("not now".into())
        }
        false => Ok(GO_ON),
    };
    let builder = problem.simulation(&world).track(Every::Time(1.0), tracker);
    let mut simulation = builder.build().unwrap();
    assert!(simulation.run_until(50.0).is_err());
    let time = simulation.time();
    simulation.run_until(200.0).unwrap();
    assert!(time < 50.0);
    let mut plain = problem.simulation(&world).build().unwrap();
    plain.run_until(200.0).unwrap();
    assert_eq!(simulation.field("u").unwrap(), plain.field("u").unwrap());
}

/// A state that the program changes is the one from which the steps go on.
#[test]
fn steps_go_on_from_what_a_program_sets() {
    let problem = problem(&gray_scott("tolerance = 1e-5"));
    let world = World::solo();
    let mut changed = problem.simulation(&world).build().unwrap();
    changed.run_until(50.0).unwrap();
    let initial = problem.simulation(&world).build().unwrap();
    for name in ["u", "v"] {
        let values = initial.field(name).unwrap().to_owned();
        changed.field_mut(name).unwrap().assign(&values);
    }
    changed.run_until(250.0).unwrap();
    let mut plain = problem.simulation(&world).build().unwrap();
    plain.run_until(200.0).unwrap();
    let (a, b) = (changed.field("u").unwrap(), plain.field("u").unwrap());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4));
}

/// Fields and numbers have bounds of their own, and numbers are looked at too.
#[test]
fn each_field_and_number_has_a_tolerance_on_1_to_4_ranks() {
    let text = |own: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"-u\"\nw = \"-30*w + 30*cos(30*t)\"\n\
             [initial]\nu = 1\nw = 0.5\n[numbers]\nT = {{ initial = 0, equation = \"40*cos(40*t)\" }}\n\
             [time]\nend = 1\ntolerance = {{ relative = 1e-2, absolute = 1e-2{own} }}\n"
        )
    };
    let steps = |own: &str| {
        let problem = problem(&text(own));
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let steps = simulation.run_until(1.0).unwrap().steps;
        (steps, (simulation.globals()[0] - 40f64.sin()).abs())
    };
    let ((loose, _), (of_number, error)) =
        (steps(""), steps(", T = { relative = 1e-8, absolute = 1e-8 }"));
    let (of_field, _) = steps(", w = { relative = 1e-8, absolute = 1e-8 }");
    assert!(of_number > 3 * loose && of_field > 3 * loose, "{loose} {of_number} {of_field}");
    assert!(error < 1e-5, "{error}");
    solve(&text(", T = { relative = 1e-6, absolute = 1e-6 }"));
}

#[test]
fn a_solution_that_ends_is_told() {
    let problem = problem(
        "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[equations]\nu = \"u^2\"\n[initial]\nu = \"1 + x\"\n\
         [time]\nend = 2\ntolerance = 1e-6\n",
    );
    let run = |world: &World| {
        let failed = problem.simulation(world).build().unwrap().run_until(2.0).unwrap_err();
        let Error::StepTooShort { time, .. } = failed else { panic!("{failed}") };
        Ok::<_, Error>(time)
    };
    // 1/u begins at 1/(1 + 15/16) and falls by 1 in a unit of time.
    for times in [1, 2].map(|ranks| threads::run(ranks, run).unwrap()) {
        assert!(times.iter().all(|time| (time - 16.0 / 31.0).abs() < 1e-5), "{times:?}");
    }
}

#[test]
fn steps_go_on_from_what_was_saved() {
    let problem = problem(&gray_scott("tolerance = 1e-6"));
    let world = World::solo();
    let build = || problem.simulation(&world).build().unwrap();
    let values =
        |simulation: &Simulation| ["u", "v"].map(|name| simulation.field(name).unwrap().to_owned());
    let (mut whole, mut first, mut second) = (build(), build(), build());
    whole.run_until(200.0).unwrap();
    for _ in 0..13 {
        first.step().unwrap();
    }
    for (name, field) in ["u", "v"].iter().zip(values(&first)) {
        second.field_mut(name).unwrap().assign(&field);
    }
    second.restore(&first.save()).unwrap();
    second.run_until(200.0).unwrap();
    assert_eq!((second.steps(), values(&second)), (whole.steps(), values(&whole)));
}

/// Vectors, complex fields, walls and other geometries, with the same bits on 1 to 4 ranks.
#[test]
fn every_kind_of_field_on_1_to_4_ranks() {
    solve(
        "[grid]\ngeometry = \"cylindrical\"\nr = { bounds = [0, 1], cells = 12 }\n\
         z = { bounds = [0, 2], cells = 16 }\n[fields]\nv = \"vector\"\npsi = \"complex\"\n[equations]\n\
         v = \"vector_laplace(v) - v*dot(v, v)\"\npsi = \"I*laplace(psi) + 0.1*laplace(psi) - psi*average(abs(psi))\"\n\
         c = \"diffusion(0.1 + c^2, c)\"\n[initial]\nv = [\"r\", \"sin(z)\", \"0\"]\n\
         psi = \"exp(-z^2)*(1 + I*r)\"\nc = \"exp(-r^2)\"\n[boundary.c]\n\"z-\" = { value = \"0.5*c + 0.1\" }\n\
         [time]\nend = 0.02\nscheme = \"tsit5\"\ntolerance = 1e-5\n",
    );
}
