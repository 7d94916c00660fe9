//! Operators that look beyond a cell: differences, and reductions over the domain.

/// A spatial derivative of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Sum of the second derivatives along all axes.
    Laplace,
    /// Square of the gradient.
    GradientSquared,
    /// First derivative along an axis.
    First {
        /// Number of the axis among the grid's axes.
        axis: usize,
        /// Which neighbours it uses.
        side: Sided,
    },
    /// Second derivative along an axis.
    Second {
        /// Number of the axis among the grid's axes.
        axis: usize,
    },
}

/// Which neighbours a first difference uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sided {
    /// The cell before and the cell after.
    Central,
    /// The cell itself and the one after.
    Forward,
    /// The cell before and the cell itself.
    Backward,
}

/// A number made of a whole field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Sum of cell volume times value.
    Integral,
    /// Integral divided by the volume of the domain.
    Average,
    /// Largest value.
    Max,
    /// Smallest value.
    Min,
}

/// Operators whose names do not depend on the axes.
const OPERATORS: [(&str, Operator); 2] =
    [("laplace", Operator::Laplace), ("gradient_squared", Operator::GradientSquared)];

const REDUCTIONS: [(&str, Reduction); 6] = [
    ("integral", Reduction::Integral),
    ("average", Reduction::Average),
    ("max", Reduction::Max),
    ("Max", Reduction::Max),
    ("min", Reduction::Min),
    ("Min", Reduction::Min),
];

/// The names of the reductions that are not functions too.
pub(crate) const REDUCTION_NAMES: [&str; 2] = ["integral", "average"];

/// Operators that take or give vectors and tensors.
pub(crate) const VECTOR_OPERATORS: [&str; 12] = [
    "gradient",
    "divergence",
    "vector_gradient",
    "vector_laplace",
    "tensor_divergence",
    "tensor_double_divergence",
    "dot",
    "inner",
    "outer",
    "cross",
    "curl",
    "transpose",
];

/// The operator of that name on a grid with these axes.
pub(crate) fn find(name: &str, axes: &[String]) -> Option<Operator> {
    names(axes).into_iter().find(|(known, _)| known == name).map(|(_, operator)| operator)
}

/// The reduction of that name.
pub(crate) fn find_reduction(name: &str) -> Option<Reduction> {
    REDUCTIONS.iter().find(|(known, _)| *known == name).map(|(_, reduction)| *reduction)
}

/// Every operator on a grid with these axes: laplace, …, `d_dx`, `d2_dx2`, `d_dx_forward`, …
pub(crate) fn names(axes: &[String]) -> Vec<(String, Operator)> {
    let mut all: Vec<_> = OPERATORS.iter().map(|(name, op)| (name.to_string(), *op)).collect();
    for (axis, x) in axes.iter().enumerate() {
        all.push((format!("d_d{x}"), Operator::First { axis, side: Sided::Central }));
        all.push((format!("d_d{x}_forward"), Operator::First { axis, side: Sided::Forward }));
        all.push((format!("d_d{x}_backward"), Operator::First { axis, side: Sided::Backward }));
        all.push((format!("d2_d{x}2"), Operator::Second { axis }));
    }
    all
}

impl Operator {
    /// The operator's name on a grid with these axes.
    pub fn name(self, axes: &[String]) -> String {
        match self {
            Operator::Laplace => "laplace".into(),
            Operator::GradientSquared => "gradient_squared".into(),
            Operator::First { axis, side: Sided::Central } => format!("d_d{}", axes[axis]),
            Operator::First { axis, side: Sided::Forward } => format!("d_d{}_forward", axes[axis]),
            Operator::First { axis, side: Sided::Backward } => {
                format!("d_d{}_backward", axes[axis])
            }
            Operator::Second { axis } => format!("d2_d{0}2", axes[axis]),
        }
    }
}

impl Reduction {
    /// The reduction's name.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::Integral => "integral",
            Reduction::Average => "average",
            Reduction::Max => "max",
            Reduction::Min => "min",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let axes = ["x".to_string(), "y".to_string()];
        for (name, operator) in names(&axes) {
            assert_eq!(operator.name(&axes), name);
            assert_eq!(find(&name, &axes), Some(operator));
        }
        assert_eq!(find("d_dz", &axes), None);
    }
}
