//! The form of segments. Those with room for equally many snapshots are the same, byte for byte, until something is written to
//! them: HDF5 makes the first one, and the others are copies of it, which take a tenth of the time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use fluxions_comm::World;

use super::Contents;
use super::direct::Offsets;
use super::segment::{self, SnapshotPlace};
use crate::error::{Error, file};
use crate::folder::remove;
use crate::together::agree;

/// The form of segments with room for so many snapshots.
pub(crate) struct Form {
    capacity: usize,
    pub(crate) offsets: Offsets,
    /// On the rank that makes segments, where nothing was written to the first one yet.
    blank: Option<Blank>,
    /// Whether further segments can be made.
    is_whole: bool,
}

/// A segment without the room for its fields.
struct Blank {
    length: u64,
    /// What lies between the fields, with the places where it begins.
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Form {
    /// The form of the segment of a place, which rank 0 makes if the place is its first one. Collective.
    pub(crate) fn of(
        world: &World,
        (path, place): (&Path, SnapshotPlace),
        contents: &Contents,
        numbers: &[String],
    ) -> Result<Self, fluxions_solver::Error> {
        let is_whole = place.slot == 0;
        let make = || {
            if is_whole {
                segment::create(path, place, contents, numbers)?;
            }
            let offsets = Offsets::read(path, contents, numbers)?;
            let blank = match is_whole {
                true => Some(Blank::read(path, &offsets.rooms(place.capacity, contents))?),
                false => None,
            };
            Ok(Some((offsets, blank)))
        };
        let made = agree(world, if world.is_root() { make() } else { Ok(None) })?;
        let (here, blank) = made.map_or((None, None), |(offsets, blank)| (Some(offsets), blank));
        let offsets = Offsets::shared(world, here, contents, numbers.len())?;
        Ok(Form { capacity: place.capacity, offsets, blank, is_whole })
    }

    /// Whether the segment of a place can be made in this form.
    pub(crate) fn fits(&self, place: SnapshotPlace) -> bool {
        self.is_whole && place.slot == 0 && self.capacity == place.capacity
    }

    /// Makes a segment, on the rank that makes them.
    pub(crate) fn make(&self, path: &Path) -> Result<(), Error> {
        self.blank.as_ref().map_or(Ok(()), |blank| blank.write(path))
    }
}

impl Blank {
    /// Reads a segment that has just been made, apart from these rooms: where they begin, and how long they are.
    fn read(path: &Path, rooms: &[(u64, u64)]) -> Result<Self, Error> {
        let mut rooms = rooms.to_vec();
        rooms.sort_unstable();
        let read = || {
            let open = File::open(path)?;
            let length = open.metadata()?.len();
            let (mut pieces, mut from) = (Vec::new(), 0);
            for (room, bytes) in rooms.into_iter().chain([(length, 0)]) {
                let mut piece = vec![0; room.saturating_sub(from) as usize];
                open.read_exact_at(&mut piece, from)?;
                pieces.push((from, piece));
                from = room + bytes;
            }
            Ok(Blank { length, pieces })
        };
        read().map_err(file(path, "go on with it"))
    }

    fn write(&self, path: &Path) -> Result<(), Error> {
        // Whatever stands there, such as a link, is replaced and not written to.
        remove(path)?;
        let write = || {
            let new = OpenOptions::new().write(true).create_new(true).open(path)?;
            new.set_len(self.length)?;
            // The beginning comes last: without it a file is none of HDF5.
            self.pieces.iter().rev().try_for_each(|(at, bytes)| new.write_all_at(bytes, *at))
        };
        write().map_err(file(path, "make the file"))
    }
}

#[cfg(test)]
mod tests {
    use fluxions_expr::{Rank, Type};
    use fluxions_grid::{Ends, Grid};

    use super::super::Field;
    use super::super::segment::Places;
    use super::*;
    use crate::problem::{Compression, Precision};

    #[test]
    fn further_segments_are_those_that_hdf5_would_make() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 5, Ends::Bounded);
        let grid = grid.axis("y", 0.0..1.0, 300, Ends::Periodic).build().unwrap();
        let directions = ["x".to_string(), "y".to_string()];
        let field = |name, rank, complex| Field::new(name, Type { rank, complex }, &directions);
        let numbers = ["T".to_string(), "solver/steps".to_string()];
        let precisions = [Precision::F64, Precision::F32];
        let compressions = [Compression::None, Compression::Deflate];
        for (precision, compression) in precisions.into_iter().zip(compressions) {
            let contents = Contents {
                title: "Wärme".into(),
                grid: grid.clone(),
                fields: vec![
                    field("u", Rank::Scalar, false),
                    field("psi", Rank::Scalar, true),
                    field("v", Rank::Vector, false),
                ],
                precision,
                compression,
                problem: "title = \"Wärme\"\n".repeat(400),
            };
            let folder = tempfile::tempdir().unwrap();
            let made = |name: &str| folder.path().join(name);
            let place = Places::of_contents(&contents).of(0);
            let solo = World::solo();
            let form = Form::of(&solo, (&made("a"), place), &contents, &numbers).unwrap();
            segment::create(&made("b"), place, &contents, &numbers).unwrap();
            if compression == Compression::None {
                let rooms = form.offsets.rooms(place.capacity, &contents);
                assert!(rooms.iter().all(|(at, _)| at % 4096 == 0), "{rooms:?}");
            }
            assert!(form.fits(place) && !form.fits(SnapshotPlace { slot: 1, ..place }));
            // Nothing is written through a link.
            std::os::unix::fs::symlink(made("a"), made("c")).unwrap();
            form.make(&made("c")).unwrap();
            let bytes = |name: &str| std::fs::read(made(name)).unwrap();
            assert!(bytes("b") == bytes("c"), "{compression:?}");
            let length = std::fs::symlink_metadata(made("c")).unwrap();
            assert!(length.is_file() && length.len() == bytes("a").len() as u64);
        }
    }
}
