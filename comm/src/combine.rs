//! The ways in which the integers of all ranks are combined into one.

/// How the integers of all ranks are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl Combine {
    #[cfg(feature = "mpi")]
    pub(crate) fn built_in(self) -> crate::operator::BuiltIn {
        match self {
            Combine::Sum => crate::operator::BuiltIn::Sum,
            Combine::Max => crate::operator::BuiltIn::Max,
            Combine::Min => crate::operator::BuiltIn::Min,
        }
    }

    pub(crate) fn apply(self, a: i64, b: i64) -> i64 {
        match self {
            Combine::Sum => a.wrapping_add(b),
            Combine::Max => a.max(b),
            Combine::Min => a.min(b),
        }
    }
}
