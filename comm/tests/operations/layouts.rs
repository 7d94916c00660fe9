//! Arrays and views with any strides, on either side.

use crate::Case;
use fluxions_comm::{Sum, World};
use ndarray::{Array0, Array1, Array2, Array3, ShapeBuilder, s};

use crate::point_to_point::ends;
use crate::sample::{Sample, for_some_types};

pub(crate) const CASES: &[Case] = &[
    ("orders of C and Fortran, all types", |world| for_some_types!(orders(world))),
    ("every second element, gaps stay", gaps),
    ("no axes", no_axes),
    ("negative strides", negative),
    ("a window of an array", window),
    ("arrays in operations of all ranks", collective),
    ("empty views", empty),
];

fn orders<T: Sample>(world: &World) {
    let row_major = Array2::from_shape_vec((3, 3), T::samples(0, 9)).unwrap();
    let mut column_major = Array2::from_elem((3, 3).f(), T::sample(0));
    column_major.assign(&row_major);
    for sent in [&row_major, &column_major] {
        for other in [&row_major, &column_major] {
            ends(
                world,
                |last| world.send(sent, last, 0).unwrap(),
                |first| {
                    let mut found = other.clone();
                    found.fill(T::sample(0));
                    world.recv(&mut found, first, 0).unwrap();
                    assert_eq!(found, row_major);
                },
            );
        }
    }
}

fn gaps(world: &World) {
    let numbers = Array1::from_iter(1..=5);
    ends(
        world,
        |last| world.send(&numbers.slice(s![..;2]), last, 0).unwrap(),
        |first| {
            let mut found = Array1::<i32>::zeros(5);
            world.recv(&mut found.slice_mut(s![..;2]), first, 0).unwrap();
            assert_eq!(found.to_vec(), [1, 0, 3, 0, 5]);
        },
    );
}

fn no_axes(world: &World) {
    let mut found = Array0::from_elem((), 0.0);
    let rank = world.rank();
    world.sendrecv(&Array0::from_elem((), 2.5), rank, 0, &mut found, rank, 0).unwrap();
    assert_eq!(found.into_scalar(), 2.5);
}

fn negative(world: &World) {
    let sent = Array2::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as i64);
    ends(
        world,
        |last| world.send(&sent.slice(s![..;-1, ..;-2]), last, 0).unwrap(),
        |first| {
            let mut found = Array2::from_elem((4, 3), -1i64);
            world.recv(&mut found.slice_mut(s![1..;-2, ..;-1]), first, 0).unwrap();
            // 23 21 13 11 03 01 into the rows 3 and 1, each from the right.
            let expected = ndarray::array![[-1, -1, -1], [1, 3, 11], [-1, -1, -1], [13, 21, 23]];
            assert_eq!(found, expected);
        },
    );
}

fn window(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let numbers = Array2::from_shape_fn((10, 10), |(i, j)| (100 * rank + 10 * i + j) as f32);
    let mut found = Array2::from_elem((10, 10), -1.0f32);
    let (above, below) = ((rank + 1) % n, (rank + n - 1) % n);
    let inner = s![2..9, 1..8];
    world.sendrecv(&numbers.slice(inner), above, 0, &mut found.slice_mut(inner), below, 0).unwrap();
    for ((i, j), x) in found.indexed_iter() {
        let is_in = (2..9).contains(&i) && (1..8).contains(&j);
        assert_eq!(*x, if is_in { (100 * below + 10 * i + j) as f32 } else { -1.0 });
    }
}

fn collective(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let mut found = Array3::from_elem((2, 3, n), 1i32);
    world.bcast(&mut found.slice_mut(s![0, ..;-1, 0]), n - 1).unwrap();
    world.allreduce(&mut found.slice_mut(s![1, ..;2, ..]), Sum).unwrap();
    assert_eq!(found.sum(), (4 * n + 2 * n * n) as i32);
    let mine = Array1::from_vec(vec![rank; 4]);
    let mut all = Array2::zeros((4, n));
    // Columns by ranks.
    world.allgather_into(&mine.slice(s![..;-1]), &mut all.view_mut().reversed_axes()).unwrap();
    assert!(all.indexed_iter().all(|((_, rank), found)| *found == rank));
}

fn empty(world: &World) {
    let (nothing, rank) = (Array2::<f64>::zeros((3, 0)), world.rank());
    let mut found = Array2::<f64>::zeros((0, 2));
    let status = world.sendrecv(&nothing, rank, 0, &mut found, rank, 0).unwrap();
    assert_eq!(status.length, 0);
    world.allreduce(&mut found, Sum).unwrap();
    world.bcast(&mut found, 0).unwrap();
}
