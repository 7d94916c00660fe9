//! The builder of passes, which turns expressions of a program into one kernel.

use std::collections::HashMap;

use fluxions_expr::{
    Binary, Builder, ComplexValue, Distribution, Expr, Node, Operator, Parts, Rank, Reduction,
    Type, Value,
};
use fluxions_grid::Metric;
use indexmap::IndexSet;

use crate::operators::{self, Argument, FIRST_METRIC, at_wall};
use crate::plan::lowering::lowered;
use crate::plan::margins::Margins;
use crate::plan::program::{ArrayRef, GLOBALS, OwnedExpr, Pass, Program, Quantity, TIME};
use crate::plan::wall_place::{OwnCells, WallPlace};
use crate::random::array::RandomArray;
use crate::system::boundary::array_condition::ArrayCondition;
use crate::system::boundary::ghost_value::{WallCell, ghost_value};
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
    /// The array whose ghost cells a condition gives.
    own: Option<OwnCells>,
}

/// What a pass computes in a layer of ghost cells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ghosts {
    /// The values at the wall between the ghost cell and the cell that mirrors it.
    AtWall(WallPlace),
    /// The values in the ghost cells themselves, beyond joined ends of an axis.
    Themselves,
    /// What a condition sees: the values at the wall beside the first ghost cell.
    Seen(WallPlace),
    /// What a condition sees in the cell at the wall.
    InCell(WallPlace),
}

impl<'p, 'a> PassBuilder<'p, 'a> {
    /// A pass that may use quantities and domain numbers up to this level.
    pub(crate) fn new(program: &'p mut Program<'a>, level: usize) -> Self {
        let (builder, inputs, definitions) = (Builder::new(), IndexSet::new(), HashMap::new());
        PassBuilder { program, level, builder, inputs, definitions, ghosts: None, own: None }
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
        let ghosts = self.ghosts;
        match &leaf.node {
            Node::Field(field) => self.field(*field, leaf.ty),
            Node::Define(d) => self.definition(*d, owner),
            Node::Coordinate(axis) => {
                let inner = pde.grid().missing() + axis;
                Parts::real(match self.ghosts {
                    Some(Ghosts::AtWall(place) | Ghosts::Seen(place)) if place.axis() == inner => {
                        self.builder.constant(place.coordinate())
                    }
                    Some(Ghosts::InCell(place)) if place.axis() == inner => {
                        self.builder.constant(place.first_centre())
                    }
                    _ => self.builder.profile(inner, inner),
                })
            }
            Node::Time => Parts::real(self.builder.parameter(TIME)),
            Node::Global(number) => Parts::real(self.builder.parameter(GLOBALS + number)),
            Node::Operator(op, arguments) => {
                let mut at = |offset| self.operator(*op, arguments, target, offset);
                match ghosts {
                    Some(Ghosts::AtWall(place)) => {
                        let (here, inside) = (at([0; 3]), at(place.mirrored()));
                        self.mean(leaf.ty, &here, &inside)
                    }
                    Some(Ghosts::Seen(place)) => {
                        let (first, second) = (at(place.inside(0)), at(place.inside(1)));
                        self.line(leaf.ty, &first, &second)
                    }
                    Some(Ghosts::InCell(place)) => at(place.inside(0)),
                    None | Some(Ghosts::Themselves) => at([0; 3]),
                }
            }
            Node::Reduce(kind, argument) => {
                self.number(*kind, OwnedExpr { expr: argument, ..target })
            }
            Node::Random(distribution, arguments, site) => {
                Parts::real(self.random(*distribution, arguments, *site, target))
            }
            Node::InCell(inner) => self.in_cell(OwnedExpr { expr: inner, ..target }),
            Node::AtWall | Node::Mirrored | Node::Spacing => self.at_wall(leaf),
            // All other nodes are no leaves, or stand in conditions that walls compute.
            _ => Parts::real(self.builder.constant(f64::NAN)),
        }
    }

    /// The value of a field.
    fn field(&mut self, field: usize, ty: Type) -> Parts {
        let pde = self.program.pde;
        let arrays: Vec<_> = pde.arrays_of(field).map(ArrayRef::Field).collect();
        let ghosts = self.ghosts;
        let mut at = |offset| self.loaded_at(ty, &arrays, offset);
        match ghosts {
            None | Some(Ghosts::Themselves) => at([0; 3]),
            Some(Ghosts::InCell(place)) => at(place.inside(0)),
            Some(Ghosts::AtWall(place)) => {
                let (here, inside) = (at([0; 3]), at(place.mirrored()));
                self.mean(ty, &here, &inside)
            }
            // A region is what the cell at the wall is.
            Some(Ghosts::Seen(place)) if pde.symbols().is_mask(field) => at(place.inside(0)),
            Some(Ghosts::Seen(place)) => {
                let (first, second) = (at(place.inside(0)), at(place.inside(1)));
                match pde.conditions().gives_value(field, ty, place.face()) {
                    true => {
                        let ghost = self.loaded_at(ty, &arrays, place.first_ghost());
                        self.mean(ty, &ghost, &first)
                    }
                    false => self.line(ty, &first, &second),
                }
            }
        }
    }

    /// Sets the array whose ghost cells the next condition gives.
    pub(crate) fn set_own(&mut self, own: OwnCells) {
        self.own = Some(own);
    }

    /// The value of a cell at the wall of the array whose ghost cells a condition gives.
    fn own_cell(&mut self, offset: [i32; 3]) -> ComplexValue {
        let OwnCells { parts: [re, im], complex } =
            self.own.expect("conditions are computed for an array");
        let re = self.load_at(re, offset);
        ComplexValue { re: Some(re), im: complex.then(|| self.load_at(im, offset)) }
    }

    /// What a condition sees in the cell at the wall.
    fn in_cell(&mut self, target: OwnedExpr<'_>) -> Parts {
        let outside = self.ghosts;
        if let Some(Ghosts::Seen(place)) = outside {
            self.ghosts = Some(Ghosts::InCell(place));
        }
        let at_wall = std::mem::take(&mut self.definitions);
        let value = self.value(target);
        (self.ghosts, self.definitions) = (outside, at_wall);
        value
    }

    /// What a condition alone sees.
    fn at_wall(&mut self, leaf: &Expr) -> Parts {
        let Some(Ghosts::Seen(place) | Ghosts::InCell(place)) = self.ghosts else {
            return Parts::real(self.builder.constant(f64::NAN));
        };
        Parts::scalar(match leaf.node {
            Node::Mirrored => self.own_cell(place.mirrored()),
            Node::AtWall => {
                let first = self.own_cell(place.inside(0));
                let second = self.own_cell(place.inside(1));
                at_wall(first, second, &mut self.builder)
            }
            _ => ComplexValue::real(self.builder.constant(place.spacing())),
        })
    }

    /// The value of a ghost cell of the array that was set, by a condition.
    pub(crate) fn ghost(&mut self, condition: &ArrayCondition, place: WallPlace) -> ComplexValue {
        let owner = self.program.pde.conditions().common();
        let Ok(numbers) = condition.condition.try_map(|expr| {
            let parts = self.value(OwnedExpr { expr, owner, name: "" });
            let component = if parts.rank == Rank::Scalar { 0 } else { condition.component };
            Ok::<_, std::convert::Infallible>(parts.items[component])
        });
        let mirrored = self.own_cell(place.mirrored());
        let (first, second) = match numbers.depth() {
            1 => (mirrored, mirrored),
            _ => (self.own_cell(place.inside(0)), self.own_cell(place.inside(1))),
        };
        let cell = |_: &mut Builder, cell| match cell {
            WallCell::Mirrored => mirrored,
            WallCell::First => first,
            WallCell::Second => second,
        };
        let (layer, spacing) = (place.layer(), place.spacing());
        let found = ghost_value(&numbers, layer, spacing, cell, &mut self.builder);
        found.expect("a condition with numbers gives ghost cells")
    }

    /// The value of a ghost cell of an array, or at a corner, where a formula such as sqrt(x) may have
    /// no value beyond the end of the wall, that of the mirrored cell. `beyond` tells how far the pass
    /// goes beyond the ends along the wall.
    pub(crate) fn finite_at_corners(
        &mut self,
        ghost: Value,
        array: ArrayRef,
        place: WallPlace,
        beyond: &Margins,
    ) -> Value {
        let grid = self.program.pde.grid();
        let mut outside: Option<Value> = None;
        for axis in (0..3).filter(|axis| beyond[*axis] != [0; 2]) {
            let Some(named) = grid.inner_axis(axis).filter(|named| !named.is_periodic()) else {
                continue;
            };
            let here = self.builder.profile(axis, axis);
            for (bound, compare) in named.bounds().into_iter().zip([Binary::Less, Binary::Greater])
            {
                let bound = self.builder.constant(bound);
                let past = self.builder.binary(compare, here, bound);
                outside = Some(match outside {
                    Some(outside) => self.builder.binary(Binary::Or, outside, past),
                    None => past,
                });
            }
        }
        let Some(outside) = outside else { return ghost };
        let zero = self.builder.constant(0.0);
        // Not a number, and infinities, differ from themselves by what is no zero.
        let difference = self.builder.binary(Binary::Subtract, ghost, ghost);
        let finite = self.builder.binary(Binary::Equal, difference, zero);
        let mirrored = self.load_at(array, place.mirrored());
        let at_corner = self.builder.select(finite, ghost, mirrored);
        self.builder.select(outside, at_corner, ghost)
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
        let half = self.builder.constant(0.5);
        self.joined(ty, a, b, |builder, a, b| {
            let sum = builder.binary(Binary::Add, a, b);
            builder.binary(Binary::Multiply, half, sum)
        })
    }

    /// The value at a wall on the line through the first and the second cell there.
    fn line(&mut self, ty: Type, first: &Parts, second: &Parts) -> Parts {
        self.joined(ty, first, second, |builder, first, second| {
            let [first, second] = [first, second].map(ComplexValue::real);
            let value = at_wall(first, second, builder);
            value.re.expect("it has a real part, as its cells have")
        })
    }

    /// What is computed from two values of this type, number by number.
    fn joined(
        &mut self,
        ty: Type,
        a: &Parts,
        b: &Parts,
        mut join: impl FnMut(&mut Builder, Value, Value) -> Value,
    ) -> Parts {
        let dimension = self.program.pde.space().dimension();
        let (a, b) = (
            a.numbers(ty, dimension, &mut self.builder),
            b.numbers(ty, dimension, &mut self.builder),
        );
        let numbers: Vec<Value> =
            a.into_iter().zip(b).map(|(a, b)| join(&mut self.builder, a, b)).collect();
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
            self.builder.parameter(self.program.parameter_of(number))
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
