//! Implicit schemes: orders, errors, energies, and the same bits on any ranks.

#[path = "common/solving.rs"]
mod solving;

use std::f64::consts::PI;

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::Error;
use solving::{solve, solved};

const SCHEMES: [&str; 7] = [
    "backward-euler",
    "crank-nicolson",
    "crank-nicolson-rannacher",
    "bdf2",
    "tr-bdf2",
    "sdirk2",
    "sdirk4",
];

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Two fields that see each other, a nonlinear term and conditions that change with the time.
fn system(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 24 }}\n[equations]\n\
         u = \"0.3*laplace(u) - 2*u*v + sin(3*t)\"\nv = \"diffusion(0.1 + u^2, v) + u - v\"\n\
         [boundary]\n\"x-\" = {{ value = \"1 + 0.2*sin(4*t)\" }}\n\
         \"x+\" = {{ mixed = {{ coefficient = 1, value = \"cos(2*t)\" }} }}\n\
         [initial]\nu = \"1 + 0.3*x\"\nv = \"1 - 0.2*x\"\n[time]\nend = 0.5\n{time}\n"
    )
}

fn largest_difference(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let both = a.iter().flatten().zip(b.iter().flatten());
    both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn schemes_have_their_orders_with_conditions_that_change() {
    let exact = solved(&system("scheme = \"tsit5\"\ntolerance = 1e-10"), 1);
    for scheme in SCHEMES {
        let error = |steps: u32| {
            let time = format!("dt = {}\nscheme = \"{scheme}\"", 0.5 / f64::from(steps));
            largest_difference(&solved(&system(&time), 1), &exact)
        };
        let errors = [error(40), error(80), error(160)];
        let order = (errors[1] / errors[2]).log2();
        let fits = match scheme {
            "backward-euler" => (order - 1.0).abs() < 0.15,
            // Its stages are of first order: conditions that change take away one order or two.
            "sdirk4" => order > 1.9,
            _ => (order - 2.0).abs() < 0.15,
        };
        assert!(fits, "{scheme}: {order} from {errors:?}");
    }
}

#[test]
fn the_error_follows_the_tolerance_and_steps_grow() {
    let exact = solved(&system("scheme = \"tsit5\"\ntolerance = 1e-10"), 1);
    for (scheme, relative) in SCHEMES.iter().flat_map(|s| [1e-3f64, 1e-5, 1e-7].map(|r| (*s, r))) {
        // Errors of steps add up: as this power of the tolerance.
        let power = match scheme {
            "backward-euler" if relative < 1e-5 => continue,
            "backward-euler" => 1.0 / 2.0,
            _ => 2.0 / 3.0,
        };
        let time = format!("scheme = \"{scheme}\"\ntolerance = {relative}");
        let error = largest_difference(&solved(&system(&time), 1), &exact);
        let beside = error / relative.powf(power);
        assert!((1e-4..0.4).contains(&beside), "{scheme} {relative}: {error} {beside}");
    }
    // Diffusion to late times, of which explicit schemes need 20 000 steps.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 100 }\n[equations]\nu = \"laplace(u)\"\n\
                [initial]\nu = \"where(x < 0.3, 1, 0)\"\n[time]\nend = 1\nscheme = \"tr-bdf2\"\n\
                tolerance = 1e-4\n";
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(1.0).unwrap();
    assert!(report.steps < 400, "{report}");
    assert!((simulation.field("u").unwrap()[[50]] - 0.3).abs() < 1e-3);
}

/// Systems, boundaries and reductions of many kinds: on threads with the same bits.
#[test]
fn bits_are_the_same_on_1_to_4_ranks() {
    for scheme in SCHEMES {
        solve(&system(&format!("dt = 0.05\nscheme = \"{scheme}\"")));
    }
    for scheme in SCHEMES {
        solve(&system(&format!("scheme = \"{scheme}\"\ntolerance = 1e-3")));
    }
    for (grid, equation) in [
        (
            "x = { bounds = [0, 1], cells = 13, periodic = true }\n\
          y = { bounds = [0, 1], cells = 70 }",
            "0.1*laplace(u) + average(u) - u^3 + max(u)*0.1",
        ),
        (
            "x = { bounds = [0, 1], cells = 8 }\ny = { bounds = [0, 2], cells = 9, periodic = true }\n\
          z = { bounds = [0, 1], cells = 11 }",
            "diffusion(1 + u^2, u) + 0.3*d_dx(u)",
        ),
        ("geometry = \"spherical\"\nr = { bounds = [0, 2], cells = 40 }", "laplace(u + u^3)"),
        (
            "geometry = \"cylindrical\"\nr = { bounds = [0, 2], cells = 12 }\n\
          z = { bounds = [0, 1], cells = 66 }",
            "-laplace(laplace(u))*1e-3 + gradient_squared(u)",
        ),
    ] {
        solve(&format!(
            "[grid]\n{grid}\n[equations]\nu = \"{equation}\"\n[initial]\nu = \"0.3\"\n\
             [time]\nend = 0.1\ndt = 0.02\nscheme = \"sdirk2\"\n"
        ));
    }
}

/// Conditions that depend on the values at the wall, on other fields and on the whole domain are part of the
/// Jacobian matrix: Newton's method converges in a few corrections.
#[test]
fn conditions_are_part_of_the_matrix() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[equations]\nu = \"laplace(u)\"\n\
                v = \"laplace(v) - u\"\n[boundary.u]\n\"x-\" = { derivative = \"-3*value^4\" }\n\
                \"x+\" = { derivative = \"2*(v - u) + average(u)\" }\n[boundary.v]\n\
                \"x-\" = { value = \"u^2\" }\n\"x+\" = { mixed = { coefficient = \"1 + u\", value = 1 } }\n\
                [initial]\nu = 1\nv = 0.5\n[time]\nend = 1\ndt = 0.1\nscheme = \"backward-euler\"\n";
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    simulation.run_until(1.0).unwrap();
    let corrections = simulation.iterations().unwrap().nonlinear;
    assert!(corrections <= 50, "{corrections} corrections in 10 steps");
    solve(text);
}

/// Cahn–Hilliard at a thousand times the limit of explicit schemes: the energy falls in every step, and the
/// mass stays. The equations of such steps have several solutions; plain Newton's method finds ones with the
/// energies below (SciPy), which is not what the solution in time leads to.
#[test]
fn energy_falls_and_mass_stays() {
    let text = "[grid]\nx = { bounds = [0, 16], cells = 20, periodic = true }\n\
                y = { bounds = [0, 16], cells = 20, periodic = true }\n[define]\n\
                mu = \"c^3 - c - laplace(c)\"\n[equations]\nc = \"laplace(mu)\"\n[initial]\n\
                c = \"0.1*cos(pi*x/8)*cos(pi*y/4) + 0.15*sin(pi*x/4 + pi*y/8) + 0.05\"\n\
                [time]\nend = 64\ndt = 12.8\nscheme = \"backward-euler\"\n";
    let problem = problem(text);
    let mut simulation = problem
        .simulation(&World::solo())
        .number("mass", "integral(c)")
        .number("energy", "integral((c^2 - 1)^2/4 - c*laplace(c)/2)")
        .build()
        .unwrap();
    let (mass, mut energy) =
        (simulation.number("mass").unwrap(), simulation.number("energy").unwrap());
    for known in [45.3600577, 42.3509903, 42.2439050, 42.2387864, 42.2370505] {
        simulation.step().unwrap();
        let now = simulation.number("energy").unwrap();
        assert!(now < energy && now < known, "{now} after {energy}");
        energy = now;
        let drift = (simulation.number("mass").unwrap() - mass).abs() / mass;
        assert!(drift < 1e-13, "{drift}");
    }
}

/// Allen–Cahn at a thousand times the limit of explicit schemes, with cells so small that steps are still shorter than
/// the time in which the phases part: longer ones have several solutions. On 1 rank.
#[test]
fn energy_falls_where_phases_are_not_kept() {
    // The limit is h²/(4·D) for cells of size h.
    let (h, diffusivity) = (1.0 / 48.0, 0.14);
    let dt = 1000.0 * h * h / (4.0 * diffusivity);
    assert!(dt < 1.0);
    let text = format!(
        "[grid]\nx = {{ bounds = [0, 2], cells = 96, periodic = true }}\ny = {{ bounds = [0, 1], cells = 48 }}\n\
         [parameters]\nD = {diffusivity}\n[equations]\nc = \"D*laplace(c) + c - c^3\"\n[initial]\n\
         c = \"0.1*cos(pi*x) + 0.2*sin(9*x)*cos(7*pi*y) + 0.05\"\n\
         [time]\nend = 100\ndt = {dt}\nscheme = \"backward-euler\"\n"
    );
    let problem = problem(&text);
    let mut simulation = problem
        .simulation(&World::solo())
        .number("energy", "integral((c^2 - 1)^2/4 - D*c*laplace(c)/2)")
        .number("lowest", "min(c)")
        .build()
        .unwrap();
    let mut energy = simulation.number("energy").unwrap();
    for step in 0..15 {
        simulation.step().unwrap();
        let now = simulation.number("energy").unwrap();
        assert!(now < energy, "{step}: {now} after {energy}");
        energy = now;
    }
    // One phase is left.
    assert!(simulation.number("lowest").unwrap() > 0.9 && energy < 0.01, "{energy}");
}

#[test]
fn a_step_without_a_solution_is_told_of_on_1_to_3_ranks() {
    // u' = 1 + u² has no solution beyond t = π/4, and by backward Euler none for such steps.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 12 }\n[equations]\nu = \"1 + u^2 + laplace(u)\"\n\
                [initial]\nu = 1\n[time]\nend = 2\ndt = 1\nscheme = \"backward-euler\"\n";
    for ranks in 1..=3 {
        let found = threads::run(ranks, |world| {
            let problem = problem(text);
            let mut simulation = problem.simulation(world).build().unwrap();
            Ok::<_, Error>(simulation.run_until(2.0).unwrap_err())
        });
        for error in found.unwrap() {
            let Error::NotSolved { at: Some(step), .. } = error else { panic!("{error}") };
            assert!(
                step.dt == 1.0 / 1024.0 && (0.5..PI / 4.0 + 0.05).contains(&step.time),
                "{step:?}"
            );
        }
    }
}

/// v − dt·v² = u has a solution for dt ≤ 1/(4u) only: from 1 not for steps of 0.3, and later not for half of that.
#[test]
fn a_step_without_a_solution_is_halved_on_1_to_4_ranks() {
    for scheme in SCHEMES.into_iter().filter(|scheme| *scheme != "tr-bdf2") {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"u^2\"\n[initial]\nu = 1\n\
             [time]\nend = 0.6\ndt = 0.3\nscheme = \"{scheme}\"\n"
        );
        let found = solve(&text)[0][0];
        // The exact solution is 2.5; such steps are coarse.
        assert!((1.9..8.0).contains(&found), "{scheme}: {found}");
        let problem = problem(&text);
        let world = World::solo();
        let mut simulation = problem.simulation(&world).build().unwrap();
        let report = simulation.run_until(0.6).unwrap();
        if scheme == "backward-euler" {
            assert!(report.rejected_steps >= 2 && report.steps > 4, "{report}");
        }
        assert_eq!(simulation.time(), 0.6);
    }
}

/// Modes that decay at different speeds in each cell, up to a thousand times as fast as the solution changes:
/// the diagonal of the matrix is that of all fields of a cell.
#[test]
fn stiff_reactions_take_few_iterations() {
    let text = "[grid]\nx = { bounds = [0, 3], cells = 12 }\n[equations]\nu = \"v\"\n\
                v = \"10^x*(1 - u^2)*v - u\"\n[initial]\nu = 2\nv = 0\n[time]\nend = 2\n\
                scheme = \"tr-bdf2\"\ntolerance = 1e-4\n";
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(2.0).unwrap();
    assert!(report.steps < 200, "{report}");
    let iterations = simulation.iterations().unwrap();
    assert!(iterations.linear < 4 * iterations.nonlinear, "{iterations:?}");
}

/// A radius with the exact solution of slow decay.
#[test]
fn decay_in_a_ball_is_exact_in_the_limit() {
    let text = "[grid]\ngeometry = \"spherical\"\nr = { bounds = [0, 1], cells = 50 }\n[equations]\n\
                u = \"laplace(u)\"\n[boundary]\n\"r+\" = { value = 0 }\n[initial]\n\
                u = \"sin(pi*r)/r\"\n[time]\nend = 0.1\nscheme = \"tr-bdf2\"\ntolerance = 1e-6\n";
    let found = solved(text, 1);
    let exact = (-PI * PI * 0.1_f64).exp() * PI;
    assert!((found[0][0] / exact - 1.0).abs() < 1e-3, "{} {exact}", found[0][0]);
}

/// The flux at a wall is that of the whole equation, however it is cut in two.
#[test]
fn parts_are_chosen_or_found() {
    let text = |parts: &str, scheme: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 40 }}\n[equations]\n\
             u = \"0.1*laplace(u) + diffusion(0.2 + 0.1*x, u) - u^3 + 0.3*d_dx(u)\"\n[boundary]\n\
             \"x-\" = {{ flux = 0.2 }}\n\"x+\" = {{ value = \"sin(3*t)\" }}\n[initial]\nu = 0.5\n\
             [time]\nend = 0.4\nscheme = \"{scheme}\"\n{parts}\n"
        )
    };
    let exact = solved(&text("tolerance = 1e-10", "tsit5"), 1);
    for scheme in ["ark3", "ark4"] {
        for parts in ["", "implicit = { u = \"diffusion(0.2 + 0.1*x, u)\" }"] {
            let at = |tolerance: &str| text(&format!("tolerance = {tolerance}\n{parts}"), scheme);
            let difference = largest_difference(&solved(&at("1e-7"), 1), &exact);
            assert!(difference < 3e-6, "{scheme} {parts}: {difference}");
            solve(&at("1e-4"));
        }
    }
    for (scheme, order) in [("imex-euler", 1.0), ("ars222", 2.0), ("ars233", 3.0), ("ars443", 3.0)]
    {
        // Of higher orders what holds at a wall at each moment leaves the second.
        let errors = [0.004, 0.002]
            .map(|dt| largest_difference(&solved(&text(&format!("dt = {dt}"), scheme), 1), &exact));
        let found = (errors[0] / errors[1]).log2();
        assert!(found > f64::min(order, 2.0) - 0.2, "{scheme}: {found} from {errors:?}");
    }
}

/// What changes by less than the solver would notice in a step changes all the same.
#[test]
fn slow_changes_are_not_lost() {
    for scheme in SCHEMES {
        let found = solved(
            &format!(
                "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\n\
                 T = \"laplace(T) + 1e-6\"\nu = \"1e-12\"\n[initial]\nT = 300\nu = 0\n\
                 [time]\nend = 10\ndt = 0.01\nscheme = \"{scheme}\"\n"
            ),
            1,
        );
        let (heated, grown) = (found[0][3] - 300.0, found[1][3]);
        assert!((heated / 1e-5 - 1.0).abs() < 0.03, "{scheme}: {heated}");
        assert!((grown / 1e-11 - 1.0).abs() < 0.03, "{scheme}: {grown}");
    }
}

/// What is kept at first need not be kept later.
#[test]
fn what_is_kept_is_found_anew() {
    solve(
        "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[equations]\n\
         u = \"laplace(u) - 1000*u^3 + 1 + where(t > 1, -5*u, 0)\"\n[initial]\nu = 0\n\
         [time]\nend = 3\ndt = 0.5\nscheme = \"backward-euler\"\n",
    );
}

#[test]
fn what_overflows_is_told() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[equations]\nu = \"laplace(u) + u^2\"\n\
                [initial]\nu = 1e200\n[time]\nend = 1\ndt = 0.5\nscheme = \"imex-euler\"\n";
    let problem = problem(text);
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    assert!(simulation.run_until(1.0).is_err());
    // What grows without end does not make steps be rejected for ever.
    for scheme in SCHEMES {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"laplace(laplace(u)) + 1\"\n\
             [boundary.u]\nx = {{ mixed = {{ coefficient = 2, value = 0.7 }} }}\n[initial]\nu = \"0.5 + 0.1*x\"\n\
             [time]\nend = 0.3\nscheme = \"{scheme}\"\ntolerance = 1e-3\n"
        );
        let problem = self::problem(&text);
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let error = simulation.run_until(0.3).unwrap_err();
        assert!(matches!(error, Error::NotSolved { at: Some(_), .. }), "{scheme}: {error}");
    }
}

/// A jump of temperature in long steps: modes that decay fast turn their sign in each step of the trapezoidal rule, hardly
/// smaller, unless they are damped first (Rannacher 1984, Numer. Math. 43, 309). On 1 to 4 ranks.
#[test]
fn a_jump_is_damped_by_rannachers_start_and_stepped_in_second_order() {
    let text = |dt: f64, scheme: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 200 }}\n[equations]\nu = \"laplace(u)\"\n\
             [boundary.u]\nx = {{ value = 0 }}\n[initial]\nu = \"where(x < 0.4, 1, 0)\"\n[solver]\ntolerance = 1e-12\n\
             [time]\nend = 0.1\ndt = {dt}\nscheme = \"{scheme}\"\n"
        )
    };
    let exact = text(1.0, "tsit5").replace("dt = 1\n", "tolerance = 1e-9\n");
    let exact = solved(&exact, 1);
    let error = |dt: f64, scheme: &str| largest_difference(&solve(&text(dt, scheme)), &exact);
    let errors = [0.02, 0.01, 0.005].map(|dt| error(dt, "crank-nicolson-rannacher"));
    let order = (errors[1] / errors[2]).log2();
    assert!(errors[1] < 1e-3 && order > 1.8, "{order} from {errors:?}");
    assert!(error(0.01, "crank-nicolson") > 0.1);
}

/// Waves lose nothing by Crank–Nicolson, however much longer than their periods its steps are.
#[test]
fn steps_of_crank_nicolson_keep_what_oscillates() {
    let text = "[grid]\nx = { bounds = [-10, 10], cells = 128, periodic = true }\n[fields]\n\
                psi = { rank = \"scalar\", dtype = \"complex\" }\n[equations]\npsi = \"0.5*i*laplace(psi)\"\n\
                [initial]\npsi = \"where(abs(x) < 1, 1, 0)\"\n[solver]\ntolerance = 1e-13\n\
                [time]\nend = 5\ndt = 0.5\nscheme = \"crank-nicolson\"\n";
    let found = solve(text);
    let norm: f64 = found.iter().flatten().map(|x| x * x).sum::<f64>() * 20.0 / 128.0;
    let before = 12.0 * 20.0 / 128.0;
    assert!((norm - before).abs() < 1e-9, "{norm} {before}");
}

/// The error of a step is that of the scheme: u' = u has steps as long as the leading term of the error allows, and at the end
/// the error that all of them have.
#[test]
fn former_states_tell_the_error_of_a_step() {
    for (scheme, order, constant) in [
        ("backward-euler", 1, 0.5),
        ("crank-nicolson", 2, 1.0 / 12.0),
        ("bdf2", 2, 2.0 / 9.0),
        ("sdirk2", 2, (3.0 * 2f64.sqrt() - 4.0) / 6.0),
    ] {
        let relative: f64 = if order == 1 { 1e-4 } else { 1e-6 };
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 4 }}\n[equations]\nu = \"u\"\n[initial]\nu = 1\n\
             [time]\nend = 4\nscheme = \"{scheme}\"\ntolerance = {{ relative = {relative}, absolute = 1e-12 }}\n"
        );
        let world = World::solo();
        let problem = problem(&text);
        let mut simulation = problem.simulation(&world).build().unwrap();
        let report = simulation.run_until(4.0).unwrap();
        // Proportional-integral control settles where 0.9·err^(−0.3/p) = 1, p = order + 1.
        let p = f64::from(order + 1);
        let error = relative * 0.9f64.powf(p / 0.3);
        let steps = 4.0 / (error / constant).powf(1.0 / p);
        let found = report.steps as f64 / steps;
        assert!((0.95..1.1).contains(&found), "{scheme}: {report} {found}");
        // What the two-step formula adds in a step grows by half in those that follow.
        let error = if scheme == "bdf2" { 1.5 * error } else { error };
        let found =
            (simulation.field("u").unwrap()[[0]] / 4f64.exp() - 1.0).abs() / (error * steps);
        assert!((0.8..1.2).contains(&found), "{scheme}: {found}");
    }
}

/// √u has no value below 0, where a parabola through the last states may lead: u = (1 − t/2)² comes near it. On 1 rank.
#[test]
fn what_is_predicted_may_have_no_rates() {
    for scheme in SCHEMES {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 6 }}\n[equations]\nu = \"-sqrt(u)\"\n[initial]\nu = 1\n\
             [time]\nend = 1.99\nscheme = \"{scheme}\"\ntolerance = 1e-3\n"
        );
        let problem = problem(&text);
        let mut simulation = problem.simulation(&World::solo()).build().unwrap();
        let report = simulation.run_until(1.99).unwrap();
        let found = simulation.field("u").unwrap()[[0]];
        assert!((found - 2.5e-5).abs() < 5e-3, "{scheme}: {found}");
        assert!(report.rejected_steps <= 12, "{scheme}: {report}");
    }
}
