//! `fluxions info`: what a run holds.

use std::process::ExitCode;

use fluxions::io::{RunFolder, Series};

use crate::args::InfoArgs;
use crate::failure::Failure;
use crate::print::line;

pub(crate) fn info(args: &InfoArgs) -> Result<ExitCode, Failure> {
    let series = Series::open(&args.path)?;
    let line = |name: &str, value: &str| {
        if !value.is_empty() {
            line(&format!("{name:<12}{value}"));
        }
    };
    line("file", &series.path().display().to_string());
    line("title", &series.text("title"));
    line("geometry", &series.text("geometry"));
    line("made by", &series.text("created_by"));
    let times = series.times()?;
    let fields = series.fields()?;
    if let (Some(first), Some(last), Some(field)) = (times.first(), times.last(), fields.first()) {
        let bounds = series.bounds()?;
        let shape = series.shape(field)?;
        for ((axis, [lower, upper]), cells) in
            series.axes(field)?.iter().zip(bounds).zip(&shape[1..])
        {
            line("axis", &format!("{axis} in [{lower}, {upper}], {cells} cells"));
        }
        line("snapshots", &format!("{}, t = {first} to {last}", times.len()));
    }
    for field in &fields {
        let (shape, bytes) = (series.shape(field)?, series.bytes(field)?);
        let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
        let mut text = format!("{field} [{}], {} bits", dims.join(", "), 8 * bytes);
        if let Some(last) = times.len().checked_sub(1) {
            let values = series.read(field, last)?;
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = values.sum() / values.len() as f64;
            text += &format!("; last: {low:.6} … {high:.6}, mean {mean:.6}");
        }
        line("field", &text);
    }
    if args.path.is_dir() {
        let report = RunFolder::at(&args.path).report();
        let state = match std::fs::read_to_string(&report) {
            Ok(text) => match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(report) => format!(
                    "stopped: {}; {} steps in {:.3} s on {} rank(s)",
                    report["stop_reason"].as_str().unwrap_or("?"),
                    report["steps"],
                    report["stepping_seconds"].as_f64().unwrap_or(f64::NAN),
                    report["ranks"],
                ),
                Err(_) => "the report cannot be read".into(),
            },
            Err(_) => "still running, or ended without a report".into(),
        };
        line("run", &state);
    }
    Ok(ExitCode::SUCCESS)
}
