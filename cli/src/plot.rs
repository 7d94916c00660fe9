//! `fluxions plot`: draws a state of a run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fluxions_io::numbers::brief;
use fluxions_io::{RunFolder, Series, picture};

use crate::args::PlotArgs;
use crate::failure::Failure;
use crate::print::line;

pub(crate) fn plot(args: &PlotArgs) -> Result<ExitCode, Failure> {
    let series = Series::open(&args.path)?;
    let name = if args.kymograph { "kymograph.png" } else { "plot.png" };
    let output = output(args.output.as_ref(), (&args.path, &series), name)?;
    if output.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png")) {
        let message = format!("{} is not a PNG file", output.display());
        return Err(Failure::usage(message, Some("give it the extension .png")));
    }
    let view = picture::View {
        field: args.field.clone(),
        time: args.time,
        plain_axes: args.plain_axes,
        most: None,
    };
    if args.kymograph {
        let drawn = picture::kymograph(&series, &view, args.along.as_deref(), &output)?;
        let [first, last] = [series.times()?.first().copied(), Some(drawn.time)];
        let [first, last] = [first, last].map(|time| brief(time.unwrap_or(f64::NAN)));
        line(&format!("{} (t = {first} to {last})", output.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let drawn = picture::draw(&series, &view, &output)?;
    line(&format!("{} (t = {})", output.display(), brief(drawn.time)));
    Ok(ExitCode::SUCCESS)
}

/// The file of a picture: what was asked for, or else of this name in the folder of the run to which a path belongs.
///
/// # Errors
/// If what was asked for is a file that a run needs.
pub(crate) fn output(
    asked: Option<&PathBuf>,
    (path, series): (&Path, &Series),
    name: &str,
) -> Result<PathBuf, Failure> {
    match asked {
        Some(asked) => is_free(asked, path).map(|()| asked.clone()),
        None if path.is_dir() => Ok(path.join(name)),
        None => Ok(series.folder().path().join(name)),
    }
}

/// Makes sure that a file is none that a command reads, or that a run needs.
pub(crate) fn is_free(output: &Path, read: &Path) -> Result<(), Failure> {
    let is_read =
        output.canonicalize().is_ok_and(|output| read.canonicalize().ok() == Some(output));
    if is_read || RunFolder::is_needed(output) {
        let message = format!("{} is a file of a run, which is not replaced", output.display());
        return Err(Failure::usage(message, Some("choose another file with -o")));
    }
    Ok(())
}
