//! The types of values: scalars, vectors and tensors, which are real or complex.

use std::fmt;

/// The rank of a value, which is its number of indices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// No index: the value is one number.
    #[default]
    Scalar,
    /// One index: the value is a number for each direction.
    Vector,
    /// Two indices: the value is a number for each pair of directions.
    Tensor,
}

impl Rank {
    /// Every rank.
    pub const ALL: [Rank; 3] = [Rank::Scalar, Rank::Vector, Rank::Tensor];

    /// The number of indices.
    pub fn indices(self) -> usize {
        self as usize
    }

    /// The name of the rank in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Rank::Scalar => "scalar",
            Rank::Vector => "vector",
            Rank::Tensor => "tensor",
        }
    }

    /// The names of the components where vectors have these directions: `x`, `y`, … for a vector
    /// and `xx`, `xy`, … row by row for a tensor. A scalar has none.
    pub fn component_names(self, directions: &[String]) -> Vec<String> {
        let pairs = |i: &String| directions.iter().map(|j| format!("{i}{j}")).collect::<Vec<_>>();
        match self {
            Rank::Scalar => vec![String::new()],
            Rank::Vector => directions.to_vec(),
            Rank::Tensor => directions.iter().flat_map(pairs).collect(),
        }
    }

    /// The full names of the components of a value of this name: `c`, `v.x` or `T.xy`.
    pub fn components_of(self, name: &str, directions: &[String]) -> Vec<String> {
        match self {
            Rank::Scalar => vec![name.to_string()],
            _ => {
                let own = self.component_names(directions).into_iter();
                own.map(|component| format!("{name}.{component}")).collect()
            }
        }
    }

    /// The number of components where a vector has `dimension` components.
    pub fn components(self, dimension: usize) -> usize {
        dimension.pow(self.indices() as u32)
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Type {
    /// The rank of the value.
    pub rank: Rank,
    /// Whether the numbers of the value are complex.
    pub complex: bool,
}

impl Type {
    /// One real number.
    pub const REAL: Type = Type { rank: Rank::Scalar, complex: false };
    /// One complex number.
    pub const COMPLEX: Type = Type { rank: Rank::Scalar, complex: true };

    /// A real value of this rank.
    pub fn real(rank: Rank) -> Self {
        Type { rank, complex: false }
    }

    /// The type of this rank whose numbers are complex if `complex`, and real otherwise.
    #[must_use]
    pub fn with_complex(self, complex: bool) -> Self {
        Type { complex, ..self }
    }

    /// The type of this rank whose numbers are complex if those of this type are.
    #[must_use]
    pub fn with_rank(self, rank: Rank) -> Self {
        Type { rank, ..self }
    }

    /// The number of real numbers per component: one, or two if the numbers are complex.
    pub fn per_component(self) -> usize {
        1 + usize::from(self.complex)
    }

    /// The number of real numbers of a value where a vector has `dimension` components.
    pub fn numbers(self, dimension: usize) -> usize {
        self.rank.components(dimension) * self.per_component()
    }
}

/// Writes the type in words, as in `a scalar` and `a complex vector`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complex = if self.complex { "complex " } else { "" };
        write!(f, "a {complex}{}", self.rank.name())
    }
}
