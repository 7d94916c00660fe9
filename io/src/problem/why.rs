//! Why a run failed with a number that is not finite, told in terms of the problem file.

use fluxions_comm::World;
use fluxions_grid::Axis;
use fluxions_solver::{
    BeforeFailure, Cause, Error, Growth, StableStep, before_failure, cause_in_equations,
    cause_in_initial,
};

use super::diagnostic::{Diagnostic, Mistakes};
use super::help::help;
use super::{Problem, Times};
use crate::numbers::{brief, short};

const HELP: &str = "a shorter time step does not help: the initial state leads to it";

/// Runs that took more seconds than this are not made again.
const REPLAYED: f64 = 10.0;

impl Problem {
    /// Explains why a number is not finite, if that is what the error says: which operation made
    /// it, or what grew before, and how long the time step may be. `seconds` tells how long the
    /// steps took: short runs are made again to find out. The same on all ranks, but for advice
    /// that only rank 0 has. Collective.
    pub fn why_not_finite(&self, world: &World, error: &Error, seconds: f64) -> Option<Mistakes> {
        let Error::NotFinite { step: step @ 1.., .. } = error else { return None };
        let told = match step {
            1 => self.cause_at_start(world).map(|cause| self.told(&cause).help(Some(HELP))),
            _ => self.told_by_replay(world, error, *step, seconds),
        };
        let told = told.unwrap_or_else(|| {
            let help = match world.is_root() {
                true => self.advice_on_step().or_else(|| help(error)),
                false => None,
            };
            Diagnostic { message: error.to_string(), span: None, label: String::new(), help }
        });
        Some(Mistakes::new(&self.name, &self.text, vec![told]))
    }

    /// What a run that took so many seconds did before a number was not finite after this step, if
    /// it was short enough to be made again. Collective.
    fn told_by_replay(
        &self,
        world: &World,
        error: &Error,
        step: u64,
        seconds: f64,
    ) -> Option<Diagnostic> {
        // Ranks that disagreed would wait for each other for ever.
        if world.max(seconds).ok()? > REPLAYED {
            return None;
        }
        let builder = || self.simulation(world).max_steps(None);
        let before = before_failure(&self.pde, &self.times.scheme, builder, step).ok()?;
        let advice = self.advice_by(&before);
        if let (None, Some(cause)) = (&before.growth, &before.cause) {
            let (time, step) = before.last;
            let mut told = self.told(cause);
            told.message += &format!(", at t = {} after step {step}", short(time));
            let state = "a shorter time step does not help: the state after that step leads to it";
            let short = self.times.dt <= before.stable.longest;
            return Some(told.help(Some(if short { state.into() } else { advice })));
        }
        let (message, label) = (error.to_string(), String::new());
        Some(Diagnostic { message, span: None, label, help: Some(advice) })
    }

    /// What grew, and how long a step may be beside that of the problem, before a failure.
    fn advice_by(&self, before: &BeforeFailure) -> String {
        let (calm, step) = before.calm;
        let grown = before.growth.iter().map(|Growth { array, magnitudes: [from, to], .. }| {
            let (time, last) = before.last;
            format!(
                "`{array}` changed fastest: its largest magnitude was {} at t = {} (step {step}) \
                 and {} at t = {} (step {last}); ",
                short(*from),
                short(calm),
                short(*to),
                short(time)
            )
        });
        let calm = short(calm);
        if let Some(signs) = before.growth.as_ref().and_then(|growth| self.advice_on_signs(growth))
        {
            return grown.chain([signs]).collect();
        }
        let step = self.advice(&before.stable, "was", &format!("at t = {calm}"));
        let step = step.unwrap_or_else(|| {
            format!("nothing limited the step dt = {} at t = {calm}", brief(self.times.dt))
        });
        grown.chain([step]).collect()
    }

    /// What to do where a field has values below 0 in a scheme that divides by it.
    fn advice_on_signs(&self, growth: &Growth) -> Option<String> {
        let Growth { array, least, .. } = growth;
        let (_, transport) = self.transports.iter().find(|(field, _)| field == array)?;
        let options = &transport.options;
        let diffuses = !transport.diffusivity.is_empty();
        let divides =
            !options.signed && !options.nonoscillatory && (diffuses || !options.infinite_gauge);
        if *least >= 0.0 || options.iterations < 2 || !divides {
            return None;
        }
        // Where a field diffuses in its transport, `signed` is refused.
        let option = if diffuses { "nonoscillatory" } else { "signed" };
        Some(format!(
            "it fell to {}, and the passes of MPDATA after the first divide by it: keep it from falling \
             below 0, or write {option} = true in [transport]",
            short(*least)
        ))
    }

    /// Explains why an initial value is not finite, if that is what the error says.
    pub(super) fn why_initial(&self, error: &Error) -> Option<Diagnostic> {
        let Error::NotFinite { field, coordinates, step: 0, .. } = error else { return None };
        // The error may be about a part of the grid, which numbers its cells from its own bounds.
        let cell = |(axis, x): (&Axis, &f64)| ((x - axis.bounds()[0]) / axis.spacing()) as usize;
        let cell: Vec<usize> = self.pde.grid().axes().iter().zip(coordinates).map(cell).collect();
        let cause = cause_in_initial(&self.pde, &self.initial, field, &cell)?;
        Some(self.told(&cause))
    }

    /// What is not finite in the equations in the initial state. Collective.
    fn cause_at_start(&self, world: &World) -> Option<Cause> {
        let builder = self.simulation(world);
        cause_in_equations(&self.pde, &self.times.scheme, builder).ok().flatten()
    }

    fn told(&self, cause: &Cause) -> Diagnostic {
        let Cause { origin, span, operation, value, axes, cell, coordinates } = cause;
        let at: Vec<String> =
            axes.iter().zip(coordinates).map(|(axis, x)| format!("{axis} = {x}")).collect();
        let cell = match &cell[..] {
            [only] => format!("cell {only}"),
            all => format!("cell {all:?}"),
        };
        let what = if value.is_nan() { "not a number" } else { "infinite" };
        let place = self.places.part(origin, *span);
        let text = place.clone().and_then(|place| self.text.get(place));
        let mut message = match text {
            Some(text) => {
                format!("`{text}` in the {origin} is {what} at {} ({cell})", at.join(", "))
            }
            None => format!("the {origin} is {what} at {} ({cell})", at.join(", ")),
        };
        if let Some(operation) = operation {
            message += &format!(": {operation}");
        }
        let label = format!("in the {origin}");
        Diagnostic { message, span: place, label, help: None }
    }

    /// How long a step may be, beside that of the problem.
    fn advice_on_step(&self) -> Option<String> {
        let step = self.stable_step().ok()?;
        Some(self.advice(&step, "is", "for the initial state").unwrap_or_else(|| {
            let dt = brief(self.times.dt);
            format!("the step dt = {dt} may be too long, although nothing limits it at first")
        }))
    }

    /// How long a step may be, beside that of the problem, where anything limits it in a state:
    /// `when` that is, and which form of the verb `is` used of it.
    fn advice(&self, step: &StableStep, is: &str, when: &str) -> Option<String> {
        let longest = step.longest;
        let (dt, limit) = (brief(self.times.dt), Times::rounded_down(longest));
        match longest {
            f64::INFINITY => None,
            _ if self.times.vary() => Some(format!(
                "the longest stable step {is} {limit} {when}, and steps follow it: the solution grows \
                 without bound"
            )),
            _ if self.times.dt > longest => Some(format!(
                "the step dt = {dt} is too long: the longest stable one {is} {limit} {when}"
            )),
            _ => Some(format!(
                "the longest stable step {is} {limit} {when}, and dt = {dt}: the solution grows \
                 without bound, or needs shorter steps later"
            )),
        }
    }
}
