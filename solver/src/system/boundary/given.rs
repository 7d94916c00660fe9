//! One boundary condition as it was given.

use fluxions_grid::Condition;

use crate::system::formula::Formula;
use crate::system::origin::{ConditionPart, Origin};

/// A boundary condition as it was given.
#[derive(Clone, Debug)]
pub(crate) struct GivenCondition {
    /// The field or definition that it is for; for all if none.
    pub(crate) of: Option<String>,
    /// The axis or face, such as `x` or `x-`.
    pub(crate) at: String,
    pub(crate) condition: Condition<Formula>,
}

impl GivenCondition {
    /// Where a part of it stands.
    pub(crate) fn origin(&self, part: ConditionPart) -> Origin {
        Origin::Boundary { of: self.of.clone(), at: self.at.clone(), part }
    }
}
