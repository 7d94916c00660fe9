//! Parts of lists that are sent from their places and arrive in them.

use fluxions_comm::{Class, Part, Rows, World};

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("in_place: rows, columns and blocks", rows_columns_and_blocks),
    ("in_place: long parts of several lists", long_parts_of_several_lists),
    ("in_place: no numbers, and none to send", no_numbers),
    ("in_place: mistakes", mistakes),
];

/// The list of a rank: all numbers are different.
fn list(world: &World, length: usize) -> Vec<f64> {
    (0..length).map(|k| (world.rank() * length + k) as f64).collect()
}

fn neighbours(world: &World) -> (usize, usize) {
    let (rank, n) = (world.rank(), world.size());
    ((rank + 1) % n, (rank + n - 1) % n)
}

/// Where the numbers of rows are, in their order.
fn places(rows: &Rows) -> Vec<usize> {
    let ([outer, inner], [far, near]) = (rows.counts, rows.strides);
    let starts = (0..outer).flat_map(|i| (0..inner).map(move |j| i * far + j * near));
    starts
        .flat_map(|at| (0..rows.length).map(move |k| (at, k)))
        .map(|(at, k)| rows.start + at + k)
        .collect()
}

/// Sends rows of some lists to the next rank, where they arrive in others; nothing else changes.
fn around(world: &World, length: usize, starts: &[usize], sent: Rows, received: Rows) {
    let (next, last) = neighbours(world);
    let part = |rank, rows| Part { rank, tag: 3, rows };
    let mut parts = world.in_place(&[part(next, sent)], &[part(last, received)]).unwrap();
    // The second time by the same requests, the third time in another list.
    for round in 0..3 {
        let mut numbers = list(world, length);
        let mut expected = numbers.clone();
        for start in starts {
            for (from, to) in places(&sent).into_iter().zip(places(&received)) {
                expected[start + to] = (last * length + start + from) as f64;
            }
        }
        let mut moved = numbers.clone();
        let chosen = if round == 2 { &mut moved } else { &mut numbers };
        parts.exchange(chosen, starts).unwrap();
        assert_eq!(*chosen, expected);
    }
}

fn rows_columns_and_blocks(world: &World) {
    let rows = |start, counts, strides, length| Rows { start, counts, strides, length };
    // Of 6 by 7 numbers: a row, two rows as one run, a column, a block; and a block of planes.
    around(world, 42, &[0], rows(7, [1, 1], [0, 0], 7), rows(28, [1, 1], [0, 0], 7));
    around(world, 42, &[0], rows(0, [1, 2], [0, 7], 7), rows(28, [1, 2], [0, 7], 7));
    around(world, 42, &[0], rows(1, [1, 6], [0, 7], 1), rows(6, [1, 6], [0, 7], 1));
    around(world, 42, &[0], rows(8, [1, 2], [0, 7], 3), rows(25, [1, 2], [0, 7], 3));
    around(world, 60, &[0], rows(1, [3, 2], [20, 5], 2), rows(3, [3, 2], [20, 5], 2));
    // A column goes into a row.
    around(world, 42, &[0], rows(1, [1, 5], [0, 7], 1), rows(36, [1, 1], [0, 0], 5));
}

fn long_parts_of_several_lists(world: &World) {
    // Beyond the lengths at which MPI sends at once.
    let column = |start| Rows { start, counts: [1, 3000], strides: [0, 5], length: 2 };
    around(world, 31000, &[0, 15500], column(0), column(2));
    let run = |start| Rows { start, counts: [1, 1], strides: [0, 0], length: 20000 };
    around(world, 80000, &[40000, 0], run(0), run(20000));
}

fn no_numbers(world: &World) {
    let none = Rows { start: 3, counts: [0, 4], strides: [1, 1], length: 2 };
    around(world, 20, &[0, 4], none, none);
    let mut nothing = world.in_place(&[], &[]).unwrap();
    nothing.exchange(&mut [], &[]).unwrap();
    nothing.exchange(&mut [1.0], &[0, 1]).unwrap();
}

fn mistakes(world: &World) {
    let (next, last) = neighbours(world);
    let rows = Rows { start: 2, counts: [1, 3], strides: [0, 4], length: 2 };
    let part = |rank| Part { rank, tag: 0, rows };
    let wrong = world.in_place(&[part(world.size())], &[]).err().unwrap();
    assert_eq!(wrong.class(), Some(Class::Rank));
    let wrong = world.in_place(&[], &[Part { tag: world.highest_tag() + 1, ..part(last) }]);
    assert_eq!(wrong.err().unwrap().class(), Some(Class::Tag));
    // Nothing is sent where a part lies beyond the list.
    let other = Rows { start: 0, ..rows };
    let received = Part { rows: other, ..part(last) };
    let mut parts = world.in_place(&[part(next)], &[received]).unwrap();
    for starts in [&[1][..], &[0, 1], &[usize::MAX]] {
        let error = parts.exchange(&mut [0.0; 12], starts).unwrap_err();
        assert_eq!(error.class(), Some(Class::Count));
    }
    parts.exchange(&mut [0.0; 12], &[0]).unwrap();
    // Nor where what is received would lie on something else, of the same list or of another one.
    let onto = |received: &[Part]| {
        let mut parts = world.in_place(&[part(next)], received).unwrap();
        parts.exchange(&mut [0.0; 12], &[0]).unwrap_err().class()
    };
    assert_eq!(onto(&[part(last)]), Some(Class::Overlap));
    let long = Rows { start: 0, counts: [1, 1], strides: [0, 0], length: 3 };
    assert_eq!(onto(&[Part { rows: long, ..part(last) }]), Some(Class::Overlap));
    assert_eq!(onto(&[received, Part { tag: 1, ..received }]), Some(Class::Overlap));
    for starts in [[0, 0], [2, 0], [0, 8]] {
        let error = parts.exchange(&mut [0.0; 24], &starts).unwrap_err();
        assert_eq!(error.class(), Some(Class::Overlap), "{starts:?}");
    }
    // The rows of lists may lie between each other.
    let row = |start| Rows { start, counts: [1, 3], strides: [0, 8], length: 2 };
    around(world, 24, &[0, 4], row(0), row(2));
    // Rows that no memory could hold.
    let far = Rows { start: 0, counts: [1, 3], strides: [0, usize::MAX / 2], length: 1 };
    let error = match world.in_place(&[Part { rows: far, ..part(next) }], &[]) {
        Ok(mut parts) => parts.exchange(&mut [0.0; 12], &[0]).err(),
        Err(error) => Some(error),
    };
    assert_eq!(error.unwrap().class(), Some(Class::Count));
}
