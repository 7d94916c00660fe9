//! `fluxions diff`: compares two results field by field.

use std::process::ExitCode;

use fluxions_io::{Complex64, Component, Field, Series};
use ndarray::{ArrayD, IxDyn};

use crate::args::DiffArgs;
use crate::failure::{Failure, code};
use crate::print::answer;

pub(crate) fn diff(args: &DiffArgs) -> Result<ExitCode, Failure> {
    for (name, value) in [("--rtol", args.rtol), ("--atol", args.atol)] {
        if value.is_nan() || value < 0.0 {
            return Err(Failure::usage(format!("{name} must not be negative: {value}"), None));
        }
    }
    let (a, b) = (Series::open(&args.a)?, Series::open(&args.b)?);
    let (fields_a, fields_b) = (a.fields()?, b.fields()?);
    let mut same = have_same_names(&fields_a, &fields_b)?;
    let (times_a, times_b) = (a.times()?, b.times()?);
    let is_whole = !args.last && args.time.is_none();
    if is_whole && times_a.len() != times_b.len() {
        answer(&format!("snapshots: {} in A, {} in B", times_a.len(), times_b.len()))?;
        same = false;
    }
    let pairs: Vec<(usize, usize)> = match args.time {
        _ if args.last => {
            times_a.len().checked_sub(1).zip(times_b.len().checked_sub(1)).into_iter().collect()
        }
        Some(time) => a.nearest(time)?.zip(b.nearest(time)?).into_iter().collect(),
        None => (0..times_a.len().min(times_b.len())).map(|k| (k, k)).collect(),
    };
    // Single files of snapshots are compared by their states alone.
    if a.is_whole() && b.is_whole() {
        for (k, l) in &pairs {
            let (ta, tb) = (times_a[*k], times_b[*l]);
            if (ta - tb).abs() > args.atol + args.rtol * tb.abs() {
                answer(&format!("time of snapshot {k}: {ta:?} in A, {tb:?} in B"))?;
                same = false;
            }
        }
        if is_whole {
            same &= compare_globals(&a.globals()?, &b.globals()?, args)?;
        }
    }
    for name in fields_a.iter().filter(|field| fields_b.contains(field)) {
        let (field, other) = (a.field(name)?, b.field(name)?);
        if field.ty() != other.ty() {
            answer(&format!("{name}: {} in A, {} in B", field.ty(), other.ty()))?;
            same = false;
            continue;
        }
        let (shape_a, shape_b) = (a.shape(name)?, b.shape(name)?);
        if shape_a[1..] != shape_b[1..] {
            answer(&format!("{name}: {:?} cells in A, {:?} in B", &shape_a[1..], &shape_b[1..]))?;
            same = false;
            continue;
        }
        let difference = compare(&a, &b, &field, &pairs, args)?;
        answer(&format!("{name}: {difference}"))?;
        same &= difference.first.is_none();
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(code::DIFFERENT) })
}

/// Tells names that only one of two results has; whether there are none.
fn have_same_names(a: &[String], b: &[String]) -> Result<bool, Failure> {
    let mut same = true;
    for (one, other, whose) in [(a, b, "A"), (b, a, "B")] {
        for name in one.iter().filter(|name| !other.contains(name)) {
            answer(&format!("{name}: only in {whose}"))?;
            same = false;
        }
    }
    Ok(same)
}

/// Compares the unknowns without space; whether they are the same.
fn compare_globals(
    a: &[(String, Vec<f64>)],
    b: &[(String, Vec<f64>)],
    args: &DiffArgs,
) -> Result<bool, Failure> {
    let names = |all: &[(String, Vec<f64>)]| all.iter().map(|(name, _)| name.clone()).collect();
    let (names_a, names_b): (Vec<String>, Vec<String>) = (names(a), names(b));
    let mut same = have_same_names(&names_a, &names_b)?;
    for (name, in_a) in a {
        let Some((_, in_b)) = b.iter().find(|(other, _)| other == name) else { continue };
        let mut difference = Difference::default();
        for (k, (x, y)) in in_a.iter().zip(in_b).enumerate() {
            let [x, y] = [x, y].map(|x| ArrayD::from_elem(IxDyn(&[]), *x));
            difference.add(&x, &y, &format!("in snapshot {k}"), args);
        }
        answer(&format!("{name}: {difference}"))?;
        same &= difference.first.is_none();
    }
    Ok(same)
}

/// How a field differs.
#[derive(Default)]
struct Difference {
    /// The largest absolute value of a difference.
    largest: f64,
    /// Largest magnitude in B.
    magnitude: f64,
    /// How many numbers differ by more than allowed, and how many there are.
    outside: usize,
    all: usize,
    /// The first of them, in words.
    first: Option<String>,
}

fn compare(
    a: &Series,
    b: &Series,
    field: &Field,
    pairs: &[(usize, usize)],
    args: &DiffArgs,
) -> Result<Difference, Failure> {
    let mut difference = Difference::default();
    for (snapshot, other) in pairs {
        for (number, component) in field.components().iter().enumerate() {
            let read = |series: &Series, at: &usize| series.component(field, *at, number, None);
            let place = match component == field.name() {
                true => format!("in snapshot {snapshot}"),
                false => format!("in snapshot {snapshot} of {component}"),
            };
            match (read(a, snapshot)?, read(b, other)?) {
                (Component::Real(a), Component::Real(b)) => difference.add(&a, &b, &place, args),
                (Component::Complex(a), Component::Complex(b)) => {
                    difference.add(&a, &b, &place, args);
                }
                // The types were compared before.
                _ => {}
            }
        }
    }
    Ok(difference)
}

/// A real or complex number that can be compared.
trait Comparable: Copy + PartialEq + std::ops::Sub<Output = Self> {
    fn absolute(self) -> f64;
    fn is_nan(self) -> bool;
    fn text(self) -> String;
}

impl Comparable for f64 {
    fn absolute(self) -> f64 {
        self.abs()
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn text(self) -> String {
        format!("{self:?}")
    }
}

impl Comparable for Complex64 {
    fn absolute(self) -> f64 {
        self.norm()
    }
    fn is_nan(self) -> bool {
        self.re.is_nan() || self.im.is_nan()
    }
    fn text(self) -> String {
        format!("{:?} + {:?}i", self.re, self.im)
    }
}

impl Difference {
    fn add<T: Comparable>(&mut self, a: &ArrayD<T>, b: &ArrayD<T>, place: &str, args: &DiffArgs) {
        self.all += a.len();
        for ((cell, x), y) in a.indexed_iter().zip(b) {
            let (apart, magnitude) = ((*x - *y).absolute(), y.absolute());
            self.magnitude = self.magnitude.max(magnitude);
            // Two NaNs are the same, one is not; infinities are the same if they are equal.
            if x == y || (x.is_nan() && y.is_nan()) {
                continue;
            }
            self.largest = if apart.is_nan() { f64::INFINITY } else { self.largest.max(apart) };
            // Of an infinite number no share is a tolerance.
            let near = apart.is_finite() && apart <= args.atol + args.rtol * magnitude;
            if !near {
                self.outside += 1;
                self.first.get_or_insert_with(|| {
                    let cell: Vec<usize> = (0..a.ndim()).map(|axis| cell[axis]).collect();
                    let at = match cell.is_empty() {
                        true => String::new(),
                        false => format!(" at cell {cell:?}"),
                    };
                    format!("{place}{at}: {} in A, {} in B", x.text(), y.text())
                });
            }
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.largest == 0.0 {
            return write!(f, "the same in all {} numbers", self.all);
        }
        write!(f, "largest difference {:.3e}", self.largest)?;
        let share = self.largest / self.magnitude;
        if share.is_finite() {
            write!(f, ", {share:.3e} of the largest number")?;
        }
        match &self.first {
            None => write!(f, ": within the tolerance"),
            Some(first) => {
                write!(f, ": {} of {} numbers differ, first {first}", self.outside, self.all)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(a: f64, b: f64) -> Difference {
        let args = DiffArgs {
            a: "a".into(),
            b: "b".into(),
            rtol: 1e-3,
            atol: 1e-3,
            last: false,
            time: None,
        };
        let [a, b] = [a, b].map(|x| ArrayD::from_elem(IxDyn(&[]), x));
        let mut found = Difference::default();
        found.add(&a, &b, "here", &args);
        found
    }

    #[test]
    fn what_is_not_finite_is_near_to_nothing_but_itself() {
        let (nan, infinite) = (f64::NAN, f64::INFINITY);
        for x in [1.0, nan, infinite, -infinite] {
            for y in [2.0, nan, infinite, -infinite] {
                let same = x == y || x.is_nan() && y.is_nan();
                let found = difference(x, y);
                assert_eq!(found.first.is_none(), same, "{x} {y}");
                assert!(!found.to_string().contains("NaN of"), "{x} {y}: {found}");
            }
        }
        assert!(difference(1.0, 1.001).first.is_none());
    }
}
