//! Unknowns that are found for every state of which rates are computed.

#[path = "common/solving.rs"]
mod solving;

use fluxions::comm::threads;
use fluxions::prelude::*;
use fluxions::solver::Error;
use solving::{solve, solved};

/// Chemotaxis, with a field that follows the density at once.
fn chemotaxis(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 4], cells = 20 }}\ny = {{ bounds = [0, 4], cells = 70 }}\n\
         [equations]\nrho = \"laplace(rho) - diffusion(4*rho, phi)\"\n[solve]\n\
         phi = \"laplace(phi) - phi = -rho\"\n[initial]\n\
         rho = \"1 + 0.5*exp(-2*((x - 1.7)^2 + (y - 2.2)^2))\"\n[time]\nend = 0.01\n{time}\n"
    )
}

#[test]
fn bits_are_the_same_on_1_to_4_ranks_for_every_kind_of_scheme() {
    for time in [
        "dt = 0.0005\nscheme = \"rk4\"",
        "dt = 0.0005\nscheme = \"euler\"",
        "scheme = \"tsit5\"\ntolerance = 1e-5",
        "scheme = \"bogacki-shampine\"\ntolerance = 1e-5",
        "scheme = \"rkc2\"\ntolerance = 1e-4",
        "dt = \"auto\"",
    ] {
        solve(&chemotaxis(time));
    }
}

#[test]
fn schemes_agree() {
    let exact = solved(&chemotaxis("scheme = \"dormand-prince\"\ntolerance = 1e-9"), 1);
    for (time, most) in [
        ("scheme = \"rkc2\"\ntolerance = 1e-6", 1e-5),
        ("scheme = \"bogacki-shampine\"\ntolerance = 1e-6", 1e-5),
        ("dt = 0.0002\nscheme = \"ssprk3\"", 1e-6),
    ] {
        let found = solved(&chemotaxis(time), 1);
        let both = found.iter().flatten().zip(exact.iter().flatten());
        let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference < most, "{time}: {difference}");
    }
}

/// What is written belongs together: the unknown is that of the fields beside it, at first and at last.
#[test]
fn unknowns_are_those_of_the_fields_beside_them() {
    let text = chemotaxis("dt = 0.0005\nscheme = \"rk4\"");
    let problem = Problem::parse("test.toml", &text).unwrap();
    let residual = "max(abs(laplace(phi) - phi + rho))";
    let world = World::solo();
    let builder = problem.simulation(&world).number("residual", residual);
    let mut simulation = builder.build().unwrap();
    assert!(simulation.number("residual").unwrap() < 1e-8);
    simulation.run_until(0.01).unwrap();
    assert!(simulation.number("residual").unwrap() < 1e-8);
    assert!(simulation.iterations().unwrap().linear > 0);
}

/// Ions between plates of the same potential: charges and potential vanish, and no ion is lost.
#[test]
fn charges_relax() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 40 }\n[equations]\n\
                p = \"laplace(p) + diffusion(p, phi)\"\nn = \"laplace(n) - diffusion(n, phi)\"\n\
                [solve]\nphi = \"0.01*laplace(phi) = n - p\"\n[boundary.phi]\nx = { value = 0 }\n\
                [boundary.p]\nx = { flux = 0 }\n[boundary.n]\nx = { flux = 0 }\n\
                [initial]\np = \"1 + 0.3*cos(pi*x)\"\nn = \"1 - 0.3*cos(pi*x)\"\n\
                [time]\nend = 0.3\ntolerance = 1e-6\n";
    let found = solve(text);
    let mean = |field: &[f64]| field.iter().sum::<f64>() / field.len() as f64;
    assert!((mean(&found[0]) - 1.0).abs() < 1e-12 && (mean(&found[1]) - 1.0).abs() < 1e-12);
    let largest = found[2].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    assert!(largest < 1e-3, "{largest}");
}

/// A sum of sources that is not 0 has no potential: it is told before the first step.
#[test]
fn what_has_no_solution_is_told_before_the_first_step_on_1_and_2_ranks() {
    let text =
        chemotaxis("dt = 0.0005").replace("laplace(phi) - phi = -rho", "laplace(phi) = -rho");
    for ranks in [1, 2] {
        let found = threads::run(ranks, |world| {
            let problem = Problem::parse("test.toml", &text).unwrap();
            let built = problem.simulation(world).build();
            Ok::<_, Error>(built.err().unwrap().0.remove(0))
        });
        for error in found.unwrap() {
            assert!(matches!(error, Error::Incompatible { .. }), "{error}");
        }
    }
}

/// In a thousand solutions an unknown that is known but for a constant keeps the average 0, between ends that are joined
/// and between walls that nothing passes. On 3 ranks and on 1.
#[test]
fn the_average_of_an_unknown_does_not_drift() {
    for (periodic, ranks) in [("", 1), (", periodic = true", 3)] {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 14{periodic} }}\ny = {{ bounds = [0, 2], cells = 20{periodic} }}\n\
             [equations]\nw = \"diffusion(0.01 + 0.1*w^2, w) + diffusion(0.3*w, psi)\"\n\
             [solve]\npsi = \"laplace(psi) = -w\"\n[initial]\nw = \"cos(2*pi*x)*cos(pi*y) + 0.3*cos(pi*y)\"\n\
             [time]\nend = 0.25\ndt = 0.001\nscheme = \"rk4\"\n"
        );
        let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
        let run = |world: &World| {
            let builder = problem.simulation(world).number("mean", "average(psi)");
            let mut simulation = builder.number("size", "max(abs(psi))").build().unwrap();
            let solutions = simulation.run_until(0.25)?.iterations.unwrap().nonlinear;
            let [mean, size] = ["mean", "size"].map(|name| simulation.number(name).unwrap());
            Ok::<_, Error>((solutions, mean, size))
        };
        for (solutions, mean, size) in threads::run(ranks, run).unwrap() {
            assert!(solutions >= 1000, "{solutions}");
            assert!(size > 1e-3 && mean.abs() <= 1e-12 * size, "{ranks}{periodic}: {mean} {size}");
        }
    }
}

/// A flow comes to rest in a box whose lid moves: vorticities at the walls, and with them rates, see errors of the stream
/// function 8/dx² times as large. On 1 rank.
#[test]
fn implicit_steps_go_on_where_nothing_changes_any_more() {
    for tolerance in ["", "[solver]\ntolerance = 1e-6\n", "[solver]\ntolerance = 1e-12\n"] {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\ny = {{ bounds = [0, 1], cells = 16 }}\n\
             [define]\nu = \"d_dy(psi)\"\nv = \"-d_dx(psi)\"\n[equations]\n\
             w = \"laplace(w)/100 - d_dx(u*w) - d_dy(v*w)\"\n[solve]\npsi = \"laplace(psi) = -w\"\n\
             [boundary.psi]\nx = {{ value = 0 }}\ny = {{ value = 0 }}\n\
             [boundary.w]\nx = {{ value = \"-8*cell(psi)/dx^2\" }}\n\
             \"y-\" = {{ value = \"-8*cell(psi)/dy^2\" }}\n\"y+\" = {{ value = \"-8*cell(psi)/dy^2 - 4/dy\" }}\n\
             [initial]\nw = 0\n[time]\nend = 60\ndt = 1\nscheme = \"sdirk2\"\n{tolerance}"
        );
        let found = solved(&text, 1);
        let lowest = found[1].iter().copied().fold(0.0, f64::min);
        assert!((-0.1..-0.08).contains(&lowest), "{tolerance}: {lowest}");
    }
}

/// What an operator in [solve] is applied to is stored in the midst of a step, beside the stages of the step.
#[test]
fn an_unknown_that_is_given_outright_is_as_good_as_its_formula_on_1_to_4_ranks() {
    let text = |equations: &str, time: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 18 }}\ny = {{ bounds = [0, 1], cells = 12 }}\n\
             {equations}\n[initial]\nu = \"1 + 0.5*cos(pi*x)*cos(pi*y)\"\n\
             [solver]\ntolerance = 1e-13\n[time]\nend = 0.02\n{time}\n"
        )
    };
    for (time, most) in [
        ("dt = 0.0005\nscheme = \"rk4\"", 1e-9),
        ("tolerance = 1e-6\nscheme = \"dormand-prince\"", 3e-6),
        ("tolerance = 1e-6\nscheme = \"rkc2\"", 3e-6),
    ] {
        let solved_for = "[equations]\nu = \"p - u\"\n[solve]\np = \"p = laplace(u^2)\"";
        let found = solve(&text(solved_for, time));
        let formula = "[define]\np = \"laplace(u^2)\"\n[equations]\nu = \"p - u\"";
        let exact = solved(&text(formula, time), 1);
        let both = found[0].iter().zip(&exact[0]);
        let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference < most, "{time}: {difference}");
    }
}

/// Output within steps shows the unknowns of the state there.
#[test]
fn output_within_steps_belongs_together() {
    let text = chemotaxis("scheme = \"rkc2\"\ntolerance = 1e-4");
    let problem = Problem::parse("test.toml", &text).unwrap();
    let world = World::solo();
    let builder =
        problem.simulation(&world).number("residual", "max(abs(laplace(phi) - phi + rho))");
    let every = Every::Times(vec![0.0013, 0.0051, 0.0077]);
    let mut simulation = builder
        .track(every, |now: &mut Snapshot<'_>| {
            let residual = now.number("residual")?;
            assert!(residual < 1e-7, "{residual} at {}", now.time());
            Ok(GO_ON)
        })
        .build()
        .unwrap();
    simulation.run_until(0.01).unwrap();
}

/// What is checked on a part of a large grid need not balance there.
#[test]
fn parts_of_large_grids_need_not_balance() {
    let text = "[grid]\nx = { bounds = [0, \"2*pi\"], cells = 300, periodic = true }\n\
                y = { bounds = [0, \"2*pi\"], cells = 200, periodic = true }\n[equations]\n\
                w = \"d_dx(psi)*d_dy(w) - d_dy(psi)*d_dx(w) + 0.1*laplace(w)\"\n[solve]\n\
                psi = \"laplace(psi) = -w\"\n[initial]\nw = \"2*sin(x)*sin(y)\"\n\
                [time]\nend = 2\ndt = \"auto\"\nscheme = \"rkc2\"\n";
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    problem.check().unwrap();
}

/// Taylor–Green vortices by velocity and pressure, which decay as exp(−2νt): of second order in space, without
/// chequering, and with few iterations, since it counts how far the equation of the pressure sees the pressure and not
/// how far it sees the velocity.
#[test]
fn pressures_keep_a_flow_free_of_divergence() {
    let text = |cells: usize| {
        format!(
            "[grid]\nx = {{ bounds = [0, \"2*pi\"], cells = {cells}, periodic = true }}\n\
             y = {{ bounds = [0, \"2*pi\"], cells = {cells}, periodic = true }}\n[fields]\nU = \"vector\"\n\
             [equations]\nU = \"0.05*vector_laplace(U) - advect(U, U) - gradient(p)\"\n\
             [solve]\np = \"laplace(p) = 10*divergence(U) - divergence(advect(U, U))\"\n\
             [initial]\nU = [\"sin(x)*cos(y)\", \"-cos(x)*sin(y)\"]\n\
             [time]\nend = 1\ndt = 0.05\nscheme = \"ssprk3\"\n"
        )
    };
    let error = |cells: usize| {
        let h = 2.0 * std::f64::consts::PI / cells as f64;
        let centre = |k: usize| (k as f64 + 0.5) * h;
        let speeds = solved(&text(cells), 1)[0].clone();
        let decay = (-0.1f64).exp();
        let exact = |k: usize| centre(k / cells).sin() * centre(k % cells).cos() * decay;
        (0..cells * cells).map(|k| (speeds[k] - exact(k)).abs()).fold(0.0, f64::max)
    };
    let (coarse, fine) = (error(16), error(32));
    assert!(fine < 0.01 && (coarse / fine).log2() > 1.8, "{coarse} {fine}");
    solve(&text(16));
    let problem = Problem::parse("test.toml", &text(64)).unwrap();
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let report = simulation.run_until(0.2).unwrap();
    let iterations = report.iterations.unwrap();
    assert!(iterations.linear <= 10 * iterations.nonlinear, "{report}");
}

/// Ions that move in the field that they make (Poisson–Nernst–Planck), where charges relax thirty times faster
/// than ions diffuse. Implicit steps know how the potential changes with the charges.
fn ions(time: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 24 }}\n[equations]\n\
         p = \"laplace(p) + diffusion(p, phi)\"\nn = \"laplace(n) - diffusion(n, phi)\"\n\
         [solve]\nphi = \"0.03*laplace(phi) = n - p\"\n[boundary.phi]\nx = {{ value = 0 }}\n\
         [boundary.p]\nx = {{ flux = 0 }}\n[boundary.n]\nx = {{ flux = 0 }}\n\
         [initial]\np = \"1 + 0.3*cos(pi*x)\"\nn = \"1 - 0.3*cos(pi*x)\"\n\
         [solver]\ntolerance = 1e-12\n[time]\nend = 0.02\n{time}\n"
    )
}

fn largest_difference(found: &[Vec<f64>], exact: &[Vec<f64>]) -> f64 {
    let both = found.iter().flatten().zip(exact.iter().flatten());
    both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn implicit_steps_beside_unknowns_have_their_orders() {
    let exact = solved(&ions("scheme = \"dormand-prince\"\ntolerance = 1e-11"), 1);
    for (scheme, order) in [
        ("backward-euler", 1.0),
        ("crank-nicolson", 2.0),
        ("bdf2", 2.0),
        ("tr-bdf2", 2.0),
        ("sdirk2", 2.0),
        // Errors of 1e-9 are near those of the solver.
        ("sdirk4", 2.5),
        ("ars222", 2.0),
        ("ark3", 3.0),
    ] {
        let error = |dt: &str| {
            let found = solved(&ions(&format!("scheme = \"{scheme}\"\ndt = {dt}")), 1);
            largest_difference(&found, &exact)
        };
        let (coarse, fine) = (error("0.0005"), error("0.00025"));
        let found = (coarse / fine).log2();
        assert!(found > order - 0.3, "{scheme}: {found}, {coarse} {fine}");
    }
}

#[test]
fn implicit_steps_beside_unknowns_have_the_same_bits_on_1_to_4_ranks() {
    for time in [
        "scheme = \"tr-bdf2\"\ntolerance = 1e-4",
        "scheme = \"bdf2\"\ndt = 0.002",
        "scheme = \"bdf2\"\ntolerance = 1e-4",
        "scheme = \"ark3\"\ntolerance = 1e-4",
    ] {
        let found = solve(&ions(time));
        let total = |field: &[f64]| field.iter().sum::<f64>() / field.len() as f64;
        assert!((total(&found[0]) - 1.0).abs() < 1e-11, "{time}: {}", total(&found[0]));
    }
}

/// Vortices with a stream function, whose viscous terms are implicit: Taylor–Green vortices decay as exp(−2νt), with
/// the eigenvalue of the grid.
#[test]
fn a_flow_with_implicit_viscosity_decays_as_it_should() {
    let text = |scheme: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, \"2*pi\"], cells = 20, periodic = true }}\n\
             y = {{ bounds = [0, \"2*pi\"], cells = 24, periodic = true }}\n[equations]\n\
             w = \"d_dx(psi)*d_dy(w) - d_dy(psi)*d_dx(w) + 0.5*laplace(w)\"\n\
             [solve]\npsi = \"laplace(psi) = -w\"\n[initial]\nw = \"2*cos(x)*cos(y)\"\n\
             [time]\nend = 1\ndt = 0.1\n{scheme}\n"
        )
    };
    let of_axis = |cells: f64| {
        let h = 2.0 * std::f64::consts::PI / cells;
        (2.0 - 2.0 * h.cos()) / (h * h)
    };
    let decay = (-0.5 * (of_axis(20.0) + of_axis(24.0))).exp();
    let first = {
        let [x, y] = [20.0, 24.0].map(|cells: f64| (std::f64::consts::PI / cells).cos());
        2.0 * x * y
    };
    for scheme in [
        "scheme = \"ark4\"",
        "scheme = \"ark3\"\nimplicit = { w = \"0.5*laplace(w)\" }",
        "scheme = \"sdirk2\"",
    ] {
        let found = solve(&text(scheme))[0][0];
        let error = (found / (first * decay) - 1.0).abs();
        assert!(error < 2e-3, "{scheme}: {found} {}", first * decay);
    }
}

/// The vorticity at a wall is 8/dx² times the stream function in the cell there, which makes modes that are faster than
/// those of the diffusion alone: their step is not stable, that of dt = "auto" is.
#[test]
fn steps_of_dt_auto_know_how_unknowns_act_at_walls() {
    let cells = 24;
    let text = |dt: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = {cells} }}\ny = {{ bounds = [0, 1], cells = {cells} }}\n\
             [equations]\nw = \"0.01*laplace(w)\"\n[solve]\npsi = \"laplace(psi) = -w\"\n[boundary.psi]\n\
             x = {{ value = 0 }}\ny = {{ value = 0 }}\n[boundary.w]\nx = {{ value = \"-8*cell(psi)/dx^2\" }}\n\
             y = {{ value = \"-8*cell(psi)/dy^2\" }}\n[initial]\nw = \"sin(7*x)*y + x*cos(19*y)\"\n\
             [time]\nend = 3\ndt = {dt}\nscheme = \"euler\"\n"
        )
    };
    let largest = |dt: &str| {
        let problem = Problem::parse("test.toml", &text(dt)).unwrap_or_else(|e| panic!("{e:?}"));
        let world = World::solo();
        let mut simulation = problem.simulation(&world).build().unwrap();
        let end = simulation.run_until(3.0).map(|_| ());
        let values =
            simulation.field("w").unwrap().iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        (end, values, problem.times.dt)
    };
    let (end, values, dt) = largest("\"auto\"");
    assert!(end.is_ok() && values < 3.0, "{end:?} {values}");
    // That of the diffusion: h²/(4 D).
    let alone = 1.0 / f64::from(cells * cells) / (4.0 * 0.01);
    assert!((0.2..0.78).contains(&(dt / alone)), "{dt} {alone}");
    let (end, values, _) = largest(&format!("{}", 0.98 * alone));
    assert!(end.is_err() || values > 1e3, "{end:?} {values}");
}
