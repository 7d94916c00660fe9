//! Watches quantities that should stay what they were, and writes conserved.csv.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use fluxions_solver::{Snapshot, Tracker, TrackerError};
use serde::{Deserialize, Serialize};

use crate::folder::RunFolder;
use crate::numbers::{brief, measured};
use crate::problem::{Conserved, Quantity, Warning, Warnings};
use crate::rows::{Rows, RowsWriter};

/// What became of the quantities of a run, shared by who watches and who tells.
#[derive(Clone, Debug, Default)]
pub struct Conservation(Rc<RefCell<Vec<(String, Drift)>>>);

/// How far a quantity has drifted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The quantity at first.
    pub first: f64,
    /// The quantity when it was looked at last.
    pub last: f64,
    /// What the drift is compared with: the largest scale so far.
    pub scale: f64,
    /// The largest drift so far, beside the scale of its time.
    pub largest: f64,
    /// When that was.
    pub time: f64,
    /// Whether it has been told that the drift is larger than it may be.
    told: bool,
}

impl Conservation {
    /// The quantities with their drifts; none before the first look.
    pub fn drifts(&self) -> Vec<(String, Drift)> {
        self.0.borrow().clone()
    }
}

/// A quantity that has drifted further than it may.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "`{name}` is not conserved: it was {} and has changed by {:.1e} at t = {}, a drift of {drift:.1e} beside {} (tolerance = {})",
    measured(*first), last - first, brief(*time), measured(*scale), brief(*tolerance)
)]
pub struct NotConserved {
    /// The quantity.
    pub name: String,
    /// What it was at first.
    pub first: f64,
    /// What it is.
    pub last: f64,
    /// The time.
    pub time: f64,
    /// The drift beside the scale.
    pub drift: f64,
    /// What it is compared with.
    pub scale: f64,
    /// How large it may be.
    pub tolerance: f64,
}

impl NotConserved {
    /// Advice on what to do about it.
    pub fn help(&self) -> String {
        "a smaller dt or tolerance may help, or operators that conserve, such as `diffusion` and `divergence`".into()
    }
}

struct ConservedRows {
    quantities: Vec<Quantity>,
    found: Conservation,
    warnings: Warnings,
    /// What ends the run.
    broken: Option<NotConserved>,
}

/// A tracker that watches quantities, tells `found` what became of them, and adds to `warnings` what has drifted too far.
pub fn conservation_writer(
    folder: &RunFolder,
    conserved: &Conserved,
    found: &Conservation,
    warnings: &Warnings,
) -> impl Tracker + use<> {
    let columns =
        conserved.quantities.iter().map(|Quantity { name, .. }| format!(",{name},drift of {name}"));
    let header = format!("step,time{}", columns.collect::<String>());
    let rows = ConservedRows {
        quantities: conserved.quantities.clone(),
        found: found.clone(),
        warnings: warnings.clone(),
        broken: None,
    };
    RowsWriter::new(folder, (None, "conserved.csv"), &header, rows)
}

impl Rows for ConservedRows {
    fn rows(&mut self, now: &mut Snapshot<'_>) -> Result<String, TrackerError> {
        let mut found = self.found.0.borrow_mut();
        let mut row = format!("{},{:?}", now.step(), now.time());
        let time = now.time();
        for (number, quantity) in self.quantities.iter().enumerate() {
            let value = now.number(&quantity.value_name())?;
            let scale = match &quantity.scale {
                Some(_) => now.number(&quantity.scale_name())?.abs(),
                None => value.abs(),
            };
            if found.len() == number {
                let new =
                    Drift { first: value, last: value, scale, largest: 0.0, time, told: false };
                found.push((quantity.name.clone(), new));
            }
            let drift = &mut found[number].1;
            (drift.last, drift.scale) = (value, drift.scale.max(scale));
            let difference = value - drift.first;
            // Where all is 0 nothing has drifted.
            let relative = if difference == 0.0 { 0.0 } else { difference / drift.scale };
            // Writing to a text cannot fail.
            let _ = write!(row, ",{value:?},{relative:?}");
            if relative.abs() > drift.largest || relative.is_nan() {
                (drift.largest, drift.time) = (relative.abs(), time);
            }
            let Some(tolerance) = quantity.tolerance else { continue };
            if relative.abs() <= tolerance || drift.told {
                continue;
            }
            drift.told = true;
            let broken = NotConserved {
                name: quantity.name.clone(),
                first: drift.first,
                last: value,
                time,
                drift: relative,
                scale: drift.scale,
                tolerance,
            };
            if quantity.stop {
                self.broken.get_or_insert(broken);
            } else if now.world().is_root() {
                self.warnings.push(Warning::not_conserved(&broken));
            }
        }
        row.push('\n');
        Ok(row)
    }

    fn verdict(&mut self) -> Result<(), TrackerError> {
        self.broken.take().map_or(Ok(()), |broken| Err(broken.into()))
    }

    fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.found.drifts()).expect("plain data can be written to memory")
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        *self.found.0.borrow_mut() = postcard::from_bytes(saved)?;
        Ok(())
    }
}
