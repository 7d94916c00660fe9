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
            Some(part) => joined(equation, Binary::Subtract, part.clone()),
            None => equation.clone(),
        };
        Parts { implicit, explicit }
    }
}

/// An expression as a chain, which groups from the left: the functions and the parts that they join. One part if
/// it is none.
fn chain(expr: &Expr) -> (Vec<Binary>, Vec<Expr>) {
    match &expr.node {
        Node::Chain(functions, parts) => (functions.clone(), parts.clone()),
        Node::Call(Function::Binary(f), arguments) if groups(*f) => (vec![*f], arguments.clone()),
        _ => (Vec::new(), vec![expr.clone()]),
    }
}

fn groups(f: Binary) -> bool {
    matches!(f, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide)
}

/// The expression of a chain of this type.
fn chained(mut functions: Vec<Binary>, mut parts: Vec<Expr>, like: &Expr) -> Expr {
    let node = match functions.len() {
        0 => return parts.swap_remove(0),
        1 => Node::Call(Function::Binary(functions.swap_remove(0)), parts),
        _ => Node::Chain(functions, parts),
    };
    Expr { node, ty: like.ty, span: like.span }
}

/// The first so many parts of a chain.
fn prefix(expr: &Expr, count: usize) -> Expr {
    let (functions, parts) = chain(expr);
    chained(functions[..count - 1].to_vec(), parts[..count].to_vec(), expr)
}

/// A sum or difference.
fn joined(a: &Expr, f: Binary, b: Expr) -> Expr {
    let rank = a.ty.rank.max(b.ty.rank);
    let ty = Type { rank, complex: a.ty.complex || b.ty.complex };
    let (mut functions, mut parts) = chain(a);
    functions.push(f);
    parts.push(b);
    Expr { ty, ..chained(functions, parts, a) }
}

/// The terms of a sum, each with whether it is subtracted.
pub(crate) fn terms(expr: &Expr) -> Vec<(bool, Expr)> {
    if let Node::Call(Function::Unary(Unary::Negate), arguments) = &expr.node {
        return terms(&arguments[0]).into_iter().map(|(minus, term)| (!minus, term)).collect();
    }
    let (functions, parts) = chain(expr);
    let is_sum = |f: &Binary| matches!(f, Binary::Add | Binary::Subtract);
    let products = functions.iter().rposition(|f| !is_sum(f)).map_or(0, |last| last + 1);
    let first = prefix(expr, products + 1);
    let first = match products {
        0 if !functions.is_empty() => terms(&first),
        _ => vec![signed(first)],
    };
    let rest = functions[products..].iter().zip(&parts[products + 1..]);
    let rest = rest.map(|(f, part)| {
        let (minus, part) = signed(part.clone());
        (minus != (*f == Binary::Subtract), part)
    });
    first.into_iter().chain(rest).collect()
}

/// A product without the sign of its first factor, and whether that is negative.
fn signed(term: Expr) -> (bool, Expr) {
    let (functions, mut parts) = chain(&term);
    if functions.iter().any(|f| matches!(f, Binary::Add | Binary::Subtract)) {
        return (false, term);
    }
    let first = match &parts[0].node {
        Node::Number(number) if *number < 0.0 => Expr::number(-number),
        Node::Call(Function::Unary(Unary::Negate), arguments) => arguments[0].clone(),
        _ => return (false, term),
    };
    parts[0] = first;
    (true, chained(functions, parts, &term))
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
        joined(&whole, if minus { Binary::Subtract } else { Binary::Add }, term)
    }))
}

/// The terms of a sum, where second derivatives of sums are sums of second derivatives, and definitions stand for what
/// they are.
fn all_terms(expr: &Expr, symbols: &Symbols) -> Vec<(bool, Expr)> {
    let each = terms(expr).into_iter();
    each.flat_map(|(minus, term)| {
        split(&term, symbols).into_iter().map(move |(other, part)| (minus != other, part))
    })
    .collect()
}

/// A term as a sum of terms, where it is a second derivative of a sum, or a product with one.
fn split(term: &Expr, symbols: &Symbols) -> Vec<(bool, Expr)> {
    match &term.node {
        Node::Define(d) if symbols.definitions()[*d].is_shallow() => {
            match all_terms(&symbols.definitions()[*d].expr, symbols) {
                sum if sum.len() > 1 => sum,
                _ => vec![(false, term.clone())],
            }
        }
        Node::Operator(op, arguments) if is_second(*op) => {
            let last = op.arguments() - 1;
            let of = |(minus, part): (bool, Expr)| {
                let mut arguments = arguments.clone();
                arguments[last] = part;
                (minus, Expr { node: Node::Operator(*op, arguments), ..term.clone() })
            };
            all_terms(&arguments[last], symbols).into_iter().map(of).collect()
        }
        _ => {
            let (functions, parts) = chain(term);
            let is_product = |f: &Binary| matches!(f, Binary::Multiply | Binary::Divide);
            if functions.is_empty() || !functions.iter().all(is_product) {
                return vec![(false, term.clone())];
            }
            let is_factor = |k: usize| k == 0 || functions[k - 1] == Binary::Multiply;
            let is_operator =
                |part: &Expr| matches!(part.node, Node::Operator(op, _) if is_second(op));
            let factor = (0..parts.len()).find(|k| is_factor(*k) && is_operator(&parts[*k]));
            let Some(factor) = factor else { return vec![(false, term.clone())] };
            let with = |(minus, part): (bool, Expr)| {
                let mut parts = parts.clone();
                parts[factor] = part;
                (minus, chained(functions.clone(), parts, term))
            };
            split(&parts[factor], symbols).into_iter().map(with).collect()
        }
    }
}

/// Whether an operator takes second derivatives of its last argument, and is linear in it.
fn is_second(op: Operator) -> bool {
    matches!(
        op,
        Operator::Laplace
            | Operator::VectorLaplace
            | Operator::Second { .. }
            | Operator::Diffusion(_)
    )
}

/// Whether every term of a part is one of an equation.
pub(crate) fn is_part(part: &Expr, equation: &Expr, symbols: &Symbols) -> bool {
    let mut all = all_terms(equation, symbols);
    all_terms(part, symbols).iter().all(|term| {
        let found = all.iter().position(|other| other == term);
        found.map(|at| all.swap_remove(at)).is_some()
    })
}

/// The terms of the equation of a field that spread it: a second derivative of the field itself, or one of that,
/// times what depends on no field.
pub(crate) fn diffusion(equation: &Expr, field: usize, symbols: &Symbols) -> Option<Expr> {
    let spreads = |(_, term): &(bool, Expr)| spreads(term, field, symbols);
    sum(all_terms(equation, symbols).into_iter().filter(spreads).collect())
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
            // Where they are closed is told behind them.
            let Some((last, others)) = arguments[..op.arguments()].split_last() else {
                return false;
            };
            let of_field = last.node == Node::Field(field) || spreads(last, field, symbols);
            is_second(*op) && of_field && others.iter().all(is_free)
        }
        Node::Call(Function::Unary(Unary::Negate), arguments) => {
            spreads(&arguments[0], field, symbols)
        }
        _ => {
            let (functions, parts) = chain(term);
            if functions.is_empty() {
                return false;
            }
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
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Condition, Ends, Grid};

    use crate::system::pde::Pde;

    /// What is found of an equation, as the numbers of its terms that spread.
    fn found(equation: &str) -> bool {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid).parameter("D", 2.0).equation("u", equation).equation("v", "0");
        let pde = pde.define("mu", "v*u - laplace(u)");
        pde.build().unwrap().parts[0].implicit.is_some()
    }

    #[test]
    fn what_spreads_is_found() {
        for equation in [
            "laplace(u)",
            "-(-laplace(u))",
            "D*laplace(u)",
            "laplace(u)/D",
            "D*x*laplace(u)*2",
            "u - u^3 + D*laplace(u)",
            "D*laplace(u) + u",
            "laplace(u) + u^2",
            "v*u + diffusion(1 + x, u) - 3",
            "-laplace(laplace(u)) - laplace(u)",
            "d2_dx2(u) + d_dx(u)",
            "laplace(u^3 - u - laplace(u))",
            "D*laplace(mu)",
            "x*2*laplace(v - mu)/D",
        ] {
            assert!(found(equation), "{equation}");
        }
        for equation in [
            "u - u^3",
            "v*laplace(u)",
            "laplace(u^2 - v)",
            "laplace(v)",
            "diffusion(u, u)",
            "d_dx(u)",
        ] {
            assert!(!found(equation), "{equation}");
        }
    }

    /// Operators in a field that is closed by a region know of that by further arguments.
    #[test]
    fn what_spreads_around_a_region_is_found() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        for equation in ["2*laplace(u) + u", "diffusion(x, u)", "-laplace(laplace(u) - u^3)"] {
            let pde = Pde::on(&grid).equation("u", equation).region("rock", "x > 0.7");
            let pde = pde.boundary_of("u", "rock", Condition::Flux(0.0.into())).build().unwrap();
            assert!(pde.parts[0].implicit.is_some(), "{equation}");
        }
    }

    #[test]
    fn parts_are_terms_in_any_order() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let is_part = |part: &str| {
            let equation = "u - 2*laplace(u) + v*u - laplace(u)";
            let pde = Pde::on(&grid).equation("u", equation).equation("v", "0");
            pde.implicit("u", part).build().is_ok()
        };
        for part in ["u", "-2*laplace(u)", "-laplace(u) - 2*laplace(u)", "v*u + u"] {
            assert!(is_part(part), "{part}");
        }
        for part in ["2*laplace(u)", "laplace(u)", "u*v", "u + u", "v"] {
            assert!(!is_part(part), "{part}");
        }
    }

    /// Cahn and Hilliard's equation, whose stiff part stands within another operator.
    #[test]
    fn second_derivatives_of_sums_are_sums() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let is_part = |part: &str| {
            let pde = Pde::on(&grid).equation("u", "2*laplace(u^3 - u - laplace(u))");
            pde.implicit("u", part).build().is_ok()
        };
        for part in
            ["-2*laplace(laplace(u))", "2*laplace(u^3) - 2*laplace(u)", "2*laplace(u^3 - u)"]
        {
            assert!(is_part(part), "{part}");
        }
        for part in ["2*laplace(laplace(u))", "-laplace(laplace(u))", "2*laplace(u)"] {
            assert!(!is_part(part), "{part}");
        }
    }
}
