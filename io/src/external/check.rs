//! Compares what a problem reads from a run with the checksums of the run.

use super::DatasetRequest;
use crate::error::Error;
use crate::series::Series;

/// Compares a snapshot that is asked for with its checksums. Data that are not a field of a run have none.
pub(crate) fn check(wanted: &DatasetRequest) -> Result<(), Error> {
    // What cannot be read is told where it is opened.
    let Some(name) = wanted.dataset.strip_prefix("fields/") else { return Ok(()) };
    let Ok(series) = Series::open(&wanted.path) else { return Ok(()) };
    let Some(field) = series.field(name).ok().filter(|_| series.has_checksums(name)) else {
        return Ok(());
    };
    let snapshot = match wanted.time {
        Some(time) => series.nearest(time)?,
        None => series.snapshots()?.checked_sub(1),
    };
    let Some(snapshot) = snapshot else { return Ok(()) };
    // A layer is asked for, so that little is in memory at a time.
    let check = |number| series.component(&field, snapshot, number, Some(0)).map(drop);
    (0..field.components().len()).try_for_each(check)
}
