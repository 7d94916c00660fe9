//! dt = "auto": steps that follow the longest stable one as the solution changes.

use std::f64::consts::PI;

use fluxions::comm::threads;
use fluxions::prelude::*;

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// The values of the fields at the end, all of them one after the other, and the number of steps; the
/// same on 1 to 4 ranks, bit by bit.
fn solved(text: &str) -> (Vec<f64>, u64) {
    let problem = problem(text);
    let on = |ranks: usize| {
        let run = |world: &World| {
            let simulation = problem.simulation(world).build();
            let mut simulation = simulation.unwrap_or_else(|e| panic!("{e}"));
            let report = simulation.run_until(problem.times.end)?;
            let mut values = Vec::new();
            for name in problem.pde.fields() {
                values.extend(simulation.gather(name)?.into_iter().flatten());
            }
            Ok::<_, fluxions::solver::Error>((values, report.steps))
        };
        threads::run(ranks, run).unwrap_or_else(|e| panic!("{e}")).swap_remove(0)
    };
    let one = on(1);
    for ranks in [2, 3, 4] {
        assert!(on(ranks) == one, "{ranks} ranks: {text}");
    }
    one
}

/// The diffusivity grows by a factor of 41. Steps of the length that is stable at first make
/// the solution grow without bound.
#[test]
fn steps_become_shorter_where_a_diffusivity_grows_on_1_to_4_ranks() {
    let text = |dt: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 32 }}\n[equations]\n\
             T = \"diffusion(0.01*(1 + 20*h), T)\"\nh = \"1\"\n[initial]\nT = \"cos(pi*x)\"\nh = 0\n\
             [time]\nend = 2\ndt = {dt}\n"
        )
    };
    let (values, steps) = solved(&text("\"auto\""));
    let dx: f64 = 1.0 / 32.0;
    let eigenvalue = 2.0 * (1.0 - (PI * dx).cos()) / (dx * dx);
    let decay = (-eigenvalue * 0.01 * (2.0 + 10.0 * 4.0)).exp();
    for (cell, value) in values[..32].iter().enumerate() {
        let exact = decay * (PI * (cell as f64 + 0.5) * dx).cos();
        assert!((value - exact).abs() < 1e-4 * decay, "{cell}: {value} {exact}");
    }
    // As many as the mean diffusivity demands, and half as many again at most.
    let least = 0.01 * (2.0 + 40.0) * 4.0 / (dx * dx) / 2.785 / 0.8;
    assert!((0.9..1.5).contains(&(steps as f64 / least)), "{steps} {least}");
    let first = problem(&text("\"auto\"")).times.dt;
    let fixed = problem(&text(&first.to_string()));
    let mut simulation = fixed.simulation(&World::solo()).build().unwrap();
    simulation.run_until(2.0).unwrap();
    assert!(simulation.field("T").unwrap().iter().any(|t| t.abs() > 1e6));
}

#[test]
fn steps_become_longer_and_shorter_with_nonlinear_equations_on_1_to_4_ranks() {
    // Fronts that grow steeper, with sources and walls.
    let (values, steps) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 48 }\ny = { bounds = [0, 1], cells = 20 }\n[equations]\n\
         u = \"-d_dx(u^2/2) + 0.02*laplace(u) + 10*u*(1 - u/20)\"\n[initial]\n\
         u = \"0.1 + 0.05*sin(2*pi*x)*cos(pi*y)\"\n[boundary]\n\"x-\" = { value = 0.1 }\n\
         [time]\nend = 1\ndt = \"auto\"\n",
    );
    assert!(values.iter().all(|u| (0.0..20.5).contains(u)), "{values:?}");
    assert!((100..2000).contains(&steps), "{steps}");
}

/// At first nothing limits the step.
#[test]
fn a_limit_that_comes_later_is_met_on_1_to_4_ranks() {
    let (values, steps) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 32 }\n[equations]\nT = \"diffusion(h, T)\"\nh = \"1\"\n\
         [initial]\nT = \"where(x < 0.5, 1, 0)\"\nh = 0\n[time]\nend = 1\ndt = \"auto\"\n",
    );
    assert!(values[..32].iter().all(|t| (-0.01..1.01).contains(t)), "{values:?}");
    let least = 0.5 * 4.0 * 32.0 * 32.0 / 2.785 / 0.8;
    assert!((0.9..1.6).contains(&(steps as f64 / least)), "{steps} {least}");
}

/// Diffusivities that depend on place alone give steps of equal length, with their bits.
#[test]
fn steps_are_equal_where_the_limit_stays_on_1_to_4_ranks() {
    let text = |dt: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[equations]\nT = \"diffusion(1 + x, T) - x*T\"\n\
             [initial]\nT = \"cos(pi*x)\"\n[time]\nend = 0.1\ndt = {dt}\n"
        )
    };
    let auto = problem(&text("\"auto\"")).times;
    assert_eq!(auto.following, None);
    assert_eq!(solved(&text("\"auto\"")), solved(&text(&format!("{:e}", auto.dt))));
}

/// A run that is saved and goes on in another simulation makes the same steps.
#[test]
fn steps_go_on_from_what_was_saved() {
    let problem = problem(
        "[grid]\nx = { bounds = [0, 1], cells = 32 }\n[equations]\nu = \"u*laplace(u) + u*(3 - u)\"\n\
         [initial]\nu = \"0.2 + 0.1*cos(pi*x)\"\n[time]\nend = 3\ndt = \"auto\"\n",
    );
    let world = World::solo();
    let build = || problem.simulation(&world).build().unwrap();
    let values = |simulation: &Simulation| simulation.field("u").unwrap().to_owned();
    let (mut whole, mut first, mut second) = (build(), build(), build());
    whole.run_until(3.0).unwrap();
    for _ in 0..whole.steps() / 3 + 5 {
        first.step().unwrap();
    }
    second.field_mut("u").unwrap().assign(&values(&first));
    second.restore(&first.save()).unwrap();
    second.run_until(3.0).unwrap();
    assert_eq!((second.steps(), values(&second)), (whole.steps(), values(&whole)));
}

/// Advection that diffusion damps, by schemes of all kinds: the steps are those of theory, and no solution grows.
#[test]
fn steps_of_advection_and_diffusion_are_those_of_theory() {
    // dx = 1/64. Of Euler's scheme: dx²/(2D) or 2D/c², whichever is shorter.
    for (c, d, scheme, longest) in [
        (1.0, 0.05, "euler", 1.0 / 4096.0 / 0.1),
        (1.0, 0.002, "euler", 0.004),
        (1.0, 1e-9, "rk4", 8f64.sqrt() / 64.0),
        (0.0, 0.05, "rk4", 2.785_293_563_405_282 / 4096.0 / 0.2),
        (0.0, 0.05, "ssprk3", 2.512_745_326_618_33 / 4096.0 / 0.2),
    ] {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 64, periodic = true }}\n[equations]\n\
             u = \"-{c}*d_dx(u) + {d}*laplace(u)\"\n[initial]\nu = \"random_uniform(-1, 1)\"\n\
             [time]\nend = 4\ndt = \"auto\"\nscheme = \"{scheme}\"\n"
        );
        let problem = problem(&text);
        let found = problem.times.dt / 0.8;
        assert!((found / longest - 1.0).abs() < 0.05, "{scheme} {c} {d}: {found} {longest}");
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        simulation.run_until(4.0).unwrap();
        let largest = simulation.field("u").unwrap().iter().fold(0.0, |m: f64, u| m.max(u.abs()));
        assert!(largest < 1.0, "{scheme} {c} {d}: {largest}");
    }
}

/// A front grows steep where the flow is fast and hardly damped, by Euler's scheme.
#[test]
fn fronts_by_eulers_scheme_stay_bounded_on_1_to_4_ranks() {
    let (values, _) = solved(
        "[grid]\nx = { bounds = [0, 1], cells = 64, periodic = true }\n[equations]\n\
         u = \"-u*d_dx(u) + 0.01*laplace(u)\"\n[initial]\nu = \"1 + sin(2*pi*x)\"\n\
         [time]\nend = 1\ndt = \"auto\"\nscheme = \"euler\"\n",
    );
    assert!(values.iter().all(|u| (-0.01..2.01).contains(u)), "{values:?}");
}

/// Numbers that are the same in all cells, stepped by a scheme with dt = "auto": the first one at the end.
fn end_of(equations: &str, end: f64, scheme: &str) -> f64 {
    let (values, _) = solved(&format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n{equations}\n[time]\nend = {end}\ndt = \"auto\"\n\
         scheme = \"{scheme}\"\n"
    ));
    values[0]
}

const SCHEMES: [&str; 4] = ["euler", "rk4", "ssprk3", "adams-bashforth2"];

/// In the middle of the change nothing limits a step, and a long one would lead far beyond 1.
#[test]
fn growth_that_ends_is_followed_on_1_to_4_ranks() {
    for scheme in SCHEMES {
        for start in ["1e-3", "0.3", "0.5", "0.7"] {
            let equations = format!(
                "[equations]\nu = \"1e-3*d2_dx2(u) + 1000*u*(1 - u)\"\n[initial]\nu = \"{start}\""
            );
            let end = end_of(&equations, 0.1, scheme);
            assert!((end - 1.0).abs() < 1e-3, "{scheme} from {start}: {end}");
        }
    }
}

/// Monod's rate hardly depends on what is left until that is used up: then a step that was stable leads far below 0.
#[test]
fn what_is_used_up_stays_above_0_on_1_to_4_ranks() {
    for scheme in ["euler", "rk4"] {
        let end =
            end_of("[equations]\ns = \"-500*s/(0.01 + s)\"\n[initial]\ns = \"1\"", 0.005, scheme);
        assert!((0.0..1e-6).contains(&end), "{scheme}: {end}");
        // What grows from it: with as much of it at the end as there was.
        let equations = "[equations]\nn = \"50*n*s/(0.1 + s)\"\ns = \"-50*n*s/(0.1 + s)\"\n\
                         [initial]\nn = \"1e-6\"\ns = \"1\"";
        let end = end_of(equations, 0.8, scheme);
        assert!((end - 1.000001).abs() < 1e-6, "{scheme}: {end}");
    }
}

/// A quantity that may be negative becomes so: cos(t).
#[test]
fn what_becomes_negative_by_right_does_so_on_1_to_4_ranks() {
    let equations =
        "[equations]\nu = \"v + 0*u^2\"\nv = \"-u + 0*v^2\"\n[initial]\nu = \"1\"\nv = \"0\"";
    for scheme in ["rk4", "ssprk3"] {
        let end = end_of(equations, 3.0, scheme);
        assert!((end - 3f64.cos()).abs() < 0.1, "{scheme}: {end}");
    }
}

/// The diffusivity is 200 times as large from one step to the next, for good or for a while.
#[test]
fn what_changes_at_a_time_is_looked_for_on_1_to_4_ranks() {
    for (from, to) in [(0.5, 10.0), (0.5, 0.52)] {
        let (values, _) = solved(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 32 }}\n[equations]\n\
             u = \"where((t > {from}) and (t < {to}), 200, 1)*d2_dx2(u)\"\n[initial]\nu = \"x\"\n\
             [time]\nend = 0.53\ndt = \"auto\"\n"
        ));
        assert!(values.iter().all(|u| (u - 0.5).abs() < 1e-3), "{values:?}");
    }
}

/// What was 0 until then has a rate all at once, and comes to rest at the root of 1000 = 10⁴ u³.
#[test]
fn a_source_that_begins_is_followed_on_1_to_4_ranks() {
    let on = "where(t > 0.3, 1, 0)";
    for scheme in SCHEMES {
        let equations = format!(
            "[equations]\nu = \"1e-3*d2_dx2(u) + {on}*(1000 - 1e4*u^3)\"\n[initial]\nu = \"0\""
        );
        let end = end_of(&equations, 0.4, scheme);
        assert!((end - 0.1f64.cbrt()).abs() < 1e-3, "{scheme}: {end}");
    }
}

/// u' = u² from 1 has no value at t = 1.
#[test]
fn a_solution_that_ends_is_told() {
    for scheme in ["euler", "rk4"] {
        let problem = problem(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"u^2\"\n[initial]\nu = \"1\"\n\
             [time]\nend = 2\ndt = \"auto\"\nscheme = \"{scheme}\"\n"
        ));
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let failed = simulation.run_until(2.0).unwrap_err();
        let message = failed.to_string();
        assert!(message.contains("the longest stable step becomes shorter"), "{message}");
        let late = if scheme == "rk4" { 0.01 } else { 0.6 };
        assert!((simulation.time() - 1.0).abs() < late, "{scheme}: {}", simulation.time());
        assert!(simulation.field("u").unwrap().iter().all(|u| u.is_finite() && *u > 1e6));
    }
}
