//! Random fields with a power spectrum. They are Gaussian, with mean 0 and variance 1.
//!
//! Every mode of the grid gets white complex noise, which is weighted by the root of the spectrum
//! S(k) = k^(ν/2) and transformed to the cells. The mean mode is left out. k is in cycles per
//! length, and all axes count as periodic. This is py-pde's ‘power law’ correlation.
//!
//! The modes are distributed over the ranks: at first in slabs that hold whole lines along axes 0
//! and 1, and then in slabs that hold whole lines along axis 2. One rank transforms all of a line,
//! so the bits are those of a single rank. On a one-dimensional grid one rank transforms all cells.

use fluxions_comm::{Combine, Error, ExactSum, World};
use fluxions_expr::{Binary, Distribution};
use fluxions_grid::{Grid, Region};
use fluxions_halo::Subdomain;

use crate::random::fourier::Fourier;
use crate::random::stream::Stream;

/// The random numbers of the cells of a block. Collective.
pub(crate) fn field(
    stream: &Stream,
    grid: &Grid,
    exponent: f64,
    block: &Subdomain,
    world: &World,
) -> Result<Vec<f64>, Error> {
    let shape = grid.shape();
    let ranks = 0..world.size();
    let slabs = |axis: usize| -> Vec<Region> {
        let cut = |rank: usize| (rank * shape[axis] / world.size()) as isize;
        let slab = |rank| Region::domain(shape).with_axis(axis, cut(rank), cut(rank + 1));
        ranks.clone().map(slab).collect()
    };
    let across = slabs(2);
    let along = slabs(if shape[0] > shape[1] { 0 } else { 1 });
    let here = world.rank();
    let mut cells = modes(stream, grid, exponent, &across[here], world)?;
    transform(&mut cells, across[here].shape(), 0);
    transform(&mut cells, across[here].shape(), 1);
    let mut cells = redistribute(world, cells, &across, &along)?;
    transform(&mut cells, along[here].shape(), 2);
    let real = cells.into_iter().map(|[re, _]| [re]).collect();
    let real = redistribute(world, real, &along, &blocks(world, block)?)?;
    Ok(real.into_flattened())
}

/// The amplitudes of the modes of a region. They are scaled so that the transform needs no factor.
fn modes(
    stream: &Stream,
    grid: &Grid,
    exponent: f64,
    region: &Region,
    world: &World,
) -> Result<Vec<[f64; 2]>, Error> {
    let shape = grid.shape();
    let wave_number = |axis: usize, m: usize| {
        let n = shape[axis];
        let Some(named) = grid.inner_axis(axis) else { return 0.0 };
        let signed = if m < n.div_ceil(2) { m as f64 } else { m as f64 - n as f64 };
        signed / (n as f64 * named.spacing())
    };
    let mut modes = Vec::with_capacity(region.cells());
    let mut total = ExactSum::new();
    for mode in cells_of(region) {
        let k: [f64; 3] = std::array::from_fn(|axis| wave_number(axis, mode[axis]));
        let square = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
        let spectrum = if square > 0.0 { Binary::Power.eval(square, exponent / 4.0) } else { 0.0 };
        total.add(spectrum);
        modes.push([spectrum, 0.0]);
    }
    world.combine_sum(&mut total)?;
    let total = total.value();
    let normal = |counter: usize| stream.sample(Distribution::Normal, counter as u64, 0);
    for (at, mode) in cells_of(region).zip(&mut modes) {
        let size = if total > 0.0 { (mode[0] / total).sqrt() } else { 0.0 };
        let number = (at[0] * shape[1] + at[1]) * shape[2] + at[2];
        *mode = [size * normal(2 * number), size * normal(2 * number + 1)];
    }
    Ok(modes)
}

/// Replaces an array of this shape by its inverse transform along one axis, without a factor.
pub(super) fn transform(cells: &mut [[f64; 2]], shape: [usize; 3], axis: usize) {
    let n = shape[axis];
    if n < 2 {
        return;
    }
    let stride: usize = shape[axis + 1..].iter().product();
    let fourier = Fourier::new(n);
    let mut line = vec![[0.0; 2]; n];
    for first in (0..cells.len()).filter(|k| (k / stride).is_multiple_of(n)) {
        for (m, z) in line.iter_mut().enumerate() {
            *z = cells[first + m * stride];
        }
        fourier.inverse(&mut line);
        for (m, z) in line.iter().enumerate() {
            cells[first + m * stride] = *z;
        }
    }
}

/// The blocks of all ranks. Collective.
fn blocks(world: &World, block: &Subdomain) -> Result<Vec<Region>, Error> {
    let mut all = vec![0; 6 * world.size()];
    let bounds: [usize; 6] = std::array::from_fn(|k| match k {
        0..3 => block.start()[k],
        _ => block.start()[k - 3] + block.shape()[k - 3],
    });
    all[6 * world.rank()..][..6].copy_from_slice(&bounds.map(|n| n as i64));
    world.combine(Combine::Sum, &mut all)?;
    let region = |bounds: &[i64]| Region {
        start: std::array::from_fn(|a| bounds[a] as isize),
        end: std::array::from_fn(|a| bounds[3 + a] as isize),
    };
    Ok(all.chunks_exact(6).map(region).collect())
}

/// Sends the numbers of cells, which each rank has for one region, to the ranks that need them for
/// another region. Collective.
fn redistribute<const N: usize>(
    world: &World,
    cells: Vec<[f64; N]>,
    from: &[Region],
    to: &[Region],
) -> Result<Vec<[f64; N]>, Error> {
    let (old, new) = (&from[world.rank()], &to[world.rank()]);
    let counts = |mine: &Region, theirs: &[Region]| -> Vec<usize> {
        theirs.iter().map(|other| N * mine.intersection(other).cells()).collect()
    };
    let mut sent = Vec::with_capacity(N * cells.len());
    for other in to {
        for cell in cells_of(&old.intersection(other)) {
            sent.extend(cells[position(old, cell)]);
        }
    }
    drop(cells);
    let received = world.exchange(sent, &counts(old, to), &counts(new, from))?;
    let mut cells = vec![[0.0; N]; new.cells()];
    let mut numbers = received.chunks_exact(N);
    for other in from {
        for (cell, numbers) in cells_of(&new.intersection(other)).zip(&mut numbers) {
            cells[position(new, cell)].copy_from_slice(numbers);
        }
    }
    Ok(cells)
}

/// The cells of a region in order, by their indices in the grid.
fn cells_of(region: &Region) -> impl Iterator<Item = [usize; 3]> + use<> {
    let [a, b, c] = std::array::from_fn(|axis| {
        let start = region.start[axis] as usize;
        start..start + region.shape()[axis]
    });
    a.flat_map(move |i| {
        let c = c.clone();
        b.clone().flat_map(move |j| c.clone().map(move |k| [i, j, k]))
    })
}

/// The position of a cell among those of a region.
fn position(region: &Region, cell: [usize; 3]) -> usize {
    let [_, n1, n2] = region.shape();
    let [i, j, k] = std::array::from_fn(|axis| cell[axis] - region.start[axis] as usize);
    (i * n1 + j) * n2 + k
}
