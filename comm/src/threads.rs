//! Ranks as threads of this process.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::team::Team;
use crate::world::World;

/// The stack size of a rank thread. It is large since expressions are walked by recursion.
const STACK: usize = 16 << 20;

/// Calls `rank` on `ranks` threads, each with its own [`World`]. Returns the results in the order
/// of the ranks.
///
/// # Errors
/// The error of the rank that failed first, if any did. The other ranks stop at their next
/// communication.
///
/// # Panics
/// If a rank panics. The other ranks stop at their next communication, and the panic continues in
/// the calling thread.
pub fn run<T, E>(ranks: usize, rank: impl Fn(&World) -> Result<T, E> + Sync) -> Result<Vec<T>, E>
where
    T: Send,
    E: Display + Send,
{
    let team = Arc::new(Team::new(ranks));
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..ranks)
            .map(|number| {
                let (team, rank) = (&team, &rank);
                let body = move || {
                    let world = World::of_team(team.clone(), number);
                    let outcome = catch_unwind(AssertUnwindSafe(|| rank(&world)));
                    match &outcome {
                        Ok(Ok(_)) => team.watch.end(number),
                        Ok(Err(error)) => team.watch.fail(number, error.to_string()),
                        Err(_) => team.watch.fail(number, "it panicked".into()),
                    }
                    outcome
                };
                let builder = std::thread::Builder::new().name(format!("rank {number}"));
                builder.stack_size(STACK).spawn_scoped(scope, body).unwrap_or_else(|error| {
                    // The ranks that run already would wait for this one forever.
                    team.watch.fail(number, format!("no thread could be started: {error}"));
                    panic!("no thread could be started for rank {number}: {error}")
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let first = team.watch.first_failed();
    let mut results = Vec::with_capacity(ranks);
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match outcome.unwrap_or_else(Err) {
            Ok(Ok(result)) => results.push(result),
            Ok(Err(error)) if first == Some(number) => return Err(error),
            Err(panic) if first == Some(number) => resume_unwind(panic),
            // This rank failed only since another one had failed.
            Ok(Err(_)) | Err(_) => {}
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::Error;
    use crate::team::lock;

    #[test]
    fn collective_operations_on_any_number_of_ranks() {
        for n in 1..=7 {
            let results = run(n, |world| {
                let r = world.rank() as f64;
                let all = world.gather(&vec![r; world.rank()], &(0..n).collect::<Vec<_>>())?;
                Ok::<_, Error>((world.sum(&[r, 0.5])?, world.max(r)?, world.min(-r)?, all))
            })
            .unwrap();
            let total = (0..n).map(|r| r as f64 + 0.5).sum::<f64>();
            let last = (n - 1) as f64;
            let gathered = (0..n).flat_map(|r| vec![r as f64; r]).collect();
            for (rank, result) in results.into_iter().enumerate() {
                let all = (rank == 0).then_some(&gathered).cloned();
                assert_eq!(result, (total, last, -last, all));
            }
        }
    }

    #[test]
    fn a_nan_on_one_rank_is_the_extreme_of_all() {
        let results = run(3, |world| {
            let x = if world.rank() == 1 { f64::NAN } else { 1.0 };
            Ok::<_, Error>(world.max(x)?.is_nan() && world.min(x)?.is_nan())
        });
        assert_eq!(results.unwrap(), [true; 3]);
    }

    #[test]
    fn messages_go_round_in_a_ring() {
        for n in [2, 3, 8] {
            let results = run(n, |world| {
                let (rank, next) = (world.rank(), (world.rank() + 1) % n);
                let mut to = world.outgoing(next, 5, 3);
                let mut from = world.incoming((rank + n - 1) % n, 5, 3);
                let mut value = rank as f64;
                for _ in 0..100 {
                    from.start();
                    to.buffer().fill(value);
                    to.start()?;
                    value = from.finish()?[2] + 1.0;
                    to.finish()?;
                }
                Ok::<_, Error>(value)
            });
            let expected: Vec<_> =
                (0..n).map(|r| ((r + 100 * n - 100) % n) as f64 + 100.0).collect();
            assert_eq!(results.unwrap(), expected);
        }
    }

    #[test]
    fn every_rank_sends_something_else_to_every_other() {
        for n in 1..=5 {
            let results = run(n, |world| {
                let rank = world.rank();
                // Each rank sends a number that identifies both ranks to rank r, r times.
                let mine = (0..n).flat_map(|r| vec![(10 * rank + r) as f64; r]).collect();
                let to: Vec<usize> = (0..n).collect();
                world.exchange(mine, &to, &vec![rank; n])
            })
            .unwrap();
            for (rank, found) in results.into_iter().enumerate() {
                let expected: Vec<f64> =
                    (0..n).flat_map(|from| vec![(10 * from + rank) as f64; rank]).collect();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn ranks_take_their_turn() {
        let order = Mutex::new(Vec::new());
        run(5, |world| world.in_turn(|| lock(&order).push(world.rank()))).unwrap();
        assert_eq!(*lock(&order), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn ranks_agree_on_the_lowest_failure() {
        use crate::Disagreement::*;
        let results = run(4, |world| {
            let mine = if world.rank() % 2 == 1 { Err(world.rank()) } else { Ok(()) };
            Ok::<_, Error>(world.agree(mine))
        });
        let there = Err(There { rank: 1 });
        assert_eq!(results.unwrap(), [there.clone(), Err(Here(1)), there.clone(), there]);
    }

    #[test]
    fn an_error_on_one_rank_ends_the_others() {
        let outcome = run(3, |world| {
            if world.rank() == 2 {
                return Err("out of disk".to_string());
            }
            world.incoming(2, 0, 1).finish().map_err(|e| e.to_string())?;
            Ok(())
        });
        assert_eq!(outcome.unwrap_err(), "out of disk");
    }

    #[test]
    fn a_rank_that_ends_too_early_ends_the_others() {
        let outcome = run(3, |world| match world.rank() {
            1 => Ok(()),
            _ => world.barrier(),
        });
        let message = "rank 1 failed: it ended while others waited for it";
        assert_eq!(outcome.unwrap_err().to_string(), message);
    }

    #[test]
    #[should_panic(expected = "broken")]
    fn a_panic_on_one_rank_ends_the_others() {
        let _ = run(3, |world| {
            if world.rank() == 1 {
                panic!("broken");
            }
            world.barrier()
        });
    }

    /// Rank 0 gives its part and ends before rank 2 gives its own, for which rank 1 waits.
    #[test]
    fn a_rank_may_end_before_others_have_given_their_part_on_3_ranks() {
        let found = run(3, |world| {
            if world.rank() == 2 {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            let mut number = [world.rank() + 2];
            world.reduce(&mut number, crate::Prod, 1)?;
            Ok::<_, Error>(number[0])
        });
        assert_eq!(found.unwrap(), [2, 24, 4]);
    }
}
