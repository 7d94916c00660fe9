//! The time series: snapshots in HDF5, readable as one file at every instant.
//!
//! Snapshots lie in *segments*, files of fixed size in the folder `snapshots`, each with a time once it is complete.
//! `series.h5` is a small file of virtual datasets that maps complete snapshots only, and is replaced by a rename a
//! few times a second at most. So a reader sees whole snapshots whatever happens to the writer, and what the index lacks
//! after a kill can be found in the segments (repair.rs).
//!
//! Segments grow, so that their number grows with the logarithm of the number of snapshots: HDF5 keeps every file
//! open that a dataset maps, and silently returns fill values once the system allows no more open files.

mod block;
mod by_hdf5;
mod checksum;
mod component;
mod direct;
mod field;
mod form;
mod header;
mod hyperslab;
mod index;
mod index_writer;
mod mesh;
mod netcdf;
mod number;
mod part_writer;
mod piece;
mod reader;
mod repair;
mod scales;
mod seal;
mod segment;
mod solver;
mod terminated;
mod view;
mod writer;
mod xdmf;

pub use component::Component;
pub use field::Field;
pub(crate) use header::{bounds, texts, unicode};
pub(crate) use netcdf::free_name;
pub(crate) use number::Stored;
pub use reader::Series;
pub use repair::{Repaired, repair};
pub use writer::SeriesWriter;
pub(crate) use xdmf::escaped;

use fluxions_grid::Grid;

use crate::problem::{Compression, Precision};

/// What a series holds, apart from the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) title: String,
    pub(crate) grid: Grid,
    /// The fields; empty before the first snapshot, which determines their types.
    pub(crate) fields: Vec<Field>,
    pub(crate) precision: Precision,
    pub(crate) compression: Compression,
    /// The text of the problem file.
    pub(crate) problem: String,
}

impl Contents {
    /// The shape of a snapshot of a field: its components, then the cells along each named axis.
    pub(crate) fn shape(&self, field: &Field) -> Vec<usize> {
        let cells = self.grid.axes().iter().map(|axis| axis.cells());
        field.component_shape().into_iter().chain(cells).collect()
    }

    /// How many components all fields have together.
    pub(crate) fn components(&self) -> usize {
        self.fields.iter().map(|field| field.components().len()).sum()
    }

    /// Bytes of the numbers of a snapshot.
    pub(crate) fn bytes_of_snapshot(&self) -> usize {
        self.fields.iter().map(|field| self.room(field, 1)).sum::<u64>() as usize
    }

    /// Bytes of the numbers of a field in so many snapshots.
    pub(crate) fn room(&self, field: &Field, snapshots: usize) -> u64 {
        let numbers = self.shape(field).iter().product::<usize>() * field.ty().per_component();
        (snapshots * numbers * self.precision.bytes()) as u64
    }
}
