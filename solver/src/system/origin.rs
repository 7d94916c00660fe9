//! Where in a problem an expression stands, so that an error can be traced to its text.

use std::fmt;

/// The part of a problem that an expression or a name belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The value of a parameter.
    Parameter(String),
    /// A named sub-expression.
    Define(String),
    /// The condition of a region.
    Region(String),
    /// A function written as text.
    Function(String),
    /// The type of a field.
    Field(String),
    /// The right-hand side of the equation of a field.
    Equation(String),
    /// The part of the equation of a field that is treated implicitly.
    Implicit(String),
    /// The initial value of a field.
    Initial(String),
    /// The value that a field is given after each step.
    AfterStep(String),
    /// The variance of a field's noise.
    Noise(String),
    /// An option of a field's transport.
    Transport {
        /// The field.
        of: String,
        /// The option, such as `velocity`; the transport as a whole if empty.
        key: &'static str,
    },
    /// A boundary condition.
    Boundary {
        /// The field or definition that it is for; for all if none.
        of: Option<String>,
        /// The axis or face, such as `x` or `x-`.
        at: String,
        /// Which part of the condition.
        part: ConditionPart,
    },
    /// The tolerance of a field or number; of all if none.
    Tolerance(Option<String>),
    /// A field or number that may not fall below 0.
    Positive(String),
    /// An output field, a diagnostic or another expression that is evaluated beside the equations.
    Output(String),
    /// One item of a list.
    Item {
        /// What the list is.
        of: Box<Origin>,
        /// Which item, counted from 0.
        index: usize,
    },
}

/// The parts of a boundary condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionPart {
    /// The condition as a whole.
    Whole,
    /// Its value.
    Value,
    /// The coefficient of a mixed condition.
    Coefficient,
    /// The derivative beside the value.
    Derivative,
    /// The curvature beside the value.
    Curvature,
}

impl Origin {
    /// An item of the list that stands here.
    #[must_use]
    pub fn item(&self, index: usize) -> Origin {
        Origin::Item { of: Box::new(self.clone()), index }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Parameter(name) => write!(f, "parameter `{name}`"),
            Origin::Define(name) => write!(f, "definition of `{name}`"),
            Origin::Region(name) => write!(f, "region `{name}`"),
            Origin::Function(name) => write!(f, "function `{name}`"),
            Origin::Field(name) => write!(f, "type of `{name}`"),
            Origin::Equation(name) => write!(f, "equation of `{name}`"),
            Origin::Implicit(name) => write!(f, "implicit part of `{name}`"),
            Origin::Initial(name) => write!(f, "initial value of `{name}`"),
            Origin::AfterStep(name) => write!(f, "value of `{name}` after each step"),
            Origin::Noise(name) => write!(f, "noise of `{name}`"),
            Origin::Transport { of, key: "" } => write!(f, "transport of `{of}`"),
            Origin::Transport { of, key } => write!(f, "{key} of the transport of `{of}`"),
            Origin::Boundary { of: Some(of), at, .. } => {
                write!(f, "boundary condition of `{of}` at `{at}`")
            }
            Origin::Boundary { of: None, at, .. } => write!(f, "boundary condition at `{at}`"),
            Origin::Tolerance(None) => f.write_str("tolerance"),
            Origin::Tolerance(Some(name)) => write!(f, "tolerance of `{name}`"),
            Origin::Positive(name) => write!(f, "list of what stays positive, with `{name}`"),
            Origin::Output(name) => write!(f, "output `{name}`"),
            Origin::Item { of, .. } => of.fmt(f),
        }
    }
}
