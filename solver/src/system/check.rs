//! Whether expressions can be evaluated: whether each operator in them has boundary conditions that
//! make sense for its operand, and the symmetry that it needs.

use fluxions_expr::{Expr, Place, Uses};

use crate::error::Error;
use crate::system::boundary::conditions::Conditions;
use crate::system::formula::Formula;
use crate::system::operand::{Beyond, Operand, each_operand};
use crate::system::origin::Origin;
use crate::system::resolve::{fit, resolve};
use crate::system::symbols::Symbols;
use crate::system::symmetry::Vanishing;

/// What decides whether expressions can be evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Checks<'a> {
    pub(crate) symbols: &'a Symbols,
    pub(crate) conditions: &'a Conditions,
    /// What spherical symmetry makes zero. Nothing is checked for symmetry where it is missing: on
    /// other grids, and where an equation has a mistake.
    pub(crate) vanishing: Option<&'a Vanishing>,
}

impl Checks<'_> {
    /// A formula that is not part of the equations, with its names resolved.
    pub(crate) fn expression(
        &self,
        origin: &Origin,
        formula: &Formula,
        place: Place,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        let (expr, uses) = resolve(origin, formula, &self.symbols.scope(place))?;
        self.operators(origin, formula, &expr, self.owner(origin, &expr))?;
        Ok((expr, uses))
    }

    /// A formula for a value of a field.
    pub(crate) fn value(
        &self,
        origin: &Origin,
        formula: &Formula,
        place: Place,
        field: usize,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        let (expr, uses) = self.expression(origin, formula, place)?;
        Ok((fit(origin, formula, expr, self.symbols.types()[field])?, uses))
    }

    /// Whose conditions hold for operators on compound expressions in an expression.
    fn owner(&self, origin: &Origin, expr: &Expr) -> usize {
        match origin {
            Origin::Equation(name) | Origin::Noise(name) => {
                let field = self.symbols.field_named(name);
                field.map_or(self.conditions.common(), |f| self.conditions.owner_of_field(f))
            }
            _ => self.conditions.owner_of(self.symbols, expr),
        }
    }

    /// Whether every operator in an expression has boundary conditions that make sense for its
    /// operand, and the symmetry that it needs. The first operand with unfit conditions is
    /// reported.
    pub(crate) fn operators(
        &self,
        origin: &Origin,
        formula: &Formula,
        expr: &Expr,
        owner: usize,
    ) -> Result<(), Vec<Error>> {
        let mut errors = Vec::new();
        let Checks { symbols, conditions, vanishing } = self;
        each_operand(symbols, conditions, expr, owner, &mut |stored| {
            let (owner, ty) = match stored.operand {
                Operand::Field { field, .. } => {
                    // Those of fields with equations were found to fit.
                    let Some(external) = field.checked_sub(symbols.fields().len()) else { return };
                    (conditions.owner_of_field(field), symbols.external()[external].ty())
                }
                Operand::Define { beyond: Beyond::Conditions(owner), ty, .. } => (owner, ty),
                Operand::Compound { beyond: Beyond::Conditions(owner) } => {
                    (owner, stored.expr().ty)
                }
                // What goes on as its parts do always can.
                Operand::Define { .. } | Operand::Compound { .. } => return,
            };
            if let Err(mismatch) = conditions.arrays(owner, ty)
                && errors.is_empty()
            {
                errors.push(Error::UnfitArgument {
                    origin: origin.clone(),
                    ty: stored.expr().ty,
                    at: mismatch.at.as_str().into(),
                    condition: mismatch.condition,
                    reason: mismatch.reason.as_str().into(),
                });
            }
        });
        if let Some(Err(asymmetry)) = vanishing.map(|vanishing| vanishing.check(symbols, expr)) {
            errors.push(asymmetry.error(origin, formula));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
