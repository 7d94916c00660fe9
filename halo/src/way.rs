//! The ways in which the messages of a phase go, and the choice of the fastest one.

use std::time::Instant;

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

/// How it is decided in which way messages go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Halos {
    /// All ways are tried in the first exchanges, and the fastest one is taken.
    #[default]
    Measured,
    /// They are packed, and computations go on meanwhile.
    Packed,
    /// They go from the arrays and into them. Rank threads copy them, as if they were packed.
    InPlace,
}

impl Halos {
    /// All of them.
    pub const ALL: [Halos; 3] = [Halos::Measured, Halos::Packed, Halos::InPlace];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Halos::Measured => "measured",
            Halos::Packed => "packed",
            Halos::InPlace => "in place",
        }
    }
}

/// Each way is tried for so many exchanges in a row, of which the first does not count, and all ways so many times.
const ROW: usize = 3;
const ROUNDS: usize = 5;
/// How much less time a way must take than packed messages that are overlapped, in percent of an exchange with all that is computed
/// meanwhile. Where there is much to compute, these hide that the other rank is late, which it seldom is while ways are tried.
const NOTABLE: i64 = 2;

/// The median and the lower quartile of the times of a way, in nanoseconds.
type Usual = [i64; 2];

/// The choice of a way for a phase. The first exchanges go in all ways, one after the other, and then all ranks agree on
/// the one that took the least time.
pub(crate) struct Choice {
    ways: Vec<Way>,
    /// The nanoseconds of the exchanges in each way on this rank, with what was computed meanwhile.
    times: Vec<Vec<i64>>,
    /// How many exchanges were measured.
    measured: usize,
    began: Option<Instant>,
    way: Way,
    is_made: bool,
}

impl Choice {
    /// The choice where messages go across these axes: on all ranks the same ones.
    pub(crate) fn new(across: [bool; 3], can_be_in_place: bool, halos: Halos) -> Self {
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
            way: match halos {
                Halos::InPlace if can_be_in_place => Way { in_place: across, waits: false },
                _ => Way::default(),
            },
            is_made: across == [false; 3] || halos != Halos::Measured,
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
                self.times.iter_mut().flat_map(|times| usual(times)).collect();
            world.combine(Combine::Max, &mut usual)?;
            self.way = best(&self.ways, usual.as_chunks().0);
            self.is_made = true;
            return Ok(());
        }
        self.way = self.ways[self.measured / ROW % self.ways.len()];
        self.began = Some(Instant::now());
        Ok(())
    }

    /// Ends the time that counts for this exchange.
    pub(crate) fn end(&mut self) {
        let Some(began) = self.began.take() else { return };
        if !self.measured.is_multiple_of(ROW) {
            let way = self.measured / ROW % self.ways.len();
            self.times[way].push(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX));
        }
        self.measured += 1;
    }
}

fn usual(times: &mut [i64]) -> Usual {
    times.sort_unstable();
    [2, 4].map(|part| times.get(times.len() / part).map_or(i64::MAX, |time| *time))
}

/// The best of some ways, with the times that they usually take. The first one is chosen unless another is notably faster.
fn best(ways: &[Way], usual: &[Usual]) -> Way {
    let Some(first) = usual.first() else { return Way::default() };
    let is_notable = |usual: &Usual| {
        usual.iter().zip(first).all(|(time, first)| *time < first / 100 * (100 - NOTABLE))
    };
    let faster = ways.iter().zip(usual).filter(|(_, usual)| is_notable(usual));
    faster.min_by_key(|(_, usual)| usual[0]).map_or(ways[0], |(way, _)| *way)
}

#[cfg(test)]
mod tests {
    use fluxions_comm::threads;

    use super::*;

    #[test]
    fn ways_of_axes() {
        let choice = |across, can| Choice::new(across, can, Halos::Measured);
        let count = |across, can| choice(across, can).ways.len();
        assert_eq!(count([false, true, false], true), 3);
        assert_eq!(count([true, true, false], true), 7);
        assert_eq!(count([true; 3], true), 15);
        assert_eq!(count([true; 3], false), 2);
        assert_eq!(choice([false; 3], true).chosen(), Some(Way::default()));
        assert_eq!(choice([true; 3], true).chosen(), None);
        assert_eq!(choice([true; 3], true).ways[0], Way::default());
    }

    #[test]
    fn ways_that_are_asked_for() {
        let across = [true, false, true];
        let chosen = |can, halos| Choice::new(across, can, halos).chosen();
        assert_eq!(chosen(true, Halos::Packed), Some(Way::default()));
        assert_eq!(chosen(true, Halos::InPlace), Some(Way { in_place: across, waits: false }));
        assert_eq!(chosen(false, Halos::InPlace), Some(Way::default()));
    }

    #[test]
    fn the_first_way_unless_another_is_notably_faster() {
        let ways = Choice::new([false, false, true], true, Halos::Measured).ways;
        let [packed, waiting, in_place] = ways[..] else { panic!("three ways") };
        assert_eq!((packed, waiting.waits), (Way::default(), true));
        assert_eq!(in_place.in_place, [false, false, true]);
        let found = |times: [i64; 3]| best(&ways, &times.map(|time| [1000 * time, 800 * time]));
        assert_eq!(found([100, 120, 90]), in_place);
        assert_eq!(found([100, 95, 97]), waiting);
        assert_eq!(found([100, 99, 99]), packed);
        // Faster at its median only, which chance may do.
        assert_eq!(best(&ways, &[[1000, 800], [1000, 700], [900, 790]]), packed);
        assert_eq!(usual(&mut [9, 1, 5, 7, 3, 2, 8, 6, 4]), [5, 3]);
    }

    #[test]
    fn two_ranks_choose_what_is_fastest_on_the_slower_one() {
        let found = threads::run(2, |world| {
            let mut choice = Choice::new([false, true, true], true, Halos::Measured);
            let mut tried = 0;
            while choice.chosen().is_none() {
                choice.begin(world)?;
                tried += usize::from(choice.chosen().is_none());
                choice.end();
                for (number, times) in choice.times.iter_mut().enumerate() {
                    let slow = if number == 3 && !world.is_root() { 9 } else { number as i64 };
                    times.iter_mut().for_each(|time| *time = 10_000 - 500 * slow);
                }
            }
            Ok::<_, Error>((tried, choice.way()))
        });
        // Of 7 ways, the last one is all in place.
        let all = Way { in_place: [false, true, true], waits: false };
        assert_eq!(found.unwrap(), [(7 * 15, all); 2]);
    }
}
