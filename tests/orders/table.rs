//! The table of observed orders.

use fluxions::prelude::*;
use ndarray::{ArrayViewD, Slice};

use crate::conditions::Kind;
use crate::exact::Complex;
use crate::fields::Space;

/// The errors of something on two grids.
pub(crate) struct Entry {
    pub(crate) what: String,
    pub(crate) space: Space,
    pub(crate) conservative: Option<bool>,
    pub(crate) kind: Kind,
    pub(crate) theory: f64,
    pub(crate) errors: [f64; 2],
    /// The ratio of the spacings, and the finer one.
    pub(crate) ratio: f64,
    pub(crate) spacing: f64,
    /// The largest exact value, or 1, which fields and their derivatives are about.
    pub(crate) scale: f64,
}

impl Entry {
    fn order(&self) -> f64 {
        (self.errors[0] / self.errors[1]).log(self.ratio)
    }

    /// The error in parts of the largest exact value and of the power of the spacing that is
    /// its order; lengths in which fields change are about 1.
    fn error(&self) -> f64 {
        self.errors[1] / self.scale / self.spacing.powf(self.theory)
    }

    fn is_right(&self) -> bool {
        // With two numbers at a wall, ghost cells are so exact that their errors and those of
        // differences are of one order, and partly cancel.
        let two = matches!(self.kind, Kind::Clamped | Kind::Supported);
        let off = if two { 0.2 } else { 0.1 };
        (self.order() - self.theory).abs() < off && self.error() < MOST[self.theory as usize]
    }

    /// What one row of the table is for.
    fn row(&self) -> (&str, Space, Option<bool>) {
        (&self.what, self.space, self.conservative)
    }
}

/// The largest errors that are right where the order is 0, 1 and 2, as [`Entry::error`] counts
/// them.
const MOST: [f64; 3] = [1.0, 15.0, 40.0];

/// The coordinates of all cells, in the order of arrays.
pub(crate) fn cells(grid: &Grid) -> impl Iterator<Item = [f64; 3]> {
    let axes = grid.axes().to_vec();
    (0..grid.cells()).map(move |mut number| {
        let mut at = [0.0; 3];
        for (k, axis) in axes.iter().enumerate().rev() {
            at[k] = axis.centre((number % axis.cells()) as isize);
            number /= axis.cells();
        }
        at
    })
}

/// The values in those cells whose centres are centres of cells `stride` times as large.
pub(crate) fn nested(values: &ArrayViewD<'_, f64>, stride: usize) -> Vec<f64> {
    let (first, step) = (stride / 2, stride);
    let values = values.slice_each_axis(|_| Slice::new(first as isize, None, step as isize));
    values.iter().copied().collect()
}

/// The largest difference between the real numbers found, each in all cells, and the components
/// that are exact, and the largest of these.
pub(crate) fn largest_difference(found: &[Vec<f64>], exact: &[Vec<Complex>]) -> (f64, f64) {
    let per_component = found.len() / exact[0].len();
    assert_eq!(found[0].len(), exact.len());
    let (mut difference, mut largest) = (0.0f64, 0.0f64);
    for (cell, exact) in exact.iter().enumerate() {
        for (k, exact) in exact.iter().enumerate() {
            for (part, exact) in [exact.re, exact.im][..per_component].iter().enumerate() {
                let error = (found[k * per_component + part][cell] - exact).abs();
                // NaN counts as an error.
                difference = if error <= difference { difference } else { error };
                largest = largest.max(exact.abs());
            }
        }
    }
    (difference, largest)
}

/// Prints all entries, and fails if one is wrong.
///
/// The theoretical order is the whole number next to one that is right. The last columns are the
/// largest errors of the entries whose order is 0, 1 and 2, as [`Entry::error`] counts them.
pub(crate) fn check(mut entries: Vec<Entry>) {
    assert!(!entries.is_empty(), "nothing was computed");
    entries.sort_by_key(|entry| (entry.what.clone(), entry.space.name(), entry.conservative));
    let occurs = |kind: &Kind| entries.iter().any(|entry| entry.kind == *kind);
    let columns: Vec<Kind> = Kind::ALL.into_iter().filter(occurs).collect();

    print!("{:41} {:24}", "", "");
    for kind in &columns {
        print!("{:>9}", kind.name());
    }
    println!("    0      1      2");
    for row in entries.chunk_by(|a, b| a.row() == b.row()) {
        let form = match row[0].conservative {
            None => "",
            Some(true) => " volumes",
            Some(false) => " plain",
        };
        print!("{:41} {:24}", row[0].what, row[0].space.name() + form);
        for kind in &columns {
            let entry = row.iter().find(|entry| entry.kind == *kind);
            let mark = |entry: &Entry| if entry.is_right() { "" } else { "!" };
            let text = entry.map(|entry| format!("{}{:.2}", mark(entry), entry.order()));
            print!("{:>9}", text.unwrap_or_default());
        }
        for order in [0.0, 1.0, 2.0] {
            let errors = row.iter().filter(|entry| entry.theory == order).map(Entry::error);
            match errors.fold(0.0, f64::max) {
                0.0 => print!("{:7}", ""),
                largest => print!("{largest:7.2}"),
            }
        }
        println!();
    }
    let wrong: Vec<_> = entries.iter().filter(|entry| !entry.is_right()).collect();
    for entry in &wrong {
        let ((what, space, conservative), Entry { kind, theory, errors, .. }) =
            (entry.row(), entry);
        let order = entry.order();
        println!(
            "wrong: {what} on {}, {conservative:?}, {kind:?}: {order:.2}, not {theory}; {errors:?}",
            space.name()
        );
    }
    println!("{} orders, {} of them wrong", entries.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {} orders are wrong", wrong.len(), entries.len());
}
