//! `fluxions movie`: draws the states of a run, one after the other.

use std::process::ExitCode;

use fluxions_io::numbers::brief;
use fluxions_io::{Series, picture};

use crate::args::MovieArgs;
use crate::failure::Failure;
use crate::plot::output;
use crate::print::line;

pub(crate) fn movie(args: &MovieArgs) -> Result<ExitCode, Failure> {
    let series = Series::open(&args.path)?;
    let output = output(args.output.as_ref(), (&args.path, &series), "movie.gif")?;
    let is_known = |extension: &std::ffi::OsStr| {
        ["gif", "mp4"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    };
    if !output.extension().is_some_and(is_known) {
        let message = format!("{} is neither a GIF nor an MP4 file", output.display());
        return Err(Failure::usage(message, Some("give it the extension .gif or .mp4")));
    }
    if !(0.01..=100.0).contains(&args.fps) {
        let message = format!("--fps must be at least 0.01 and at most 100, not {}", args.fps);
        return Err(Failure::usage(message, None));
    }
    let view = picture::View {
        field: args.field.clone(),
        time: None,
        plain_axes: args.plain_axes,
        most: None,
    };
    let made = picture::movie(&series, &view, args.fps, &output)?;
    let [first, last] = made.times.map(brief);
    let what = match made.pictures {
        1 => format!("1 picture, t = {first}"),
        count => format!("{count} pictures, t = {first} to {last}"),
    };
    line(&format!("{} ({what})", output.display()));
    Ok(ExitCode::SUCCESS)
}
