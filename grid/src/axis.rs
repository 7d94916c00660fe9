//! An axis: a named interval cut into cells of equal width.

/// What happens at the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The last cell is the neighbour of the first.
    Periodic,
    /// There is a wall at either end.
    Bounded,
}

/// A named interval cut into cells of equal width. Fields live at the cells' centres.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(crate) name: String,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) cells: usize,
    pub(crate) ends: Ends,
}

impl Axis {
    /// The axis' name, as expressions use it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lower and upper bound.
    pub fn bounds(&self) -> [f64; 2] {
        [self.start, self.end]
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// What happens at its ends.
    pub fn ends(&self) -> Ends {
        self.ends
    }

    /// Whether it is periodic.
    pub fn is_periodic(&self) -> bool {
        self.ends == Ends::Periodic
    }

    /// Width of a cell.
    pub fn spacing(&self) -> f64 {
        (self.end - self.start) / self.cells as f64
    }

    /// Coordinate of the centre of a cell; ghost cells have negative indices or indices beyond
    /// the last.
    pub fn centre(&self, index: isize) -> f64 {
        self.start + (index as f64 + 0.5) * self.spacing()
    }

    /// Coordinate of the face below a cell; the one of `index == cells` is the upper bound.
    pub fn face(&self, index: usize) -> f64 {
        if index == self.cells { self.end } else { self.start + index as f64 * self.spacing() }
    }
}
