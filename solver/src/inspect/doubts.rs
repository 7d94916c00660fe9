//! What a system says that is allowed and probably not meant.

use std::collections::HashSet;

use fluxions_expr::{
    Binary, Distribution, Expr, Function, Node, Operator, Place, Span, Unary, Upwind,
    numbers_in_cell,
};

use crate::system::boundary::seen::{SeenOperator, operators_in};
use crate::system::definition::MadeOf;
use crate::system::formula::Formula;
use crate::system::operand::{Beyond, Operand, each_operand};
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// Something that an expression says and that is probably not meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// Where the expression stands.
    pub origin: Origin,
    /// The part of its text.
    pub span: Span,
    /// What it says.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The doubts about a system with these initial values: upwind differences that are taken downwind,
/// and random numbers from ranges that are the wrong way round.
pub fn doubts(pde: &Pde, initial: &[(String, Formula)]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    // The definitions that equations use, each with its sign.
    let (mut open, mut seen) = (Vec::new(), HashSet::new());
    for (name, expr) in pde.fields().iter().zip(pde.equations()) {
        let mut found = Found { doubts: &mut doubts, definitions: &mut open };
        downwind(pde, &Origin::Equation(name.clone()), expr, true, &mut found);
    }
    while let Some((d, positive)) = open.pop() {
        if seen.insert((d, positive)) {
            let definition = &pde.definitions()[d];
            let mut found = Found { doubts: &mut doubts, definitions: &mut open };
            let origin = Origin::Define(definition.name.clone());
            downwind(pde, &origin, &definition.expr, positive, &mut found);
        }
    }
    for definition in pde.definitions() {
        random(pde, &Origin::Define(definition.name.clone()), &definition.expr, &mut doubts);
    }
    for (name, formula) in initial {
        let origin = Origin::Initial(name.clone());
        if let Ok((expr, _)) = pde.check(&origin, formula, Place::Initial) {
            random(pde, &origin, &expr, &mut doubts);
        }
    }
    doubts
}

/// What is found in an expression: doubts, and definitions with their signs.
struct Found<'f> {
    doubts: &'f mut Vec<Doubt>,
    definitions: &'f mut Vec<(usize, bool)>,
}

/// Notes upwind differences in an expression whose sign in an equation is known.
fn downwind(pde: &Pde, origin: &Origin, expr: &Expr, positive: bool, found: &mut Found<'_>) {
    let mut below = |expr: &Expr, positive| downwind(pde, origin, expr, positive, found);
    match &expr.node {
        Node::Call(Function::Binary(Binary::Add), parts) => {
            parts.iter().for_each(|part| below(part, positive));
        }
        Node::Call(Function::Binary(Binary::Subtract), parts) => {
            below(&parts[0], positive);
            below(&parts[1], !positive);
        }
        Node::Call(Function::Unary(Unary::Negate), parts) => below(&parts[0], !positive),
        Node::Call(Function::Binary(Binary::Multiply), parts) => {
            for (factor, other) in [(0, 1), (1, 0)] {
                if let Some(number) = constant(pde, &parts[factor]).filter(|x| *x != 0.0) {
                    below(&parts[other], positive == (number > 0.0));
                }
            }
        }
        Node::Call(Function::Binary(Binary::Divide), parts) => {
            if let Some(number) = constant(pde, &parts[1]).filter(|x| *x != 0.0) {
                below(&parts[0], positive == (number > 0.0));
            }
        }
        Node::Chain(functions, parts) => {
            let mut positive = positive;
            for (k, function) in functions.iter().enumerate().rev() {
                let right = &parts[k + 1];
                match (function, constant(pde, right).filter(|x| *x != 0.0)) {
                    (Binary::Add, _) => below(right, positive),
                    (Binary::Subtract, _) => below(right, !positive),
                    (Binary::Multiply | Binary::Divide, Some(number)) => {
                        positive = positive == (number > 0.0);
                    }
                    (Binary::Multiply, None) => {
                        let left = constant(pde, &expr.before(k));
                        if let Some(number) = left.filter(|x| *x != 0.0) {
                            below(right, positive == (number > 0.0));
                        }
                        return;
                    }
                    _ => return,
                }
            }
            below(&parts[0], positive);
        }
        Node::List(items) => {
            for (k, item) in items.iter().enumerate() {
                // The items of a list in the file are texts of their own.
                let own = expr.span == Span::default();
                let origin = if own { origin.item(k) } else { origin.clone() };
                downwind(pde, &origin, item, positive, found);
            }
        }
        Node::Define(d) => found.definitions.push((*d, positive)),
        Node::Operator(Operator::Advect(Upwind::Yes), _) if positive => {
            let doubt = Doubt {
                origin: origin.clone(),
                span: expr.span,
                message: "with this sign `advect_upwind` looks downwind, which is unstable".into(),
                help: "it is v·∇c, and advection is d(c)/dt = -v·∇c: write a minus before it"
                    .into(),
            };
            if !found.doubts.contains(&doubt) {
                found.doubts.push(doubt);
            }
        }
        _ => {}
    }
}

/// Notes random numbers from ranges that are the wrong way round.
fn random(pde: &Pde, origin: &Origin, expr: &Expr, doubts: &mut Vec<Doubt>) {
    expr.walk(&mut |part| {
        let Node::Random(distribution, arguments, _) = &part.node else { return };
        let numbers: Vec<Option<f64>> = arguments.iter().map(|a| constant(pde, a)).collect();
        let (message, help) = match (distribution, &numbers[..]) {
            (Distribution::Uniform, [Some(a), Some(b)]) if a > b => (
                format!("the range from {a} to {b} is the wrong way round"),
                format!("write random_uniform({b}, {a})"),
            ),
            (Distribution::Normal, [_, Some(deviation)]) if *deviation < 0.0 => (
                format!("a standard deviation of {deviation} is negative"),
                format!("write {}", -deviation),
            ),
            _ => return,
        };
        doubts.push(Doubt { origin: origin.clone(), span: part.span, message, help });
    });
}

/// The value of a real scalar that consists of numbers only.
fn constant(pde: &Pde, expr: &Expr) -> Option<f64> {
    let mut varies = false;
    let numbers = numbers_in_cell(expr, pde.space(), &mut |leaf| {
        varies = true;
        vec![f64::NAN; leaf.ty.numbers(pde.space().dimension())]
    });
    match numbers[..] {
        [number] if !varies => Some(number),
        _ => None,
    }
}

/// Beyond which walls operators look: a field or definition by its name, and an axis, or none for
/// all of them. `outputs` are expressions beside the equations.
pub fn looked_at(
    pde: &Pde,
    initial: &[(String, Formula)],
    outputs: &[Formula],
) -> Vec<(String, Option<String>)> {
    let (symbols, conditions) = (pde.symbols(), pde.conditions());
    let mut looked = Vec::new();
    let mut visit = |expr: &Expr, owner: usize| {
        each_operand(symbols, conditions, expr, owner, &mut |found| {
            let axis = match found.operator {
                Operator::First { axis, .. } | Operator::Second { axis } => {
                    Some(pde.space().axes[axis].clone())
                }
                _ => None,
            };
            let mut note = |name: &str| {
                let entry = (name.to_string(), axis.clone());
                if !looked.contains(&entry) {
                    looked.push(entry);
                }
            };
            let names: Vec<&str> = pde.all_fields().collect();
            match found.operand {
                Operand::Field { field, .. } => note(names[field]),
                Operand::Define { definition, beyond, .. } => {
                    note(&pde.definitions()[definition].name);
                    if beyond == Beyond::Continued {
                        let fields = MadeOf::new(found.expr(), pde.definitions()).fields;
                        fields.into_iter().for_each(|field| note(names[field]));
                    }
                }
                Operand::Compound { beyond } => {
                    let fields = MadeOf::new(found.expr(), pde.definitions()).fields;
                    let is_owner =
                        |f: &usize| beyond == Beyond::Conditions(conditions.owner_of_field(*f));
                    (0..names.len()).filter(is_owner).chain(fields).for_each(|f| note(names[f]));
                }
            }
        });
    };
    for (field, expr) in pde.equations().iter().enumerate() {
        visit(expr, conditions.owner_of_field(field));
    }
    for global in pde.globals() {
        visit(&global.equation, pde.owner_of(&global.equation));
    }
    for (field, expr) in &pde.noise().fields {
        visit(expr, conditions.owner_of_field(*field));
    }
    for advected in &pde.advected {
        let parts = advected.advector.parts();
        let parts = parts.iter().chain(&advected.density).chain(&advected.diffusivity);
        parts.for_each(|expr| visit(expr, conditions.owner_of_field(advected.field)));
    }
    let initial = initial.iter().map(|(_, formula)| (formula, Place::Initial));
    let outputs = outputs.iter().map(|formula| (formula, Place::Output));
    for (formula, place) in initial.chain(outputs) {
        let checked = pde.check(&Origin::Output(String::new()), formula, place);
        let Ok((expr, _)) = checked else { continue };
        visit(&expr, pde.owner_of(&expr));
    }
    for advected in &pde.advected {
        looked.push((pde.fields()[advected.field].clone(), None));
    }
    // What would flow through the surface of a region is taken from an equation.
    for (field, expr) in pde.equations().iter().enumerate() {
        let is_edge = |seen: &SeenOperator<'_>| matches!(seen.operator, Operator::AtEdge { .. });
        if operators_in(symbols, expr).iter().any(is_edge) {
            looked.push((pde.fields()[field].clone(), None));
        }
    }
    // Conditions see fields at the wall as their own conditions say.
    let names: Vec<&str> = pde.all_fields().collect();
    for field in conditions.seen(symbols) {
        looked.push((names[field].to_string(), None));
    }
    looked
}

#[cfg(test)]
mod tests {
    use fluxions_expr::{Rank, Type};
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::system::builder::PdeBuilder;

    fn builder() -> PdeBuilder {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded);
        let grid = grid.axis("y", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        Pde::on(&grid).parameter("k", -2.0).field("v", Type::real(Rank::Vector)).equation("v", "0")
    }

    #[test]
    fn upwind_differences_with_a_plus_are_noticed_and_others_are_not() {
        let doubts = |equation: &str| {
            let pde = builder().define("a", "advect_upwind(v, c)").equation("c", equation);
            doubts(&pde.build().unwrap(), &[])
        };
        for right in [
            "-advect_upwind(v, c)",
            "laplace(c) - 3*advect_upwind(v, c)/2",
            "k*advect_upwind(v, c)",
            "-(c + a)",
            "c*advect_upwind(v, c)",
            "advect(v, c)",
            "-[1, 2].x*advect_upwind(v, c)",
            "c - 2*c - 2*advect_upwind(v, c)*3",
            "c*2*advect_upwind(v, c)",
        ] {
            assert_eq!(doubts(right), [], "{right}");
        }
        for wrong in [
            "advect_upwind(v, c)",
            "c - k*advect_upwind(v, c)",
            "-(c - a)",
            "a",
            "2*(c + a)",
            "laplace(c) - c + 3*a/2",
            "2*3*advect_upwind(v, c)/4 - c",
            "c - c/2 - 2*k*advect_upwind(v, c)",
        ] {
            let found = doubts(wrong);
            assert_eq!(found.len(), 1, "{wrong}");
            let defined = Origin::Define("a".into());
            assert_eq!(found[0].origin == defined, !wrong.contains("upwind"), "{wrong}");
        }
    }

    #[test]
    fn ranges_the_wrong_way_round_are_noticed() {
        let pde = builder().define("d", "random_normal(0, k)").build().unwrap();
        let doubts = |text: &str| doubts(&pde, &[("v".into(), text.into())]);
        let of_definition = doubts("1");
        assert_eq!(of_definition.len(), 1);
        assert_eq!(of_definition[0].message, "a standard deviation of -2 is negative");
        let found = doubts("1 + random_uniform(1, 2*k)");
        assert_eq!(found[1].message, "the range from 1 to -4 is the wrong way round");
        assert_eq!(found[1].span, Span::new(4, 26));
        assert_eq!(doubts("random_uniform(0, 1) + random_uniform(x, 0)").len(), 1);
    }

    #[test]
    fn what_operators_look_at_is_known_by_name_and_axis() {
        let looked = |equation: &str, outputs: &[&str]| {
            let pde = builder().define("mu", "c^2").equation("c", equation).build().unwrap();
            let outputs: Vec<Formula> = outputs.iter().map(|text| (*text).into()).collect();
            looked_at(&pde, &[], &outputs)
        };
        let x = || Some("x".to_string());
        assert_eq!(looked("c", &[]), []);
        assert_eq!(looked("d_dx(c)", &[]), [("c".into(), x())]);
        // What goes on as its fields do looks at these.
        let both = [("mu".into(), None), ("c".into(), None)];
        assert_eq!(looked("laplace(mu)", &[]), both);
        assert_eq!(looked("d_dx(2*c)", &[]), [("c".into(), x())]);
        assert_eq!(looked("c", &["d_dx(v)"]), [("v".into(), x())]);
    }
}
