//! Steady states of fields beside which others are found: unknowns of [solve], and unknowns without space.

#[path = "common/solving.rs"]
mod solving;

use fluxions::prelude::*;
use solving::{solve, solved};

/// Ions of one kind before charges that stay in place, between two walls that they cannot pass.
fn ions(cells: usize) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = {cells} }}\n[equations]\n\
         c = \"laplace(c) + diffusion(c, phi)\"\n[solve]\nphi = \"0.1*laplace(phi) = 1 - c\"\n\
         [boundary]\nx = {{ flux = 0 }}\n[boundary.phi]\n\"x-\" = {{ value = 1 }}\n\"x+\" = {{ value = 0 }}\n\
         [initial]\nc = 1\n[time]\nmode = \"steady\"\n"
    )
}

/// Where nothing flows, the density is that of Boltzmann's law, c ~ exp(−phi), and the amount is that at first.
#[test]
fn ions_at_rest_follow_the_law_of_boltzmann() {
    let differs = |cells: usize| {
        let found = solve(&ions(cells));
        let (c, phi) = (&found[0], &found[1]);
        let amount = c.iter().sum::<f64>() / cells as f64;
        assert!((amount - 1.0).abs() < 1e-13, "{amount}");
        let products: Vec<f64> = c.iter().zip(phi).map(|(c, phi)| c * phi.exp()).collect();
        let mean = products.iter().sum::<f64>() / cells as f64;
        products.iter().map(|x| (x / mean - 1.0).abs()).fold(0.0, f64::max)
    };
    let (coarse, fine) = (differs(24), differs(48));
    assert!(fine < 2e-3 && (coarse / fine).log2() > 1.8, "{coarse} {fine}");
}

/// The flow in a box whose lid moves, by its vorticity and stream function.
#[test]
fn a_flow_settles_to_what_steps_lead_to() {
    let text = |time: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\ny = {{ bounds = [0, 1], cells = 12 }}\n\
             [equations]\nw = \"d_dx(psi)*d_dy(w) - d_dy(psi)*d_dx(w) + laplace(w)/50\"\n\
             [solve]\npsi = \"laplace(psi) = -w\"\n[boundary.psi]\nx = {{ value = 0 }}\ny = {{ value = 0 }}\n\
             [boundary.w]\nx = {{ value = \"-8*cell(psi)/dx^2\" }}\n\"y-\" = {{ value = \"-8*cell(psi)/dx^2\" }}\n\
             \"y+\" = {{ value = \"-8*cell(psi)/dx^2 - 4/dx\" }}\n[initial]\nw = 0\n[time]\n{time}\n"
        )
    };
    let steady = solve(&text("mode = \"steady\""));
    let late = solved(&text("end = 100\nscheme = \"tr-bdf2\"\ntolerance = 1e-6"), 1);
    let both = steady.iter().flatten().zip(late.iter().flatten());
    let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(difference < 1e-5, "{difference}");
}

/// The pressure that drives a flow through a channel is what makes its average 1.
#[test]
fn a_number_is_found_with_the_fields_that_follow_it() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[equations]\nu = \"d2_dx2(u) + G\"\n\
                [numbers]\nG = { initial = 0, equation = \"1 - average(u)\" }\n\
                [boundary]\nx = { value = 0 }\n[initial]\nu = 0\n[time]\nmode = \"steady\"\n";
    let u = &solve(text)[0];
    let problem = Problem::parse("test.toml", text).unwrap();
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    simulation.run_until(0.0).unwrap();
    let pressure = simulation.globals()[0];
    let mut sum = 0.0;
    for (k, u) in u.iter().enumerate() {
        let x = (k as f64 + 0.5) / 20.0;
        // The solution of the difference equations.
        let exact = pressure / 2.0 * (x * (1.0 - x) + 0.25 / 400.0);
        assert!((u - exact).abs() < 1e-8, "{u} {exact}");
        sum += u;
    }
    assert!((sum / 20.0 - 1.0).abs() < 1e-8, "{sum}");
}

/// Two numbers that act on a field and on each other, beside an unknown of [solve] that both depend on.
#[test]
fn everything_vanishes_at_once() {
    let rates = [
        "max(abs(laplace(T) + P*exp(-T) - q*T))",
        "abs(1 - average(T*q) - 0.1*P*S)",
        "abs(P^2 - S*(1 + max(T)))",
    ];
    let text = "[grid]\nx = { bounds = [0, 1], cells = 10 }\ny = { bounds = [0, 2], cells = 14, periodic = true }\n\
                [equations]\nT = \"laplace(T) + P*exp(-T) - q*T\"\n[solve]\nq = \"laplace(q) - q + T + 0.1*S*x\"\n\
                [numbers]\nP = { initial = 1, equation = \"1 - average(T*q) - 0.1*P*S\" }\n\
                S = { initial = 0, equation = \"P^2 - S*(1 + max(T))\" }\n[boundary.T]\nx = { value = \"sin(pi*y)\" }\n\
                [initial]\nT = 0\n[time]\nmode = \"steady\"\n";
    solve(text);
    let problem = Problem::parse("test.toml", text).unwrap();
    let world = World::solo();
    let names = ["a", "b", "c"];
    let both = names.into_iter().zip(rates);
    let builder = both.fold(problem.simulation(&world), |b, (name, rate)| b.number(name, rate));
    let mut simulation = builder.build().unwrap();
    assert!(simulation.number("a").unwrap() > 1.0);
    simulation.run_until(0.0).unwrap();
    for (name, most) in names.into_iter().zip([1e-6, 1e-9, 1e-9]) {
        let rate = simulation.number(name).unwrap();
        assert!(rate < most, "{name}: {rate}");
    }
    assert!(simulation.globals().iter().all(|number| *number > 0.1), "{:?}", simulation.globals());
}

/// The lowest mode of a membrane with its rate: steps that would jump over growing modes are not taken.
#[test]
fn a_mode_is_found_with_its_rate() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 12 }\ny = { bounds = [0, 1], cells = 12 }\n[equations]\n\
                u = \"laplace(u) + k*u\"\n[numbers]\nk = { initial = 10, equation = \"1 - integral(u^2)\" }\n\
                [boundary]\nx = { value = 0 }\ny = { value = 0 }\n[initial]\nu = \"30*x*(1 - x)*y*(1 - y)\"\n\
                [time]\nmode = \"steady\"\n";
    solve(text);
    let problem = Problem::parse("test.toml", text).unwrap();
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    simulation.run_until(0.0).unwrap();
    let half = (std::f64::consts::PI / 24.0).sin();
    let exact = 2.0 * 4.0 * 144.0 * half * half;
    let found = simulation.globals()[0];
    assert!((found / exact - 1.0).abs() < 1e-9, "{found} {exact}");
}

/// Beyond the fold of Bratu's problem the solution grows without bounds, which is told after few steps.
#[test]
fn what_grows_without_bounds_has_no_steady_state() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 16 }\ny = { bounds = [0, 1], cells = 16 }\n[equations]\n\
                u = \"laplace(u) + 7*exp(u)\"\n[boundary]\nx = { value = 0 }\ny = { value = 0 }\n[initial]\nu = 0\n\
                [time]\nmode = \"steady\"\n";
    let problem = Problem::parse("test.toml", text).unwrap();
    let mut simulation = problem.simulation(&World::solo()).build().unwrap();
    let error = simulation.run_until(0.0).unwrap_err();
    let fluxions::solver::Error::NotSolved { history, .. } = &error else { panic!("{error}") };
    // No mode that grows was jumped over: the rates fell at first, and grew without end from then on.
    let lowest = history.iter().copied().fold(f64::INFINITY, f64::min);
    let after = history.iter().skip_while(|rate| **rate > lowest).take_while(|rate| **rate < 1e9);
    assert!(after.clone().count() > 20 && after.is_sorted(), "{history:?}");
    assert!(history.last().is_some_and(|rate| *rate > 1e20), "{history:?}");
}
