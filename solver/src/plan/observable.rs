//! Observables: expressions that are evaluated in addition to the equations, for outputs and
//! trackers.

use std::ops::Range;

use fluxions_expr::{Place, Type};

use crate::error::Error;
use crate::plan::action::Extent;
use crate::plan::evaluation;
use crate::plan::plan::Plan;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// An expression that is evaluated in addition to the equations.
#[derive(Clone, Debug)]
pub(crate) struct Observable {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    /// The arrays of the value, if there is one value per cell.
    pub(crate) arrays: Range<usize>,
    pub(crate) extent: Extent,
    pub(crate) ty: Type,
}

impl Observable {
    /// The observable of a text. It is a single number if the expression is the same in all cells.
    /// `kept` gives the names of the arrays that the scheme keeps between steps.
    pub(crate) fn new(
        pde: &Pde,
        kept: &[String],
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
        let plan = evaluation::of_expression(pde, kept, name, &expr, ty, extent);
        let first = pde.all_arrays() + kept.len();
        let arrays = first..first + ty.numbers(pde.space().dimension());
        Ok(Observable { name: name.into(), plan, arrays, extent, ty })
    }
}
