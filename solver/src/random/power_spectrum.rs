//! Power spectra of fields on periodic grids with straight axes.

use std::f64::consts::TAU;

use super::colored::transform;

/// The power of a field in shells of wavenumbers.
///
/// A mode with the wave vector κ, whose components are 2π·m/L along an axis of the length L, has the amplitude û = Σ
/// u·exp(−iκ·x)/N over the N cells, and the power |û|². Shell j holds the modes with (j − ½)·κ₀ ≤ |κ| < (j + ½)·κ₀,
/// where κ₀ = 2π/L for the longest axis. So all shells together are the mean of |u|² (Parseval).
#[derive(Clone, Debug)]
pub struct PowerSpectrum {
    /// Cells along each of three axes; missing ones come first, with one cell.
    shape: [usize; 3],
    /// The shell of each mode.
    shells: Vec<u32>,
    wavenumbers: Vec<f64>,
}

impl PowerSpectrum {
    /// The spectra of fields on a grid with so many cells and this length along each of its one to three axes.
    pub fn new(axes: &[(usize, f64)]) -> Self {
        let longest = axes.iter().map(|(_, length)| *length).fold(0.0, f64::max);
        let mut squares = vec![0.0f64];
        for (cells, length) in axes {
            // In units of κ₀; modes beyond the half are negative ones.
            let along = |m: usize| (m.min(cells - m) as f64 * longest / length).powi(2);
            squares = squares
                .iter()
                .flat_map(|square| (0..*cells).map(move |m| square + along(m)))
                .collect();
        }
        let shell = |square: &f64| (square.sqrt() + 0.5).floor() as u32;
        let shells: Vec<u32> = squares.iter().map(shell).collect();
        let most = shells.iter().copied().max().unwrap_or(0);
        let wavenumbers = (0..=most).map(|shell| f64::from(shell) * TAU / longest).collect();
        let missing = 3 - axes.len();
        let shape = std::array::from_fn(|k| k.checked_sub(missing).map_or(1, |k| axes[k].0));
        PowerSpectrum { shape, shells, wavenumbers }
    }

    /// The wavenumber in the middle of each shell.
    pub fn wavenumbers(&self) -> &[f64] {
        &self.wavenumbers
    }

    /// The power in each shell of numbers with real and imaginary parts, one for each cell, the last axis first. The bits
    /// are the same on every machine.
    ///
    /// # Panics
    /// If there are not as many numbers as cells.
    pub fn of(&self, mut numbers: Vec<[f64; 2]>) -> Vec<f64> {
        assert_eq!(numbers.len(), self.shells.len(), "a number for each cell");
        // The sign of its exponent only turns modes around, within their shells.
        (0..3).for_each(|axis| transform(&mut numbers, self.shape, axis));
        let scale = numbers.len() as f64;
        let mut power = vec![0.0; self.wavenumbers.len()];
        for ([re, im], shell) in numbers.into_iter().zip(&self.shells) {
            let (re, im) = (re / scale, im / scale);
            power[*shell as usize] += re * re + im * im;
        }
        power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(shape: [usize; 2], value: impl Fn(f64, f64) -> [f64; 2]) -> Vec<[f64; 2]> {
        let at = |k: usize, n: usize| (k as f64 + 0.5) / n as f64;
        (0..shape[0] * shape[1])
            .map(|cell| value(at(cell / shape[1], shape[0]), at(cell % shape[1], shape[1])))
            .collect()
    }

    fn assert_power(found: &[f64], expected: &[(usize, f64)]) {
        for (shell, power) in found.iter().enumerate() {
            let expected = expected.iter().find(|(at, _)| *at == shell).map_or(0.0, |(_, p)| *p);
            assert!((power - expected).abs() < 1e-14, "shell {shell}: {found:?}");
        }
    }

    #[test]
    fn a_wave_is_in_the_shell_of_its_wavenumber() {
        let shape = [24, 35];
        let spectrum = PowerSpectrum::new(&[(24, 2.0), (35, 1.0)]);
        assert!((spectrum.wavenumbers()[3] - 3.0 * TAU / 2.0).abs() < 1e-14);
        // Two waves along the longer axis, and a mean: half of the square of the amplitude, and its square.
        let found = spectrum.of(field(shape, |x, _| [3.0 * (2.0 * TAU * x).sin() + 0.5, 0.0]));
        assert_power(&found, &[(0, 0.25), (2, 4.5)]);
        // Three along the other one are as short as six.
        let found = spectrum.of(field(shape, |_, y| [0.0, (3.0 * TAU * y).cos()]));
        assert_power(&found, &[(6, 0.5)]);
        // √(3² + 4²) = 5.
        let found = spectrum.of(field(shape, |x, y| [(TAU * (3.0 * x + 2.0 * y)).cos(), 0.0]));
        assert_power(&found, &[(5, 0.5)]);
    }

    #[test]
    fn all_shells_together_are_the_mean_square() {
        for axes in [vec![(17, 1.0)], vec![(8, 1.0), (9, 3.0)], vec![(4, 1.0), (6, 2.0), (5, 0.7)]]
        {
            let cells: usize = axes.iter().map(|(cells, _)| cells).product();
            let number = |k: usize| [(k as f64 * 0.7).sin() + 0.2, (k * k % 11) as f64 - 4.0];
            let numbers: Vec<[f64; 2]> = (0..cells).map(number).collect();
            let mean = numbers.iter().map(|[re, im]| re * re + im * im).sum::<f64>() / cells as f64;
            let sum: f64 = PowerSpectrum::new(&axes).of(numbers).iter().sum();
            assert!((sum / mean - 1.0).abs() < 1e-14, "{axes:?}: {sum} {mean}");
        }
    }
}
