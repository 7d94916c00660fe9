//! Why a grid cannot be cut up as asked.

/// Why a grid cannot be cut into blocks as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are not enough cells for so many ranks.
    #[error("a grid of {} cells cannot be cut into {ranks} blocks{}", by(shape), at_least(least))]
    TooManyRanks {
        /// Cells of the grid along each axis.
        shape: Vec<usize>,
        /// The number of ranks.
        ranks: usize,
        /// Cells that a block needs along each axis, since halos and conditions reach so far.
        least: Vec<usize>,
    },
    /// The requested numbers of ranks along the axes do not multiply to the number of ranks.
    #[error("ranks along the axes, {dims:?}, do not multiply to {ranks}")]
    WrongDims {
        /// Ranks along each axis; 0 where free.
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
