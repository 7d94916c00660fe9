//! Worlds made from a world: other communicators of the same ranks, or of some of them.

use crate::error::{Class, Error};
use crate::waiting::{Call, Operation};
use crate::world::{Inner, World};

impl World {
    /// A world of the same ranks whose messages are apart from those of this one. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let ours = world.dup()?;
    /// // Messages of the one are not received by the other.
    /// let (a, b) = (world.isend(vec![1], world.rank(), 0)?, ours.isend(vec![2], world.rank(), 0)?);
    /// assert_eq!(ours.recv_vec::<i32>(Any, Any)?.0, [2]);
    /// assert_eq!(world.recv_vec::<i32>(Any, Any)?.0, [1]);
    /// (a.wait()?, b.wait()?);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn dup(&self) -> Result<World, Error> {
        match &self.0 {
            Inner::Team(team, rank) => {
                team.next_operation(*rank);
                let part = (0, (0..team.size).collect());
                let part = team.part(*rank, Operation::Dup, Some(part))?;
                let part = part.unwrap_or_else(|| team.clone());
                Ok(World::of_team(part, *rank))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => Ok(World(Inner::Mpi(communicator.dup()?))),
        }
    }

    /// The world of the ranks that give the same colour, in the order of their keys, and of their ranks where keys are
    /// equal. Nothing for ranks that give no colour. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// let found = threads::run(5, |world| {
    ///     let odd = world.rank() % 2;
    ///     let half = world.split(odd, 0)?.expect("a colour was given");
    ///     let mut sum = [world.rank()];
    ///     half.allreduce(&mut sum, Sum)?;
    ///     Ok::<_, Error>((half.rank(), half.size(), sum[0]))
    /// })?;
    /// assert_eq!(found, [(0, 3, 6), (0, 2, 4), (1, 3, 6), (1, 2, 4), (2, 3, 6)]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If the colour is larger than 2³¹ − 1, or if another rank has failed.
    pub fn split(
        &self,
        colour: impl Into<Option<usize>>,
        key: i32,
    ) -> Result<Option<World>, Error> {
        let colour = colour.into();
        if colour.is_some_and(|colour| colour > i32::MAX as usize) {
            let call = Call::of_all(Operation::Split, 0);
            return Err(Error::failed(call, Class::Count, "colours end at 2^31 - 1"));
        }
        match &self.0 {
            Inner::Team(team, rank) => {
                let mut all = vec![[0; 2]; team.size];
                let mine = [colour.map_or(-1, |colour| colour as i64), i64::from(key)];
                self.allgather_into(&[mine], &mut all)?;
                let mut members: Vec<usize> =
                    (0..team.size).filter(|rank| all[*rank][0] == mine[0]).collect();
                members.sort_by_key(|rank| all[*rank][1]);
                let place = members.iter().position(|member| member == rank);
                let part = colour.map(|colour| (colour, members));
                let part = team.part(*rank, Operation::Split, part)?;
                Ok(part.zip(place).map(|(part, place)| World::of_team(part, place)))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let part = communicator.split(colour, key)?;
                Ok(part.map(|part| World(Inner::Mpi(part))))
            }
        }
    }

    /// The world of some ranks, in this order, which is the same on all ranks. Nothing for the others. Collective.
    ///
    /// What MPI makes of groups are lists of ranks here, with all that Rust does with lists.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(4, |world| {
    ///     let some = world.subset(&[3, 0, 2])?;
    ///     Ok::<_, Error>(some.map(|some| (some.rank(), some.size())))
    /// })?;
    /// assert_eq!(found, [Some((1, 3)), None, Some((2, 3)), Some((0, 3))]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, or one is there twice, or if another rank has failed.
    pub fn subset(&self, ranks: &[usize]) -> Result<Option<World>, Error> {
        let call = Call::of_all(Operation::Split, 0);
        for (place, rank) in ranks.iter().enumerate() {
            self.check_rank(Some(*rank), call)?;
            if ranks[..place].contains(rank) {
                return Err(Error::failed(
                    call,
                    Class::Rank,
                    format!("rank {rank} is there twice"),
                ));
            }
        }
        let place = ranks.iter().position(|rank| *rank == self.rank());
        // There are not more ranks than such integers.
        self.split(place.map(|_| 0), place.unwrap_or(0) as i32)
    }

    /// The world of the ranks that share memory with this one: those on the same node. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let node = world.split_shared()?; // Threads all share their memory.
    /// assert_eq!((node.rank(), node.size()), (world.rank(), 3));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn split_shared(&self) -> Result<World, Error> {
        match &self.0 {
            Inner::Team(..) => self.dup(),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => Ok(World(Inner::Mpi(communicator.split_shared()?))),
        }
    }
}
