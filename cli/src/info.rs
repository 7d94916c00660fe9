//! `fluxions info`: lists what a run holds.

use std::process::ExitCode;

use fluxions::comm::World;
use fluxions::grid::{Ends, Geometry, Grid, Metric};
use fluxions_io::checkpoint::{Newest, Record};
use fluxions_io::numbers::{brief, measured};
use fluxions_io::{Error, Mode, Repaired, RunFolder, RunStatus, Series, repair};
use ndarray::{ArrayD, Axis};

use crate::args::InfoArgs;
use crate::failure::Failure;
use crate::print::answer;

pub(crate) fn info(args: &InfoArgs) -> Result<ExitCode, Failure> {
    if args.repair {
        let folder = RunFolder::of_series(&args.path);
        if !folder.holds_run() {
            return Err(Error::NoRun { path: args.path.clone() }.into());
        }
        // No run may be using it.
        let _claim = folder.of_run().claim(Mode::Resume, &[])?;
        tell_repaired("the index", &repair(&folder)?)?;
        for part in std::fs::read_dir(folder.parts()).into_iter().flatten().flatten() {
            let name = part.file_name().to_string_lossy().into_owned();
            tell_repaired(&format!("that of the part {name}"), &repair(&folder.part(&name))?)?;
        }
    }
    match Record::read(&args.path) {
        Ok(record) => {
            describe_checkpoint(&record)?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(error @ (Error::Checkpoint { .. } | Error::OtherBuild { .. })) => {
            return Err(error.into());
        }
        // It is no checkpoint.
        Err(_) => {}
    }
    let opened = Series::open(&args.path);
    let folder = RunFolder::of_series(&args.path);
    if opened.is_err() && folder.holds_run() {
        answer(&format!("run         {}", state(&folder)))?;
    }
    let series = match opened {
        Err(Error::NoSnapshot { .. }) => {
            answer("snapshots   none")?;
            return Ok(ExitCode::SUCCESS);
        }
        opened => opened?,
    };
    let line = |name: &str, value: &str| -> Result<(), Failure> {
        // A title may have several lines.
        for (k, part) in value.lines().enumerate() {
            answer(&format!("{:<12}{part}", if k == 0 { name } else { "" }))?;
        }
        Ok(())
    };
    line("file", &series.path().display().to_string())?;
    line("title", &series.text("title"))?;
    line("geometry", &series.text("geometry"))?;
    line("made by", &series.text("created_by"))?;
    let times = series.times()?;
    let fields = series.fields()?;
    if let Some(field) = fields.first() {
        for (axis, [lower, upper], cells) in axes(&series, field)? {
            let (lower, upper) = (brief(lower), brief(upper));
            line("axis", &format!("{axis} in [{lower}, {upper}], {cells} cells"))?;
        }
    }
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        let (first, last) = (brief(*first), brief(*last));
        line("snapshots", &format!("{}, t = {first} to {last}", times.len()))?;
    }
    for field in &fields {
        describe(&series, field, times.len().checked_sub(1), &line)?;
    }
    for (name, values) in series.globals()? {
        if let Some(last) = values.last() {
            line("number", &format!("{name}, {} in the last snapshot", measured(*last)))?;
        }
    }
    if args.path.is_dir() {
        let newest = Newest::checked(&World::solo(), &folder)?;
        if let Some(Record { state, .. }) = newest.record() {
            line("checkpoint", &format!("t = {}, step {}", brief(state.time), state.steps))?;
        }
        for reason in newest.passed_over() {
            line("checkpoint", &format!("cannot be used: {reason}"))?;
        }
        line("run", &state(&folder))?;
    }
    match series.first_missing()? {
        Some(missing) => Err(missing.into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What became of an index.
fn tell_repaired(index: &str, Repaired { snapshots, lost }: &Repaired) -> Result<(), Failure> {
    answer(&format!("{index} has {snapshots} snapshot(s)"))?;
    match lost {
        None => Ok(()),
        Some(lost) => answer(&format!("{} is missing or damaged", lost.display())),
    }
}

/// What is going on in a run folder, or how the run ended.
pub(crate) fn state(folder: &RunFolder) -> String {
    let ended = match folder.status() {
        Some(RunStatus::Running { host, pid }) => {
            return format!("running on host {host}, process {pid}");
        }
        Some(RunStatus::Killed) => {
            return match Newest::at_a_glance(folder).record() {
                None => "killed".into(),
                Some(_) => "killed: `fluxions run` with --resume goes on".into(),
            };
        }
        Some(RunStatus::Ended(how)) if how.starts_with("failed") => how,
        Some(RunStatus::Ended(how)) => format!("stopped: {how}"),
        None => "no folder of a run".into(),
    };
    let report = std::fs::read_to_string(folder.report()).ok();
    let report = report.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    match report {
        Some(report) if report["stop_reason"] == "failed" => {
            let why = report["stop_detail"].as_str().unwrap_or("?");
            match (&report["time"], &report["steps"]) {
                (time, step) if time.is_number() => {
                    format!("failed at t = {time}, step {step}: {why}")
                }
                _ => format!("failed: {why}"),
            }
        }
        Some(report) => format!(
            "{ended}; {} steps in {:.3} s on {} rank(s)",
            report["steps"],
            report["stepping_seconds"].as_f64().unwrap_or(f64::NAN),
            report["ranks"],
        ),
        None => ended,
    }
}

/// What a checkpoint holds.
fn describe_checkpoint(record: &Record) -> Result<(), Failure> {
    let Record { state, ranks, shape, arrays, scheme, created_by, .. } = record;
    let cells: Vec<String> = shape.iter().skip_while(|n| **n == 1).map(usize::to_string).collect();
    answer(&format!("checkpoint  t = {}, step {}", brief(state.time), state.steps))?;
    answer(&format!("made by     {created_by}, on {ranks} rank(s)"))?;
    answer(&format!("scheme      {scheme}"))?;
    answer(&format!("grid        {} cells", cells.join("×")))?;
    arrays.iter().try_for_each(|array| answer(&format!("array       {array}")))
}

/// The axes of the grid with their bounds and numbers of cells. Cells come last in a field's shape.
fn axes(series: &Series, field: &str) -> Result<Vec<(String, [f64; 2], usize)>, Failure> {
    let (names, bounds, shape) = (series.axes(field)?, series.bounds()?, series.shape(field)?);
    let cells = &shape[shape.len().saturating_sub(names.len())..];
    let all = names.into_iter().zip(bounds).zip(cells);
    Ok(all.map(|((name, bounds), cells)| (name, bounds, *cells)).collect())
}

/// A field, and the range of each of its components in the last snapshot.
fn describe(
    series: &Series,
    name: &str,
    last: Option<usize>,
    line: &impl Fn(&str, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let field = series.field(name)?;
    let ty = field.ty();
    let dims: Vec<String> = series.shape(name)?.iter().map(usize::to_string).collect();
    let bits = 8 * series.bytes(name)? / ty.per_component();
    let rank = match field.directions() {
        [] => String::new(),
        directions => format!(", a {} ({})", ty.rank.name(), directions.join(", ")),
    };
    let parts = if ty.complex { "complex, 2 × " } else { "" };
    let text = format!("{name} [{}]{rank}, {parts}{bits} bits", dims.join(", "));
    let Some(last) = last else {
        return line("field", &text);
    };
    let components = field.components();
    if components.len() > 1 {
        line("field", &text)?;
    }
    let weights = weights(series, name)?;
    for (number, component) in components.iter().enumerate() {
        let (what, values) = match series.component(&field, last, number, None)? {
            values if ty.complex => (format!("|{component}|"), values.absolute()),
            values => (component.clone(), values.map(|x| x, |z| z.re)),
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, high, mean) =
            (measured(low), measured(high), measured(mean(&values, weights.as_deref())));
        let range = format!("{low} … {high}, mean {mean}");
        match components.len() {
            1 if !ty.complex => line("field", &format!("{text}; last: {range}"))?,
            1 => line("field", &format!("{text}; last {what}: {range}"))?,
            _ => line("", &format!("last {what}: {range}"))?,
        }
    }
    Ok(())
}

/// The volumes of the cells along r, where they are not all the same.
pub(crate) fn weights(series: &Series, field: &str) -> Result<Option<Vec<f64>>, Failure> {
    let geometry = Geometry::find(&series.text("geometry")).unwrap_or(Geometry::Cartesian);
    if !geometry.is_curvilinear() {
        return Ok(None);
    }
    let axes = axes(series, field)?;
    let Some((_, _, cells)) = axes.first() else { return Ok(None) };
    let cells = *cells;
    let grid = axes.into_iter().fold(Grid::builder(geometry), |grid, (name, [a, b], cells)| {
        grid.axis(&name, a..b, cells, Ends::Bounded)
    });
    let volumes =
        |grid: Grid| (0..cells).map(|i| grid.metric(Metric::Volume, i as isize)).collect();
    Ok(grid.build().ok().map(volumes))
}

/// The average over the domain.
pub(crate) fn mean(values: &ArrayD<f64>, weights: Option<&[f64]>) -> f64 {
    let Some(weights) = weights else { return values.sum() / values.len() as f64 };
    let rows = values.axis_iter(Axis(0)).zip(weights);
    let (sum, total) = rows.fold((0.0, 0.0), |(sum, total), (row, weight)| {
        (sum + weight * row.sum(), total + weight * row.len() as f64)
    });
    sum / total
}
