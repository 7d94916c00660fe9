//! Every expression that meval accepts has the same value here.
//!
//! Small integer powers are products here and calls of `pow` there: they are compared with the
//! product written out.

use std::fmt;

use fluxions_expr::Unary::*;
use fluxions_expr::{Binary, Place, Scope, Space, evaluate};
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
    /// The text, with small powers written as powers or as products.
    fn write(&self, products: bool) -> String {
        let go = |tree: &Tree| tree.write(products);
        match self {
            Tree::Number(text) => text.clone(),
            Tree::Constant(name) => name.to_string(),
            Tree::Sign(sign, a) => format!("{sign}({})", go(a)),
            Tree::Infix(a, op, b) => format!("({}) {op} ({})", go(a), go(b)),
            Tree::Power(a, n) if products => {
                let a = go(a);
                match n {
                    2 => format!("(({a})*({a}))"),
                    3 => format!("((({a})*({a}))*({a}))"),
                    _ => format!("((({a})*({a}))*(({a})*({a})))"),
                }
            }
            Tree::Power(a, n) => format!("({})^{n}", go(a)),
            Tree::Call(f, args) => {
                format!("{f}({})", args.iter().map(go).collect::<Vec<_>>().join(", "))
            }
            Tree::Parentheses(a) => format!("( {} )", go(a)),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(false))
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

fn meval(text: &str) -> f64 {
    let expr: meval::Expr = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut context = meval::Context::new();
    context.var("x", 0.7).var("y", -2.3);
    // The system's library has other last digits; they would be magnified.
    #[rustfmt::skip]
    let own = [
        ("exp", Exp), ("ln", Log), ("sin", Sin), ("cos", Cos), ("tan", Tan), ("asin", Asin),
        ("acos", Acos), ("atan", Atan), ("sinh", Sinh), ("cosh", Cosh), ("tanh", Tanh),
        ("asinh", Asinh), ("acosh", Acosh), ("atanh", Atanh),
    ];
    for (name, function) in own {
        context.func(name, move |x| function.eval(x));
    }
    context.func2("atan2", |y, x| Binary::Atan2.eval(y, x));
    expr.eval_with_context(context).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Whether the two languages differ by intent somewhere in the tree.
///
/// `^` between two subtrees may be a small integer power; meval is then off by an ulp of the
/// power, which later operations can magnify. And the largest of nothing but NaNs is −∞ in meval.
fn differs_by_intent(tree: &Tree) -> bool {
    let value = |tree: &Tree| ours(&tree.to_string());
    let here = match tree {
        Tree::Infix(_, "^", b) => value(b).fract() == 0.0 && value(b).abs() <= 4.0,
        Tree::Call("min" | "max", args) => args.iter().all(|a| value(a).is_nan()),
        _ => false,
    };
    here || match tree {
        Tree::Infix(a, _, b) => differs_by_intent(a) || differs_by_intent(b),
        Tree::Sign(_, a) | Tree::Power(a, _) | Tree::Parentheses(a) => differs_by_intent(a),
        Tree::Call(_, args) => args.iter().any(differs_by_intent),
        Tree::Number(_) | Tree::Constant(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_agree_to_the_bit(tree in trees()) {
        prop_assume!(!differs_by_intent(&tree));
        let (ours, theirs) = (ours(&tree.to_string()), meval(&tree.write(true)));
        prop_assert!(same(ours, theirs), "{tree}: {ours:?} here, {theirs:?} by meval");
    }

    #[test]
    fn small_powers_are_within_two_ulp(x in -1e3f64..1e3, n in -4i32..=4) {
        let ours = ours(&format!("({x:?})^({n})"));
        let theirs = meval(&format!("({x:?})^({n})"));
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
        let (ours, theirs) = (ours(&text), meval(&text));
        prop_assert!(same(ours, theirs), "{text}: {ours:?} here, {theirs:?} by meval");
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
