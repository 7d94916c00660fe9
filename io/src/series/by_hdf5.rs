//! Writes snapshots by HDF5: what is compressed, and where ranks are on several hosts.

use std::path::Path;

use fluxions_comm::{Kind, World};
use fluxions_solver::{Snapshot, TrackerError};
use hdf5::{File, FileBuilder};

use super::Contents;
use super::block::{Block, Slabs};
use super::segment::SnapshotPlace;
use super::view::View;
use crate::error::hdf;
use crate::together::agree;
use crate::unlocked::unlocked;

/// Writes a snapshot of all fields of a view to a place in this segment; this rank's parts of the checksums of all components.
/// Collective.
pub(crate) fn write(
    now: &mut Snapshot<'_>,
    (contents, view): (&Contents, &View),
    (path, slot): (&Path, usize),
    one_host: bool,
) -> Result<Vec<u64>, TrackerError> {
    let world = now.world().clone();
    let start = view.start(now);
    let slabs = match view {
        View::Whole => Slabs::of(now),
        // Parts are small.
        View::Cells(_) | View::Points(_) => Slabs::whole(),
    };
    let failed = hdf(path, "write a snapshot");
    // Ranks on one host write one after the other what HDF5 has to compress: together they wait for ever for one
    // that has failed.
    let by_mpi = !one_host && world.kind() == Kind::Mpi;
    let together = by_mpi.then(|| Together::open(&world, path));
    let together = match together {
        Some(opened) => Some(agree(&world, opened.map_err(&failed))?),
        None => None,
    };
    let mut sums = Vec::new();
    for field in &contents.fields {
        let values = view.values(now, field.name())?;
        let block = Block::of(&values, field, contents, &start);
        let write = |file: &File, together: bool| -> hdf5::Result<Vec<u64>> {
            let dataset = file.dataset(&SnapshotPlace::dataset(field))?;
            let components = 0..field.components().len();
            components
                .map(|component| {
                    let at = [&[slot], &*field.indices(component)].concat();
                    let what = (component, contents);
                    block.write_by_hdf5(&dataset, &at, what, (slabs, together))
                })
                .collect()
        };
        let written = match &together {
            Some(together) => together.on_file(|file| write(file, true)),
            None => world.in_turn(|| {
                let file = unlocked().open_rw(path)?;
                let sums = write(&file, false)?;
                file.flush()?;
                file.close().map(|()| sums)
            })?,
        };
        sums.extend(agree(&world, written.map_err(&failed))?);
    }
    let closed = together.map_or(Ok(()), Together::close);
    agree(&world, closed.map_err(&failed))?;
    Ok(sums)
}

/// A file that all MPI processes of a world have open together. HDF5 waits for all of them in whatever it does with it, so the
/// limit of waits holds there too.
struct Together {
    world: World,
    file: Option<File>,
}

impl Together {
    fn open(world: &World, path: &Path) -> hdf5::Result<Self> {
        // What opens it duplicates the communicator, for which all processes wait.
        let file = world.within_library(|| builder(world).open_rw(path))?;
        Ok(Together { world: world.clone(), file: Some(file) })
    }

    /// Does something with the file that uses no other messages.
    fn on_file<T>(&self, act: impl FnOnce(&File) -> T) -> T {
        let file = self.file.as_ref().expect("it is open until it is closed");
        self.world.within_library(|| act(file))
    }

    fn close(mut self) -> hdf5::Result<()> {
        let file = self.file.take().expect("it is closed once");
        self.world.within_library(|| file.flush().and_then(|()| file.close()))
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        let file = self.file.take();
        self.world.within_library(|| drop(file));
    }
}

/// What opens a file by all MPI processes of a world together.
fn builder(world: &World) -> FileBuilder {
    #[cfg_attr(not(feature = "mpi"), expect(unused_mut))]
    let mut builder = unlocked();
    #[cfg(feature = "mpi")]
    if let Some(communicator) = world.raw() {
        builder.with_fapl(|list| list.mpio(communicator, None));
    }
    let _ = world;
    builder
}
