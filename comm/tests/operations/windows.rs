//! Memory that ranks share.

use crate::Case;
use fluxions_comm::{Class, Error, Sum, World};

pub(crate) const CASES: &[Case] = &[
    ("a ring through a window", ring),
    ("parts of different lengths", lengths),
    ("a window of a struct, and one of complex numbers", types),
    ("two windows at once", two),
    ("a window in the wrong phase", phases),
    ("windows that cannot be", wrong),
];

fn share<T: fluxions_comm::Data + bytemuck::AnyBitPattern>(
    world: &World,
    length: usize,
) -> fluxions_comm::SharedWindow<T> {
    world.shared_window(length).unwrap()
}

/// Each rank reads what the one before has written, and writes it, increased, for the next one.
fn ring(world: &World) {
    const ROUNDS: usize = 50;
    let (rank, n) = (world.rank(), world.size());
    let before = (rank + n - 1) % n;
    let mut window = share::<u64>(world, 1000);
    assert!(window.part(rank).unwrap().iter().all(|x| *x == 0));
    window.mine_mut().unwrap().fill(rank as u64);
    for round in 0..ROUNDS {
        window.open().unwrap();
        let found = window.part(before).unwrap();
        assert!(found.iter().all(|x| *x == found[0]));
        assert_eq!(found[0] as usize, (rank + n * ROUNDS - 1 - round) % n + round);
        let next = found[0] + 1;
        window.close().unwrap();
        window.mine_mut().unwrap().fill(next);
    }
}

fn lengths(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    // None on rank 0, and the last one alone with a few megabytes.
    let length = |rank: usize| 3 * rank + if rank + 1 == n { 500_000 } else { 0 };
    let mut window = share::<f64>(world, if n == 1 { 0 } else { length(rank) });
    for (k, x) in window.mine_mut().unwrap().iter_mut().enumerate() {
        *x = (1000 * rank + k) as f64;
    }
    window.open().unwrap();
    for other in 0..n {
        let part = window.part(other).unwrap();
        assert_eq!(part.len(), if n == 1 { 0 } else { length(other) });
        assert!(part.iter().enumerate().all(|(k, x)| *x == (1000 * other + k) as f64));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Cell {
    value: [f32; 3],
    number: u32,
}

fn types(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let cell = |rank: usize| Cell { value: [0.5, rank as f32, -1.0], number: rank as u32 };
    let mut cells = share::<Cell>(world, 5);
    let mut waves = share::<num_complex::Complex<f64>>(world, 1);
    cells.mine_mut().unwrap()[4] = cell(rank);
    waves.mine_mut().unwrap()[0].im = rank as f64;
    cells.open().unwrap();
    waves.open().unwrap();
    for other in 0..n {
        assert_eq!(cells.part(other).unwrap()[3..], [bytemuck::Zeroable::zeroed(), cell(other)]);
        assert_eq!(waves.part(other).unwrap()[0], num_complex::Complex::new(0.0, other as f64));
    }
}

/// What is read from one is written to the other, with one meeting of a window for each step.
fn two(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let (mut from, mut to) = (share::<usize>(world, n), share::<usize>(world, n));
    from.mine_mut().unwrap().fill(rank);
    for _ in 0..10 {
        from.open().unwrap();
        let sum: usize = (0..n).map(|other| from.part(other).unwrap()[rank]).sum();
        to.mine_mut().unwrap().fill(sum % 100);
        from.close().unwrap();
        std::mem::swap(&mut from, &mut to);
    }
    let mut found = [from.part(rank).unwrap()[0]];
    let mine = found[0];
    world.allreduce(&mut found, Sum).unwrap();
    assert_eq!(found, [n * mine]);
}

#[track_caller]
fn fails<T>(result: Result<T, Error>, class: Class, text: &str) {
    let Err(error) = result else { panic!("there was no error") };
    assert_eq!(error.class(), Some(class), "{error}");
    assert!(error.to_string().ends_with(text), "{error}");
}

fn phases(world: &World) {
    let (rank, n) = (world.rank(), world.size());
    let mut window = share::<i32>(world, 2);
    let closed = "it is closed, and others may be writing";
    fails(window.close(), Class::Active, closed);
    if n > 1 {
        fails(window.part((rank + 1) % n), Class::Active, closed);
    }
    fails(window.part(n).map(drop), Class::Rank, &format!("there are {n} rank(s)"));
    window.mine_mut().unwrap()[1] = 7;
    window.open().unwrap();
    let open = "it is open, and others may be reading";
    fails(window.open(), Class::Active, open);
    fails(window.mine_mut().map(drop), Class::Active, open);
    fails(window.part(usize::MAX).map(drop), Class::Rank, &format!("there are {n} rank(s)"));
    // The window goes on.
    assert_eq!(window.part((rank + 1) % n).unwrap(), [0, 7]);
    window.close().unwrap();
    assert_eq!(window.mine_mut().unwrap(), [0, 7]);
}

fn wrong(world: &World) {
    let n = world.size();
    let memory = "there is not so much memory on every rank";
    fails(world.shared_window::<f64>(usize::MAX), Class::Memory, memory);
    // Addresses would do, but there is not so much memory.
    fails(world.shared_window::<f64>(1 << 43), Class::Memory, memory);
    // One rank alone asks for too much, and all are told.
    let is_last = world.rank() + 1 == n;
    let length = if is_last { usize::MAX / 8 } else { 1 };
    fails(world.shared_window::<f64>(length), Class::Memory, memory);
    if n > 1 {
        let types = "the ranks give elements of different types";
        match is_last {
            true => fails(world.shared_window::<u8>(8), Class::Mismatch, types),
            false => fails(world.shared_window::<f64>(8), Class::Mismatch, types),
        }
    }
}
