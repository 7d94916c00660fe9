//! Worlds made from a world.

use crate::Case;
use fluxions_comm::{Any, Class, Sum, World};

pub(crate) const CASES: &[Case] = &[
    ("a copy has messages of its own", copy),
    ("parts by colours and keys", split),
    ("ranks without a colour", without_colour),
    ("a colour that is too large", too_large),
    ("ranks in an order of their own", subset),
    ("the name of the machine", host),
    ("ranks that share memory", shared),
    ("parts of parts, with all that the solver uses", parts_of_parts),
    ("errors in parts are values, too", errors),
];

fn copy(world: &World) {
    let other = world.dup().unwrap();
    let rank = world.rank();
    assert_eq!((other.rank(), other.size(), other.kind()), (rank, world.size(), world.kind()));
    world.send(&[1], rank, 0).unwrap();
    other.send(&[2], rank, 0).unwrap();
    let mut found = [0];
    other.recv(&mut found, Any, Any).unwrap();
    assert_eq!(found, [2]);
    assert_eq!(other.iprobe::<i32>(Any, Any).unwrap(), None);
    world.recv(&mut found, Any, Any).unwrap();
    assert_eq!(found, [1]);
}

fn split(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // Backwards in each part.
    let part = world.split(rank % 2, -(rank as i32)).unwrap().unwrap();
    let members: Vec<usize> = (0..n).filter(|other| other % 2 == rank % 2).rev().collect();
    assert_eq!(part.size(), members.len());
    assert_eq!(members[part.rank()], rank);
    let mut all = vec![0; members.len()];
    part.allgather_into(&[rank], &mut all).unwrap();
    assert_eq!(all, members);
    // Ranks are those of the part.
    let next = (part.rank() + 1) % part.size();
    let mut found = [0];
    part.sendrecv(&[part.rank()], next, 0, &mut found, Any, 0).unwrap();
    assert_eq!((found[0] + 1) % part.size(), part.rank());
}

fn without_colour(world: &World) {
    let rank = world.rank();
    let part = world.split((rank > 0).then_some(7), 0).unwrap();
    assert_eq!(part.is_some(), rank > 0);
    if let Some(part) = part {
        let mut sum = [1];
        part.allreduce(&mut sum, Sum).unwrap();
        assert_eq!(sum, [world.size() - 1]);
    }
}

fn too_large(world: &World) {
    let error = world.split(1 << 31, 0).err().unwrap();
    assert_eq!(error.class(), Some(Class::Count));
}

fn subset(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // Every second one, from the last one on.
    let ranks: Vec<usize> = (0..n).rev().step_by(2).collect();
    let some = world.subset(&ranks).unwrap();
    assert_eq!(some.is_some(), ranks.contains(&rank));
    if let Some(some) = some {
        let mut all = vec![0; ranks.len()];
        some.allgather_into(&[rank], &mut all).unwrap();
        assert_eq!(all, ranks);
    }
    assert!(world.subset(&[]).unwrap().is_none());
}

fn host(world: &World) {
    let mut name = [0; 256];
    let mine = world.host().into_bytes();
    assert!(!mine.is_empty());
    name[..mine.len()].copy_from_slice(&mine);
    // All tests run on one host.
    let own = name;
    world.bcast(&mut name, 0).unwrap();
    assert_eq!(name, own);
}

fn shared(world: &World) {
    // All tests run on one host.
    let node = world.split_shared().unwrap();
    assert_eq!((node.rank(), node.size()), (world.rank(), world.size()));
}

fn parts_of_parts(world: &World) {
    let mut part = world.clone();
    while part.size() > 1 {
        let (rank, n) = (part.rank(), part.size());
        assert_eq!(part.sum(&[0.5]).unwrap(), 0.5 * n as f64);
        assert_eq!(part.max(rank as f64).unwrap(), (n - 1) as f64);
        let all = part.gather(&[rank as f64], &vec![1; n]).unwrap();
        assert_eq!(all.map_or(n, |all| all.len()), n);
        let mut to = part.outgoing((rank + 1) % n, 0, 2);
        let mut from = part.incoming((rank + n - 1) % n, 0, 2);
        from.start();
        to.buffer().fill(rank as f64);
        to.start().unwrap();
        assert_eq!(from.finish().unwrap(), [((rank + n - 1) % n) as f64; 2]);
        to.finish().unwrap();
        assert_eq!(part.in_turn(|| rank).unwrap(), rank);
        part = part.split(usize::from(rank > 0), 0).unwrap().unwrap();
    }
}

fn errors(world: &World) {
    let part = world.split(0, 0).unwrap().unwrap().dup().unwrap();
    part.send(&[1.0, 2.0], part.rank(), 0).unwrap();
    let error = part.recv(&mut [0.0], part.rank(), 0).unwrap_err();
    assert_eq!(error.class(), Some(Class::Truncated));
}
