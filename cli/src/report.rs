//! `fluxions report`: writes the report of a run as a page.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use fluxions_io::RunFolder;
use fluxions_io::page::{self, Pictures};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::plot::is_free;
use crate::print::line;

pub(crate) fn report(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let pictures = if args.no_picture { Pictures::None } else { Pictures::All };
    if let Some(output) = &args.output {
        let is_page = |found: &OsStr| ["html", "htm"].iter().any(|e| found.eq_ignore_ascii_case(e));
        if !output.extension().is_some_and(is_page) {
            let message = format!("{} is not an HTML file", output.display());
            return Err(Failure::usage(message, Some("give it the extension .html")));
        }
        is_free(output, &args.path)?;
    }
    let folder = folder_of(&args.path);
    let written = page::write(&folder, pictures, args.output.as_deref())?;
    line(&written.display().to_string());
    Ok(ExitCode::SUCCESS)
}

/// The folder of a run, by its path or that of the series in it.
pub(crate) fn folder_of(path: &Path) -> RunFolder {
    let is_series = path.is_file() && path.file_name().is_some_and(|name| name == "series.h5");
    let parent = path.parent().filter(|parent| is_series && !parent.as_os_str().is_empty());
    match (is_series, parent) {
        (true, None) => RunFolder::at("."),
        (_, parent) => RunFolder::at(parent.unwrap_or(path)),
    }
}
