//! The coordinate-fill test: a field is filled by a function of the global cell, its halo is
//! cleared and exchanged, and then every halo cell that has a neighbour must hold the function of
//! the cell that it stands for.

use fluxions_comm::{World, threads};
use fluxions_grid::{Ends, Face, Grid, Side};
use fluxions_halo::{Decomposition, Exchange, FieldHalo, HaloWidth};

fn value(field: usize, cell: [usize; 3]) -> f64 {
    (((field * 100 + cell[0]) * 100 + cell[1]) * 100 + cell[2] + 1) as f64
}

fn grid(shape: &[usize], periodic: &[bool]) -> Grid {
    let mut builder = Grid::cartesian();
    for ((name, n), periodic) in ["x", "y", "z"].iter().zip(shape).zip(periodic) {
        let ends = if *periodic { Ends::Periodic } else { Ends::Bounded };
        builder = builder.axis(name, 0.0..1.0, *n, ends);
    }
    builder.build().unwrap()
}

/// Fills, exchanges twice, compares; gives the number of messages that this rank sent.
fn check(world: &World, grid: &Grid, dims: &[usize], width: HaloWidth) -> usize {
    check_rounds(world, grid, dims, width, 2).messages()
}

/// Fills, exchanges, and compares so many times.
fn check_rounds(
    world: &World,
    grid: &Grid,
    dims: &[usize],
    width: HaloWidth,
    rounds: usize,
) -> Exchange {
    let least = width.widest();
    let blocks = Decomposition::new(grid, world.size(), dims, least).unwrap();
    let block = blocks.subdomain(world.rank());
    let layout = block.layout(width.widest().map(|w| w + 1));
    let missing = grid.missing();
    let fields = [
        FieldHalo::default(),
        FieldHalo { antiperiodic: std::array::from_fn(|a| a == 2) },
        FieldHalo::default(),
    ];
    let arrays = [0, layout.length(), 2 * layout.length() + 16];
    let mut memory = vec![0.0; 3 * layout.length() + 16];
    let mut exchange = Exchange::new(world, &block, layout, width, &fields);
    for round in 0..rounds {
        memory.fill(-9e9);
        let [n0, n1, n2] = block.shape();
        for (field, array) in arrays.iter().enumerate() {
            for (i, j, k) in cells([0..n0 as isize, 0..n1 as isize, 0..n2 as isize]) {
                let global = std::array::from_fn(|a| block.start()[a] + [i, j, k][a] as usize);
                memory[array + layout.index([i, j, k])] = value(field + round, global);
            }
        }
        for phase in 0..exchange.plan().phases().len() {
            exchange.start(phase, &mut memory, &arrays).unwrap();
            exchange.poll(phase);
            let is_over = exchange.is_over(phase);
            let before = is_over.then(|| memory.clone());
            exchange.finish(phase, &mut memory, &arrays).unwrap();
            exchange.measured(phase);
            assert!(before.is_none_or(|before| before == memory), "it was not over");
        }
        let reach = |a: usize| {
            let [low, high] = width.layers[a].map(|w| w as isize);
            -low..block.shape()[a] as isize + high
        };
        for (field, array) in arrays.iter().enumerate() {
            for (i, j, k) in cells([reach(0), reach(1), reach(2)]) {
                let cell = [i, j, k];
                let mut sign = 1.0;
                let mut outside = 0;
                let mut walled = false;
                let global = std::array::from_fn(|a| {
                    let n = grid.shape()[a] as isize;
                    let side = if cell[a] < 0 { Side::Lower } else { Side::Upper };
                    if cell[a] < 0 || cell[a] >= block.shape()[a] as isize {
                        outside += 1;
                        walled |= block.neighbour(Face { axis: a, side }).is_none();
                    }
                    let at = block.start()[a] as isize + cell[a];
                    if (at < 0 || at >= n) && fields[field].antiperiodic[a] {
                        sign = -sign;
                    }
                    at.rem_euclid(n) as usize
                });
                if walled || (outside > 1 && !width.corners) {
                    continue;
                }
                assert_eq!(
                    memory[array + layout.index(cell)],
                    sign * value(field + round, global),
                    "rank {} field {field} cell {cell:?} of {:?} from axis {missing}",
                    world.rank(),
                    blocks.dims(),
                );
            }
        }
    }
    exchange
}

fn cells(ranges: [std::ops::Range<isize>; 3]) -> impl Iterator<Item = (isize, isize, isize)> {
    let [a, b, c] = ranges;
    a.flat_map(move |i| {
        let c = c.clone();
        b.clone().flat_map(move |j| c.clone().map(move |k| (i, j, k)))
    })
}

fn widths() -> Vec<HaloWidth> {
    let mut widths = Vec::new();
    for corners in [false, true] {
        for layers in [[1, 1], [1, 0], [0, 1], [2, 2], [2, 1]] {
            widths.push(HaloWidth { layers: [layers; 3], corners });
        }
    }
    widths
}

#[test]
fn every_factoring_of_1_to_8_ranks_as_threads() {
    for (shape, periodic) in [
        (&[17][..], &[true][..]),
        (&[17], &[false]),
        (&[16, 19], &[true, false]),
        (&[17, 16], &[true, true]),
        (&[16, 17, 19], &[false, true, true]),
    ] {
        let grid = grid(shape, periodic);
        for ranks in 1..=8usize {
            for a in (1..=ranks).filter(|a| ranks.is_multiple_of(*a)) {
                for b in (1..=ranks / a).filter(|b| (ranks / a).is_multiple_of(*b)) {
                    let dims = [a, b, ranks / a / b];
                    let used = &dims[..shape.len()];
                    if used.iter().product::<usize>() != ranks {
                        continue;
                    }
                    for width in widths() {
                        let run = |world: &World| {
                            let width = used_axes(width, shape.len());
                            Ok::<_, std::fmt::Error>(check(world, &grid, used, width))
                        };
                        threads::run(ranks, run).unwrap();
                    }
                }
            }
        }
    }
}

/// No halo along missing axes.
fn used_axes(mut width: HaloWidth, dimension: usize) -> HaloWidth {
    width.layers[..3 - dimension].fill([0, 0]);
    width
}

#[test]
fn one_message_per_neighbour_and_none_to_itself() {
    let grid = grid(&[8, 8], &[true, true]);
    let sent = |ranks: usize, dims: &[usize], layers: [[usize; 2]; 3]| {
        let width = HaloWidth { layers, corners: false };
        let run = |world: &World| Ok::<_, std::fmt::Error>(check(world, &grid, dims, width));
        threads::run(ranks, run).unwrap()
    };
    let all = [[0, 0], [1, 1], [1, 1]];
    assert_eq!(sent(1, &[1, 1], all), [0]);
    assert_eq!(sent(2, &[2, 1], all), [2, 2]);
    assert_eq!(sent(4, &[2, 2], all), [4; 4]);
    // A one-sided difference needs one side only.
    assert_eq!(sent(4, &[2, 2], [[0, 0], [0, 1], [0, 0]]), [1; 4]);
}

#[cfg(feature = "mpi")]
#[test]
fn as_processes_on_2_3_and_4_ranks() {
    fluxions_testing::under_mpi(&[2, 3, 4], "as_processes_on_2_3_and_4_ranks", || {
        let world = World::start().unwrap();
        for (shape, periodic) in
            [(&[17][..], &[true][..]), (&[9, 11], &[true, false]), (&[8, 9, 10], &[true; 3])]
        {
            for width in widths() {
                check(&world, &grid(shape, periodic), &[], used_axes(width, shape.len()));
            }
        }
    });
}

/// On 2 ranks along one axis, and on 4 along two, 3 and 7 ways are tried 15 times each.
#[cfg(feature = "mpi")]
#[test]
fn cells_arrive_in_all_ways_on_2_and_4_ranks() {
    fluxions_testing::under_mpi(&[2, 4], "cells_arrive_in_all_ways_on_2_and_4_ranks", || {
        let world = World::start().unwrap();
        let plane = grid(&[9, 11], &[true, false]);
        let space = grid(&[8, 9, 10], &[true; 3]);
        let cases = match world.size() {
            2 => vec![(&plane, vec![2, 1], 3), (&plane, vec![1, 2], 3), (&space, vec![2, 1, 1], 3)],
            _ => vec![(&space, vec![1, 2, 2], 7)],
        };
        for (grid, dims, ways) in cases {
            for corners in [false, true] {
                let layers = HaloWidth { layers: [[2, 1]; 3], corners };
                let width = used_axes(layers, dims.len());
                let exchange = check_rounds(&world, grid, &dims, width, 15 * ways + 2);
                assert!((0..exchange.plan().phases().len()).all(|k| exchange.way(k).is_some()));
            }
        }
    });
}
