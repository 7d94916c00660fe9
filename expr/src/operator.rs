//! Operators: differences, reductions over the domain, products of vectors and tensors.

use crate::space::{Coordinates, Space};
use crate::types::Rank;

/// A spatial derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// ∇²c of a scalar.
    Laplace,
    /// |∇c|² of a scalar.
    GradientSquared(Squared),
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
    /// ∇c of a scalar: a vector.
    Gradient(Sided),
    /// ∇·u of a vector: a scalar.
    Divergence(Sided),
    /// T_ij = ∂_j u_i of a vector: a tensor.
    VectorGradient(Sided),
    /// ∇²u of a vector: a vector.
    VectorLaplace,
    /// v_i = ∂_j T_ij of a tensor: a vector.
    TensorDivergence,
    /// ∂_i ∂_j T_ij of a tensor: a scalar.
    TensorDoubleDivergence,
    /// ∇×u of a vector: a vector; in two dimensions a scalar. Of a scalar in two dimensions,
    /// which stands for a vector normal to the plane: a vector.
    Curl,
    /// ∇·(D∇c) of scalars D and c, in the compact conservative form with D averaged at faces.
    Diffusion,
    /// v·∇c of a vector v and a scalar or, in Cartesian space, a vector c.
    Advect(Upwind),
    /// An operator of real scalars that the program defines: its number, by which the program
    /// finds it, and how many arguments it takes.
    Custom {
        /// Its number among the operators of the program.
        number: usize,
        /// How many arguments it takes.
        arguments: usize,
    },
}

/// How differences are squared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Squared {
    /// The square of the central difference.
    Central,
    /// The mean of the squares of the two one-sided differences.
    OneSided,
}

/// Whether an advection looks where the flow comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upwind {
    /// Central differences, of second order.
    No,
    /// One-sided differences, of first order.
    Yes,
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

/// A product of vectors or tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// a_i b̄_i, T_ij b̄_j, a_i T̄_ij or A_ij B̄_jk: the second factor's complex conjugate counts.
    Dot,
    /// a_i b_j of vectors.
    Outer,
    /// a×b of vectors; in two dimensions a scalar.
    Cross,
}

/// A rearrangement of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transform {
    /// T_ji of a tensor.
    Transpose,
    /// T_ii of a tensor.
    Trace,
    /// √(Σ |u_i|²) of a vector or tensor.
    Norm,
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
const OPERATORS: [(&str, Operator); 19] = [
    ("laplace", Operator::Laplace),
    ("gradient_squared", Operator::GradientSquared(Squared::Central)),
    ("gradient_squared_conservative", Operator::GradientSquared(Squared::OneSided)),
    ("gradient", Operator::Gradient(Sided::Central)),
    ("gradient_forward", Operator::Gradient(Sided::Forward)),
    ("gradient_backward", Operator::Gradient(Sided::Backward)),
    ("divergence", Operator::Divergence(Sided::Central)),
    ("divergence_forward", Operator::Divergence(Sided::Forward)),
    ("divergence_backward", Operator::Divergence(Sided::Backward)),
    ("vector_gradient", Operator::VectorGradient(Sided::Central)),
    ("vector_laplace", Operator::VectorLaplace),
    ("tensor_divergence", Operator::TensorDivergence),
    ("tensor_double_divergence", Operator::TensorDoubleDivergence),
    ("curl", Operator::Curl),
    ("diffusion", Operator::Diffusion),
    ("advect", Operator::Advect(Upwind::No)),
    ("advect_upwind", Operator::Advect(Upwind::Yes)),
    ("vector_gradient_forward", Operator::VectorGradient(Sided::Forward)),
    ("vector_gradient_backward", Operator::VectorGradient(Sided::Backward)),
];

/// Products and rearrangements, which do not look at neighbours.
pub(crate) const PRODUCTS: [(&str, Product); 4] = [
    ("dot", Product::Dot),
    ("inner", Product::Dot),
    ("outer", Product::Outer),
    ("cross", Product::Cross),
];

pub(crate) const TRANSFORMS: [(&str, Transform); 3] =
    [("transpose", Transform::Transpose), ("trace", Transform::Trace), ("norm", Transform::Norm)];

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
        let known = names(axes).into_iter().find(|(_, operator)| *operator == self);
        known.map_or_else(|| format!("{self:?}"), |(name, _)| name)
    }

    /// How many arguments it takes.
    pub(crate) fn arguments(self) -> usize {
        match self {
            Operator::Diffusion | Operator::Advect(_) => 2,
            Operator::Custom { arguments, .. } => arguments,
            _ => 1,
        }
    }

    /// The rank of its value where its last argument has this one, if it can be applied to it.
    pub(crate) fn rank_of(self, argument: Rank, space: &Space) -> Option<Rank> {
        use Rank::*;
        let cartesian = space.coordinates == Coordinates::Cartesian;
        match (self, argument) {
            (Operator::Laplace | Operator::GradientSquared(_), Scalar) => Some(Scalar),
            // Along straight axes derivatives of components are components of derivatives.
            (Operator::First { .. } | Operator::Second { .. }, rank)
                if rank == Scalar || cartesian =>
            {
                Some(rank)
            }
            (Operator::Gradient(_), Scalar) => Some(Vector),
            (Operator::Divergence(_), Vector) => Some(Scalar),
            (Operator::VectorGradient(_), Vector) => Some(Tensor),
            (Operator::VectorLaplace, Vector) => Some(Vector),
            (Operator::TensorDivergence, Tensor) => Some(Vector),
            (Operator::TensorDoubleDivergence, Tensor) => Some(Scalar),
            (Operator::Curl, Vector) if space.dimension() == 2 => Some(Scalar),
            (Operator::Curl, Vector) => Some(Vector),
            (Operator::Curl, Scalar) if space.dimension() == 2 => Some(Vector),
            (Operator::Diffusion | Operator::Custom { .. }, Scalar) => Some(Scalar),
            (Operator::Advect(_), rank) if rank == Scalar || (cartesian && rank == Vector) => {
                Some(rank)
            }
            _ => None,
        }
    }

    /// What its last argument has to be, and what to write for another one.
    pub(crate) fn wants(self, argument: Rank) -> (&'static str, Option<&'static str>) {
        use Rank::*;
        match self {
            Operator::Laplace => (
                "a scalar",
                (argument == Vector).then_some("of a vector it is `vector_laplace(…)`"),
            ),
            Operator::GradientSquared(_) => ("a scalar", None),
            Operator::First { .. } | Operator::Second { .. } => {
                ("a scalar on this grid", Some("directions change from place to place here"))
            }
            Operator::Gradient(_) => (
                "a scalar",
                (argument == Vector).then_some("of a vector it is `vector_gradient(…)`"),
            ),
            Operator::Divergence(_) => (
                "a vector",
                (argument == Tensor).then_some("of a tensor it is `tensor_divergence(…)`"),
            ),
            Operator::VectorGradient(_) => {
                ("a vector", (argument == Scalar).then_some("of a scalar it is `gradient(…)`"))
            }
            Operator::VectorLaplace => {
                ("a vector", (argument == Scalar).then_some("of a scalar it is `laplace(…)`"))
            }
            Operator::TensorDivergence => {
                ("a tensor", (argument == Vector).then_some("of a vector it is `divergence(…)`"))
            }
            Operator::TensorDoubleDivergence => ("a tensor", None),
            Operator::Curl => ("a vector", None),
            Operator::Diffusion | Operator::Custom { .. } => ("a scalar", None),
            Operator::Advect(_) => (
                "a scalar on this grid",
                (argument == Vector).then_some("of a vector write `dot(vector_gradient(u), v)`"),
            ),
        }
    }

    /// Why it makes no sense in a space, if it does not.
    pub(crate) fn refused(self, space: &Space) -> Option<&'static str> {
        use Coordinates::*;
        match (self, space.coordinates) {
            (Operator::Curl, Spherical) => {
                Some("a flow that depends on r alone has no rotation that does too")
            }
            (Operator::Curl, Cartesian) if space.dimension() == 1 => {
                Some("along one axis nothing can turn")
            }
            (
                Operator::Divergence(Sided::Forward | Sided::Backward)
                | Operator::VectorGradient(Sided::Forward | Sided::Backward),
                Polar | Spherical | Cylindrical,
            ) => Some("one-sided forms are for cartesian grids"),
            _ => None,
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
