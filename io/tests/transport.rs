//! What problem files say of transport and of steps, and where it stands.

use fluxions_expr::Scope;
use fluxions_io::Problem;
use fluxions_io::problem::Mistakes;
use fluxions_solver::{
    Advector, Error, Errors, Formula, Mpdata, Origin, SchemeChoice, Sources, Tableau, ThirdOrder,
    stable_step,
};

const TEXT: &str = r#"
[grid]
x = { bounds = [0, 1], cells = 8, periodic = true }
y = { bounds = [0, 1], cells = 8, periodic = true }
[parameters]
n = 3
[equations]
source = "-source"
a = "-a"
[initial]
a = 1
b = "x"
psi = "y"
source = 0
[transport.smoke]
fields = ["b", "a"]
velocity = ["0.5*cos(y)", 0.5]
iterations = "n"
third_order = true
nonoscillatory = true
g_factor = "2 + x"
diffusivity = [0.1, "y"]
[transport.psi]
stream_function = "sin(x)*cos(y)"
diffusivity = 0
[time]
end = 1
dt = 0.1
"#;

fn parse(text: &str) -> Problem {
    Problem::parse("file", text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn wrong(text: &str) -> Mistakes {
    Problem::parse("file", text).expect_err("mistakes")
}

#[test]
fn one_flow_can_advect_several_fields() {
    let problem = parse(TEXT);
    let names: Vec<&str> = problem.transports.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["b", "a", "psi"]);
    let [(_, b), (_, a), (_, psi)] = &problem.transports[..] else { panic!("{names:?}") };
    assert_eq!(a, b);
    assert_eq!(a.advector, Advector::Velocity(vec!["0.5*cos(y)".into(), 0.5.into()]));
    let options = Mpdata {
        iterations: 3,
        third_order: ThirdOrder::Standard,
        nonoscillatory: true,
        ..Mpdata::default()
    };
    assert_eq!(a.options, options);
    assert_eq!(a.g_factor, "2 + x".into());
    assert_eq!(a.diffusivity, [0.1.into(), "y".into()]);
    assert_eq!(psi.advector, Advector::StreamFunction("sin(x)*cos(y)".into()));
    assert_eq!((psi.options, &psi.g_factor), (Mpdata::default(), &Formula::Number(1.0)));
    assert!(psi.diffusivity.is_empty());
    // Those of equations first, then those that are only advected.
    let written: Vec<&str> = problem.output.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(written, ["source", "a", "b", "psi"]);
}

#[test]
fn courant_numbers_and_velocities_need_no_list_along_one_axis() {
    let text = |rest: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8, periodic = true }}\n[initial]\nu = 1\n\
             [transport]\nu = {{ {rest} }}\n[equations]\nu = 0\n[time]\nend = 1\ndt = 0.1\n"
        )
    };
    let transport = |rest| parse(&text(rest)).transports.remove(0).1;
    assert_eq!(transport("courant = 0.5").advector, Advector::Courant(vec![0.5.into()]));
    let velocity = transport("velocity = \"x\", diffusivity = \"x\"");
    assert_eq!(velocity.advector, Advector::Velocity(vec!["x".into()]));
    assert_eq!(velocity.diffusivity, ["x".into()]);
    for (third_order, expected) in [
        ("true", ThirdOrder::Standard),
        ("false", ThirdOrder::None),
        ("\"full\"", ThirdOrder::Full),
    ] {
        let text = text(&format!("courant = 0.5, third_order = {third_order}"));
        // Whether it makes sense is not for the file to say.
        if let Ok(problem) = Problem::parse("file", &text) {
            assert_eq!(problem.transports[0].1.options.third_order, expected);
        }
    }
}

#[test]
fn advected_fields_can_be_named_wherever_fields_can() {
    let sections = "[boundary.b]\ny = \"wall\"\n[noise]\npsi = 0\n[output]\nfields = [\"b\"]\n";
    let text = TEXT.replace("periodic = true }\n[par", "}\n[par") + sections;
    let mistakes = match Problem::parse("file", &text) {
        Ok(_) => return,
        Err(mistakes) => mistakes.to_string(),
    };
    assert!(!mistakes.contains("unknown key"), "{mistakes}");
}

#[test]
fn equations_are_not_needed_where_fields_are_advected() {
    let (start, end) = (TEXT.find("[equations]").unwrap(), TEXT.find("[initial]").unwrap());
    let mut text = format!("{}{}", &TEXT[..start], &TEXT[end..]).replace("source = 0\n", "");
    for _ in 0..2 {
        let mistakes = Problem::parse("file", &text).map(drop).map_err(|m| m.to_string());
        let said = mistakes.err().unwrap_or_default();
        assert!(!said.contains("is missing") && !said.contains("initial value"), "{said}");
        text += "[equations]\n";
    }
}

#[test]
fn sources_are_integrated_as_the_scheme_says() {
    let with = |scheme: &str| parse(&format!("{TEXT}{scheme}")).times;
    assert_eq!(with("").sources, Some(Sources::Symmetric));
    assert_eq!(with("scheme = \"symmetric\"").sources, Some(Sources::Symmetric));
    let euler = with("scheme = \"euler\"");
    assert_eq!((euler.sources, &euler.scheme), (Some(Sources::Euler), &SchemeChoice::Usual));
    assert_eq!(euler.scheme_name(), "euler");
    assert_eq!(with("").scheme_name(), "symmetric");
    let rk4 = wrong(&format!("{TEXT}scheme = \"rk4\""));
    assert_eq!(rk4.list.len(), 1, "{rk4}");
}

/// Mistakes that the solver finds stand where they were made.
#[test]
fn every_expression_has_its_place() {
    let problem = parse(TEXT);
    let place = |of: &str, key, item: Option<usize>| {
        let origin = Origin::Transport { of: of.into(), key };
        item.map_or(origin.clone(), |k| origin.item(k))
    };
    let unknown = |origin, text: &str| {
        let scope = Scope::new(fluxions_expr::Place::Constant, &fluxions_expr::Space::nowhere());
        let error = Box::new(fluxions_expr::evaluate(text, &scope).expect_err(text).remove(0));
        Error::Expression { origin, text: text.into(), error }
    };
    let unfit = |origin| Error::UnfitTransport {
        origin,
        field: "psi".into(),
        reason: "it is too heavy".into(),
    };
    for (error, expected) in [
        // The part of the text at which an unknown name stands in a text of the same length.
        (unknown(place("a", "velocity", Some(0)), "0.5*speed"), "cos(y"),
        (unknown(place("b", "velocity", Some(0)), "0.5*speed"), "cos(y"),
        (unknown(place("psi", "stream_function", None), "sin(1)*v"), "c"),
        (unknown(place("psi", "stream_function", Some(0)), "sin(2)*v"), "c"),
        (unfit(place("psi", "stream_function", None)), "stream_function"),
        (unfit(place("a", "diffusivity", Some(1))), "\"y\""),
        (unfit(place("a", "diffusivity", Some(0))), "0.1"),
        // A key that the file leaves out has the place of its section.
        (unfit(place("psi", "dpdc", None)), "psi"),
        (unfit(place("b", "", None)), "\"b\""),
        (Error::NoInitialValue { field: "b".into() }, "\"b\""),
    ] {
        let said = format!("{error:?}");
        let mistakes = problem.mistakes(&Errors(vec![error]));
        let span = mistakes.list[0].span.clone().expect("a place");
        assert_eq!(&mistakes.text[span], expected, "{said}");
    }
}

#[test]
fn a_step_is_worked_out_where_the_file_asks_for_it() {
    let text = |equation: &str, scheme: &str, dt: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"{equation}\"\n\
             [initial]\nu = \"x\"\n[time]\nend = 1\nscheme = \"{scheme}\"\ndt = {dt}\n"
        )
    };
    let laplace = |scheme| text("0.3*laplace(u)", scheme, "\"auto\"");
    // The eigenvalues reach 4·0.3·64.
    let euler = parse(&laplace("euler")).times;
    assert!(euler.automatic);
    assert!((euler.dt - 0.8 * 2.0 / 76.8).abs() < 1e-15, "{}", euler.dt);
    let rk4 = parse(&laplace("rk4"));
    let limits = stable_step(&rk4.pde, &rk4.initial, &Tableau::RK4).unwrap();
    assert!(limits.oscillating > limits.decaying);
    assert!((rk4.times.dt - 0.8 * limits.decaying).abs() < 1e-15, "{}", rk4.times.dt);
    // The real interval of three stages of order 3 ends at 2.5127453266183286.
    let ssprk3 = parse(&laplace("ssprk3")).times;
    assert!((ssprk3.dt - 0.8 * 2.512_745_326_618_328_6 / 76.8).abs() < 1e-8, "{}", ssprk3.dt);
    // Steps follow what grows.
    let growth = parse(&text("1e-3*laplace(u) + 5*u", "rk4", "\"auto\"")).times;
    assert!((0.4..0.6).contains(&growth.dt), "{}", growth.dt);
    assert!(!parse(&text("0", "euler", "0.25")).times.automatic);

    for (equation, message) in [
        ("1 + x", "file:10:6: nothing limits the step: set dt to a number"),
        ("1e20*u", "file:10:6: the time step must be long enough for fewer than 1e15 steps"),
        ("spede*u", "file:4:6: unknown name `spede`"),
    ] {
        let said = wrong(&text(equation, "rk4", "\"auto\"")).to_string();
        assert!(said.starts_with(message), "{said}");
    }
    let said = wrong(&text("u", "rk4", "\"auto\"").replace("end = 1", "end = -1")).to_string();
    assert!(said.starts_with("file:8:7: the end must be"), "{said}");
}
