//! Every expression that meval accepts has the same value here: each operation, from the values that
//! its operands have here, to the bit, and each function and power within a few ulp.

use std::fmt;

use fluxions_expr::{Place, Scope, Space, evaluate};
use proptest::prelude::*;

/// An expression in meval's language.
#[derive(Clone, Debug)]
enum Tree {
    Number(String),
    Constant(&'static str),
    Sign(&'static str, Box<Tree>),
    Infix(Box<Tree>, &'static str, Box<Tree>),
    Power(Box<Tree>, u32),
    Call(&'static str, Vec<Tree>),
    Parentheses(Box<Tree>),
}

impl Tree {
    fn children(&self) -> Vec<&Tree> {
        match self {
            Tree::Number(_) | Tree::Constant(_) => Vec::new(),
            Tree::Infix(a, _, b) => vec![a, b],
            Tree::Sign(_, a) | Tree::Power(a, _) | Tree::Parentheses(a) => vec![a],
            Tree::Call(_, args) => args.iter().collect(),
        }
    }

    /// The text, with these in place of the children.
    fn text(&self, children: &[String]) -> String {
        match self {
            Tree::Number(text) => text.clone(),
            Tree::Constant(name) => name.to_string(),
            Tree::Sign(sign, _) => format!("{sign}({})", children[0]),
            Tree::Infix(_, op, _) => format!("({}) {op} ({})", children[0], children[1]),
            Tree::Power(_, n) => format!("({})^{n}", children[0]),
            Tree::Call(f, _) => format!("{f}({})", children.join(", ")),
            Tree::Parentheses(_) => format!("( {} )", children[0]),
        }
    }

    /// How far the two values may be apart; `value` is meval's.
    ///
    /// Functions of the standard library are a few ulp off; its inverse hyperbolic functions by more,
    /// relative to 1, and `atanh` close to −1.
    fn tolerance(&self, operands: &[f64], value: f64) -> f64 {
        let near = 4.0 * f64::EPSILON;
        match self {
            Tree::Call("atanh", _) => near * (value.abs() + 1.0 + 1.0 / (1.0 - operands[0].abs())),
            Tree::Call("asinh" | "acosh", _) => near * (value.abs() + 1.0),
            Tree::Call(
                "min" | "max" | "abs" | "floor" | "ceil" | "round" | "signum" | "sqrt",
                _,
            ) => 0.0,
            Tree::Call(..) | Tree::Power(..) | Tree::Infix(_, "^", _) => near * value.abs(),
            _ => 0.0,
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let children: Vec<_> = self.children().iter().map(|child| child.to_string()).collect();
        f.write_str(&self.text(&children))
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        "[0-9]{1,3}(\\.[0-9]{0,3})?(e[+-]?[0-9])?".prop_map(Tree::Number),
        prop_oneof![Just("pi"), Just("e"), Just("x"), Just("y")].prop_map(Tree::Constant),
    ];
    leaf.prop_recursive(6, 60, 3, |inner| {
        let unary = prop::sample::select(vec![
            "sqrt", "exp", "ln", "abs", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
            "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "round", "signum",
        ]);
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            4 => (boxed.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%", "^"]), boxed.clone())
                .prop_map(|(a, op, b)| Tree::Infix(a, op, b)),
            1 => (prop::sample::select(vec!["-", "+"]), boxed.clone())
                .prop_map(|(sign, a)| Tree::Sign(sign, a)),
            1 => (boxed.clone(), 2u32..=4).prop_map(|(a, n)| Tree::Power(a, n)),
            2 => (unary, inner.clone()).prop_map(|(f, a)| Tree::Call(f, vec![a])),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::Call("atan2", vec![a, b])),
            1 => (prop::sample::select(vec!["min", "max"]), prop::collection::vec(inner, 1..4))
                .prop_map(|(f, args)| Tree::Call(f, args)),
            1 => boxed.prop_map(Tree::Parentheses),
        ]
    })
}

/// The value here, infinities and NaNs included.
fn ours(text: &str) -> f64 {
    let mut scope = Scope::new(Place::Constant, &Space::nowhere());
    scope.number("x", 0.7);
    scope.number("y", -2.3);
    match evaluate(text, &scope).map_err(|errors| errors[0].clone()) {
        Ok(value) => value,
        Err(fluxions_expr::Error::NotFinite { value, .. }) => value,
        Err(error) => panic!("{}", error.in_text(text)),
    }
}

/// The value by meval, with numbers a0, a1, …
fn meval(text: &str, numbers: &[f64]) -> f64 {
    let expr: meval::Expr = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut context = meval::Context::new();
    context.var("x", 0.7).var("y", -2.3);
    for (k, number) in numbers.iter().enumerate() {
        context.var(format!("a{k}"), *number);
    }
    expr.eval_with_context(context).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// The value of a tree, every operation of which has been compared.
fn compared(tree: &Tree) -> Result<f64, TestCaseError> {
    let operands = tree.children().into_iter().map(compared).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = (0..operands.len()).map(|k| format!("a{k}")).collect();
    let (ours, theirs) = (ours(&tree.to_string()), meval(&tree.text(&names), &operands));
    // The largest of nothing but NaNs is −∞ in meval.
    let differs =
        matches!(tree, Tree::Call("min" | "max", _)) && operands.iter().all(|x| x.is_nan());
    let near = (ours - theirs).abs() <= tree.tolerance(&operands, theirs);
    prop_assert!(
        same(ours, theirs) || near || differs,
        "{tree}: {ours:?} here, {theirs:?} by meval"
    );
    Ok(ours)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_agree(tree in trees()) {
        compared(&tree)?;
    }

    #[test]
    fn small_powers_are_within_two_ulp(x in -1e3f64..1e3, n in -4i32..=4) {
        let text = format!("({x:?})^({n})");
        let (ours, theirs) = (ours(&text), meval(&text, &[]));
        prop_assert!((ours - theirs).abs() <= 2.0 * f64::EPSILON * theirs.abs());
    }

    /// Text without the parentheses that a tree puts everywhere: precedence and associativity.
    #[test]
    fn precedence_agrees(
        tokens in prop::collection::vec((prop::sample::select(vec!["", "-", "+", "- -"]),
            prop::sample::select(vec!["2.5", "x", "y", "1.5", "(x - 3.5)"]),
            prop::sample::select(vec![" + ", "-", "*", " / ", "%", "^"])), 1..12)
    ) {
        let mut text = String::new();
        for (sign, operand, operator) in &tokens {
            text += &format!("{sign}{operand}{operator}");
        }
        text += "1.25";
        let (ours, theirs) = (ours(&text), meval(&text, &[]));
        // Powers are a few ulp apart, which remainders can magnify to any size. Each binds as it does
        // beside the other operators.
        if text.contains('^') && text.contains('%') {
            return Ok(());
        }
        let tolerance = if text.contains('^') { 1e-9 * theirs.abs().max(1.0) } else { 0.0 };
        let near = (ours - theirs).abs() <= tolerance;
        prop_assert!(same(ours, theirs) || near, "{text}: {ours:?} here, {theirs:?} by meval");
    }

    #[test]
    fn any_text_gives_a_value_or_an_error(text in "[-+*/^%()a-z0-9. ,\\[\\]<>=!_αβ²∇]{0,40}") {
        let scope = Scope::new(Place::Constant, &Space::nowhere());
        if let Err(errors) = evaluate(&text, &scope) {
            for error in errors {
                prop_assert!(!error.in_text(&text).is_empty());
                prop_assert!(text.get(error.span().start..error.span().end).is_some());
            }
        }
    }
}
