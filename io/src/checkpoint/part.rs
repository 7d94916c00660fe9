//! The file of one rank in a checkpoint: its part of each array.
//!
//! A header of `u64` numbers, little-endian: a mark, the step, the rank, the number of arrays, the first index and one
//! past the last index of the part along each of three axes; then the numbers of the arrays, one array after the
//! other, as little-endian doubles; then the checksum (XXH3, 64 bits) of all that comes before.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use fluxions_grid::Region;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, file};

/// The first number of a part.
const MARK: u64 = u64::from_le_bytes(*b"FLXPART1");
const HEADER: usize = 10;
const NUMBER: u64 = size_of::<u64>() as u64;
/// How many numbers are written at once.
const AT_ONCE: usize = 1 << 15;

/// Writes a part, whose arrays `values` gives one by one, and waits until it is on the disk.
pub(super) fn write(
    path: &Path,
    (step, rank): (u64, usize),
    region: &Region,
    arrays: usize,
    values: impl Fn(usize) -> Vec<f64>,
) -> Result<(), Error> {
    let write = || {
        let open = OpenOptions::new().write(true).create_new(true).open(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, &open);
        let mut sum = Xxh3::new();
        let indices = region.start.into_iter().chain(region.end).map(|index| index as i64 as u64);
        let header = [MARK, step, rank as u64, arrays as u64].into_iter().chain(indices);
        let header: Vec<u8> = header.flat_map(u64::to_le_bytes).collect();
        sum.update(&header);
        out.write_all(&header)?;
        let mut bytes = vec![0; AT_ONCE * size_of::<f64>()];
        for number in 0..arrays {
            for values in values(number).chunks(AT_ONCE) {
                let bytes = &mut bytes[..size_of_val(values)];
                let places = bytes.as_chunks_mut::<8>().0.iter_mut();
                places.zip(values).for_each(|(place, value)| *place = value.to_le_bytes());
                sum.update(bytes);
                out.write_all(bytes)?;
            }
        }
        out.write_all(&sum.digest().to_le_bytes())?;
        out.flush()?;
        open.sync_all()
    };
    write().map_err(file(path, "write a checkpoint"))
}

/// A part that is read. Its file is open only while it is read: there may be many.
pub(super) struct Part {
    path: PathBuf,
    region: Region,
    arrays: usize,
}

impl Part {
    /// Opens the part of a rank, whose header must fit; nothing is said about its numbers.
    pub(super) fn open(path: PathBuf, (step, rank): (u64, usize)) -> Result<Self, Error> {
        let bad = |reason: &str| Error::Checkpoint { path: path.clone(), reason: reason.into() };
        let failed = file(&path, "read a checkpoint");
        let is_file = path.symlink_metadata().map_err(&failed)?.is_file();
        if !is_file {
            return Err(bad("no file of a checkpoint"));
        }
        let open = File::open(&path).map_err(&failed)?;
        let mut header = [0; HEADER * size_of::<u64>()];
        open.read_exact_at(&mut header, 0).map_err(|_| bad("it is cut off"))?;
        let (numbers, _) = header.as_chunks::<8>();
        let numbers: Vec<u64> = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let [mark, its_step, its_rank, arrays] = [numbers[0], numbers[1], numbers[2], numbers[3]];
        if mark != MARK {
            return Err(bad("not written by this version of Fluxions"));
        }
        if (its_step, its_rank) != (step, rank as u64) {
            return Err(bad("it belongs to another checkpoint"));
        }
        let at = |k: usize| numbers[4 + k] as i64 as isize;
        let region = Region { start: [at(0), at(1), at(2)], end: [at(3), at(4), at(5)] };
        // What does not fit the file must not be believed.
        let length = open.metadata().map_err(&failed)?.len();
        let shape = (0..3).map(|axis| region.end[axis].checked_sub(region.start[axis]));
        let cells =
            shape.into_iter().try_fold(1u64, |cells, n| cells.checked_mul(u64::try_from(n?).ok()?));
        let expected = cells
            .and_then(|cells| cells.checked_mul(arrays)?.checked_add(HEADER as u64 + 1))
            .and_then(|numbers| numbers.checked_mul(NUMBER));
        match expected {
            Some(expected) if expected == length => {}
            Some(expected) if length < expected => return Err(bad("it is cut off")),
            _ => return Err(bad("its length does not fit what it holds")),
        }
        Ok(Part { region, arrays: arrays as usize, path: path.clone() })
    }

    /// The number of arrays.
    pub(super) fn arrays(&self) -> usize {
        self.arrays
    }

    /// Whether the checksum is that of the numbers.
    pub(super) fn check(&self) -> Result<(), Error> {
        let failed = file(&self.path, "read a checkpoint");
        let open = File::open(&self.path).map_err(&failed)?;
        let length = open.metadata().map_err(&failed)?.len();
        let mut rest = length.saturating_sub(NUMBER);
        let mut sum = Xxh3::new();
        let mut reader = BufReader::with_capacity(1 << 20, &open);
        let mut bytes = vec![0; 1 << 20];
        while rest > 0 {
            let count = rest.min(bytes.len() as u64) as usize;
            reader.read_exact(&mut bytes[..count]).map_err(&failed)?;
            sum.update(&bytes[..count]);
            rest -= count as u64;
        }
        let mut last = [0; 8];
        reader.read_exact(&mut last).map_err(&failed)?;
        match u64::from_le_bytes(last) == sum.digest() {
            true => Ok(()),
            false => {
                let reason = "it is damaged: its checksum differs".into();
                Err(Error::Checkpoint { path: self.path.clone(), reason })
            }
        }
    }

    /// Copies the values of an array in the cells that both this part and `wanted` have to their places in `room`,
    /// which holds the values in `wanted`.
    pub(super) fn read(
        &self,
        array: usize,
        wanted: &Region,
        room: &mut [f64],
    ) -> Result<(), Error> {
        let common = self.region.intersection(wanted);
        if common.is_empty() {
            return Ok(());
        }
        let open = File::open(&self.path).map_err(file(&self.path, "read a checkpoint"))?;
        let first = HEADER + array * self.region.cells();
        let mut bytes = vec![0; common.shape()[2] * size_of::<f64>()];
        for i in common.start[0]..common.end[0] {
            for j in common.start[1]..common.end[1] {
                let cell = [i, j, common.start[2]];
                let from = (first + place(&self.region, cell)) as u64 * NUMBER;
                let read = open.read_exact_at(&mut bytes, from);
                read.map_err(file(&self.path, "read a checkpoint"))?;
                let (numbers, _) = bytes.as_chunks::<8>();
                let row = &mut room[place(wanted, cell)..][..numbers.len()];
                for (value, bytes) in row.iter_mut().zip(numbers) {
                    *value = f64::from_le_bytes(*bytes);
                }
            }
        }
        Ok(())
    }
}

/// The place of a cell among those of a region.
fn place(region: &Region, cell: [isize; 3]) -> usize {
    let [_, n1, n2] = region.shape();
    let [i, j, k]: [usize; 3] =
        std::array::from_fn(|axis| (cell[axis] - region.start[axis]) as usize);
    (i * n1 + j) * n2 + k
}
