//! Regions: fields that are held inside, and obstacles through whose surface nothing flows.

#[path = "common/solving.rs"]
mod solving;

use fluxions::prelude::*;
use solving::{solve, solved};

const ROCK: &str = "[regions]\nrock = \"(x - 0.45)^2 + (y - 0.5)^2 < 0.05\"\n";

/// Whether the centre of a cell of n×n in the unit square lies in that rock.
fn in_rock(k: usize, n: usize) -> bool {
    let at = |i: usize| (i as f64 + 0.5) / n as f64;
    (at(k / n) - 0.45).powi(2) + (at(k % n) - 0.5).powi(2) < 0.05
}

fn square(n: usize) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = {n} }}\ny = {{ bounds = [0, 1], cells = {n} }}\n"
    )
}

/// What is inside and what is outside the rock, in the beginning and in the end.
fn amounts(grid: &str, rest: &str, time: &str) -> [[f64; 2]; 2] {
    let at = |end: &str| {
        solve(&format!(
            "{grid}{ROCK}{rest}[initial]\nc = \"{SMOOTH}\"\n[time]\n{}\n",
            time.replace("END", end)
        ))
    };
    [at("1e-9"), at("0.3")].map(|found| {
        let sum = |inside: bool| {
            let cells = found[0].iter().enumerate().filter(|(k, _)| in_rock(*k, 16) == inside);
            cells.map(|(_, c)| c).sum::<f64>()
        };
        [sum(true), sum(false)]
    })
}

/// Checks that what is inside and what is outside stay by themselves.
fn assert_both_stay([before, after]: [[f64; 2]; 2], what: &str) {
    for (before, after) in before.into_iter().zip(after) {
        assert!((before - after).abs() < 1e-11, "{what}: {before} {after}");
    }
}

const SMOOTH: &str = "1 + 0.5*sin(5*x + 3*y)";

#[test]
fn nothing_flows_through_the_surface_of_an_obstacle() {
    for equation in [
        "0.1*laplace(c)",
        "diffusion(0.02 + 0.1*x, c)",
        "diffusion([0.1, 0.02], c)",
        "diffusion([[0.1, 0.03], [0.03, 0.05]], c)",
        "diffusion_harmonic(0.02 + 0.1*x*c, c)",
        "divergence(0.1*gradient(c))",
        "divergence(0.1*(1 + c)*gradient(c) - c*[0.2*x*(1 - x), 0])",
        "0.05*laplace(c^2)",
        "-d_dx(c*x*(1 - x)) + 0.1*d2_dx2(c) + 0.1*d2_dy2(c)",
        "-0.1*laplace(0.002*laplace(c)) + 0.05*laplace(c)",
        "flow",
    ] {
        let found = amounts(
            &square(16),
            &format!(
                "[define]\nflow = \"0.1*laplace(c) - divergence([c*x*(1 - x), 0])\"\n[equations]\n\
                 c = \"{equation}\"\n[boundary.c]\nrock = {{ flux = 0 }}\n"
            ),
            "end = END\ndt = 5e-4\nscheme = \"euler\"",
        );
        assert_both_stay(found, equation);
    }
}

/// Without the key the rock is only a name.
#[test]
fn a_region_without_conditions_is_only_a_name() {
    let found = amounts(
        &square(16),
        "[equations]\nc = \"0.1*laplace(c)\"\n",
        "end = END\ndt = 1e-3\nscheme = \"euler\"",
    );
    assert!((found[0][0] - found[1][0]).abs() > 1e-3, "{found:?}");
    let plain = format!("{}[equations]\nc = \"-c*rock\"\n[initial]\nc = 1\n", square(8));
    let with = solve(&format!("{plain}{ROCK}[time]\nend = 0.1\ndt = 0.01\n"));
    for (k, c) in with[0].iter().enumerate() {
        let exact = if in_rock(k, 8) { (-0.1f64).exp() } else { 1.0 };
        assert!((c - exact).abs() < 1e-9, "{k}: {c}");
    }
}

#[test]
fn what_is_on_the_other_side_has_no_effect() {
    for (equation, transport) in [
        ("0.1*laplace(c) + 0.01*gradient_squared(c) - d_dx(c)", ""),
        ("diffusion([[0.1, 0.03], [0.03, 0.05]], c)", ""),
        ("0", "[transport.c]\nvelocity = [\"x*(1 - x)\", \"y*(1 - y)\"]\ndiffusivity = 0.01\n"),
    ] {
        let outside = |inside: &str| -> Vec<f64> {
            let text = format!(
                "{}{ROCK}[equations]\nc = \"{equation}\"\n{transport}[boundary.c]\nrock = {{ flux = 0 }}\n\
                 [initial]\nc = \"where(rock, {inside}, {SMOOTH})\"\n[time]\nend = 0.1\ndt = 5e-3\n",
                square(16)
            );
            let text = match transport.is_empty() {
                true => text.replace("dt = 5e-3", "dt = 1e-3"),
                false => text,
            };
            let found = solve(&text).swap_remove(0).into_iter().enumerate();
            found.filter(|(k, _)| !in_rock(*k, 16)).map(|(_, c)| c).collect()
        };
        assert_eq!(outside("0.2"), outside("3"), "{equation} {transport}");
    }
}

#[test]
fn transport_goes_around_an_obstacle() {
    let around = square(16).replace("cells = 16", "cells = 16, periodic = true");
    for options in [
        "",
        "iterations = 3\n",
        "infinite_gauge = true\nnonoscillatory = true\n",
        "nonoscillatory = true\nthird_order = true\n",
        "iterations = 1\n",
        "diffusivity = 0.02\n",
        "dpdc = true\nnonoscillatory = true\n",
    ] {
        for velocity in [
            "velocity = [\"0.5*x*(1 - x)\", \"0.3*y*(1 - y)\"]\n",
            "velocity = [0.5, \"0.05*c\"]\n",
            "velocity = [\"0.5*(1 + t)\", \"0.3*sin(9*t)\"]\n",
            "stream_function = \"0.1*sin(pi*x)*sin(pi*y)\"\n",
        ] {
            let found = amounts(
                &around,
                &format!("[transport.c]\n{velocity}{options}[boundary.c]\nrock = {{ flux = 0 }}\n"),
                "end = END\ndt = 1e-2",
            );
            assert_both_stay(found, &format!("{options}{velocity}"));
        }
    }
}

/// A uniform field in a flow without divergence that ends at an obstacle stays uniform.
#[test]
fn transport_along_an_obstacle_keeps_what_is_uniform() {
    // Streamlines y = const left and right of a bar of cells 0.25 < y < 0.75 that the flow passes above.
    let text = format!(
        "{}[regions]\nbar = \"y < 0.5\"\n[transport.c]\nvelocity = [\"where(bar, 0, 1)\", 0]\n\
         nonoscillatory = true\n[boundary.c]\nbar = {{ flux = 0 }}\n[initial]\n\
         c = \"where(bar, 0, 1)\"\n[time]\nend = 0.5\ndt = 0.02\n",
        square(16).replace("cells = 16", "cells = 16, periodic = true")
    );
    for (k, c) in solve(&text)[0].iter().enumerate() {
        let exact = f64::from(k % 16 >= 8);
        assert!((c - exact).abs() < 1e-14, "{k}: {c}");
    }
}

/// A rod whose right half is closed off is a rod that ends there.
#[test]
fn a_closed_region_ends_a_domain_like_a_wall() {
    let solve = |grid: &str, rest: &str| {
        solve(&format!(
            "[grid]\nx = {grid}\n{rest}[equations]\nc = \"laplace(c)\"\n[initial]\nc = \"x^2\"\n[time]\n\
             end = 0.05\ndt = 1e-3\n"
        ))
    };
    let rod = solve(
        "{ bounds = [0, 2], cells = 20 }",
        "[regions]\nrest = \"x > 1\"\n[boundary.c]\nrest = { flux = 0 }\n\"x-\" = { value = 1 }\n",
    );
    let half = solve("{ bounds = [0, 1], cells = 10 }", "[boundary.c]\n\"x-\" = { value = 1 }\n");
    for (c, exact) in rod[0].iter().zip(&half[0]) {
        assert!((c - exact).abs() < 1e-14, "{c} {exact}");
    }
}

#[test]
fn a_field_is_held_in_a_region() {
    // Between x = 0.25 and 0.75 the steady field is a straight line between what is held beside it.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[regions]\nleft = \"x < 0.25\"\n\
                right = \"x > 0.75\"\n[equations]\nT = \"laplace(T)\"\n[initial]\nT = 7\n[boundary]\n\
                left = { value = \"1 + 0*x\" }\n[boundary.T]\nright = { value = 2 }\n[time]\nend = 1\n\
                dt = 1e-3\n";
    for (i, found) in solve(text)[0].iter().enumerate() {
        // The last cells that are held are number 4 and 15.
        let exact = 1.0 + (i.clamp(4, 15) - 4) as f64 / 11.0;
        assert!((found - exact).abs() < 1e-6, "{i}: {found} {exact}");
    }
    // A vector, with noise: both stay where they are held.
    let text = format!(
        "{}{ROCK}[fields]\nv = \"vector\"\nc = \"complex\"\n[equations]\nv = \"vector_laplace(v) + [1, 0]\"\n\
         c = \"laplace(c) + i*c\"\n[noise]\nv = 0.1\n[initial]\nv = [0, 1]\nc = 1\n[boundary]\n\
         rock = {{ value = 0 }}\n[boundary.c]\nrock = {{ value = \"x + 2*i\" }}\n[time]\nend = 0.01\n\
         dt = 1e-4\n",
        square(8)
    );
    let problem = Problem::parse("test.toml", &text).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(problem.pde.regions()[0].held, ["v", "c"]);
    let found = solved(&text, 1);
    assert_eq!(found, solved(&text, 3));
    for k in 0..64 {
        let (v, c) = ([found[0][k], found[0][64 + k]], &found[1][2 * k..2 * k + 2]);
        if in_rock(k, 8) {
            assert_eq!(v, [0.0, 0.0]);
            assert_eq!(c, [(k / 8) as f64 / 8.0 + 0.0625, 2.0]);
        } else {
            assert!(v[0] != 0.0 && v[1] != 0.0 && c[1] != 2.0, "{k}: {v:?} {c:?}");
        }
    }
}

#[test]
fn regions_that_overlap_are_closed_each_by_itself() {
    // Three parts: a alone, b alone, and what both share.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 20 }\n[regions]\na = \"x < 0.6\"\nb = \"x > 0.3\"\n\
                [equations]\nc = \"laplace(c)\"\n[initial]\nc = \"x\"\n[boundary.c]\na = { flux = 0 }\n\
                b = { flux = 0 }\n[time]\nend = 1\ndt = 1e-3\n";
    for (i, c) in solve(text)[0].iter().enumerate() {
        let exact = if i < 6 {
            0.15
        } else if i < 12 {
            0.45
        } else {
            0.8
        };
        assert!((c - exact).abs() < 1e-6, "{i}: {c}");
    }
}

#[test]
fn obstacles_stand_in_cylinders_and_balls() {
    for (geometry, equation, weight) in
        [("polar", "diffusion(1 + r, c)", 1), ("spherical", "laplace(c)", 2)]
    {
        let text = format!(
            "[grid]\ngeometry = \"{geometry}\"\nr = {{ bounds = [0, 1], cells = 20 }}\n[regions]\n\
             shell = \"r > 0.5 and r < 0.8\"\n[equations]\nc = \"{equation}\"\n[initial]\n\
             c = \"r^2\"\n[boundary.c]\nshell = {{ flux = 0 }}\n[time]\nend = 1\ndt = 2e-4\n"
        );
        let found = solve(&text).swap_remove(0);
        // In each part what there was is spread evenly.
        for (from, to) in [(0, 10), (10, 16), (16, 20)] {
            let volume = |i: usize| {
                let edge = |i: usize| (i as f64 / 20.0).powi(weight + 1);
                edge(i + 1) - edge(i)
            };
            let centre = |i: usize| (i as f64 + 0.5) / 20.0;
            let amount: f64 = (from..to).map(|i| centre(i).powi(2) * volume(i)).sum();
            let even = amount / (from..to).map(volume).sum::<f64>();
            for (i, c) in found.iter().enumerate().take(to).skip(from) {
                assert!((c - even).abs() < 1e-4, "{geometry} {i}: {c} {even}");
            }
        }
    }
}

#[test]
fn mistakes_in_regions_are_explained() {
    let message = |rest: &str| {
        let text = format!(
            "{}{rest}\n[equations]\nc = \"laplace(c)\"\n[initial]\nc = 1\n[time]\nend = 1\ndt = 1e-3\n",
            square(4)
        );
        let Err(mistakes) = Problem::parse("test.toml", &text) else { panic!("allowed: {rest}") };
        mistakes.list.iter().map(|found| found.message.clone()).collect::<Vec<_>>().join("\n")
    };
    for (rest, expected) in [
        (
            "[regions]\na = \"x < t\"",
            "a region is a condition on coordinates: it cannot use the time",
        ),
        ("[regions]\na = \"c > 1\"", "the field `c` cannot be used in a region"),
        ("[regions]\na = \"laplace(x) > 1\"", "the operator `laplace` cannot be used in a region"),
        (
            "[regions]\na = \"random_uniform(0, 1) < 0.5\"",
            "`random_uniform` cannot be used in a region",
        ),
        ("[regions]\nx = \"y < 1\"", "the name `x` is taken"),
        (
            "[regions]\na = \"x < 1\"\n[boundary]\na = { flux = 1 }",
            "a region is closed by flux = 0",
        ),
        (
            "[regions]\na = \"x < 1\"\n[boundary]\na = { derivative = 0 }",
            "a region holds { value = … }",
        ),
        ("[regions]\na = \"x < 1\"\n[boundary]\na = { value = \"t\" }", "what is held is a number"),
        (
            "[regions]\na = \"x < 1\"\nb = \"a and y < 1\"",
            "`a`, which uses `a region`, cannot be used",
        ),
        ("[regions]\na = \"x < 1\"\n[boundary.c]\nb = { value = 1 }", "unknown key `b`"),
        (
            "[regions]\na = \"x < 1\"\n[define]\nd = \"c^2\"\n[boundary.d]\na = { value = 1 }",
            "regions are for fields with equations",
        ),
    ] {
        let found = message(rest);
        assert!(found.contains(expected), "{rest}\n{found}");
    }
}

/// Schemes of every kind lead to the same state around an obstacle, where the stiff part is found in the equation.
#[test]
fn implicit_steps_go_around_an_obstacle() {
    let at_end = |time: &str| {
        solve(&format!(
            "{}{ROCK}[equations]\nc = \"laplace(c) - c^2\"\n[initial]\nc = \"{SMOOTH}\"\n[boundary.c]\nrock = {{ flux = 0 }}\n\
             [time]\nend = 0.1\n{time}\n",
            square(20)
        ))
        .swap_remove(0)
    };
    let exact = at_end("scheme = \"dormand-prince\"\ntolerance = 1e-8");
    for scheme in ["ark4", "ark3", "tr-bdf2", "sdirk4", "rkc2"] {
        let found = at_end(&format!("scheme = \"{scheme}\"\ntolerance = 1e-6"));
        let both = found.iter().zip(&exact);
        let difference = both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference < 1e-5, "{scheme}: {difference}");
    }
}

#[test]
fn a_wall_sees_a_region_as_it_is_in_the_cell_there() {
    // Cells at the wall alone, and the second cells alone.
    for (patch, inflow) in [("y < 0.1", 1.0), ("y > 0.1 and y < 0.2", 0.0)] {
        for condition in ["flux = \"-10*patch\"", "derivative = \"10*patch\""] {
            let text = format!(
                "{}[regions]\npatch = \"{patch}\"\n[equations]\nc = \"laplace(c)\"\n[initial]\nc = 0\n[boundary.c]\n\
                 \"y-\" = {{ {condition} }}\n[time]\nend = 0.1\ndt = 1e-3\nscheme = \"euler\"\n",
                square(10)
            );
            let found = solve(&text).swap_remove(0).iter().sum::<f64>() / 100.0;
            assert!((found - inflow).abs() < 1e-12, "{patch} {condition}: {found}");
        }
    }
}

#[test]
fn a_region_may_stand_on_many_definitions() {
    let mut text = "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[define]\nd0 = \"x\"\n".to_string();
    for n in 1..60 {
        text += &format!("d{n} = \"(d{0} + d{0})/2\"\n", n - 1);
    }
    text += "[regions]\na = \"d59 > 0.5\"\n[equations]\nc = \"a\"\n[initial]\nc = 0\n[time]\nend = 1\ndt = 0.5\n";
    let found: Vec<bool> = solved(&text, 1)[0].iter().map(|c| *c > 0.5).collect();
    assert_eq!(found, [false, false, false, false, true, true, true, true]);
}
