//! The ways in which the messages of a phase go, and the choice of the fastest one.

use std::time::{Duration, Instant};

use fluxions_comm::{Combine, Error, World};

/// A way in which the messages of a phase go. The bits that arrive are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The axes across which cells are sent from the arrays and received into them, for each field in a message of its own. They
    /// arrive before the phase has started. The others are packed, all fields in one message.
    pub in_place: [bool; 3],
    /// Whether packed messages, too, arrive before the phase has started, so that nothing is left to wait for.
    pub waits: bool,
}

impl Way {
    /// How messages across an axis go.
    pub fn in_words(&self, axis: usize) -> &'static str {
        match (self.in_place[axis], self.waits) {
            (true, _) => "in place",
            (false, true) => "packed",
            (false, false) => "packed and overlapped",
        }
    }
}

/// Each way is tried for so many exchanges in a row, of which the first does not count, and all ways so many times.
const ROW: usize = 3;
const ROUNDS: usize = 3;
/// What an overlap must cost to be given up, in percent of an exchange with all that is computed meanwhile: it hides the wait
/// for a rank that is late.
const NOTABLE: i64 = 2;

/// The nanoseconds of an exchange: those in the exchange itself, and all, with what was computed meanwhile.
type Times = [i64; 2];

/// The choice of a way for a phase. The first exchanges go in all ways, one after the other, and then all ranks agree on
/// the one that took the least time.
pub(crate) struct Choice {
    ways: Vec<Way>,
    /// The times of each way on this rank.
    times: Vec<Vec<Times>>,
    /// How many exchanges were measured.
    measured: usize,
    /// When the exchange that is measured began, and when its part began that is under way.
    began: Option<(Instant, Instant)>,
    /// How long its parts took so far.
    spent: Duration,
    way: Way,
    is_made: bool,
}

impl Choice {
    /// The choice where messages go across these axes: on all ranks the same ones.
    pub(crate) fn new(across: [bool; 3], can_be_in_place: bool) -> Self {
        let subsets = if can_be_in_place { 8 } else { 1 };
        let mut ways = Vec::new();
        for subset in 0..subsets {
            let in_place: [bool; 3] = std::array::from_fn(|axis| subset >> axis & 1 == 1);
            if (0..3).any(|axis| in_place[axis] && !across[axis]) {
                continue;
            }
            ways.push(Way { in_place, waits: false });
            if in_place != across {
                ways.push(Way { in_place, waits: true });
            }
        }
        Choice {
            times: ways.iter().map(|_| Vec::with_capacity(ROUNDS * ROW)).collect(),
            ways,
            measured: 0,
            began: None,
            spent: Duration::ZERO,
            way: Way::default(),
            is_made: across == [false; 3],
        }
    }

    /// The way of the exchange that is under way.
    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// The way that was chosen.
    pub(crate) fn chosen(&self) -> Option<Way> {
        self.is_made.then_some(self.way)
    }

    /// Begins an exchange, and its first part. When all ways were tried, the ranks agree.
    pub(crate) fn begin(&mut self, world: &World) -> Result<(), Error> {
        if self.is_made {
            return Ok(());
        }
        if self.measured == ROUNDS * ROW * self.ways.len() {
            let mut usual: Vec<i64> =
                self.times.iter_mut().flat_map(|times| medians(times)).collect();
            world.combine(Combine::Max, &mut usual)?;
            self.way = best(&self.ways, usual.as_chunks().0);
            self.is_made = true;
            return Ok(());
        }
        self.way = self.ways[self.measured / ROW % self.ways.len()];
        self.spent = Duration::ZERO;
        let now = Instant::now();
        self.began = Some((now, now));
        Ok(())
    }

    /// Begins another part of the exchange.
    pub(crate) fn enter(&mut self) {
        if let Some((_, part)) = &mut self.began {
            *part = Instant::now();
        }
    }

    /// Ends a part of the exchange.
    pub(crate) fn leave(&mut self) {
        if let Some((_, part)) = self.began {
            self.spent += part.elapsed();
        }
    }

    /// Ends the time that counts for this exchange.
    pub(crate) fn end(&mut self) {
        let Some((began, _)) = self.began.take() else { return };
        if !self.measured.is_multiple_of(ROW) {
            let way = self.measured / ROW % self.ways.len();
            let times = [self.spent, began.elapsed()];
            self.times[way].push(times.map(|t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX)));
        }
        self.measured += 1;
    }
}

/// The median of each of both times.
fn medians(times: &mut [Times]) -> Times {
    std::array::from_fn(|which| {
        times.sort_unstable_by_key(|times| times[which]);
        times.get(times.len() / 2).map_or(i64::MAX, |times| times[which])
    })
}

/// The best of some ways, with the times that they usually take.
fn best(ways: &[Way], usual: &[Times]) -> Way {
    let all = || ways.iter().zip(usual);
    let overlapped = all().filter(|(way, _)| !way.waits);
    let Some((way, [_, whole])) = overlapped.min_by_key(|(_, [spent, _])| *spent) else {
        return Way::default();
    };
    let waiting = Way { waits: true, ..*way };
    let least = whole / 100 * (100 - NOTABLE);
    match all().any(|(other, [_, whole])| *other == waiting && *whole < least) {
        true => waiting,
        false => *way,
    }
}

#[cfg(test)]
mod tests {
    use fluxions_comm::threads;

    use super::*;

    #[test]
    fn ways_of_axes() {
        let count = |across, can| Choice::new(across, can).ways.len();
        assert_eq!(count([false, true, false], true), 3);
        assert_eq!(count([true, true, false], true), 7);
        assert_eq!(count([true; 3], true), 15);
        assert_eq!(count([true; 3], false), 2);
        assert_eq!(Choice::new([false; 3], true).chosen(), Some(Way::default()));
        assert_eq!(Choice::new([true; 3], true).ways[0], Way::default());
    }

    #[test]
    fn what_takes_least_in_the_exchange_and_an_overlap_unless_it_costs_more() {
        let choice = Choice::new([false, false, true], true);
        let [packed, waiting, in_place] = choice.ways[..] else { panic!("three ways") };
        assert_eq!((waiting.waits, in_place.in_place), (true, [false, false, true]));
        let found = |times| best(&choice.ways, times);
        assert_eq!(found(&[[30, 5000], [40, 5000], [20, 6000]]), in_place);
        assert_eq!(found(&[[20, 5000], [10, 4950], [30, 4000]]), packed);
        assert_eq!(found(&[[20, 5000], [50, 4800], [30, 4000]]), waiting);
    }

    #[test]
    fn two_ranks_choose_what_is_fastest_on_the_slower_one() {
        let found = threads::run(2, |world| {
            let mut choice = Choice::new([false, true, true], true);
            let mut tried = 0;
            while choice.chosen().is_none() {
                choice.begin(world)?;
                tried += usize::from(choice.chosen().is_none());
                choice.leave();
                choice.end();
                for (number, times) in choice.times.iter_mut().enumerate() {
                    let slow = if number == 3 && !world.is_root() { 9 } else { number as i64 };
                    times.iter_mut().for_each(|times| *times = [100 - slow, 100]);
                }
            }
            Ok::<_, Error>((tried, choice.way()))
        });
        // Of 7 ways, the last one is all in place.
        let all = Way { in_place: [false, true, true], waits: false };
        assert_eq!(found.unwrap(), [(7 * 9, all); 2]);
    }
}
