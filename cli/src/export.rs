//! `fluxions export`: writes a series to files of other tools.

use std::process::ExitCode;

use fluxions_io::numbers::brief;
use fluxions_io::{Series, export as files};

use crate::args::{ExportArgs, Tool};
use crate::failure::Failure;
use crate::plot::output;
use crate::print::line;

pub(crate) fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let series = Series::open(&args.path)?;
    let format = match args.to {
        Tool::Vtk => files::Format::Vtk,
        Tool::Vtu => files::Format::Vtu,
        Tool::Npz => files::Format::Npz,
        Tool::Pde => files::Format::Pde,
    };
    let known = format.extensions();
    let name = format!("export.{}", known[0]);
    let output = output(args.output.as_ref(), (&args.path, &series), &name)?;
    let is_known = |found: &std::ffi::OsStr| known.iter().any(|e| found.eq_ignore_ascii_case(e));
    if !output.extension().is_some_and(is_known) {
        let known = known.join(" or .");
        let message = format!("{} does not have the extension .{known}", output.display());
        return Err(Failure::usage(message, None));
    }
    let selection = files::Selection { fields: args.field.clone(), time: args.time };
    let made = files::export(&series, &selection, format, &output)?;
    let [first, last] = made.times.map(brief);
    let what = match made.snapshots {
        1 => format!("t = {first}"),
        count => format!("{count} snapshots, t = {first} to {last}"),
    };
    line(&format!("{} ({what})", output.display()));
    Ok(ExitCode::SUCCESS)
}
