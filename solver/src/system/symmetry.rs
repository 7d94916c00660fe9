//! What spherical symmetry asks for. Fields on a spherical grid depend on r alone; a vector that
//! does so and still is the same after every rotation points along r, and a tensor has two
//! numbers, along r and across. Operators with θ and φ in them are right for such values only, so
//! they are refused where the form of an expression does not show that its values are such.

use std::collections::HashSet;

use fluxions_expr::{
    Binary, Coordinates, Expr, Function, Node, Operator, Product, Rank, Transform, Unary,
};

use crate::error::Error;
use crate::system::definition::milestones;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::symbols::Symbols;

/// What the form of an expression says about its components.
#[derive(Clone, Debug, PartialEq)]
struct Form {
    /// Which components are zero.
    zero: Vec<bool>,
    /// Of a tensor: whether those along θθ and φφ are equal.
    round: bool,
}

/// Which components of the fields and definitions on a spherical grid are always zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vanishing {
    /// The forms of the fields with equations.
    fields: Vec<Form>,
    definitions: Vec<Form>,
}

/// An operator that is applied to something without the symmetry of a spherical grid.
pub(crate) struct Asymmetry {
    operator: String,
    reason: &'static str,
    span: fluxions_expr::Span,
}

impl Asymmetry {
    pub(crate) fn error(self, origin: &Origin, formula: &Formula) -> Error {
        let Asymmetry { operator, reason, span } = self;
        let text: Box<str> = formula.to_string().into();
        let span = if span.end <= text.len() { span } else { Default::default() };
        let reason =
            format!("`{operator}` on a spherical grid is for symmetric values: {reason}").into();
        Error::NotSymmetric { origin: origin.clone(), text, reason, span }
    }
}

impl Vanishing {
    /// What stays zero on a spherical grid: at first everything across r, then only what no equation
    /// makes nonzero. `noise` are fields with the variance of their noise. Other grids have no such
    /// symmetry.
    pub(crate) fn of(
        symbols: &Symbols,
        equations: &[Expr],
        noise: &[(usize, Expr)],
    ) -> Option<Self> {
        if symbols.space().coordinates != Coordinates::Spherical {
            return None;
        }
        let guess = |rank: Rank| match rank {
            Rank::Scalar => Form { zero: vec![false], round: true },
            Rank::Vector => Form { zero: vec![false, true, true], round: true },
            Rank::Tensor => {
                let zero = (0..9).map(|k| k / 3 != k % 3).collect();
                Form { zero, round: true }
            }
        };
        let fields = symbols.types().iter().map(|ty| guess(ty.rank)).collect();
        let mut vanishing = Vanishing { fields, definitions: Vec::new() };
        loop {
            // Each may use earlier ones.
            vanishing.definitions.clear();
            for definition in symbols.definitions() {
                let form = vanishing.form(&definition.expr);
                vanishing.definitions.push(form);
            }
            let mut next = vanishing.clone();
            for (field, equation) in equations.iter().enumerate() {
                let found = vanishing.form(equation);
                let form = &mut next.fields[field];
                let zeros = found.spread(form.zero.len());
                for (zero, found) in form.zero.iter_mut().zip(zeros) {
                    *zero &= found;
                }
                form.round &= found.round;
            }
            for (field, variance) in noise {
                let found = vanishing.form(variance);
                let form = &mut next.fields[*field];
                let quiet = found.spread(form.zero.len());
                form.zero.iter_mut().zip(&quiet).for_each(|(zero, quiet)| *zero &= quiet);
                // Along θθ and φφ the noise differs.
                form.round &= quiet.len() < 9 || (quiet[4] && quiet[8]);
            }
            if next == vanishing {
                return Some(vanishing);
            }
            vanishing = next;
        }
    }

    /// Whether a value has the zeros that a field is taken to have.
    pub(crate) fn allows(&self, field: usize, value: &Expr) -> bool {
        let wanted = &self.fields[field];
        let found = self.form(value);
        let zeros = found.spread(wanted.zero.len());
        wanted.zero.iter().zip(&zeros).all(|(wanted, found)| *found || !*wanted)
            && (found.round || !wanted.round)
    }

    /// Whether values have the zeros that a field is taken to have: one array for each of its
    /// numbers, of which each gives its values.
    pub(crate) fn allows_values<'a, I>(&self, field: usize, arrays: &'a [I]) -> bool
    where
        &'a I: IntoIterator<Item = &'a f64>,
    {
        // External fields may be anything.
        let Some(wanted) = self.fields.get(field) else { return true };
        let per_component = arrays.len() / wanted.zero.len();
        let still = |(k, array): (usize, &'a I)| {
            !wanted.zero[k / per_component] || array.into_iter().all(|x| *x == 0.0)
        };
        let round = !wanted.round
            || wanted.zero.len() < 9
            || (0..per_component).all(|part| {
                let of = |k: usize| (&arrays[k * per_component + part]).into_iter();
                of(4).eq(of(8))
            });
        arrays.iter().enumerate().all(still) && round
    }

    fn form(&self, expr: &Expr) -> Form {
        let all = expr.ty.rank.components(3);
        let none = Form { zero: vec![false; all], round: expr.ty.rank != Rank::Tensor };
        let of = |expr: &Expr| self.form(expr);
        match &expr.node {
            Node::Number(0.0) => Form { zero: vec![true], round: true },
            // External fields may be anything.
            Node::Field(field) => self.fields.get(*field).cloned().unwrap_or(none),
            Node::Define(d) => self.definitions[*d].clone(),
            Node::List(items) => {
                let rows: Vec<Form> = items.iter().map(of).collect();
                let zero = rows.iter().flat_map(|row| row.zero.clone()).collect();
                let corner = |row: &Expr, k: usize| match &row.node {
                    Node::List(items) => Some(items[k].clone()),
                    _ => None,
                };
                let round = expr.ty.rank != Rank::Tensor
                    || corner(&items[1], 1).is_some_and(|a| Some(a) == corner(&items[2], 2));
                Form { zero, round }
            }
            Node::Component(inner, k) => {
                let zero = of(inner).zero[k * all..][..all].to_vec();
                Form { zero, round: true }
            }
            Node::Transform(Transform::Transpose, inner) => {
                let inner = of(inner);
                let zero = (0..9).map(|k| inner.zero[k % 3 * 3 + k / 3]).collect();
                Form { zero, round: inner.round }
            }
            Node::Product(product, factors) => {
                product_form(*product, &of(&factors[0]), &of(&factors[1]), expr)
            }
            Node::Chain(functions, parts) => {
                let first = of(&parts[0]);
                let rest = functions.iter().zip(&parts[1..]);
                rest.fold(first, |left, (f, part)| combined(*f, &left, &of(part)))
            }
            Node::Call(function, arguments) => {
                let forms: Vec<Form> = arguments.iter().map(of).collect();
                match (function, &forms[..]) {
                    (
                        Function::Unary(Unary::Negate)
                        | Function::Conjugate
                        | Function::RealPart
                        | Function::ImaginaryPart,
                        [a],
                    ) => a.clone(),
                    (Function::Binary(f), [a, b]) => combined(*f, a, b),
                    (Function::Where, [_, a, b]) => both(a, b),
                    _ => none,
                }
            }
            Node::Operator(operator, arguments) => match operator {
                Operator::Gradient(_) | Operator::VectorLaplace => {
                    Form { zero: vec![false, true, true], round: true }
                }
                Operator::VectorGradient(_) => {
                    Form { zero: (0..9).map(|k| k / 3 != k % 3).collect(), round: true }
                }
                Operator::TensorDivergence => {
                    let of = of(&arguments[0]);
                    let zero = vec![false, of.zero[3], of.zero[6] && of.zero[2]];
                    Form { zero, round: true }
                }
                _ => none,
            },
            _ => none,
        }
    }
}

impl Form {
    /// The zeros for so many components, for each of which a scalar stands.
    fn spread(&self, components: usize) -> Vec<bool> {
        match self.zero.len() {
            1 => vec![self.zero[0]; components],
            _ => self.zero.clone(),
        }
    }
}

/// What holds for both of two values of one rank.
fn both(a: &Form, b: &Form) -> Form {
    let zero = a.zero.iter().zip(&b.zero).map(|(a, b)| *a && *b).collect();
    Form { zero, round: a.round && b.round }
}

/// A function of two values.
fn combined(f: Binary, a: &Form, b: &Form) -> Form {
    match f {
        Binary::Add | Binary::Subtract => both(a, b),
        Binary::Multiply if a.zero.len() >= b.zero.len() => scaled(a, b),
        Binary::Multiply => scaled(b, a),
        Binary::Divide => a.clone(),
        // All others give scalars.
        _ => Form { zero: vec![false], round: true },
    }
}

fn scaled(a: &Form, scalar: &Form) -> Form {
    let zero = a.zero.iter().map(|zero| *zero || scalar.zero[0]).collect();
    Form { zero, round: a.round }
}

fn product_form(product: Product, a: &Form, b: &Form, expr: &Expr) -> Form {
    let all = expr.ty.rank.components(3);
    match product {
        Product::Outer => {
            let zero: Vec<bool> = (0..9).map(|k| a.zero[k / 3] || b.zero[k % 3]).collect();
            let round = zero[4] && zero[8];
            Form { zero, round }
        }
        Product::Dot => {
            let (rows, columns) = (a.zero.len() / 3, b.zero.len() / 3);
            let zero = (0..rows * columns)
                .map(|n| {
                    let (i, j) = (n / columns, n % columns);
                    (0..3).all(|k| a.zero[i * 3 + k] || b.zero[k * columns + j])
                })
                .collect();
            let diagonal = |form: &Form| (0..9).all(|k| k / 3 == k % 3 || form.zero[k]);
            let round = all < 9 || (a.round && b.round && diagonal(a) && diagonal(b));
            Form { zero, round }
        }
        Product::Cross => {
            let pair = |i: usize, j: usize| (a.zero[i] || b.zero[j]) && (a.zero[j] || b.zero[i]);
            Form { zero: vec![pair(1, 2), pair(2, 0), pair(0, 1)], round: true }
        }
    }
}

impl Vanishing {
    /// Checks that all operators in an expression are applied to values of the symmetry that they
    /// need.
    pub(crate) fn check(&self, symbols: &Symbols, expr: &Expr) -> Result<(), Asymmetry> {
        let mut seen = HashSet::new();
        for d in milestones(expr, symbols.definitions(), false, |_| false) {
            let found = self.check_part(symbols, &symbols.definitions()[d].expr, &mut seen);
            found.map_err(|found| Asymmetry { span: expr.span, ..found })?;
            seen.insert(d);
        }
        self.check_part(symbols, expr, &mut seen)
    }

    /// `seen` says which definitions were checked before.
    fn check_part(
        &self,
        symbols: &Symbols,
        expr: &Expr,
        seen: &mut HashSet<usize>,
    ) -> Result<(), Asymmetry> {
        if let Node::Operator(operator, arguments) = &expr.node {
            let argument = &arguments[arguments.len() - 1];
            let form = self.form(argument);
            let zero = |k: usize| form.zero[k];
            let reason = match operator {
                Operator::Divergence(_) if !zero(1) => Some("the component along theta must be 0"),
                Operator::VectorGradient(_) | Operator::VectorLaplace if !(zero(1) && zero(2)) => {
                    Some("the components along theta and phi must be 0")
                }
                Operator::TensorDivergence if !(zero(1) && zero(5) && zero(7)) => {
                    Some("the components rtheta, thetaphi and phitheta must be 0")
                }
                Operator::TensorDoubleDivergence if !(zero(1) && zero(3)) => {
                    Some("the components rtheta and thetar must be 0")
                }
                Operator::TensorDivergence | Operator::TensorDoubleDivergence if !form.round => {
                    Some("the components thetatheta and phiphi must be equal")
                }
                _ => None,
            };
            if let Some(reason) = reason {
                let operator = operator.name(&symbols.space().axes);
                return Err(Asymmetry { operator, reason, span: argument.span });
            }
        }
        if let Node::Define(d) = expr.node {
            if !seen.insert(d) {
                return Ok(());
            }
            let found = self.check_part(symbols, &symbols.definitions()[d].expr, seen);
            return found.map_err(|found| Asymmetry { span: expr.span, ..found });
        }
        expr.children().iter().try_for_each(|child| self.check_part(symbols, child, seen))
    }
}

/// The mistake of an initial value that breaks the symmetry of the field of that name.
pub(crate) fn broken_initial(field: &str, formula: &Formula) -> Error {
    Error::NotSymmetric {
        origin: Origin::Initial(field.into()),
        text: formula.to_string().into(),
        reason:
            "this value lacks the symmetry of the grid: on a spherical grid it must point along r"
                .into(),
        span: Default::default(),
    }
}
