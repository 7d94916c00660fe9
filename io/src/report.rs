//! Writes report.json.

use std::collections::BTreeMap as Map;

use crate::conservation::{Conservation, Drift};
use fluxions_comm::Kind;
use fluxions_solver::{Iterations, Report, StopReason};
use serde_json::{Value, json};

/// What it took to solve equations, and how well they are solved where there were no steps.
fn solver(report: &Report, taken: Iterations) -> Value {
    let balance = report.balance.as_ref();
    let excess = balance.map(|balance| balance.excess.iter().cloned().collect::<Map<_, _>>());
    json!({
        "corrections": taken.nonlinear,
        "iterations": taken.linear,
        "first_residual": balance.map(|balance| balance.residuals[0]),
        "residual": balance.map(|balance| balance.residuals[1]),
        "excess": excess,
    })
}

/// How far quantities have drifted that should stay what they were; nothing if none were watched.
fn conserved(conservation: &Conservation) -> Option<Value> {
    let one = |(name, drift): (String, Drift)| {
        let Drift { first, last, scale, largest, time, .. } = drift;
        let told = json!({
            "first": first, "last": last, "scale": scale, "largest_drift": largest, "at": time,
        });
        (name, told)
    };
    let drifts = conservation.drifts();
    (!drifts.is_empty()).then(|| Value::Object(drifts.into_iter().map(one).collect()))
}

/// What a run did, as JSON. `copy_bandwidth` is what the machine reaches copying memory, in bytes
/// per second, if it was measured.
pub fn to_json(report: &Report, copy_bandwidth: Option<f64>, conservation: &Conservation) -> Value {
    let (reason, detail) = match &report.stop_reason {
        StopReason::Tracker(detail) => ("tracker", Some(detail.as_str())),
        StopReason::Interrupted(detail) => ("interrupted", Some(detail.as_str())),
        StopReason::MaxSteps => ("max_steps", None),
        StopReason::Solved => ("solved", None),
        StopReason::Finished => ("finished", None),
        _ => ("end", None),
    };
    json!({
        "stop_reason": reason,
        "stop_detail": detail,
        "time": report.time,
        "steps": report.steps,
        "resumed_at": (report.resumed_at > 0).then_some(report.resumed_at),
        "rejected_steps": report.rejected_steps,
        "rhs_evaluations": report.rhs_evaluations,
        "solver": report.iterations.map(|taken| solver(report, taken)),
        "conserved": conserved(conservation),
        "halo_exchanges": report.halo_exchanges,
        "messages": report.messages,
        "bytes_sent": report.bytes_sent,
        "halo_ways": report.halo_ways,
        "wall_seconds": report.wall_seconds,
        "setup_seconds": report.setup_seconds,
        "stepping_seconds": report.stepping_seconds,
        "output_seconds": report.output_seconds,
        "cells": report.cells,
        "cells_per_second": report.cells_per_second(),
        "bandwidth_fraction": copy_bandwidth.map(|most| report.bandwidth() / most),
        "ranks": report.ranks,
        "dims": report.dims,
        "threads_or_mpi": match report.kind {
            Kind::Mpi => "mpi",
            Kind::Solo | Kind::Threads => "threads",
        },
        "backend": report.backend,
        "steps_per_sweep": report.steps_per_sweep,
        "version": env!("CARGO_PKG_VERSION"),
    })
}
