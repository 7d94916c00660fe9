//! The world of MPI processes: the same operations as on threads, and failures.
#![cfg(feature = "mpi")]

use fluxions_comm::{Disagreement, Kind, World};
use fluxions_testing::under_mpi;

#[test]
fn collective_operations_on_1_to_4_ranks() {
    under_mpi(&[1, 2, 3, 4], "collective_operations_on_1_to_4_ranks", || {
        let world = World::start().unwrap();
        let (rank, n) = (world.rank(), world.size());
        assert_eq!(world.kind(), Kind::Mpi);
        let r = rank as f64;
        assert_eq!(world.sum(&[0.1, 1e300, -1e300]).unwrap(), sum_of(0.1, n));
        assert_eq!(world.max(r).unwrap(), (n - 1) as f64);
        assert!(world.min(if rank == n - 1 { f64::NAN } else { r }).unwrap().is_nan());
        let counts: Vec<_> = (0..n).map(|r| 2 * r).collect();
        let all = world.gather(&vec![r; 2 * rank], &counts).unwrap();
        let expected: Vec<_> = (0..n).flat_map(|r| vec![r as f64; 2 * r]).collect();
        assert_eq!(all, (rank == 0).then_some(expected));
        let agreed = world.agree(if rank + 1 == n { Err("no") } else { Ok(()) });
        let expected = if rank + 1 == n {
            Disagreement::Here("no")
        } else {
            Disagreement::There { rank: n - 1 }
        };
        assert_eq!(agreed, Err(expected));
    });
}

#[test]
fn every_rank_sends_something_else_to_every_other_on_3_ranks() {
    under_mpi(&[1, 3], "every_rank_sends_something_else_to_every_other_on_3_ranks", || {
        let world = World::start().unwrap();
        let (rank, n) = (world.rank(), world.size());
        // To rank r the number of both, many times for r > 0 and not at all for r = 0.
        let to: Vec<usize> = (0..n).map(|r| 20_000 * r).collect();
        let mine = (0..n).flat_map(|r| vec![(10 * rank + r) as f64; to[r]]).collect();
        let found = world.exchange(mine, &to, &vec![to[rank]; n]).unwrap();
        let expected: Vec<f64> =
            (0..n).flat_map(|from| vec![(10 * from + rank) as f64; to[rank]]).collect();
        assert_eq!(found, expected);
    });
}

/// n times x, rounded once.
fn sum_of(x: f64, n: usize) -> f64 {
    let mut sum = fluxions_comm::ExactSum::new();
    (0..n).for_each(|_| sum.add(x));
    sum.value()
}

/// Messages of 80 kB and more wait for their receipt on Open MPI's defaults: a ring of blocking
/// sends would hang here.
#[test]
fn long_messages_go_round_in_a_ring_on_2_and_3_ranks() {
    under_mpi(&[2, 3], "long_messages_go_round_in_a_ring_on_2_and_3_ranks", || {
        let world = World::start().unwrap();
        let (rank, n) = (world.rank(), world.size());
        for length in [1, 600, 10_000, 200_000] {
            let mut to = world.outgoing((rank + 1) % n, 1, length);
            let mut from = world.incoming((rank + n - 1) % n, 1, length);
            for step in 0..5 {
                from.start();
                to.buffer().fill((rank + step) as f64);
                to.start().unwrap();
                from.poll();
                let sender = (rank + n - 1) % n;
                let expected = (sender + step) as f64;
                assert!(from.finish().unwrap().iter().all(|x| *x == expected));
                to.finish().unwrap();
            }
        }
    });
}

#[test]
fn a_panic_on_one_rank_ends_the_job() {
    if std::env::var_os("FLUXIONS_TEST_PANIC").is_some() {
        let world = World::start().unwrap();
        if world.rank() == 1 {
            panic!("rank one breaks");
        }
        world.barrier().unwrap();
        return;
    }
    let mut command = fluxions_testing::mpirun(3);
    command
        .arg(std::env::current_exe().unwrap())
        .args(["a_panic_on_one_rank_ends_the_job", "--exact", "--nocapture"])
        .env("FLUXIONS_TEST_PANIC", "1");
    let output = fluxions_testing::finish(&mut command);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("rank one breaks"));
}
