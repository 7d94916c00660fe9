//! Operations of each rank with its neighbours.

use crate::buffer::{Buffer, BufferMut};
use crate::error::Error;
use crate::requests::Requests;
use crate::waiting::{Call, Operation};
use crate::world::collective::expect;
use crate::world::{Cartesian, World};

/// The neighbours of a rank: those from which it receives, and those to which it sends, in an order of its own. Its messages are
/// apart from all others.
///
/// ```
/// use fluxions_comm::{Error, threads};
///
/// // Everyone tells its rank to the neighbours on a line, of which the first and the last have one only.
/// let found = threads::run(3, |world| {
///     let line = world.cartesian(&[3], &[false])?.expect("all ranks are in it");
///     let mut below_and_above = [9; 2];
///     line.neighbourhood()?.allgather_into(&[line.rank()], &mut below_and_above)?;
///     Ok::<_, Error>(below_and_above)
/// })?;
/// assert_eq!(found, [[9, 1], [0, 2], [1, 9]]);
/// # Ok::<(), Error>(())
/// ```
///
/// They are messages between two ranks: MPI's own operations change the two faces of an axis of one or two ranks in MPICH 4.0.
pub struct Neighbourhood {
    world: World,
    from: Vec<Neighbour>,
    to: Vec<Neighbour>,
}

/// A neighbour, or nobody, and the tag of the messages.
type Neighbour = (Option<usize>, usize);

impl World {
    /// The neighbours in any graph: the ranks from which this one receives, and those to which it sends. Ranks may stand there
    /// more than once; then their messages are taken in the order of both lists. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// // All send to rank 0, in a star.
    /// let found = threads::run(3, |world| {
    ///     let (from, to) = if world.rank() == 0 { (vec![2, 1], vec![]) } else { (vec![], vec![0]) };
    ///     let mut all = vec![0; from.len()];
    ///     world.neighbourhood(&from, &to)?.allgather_into(&[10 * world.rank()], &mut all)?;
    ///     Ok::<_, Error>(all)
    /// })?;
    /// assert_eq!(found, [vec![20, 10], vec![], vec![]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, or if another rank has failed.
    pub fn neighbourhood(&self, from: &[usize], to: &[usize]) -> Result<Neighbourhood, Error> {
        let call = Call::of_all(Operation::Neighbours, from.len() + to.len());
        for rank in from.iter().chain(to) {
            self.check_rank(Some(*rank), Call { peer: Some(*rank), ..call })?;
        }
        let all = |ranks: &[usize]| ranks.iter().map(|rank| (Some(*rank), 0)).collect();
        Ok(Neighbourhood { world: self.dup()?, from: all(from), to: all(to) })
    }
}

impl Cartesian {
    /// The neighbours along the axes: for each axis the one below and then the one above, which may be nobody. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn neighbourhood(&self) -> Result<Neighbourhood, Error> {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for axis in 0..self.dimensions().len() {
            let (below, above) = self.shift(axis, 1)?;
            // A message is named by the side from which it comes.
            from.extend([(below, 2 * axis), (above, 2 * axis + 1)]);
            to.extend([(below, 2 * axis + 1), (above, 2 * axis)]);
        }
        Ok(Neighbourhood { world: self.dup()?, from, to })
    }
}

impl Neighbourhood {
    /// The ranks from which this one receives.
    pub fn sources(&self) -> impl Iterator<Item = Option<usize>> {
        self.from.iter().map(|(rank, _)| *rank)
    }

    /// The ranks to which it sends.
    pub fn destinations(&self) -> impl Iterator<Item = Option<usize>> {
        self.to.iter().map(|(rank, _)| *rank)
    }

    /// Sends the same elements to all neighbours, and collects those from all, in their order. What would come from nobody stays
    /// as it is. Collective.
    ///
    /// # Errors
    /// If the room is not that for as many elements from each, if a neighbour sends another number, or if another rank has failed.
    pub fn allgather_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
    ) -> Result<(), Error> {
        let counts = vec![data.length(); self.from.len()];
        self.allgatherv_into(data, into, &counts)
    }

    /// Sends the same elements to all neighbours, and collects from each as many as `counts` says. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// // Rank 0 sends three elements to rank 1, which sends none.
    /// let graph = match world.is_root() {
    ///     true => world.neighbourhood(&[], &[1])?,
    ///     false => world.neighbourhood(&[0], &[])?,
    /// };
    /// let mut found = vec![0; 3 * world.rank()];
    /// graph.allgatherv_into(&[7; 3], &mut found, if world.is_root() { &[] } else { &[3] })?;
    /// assert_eq!(found, vec![7; 3 * world.rank()]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`allgather_into`](Neighbourhood::allgather_into).
    pub fn allgatherv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        counts: &[usize],
    ) -> Result<(), Error> {
        let data = data.packed();
        self.exchange(|_| &data, into, counts)
    }

    /// Sends to each neighbour its part of the elements, equally many to each, and collects the parts for this rank, in the order
    /// of the neighbours. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// // On a ring of two ranks, both neighbours are the other one: the faces do not change places.
    /// let found = threads::run(2, |world| {
    ///     let ring = world.cartesian(&[2], &[true])?.expect("all ranks are in it");
    ///     let mut halos = [0; 2];
    ///     let (low, high) = (10 * ring.rank(), 10 * ring.rank() + 1);
    ///     ring.neighbourhood()?.alltoall_into(&[low, high], &mut halos)?;
    ///     Ok::<_, Error>(halos)
    /// })?;
    /// assert_eq!(found, [[11, 10], [1, 0]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, if a neighbour sends another number, or if another rank has failed.
    pub fn alltoall_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
    ) -> Result<(), Error> {
        let each = data.length() / self.to.len().max(1);
        // Without destinations, it is the room that says how long the parts are.
        let received = match self.to.is_empty() {
            true => into.length() / self.from.len().max(1),
            false => each,
        };
        let (to, from) = (vec![each; self.to.len()], vec![received; self.from.len()]);
        self.alltoallv_into(data, &to, into, &from)
    }

    /// Sends to each neighbour its part of the elements, as many as `to` says, and collects the parts for this rank, as many from
    /// each as `from` says. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let other = 1 - world.rank();
    /// let pair = world.neighbourhood(&[other], &[other])?;
    /// // Rank 0 sends one element, rank 1 two.
    /// let mut found = vec![0; other + 1];
    /// let mine = vec![world.rank(); world.rank() + 1];
    /// pair.alltoallv_into(&mine, &[mine.len()], &mut found, &[other + 1])?;
    /// assert_eq!(found, vec![other; other + 1]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`alltoall_into`](Neighbourhood::alltoall_into).
    pub fn alltoallv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        to: &[usize],
        into: &mut C,
        from: &[usize],
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Neighbours, data.length());
        expect("the list to send", data.length(), self.total(to, self.to.len(), call)?, call)?;
        let data = data.packed();
        let starts: Vec<usize> =
            to.iter().scan(0, |next, n| Some(std::mem::replace(next, *next + n))).collect();
        self.exchange(|number| &data[starts[number]..starts[number] + to[number]], into, from)
    }

    /// The sum of some counts, if there is one for each neighbour.
    fn total(&self, counts: &[usize], neighbours: usize, call: Call) -> Result<usize, Error> {
        expect("the list of counts", counts.len(), neighbours, call)?;
        Ok(counts.iter().fold(0usize, |sum, n| sum.saturating_add(*n)))
    }

    /// Sends to each neighbour its part, and receives from each.
    fn exchange<'a, C: BufferMut + ?Sized>(
        &self,
        part: impl Fn(usize) -> &'a [C::Item],
        into: &mut C,
        counts: &[usize],
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Neighbours, into.length());
        expect("the room", into.length(), self.total(counts, self.from.len(), call)?, call)?;
        into.receive(|into| {
            let mut receipts = Requests::new();
            let mut rest = &*into;
            for ((from, tag), count) in self.from.iter().zip(counts) {
                let (room, others) = rest.split_at(*count);
                receipts.push(self.world.irecv(room.to_vec(), *from, *tag)?);
                rest = others;
            }
            let sent: Requests<_> = (self.to.iter().enumerate())
                .map(|(number, (to, tag))| self.world.isend(part(number).to_vec(), *to, *tag))
                .collect::<Result<_, _>>()?;
            let mut rest = into;
            for (number, arrived, status) in receipts.wait_all()? {
                let (place, others) = rest.split_at_mut(counts[number]);
                if self.from[number].0.is_some() {
                    expect("what a neighbour sent", status.length, place.len(), call)?;
                    place.copy_from_slice(&arrived);
                }
                rest = others;
            }
            sent.wait_all().map(drop)
        })
    }
}
