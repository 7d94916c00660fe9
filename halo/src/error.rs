//! The reasons why a grid cannot be cut into blocks as asked.

/// Why a grid cannot be cut into blocks as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The grid has too few cells for this number of ranks.
    #[error("a grid of {} cells cannot be cut into {ranks} blocks{}", by(shape), at_least(least))]
    TooManyRanks {
        /// The number of cells of the grid along each axis.
        shape: Vec<usize>,
        /// The number of ranks.
        ranks: usize,
        /// The number of cells that a block needs along each axis, which halos and boundary
        /// conditions demand.
        least: Vec<usize>,
    },
    /// The product of the numbers of ranks along the axes is not the number of ranks.
    #[error("ranks along the axes, {dims:?}, do not multiply to {ranks}")]
    WrongDims {
        /// The number of ranks along each axis, or 0 where it is free.
        dims: Vec<usize>,
        /// The number of ranks.
        ranks: usize,
    },
}

fn by(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

fn at_least(cells: &[usize]) -> String {
    match cells.iter().all(|n| *n == 1) {
        true => String::new(),
        false => format!(" of at least {} cells, which halos and conditions need", by(cells)),
    }
}
