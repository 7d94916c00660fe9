//! Operations of all ranks, but for reductions.

use crate::Case;
use fluxions_comm::World;

use crate::sample::{Sample, for_all_types, for_some_types};

pub(crate) const CASES: &[Case] = &[
    ("bcast from every root, all types", |world| for_all_types!(bcast(world))),
    ("bcast of a text", text),
    ("scatter, gather, allgather, alltoall of all types", |world| for_some_types!(parts(world))),
    ("parts of different lengths, all types", |world| for_some_types!(different_parts(world))),
    ("long lists", long),
    ("nothing to send", nothing),
    ("what the solver uses", of_the_solver),
];

fn bcast<T: Sample>(world: &World) {
    for root in 0..world.size() {
        for length in [0, 1, 5, 3000] {
            let mut data = T::samples(world.rank(), length);
            world.bcast(&mut data, root).unwrap();
            assert_eq!(data, T::samples(root, length));
        }
    }
}

fn text(world: &World) {
    let said = "Grüße, Ω";
    let mut bytes = if world.is_root() { said.as_bytes().to_vec() } else { vec![0; said.len()] };
    world.bcast(&mut bytes, 0).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), said);
}

fn parts<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    for length in [0, 1, 2, 3, 10] {
        let list = |rank: usize| T::samples(rank, length);
        let all: Vec<T> = (0..n).flat_map(list).collect();
        for root in 0..n {
            let is_root = rank == root;
            let mut mine = T::samples(50, length);
            world.scatter_into(if is_root { &all[..] } else { &[] }, &mut mine, root).unwrap();
            assert_eq!(mine, list(rank));
            let mut found = T::samples(50, if is_root { n * length } else { 0 });
            world.gather_into(&mine, &mut found, root).unwrap();
            assert!(!is_root || found == all);
        }
        let mut found = T::samples(50, n * length);
        world.allgather_into(&list(rank), &mut found).unwrap();
        assert_eq!(found, all);
        // Row of this rank out, column in.
        let row = |rank: usize| T::samples(rank, n * length);
        world.alltoall_into(&row(rank), &mut found).unwrap();
        let part = |other: usize| row(other)[rank * length..(rank + 1) * length].to_vec();
        assert_eq!(found, (0..n).flat_map(part).collect::<Vec<_>>());
    }
}

fn different_parts<T: Sample>(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let counts: Vec<usize> = (0..n).map(|rank| 2 * rank).collect();
    let list = |rank: usize| T::samples(rank, 2 * rank);
    let all: Vec<T> = (0..n).flat_map(list).collect();
    for root in 0..n {
        let mut mine = T::samples(50, counts[rank]);
        world.scatterv_into(&all, &counts, &mut mine, root).unwrap();
        assert_eq!(mine, list(rank));
        let mut found = T::samples(50, all.len());
        world.gatherv_into(&mine, &mut found, &counts, root).unwrap();
        assert!(rank != root || found == all);
    }
    let mut found = T::samples(50, all.len());
    world.allgatherv_into(&list(rank), &mut found, &counts).unwrap();
    assert_eq!(found, all);
    // From each rank to rank r, r elements.
    let to: Vec<usize> = (0..n).collect();
    let row = |rank: usize| T::samples(rank, n * (n - 1) / 2);
    let mut found = T::samples(50, n * rank);
    world.alltoallv_into(&row(rank), &to, &mut found, &vec![rank; n]).unwrap();
    let start = rank * rank.saturating_sub(1) / 2;
    let part = |other: usize| row(other)[start..start + rank].to_vec();
    assert_eq!(found, (0..n).flat_map(part).collect::<Vec<_>>());
}

fn long(world: &World) {
    const LENGTH: usize = 40_000;
    let (rank, n) = (world.rank(), world.size());
    let mut all = vec![0.0; n * LENGTH];
    world.allgather_into(&vec![rank as f64; LENGTH], &mut all).unwrap();
    assert!((0..n * LENGTH).all(|k| all[k] == (k / LENGTH) as f64));
    let mut mine = vec![0.0; LENGTH];
    world.scatter_into(&all, &mut mine, n - 1).unwrap();
    assert!(mine.iter().all(|x| *x == rank as f64));
    world.alltoall_into(&vec![rank as f64; n * LENGTH], &mut all).unwrap();
    assert!((0..n * LENGTH).all(|k| all[k] == (k / LENGTH) as f64));
    world.bcast(&mut all, 0).unwrap();
}

fn nothing(world: &World) {
    let (n, mut none) = (world.size(), Vec::<f64>::new());
    world.bcast(&mut none, 0).unwrap();
    world.allgatherv_into(&[0.0; 0], &mut none, &vec![0; n]).unwrap();
    world.alltoallv_into(&[0.0; 0], &vec![0; n], &mut none, &vec![0; n]).unwrap();
    world.scatterv_into(&[0.0; 0], &vec![0; n], &mut none, 0).unwrap();
    world.barrier().unwrap();
}

fn of_the_solver(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let counts: Vec<usize> = (1..=n).collect();
    let all = world.gather(&vec![rank as f64; rank + 1], &counts).unwrap();
    let expected: Vec<f64> = (0..n).flat_map(|rank| vec![rank as f64; rank + 1]).collect();
    assert_eq!(all, (rank == 0).then_some(expected));
    let found = world.exchange(vec![rank as f64; n], &vec![1; n], &vec![1; n]).unwrap();
    assert_eq!(found, (0..n).map(|rank| rank as f64).collect::<Vec<_>>());
    let mut many = vec![rank as i64; 1000];
    world.combine(fluxions_comm::Combine::Sum, &mut many).unwrap();
    assert_eq!(many, vec![(n * (n - 1) / 2) as i64; 1000]);
}
