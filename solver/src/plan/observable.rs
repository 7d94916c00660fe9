//! Expressions that are evaluated beside the equations, for outputs and trackers.

use fluxions_expr::{Place, Type};

use crate::error::Error;
use crate::plan::action::Extent;
use crate::plan::evaluation;
use crate::plan::plan::Plan;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// An expression that is evaluated beside the equations.
#[derive(Clone, Debug)]
pub(crate) struct Observable {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) extent: Extent,
    pub(crate) ty: Type,
}

impl Observable {
    /// The observable of a text: a number where it is the same in all cells.
    pub(crate) fn new(
        pde: &Pde,
        name: &str,
        formula: &Formula,
        number: bool,
    ) -> Result<Self, Vec<Error>> {
        let origin = Origin::Output(name.into());
        let (expr, uses) = pde.check(&origin, formula, Place::Output)?;
        if number && (uses.cells || expr.ty != Type::REAL) {
            let ty = expr.ty;
            return Err(vec![Error::NotANumber { origin, name: name.into(), ty }]);
        }
        let extent = if number { Extent::Once } else { Extent::Block };
        let ty = expr.ty;
        let plan = evaluation::of_expression(pde, name, &expr, ty, extent);
        Ok(Observable { name: name.into(), plan, extent, ty })
    }
}
