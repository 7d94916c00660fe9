//! Operations that go on while a rank does other things, between two ranks and of all.

use crate::Case;
use fluxions_comm::{Any, Class, Requests, Status, Sum, World};

use crate::point_to_point::ends;
use crate::sample::{Sample, for_all_types, for_some_types};

pub(crate) const CASES: &[Case] = &[
    ("isend and irecv of all types", |world| for_all_types!(isend_and_irecv(world))),
    ("any source, any tag, later", any),
    ("wait for all of all types", |world| for_some_types!(all(world))),
    ("both directions at once", both),
    ("wait for any of all types", |world| for_some_types!(any_of(world))),
    ("wait for some", some),
    ("test, and test for all, any and some", tests),
    ("no requests", none),
    ("issend", issend),
    ("many outstanding", many),
    ("receipts are served in their order", order),
    ("requests that are dropped", dropped),
    ("boxes", boxes),
    ("operations of all ranks, all types", |world| for_some_types!(of_all_ranks(world))),
    ("parts of different lengths, all types, later", |world| {
        for_some_types!(different_parts(world))
    }),
    ("several operations of all ranks at once", at_once),
    ("immediate reductions", reductions),
    ("truncated later", truncated),
];

fn isend_and_irecv<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    for length in [0, 9, 5000] {
        let receipt = world.irecv(T::samples(0, length), (rank + n - 1) % n, 3).unwrap();
        let sent = world.isend(T::samples(rank, length), (rank + 1) % n, 3).unwrap();
        let (found, status) = receipt.wait().unwrap();
        let before = (rank + n - 1) % n;
        assert_eq!(found, T::samples(before, length));
        assert_eq!(status, Status { source: Some(before), tag: 3, length });
        assert_eq!(sent.wait().unwrap().0, T::samples(rank, length));
    }
}

fn any(world: &World) {
    let receipts: Requests<_> = (1..world.size())
        .filter(|_| world.rank() == 0)
        .map(|_| world.irecv(vec![0], Any, Any).unwrap())
        .collect();
    if world.rank() > 0 {
        world.isend(vec![world.rank()], 0, world.rank()).unwrap().wait().unwrap();
    }
    for (_, found, status) in receipts.wait_all().unwrap() {
        assert_eq!((status.source, status.tag), (Some(found[0]), found[0]));
    }
}

fn all<T: Sample>(world: &World) {
    ends(
        world,
        |last| {
            let sent: Requests<_> = [11, 22]
                .into_iter()
                .map(|tag| world.isend(T::samples(tag, 4), last, tag).unwrap())
                .collect();
            assert_eq!(sent.wait_all().unwrap().len(), 2);
        },
        |first| {
            let receipts: Requests<_> = [22, 11]
                .into_iter()
                .map(|tag| world.irecv(T::samples(0, 4), first, tag).unwrap())
                .collect();
            let found = receipts.wait_all().unwrap();
            assert_eq!((&found[0].1, found[0].2.tag), (&T::samples(22, 4), 22));
            assert_eq!((&found[1].1, found[1].2.tag), (&T::samples(11, 4), 11));
        },
    );
}

fn both(world: &World) {
    let exchange = |other: usize| {
        let mut requests = Requests::new();
        requests.push(world.irecv(vec![0.0; 40_000], other, 0).unwrap());
        requests.push(world.isend(vec![world.rank() as f64; 40_000], other, 0).unwrap());
        let found = requests.wait_all().unwrap();
        assert!(found[0].1.iter().all(|x| *x == other as f64));
    };
    ends(world, exchange, exchange);
}

fn any_of<T: Sample>(world: &World) {
    ends(
        world,
        |last| {
            for tag in [22, 11] {
                world.send(&T::samples(tag, 3), last, tag).unwrap();
            }
        },
        |first| {
            let mut receipts = Requests::new();
            for tag in [11, 22] {
                receipts.push(world.irecv(T::samples(0, 3), first, tag).unwrap());
            }
            let mut seen = Vec::new();
            while let Some((number, found, status)) = receipts.wait_any().unwrap() {
                assert_eq!(
                    (found, status.tag),
                    (T::samples(11 * (number + 1), 3), 11 * (number + 1))
                );
                seen.push(number);
            }
            seen.sort();
            assert_eq!(seen, [0, 1]);
            assert!(receipts.is_empty());
        },
    );
}

fn some(world: &World) {
    ends(
        world,
        |last| (0..6).for_each(|k| world.send(&[k], last, k).unwrap()),
        |first| {
            let mut receipts: Requests<_> =
                (0..6).map(|tag| world.irecv(vec![0], first, tag).unwrap()).collect();
            let mut seen = Vec::new();
            loop {
                let found = receipts.wait_some().unwrap();
                if found.is_empty() {
                    break;
                }
                seen.extend(found.into_iter().map(|(number, found, _)| {
                    assert_eq!(found, [number]);
                    number
                }));
            }
            seen.sort();
            assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
        },
    );
}

fn tests(world: &World) {
    // Nothing is sent before it was looked for.
    ends(
        world,
        |last| {
            world.recv(&mut [0u8], last, 9).unwrap();
            (0..4).for_each(|k| world.send(&[k as i32], last, k).unwrap());
        },
        |first| {
            let mut one = world.irecv(vec![0], first, 0).unwrap();
            let mut others: Requests<_> =
                (1..4).map(|tag| world.irecv(vec![0], first, tag).unwrap()).collect();
            assert!(!one.test().unwrap() && !others.test_all().unwrap());
            assert!(others.test_any().unwrap().is_none());
            assert!(others.test_some().unwrap().is_empty());
            world.send(&[1u8], first, 9).unwrap();
            while !one.test().unwrap() {
                std::thread::yield_now();
            }
            assert!(one.test().unwrap());
            assert_eq!(one.wait().unwrap().0, [0]);
            while !others.test_all().unwrap() {
                std::thread::yield_now();
            }
            let (number, found, _) = others.test_any().unwrap().unwrap();
            assert_eq!(found, [number as i32 + 1]);
            assert_eq!(others.test_some().unwrap().len(), 2);
            assert_eq!(others.len(), 0);
        },
    );
}

fn none(_: &World) {
    let mut none = Requests::<Vec<f64>>::new();
    assert!(none.wait_any().unwrap().is_none() && none.test_any().unwrap().is_none());
    assert!(none.wait_some().unwrap().is_empty() && none.test_some().unwrap().is_empty());
    assert!(none.test_all().unwrap() && none.wait_all().unwrap().is_empty());
}

fn issend(world: &World) {
    ends(
        world,
        |last| {
            let mut sent = world.issend(vec![1, 2], last, 0).unwrap();
            assert!(!sent.test().unwrap());
            world.send(&[0u8], last, 1).unwrap();
            assert_eq!(sent.wait().unwrap().0, [1, 2]);
        },
        |first| {
            world.recv(&mut [0u8], first, 1).unwrap();
            let mut found = [0; 2];
            world.recv(&mut found, first, 0).unwrap();
            assert_eq!(found, [1, 2]);
        },
    );
}

fn many(world: &World) {
    const MANY: usize = 500;
    let (rank, n) = (world.rank(), world.size());
    let mut requests = Requests::new();
    for k in 0..MANY {
        let from = (rank + n - 1) % n;
        requests.push(world.irecv(vec![0; 1 + k % 7], from, MANY - 1 - k).unwrap());
    }
    let sent: Requests<_> = (0..MANY)
        .map(|k| {
            let length = 1 + (MANY - 1 - k) % 7;
            world.isend(vec![1000 * rank + k; length], (rank + 1) % n, k).unwrap()
        })
        .collect();
    for (k, found, status) in requests.wait_all().unwrap() {
        let from = (rank + n - 1) % n;
        assert_eq!(found, vec![1000 * from + MANY - 1 - k; 1 + k % 7]);
        assert_eq!(status.tag, MANY - 1 - k);
    }
    sent.wait_all().unwrap();
}

fn order(world: &World) {
    ends(
        world,
        |last| (0..3).for_each(|k| world.send(&[k], last, 0).unwrap()),
        |first| {
            let one = world.irecv(vec![0], first, Any).unwrap();
            let two = world.irecv(vec![0], Any, 0).unwrap();
            let three = world.irecv(vec![0], first, 0).unwrap();
            assert_eq!(three.wait().unwrap().0, [2]);
            assert_eq!(one.wait().unwrap().0, [0]);
            assert_eq!(two.wait().unwrap().0, [1]);
        },
    );
}

fn dropped(world: &World) {
    let world = &world.dup().unwrap();
    ends(
        world,
        |last| {
            // What is sent arrives nevertheless.
            drop(world.isend(vec![1.0; 30_000], last, 0).unwrap());
            let mut again = world.send_init(vec![2.0; 30_000], last, 3).unwrap();
            again.start().unwrap();
            drop(again);
            drop(world.issend(vec![3.0; 2], last, 4).unwrap());
            world.recv(&mut [0.0; 1], last, 2).unwrap();
        },
        |first| {
            drop(world.irecv(vec![0.0], first, 1).unwrap());
            let mut found = vec![0.0; 30_000];
            world.recv(&mut found, first, 0).unwrap();
            assert!(found.iter().all(|x| *x == 1.0));
            world.recv(&mut found, first, 3).unwrap();
            assert!(found.iter().all(|x| *x == 2.0));
            world.recv(&mut found[..2], first, 4).unwrap();
            assert_eq!(found[..2], [3.0; 2]);
            world.send(&[1.0], first, 2).unwrap();
        },
    );
    drop(world.iallreduce(vec![1, 2, 3], Sum).unwrap());
    let n = world.size();
    drop(world.iallgatherv(vec![1; 2000], vec![0; 2000 * n], &vec![2000; n]).unwrap());
    drop(world.ibarrier().unwrap());
    let mut count = [1];
    world.allreduce(&mut count, Sum).unwrap();
    assert_eq!(count, [world.size()]);
}

fn boxes(world: &World) {
    let rank = world.rank();
    let receipt = world.irecv(vec![0u8; 3].into_boxed_slice(), rank, 0).unwrap();
    let sent = world.isend(vec![1u8, 2, 3].into_boxed_slice(), rank, 0).unwrap();
    let found: Box<[u8]> = receipt.wait().unwrap().0;
    assert_eq!(found, sent.wait().unwrap().0);
}

fn of_all_ranks<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let list = |rank: usize| T::samples(rank, 3);
    let all: Vec<T> = (0..n).flat_map(list).collect();
    world.ibarrier().unwrap().wait().unwrap();
    for root in 0..n {
        let (found, _) = world.ibcast(list(rank), root).unwrap().wait().unwrap();
        assert_eq!(found, list(root));
        let (found, _) = world.igather(list(rank), root).unwrap().wait().unwrap();
        assert_eq!(found, if rank == root { all.clone() } else { Vec::new() });
        let sent = if rank == root { all.clone() } else { Vec::new() };
        let (found, _) = world.iscatter(sent, T::samples(9, 3), root).unwrap().wait().unwrap();
        assert_eq!(found, list(rank));
    }
    let (found, _) = world.iallgather(list(rank)).unwrap().wait().unwrap();
    assert_eq!(found, all);
    let sent = T::samples(rank, n);
    let (found, _) = world.ialltoall(sent).unwrap().wait().unwrap();
    let expected: Vec<T> = (0..n).map(|other| T::samples(other, n)[rank]).collect();
    assert_eq!(found, expected);
}

fn different_parts<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    for each in [0, 2, 700] {
        let counts: Vec<usize> = (0..n).map(|rank| each * rank).collect();
        let list = |rank: usize| T::samples(rank, each * rank);
        let all: Vec<T> = (0..n).flat_map(list).collect();
        let room = |length: usize| T::samples(50, length);
        for root in 0..n {
            let is_root = rank == root;
            let sent = if is_root { all.clone() } else { Vec::new() };
            let mine = world.iscatterv(sent, &counts, room(counts[rank]), root).unwrap();
            let found = if is_root { room(all.len()) } else { room(1) };
            let found = world.igatherv(list(rank), found, &counts, root).unwrap();
            assert_eq!(mine.wait().unwrap().0, list(rank));
            let found = found.wait().unwrap().0;
            assert_eq!(found, if is_root { all.clone() } else { room(1) });
        }
        // From each rank to rank r, r times so many elements. The counts are not needed while this goes on.
        let row = |rank: usize| T::samples(rank, all.len());
        let columns = world.ialltoallv(
            row(rank),
            &counts.clone(),
            room(n * counts[rank]).into_boxed_slice(),
            &vec![counts[rank]; n],
        );
        let found = world.iallgatherv(list(rank), room(all.len()), &counts.clone()).unwrap();
        assert_eq!(found.wait().unwrap().0, all);
        let start: usize = counts[..rank].iter().sum();
        let part = |other: usize| row(other)[start..start + counts[rank]].to_vec();
        let found: Box<[T]> = columns.unwrap().wait().unwrap().0;
        assert_eq!(found.to_vec(), (0..n).flat_map(part).collect::<Vec<_>>());
    }
}

fn at_once(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let sums: Requests<_> =
        (0..20).map(|k| world.iallreduce(vec![rank + k; 3], Sum).unwrap()).collect();
    let lists: Requests<_> = (0..5).map(|k| world.iallgather(vec![rank + k]).unwrap()).collect();
    let barrier = world.ibarrier().unwrap();
    for (k, found, _) in lists.wait_all().unwrap() {
        assert_eq!(found, (0..n).map(|rank| rank + k).collect::<Vec<_>>());
    }
    barrier.wait().unwrap();
    let mut sums = sums;
    while let Some((k, found, _)) = sums.wait_any().unwrap() {
        assert_eq!(found, [n * (n - 1) / 2 + n * k; 3]);
    }
}

fn reductions(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let x = |rank: usize| 0.1 * (rank + 1) as f64;
    let sum = |ranks: usize| (1..ranks).fold(x(0), |sum, rank| sum + x(rank));
    assert_eq!(world.iallreduce(vec![x(rank)], Sum).unwrap().wait().unwrap().0, [sum(n)]);
    assert_eq!(world.iscan(vec![x(rank)], Sum).unwrap().wait().unwrap().0, [sum(rank + 1)]);
    let (found, _) = world.iexscan(vec![x(rank)], Sum).unwrap().wait().unwrap();
    assert_eq!(found, [if rank == 0 { x(0) } else { sum(rank) }]);
    for root in 0..n {
        let (found, _) = world.ireduce(vec![x(rank), 1.0], Sum, root).unwrap().wait().unwrap();
        let expected = if rank == root { [sum(n), n as f64] } else { [x(rank), 1.0] };
        assert_eq!(found, expected);
    }
    let left = |a: [usize; 2], b: [usize; 2]| [a[0], b[1]];
    let (found, _) = world.iallreduce(vec![[rank, rank]], left).unwrap().wait().unwrap();
    assert_eq!(found, [[0, n - 1]]);
}

fn truncated(world: &World) {
    let rank = world.rank();
    let receipt = world.irecv(vec![0i64; 2], rank, 0).unwrap();
    world.send(&[1i64, 2, 3], rank, 0).unwrap();
    assert_eq!(receipt.wait().unwrap_err().class(), Some(Class::Truncated));
}
