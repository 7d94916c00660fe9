//! Writes report.json.

use fluxions_comm::Kind;
use fluxions_solver::{Report, StopReason};
use serde_json::{Value, json};

/// What a run did, as JSON. `copy_bandwidth` is what the machine reaches copying memory, in bytes
/// per second, if it was measured.
pub fn to_json(report: &Report, copy_bandwidth: Option<f64>) -> Value {
    let (reason, detail) = match &report.stop_reason {
        StopReason::Tracker(detail) => ("tracker", Some(detail.as_str())),
        StopReason::MaxSteps => ("max_steps", None),
        StopReason::Finished => ("finished", None),
        _ => ("end", None),
    };
    json!({
        "stop_reason": reason,
        "stop_detail": detail,
        "time": report.time,
        "steps": report.steps,
        "rejected_steps": report.rejected_steps,
        "rhs_evaluations": report.rhs_evaluations,
        "halo_exchanges": report.halo_exchanges,
        "messages": report.messages,
        "bytes_sent": report.bytes_sent,
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
