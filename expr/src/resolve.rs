//! Syntax tree to checked expression: what the names mean, whether calls are right, whether the
//! place allows what is used.

use crate::ast::{Ast, AstKind, Infix, Prefix};
use crate::error::{Error, nearest};
use crate::function::{self, Function};
use crate::math::{Binary, Unary};
use crate::operator;
use crate::scope::{Scope, Uses};
use crate::span::Span;
use crate::typed::{Distribution, Expr, Node};

/// The distributions and the names of their functions.
const RANDOM: [(&str, Distribution); 2] =
    [("random_uniform", Distribution::Uniform), ("random_normal", Distribution::Normal)];

/// Gives the names in `ast` their meaning and checks every call.
///
/// `text` is what `ast` was parsed from.
///
/// # Errors
/// Every mistake found, in the order of the text.
pub fn resolve(ast: &Ast, text: &str, scope: &Scope) -> Result<(Expr, Uses), Vec<Error>> {
    let mut resolver =
        Resolver { text, scope, errors: Vec::new(), uses: Uses::default(), random: 0 };
    match resolver.expression(ast) {
        Some(expr) if resolver.errors.is_empty() => Ok((expr, resolver.uses)),
        _ => Err(resolver.errors),
    }
}

struct Resolver<'a> {
    text: &'a str,
    scope: &'a Scope,
    errors: Vec<Error>,
    uses: Uses,
    random: u32,
}

impl Resolver<'_> {
    /// The checked expression, or nothing where an error was recorded.
    fn expression(&mut self, ast: &Ast) -> Option<Expr> {
        let span = ast.span;
        let node = match &ast.kind {
            AstKind::Number(value) => Node::Number(*value),
            AstKind::Name(name) => self.name(name, span)?,
            AstKind::Prefix(Prefix::Plus, inner) => self.expression(inner)?.node,
            AstKind::Prefix(prefix, inner) => {
                let function = match prefix {
                    Prefix::Not => Unary::Not,
                    _ => Unary::Negate,
                };
                Node::Call(Function::Unary(function), vec![self.expression(inner)?])
            }
            AstKind::Infix(infix, a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                Node::Call(Function::Binary(binary(*infix)), vec![a?, b?])
            }
            AstKind::Call(name, name_span, arguments) => {
                self.call(name, *name_span, arguments, span)?
            }
            AstKind::List(items) | AstKind::Tuple(items) => {
                return self.fail(Error::UnexpectedList { length: items.len(), span });
            }
            AstKind::Index(of, _) | AstKind::Member(of, _, _) => {
                self.expression(of)?;
                let of = of.span;
                let text = self.text[of.start..of.end].to_string();
                return self.fail(Error::NoComponents { text, span: Span::new(of.end, span.end) });
            }
        };
        Some(Expr { node, span })
    }

    fn fail<T>(&mut self, error: Error) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Node> {
        if let Some((node, uses)) = self.scope.get(name) {
            let (node, uses) = (node.clone(), uses.clone());
            self.check_uses(name, &node, &uses, span)?;
            self.uses.merge(&uses);
            return Some(node);
        }
        if matches!(name, "i" | "I") {
            return self.fail(Error::Imaginary { name: name.into(), span });
        }
        if function::find(name).is_some()
            || operator::find(name, self.scope.axes()).is_some()
            || operator::find_reduction(name).is_some()
        {
            let example = format!("{name}(…)");
            return self.fail(Error::MissingArguments { name: name.into(), example, span });
        }
        let everywhere = ["t"].into_iter().chain(self.scope.axes().iter().map(String::as_str));
        if !self.scope.place().allows_cells() && everywhere.into_iter().any(|known| known == name) {
            return self.not_allowed(format!("the coordinate or time `{name}`"), span, None);
        }
        let known = self.scope.known();
        let nearest = nearest(name, known.iter().map(String::as_str));
        self.fail(Error::UnknownName { name: name.into(), span, nearest, known })
    }

    /// Whether the place allows what stands behind a name.
    fn check_uses(&mut self, name: &str, node: &Node, uses: &Uses, span: Span) -> Option<()> {
        let place = self.scope.place();
        let what = match (&uses.field, &uses.operator) {
            (Some(field), _) if !place.allows_fields() => match node {
                Node::Field(_) => format!("the field `{name}`"),
                _ => format!("`{name}`, which depends on the field `{field}`,"),
            },
            (_, Some(operator)) if !place.allows_operators() => {
                format!("`{name}`, which uses `{operator}`,")
            }
            _ if uses.random && !place.allows_random() => {
                format!("`{name}`, which is random,")
            }
            _ if (uses.cells || uses.time) && !place.allows_cells() => {
                format!("`{name}`, which is not constant,")
            }
            _ => return Some(()),
        };
        self.not_allowed(what, span, None)
    }

    fn not_allowed<T>(&mut self, what: String, span: Span, instead: Option<&str>) -> Option<T> {
        let place = self.scope.place().describe();
        let instead = instead.map(str::to_string);
        self.fail(Error::NotAllowed { what, place, span, instead })
    }

    fn call(&mut self, name: &str, name_span: Span, args: &[Ast], span: Span) -> Option<Node> {
        let place = self.scope.place();
        if let Some(operator) = operator::find(name, self.scope.axes()) {
            self.count(name, args, 1..=1, span)?;
            let argument = self.expression(&args[0]);
            if !place.allows_operators() {
                return self.not_allowed(format!("the operator `{name}`"), name_span, None);
            }
            self.uses.operator.get_or_insert(name.into());
            return Some(Node::Operator(operator, Box::new(argument?)));
        }
        if let Some(reduction) = operator::find_reduction(name)
            && (args.len() == 1 || function::find(name).is_none())
        {
            self.count(name, args, 1..=1, span)?;
            let outside = std::mem::take(&mut self.uses.cells);
            let argument = self.expression(&args[0]);
            self.uses.cells = outside;
            if place == crate::Place::Constant && function::find(name).is_some() {
                // The largest or smallest of one number is that number.
                return argument.map(|argument| argument.node);
            }
            if !place.allows_operators() {
                return self.not_allowed(format!("`{name}` over the domain"), name_span, None);
            }
            self.uses.operator.get_or_insert(name.into());
            return Some(Node::Reduce(reduction, Box::new(argument?)));
        }
        if let Some((_, distribution)) = RANDOM.iter().find(|(known, _)| *known == name) {
            self.count(name, args, 2..=2, span)?;
            let (a, b) = (self.expression(&args[0]), self.expression(&args[1]));
            if !place.allows_random() {
                let instead = Some("random numbers are for initial values");
                return self.not_allowed(format!("`{name}`"), name_span, instead);
            }
            self.random += 1;
            self.uses.random = true;
            self.uses.cells = true;
            return Some(Node::Random(*distribution, Box::new([a?, b?]), self.random - 1));
        }
        if name == "Piecewise" {
            return self.piecewise(args, span);
        }
        if let Some(row) = function::find(name) {
            self.count(name, args, row.arguments.clone(), span)?;
            let arguments: Vec<_> = args.iter().map(|a| self.expression(a)).collect();
            return Some(Node::Call(row.function, arguments.into_iter().collect::<Option<_>>()?));
        }
        // The arguments may hold further mistakes of their own.
        args.iter().for_each(|argument| drop(self.expression(argument)));
        self.unknown_call(name, name_span)
    }

    fn unknown_call(&mut self, name: &str, span: Span) -> Option<Node> {
        if operator::VECTOR_OPERATORS.contains(&name) {
            return self.fail(Error::VectorOperator { name: name.into(), span });
        }
        if let Some((node, _)) = self.scope.get(name) {
            let what = match node {
                Node::Field(_) => "a field",
                Node::Define(_) => "a definition",
                Node::Coordinate(_) => "a coordinate",
                Node::Time => "the time",
                _ => "a number",
            };
            return self.fail(Error::NotAFunction { name: name.into(), what, span });
        }
        let operators = operator::names(self.scope.axes());
        let mut known: Vec<&str> = vec!["Piecewise"];
        for (name, _) in &operators {
            known.push(name);
        }
        for row in function::FUNCTIONS {
            known.extend_from_slice(row.names);
        }
        known.extend_from_slice(&operator::REDUCTION_NAMES);
        known.extend_from_slice(&RANDOM.map(|(name, _)| name));
        let nearest = nearest(name, known);
        self.fail(Error::UnknownFunction { name: name.into(), span, nearest })
    }

    /// `Piecewise((a, c), (b, True))` as nested choices; NaN where no condition holds, as sympy.
    fn piecewise(&mut self, args: &[Ast], span: Span) -> Option<Node> {
        self.count("Piecewise", args, 1..=usize::MAX, span)?;
        let mut pairs = Vec::new();
        for argument in args {
            let AstKind::Tuple(pair) = &argument.kind else {
                self.errors.push(Error::NotAPair { span: argument.span });
                continue;
            };
            let [value, condition] = pair.as_slice() else {
                self.errors.push(Error::NotAPair { span: argument.span });
                continue;
            };
            let (value, condition) = (self.expression(value), self.expression(condition));
            pairs.extend(value.zip(condition));
        }
        let otherwise = Expr { node: Node::Number(f64::NAN), span };
        let chosen = pairs.into_iter().rev().fold(otherwise, |otherwise, (value, condition)| {
            let arguments = vec![condition, value, otherwise];
            Expr { node: Node::Call(Function::Where, arguments), span }
        });
        Some(chosen.node)
    }

    fn count(
        &mut self,
        name: &str,
        args: &[Ast],
        allowed: std::ops::RangeInclusive<usize>,
        span: Span,
    ) -> Option<()> {
        if allowed.contains(&args.len()) {
            return Some(());
        }
        args.iter().for_each(|argument| drop(self.expression(argument)));
        let (least, most) = (*allowed.start(), *allowed.end());
        let plural = |n| if n == 1 { "argument" } else { "arguments" };
        let takes = match most {
            usize::MAX => format!("{least} or more arguments"),
            _ if least == most => format!("{least} {}", plural(least)),
            _ => format!("{least} or {most} arguments"),
        };
        self.fail(Error::ArgumentCount { name: name.into(), takes, given: args.len(), span })
    }
}

fn binary(infix: Infix) -> Binary {
    match infix {
        Infix::Add => Binary::Add,
        Infix::Subtract => Binary::Subtract,
        Infix::Multiply => Binary::Multiply,
        Infix::Divide => Binary::Divide,
        Infix::Remainder => Binary::Remainder,
        Infix::Power => Binary::Power,
        Infix::Less => Binary::Less,
        Infix::LessEqual => Binary::LessEqual,
        Infix::Greater => Binary::Greater,
        Infix::GreaterEqual => Binary::GreaterEqual,
        Infix::Equal => Binary::Equal,
        Infix::NotEqual => Binary::NotEqual,
        Infix::And => Binary::And,
        Infix::Or => Binary::Or,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Place;

    fn scope(place: Place) -> Scope {
        let mut scope = Scope::new(place, &["x".into(), "y".into()]);
        if place.allows_fields() {
            scope.field("u", 0);
        }
        scope.number("gamma", 2.0);
        scope
    }

    fn errors(text: &str, place: Place) -> Vec<String> {
        let ast = crate::parse(text).unwrap();
        match resolve(&ast, text, &scope(place)) {
            Ok(_) => vec![],
            Err(errors) => errors.iter().map(|e| e.to_string()).collect(),
        }
    }

    #[test]
    fn independent_mistakes_are_all_reported() {
        let found = errors("laplac(u) + vv*sin(u, 1) + u[0]", Place::Equation);
        assert_eq!(
            found,
            [
                "unknown function `laplac`",
                "unknown name `vv`",
                "`sin` takes 1 argument, but 2 are given",
                "`u` is a scalar: it has no components",
            ]
        );
    }

    #[test]
    fn a_parameter_may_have_a_functions_name() {
        assert!(errors("gamma*gamma(u)", Place::Equation).is_empty());
    }

    #[test]
    fn places_allow_what_they_should() {
        assert!(errors("random_uniform(0, 1)*x", Place::Initial).is_empty());
        assert!(errors("value + dx + t", Place::Condition).is_empty());
        assert!(errors("max(2)", Place::Constant).is_empty());
        for (text, place) in [
            ("random_uniform(0, 1)", Place::Equation),
            ("d_dx(y)", Place::Condition),
            ("x", Place::Constant),
            ("integral(2)", Place::Constant),
        ] {
            assert_eq!(errors(text, place).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_definition_brings_what_it_uses() {
        let mut scope = scope(Place::Initial);
        let uses = Uses { field: Some("u".into()), cells: true, ..Uses::default() };
        scope.define("mu", 0, uses);
        let ast = crate::parse("2*mu").unwrap();
        let errors = resolve(&ast, "2*mu", &scope).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "`mu`, which depends on the field `u`, cannot be used in an initial value"
        );
    }

    #[test]
    fn a_reduction_is_one_number() {
        let uses = |text: &str| {
            resolve(&crate::parse(text).unwrap(), text, &scope(Place::Output)).unwrap().1
        };
        assert!(!uses("integral(u*x) + max(u)").cells);
        assert!(uses("u - average(u)").cells);
    }
}
