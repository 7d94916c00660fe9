//! Problem files, the run folder, parallel HDF5, XDMF and pictures.

pub mod checkpoint;
mod diagnostics;
mod error;
mod external;
mod folder;
mod lines;
mod log;
pub mod numbers;
pub mod picture;
mod probes;
pub mod problem;
mod report;
mod series;
mod stencils;
mod stopping;
mod suggest;
pub mod text;
mod together;
mod unlocked;

pub use diagnostics::DiagnosticsWriter;
pub use error::Error;
pub use external::{DatasetRequest, ExternalFile, Unusable};
pub use folder::{Claim, Mode, RunFolder, RunStatus};
pub use log::RunLog;
pub use num_complex::Complex64;
pub use probes::ProbesWriter;
pub use problem::Problem;
pub use report::to_json;
pub use series::{Component, Field, Series, SeriesWriter, repair};
pub use stopping::Stopping;
pub use together::{agree, odd_rank, share};
