//! Step plans: what is done to which arrays, in which order. Data only; the executor runs it.

use std::fmt;

use fluxions_expr::{Expr, Kernel, Reduction, Type};
use fluxions_halo::HaloWidth;

use crate::plan::halo_group::HaloGroup;
use crate::plan::pass::PassBuilder;
use crate::plan::preparation::Preparation;
use crate::plan::program::{ArrayRef, OwnedExpr, Pass, Program, TIME};
use crate::random::array::RandomArray;
use crate::run::blocking::pipeline::Margins;
use crate::schemes::stages::Stages;
use crate::schemes::tableau::Tableau;
use crate::system::noise::noise_program;
use crate::system::pde::Pde;

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
    /// In every cell that memory has, halos included.
    Memory,
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
    /// Run a kernel; over a block also in `beyond` cells beyond each of its faces.
    Sweep { kernel: usize, inputs: Vec<Slot>, outputs: Vec<Slot>, extent: Extent, beyond: Margins },
    /// Reduce the values of a kernel over the domain, to a parameter.
    Reduce { kernel: usize, inputs: Vec<Slot>, kind: Reduction, parameter: usize },
}

impl Action {
    /// Bytes per cell that it moves between memory and processor at least: each of its arrays once.
    pub(crate) fn bytes_per_cell(&self) -> usize {
        let arrays = match self {
            Action::Sweep { inputs, outputs, extent: Extent::Block, .. } => {
                inputs.len() + outputs.len()
            }
            Action::Reduce { inputs, .. } => inputs.len(),
            _ => 0,
        };
        arrays * size_of::<f64>()
    }
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
    /// Which of the factors is one over the usual time step, if any.
    pub(crate) per_step: Option<usize>,
    /// Parameters from this one on are results of reductions, where these are asked for.
    pub(crate) results: usize,
    /// Which arrays change places after a step, so that arrays 0 … n−1 hold the new state.
    pub(crate) swaps: Vec<(usize, usize)>,
    /// Working copies, each with the array of the state that it stands for.
    pub(crate) copies: Vec<(usize, usize)>,
    /// Arrays beside the state whose values the next step needs.
    pub(crate) changing: Vec<usize>,
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
        if !pde.advected.is_empty() {
            return Self::transport(pde);
        }
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
                        let new = pass.builder.fused(factor, rate, base);
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
        plan.swaps = (0..n).map(|array| (array, first_of(pde, stages.result) + array)).collect();
        plan.copies = plan.swaps.iter().map(|(array, copy)| (*copy, *array)).collect();
        plan
    }

    /// The evaluation of an expression from the fields in arrays 0 … n−1: of a value of this type
    /// per cell to the arrays after those, or of one number to row 0.
    pub(crate) fn evaluation(pde: &Pde, name: &str, expr: &Expr, ty: Type, extent: Extent) -> Self {
        let n = pde.all_arrays();
        let owner = Program::owner_of(pde, expr);
        let target = OwnedExpr { expr, owner, name };
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
            plan.array_names.extend(crate::system::names::of_arrays(name, ty, pde.space()));
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

    pub(crate) fn push_sweep(
        &mut self,
        pass: Pass,
        slot: &dyn Fn(ArrayRef) -> Slot,
        outputs: Vec<Slot>,
        extent: Extent,
        name: String,
    ) {
        let inputs = pass.inputs.iter().map(|r| slot(*r)).collect();
        let kernel = self.add_kernel(pass.kernel, name);
        let beyond = Margins::default();
        self.actions.push(Action::Sweep { kernel, inputs, outputs, extent, beyond });
    }

    pub(crate) fn add_kernel(&mut self, kernel: Kernel, name: String) -> usize {
        self.kernels.push(kernel);
        self.kernel_names.push(name);
        self.kernels.len() - 1
    }

    /// The array of the state that an array is or stands for.
    pub(crate) fn stands_for(&self, array: usize) -> usize {
        let copy = self.copies.iter().find(|(copy, _)| *copy == array);
        copy.map_or(array, |(_, of)| *of)
    }

    /// Takes note of the usual time step.
    pub(crate) fn know_step(&mut self, dt: f64) {
        if let Some(factor) = self.per_step {
            self.factors[factor] = 1.0 / dt;
        }
    }

    /// How many parameters the kernels have.
    pub(crate) fn parameters(&self) -> usize {
        self.first_factor.max(TIME + 1) + self.factors.len()
    }

    /// Bytes per cell that a run of the plan moves between memory and processor at least: each
    /// sweep reads and writes each of its arrays once.
    pub(crate) fn bytes_per_cell(&self) -> usize {
        self.actions.iter().map(Action::bytes_per_cell).sum()
    }

    /// Halo layers that arrays need at each axis: those that are filled, and those in which sweeps
    /// compute or look beside.
    pub(crate) fn halo(&self) -> [usize; 3] {
        let filled = self.groups.iter().map(|group| group.width.widest());
        let looked_at = self.actions.iter().flat_map(|action| {
            let Action::Sweep { kernel, inputs, beyond, .. } = action else { return Vec::new() };
            let reach = |i: usize| self.kernels[*kernel].reach(i as u32);
            let far = |reach: Margins| {
                std::array::from_fn(|axis| {
                    let side = |side: usize| beyond[axis][side] + reach[axis][side];
                    side(0).max(side(1))
                })
            };
            (0..inputs.len()).map(|i| far(reach(i))).chain([far(Margins::default())]).collect()
        });
        filled
            .chain(looked_at)
            .fold([0; 3], |a, b| std::array::from_fn(|axis| a[axis].max(b[axis])))
    }

    /// Cells that a block needs along each axis that is cut or periodic.
    pub(crate) fn least_cells(&self, pde: &Pde) -> [usize; 3] {
        let mut least = self.halo();
        for group in &self.groups {
            for (axis, least) in least.iter_mut().enumerate() {
                *least = (*least).max(group.depth(pde, axis));
            }
        }
        least
    }
}

/// The equations, each with the conditions of its field.
pub(crate) fn equations(pde: &Pde) -> Vec<OwnedExpr<'_>> {
    let one = |(field, expr)| {
        let owner = pde.conditions().owner_of_field(field);
        OwnedExpr { expr, owner, name: "" }
    };
    pde.equations().iter().enumerate().map(one).collect()
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
pub(crate) fn slots(n: usize, fields: usize, quantities: usize) -> impl Fn(ArrayRef) -> Slot {
    move |reference| match reference {
        ArrayRef::Field(array) if array >= n => Slot::Array(array),
        ArrayRef::Field(array) => Slot::Array(fields + array),
        ArrayRef::Quantity(array) => Slot::Array(quantities + array),
        ArrayRef::Extra(array) => Slot::Array(array),
        ArrayRef::Random(random) => Slot::Row(1 + random),
    }
}

impl Plan {
    /// An action in words; nothing for one that does nothing.
    pub(crate) fn describe(&self, action: &Action) -> Option<String> {
        let array = |slot: &Slot| match slot {
            Slot::Array(array) => self.array_names[*array].clone(),
            Slot::Row(row) => format!("row {row}"),
        };
        let list = |slots: &[Slot]| slots.iter().map(array).collect::<Vec<_>>().join(", ");
        Some(match action {
            Action::At(0.0) => return None,
            Action::At(fraction) => format!("at t + {fraction} dt"),
            Action::Halo { group, arrays, .. } => {
                let names: Vec<_> = arrays.iter().map(|a| self.array_names[*a].as_str()).collect();
                let width = self.groups[*group].width;
                let layers = width.widest().into_iter().max().unwrap_or(0);
                let corners = if width.corners { ", corners too" } else { "" };
                format!("halos of {}: {layers} layer(s){corners}", names.join(", "))
            }
            Action::Sweep { kernel, inputs, outputs, .. } => format!(
                "sweep `{}`: {} → {} ({} operations per cell)",
                self.kernel_names[*kernel],
                list(inputs),
                list(outputs),
                self.kernels[*kernel].arithmetic_operations(),
            ),
            Action::Reduce { kernel, inputs, .. } => {
                format!("reduce `{}` over the domain: {}", self.kernel_names[*kernel], list(inputs))
            }
        })
    }
}

/// One action a line.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.actions.iter().filter_map(|action| self.describe(action));
        lines.try_for_each(|line| writeln!(f, "{line}"))
    }
}
