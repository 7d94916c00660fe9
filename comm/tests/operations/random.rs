//! Random programs of operations that go on at the same time. What they send follows from their seed alone, so that every rank
//! knows what has to arrive.

use crate::Case;
use fluxions_comm::{Any, Requests, Sum, World};

pub(crate) const CASES: &[Case] = &[("random programs", programs)];

/// Numbers that are the same on all ranks.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % most
    }
}

/// A message of a program.
#[derive(Clone, Copy)]
struct Planned {
    from: usize,
    to: usize,
    tag: usize,
    length: usize,
    number: usize,
    /// How it is sent and received.
    way: usize,
}

impl Planned {
    fn content(&self) -> Vec<u64> {
        (0..self.length).map(|k| (self.number * 1_000_003 + k) as u64).collect()
    }
}

fn programs(world: &World) {
    for seed in 0..8 {
        program(world, &mut Random(seed));
        // Tags come again in the next one.
        world.barrier().unwrap();
    }
}

/// Messages with tags of their own, in random order on each rank, with operations of all ranks between them.
fn program(world: &World, random: &mut Random) {
    let (rank, n) = (world.rank(), world.size());
    let planned: Vec<Planned> = (0..60)
        .map(|number| Planned {
            from: random.below(n),
            to: random.below(n),
            tag: number,
            length: [0, 1, 17, 600, 9000][random.below(5)],
            number,
            way: random.below(4),
        })
        .collect();
    // Each rank goes through its messages in another order.
    let mut own = Random(random.0 ^ (rank as u64 + 1));
    let mut order: Vec<usize> = (0..planned.len()).collect();
    for k in (1..order.len()).rev() {
        order.swap(k, own.below(k + 1));
    }
    let (mut receipts, mut sent) = (Requests::new(), Requests::new());
    let (mut expected, mut later) = (Vec::new(), Vec::new());
    for message in order.into_iter().map(|k| planned[k]) {
        if message.to == rank {
            match message.way {
                0 => later.push(message),
                _ => {
                    let room = vec![0; message.length + message.way - 1];
                    receipts.push(world.irecv(room, message.from, message.tag).unwrap());
                    expected.push(message);
                }
            }
        }
        if message.from == rank {
            let content = message.content();
            let request = match message.way {
                1 => world.issend(content, message.to, message.tag),
                _ => world.isend(content, message.to, message.tag),
            };
            sent.push(request.unwrap());
        }
    }
    let sums: Requests<_> =
        (0..5).map(|k| world.iallreduce(vec![rank as u64; 10 * k], Sum).unwrap()).collect();
    let mut all: Vec<usize> = vec![0; n];
    world.allgather_into(&[later.len()], &mut all).unwrap();
    assert_eq!(all.iter().sum::<usize>(), planned.iter().filter(|m| m.way == 0).count());
    // Some are probed for first, whoever sends them.
    for message in later {
        let found = world.mprobe(Any, message.tag).unwrap().recv_vec::<u64>().unwrap();
        assert_eq!((found.0, found.1.source), (message.content(), Some(message.from)));
    }
    let mut left = expected.len();
    while left > 0 {
        let found = match own.below(3) {
            0 => receipts.wait_any().unwrap().into_iter().collect(),
            1 => receipts.wait_some().unwrap(),
            _ => receipts.test_some().unwrap(),
        };
        left -= found.len();
        for (number, found, status) in found {
            let message = expected[number];
            assert_eq!((status.tag, status.length), (message.tag, message.length));
            assert_eq!(found[..message.length], message.content());
        }
    }
    for (k, found, _) in sums.wait_all().unwrap() {
        assert_eq!(found, vec![(n * (n - 1) / 2) as u64; 10 * k]);
    }
    assert_eq!(sent.wait_all().unwrap().len(), planned.iter().filter(|m| m.from == rank).count());
}
