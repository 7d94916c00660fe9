//! How a run ended and what it took: the first and the last part of the page that is text.

use std::time::Duration;

use serde_json::Value;

use super::html::{escaped, row, section};
use crate::checkpoint::Newest;
use crate::folder::{RunFolder, RunStatus};
use crate::numbers::{brief, short};

/// How a run ended, or that it goes on.
pub(super) struct Outcome {
    status: Option<RunStatus>,
    report: Value,
    warnings: Vec<String>,
    /// Whether there is a checkpoint from which the run can go on.
    can_go_on: bool,
}

impl Outcome {
    pub(super) fn read(folder: &RunFolder) -> Self {
        let report = std::fs::read_to_string(folder.report()).ok();
        let report = report.and_then(|text| serde_json::from_str(&text).ok());
        let log = std::fs::read(folder.log()).unwrap_or_default();
        let warning = |line: &str| Some(line.split_once("] warning: ")?.1.to_string());
        let mut warnings: Vec<String> =
            String::from_utf8_lossy(&log).lines().filter_map(warning).collect();
        // Runs that went on have told of the same again.
        let mut seen = std::collections::HashSet::new();
        warnings.retain(|warning| seen.insert(warning.clone()));
        Outcome {
            status: folder.status(),
            report: report.unwrap_or(Value::Null),
            warnings,
            can_go_on: Newest::at_a_glance(folder).record().is_some(),
        }
    }

    /// Whether the run is over, so that what its files say is its end.
    fn is_over(&self) -> bool {
        matches!(self.status, Some(RunStatus::Ended(_)) | None)
    }

    /// The picture of the last state, if the run has drawn it at its end.
    pub(super) fn drawn(&self, folder: &RunFolder) -> Option<Vec<u8>> {
        let age = |path| std::fs::metadata(path).and_then(|found| found.modified()).ok();
        let is_of_last_state = age(folder.picture()) >= age(folder.series());
        let drawn = std::fs::read(folder.picture()).ok()?;
        (self.is_over() && is_of_last_state && drawn.starts_with(b"\x89PNG")).then_some(drawn)
    }

    /// A word for the state of the run, and its class in the page.
    fn state(&self) -> (&'static str, &'static str) {
        let reason = self.report["stop_reason"].as_str().unwrap_or_default();
        match (&self.status, reason) {
            (Some(RunStatus::Running { .. }), _) => ("running", "running"),
            (Some(RunStatus::Killed), _) => ("killed", "failed"),
            (_, "failed") => ("failed", "failed"),
            (_, "interrupted") => ("interrupted", "stopped"),
            (_, "tracker" | "max_steps") => ("stopped", "stopped"),
            (_, "solved") => ("solved", "ended"),
            _ => ("ended", "ended"),
        }
    }

    /// How the run ended, where, and what to do about it; its warnings.
    pub(super) fn to_html(&self) -> String {
        let (word, class) = self.state();
        let mut html = format!("<p><span class=\"badge {class}\">{word}</span> ");
        let detail = match &self.status {
            Some(RunStatus::Running { host, pid }) => format!("on host {host}, process {pid}"),
            Some(RunStatus::Killed) => "the process or its machine ended without a word".into(),
            Some(RunStatus::Ended(how)) => match self.report["stop_detail"].as_str() {
                Some(detail) => detail.into(),
                None => how.clone(),
            },
            None => String::new(),
        };
        html += &format!("<span class=\"detail\">{}</span></p>\n", escaped(&detail));
        if self.is_over() {
            if let (Some(time), Some(steps)) =
                (self.report["time"].as_f64(), self.report["steps"].as_u64())
            {
                let took = self.report["wall_seconds"]
                    .as_f64()
                    .map(|wall| format!(" in {}", seconds(wall)));
                html += &format!(
                    "<p>It came to t = {}, step {steps}{}.</p>\n",
                    escaped(&brief(time)),
                    took.unwrap_or_default(),
                );
            }
            if let Some(help) = self.report["stop_help"].as_str() {
                html += &format!("<p><strong>What to try:</strong> {}</p>\n", escaped(help));
            }
        }
        let goes_on = matches!(word, "killed" | "interrupted" | "failed") && self.can_go_on;
        if goes_on {
            html += "<p><code>fluxions run</code> with <code>--resume</code> goes on from the newest checkpoint.</p>\n";
        }
        if !self.warnings.is_empty() {
            let items = self.warnings.iter().map(|text| format!("<li>{}</li>\n", escaped(text)));
            html += &format!(
                "<h3>Warnings</h3>\n<ul class=\"warnings\">{}</ul>\n",
                items.collect::<String>()
            );
        }
        section("Outcome", &html)
    }

    /// What the run took, as a table.
    pub(super) fn performance(&self) -> String {
        let report = &self.report;
        let number = |key: &str| report[key].as_f64();
        let count = |key: &str| report[key].as_u64().map(grouped);
        let mut rows = String::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                rows += &row(name, &value);
            }
        };
        if !self.is_over() || number("wall_seconds").is_none() {
            return String::new();
        }
        add("steps", count("steps"));
        add("of them before the run went on", count("resumed_at"));
        add("rejected steps", count("rejected_steps").filter(|count| count != "0"));
        add("evaluations of the right-hand side", count("rhs_evaluations"));
        add("cells", count("cells"));
        add("speed", number("cells_per_second").map(fluxions_solver::cell_rate));
        let share = number("bandwidth_fraction").map(|share| format!("{:.0} %", 100.0 * share));
        add("share of the memory's bandwidth", share);
        add("wall time", number("wall_seconds").map(seconds));
        add("of it set-up", number("setup_seconds").map(seconds));
        add("of it stepping", number("stepping_seconds").map(seconds));
        add("of it output", number("output_seconds").map(seconds));
        let dims = report["dims"]
            .as_array()
            .map(|dims| dims.iter().map(Value::to_string).collect::<Vec<_>>().join(" × "));
        let ranks = report["ranks"].as_u64().map(|ranks| {
            let kind = if report["threads_or_mpi"] == "mpi" { "MPI processes" } else { "threads" };
            let dims = dims.filter(|_| ranks > 1).map(|dims| format!(", {dims}"));
            match ranks {
                1 => "1".into(),
                _ => format!("{ranks} ({kind}{})", dims.unwrap_or_default()),
            }
        });
        add("ranks", ranks);
        add("halo exchanges", count("halo_exchanges"));
        add("messages", count("messages").filter(|count| count != "0"));
        let sent = number("bytes_sent").filter(|bytes| *bytes > 0.0);
        add("bytes sent", sent.map(|bytes| format!("{}B", with_unit(bytes))));
        let solver = &report["solver"];
        add("corrections of the solver", solver["corrections"].as_u64().map(grouped));
        add("iterations of the solver", solver["iterations"].as_u64().map(grouped));
        add("first residual", solver["first_residual"].as_f64().map(short));
        add("last residual", solver["residual"].as_f64().map(short));
        add("kernels", report["backend"].as_str().map(String::from));
        add("version", report["version"].as_str().map(|version| format!("Fluxions {version}")));
        section("Performance", &format!("<table>{rows}</table>"))
    }
}

/// A length of time.
fn seconds(x: f64) -> String {
    match x {
        100.0..1e15 => crate::numbers::duration(Duration::from_secs(x.round() as u64)),
        _ => format!("{} s", short(x)),
    }
}

/// A count in groups of three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let first = (digits.len() - 1) % 3 + 1;
    let rest = digits.as_bytes()[first..].chunks(3);
    let rest = rest.map(|group| format!("\u{202f}{}", String::from_utf8_lossy(group)));
    digits[..first].to_string() + &rest.collect::<String>()
}

/// A number with a prefix for its power of a thousand.
fn with_unit(x: f64) -> String {
    let units = ["", "k", "M", "G", "T"];
    let power = ((x.abs().max(1.0).log10() / 3.0) as usize).min(units.len() - 1);
    format!("{} {}", short(x / 1000f64.powi(power as i32)), units[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1234567).replace('\u{202f}', " "), "1 234 567");
        assert_eq!(with_unit(1.2346e9), "1.235 G");
        assert_eq!(with_unit(12.0), "12 ");
        assert_eq!((seconds(0.1234567), seconds(3723.2)), ("0.1235 s".into(), "1h 2m 3s".into()));
    }
}
