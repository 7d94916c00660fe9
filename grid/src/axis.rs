//! Axes: named intervals divided into cells of equal width.

/// What happens at the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The last cell and the first one are neighbours.
    Periodic,
    /// There is a wall at each end.
    Bounded,
}

/// A named interval divided into cells of equal width. Fields have their values at the cells'
/// centres.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(crate) name: String,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) cells: usize,
    pub(crate) ends: Ends,
}

impl Axis {
    /// The name of the axis in expressions.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lower and the upper bound.
    pub fn bounds(&self) -> [f64; 2] {
        [self.start, self.end]
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// What happens at the ends of the axis.
    pub fn ends(&self) -> Ends {
        self.ends
    }

    /// Whether the axis is periodic.
    pub fn is_periodic(&self) -> bool {
        self.ends == Ends::Periodic
    }

    /// The width of a cell.
    pub fn spacing(&self) -> f64 {
        (self.end - self.start) / self.cells as f64
    }

    /// The coordinate of the centre of a cell. The indices of ghost cells are negative or beyond
    /// the last cell's.
    pub fn centre(&self, index: isize) -> f64 {
        self.start + (index as f64 + 0.5) * self.spacing()
    }

    /// The coordinate of the lower face of a cell. With `index == cells` it is the upper bound.
    pub fn face(&self, index: usize) -> f64 {
        if index == self.cells { self.end } else { self.start + index as f64 * self.spacing() }
    }
}
