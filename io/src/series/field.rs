//! A field of a series: its type, and what its components are called.

use fluxions_expr::{Rank, Type};

/// What a field is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    ty: Type,
    directions: Vec<String>,
}

impl Field {
    /// A field of this name and type, where vectors have a component along each of these
    /// directions.
    pub fn new(name: &str, ty: Type, directions: &[String]) -> Self {
        Field { name: name.into(), ty, directions: directions.to_vec() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// The directions that the indices of its components stand for.
    pub fn directions(&self) -> &[String] {
        &self.directions
    }

    /// The lengths of the axes of its components: none of a scalar, one of a vector, two of a
    /// tensor.
    pub fn component_shape(&self) -> Vec<usize> {
        vec![self.directions.len(); self.ty.rank.indices()]
    }

    /// The names of its components, those of a tensor row by row: `c`, or `v.x`, or `q.xy`.
    pub fn components(&self) -> Vec<String> {
        self.ty.rank.components_of(&self.name, &self.directions)
    }

    /// The indices of a component along the axes of components.
    pub(crate) fn indices(&self, component: usize) -> Vec<usize> {
        match self.ty.rank {
            Rank::Scalar => vec![],
            Rank::Vector => vec![component],
            Rank::Tensor => {
                let n = self.directions.len().max(1);
                vec![component / n, component % n]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_in_the_order_of_their_indices() {
        let directions = ["r".to_string(), "phi".to_string()];
        let field = |rank| Field::new("q", Type::real(rank), &directions);
        assert_eq!(field(Rank::Scalar).components(), ["q"]);
        assert_eq!(field(Rank::Vector).components(), ["q.r", "q.phi"]);
        let tensor = field(Rank::Tensor);
        assert_eq!(tensor.components(), ["q.rr", "q.rphi", "q.phir", "q.phiphi"]);
        assert_eq!(tensor.component_shape(), [2, 2]);
        assert_eq!(tensor.indices(2), [1, 0]);
        assert!(field(Rank::Scalar).component_shape().is_empty());
    }
}
