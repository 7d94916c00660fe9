//! dt = "auto" with [transport]: steps that follow the flow, and the waves that flows and sources make together.

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::{Error, LimitedBy};

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// The values of these fields at the end, and what was reported; the same on 1 to 4 ranks, bit by bit.
fn solved<const N: usize>(text: &str, names: [&str; N]) -> ([Vec<f64>; N], Report) {
    let problem = problem(text);
    let on = |ranks: usize| {
        let run = |world: &World| {
            let mut simulation =
                problem.simulation(world).build().unwrap_or_else(|e| panic!("{e}"));
            let report = simulation.run_until(problem.times.end)?;
            let gathered = |name: &&str| -> Result<Vec<f64>, Error> {
                Ok(simulation.gather(name)?.into_iter().flatten().collect())
            };
            let values = names.iter().map(gathered).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, Error>((values, report))
        };
        threads::run(ranks, run).unwrap_or_else(|e| panic!("{e}")).swap_remove(0)
    };
    let (values, report) = on(1);
    for ranks in [2, 3, 4] {
        let (others, of_others) = on(ranks);
        assert!(others == values, "{ranks} ranks: {text}");
        assert_eq!(of_others.steps, report.steps);
    }
    (values.try_into().expect("there is one for each name"), report)
}

/// Shallow water of the depth 1 at rest, g = 1, on a periodic axis of 64 cells of the length 1.
fn still_water(more: &str, dt: &str, end: f64) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 64], cells = 64, periodic = true }}\n[equations]\nq = \"-h*d_dx(h)\"\n\
         [initial]\nh = \"1 + 1e-6*cos(pi*(x - 0.5)/2)\"\nq = 0\n{more}\
         [transport.water]\nfields = [\"h\", \"q\"]\nvelocity = [\"q/h\"]\nsigned = true\n\
         [time]\nend = {end}\ndt = {dt}\n"
    )
}

/// Nothing damps the waves of water at rest. Those that are fastest on the grid are four cells long: ω = c/Δx.
#[test]
fn waves_hardly_grow_in_steps_that_are_stable() {
    let auto = problem(&still_water("", "\"auto\"", 1.0));
    let stable = auto.stable_step().unwrap();
    assert_eq!(stable.by, LimitedBy::Waves);
    let longest = stable.longest;
    assert!((longest - (8e-4f64).powf(0.25)).abs() < 1e-4, "{longest}");
    let height = |dt: f64, steps: f64| {
        let problem = problem(&still_water("", &dt.to_string(), steps * dt));
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let report = simulation.run_until(problem.times.end).unwrap();
        assert_eq!(report.steps, steps as u64);
        // A standing wave: h − 1 and q are as large as each other in turn.
        let squares = ["h", "q"].map(|name| {
            let of = if name == "h" { 1.0 } else { 0.0 };
            simulation.field(name).unwrap().iter().map(|x| (x - of).powi(2)).sum::<f64>() / 32.0
        });
        squares.iter().sum::<f64>().sqrt()
    };
    let growth = |dt: f64, steps: f64| (height(dt, steps) / 1e-6).ln() / steps;
    let at_limit = growth(longest, 4000.0);
    assert!((0.8e-4..1.1e-4).contains(&at_limit), "{at_limit}");
    // Steps three times as long: 3⁴ times.
    let beyond = growth(3.0 * longest, 300.0);
    assert!((6e-3..1.1e-2).contains(&beyond), "{beyond}");
}

#[test]
fn waves_by_sources_before_the_flow_need_shorter_steps() {
    let stable = |scheme: &str| {
        let text = still_water("", "\"auto\"", 1.0) + &format!("scheme = \"{scheme}\"\n");
        problem(&text).stable_step().unwrap().longest
    };
    assert!((stable("euler") - 0.02).abs() < 1e-4, "{}", stable("euler"));
    assert!(stable("symmetric") > 8.0 * stable("euler"));
}

/// A tracer in a fast flow does not hide the waves of the water beside it.
#[test]
fn waves_count_beside_a_faster_flow() {
    let tracer = "c = 1\n[transport.c]\nvelocity = [3]\n";
    let alone = problem(&still_water("", "\"auto\"", 1.0)).stable_step().unwrap();
    let beside = problem(&still_water(tracer, "\"auto\"", 1.0)).stable_step().unwrap();
    assert_eq!(beside.longest, alone.longest);
    let fast = "c = 1\n[transport.c]\nvelocity = [30]\n";
    let beside = problem(&still_water(fast, "\"auto\"", 1.0)).stable_step().unwrap();
    assert_eq!((beside.by, beside.longest), (LimitedBy::Flow, 1.0 / 30.0));
}

/// A reaction that goes to and fro in fields that are advected makes no waves: steps are as long as it allows.
#[test]
fn reactions_of_advected_fields_are_no_waves() {
    let reacting = |velocity: &str| {
        problem(&format!(
            "[grid]\nx = {{ bounds = [0, 64], cells = 64, periodic = true }}\n[equations]\na = \"b - a\"\n\
             b = \"a - b\"\n[initial]\na = \"1 + sin(2*pi*x/64)\"\nb = 0\n[transport.all]\n\
             fields = [\"a\", \"b\"]\nvelocity = [{velocity}]\n[time]\nend = 1\ndt = \"auto\"\n"
        ))
    };
    let stable = reacting("\"0.1 + 0.05*sin(2*pi*x/64)\"").stable_step().unwrap();
    assert_eq!((stable.by, stable.longest), (LimitedBy::Equations, 1.0));
    // Where the flow depends on them, it does.
    let stable = reacting("\"0.1*a\"").stable_step().unwrap();
    assert_eq!(stable.by, LimitedBy::Waves);
}

/// The breaking of a dam, 2 to 1, g = 1 (Stoker 1957, "Water Waves", 10.8): h and u between the waves.
#[test]
fn a_dam_breaks_on_1_to_4_ranks() {
    let ([h, q], report) = solved(
        "[grid]\nx = { bounds = [0, 100], cells = 200 }\n[define]\nu = \"where(h > 1e-7, q/h, 0)\"\n\
         [equations]\nq = \"-h*d_dx(h)\"\n[initial]\nh = \"where(x < 50, 2, 1)\"\nq = 0\n\
         [transport.water]\nfields = [\"h\", \"q\"]\nvelocity = [\"u\"]\nsigned = true\n\
         nonoscillatory = true\n[time]\nend = 20\ndt = \"auto\"\n",
        ["h", "q"],
    );
    // Of √2 − √h = u/2 and u = (h − 1) √((h + 1)/(2h)).
    let (depth, speed) = (1.45384, 0.41694);
    let middle = 100..112;
    for cell in middle {
        assert!((h[cell] - depth).abs() < 0.03, "{cell}: {}", h[cell]);
        assert!((q[cell] / h[cell] - speed).abs() < 0.03, "{cell}: {}", q[cell] / h[cell]);
    }
    assert_eq!(report.rejected_steps, 0);
    // As many as the fastest wave demands, and half as many again at most.
    let least = 20.0 / (0.8 * (8e-4f64).powf(0.25) * 0.5 / 2f64.sqrt());
    assert!((0.85..1.5).contains(&(report.steps as f64 / least)), "{} {least}", report.steps);
}

/// Where u = 2 + sin(x) advects itself, waves are twice as fast as the flow u/2.
#[test]
fn a_field_that_advects_itself_steepens_on_1_to_4_ranks() {
    let ([values], report) = solved(
        "[grid]\nx = { bounds = [0, \"2*pi\"], cells = 128, periodic = true }\n[initial]\nu = \"2 + sin(x)\"\n\
         [transport.u]\nvelocity = [\"u/2\"]\ndivergent_flow = true\nnonoscillatory = true\n\
         [time]\nend = 0.6\ndt = \"auto\"\n",
        ["u"],
    );
    for (cell, value) in values.iter().enumerate() {
        let x = (cell as f64 + 0.5) * std::f64::consts::TAU / 128.0;
        // u = 2 + sin(x − u t), by Newton's method.
        let u = (0..50).fold(2.0f64, |u, _| {
            let (sin, cos) = (x - 0.6 * u).sin_cos();
            u - (u - 2.0 - sin) / (1.0 + 0.6 * cos)
        });
        assert!((value - u).abs() < 0.02, "{cell}: {value} {u}");
    }
    assert_eq!(report.rejected_steps, 0);
}

/// The flow becomes 280 times as fast.
#[test]
fn steps_follow_a_flow_that_depends_on_the_time_on_1_to_4_ranks() {
    let ([values], report) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 50, periodic = true }\n[initial]\n\
         c = \"2 + sin(2*pi*x)\"\n[transport.c]\nvelocity = [\"0.1 + 3*t^2\"]\n\
         [time]\nend = 3\ndt = \"auto\"\n",
        ["c"],
    );
    let distance = 0.3 + 27.0;
    for (cell, value) in values.iter().enumerate() {
        let x = (cell as f64 + 0.5) / 50.0 - distance;
        let exact = 2.0 + (std::f64::consts::TAU * x).sin();
        assert!((value - exact).abs() < 0.1, "{cell}: {value} {exact}");
    }
    let least = 50.0 * distance / 0.8;
    assert!((0.85..1.2).contains(&(report.steps as f64 / least)), "{} {least}", report.steps);
}

/// A flow that is known from the fields alone, which grow: u' = u by the source, and c goes with it.
#[test]
fn steps_follow_a_flow_that_sources_make_faster_on_1_to_4_ranks() {
    let ([_], report) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 50, periodic = true }\n[equations]\nu = \"u\"\n[initial]\n\
         u = 0.01\nc = \"2 + sin(2*pi*x)\"\n[transport.c]\nvelocity = [\"u\"]\n\
         [time]\nend = 7\ndt = \"auto\"\n",
        ["c"],
    );
    let distance = 0.01 * (7f64.exp() - 1.0);
    let least = 50.0 * distance / 0.8;
    assert!((0.85..1.4).contains(&(report.steps as f64 / least)), "{} {least}", report.steps);
}

/// A diffusivity that depends on the fields limits steps too.
#[test]
fn steps_follow_a_diffusivity_that_grows_on_1_to_4_ranks() {
    let ([c], report) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 20, periodic = true }\n[equations]\nk = \"0.1\"\n[initial]\n\
         k = 0.001\nc = \"2 + sin(2*pi*x)\"\n[transport.c]\nvelocity = [0]\ndiffusivity = \"k\"\n\
         [time]\nend = 1\ndt = \"auto\"\n",
        ["c"],
    );
    let decay = (-(std::f64::consts::TAU).powi(2) * (0.001 + 0.05)).exp();
    for (cell, value) in c.iter().enumerate() {
        let exact = 2.0 + decay * (std::f64::consts::TAU * (cell as f64 + 0.5) / 20.0).sin();
        assert!((value - exact).abs() < 0.03, "{cell}: {value} {exact}");
    }
    let least = 4.0 * 400.0 * 0.051 / 0.8;
    assert!((0.85..1.5).contains(&(report.steps as f64 / least)), "{} {least}", report.steps);
}

/// Steps of two lengths in turn: the flow is extrapolated to the middle of each from unequal steps. A linear profile
/// moves as far as the flow goes, whatever the cells.
#[test]
fn unequal_steps_are_of_second_order() {
    let error = |steps: u32| {
        let dt = 1.0 / f64::from(steps);
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 24 }}\n[equations]\nu = \"u\"\n[initial]\nu = 0.1\n\
             c = \"1 + x\"\n[boundary.c]\nx = \"open\"\n[transport.c]\nvelocity = [\"u\"]\n\
             infinite_gauge = true\n[time]\nend = 1\ndt = {dt}\n"
        );
        let problem = problem(&text);
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        for k in 0..steps {
            for part in [0.25, 1.0] {
                simulation.run_until((f64::from(k) + part) * dt).unwrap();
            }
        }
        let distance = 0.1 * (1f64.exp() - 1.0);
        let c = simulation.field("c").unwrap();
        // Far from the ends, where flows are not corrected.
        let errors = (13..18).map(|k| (c[k] - (1.0 + (k as f64 + 0.5) / 24.0 - distance)).abs());
        errors.fold(0.0, f64::max)
    };
    let errors = [8, 16, 32, 64].map(error);
    for pair in errors.windows(2) {
        assert!((pair[0] / pair[1]).log2() > 1.8, "{errors:?}");
    }
}
