//! Operators: differences, reductions over the domain, and products of vectors and tensors.

use crate::space::{Coordinates, Space};
use crate::spelling::usual;
use crate::types::Rank;

/// A spatial derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// ∇²c of a scalar.
    Laplace,
    /// |∇c|² of a scalar.
    GradientSquared(Squared),
    /// The first derivative along an axis.
    First {
        /// The number of the axis among the grid's axes.
        axis: usize,
        /// The neighbours that the difference uses.
        side: FirstDifference,
    },
    /// The second derivative along an axis.
    Second {
        /// The number of the axis among the grid's axes.
        axis: usize,
    },
    /// ∇c of a scalar: a vector.
    Gradient(FirstDifference),
    /// ∇·u of a vector: a scalar.
    Divergence(FirstDifference),
    /// T_ij = ∂_j u_i of a vector: a tensor.
    VectorGradient(FirstDifference),
    /// ∇²u of a vector: a vector.
    VectorLaplace,
    /// v_i = ∂_j T_ij of a tensor: a vector.
    TensorDivergence,
    /// ∂_i ∂_j T_ij of a tensor: a scalar.
    TensorDoubleDivergence,
    /// ∇×u of a vector, which is a vector, or a scalar in two dimensions. In two dimensions it can
    /// also be applied to a scalar, which stands for a vector normal to the plane; it then gives a
    /// vector.
    Curl,
    /// ∇·(D∇c) of a scalar c, in the compact conservative form in which D is averaged at faces. D is
    /// a scalar, a vector with the diffusivity along each axis, or a tensor.
    Diffusion(Mean),
    /// v·∇c of a vector v and a scalar or, in Cartesian space, a vector c.
    Advect(Upwind),
    /// What happens at a face of the domain, in the cell there. It has no name in expressions.
    AtFace {
        /// The number of the axis among the grid's axes.
        axis: usize,
        /// Whether it is the face at the upper end of the axis.
        upper: bool,
        /// What is meant.
        part: FacePart,
    },
    /// What would happen at the face of the cell at this end of an axis, in cells at the surface of a
    /// region: the last argument differs in the two cells at the face. It has no name in expressions.
    AtEdge {
        /// The number of the axis among the grid's axes.
        axis: usize,
        /// Whether it is the face at the upper end of the cell.
        upper: bool,
        /// What is meant.
        part: FacePart,
    },
    /// An operator of real scalars that the program defines.
    Custom {
        /// The number of the operator among those that the program defines.
        number: usize,
        /// The number of arguments that the operator takes.
        arguments: usize,
    },
}

/// What happens at a face of the domain.
///
/// A *contribution* is that part of an operator's value in the cell at the face which comes from what
/// flows through the face; it is 0 in all other cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FacePart {
    /// The contribution to ∇²c, or to a second derivative along the axis.
    Slope,
    /// The contribution to ∇·(D∇c).
    Diffusion(Mean),
    /// That part of the contribution to ∇·(D∇c) of a tensor D which comes from the slopes of c along
    /// the face.
    AlongFace,
    /// The contribution to ∇·u of a vector, or to a first derivative along the axis.
    Value(FirstDifference),
    /// The contribution of a given flux, outwards and per area: −j·A/V, where A is the area of the
    /// face and V the volume of the cell.
    Given,
    /// The value at the face, on the line through the cell and the next one inwards.
    Line,
    /// The value at the face, which is the mean of the cell and its ghost cell.
    Mean,
}

/// Which mean of the values in two cells stands for the value at their face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mean {
    /// (a + b)/2, for what changes smoothly.
    Arithmetic,
    /// 2ab/(a + b), for a diffusivity that jumps at the face: two layers, each with a resistance of
    /// its own (Patankar 1980, "Numerical Heat Transfer and Fluid Flow", equation 4.9).
    Harmonic,
}

/// How the differences in |∇c|² are squared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Squared {
    /// The square of the central difference.
    Central,
    /// The mean of the squares of the two one-sided differences.
    OneSided,
}

/// Whether an advection uses the neighbours from which the flow comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upwind {
    /// It uses central differences, of second order.
    No,
    /// It uses one-sided differences towards the neighbours from which the flow comes, of first
    /// order.
    Yes,
}

/// Which neighbours a first difference uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstDifference {
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
    /// a_i b̄_i, T_ij b̄_j, a_i T̄_ij or A_ij B̄_jk. The second factor is complex conjugated.
    Dot,
    /// a_i b_j of vectors.
    Outer,
    /// a×b of vectors, which is a scalar in two dimensions.
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

/// A number that is computed from a whole field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum of the values times the volumes of their cells.
    Integral,
    /// The integral divided by the volume of the domain.
    Average,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

/// The operators whose names do not depend on the axes.
const OPERATORS: [(&str, Operator); 20] = [
    ("laplace", Operator::Laplace),
    ("gradient_squared", Operator::GradientSquared(Squared::Central)),
    ("gradient_squared_conservative", Operator::GradientSquared(Squared::OneSided)),
    ("gradient", Operator::Gradient(FirstDifference::Central)),
    ("gradient_forward", Operator::Gradient(FirstDifference::Forward)),
    ("gradient_backward", Operator::Gradient(FirstDifference::Backward)),
    ("divergence", Operator::Divergence(FirstDifference::Central)),
    ("divergence_forward", Operator::Divergence(FirstDifference::Forward)),
    ("divergence_backward", Operator::Divergence(FirstDifference::Backward)),
    ("vector_gradient", Operator::VectorGradient(FirstDifference::Central)),
    ("vector_laplace", Operator::VectorLaplace),
    ("tensor_divergence", Operator::TensorDivergence),
    ("tensor_double_divergence", Operator::TensorDoubleDivergence),
    ("curl", Operator::Curl),
    ("diffusion", Operator::Diffusion(Mean::Arithmetic)),
    ("diffusion_harmonic", Operator::Diffusion(Mean::Harmonic)),
    ("advect", Operator::Advect(Upwind::No)),
    ("advect_upwind", Operator::Advect(Upwind::Yes)),
    ("vector_gradient_forward", Operator::VectorGradient(FirstDifference::Forward)),
    ("vector_gradient_backward", Operator::VectorGradient(FirstDifference::Backward)),
];

/// Products and rearrangements, which use no neighbouring cells.
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

/// The names of those reductions that are not functions as well.
pub(crate) const REDUCTION_NAMES: [&str; 2] = ["integral", "average"];

/// The operator of this name, in any spelling, on a grid with these axes.
pub(crate) fn find(name: &str, axes: &[String]) -> Option<Operator> {
    let name = usual(name);
    names(axes).into_iter().find(|(known, _)| known == name).map(|(_, operator)| operator)
}

/// The reduction of this name.
pub(crate) fn find_reduction(name: &str) -> Option<Reduction> {
    REDUCTIONS.iter().find(|(known, _)| *known == name).map(|(_, reduction)| *reduction)
}

/// Every operator on a grid with these axes, such as `laplace`, `d_dx`, `d2_dx2` and
/// `d_dx_forward`.
pub(crate) fn names(axes: &[String]) -> Vec<(String, Operator)> {
    let mut all: Vec<_> = OPERATORS.iter().map(|(name, op)| (name.to_string(), *op)).collect();
    for (axis, x) in axes.iter().enumerate() {
        all.push((format!("d_d{x}"), Operator::First { axis, side: FirstDifference::Central }));
        all.push((
            format!("d_d{x}_forward"),
            Operator::First { axis, side: FirstDifference::Forward },
        ));
        all.push((
            format!("d_d{x}_backward"),
            Operator::First { axis, side: FirstDifference::Backward },
        ));
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

    /// The number of arguments that the operator takes. In an expression others may follow, which tell
    /// where these are closed ([`Scope::close`](crate::Scope::close)).
    pub fn arguments(self) -> usize {
        let of_diffusion = |part| matches!(part, FacePart::Diffusion(_) | FacePart::AlongFace);
        match self {
            Operator::Diffusion(_) | Operator::Advect(_) => 2,
            Operator::AtFace { part, .. } | Operator::AtEdge { part, .. } if of_diffusion(part) => {
                2
            }
            Operator::Custom { arguments, .. } => arguments,
            _ => 1,
        }
    }

    /// The rank of the value for a last argument of this rank, if the operator can be applied to
    /// it.
    pub(crate) fn rank_of(self, argument: Rank, space: &Space) -> Option<Rank> {
        use Rank::*;
        let cartesian = space.coordinates == Coordinates::Cartesian;
        match (self, argument) {
            (Operator::Laplace | Operator::GradientSquared(_), Scalar) => Some(Scalar),
            // Along straight axes the components of a derivative are the derivatives of the
            // components.
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
            (Operator::Diffusion(_) | Operator::Custom { .. }, Scalar) => Some(Scalar),
            (Operator::Advect(_), rank) if rank == Scalar || (cartesian && rank == Vector) => {
                Some(rank)
            }
            _ => None,
        }
    }

    /// What the last argument must be, and what to write for an argument of this rank instead.
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
            Operator::Diffusion(_)
            | Operator::Custom { .. }
            | Operator::AtFace { .. }
            | Operator::AtEdge { .. } => ("a scalar", None),
            Operator::Advect(_) => (
                "a scalar on this grid",
                (argument == Vector).then_some("of a vector write `dot(vector_gradient(u), v)`"),
            ),
        }
    }

    /// Why the operator makes no sense in this space, if it does not.
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
                Operator::Divergence(FirstDifference::Forward | FirstDifference::Backward)
                | Operator::VectorGradient(FirstDifference::Forward | FirstDifference::Backward),
                Polar | Spherical | Cylindrical,
            ) => Some("one-sided forms are for cartesian grids"),
            _ => None,
        }
    }
}

/// The names of the flows through the walls on a grid with these axes, such as `flow_x_plus`, each with
/// its axis and whether it is the upper end.
pub(crate) fn flows(axes: &[String]) -> impl Iterator<Item = (String, (usize, bool))> {
    axes.iter().enumerate().flat_map(|(axis, x)| {
        [("minus", false), ("plus", true)]
            .map(|(end, upper)| (format!("flow_{x}_{end}"), (axis, upper)))
    })
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
