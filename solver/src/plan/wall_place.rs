//! The place of a ghost cell beyond a wall, and of the cells that determine it.

use fluxions_grid::{Face, Grid, Side};

use crate::plan::program::ArrayRef;

/// A ghost cell beyond a face of the domain. Offsets are counted from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallPlace {
    face: Face,
    /// The coordinate of the wall.
    coordinate: f64,
    spacing: f64,
    /// The layer of the ghost cell, counted from 1 at the wall.
    layer: usize,
}

/// The array whose ghost cells a condition gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCells {
    /// The arrays of the real and the imaginary part. For a real value, both are the array itself.
    pub(crate) parts: [ArrayRef; 2],
    pub(crate) complex: bool,
}

impl WallPlace {
    /// The ghost cells of a layer beyond a face; nothing if no named axis crosses it.
    pub(crate) fn new(grid: &Grid, face: Face, layer: usize) -> Option<Self> {
        let axis = grid.inner_axis(face.axis)?;
        let (coordinate, spacing) = (axis.bounds()[face.side.index()], axis.spacing());
        Some(WallPlace { face, coordinate, spacing, layer })
    }

    /// The inner axis across which the wall lies.
    pub(crate) fn axis(&self) -> usize {
        self.face.axis
    }

    pub(crate) fn face(&self) -> Face {
        self.face
    }

    pub(crate) fn coordinate(&self) -> f64 {
        self.coordinate
    }

    /// The coordinate of the centre of the cell at the wall.
    pub(crate) fn first_centre(&self) -> f64 {
        match self.face.side {
            Side::Lower => self.coordinate + 0.5 * self.spacing,
            Side::Upper => self.coordinate - 0.5 * self.spacing,
        }
    }

    /// The spacing of cells normal to the wall.
    pub(crate) fn spacing(&self) -> f64 {
        self.spacing
    }

    pub(crate) fn layer(&self) -> usize {
        self.layer
    }

    /// The offset of the cell that the ghost cell mirrors.
    pub(crate) fn mirrored(&self) -> [i32; 3] {
        self.inwards(2 * self.layer - 1)
    }

    /// The offset of the cell that lies so many cells further inwards than the one at the wall.
    pub(crate) fn inside(&self, cells: usize) -> [i32; 3] {
        self.inwards(self.layer + cells)
    }

    /// The offset of the ghost cell at the wall.
    pub(crate) fn first_ghost(&self) -> [i32; 3] {
        self.inwards(self.layer - 1)
    }

    fn inwards(&self, cells: usize) -> [i32; 3] {
        let mut offset = [0; 3];
        offset[self.face.axis] = match self.face.side {
            Side::Lower => cells as i32,
            Side::Upper => -(cells as i32),
        };
        offset
    }
}
