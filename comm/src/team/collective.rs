//! What operations of all ranks make of the contributions of rank threads.

use std::ops::Range;

use crate::data::{Data, read, read_all};
use crate::error::{Class, Error};
use crate::operator::Operator;
use crate::team::board::{Contribution, Ticket};

/// Puts bytes of a rank in their place, if they are as many as there is room for.
fn put<T: Data>(ticket: &Ticket, from: usize, bytes: &[u8], into: &mut [T]) -> Result<(), Error> {
    if bytes.len() != size_of_val(into) {
        let sent = bytes.len() / size_of::<T>();
        let text =
            format!("rank {from} sent {sent} element(s), where {} were expected", into.len());
        return Err(Error::failed(ticket.call(), Class::Mismatch, text));
    }
    read(bytes, into).map_err(|_| no_value(ticket))
}

fn no_value(ticket: &Ticket) -> Error {
    Error::failed(ticket.call(), Class::Value, "bytes arrived that are no value of the type")
}

/// The contribution of a rank, which was waited for.
fn of(ticket: &Ticket, rank: usize) -> Result<&Contribution, Error> {
    ticket.read(rank)?.ok_or_else(|| {
        Error::failed(ticket.call(), Class::Deadlock, format!("rank {rank} has not come"))
    })
}

/// Checks that all ranks called the same.
pub(crate) fn all_of(ticket: &Ticket) -> Result<(), Error> {
    ticket.read_alike().map(drop)
}

/// What the root tells all.
pub(crate) fn told<T: Data>(ticket: &Ticket, root: usize, into: &mut [T]) -> Result<(), Error> {
    put(ticket, root, &of(ticket, root)?.bytes, into)
}

/// The part of rank `here` in what rank `from` sends to all.
pub(crate) fn part_of<T: Data>(
    ticket: &Ticket,
    (from, here): (usize, usize),
    into: &mut [T],
) -> Result<(), Error> {
    let theirs = of(ticket, from)?;
    let start: usize = theirs.counts[..here].iter().sum();
    let size = size_of::<T>();
    let part = &theirs.bytes[start * size..(start + theirs.counts[here]) * size];
    put(ticket, from, part, into)
}

/// Calls `fill` with each rank and its part of a list, of which it has so many elements.
fn part_by_part<T>(
    counts: &[usize],
    into: &mut [T],
    fill: impl Fn(usize, &mut [T]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut rest = into;
    for (rank, count) in counts.iter().enumerate() {
        let (part, others) = rest.split_at_mut(*count);
        fill(rank, part)?;
        rest = others;
    }
    Ok(())
}

/// What all ranks send, one after the other.
pub(crate) fn gathered<T: Data>(
    ticket: &Ticket,
    counts: &[usize],
    into: &mut [T],
) -> Result<(), Error> {
    part_by_part(counts, into, |rank, part| put(ticket, rank, &of(ticket, rank)?.bytes, part))
}

/// What all ranks send to rank `here`, one after the other.
pub(crate) fn exchanged<T: Data>(
    ticket: &Ticket,
    here: usize,
    counts: &[usize],
    into: &mut [T],
) -> Result<(), Error> {
    part_by_part(counts, into, |rank, part| part_of(ticket, (rank, here), part))
}

/// What some ranks contribute, combined in their order; `part` says which of their elements.
pub(crate) fn folded<T: Data>(
    ticket: &Ticket,
    operator: &impl Operator<T>,
    ranks: Range<usize>,
    part: Range<usize>,
    into: &mut [T],
) -> Result<(), Error> {
    let all = ticket.read_alike()?;
    let part = part.start * size_of::<T>()..part.end * size_of::<T>();
    for (rank, theirs) in ranks.clone().zip(&all[ranks.clone()]) {
        let theirs = &theirs.bytes[part.clone()];
        if rank == ranks.start {
            put(ticket, rank, theirs, into)?;
            continue;
        }
        let theirs: Vec<T> = read_all(theirs).map_err(|_| no_value(ticket))?;
        into.iter_mut().zip(theirs).for_each(|(a, b)| *a = operator.apply(*a, b));
    }
    Ok(())
}
