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

#[cfg(test)]
mod tests {
    use fluxions_solver::Inspection;

    use super::*;

    /// The arrays for which there has to be memory, about.
    fn arrays(time: &str, output: &str) -> f64 {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 400 }}\ny = {{ bounds = [0, 1], cells = 500 }}\n\
             [equations]\nu = \"1e-4*laplace(u) - u^3\"\n[initial]\nu = \"x\"\n[time]\nend = 1\n{time}\n\
             [output]\n{output}\n"
        );
        let problem = Problem::parse("p", &text).unwrap();
        let needs = problem.check().unwrap();
        let (scheme, dims) = (&problem.times.scheme, &*problem.dims);
        let inspection = Inspection::with_needs(&problem.pde, scheme, (1, dims), needs).unwrap();
        (inspection.memory_per_rank as f64 / (200_000.0 * 8.0)).round()
    }

    #[test]
    fn copies_of_the_state_are_among_what_is_needed() {
        let euler = "dt = 1e-3\nscheme = \"euler\"";
        let every_step = arrays(euler, "every = 0.25");
        assert_eq!(every_step, 2.0);
        // A shorter step finds the state, and the one before it is kept.
        assert_eq!(arrays(euler, "every = 0.3333"), every_step + 1.0);
        assert_eq!(arrays(euler, "at = [0.5, 0.6]"), every_step);
        assert_eq!(arrays(euler, "at = [0.5, 0.61234]"), every_step + 1.0);
        // Steps that are made anew where they were too long begin with a copy.
        let follows = arrays("dt = \"auto\"\nscheme = \"euler\"", "every = 2");
        assert!(follows > every_step, "{follows}");
    }
}
