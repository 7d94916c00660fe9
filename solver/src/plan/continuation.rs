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
use std::rc::Rc;

use fluxions_expr::{
    Builder, ComplexValue, Expr, Kernel, Node, Operator, Parity, Parts, Value, lower,
};

use crate::operators::{self, Argument};
use crate::plan::program::{OwnedExpr, Program};
use crate::system::definition::milestones;

/// The numbers of the conditions of each of the numbers of an expression, which is stored for an
/// operator.
pub(super) fn conditions(program: &Program<'_>, target: OwnedExpr<'_>) -> Vec<usize> {
    let pde = program.pde;
    let grid = pde.grid();
    let form = Form::new(program, target);
    let mut ends = vec![[[Parity::Even; 2]; 3]; form.kernel.outputs().len()];
    for axis in 0..3 {
        let Some(named) = grid.inner_axis(axis) else { continue };
        for side in 0..2 {
            let found = match named.is_periodic() {
                true => form.signs(program, axis),
                false => form.parities(program, axis, side),
            };
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

/// The form of an expression: what it is made of.
struct Form {
    /// A kernel with an output for each of its numbers.
    kernel: Kernel,
    /// The inputs of the kernel.
    leaves: Vec<Leaf>,
}

/// Something of which an expression is made.
enum Leaf {
    /// A number of a field with the conditions of this number.
    Field(usize),
    /// A number of the result of an operator.
    Result(Rc<Applied>, usize),
    /// Something that has no conditions, such as a random number: it is mirrored.
    Mirrored,
}

/// An operator with its arguments.
struct Applied {
    /// A kernel with an output for each number of the result.
    kernel: Kernel,
    /// The inputs of the kernel.
    inputs: HashMap<u32, Input>,
}

/// What an operator loads.
enum Input {
    /// A stored number with the conditions of this number; nothing if they do not fit.
    Stored(Option<usize>),
    /// A number of a coefficient, which goes on in a straight line.
    Coefficient,
    /// A number of an expression that it uses in the cell itself.
    Here(Rc<Form>, usize),
}

/// How many numbers an argument has at most.
const MOST: usize = 32;

impl Form {
    fn new(program: &Program<'_>, target: OwnedExpr<'_>) -> Self {
        let mut lowering = Lowering {
            program,
            builder: Builder::new(),
            leaves: Vec::new(),
            parameters: 0,
            definitions: HashMap::new(),
        };
        let pde = program.pde;
        for d in milestones(target.expr, pde.definitions(), false, |_| false) {
            lowering.definition(d, target);
        }
        let parts = lowering.value(target);
        let Lowering { mut builder, leaves, .. } = lowering;
        let numbers = parts.numbers(target.expr.ty, pde.space().dimension(), &mut builder);
        numbers.into_iter().for_each(|number| builder.output(number));
        Form { kernel: builder.finish(), leaves }
    }

    /// How each number goes on beyond the wall at a side of an axis.
    fn parities(&self, program: &Program<'_>, axis: usize, side: usize) -> Vec<Parity> {
        let leaf = |leaf: &Leaf| match leaf {
            Leaf::Field(set) => program.pde.conditions().of_array(*set)[axis][side].parity(),
            Leaf::Result(applied, number) => applied.parities(program, axis, side)[*number],
            Leaf::Mirrored => Parity::Even,
        };
        let leaves: Vec<Parity> = self.leaves.iter().map(leaf).collect();
        // What depends on the place normal to the wall has another value at the wall.
        let profile = |along: u8, _| match usize::from(along) == axis {
            true => Parity::Unknown,
            false => Parity::Even,
        };
        self.kernel.parities(|input| leaves[input as usize], profile)
    }

    /// Whether each number is the same beyond the joined ends of an axis (even), or changes its
    /// sign there (odd).
    fn signs(&self, program: &Program<'_>, axis: usize) -> Vec<Parity> {
        let leaf = |leaf: &Leaf| match leaf {
            Leaf::Field(set) => program.pde.conditions().of_array(*set)[axis][0].parity(),
            Leaf::Result(applied, number) => applied.signs(program, axis)[*number],
            Leaf::Mirrored => Parity::Even,
        };
        let leaves: Vec<Parity> = self.leaves.iter().map(leaf).collect();
        if leaves.iter().all(|parity| *parity == Parity::Even) {
            return vec![Parity::Even; self.kernel.outputs().len()];
        }
        tried(&self.kernel, 0..leaves.len() as u32, None, |input| leaves[input as usize])
    }
}

impl Applied {
    fn parities(&self, program: &Program<'_>, axis: usize, side: usize) -> Vec<Parity> {
        let of = |input: &Input| match input {
            Input::Stored(set) => set.map_or(Parity::Unknown, |set| {
                program.pde.conditions().of_array(set)[axis][side].parity()
            }),
            // At the wall it has a value, whatever that is.
            Input::Coefficient => Parity::Even,
            Input::Here(form, number) => form.parities(program, axis, side)[*number],
        };
        tried(&self.kernel, self.inputs.keys().copied(), Some(axis), |input| {
            of(&self.inputs[&input])
        })
    }

    fn signs(&self, program: &Program<'_>, axis: usize) -> Vec<Parity> {
        let of = |input: &Input| match input {
            Input::Stored(set) => set.map_or(Parity::Unknown, |set| {
                program.pde.conditions().of_array(set)[axis][0].parity()
            }),
            Input::Coefficient => Parity::Even,
            Input::Here(form, number) => form.signs(program, axis)[*number],
        };
        tried(&self.kernel, self.inputs.keys().copied(), None, |input| of(&self.inputs[&input]))
    }
}

/// How the outputs of a kernel go on where its inputs do so, found by trying it on numbers that do:
/// beyond a wall across this axis, or, without an axis, beyond joined ends. Metric factors count as
/// mirrored too, so that nothing flows through a wall of a curved grid through which nothing would
/// flow through a plane one.
fn tried(
    kernel: &Kernel,
    inputs: impl Iterator<Item = u32>,
    across: Option<usize>,
    parity: impl Fn(u32) -> Parity,
) -> Vec<Parity> {
    const TRIALS: u32 = 4;
    const TOLERANCE: f64 = 1e-9;
    let outputs = kernel.outputs().len();
    let loaded = inputs.filter(|input| kernel.loads(*input));
    let parities: HashMap<u32, Parity> = loaded.map(|input| (input, parity(input))).collect();
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
                let Some(axis) = across else { return number(input, place, beyond) };
                place[axis] += cell;
                let beyond = place[axis] < 0;
                if beyond {
                    place[axis] = -1 - place[axis];
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
    leaves: Vec<Leaf>,
    /// How many numbers that are the same everywhere were met.
    parameters: usize,
    definitions: HashMap<usize, Parts>,
}

impl Lowering<'_, '_> {
    fn value(&mut self, target: OwnedExpr<'_>) -> Parts {
        let mut builder = std::mem::take(&mut self.builder);
        let space = self.program.pde.space();
        let value = lower(target.expr, space, &mut builder, &mut |leaf, builder| {
            std::mem::swap(&mut self.builder, builder);
            let value = self.leaf(OwnedExpr { expr: leaf, ..target });
            std::mem::swap(&mut self.builder, builder);
            value
        });
        self.builder = builder;
        value
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
        match &expr.node {
            Node::Field(field) => {
                let sets = pde.conditions().of_field(*field, expr.ty).map(<[usize]>::to_vec);
                let count = expr.ty.numbers(pde.space().dimension());
                let leaf = |k| match &sets {
                    Some(sets) => Leaf::Field(sets[k]),
                    None => Leaf::Mirrored,
                };
                self.loaded(expr, (0..count).map(leaf))
            }
            Node::Define(d) => self.definition(*d, target),
            Node::Coordinate(axis) => {
                let axis = pde.grid().missing() + axis;
                Parts::real(self.builder.profile(axis, axis))
            }
            Node::Operator(op, arguments) => {
                let applied = Rc::new(self.applied(*op, arguments, target));
                let count = expr.ty.numbers(pde.space().dimension());
                self.loaded(expr, (0..count).map(|k| Leaf::Result(Rc::clone(&applied), k)))
            }
            Node::Random(..) => self.loaded(expr, std::iter::once(Leaf::Mirrored)),
            // The time, and numbers of the whole domain.
            _ => {
                let mut same = || {
                    self.parameters += 1;
                    self.builder.parameter(self.parameters)
                };
                let (re, im) = (same(), expr.ty.complex.then(same));
                Parts::scalar(ComplexValue { re: Some(re), im })
            }
        }
    }

    fn loaded(&mut self, expr: &Expr, leaves: impl Iterator<Item = Leaf>) -> Parts {
        let first = self.leaves.len();
        self.leaves.extend(leaves);
        let numbers: Vec<Value> =
            (first..self.leaves.len()).map(|k| self.builder.load(k, [0; 3])).collect();
        Parts::of_numbers(expr.ty, &numbers)
    }

    fn applied(&self, op: Operator, arguments: &[Expr], target: OwnedExpr<'_>) -> Applied {
        let program = self.program;
        let (pde, dimension) = (program.pde, program.pde.space().dimension());
        let stored: Vec<usize> = operators::stored(op, arguments).map(|(k, _)| k).collect();
        let (mut builder, mut inputs) = (Builder::new(), HashMap::new());
        let mut kinds = Vec::new();
        for (k, expr) in arguments.iter().enumerate() {
            let argument = OwnedExpr { expr, ..target };
            let count = expr.ty.numbers(dimension);
            let place = |number: usize| (k * MOST + number) as u32;
            if stored.contains(&k) {
                kinds.push(Argument::Stored(expr.ty));
                let sets = program.conditions_of(op, k, argument);
                for number in 0..count {
                    let set = sets.as_ref().and_then(|sets| sets.get(number).copied());
                    let input = match operators::is_coefficient(op, k) {
                        true => Input::Coefficient,
                        false => Input::Stored(set),
                    };
                    inputs.insert(place(number), input);
                }
                continue;
            }
            let form = Rc::new(Form::new(program, argument));
            let mut numbers = Vec::new();
            for number in 0..count {
                inputs.insert(place(number), Input::Here(Rc::clone(&form), number));
                numbers.push(builder.load(place(number) as usize, [0; 3]));
            }
            kinds.push(Argument::Value(Parts::of_numbers(expr.ty, &numbers)));
        }
        let mut load = |b: &mut Builder, argument: usize, number: usize, offset: [i32; 3]| {
            b.load(argument * MOST + number, offset)
        };
        let (defined, grid) = (pde.field_operators(), pde.grid());
        let parts = operators::apply(op, defined, grid, &kinds, &mut builder, &mut load);
        let numbers = parts.numbers(target.expr.ty, dimension, &mut builder);
        numbers.into_iter().for_each(|number| builder.output(number));
        Applied { kernel: builder.finish(), inputs }
    }
}
