//! The time series: snapshots in HDF5, readable as one file at every instant.
//!
//! Snapshots lie in *segments*, files of fixed size in the folder `snapshots`. `series.h5` is a
//! small file of virtual datasets that maps complete snapshots only, and is replaced by a rename
//! after each one. So a reader sees whole snapshots whatever happens to the writer.
//!
//! A segment holds one snapshot to begin with and more later on, so that their number grows with
//! the logarithm of the number of snapshots: HDF5 keeps every file open that a dataset maps, and
//! gives fill values without a word where the system allows no more open files.

mod hyperslab;
mod index;
mod mesh;
mod reader;
mod segment;
mod writer;
mod xdmf;

pub use reader::Series;
pub use writer::SeriesWriter;

use fluxions_grid::Grid;

use crate::problem::Precision;

/// What a series holds, apart from the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) title: String,
    pub(crate) grid: Grid,
    pub(crate) fields: Vec<String>,
    pub(crate) precision: Precision,
    /// The text of the problem file.
    pub(crate) problem: String,
}

impl Contents {
    /// Cells along each named axis.
    pub(crate) fn shape(&self) -> Vec<usize> {
        self.grid.axes().iter().map(|axis| axis.cells()).collect()
    }
}
