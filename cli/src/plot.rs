//! `fluxions plot`: draws a state of a run.

use std::process::ExitCode;

use fluxions_io::numbers::brief;
use fluxions_io::{Series, picture};

use crate::args::PlotArgs;
use crate::failure::Failure;
use crate::print::line;

pub(crate) fn plot(args: &PlotArgs) -> Result<ExitCode, Failure> {
    let series = Series::open(&args.path)?;
    let folder = match args.path.is_dir() {
        true => args.path.clone(),
        false => series.folder().path().to_path_buf(),
    };
    let output = args.output.clone().unwrap_or_else(|| folder.join("plot.png"));
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
    let drawn = picture::draw(&series, &view, &output)?;
    line(&format!("{} (t = {})", output.display(), brief(drawn.time)));
    Ok(ExitCode::SUCCESS)
}
