//! Makes the index of a series again from its segments, as after a kill, or where it was lost.

use std::path::PathBuf;

use hdf5::File;

use super::index::{Numbers, SOLVER};
use super::segment::{self, Places};
use super::xdmf::Description;
use super::{Contents, Series, header, index, mesh};
use crate::error::{Error, hdf};
use crate::folder::{RunFolder, Wait};
use crate::problem::{Compression, Precision};
use crate::unlocked::unlocked;

/// A segment, as far as it is complete.
struct Found {
    times: Vec<f64>,
    numbers: Numbers,
    capacity: usize,
}

/// What became of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Repaired {
    /// How many snapshots it has.
    pub snapshots: usize,
    /// A file of snapshots that is missing or damaged although there are later ones.
    pub lost: Option<PathBuf>,
}

/// Makes `series.h5` and `series.xdmf` again, of the snapshots before the first that is not complete; an index that knows of more
/// stays. No run may be using the folder.
///
/// # Errors
/// If there is no segment that can be read, or the files cannot be written.
pub fn repair(folder: &RunFolder) -> Result<Repaired, Error> {
    let first = folder.path().join(segment::file(0));
    if !first.is_file() {
        return Err(Error::NoSnapshots { path: first });
    }
    let failed = hdf(&first, "read the snapshots");
    let file = unlocked().open(&first).map_err(&failed)?;
    let contents = contents(&file).map_err(&failed)?;
    let contents = contents.ok_or_else(|| Error::NoRun { path: first.clone() })?;
    let capacity = found(&file).map_err(&failed)?.capacity;
    let places = Places::new(capacity);
    let (mut times, mut numbers): (Vec<f64>, Numbers) = (Vec::new(), Vec::new());
    let mut lost = None;
    for number in 0.. {
        let path = folder.path().join(segment::file(number));
        // What cannot be read ends the series.
        let found = unlocked().open(&path).and_then(|file| found(&file)).ok();
        let is_full = found.as_ref().is_some_and(|found| found.times.len() == found.capacity);
        if !is_full && folder.path().join(segment::file(number + 1)).exists() {
            lost = Some(path);
        }
        let Some(found) = found else { break };
        times.extend(found.times);
        match number {
            0 => numbers = found.numbers,
            _ => {
                for ((_, values), (_, more)) in numbers.iter_mut().zip(found.numbers) {
                    values.extend(more);
                }
            }
        }
        if !is_full {
            break;
        }
    }
    let before = Series::open(folder.path()).and_then(|series| series.snapshots()).unwrap_or(0);
    if before > times.len() {
        return Ok(Repaired { snapshots: before, lost });
    }
    index::write(&folder.make("series.h5")?, &contents, places, &times, &numbers, Wait::ForDisk)?;
    folder.make("series.xdmf")?;
    Description::default().write(folder, &contents, (places, &times), Wait::ForDisk)?;
    if !folder.mesh().exists() {
        mesh::write(&folder.make("mesh.h5")?, &contents.grid)?;
    }
    Ok(Repaired { snapshots: times.len(), lost })
}

/// The complete snapshots of a segment.
fn found(file: &File) -> hdf5::Result<Found> {
    let times: Vec<f64> = file.dataset("time")?.read_raw()?;
    let capacity = times.len();
    let times: Vec<f64> = times.into_iter().take_while(|time| !time.is_nan()).collect();
    let mut numbers = Vec::new();
    for (group, before) in [("numbers", ""), ("solver", SOLVER)] {
        if !file.link_exists(group) {
            continue;
        }
        for name in file.group(group)?.member_names()? {
            let mut values: Vec<f64> = file.dataset(&format!("{group}/{name}"))?.read_raw()?;
            values.truncate(times.len());
            numbers.push((format!("{before}{name}"), values));
        }
    }
    Ok(Found { times, numbers, capacity })
}

/// What a segment says of its series; nothing if that makes no sense.
fn contents(file: &File) -> hdf5::Result<Option<Contents>> {
    let names = header::texts(file, "fields");
    let mut fields = Vec::new();
    for name in &names {
        fields.push(header::read_field(&file.dataset(&format!("fields/{name}"))?, name)?);
    }
    let Some(field) = fields.first() else { return Ok(None) };
    let dataset = file.dataset(&format!("fields/{}", field.name()))?;
    let Some(grid) = header::grid(file, &dataset)? else { return Ok(None) };
    let bytes = dataset.dtype()?.size() / field.ty().per_component();
    let precision = if bytes == Precision::F32.bytes() { Precision::F32 } else { Precision::F64 };
    let is_chunked = dataset.chunk().is_some();
    let compression = if is_chunked { Compression::Deflate } else { Compression::None };
    let (title, problem) = (header::text(file, "title"), header::text(file, "problem"));
    Ok(Some(Contents { title, grid, fields, precision, compression, problem }))
}
