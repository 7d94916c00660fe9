//! Random sources, which give the random numbers of a block's cells.

use std::f64::consts::PI;

use fluxions_comm::{Error, World};
use fluxions_expr::{Distribution, Unary};
use fluxions_grid::Grid;
use fluxions_halo::Subdomain;

use crate::random::array::RandomArray;
use crate::random::colored;
use crate::random::stream::Stream;

/// The random numbers of the cells of a block. They do not depend on how the grid is cut into
/// blocks.
pub(crate) enum RandomSource {
    /// Independent numbers.
    White { stream: Stream, distribution: Distribution, each_step: bool },
    /// A product of functions of one coordinate each, which are given at all cells along each axis.
    Harmonic([Vec<f64>; 3]),
    /// One number for each cell of the block.
    Stored(Vec<f64>),
}

impl RandomSource {
    /// The source of a random array. Collective.
    pub(crate) fn new(
        seed: u64,
        random: &RandomArray,
        grid: &Grid,
        block: &Subdomain,
        world: &World,
    ) -> Result<Self, Error> {
        let stream = Stream::new(seed, &random.name, random.site);
        Ok(match random.distribution {
            Distribution::Uniform | Distribution::Normal => RandomSource::White {
                stream,
                distribution: random.distribution,
                each_step: random.each_step,
            },
            Distribution::Harmonic => {
                let along = |axis: usize| harmonic(stream, grid, axis, random.shape);
                RandomSource::Harmonic(std::array::from_fn(along))
            }
            Distribution::Colored => {
                RandomSource::Stored(colored::field(&stream, grid, random.shape, block, world)?)
            }
        })
    }

    /// Writes the random numbers of row (i, j) of the block at a step.
    pub(crate) fn fill(&self, block: &Subdomain, [i, j]: [usize; 2], step: u64, row: &mut [f64]) {
        match self {
            RandomSource::White { stream, distribution, each_step } => {
                let first = block.global_number([i, j, 0]);
                let step = if *each_step { step } else { 0 };
                for (k, x) in row.iter_mut().enumerate() {
                    *x = stream.sample(*distribution, first + k as u64, step);
                }
            }
            RandomSource::Harmonic([a, b, c]) => {
                let [start0, start1, start2] = block.start();
                let across = a[start0 + i] * b[start1 + j];
                row.iter_mut().zip(&c[start2..]).for_each(|(x, c)| *x = across * c);
            }
            RandomSource::Stored(numbers) => {
                let [_, n1, n2] = block.shape();
                row.copy_from_slice(&numbers[(i * n1 + j) * n2..][..row.len()]);
            }
        }
    }
}

/// Σ_n a_n cos(n·2π(i + ½)/N) along an axis, where a_n is uniform in [0, 1). It is 1 along an inner
/// axis without a name.
fn harmonic(stream: Stream, grid: &Grid, axis: usize, modes: f64) -> Vec<f64> {
    let cells = grid.shape()[axis];
    if grid.inner_axis(axis).is_none() {
        return vec![1.0; cells];
    }
    let counter = |mode: u64| (axis as u64) << 32 | mode;
    let amplitude = |mode| stream.sample(Distribution::Uniform, counter(mode), 0);
    let at = |i: usize| {
        let angle = 2.0 * PI * (i as f64 + 0.5) / cells as f64;
        (1..=modes as u64).map(|mode| amplitude(mode) * Unary::Cos.eval(mode as f64 * angle)).sum()
    };
    (0..cells).map(at).collect()
}
