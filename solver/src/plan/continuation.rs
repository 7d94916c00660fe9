//! How the arguments of operators go on beyond walls where they have no conditions of their own: as
//! the fields do of which they are made.
//!
//! In each pair of cells that mirror each other, a field has a value w at the wall, which is the mean
//! of the two. A function e of fields has the value e(w) there, and goes on from it: its ghost cell
//! is 2·e(w) − e(f), where f is the mirrored cell. So what is even about the wall in all that it is
//! made of stays even, and what is zero at the wall changes its sign. Both can mostly be seen from
//! the form of the expression; then the ghost cells are those of a zero derivative or a zero value.
//! The rest is computed by sweeps over the layers of ghost cells (preparation.rs).

use std::collections::HashMap;

use fluxions_expr::{
    Builder, ComplexValue, Expr, Kernel, Node, Operator, Parity, Parts, Type, Value,
};

use crate::operators;
use crate::plan::lowering::lowered;
use crate::plan::program::{OwnedExpr, Program};
use crate::system::definition::milestones;
use crate::system::pde::Pde;

/// The numbers of the conditions of each of the numbers of an expression, which is stored for an
/// operator.
pub(super) fn conditions(program: &Program<'_>, target: OwnedExpr<'_>) -> Vec<usize> {
    let pde = program.pde;
    let form = Form::new(program, target);
    let mut ends = vec![[[Parity::Even; 2]; 3]; form.kernel.outputs().len()];
    for axis in 0..3 {
        let Some(named) = pde.grid().inner_axis(axis) else { continue };
        for side in 0..2 {
            let found = form.parities(pde, End { axis, side, joined: named.is_periodic() });
            for (ends, parity) in ends.iter_mut().zip(found) {
                ends[axis][side] = parity;
            }
        }
    }
    let complex = target.expr.ty.complex;
    let number = |(k, ends): (usize, &[[Parity; 2]; 3])| {
        pde.conditions().continued(ends, complex.then_some(k % 2 == 1))
    };
    ends.iter().enumerate().map(number).collect()
}

/// An end of an inner axis.
#[derive(Clone, Copy)]
struct End {
    axis: usize,
    side: usize,
    /// Whether the other end of the axis lies beyond it: then even numbers are the same there, and
    /// odd ones change their sign.
    joined: bool,
}

/// The form of an expression: what it is made of.
struct Form {
    /// A kernel with an output for each of its numbers.
    kernel: Kernel,
    /// The inputs of the kernel, in order: the numbers of each source.
    sources: Vec<Source>,
}

/// Numbers that go on by themselves.
enum Source {
    /// They have the conditions of these numbers.
    Conditions(Vec<usize>),
    /// They are the result of an operator.
    Result(Applied),
    /// They are those of an expression that an operator uses in the cell itself.
    Here(Form),
    /// So many numbers without conditions, such as random ones, are mirrored.
    Mirrored(usize),
}

impl Source {
    /// How each of the numbers goes on beyond an end.
    fn parities(&self, pde: &Pde, end: End) -> Vec<Parity> {
        let of_set = |set: &usize| pde.conditions().of_array(*set)[end.axis][end.side].parity();
        match self {
            Source::Conditions(sets) => sets.iter().map(of_set).collect(),
            Source::Result(applied) => applied.parities(pde, end),
            Source::Here(form) => form.parities(pde, end),
            Source::Mirrored(count) => vec![Parity::Even; *count],
        }
    }
}

impl Form {
    fn new(program: &Program<'_>, target: OwnedExpr<'_>) -> Self {
        let mut lowering = Lowering {
            program,
            builder: Builder::new(),
            sources: Vec::new(),
            inputs: 0,
            parameters: 0,
            definitions: HashMap::new(),
        };
        let pde = program.pde;
        for d in milestones(target.expr, pde.definitions(), false, |_| false) {
            lowering.definition(d, target);
        }
        let parts = lowering.value(target);
        let Lowering { mut builder, sources, .. } = lowering;
        let numbers = parts.numbers(target.expr.ty, pde.space().dimension(), &mut builder);
        numbers.into_iter().for_each(|number| builder.output(number));
        Form { kernel: builder.finish(), sources }
    }

    /// How each number goes on beyond an end.
    fn parities(&self, pde: &Pde, end: End) -> Vec<Parity> {
        let inputs: Vec<Parity> =
            self.sources.iter().flat_map(|source| source.parities(pde, end)).collect();
        if !end.joined {
            // What depends on the place normal to the wall has another value at the wall.
            let profile = |along: u8, _| match usize::from(along) == end.axis {
                true => Parity::Unknown,
                false => Parity::Even,
            };
            return self.kernel.parities(|input| inputs[input as usize], profile);
        }
        match inputs.iter().all(|parity| *parity == Parity::Even) {
            true => vec![Parity::Even; self.kernel.outputs().len()],
            false => tried(&self.kernel, inputs.into_iter().enumerate(), end),
        }
    }
}

/// An operator with its arguments.
struct Applied {
    /// A kernel with an output for each number of the result.
    kernel: Kernel,
    /// The arguments, whose numbers are the inputs [`operators::input_of`] them.
    arguments: Vec<Source>,
}

impl Applied {
    fn parities(&self, pde: &Pde, end: End) -> Vec<Parity> {
        let inputs = self.arguments.iter().enumerate().flat_map(|(k, argument)| {
            let numbers = argument.parities(pde, end).into_iter().enumerate();
            numbers.map(move |(number, parity)| (operators::input_of(k, number), parity))
        });
        tried(&self.kernel, inputs, end)
    }
}

/// How the outputs of a kernel go on beyond an end where its inputs do so, found by trying it on
/// numbers that do. Metric factors count as mirrored too, so that nothing flows through a wall of a
/// curved grid through which nothing would flow through a plane one.
fn tried(kernel: &Kernel, inputs: impl Iterator<Item = (usize, Parity)>, end: End) -> Vec<Parity> {
    const TRIALS: u32 = 4;
    const TOLERANCE: f64 = 1e-9;
    let outputs = kernel.outputs().len();
    let inputs = inputs.map(|(input, parity)| (input as u32, parity));
    let parities: HashMap<u32, Parity> = inputs.filter(|(input, _)| kernel.loads(*input)).collect();
    if parities.values().any(|parity| *parity == Parity::Unknown) {
        return vec![Parity::Unknown; outputs];
    }
    let (mut even, mut odd) = (vec![true; outputs], vec![true; outputs]);
    for trial in 0..TRIALS {
        let number = |input: u32, place: [i32; 3], beyond: bool| {
            let size = arbitrary(input, place, trial);
            if beyond && parities[&input] == Parity::Odd { -size } else { size }
        };
        let in_cell = |cell: i32, beyond: bool| {
            let load = |input: u32, offset: [i32; 3]| {
                let mut place = offset;
                if end.joined {
                    return number(input, place, beyond);
                }
                let normal = &mut place[end.axis];
                *normal += cell;
                let beyond = *normal < 0;
                if beyond {
                    *normal = -1 - *normal;
                }
                number(input, place, beyond)
            };
            kernel.outputs_in_cell(load, |_| 0.7, |_, _| 1.0)
        };
        let cell = (trial % 2) as i32;
        let (inside, beyond) = (in_cell(cell, false), in_cell(-1 - cell, true));
        for (k, (a, b)) in inside.into_iter().zip(beyond).enumerate() {
            let close = |x: f64, y: f64| (x - y).abs() <= TOLERANCE * (1.0 + x.abs());
            even[k] &= close(a, b);
            odd[k] &= close(a, -b);
        }
    }
    let found = |(even, odd): (bool, bool)| match (even, odd) {
        (true, _) => Parity::Even,
        (false, true) => Parity::Odd,
        (false, false) => Parity::Unknown,
    };
    even.into_iter().zip(odd).map(found).collect()
}

/// A number between 1 and 2 that depends on all of these.
fn arbitrary(input: u32, place: [i32; 3], trial: u32) -> f64 {
    let mix = |hash: u64, x: u64| (hash ^ x).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let places = place.into_iter().map(|x| x as u32 as u64);
    let hash = [input as u64, trial as u64].into_iter().chain(places).fold(1, mix);
    1.0 + (hash.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64
}

/// Lowers an expression down to what goes on by itself.
struct Lowering<'p, 'a> {
    program: &'p Program<'a>,
    builder: Builder,
    sources: Vec<Source>,
    /// How many numbers the sources have.
    inputs: usize,
    /// How many numbers that are the same everywhere were met.
    parameters: usize,
    definitions: HashMap<usize, Parts>,
}

impl Lowering<'_, '_> {
    fn value(&mut self, target: OwnedExpr<'_>) -> Parts {
        let space = self.program.pde.space();
        lowered(
            self,
            |lowering| &mut lowering.builder,
            space,
            target.expr,
            |lowering, leaf| lowering.leaf(OwnedExpr { expr: leaf, ..target }),
        )
    }

    fn definition(&mut self, d: usize, target: OwnedExpr<'_>) -> Parts {
        if let Some(known) = self.definitions.get(&d) {
            return known.clone();
        }
        let definition = &self.program.pde.definitions()[d];
        let value =
            self.value(OwnedExpr { expr: &definition.expr, name: &definition.name, ..target });
        self.definitions.insert(d, value.clone());
        value
    }

    fn leaf(&mut self, target: OwnedExpr<'_>) -> Parts {
        let pde = self.program.pde;
        let expr = target.expr;
        let count = expr.ty.numbers(pde.space().dimension());
        let source = match &expr.node {
            Node::Define(d) => return self.definition(*d, target),
            Node::Coordinate(axis) => {
                let axis = pde.grid().missing() + axis;
                return Parts::real(self.builder.profile(axis, axis));
            }
            Node::Field(field) => match pde.conditions().of_field(*field, expr.ty) {
                Some(sets) => Source::Conditions(sets.to_vec()),
                None => Source::Mirrored(count),
            },
            Node::Operator(op, arguments) => Source::Result(self.applied(*op, arguments, target)),
            Node::Random(..) => Source::Mirrored(count),
            // The time, and numbers of the whole domain.
            _ => {
                let mut same = || {
                    self.parameters += 1;
                    self.builder.parameter(self.parameters)
                };
                let (re, im) = (same(), expr.ty.complex.then(same));
                return Parts::scalar(ComplexValue { re: Some(re), im });
            }
        };
        self.sources.push(source);
        let first = self.inputs;
        self.inputs += count;
        let numbers: Vec<Value> =
            (first..self.inputs).map(|input| self.builder.load(input, [0; 3])).collect();
        Parts::of_numbers(expr.ty, &numbers)
    }

    fn applied(&self, op: Operator, arguments: &[Expr], target: OwnedExpr<'_>) -> Applied {
        let program = self.program;
        let (pde, dimension) = (program.pde, program.pde.space().dimension());
        // Regions go on beyond walls as they are: that they close the operator makes no difference.
        let arguments = &arguments[..op.arguments()];
        let stored: Vec<usize> = operators::stored(op, arguments).map(|(k, _)| k).collect();
        let source = |(k, expr): (usize, &Expr)| {
            let argument = OwnedExpr { expr, ..target };
            if operators::is_coefficient(op, k) {
                // At the wall it has a value, whatever that is.
                return Source::Mirrored(expr.ty.numbers(dimension));
            }
            if !stored.contains(&k) {
                return Source::Here(Form::new(program, argument));
            }
            let found = program.conditions_of(op, k, argument);
            let (whole, part) = found.expect("what an operator looks at has conditions");
            Source::Conditions(whole[part].to_vec())
        };
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
        let (mut builder, parts) =
            operators::on_inputs(op, pde.field_operators(), pde.grid(), &types);
        let numbers = parts.numbers(target.expr.ty, dimension, &mut builder);
        numbers.into_iter().for_each(|number| builder.output(number));
        Applied {
            kernel: builder.finish(),
            arguments: arguments.iter().enumerate().map(source).collect(),
        }
    }
}
