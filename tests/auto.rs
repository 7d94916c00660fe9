//! scheme = "auto": the scheme that gets on fastest, the same on any ranks.

#[path = "common/solving.rs"]
mod solving;

use fluxions::prelude::*;
use solving::solve;

fn problem(text: &str) -> Problem {
    Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// The name of the scheme that is chosen for equations of u and v, with other sections.
fn chosen(equations: &str, time: &str) -> String {
    let text = format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 100, periodic = true }}\n[equations]\n{equations}\n\
         [initial]\nu = \"1.5 + 0.5*sin(2*pi*x)\"\nv = \"0.5*cos(2*pi*x)\"\n[time]\nscheme = \"auto\"\n{time}\n"
    );
    let problem = problem(&text);
    assert!(problem.times.chosen && problem.times.describe().ends_with("(scheme = \"auto\")"));
    problem.times.scheme_name().to_string()
}

const WAVES: &str = "u = \"v\"\nv = \"laplace(u)\"";
const DIFFUSION: &str = "u = \"laplace(u) + sin(t)\"\nv = \"0.5*laplace(v) - u*v\"";
const STIFF: &str = "u = \"v\"\nv = \"1e7*((1 - (u + 1)^2)*v - u - 1)\"";

#[test]
fn each_kind_of_problem_gets_a_scheme_that_fits() {
    assert_eq!(chosen(WAVES, "end = 2"), "tsit5");
    assert_eq!(chosen(DIFFUSION, "end = 2"), "rkc2");
    assert_eq!(chosen(STIFF, "end = 0.5"), "tr-bdf2");
    assert_eq!(chosen(STIFF, "end = 0.5\ntolerance = 1e-3"), "tr-bdf2");
    assert_eq!(chosen(DIFFUSION, "end = 2\ndt = \"auto\""), "rkc2");
}

#[test]
fn steps_of_a_given_length_are_explicit_where_they_are_stable() {
    assert_eq!(chosen(WAVES, "end = 2\ndt = 0.005"), "rk4");
    assert_eq!(chosen(DIFFUSION, "end = 2\ndt = 0.05"), "tr-bdf2");
    // A problem without a limit, too.
    assert_eq!(chosen("u = \"0*u\"\nv = 1", "end = 2\ndt = 0.05"), "rk4");
    let part = "implicit = { u = \"laplace(u)\", v = \"0.5*laplace(v)\" }";
    assert_eq!(chosen(DIFFUSION, &format!("end = 2\ndt = 0.05\n{part}")), "ars222");
}

#[test]
fn a_part_that_is_named_is_treated_implicitly() {
    let part = "implicit = { u = \"laplace(u)\", v = \"0.5*laplace(v)\" }";
    let found = chosen(DIFFUSION, &format!("end = 2\n{part}"));
    assert!(found.starts_with("ark"), "{found}");
}

/// What other schemes cannot step is stepped by those that can.
#[test]
fn noise_numbers_and_transport_have_schemes_that_know_them() {
    let text = |sections: &str, time: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 50, periodic = true }}\n[equations]\nu = \"laplace(u)\"\n\
             [initial]\nu = \"1 + 0.1*sin(2*pi*x)\"\n{sections}\n[time]\nend = 0.1\nscheme = \"auto\"\n{time}\n"
        )
    };
    let name =
        |sections: &str, time: &str| problem(&text(sections, time)).times.scheme_name().to_string();
    assert_eq!(name("[noise]\nu = 0.1", "dt = 1e-4"), "euler");
    assert_eq!(name("[noise]\nu = 0.1", ""), "euler");
    assert_eq!(name("[numbers]\nT = { initial = 1, equation = \"-T\" }", ""), "ark3(2)4L[2]SA");
    assert_eq!(name("[transport.u]\nvelocity = [1]", "dt = 1e-3"), "symmetric");
}

#[test]
fn runs_give_the_same_bits_on_1_to_4_ranks() {
    for (equations, end) in [(WAVES, 0.3), (DIFFUSION, 0.3), (STIFF, 0.01)] {
        solve(&format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 40, periodic = true }}\n[equations]\n{equations}\n\
             [initial]\nu = \"1.5 + 0.5*sin(2*pi*x)\"\nv = \"0.5*cos(2*pi*x)\"\n\
             [time]\nend = {end}\nscheme = \"auto\"\n"
        ));
    }
}

/// The problem may be far larger than the part of it on which steps are tried.
#[test]
fn large_problems_of_two_dimensions_are_tried_on_a_part() {
    let text = "[grid]\nx = { bounds = [0, 1], cells = 400 }\ny = { bounds = [0, 1], cells = 400 }\n[boundary]\n\
                x = { value = \"sin(t)\" }\n[equations]\nu = \"laplace(u)\"\n[initial]\nu = \"x*y\"\n\
                [time]\nend = 0.1\nscheme = \"auto\"\npositive = [\"u\"]\n";
    let problem = problem(text);
    assert_eq!(problem.times.scheme_name(), "rkc2");
    assert_eq!(problem.times.scheme.tolerance().unwrap().positive, ["u"]);
}
