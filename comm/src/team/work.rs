//! Operations of rank threads that are under way, with what they own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::Data;
use crate::error::Error;
use crate::peer::{Source, Status};
use crate::team::board::Ticket;
use crate::team::failure::Awaited;
use crate::team::inbox::Posted;
use crate::team::messages::unpack;
use crate::team::team::Team;
use crate::waiting::Call;

/// Makes the result out of what all ranks contributed, in the buffer of an operation.
pub(crate) type Finish<T> = Box<dyn FnOnce(&Ticket, Vec<T>) -> Result<Vec<T>, Error>>;

/// An operation that is under way.
pub(crate) struct Work<T: Data> {
    pub(crate) team: Arc<Team>,
    pub(crate) rank: usize,
    pub(crate) call: Call,
    pub(crate) data: Vec<T>,
    pub(crate) task: Task<T>,
}

pub(crate) enum Task<T> {
    /// To be received by somebody.
    Taken {
        to: usize,
        taken: Arc<AtomicBool>,
    },
    Receipt {
        source: Source,
        receipt: Arc<Posted>,
    },
    Collective {
        ticket: Ticket,
        finish: Finish<T>,
    },
    Over,
}

impl<T: Data> Work<T> {
    pub(crate) fn call(&self) -> Call {
        self.call
    }

    /// Whether the operation is over.
    pub(crate) fn test(&mut self) -> Result<bool, Error> {
        let (awaited, is_over): (_, &dyn Fn() -> bool) = match &self.task {
            Task::Taken { to, taken } => {
                (Awaited::All(&self.team.members[*to..*to + 1]), &|| taken.load(Ordering::Acquire))
            }
            Task::Receipt { source, receipt } => {
                (self.team.senders(self.rank, *source), &|| receipt.is_filled())
            }
            Task::Collective { ticket, .. } => return ticket.test(),
            Task::Over => return Ok(true),
        };
        if is_over() {
            return Ok(true);
        }
        self.team.watch.check(awaited, &is_over)?;
        Ok(is_over())
    }

    /// Waits until it is, and gives back what it owned.
    pub(crate) fn finish(mut self) -> Result<(Vec<T>, Status), Error> {
        let mut data = std::mem::take(&mut self.data);
        match std::mem::replace(&mut self.task, Task::Over) {
            Task::Taken { to, taken } => {
                self.team.wait_taken(self.rank, to, &taken, self.call)?;
                Ok((data, Status::NONE))
            }
            task @ Task::Receipt { .. } => {
                self.task = task;
                let status = self.receive(&mut data)?;
                Ok((data, status))
            }
            Task::Collective { ticket, finish } => {
                ticket.wait()?;
                Ok((finish(&ticket, data)?, Status::NONE))
            }
            Task::Over => Ok((data, Status::NONE)),
        }
    }
}

impl<T: Data> Work<T> {
    /// Waits for the message of a receipt.
    pub(crate) fn receive(mut self, into: &mut [T]) -> Result<Status, Error> {
        match std::mem::replace(&mut self.task, Task::Over) {
            Task::Receipt { source, receipt } => {
                let envelope = self.team.wait_filled(self.rank, source, &receipt, self.call)?;
                unpack(&envelope, into, self.call)
            }
            _ => Ok(Status::NONE),
        }
    }
}

impl<T: Data> Drop for Work<T> {
    fn drop(&mut self) {
        if let Task::Receipt { receipt, .. } = &self.task {
            self.team.inbox(self.rank).withdraw(receipt);
        }
    }
}
