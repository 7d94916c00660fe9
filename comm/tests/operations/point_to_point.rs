//! Blocking messages between two ranks.

use crate::Case;
use fluxions_comm::{Any, Class, Status, World};

use crate::sample::{Sample, for_all_types, for_some_types};

pub(crate) const CASES: &[Case] = &[
    ("bsend never waits", bsend),
    ("send and recv of all types", |world| for_all_types!(send_and_recv(world))),
    ("any source, any tag", any_source_and_tag),
    ("nothing, and more than the eager limits", lengths),
    ("tags out of order", tags_out_of_order),
    ("messages do not overtake each other", order),
    ("a message shorter than the room", shorter),
    ("ssend", ssend),
    ("sendrecv in a ring", ring),
    ("sendrecv with itself", with_itself),
    ("sendrecv of different types and lengths", different),
    ("sendrecv_replace", replace),
    ("nobody", nobody),
    ("persistent messages of all types", |world| for_some_types!(persistent(world))),
    ("persistent messages, misused", persistent_misused),
];

/// Does something on rank 0 and something else on the last rank; nothing on one rank alone.
pub(crate) fn ends(world: &World, first: impl FnOnce(usize), last: impl FnOnce(usize)) {
    let n = world.size();
    match world.rank() {
        _ if n == 1 => {}
        0 => first(n - 1),
        rank if rank == n - 1 => last(0),
        _ => {}
    }
}

fn send_and_recv<T: Sample>(world: &World) {
    let sent = T::samples(0, 9);
    ends(
        world,
        |last| world.send(&sent, last, 5).unwrap(),
        |first| {
            let mut found = T::samples(1, 9);
            let status = world.recv(&mut found, first, 5).unwrap();
            assert_eq!(found, sent);
            assert_eq!(status, Status { source: Some(0), tag: 5, length: 9 });
            assert_eq!(status.to_string(), "9 element(s) from rank 0 with tag 5");
        },
    );
}

fn any_source_and_tag(world: &World) {
    if world.rank() > 0 {
        return world.send(&[world.rank()], 0, 3 * world.rank()).unwrap();
    }
    let mut seen = vec![false; world.size()];
    seen[0] = true;
    for _ in 1..world.size() {
        let mut found = [0];
        let status = world.recv(&mut found, Any, Any).unwrap();
        assert_eq!(status.source, Some(found[0]));
        assert_eq!(status.tag, 3 * found[0]);
        assert!(!std::mem::replace(&mut seen[found[0]], true));
    }
    assert!(seen.into_iter().all(|seen| seen));
}

fn lengths(world: &World) {
    for length in [0, 1, 511, 512, 513, 8191, 8193, 100_000] {
        let sent: Vec<f64> = (0..length).map(|k| k as f64).collect();
        ends(
            world,
            |last| world.send(&sent, last, 1).unwrap(),
            |first| {
                let mut found = vec![-1.0; length];
                assert_eq!(world.recv(&mut found, first, 1).unwrap().length, length);
                assert_eq!(found, sent);
            },
        );
    }
}

fn tags_out_of_order(world: &World) {
    let tags = [3, 0, world.highest_tag(), 2];
    ends(
        world,
        |last| tags.iter().for_each(|tag| world.send(&[*tag], last, *tag).unwrap()),
        |first| {
            for tag in tags.iter().rev() {
                let mut found = [0];
                assert_eq!(world.recv(&mut found, first, *tag).unwrap().tag, *tag);
                assert_eq!(found, [*tag]);
            }
        },
    );
}

fn order(world: &World) {
    ends(
        world,
        |last| (0..200i32).for_each(|k| world.send(&[k], last, k as usize % 2).unwrap()),
        |first| {
            let mut found = [0i32];
            for k in (1..200).step_by(2) {
                world.recv(&mut found, first, 1).unwrap();
                assert_eq!(found, [k]);
            }
            for k in (0..200).step_by(2) {
                world.recv(&mut found, Any, Any).unwrap();
                assert_eq!(found, [k]);
            }
        },
    );
}

fn shorter(world: &World) {
    ends(
        world,
        |last| world.send(&[1u16, 2], last, 0).unwrap(),
        |first| {
            let mut found = [9u16; 4];
            assert_eq!(world.recv(&mut found, first, 0).unwrap().length, 2);
            assert_eq!(found, [1, 2, 9, 9]);
        },
    );
}

fn ssend(world: &World) {
    ends(
        world,
        |last| {
            world.ssend(&[1.5], last, 0).unwrap();
            world.ssend(&vec![2.5; 20_000], last, 0).unwrap();
        },
        |first| {
            let mut found = vec![0.0; 20_000];
            assert_eq!(world.recv(&mut found, first, 0).unwrap().length, 1);
            assert_eq!(world.recv(&mut found, first, 0).unwrap().length, 20_000);
            assert!(found.iter().all(|x| *x == 2.5));
        },
    );
}

fn ring(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    for length in [1, 30_000] {
        let sent = vec![rank as i32; length];
        let mut found = vec![-1; length];
        let before = (rank + n - 1) % n;
        let status = world.sendrecv(&sent, (rank + 1) % n, 2, &mut found, before, 2).unwrap();
        assert_eq!(found, vec![before as i32; length]);
        assert_eq!(status, Status { source: Some(before), tag: 2, length });
    }
}

fn with_itself(world: &World) {
    let rank = world.rank();
    let mut found = [0.0; 3];
    world.sendrecv(&[1.0, 2.0, 3.0], rank, 0, &mut found, rank, Any).unwrap();
    assert_eq!(found, [1.0, 2.0, 3.0]);
    world.send(&[rank], rank, 1).unwrap();
    let mut found = [usize::MAX];
    world.recv(&mut found, Any, 1).unwrap();
    assert_eq!(found, [rank]);
}

fn different(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let mut found = [[0u32; 2]; 4];
    let before = (rank + n - 1) % n;
    let sent = [before as u32, 1, 2, 3];
    let (to, from) = (before, (rank + 1) % n);
    let status = world.sendrecv(&sent, to, 8, &mut found, from, Any).unwrap();
    assert_eq!(status.length, 2);
    assert_eq!(found[..2], [[rank as u32, 1], [2, 3]]);
}

fn replace(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let mut data = vec![rank; 5000];
    world.sendrecv_replace(&mut data, (rank + 1) % n, 0, (rank + n - 1) % n, 0).unwrap();
    assert_eq!(data, vec![(rank + n - 1) % n; 5000]);
}

fn nobody(world: &World) {
    let mut found = [4.0; 2];
    world.send(&found, None, 0).unwrap();
    world.ssend(&found, None, 0).unwrap();
    assert_eq!(world.recv(&mut found, None, Any).unwrap().source, None);
    assert_eq!(world.sendrecv(&[1.0], None, 0, &mut found, None, 0).unwrap().length, 0);
    assert_eq!(world.isend(vec![1], None, 0).unwrap().wait().unwrap().0, [1]);
    assert_eq!(world.irecv(vec![1], None, 0).unwrap().wait().unwrap().0, [1]);
    assert_eq!(world.probe::<f64>(None, 0).unwrap().source, None);
    assert_eq!(world.recv_vec::<f64>(None, 0).unwrap().0, []);
    let (mut to, mut from) =
        (world.send_init(vec![1], None, 0).unwrap(), world.recv_init(vec![2], None, 0).unwrap());
    for _ in 0..2 {
        from.start().unwrap();
        to.start().unwrap();
        assert_eq!(from.wait().unwrap().source, None);
        to.wait().unwrap();
        assert_eq!(from.buffer().unwrap(), [2]);
    }
    assert_eq!(found, [4.0; 2]);
}

fn persistent<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let (above, below) = ((rank + 1) % n, (rank + n - 1) % n);
    let mut to = world.send_init(T::samples(0, 5), above, 4).unwrap();
    let mut from = world.recv_init(T::samples(0, 6), below, 4).unwrap();
    for step in 0..4 {
        from.start().unwrap();
        to.buffer_mut().unwrap().copy_from_slice(&T::samples(step + rank, 5));
        to.start().unwrap();
        while step % 2 == 0 && !from.test().unwrap() {
            std::thread::yield_now();
        }
        assert_eq!(from.wait().unwrap(), Status { source: Some(below), tag: 4, length: 5 });
        assert_eq!(from.buffer().unwrap()[..5], T::samples(step + below, 5));
        to.wait().unwrap();
    }
}

fn persistent_misused(world: &World) {
    let rank = world.rank();
    let mut from = world.recv_init(vec![0; 2], rank, 0).unwrap();
    from.start().unwrap();
    assert_eq!(from.start().unwrap_err().class(), Some(Class::Active));
    assert_eq!(from.buffer().unwrap_err().class(), Some(Class::Active));
    let mut to = world.send_init(vec![7; 3], rank, 0).unwrap();
    to.start().unwrap();
    assert_eq!(from.wait().unwrap_err().class(), Some(Class::Truncated));
    to.wait().unwrap();
    // It can be used again.
    from.start().unwrap();
    world.send(&[5, 6], rank, 0).unwrap();
    assert_eq!(from.wait().unwrap().length, 2);
    assert_eq!(from.buffer().unwrap(), [5, 6]);
    // Receipts that are dropped take no message.
    from.start().unwrap();
    drop(from);
}

/// All send round a ring, and to themselves, before anyone receives.
fn bsend(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let (next, before) = ((rank + 1) % n, (rank + n - 1) % n);
    for length in [0, 1, 50_000] {
        let mut numbers = vec![rank; length];
        world.bsend(&numbers, next, 0).unwrap();
        world.bsend(&vec![n + rank; length], rank, 1).unwrap();
        world.bsend(&numbers, None, 0).unwrap();
        numbers.fill(usize::MAX);
        world.barrier().unwrap();
        assert_eq!(world.recv(&mut numbers, before, 0).unwrap().length, length);
        assert_eq!(numbers, vec![before; length]);
        world.recv(&mut numbers, rank, 1).unwrap();
        assert_eq!(numbers, vec![n + rank; length]);
    }
}
