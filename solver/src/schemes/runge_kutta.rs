//! Explicit Runge–Kutta schemes: a time step as a plan.

use fluxions_expr::Value;

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, rates as rates_of, slots};
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::schemes::error_norm;
use crate::schemes::euler_maruyama;
use crate::schemes::globals::{self, Globals};
use crate::schemes::interpolation;
use crate::schemes::rates::{self, Update};
use crate::schemes::scheme::{Scheme, WithinStep};
use crate::schemes::stability::StabilityRegion;
use crate::schemes::stages::Stages;
use crate::schemes::tableau::Tableau;
use crate::schemes::tolerance::Tolerance;
use crate::solvers::registers::Registers;
use crate::system::pde::Pde;

/// An explicit Runge–Kutta scheme. Where the system has noise, this is added to the result of
/// each step as the scheme of Euler and Maruyama does.
#[derive(Clone, Debug)]
pub(crate) struct RungeKutta {
    tableau: Tableau,
    stages: Stages,
    /// By what the error of a step is measured, if it is.
    tolerance: Option<Tolerance>,
}

impl RungeKutta {
    /// The scheme of a tableau, for a system.
    pub(crate) fn new(tableau: Tableau, pde: &Pde) -> Self {
        // Variances of noise are those of the state at the beginning.
        let stages = Stages::of(&tableau, !pde.noise().fields.is_empty());
        Self::with_stages(tableau, stages)
    }

    /// A scheme of other stages than those of its tableau.
    pub(crate) fn with_stages(tableau: Tableau, stages: Stages) -> Self {
        RungeKutta { tableau, stages, tolerance: None }
    }

    /// The scheme of a tableau with embedded weights, whose steps tell their error.
    pub(crate) fn with_error(tableau: Tableau, tolerance: Tolerance) -> Self {
        let stages = Stages::with_error(&tableau);
        RungeKutta { tableau, stages, tolerance: Some(tolerance) }
    }
}

impl Scheme for RungeKutta {
    fn name(&self) -> &str {
        self.tableau.name()
    }

    fn order(&self) -> usize {
        self.tableau.order()
    }

    fn real_limit(&self) -> f64 {
        self.tableau.real_limit()
    }

    fn imaginary_limit(&self) -> f64 {
        self.tableau.imaginary_limit()
    }

    fn region(&self) -> Option<StabilityRegion> {
        Some(self.tableau.region())
    }

    fn registers(&self, _: &Pde) -> usize {
        self.stages.families
    }

    fn embedded(&self) -> Option<&[f64]> {
        self.tableau.embedded()
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        let named = |what: &'static str| {
            pde.array_names().into_iter().map(move |name| format!("{what} {name}"))
        };
        let bend = self.stages.bend.map(|_| "bend of");
        let of_unknowns = Registers::names_of_unknowns(pde);
        let before = ["slope before of", "slope two before of"];
        if !self.stages.history.is_empty() {
            let before = before.into_iter().take(self.stages.history.len()).flat_map(named);
            return of_unknowns.into_iter().chain(before).collect();
        }
        match self.keeps_slopes(pde) {
            true => ["slope of", "next slope of", "previous", "error of"]
                .into_iter()
                .chain(bend)
                .flat_map(named)
                .collect(),
            false => of_unknowns,
        }
    }

    fn step(&self, pde: &Pde) -> Plan {
        let stages = &self.stages;
        let n = pde.arrays();
        let equations = rates_of(pde);
        let all: Vec<usize> = (0..equations.len()).collect();
        let numbers = globals::equations(pde);
        let targets: Vec<OwnedExpr<'_>> = equations.iter().chain(&numbers).copied().collect();
        let mut program = Program::new(pde, &targets);
        let noise = (!pde.noise().fields.is_empty()).then(|| euler_maruyama::program(pde));
        let programs: Vec<&Program<'_>> = [&program].into_iter().chain(&noise).collect();
        let mut plan = PlanBuilder::new(pde, &self.kept(pde), &programs);
        let Families { first, slopes } = self.families(pde);
        // Arrays: the state and what is given, what is kept, the other families of the scheme, the
        // quantities.
        let others = (1..stages.families).filter(|f| first[*f] >= plan.arrays()).count();
        for family in 1..=others {
            let copy = |name: &String| format!("{name} (working copy {family})");
            plan.add_arrays(pde.array_names().iter().map(copy));
        }
        let first_quantity = plan.add_arrays(program.array_names());
        let unknowns = Globals::new(pde, stages, &mut plan);
        let factors: Vec<usize> = stages.factors.iter().map(|f| plan.add_factor(*f)).collect();
        let prepared = plan.prepare(&mut program);

        for (i, stage) in stages.list.iter().enumerate() {
            let array = |family: usize, k: usize| first[family] + k;
            let slot = slots(n, array(stage.reads, 0), first_quantity);
            // The slope of the first stage is known from the step before.
            let known = slopes.filter(|_| i == 0).map(|[slope, _]| slope);
            if known.is_none() {
                plan.at(stage.time);
                plan.solve(pde, first[stage.reads]);
                plan.push(&prepared, &slot);
                plan.count_evaluations(1);
            }
            let mut pass = PassBuilder::last(&mut program);
            let mut outputs = Vec::new();
            let last = stages.is_last_of(stages.result, i);
            for (field, equation) in equations.iter().enumerate() {
                let rates: Vec<(usize, Value)> = match known {
                    Some(slope) => pde
                        .arrays_of(field)
                        .map(|k| (k, pass.load(ArrayRef::Extra(slope + k))))
                        .collect(),
                    None => rates::of_field(&mut pass, pde, field, *equation),
                };
                for (k, rate) in rates {
                    for update in &stage.updates {
                        // What is read at the cell only may be the array that the stage reads.
                        let of_family = |(family, weight): &(usize, f64)| {
                            let array = match *family == stage.reads {
                                true => ArrayRef::Field(k),
                                false => ArrayRef::Extra(array(*family, k)),
                            };
                            (array, *weight)
                        };
                        let in_place = stage.adds_to(update.to);
                        let update_array = Update {
                            base: update.base.iter().map(of_family).collect(),
                            factor: factors[update.factor],
                            in_place: in_place.then(|| ArrayRef::Extra(array(update.to, k))),
                            checked: last && update.to == stages.result,
                        };
                        update_array.output(&mut pass, rate);
                        outputs.push(Slot::Array(array(update.to, k)));
                    }
                    if let Some([_, next]) = slopes.filter(|_| self.ends_with_result(i)) {
                        pass.builder.output(rate);
                        outputs.push(Slot::Array(next + k));
                    }
                }
            }
            let pass = pass.finish();
            let name = match stages.list.len() {
                1 => "step".to_string(),
                _ => format!("stage {}", i + 1),
            };
            plan.sweep(pass, &slot, outputs, Extent::Block, name);
            if let Some(unknowns) = &unknowns {
                unknowns.advance(&mut plan, &mut program, stages, i, &factors);
            }
        }
        let result = first[stages.result];
        if let Some([slope, next]) = slopes {
            if !self.ends_with_result(stages.list.len() - 1) {
                plan.at(1.0);
                let slot = slots(n, result, first_quantity);
                plan.push(&prepared, &slot);
                plan.count_evaluations(1);
                rates::to_arrays(&mut plan, &mut program, (&all, &equations), &slot, next);
            }
            plan.keep(&(slope..slope + n).collect::<Vec<_>>());
        }
        let history: Vec<usize> = stages.history.iter().map(|family| first[*family]).collect();
        plan.keep(&history.iter().flat_map(|first| *first..first + n).collect::<Vec<_>>());
        if let Some(noise) = noise {
            // Variances are those of the beginning of the step.
            if let Some(unknowns) = &unknowns {
                unknowns.show(&mut plan, Stages::STATE);
            }
            euler_maruyama::add_noise(&mut plan, pde, noise, result);
            if let Some(unknowns) = &unknowns {
                unknowns.show(&mut plan, stages.result);
            }
        }
        if pde.has_constraints() {
            plan.at(1.0);
            plan.solve(pde, result);
        }
        if let (Some(error), Some(tolerance)) = (stages.error, &self.tolerance) {
            let checked = (pde, tolerance);
            error_norm::of_fields(&mut plan, checked, (0, result), |pass, k| {
                pass.load(ArrayRef::Extra(first[error] + k))
            });
            if let Some(unknowns) = &unknowns {
                let families = [error, Stages::STATE, stages.result];
                error_norm::of_numbers(&mut plan, checked, unknowns, families);
            }
        }
        let slopes = slopes.into_iter().map(|[slope, next]| (slope, next));
        // The last slope becomes the first.
        let turned = history.windows(2).map(|pair| (pair[0], pair[1])).rev();
        let pairs = [(0, result)].into_iter().chain(slopes).chain(turned);
        let swaps = pairs.flat_map(|(a, b)| (0..n).map(move |array| (a + array, b + array)));
        plan.set_swaps(swaps.collect());
        plan.set_copies((0..n).map(|array| (result + array, array)).collect());
        plan.finish()
    }

    fn start(&self, pde: &Pde) -> Option<Plan> {
        let [slope, _] = self.families(pde).slopes?;
        Some(rates::plan_to_arrays(pde, &self.kept(pde), slope))
    }

    fn within(&self, pde: &Pde) -> Option<WithinStep> {
        let Families { first, slopes } = self.families(pde);
        // After the step arrays have changed places.
        let ([new_slope, old_slope], old) = (slopes?, first[self.stages.result]);
        let to = first[self.stages.error?];
        let ends = [old, old_slope, 0, new_slope];
        let bend = self.stages.bend.map(|family| first[family]);
        Some(interpolation::within(pde, &self.kept(pde), ends, bend, to))
    }
}

/// Where the families of arrays of a scheme lie, behind the state and what is given.
struct Families {
    /// The first array of each.
    first: Vec<usize>,
    /// The first arrays of the slopes at the beginning and at the end of a step, where they are kept.
    slopes: Option<[usize; 2]>,
}

impl RungeKutta {
    /// Whether the slope at the end of a step is kept for the next one, and for states within the step:
    /// where these are about as exact as the result. Those of unknowns without space would have to be
    /// kept too.
    fn keeps_slopes(&self, pde: &Pde) -> bool {
        let is_exact = self.stages.bend.is_some() || self.tableau.order() <= 3;
        let is_simple = pde.globals().is_empty() && !pde.has_constraints();
        self.stages.error.is_some() && is_exact && is_simple
    }

    /// Whether a stage is the last one, and takes the slope of the result.
    fn ends_with_result(&self, stage: usize) -> bool {
        stage + 1 == self.stages.list.len() && self.stages.list[stage].reads == self.stages.result
    }

    fn families(&self, pde: &Pde) -> Families {
        let Stages { families, result, error, bend, ref history, .. } = self.stages;
        let n = pde.arrays();
        let behind = pde.all_arrays() + Registers::names_of_unknowns(pde).len();
        // What observers compute between steps may not touch what is kept.
        let kept: Vec<usize> = match self.keeps_slopes(pde) {
            true => [result].into_iter().chain(error).chain(bend).collect(),
            false => history.clone(),
        };
        let slopes = self.keeps_slopes(pde).then_some([behind, behind + n]);
        let behind = if slopes.is_some() { behind + 2 * n } else { behind };
        let mut next = behind + kept.len() * n;
        let place = |family: usize| {
            let of_kept = kept.iter().position(|known| *known == family);
            match (family, of_kept) {
                (Stages::STATE, _) => 0,
                (_, Some(place)) => behind + place * n,
                (_, None) => {
                    next += n;
                    next - n
                }
            }
        };
        let first = (0..families).map(place).collect();
        Families { first, slopes }
    }
}
