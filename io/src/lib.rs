//! Problem files, the run folder, parallel HDF5, XDMF and pictures.

mod error;
mod folder;
pub mod problem;
mod series;
mod together;

pub use error::Error;
pub use folder::RunFolder;
pub use problem::Problem;
pub use series::{Series, SeriesWriter};
