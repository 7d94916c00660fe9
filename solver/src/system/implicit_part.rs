//! Parts of equations that schemes treat implicitly.

use fluxions_expr::{Binary, Expr, Function, Node, Operator, Type, Unary};

use crate::system::definition::MadeOf;
use crate::system::symbols::Symbols;

/// Both parts of an equation: what is treated implicitly, if anything, and the rest.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) implicit: Option<Expr>,
    pub(crate) explicit: Expr,
}

impl Parts {
    /// An equation with a part of it that is treated implicitly, if one is.
    pub(crate) fn new(equation: &Expr, implicit: Option<Expr>) -> Self {
        let explicit = match &implicit {
            Some(part) => joined(equation.clone(), Binary::Subtract, part.clone()),
            None => equation.clone(),
        };
        Parts { implicit, explicit }
    }
}

/// Chains group from the left: the first so many parts of one.
fn prefix(expr: &Expr, count: usize) -> Expr {
    let Node::Chain(functions, parts) = &expr.node else { return expr.clone() };
    match count {
        1 => parts[0].clone(),
        _ => {
            let node = Node::Chain(functions[..count - 1].to_vec(), parts[..count].to_vec());
            Expr { node, ..expr.clone() }
        }
    }
}

/// A sum or difference.
fn joined(a: Expr, f: Binary, b: Expr) -> Expr {
    let rank = a.ty.rank.max(b.ty.rank);
    let ty = Type { rank, complex: a.ty.complex || b.ty.complex };
    let node = match a.node {
        Node::Chain(mut functions, mut parts) => {
            functions.push(f);
            parts.push(b);
            Node::Chain(functions, parts)
        }
        node => Node::Chain(vec![f], vec![Expr { node, ..a }, b]),
    };
    Expr { node, ty, span: a.span }
}

/// The terms of a sum, each with whether it is subtracted.
fn terms(expr: &Expr) -> Vec<(bool, Expr)> {
    match &expr.node {
        Node::Chain(functions, parts) => {
            let is_sum = |f: &Binary| matches!(f, Binary::Add | Binary::Subtract);
            let products = functions.iter().rposition(|f| !is_sum(f)).map_or(0, |last| last + 1);
            let rest = functions[products..].iter().zip(&parts[products + 1..]);
            let rest = rest.map(|(f, part)| (*f == Binary::Subtract, part.clone()));
            let first = prefix(expr, products + 1);
            let first = if products == 0 { terms(&first) } else { vec![(false, first)] };
            first.into_iter().chain(rest).collect()
        }
        Node::Call(Function::Unary(Unary::Negate), arguments) => {
            let inner = terms(&arguments[0]).into_iter();
            inner.map(|(minus, term)| (!minus, term)).collect()
        }
        _ => vec![(false, expr.clone())],
    }
}

/// The sum of some terms; nothing if there are none.
fn sum(terms: Vec<(bool, Expr)>) -> Option<Expr> {
    let mut terms = terms.into_iter();
    let (minus, first) = terms.next()?;
    let first = match minus {
        true => {
            let (ty, span) = (first.ty, first.span);
            let node = Node::Call(Function::Unary(Unary::Negate), vec![first]);
            Expr { node, ty, span }
        }
        false => first,
    };
    Some(terms.fold(first, |whole, (minus, term)| {
        joined(whole, if minus { Binary::Subtract } else { Binary::Add }, term)
    }))
}

/// Whether every term of a part is one of an equation.
pub(crate) fn is_part(part: &Expr, equation: &Expr) -> bool {
    let mut all = terms(equation);
    terms(part).iter().all(|term| {
        let found = all.iter().position(|other| other == term);
        found.map(|at| all.swap_remove(at)).is_some()
    })
}

/// The terms of the equation of a field that spread it: a second derivative of the field itself, or one of that,
/// times what depends on no field.
pub(crate) fn diffusion(equation: &Expr, field: usize, symbols: &Symbols) -> Option<Expr> {
    let spreads = |(_, term): &(bool, Expr)| spreads(term, field, symbols);
    sum(terms(equation).into_iter().filter(spreads).collect())
}

/// Whether a term is a second derivative of a field, or one of that, times what depends on no field.
fn spreads(term: &Expr, field: usize, symbols: &Symbols) -> bool {
    let is_free = |expr: &Expr| {
        let made_of = MadeOf::new(expr, symbols.definitions());
        made_of.fields.iter().all(|field| *field >= symbols.fields().len())
            && !made_of.operators
            && !made_of.reductions
    };
    match &term.node {
        Node::Operator(op, arguments) => {
            let is_second = matches!(
                op,
                Operator::Laplace
                    | Operator::VectorLaplace
                    | Operator::Second { .. }
                    | Operator::Diffusion(_)
            );
            let Some((last, others)) = arguments.split_last() else { return false };
            let of_field = last.node == Node::Field(field) || spreads(last, field, symbols);
            is_second && of_field && others.iter().all(is_free)
        }
        Node::Chain(functions, parts) => {
            let is_product = |f: &Binary| matches!(f, Binary::Multiply | Binary::Divide);
            // What comes before the last function that is none is the first factor.
            let sums = functions.iter().rposition(|f| !is_product(f)).map_or(0, |last| last + 1);
            let first = prefix(term, sums + 1);
            let divisors = functions[sums..].iter().map(|f| *f == Binary::Divide);
            let rest = divisors.zip(&parts[sums + 1..]);
            let mut spreading = 0;
            for (divides, factor) in [(false, &first)].into_iter().chain(rest) {
                match sums < functions.len() && spreads(factor, field, symbols) {
                    true if !divides => spreading += 1,
                    _ if is_free(factor) => {}
                    _ => return false,
                }
            }
            spreading == 1
        }
        Node::Call(Function::Unary(Unary::Negate), arguments) => {
            spreads(&arguments[0], field, symbols)
        }
        _ => false,
    }
}
