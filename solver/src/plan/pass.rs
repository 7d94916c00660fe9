//! The builder of passes, which turns expressions of a program into one kernel.

use std::collections::HashMap;

use fluxions_expr::{
    Binary, Builder, ComplexValue, Distribution, Expr, Node, Operator, Parts, Reduction, Type,
    Value,
};
use fluxions_grid::Metric;
use indexmap::IndexSet;

use crate::operators::{self, Argument, FIRST_METRIC};
use crate::plan::lowering::lowered;
use crate::plan::program::{ArrayRef, OwnedExpr, Pass, Program, Quantity, TIME};
use crate::random::array::RandomArray;
use crate::system::definition::milestones;

/// Collects the operations of a pass.
pub(crate) struct PassBuilder<'p, 'a> {
    program: &'p mut Program<'a>,
    /// Quantities and domain numbers up to this level are available.
    level: usize,
    pub(crate) builder: Builder,
    inputs: IndexSet<ArrayRef>,
    /// The values of definitions that were computed already, by definition and owner.
    definitions: HashMap<(usize, usize), Parts>,
    /// What is computed in ghost cells.
    ghosts: Option<Ghosts>,
}

/// What a pass computes in a layer of ghost cells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ghosts {
    /// The values at the wall between the ghost cell and the cell that mirrors it.
    AtWall {
        axis: usize,
        /// The coordinate of the wall.
        coordinate: f64,
        /// The offset of the mirrored cell.
        mirrored: [i32; 3],
    },
    /// The values in the ghost cells themselves, beyond joined ends of an axis.
    Themselves,
}

impl<'p, 'a> PassBuilder<'p, 'a> {
    /// A pass that may use quantities and domain numbers up to this level.
    pub(crate) fn new(program: &'p mut Program<'a>, level: usize) -> Self {
        let (builder, inputs, definitions) = (Builder::new(), IndexSet::new(), HashMap::new());
        PassBuilder { program, level, builder, inputs, definitions, ghosts: None }
    }

    /// A pass over ghost cells that may use quantities and domain numbers up to this level.
    pub(crate) fn beyond(program: &'p mut Program<'a>, level: usize, ghosts: Ghosts) -> Self {
        PassBuilder { ghosts: Some(ghosts), ..Self::new(program, level) }
    }

    /// A pass that may use all quantities and domain numbers.
    pub(crate) fn last(program: &'p mut Program<'a>) -> Self {
        Self::new(program, usize::MAX)
    }

    /// The number of the kernel's input that is this array.
    pub(crate) fn input(&mut self, array: ArrayRef) -> usize {
        self.inputs.insert_full(array).0
    }

    /// The input arrays that were used so far.
    pub(crate) fn inputs(&self) -> &IndexSet<ArrayRef> {
        &self.inputs
    }

    /// The value of an array in the cell of the kernel.
    pub(crate) fn load(&mut self, array: ArrayRef) -> Value {
        self.load_at(array, [0; 3])
    }

    /// The value of an array in the cell at an offset.
    pub(crate) fn load_at(&mut self, array: ArrayRef, offset: [i32; 3]) -> Value {
        let input = self.input(array);
        self.builder.load(input, offset)
    }

    /// A value times the volume of the cell, on grids whose cells differ in volume.
    pub(crate) fn weighted(&mut self, value: Value) -> Value {
        let grid = self.program.pde.grid();
        if !grid.geometry().is_curvilinear() {
            return value;
        }
        let volume = self.builder.profile(grid.missing(), FIRST_METRIC + Metric::Volume as usize);
        self.builder.binary(Binary::Multiply, value, volume)
    }

    /// A value divided by the volume of the cell.
    pub(crate) fn per_volume(&mut self, value: Value) -> Value {
        let grid = self.program.pde.grid();
        let volume = match grid.cell_volume() {
            Some(volume) => self.builder.constant(volume),
            None => self.builder.profile(grid.missing(), FIRST_METRIC + Metric::Volume as usize),
        };
        self.builder.binary(Binary::Divide, value, volume)
    }

    /// The value of an expression.
    pub(crate) fn value(&mut self, target: OwnedExpr<'_>) -> Parts {
        let (pde, owner) = (self.program.pde, target.owner);
        let known =
            |d: usize| self.definitions.contains_key(&(d, owner)) || self.whole(d, owner).is_some();
        for d in milestones(target.expr, pde.definitions(), true, known) {
            self.definition(d, owner);
        }
        self.computed(target)
    }

    fn computed(&mut self, target: OwnedExpr<'_>) -> Parts {
        let space = self.program.pde.space();
        lowered(
            self,
            |pass| &mut pass.builder,
            space,
            target.expr,
            |pass, leaf| pass.leaf(OwnedExpr { expr: leaf, ..target }),
        )
    }

    fn leaf(&mut self, target: OwnedExpr<'_>) -> Parts {
        let pde = self.program.pde;
        let OwnedExpr { expr: leaf, owner, .. } = target;
        match &leaf.node {
            Node::Field(field) => {
                let arrays: Vec<_> = pde.arrays_of(*field).map(ArrayRef::Field).collect();
                let here = self.loaded(leaf.ty, &arrays);
                match self.ghosts {
                    Some(Ghosts::AtWall { mirrored, .. }) => {
                        let inside = self.loaded_at(leaf.ty, &arrays, mirrored);
                        self.mean(leaf.ty, &here, &inside)
                    }
                    _ => here,
                }
            }
            Node::Define(d) => self.definition(*d, owner),
            Node::Coordinate(axis) => {
                let inner = pde.grid().missing() + axis;
                Parts::real(match self.ghosts {
                    Some(Ghosts::AtWall { axis, coordinate, .. }) if axis == inner => {
                        self.builder.constant(coordinate)
                    }
                    _ => self.builder.profile(inner, inner),
                })
            }
            Node::Time => Parts::real(self.builder.parameter(TIME)),
            Node::Operator(op, arguments) => {
                let here = self.operator(*op, arguments, target, [0; 3]);
                match self.ghosts {
                    Some(Ghosts::AtWall { mirrored, .. }) => {
                        let inside = self.operator(*op, arguments, target, mirrored);
                        self.mean(leaf.ty, &here, &inside)
                    }
                    _ => here,
                }
            }
            Node::Reduce(kind, argument) => {
                self.number(*kind, OwnedExpr { expr: argument, ..target })
            }
            Node::Random(distribution, arguments, site) => {
                Parts::real(self.random(*distribution, arguments, *site, target))
            }
            // All other nodes are no leaves, or occur in boundary conditions only.
            _ => Parts::real(self.builder.constant(f64::NAN)),
        }
    }

    /// A quantity that stores a definition in the cells of this pass: none does in ghost cells.
    fn whole(&self, d: usize, owner: usize) -> Option<&Quantity> {
        let whole = self.program.whole(d, owner, self.level);
        whole.filter(|_| self.ghosts.is_none())
    }

    /// The value of a definition.
    fn definition(&mut self, d: usize, owner: usize) -> Parts {
        if let Some(known) = self.definitions.get(&(d, owner)) {
            return known.clone();
        }
        let definition = &self.program.pde.definitions()[d];
        let (expr, name) = (&definition.expr, definition.name.as_str());
        let whole = self.whole(d, owner);
        let arrays = whole.map(|q| q.arrays.iter().flatten().copied().collect::<Vec<_>>());
        let value = match arrays {
            Some(arrays) => {
                let arrays: Vec<_> = arrays.into_iter().map(ArrayRef::Quantity).collect();
                self.loaded(expr.ty, &arrays)
            }
            None => self.computed(OwnedExpr { expr, owner, name }),
        };
        self.definitions.insert((d, owner), value.clone());
        value
    }

    fn loaded(&mut self, ty: Type, arrays: &[ArrayRef]) -> Parts {
        self.loaded_at(ty, arrays, [0; 3])
    }

    fn loaded_at(&mut self, ty: Type, arrays: &[ArrayRef], offset: [i32; 3]) -> Parts {
        let numbers: Vec<_> = arrays.iter().map(|array| self.load_at(*array, offset)).collect();
        Parts::of_numbers(ty, &numbers)
    }

    /// The mean of two values of this type.
    fn mean(&mut self, ty: Type, a: &Parts, b: &Parts) -> Parts {
        let dimension = self.program.pde.space().dimension();
        let half = self.builder.constant(0.5);
        let (a, b) = (
            a.numbers(ty, dimension, &mut self.builder),
            b.numbers(ty, dimension, &mut self.builder),
        );
        let mean = |(a, b): (Value, Value)| {
            let sum = self.builder.binary(Binary::Add, a, b);
            self.builder.binary(Binary::Multiply, half, sum)
        };
        let numbers: Vec<Value> = a.into_iter().zip(b).map(mean).collect();
        Parts::of_numbers(ty, &numbers)
    }

    /// The value of an operator in the cell at an offset.
    fn operator(
        &mut self,
        op: Operator,
        arguments: &[Expr],
        target: OwnedExpr<'_>,
        at: [i32; 3],
    ) -> Parts {
        let pde = self.program.pde;
        let stored: Vec<usize> = operators::stored(op, arguments).map(|(k, _)| k).collect();
        let mut kinds = Vec::new();
        let mut arrays: Vec<Vec<Option<ArrayRef>>> = Vec::new();
        for (k, argument) in arguments.iter().enumerate() {
            let of = OwnedExpr { expr: argument, ..target };
            if !stored.contains(&k) {
                kinds.push(Argument::Value(self.computed(of)));
                arrays.push(Vec::new());
                continue;
            }
            kinds.push(Argument::Stored(argument.ty));
            arrays.push(self.program.arrays_of(op, k, of));
        }
        let inputs = &mut self.inputs;
        let mut load = |b: &mut Builder, argument: usize, number: usize, offset: [i32; 3]| {
            // `operators::reach` has found out, by a trial, what an operator loads.
            let array = arrays[argument][number].expect("what an operator loads is stored");
            let offset = std::array::from_fn(|axis| at[axis] + offset[axis]);
            b.load(inputs.insert_full(array).0, offset)
        };
        operators::apply(
            op,
            pde.field_operators(),
            pde.grid(),
            &kinds,
            &mut self.builder,
            &mut load,
        )
    }

    fn number(&mut self, kind: Reduction, argument: OwnedExpr<'_>) -> Parts {
        let mut part = |imaginary: bool| {
            let number = self.program.number(kind, argument, imaginary);
            let number = number.expect("a reduction is computed before it is used");
            self.builder.parameter(Program::parameter_of(number))
        };
        let (re, im) = (part(false), argument.expr.ty.complex.then(|| part(true)));
        Parts::scalar(ComplexValue { re: Some(re), im })
    }

    fn random(
        &mut self,
        distribution: Distribution,
        arguments: &[Expr],
        site: u32,
        target: OwnedExpr<'_>,
    ) -> Value {
        let mut values = Vec::new();
        for argument in arguments {
            let value = self.computed(OwnedExpr { expr: argument, ..target }).only().re;
            values.push(value.unwrap_or_else(|| self.builder.constant(0.0)));
        }
        let number = |k: usize, default: f64| {
            values.get(k).and_then(|v| self.builder.as_constant(*v)).unwrap_or(default)
        };
        let shape = match distribution {
            Distribution::Colored => number(0, 0.0),
            Distribution::Harmonic => number(0, 3.0),
            Distribution::Uniform | Distribution::Normal => 0.0,
        };
        let array =
            RandomArray { name: target.name.into(), site, distribution, shape, each_step: false };
        let random = self.random_array(array);
        let (base, spread) = match (distribution, &values[..]) {
            (Distribution::Uniform, [a, b]) => {
                (Some(*a), Some(self.builder.binary(Binary::Subtract, *b, *a)))
            }
            (Distribution::Normal, [mean, deviation]) => (Some(*mean), Some(*deviation)),
            (Distribution::Colored, [_, scale]) => (None, Some(*scale)),
            _ => (None, None),
        };
        let mut value = random;
        if let Some(spread) = spread {
            value = self.builder.binary(Binary::Multiply, spread, value);
        }
        match base {
            Some(base) => self.builder.binary(Binary::Add, base, value),
            None => value,
        }
    }

    /// The value of an array of random numbers in the cell.
    pub(crate) fn random_array(&mut self, array: RandomArray) -> Value {
        let randoms = &mut self.program.randoms;
        let known = randoms.iter().position(|known| *known == array);
        let array = known.unwrap_or_else(|| {
            randoms.push(array);
            randoms.len() - 1
        });
        self.load(ArrayRef::Random(array))
    }

    /// The finished pass.
    pub(crate) fn finish(self) -> Pass {
        Pass { kernel: self.builder.finish(), inputs: self.inputs.into_iter().collect() }
    }
}
