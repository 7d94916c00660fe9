//! Wrong arguments to every call: errors that say what is wrong, and a world that goes on.

use crate::Case;
use fluxions_comm::{Class, Error, Kind, Sum, World};

pub(crate) const CASES: &[Case] = &[
    ("no such rank", no_such_rank),
    ("tags that are too large", tags),
    ("no such root", roots),
    ("wrong lengths", lengths),
    ("too long a message", truncated),
    ("bytes that are no value", no_value),
    ("a rank alone that waits for itself", alone),
    ("ranks that call different things", mismatch),
    ("what is too much for MPI", too_much),
    ("channels to nowhere", channels),
];

#[track_caller]
fn fails<T>(result: Result<T, Error>, class: Class) -> String {
    let Err(error) = result else { panic!("there was no error") };
    assert_eq!(error.class(), Some(class), "{error}");
    error.to_string()
}

fn no_such_rank(world: &World) {
    let n = world.size();
    let said = fails(world.send(&[1.0, 2.0], n, 3), Class::Rank);
    assert_eq!(said, format!("send of 2 element(s) to rank {n} with tag 3: there are {n} rank(s)"));
    fails(world.ssend(&[1], usize::MAX, 3), Class::Rank);
    fails(world.isend(vec![1], n, 0), Class::Rank);
    fails(world.issend(vec![1], n, 0), Class::Rank);
    let said = fails(world.recv(&mut [0], n, 0), Class::Rank);
    assert_eq!(
        said,
        format!("recv of 1 element(s) from rank {n} with tag 0: there are {n} rank(s)")
    );
    fails(world.irecv(vec![0], n, 0), Class::Rank);
    fails(world.sendrecv(&[1], n, 0, &mut [0], 0, 0), Class::Rank);
    fails(world.sendrecv(&[1], 0, 0, &mut [0], n, 0), Class::Rank);
    fails(world.sendrecv_replace(&mut [1], 0, 0, n, 0), Class::Rank);
    fails(world.probe::<u8>(n, 0), Class::Rank);
    fails(world.iprobe::<u8>(n, 0), Class::Rank);
    fails(world.mprobe(n, 0), Class::Rank);
    fails(world.mprobe(None, 0), Class::Rank);
    fails(world.improbe(n, 0), Class::Rank);
    fails(world.recv_vec::<u8>(n, 0), Class::Rank);
    fails(world.send_init(vec![1], n, 0), Class::Rank);
    fails(world.recv_init(vec![1], n, 0), Class::Rank);
    let ring = world.cartesian(&[n], &[true]).unwrap().unwrap();
    fails(world.bsend(&[1], n, 0), Class::Rank);
    fails(world.neighbourhood(&[n], &[]).map(drop), Class::Rank);
    fails(world.neighbourhood(&[], &[0, n]).map(drop), Class::Rank);
    fails(world.subset(&[n]).map(drop), Class::Rank);
    fails(world.subset(&[0, 0]).map(drop), Class::Rank);
    let said = fails(ring.coordinates(n), Class::Rank);
    assert!(said.starts_with(&format!("cartesian with rank {n}: ")), "{said}");
    fails(ring.shift(1, 1), Class::Dimensions);
    fails(ring.rank_at(&[0, 0]), Class::Dimensions);
    fails(ring.sub(&[]), Class::Dimensions);
}

fn tags(world: &World) {
    let (rank, tag) = (world.rank(), world.highest_tag() + 1);
    let said = fails(world.send(&[1], rank, tag), Class::Tag);
    assert!(said.ends_with(&format!("tags end at {}", tag - 1)), "{said}");
    fails(world.ssend(&[1], rank, usize::MAX), Class::Tag);
    fails(world.isend(vec![1], rank, tag), Class::Tag);
    fails(world.bsend(&[1], rank, tag), Class::Tag);
    fails(world.recv(&mut [0], rank, tag), Class::Tag);
    fails(world.irecv(vec![0], rank, tag), Class::Tag);
    fails(world.sendrecv(&[1], rank, tag, &mut [0], rank, 0), Class::Tag);
    fails(world.sendrecv(&[1], rank, 0, &mut [0], rank, tag), Class::Tag);
    fails(world.probe::<u8>(rank, tag), Class::Tag);
    fails(world.iprobe::<u8>(rank, tag), Class::Tag);
    fails(world.mprobe(rank, tag), Class::Tag);
    fails(world.send_init(vec![1], rank, tag), Class::Tag);
    fails(world.recv_init(vec![1], rank, tag), Class::Tag);
}

fn roots(world: &World) {
    let n = world.size();
    let said = fails(world.bcast(&mut [1], n), Class::Root);
    assert_eq!(said, format!("bcast of 1 element(s) with root {n}: there are {n} rank(s)"));
    fails(world.scatter_into(&vec![1; n], &mut [0], n), Class::Root);
    fails(world.scatterv_into(&vec![1; n], &vec![1; n], &mut [0], n), Class::Root);
    fails(world.gather_into(&[1], &mut vec![0; n], n), Class::Root);
    fails(world.gatherv_into(&[1], &mut vec![0; n], &vec![1; n], n), Class::Root);
    fails(world.reduce(&mut [1], Sum, n), Class::Root);
    fails(world.reduce_into(&[1], &mut [1], Sum, n), Class::Root);
    fails(world.ibcast(vec![1], n), Class::Root);
    fails(world.igather(vec![1], n), Class::Root);
    fails(world.iscatter(vec![1; n], vec![1], n), Class::Root);
    fails(world.ireduce(vec![1], Sum, n), Class::Root);
    fails(world.iscatterv(vec![1; n], &vec![1; n], vec![1], n), Class::Root);
    fails(world.igatherv(vec![1], vec![1; n], &vec![1; n], n), Class::Root);
}

fn lengths(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // Of the operations with a root, the root finds the mistake; the others do not call.
    let said = fails(world.scatter_into(&vec![1; n + 1], &mut [0], rank), Class::Count);
    assert!(said.contains(&format!("the list to send has {} element(s) instead of {n}", n + 1)));
    fails(world.scatterv_into(&vec![1; n], &vec![1; n + 1], &mut [0], rank), Class::Count);
    fails(world.scatterv_into(&vec![1; n], &vec![2; n], &mut [0], rank), Class::Count);
    fails(world.scatterv_into(&vec![1; n], &vec![1; n], &mut [0; 2], rank), Class::Count);
    fails(world.scatterv_into(&[1], &vec![usize::MAX; n + 1], &mut [0; 2], rank), Class::Count);
    fails(world.gather_into(&[1], &mut vec![0; n - 1], rank), Class::Count);
    fails(world.gatherv_into(&[1], &mut vec![0; n], &[], rank), Class::Count);
    fails(world.gatherv_into(&[1; 2], &mut vec![0; n], &vec![1; n], rank), Class::Count);
    fails(world.iscatter(vec![1; n + 1], vec![1], rank), Class::Count);
    fails(world.reduce_into(&[1], &mut [1; 2], Sum, rank), Class::Count);
    fails(world.iscatterv(vec![1; n], &vec![1; n + 1], vec![0], rank), Class::Count);
    fails(world.iscatterv(vec![1; n], &vec![2; n], vec![0], rank), Class::Count);
    fails(world.iscatterv(vec![1; n], &vec![1; n], vec![0; 2], rank), Class::Count);
    fails(world.igatherv(vec![1], vec![0; n], &[], rank), Class::Count);
    fails(world.igatherv(vec![1; 2], vec![0; n], &vec![1; n], rank), Class::Count);
    fails(world.igatherv(vec![1], vec![0; n + 1], &vec![1; n], rank), Class::Count);
    // Those without a root are found by all.
    fails(world.allgather_into(&[1], &mut vec![0; n + 1]), Class::Count);
    fails(world.allgatherv_into(&[1], &mut vec![0; n], &vec![1; n + 1]), Class::Count);
    fails(world.allgatherv_into(&[1; 2], &mut vec![0; n], &vec![1; n]), Class::Count);
    fails(world.alltoall_into(&vec![1; n], &mut vec![0; n + 1]), Class::Count);
    fails(world.alltoallv_into(&vec![1; n], &vec![1; n], &mut [0], &vec![2; n]), Class::Count);
    fails(world.alltoallv_into(&vec![1; n + 1], &vec![1; n], &mut [0], &[]), Class::Count);
    fails(world.iallgatherv(vec![1], vec![0; n], &vec![1; n + 1]), Class::Count);
    fails(world.iallgatherv(vec![1; 2], vec![0; n], &vec![1; n]), Class::Count);
    fails(world.iallgatherv(vec![1], vec![0; n + 1], &vec![1; n]), Class::Count);
    fails(world.ialltoallv(vec![1; n], &vec![1; n], vec![0], &vec![2; n]), Class::Count);
    fails(world.ialltoallv(vec![1; n + 1], &vec![1; n], vec![0], &[]), Class::Count);
    fails(world.allreduce_into(&[1], &mut [0; 2], Sum), Class::Count);
    fails(world.reduce_scatter_block_into(&vec![1; n + 1], &mut [0], Sum), Class::Count);
    fails(world.reduce_scatter_into(&vec![1; n], &vec![1; n + 1], &mut [0], Sum), Class::Count);
    fails(world.reduce_scatter_into(&vec![1; n], &vec![2; n], &mut [0; 2], Sum), Class::Count);
    fails(world.reduce_scatter_into(&vec![1; n], &vec![1; n], &mut [0; 2], Sum), Class::Count);
    fails(world.gather(&[1.0], &vec![1; n + 1]), Class::Count);
    fails(world.gather(&[1.0], &vec![1; n - 1]), Class::Count);
    fails(world.gather(&[1.0], &vec![2; n]), Class::Count);
    fails(world.exchange(vec![1.0; n], &vec![1; n + 1], &vec![1; n]), Class::Count);
    fails(world.exchange(vec![1.0; n], &vec![1; n], &vec![1; n + 1]), Class::Count);
    fails(world.exchange(vec![1.0; n], &vec![2; n], &vec![1; n]), Class::Count);
    fails(world.exchange(vec![1.0; n], &vec![1; n], &vec![usize::MAX; n + 1]), Class::Count);
    let alone = world.neighbourhood(&[rank], &[rank]).unwrap();
    fails(alone.allgather_into(&[1], &mut [0; 2]), Class::Count);
    fails(alone.allgatherv_into(&[1], &mut [0], &[1, 1]), Class::Count);
    fails(alone.alltoall_into(&[1, 2], &mut [0]), Class::Count);
    fails(alone.alltoallv_into(&[1, 2], &[1], &mut [0; 2], &[2]), Class::Count);
    fails(alone.alltoallv_into(&[1], &[1], &mut [0], &[]), Class::Count);
    fails(alone.alltoallv_into(&[1], &[usize::MAX], &mut [0], &[1]), Class::Count);
    if n > 1 {
        fails(world.alltoall_into(&vec![1; n + 1], &mut vec![0; n + 1]), Class::Count);
        fails(world.ialltoall(vec![1; n + 1]), Class::Count);
        fails(world.ireduce_scatter_block(vec![1; n + 1], Sum), Class::Count);
    }
}

fn truncated(world: &World) {
    let (rank, n, mut tag) = (world.rank(), world.size(), 0);
    for length in [2, 100, 600, 100_000] {
        // From the rank itself, and from another one.
        for shift in [0, 1] {
            let (to, from) = ((rank + shift) % n, (rank + n - shift) % n);
            for way in 0..4 {
                tag += 1;
                let (mut numbers, long) = (vec![0.5; length + 8], vec![1.0; length]);
                let (room, beyond) = numbers.split_at_mut(length - 1);
                let found = match way {
                    0 => {
                        let sent = world.isend(long, to, tag).unwrap();
                        let found = world.recv(room, from, tag);
                        sent.wait().unwrap();
                        found
                    }
                    1 => {
                        let sent = world.isend(long, to, tag).unwrap();
                        let found = world.recv(room, fluxions_comm::Any, tag);
                        sent.wait().unwrap();
                        found
                    }
                    2 => world.sendrecv(&long, to, tag, room, from, tag),
                    _ => {
                        let sent = world.isend(long, to, tag).unwrap();
                        let found = world.mprobe(from, tag).unwrap().recv(room);
                        sent.wait().unwrap();
                        found
                    }
                };
                let said = fails(found, Class::Truncated);
                assert!(beyond.iter().all(|x| *x == 0.5), "{said}: it was written all the same");
            }
        }
    }
    let sent = world.isend(vec![1.0; 2], rank, 5).unwrap();
    let message = world.mprobe(rank, 5).unwrap();
    let said = fails(message.recv(&mut [0.0]), Class::Truncated);
    assert!(
        said.starts_with(&format!("recv of 1 element(s) from rank {rank} with tag 5: ")),
        "{said}"
    );
    sent.wait().unwrap();
    let error = world.sendrecv(&[1, 2, 3], rank, 0, &mut [0; 2], rank, 0);
    fails(error, Class::Truncated);
}

fn no_value(world: &World) {
    let rank = world.rank();
    let mut found = [true, true];
    world.send(&[0u8, 2], rank, 0).unwrap();
    fails(world.recv(&mut found, rank, 0), Class::Value);
    let receipt = world.irecv(vec!['a'], rank, 0).unwrap();
    world.send(&[u32::MAX], rank, 0).unwrap();
    fails(receipt.wait(), Class::Value);
    world.send(&[1u8, 2, 3], rank, 0).unwrap();
    fails(world.recv(&mut [0u16; 2], rank, 0), Class::Type);
}

fn alone(world: &World) {
    // Under MPI it would wait for ever, as MPI does.
    if world.size() > 1 || world.kind() == Kind::Mpi {
        return;
    }
    let said = fails(world.recv(&mut [0], 0, 0), Class::Deadlock);
    assert!(said.ends_with("the only rank would wait for itself for ever"), "{said}");
    fails(world.ssend(&[0], 0, 0), Class::Deadlock);
    world.recv(&mut [0], 0, 0).unwrap();
    fails(world.probe::<u8>(0, 0), Class::Deadlock);
    fails(world.irecv(vec![0], 0, 0).unwrap().wait(), Class::Deadlock);
    let mut receipts = fluxions_comm::Requests::new();
    receipts.push(world.irecv(vec![0], 0, 0).unwrap());
    fails(receipts.wait_any(), Class::Deadlock);
}

fn mismatch(world: &World) {
    let n = world.size();
    if n == 1 || world.kind() == Kind::Mpi {
        // Open MPI and MPICH cannot tell.
        return;
    }
    let is_last = world.rank() == n - 1;
    // All ranks find out, since all need something of the last one.
    let error = match is_last {
        true => world.allreduce(&mut [1], Sum),
        false => world.allgather_into(&[1], &mut vec![0; n]),
    };
    let said = fails(error, Class::Mismatch);
    assert!(!is_last || said.ends_with("rank 0 called allgather of 1 element(s)"), "{said}");
    fails(world.allreduce(&mut vec![1; 1 + usize::from(is_last)], Sum), Class::Mismatch);
    let sent = 1 + usize::from(is_last);
    let said =
        fails(world.exchange(vec![1.0; n * sent], &vec![sent; n], &vec![1; n]), Class::Mismatch);
    assert!(said.ends_with(&format!("rank {} sends 2 element(s) instead of 1", n - 1)), "{said}");
    let error = match is_last {
        true => world.allreduce(&mut [1.0], Sum),
        false => world.allreduce(&mut [1i32], Sum),
    };
    fails(error, Class::Mismatch);
    let mut data = vec![1; 1 + usize::from(is_last)];
    let found = world.bcast(&mut data, 0);
    match is_last {
        true => _ = fails(found, Class::Mismatch),
        false => found.unwrap(),
    }
}

fn too_much(world: &World) {
    if world.kind() != Kind::Mpi {
        return;
    }
    let n = world.size();
    // Untouched zeros take no memory. Parts of different lengths end where MPI's numbers do; elsewhere longer lists may be sent
    // (tests/large.rs).
    let long = vec![0u8; 1 << 31];
    let mut all = vec![0u8; n << 31];
    let said = fails(world.allgatherv_into(&long, &mut all, &vec![1 << 31; n]), Class::Count);
    assert!(said.ends_with("elements are too many for one call of MPI, which counts to 2^31 - 1"));
    fails(world.scatterv_into(&all, &vec![1 << 31; n], &mut vec![0; 1 << 31], 0), Class::Count);
    fails(world.iallreduce(long, Sum), Class::Count);
    let mut mine = vec![0u8; 1 << 31];
    fails(world.reduce_scatter_block_into(&all, &mut mine, Sum), Class::Count);
    let rows =
        fluxions_comm::Rows { start: 0, counts: [1 << 20; 2], strides: [1 << 24, 2], length: 1 };
    let part = fluxions_comm::Part { rank: 0, tag: 0, rows };
    fails(world.in_place(&[part], &[]).map(drop), Class::Count);
    if n > 1 {
        // Each part can be counted, their sum cannot.
        let part = &mine[..1 << 30];
        fails(world.allgatherv_into(part, &mut all[..n << 30], &vec![1 << 30; n]), Class::Count);
        let counts = vec![1 << 30; n];
        let sent = &all[..n << 30];
        fails(world.alltoallv_into(sent, &counts, &mut vec![0; n << 30], &counts), Class::Count);
    }
}

fn channels(world: &World) {
    if world.kind() == Kind::Mpi {
        // A panic ends the job.
        return;
    }
    let n = world.size();
    let panics = |call: &dyn Fn()| {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        caught.downcast_ref::<String>().expect("the panic has a message").clone()
    };
    let said = panics(&|| drop(world.outgoing(n, 0, 2)));
    assert_eq!(said, format!("send of 2 element(s) to rank {n} with tag 0: there are {n} rank(s)"));
    let said = panics(&|| drop(world.incoming(n, 0, 2)));
    assert_eq!(
        said,
        format!("recv of 2 element(s) from rank {n} with tag 0: there are {n} rank(s)")
    );
    let tag = world.highest_tag() + 1;
    assert!(panics(&|| drop(world.outgoing(0, tag, 2))).contains("tags end at"));
    assert!(panics(&|| drop(world.incoming(0, tag, 2))).contains("tags end at"));
}
