//! Memory that the ranks of a node share.

use bytemuck::AnyBitPattern;

use crate::combine::Combine;
use crate::data::Data;
use crate::error::{Class, Error};
#[cfg(feature = "mpi")]
use crate::mpi::MpiWindow;
use crate::team::TeamWindow;
use crate::waiting::{Call, Operation};
use crate::world::{Inner, World};

/// Memory that ranks share: a part for each rank, which it writes, and which all others read without a copy.
///
/// A window is closed at first. Then each rank reads and writes its own part, and sees no other. When all ranks
/// have [opened](SharedWindow::open) it, all of them read all parts, and nobody writes; when all have
/// [closed](SharedWindow::close) it, each has its own part again. Both wait for all ranks, so that no rank reads what another
/// one still writes: the parts are lent by the window, and a part that is lent for writing must be back before the window
/// can be opened, one that is lent for reading before it can be closed.
///
/// ```
/// use fluxions_comm::{Error, threads};
///
/// // Each rank adds up what all have written.
/// let found = threads::run(3, |world| {
///     let mut window = world.split_shared()?.shared_window(2)?;
///     window.mine_mut()?.fill(10.0 * world.rank() as f64);
///     window.open()?;
///     let sum = (0..3).map(|rank| window.part(rank).map(|part| part[1])).sum::<Result<f64, _>>()?;
///     window.close()?;
///     window.mine_mut()?[0] = sum;
///     Ok::<_, Error>(window.part(world.rank())?.to_vec())
/// })?;
/// assert_eq!(found, [[30.0, 0.0], [30.0, 10.0], [30.0, 20.0]]);
/// # Ok::<(), Error>(())
/// ```
///
/// All ranks drop it, as they drop communicators of MPI: under MPI, a rank that drops it waits for the others.
pub struct SharedWindow<T: Data + AnyBitPattern> {
    inside: Inside<T>,
    ranks: usize,
}

enum Inside<T: Data + AnyBitPattern> {
    Team(TeamWindow<T>),
    #[cfg(feature = "mpi")]
    Mpi(MpiWindow<T>),
}

impl World {
    /// Memory that the ranks of this world share, with so many elements of this rank, which are all bits 0. Any bits have to be a
    /// value of the type. The ranks must be on one node, as those of [`split_shared`](World::split_shared) are. Collective.
    ///
    /// # Errors
    /// If the ranks are not all on one node, if there is not so much memory, if ranks give types of different sizes, or if another
    /// rank has failed. All ranks get an error then.
    pub fn shared_window<T: Data + AnyBitPattern>(
        &self,
        length: usize,
    ) -> Result<SharedWindow<T>, Error> {
        let call = Call::of_all(Operation::Window, length);
        let node = self.split_shared()?;
        let mut zeros = Vec::new();
        let has_memory = match &self.0 {
            Inner::Team(..) => zeros.try_reserve_exact(length).is_ok(),
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => self.has_memory(length.saturating_mul(size_of::<T>()))?,
        };
        let [size, alignment] = [size_of::<T>() as i64, align_of::<T>() as i64];
        let is_alone = i64::from(node.size() < self.size());
        let mut all = [i64::from(!has_memory), is_alone, size, -size, alignment, -alignment];
        self.combine(Combine::Max, &mut all)?;
        let failed = |class, text: &str| Err(Error::failed(call, class, text));
        if all[0] != 0 {
            return failed(Class::Memory, "there is not so much memory on every rank");
        }
        if all[1] != 0 {
            return failed(Class::Memory, "the ranks are on several nodes, which share no memory");
        }
        if all[2] != -all[3] || all[4] != -all[5] {
            return failed(Class::Mismatch, "the ranks give elements of different types");
        }
        let inside = match node.0 {
            Inner::Team(team, rank) => {
                zeros.resize(length, T::zeroed());
                Inside::Team(TeamWindow::new(team, rank, zeros))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => Inside::Mpi(MpiWindow::new(communicator, length)?),
        };
        Ok(SharedWindow { inside, ranks: self.size() })
    }
}

#[cfg(feature = "mpi")]
impl World {
    /// Whether the system would give so many bytes for each rank together. Where it does not, MPI may hang: one process of MPICH 4.0
    /// finds out, and the others wait for it.
    fn has_memory(&self, bytes: usize) -> Result<bool, Error> {
        /// More than any machine has, and few enough to be added up.
        const MOST: usize = 1 << 48;
        let mut all = [bytes.min(MOST) as i64];
        self.combine(Combine::Sum, &mut all)?;
        let mut room = Vec::<u8>::new();
        let is_there = room.try_reserve_exact(all[0] as usize).is_ok();
        // The compiler is not to leave out what is not used.
        std::hint::black_box(&mut room);
        Ok(is_there)
    }
}

impl<T: Data + AnyBitPattern> SharedWindow<T> {
    /// The part of this rank, to be read and written.
    ///
    /// # Errors
    /// If the window is open.
    #[inline]
    pub fn mine_mut(&mut self) -> Result<&mut [T], Error> {
        match &mut self.inside {
            Inside::Team(window) => window.mine_mut(),
            #[cfg(feature = "mpi")]
            Inside::Mpi(window) => window.mine_mut(),
        }
    }

    /// The part of a rank: of any one while the window is open, of this one while it is closed.
    ///
    /// # Errors
    /// If there is no such rank, or if it is another one and the window is closed.
    #[inline]
    pub fn part(&self, rank: usize) -> Result<&[T], Error> {
        if rank >= self.ranks {
            let call = Call { peer: Some(rank), ..Call::of_all(Operation::Window, 0) };
            return Err(Error::failed(
                call,
                Class::Rank,
                format!("there are {} rank(s)", self.ranks),
            ));
        }
        match &self.inside {
            Inside::Team(window) => window.part(rank),
            #[cfg(feature = "mpi")]
            Inside::Mpi(window) => window.part(rank),
        }
    }

    /// Lets all ranks read all parts, as soon as all are here. Collective.
    ///
    /// # Errors
    /// If it is open, or if another rank has failed: then the window is lost.
    pub fn open(&mut self) -> Result<(), Error> {
        match &mut self.inside {
            Inside::Team(window) => window.open(),
            #[cfg(feature = "mpi")]
            Inside::Mpi(window) => window.open(),
        }
    }

    /// Ends the reading, and waits until it is over on all ranks. Collective.
    ///
    /// # Errors
    /// If it is closed, or if another rank has failed: then the window is lost.
    pub fn close(&mut self) -> Result<(), Error> {
        match &mut self.inside {
            Inside::Team(window) => window.close(),
            #[cfg(feature = "mpi")]
            Inside::Mpi(window) => window.close(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads;

    /// Rank 1 ends with an error while the others open the window, and then while they close it.
    #[test]
    fn a_window_is_lost_when_a_rank_fails_on_3_ranks() {
        for is_read in [false, true] {
            let outcome = threads::run(3, |world| {
                let mut window =
                    world.shared_window::<f64>(4).map_err(|error| error.to_string())?;
                if is_read {
                    window.open().map_err(|error| error.to_string())?;
                }
                if world.rank() == 1 {
                    return Err("out of disk".to_string());
                }
                let failed = if is_read { window.close() } else { window.open() };
                assert!(matches!(failed, Err(Error::RankFailed { rank: 1, .. })), "{failed:?}");
                for error in [
                    window.mine_mut().map(drop).unwrap_err(),
                    window.part(world.rank()).map(drop).unwrap_err(),
                    window.part(1).map(drop).unwrap_err(),
                    window.open().unwrap_err(),
                    window.close().unwrap_err(),
                ] {
                    assert_eq!(
                        error.to_string(),
                        "a shared window: it was lost when another rank failed"
                    );
                }
                Ok::<(), String>(())
            });
            assert_eq!(outcome.unwrap_err(), "out of disk");
        }
    }
}
