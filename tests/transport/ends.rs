//! Ends at which values are given: what flows in is the velocity times the value, in the middle of
//! the step.

use fluxions::prelude::*;

use crate::solving::{solve, solved};

/// The amount on n cells of [0, 1].
fn amount(cells: &[f64]) -> f64 {
    cells.iter().sum::<f64>() / cells.len() as f64
}

const OPTIONS: [&str; 7] = [
    "",
    "iterations = 1\n",
    "iterations = 3\n",
    "infinite_gauge = true\n",
    "nonoscillatory = true\n",
    "third_order = true\n",
    "divergent_flow = true\n",
];

#[test]
fn what_flows_in_is_the_velocity_times_the_value() {
    for options in OPTIONS {
        for (velocity, inflow, outflow) in [("1", "x-", "x+"), ("-1", "x+", "x-")] {
            let found = solve(&format!(
                "[grid]\nx = {{ bounds = [0, 1], cells = 50 }}\n[transport.c]\nvelocity = {velocity}\n{options}\
                 [initial]\nc = 0\n[boundary.c]\n\"{inflow}\" = {{ value = 1 }}\n\"{outflow}\" = \"open\"\n[time]\n\
                 end = 0.5\ndt = 0.01\n"
            ));
            assert!((amount(&found[0]) - 0.5).abs() < 1e-9, "{options}: {}", amount(&found[0]));
        }
    }
}

#[test]
fn a_value_that_changes_counts_in_the_middle_of_the_step() {
    for options in OPTIONS {
        let found = solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[transport.c]\nvelocity = 1\n{options}[initial]\nc = 0\n\
             [boundary.c]\n\"x-\" = {{ value = \"t\" }}\n\"x+\" = \"open\"\n[time]\nend = 0.04\ndt = 0.04\n"
        ));
        assert!((amount(&found[0]) - 0.0008).abs() < 1e-15, "{options}: {}", amount(&found[0]));
    }
}

#[test]
fn inflow_is_of_second_order() {
    for options in ["", "infinite_gauge = true\n", "iterations = 3\n"] {
        // A wave that comes in at x = 0, and at y = 0 of a plane in a flow along both axes.
        for (axes, velocity, walls) in [
            (
                "x = { bounds = [0, 1], cells = N }",
                "[1]",
                "\"x-\" = { value = \"exact\" }\n\"x+\" = \"open\"\n",
            ),
            (
                "x = { bounds = [0, 1], cells = N }\ny = { bounds = [0, 1], cells = N }",
                "[\"0.5 + 0*x\", 0.5]",
                "x = { value = \"exact\" }\n\"y-\" = { value = \"exact\" }\n\"y+\" = \"open\"\n",
            ),
        ] {
            let exact =
                if axes.contains('y') { "2 + sin(5*(x + y - t))" } else { "2 + sin(5*(x - t))" };
            let error = |n: usize| {
                let text = format!(
                    "[grid]\n{}\n[define]\nexact = \"{exact}\"\n[transport.c]\nvelocity = {velocity}\n{options}[initial]\n\
                     c = \"exact\"\n[boundary.c]\n{walls}[time]\nend = 0.5\ndt = {}\n",
                    axes.replace('N', &n.to_string()),
                    0.4 / n as f64
                );
                let found = solved(&text, 1).swap_remove(0);
                let at = |i: usize| (i as f64 + 0.5) / n as f64;
                let error = |(k, c): (usize, &f64)| {
                    let along = if axes.contains('y') { at(k / n) + at(k % n) } else { at(k) };
                    (c - 2.0 - (5.0 * (along - 0.5)).sin()).abs()
                };
                found.iter().enumerate().map(error).sum::<f64>() / found.len() as f64
            };
            let (coarse, fine) = (error(20), error(40));
            let order = (coarse / fine).log2();
            assert!(order > 1.7, "{options}{axes}: {coarse} {fine} {order}");
        }
    }
}

/// The flow of water q/h is found from the fields: the wall stands for either of them.
#[test]
fn a_wall_closes_a_flow_whichever_field_has_it() {
    let kept = |walls: &str| {
        let found = solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 32 }}\n[equations]\nq = \"-h*d_dx(h)\"\n[transport]\n\
             h = {{ velocity = \"q/h\", infinite_gauge = true, nonoscillatory = true }}\n\
             q = {{ velocity = \"q/h\", infinite_gauge = true, nonoscillatory = true }}\n[initial]\nh = \"1 + 0.2*x\"\n\
             q = 0.3\n[boundary.q]\n{walls}\n[time]\nend = 0.1\ndt = 2e-3\n"
        ));
        (amount(&found[1]) - 1.1).abs()
    };
    assert!(kept("x = \"wall\"") < 1e-13, "{}", kept("x = \"wall\""));
    assert!(kept("\"x-\" = \"wall\"") > 1e-3);
}

/// Through an end with a flux exactly this flows, whatever the flow does there.
#[test]
fn a_flux_is_what_flows_through_an_end() {
    let text = |rest: &str, walls: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20 }}\n[transport.c]\nvelocity = \"1 - x/2\"\n{rest}\n[initial]\n\
             c = 1\n[boundary.c]\n{walls}\n[time]\nend = 0.2\ndt = 0.01\n"
        )
    };
    for rest in
        ["", "nonoscillatory = true", "diffusivity = 0.01", "[equations]\nc = \"0.02*laplace(c)\""]
    {
        let closed = "\"x-\" = { flux = \"-2\" }\n\"x+\" = \"wall\"";
        let gained = amount(&solve(&text(rest, closed))[0]) - 1.0;
        assert!((gained - 0.4).abs() < 1e-13, "{rest}: {gained}");
        // Closed in two ways.
        let [a, b] = ["x = \"wall\"", "x = { flux = 0 }"].map(|walls| solve(&text(rest, walls)));
        let apart = a[0].iter().zip(&b[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-14, "{rest}: {apart}");
    }
    // With a density G it is G c that flows.
    let found =
        solve(&text("g_factor = \"1 + x\"", "\"x-\" = { flux = \"-2\" }\n\"x+\" = \"wall\""));
    let weighted = found[0].iter().enumerate().map(|(i, c)| c * (1.0 + (i as f64 + 0.5) / 20.0));
    assert!((weighted.sum::<f64>() / 20.0 - 1.5 - 0.4).abs() < 1e-13);
    // And so do diagnostics tell it.
    let text = text("g_factor = \"1 + x\"", "\"x-\" = { flux = \"-2\" }\n\"x+\" = \"wall\"");
    let text = text + "[diagnostics]\nevery = 1\nflow = \"flow_x_minus(c)\"\n";
    let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
    let world = World::solo();
    let told = std::rc::Rc::new(std::cell::Cell::new(0.0));
    let seen = told.clone();
    let watch = move |now: &mut Snapshot<'_>| {
        seen.set(now.number("flow")?);
        Ok(GO_ON)
    };
    let builder = problem.simulation(&world).number("flow", "flow_x_minus(c)");
    let mut simulation =
        builder.track(Every::Steps(1), watch).build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(0.01).unwrap_or_else(|e| panic!("{e}"));
    assert!((told.get() + 2.0).abs() < 1e-14, "{}", told.get());
}

#[test]
fn what_flows_through_an_end_may_depend_on_what_is_there() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[transport.c]\nvelocity = \"1\"\n[initial]\nc = 1\n\
                [boundary.c]\n\"x-\" = \"wall\"\n\"x+\" = { flux = \"0.3*value + out\" }\n[define]\nout = \"0.1*t\"\n\
                [time]\nend = 0.2\ndt = 1e-3\n[diagnostics]\nevery = 1\nout = \"flow_x_plus(c)\"\n";
    let found = solve(text).swap_remove(0);
    let lost = 1.0 - amount(&found);
    // Water piles up at the end: it grows as the value there does.
    assert!(lost > 0.06 && lost < 0.5 && found[19] > 1.5, "{lost} {}", found[19]);
}
