//! How long ranks wait for each other: FLUXIONS_TIMEOUT.

use std::time::Duration;

use fluxions::comm::{Error, World};
use fluxions_io::RunFolder;
use fluxions_io::numbers::parse_duration;
use serde_json::json;

use crate::failure::{Failure, code};
use crate::run::leave_trace;

const VARIABLE: &str = "FLUXIONS_TIMEOUT";

/// How long ranks wait where nobody says. What one rank may do meanwhile takes minutes at most.
const USUAL: Duration = Duration::from_secs(3600);

/// How long ranks may wait; nothing if there is no limit.
pub(crate) fn longest() -> Result<Option<Duration>, Failure> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(Some(USUAL)) };
    let text = text.to_string_lossy();
    let found = parse_duration(&text).ok_or_else(|| {
        let message = format!("{VARIABLE} is a length of time, not `{text}`");
        Failure::usage(message, Some("such as 600 (seconds), \"10 min\" or, for no limit, 0"))
    })?;
    Ok(Some(found).filter(|time| !time.is_zero()))
}

/// Limits how long this rank waits for others; if it waits longer, that is told, and written into the folder of the run if
/// there is one yet.
pub(crate) fn limit(world: &World, longest: Option<Duration>, folder: Option<RunFolder>) {
    let Some(longest) = longest else { return };
    let ranks = world.size();
    world.limit_waits(longest, move |error: &Error| {
        let who = format!(
            "on host {}, process {}",
            rustix::system::uname().nodename().to_string_lossy(),
            std::process::id()
        );
        let message = format!("{error} ({who})");
        let help = format!(
            "another rank was stopped, or its network is cut; {VARIABLE} sets how long ranks wait, \
             and --resume goes on from the last checkpoint"
        );
        Failure::usage(&message, Some(&help)).print();
        if let Some(folder) = &folder {
            leave_trace(folder, &message, Some(help), json!({ "ranks": ranks }));
        }
        i32::from(code::FAILED)
    });
}
