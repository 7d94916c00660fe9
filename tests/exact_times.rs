//! States at exact times, for schemes whose steps do not end there: what is seen is of the order of the scheme, and
//! steps go on as if nobody had looked. On 1 to 3 ranks as threads.

use std::sync::{Arc, Mutex};

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::Error;

/// Times of which the steps of these tests meet none: two within a step, and one within the last.
const TIMES: [f64; 5] = [0.0333, 0.21, 0.2345, 0.57, 0.9871];

/// What a tracker saw: step, time and the values of u.
type Seen = Vec<(u64, f64, Vec<f64>)>;

fn parse(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// What was seen at these times, and the bits of u at the end.
fn looked_at(text: &str, ranks: usize, times: &[f64]) -> (Seen, Vec<u64>) {
    let problem = parse(text);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let run = |world: &World| {
        let list = seen.clone();
        let look = move |now: &mut Snapshot<'_>| {
            let (step, time) = (now.step(), now.time());
            if let Some(values) = now.gather("u")? {
                list.lock().unwrap().push((step, time, values.into_iter().collect()));
            }
            Ok(GO_ON)
        };
        let builder = problem.simulation(world).track(Every::Times(times.to_vec()), look);
        let mut simulation = builder.build().unwrap_or_else(|e| panic!("{text}: {e}"));
        simulation.run_until(problem.times.end)?;
        let bits = |values: ndarray::ArrayD<f64>| values.into_iter().map(f64::to_bits).collect();
        Ok::<_, Error>(simulation.gather("u")?.map_or(Vec::new(), bits))
    };
    let end = threads::run(ranks, run).unwrap().swap_remove(0);
    (std::mem::take(&mut *seen.lock().unwrap()), end)
}

const GRID: &str = "[grid]\nx = { bounds = [0, 1], cells = 12, periodic = true }\n";

/// Diffusion, decay and a source; `more` are other lines of [time], and other sections.
fn driven(scheme: &str, dt: f64, more: &str) -> String {
    format!(
        "{GRID}[equations]\nu = \"0.02*laplace(u) - u^2 + 2 + cos(3*t)\"\n[initial]\n\
         u = \"1 + 0.5*sin(2*pi*x)\"\n[time]\nend = 1\nscheme = \"{scheme}\"\ndt = {dt}\n{more}"
    )
}

/// The largest difference from a reference at each of the times.
fn errors(seen: &Seen, exact: &Seen) -> Vec<f64> {
    let pairs = seen.iter().zip(exact).map(|((_, _, a), (_, _, b))| {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    });
    pairs.skip(1).collect()
}

const EXPLICIT: [(&str, i32); 9] = [
    ("euler", 1),
    ("rk2", 2),
    ("ssprk3", 3),
    ("rk4", 4),
    ("carpenter-kennedy45", 4),
    ("dormand-prince", 5),
    ("adams-bashforth2", 2),
    ("adams-bashforth3", 3),
    ("rkc2", 2),
];
const IMPLICIT: [(&str, i32); 10] = [
    ("backward-euler", 1),
    ("crank-nicolson", 2),
    ("bdf2", 2),
    ("tr-bdf2", 2),
    ("sdirk2", 2),
    ("sdirk4", 4),
    ("imex-euler", 1),
    ("ars222", 2),
    ("ars443", 3),
    ("ark3", 3),
];

#[test]
fn what_is_seen_within_steps_is_of_the_order_of_the_scheme() {
    let (exact, _) = looked_at(&driven("rk4", 1e-3, ""), 1, &TIMES);
    let explicit = EXPLICIT.map(|(scheme, order)| (scheme, order, ""));
    let implicit = IMPLICIT.map(|(scheme, order)| (scheme, order, "[solver]\ntolerance = 1e-13\n"));
    for (scheme, order, solver) in explicit.into_iter().chain(implicit) {
        let found = [0.1, 0.05, 0.025].map(|dt| {
            let (seen, _) = looked_at(&driven(scheme, dt, solver), 1, &TIMES);
            let times: Vec<f64> = seen.iter().map(|(_, time, _)| *time).collect();
            assert_eq!(times[1..6], TIMES, "{scheme}");
            errors(&seen, &exact)
        });
        let largest = found.clone().map(|errors| errors[..5].iter().copied().fold(0.0, f64::max));
        let rate = (largest[0] / largest[2]).log2() / 2.0;
        assert!(rate > f64::from(order) - 0.4 || largest[2] < 1e-11, "{scheme}: {rate} {found:?}");
        // As exact as the state at the end is, or nearly so.
        for errors in &found {
            let most = errors.iter().copied().fold(0.0, f64::max);
            assert!(errors[4] < 3.0 * errors[5].max(0.1 * most), "{scheme}: {errors:?}");
        }
    }
}

#[test]
fn looking_within_steps_changes_no_later_bit_and_is_the_same_on_1_to_3_ranks() {
    let carried = format!(
        "{GRID}[transport.u]\nvelocity = [\"0.5 + 0.1*u\"]\nnonoscillatory = true\n[equations]\nu = \"-0.1*u\"\n\
         [initial]\nu = \"1 + 0.5*sin(2*pi*x)\"\n[time]\nend = 1\ndt = 0.05\n"
    );
    let constrained = format!(
        "{GRID}[equations]\nu = \"0.01*laplace(u) + 0.1*phi - u\"\n[solve]\nphi = \"laplace(phi) = phi - u\"\n\
         [initial]\nu = \"1 + 0.5*sin(2*pi*x)\"\n[time]\nend = 1\ndt = 0.05\nscheme = \"rk2\"\n"
    );
    let numbers = format!(
        "{GRID}[equations]\nu = \"0.02*laplace(u) + 0.1*s\"\n[numbers]\ns = {{ initial = 1, equation = \"average(u) - s\" }}\n\
         [initial]\nu = \"1 + 0.5*sin(2*pi*x)\"\n[time]\nend = 1\ndt = 0.05\nscheme = \"rk4\"\n"
    );
    let held = driven("rk4", 0.05, "[after_step]\nu = \"min(u, 1.2)\"\n");
    let noisy = driven("euler", 0.05, "[noise]\nu = 0.01\n");
    let limited = "[execution]\nsteps_per_sweep = 4\n";
    let others = [
        ("transport", carried),
        ("unknowns", constrained),
        ("numbers", numbers),
        ("changed", held),
        ("noise", noisy),
        ("blocked", driven("rk4", 0.05, limited)),
        ("auto", driven("rk4", 0.05, "").replace("dt = 0.05", "dt = \"auto\"")),
    ];
    let schemes = EXPLICIT.into_iter().chain(IMPLICIT);
    let schemes = schemes.map(|(scheme, _)| (scheme, driven(scheme, 0.05, "")));
    for (name, text) in schemes.chain(others) {
        let (_, plain) = looked_at(&text, 1, &[]);
        let (alone, end) = looked_at(&text, 1, &TIMES);
        let times: Vec<f64> = alone.iter().map(|(_, time, _)| *time).collect();
        assert_eq!(times[1..6], TIMES, "{name}");
        assert!(end == plain, "{name}: looking changes the run");
        for ranks in [2, 3] {
            let (shared, end) = looked_at(&text, ranks, &TIMES);
            assert!(end == plain && shared == alone, "{name} on {ranks} ranks");
        }
    }
}

/// The noise of a step that is seen at a part of it is that of the whole step, as far as it has come.
#[test]
fn noise_within_a_step_has_the_variance_of_the_time_that_has_passed() {
    let text = format!(
        "{GRID}[equations]\nu = 0\n[noise]\nu = 1\n[initial]\nu = 0\n[time]\nend = 1\ndt = 0.5\n"
    );
    let (seen, _) = looked_at(&text, 1, &[0.5, 0.625, 1.0]);
    let [_, half, later, end] = &seen[..] else { panic!("{seen:?}") };
    for cell in 0..12 {
        let (part, whole) = (later.2[cell] - half.2[cell], end.2[cell] - half.2[cell]);
        assert!((part - 0.5 * whole).abs() < 1e-14, "{part} {whole}");
    }
}

/// What is changed after each step is changed in what is seen, too.
#[test]
fn changes_after_steps_are_in_what_is_seen_within_them() {
    let text = driven("rk4", 0.05, "[after_step]\nu = \"min(u, 1.2)\"\n");
    let (seen, _) = looked_at(&text, 2, &TIMES);
    assert!(seen.iter().skip(1).all(|(_, _, u)| u.iter().all(|u| *u <= 1.2)), "{seen:?}");
}

/// A tracker that ends the run from within a step ends it after the step, as the last state.
#[test]
fn a_run_that_is_ended_from_within_a_step_ends_with_it() {
    for blocked in ["", "[execution]\nsteps_per_sweep = 4\n"] {
        let problem = parse(&driven("rk4", 0.1, blocked));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let list = seen.clone();
        let stop = move |now: &mut Snapshot<'_>| {
            list.lock().unwrap().push((now.step(), now.time(), now.is_last()));
            match now.time() {
                0.25 => Ok(Flow::Break("enough".into())),
                _ => Ok(GO_ON),
            }
        };
        let world = World::solo();
        let builder = problem.simulation(&world).track(Every::Time(0.25), stop);
        let report = builder.build().unwrap().run_until(1.0).unwrap();
        assert_eq!(report.stop_reason, StopReason::Tracker("enough".into()));
        let last = 3.0 * 0.1;
        assert_eq!((report.steps, report.time), (3, last));
        assert_eq!(*seen.lock().unwrap(), [(0, 0.0, false), (3, 0.25, false), (3, last, true)]);
    }
}
