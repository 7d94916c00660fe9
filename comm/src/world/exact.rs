//! What ranks find out together exactly, whatever their number and order, and numbers in the order of the ranks.

use crate::combine::Combine;
use crate::error::{Disagreement, Error};
use crate::exact_sum::ExactSum;
use crate::order::{from_ordered, to_ordered};
use crate::waiting::{Call, Operation};
use crate::world::collective::{expect, total};
use crate::world::{Inner, World};

impl World {
    /// Replaces each integer by its sum, maximum or minimum over all ranks. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let mut values = [world.rank() as i64, -1];
    /// world.combine(Combine::Max, &mut values)?;
    /// assert_eq!(values, [2, -1]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn combine(&self, how: Combine, values: &mut [i64]) -> Result<(), Error> {
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(()),
            Inner::Team(team, rank) => team.combine(*rank, how, values),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let call = Call::of_all(Operation::Allreduce, values.len());
                communicator.allreduce(values, how.built_in(), call)
            }
        }
    }

    /// Adds up the sums of all ranks exactly. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let mut sum = ExactSum::new();
    /// sum.add(0.1 * world.rank() as f64);
    /// world.combine_sum(&mut sum)?;
    /// assert_eq!(sum.value(), 0.1 + 0.2);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn combine_sum(&self, sum: &mut ExactSum) -> Result<(), Error> {
        self.combine(Combine::Sum, sum.limbs_to_combine())
    }

    /// The sum of the numbers of all ranks, rounded once. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// // The same bits on any number of ranks.
    /// let mine = [[1e100, 1.0], [1.0, -1e100]][world.rank()];
    /// assert_eq!(world.sum(&mine)?, 2.0);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn sum(&self, numbers: &[f64]) -> Result<f64, Error> {
        let mut sum = ExactSum::new();
        sum.extend(numbers);
        self.combine_sum(&mut sum)?;
        Ok(sum.value())
    }

    /// The largest of the numbers of all ranks, or NaN if one of them is NaN. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// assert_eq!(world.max(world.rank() as f64)?, 2.0);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn max(&self, number: f64) -> Result<f64, Error> {
        let mut value = [to_ordered(number, i64::MAX)];
        self.combine(Combine::Max, &mut value)?;
        Ok(from_ordered(value[0]))
    }

    /// The smallest of the numbers of all ranks, or NaN if one of them is NaN. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// assert_eq!(world.min(world.rank() as f64)?, 0.0);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn min(&self, number: f64) -> Result<f64, Error> {
        let mut value = [to_ordered(number, i64::MIN)];
        self.combine(Combine::Min, &mut value)?;
        Ok(from_ordered(value[0]))
    }

    /// On rank 0, the numbers of all ranks in the order of the ranks. `counts` gives how many
    /// numbers each rank has. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let mine = [[1.0, 2.0].as_slice(), &[3.0]][world.rank()];
    /// let all = world.gather(mine, &[2, 1])?;
    /// assert_eq!(all, world.is_root().then(|| vec![1.0, 2.0, 3.0]));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not a count for each rank, if this rank has not as many numbers as its count says, or if another rank has
    /// failed.
    pub fn gather(&self, mine: &[f64], counts: &[usize]) -> Result<Option<Vec<f64>>, Error> {
        let call = Call::rooted(Operation::Gather, 0, mine.len());
        let total = total(counts, self.size(), call)?;
        expect("the list to send", mine.len(), counts[self.rank()], call)?;
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(Some(mine.to_vec())),
            Inner::Team(team, rank) => team.gather(*rank, mine),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let mut all = vec![0.0; if self.is_root() { total } else { 0 }];
                communicator.gatherv(mine, &mut all, counts, 0, call)?;
                Ok(self.is_root().then_some(all))
            }
        }
    }

    /// Sends numbers to every rank and returns the numbers that the ranks sent to this one. Both
    /// are in the order of the ranks. `to` and `from` give how many numbers go to and come from
    /// each. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// // Rank 0 sends two numbers to rank 1, which sends none back.
    /// let (mine, to, from) = match world.is_root() {
    ///     true => (vec![1.0, 2.0], [0, 2], [0, 0]),
    ///     false => (vec![], [0, 0], [2, 0]),
    /// };
    /// let found = world.exchange(mine, &to, &from)?;
    /// assert_eq!(found, if world.is_root() { vec![] } else { vec![1.0, 2.0] });
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are not two counts for each rank, if this rank has not as many numbers as it says that it sends, if it sends more
    /// or fewer to a rank than that expects, or if another rank has failed.
    pub fn exchange(
        &self,
        mine: Vec<f64>,
        to: &[usize],
        from: &[usize],
    ) -> Result<Vec<f64>, Error> {
        let call = Call::of_all(Operation::Alltoall, mine.len());
        expect("the list to send", mine.len(), total(to, self.size(), call)?, call)?;
        let room = total(from, self.size(), call)?;
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => {
                expect("the room", room, mine.len(), call)?;
                Ok(mine)
            }
            Inner::Team(team, rank) => team.exchange(*rank, mine, to, from),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let mut all = vec![0.0; room];
                communicator.alltoallv((&mine, to), (&mut all, from), call)?;
                Ok(all)
            }
        }
    }

    /// Finds out whether all ranks succeeded at something. If so, every rank gets its own result
    /// back; otherwise it learns the lowest rank that failed. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let found = if world.rank() == 1 { Err("no file") } else { Ok(()) };
    /// let agreed = world.agree(found).unwrap_err();
    /// assert_eq!(agreed.to_string(), if world.rank() == 1 { "no file" } else { "rank 1 failed" });
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If any rank failed.
    pub fn agree<T, E>(&self, result: Result<T, E>) -> Result<T, Disagreement<E>> {
        let rank = self.rank() as i64;
        let mut lowest = [if result.is_err() { rank } else { i64::MAX }];
        self.combine(Combine::Min, &mut lowest).map_err(Disagreement::Lost)?;
        match (lowest[0], result) {
            (i64::MAX, Ok(value)) => Ok(value),
            (lowest, Err(error)) if lowest == rank => Err(Disagreement::Here(error)),
            (lowest, _) => Err(Disagreement::There { rank: lowest as usize }),
        }
    }

    /// Calls `action` on one rank after the other, in their order. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// // Lines in the order of the ranks.
    /// world.in_turn(|| println!("rank {}", world.rank()))?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn in_turn<T>(&self, action: impl FnOnce() -> T) -> Result<T, Error> {
        for _ in 0..self.rank() {
            self.barrier()?;
        }
        let result = action();
        for _ in self.rank()..self.size() {
            self.barrier()?;
        }
        Ok(result)
    }
}
