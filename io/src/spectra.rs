//! Writes spectra/NAME.csv: the power of fields in shells of wavenumbers.

use std::fmt::Write;

use fluxions_solver::{PowerSpectrum, Snapshot, Tracker, TrackerError};
use ndarray::ArrayD;

use crate::folder::{RunFolder, SPECTRA};
use crate::problem::Spectrum;
use crate::rows::{Rows, RowsWriter};

struct SpectrumRows {
    fields: Vec<String>,
    /// Made on rank 0, when it is first needed.
    spectrum: Option<PowerSpectrum>,
}

/// A tracker that writes a spectrum: on rank 0, where all of a field is gathered and transformed.
pub fn spectrum_writer(folder: &RunFolder, spectrum: &Spectrum) -> impl Tracker + use<> {
    let fields = spectrum.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let header = format!("step,time,k,{}", fields.join(","));
    let file = format!("{}.csv", spectrum.name);
    let rows = SpectrumRows { fields, spectrum: None };
    RowsWriter::new(folder, (Some(SPECTRA), &file), &header, rows)
}

impl Rows for SpectrumRows {
    fn rows(&mut self, now: &mut Snapshot<'_>) -> Result<String, TrackerError> {
        let mut powers = Vec::new();
        for name in &self.fields {
            let is_complex = now.type_of(name)?.complex;
            let cells = now.grid().cells();
            if let Some(values) = now.gather(name)? {
                let spectrum = self.spectrum.get_or_insert_with(|| {
                    let axes = now.grid().axes().iter();
                    let along =
                        axes.map(|axis| (axis.cells(), axis.bounds()[1] - axis.bounds()[0]));
                    PowerSpectrum::new(&along.collect::<Vec<_>>())
                });
                powers.push(power(spectrum, &values, cells, is_complex));
            }
        }
        let mut rows = String::new();
        let wavenumbers = self.spectrum.iter().flat_map(PowerSpectrum::wavenumbers);
        for (shell, k) in wavenumbers.enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(rows, "{},{:?},{k:?}", now.step(), now.time());
            for power in &powers {
                let _ = write!(rows, ",{:?}", power[shell]);
            }
            rows.push('\n');
        }
        Ok(rows)
    }
}

/// The power of all components together.
fn power(
    spectrum: &PowerSpectrum,
    values: &ArrayD<f64>,
    cells: usize,
    is_complex: bool,
) -> Vec<f64> {
    let numbers: Vec<f64> = values.iter().copied().collect();
    let mut sum = vec![0.0; spectrum.wavenumbers().len()];
    for component in numbers.chunks_exact(if is_complex { 2 * cells } else { cells }) {
        let numbers = match is_complex {
            true => component.as_chunks::<2>().0.to_vec(),
            false => component.iter().map(|x| [*x, 0.0]).collect(),
        };
        sum.iter_mut().zip(spectrum.of(numbers)).for_each(|(sum, power)| *sum += power);
    }
    sum
}
