//! Ranks as threads: what they share.

mod board;
mod collective;
mod failure;
mod inbox;
mod mailbox;
mod messages;
mod shared;
mod team;
mod work;

pub(crate) use board::{Contribution, Needed, Ticket};
pub(crate) use collective::{all_of, exchanged, folded, gathered, part_of, told};
#[cfg(any(feature = "mpi", test))]
pub(crate) use failure::lock;
pub(crate) use inbox::Envelope;
pub(crate) use mailbox::MailboxEnd;
pub(crate) use messages::unpack;
pub(crate) use shared::TeamWindow;
pub(crate) use team::Team;
pub(crate) use work::{Task, Work};
