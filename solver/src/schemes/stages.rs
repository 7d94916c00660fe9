//! Runge–Kutta schemes as what is done to families of arrays, stage by stage.
//!
//! Slopes are not stored. Mostly each stage adds its slope at once to every later stage's state and to the
//! result, as far as its weight there is not 0. Schemes in two registers have a form of their own.

use crate::schemes::tableau::Tableau;
use crate::schemes::two_registers::TwoRegisterStage;

/// A Runge–Kutta scheme in terms of families of arrays, one array per field each. Family 0 is the state at the
/// beginning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stages {
    pub(crate) list: Vec<Stage>,
    pub(crate) families: usize,
    /// The family that holds the result.
    pub(crate) result: usize,
    /// The family that holds the estimate of the error, if there is one.
    pub(crate) error: Option<usize>,
    /// The families that hold slopes times dt from the beginnings of the steps before, the newest first. At the
    /// end of a step the last one holds that of its beginning.
    pub(crate) history: Vec<usize>,
    /// The family that holds the bend of the solution within the step, if it is known.
    pub(crate) bend: Option<usize>,
    /// The weights that occur; they are multiplied by the time step once per step.
    pub(crate) factors: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// Its time, in steps after the beginning of the step.
    pub(crate) time: f64,
    /// The family whose slope is taken.
    pub(crate) reads: usize,
    pub(crate) updates: Vec<Update>,
}

/// to ← Σ weight·family + factor·dt·slope
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// The families that are added to, with their weights: none where it is the first update of an estimate of
    /// the error, or of a bend.
    pub(crate) base: Vec<(usize, f64)>,
    pub(crate) to: usize,
    pub(crate) factor: usize,
}

impl Stage {
    /// Whether an update reads what is in a family.
    pub(crate) fn adds_to(&self, family: usize) -> bool {
        self.updates.iter().flat_map(|update| &update.base).any(|(base, _)| *base == family)
    }
}

impl Stages {
    /// The family of the state at the beginning of a step.
    pub(crate) const STATE: usize = 0;

    /// The stages that the result of a scheme needs. Only a scheme in two registers may overwrite the state at
    /// the beginning, and does so unless that has to be `kept`.
    pub(crate) fn of(tableau: &Tableau, kept: bool) -> Self {
        match tableau.two_registers() {
            [] => Self::new(tableau, None),
            stages => Self::in_two_registers(stages, tableau.c(), kept),
        }
    }

    /// The stages of a scheme in two registers: u is in another family after each stage, since its neighbours are
    /// read; r changes in place.
    fn in_two_registers(registers: &[TwoRegisterStage], times: &[f64], kept: bool) -> Self {
        let mut stages = Stages::begin();
        let (mut u, mut r) = (Stages::STATE, Stages::STATE);
        for (i, (stage, time)) in registers.iter().zip(times).enumerate() {
            let is_free = |family: &usize| {
                *family != u && *family != r && (i > 0 && !kept || *family != Stages::STATE)
            };
            let to_r = match r {
                _ if stage.r == TwoRegisterStage::KEEP || i + 1 == registers.len() => None,
                Stages::STATE if kept || i == 0 => (1..).find(is_free),
                r => Some(r),
            };
            let to_u = (0..).find(|family| is_free(family) && Some(*family) != to_r);
            let to_u = to_u.expect("there are as many families as are needed");
            let mut updates = Vec::new();
            for (to, weights) in [(Some(to_u), stage.u), (to_r, stage.r)] {
                let Some(to) = to else { continue };
                let base = match u == r {
                    true => vec![(u, weights[0] + weights[1])],
                    false => vec![(u, weights[0]), (r, weights[1])],
                };
                let base = base.into_iter().filter(|(_, weight)| *weight != 0.0).collect();
                let factor = stages.factor(weights[2]);
                updates.push(Update { base, to, factor });
            }
            stages.list.push(Stage { time: *time, reads: u, updates });
            (u, r) = (to_u, to_r.unwrap_or(r));
            stages.families = stages.families.max(to_u + 1).max(r + 1);
        }
        stages.result = u;
        stages
    }

    /// No stages yet.
    fn begin() -> Self {
        let (list, history, factors) = (Vec::new(), Vec::new(), Vec::new());
        Stages { list, families: 1, result: 0, error: None, history, bend: None, factors }
    }

    /// The same stages, which also keep the slopes at the beginnings of so many steps.
    pub(crate) fn keeping(mut self, slopes: usize) -> Self {
        self.history = (self.families..self.families + slopes).collect();
        self.families += slopes;
        if let Some(oldest) = self.history.last() {
            let (to, factor) = (*oldest, self.factor(1.0));
            self.list[0].updates.push(Update { base: Vec::new(), to, factor });
        }
        self
    }

    /// The step of a multistep scheme, from one of Euler's scheme that keeps slopes: the result is the state and
    /// the slopes with these weights, that at the beginning first.
    pub(crate) fn looking_back(mut self, weights: &[f64]) -> Self {
        let factor = self.factor(weights[0]);
        let result = self.list[0].updates.iter_mut().find(|update| update.to == self.result);
        let result = result.expect("a step has a result");
        result.factor = factor;
        result.base.extend(self.history.iter().copied().zip(weights[1..].iter().copied()));
        self
    }

    /// The place of a weight among the factors.
    fn factor(&mut self, weight: f64) -> usize {
        let known = self.factors.iter().position(|factor| *factor == weight);
        known.unwrap_or_else(|| {
            self.factors.push(weight);
            self.factors.len() - 1
        })
    }

    /// The stages of a scheme that estimates the error by the difference of its result from that with
    /// the embedded weights; those of the result alone if it has none.
    pub(crate) fn with_error(tableau: &Tableau) -> Self {
        Self::new(tableau, tableau.embedded())
    }

    fn new(tableau: &Tableau, embedded: Option<&[f64]>) -> Self {
        let s = tableau.stages();
        let bends = tableau.bend().filter(|_| embedded.is_some());
        // Target i is the state of stage i, then come the result, the error, and the bend.
        let (error, bend) = (s + 1, s + 2);
        let weight = |target: usize, stage: usize| match target {
            t if t == bend => bends.map_or(0.0, |bends| bends[stage]),
            t if t == error => embedded.map_or(0.0, |other| tableau.b()[stage] - other[stage]),
            t if t == s => tableau.b()[stage],
            t => tableau.a(t)[stage],
        };
        // The result may be the state of the last stage, whose slope only the error needs.
        let is_result = |target: usize| {
            target + 1 == s
                && embedded.is_some()
                && (0..s).all(|k| weight(s, k) == if k < target { weight(target, k) } else { 0.0 })
        };
        let result = if s > 1 && is_result(s - 1) { s - 1 } else { s };
        // Stages of which nothing comes to any of the last three are left out.
        let mut counts = vec![false; s + 3];
        counts[result] = true;
        (counts[error], counts[bend]) = (embedded.is_some(), bends.is_some());
        for stage in (0..s).rev() {
            let used = (stage + 1..=bend).any(|t| counts[t] && weight(t, stage) != 0.0);
            counts[stage] |= used;
        }
        let mut family_of: Vec<Option<usize>> = vec![None; s + 3];
        family_of[0] = Some(Stages::STATE);
        let mut free: Vec<usize> = Vec::new();
        let mut stages = Stages::begin();
        for stage in (0..s).filter(|stage| counts[*stage]) {
            // A stage without any earlier slope in it reads the state at the beginning.
            let reads = family_of[stage].unwrap_or(Stages::STATE);
            let mut updates = Vec::new();
            for target in (stage + 1..=bend).filter(|target| counts[*target]) {
                let weight = weight(target, stage);
                if weight == 0.0 {
                    continue;
                }
                let factor = stages.factor(weight);
                let base = match family_of[target] {
                    Some(own) => vec![(own, 1.0)],
                    None if target >= error => Vec::new(),
                    None => vec![(Stages::STATE, 1.0)],
                };
                let to = family_of[target].unwrap_or_else(|| {
                    free.pop().unwrap_or_else(|| {
                        stages.families += 1;
                        stages.families - 1
                    })
                });
                family_of[target] = Some(to);
                updates.push(Update { base, to, factor });
            }
            if reads != Stages::STATE && stage != result {
                free.push(reads);
            }
            stages.list.push(Stage { time: tableau.c()[stage], reads, updates });
        }
        stages.result =
            family_of[result].expect("the weights of a result are not all 0, since their sum is 1");
        (stages.error, stages.bend) = (family_of[error], family_of[bend]);
        stages
    }

    /// Whether nothing is added to a family after this stage.
    pub(crate) fn is_last_of(&self, family: usize, stage: usize) -> bool {
        let adds = |stage: &Stage| stage.updates.iter().any(|update| update.to == family);
        adds(&self.list[stage]) && !self.list[stage + 1..].iter().any(adds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_need_few_families() {
        let families = |t| Stages::of(&t, false).families;
        assert_eq!(families(Tableau::EULER), 2);
        assert_eq!(families(Tableau::RK2), 3);
        assert_eq!(families(Tableau::SSPRK3), 4);
        assert_eq!(families(Tableau::RK4), 4);
        assert_eq!(families(Tableau::SSPRK104), 3);
        assert_eq!(families(Tableau::CARPENTER_KENNEDY45), 3);
        assert_eq!(Stages::of(&Tableau::SSPRK104, true).families, 4);
        assert_eq!(Stages::of(&Tableau::CARPENTER_KENNEDY45, true).families, 4);
        // For an estimate of the error there is one more, but the result is the last stage's state.
        let with_error = |t| Stages::with_error(&t).families;
        assert_eq!(families(Tableau::BOGACKI_SHAMPINE), 4);
        assert_eq!(with_error(Tableau::BOGACKI_SHAMPINE), 5);
        assert_eq!(with_error(Tableau::DORMAND_PRINCE), 9);
    }

    /// The Bogacki–Shampine pair has a last stage for its error estimate only.
    #[test]
    fn stages_that_the_result_does_not_need_are_left_out() {
        let rows: [&[f64]; 4] = [&[], &[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]];
        let b = [2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0];
        let pair = Tableau::new("bs3", 3, &rows, &b, &[0.0, 0.5, 0.75, 1.0]).unwrap();
        let stages = Stages::of(&pair, false);
        assert_eq!(stages.list.len(), 3);
        assert!(stages.list[2].updates.iter().any(|update| update.to == stages.result));
    }

    /// Runs the stages on y' = f(y) as numbers and compares with the tableau's definition.
    #[test]
    fn stages_do_what_the_tableau_says() {
        let f = |t: f64, y: f64| (y * 1.3).sin() + t * y;
        for tableau in Tableau::ALL {
            // Tableaux in two registers are compared with their usual form.
            let (t, dt, y) = (0.3, 0.1, 0.7);
            let mut slopes: Vec<f64> = Vec::new();
            for (stage, c) in tableau.c().iter().enumerate() {
                let sum: f64 = tableau.a(stage).iter().zip(&slopes).map(|(a, k)| a * k).sum();
                slopes.push(f(t + c * dt, y + dt * sum));
            }
            let expected =
                y + dt * tableau.b().iter().zip(&slopes).map(|(b, k)| b * k).sum::<f64>();

            let result_of = |stages: &Stages| {
                let mut families = vec![f64::NAN; stages.families];
                families[0] = y;
                for stage in &stages.list {
                    let slope = f(t + stage.time * dt, families[stage.reads]);
                    let before = families.clone();
                    for update in &stage.updates {
                        assert_ne!(update.to, stage.reads, "neighbours are still to be read");
                        let base = update.base.iter().map(|(k, weight)| weight * before[*k]);
                        families[update.to] =
                            base.sum::<f64>() + stages.factors[update.factor] * dt * slope;
                    }
                }
                assert!((families[stages.result] - expected).abs() < 1e-15, "{}", tableau.name());
                families
            };
            result_of(&Stages::of(&tableau, false));
            result_of(&Stages::of(&tableau, true));
            let stages = Stages::with_error(&tableau);
            let families = result_of(&stages);
            let Some(embedded) = tableau.embedded() else { continue };
            let other = y + dt * embedded.iter().zip(&slopes).map(|(b, k)| b * k).sum::<f64>();
            let error = families[stages.error.unwrap()];
            assert!((error - (expected - other)).abs() < 1e-15, "{}", tableau.name());
        }
    }
}
