//! Problem files, the run folder, parallel HDF5, XDMF and pictures.

pub mod problem;

pub use problem::Problem;
