//! Step plans: what is done to which arrays, in which order. Data only; the executor runs it.

use std::fmt;

use fluxions_expr::derivative::partials;
use fluxions_expr::{Binary, Distribution, Expr, Kernel, Place, Reduction, Type, Unary, Value};

use fluxions_halo::HaloWidth;

use crate::error::Error;
use crate::formula::Formula;
use crate::noise::{Interpretation, Noise};
use crate::origin::Origin;
use crate::pass::PassBuilder;
use crate::pde::Pde;
use crate::program::{ArrayRef, HaloGroup, Pass, Preparation, Program, RandomArray, TIME, Target};
use crate::tableau::Tableau;

/// An array of the memory, or one of its single rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Array(usize),
    Row(usize),
}

/// Where a kernel is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// In every cell of the block.
    Block,
    /// Once, for a number that is the same everywhere.
    Once,
}

/// One action of a plan.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Go on at this time, in steps after the beginning of the step.
    At(f64),
    /// Fill the halos of the arrays of a group. Each has the arrays of real and imaginary part
    /// beside it, itself twice where it is real.
    Halo { group: usize, arrays: Vec<usize>, partners: Vec<[usize; 2]> },
    /// Run a kernel.
    Sweep { kernel: usize, inputs: Vec<Slot>, outputs: Vec<Slot>, extent: Extent },
    /// Reduce the values of a kernel over the domain, to a parameter.
    Reduce { kernel: usize, inputs: Vec<Slot>, kind: Reduction, parameter: usize },
}

/// A list of actions with what they refer to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) actions: Vec<Action>,
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) groups: Vec<HaloGroup>,
    pub(crate) randoms: Vec<RandomArray>,
    /// Parameters from this one on are these factors times the time step.
    pub(crate) first_factor: usize,
    pub(crate) factors: Vec<f64>,
    /// Arrays and rows that the memory must have.
    pub(crate) arrays: usize,
    pub(crate) rows: usize,
    /// Times that right-hand sides are evaluated.
    pub(crate) evaluations: usize,
    /// How wide the halos of the arrays of given fields have to be.
    pub(crate) data_widths: Vec<HaloWidth>,
    /// For people: what each array is for, and what each kernel computes.
    pub(crate) array_names: Vec<String>,
    pub(crate) kernel_names: Vec<String>,
}

impl Plan {
    /// One time step by an explicit Runge–Kutta scheme: from the fields in arrays 0 … n−1 to the
    /// same arrays after [`Plan::swaps`].
    pub(crate) fn step(pde: &Pde, tableau: &Tableau) -> Self {
        let n = pde.arrays();
        let targets = equations(pde);
        let mut program = Program::new(pde, &targets);
        let preparations = program.preparations();
        let stages = Stages::of(tableau);
        let mut plan = Plan {
            first_factor: program.parameters().max(noise_program(pde).parameters()),
            factors: stages.factors.clone(),
            evaluations: tableau.stages(),
            ..Plan::default()
        };
        // Arrays: the state and what is given, the other families of the scheme, the quantities.
        plan.array_names = pde.all_array_names();
        for family in 1..stages.families {
            let copy = |name: &String| format!("{name} (working copy {family})");
            plan.array_names.extend(pde.array_names().iter().map(copy));
        }
        let first_quantity = plan.array_names.len();
        plan.data_widths = program.data_widths().to_vec();
        plan.array_names.extend(program.array_names());
        plan.arrays = plan.array_names.len();
        let shared = plan.add_preparations(&program, preparations);

        for (i, stage) in stages.list.iter().enumerate() {
            let array = |family: usize, k: usize| first_of(pde, family) + k;
            let slot = slots(n, array(stage.reads, 0), first_quantity);
            plan.actions.push(Action::At(tableau.c[i]));
            plan.push_preparations(&shared, &slot);

            let mut pass = PassBuilder::last(&mut program);
            let mut outputs = Vec::new();
            let last = i + 1 == stages.list.len();
            for (field, target) in targets.iter().enumerate() {
                let rate = pass.value(*target);
                let (ty, dimension) = (pde.types()[field], pde.space().dimension());
                let rates = rate.numbers(ty, dimension, &mut pass.builder);
                for (k, rate) in pde.arrays_of(field).zip(rates) {
                    for update in &stage.updates {
                        // What is read at the cell only may be the array that the stage reads.
                        let mut read = |family: usize| match family == stage.reads {
                            true => pass.load(ArrayRef::Field(k)),
                            false => pass.load(ArrayRef::Extra(array(family, k))),
                        };
                        let base = read(update.from.unwrap_or(0));
                        let in_place =
                            update.from.map(|family| pass.input(ArrayRef::Extra(array(family, k))));
                        let factor = pass.builder.parameter(plan.first_factor + update.factor);
                        let change = pass.builder.binary(Binary::Multiply, factor, rate);
                        let new = pass.builder.binary(Binary::Add, base, change);
                        let checked = last && update.to == stages.result;
                        pass.builder.output_with(new, in_place, checked);
                        outputs.push(Slot::Array(array(update.to, k)));
                    }
                }
            }
            let pass = pass.finish();
            let name = match stages.list.len() {
                1 => "step".to_string(),
                _ => format!("stage {}", i + 1),
            };
            plan.push_sweep(pass, &slot, outputs, Extent::Block, name);
        }
        if !pde.noise().fields.is_empty() {
            plan.push_noise(pde, first_of(pde, stages.result));
        }
        plan
    }

    /// Adds noise to the result of a step, which is in the arrays from `result` on; the state at
    /// the beginning of the step is in the first ones.
    fn push_noise(&mut self, pde: &Pde, result: usize) {
        self.actions.push(Action::At(0.0));
        let mut program = noise_program(pde);
        let preparations = program.preparations();
        let first_quantity = self.arrays;
        self.array_names.extend(program.array_names());
        self.arrays = self.array_names.len();
        let slot = slots(pde.arrays(), 0, first_quantity);
        let widths = self.data_widths.iter_mut().zip(program.data_widths());
        widths.for_each(|(width, other)| *width = width.union(other));
        let prepared = self.add_preparations(&program, preparations);
        self.push_preparations(&prepared, &slot);
        self.factors.push(1.0);
        let dt = self.first_factor + self.factors.len() - 1;

        let mut pass = PassBuilder::last(&mut program);
        let mut outputs = Vec::new();
        for (field, variance) in &pde.noise().fields {
            let owner = pde.conditions().owner_of_field(*field);
            let ty = pde.types()[*field];
            let parts = pass.value(Target { expr: variance, owner, name: "" });
            let dimension = pde.space().dimension();
            let variances = parts.numbers(Type::real(ty.rank), dimension, &mut pass.builder);
            for (k, array) in pde.arrays_of(*field).enumerate() {
                let mut variance = variances[k / ty.per_component()];
                if ty.complex {
                    let half = pass.builder.constant(0.5);
                    variance = pass.builder.binary(Binary::Multiply, half, variance);
                }
                let random = pass.random_array(RandomArray {
                    name: Noise::stream_name(&pde.fields()[*field]),
                    site: k as u32,
                    distribution: Distribution::Normal,
                    shape: 0.0,
                    each_step: true,
                });
                let from = ArrayRef::Extra(result + array);
                let new = pass.load(from);
                let drift = match pde.noise().interpretation {
                    Interpretation::Ito => None,
                    Interpretation::Stratonovich => slope(&mut pass, variance, array),
                };
                let new = noisy(&mut pass, [new, variance, random], drift, dt);
                let in_place = pass.input(from);
                pass.builder.output_with(new, Some(in_place), true);
                outputs.push(Slot::Array(result + array));
            }
        }
        let pass = pass.finish();
        self.push_sweep(pass, &slot, outputs, Extent::Block, "noise".into());
        self.rows = 1 + program.randoms.len();
        self.randoms = program.randoms;
    }

    /// Which arrays change places after a step, so that arrays 0 … n−1 hold the new state.
    pub(crate) fn swaps(pde: &Pde, tableau: &Tableau) -> Vec<(usize, usize)> {
        let n = pde.arrays();
        let result = Stages::of(tableau).result;
        (0..n).map(|array| (array, first_of(pde, result) + array)).collect()
    }

    /// The evaluation of an expression from the fields in arrays 0 … n−1: of a value of this type
    /// per cell to the arrays after those, or of one number to row 0.
    pub(crate) fn evaluation(pde: &Pde, name: &str, expr: &Expr, ty: Type, extent: Extent) -> Self {
        let n = pde.all_arrays();
        let owner = Program::owner_of(pde, expr);
        let target = Target { expr, owner, name };
        let mut program = Program::new(pde, &[target]);
        let preparations = program.preparations();
        let mut plan = Plan {
            first_factor: program.parameters(),
            rows: 1,
            array_names: pde.all_array_names(),
            data_widths: program.data_widths().to_vec(),
            ..Plan::default()
        };
        let mut outputs = vec![Slot::Row(0)];
        if extent == Extent::Block {
            plan.array_names.extend(crate::names::of_arrays(name, ty, pde.space()));
            outputs = (n..plan.array_names.len()).map(Slot::Array).collect();
        }
        let first_quantity = plan.array_names.len();
        plan.array_names.extend(program.array_names());
        plan.arrays = plan.array_names.len();
        let slot = slots(pde.arrays(), 0, first_quantity);
        let shared = plan.add_preparations(&program, preparations);
        plan.push_preparations(&shared, &slot);
        let mut pass = PassBuilder::last(&mut program);
        let value = pass.value(target);
        for number in value.numbers(ty, pde.space().dimension(), &mut pass.builder) {
            pass.builder.output(number);
        }
        let pass = pass.finish();
        plan.push_sweep(pass, &slot, outputs, extent, name.into());
        plan.rows += program.randoms.len();
        plan.randoms = program.randoms;
        plan
    }

    /// The initial value of one field, to its arrays. What it needs beside lies in the arrays
    /// after those of the fields.
    pub(crate) fn initial(pde: &Pde, field: usize, expr: &Expr) -> Self {
        let (name, ty) = (&pde.fields()[field], pde.types()[field]);
        let mut plan = Self::evaluation(pde, name, expr, ty, Extent::Block);
        if let Some(Action::Sweep { outputs, .. }) = plan.actions.last_mut() {
            *outputs = pde.arrays_of(field).map(Slot::Array).collect();
        }
        plan
    }

    /// An empty plan whose arrays are those of the fields, then those of a program's quantities.
    pub(crate) fn of_fields(pde: &Pde, program: &Program) -> Self {
        let array_names: Vec<_> =
            pde.all_array_names().into_iter().chain(program.array_names()).collect();
        Plan {
            data_widths: program.data_widths().to_vec(),
            first_factor: program.parameters(),
            arrays: array_names.len(),
            rows: 1,
            array_names,
            ..Plan::default()
        }
    }

    /// Fills the halos of given fields, as wide as other plans need them.
    pub(crate) fn of_data(pde: &Pde, widths: &[HaloWidth]) -> Self {
        let names = pde.all_array_names();
        let mut plan = Plan {
            first_factor: TIME + 1,
            arrays: names.len(),
            array_names: names,
            ..Plan::default()
        };
        if let Some(group) = Program::halo_of_data(pde, widths) {
            let program = Program::new(pde, &[]);
            let prepared = plan.add_preparations(&program, vec![Preparation::Halo(group)]);
            plan.push_preparations(&prepared, &slots(pde.arrays(), 0, pde.all_arrays()));
        }
        plan
    }

    /// Adds the reduction of a kernel's values over the domain, to a parameter.
    pub(crate) fn push_reduction(
        &mut self,
        kernel: Kernel,
        inputs: Vec<Slot>,
        kind: Reduction,
        parameter: usize,
    ) {
        let kernel = self.add_kernel(kernel, kind.name().into());
        self.actions.push(Action::Reduce { kernel, inputs, kind, parameter });
    }

    /// Takes over kernels and halo groups; gives the actions that they make, whose arrays are
    /// named by each stage.
    pub(crate) fn add_preparations(
        &mut self,
        program: &Program,
        preparations: Vec<Preparation>,
    ) -> Vec<Prepared> {
        let mut prepared = Vec::new();
        for preparation in preparations {
            prepared.push(match preparation {
                Preparation::Halo(group) => {
                    let (arrays, partners) = (group.arrays.clone(), group.partners.clone());
                    self.groups.push(group);
                    Prepared::Halo { group: self.groups.len() - 1, arrays, partners }
                }
                Preparation::Quantities { pass, arrays } => {
                    let all = program.array_names();
                    let names: Vec<_> = arrays.iter().map(|a| all[*a].as_str()).collect();
                    let kernel = self.add_kernel(pass.kernel, names.join(", "));
                    let outputs = arrays.into_iter().map(ArrayRef::Quantity).collect();
                    Prepared::Sweep { kernel, inputs: pass.inputs, outputs }
                }
                Preparation::Number { pass, number } => {
                    let kind = program.numbers[number].kind;
                    let kernel = self.add_kernel(pass.kernel, format!("{}(…)", kind.name()));
                    let parameter = Program::parameter_of(number);
                    self.rows = self.rows.max(1);
                    Prepared::Reduce { kernel, inputs: pass.inputs, kind, parameter }
                }
            });
        }
        prepared
    }

    pub(crate) fn push_preparations(
        &mut self,
        prepared: &[Prepared],
        slot: &dyn Fn(ArrayRef) -> Slot,
    ) {
        for preparation in prepared {
            let slots = |refs: &[ArrayRef]| refs.iter().map(|r| slot(*r)).collect::<Vec<_>>();
            self.actions.push(match preparation {
                Prepared::Halo { group, arrays, partners } => {
                    let number = |array: &ArrayRef| match slot(*array) {
                        Slot::Array(array) | Slot::Row(array) => array,
                    };
                    let arrays = arrays.iter().map(number).collect();
                    let pair = |[a, b]: &[ArrayRef; 2]| [number(a), number(b)];
                    let partners = partners.iter().map(pair).collect();
                    Action::Halo { group: *group, arrays, partners }
                }
                Prepared::Sweep { kernel, inputs, outputs } => {
                    let (kernel, inputs, outputs) = (*kernel, slots(inputs), slots(outputs));
                    Action::Sweep { kernel, inputs, outputs, extent: Extent::Block }
                }
                Prepared::Reduce { kernel, inputs, kind, parameter } => {
                    let (kernel, kind, parameter) = (*kernel, *kind, *parameter);
                    Action::Reduce { kernel, inputs: slots(inputs), kind, parameter }
                }
            });
        }
    }

    fn push_sweep(
        &mut self,
        pass: Pass,
        slot: &dyn Fn(ArrayRef) -> Slot,
        outputs: Vec<Slot>,
        extent: Extent,
        name: String,
    ) {
        let inputs = pass.inputs.iter().map(|r| slot(*r)).collect();
        let kernel = self.add_kernel(pass.kernel, name);
        self.actions.push(Action::Sweep { kernel, inputs, outputs, extent });
    }

    fn add_kernel(&mut self, kernel: Kernel, name: String) -> usize {
        self.kernels.push(kernel);
        self.kernel_names.push(name);
        self.kernels.len() - 1
    }

    /// How many parameters the kernels have.
    pub(crate) fn parameters(&self) -> usize {
        self.first_factor.max(TIME + 1) + self.factors.len()
    }

    /// Bytes per cell that a run of the plan moves between memory and processor at least: each
    /// sweep reads and writes each of its arrays once.
    pub(crate) fn bytes_per_cell(&self) -> usize {
        let arrays = self.actions.iter().map(|action| match action {
            Action::Sweep { inputs, outputs, extent: Extent::Block, .. } => {
                inputs.len() + outputs.len()
            }
            Action::Reduce { inputs, .. } => inputs.len(),
            _ => 0,
        });
        arrays.sum::<usize>() * size_of::<f64>()
    }

    /// Halo layers that arrays need at each axis.
    pub(crate) fn halo(&self) -> [usize; 3] {
        let widest = self.groups.iter().map(|group| group.width.widest());
        widest.fold([0; 3], |a, b| std::array::from_fn(|axis| a[axis].max(b[axis])))
    }

    /// Cells that a block needs along each axis that is cut or periodic.
    pub(crate) fn least_cells(&self, pde: &Pde) -> [usize; 3] {
        let mut least = self.halo();
        for group in &self.groups {
            for (axis, least) in least.iter_mut().enumerate() {
                for set in &group.conditions {
                    let conditions = &pde.conditions().of_array(*set)[axis];
                    let depth = conditions.iter().map(|face| face.condition.depth());
                    *least = (*least).max(depth.max().unwrap_or(1));
                }
            }
        }
        least
    }
}

/// An action of the preparations, before its arrays are those of a stage.
pub(crate) enum Prepared {
    Halo { group: usize, arrays: Vec<ArrayRef>, partners: Vec<[ArrayRef; 2]> },
    Sweep { kernel: usize, inputs: Vec<ArrayRef>, outputs: Vec<ArrayRef> },
    Reduce { kernel: usize, inputs: Vec<ArrayRef>, kind: Reduction, parameter: usize },
}

/// A Runge–Kutta scheme in terms of families of arrays, one array per field each.
///
/// Slopes are not stored: each stage adds its slope at once to every later stage's state and to
/// the result, as far as its weight there is not 0. Family 0 is the state at the beginning.
#[derive(Clone, Debug, PartialEq)]
struct Stages {
    list: Vec<Stage>,
    families: usize,
    /// The family that holds the result.
    result: usize,
    /// The weights that occur; they are multiplied by the time step once per step.
    factors: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Stage {
    /// The family whose slope is taken.
    reads: usize,
    updates: Vec<Update>,
}

/// to ← from + factor·dt·slope
#[derive(Clone, Debug, PartialEq)]
struct Update {
    /// The family that is added to, itself in place; the state at the beginning if none.
    from: Option<usize>,
    to: usize,
    factor: usize,
}

impl Stages {
    fn of(tableau: &Tableau) -> Self {
        let s = tableau.stages();
        // Target i is the state of stage i, target s the result.
        let weight = |target: usize, stage: usize| match target {
            t if t == s => tableau.b[stage],
            t => tableau.a[t].get(stage).copied().unwrap_or(0.0),
        };
        let mut family_of: Vec<Option<usize>> = vec![None; s + 1];
        family_of[0] = Some(0);
        let mut free: Vec<usize> = Vec::new();
        let mut stages = Stages { list: vec![], families: 1, result: 0, factors: vec![] };
        for stage in 0..s {
            // A stage without any earlier slope in it reads the state at the beginning.
            let reads = family_of[stage].unwrap_or(0);
            let mut updates = Vec::new();
            for target in stage + 1..=s {
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
            if reads != 0 {
                free.push(reads);
            }
            stages.list.push(Stage { reads, updates });
        }
        stages.result = family_of[s].unwrap_or(0);
        stages
    }
}

/// An expression that is evaluated beside the equations.
#[derive(Clone, Debug)]
pub(crate) struct Observable {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) extent: Extent,
    pub(crate) ty: Type,
}

impl Observable {
    /// The observable of a text: a number where it is the same in all cells.
    pub(crate) fn new(
        pde: &Pde,
        name: &str,
        formula: &Formula,
        number: bool,
    ) -> Result<Self, Vec<Error>> {
        let origin = Origin::Output(name.into());
        let (expr, uses) = pde.check(&origin, formula, Place::Output)?;
        if number && (uses.cells || expr.ty != Type::REAL) {
            let ty = expr.ty;
            return Err(vec![Error::NotANumber { origin, name: name.into(), ty }]);
        }
        let extent = if number { Extent::Once } else { Extent::Block };
        let ty = expr.ty;
        let plan = Plan::evaluation(pde, name, &expr, ty, extent);
        Ok(Observable { name: name.into(), plan, extent, ty })
    }
}

/// The equations, each with the conditions of its field.
pub(crate) fn equations(pde: &Pde) -> Vec<Target<'_>> {
    let one = |(field, expr)| {
        let owner = pde.conditions().owner_of_field(field);
        Target { expr, owner, name: "" }
    };
    pde.equations().iter().enumerate().map(one).collect()
}

fn noise_program(pde: &Pde) -> Program<'_> {
    let mut targets = Vec::new();
    for (field, expr) in &pde.noise().fields {
        let owner = pde.conditions().owner_of_field(*field);
        targets.push(Target { expr, owner, name: "" });
    }
    Program::new(pde, &targets)
}

/// The first array of a family of arrays of a scheme. Behind the state, the first family, lies what
/// is given.
fn first_of(pde: &Pde, family: usize) -> usize {
    match family {
        0 => 0,
        _ => pde.all_arrays() + (family - 1) * pde.arrays(),
    }
}

/// Where arrays lie: those of the `n` of the fields from `fields` on, those that are given behind
/// the state, those of quantities from `quantities` on, random numbers in the rows after row 0.
fn slots(n: usize, fields: usize, quantities: usize) -> impl Fn(ArrayRef) -> Slot {
    move |reference| match reference {
        ArrayRef::Field(array) if array >= n => Slot::Array(array),
        ArrayRef::Field(array) => Slot::Array(fields + array),
        ArrayRef::Quantity(array) => Slot::Array(quantities + array),
        ArrayRef::Extra(array) => Slot::Array(array),
        ArrayRef::Random(random) => Slot::Row(1 + random),
    }
}

/// The derivative of a value with respect to an array of the fields in the cell itself; nothing
/// where it does not depend on it.
fn slope(pass: &mut PassBuilder<'_, '_>, value: Value, array: usize) -> Option<Value> {
    let input = pass.input(ArrayRef::Field(array));
    let found = partials(&mut pass.builder, value);
    let own = found.iter().find(|partial| partial.input == input && partial.offset == [0; 3]);
    own.map(|partial| partial.derivative)
}

/// value + √(variance·dt/volume)·random + ¼·slope·dt/volume
fn noisy(
    pass: &mut PassBuilder<'_, '_>,
    [value, variance, random]: [Value; 3],
    slope: Option<Value>,
    dt: usize,
) -> Value {
    let dt = pass.builder.parameter(dt);
    let per_volume = pass.per_volume(dt);
    let b = &mut pass.builder;
    let square = b.binary(Binary::Multiply, variance, per_volume);
    let size = b.unary(Unary::Sqrt, square);
    let kick = b.binary(Binary::Multiply, size, random);
    let value = b.binary(Binary::Add, value, kick);
    let Some(slope) = slope else { return value };
    let quarter = b.constant(0.25);
    let drift = b.binary(Binary::Multiply, quarter, slope);
    let drift = b.binary(Binary::Multiply, drift, per_volume);
    b.binary(Binary::Add, value, drift)
}

/// One action a line.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let array = |slot: &Slot| match slot {
            Slot::Array(array) => self.array_names[*array].clone(),
            Slot::Row(row) => format!("row {row}"),
        };
        let list = |slots: &[Slot]| slots.iter().map(array).collect::<Vec<_>>().join(", ");
        for action in &self.actions {
            match action {
                Action::At(0.0) => {}
                Action::At(fraction) => writeln!(f, "at t + {fraction} dt")?,
                Action::Halo { group, arrays, .. } => {
                    let names: Vec<_> =
                        arrays.iter().map(|a| self.array_names[*a].as_str()).collect();
                    let width = self.groups[*group].width;
                    let layers = width.widest().into_iter().max().unwrap_or(0);
                    let corners = if width.corners { ", corners too" } else { "" };
                    writeln!(f, "halos of {}: {layers} layer(s){corners}", names.join(", "))?;
                }
                Action::Sweep { kernel, inputs, outputs, .. } => writeln!(
                    f,
                    "sweep `{}`: {} → {} ({} operations per cell)",
                    self.kernel_names[*kernel],
                    list(inputs),
                    list(outputs),
                    self.kernels[*kernel].arithmetic_operations(),
                )?,
                Action::Reduce { kernel, inputs, .. } => writeln!(
                    f,
                    "reduce `{}` over the domain: {}",
                    self.kernel_names[*kernel],
                    list(inputs),
                )?,
            }
        }
        Ok(())
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

    /// Runs the stages on y' = f(y) as numbers and compares with the tableau's definition.
    #[test]
    fn stages_do_what_the_tableau_says() {
        let f = |t: f64, y: f64| (y * 1.3).sin() + t * y;
        for tableau in Tableau::ALL {
            let (t, dt, y) = (0.3, 0.1, 0.7);
            let mut slopes: Vec<f64> = Vec::new();
            for (row, c) in tableau.a.iter().zip(tableau.c) {
                let sum: f64 = row.iter().zip(&slopes).map(|(a, k)| a * k).sum();
                slopes.push(f(t + c * dt, y + dt * sum));
            }
            let expected = y + dt * tableau.b.iter().zip(&slopes).map(|(b, k)| b * k).sum::<f64>();

            let stages = Stages::of(&tableau);
            let mut families = vec![f64::NAN; stages.families];
            families[0] = y;
            for (stage, c) in stages.list.iter().zip(tableau.c) {
                let slope = f(t + c * dt, families[stage.reads]);
                for update in &stage.updates {
                    assert_ne!(update.to, stage.reads, "neighbours are still to be read");
                    families[update.to] = families[update.from.unwrap_or(0)]
                        + stages.factors[update.factor] * dt * slope;
                }
            }
            assert!((families[stages.result] - expected).abs() < 1e-15, "{}", tableau.name);
        }
    }
}
