//! Several operations that are under way.

use std::time::{Duration, Instant};

use crate::buffer::Owned;
use crate::error::{Class, Error};
use crate::peer::Status;
use crate::request::{Request, State};

/// How many times it is looked at once whether an operation is over, and how often between short sleeps.
const LOOKS: usize = 2000;
const NAP: Duration = Duration::from_micros(50);

/// What an operation gives back: its number, its elements, and what is known of the message.
pub type Completed<B> = (usize, B, Status);

/// Several operations that are under way, numbered in the order in which they were added.
///
/// ```
/// use fluxions_comm::{Error, Requests, threads};
///
/// threads::run(3, |world| {
///     if world.rank() > 0 {
///         return world.send(&[10 * world.rank() as i64], 0, 0);
///     }
///     let mut receipts = Requests::new();
///     for from in 1..3 {
///         receipts.push(world.irecv(vec![0; 1], from, 0)?);
///     }
///     // As they arrive, and then there are none left.
///     while let Some((number, found, _)) = receipts.wait_any()? {
///         assert_eq!(found, [10 * (number as i64 + 1)]);
///     }
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
pub struct Requests<B: Owned>(Vec<Option<Request<B>>>);

impl<B: Owned> Default for Requests<B> {
    fn default() -> Self {
        Requests(Vec::new())
    }
}

impl<B: Owned> FromIterator<Request<B>> for Requests<B> {
    fn from_iter<I: IntoIterator<Item = Request<B>>>(requests: I) -> Self {
        Requests(requests.into_iter().map(Some).collect())
    }
}

impl<B: Owned> Requests<B> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation; its number.
    pub fn push(&mut self, request: Request<B>) -> usize {
        self.0.push(Some(request));
        self.0.len() - 1
    }

    /// How many operations have not been given back yet.
    pub fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Whether there are none that have not been given back.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits for all that are left; what they give back, in their order.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let sent: Requests<_> = (0..3).map(|to| world.isend(vec![world.rank()], to, 0)).collect::<Result<_, _>>()?;
    /// for from in 0..3 {
    ///     world.recv(&mut [0usize], from, 0)?;
    /// }
    /// assert_eq!(sent.wait_all()?.len(), 3);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// That of the first one that failed, when all are over.
    pub fn wait_all(self) -> Result<Vec<Completed<B>>, Error> {
        let mut failure = None;
        let mut all = Vec::with_capacity(self.0.len());
        for (number, request) in self.0.into_iter().enumerate() {
            match request.map(Request::wait) {
                Some(Ok((buffer, status))) => all.push((number, buffer, status)),
                Some(Err(error)) => _ = failure.get_or_insert(error),
                None => {}
            }
        }
        failure.map_or(Ok(all), Err)
    }

    /// Waits for one of those that are left, and takes it out. Nothing if there are none.
    ///
    /// # Errors
    /// If it or another rank has failed.
    pub fn wait_any(&mut self) -> Result<Option<Completed<B>>, Error> {
        let Some(first) = self.0.iter().flatten().next() else { return Ok(None) };
        let watch = Watch::of(first);
        watch.during(|| self.test_any())
    }

    /// Waits until at least one of those that are left is over, and takes out all that are. None if there are none.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let other = 1 - world.rank();
    /// let mut receipts = Requests::from_iter([world.irecv(vec![0], other, 0)?, world.irecv(vec![0], other, 1)?]);
    /// world.send(&[5], other, 0)?;
    /// world.send(&[6], other, 1)?;
    /// let mut found = 0;
    /// while !receipts.is_empty() {
    ///     found += receipts.wait_some()?.len();
    /// }
    /// assert_eq!(found, 2);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If one of them or another rank has failed.
    pub fn wait_some(&mut self) -> Result<Vec<Completed<B>>, Error> {
        let first = self.wait_any()?;
        let mut all = self.test_some()?;
        all.extend(first);
        all.sort_by_key(|(number, ..)| *number);
        Ok(all)
    }

    /// Takes out one that is over, if there is one.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// let mut receipts = Requests::from_iter([world.irecv(vec![0], 0, 0)?]);
    /// assert!(receipts.test_any()?.is_none());
    /// world.send(&[5], 0, 0)?;
    /// let (number, found, _) = receipts.test_any()?.unwrap();
    /// assert_eq!((number, found), (0, vec![5]));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If it or another rank has failed.
    pub fn test_any(&mut self) -> Result<Option<Completed<B>>, Error> {
        let mut over = self.0.iter_mut().enumerate().filter_map(take_over);
        over.next().transpose()
    }

    /// Takes out all that are over.
    ///
    /// # Errors
    /// If one of them or another rank has failed.
    pub fn test_some(&mut self) -> Result<Vec<Completed<B>>, Error> {
        self.0.iter_mut().enumerate().filter_map(take_over).collect()
    }

    /// Whether all that are left are over.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// let mut receipts = Requests::from_iter([world.irecv(vec![0], 0, 0)?, world.irecv(vec![0], 0, 1)?]);
    /// world.send(&[5], 0, 1)?;
    /// assert!(!receipts.test_all()?);
    /// world.send(&[6], 0, 0)?;
    /// assert!(receipts.test_all()?);
    /// receipts.wait_all()?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn test_all(&mut self) -> Result<bool, Error> {
        let mut all = true;
        for request in self.0.iter_mut().flatten() {
            all &= request.test()?;
        }
        Ok(all)
    }
}

/// Takes out the operation of a number, if it is there and over.
fn take_over<B: Owned>(
    (number, place): (usize, &mut Option<Request<B>>),
) -> Option<Result<Completed<B>, Error>> {
    match place.as_mut()?.test() {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(Err(error)),
    }
    let completed = place.take()?.wait();
    Some(completed.map(|(buffer, status)| (number, buffer, status)))
}

/// The limit of waits, where several operations are waited for by looking at them.
enum Watch {
    None,
    Team(std::sync::Arc<crate::team::Team>, usize, crate::Call),
    #[cfg(feature = "mpi")]
    Mpi(std::rc::Rc<crate::mpi::Communicator>, crate::Call),
}

impl Watch {
    fn of<B: Owned>(request: &Request<B>) -> Self {
        match (&request.0, request.call()) {
            (State::Team(work), Some(call)) => Watch::Team(work.team.clone(), work.rank, call),
            #[cfg(feature = "mpi")]
            (State::Mpi(pending, _), Some(call)) => {
                Watch::Mpi(pending.communicator().clone(), call)
            }
            _ => Watch::None,
        }
    }

    /// Looks until there is something.
    fn during<R>(
        &self,
        mut look: impl FnMut() -> Result<Option<R>, Error>,
    ) -> Result<Option<R>, Error> {
        match self {
            Watch::None => look(),
            Watch::Team(team, rank, call) => {
                let (mut looks, began) = (0, Instant::now());
                loop {
                    let found = look()?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    if team.size == 1 {
                        let text = "the only rank would wait for itself for ever";
                        return Err(Error::failed(*call, Class::Deadlock, text));
                    }
                    looks += 1;
                    match looks < LOOKS {
                        true => std::thread::yield_now(),
                        false => {
                            std::thread::sleep(NAP);
                            let here = team.members[*rank];
                            team.watch.end_if_over(began.elapsed(), here, *call);
                        }
                    }
                }
            }
            #[cfg(feature = "mpi")]
            Watch::Mpi(communicator, call) => communicator.during(*call, || {
                loop {
                    let found = look()?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    // Other ranks may need this core.
                    std::thread::yield_now();
                }
            }),
        }
    }
}
