//! The types of values: scalar, vector or tensor; real or complex.

use std::fmt;

/// How many indices a value has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// No index: one number.
    #[default]
    Scalar,
    /// One index: a number for each direction.
    Vector,
    /// Two indices: a number for each pair of directions.
    Tensor,
}

impl Rank {
    /// Every rank.
    pub const ALL: [Rank; 3] = [Rank::Scalar, Rank::Vector, Rank::Tensor];

    /// Number of indices.
    pub fn indices(self) -> usize {
        self as usize
    }

    /// Its name, as problem files use it.
    pub fn name(self) -> &'static str {
        match self {
            Rank::Scalar => "scalar",
            Rank::Vector => "vector",
            Rank::Tensor => "tensor",
        }
    }

    /// What its components are called where vectors have these directions: of a vector `x`, `y`, …,
    /// of a tensor `xx`, `xy`, … row by row, and nothing of a scalar.
    pub fn component_names(self, directions: &[String]) -> Vec<String> {
        let pairs = |i: &String| directions.iter().map(|j| format!("{i}{j}")).collect::<Vec<_>>();
        match self {
            Rank::Scalar => vec![String::new()],
            Rank::Vector => directions.to_vec(),
            Rank::Tensor => directions.iter().flat_map(pairs).collect(),
        }
    }

    /// The full names of the components of a value of this name: `c`, or `v.x`, or `T.xy`.
    pub fn components_of(self, name: &str, directions: &[String]) -> Vec<String> {
        match self {
            Rank::Scalar => vec![name.to_string()],
            _ => {
                let own = self.component_names(directions).into_iter();
                own.map(|component| format!("{name}.{component}")).collect()
            }
        }
    }

    /// How many components it has where a vector has `dimension`.
    pub fn components(self, dimension: usize) -> usize {
        dimension.pow(self.indices() as u32)
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Type {
    /// How many indices it has.
    pub rank: Rank,
    /// Whether its numbers are complex.
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

    /// The type of this rank whose numbers are complex if `complex`, else real.
    #[must_use]
    pub fn with_complex(self, complex: bool) -> Self {
        Type { complex, ..self }
    }

    /// The type of another rank whose numbers are of the same kind.
    #[must_use]
    pub fn with_rank(self, rank: Rank) -> Self {
        Type { rank, ..self }
    }

    /// Real numbers per component: one, or two if it is complex.
    pub fn per_component(self) -> usize {
        1 + usize::from(self.complex)
    }

    /// How many real numbers it takes where a vector has `dimension` components.
    pub fn numbers(self, dimension: usize) -> usize {
        self.rank.components(dimension) * self.per_component()
    }
}

/// `a scalar`, `a complex vector`, …
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complex = if self.complex { "complex " } else { "" };
        write!(f, "a {complex}{}", self.rank.name())
    }
}
