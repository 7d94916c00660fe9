//! What a run needs of memory beside the arrays of the solver.

use fluxions_solver::Every;

use super::Problem;

/// How far from a whole number of steps a time may be to count as the end of one.
const WHOLE: f64 = 1e-9;

impl Problem {
    /// Whether something is written at times that lie within steps.
    pub(super) fn has_output_within_steps(&self) -> bool {
        let output = &self.output;
        let every = [&output.every].into_iter();
        let every = every.chain(self.diagnostics.iter().map(|diagnostics| &diagnostics.every));
        let every = every.chain(self.conserved.iter().map(|conserved| &conserved.every));
        let every = every.chain(output.probes.iter().map(|probe| &probe.every));
        let every = every.chain(output.parts.iter().map(|part| &part.every));
        let every = every.chain(output.spectra.iter().map(|spectrum| &spectrum.every));
        let mut every = every.chain(output.histograms.iter().map(|histogram| &histogram.every));
        every.any(|every| self.lies_within_steps(every))
    }

    fn lies_within_steps(&self, every: &Every) -> bool {
        let times = &self.times;
        let is_within = |span: f64| {
            let steps = span / times.dt;
            times.vary() || (steps - steps.round()).abs() > WHOLE * steps.abs().max(1.0)
        };
        let is_between =
            |time: &&f64| (times.start..times.end).contains(*time) && **time > times.start;
        match every {
            Every::Time(interval) => *interval < times.end - times.start && is_within(*interval),
            Every::Times(list) => {
                list.iter().filter(is_between).any(|time| is_within(time - times.start))
            }
            Every::Steps(_) | Every::Moment => false,
        }
    }
}
