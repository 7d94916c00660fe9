//! What the solver did up to each snapshot, as numbers of a series.

use fluxions_solver::Effort;

use super::index::SOLVER;

/// The names of what is known.
pub(crate) fn names(effort: &Effort) -> Vec<String> {
    let mut names = vec!["steps", "rejected", "dt", "evaluations"];
    if effort.iterations.is_some() {
        names.extend(["corrections", "iterations"]);
    }
    if effort.spectral_radius.is_some() {
        names.push("spectral_radius");
    }
    names.into_iter().map(|name| format!("{SOLVER}{name}")).collect()
}

/// What of this name is known; not a number where it is not.
pub(crate) fn value(effort: &Effort, name: &str) -> f64 {
    let Effort { steps, rejected, dt, evaluations, iterations, spectral_radius } = *effort;
    let iterations = iterations.unwrap_or_default();
    match name {
        "steps" => steps as f64,
        "rejected" => rejected as f64,
        "dt" => dt,
        "evaluations" => evaluations as f64,
        "corrections" => iterations.nonlinear as f64,
        "iterations" => iterations.linear as f64,
        _ => spectral_radius.unwrap_or(f64::NAN),
    }
}
