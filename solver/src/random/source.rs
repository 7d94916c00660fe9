//! Random numbers by counting: the number of a cell is a function of seed, stream and cell, so it
//! does not depend on ranks, and any of them can be had at any time.
//!
//! The function is Philox 4×32 with 10 rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random
//! numbers: as easy as 1, 2, 3", SC11, section 3.3).

use std::f64::consts::PI;

use fluxions_comm::{Error, World};
use fluxions_expr::Distribution;
use fluxions_grid::Grid;
use fluxions_halo::Subdomain;

use crate::plan::program::RandomArray;
use crate::random::colored;

/// Random numbers for the cells of a block.
pub(crate) enum RandomSource {
    /// Independent ones.
    White { stream: Stream, distribution: Distribution, each_step: bool },
    /// A product of functions of one coordinate each, given for all cells along each axis.
    Harmonic([Vec<f64>; 3]),
    /// One number for each cell of the block.
    Stored(Vec<f64>),
}

impl RandomSource {
    /// Collective.
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

    /// The numbers of the cells of row (i, j) of the block at a step.
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

/// Σ_n a_n cos(n·2π(i + ½)/N) along an axis with a_n uniform in [0, 1); 1 along a missing axis.
fn harmonic(stream: Stream, grid: &Grid, axis: usize, modes: f64) -> Vec<f64> {
    let cells = grid.shape()[axis];
    if grid.inner_axis(axis).is_none() {
        return vec![1.0; cells];
    }
    let counter = |mode: u64| (axis as u64) << 32 | mode;
    let amplitude = |mode| stream.sample(Distribution::Uniform, counter(mode), 0);
    let at = |i: usize| {
        let angle = 2.0 * PI * (i as f64 + 0.5) / cells as f64;
        (1..=modes as u64).map(|mode| amplitude(mode) * (mode as f64 * angle).cos()).sum()
    };
    (0..cells).map(at).collect()
}

/// A stream of random numbers, one for each counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of a seed, a name and a number within the name.
    pub(crate) fn new(seed: u64, name: &str, number: u32) -> Self {
        // FNV-1a of the name, mixed with the seed by the finaliser of SplitMix64 (Steele, Lea &
        // Flood 2014, OOPSLA, figure 15).
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        let hash = number.to_le_bytes().into_iter().fold(hash, step);
        let mut key = seed ^ hash;
        key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        key ^= key >> 31;
        Stream { key: [key as u32, (key >> 32) as u32] }
    }

    /// The random number of a counter at a step, of a standard distribution: uniform in [0, 1), or
    /// normal with mean 0 and variance 1.
    pub(crate) fn sample(&self, distribution: Distribution, counter: u64, step: u64) -> f64 {
        let words = |x: u64| (x as u32, (x >> 32) as u32);
        let ((c0, c1), (s0, s1)) = (words(counter), words(step));
        let [a, b, c, d] = philox([c0, c1, s0, s1], self.key);
        let unit = |high: u32, low: u32| {
            let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
            bits as f64 * 2f64.powi(-53)
        };
        match distribution {
            Distribution::Uniform => unit(a, b),
            // Box & Muller 1958, Ann. Math. Stat. 29, 610; 1 − u is never 0.
            _ => {
                let radius = (-2.0 * (1.0 - unit(a, b)).ln()).sqrt();
                radius * (2.0 * PI * unit(c, d)).cos()
            }
        }
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
    const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let [first, second] =
            [MULTIPLIERS[0] * u64::from(counter[0]), MULTIPLIERS[1] * u64::from(counter[2])];
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with their code (Random123, kat_vectors).
    #[test]
    fn philox_gives_the_published_numbers() {
        let zeros = philox([0; 4], [0; 2]);
        assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = philox([u32::MAX; 4], [u32::MAX; 2]);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = philox(
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
        );
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let n = 200_000;
        let stream = Stream::new(42, "u", 0);
        for (distribution, mean, variance) in
            [(Distribution::Uniform, 0.5, 1.0 / 12.0), (Distribution::Normal, 0.0, 1.0)]
        {
            let sample: Vec<f64> = (0..n).map(|c| stream.sample(distribution, c, 0)).collect();
            let m = sample.iter().sum::<f64>() / n as f64;
            let v = sample.iter().map(|x| (x - m).powi(2)).sum::<f64>() / n as f64;
            // Five standard errors.
            assert!((m - mean).abs() < 5.0 * (variance / n as f64).sqrt(), "{m}");
            assert!((v - variance).abs() < 0.02 * variance, "{v}");
        }
    }

    #[test]
    fn streams_differ_by_seed_name_and_number() {
        let x = |seed, name, number| {
            Stream::new(seed, name, number).sample(Distribution::Uniform, 7, 0)
        };
        let all = [x(1, "u", 0), x(2, "u", 0), x(1, "v", 0), x(1, "u", 1)];
        for i in 0..4 {
            assert!((0.0..1.0).contains(&all[i]));
            assert!(all[i + 1..].iter().all(|other| *other != all[i]));
        }
    }
}
