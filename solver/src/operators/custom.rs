//! Operators on fields that a program defines by a stencil of offsets and weights, or by a rule
//! that writes the operations of a kernel.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use fluxions_expr::{Binary, Builder, ComplexValue, Value};
use fluxions_grid::{Axis, Grid};

use super::neighbours::Neighbours;

/// An operator on real scalar fields that a program defines. Expressions call it by its name, as
/// they call `laplace`. Boundary conditions, halos and ranks are handled as for that operator.
///
/// ```
/// use fluxions_expr::Binary;
/// use fluxions_grid::{Ends, Grid};
/// use fluxions_solver::{FieldOperator, Pde};
///
/// let grid = Grid::cartesian().axis("x", 0.0..1.0, 64, Ends::Periodic).build()?;
/// let dx = grid.axes()[0].spacing();
/// // (c₊ − c₋)/(2 dx), by weights.
/// let slope = FieldOperator::stencil("slope", [(vec![1], 0.5 / dx), (vec![-1], -0.5 / dx)]);
/// // |c₊ − c|, by operations.
/// let jump = FieldOperator::rule("jump", 1, |cells| {
///     let (here, next) = (cells.at(0, &[0]), cells.at(0, &[1]));
///     let jump = cells.builder().binary(Binary::Subtract, next, here);
///     cells.builder().unary(fluxions_expr::Unary::Abs, jump)
/// });
/// let pde = Pde::on(&grid)
///     .operator(slope)
///     .operator(jump)
///     .equation("c", "-slope(c) - 0.1*jump(c^2)")
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FieldOperator {
    name: String,
    arguments: usize,
    rule: Rule,
}

#[derive(Clone)]
enum Rule {
    /// The sum of weight · value at the offset, in this order.
    Stencil(Vec<(Vec<i32>, f64)>),
    Written(Arc<dyn Fn(&mut StencilCells<'_>) -> Value + Send + Sync>),
}

impl FieldOperator {
    /// An operator that is a sum of weights times the values at these offsets, in the order given.
    /// An offset counts cells along each named axis of the grid. The weights must include the
    /// spacing of the cells.
    pub fn stencil(name: &str, terms: impl IntoIterator<Item = (Vec<i32>, f64)>) -> Self {
        let rule = Rule::Stencil(terms.into_iter().collect());
        FieldOperator { name: name.into(), arguments: 1, rule }
    }

    /// An operator of this many arguments whose value is written by a rule. The rule asks for the
    /// values in cells around the one that is computed, and combines them by operations of the
    /// kernel ([`StencilCells::builder`]). It must write the same operations each time that it is
    /// called.
    pub fn rule(
        name: &str,
        arguments: usize,
        rule: impl Fn(&mut StencilCells<'_>) -> Value + Send + Sync + 'static,
    ) -> Self {
        FieldOperator { name: name.into(), arguments, rule: Rule::Written(Arc::new(rule)) }
    }

    /// The name by which expressions call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of arguments that the operator takes.
    pub fn arguments(&self) -> usize {
        self.arguments
    }

    /// Why the operator cannot be applied on a grid, if it cannot.
    pub(crate) fn fault(&self, grid: &Grid) -> Option<String> {
        if self.arguments == 0 {
            return Some("it takes no argument".into());
        }
        if let Rule::Stencil(terms) = &self.rule {
            if terms.is_empty() {
                return Some("its stencil has no terms".into());
            }
            if let Some((offset, weight)) = terms.iter().find(|(_, weight)| !weight.is_finite()) {
                return Some(format!("the weight at {offset:?} is {weight}"));
            }
        }
        let mut builder = Builder::new();
        let mut load =
            |b: &mut Builder, argument: usize, number: usize, offset: [i32; 3], _: [i32; 3]| {
                b.load(argument + number, offset)
            };
        let arguments = vec![super::Argument::Stored(fluxions_expr::Type::REAL); self.arguments];
        let mut neighbours =
            Neighbours { grid, arguments: &arguments, builder: &mut builder, load: &mut load };
        self.value(&mut neighbours).1
    }

    /// The operator's value in a cell, and any mistake in how it asks for cells.
    fn value(&self, neighbours: &mut Neighbours<'_>) -> (Value, Option<String>) {
        let mut load = |builder: &mut Builder, argument: usize, offset: [i32; 3]| {
            let mut lent = Neighbours {
                grid: neighbours.grid,
                arguments: neighbours.arguments,
                builder,
                load: &mut *neighbours.load,
            };
            let number = lent.at(argument, 0, offset);
            number.re.unwrap_or_else(|| builder.constant(0.0))
        };
        let mut cells = StencilCells {
            grid: neighbours.grid,
            arguments: self.arguments,
            builder: &mut *neighbours.builder,
            load: &mut load,
            fault: OnceCell::new(),
        };
        let value = match &self.rule {
            Rule::Written(rule) => rule(&mut cells),
            Rule::Stencil(terms) => {
                let mut sum = None;
                for (offset, weight) in terms {
                    let value = cells.at(0, offset);
                    let weight = cells.builder.constant(*weight);
                    let term = cells.builder.binary(Binary::Multiply, weight, value);
                    sum = Some(match sum {
                        None => term,
                        Some(sum) => cells.builder.binary(Binary::Add, sum, term),
                    });
                }
                sum.unwrap_or_else(|| cells.builder.constant(0.0))
            }
        };
        (value, cells.fault.into_inner())
    }

    /// The operator's value in a cell.
    pub(super) fn apply(&self, neighbours: &mut Neighbours<'_>) -> ComplexValue {
        ComplexValue::real(self.value(neighbours).0)
    }
}

/// Two operators are equal if one is a copy of the other or if their stencils are equal.
impl PartialEq for FieldOperator {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.rule, &other.rule) {
            (Rule::Stencil(a), Rule::Stencil(b)) => a == b,
            (Rule::Written(a), Rule::Written(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        same && self.name == other.name && self.arguments == other.arguments
    }
}

impl fmt::Debug for FieldOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Loads the value of an argument at an offset. It takes the builder, the argument and the offset.
type LoadCell<'a> = &'a mut dyn FnMut(&mut Builder, usize, [i32; 3]) -> Value;

/// The cells around the one in which an operator is computed, for the rule of a [`FieldOperator`].
pub struct StencilCells<'a> {
    grid: &'a Grid,
    arguments: usize,
    builder: &'a mut Builder,
    load: LoadCell<'a>,
    /// The first mistake in how the rule asks for cells.
    fault: OnceCell<String>,
}

impl StencilCells<'_> {
    /// The value of an argument, counted from 0, in the cell at this offset, which counts cells
    /// along each named axis of the grid.
    ///
    /// If there is no such argument, or if the offset does not have one entry per axis of the grid,
    /// this is reported when the system of equations is built.
    pub fn at(&mut self, argument: usize, offset: &[i32]) -> Value {
        let axes = self.grid.dimension();
        if argument >= self.arguments {
            self.report(format!(
                "it asks for argument {argument}, counted from 0, but takes {}",
                self.arguments
            ));
            return self.builder.constant(f64::NAN);
        }
        if offset.len() != axes {
            self.report(format!(
                "the offset {offset:?} has {} components, but the grid has {axes} axes",
                offset.len()
            ));
            return self.builder.constant(f64::NAN);
        }
        let mut whole = [0; 3];
        whole[self.grid.missing()..].copy_from_slice(offset);
        (self.load)(self.builder, argument, whole)
    }

    /// The distance between the centres of cells along a named axis, counted from 0.
    ///
    /// If there is no such axis, this is reported when the system of equations is built.
    pub fn spacing(&self, axis: usize) -> f64 {
        self.grid.axes().get(axis).map_or_else(|| self.no_axis(axis), Axis::spacing)
    }

    /// The coordinate of the cell's centre along a named axis, counted from 0.
    ///
    /// If there is no such axis, this is reported when the system of equations is built.
    pub fn coordinate(&mut self, axis: usize) -> Value {
        if axis >= self.grid.dimension() {
            let nan = self.no_axis(axis);
            return self.builder.constant(nan);
        }
        let axis = self.grid.missing() + axis;
        self.builder.profile(axis, axis)
    }

    /// Reports that the grid has no such axis. Returns what stands for a number along it.
    fn no_axis(&self, axis: usize) -> f64 {
        let axes = self.grid.dimension();
        self.report(format!("it asks for axis {axis}, counted from 0, but the grid has {axes}"));
        f64::NAN
    }

    /// Keeps the first mistake in how the rule asks for cells.
    fn report(&self, message: String) {
        self.fault.get_or_init(|| message);
    }

    /// The builder of the kernel, whose operations combine values.
    pub fn builder(&mut self) -> &mut Builder {
        self.builder
    }
}
