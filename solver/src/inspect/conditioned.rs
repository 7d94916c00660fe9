//! The quantities whose boundary conditions matter.

use std::collections::HashSet;

use fluxions_expr::{Expr, Operator, Span, Type};

use crate::plan::plan::equations;
use crate::plan::program::{OwnedExpr, Program};
use crate::system::operand::{Operand, StoredOperand, each_operand};
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// A quantity whose boundary conditions matter: an operator in the equations looks at its
/// neighbouring cells, or it is advected.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditioned {
    /// The name of a field or a definition, or the place of an unnamed argument, such as
    /// `argument 1 of laplace in the equation of u`.
    pub name: String,
    /// For an unnamed argument where its text stands.
    pub text: Option<(Origin, Span)>,
    /// The type of its value.
    pub ty: Type,
    /// For each of its arrays the number of its conditions
    /// ([`Conditions::of_array`](crate::Conditions::of_array)).
    pub conditions: Vec<usize>,
}

/// The quantities of a system whose boundary conditions matter, in the order in which the equations
/// name them, each once.
pub fn conditioned(pde: &Pde) -> Vec<Conditioned> {
    let targets = equations(pde);
    let program = Program::new(pde, &targets);
    let mut all: Vec<Conditioned> = Vec::new();
    let mut seen: HashSet<(String, Option<Expr>, Vec<usize>)> = HashSet::new();
    let mut add = |found: Conditioned, expr: Option<&Expr>| {
        if seen.insert((found.name.clone(), expr.cloned(), found.conditions.clone())) {
            all.push(found);
        }
    };
    let conditions = pde.conditions();
    for (field, target) in targets.iter().enumerate() {
        if let Some(advected) = pde.advected.iter().find(|advected| advected.field == field) {
            let conditions = conditions.of_advected(advected).arrays.clone();
            let name = pde.fields()[field].clone();
            add(Conditioned { name, text: None, ty: pde.types()[field], conditions }, None);
        }
        let OwnedExpr { expr: equation, owner, .. } = *target;
        each_operand(pde.symbols(), conditions, equation, owner, &mut |stored| {
            let StoredOperand { operator, k, within, .. } = stored;
            if let Operator::AtFace { .. } | Operator::AtEdge { .. } = operator {
                // A part of an operator that was met before, or a value at a wall.
                return;
            }
            if k >= operator.arguments() {
                // It tells regions.
                return;
            }
            let expr = stored.expr();
            let name = within.map_or("", |d| pde.definitions()[d].name.as_str());
            let argument = OwnedExpr { expr, owner, name };
            let (name, ty, unnamed) = match &stored.operand {
                Operand::Field { field, .. } => {
                    let name = pde.all_fields().nth(*field).expect("fields are numbered like this");
                    (name.to_string(), pde.type_of_field(*field), false)
                }
                Operand::Define { definition, ty, .. } => {
                    (pde.definitions()[*definition].name.clone(), *ty, false)
                }
                Operand::Compound { .. } => (String::new(), expr.ty, true),
            };
            let conditions = program.conditions_of(operator, k, argument);
            let conditions = conditions.map_or(Vec::new(), |(whole, _)| whole.to_vec());
            if !unnamed {
                return add(Conditioned { name, text: None, ty, conditions }, None);
            }
            let place = match within {
                Some(d) => Origin::Define(pde.definitions()[d].name.clone()),
                None => Origin::Equation(pde.fields()[field].clone()),
            };
            let operator = operator.name(&pde.grid().axis_names());
            let name = format!("argument {} of {operator} in the {place}", k + 1);
            let text = Some((place, expr.span));
            add(Conditioned { name, text, ty, conditions }, Some(expr));
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;

    #[test]
    fn what_operators_look_at_has_conditions_and_nothing_else() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid)
            .define("mu", "c^3 - c - laplace(c)")
            .define("speed", "c^2")
            .equation("c", "laplace(mu) + d_dx(c*b) + d_dx(c*b)")
            .equation("b", "-b*speed")
            .build()
            .unwrap();
        let found = conditioned(&pde);
        let names: Vec<&str> = found.iter().map(|quantity| quantity.name.as_str()).collect();
        assert_eq!(names, ["mu", "c", "argument 1 of d_dx in the equation of `c`"]);
        let (origin, span) = found[2].text.clone().unwrap();
        assert_eq!(origin, Origin::Equation("c".into()));
        assert_eq!(&"laplace(mu) + d_dx(c*b) + d_dx(c*b)"[span.start..span.end], "c*b");
        assert!(found.iter().all(|quantity| quantity.conditions.len() == 1));
    }
}
