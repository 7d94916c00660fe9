//! Runge–Kutta schemes as what is done to families of arrays, stage by stage.

use crate::schemes::tableau::Tableau;

/// A Runge–Kutta scheme in terms of families of arrays, one array per field each.
///
/// Slopes are not stored: each stage adds its slope at once to every later stage's state and to
/// the result, as far as its weight there is not 0. Family 0 is the state at the beginning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stages {
    pub(crate) list: Vec<Stage>,
    pub(crate) families: usize,
    /// The family that holds the result.
    pub(crate) result: usize,
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

/// to ← from + factor·dt·slope
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// The family that is added to, itself in place; the state at the beginning if none.
    pub(crate) from: Option<usize>,
    pub(crate) to: usize,
    pub(crate) factor: usize,
}

impl Stages {
    /// The family of the state at the beginning of a step.
    pub(crate) const STATE: usize = 0;

    pub(crate) fn of(tableau: &Tableau) -> Self {
        let s = tableau.stages();
        // Target i is the state of stage i, target s the result.
        let weight = |target: usize, stage: usize| match target {
            t if t == s => tableau.b()[stage],
            t => tableau.a(t)[stage],
        };
        // Stages of which nothing comes to the result are left out.
        let mut counts = vec![false; s + 1];
        counts[s] = true;
        for stage in (0..s).rev() {
            counts[stage] = (stage + 1..=s).any(|t| counts[t] && weight(t, stage) != 0.0);
        }
        let mut family_of: Vec<Option<usize>> = vec![None; s + 1];
        family_of[0] = Some(Stages::STATE);
        let mut free: Vec<usize> = Vec::new();
        let mut stages = Stages { list: vec![], families: 1, result: 0, factors: vec![] };
        for stage in (0..s).filter(|stage| counts[*stage]) {
            // A stage without any earlier slope in it reads the state at the beginning.
            let reads = family_of[stage].unwrap_or(Stages::STATE);
            let mut updates = Vec::new();
            for target in (stage + 1..=s).filter(|target| counts[*target]) {
                let weight = weight(target, stage);
                if weight == 0.0 {
                    continue;
                }
                let known = stages.factors.iter().position(|f| *f == weight);
                let factor = known.unwrap_or_else(|| {
                    stages.factors.push(weight);
                    stages.factors.len() - 1
                });
                let from = family_of[target];
                let to = from.unwrap_or_else(|| {
                    free.pop().unwrap_or_else(|| {
                        stages.families += 1;
                        stages.families - 1
                    })
                });
                family_of[target] = Some(to);
                updates.push(Update { from, to, factor });
            }
            if reads != Stages::STATE {
                free.push(reads);
            }
            stages.list.push(Stage { time: tableau.c()[stage], reads, updates });
        }
        stages.result =
            family_of[s].expect("the weights of a result are not all 0, since their sum is 1");
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_need_few_families() {
        let families = |t| Stages::of(&t).families;
        assert_eq!(families(Tableau::EULER), 2);
        assert_eq!(families(Tableau::RK2), 3);
        assert_eq!(families(Tableau::SSPRK3), 4);
        assert_eq!(families(Tableau::RK4), 4);
    }

    /// The Bogacki–Shampine pair has a last stage for its error estimate only.
    #[test]
    fn stages_that_the_result_does_not_need_are_left_out() {
        let rows: [&[f64]; 4] = [&[], &[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]];
        let b = [2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0];
        let pair = Tableau::new("bs3", 3, &rows, &b, &[0.0, 0.5, 0.75, 1.0]).unwrap();
        let stages = Stages::of(&pair);
        assert_eq!(stages.list.len(), 3);
        assert!(stages.list[2].updates.iter().any(|update| update.to == stages.result));
    }

    /// Runs the stages on y' = f(y) as numbers and compares with the tableau's definition.
    #[test]
    fn stages_do_what_the_tableau_says() {
        let f = |t: f64, y: f64| (y * 1.3).sin() + t * y;
        for tableau in Tableau::ALL {
            let (t, dt, y) = (0.3, 0.1, 0.7);
            let mut slopes: Vec<f64> = Vec::new();
            for (stage, c) in tableau.c().iter().enumerate() {
                let sum: f64 = tableau.a(stage).iter().zip(&slopes).map(|(a, k)| a * k).sum();
                slopes.push(f(t + c * dt, y + dt * sum));
            }
            let expected =
                y + dt * tableau.b().iter().zip(&slopes).map(|(b, k)| b * k).sum::<f64>();

            let stages = Stages::of(&tableau);
            let mut families = vec![f64::NAN; stages.families];
            families[0] = y;
            for stage in &stages.list {
                let slope = f(t + stage.time * dt, families[stage.reads]);
                for update in &stage.updates {
                    assert_ne!(update.to, stage.reads, "neighbours are still to be read");
                    families[update.to] = families[update.from.unwrap_or(Stages::STATE)]
                        + stages.factors[update.factor] * dt * slope;
                }
            }
            assert!((families[stages.result] - expected).abs() < 1e-15, "{}", tableau.name());
        }
    }
}
