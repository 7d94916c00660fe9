//! Streams of random numbers that are functions of a counter. The number of a cell is a function of
//! seed, stream and cell. So it does not depend on the ranks, and any number can be computed at any
//! time. The functions are those that kernels use, so the bits are the same on every machine.
//!
//! The generator is Philox 4×32 with 10 rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random
//! numbers: as easy as 1, 2, 3", SC11, section 3.3).

use std::f64::consts::PI;

use fluxions_expr::{Distribution, Unary};

/// A stream of random numbers, one for each counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream that belongs to a seed, a name and a number within this name.
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

    /// The random number for a counter at a step. It is uniform in [0, 1) for the uniform
    /// distribution. For all other distributions it is normal with mean 0 and variance 1, since
    /// they are computed from normal numbers.
    pub(crate) fn sample(&self, distribution: Distribution, counter: u64, step: u64) -> f64 {
        let words = |x: u64| (x as u32, (x >> 32) as u32);
        let ((c0, c1), (s0, s1)) = (words(counter), words(step));
        let [a, b, c, d] = philox([c0, c1, s0, s1], self.key);
        let unit = |high: u32, low: u32| {
            let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
            // EPSILON is 2^−52.
            bits as f64 * (f64::EPSILON / 2.0)
        };
        match distribution {
            Distribution::Uniform => unit(a, b),
            // Source: Box & Muller 1958, Ann. Math. Stat. 29, 610. 1 − u is never 0.
            Distribution::Normal | Distribution::Harmonic | Distribution::Colored => {
                let radius = (-2.0 * Unary::Log.eval(1.0 - unit(a, b))).sqrt();
                radius * Unary::Cos.eval(2.0 * PI * unit(c, d))
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

    /// The expected numbers are those that the authors publish with their code (Random123,
    /// kat_vectors).
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

    /// The numbers are the same on every machine, since no function of the C library is used.
    #[test]
    fn numbers_have_recorded_bits() {
        let stream = Stream::new(42, "u", 0);
        let bits = |distribution| {
            [0, 1, 1 << 40].map(|counter| stream.sample(distribution, counter, 3).to_bits())
        };
        assert_eq!(
            bits(Distribution::Uniform),
            [0x3fec_cdeb_cd16_04c0, 0x3fd5_b0eb_ba97_5d70, 0x3fe9_4bbe_d4ed_ccba]
        );
        assert_eq!(
            bits(Distribution::Normal),
            [0x4001_2bbb_c5c3_bffd, 0x3fe6_114c_0b04_a5fd, 0x3fe7_8787_3362_ac56]
        );
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
            // The tolerance is five standard errors.
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
