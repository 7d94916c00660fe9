//! What is the same on all ranks in a checkpoint: `state.json`.
//!
//! Its first line holds a mark, the version of the format, and a checksum of the rest, which is JSON.

use std::path::Path;

use fluxions_solver::RunState;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::STATE;
use crate::error::{Error, file};

const MARK: &str = "Fluxions checkpoint";
/// The version of all that a state is made of: it changes when anything that a simulation, its clock, its scheme or a
/// tracker saves changes its form.
const VERSION: u32 = 4;
/// More bytes than a state takes that a run has written.
const MOST: u64 = 1 << 30;

/// What a checkpoint holds, beside the arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where the run stood.
    pub state: RunState,
    /// How many ranks have written it.
    pub ranks: usize,
    /// The cells of the grid along each axis, those that it does not have first.
    pub shape: [usize; 3],
    /// What its arrays are.
    pub arrays: Vec<String>,
    /// The text of the problem.
    pub problem: String,
    /// The scheme, as problem files name it.
    pub scheme: String,
    /// The version of Fluxions that has written it.
    pub created_by: String,
}

impl Record {
    /// The text of the file.
    pub(super) fn to_text(&self) -> String {
        let Record { state, ranks, shape, arrays, problem, scheme, created_by } = self;
        let (time, step) = (state.time, state.steps);
        let state = hex(&state.to_bytes());
        let body = json!({
            "created_by": created_by,
            "time": time,
            "step": step,
            "ranks": ranks,
            "shape": shape,
            "arrays": arrays,
            "problem": problem,
            "scheme": scheme,
            "state": state,
        });
        let body = format!("{body:#}\n");
        format!("{MARK} {VERSION} {:016x}\n{body}", xxh3_64(body.as_bytes()))
    }

    /// Reads a checkpoint's file.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or of another build.
    pub fn read(checkpoint: &Path) -> Result<Self, Error> {
        let path = checkpoint.join(STATE);
        let bad = |reason: String| Error::Checkpoint { path: checkpoint.into(), reason };
        let found = path.symlink_metadata().map_err(file(&path, "read"))?;
        if !found.is_file() || found.len() > MOST {
            return Err(bad(format!("{STATE} is not the file of a checkpoint")));
        }
        let bytes = std::fs::read(&path).map_err(file(&path, "read"))?;
        let damaged = || bad(format!("{STATE} is damaged"));
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let (first, body) = text.split_once('\n').ok_or_else(damaged)?;
        let (version, sum) = first
            .strip_prefix(MARK)
            .and_then(|rest| rest.trim_start().split_once(' '))
            .ok_or_else(|| bad(format!("{STATE} is not the file of a checkpoint")))?;
        let json = || serde_json::from_str::<Value>(body).ok();
        let other_build = |reason| {
            let by = json().and_then(|json| Some(json.get("created_by")?.as_str()?.to_string()));
            let by = by.unwrap_or_default();
            Error::OtherBuild { path: checkpoint.into(), by, reason }
        };
        match version.parse::<u32>() {
            Ok(VERSION) => {}
            Ok(other) => {
                return Err(other_build(format!("which reads format {VERSION}, not {other}")));
            }
            Err(_) => return Err(damaged()),
        }
        if u64::from_str_radix(sum, 16) != Ok(xxh3_64(body.as_bytes())) {
            return Err(damaged());
        }
        let found = json().and_then(|json| Record::of(&json));
        found.ok_or_else(|| other_build("which does not understand its state".into()))
    }

    fn of(json: &Value) -> Option<Self> {
        let text = |key: &str| Some(json.get(key)?.as_str()?.to_string());
        let shape: Vec<usize> = numbers(json.get("shape")?)?;
        let arrays = json.get("arrays")?.as_array()?.iter();
        Some(Record {
            state: RunState::from_bytes(&unhex(&text("state")?)?).ok()?,
            ranks: usize::try_from(json.get("ranks")?.as_u64()?).ok()?,
            shape: shape.try_into().ok()?,
            arrays: arrays.map(|name| Some(name.as_str()?.into())).collect::<Option<_>>()?,
            problem: text("problem")?,
            scheme: text("scheme")?,
            created_by: text("created_by")?,
        })
    }
}

fn numbers(list: &Value) -> Option<Vec<usize>> {
    list.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
