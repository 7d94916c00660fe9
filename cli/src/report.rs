//! `fluxions report`: writes the report of a run as a page.

use std::process::ExitCode;

use fluxions_io::RunFolder;
use fluxions_io::page::{self, Pictures};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::print::line;

pub(crate) fn report(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let pictures = if args.no_picture { Pictures::None } else { Pictures::All };
    let written = page::write(&RunFolder::at(&args.path), pictures, args.output.as_deref())?;
    line(&written.display().to_string());
    Ok(ExitCode::SUCCESS)
}
