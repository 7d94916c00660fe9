//! Operations of each rank with its neighbours.

use crate::Case;
use fluxions_comm::{Class, World, balanced_dimensions};

use crate::sample::{Particle, Sample};

pub(crate) const CASES: &[Case] = &[
    ("neighbours on a torus", |world| {
        torus::<f64>(world);
        torus::<bool>(world);
        torus::<Particle>(world);
    }),
    ("neighbours on a line", line),
    ("a complete graph, and a rank twice", graph),
    ("a neighbour that sends another number", other_number),
];

/// What a rank sends to a neighbour along an axis, to the lower side or to the upper one.
fn face<T: Sample>(rank: usize, axis: usize, side: usize, length: usize) -> Vec<T> {
    T::samples(10 * rank + 2 * axis + side, length)
}

fn torus<T: Sample>(world: &World) {
    let n = world.size();
    let dimensions = balanced_dimensions(n, &[0, 0]).unwrap();
    let torus = world.cartesian(&dimensions, &[true, true]).unwrap().unwrap();
    let neighbours = torus.neighbourhood().unwrap();
    let rank = torus.rank();
    let sides = || (0..2).flat_map(|axis| [(axis, 0), (axis, 1)]);
    let beyond = |(axis, side): (usize, usize)| {
        let (below, above) = torus.shift(axis, 1).unwrap();
        [below, above][side].unwrap()
    };
    assert_eq!(
        neighbours.sources().flatten().collect::<Vec<_>>(),
        sides().map(beyond).collect::<Vec<_>>()
    );
    for length in [0, 1, 300] {
        let mut found = T::samples(77, 4 * length);
        neighbours.allgather_into(&T::samples(rank, length), &mut found).unwrap();
        let expected: Vec<T> = sides().flat_map(|at| T::samples(beyond(at), length)).collect();
        assert_eq!(found, expected);
        let sent: Vec<T> =
            sides().flat_map(|(axis, side)| face(rank, axis, side, length)).collect();
        neighbours.alltoall_into(&sent, &mut found).unwrap();
        // What comes from below was sent to the upper side.
        let expected: Vec<T> = sides()
            .flat_map(|(axis, side)| face(beyond((axis, side)), axis, 1 - side, length))
            .collect();
        assert_eq!(found, expected);
        // Different lengths for each axis and side.
        let counts = [length, 0, 3, 2 * length];
        let opposite = [0, length, 2 * length, 3];
        let mut found = T::samples(77, counts.iter().sum());
        let sent: Vec<T> = (sides().zip(counts))
            .flat_map(|((axis, side), count)| face(rank, axis, side, count))
            .collect();
        neighbours.alltoallv_into(&sent, &counts, &mut found, &opposite).unwrap();
        let expected: Vec<T> = (sides().zip(opposite))
            .flat_map(|((axis, side), count)| face(beyond((axis, side)), axis, 1 - side, count))
            .collect();
        assert_eq!(found, expected);
    }
}

fn line(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let line = world.cartesian(&[n], &[false]).unwrap().unwrap();
    let neighbours = line.neighbourhood().unwrap();
    let mut found = [usize::MAX; 4];
    neighbours.allgather_into(&[rank, 7], &mut found).unwrap();
    let expected = |there: bool, other: usize| if there { [other, 7] } else { [usize::MAX; 2] };
    assert_eq!(found[..2], expected(rank > 0, rank.wrapping_sub(1)));
    assert_eq!(found[2..], expected(rank + 1 < n, rank + 1));
    assert_eq!(neighbours.destinations().flatten().count(), neighbours.sources().flatten().count());
}

fn graph(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // From all in order, to all from the last one on.
    let (from, to): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..n).rev().collect());
    let all = world.neighbourhood(&from, &to).unwrap();
    let sent: Vec<usize> = to.iter().map(|to| 100 * rank + to).collect();
    let mut found = vec![0; n];
    all.alltoall_into(&sent, &mut found).unwrap();
    assert_eq!(found, (0..n).map(|from| 100 * from + rank).collect::<Vec<_>>());
    let counts: Vec<usize> = (0..n).map(|rank| 2 * rank).collect();
    let mut found = vec![0; n * (n - 1)];
    all.allgatherv_into(&vec![rank; 2 * rank], &mut found, &counts).unwrap();
    assert_eq!(found, (0..n).flat_map(|rank| vec![rank; 2 * rank]).collect::<Vec<_>>());
    // Twice to the next one: in order.
    let (next, before) = ((rank + 1) % n, (rank + n - 1) % n);
    let twice = world.neighbourhood(&[before, before], &[next, next]).unwrap();
    let mut found = [0; 2];
    twice.alltoall_into(&[2 * rank, 2 * rank + 1], &mut found).unwrap();
    assert_eq!(found, [2 * before, 2 * before + 1]);
    // Nobody has neighbours.
    world.neighbourhood(&[], &[]).unwrap().alltoall_into(&[0u8; 0], &mut [0u8; 0]).unwrap();
}

fn other_number(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let ring = world.neighbourhood(&[(rank + n - 1) % n], &[(rank + 1) % n]).unwrap();
    let error = ring.alltoallv_into(&[1], &[1], &mut [0; 2], &[2]).unwrap_err();
    assert_eq!(error.class(), Some(Class::Count));
    assert!(error.to_string().ends_with("what a neighbour sent has 1 element(s) instead of 2"));
}
