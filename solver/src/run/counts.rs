//! Counts of what a run did on this rank.

use fluxions_halo::Exchange;
use serde::{Deserialize, Serialize};

/// Counts of what a run of a plan did on this rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of times that the halos of a group of fields were exchanged.
    pub halo_exchanges: u64,
    /// The number of messages sent to other ranks.
    pub messages: u64,
    /// The number of bytes in these messages.
    pub bytes_sent: u64,
    /// The number of times that right-hand sides were evaluated.
    pub rhs_evaluations: u64,
}

/// How many corrections and iterations it took to solve equations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iterations {
    /// Corrections by Newton's method.
    pub nonlinear: u64,
    /// Iterations of linear systems.
    pub linear: u64,
}

impl Counts {
    /// These counts and others together; right-hand sides are those of these alone.
    pub(crate) fn with(self, others: Counts) -> Counts {
        Counts {
            halo_exchanges: self.halo_exchanges + others.halo_exchanges,
            messages: self.messages + others.messages,
            bytes_sent: self.bytes_sent + others.bytes_sent,
            rhs_evaluations: self.rhs_evaluations,
        }
    }

    /// Counts one exchange of halos and its messages.
    pub(crate) fn add_exchange(&mut self, exchange: &Exchange) {
        self.halo_exchanges += 1;
        self.messages += exchange.messages() as u64;
        self.bytes_sent += exchange.bytes() as u64;
    }
}
