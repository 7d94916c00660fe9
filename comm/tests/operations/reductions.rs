//! Reductions with all operators.

use crate::Case;
use std::fmt::Debug;

use fluxions_comm::{
    And, BitAnd, BitOr, BitXor, Data, Max, MaxLoc, Min, MinLoc, Operator, Or, Prod, Sum, World, Xor,
};
use num_complex::Complex;

use crate::sample::Sample;

pub(crate) const CASES: &[Case] = &[
    ("operators of integers", integers),
    ("operators of floats, complex numbers and truth", others),
    ("operators of one's own, in order", own),
    ("floats are added up in the order of the ranks", in_order),
    ("NaN and signed zeros", not_numbers),
    ("long lists", long),
    ("places of extremes", places),
    ("nothing to reduce", nothing),
];

/// The elements of the ranks combined one after the other.
fn expected<T: Data>(lists: &[Vec<T>], operator: &impl Operator<T>) -> Vec<T> {
    let mut all = lists[0].clone();
    for list in &lists[1..] {
        all.iter_mut().zip(list).for_each(|(a, b)| *a = operator.apply(*a, *b));
    }
    all
}

/// Every reduction with an operator, beside what is expected.
fn check<T: Data + PartialEq + Debug>(
    world: &World,
    list: impl Fn(usize) -> Vec<T>,
    operator: impl Operator<T> + Copy + 'static,
) {
    let (rank, n) = (world.rank(), world.size());
    let lists: Vec<Vec<T>> = (0..n).map(&list).collect();
    let all = expected(&lists, &operator);
    let mut found = list(rank);
    world.allreduce(&mut found, operator).unwrap();
    assert_eq!(found, all);
    let mut found = list(n);
    world.allreduce_into(&list(rank), &mut found, operator).unwrap();
    assert_eq!(found, all);
    assert_eq!(world.iallreduce(list(rank), operator).unwrap().wait().unwrap().0, all);
    for root in 0..n {
        let mut found = list(rank);
        world.reduce(&mut found, operator, root).unwrap();
        assert_eq!(found, if rank == root { all.clone() } else { list(rank) });
        let mut found = list(n);
        world.reduce_into(&list(rank), &mut found, operator, root).unwrap();
        assert_eq!(found, if rank == root { all.clone() } else { list(n) });
    }
    let mut found = list(rank);
    world.scan(&mut found, operator).unwrap();
    assert_eq!(found, expected(&lists[..=rank], &operator));
    let mut found = list(rank);
    world.exscan(&mut found, operator).unwrap();
    assert_eq!(found, if rank == 0 { list(0) } else { expected(&lists[..rank], &operator) });
    let row = |rank: usize| (0..n).flat_map(|part| list(rank + part)).collect::<Vec<T>>();
    let mut found = list(n);
    world.reduce_scatter_block_into(&row(rank), &mut found, operator).unwrap();
    let parts: Vec<Vec<T>> = (0..n).map(|other| list(other + rank)).collect();
    assert_eq!(found, expected(&parts, &operator));
    let later = world.ireduce_scatter_block(row(rank), operator).unwrap();
    // The first two elements for the last rank but one, the rest for the last one, if there are so many.
    let (length, first) = (list(0).len(), list(0).len().min(2));
    let mut counts = vec![0; n];
    counts[n - 1] = length;
    if n > 1 {
        (counts[n - 2], counts[n - 1]) = (first, length - first);
    }
    let mut found = list(n)[..counts[rank]].to_vec();
    world.reduce_scatter_into(&list(rank), &counts, &mut found, operator).unwrap();
    let start = if n > 1 && rank == n - 1 { first } else { 0 };
    assert_eq!(found, all[start..start + counts[rank]]);
    assert_eq!(later.wait().unwrap().0, expected(&parts, &operator));
}

/// The most used of them.
fn check_allreduce<T: Data + PartialEq + Debug>(
    world: &World,
    list: impl Fn(usize) -> Vec<T>,
    operator: impl Operator<T> + Copy,
) {
    let lists: Vec<Vec<T>> = (0..world.size()).map(&list).collect();
    let mut found = list(world.rank());
    world.allreduce(&mut found, operator).unwrap();
    assert_eq!(found, expected(&lists, &operator));
}

fn integers(world: &World) {
    macro_rules! all_operators {
        ($($type:ty),*) => {$(
            let list = |rank| <$type>::samples(rank, 4);
            check(world, list, Sum);
            check(world, list, Prod);
            check(world, list, Min);
            check(world, list, Max);
            let flags = |rank: usize| (0..4).map(|k| ((rank + k) % 3 / 2 * 5) as $type).collect();
            check(world, flags, And);
            check(world, flags, Or);
            check(world, flags, Xor);
            check(world, list, BitAnd);
            check(world, list, BitOr);
            check(world, list, BitXor);
        )*};
    }
    all_operators!(i64, u8);
    macro_rules! some_operators {
        ($($type:ty),*) => {$(
            let list = |rank| <$type>::samples(rank, 4);
            check_allreduce(world, list, Sum);
            check_allreduce(world, list, Max);
            check_allreduce(world, list, Or);
            check_allreduce(world, list, BitXor);
        )*};
    }
    some_operators!(i8, i16, i32, i128, isize, u16, u32, u64, u128, usize);
}

fn others(world: &World) {
    macro_rules! floats {
        ($($type:ty),*) => {$(
            let list = |rank| <$type>::samples(rank, 4);
            check(world, list, Sum);
            check(world, list, Prod);
            check_allreduce(world, list, Min);
            check_allreduce(world, list, Max);
            check_allreduce(world, |rank| Complex::<$type>::samples(rank, 4), Sum);
            check_allreduce(world, |rank| Complex::<$type>::samples(rank, 4), Prod);
        )*};
    }
    floats!(f32, f64);
    check(world, |rank| bool::samples(rank, 5), And);
    check(world, |rank| bool::samples(rank, 5), Or);
    check(world, |rank| bool::samples(rank, 5), Xor);
}

/// Products of matrices and chains of letters depend on the order.
fn own(world: &World) {
    let product = |a: [i64; 4], b: [i64; 4]| {
        [
            a[0] * b[0] + a[1] * b[2],
            a[0] * b[1] + a[1] * b[3],
            a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3],
        ]
    };
    check(world, |rank| vec![[1, rank as i64, 2, 3], [0, 1, 1, rank as i64]], product);
    check(world, |rank| vec![[rank, rank]], |a: [usize; 2], b: [usize; 2]| [a[0], b[1]]);
    check(world, |rank| bool::samples(rank, 3), |a: bool, b: bool| !a | b);
}

fn in_order(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // Their sum depends on the order.
    let x = |rank: usize| [1e16, 1.0, -1e16, 3.0, 0.5][rank % 5];
    let sum = (1..n).fold(x(0), |sum, rank| sum + x(rank));
    for length in [1, 71, 1000, 30_000] {
        let mut found = vec![x(rank); length];
        world.allreduce(&mut found, Sum).unwrap();
        assert_eq!(found, vec![sum; length]);
        let mut found = vec![x(rank); length];
        world.reduce(&mut found, Sum, n - 1).unwrap();
        assert!(rank + 1 < n || found == vec![sum; length]);
    }
}

fn not_numbers(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let mut found =
        [if rank == n - 1 { f64::NAN } else { 1.0 }, if rank == 0 { 0.0 } else { -0.0 }];
    let mut other = found;
    world.allreduce(&mut found, Max).unwrap();
    world.allreduce(&mut other, Min).unwrap();
    assert!(found[0].is_nan() && other[0].is_nan());
    assert!(found[1].is_sign_positive());
    assert_eq!(other[1].is_sign_negative(), n > 1);
}

fn long(world: &World) {
    let n = world.size();
    let list = |rank: usize| -> Vec<f64> { (0..50_001).map(|k| (rank + k) as f64 * 0.1).collect() };
    let lists: Vec<Vec<f64>> = (0..n).map(list).collect();
    let mut found = list(world.rank());
    world.allreduce(&mut found, Sum).unwrap();
    assert!(found == expected(&lists, &Sum));
    let mut found = list(world.rank());
    world.allreduce(&mut found, |a: f64, b: f64| a - b).unwrap();
    assert!(found == expected(&lists, &|a: f64, b: f64| a - b));
    let mut found = list(world.rank());
    world.scan(&mut found, Sum).unwrap();
    assert!(found == expected(&lists[..=world.rank()], &Sum));
}

fn places(world: &World) {
    let n = world.size();
    check(world, |rank| vec![[(rank % 2) as f64, rank as f64]], MinLoc);
    check(world, |rank| vec![[(rank % 2) as i32, rank as i32]], MaxLoc);
    let mut found = [[2.0f32, world.rank() as f32]];
    world.allreduce(&mut found, MaxLoc).unwrap();
    assert_eq!(found, [[2.0, 0.0]]);
    let mut found = [[-(world.rank() as i64), world.rank() as i64]];
    world.allreduce(&mut found, MinLoc).unwrap();
    assert_eq!(found, [[1 - n as i64, n as i64 - 1]]);
}

fn nothing(world: &World) {
    let mut none = Vec::<f64>::new();
    world.allreduce(&mut none, Sum).unwrap();
    world.reduce(&mut none, |a: f64, b: f64| a - b, 0).unwrap();
    world.scan(&mut none, Max).unwrap();
    world.exscan(&mut none, Max).unwrap();
    world.reduce_scatter_block_into(&[0.0; 0], &mut none, Sum).unwrap();
    assert_eq!(world.iallreduce(none, Sum).unwrap().wait().unwrap().0, []);
}
