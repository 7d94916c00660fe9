//! The passes of a time step with transport.
//!
//! Sources before the transport, the passes of each carried field, sources after it. The halos of
//! all fields are filled once for each pass; what a pass stores to look at itself is computed
//! beyond the block as far as that needs it (margins.rs).

use fluxions_expr::{Binary, Expr, Node, Value};
use fluxions_halo::HaloWidth;

use crate::halo_group::HaloGroup;
use crate::pass::PassBuilder;
use crate::pde::Pde;
use crate::plan::{Action, Extent, Plan, Slot, equations};
use crate::program::{ArrayRef, Pass, Program, Target};
use crate::transport::correction::{Correction, Corrects};
use crate::transport::flow::{Flow, Way, load, step};
use crate::transport::flows::{Flows, Known};
use crate::transport::flux::{Fluxes, Limits};
use crate::transport::measures::{MOST_COURANT, Measure};
use crate::transport::{Advector, Along, Carried, Sources};

/// Factors of the time step that every plan has parameters for, before those of flows.
const HALF: usize = 0;
const WHOLE: usize = 1;
const PER_STEP: usize = 2;
const FIXED: [f64; 3] = [0.5, 1.0, 0.0];

/// What stands for a value that is not known since a Courant number was too large: a NaN with a
/// mark.
const TOO_FAST: u64 = 0x7ff8_0000_0000_0c0a;

impl Plan {
    /// One time step of a system with transport: from the fields in arrays 0 … n−1 to the same
    /// arrays after the swaps.
    pub(crate) fn transport(pde: &Pde) -> Self {
        let mut flows = Flows::of(pde);
        let mut steps = Steps::new(pde, &mut flows);
        let symmetric = pde.sources == Sources::Symmetric;
        let sources = equations(pde).iter().any(|source| !is_nothing(source));
        steps.begin(&flows, sources.then_some(if symmetric { HALF } else { WHOLE }));
        steps.store_flows(&mut flows);
        steps.carry(&flows);
        if sources && symmetric {
            steps.end();
        }
        steps.finish()
    }

    /// What is computed once, before the first step: flows that do not change, and those that
    /// depend on the fields as they are at the beginning; then all measures, as parameters from
    /// [`Plan::results`] on.
    pub(crate) fn before_transport(pde: &Pde) -> Self {
        let mut flows = Flows::of(pde);
        let mut steps = Steps::new(pde, &mut flows);
        for known in &flows.list {
            steps.store_once(known);
            if let (Some(velocity), Some(before)) = (known.velocity(), &known.before) {
                let targets: Vec<Target<'_>> = velocity.iter().map(|v| of(pde, known, v)).collect();
                let outputs = before.iter().map(|array| Slot::Array(*array)).collect();
                steps.evaluate(&targets, |_| {}, outputs);
            }
        }
        let Steps { mut plan, .. } = steps;
        plan.results = plan.first_factor + plan.factors.len();
        for (k, measure) in Measure::all(&flows).into_iter().enumerate() {
            plan.factors.push(0.0);
            let pass = measure.pass(pde, &flows);
            let inputs = pass.inputs.iter().map(|r| extra(*r)).collect();
            plan.push_reduction(pass.kernel, inputs, measure.kind(), plan.results + k);
        }
        plan.arrays = plan.array_names.len();
        plan.rows = plan.rows.max(1);
        plan
    }
}

/// Whether a NaN has that mark.
pub(crate) fn is_too_fast(value: f64) -> bool {
    // Its sign may have changed on the way.
    value.is_nan() && value.abs().to_bits() == TOO_FAST
}

/// Whether a field's equation says that it has no source.
fn is_nothing(source: &Target<'_>) -> bool {
    source.expr.node == Node::Number(0.0)
}

/// An expression of what carries some fields, with the conditions of the field that it is known by.
fn of<'e>(pde: &Pde, known: &Known<'_>, expr: &'e Expr) -> Target<'e> {
    let owner = pde.conditions().owner_of_field(known.carried.field);
    Target { expr, owner, name: "" }
}

fn extra(reference: ArrayRef) -> Slot {
    match reference {
        ArrayRef::Extra(array) | ArrayRef::Field(array) | ArrayRef::Quantity(array) => {
            Slot::Array(array)
        }
        ArrayRef::Random(row) => Slot::Row(row),
    }
}

/// A plan while it is built.
struct Steps<'a> {
    pde: &'a Pde,
    plan: Plan,
    /// Where each array of the state is at the moment.
    at: Vec<usize>,
    /// The arrays that serve each.
    copies: Vec<Vec<usize>>,
    first_quantity: usize,
}

impl<'a> Steps<'a> {
    fn new(pde: &'a Pde, flows: &mut Flows<'a>) -> Self {
        let sources = equations(pde);
        let mut targets: Vec<Target<'_>> = Vec::new();
        for known in &flows.list {
            targets.extend(known.velocity().unwrap_or(&[]).iter().map(|v| of(pde, known, v)));
        }
        targets.extend(sources);
        let program = Program::new(pde, &targets);
        let mut plan = Plan {
            first_factor: program.parameters(),
            factors: FIXED.to_vec(),
            per_step: Some(PER_STEP),
            evaluations: 1,
            array_names: pde.all_array_names(),
            data_widths: program.data_widths().to_vec(),
            ..Plan::default()
        };
        let first_quantity = plan.array_names.len();
        plan.array_names.extend(program.array_names());
        for known in &mut flows.list {
            let mut parameter = |factor: f64| {
                let place = plan.factors.iter().skip(FIXED.len()).position(|f| *f == factor);
                let place = place.map_or(plan.factors.len(), |place| place + FIXED.len());
                if place == plan.factors.len() {
                    plan.factors.push(factor);
                }
                plan.first_factor + place
            };
            known.flow.scales = match known.flow.factors() {
                Some(factors) => factors.into_iter().map(&mut parameter).collect(),
                None => vec![plan.first_factor + PER_STEP; known.flow.axes.len()],
            };
            known.flow.whole_step = plan.first_factor + WHOLE;
            plan.changing.extend(known.before.iter().flatten());
        }
        let n = pde.arrays();
        let (at, copies) = ((0..n).collect(), (0..n).map(|array| vec![array]).collect());
        Steps { pde, plan, at, copies, first_quantity }
    }

    /// A working array.
    fn array(&mut self, name: String) -> usize {
        self.plan.array_names.push(name);
        self.plan.array_names.len() - 1
    }

    /// A working copy of an array of the state that is none of these.
    fn copy(&mut self, array: usize, used: &[usize]) -> usize {
        let free = self.copies[array].iter().find(|copy| !used.contains(copy));
        free.copied().unwrap_or_else(|| {
            let name = format!("{} (working copy)", self.plan.array_names[array]);
            let copy = self.array(name);
            self.copies[array].push(copy);
            copy
        })
    }

    /// Where arrays are at the moment.
    fn slots(&self) -> impl Fn(ArrayRef) -> Slot + use<> {
        let (at, first) = (self.at.clone(), self.first_quantity);
        move |reference| match reference {
            ArrayRef::Field(array) => Slot::Array(at.get(array).copied().unwrap_or(array)),
            ArrayRef::Quantity(array) => Slot::Array(first + array),
            ArrayRef::Extra(array) => Slot::Array(array),
            ArrayRef::Random(row) => Slot::Row(1 + row),
        }
    }

    /// Computes expressions from the fields as they are, to arrays.
    fn evaluate(
        &mut self,
        targets: &[Target<'_>],
        more: impl FnOnce(&mut Self),
        outputs: Vec<Slot>,
    ) {
        let mut program = Program::new(self.pde, targets);
        let preparations = program.preparations();
        let shared = self.plan.add_preparations(&program, preparations);
        let slot = self.slots();
        self.plan.push_preparations(&shared, &slot);
        more(self);
        let mut pass = PassBuilder::last(&mut program);
        for target in targets {
            let value = pass.value(*target).only().re;
            let value = value.unwrap_or_else(|| pass.builder.constant(0.0));
            pass.builder.output(value);
        }
        let pass = pass.finish();
        self.plan.push_sweep(pass, &slot, outputs, Extent::Block, "flow".into());
    }

    /// A kernel that is written by hand, to these arrays.
    fn sweep(&mut self, name: String, outputs: &[usize], write: impl FnOnce(&mut PassBuilder)) {
        let pass = by_hand(self.pde, write);
        let outputs = outputs.iter().map(|array| Slot::Array(*array)).collect();
        self.plan.push_sweep(pass, &extra, outputs, Extent::Block, name);
    }

    /// Fills halos of arrays with these conditions, as wide as will turn out.
    fn halo(&mut self, arrays: &[(usize, usize)]) {
        if arrays.is_empty() {
            return;
        }
        let numbers: Vec<usize> = arrays.iter().map(|(array, _)| *array).collect();
        let pairs: Vec<[usize; 2]> = numbers.iter().map(|array| [*array; 2]).collect();
        self.plan.groups.push(HaloGroup {
            arrays: numbers.iter().map(|array| ArrayRef::Extra(*array)).collect(),
            conditions: arrays.iter().map(|(_, conditions)| *conditions).collect(),
            partners: pairs.iter().map(|pair| pair.map(ArrayRef::Extra)).collect(),
            width: HaloWidth::default(),
        });
        let group = self.plan.groups.len() - 1;
        self.plan.actions.push(Action::Halo { group, arrays: numbers, partners: pairs });
    }

    /// What depends on the fields at the beginning of the step: velocities, and a part of the
    /// sources.
    fn begin(&mut self, flows: &Flows<'a>, part: Option<usize>) {
        let pde = self.pde;
        let sources = equations(pde);
        let mut targets = Vec::new();
        for known in &flows.list {
            targets.extend(known.velocity().unwrap_or(&[]).iter().map(|v| of(pde, known, v)));
        }
        if part.is_some() {
            targets.extend(&sources);
        }
        if targets.is_empty() {
            return;
        }
        let mut program = Program::new(pde, &targets);
        let preparations = program.preparations();
        let shared = self.plan.add_preparations(&program, preparations);
        let slot = self.slots();
        self.plan.push_preparations(&shared, &slot);
        for known in &flows.list {
            let Some(velocity) = known.velocity() else { continue };
            let cells: Vec<usize> =
                known.names.iter().map(|name| self.array(format!("{name}, at cells"))).collect();
            let mut outputs: Vec<Slot> = cells.iter().map(|array| Slot::Array(*array)).collect();
            let mut pass = PassBuilder::last(&mut program);
            let mut values = Vec::new();
            for expr in velocity {
                let value = pass.value(of(pde, known, expr)).only().re;
                values.push(value.unwrap_or_else(|| pass.builder.constant(0.0)));
            }
            let before = known.before.as_deref().unwrap_or(&[]);
            for (k, value) in values.iter().enumerate() {
                // On to the middle of the step, as it went before.
                let middle = match before.get(k) {
                    Some(array) => {
                        let earlier = load(&mut pass, *array, [0; 3]);
                        let b = &mut pass.builder;
                        let (three, one) = (b.constant(1.5), b.constant(0.5));
                        let now = b.binary(Binary::Multiply, three, *value);
                        let then = b.binary(Binary::Multiply, one, earlier);
                        b.binary(Binary::Subtract, now, then)
                    }
                    None => *value,
                };
                pass.builder.output(middle);
            }
            for (value, array) in values.iter().zip(before) {
                let input = pass.input(ArrayRef::Extra(*array));
                pass.builder.output_with(*value, Some(input), false);
                outputs.push(Slot::Array(*array));
            }
            let pass = pass.finish();
            self.plan.push_sweep(pass, &slot, outputs, Extent::Block, "velocity".into());
        }
        if let Some(part) = part {
            let base = self.at.clone();
            self.add_sources(&mut program, &sources, part, &base);
        }
    }

    /// Adds a part of the sources, computed from the fields as they are, to what is in `base`.
    fn add_sources(
        &mut self,
        program: &mut Program<'a>,
        sources: &[Target<'_>],
        part: usize,
        base: &[usize],
    ) {
        let slot = self.slots();
        let (mut outputs, mut next) = (Vec::new(), self.at.clone());
        let mut pass = PassBuilder::last(program);
        let with_sources = sources.iter().enumerate().filter(|(_, source)| !is_nothing(source));
        for (field, source) in with_sources {
            let rate = pass.value(*source);
            let (ty, dimension) = (self.pde.types()[field], self.pde.space().dimension());
            let rates = rate.numbers(ty, dimension, &mut pass.builder);
            for (k, rate) in self.pde.arrays_of(field).zip(rates) {
                let from = match base[k] == self.at[k] {
                    true => pass.load(ArrayRef::Field(k)),
                    false => load(&mut pass, base[k], [0; 3]),
                };
                let factor = pass.builder.parameter(self.plan.first_factor + part);
                let new = pass.builder.fused(factor, rate, from);
                pass.builder.output_with(new, None, true);
                next[k] = self.copy(k, &[self.at[k], base[k]]);
                outputs.push(Slot::Array(next[k]));
            }
        }
        let pass = pass.finish();
        self.plan.push_sweep(pass, &slot, outputs, Extent::Block, "source".into());
        self.at = next;
    }

    /// The other half of the sources, from the fields at the end of the step: those without it
    /// lead to a first guess, unless no source depends on a field that has one.
    fn end(&mut self) {
        let sources = equations(self.pde);
        let base = self.at.clone();
        let of_sources = |field: &usize| !is_nothing(&sources[*field]);
        let coupled = sources.iter().any(|source| {
            let made = crate::definition::MadeOf::new(source.expr, self.pde.definitions());
            made.fields.iter().any(|field| *field < sources.len() && of_sources(field))
        });
        self.plan.actions.push(Action::At(1.0));
        for _ in 0..if coupled { 2 } else { 1 } {
            let mut program = Program::new(self.pde, &sources);
            let preparations = program.preparations();
            let shared = self.plan.add_preparations(&program, preparations);
            let slot = self.slots();
            self.plan.push_preparations(&shared, &slot);
            self.add_sources(&mut program, &sources, HALF, &base);
            self.plan.evaluations += 1;
        }
    }

    /// Flows that are stored and do not change, in every cell that memory has.
    fn store_once(&mut self, known: &Known<'a>) {
        let flow = &known.flow;
        let mut store = |name: String, outputs: &[usize], write: &dyn Fn(&mut PassBuilder)| {
            self.sweep(name, outputs, |pass| write(pass));
            if let Some(Action::Sweep { extent, .. }) = self.plan.actions.last_mut() {
                *extent = Extent::Memory;
            }
        };
        if let Some(array) = flow.density_array {
            store("g_factor".into(), &[array], &|pass| {
                let density = flow.density_itself(&mut pass.builder);
                pass.builder.output(density);
            });
        }
        if let Way::Stored(arrays) = &flow.way {
            store(known.names.join(", "), arrays, &|pass| {
                for k in 0..flow.axes.len() {
                    let value = flow.base(&mut pass.builder, k, [0; 3]);
                    pass.builder.output(value);
                }
            });
        }
    }

    /// Courant numbers that change, for the middle of the step.
    fn store_flows(&mut self, flows: &mut Flows<'a>) {
        for known in &mut flows.list {
            if !matches!(known.flow.way, Way::EachStep(_)) {
                continue;
            }
            let arrays: Vec<usize> = known.names.iter().map(|n| self.array(n.clone())).collect();
            let flow = &known.flow;
            let cells = known.velocity().map(|_| self.cells_of(known));
            if let Some(cells) = &cells {
                let conditions = self.pde.conditions().carriage(known.carried.field);
                let free = conditions.map_or(0, |carriage| carriage.free);
                let list: Vec<_> = cells.iter().map(|array| (*array, free)).collect();
                self.halo(&list);
            }
            self.plan.actions.push(Action::At(0.5));
            let name = format!("Courant numbers of the {}", known.names.join(", "));
            self.sweep(name, &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let value = match &cells {
                        None => flow.base(&mut pass.builder, k, [0; 3]),
                        Some(cells) => at_face(flow, pass, cells[k], k),
                    };
                    let b = &mut pass.builder;
                    let scale = b.parameter(flow.scales[k]);
                    let value = b.binary(Binary::Multiply, value, scale);
                    b.output(value);
                }
            });
            known.flow.way = Way::EachStep(arrays);
        }
    }

    /// The arrays of a velocity at the centres of cells.
    fn cells_of(&self, known: &Known<'_>) -> Vec<usize> {
        let place = |name: &String| {
            let name = format!("{name}, at cells");
            self.plan.array_names.iter().position(|known| *known == name)
        };
        known.names.iter().filter_map(place).collect()
    }

    /// The passes of all carried fields.
    fn carry(&mut self, flows: &Flows<'_>) {
        let mut travellers = Vec::new();
        for (carried, flow) in self.pde.carried.iter().zip(&flows.of) {
            for (number, array) in self.pde.arrays_of(carried.field).enumerate() {
                let corrects = Corrects::Flow;
                let flow = &flows.list[*flow].flow;
                let start = self.at[array];
                travellers.push(Traveller { carried, flow, array, number, start, corrects });
            }
        }
        let most = travellers.iter().map(|t| t.carried.options.iterations).max().unwrap_or(0);
        for pass in 1..=most {
            let takes_part = |t: &&mut Traveller<'_>| t.carried.options.iterations >= pass;
            let mut list: Vec<_> = travellers.iter_mut().filter(takes_part).collect();
            self.plan.actions.push(Action::At(if pass == 1 { 0.0 } else { 1.0 }));
            let halos: Vec<_> =
                list.iter().map(|t| (self.at[t.array], t.conditions(self.pde))).collect();
            self.halo(&halos);
            self.plan.actions.push(Action::At(0.5));
            match pass {
                1 => list.iter_mut().for_each(|traveller| self.first(traveller)),
                _ => self.further(&mut list, pass),
            }
        }
    }

    /// The upwind pass of one array.
    fn first(&mut self, traveller: &mut Traveller<'_>) {
        let Traveller { carried, flow, array, .. } = *traveller;
        let name = self.plan.array_names[array].clone();
        let field = self.at[array];
        if !carried.diffusivity.is_empty() {
            let arrays: Vec<usize> = (0..flow.axes.len())
                .map(|k| self.array(format!("velocity of {name} along axis {k}")))
                .collect();
            self.sweep(format!("flow and diffusion of {name}"), &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let value = diffusive(pass, carried, flow, field, k);
                    pass.builder.output(value);
                }
            });
            traveller.corrects = Corrects::Arrays(arrays);
        }
        traveller.start = field;
        let new = self.copy(array, &[field]);
        let last = carried.options.iterations == 1;
        let velocity = &traveller.corrects;
        let fluxes = Fluxes { flow, velocity, field, direct: false, limits: None };
        let changes = matches!(flow.way, Way::EachStep(_));
        self.sweep(format!("upwind pass of {name}"), &[new], |pass| {
            let mut value = fluxes.update(pass);
            if changes {
                let out = Fluxes { velocity: &Corrects::Flow, ..fluxes }.outflow(pass);
                let b = &mut pass.builder;
                let (most, mark) = (b.constant(MOST_COURANT), b.constant(f64::from_bits(TOO_FAST)));
                let slow = b.binary(Binary::LessEqual, out, most);
                value = b.select(slow, value, mark);
            }
            pass.builder.output_with(value, None, last || changes);
        });
        self.at[array] = new;
    }

    /// A corrective pass of some arrays.
    fn further(&mut self, list: &mut [&mut Traveller<'_>], pass: usize) {
        let mut limits: Vec<Option<Limits>> = Vec::new();
        let mut halos = Vec::new();
        for traveller in list.iter_mut() {
            let Traveller { carried, flow, array, start, .. } = **traveller;
            let (name, field) = (self.plan.array_names[array].clone(), self.at[array]);
            let options = carried.options;
            let last = pass == options.iterations;
            // Two sets of arrays take turns.
            let arrays: Vec<usize> = (0..flow.axes.len())
                .map(|k| self.named(format!("correction {} of {name} along axis {k}", pass % 2)))
                .collect();
            let corrects = &traveller.corrects;
            let correction = Correction { flow, options, corrects, field, last };
            self.sweep(format!("correction {} of {name}", pass - 1), &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let mut w = correction.velocity(pass, k);
                    if !last {
                        w = flow.corrected(&mut pass.builder, k, w);
                    }
                    pass.builder.output(w);
                }
            });
            traveller.corrects = Corrects::Arrays(arrays);
            limits.push(options.nonoscillatory.then(|| {
                let rise = self.named(format!("room above {name}"));
                let fall = self.named(format!("room below {name}"));
                let fluxes = traveller.fluxes(field, None);
                self.sweep(format!("limits of {name}"), &[rise, fall], |pass| {
                    for limit in fluxes.limits(pass, start) {
                        pass.builder.output(limit);
                    }
                });
                let conditions = self.pde.conditions().carriage(carried.field);
                let conditions = conditions.map_or(0, |carriage| carriage.limits);
                halos.extend([(rise, conditions), (fall, conditions)]);
                Limits { rise, fall }
            }));
        }
        self.halo(&halos);
        for (traveller, mut limits) in list.iter_mut().zip(limits) {
            let Traveller { carried, array, start, .. } = **traveller;
            let (name, field) = (self.plan.array_names[array].clone(), self.at[array]);
            let last = pass == carried.options.iterations;
            if let (Corrects::Arrays(arrays), Some(_), false) = (&traveller.corrects, limits, last)
            {
                // The next pass corrects what was limited.
                let fluxes = traveller.fluxes(field, limits);
                self.sweep(format!("limited correction of {name}"), arrays, |pass| {
                    for (k, array) in arrays.iter().enumerate() {
                        let w = fluxes.limited(pass, k, [0; 3]);
                        let input = pass.input(ArrayRef::Extra(*array));
                        pass.builder.output_with(w, Some(input), false);
                    }
                });
                limits = None;
            }
            let used = [field, if carried.options.nonoscillatory { start } else { field }];
            let new = self.copy(array, &used);
            let fluxes = traveller.fluxes(field, limits);
            self.sweep(format!("pass {pass} of {name}"), &[new], |pass| {
                let value = fluxes.update(pass);
                pass.builder.output_with(value, None, last);
            });
            self.at[array] = new;
        }
    }

    /// The working array of this name.
    fn named(&mut self, name: String) -> usize {
        let known = self.plan.array_names.iter().position(|known| *known == name);
        known.unwrap_or_else(|| self.array(name))
    }

    fn finish(self) -> Plan {
        let Steps { mut plan, at, copies, .. } = self;
        plan.copies = (copies.into_iter().enumerate())
            .flat_map(|(array, copies)| copies.into_iter().map(move |copy| (copy, array)))
            .collect();
        plan.swaps = at.into_iter().enumerate().filter(|(array, at)| array != at).collect();
        plan.arrays = plan.array_names.len();
        plan.settle_margins();
        plan
    }
}

/// A kernel that is written by hand.
pub(crate) fn by_hand(pde: &Pde, write: impl FnOnce(&mut PassBuilder)) -> Pass {
    let mut program = Program::new(pde, &[]);
    let mut pass = PassBuilder::last(&mut program);
    write(&mut pass);
    pass.finish()
}

/// One array of a field on its way through the passes.
struct Traveller<'a> {
    carried: &'a Carried,
    flow: &'a Flow<'a>,
    /// The array of the state, and which of its field's it is.
    array: usize,
    number: usize,
    /// Where its values at the beginning are.
    start: usize,
    /// What the next pass corrects.
    corrects: Corrects,
}

impl Traveller<'_> {
    /// The number of its boundary conditions.
    fn conditions(&self, pde: &Pde) -> usize {
        let carriage = pde.conditions().carriage(self.carried.field);
        carriage.map_or(0, |carriage| carriage.arrays[self.number])
    }

    /// The fluxes of a corrective pass.
    fn fluxes(&self, field: usize, limits: Option<Limits>) -> Fluxes<'_> {
        let direct = self.carried.options.infinite_gauge;
        Fluxes { flow: self.flow, velocity: &self.corrects, field, direct, limits }
    }
}

/// A velocity at a face, from those at the centres of the cells beside it, as a flow.
fn at_face(flow: &Flow, pass: &mut PassBuilder, array: usize, k: usize) -> Value {
    let right = load(pass, array, [0; 3]);
    let left = load(pass, array, step(flow.axes[k], -1));
    let b = &mut pass.builder;
    let (sum, half) = (b.binary(Binary::Add, left, right), b.constant(0.5));
    let mut value = b.binary(Binary::Multiply, half, sum);
    if let (Advector::Velocity(_), Some(density)) = (flow.advector, flow.density_on_face(b, k)) {
        value = b.binary(Binary::Multiply, density, value);
    }
    flow.bounded(b, k, [0; 3], value)
}

/// The flow through a face with that of diffusion: V − 2μ(ψR − ψL)/(ψR + ψL) (Smolarkiewicz &
/// Clark 1986, J. Comput. Phys. 67, 396, equation 5).
fn diffusive(
    pass: &mut PassBuilder,
    carried: &Carried,
    flow: &Flow,
    field: usize,
    k: usize,
) -> Value {
    const TINY: f64 = 1e-15;
    let courant = flow.courant(pass, k, [0; 3]);
    let right = load(pass, field, [0; 3]);
    let left = load(pass, field, step(flow.axes[k], -1));
    let b = &mut pass.builder;
    let mut at = [Along::Centre; 3];
    at[flow.axes[k]] = Along::Face;
    let mut mu = flow.located(b, &carried.diffusivity[k], at, [0; 3]);
    if let Some(density) = flow.density_on_face(b, k) {
        mu = b.binary(Binary::Multiply, density, mu);
    }
    let spacing = flow.pde.grid().axes()[k].spacing();
    let factor = b.constant(2.0 / (spacing * spacing));
    let mu = b.binary(Binary::Multiply, mu, factor);
    let dt = b.parameter(flow.whole_step);
    let mu = b.binary(Binary::Multiply, mu, dt);
    let mu = flow.bounded(b, k, [0; 3], mu);
    let difference = b.binary(Binary::Subtract, right, left);
    let (sum, tiny) = (b.binary(Binary::Add, right, left), b.constant(TINY));
    let sum = b.binary(Binary::Add, sum, tiny);
    let ratio = b.binary(Binary::Divide, difference, sum);
    let pseudo = b.binary(Binary::Multiply, mu, ratio);
    b.binary(Binary::Subtract, courant, pseudo)
}
