//! Curves over time: diagnostics, probes and unknowns without space.

use std::path::Path;

use serde_json::{Value, json};

use super::numbers;
use crate::folder::RunFolder;
use crate::series::Series;

/// The most curves, and the most points of each.
const CURVES: usize = 36;
const POINTS: usize = 400;

/// What the files of the run and its series hold.
pub(super) fn read(folder: &RunFolder) -> Vec<Value> {
    let mut curves = table(&folder.diagnostics(), "");
    curves.extend(table(&folder.path().join("conserved.csv"), "conserved"));
    let mut probes: Vec<_> =
        std::fs::read_dir(folder.probes()).into_iter().flatten().flatten().collect();
    probes.sort_by_key(std::fs::DirEntry::file_name);
    for probe in probes {
        let path = probe.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            curves.extend(table(&path, &name));
        }
    }
    curves.extend(globals(folder).unwrap_or_default());
    let left_out = curves.len().saturating_sub(CURVES);
    curves.truncate(CURVES);
    if left_out > 0 {
        curves.push(json!({ "left_out": left_out }));
    }
    curves
}

/// The columns of a file behind `step` and `time`, against time.
fn table(path: &Path, probe: &str) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let Some(time) = names.iter().position(|name| *name == "time") else { return Vec::new() };
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for line in lines {
        let row: Vec<f64> =
            line.split(',').map(|number| number.parse().unwrap_or(f64::NAN)).collect();
        // What was cut off.
        if row.len() == names.len() {
            columns.iter_mut().zip(row).for_each(|(column, x)| column.push(x));
        }
    }
    let curve = |column: usize| curve(probe, names[column], &columns[time], &columns[column]);
    (time + 1..names.len()).filter_map(curve).collect()
}

/// The unknowns without space.
fn globals(folder: &RunFolder) -> Option<Vec<Value>> {
    let series = Series::open(folder.path()).ok()?;
    let times = series.times().ok()?;
    let globals = series.globals().ok()?;
    Some(globals.iter().filter_map(|(name, values)| curve("", name, &times, values)).collect())
}

/// A curve as data; nothing if it has no point.
fn curve(probe: &str, name: &str, times: &[f64], values: &[f64]) -> Option<Value> {
    if times.is_empty() {
        return None;
    }
    let kept = thinned(values);
    let at = |of: &[f64]| numbers(kept.iter().map(|k| of[*k]));
    Some(json!({ "probe": probe, "name": name, "x": at(times), "y": at(values) }))
}

/// Which of many values are drawn: of each of some equal spans the smallest and the largest, and a gap if there is one.
fn thinned(values: &[f64]) -> Vec<usize> {
    if values.len() <= POINTS {
        return (0..values.len()).collect();
    }
    let spans = POINTS / 2 - 1;
    let last = values.len() - 1;
    let mut kept = vec![0];
    for span in 0..spans {
        let range = || span * values.len() / spans..(span + 1) * values.len() / spans;
        let by = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        let finite = || range().filter(|k| values[*k].is_finite());
        match (finite().min_by(by), finite().max_by(by)) {
            (Some(low), Some(high)) => kept.extend([low.min(high), low.max(high)]),
            _ => kept.extend(range().next()),
        }
    }
    kept.push(last);
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_kept_and_points_are_few() {
        let mut values: Vec<f64> = (0..10_000).map(|k| f64::from(k % 7)).collect();
        (values[1234], values[777], values[5000]) = (99.0, -99.0, f64::NAN);
        let kept = thinned(&values);
        assert!(kept.len() <= POINTS, "{}", kept.len());
        assert!([0, 777, 1234, 9999].iter().all(|k| kept.contains(k)));
        assert!(kept.is_sorted());
        assert_eq!(thinned(&[1.0, 2.0]), [0, 1]);
    }

    #[test]
    fn a_line_that_is_cut_off_is_left_out() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("diagnostics.csv");
        std::fs::write(&path, "step,time,mass\n0,0.0,1.5\n1,0.5,NaN\n2,1.0,2.5\n3,1.").unwrap();
        let curves = table(&path, "");
        assert_eq!(
            curves,
            [json!({ "probe": "", "name": "mass", "x": [0.0, 0.5, 1.0], "y": [1.5, null, 2.5] })]
        );
    }
}
