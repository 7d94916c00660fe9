//! Calls of what is built in: functions, operators, reductions and random numbers.

use super::point::AT;
use super::{Resolver, Typed};
use crate::ast::{Ast, AstKind};
use crate::error::{Error, nearest};
use crate::evaluate;
use crate::function::{self, Function, RECIPROCALS};
use crate::math::{Binary, Unary};
use crate::operator::{
    self, Mean, Operator, PRODUCTS, Product, Reduction, TRANSFORMS, Transform, Upwind,
};
use crate::scope::Place;
use crate::span::Span;
use crate::spelling::instead_of_call;
use crate::typed::{Distribution, Expr, Node};
use crate::types::{Rank, Type};

/// The distributions, with the names of their functions and how many arguments these take.
const RANDOM: [(&str, Distribution, std::ops::RangeInclusive<usize>); 4] = [
    ("random_uniform", Distribution::Uniform, 2..=2),
    ("random_normal", Distribution::Normal, 2..=2),
    ("random_colored", Distribution::Colored, 1..=2),
    ("random_harmonic", Distribution::Harmonic, 0..=1),
];

/// The largest number of modes of a harmonic field. Each mode is a cosine at every cell along an
/// axis.
const MOST_MODES: u32 = 1000;

/// The function that gives the value of an expression in the cell at the wall, in conditions. Alone
/// the name stands for the quantity's own cell.
const IN_CELL: &str = "cell";

/// Whether this is the name of something built in, such as a function or an operator, on a grid
/// with these axes.
pub fn is_builtin(name: &str, axes: &[String]) -> bool {
    // `Array` is sympy's spelling of a list and not a function.
    name == "Array" || builtins(axes).iter().any(|known| known == name)
}

/// The names of all that is built in and can be called.
fn builtins(axes: &[String]) -> Vec<String> {
    let operators = operator::names(axes).into_iter().map(|(name, _)| name);
    let mut known: Vec<&str> = vec!["Piecewise"];
    for row in function::FUNCTIONS {
        known.extend_from_slice(row.names);
    }
    known.extend(RECIPROCALS.map(|(name, _)| name));
    known.extend_from_slice(&operator::REDUCTION_NAMES);
    known.extend(PRODUCTS.map(|(name, _)| name));
    known.extend(TRANSFORMS.map(|(name, _)| name));
    known.push(AT);
    known.extend(RANDOM.map(|(name, ..)| name));
    let flows = operator::flows(axes).map(|(name, _)| name);
    operators.chain(flows).chain(known.into_iter().map(str::to_string)).collect()
}

impl Resolver<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_span: Span,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        if let Some(operator) = self.scope.operator_named(name) {
            return self.operator(name, operator, name_span, args, span);
        }
        if let Some(callable) = self.scope.callable(name).cloned() {
            return self.callable(name, callable, args, span);
        }
        if let Some(operator) = operator::find(name, &self.scope.space().axes) {
            return self.operator(name, operator, name_span, args, span);
        }
        if let Some(reduction) = operator::find_reduction(name)
            && (args.len() == 1 || function::find(name).is_none())
        {
            return self.reduction(name, reduction, name_span, args, span);
        }
        if let Some((_, product)) = PRODUCTS.iter().find(|(known, _)| *known == name) {
            return self.product(name, *product, args, span);
        }
        if let Some((_, transform)) = TRANSFORMS.iter().find(|(known, _)| *known == name) {
            return self.transform(name, *transform, args, span);
        }
        if let Some((_, distribution, count)) = RANDOM.iter().find(|(known, ..)| *known == name) {
            return self.random(name, *distribution, count.clone(), name_span, args, span);
        }
        if name == IN_CELL && self.scope.place() == Place::Condition {
            self.count(name, args, 1..=1, span)?;
            let inner = self.expression(&args[0])?;
            let ty = inner.ty;
            return Some((Node::InCell(Box::new(inner)), ty));
        }
        if let Some((_, end)) =
            operator::flows(&self.scope.space().axes).find(|(known, _)| known == name)
        {
            return self.flow(name, end, name_span, args, span);
        }
        if name == AT && !self.scope.points().is_empty() {
            return self.at(name_span, args, span);
        }
        if name == "Piecewise" {
            return self.piecewise(args, span);
        }
        if name == crate::parse::BARS {
            let inner = self.expression(&args[0])?;
            if inner.ty.rank != Rank::Scalar {
                let node = Node::Transform(Transform::Norm, Box::new(inner));
                return Some((node, Type::REAL));
            }
            return self.function(name, Function::Unary(Unary::Abs), vec![inner]);
        }
        // `Array([…])` is sympy's spelling of a list.
        if name == "Array"
            && let [Ast { kind: AstKind::List(items), span, .. }] = args
        {
            return self.list(items, *span);
        }
        if let Some(row) = function::find(name) {
            // Of one argument, `max` and `min` are those over the domain.
            let least = match operator::find_reduction(name) {
                Some(_) => 1,
                None => *row.arguments.start(),
            };
            self.count(name, args, least..=*row.arguments.end(), span)?;
            let arguments = self.arguments(args)?;
            return self.function(name, row.function, arguments);
        }
        if let Some((_, of)) = RECIPROCALS.iter().find(|(known, _)| *known == name) {
            return self.reciprocal(name, *of, args, span);
        }
        // The arguments may contain further mistakes.
        args.iter().for_each(|argument| drop(self.expression(argument)));
        self.unknown_call(name, name_span)
    }

    /// The checked arguments, if all of them are right. All of them are checked even if one is
    /// wrong.
    pub(super) fn arguments(&mut self, args: &[Ast]) -> Option<Vec<Expr>> {
        let arguments: Vec<_> = args.iter().map(|argument| self.expression(argument)).collect();
        arguments.into_iter().collect()
    }

    fn function(&mut self, name: &str, f: Function, arguments: Vec<Expr>) -> Option<Typed> {
        let what = format!("`{name}`");
        if f == Function::Where {
            return self.choice(arguments);
        }
        let complex = arguments.iter().any(|argument| argument.ty.complex);
        for argument in &arguments {
            match (f.takes_components(), f.takes_complex()) {
                (true, _) => {}
                (false, true) => self.scalar(argument, &what)?,
                (false, false) => self.real_scalar(argument, &what)?,
            }
        }
        let rank = if f.takes_components() { arguments[0].ty.rank } else { Rank::Scalar };
        let ty = Type { rank, complex: complex && !f.gives_real() };
        Some((Node::Call(f, arguments), ty))
    }

    /// 1/f(x)
    fn reciprocal(&mut self, name: &str, f: Unary, args: &[Ast], span: Span) -> Option<Typed> {
        self.count(name, args, 1..=1, span)?;
        // The function stands one level below the quotient.
        self.grow(usize::from(!self.functions.is_empty()), 1, span)?;
        self.depth += 1;
        let arguments = self.arguments(args);
        self.depth -= 1;
        let (node, ty) = self.function(name, Function::Unary(f), arguments?)?;
        let one = Expr { span, ..Expr::number(1.0) };
        let quotient = vec![one, Expr { node, ty, span }];
        Some((Node::Call(Function::Binary(Binary::Divide), quotient), ty))
    }

    /// `where(condition, a, b)`, where a and b have one rank.
    fn choice(&mut self, arguments: Vec<Expr>) -> Option<Typed> {
        self.real_scalar(&arguments[0], "a condition")?;
        let (a, b) = (&arguments[1], &arguments[2]);
        if a.ty.rank != b.ty.rank {
            let (left, right, span) = (a.ty, b.ty, a.span.to(b.span));
            return self.fail(Error::RankMismatch {
                verb: "alternatives of one choice",
                left,
                right,
                span,
            });
        }
        let ty = a.ty.with_complex(a.ty.complex || b.ty.complex);
        Some((Node::Call(Function::Where, arguments), ty))
    }

    fn operator(
        &mut self,
        name: &str,
        operator: Operator,
        name_span: Span,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        let count = operator.arguments();
        self.count(name, args, count..=count, span)?;
        let arguments = self.arguments(args);
        if !self.scope.place().allows_operators() {
            return self.not_allowed(format!("the operator `{name}`"), name_span, None);
        }
        self.uses.operator.get_or_insert(name.into());
        let arguments = arguments?;
        let space = self.scope.space();
        if let Some(reason) = operator.refused(space) {
            let (name, on) = (name.to_string(), space.coordinates.name());
            return self.fail(Error::NotOnGrid { name, on, reason, span: name_span });
        }
        let last = &arguments[count - 1];
        let Some(rank) = operator.rank_of(last.ty.rank, space) else {
            let (wants, instead) = operator.wants(last.ty.rank);
            return self.wrong_rank(name, wants, last, instead);
        };
        match operator {
            Operator::Diffusion(Mean::Harmonic) => {
                let diffusivity = &arguments[0];
                if diffusivity.ty.rank == Rank::Tensor {
                    let wants =
                        "a scalar, or a vector with one number for each axis, as diffusivity";
                    return self.wrong_rank(name, wants, diffusivity, None);
                }
                if diffusivity.ty.complex {
                    let (what, span) = ("a harmonic mean".to_string(), diffusivity.span);
                    return self.fail(Error::RealWanted { what, span });
                }
            }
            Operator::Advect(upwind) => {
                let velocity = &arguments[0];
                if velocity.ty.rank != Rank::Vector {
                    return self.wrong_rank(name, "a vector as velocity", velocity, None);
                }
                if upwind == Upwind::Yes && velocity.ty.complex {
                    let (what, span) = ("the direction of a flow".to_string(), velocity.span);
                    return self.fail(Error::RealWanted { what, span });
                }
            }
            Operator::Custom { .. } => {
                for argument in &arguments {
                    self.real_scalar(argument, &format!("`{name}`"))?;
                }
            }
            _ => {}
        }
        let complex = arguments.iter().any(|argument| argument.ty.complex);
        let arguments = self.with_masks(arguments);
        Some((Node::Operator(operator, arguments), Type { rank, complex }))
    }

    /// The arguments of an operator, with those after them that tell where fields are closed.
    fn with_masks(&self, mut arguments: Vec<Expr>) -> Vec<Expr> {
        let mask = |argument: &Expr| match argument.node {
            Node::Field(field) => self.scope.mask_of(field).map(|mask| Expr {
                node: Node::Field(mask),
                ty: Type::REAL,
                span: argument.span,
            }),
            _ => None,
        };
        let masks: Vec<Option<Expr>> = arguments.iter().map(mask).collect();
        if masks.iter().any(Option::is_some) {
            let none = |argument: &Expr| Expr { span: argument.span, ..Expr::number(0.0) };
            let all = arguments.iter().zip(masks);
            let masks: Vec<Expr> =
                all.map(|(argument, mask)| mask.unwrap_or_else(|| none(argument))).collect();
            arguments.extend(masks);
        }
        arguments
    }

    fn wrong_rank<T>(
        &mut self,
        name: &str,
        wants: &'static str,
        argument: &Expr,
        instead: Option<&'static str>,
    ) -> Option<T> {
        let (name, found, span) = (name.to_string(), argument.ty, argument.span);
        self.fail(Error::WrongRank { name, wants, found, span, instead })
    }

    fn reduction(
        &mut self,
        name: &str,
        reduction: Reduction,
        name_span: Span,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        self.count(name, args, 1..=1, span)?;
        let argument = self.over_domain(&args[0]);
        let place = self.scope.place();
        if place == Place::Constant && function::find(name).is_some() {
            // The maximum or minimum of one number is the number itself.
            let argument = argument?;
            self.real_scalar(&argument, &format!("`{name}`"))?;
            return Some((argument.node, argument.ty));
        }
        if !place.allows_operators() {
            return self.not_allowed(format!("`{name}` over the domain"), name_span, None);
        }
        self.uses.operator.get_or_insert(name.into());
        let argument = argument?;
        match reduction {
            Reduction::Integral | Reduction::Average => {
                self.scalar(&argument, &format!("`{name}`"))?;
            }
            Reduction::Max | Reduction::Min => {
                self.real_scalar(&argument, &format!("`{name}`"))?;
            }
        }
        let ty = argument.ty;
        Some((Node::Reduce(reduction, Box::new(argument)), ty))
    }

    /// The argument of what gives one number for the domain, which does not differ from cell to cell
    /// though the argument does.
    pub(super) fn over_domain(&mut self, argument: &Ast) -> Option<Expr> {
        let outside = std::mem::take(&mut self.uses.cells);
        let argument = self.expression(argument);
        self.uses.cells = outside;
        argument
    }

    /// What flows out of the domain through a face.
    fn flow(
        &mut self,
        name: &str,
        (axis, upper): (usize, bool),
        name_span: Span,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        self.count(name, args, 1..=1, span)?;
        let of = self.over_domain(&args[0]);
        if !self.scope.place().allows_flows() {
            return self.not_allowed(format!("`{name}`"), name_span, None);
        }
        self.uses.operator.get_or_insert(name.into());
        let of = of?;
        self.scalar(&of, &format!("`{name}`"))?;
        let ty = of.ty;
        Some((Node::Flow { axis, upper, of: Box::new(of) }, ty))
    }

    fn product(&mut self, name: &str, product: Product, args: &[Ast], span: Span) -> Option<Typed> {
        use Rank::{Scalar, Tensor, Vector};
        self.count(name, args, 2..=2, span)?;
        let arguments = self.arguments(args)?;
        let [a, b] = <[Expr; 2]>::try_from(arguments).ok()?;
        let dimension = self.scope.space().dimension();
        let rank = match (product, a.ty.rank, b.ty.rank) {
            (Product::Dot, Vector, Vector) => Scalar,
            (Product::Dot, Tensor, Vector) | (Product::Dot, Vector, Tensor) => Vector,
            (Product::Dot, Tensor, Tensor) | (Product::Outer, Vector, Vector) => Tensor,
            (Product::Cross, Vector, Vector) if dimension == 1 => {
                let reason = "along one axis vectors are parallel";
                let (name, on) = (name.to_string(), self.scope.space().coordinates.name());
                return self.fail(Error::NotOnGrid { name, on, reason, span });
            }
            (Product::Cross, Vector, Vector) if dimension == 2 => Scalar,
            (Product::Cross, Vector, Vector) => Vector,
            (_, first, _) => {
                let wants = match product {
                    Product::Dot => "vectors or tensors",
                    _ => "vectors",
                };
                let bad = match (product, first) {
                    (Product::Dot, Scalar) => a,
                    (Product::Dot, _) => b,
                    (_, Vector) => b,
                    _ => a,
                };
                return self.wrong_rank(name, wants, &bad, None);
            }
        };
        let ty = Type { rank, complex: a.ty.complex || b.ty.complex };
        Some((Node::Product(product, Box::new([a, b])), ty))
    }

    fn transform(
        &mut self,
        name: &str,
        transform: Transform,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        self.count(name, args, 1..=1, span)?;
        let argument = self.expression(&args[0])?;
        let ty = match (transform, argument.ty.rank) {
            (Transform::Transpose, Rank::Tensor) => argument.ty,
            (Transform::Trace, Rank::Tensor) => argument.ty.with_rank(Rank::Scalar),
            (Transform::Norm, Rank::Vector | Rank::Tensor) => Type::REAL,
            (Transform::Norm, Rank::Scalar) => {
                let instead = Some("of a scalar it is `abs(…)`");
                return self.wrong_rank(name, "a vector or tensor", &argument, instead);
            }
            _ => return self.wrong_rank(name, "a tensor", &argument, None),
        };
        Some((Node::Transform(transform, Box::new(argument)), ty))
    }

    fn random(
        &mut self,
        name: &str,
        distribution: Distribution,
        count: std::ops::RangeInclusive<usize>,
        name_span: Span,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        self.count(name, args, count, span)?;
        let arguments = self.arguments(args);
        if !self.scope.place().allows_random() {
            let instead = Some(
                "random numbers are for initial values; for a stochastic equation see [noise]",
            );
            return self.not_allowed(format!("`{name}`"), name_span, instead);
        }
        self.random += 1;
        self.uses.random = true;
        self.uses.cells = true;
        let arguments = arguments?;
        for argument in &arguments {
            self.real_scalar(argument, &format!("`{name}`"))?;
        }
        let fixed = matches!(distribution, Distribution::Colored | Distribution::Harmonic);
        if let Some(argument) = arguments.iter().find(|a| fixed && !is_number(a)) {
            let (name, span) = (name.to_string(), argument.span);
            return self.fail(Error::NumberWanted { name, span });
        }
        if let (Distribution::Harmonic, [modes]) = (distribution, &arguments[..]) {
            let found = evaluate::number(modes, self.scope.space());
            let (least, most, span) = (1, MOST_MODES, modes.span);
            if found.fract() != 0.0 || !(f64::from(least)..=f64::from(most)).contains(&found) {
                let name = name.to_string();
                return self.fail(Error::WholeNumberWanted { name, least, most, found, span });
            }
        }
        Some((Node::Random(distribution, arguments, self.random - 1), Type::REAL))
    }

    fn unknown_call(&mut self, name: &str, span: Span) -> Option<Typed> {
        if let Some(meaning) = self.scope.get(name) {
            let what = match meaning.node {
                Node::Field(_) => "a field",
                Node::Define(_) => "a definition",
                Node::Coordinate(_) => "a coordinate",
                Node::Time => "the time",
                _ => "a number",
            };
            return self.fail(Error::NotAFunction { name: name.into(), what, span });
        }
        let known = builtins(&self.scope.space().axes);
        let known = known.iter().map(String::as_str).chain(self.scope.callables());
        let instead = instead_of_call(name, &self.scope.space().axes);
        let nearest = nearest(name, known);
        self.fail(Error::UnknownFunction { name: name.into(), span, nearest, instead })
    }

    /// `Piecewise((a, c), (b, True))` as nested choices. As in sympy, it is NaN where no condition
    /// holds.
    fn piecewise(&mut self, args: &[Ast], span: Span) -> Option<Typed> {
        self.count("Piecewise", args, 1..=usize::MAX, span)?;
        // Each choice stands one level below the one before.
        self.grow(0, args.len(), span)?;
        let mut pairs = Vec::new();
        for argument in args {
            self.depth += 1;
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
        self.depth -= args.len();
        let mut chosen: Option<Expr> = None;
        for (value, condition) in pairs.into_iter().rev() {
            let otherwise = chosen.unwrap_or_else(|| {
                // Where no condition holds, the NaN may stand for a value of any rank.
                let nan = Expr { span, ..Expr::number(f64::NAN) };
                if value.ty == Type::REAL {
                    return nan;
                }
                let function = Function::Binary(Binary::Multiply);
                let node = Node::Call(function, vec![nan, value.clone()]);
                Expr { node, ty: value.ty, span }
            });
            let (node, ty) = self.choice(vec![condition, value, otherwise])?;
            chosen = Some(Expr { node, ty, span });
        }
        chosen.map(|chosen| (chosen.node, chosen.ty))
    }

    pub(super) fn count(
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

/// Whether an expression consists of numbers only.
pub(super) fn is_number(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) => true,
        Node::Call(_, arguments) | Node::Chain(_, arguments) => arguments.iter().all(is_number),
        _ => false,
    }
}
