//! `fluxions diff`: compares two results field by field.

use std::process::ExitCode;

use fluxions::io::Series;

use crate::args::DiffArgs;
use crate::failure::{Failure, code};
use crate::print::line;

pub(crate) fn diff(args: &DiffArgs) -> Result<ExitCode, Failure> {
    for (name, value) in [("--rtol", args.rtol), ("--atol", args.atol)] {
        if value.is_nan() || value < 0.0 {
            return Err(Failure::usage(format!("{name} must not be negative: {value}"), None));
        }
    }
    let (a, b) = (Series::open(&args.a)?, Series::open(&args.b)?);
    let (fields_a, fields_b) = (a.fields()?, b.fields()?);
    let mut same = true;
    for (one, other, whose) in [(&fields_a, &fields_b, "A"), (&fields_b, &fields_a, "B")] {
        for field in one.iter().filter(|field| !other.contains(field)) {
            line(&format!("{field}: only in {whose}"));
            same = false;
        }
    }
    let (times_a, times_b) = (a.times()?, b.times()?);
    if times_a.len() != times_b.len() {
        line(&format!("snapshots: {} in A, {} in B", times_a.len(), times_b.len()));
        same = false;
    }
    for (k, (ta, tb)) in times_a.iter().zip(&times_b).enumerate() {
        if (ta - tb).abs() > args.atol + args.rtol * tb.abs() {
            line(&format!("time of snapshot {k}: {ta:?} in A, {tb:?} in B"));
            same = false;
        }
    }
    for field in fields_a.iter().filter(|field| fields_b.contains(field)) {
        let (shape_a, shape_b) = (a.shape(field)?, b.shape(field)?);
        if shape_a[1..] != shape_b[1..] {
            line(&format!("{field}: {:?} cells in A, {:?} in B", &shape_a[1..], &shape_b[1..]));
            same = false;
            continue;
        }
        let difference = compare(&a, &b, field, shape_a[0].min(shape_b[0]), args)?;
        line(&format!("{field}: {difference}"));
        same &= difference.first.is_none();
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(code::DIFFERENT) })
}

/// How a field differs.
#[derive(Default)]
struct Difference {
    /// Largest difference of two numbers.
    largest: f64,
    /// Largest magnitude in B.
    magnitude: f64,
    /// Numbers that differ by more than allowed, and all.
    outside: usize,
    all: usize,
    /// Snapshot, cell and numbers of the first of them.
    first: Option<(usize, Vec<usize>, f64, f64)>,
}

fn compare(
    a: &Series,
    b: &Series,
    field: &str,
    snapshots: usize,
    args: &DiffArgs,
) -> Result<Difference, Failure> {
    let mut difference = Difference::default();
    for snapshot in 0..snapshots {
        let (in_a, in_b) = (a.read(field, snapshot)?, b.read(field, snapshot)?);
        difference.all += in_a.len();
        for ((cell, x), y) in in_a.indexed_iter().zip(&in_b) {
            let apart = (x - y).abs();
            difference.magnitude = difference.magnitude.max(y.abs());
            // Two NaNs are the same, one is not; infinities are the same if they are equal.
            if x == y || (x.is_nan() && y.is_nan()) {
                continue;
            }
            difference.largest =
                if apart.is_nan() { f64::INFINITY } else { difference.largest.max(apart) };
            let near = apart <= args.atol + args.rtol * y.abs();
            if !near {
                difference.outside += 1;
                let cell = (0..in_a.ndim()).map(|axis| cell[axis]).collect();
                difference.first.get_or_insert((snapshot, cell, *x, *y));
            }
        }
    }
    Ok(difference)
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.largest == 0.0 {
            return write!(f, "the same in all {} numbers", self.all);
        }
        write!(f, "largest difference {:.3e}", self.largest)?;
        if self.magnitude > 0.0 {
            write!(f, ", {:.3e} of the largest number", self.largest / self.magnitude)?;
        }
        match &self.first {
            None => write!(f, ": within the tolerance"),
            Some((snapshot, cell, x, y)) => write!(
                f,
                ": {} of {} numbers differ, first in snapshot {snapshot} at cell {cell:?}: \
                 {x:?} in A, {y:?} in B",
                self.outside, self.all,
            ),
        }
    }
}
