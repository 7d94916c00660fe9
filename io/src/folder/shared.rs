//! Whether all ranks see the same folder: on several hosts it may be a different one on each.

use std::time::{Duration, Instant, SystemTime};

use fluxions_comm::World;

use super::{RunFolder, beside, remove};
use crate::error::{Error, file};
use crate::together::{agree, share};

/// How long a rank looks for what rank 0 has written: file systems of a network may show it late.
const PATIENCE: Duration = Duration::from_secs(5);

impl RunFolder {
    /// Makes sure that all ranks see the folder, which exists, as rank 0 sees it. Collective.
    ///
    /// # Errors
    /// If a rank does not, or nothing can be written.
    pub fn is_seen_by_all(&self, world: &World) -> Result<(), fluxions_solver::Error> {
        // A name that is removed by a run in the folder, should this be killed.
        let path = beside(&self.problem());
        let token = world.is_root().then(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            format!("{} {:?}", std::process::id(), now.unwrap_or_default())
        });
        let written = match &token {
            Some(token) => std::fs::write(&path, token).map_err(file(&path, "write")),
            None => Ok(()),
        };
        let written = agree(world, written);
        let token = share(world, token.as_deref())?.unwrap_or_default();
        let began = Instant::now();
        let sees = || std::fs::read_to_string(&path).is_ok_and(|found| found == token);
        let mut seen = sees();
        while written.is_ok() && !seen && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
            seen = sees();
        }
        let (folder, rank) = (self.path().into(), world.rank());
        let seen = if seen { Ok(()) } else { Err(Error::NotShared { path: folder, rank }) };
        let seen = written.and_then(|()| agree(world, seen));
        if world.is_root() {
            let _ = remove(&path);
        }
        seen
    }
}
