//! Stabilised explicit schemes of second order: their steps grow with the square of their stages where
//! modes decay.

use fluxions_expr::{Binary, Builder, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, rates as rates_of, slots};
use crate::plan::program::{ArrayRef, OwnedExpr, Pass, Program};
use crate::schemes::error_norm;
use crate::schemes::interpolation;
use crate::schemes::rates;
use crate::schemes::scheme::{Scheme, WithinStep};
use crate::schemes::tolerance::Tolerance;
use crate::solvers::registers::Registers;
use crate::system::pde::Pde;

/// The largest number of stages.
const MOST: usize = 201;

/// A family of stabilised schemes of second order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stabilised {
    /// By Chebyshev polynomials, with the longest steps (Sommeijer, Shampine & Verwer 1998, J. Comput.
    /// Appl. Math. 88, 315).
    Rkc2,
    /// By Legendre polynomials, which damps every mode and keeps profiles monotonic, with steps three
    /// quarters as long (Meyer, Balsara & Aslam 2014, J. Comput. Phys. 257, 594).
    Rkl2,
}

impl Stabilised {
    /// Both of them.
    pub const ALL: [Stabilised; 2] = [Stabilised::Rkc2, Stabilised::Rkl2];

    /// The scheme's name, as problem files use it.
    pub fn name(self) -> &'static str {
        match self {
            Stabilised::Rkc2 => "rkc2",
            Stabilised::Rkl2 => "rkl2",
        }
    }

    /// The numbers of stages that a step can have.
    fn stages(self) -> impl Iterator<Item = usize> {
        match self {
            Stabilised::Rkc2 => (2..=MOST).step_by(1),
            // Odd ones, as the paper recommends.
            Stabilised::Rkl2 => (3..=MOST).step_by(2),
        }
    }

    /// How far the scheme is stable on the negative real axis with so many stages: ⅔(s² − 1)(1 − 2ε/15), and
    /// (s² + s − 2)/2.
    fn limit(self, stages: usize) -> f64 {
        let s = stages as f64;
        match self {
            Stabilised::Rkc2 => 2.0 / 3.0 * (s * s - 1.0) * (1.0 - 2.0 / 15.0 * (2.0 / 13.0)),
            Stabilised::Rkl2 => 0.5 * (s * s + s - 2.0),
        }
    }

    /// How many stages a step needs that is `share` of the longest one with the most stages.
    fn stages_for(self, share: f64) -> usize {
        let least = self.limit(MOST) * share;
        self.stages().find(|s| self.limit(*s) >= least).unwrap_or(MOST)
    }
}

/// The coefficients of a step (Sommeijer, Shampine & Verwer 1998, section 2, with ε = 2/13; Meyer, Balsara
/// & Aslam 2014, their RKL2):
///
/// ```text
/// Y_0 = u, Y_1 = Y_0 + μ̃_1 h F_0
/// Y_j = Y_0 + μ_j (Y_(j−1) − Y_0) + ν_j (Y_(j−2) − Y_0) + μ̃_j h F_(j−1) + γ̃_j h F_0
/// ```
#[derive(Clone, Debug, PartialEq)]
struct Coefficients {
    /// μ̃_1
    first: f64,
    /// μ, ν, μ̃ and γ̃ of the stages from the second on.
    stages: Vec<[f64; 4]>,
    /// The times c_0 … c_s of the stages, in steps.
    times: Vec<f64>,
}

impl Coefficients {
    fn new(family: Stabilised, stages: usize) -> Self {
        match family {
            Stabilised::Rkc2 => Self::by_chebyshev(stages),
            Stabilised::Rkl2 => Self::by_legendre(stages),
        }
    }

    fn by_legendre(stages: usize) -> Self {
        let square = |j: usize| (j * j + j) as f64 - 2.0;
        let w1 = 4.0 / square(stages);
        let of = |j: usize| match j {
            0..=2 => 1.0 / 3.0,
            j => square(j) / ((2 * j * (j + 1)) as f64),
        };
        let one = |j: usize| {
            let mu = (2 * j - 1) as f64 / j as f64 * (of(j) / of(j - 1));
            let nu = -((j - 1) as f64) / j as f64 * (of(j) / of(j - 2));
            let tilde = mu * w1;
            [mu, nu, tilde, -(1.0 - of(j - 1)) * tilde]
        };
        let time = |j: usize| match j {
            0 => 0.0,
            1 => of(1) * w1,
            j => square(j) / square(stages),
        };
        Coefficients {
            first: of(1) * w1,
            stages: (2..=stages).map(one).collect(),
            times: (0..=stages).map(time).collect(),
        }
    }

    fn by_chebyshev(stages: usize) -> Self {
        let s = stages as f64;
        let w0 = 1.0 + 2.0 / (13.0 * s * s);
        // Chebyshev polynomials at w0 with their first two derivatives.
        let mut t = vec![[1.0, 0.0, 0.0], [w0, 1.0, 0.0]];
        for j in 2..=stages {
            let ([a, da, dda], [b, db, ddb]) = (t[j - 1], t[j - 2]);
            t.push([
                2.0 * w0 * a - b,
                2.0 * a + 2.0 * w0 * da - db,
                4.0 * da + 2.0 * w0 * dda - ddb,
            ]);
        }
        let [_, slope, bend] = t[stages];
        let w1 = slope / bend;
        let of = |j: usize| {
            let [_, d, dd] = t[j.max(2)];
            dd / (d * d)
        };
        let a = |j: usize| 1.0 - of(j) * t[j][0];
        let one = |j: usize| {
            let mu = 2.0 * of(j) * w0 / of(j - 1);
            let nu = -of(j) / of(j - 2);
            let tilde = 2.0 * of(j) * w1 / of(j - 1);
            [mu, nu, tilde, -a(j - 1) * tilde]
        };
        let time = |j: usize| match j {
            0 => 0.0,
            j if j == stages => 1.0,
            1 => w1 * t[2][2] / (t[2][1] * t[2][1]),
            j => w1 * t[j][2] / t[j][1],
        };
        Coefficients {
            first: of(1) * w1,
            stages: (2..=stages).map(one).collect(),
            times: (0..=stages).map(time).collect(),
        }
    }
}

/// A scheme, with the tolerance of its steps.
#[derive(Clone, Debug)]
pub(crate) struct StabilisedScheme {
    family: Stabilised,
    tolerance: Tolerance,
}

impl StabilisedScheme {
    /// The scheme with a tolerance for its steps.
    pub(crate) fn new(family: Stabilised, tolerance: Tolerance) -> Self {
        StabilisedScheme { family, tolerance }
    }

    /// The first arrays of the slopes at both ends of a step, of the state before it (the result until
    /// arrays change places), of states within it, and of the other stages.
    fn arrays(pde: &Pde) -> [usize; 5] {
        let first = pde.all_arrays() + Registers::names_of_unknowns(pde).len();
        std::array::from_fn(|k| first + k * pde.arrays())
    }

    /// The plan of a step with so many stages, at least 2.
    fn plan(&self, pde: &Pde, stages: usize) -> Plan {
        let Coefficients { first, stages: coefficients, times } =
            Coefficients::new(self.family, stages);
        let n = pde.arrays();
        let equations = rates_of(pde);
        let all: Vec<usize> = (0..equations.len()).collect();
        let mut program = Program::new(pde, &equations);
        let mut plan = PlanBuilder::new(pde, &self.kept(pde), &[&program]);
        plan.add_arrays(pde.array_names().iter().map(|name| format!("{name} (working copy)")));
        let first_quantity = plan.add_arrays(program.array_names());
        let four = plan.add_parameters(4);
        let (h, first) = (plan.add_factor(1.0), plan.add_factor(first));
        let prepared = plan.prepare(&mut program);
        let [slope, next, result, _, other] = Self::arrays(pde);
        // The last stage comes to the result, and the others to it in turn.
        let place = |j: usize| match j {
            0 => 0,
            j if (stages - j).is_multiple_of(2) => result,
            _ => other,
        };
        let slot = |j: usize| slots(n, place(j), first_quantity);

        let mut pass = PassBuilder::last(&mut program);
        let factor = pass.builder.parameter(first);
        for k in 0..n {
            let [state, slope] = [0, slope].map(|of| pass.load(ArrayRef::Extra(of + k)));
            let value = pass.builder.fused(factor, slope, state);
            pass.builder.output(value);
        }
        let outputs = (0..n).map(|k| Slot::Array(place(1) + k)).collect();
        plan.sweep(pass.finish(), &slot(0), outputs, Extent::Block, "stage 1".into());

        let mut middle: Option<(usize, Vec<ArrayRef>)> = None;
        for (j, [mu, nu, tilde, gamma]) in (2..).zip(coefficients) {
            plan.at(times[j - 1]);
            plan.solve(pde, place(j - 1));
            plan.push(&prepared, &slot(j - 1));
            plan.count_evaluations(1);
            let mut builder = Builder::new();
            let length = builder.parameter(h);
            for (number, by_length) in [(mu, false), (nu, false), (tilde, true), (gamma, true)] {
                let number = builder.constant(number);
                let value = match by_length {
                    true => builder.binary(Binary::Multiply, number, length),
                    false => number,
                };
                builder.output(value);
            }
            plan.compute(builder.finish(), (four..four + 4).collect(), "coefficients".into());
            // Stages in the middle differ in their arrays and coefficients only.
            let outputs: Vec<Slot> = (0..n).map(|k| Slot::Array(place(j) + k)).collect();
            let (is_first, is_last) = (j == 2, j == stages);
            let known = middle.as_ref().filter(|_| !is_first && !is_last);
            let (kernel, inputs) = match known {
                Some(known) => known.clone(),
                None => {
                    let pass =
                        stage_pass(&mut program, &equations, (four, slope), is_first, is_last);
                    let kernel = plan.add_kernel(pass.kernel, format!("stage {j}"));
                    (kernel, pass.inputs)
                }
            };
            let bound = inputs.iter().map(|input| match input {
                ArrayRef::Extra(array) if *array >= BEFORE_LAST => {
                    Slot::Array(place(j - 2) + array - BEFORE_LAST)
                }
                other => slot(j - 1)(*other),
            });
            plan.sweep_again(kernel, bound.collect(), outputs);
            if !is_first && !is_last {
                middle = Some((kernel, inputs));
            }
        }
        plan.at(1.0);
        plan.solve(pde, place(stages));
        plan.push(&prepared, &slot(stages));
        plan.count_evaluations(1);
        rates::to_arrays(&mut plan, &mut program, (&all, &equations), &slot(stages), next);
        plan.keep(&(slope..slope + n).collect::<Vec<_>>());
        error_norm::of_fields(&mut plan, (pde, &self.tolerance), (0, result), |pass, k| {
            // 0.8 (u_n − u_n+1) + 0.4 h (f_n + f_n+1): Sommeijer, Shampine & Verwer 1998, section 3.
            let loaded = [k, result + k, slope + k, next + k];
            let [old, new, slope, next] = loaded.map(|array| pass.load(ArrayRef::Extra(array)));
            let b = &mut pass.builder;
            let [of_change, of_slope] = [0.8, 0.4].map(|number| b.constant(number));
            let length = b.parameter(h);
            let by_length = b.binary(Binary::Multiply, of_slope, length);
            let change = b.binary(Binary::Subtract, old, new);
            let slopes = b.binary(Binary::Add, slope, next);
            let change = b.binary(Binary::Multiply, of_change, change);
            b.fused(by_length, slopes, change)
        });
        let pairs = [(0, result), (slope, next)];
        let swaps = pairs.into_iter().flat_map(|(a, b)| (0..n).map(move |k| (a + k, b + k)));
        plan.set_swaps(swaps.collect());
        plan.set_copies((0..n).map(|k| (result + k, k)).collect());
        plan.finish()
    }
}

/// Stands for the first array of the stage before the last one, which differs from stage to stage.
const BEFORE_LAST: usize = usize::MAX / 2;

/// The pass of a stage from the second on. `first` is the first of the parameters that are its
/// coefficients, and `slope` the first array of the slopes at the beginning. The first such stage does
/// not overwrite what it reads; the results of the last one are checked.
fn stage_pass(
    program: &mut Program<'_>,
    equations: &[OwnedExpr<'_>],
    (first, slope): (usize, usize),
    is_first: bool,
    is_last: bool,
) -> Pass {
    let pde = program.pde;
    let mut pass = PassBuilder::last(program);
    for (field, equation) in equations.iter().enumerate() {
        for (k, rate) in rates::of_field(&mut pass, pde, field, *equation) {
            let coefficients: [Value; 4] =
                std::array::from_fn(|of| pass.builder.parameter(first + of));
            let [mu, nu, tilde, gamma] = coefficients;
            let before = ArrayRef::Extra(BEFORE_LAST + k);
            let two_before = pass.load(before);
            let one_before = pass.load(ArrayRef::Field(k));
            let [state, slope] = [0, slope].map(|of| pass.load(ArrayRef::Extra(of + k)));
            let in_place = (!is_first).then(|| pass.input(before));
            let b = &mut pass.builder;
            // As differences, so that what has no slope stays as it is, to the bit.
            let [one, two] =
                [one_before, two_before].map(|stage| b.binary(Binary::Subtract, stage, state));
            let sum = b.fused(mu, one, state);
            let sum = b.fused(nu, two, sum);
            let sum = b.fused(gamma, slope, sum);
            let value = b.fused(tilde, rate, sum);
            b.output_with(value, in_place, is_last);
        }
    }
    pass.finish()
}

impl Scheme for StabilisedScheme {
    fn name(&self) -> &str {
        self.family.name()
    }

    fn order(&self) -> usize {
        2
    }

    fn real_limit(&self) -> f64 {
        self.family.limit(MOST)
    }

    fn imaginary_limit(&self) -> f64 {
        0.0
    }

    fn registers(&self, _: &Pde) -> usize {
        6
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        let named = |what: &'static str| {
            pde.array_names().into_iter().map(move |name| format!("{what} {name}"))
        };
        let own = ["slope of", "next slope of", "previous", "within the step:"];
        let own = own.into_iter().flat_map(named);
        Registers::names_of_unknowns(pde).into_iter().chain(own).collect()
    }

    fn step(&self, pde: &Pde) -> Plan {
        self.plan(pde, self.family.stages_for(0.0))
    }

    fn stages(&self, share: f64) -> Option<usize> {
        Some(self.family.stages_for(share))
    }

    fn with_stages(&self, pde: &Pde, stages: usize) -> Plan {
        self.plan(pde, stages)
    }

    fn start(&self, pde: &Pde) -> Option<Plan> {
        let [slope, ..] = Self::arrays(pde);
        Some(rates::plan_to_arrays(pde, &self.kept(pde), slope))
    }

    fn within(&self, pde: &Pde) -> Option<WithinStep> {
        // After the step arrays have changed places.
        let [new_slope, old_slope, old, to, _] = Self::arrays(pde);
        let ends = [old, old_slope, 0, new_slope];
        Some(interpolation::within(pde, &self.kept(pde), ends, None, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result of a step of u' = λ(t) u with u = 1 and a length of 1.
    fn step(family: Stabilised, stages: usize, rate: impl Fn(f64) -> f64) -> f64 {
        let Coefficients { first, stages: list, times } = Coefficients::new(family, stages);
        let slope = rate(0.0);
        let mut y = vec![1.0, 1.0 + first * slope];
        for (j, [mu, nu, tilde, gamma]) in (2..).zip(list) {
            let rate = rate(times[j - 1]) * y[j - 1];
            let stages = mu * (y[j - 1] - 1.0) + nu * (y[j - 2] - 1.0);
            y.push(1.0 + stages + tilde * rate + gamma * slope);
        }
        y[stages]
    }

    #[test]
    fn steps_of_any_number_of_stages_are_of_second_order() {
        for (family, stages) in
            Stabilised::ALL.into_iter().flat_map(|f| [3, 5, 7, 21, 63, 201].map(|s| (f, s)))
        {
            // The error of exp(z) is that of third order.
            let error = |z: f64| (step(family, stages, |_| z) - z.exp()).abs();
            let order = (error(-0.02) / error(-0.01)).log2();
            assert!((order - 3.0).abs() < 0.05, "{family:?} {stages}: {order}");
            // With the times of the stages also where the rate depends on the time: λ = a·(1 + t).
            let error = |a: f64| (step(family, stages, |t| a * (1.0 + t)) - (1.5 * a).exp()).abs();
            assert!(error(0.01) < 1e-4 && error(0.001) < 1e-5, "{family:?} {stages}");
        }
    }

    #[test]
    fn modes_decay_up_to_the_limit() {
        for (family, stages) in
            Stabilised::ALL.into_iter().flat_map(|f| [3, 5, 11, 51, 201].map(|s| (f, s)))
        {
            let limit = family.limit(stages);
            for k in 1..=1000 {
                let z = -limit * f64::from(k) / 1001.0;
                let factor = step(family, stages, |_| z).abs();
                assert!(factor < 1.0, "{family:?} {stages} {z} {factor}");
            }
            // The limit by Chebyshev polynomials is an approximation, which is near with many stages.
            let beyond = step(family, stages, |_| -1.1 * limit).abs();
            assert!(beyond > 1.0 || stages < 10, "{family:?} {stages} {beyond}");
        }
    }

    #[test]
    fn there_are_as_many_stages_as_a_step_needs() {
        for family in Stabilised::ALL {
            let all: Vec<usize> = family.stages().collect();
            assert_eq!(family.stages_for(0.0), all[0]);
            assert_eq!((family.stages_for(1.0), *all.last().unwrap()), (MOST, MOST));
            for pair in all.windows(2) {
                let share = family.limit(pair[1]) / family.limit(MOST);
                assert_eq!(family.stages_for(share * (1.0 - 1e-9)), pair[1]);
                let before = family.limit(pair[0]) / family.limit(MOST);
                assert_eq!(family.stages_for(before * (1.0 + 1e-9)), pair[1]);
            }
        }
    }
}
