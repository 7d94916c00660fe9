//! Writes histograms/NAME.csv: how much of the domain has values within bins.

use std::fmt::Write;

use fluxions_comm::Combine;
use fluxions_grid::Metric;
use fluxions_solver::{Snapshot, Tracker, TrackerError};

use crate::folder::{HISTOGRAMS, RunFolder};
use crate::problem::Histogram;
use crate::rows::{Rows, RowsWriter};

struct HistogramRows(Histogram);

/// A tracker that writes a histogram.
pub fn histogram_writer(folder: &RunFolder, histogram: &Histogram) -> impl Tracker + use<> {
    let file = format!("{}.csv", histogram.name);
    let header = "step,time,lower,upper,cells,volume";
    let rows = HistogramRows(histogram.clone());
    RowsWriter::new(folder, (Some(HISTOGRAMS), &file), header, rows)
}

/// Bins of equal width: one below the range, those of the range, one above it, and one for what is not a number.
struct Bins {
    lower: f64,
    upper: f64,
    count: usize,
}

impl Bins {
    /// In which bin a value lies. The upper bound of the range belongs to the last bin of it.
    fn of(&self, value: f64) -> usize {
        let Bins { lower, upper, count } = *self;
        match value {
            value if value.is_nan() => count + 2,
            value if value < lower => 0,
            value if value > upper => count + 1,
            value => {
                let place = (value - lower) / (upper - lower) * count as f64;
                let bin = 1 + (place as usize).min(count - 1);
                // The edges decide, whatever the division was rounded to.
                match bin {
                    bin if bin > 1 && value < self.edge(bin) => bin - 1,
                    bin if bin < count && value >= self.edge(bin + 1) => bin + 1,
                    bin => bin,
                }
            }
        }
    }

    /// Where a bin begins, or where the one before it ends.
    fn edge(&self, bin: usize) -> f64 {
        let Bins { lower, upper, count } = *self;
        match bin {
            0 => f64::NEG_INFINITY,
            bin if bin == count + 1 => upper,
            bin if bin > count + 1 => f64::INFINITY,
            bin => {
                let share = (bin - 1) as f64 / count as f64;
                lower * (1.0 - share) + upper * share
            }
        }
    }
}

/// The range of the values: that of all finite ones where none is given.
fn range(histogram: &Histogram, now: &mut Snapshot<'_>) -> Result<[f64; 2], TrackerError> {
    if let Some(range) = histogram.range {
        return Ok(range);
    }
    let name = &histogram.field.0;
    let values = now.field(name)?;
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (lower, upper) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let (lower, upper) = (now.world().min(lower)?, now.world().max(upper)?);
    // There may be none.
    let (lower, upper) = if lower <= upper { (lower, upper) } else { (0.0, 0.0) };
    // What is the same everywhere lies in the middle.
    let wide = upper > lower;
    let margin = if wide { 0.0 } else { (lower.abs() * 1e-6).max(f64::MIN_POSITIVE.sqrt()) };
    Ok([lower - margin, upper + margin])
}

impl Rows for HistogramRows {
    fn rows(&mut self, now: &mut Snapshot<'_>) -> Result<String, TrackerError> {
        let HistogramRows(histogram) = self;
        let [lower, upper] = range(histogram, now)?;
        let bins = Bins { lower, upper, count: histogram.bins };
        let all = histogram.bins + 3;
        // Cells with the same index along the first axis have the same volume, if not all have.
        let is_even = now.grid().cell_volume().is_some();
        let layers = if is_even { 1 } else { now.grid().axes()[0].cells() };
        let start = now.block().start()[now.grid().missing()];
        let mut counts = vec![0; all * layers];
        for (index, value) in now.field(&histogram.field.0)?.indexed_iter() {
            let layer = if is_even { 0 } else { start + index[0] };
            counts[layer * all + bins.of(*value)] += 1;
        }
        now.world().combine(Combine::Sum, &mut counts)?;
        let mut rows = String::new();
        let given = histogram.range.is_some();
        for bin in 0..all {
            let of_bin = || counts[bin..].iter().step_by(all);
            let cells: i64 = of_bin().sum();
            // What lies outside, and what is not a number, is told where there may be some.
            let is_outside = bin == 0 || bin > bins.count;
            let is_number = bin < all - 1;
            if is_outside && cells == 0 && !(given && is_number) {
                continue;
            }
            let volume = match now.grid().cell_volume() {
                Some(volume) => cells as f64 * volume,
                None => {
                    let volume = |at: usize| now.grid().metric(Metric::Volume, at as isize);
                    of_bin().enumerate().map(|(at, n)| *n as f64 * volume(at)).sum()
                }
            };
            let (step, time) = (now.step(), now.time());
            let (from, to) = match is_number {
                true => (bins.edge(bin), bins.edge(bin + 1)),
                false => (f64::NAN, f64::NAN),
            };
            // Writing to a text cannot fail.
            let _ = writeln!(rows, "{step},{time:?},{from:?},{to:?},{cells},{volume:?}");
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_bin() {
        let bins = Bins { lower: -1.0, upper: 1.0, count: 4 };
        let places = [-2.0, -1.0, -0.51, -0.5, 0.0, 0.49, 0.5, 1.0, 1.5, f64::NAN];
        assert_eq!(places.map(|x| bins.of(x)), [0, 1, 1, 2, 3, 3, 4, 4, 5, 6]);
        let hundred = Bins { lower: 0.0, upper: 1.0, count: 100 };
        for value in (0..=100).map(|k| f64::from(k) / 100.0) {
            let bin = hundred.of(value);
            assert!(hundred.edge(bin) <= value && value <= hundred.edge(bin + 1), "{value}");
        }
        let edges: Vec<f64> = (0..=6).map(|bin| bins.edge(bin)).collect();
        let inf = f64::INFINITY;
        assert_eq!(edges, [-inf, -1.0, -0.5, 0.0, 0.5, 1.0, inf]);
    }
}
