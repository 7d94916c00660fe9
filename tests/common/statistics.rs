//! Whether samples have the moments that they should have, within bounds in standard errors. Seeds
//! are fixed, so a test that holds once always does.

use fluxions::prelude::*;

/// The bound: by chance one sample of 16 000 lies beyond it.
const BOUND: f64 = 4.0;

/// Whether independent numbers have mean 0 and variance 1, and the third and fourth moments of a
/// normal distribution.
#[track_caller]
pub(crate) fn assert_standard_normal(sample: &[f64]) {
    // The moments, and the variances of their estimates: those of x, x², x³, x⁴.
    for (power, moment, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
    {
        let found = mean(&sample.iter().map(|x| x.powi(power)).collect::<Vec<_>>());
        let error = (variance / sample.len() as f64).sqrt();
        let off = (found - moment) / error;
        assert!(
            off.abs() < BOUND,
            "moment {power} is {found}, {off:.1} standard errors off {moment}"
        );
    }
}

/// Whether numbers with a normal distribution of mean 0 and variance 1 do not depend on each other,
/// pair by pair.
#[track_caller]
pub(crate) fn assert_independent(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    let products: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
    let off = mean(&products) * (a.len() as f64).sqrt();
    assert!(off.abs() < BOUND, "the correlation is {off:.1} standard errors off 0");
}

/// Whether the mean of independent numbers is this, by the variance that they themselves have.
#[track_caller]
pub(crate) fn assert_mean(sample: &[f64], expected: f64) {
    let found = mean(sample);
    let square = mean(&sample.iter().map(|x| (x - found).powi(2)).collect::<Vec<_>>());
    let off = (found - expected) / (square / sample.len() as f64).sqrt();
    assert!(off.abs() < BOUND, "the mean is {found}, {off:.1} standard errors off {expected}");
}

pub(crate) fn mean(sample: &[f64]) -> f64 {
    sample.iter().sum::<f64>() / sample.len() as f64
}

/// All numbers of one part of a field, on one rank.
pub(crate) fn part(simulation: &Simulation, field: &str, number: usize) -> Vec<f64> {
    simulation.part(field, number).unwrap().iter().copied().collect()
}

/// The volume of each cell, in the order of the cells.
pub(crate) fn volumes(grid: &Grid) -> Vec<f64> {
    use std::f64::consts::PI;
    let axes = grid.axes();
    let spacing = |k: usize| (axes[k].bounds()[1] - axes[k].bounds()[0]) / axes[k].cells() as f64;
    let shell = |i: usize| {
        let inner = axes[0].bounds()[0] + i as f64 * spacing(0);
        [inner, inner + spacing(0)]
    };
    let disk = |i: usize| shell(i).map(|r| PI * r * r);
    let ball = |i: usize| shell(i).map(|r| 4.0 / 3.0 * PI * r * r * r);
    let along = axes[1..].iter().map(|axis| axis.cells()).product::<usize>();
    let volume = |cell: usize| match grid.geometry() {
        Geometry::Cartesian => (0..axes.len()).map(spacing).product(),
        Geometry::Polar => disk(cell)[1] - disk(cell)[0],
        Geometry::Cylindrical => {
            let [inner, outer] = disk(cell / along);
            (outer - inner) * spacing(1)
        }
        Geometry::Spherical => ball(cell)[1] - ball(cell)[0],
    };
    (0..grid.cells()).map(volume).collect()
}

/// Whether numbers have this cumulative distribution, as far as a test of Kolmogorov and Smirnov
/// says so (p > 0.1).
#[track_caller]
pub(crate) fn assert_distributed(sample: &[f64], cumulative: impl Fn(f64) -> f64) {
    let n = sample.len() as f64;
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let gap = |(k, x): (usize, &f64)| {
        let wanted = cumulative(*x);
        (wanted - k as f64 / n).abs().max((wanted - (k + 1) as f64 / n).abs())
    };
    let largest = sorted.iter().enumerate().map(gap).fold(0.0, f64::max);
    let scaled = largest * n.sqrt();
    assert!(scaled < 1.224, "the distributions differ by {largest}: {scaled:.2} of 1.224");
}

/// The standard normal distribution (Marsaglia 2004, J. Stat. Softw. 11(4), section 3).
pub(crate) fn normal_distribution(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut k) = (x, x, 1.0);
    while term.abs() > 1e-17 {
        k += 2.0;
        term *= x * x / k;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}
