//! What a value can be given by: a number, an expression, a list of these for the components of a
//! vector or tensor, or external data.

use std::fmt;
use std::sync::Arc;

use fluxions_grid::Condition;

use crate::system::boundary::wall_function::WallFunction;
use crate::system::external::{ExternalSource, Values};
use crate::system::time_table::TimeTable;

/// A number, the text of an expression, a list of these, or external data.
#[derive(Clone, Debug)]
pub enum Formula {
    /// A number.
    Number(f64),
    /// The text of an expression.
    Text(String),
    /// The components of a vector, or the rows of a tensor.
    List(Vec<Formula>),
    /// External data, a value for each cell: for parameters and initial values.
    Values(Arc<dyn ExternalSource>),
    /// A number that depends on the time.
    Table(TimeTable),
    /// The ghost cells beyond a wall: for boundary conditions ([`WallFunction::condition`]).
    Wall(WallFunction),
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Formula::Number(a), Formula::Number(b)) => a == b,
            (Formula::Text(a), Formula::Text(b)) => a == b,
            (Formula::List(a), Formula::List(b)) => a == b,
            (Formula::Values(a), Formula::Values(b)) => Arc::ptr_eq(a, b),
            (Formula::Table(a), Formula::Table(b)) => a == b,
            (Formula::Wall(a), Formula::Wall(b)) => a == b,
            _ => false,
        }
    }
}

impl From<Arc<dyn ExternalSource>> for Formula {
    fn from(values: Arc<dyn ExternalSource>) -> Self {
        Formula::Values(values)
    }
}

impl From<ndarray::ArrayD<f64>> for Formula {
    fn from(values: ndarray::ArrayD<f64>) -> Self {
        Formula::Values(Arc::new(Values::from(values)))
    }
}

impl From<TimeTable> for Formula {
    fn from(table: TimeTable) -> Self {
        Formula::Table(table)
    }
}

impl From<f64> for Formula {
    fn from(value: f64) -> Self {
        Formula::Number(value)
    }
}

impl From<&str> for Formula {
    fn from(text: &str) -> Self {
        Formula::Text(text.into())
    }
}

impl From<String> for Formula {
    fn from(text: String) -> Self {
        Formula::Text(text)
    }
}

impl From<&String> for Formula {
    fn from(text: &String) -> Self {
        Formula::Text(text.clone())
    }
}

impl<T: Into<Formula>, const N: usize> From<[T; N]> for Formula {
    fn from(items: [T; N]) -> Self {
        Formula::List(items.into_iter().map(Into::into).collect())
    }
}

impl WallFunction {
    /// The boundary condition.
    pub fn condition(self) -> Condition<Formula> {
        Condition::Function(Formula::Wall(self))
    }
}

/// Writes the text of an expression of that value.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Number(value) => write!(f, "{value:?}"),
            Formula::Text(text) => f.write_str(text),
            Formula::List(items) => {
                f.write_str("[")?;
                for (k, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if k > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Formula::Table(table) => write!(f, "(a table of {} times)", table.points().len()),
            Formula::Values(_) => f.write_str("(external data)"),
            Formula::Wall(_) => f.write_str("(a function of the wall)"),
        }
    }
}
