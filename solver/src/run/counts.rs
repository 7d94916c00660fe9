//! What a run did on this rank, counted.

use fluxions_halo::Exchange;

/// What a run of a plan did, on this rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times that halos of a group of fields were exchanged.
    pub halo_exchanges: u64,
    /// Messages sent to other ranks.
    pub messages: u64,
    /// Bytes in these messages.
    pub bytes_sent: u64,
    /// Times that right-hand sides were evaluated.
    pub rhs_evaluations: u64,
}

impl Counts {
    /// Counts one exchange of halos with its messages.
    pub(crate) fn add_exchange(&mut self, exchange: &Exchange) {
        self.halo_exchanges += 1;
        self.messages += exchange.messages() as u64;
        self.bytes_sent += exchange.bytes() as u64;
    }
}
