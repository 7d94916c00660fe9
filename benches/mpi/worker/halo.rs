//! The exchange of halo.c.

use std::error::Error;

use fluxions_comm::{Kind, World};
use fluxions_grid::{Ends, Grid};
use fluxions_halo::{Decomposition, Exchange, FieldHalo, HaloWidth};

use crate::measure::Row;

/// The exchange of the faces of a block of this shape on so many ranks along each axis, with periodic ends. Axes of one
/// cell are none.
pub(crate) fn halo(
    world: &World,
    cells: [usize; 3],
    width: usize,
    ranks: [usize; 3],
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let first = cells.iter().take_while(|n| **n == 1).count();
    let mut grid = Grid::cartesian();
    for (axis, name) in (first..3).zip(["x", "y", "z"]) {
        let all = cells[axis] * ranks[axis];
        grid = grid.axis(name, 0.0..1.0, all, Ends::Periodic);
    }
    let grid = grid.build()?;
    let cut = Decomposition::new(&grid, world.size(), &ranks[first..], [1; 3])?;
    let block = cut.subdomain(world.rank());
    let is_axis = |axis: usize| axis >= first;
    let layout = block.layout(std::array::from_fn(|a| if is_axis(a) { width } else { 0 }));
    // As in C, an axis that is not cut sends nothing.
    let layers = std::array::from_fn(|a| if ranks[a] > 1 { [width; 2] } else { [0; 2] });
    let halo = HaloWidth { layers, corners: false };
    let mut exchange = Exchange::new(world, &block, layout, halo, &[FieldHalo::default()]);

    let all = grid.shape().map(|n| n as isize);
    let number = |cell: [isize; 3]| {
        let at: [isize; 3] =
            std::array::from_fn(|a| (block.start()[a] as isize + cell[a]).rem_euclid(all[a]));
        ((at[0] * all[1] + at[1]) * all[2] + at[2]) as f64
    };
    let mut memory = vec![-1.0; layout.length()];
    let domain = layout.domain();
    each(domain.start, domain.end, |cell| memory[layout.index(cell)] = number(cell));
    let once = |exchange: &mut Exchange, memory: &mut [f64]| {
        exchange.start(0, memory, &[0])?;
        exchange.finish(0, memory, &[0])?;
        exchange.measured(0);
        Ok(())
    };
    while exchange.way(0).is_none() {
        once(&mut exchange, &mut memory)?;
    }
    let mut wrong = 0;
    for axis in 0..3 {
        let n = domain.end[axis];
        for ghosts in [
            domain.with_axis(axis, -(layers[axis][0] as isize), 0),
            domain.with_axis(axis, n, n + layers[axis][1] as isize),
        ] {
            each(ghosts.start, ghosts.end, |cell| {
                wrong += u32::from(memory[layout.index(cell)] != number(cell));
            });
        }
    }
    if wrong > 0 {
        return Err(format!("{wrong} wrong halo cells").into());
    }
    let bytes = exchange.bytes();
    let [[n0, n1, n2], [p0, p1, p2]] = [cells, ranks];
    let row = Row {
        bench: "halo",
        variant: if world.kind() == Kind::Threads { "threads" } else { "halo" },
        parameter: &format!("{n0}x{n1}x{n2} w{width} on {p0}x{p1}x{p2}, {bytes} B"),
        times: match bytes {
            _ if world.size() > 2 => 200,
            0..=50000 => 4000,
            50001..=300_000 => 1000,
            _ => 400,
        },
        parts: 1,
        meets: true,
    };
    row.measure(world, || once(&mut exchange, &mut memory))?;
    if world.is_root() {
        eprintln!("{} goes by {:?}", row.parameter, exchange.way(0));
    }
    Ok(())
}

fn each(start: [isize; 3], end: [isize; 3], mut visit: impl FnMut([isize; 3])) {
    for i in start[0]..end[0] {
        for j in start[1]..end[1] {
            for k in start[2]..end[2] {
                visit([i, j, k]);
            }
        }
    }
}
