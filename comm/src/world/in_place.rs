//! Messages whose numbers are sent from a list and arrive in it, without copies beside it.

use crate::error::{Class, Error};
use crate::message::{Channel, Incoming, Outgoing};
#[cfg(feature = "mpi")]
use crate::mpi::InPlace as OfMpi;
use crate::rows::{Part, Rows, overlap};
use crate::waiting::Call;
use crate::world::{Inner, World};

/// Parts of a list of numbers that go to other ranks, and parts that come from them, any number of times.
///
/// Processes of MPI send them from the list and receive them into it, rows at equal distances as MPI's derived types.
pub struct InPlace {
    inside: Inside,
    sent: Vec<Rows>,
    received: Vec<Rows>,
    /// One past the last number of the parts.
    end: usize,
    /// From the first number of the parts to the last one.
    extent: usize,
    /// Whether the parts of a list are known not to overlap.
    is_apart: bool,
}

enum Inside {
    Team(Vec<Outgoing>, Vec<Incoming>),
    #[cfg(feature = "mpi")]
    Mpi(OfMpi),
}

impl World {
    /// Sets up what is exchanged: the parts that are sent, and those that are received, which do not overlap with any others.
    ///
    /// ```
    /// use fluxions_comm::{Error, Part, Rows, threads};
    ///
    /// // Two columns of 3 by 3 numbers change places with those of the other rank.
    /// let found = threads::run(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let column = |start| Rows { start, counts: [1, 3], strides: [0, 3], length: 1 };
    ///     let part = |start| Part { rank: other, tag: 0, rows: column(start) };
    ///     let mut exchange = world.in_place(&[part(1)], &[part(2)])?;
    ///     let mut numbers = [10 * world.rank(), 1, 2, 3, 4, 5, 6, 7, 8].map(|n| n as f64);
    ///     exchange.exchange(&mut numbers, &[0])?;
    ///     Ok::<_, Error>(numbers)
    /// })?;
    /// assert_eq!(found[1], [10.0, 1.0, 1.0, 3.0, 4.0, 4.0, 6.0, 7.0, 7.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, or a part is too long for MPI or its rows lie too far apart.
    pub fn in_place(&self, sent: &[Part], received: &[Part]) -> Result<InPlace, Error> {
        for part in sent {
            let call = Call::send(Some(part.rank), part.tag, part.rows.numbers());
            self.check_rank(Some(part.rank), call)?;
            self.check_tag(Some(part.tag), call)?;
        }
        for part in received {
            let call = Call::recv(Some(part.rank), Some(part.tag), part.rows.numbers());
            self.check_rank(Some(part.rank), call)?;
            self.check_tag(Some(part.tag), call)?;
        }
        let inside = match &self.0 {
            Inner::Team(team, rank) => {
                let end = |ends, part: &Part| {
                    let length = part.rows.numbers();
                    Channel::Thread(team.mailbox_end(ends, *rank, part.tag, length))
                };
                let to = |part: &Part| Outgoing(end((*rank, part.rank), part));
                let from = |part: &Part| Incoming(end((part.rank, *rank), part));
                Inside::Team(sent.iter().map(to).collect(), received.iter().map(from).collect())
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => Inside::Mpi(OfMpi::new(communicator, sent, received)?),
        };
        let [sent, received]: [Vec<Rows>; 2] =
            [sent, received].map(|parts| parts.iter().map(|part| part.rows).collect());
        let all = || sent.iter().chain(&received);
        let end = all().map(Rows::end).max().unwrap_or(0);
        let found = || all().filter(|rows| rows.numbers() > 0);
        let begin = found().map(|rows| rows.start).min().unwrap_or(0);
        let extent = found().map(Rows::end).max().unwrap_or(0).saturating_sub(begin);
        Ok(InPlace { inside, sent, received, end, extent, is_apart: false })
    }
}

impl InPlace {
    /// Exchanges the parts of some lists, which begin at `starts`, and waits until that is done.
    ///
    /// # Errors
    /// If a part lies beyond the numbers, if parts that are received overlap with others, if a message is shorter or longer than
    /// its part, or if another rank has failed.
    pub fn exchange(&mut self, numbers: &mut [f64], starts: &[usize]) -> Result<(), Error> {
        check_ends(self.end, numbers, starts)?;
        self.check_apart(starts)?;
        match &mut self.inside {
            Inside::Team(to, from) => {
                let (sent, received) = (&self.sent, &self.received);
                starts.iter().try_for_each(|start| {
                    exchange_threads((sent, to), (received, from), &mut numbers[*start..])
                })
            }
            #[cfg(feature = "mpi")]
            Inside::Mpi(parts) => parts.exchange(numbers, starts),
        }
    }

    /// Checks that parts that are received do not overlap with others, of the same list or another one.
    fn check_apart(&mut self, starts: &[usize]) -> Result<(), Error> {
        let extent = self.extent;
        let near = |k: usize| starts[..k].iter().any(|start| start.abs_diff(starts[k]) < extent);
        let overlaps = if (0..starts.len()).any(near) {
            let all = |parts: &[Rows]| -> Vec<Rows> {
                let of = |start: &usize| {
                    let start = *start;
                    parts.iter().map(move |rows| Rows { start: rows.start + start, ..*rows })
                };
                starts.iter().flat_map(of).collect()
            };
            overlap(all(&self.received).iter(), all(&self.sent).iter())
        } else {
            !self.is_apart && overlap(self.received.iter(), self.sent.iter())
        };
        if overlaps {
            let call = Call::recv(None, None, extent);
            return Err(Error::failed(
                call,
                Class::Overlap,
                "a part that is received overlaps with another one",
            ));
        }
        self.is_apart = true;
        Ok(())
    }
}

/// Checks that parts that end at `end` lie within the numbers.
fn check_ends(end: usize, numbers: &[f64], starts: &[usize]) -> Result<(), Error> {
    let most = numbers.len().checked_sub(end);
    match starts.iter().all(|start| most.is_some_and(|most| *start <= most)) {
        true => Ok(()),
        false => {
            let call = Call::recv(None, None, numbers.len());
            Err(Error::failed(call, Class::Count, "a part lies beyond the numbers"))
        }
    }
}

fn exchange_threads(
    (sent, to): (&[Rows], &mut [Outgoing]),
    (received, from): (&[Rows], &mut [Incoming]),
    numbers: &mut [f64],
) -> Result<(), Error> {
    for (rows, to) in sent.iter().zip(to) {
        let mut room = to.buffer();
        for start in rows.starts() {
            let (row, rest) = room.split_at_mut(rows.length);
            row.copy_from_slice(&numbers[start..start + rows.length]);
            room = rest;
        }
        to.start()?;
    }
    for (rows, from) in received.iter().zip(from) {
        let mut arrived = from.finish()?;
        for start in rows.starts() {
            let (row, rest) = arrived.split_at(rows.length);
            numbers[start..start + rows.length].copy_from_slice(row);
            arrived = rest;
        }
    }
    Ok(())
}
