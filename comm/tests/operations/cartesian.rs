//! Ranks on a grid.

use crate::Case;
use fluxions_comm::{Any, Class, World, balanced_dimensions};

pub(crate) const CASES: &[Case] = &[
    ("a ring", ring),
    ("a line has ends", line),
    ("planes and their rows", rows),
    ("a grid of some ranks", some),
    ("grids that do not fit", wrong),
];

fn ring(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let ring = world.cartesian(&[n], &[true]).unwrap().unwrap();
    assert_eq!((ring.dimensions(), ring.periodic()), (&[n][..], &[true][..]));
    assert_eq!(ring.rank(), rank);
    assert_eq!(ring.shift(0, 1).unwrap(), (Some((rank + n - 1) % n), Some((rank + 1) % n)));
    assert_eq!(ring.shift(0, -2 * n as isize).unwrap(), (Some(rank), Some(rank)));
    assert_eq!(ring.rank_at(&[-1]).unwrap(), Some(n - 1));
    let (below, above) = ring.shift(0, 1).unwrap();
    let mut found = [0];
    ring.sendrecv(&[rank], above, 0, &mut found, below, Any).unwrap();
    assert_eq!(Some(found[0]), below);
}

fn line(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let line = world.cartesian(&[n], &[false]).unwrap().unwrap();
    let (below, above) = line.shift(0, 1).unwrap();
    assert_eq!(below, rank.checked_sub(1));
    assert_eq!(above, Some(rank + 1).filter(|rank| *rank < n));
    let mut found = [usize::MAX];
    let status = line.sendrecv(&[rank], above, 0, &mut found, below, 0).unwrap();
    assert_eq!(status.source, below);
    assert_eq!(found, [below.unwrap_or(usize::MAX)]);
}

fn rows(world: &World) {
    let n = world.size();
    let dimensions = balanced_dimensions(n, &[0, 1, 0]).unwrap();
    let grid = world.cartesian(&dimensions, &[false, true, true]).unwrap().unwrap();
    for rank in 0..n {
        let coordinates = grid.coordinates(rank).unwrap();
        let signed: Vec<isize> = coordinates.iter().map(|place| *place as isize).collect();
        assert_eq!(grid.rank_at(&signed).unwrap(), Some(rank));
        assert_eq!((coordinates[0] + coordinates[1]) * dimensions[2] + coordinates[2], rank);
    }
    let here = grid.coordinates(grid.rank()).unwrap();
    let row = grid.sub(&[false, true, true]).unwrap();
    assert_eq!((row.dimensions(), row.size()), (&dimensions[1..], dimensions[2]));
    assert_eq!(row.coordinates(row.rank()).unwrap(), here[1..]);
    let column = grid.sub(&[true, false, false]).unwrap();
    assert_eq!((column.rank(), column.size()), (here[0], dimensions[0]));
    assert_eq!(column.periodic(), [false]);
    let point = grid.sub(&[false; 3]).unwrap();
    assert_eq!((point.size(), point.dimensions().len()), (1, 0));
}

fn some(world: &World) {
    let n = world.size();
    let most = (n - 1).max(1);
    let grid = world.cartesian(&[most, 1], &[true, false]).unwrap();
    assert_eq!(grid.is_some(), world.rank() < most);
    assert!(grid.is_none_or(|grid| grid.size() == most));
}

fn wrong(world: &World) {
    let n = world.size();
    for (dimensions, periodic) in [
        (&[n + 1][..], &[true][..]),
        (&[n, 0], &[true, true]),
        (&[n], &[]),
        (&[usize::MAX, usize::MAX], &[false, false]),
    ] {
        let error = world.cartesian(dimensions, periodic).err().unwrap();
        assert_eq!(error.class(), Some(Class::Dimensions), "{error}");
    }
}
