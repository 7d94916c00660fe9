//! Random well-typed expressions, as text, have the type and the values that an independent oracle
//! gives them: complex numbers by num-complex, vectors and tensors by plain loops.
//!
//! The oracle carries a bound of the error along with every number, found by moving the operands.
//! What it knows badly, near poles, branch cuts and jumps, is not compared.

mod maker;
mod oracle;

use std::cell::Cell;

use fluxions_expr::rows::Profile;
use fluxions_expr::*;
use maker::Maker;
use num_complex::c64;
use oracle::{CELLS, Num, bell, mix};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What the library makes of a text: its type and its numbers in every cell.
fn library(maker: &Maker, text: &str) -> Result<(Type, Vec<Vec<f64>>), Vec<Error>> {
    let mut scope = Scope::new(Place::Equation, &maker.space);
    (0..6).for_each(|k| scope.field(&maker.names[k].text, k, maker.names[k].ty));
    scope.number("gamma", 2.0);
    scope.native(Native::new("bell", bell));
    scope.native(Native::new("mix", mix));
    for (name, text) in &maker.functions {
        scope.function(name, parse_function(text).map_err(|error| vec![error])?);
    }
    let ast = parse(text).map_err(|error| vec![error])?;
    let (expr, _) = resolve(&ast, text, &scope)?;
    let dimension = maker.space.dimension();
    // Every number of a field is an input; inputs lie one after the other.
    let mut memory = Vec::new();
    let mut first = Vec::new();
    for field in &maker.names[..6] {
        first.push(memory.len() / CELLS);
        for c in 0..field.cells[0].len() {
            memory.extend(field.cells.iter().map(|cell| cell[c].z.re));
            let imaginary = field.cells.iter().map(|cell| cell[c].z.im);
            memory.extend(imaginary.filter(|_| field.ty.complex));
        }
    }
    let mut builder = Builder::new();
    let mut leaf = |expr: &Expr, b: &mut Builder| match expr.node {
        Node::Field(k) => {
            let inputs = first[k]..first[k] + expr.ty.numbers(dimension);
            let loads: Vec<_> = inputs.map(|input| b.load(input, [0; 3])).collect();
            Parts::of_numbers(expr.ty, &loads)
        }
        Node::Time => Parts::real(b.parameter(0)),
        _ => {
            let x = b.profile(2, 0);
            Parts::of_numbers(expr.ty, &vec![x; expr.ty.numbers(dimension)])
        }
    };
    let parts = lower(&expr, &maker.space, &mut builder, &mut leaf);
    let numbers = parts.numbers(expr.ty, dimension, &mut builder);
    numbers.iter().for_each(|number| builder.output(*number));
    let inputs: Vec<usize> = (0..memory.len()).step_by(CELLS).collect();
    let outputs: Vec<usize> = (0..numbers.len()).map(|k| memory.len() + k * CELLS).collect();
    memory.resize(memory.len() + numbers.len() * CELLS, 0.0);
    let profile = Profile { values: vec![-1.0, 0.0, 1.0], before: 0 };
    let mut call = Call {
        memory: &mut memory,
        inputs: &inputs,
        outputs: &outputs,
        pitch: [0, 0],
        parameters: &[0.75],
        profiles: &[profile],
        ahead: 0,
    };
    let cells = [(0, 1), (0, 1), (0, CELLS as isize)];
    Rows::compile(&builder.finish()).run(&mut call, cells, &mut Scratch::default());
    let cell = |i: usize| outputs.iter().map(|output| memory[output + i]).collect();
    Ok((expr.ty, (0..CELLS).map(cell).collect()))
}

fn any_type() -> impl Strategy<Value = Type> {
    (0..3usize, any::<bool>()).prop_map(|(k, complex)| Type { rank: Rank::ALL[k], complex })
}

fn choices() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 0..60)
}

/// Where something is cut out of a text, how much, and what comes there.
fn cuts() -> impl Strategy<Value = Vec<(usize, usize, &'static str)>> {
    let new = prop::sample::select(vec![
        "", "psi", "v", "T", "[", "]", "(", ")", ", ", "[0]", ".x", "*", "^2", "|", "dot(", "-",
        "∇",
    ]);
    prop::collection::vec((any::<usize>(), 0..4usize, new), 1..4)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn values_and_types_are_those_of_the_oracle() {
    let (compared, all) = (Cell::new(0), Cell::new(0));
    let test = |(space, ty, choices): (usize, Type, Vec<u32>)| {
        let mut maker = Maker::new(space, choices);
        let term = maker.term(ty, 5);
        let shown = || format!("{} with {:?}", term.text, maker.functions);
        let (found, cells) = library(&maker, &term.text).map_err(|errors| {
            TestCaseError::fail(format!("{}\n{}", shown(), errors[0].in_text(&term.text)))
        })?;
        prop_assert_eq!(found, ty, "{}", shown());
        for (numbers, expected) in cells.iter().zip(&term.cells) {
            for (number, expected) in numbers.chunks(ty.per_component()).zip(expected) {
                let number = c64(number[0], number.get(1).copied().unwrap_or(0.0));
                let Num { z, error } = *expected;
                all.set(all.get() + 1);
                if error < 1e-6 * z.norm().max(1e-3) {
                    compared.set(compared.get() + 1);
                    // The oracle's error is of first order: squares of what should be 0 have none.
                    let near = (number - z).norm() <= 1e-9 * z.norm() + 8.0 * error + 1e-24;
                    prop_assert!(near, "{}: {number} here, {z} by the oracle", shown());
                }
            }
        }
        Ok(())
    };
    TestRunner::new(config(6000)).run(&(0..6usize, any_type(), choices()), test).unwrap();
    assert!(compared.get() * 10 > all.get() * 6, "{compared:?} of {all:?}");
}

/// Ill-typed expressions, each after the types of its parts: r c real and complex scalars, v w
/// vectors, s t tensors.
#[rustfmt::skip]
const WRONG: [&str; 54] = [
    "rv $0 + $1", "vs $0 - $1", "vw $0*$1", "sv $0*$1", "st $0*$1", "rv $0/$1", "ct $0/$1", "v ($0)^2",
    "t 2^($0)", "c floor($0)", "c $0 < 1", "c $0 % 2", "c not ($0)", "v -($0) and 1", "v sin($0)",
    "c erf($0)", "c atan2(1, $0)", "c bell($0)", "w bell($0)", "r bell($0, 1)", "r mix($0)",
    "r ($0)[0]", "c ($0).x", "v ($0)[0, 0]", "w ($0)[3]", "v ($0).foo", "s ($0).foo", "v ($0)[u]",
    "s ($0)[-1]", "rv dot($0, $1)", "vc inner($0, $1)", "sv cross($0, $1)", "rv outer($0, $1)",
    "st outer($0, $1)", "w transpose($0)", "r trace($0)", "c norm($0)", "r [$0, $0, $0, $0]",
    "rv [$0, $1, $0]", "c where($0, 1, 2)", "rt where(1, $0, $1)", "rv Piecewise(($0, 1), ($1, True))",
    "r Piecewise($0)", "r (sin($0), 1)", "r sin($0, $0)", "r nothing($0)", "vw $0 == $1", "s arg($0)",
    "v |$0| + $0", "c max($0, 1)", "v hypot($0, 1)", "c gamma($0)", "r $0 + nothing", "r p + $0",
];

/// What is wrong has errors, at places in the text.
fn assert_errors(errors: &[Error], text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!errors.is_empty(), "{text}");
    for error in errors {
        prop_assert!(text.get(error.span().start..error.span().end).is_some(), "{text}: {error}");
        prop_assert!(!error.in_text(text).is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn ill_typed_expressions_are_refused(
        space in 0..6usize, wrong in 0..WRONG.len(), around in 0..5usize, choices in choices()
    ) {
        let mut maker = Maker::new(space, choices);
        let (types, template) = WRONG[wrong].split_once(' ').unwrap();
        let mut text = template.to_string();
        for (k, letter) in types.chars().enumerate() {
            let of = "rcvwst".find(letter).unwrap();
            let part = maker.term(Type { rank: Rank::ALL[of / 2], complex: of % 2 == 1 }, 3);
            text = text.replace(&format!("${k}"), &part.text);
        }
        let good = maker.term(Type::REAL, 2).text;
        let text = match around {
            0 => text,
            1 => format!("{good} + where(u > 0, bell(1), ({text}))"),
            2 => format!("f({good}, {text})"),
            3 => format!("sin(({text})) - {good}"),
            _ => {
                maker.functions.push(("g".into(), format!("p -> {text}")));
                format!("2*g({good})")
            }
        };
        maker.functions.push(("f".into(), "(p, q) -> p*p".into()));
        // In `g` there is a `p`.
        prop_assume!(around != 4 || !template.starts_with('p'));
        match library(&maker, &text) {
            Ok(_) => prop_assert!(false, "{text} with {:?}", maker.functions),
            Err(errors) => assert_errors(&errors, &text)?,
        }
    }

    #[test]
    fn no_change_of_a_text_makes_a_panic(
        space in 0..6usize, ty in any_type(), choices in choices(), cuts in cuts()
    ) {
        let mut maker = Maker::new(space, choices);
        let mut text: Vec<char> = maker.term(ty, 4).text.chars().collect();
        for (at, length, new) in cuts {
            let start = at % (text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = library(&maker, &text) && maker.functions.is_empty() {
            assert_errors(&errors, &text)?;
        }
    }
}
