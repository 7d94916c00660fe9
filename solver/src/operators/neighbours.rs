//! The values in neighbouring cells, the differences between them, and metric factors.

use fluxions_expr::{Binary, Builder, ComplexValue, FirstDifference, Parts, Rank, Type, Value};
use fluxions_grid::{Difference, Grid, Metric, Stencil, Term};

use super::FIRST_METRIC;

/// Loads a number of a stored argument. It takes the builder, the argument, the number and the
/// offset.
pub(crate) type Load<'a> = &'a mut dyn FnMut(&mut Builder, usize, usize, [i32; 3]) -> Value;

/// Loads a number of a stored argument as the cell at another offset, which is the last argument, sees
/// it.
pub(super) type LoadFrom<'a> =
    &'a mut dyn FnMut(&mut Builder, usize, usize, [i32; 3], [i32; 3]) -> Value;

/// An argument of an operator.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    /// An argument of this type that is stored with halos.
    Stored(Type),
    /// An argument that has one value in all cells, or that is used in the cell itself only.
    Value(Parts),
}

/// The cells around the one that is computed.
pub(super) struct Neighbours<'a> {
    pub(super) grid: &'a Grid,
    pub(super) arguments: &'a [Argument],
    pub(super) builder: &'a mut Builder,
    pub(super) load: LoadFrom<'a>,
}

impl Neighbours<'_> {
    /// Component `k` of an argument in the cell at an offset.
    pub(super) fn at(&mut self, argument: usize, k: usize, offset: [i32; 3]) -> ComplexValue {
        self.at_from(argument, k, offset, [0; 3])
    }

    /// The same as the cell at the offset `from` sees it: where a region lies between the two, that
    /// cell's own value.
    pub(super) fn at_from(
        &mut self,
        argument: usize,
        k: usize,
        offset: [i32; 3],
        from: [i32; 3],
    ) -> ComplexValue {
        match &self.arguments[argument] {
            Argument::Stored(ty) => {
                let (complex, first) = (ty.complex, k * ty.per_component());
                let re = (self.load)(self.builder, argument, first, offset, from);
                let im =
                    complex.then(|| (self.load)(self.builder, argument, first + 1, offset, from));
                ComplexValue { re: Some(re), im }
            }
            Argument::Value(parts) => parts.items[k],
        }
    }

    /// The rank of an argument.
    pub(super) fn rank(&self, argument: usize) -> Rank {
        match &self.arguments[argument] {
            Argument::Stored(ty) => ty.rank,
            Argument::Value(parts) => parts.rank,
        }
    }

    /// Component `k` of an argument in the cell itself.
    pub(super) fn here(&mut self, argument: usize, k: usize) -> ComplexValue {
        self.at(argument, k, [0; 3])
    }

    /// Component `k` of an argument one cell further along a named axis, or one cell back.
    pub(super) fn beside(
        &mut self,
        argument: usize,
        k: usize,
        axis: usize,
        step: i32,
    ) -> ComplexValue {
        let mut offset = [0; 3];
        offset[self.grid.missing() + axis] = step;
        self.at(argument, k, offset)
    }

    /// The value of an argument that is not stored.
    pub(super) fn value(&mut self, argument: usize) -> Parts {
        match &self.arguments[argument] {
            Argument::Value(parts) => parts.clone(),
            Argument::Stored(ty) => {
                let count = ty.rank.components(self.grid.components().len());
                let items = (0..count).map(|k| self.here(argument, k)).collect();
                Parts { rank: ty.rank, items }
            }
        }
    }

    /// A value whose components are computed from those of an argument, one by one.
    pub(super) fn each(
        &mut self,
        argument: usize,
        mut f: impl FnMut(&mut Self, usize) -> ComplexValue,
    ) -> Parts {
        let Argument::Stored(ty) = self.arguments[argument] else { return self.value(argument) };
        let count = ty.rank.components(self.grid.components().len());
        Parts { rank: ty.rank, items: (0..count).map(|k| f(self, k)).collect() }
    }

    /// A difference of component `k`, computed in the order of the stencil's terms.
    pub(super) fn stencil(&mut self, argument: usize, k: usize, stencil: &Stencil) -> ComplexValue {
        let Argument::Stored(ty) = self.arguments[argument] else { return ComplexValue::ZERO };
        let first = k * ty.per_component();
        let re = self.of_number(argument, first, stencil);
        let im = ty.complex.then(|| self.of_number(argument, first + 1, stencil));
        ComplexValue { re: Some(re), im }
    }

    fn of_number(&mut self, argument: usize, number: usize, stencil: &Stencil) -> Value {
        let parts: Vec<_> =
            stencil.parts.iter().map(|part| self.difference(argument, number, part)).collect();
        self.sum_of(&parts)
    }

    fn difference(&mut self, argument: usize, number: usize, difference: &Difference) -> Value {
        let mut terms = Vec::new();
        for term in &difference.terms {
            let (cells, weight) = match *term {
                Term::Pair { offset, weight } => {
                    let before =
                        (self.load)(self.builder, argument, number, offset.map(|o| -o), [0; 3]);
                    let after = (self.load)(self.builder, argument, number, offset, [0; 3]);
                    (self.builder.binary(Binary::Add, before, after), weight)
                }
                Term::Cell { offset, weight } => {
                    ((self.load)(self.builder, argument, number, offset, [0; 3]), weight)
                }
            };
            let weight = self.builder.constant(weight);
            terms.push(self.builder.binary(Binary::Multiply, weight, cells));
        }
        let sum = self.sum_of(&terms);
        let scale = self.builder.constant(difference.scale);
        self.builder.binary(Binary::Multiply, scale, sum)
    }

    fn sum_of(&mut self, values: &[Value]) -> Value {
        let mut values = values.iter().copied();
        let first = values.next().unwrap_or_else(|| self.builder.constant(0.0));
        values.fold(first, |sum, value| self.builder.binary(Binary::Add, sum, value))
    }

    /// The first difference of component `k` along a named axis.
    pub(super) fn first(
        &mut self,
        argument: usize,
        k: usize,
        axis: usize,
        side: FirstDifference,
    ) -> ComplexValue {
        let side = match side {
            FirstDifference::Central => fluxions_grid::FirstDifference::Central,
            FirstDifference::Forward => fluxions_grid::FirstDifference::Forward,
            FirstDifference::Backward => fluxions_grid::FirstDifference::Backward,
        };
        self.stencil(argument, k, &Stencil::first(self.grid, axis, side))
    }

    /// The central first difference of component `k` along a named axis.
    pub(super) fn slope(&mut self, argument: usize, k: usize, axis: usize) -> ComplexValue {
        self.first(argument, k, axis, FirstDifference::Central)
    }

    /// The second difference of component `k` along a named axis.
    pub(super) fn second(&mut self, argument: usize, k: usize, axis: usize) -> ComplexValue {
        self.stencil(argument, k, &Stencil::second(self.grid, axis))
    }

    /// A metric factor of the cell.
    pub(super) fn metric(&mut self, metric: Metric) -> Value {
        let radial = self.grid.missing();
        self.builder.profile(radial, FIRST_METRIC + metric as usize)
    }

    /// The distance r of the cell from the centre or from the axis.
    pub(super) fn radius(&mut self) -> Value {
        let radial = self.grid.missing();
        self.builder.profile(radial, radial)
    }

    /// A number divided by r.
    pub(super) fn over_r(&mut self, number: ComplexValue) -> ComplexValue {
        let r = self.radius();
        self.builder.over(number, ComplexValue::real(r))
    }

    pub(super) fn plus(&mut self, a: ComplexValue, b: ComplexValue) -> ComplexValue {
        self.builder.sum(a, b)
    }

    pub(super) fn minus(&mut self, a: ComplexValue, b: ComplexValue) -> ComplexValue {
        self.builder.difference(a, b)
    }

    pub(super) fn times(&mut self, a: ComplexValue, factor: Value) -> ComplexValue {
        self.builder.scaled(a, factor)
    }

    pub(super) fn by(&mut self, a: ComplexValue, factor: f64) -> ComplexValue {
        let factor = self.builder.constant(factor);
        self.builder.scaled(a, factor)
    }

    /// The sum of some terms, which are added in their order.
    pub(super) fn sum(&mut self, terms: impl IntoIterator<Item = ComplexValue>) -> ComplexValue {
        let mut terms = terms.into_iter();
        let first = terms.next().unwrap_or(ComplexValue::ZERO);
        terms.fold(first, |sum, term| self.builder.sum(sum, term))
    }

    /// w_h (u + u₊) − w_l (u₋ + u) along r, a balance of what flows through the cell's faces.
    pub(super) fn balance(
        &mut self,
        argument: usize,
        k: usize,
        outer: Metric,
        inner: Metric,
    ) -> ComplexValue {
        let here = self.here(argument, k);
        let (after, before) = (self.beside(argument, k, 0, 1), self.beside(argument, k, 0, -1));
        let (high, low) = (self.plus(here, after), self.plus(before, here));
        let (outer, inner) = (self.metric(outer), self.metric(inner));
        let (high, low) = (self.times(high, outer), self.times(low, inner));
        self.minus(high, low)
    }

    /// A_h (f₊ − f)/(ΔrV) − A_l (f − f₋)/(ΔrV): a balance of gradients.
    pub(super) fn flow(&mut self, argument: usize, k: usize) -> ComplexValue {
        let here = self.here(argument, k);
        let (after, before) = (self.beside(argument, k, 0, 1), self.beside(argument, k, 0, -1));
        let (high, low) = (self.minus(after, here), self.minus(here, before));
        let (outer, inner) = (self.metric(Metric::LaplaceOuter), self.metric(Metric::LaplaceInner));
        let (high, low) = (self.times(high, outer), self.times(low, inner));
        self.minus(high, low)
    }
}
