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
    pub(crate) fn apply(self, a: i64, b: i64) -> i64 {
        match self {
            Combine::Sum => a.wrapping_add(b),
            Combine::Max => a.max(b),
            Combine::Min => a.min(b),
        }
    }
}
