//! Operations that go on while a rank does other things.

use crate::buffer::Owned;
use crate::data::Data;
use crate::error::Error;
#[cfg(feature = "mpi")]
use crate::mpi::Pending;
use crate::peer::Status;
use crate::team::Work;
use crate::waiting::Call;

/// An operation that is under way. It owns its elements, and gives them back from [`wait`](Request::wait).
///
/// Dropping it is safe: a receipt is cancelled; what is sent still arrives, and its elements are kept until it has; an operation
/// of all ranks is waited for.
///
/// ```
/// use fluxions_comm::{Error, threads};
///
/// threads::run(2, |world| {
///     let other = 1 - world.rank();
///     let receipt = world.irecv(vec![0.0; 3], other, 1)?;
///     let sent = world.isend(vec![world.rank() as f64; 3], other, 1)?;
///     // … something else …
///     let (numbers, status) = receipt.wait()?;
///     assert_eq!((numbers, status.length), (vec![other as f64; 3], 3));
///     sent.wait()?;
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
#[must_use = "dropping a request cancels a receipt, and waits for an operation of all ranks"]
pub struct Request<B: Owned>(pub(crate) State<B::Item>);

/// Makes the result out of what MPI has collected.
#[cfg(feature = "mpi")]
pub(crate) type Finish<T> = Box<dyn FnOnce(Vec<T>) -> Vec<T>>;

pub(crate) enum State<T: Data> {
    Over(Vec<T>, Status),
    Team(Work<T>),
    #[cfg(feature = "mpi")]
    Mpi(Pending<T>, Option<Finish<T>>),
}

impl<B: Owned> Request<B> {
    /// Whether the operation is over, so that [`wait`](Request::wait) does not wait.
    ///
    /// # Errors
    /// If another rank has failed.
    #[inline]
    pub fn test(&mut self) -> Result<bool, Error> {
        match &mut self.0 {
            State::Over(..) => Ok(true),
            State::Team(work) => work.test(),
            #[cfg(feature = "mpi")]
            State::Mpi(pending, _) => Ok(pending.test()),
        }
    }

    /// Waits until the operation is over. Gives back its elements, and what is known of the message that was received.
    ///
    /// # Errors
    /// If the operation or another rank has failed: a message may be longer than the room for it.
    #[inline]
    pub fn wait(self) -> Result<(B, Status), Error> {
        let (buffer, status) = match self.0 {
            State::Over(buffer, status) => (buffer, status),
            State::Team(work) => work.finish()?,
            #[cfg(feature = "mpi")]
            State::Mpi(pending, finish) => {
                let (buffer, status) = pending.finish()?;
                let buffer = match finish {
                    Some(finish) => finish(buffer),
                    None => buffer,
                };
                (buffer, status)
            }
        };
        Ok((B::from_vector(buffer), status))
    }

    /// What is waited for.
    pub(crate) fn call(&self) -> Option<Call> {
        match &self.0 {
            State::Over(..) => None,
            State::Team(work) => Some(work.call()),
            #[cfg(feature = "mpi")]
            State::Mpi(pending, _) => Some(pending.call()),
        }
    }
}
