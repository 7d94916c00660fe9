//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ranks::MOST_THREADS;
use crate::watch::Screen;

/// Solves partial differential equations on structured grids.
#[derive(Debug, Parser)]
#[command(name = "fluxions", version, max_term_width = 100)]
pub(crate) struct Typed {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Solve a problem file. `mpirun -n N fluxions run …` does it on N processes.
    Run(RunArgs),
    /// Check a problem file and report what it needs, without solving it.
    Check(CheckArgs),
    /// List what a run folder or one of its HDF5 files holds.
    Info(InfoArgs),
    /// Draw a state of a run as a PNG file.
    Plot(PlotArgs),
    /// Draw the states of a run as a movie, in a GIF or, by ffmpeg, an MP4 file.
    Movie(MovieArgs),
    /// Write a run to files of other tools: VTK, NumPy, py-pde.
    Export(ExportArgs),
    /// Draw the newest state of a run in the terminal, again and again until the run ends.
    Watch(WatchArgs),
    /// Write the report of a run as a page, report.html, as far as the run has come.
    Report(ReportArgs),
    /// Compare two runs field by field. The exit code is 1 if they differ.
    Diff(DiffArgs),
    /// Measure what this machine can do, and how fast it steps a problem, pass by pass.
    Bench(BenchArgs),
}

/// The problem file, and changes in it.
#[derive(Args, Debug)]
pub(crate) struct ProblemArgs {
    /// The problem file.
    #[arg(value_name = "FILE.toml")]
    pub(crate) file: PathBuf,
    /// Number of ranks, run as threads of this process. By default as many as `dims` in the file
    /// says, or else as many as make the run faster, at most one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_THREADS as i64))]
    pub(crate) ranks: Option<u32>,
    /// Set a key of the file, as in `--set time.end=5`. Can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) problem: ProblemArgs,
    /// The run folder. By default it has the name of the file without its extension, in the current
    /// folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a run that the folder already holds.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Go on from the newest checkpoint of the run that the folder holds, on any number of ranks. Where
    /// there is no run or no checkpoint yet, the run begins.
    #[arg(long, conflicts_with = "overwrite")]
    pub(crate) resume: bool,
    /// Print nothing but errors.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the report as JSON instead of a summary.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw no picture of the last state, and none in report.html.
    #[arg(long)]
    pub(crate) no_picture: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// A problem file. Without one, only the machine is measured.
    #[arg(value_name = "FILE.toml")]
    pub(crate) file: Option<PathBuf>,
    /// Number of ranks, run as threads of this process. The default is that of `run`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_THREADS as i64))]
    pub(crate) ranks: Option<u32>,
    /// Set a key of the file, as in `--set grid.x.cells=512`. Can be repeated.
    #[arg(long, value_name = "KEY=VALUE", requires = "file")]
    pub(crate) set: Vec<String>,
    /// Write what was measured of the machine to a file, for `check --machine`.
    #[arg(long, value_name = "MACHINE.toml")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The problem file.
    #[arg(value_name = "FILE.toml")]
    pub(crate) file: PathBuf,
    /// Tell how long a step takes on so many ranks, and up to how many ranks more of them pay. By default what
    /// the problem needs is told for as many as `run` would take.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    pub(crate) ranks: Option<u32>,
    /// Tell it of another machine: a file that `bench --save` has written, or archer2, lumi-c, snellius-rome,
    /// aws-efa, cloud-rdma or gigabit.
    #[arg(long, value_name = "MACHINE", requires = "ranks")]
    pub(crate) machine: Option<String>,
    /// Set a key of the file, as in `--set time.end=5`. Can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print a stage of the compilation instead of the report.
    #[arg(long, value_enum)]
    pub(crate) show: Option<Stage>,
}

/// Stages of the compilation that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The syntax tree of each equation.
    Ast,
    /// The step plan: exchanges, sweeps, reductions.
    Passes,
    /// The operations of each kernel.
    Kernel,
}

#[derive(Args, Debug)]
pub(crate) struct InfoArgs {
    /// A run folder, an HDF5 file of one, or a checkpoint.
    pub(crate) path: PathBuf,
    /// Make the index of a series again from its snapshots, before it is listed.
    #[arg(long)]
    pub(crate) repair: bool,
}

#[derive(Args, Debug)]
pub(crate) struct PlotArgs {
    /// A run folder, or an HDF5 file of one.
    pub(crate) path: PathBuf,
    /// What to draw: a field, or something derived from it, such as `v.x`, `|v|`, `re psi` or
    /// `arg psi`. By default all fields are drawn.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// Draw the snapshot nearest to this time. By default the last one is drawn.
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) time: Option<f64>,
    /// The picture's file. By default it is plot.png, or kymograph.png, in the run folder.
    #[arg(short, long, value_name = "FILE.png")]
    pub(crate) output: Option<PathBuf>,
    /// Draw values along an axis against time, which runs upwards. Other axes are cut next to their middle.
    #[arg(long, conflicts_with_all = ["time", "plain_axes"])]
    pub(crate) kymograph: bool,
    /// The axis of a kymograph. By default it is the first one.
    #[arg(long, value_name = "AXIS", requires = "kymograph")]
    pub(crate) along: Option<String>,
    /// Draw r, and z, as straight axes. By default fields on polar, spherical and cylindrical grids
    /// are drawn as a disk or a section, as they lie in space.
    #[arg(long)]
    pub(crate) plain_axes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct MovieArgs {
    /// A run folder, or an HDF5 file of one.
    pub(crate) path: PathBuf,
    /// What to draw, as for `plot`. By default all fields are drawn.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// Pictures in a second.
    #[arg(long, value_name = "N", default_value_t = 12.0)]
    pub(crate) fps: f64,
    /// The movie's file. By default it is movie.gif in the run folder.
    #[arg(short, long, value_name = "FILE.gif")]
    pub(crate) output: Option<PathBuf>,
    /// Draw r, and z, as straight axes, as for `plot`.
    #[arg(long)]
    pub(crate) plain_axes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// A run folder, or an HDF5 file of one.
    pub(crate) path: PathBuf,
    /// The tool for which files are written.
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(crate) to: Tool,
    /// A field to write. Can be repeated; by default all fields are written.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Vec<String>,
    /// Write the snapshot nearest to this time. By default all are written.
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) time: Option<f64>,
    /// The file: .pvd, beside which a folder of the same name holds a file of each snapshot, .npz or .hdf5. By default it is
    /// `export` in the run folder.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Tools for which files can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// VTK and ParaView: .vti for each snapshot, on curvilinear grids .vtu, and a .pvd with the times.
    Vtk,
    /// The same with .vtu for every grid, which meshio reads.
    Vtu,
    /// NumPy: arrays in an .npz file.
    #[value(name = "npz", aliases = ["npy", "numpy"])]
    Npz,
    /// py-pde: a file that its FileStorage opens.
    #[value(name = "pde", aliases = ["py-pde"])]
    Pde,
}

#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// A run folder.
    pub(crate) path: PathBuf,
    /// What to draw, as for `plot`. By default it is the first field.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// Draw once, and do not wait for the run.
    #[arg(long)]
    pub(crate) once: bool,
    /// The terminal in which a process of its own draws.
    #[arg(long, hide = true)]
    pub(crate) screen: Option<Screen>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// A run folder.
    pub(crate) path: PathBuf,
    /// The page's file. By default it is report.html in the run folder.
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
    /// Show texts and curves only.
    #[arg(long)]
    pub(crate) no_picture: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// A run folder, or an HDF5 file of one.
    pub(crate) a: PathBuf,
    /// The run folder or HDF5 file to compare with.
    pub(crate) b: PathBuf,
    /// Largest difference allowed, relative to the magnitude of the number in B.
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    pub(crate) rtol: f64,
    /// Compare the last snapshots alone.
    #[arg(long, conflicts_with = "time")]
    pub(crate) last: bool,
    /// Compare the snapshots nearest to this time alone.
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) time: Option<f64>,
    /// Largest absolute difference allowed, in addition to --rtol.
    #[arg(long, value_name = "A", default_value_t = 0.0)]
    pub(crate) atol: f64,
}
