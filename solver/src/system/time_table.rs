//! Values that are given at times, and lie on straight lines between these.

use std::sync::Arc;

use fluxions_expr::{Expr, Native, Node, Span, Type};

use crate::error::Error;

/// A value that depends on the time: given at some times, on straight lines between them, and
/// constant before the first and after the last one.
///
/// ```
/// use fluxions_solver::TimeTable;
///
/// // It rises, stays, and drops at once at t = 3.
/// let table = TimeTable::new([[0.0, 1.0], [2.0, 5.0], [3.0, 5.0], [3.0, 0.0]])?;
/// assert_eq!([-1.0, 1.0, 2.5, 3.0, 9.0].map(|t| table.at(t)), [1.0, 3.0, 5.0, 0.0, 0.0]);
/// # Ok::<(), fluxions_solver::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TimeTable {
    points: Arc<[[f64; 2]]>,
    /// The function of the time.
    function: Native,
}

impl TimeTable {
    /// The table of these times, each with its value. The value changes at once where a time stands
    /// twice.
    ///
    /// # Errors
    /// If there are none, if a number is not finite, or if a time is before the one above it.
    pub fn new(points: impl IntoIterator<Item = [f64; 2]>) -> Result<Self, Error> {
        let points: Arc<[[f64; 2]]> = points.into_iter().collect();
        let wrong = |reason: String| Err(Error::TimeTable { reason });
        if points.is_empty() {
            return wrong("it is empty".into());
        }
        for (k, [t, v]) in points.iter().enumerate() {
            if !(t.is_finite() && v.is_finite()) {
                return wrong(format!("line {} is not finite: [{t:?}, {v:?}]", k + 1));
            }
            if k > 0 && *t < points[k - 1][0] {
                return wrong(format!("its times go back, from {:?} to {t:?}", points[k - 1][0]));
            }
        }
        let table = Arc::clone(&points);
        let function = Native::of_slice("time_table", 1, move |t: &[f64]| value_at(&table, t[0]));
        let function = function.with_breaks(points.iter().map(|[time, _]| *time));
        Ok(TimeTable { points, function })
    }

    /// The value at a time.
    pub fn at(&self, time: f64) -> f64 {
        value_at(&self.points, time)
    }

    /// The times with their values.
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The value as an expression.
    pub(crate) fn expr(&self) -> Expr {
        let real = |node| Expr { node, ty: Type::REAL, span: Span::default() };
        real(Node::Native(self.function.clone(), vec![real(Node::Time)]))
    }
}

fn value_at(points: &[[f64; 2]], time: f64) -> f64 {
    // The first point after the time.
    let next = points.partition_point(|[t, _]| *t <= time);
    match (next.checked_sub(1).map(|last| points[last]), points.get(next)) {
        (None, _) => points[0][1],
        (Some([_, value]), None) => value,
        (Some([t0, v0]), Some([t1, v1])) => v0 + (v1 - v0) * ((time - t0) / (t1 - t0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let reason =
            |points: &[[f64; 2]]| TimeTable::new(points.iter().copied()).unwrap_err().to_string();
        assert!(reason(&[]).contains("empty"));
        assert!(reason(&[[0.0, 1.0], [f64::NAN, 1.0]]).contains("line 2 is not finite"));
        assert!(reason(&[[0.0, 1.0], [2.0, 1.0], [1.0, 1.0]]).contains("from 2.0 to 1.0"));
    }
}
