//! Programs: the intermediate arrays and numbers that expressions need, the order in which passes
//! compute them, and the width of their halos.
//!
//! An operator uses neighbouring cells of its argument, so the argument must be stored with halos
//! of its own. A field is stored anyway. Any other argument becomes a *quantity*, which an earlier
//! pass computes. A quantity has an array for each of its numbers that operators use. The *level*
//! of a quantity counts the passes that lead to it, where fields have level 0. A reduction over the
//! domain is a number, and it has a level too.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use fluxions_expr::{Expr, Kernel, Node, Operator, Reduction, Type};
use fluxions_grid::Condition;
use fluxions_halo::HaloWidth;
use indexmap::IndexSet;

use crate::operators::{self, Reach};
use crate::plan::continuation;
use crate::plan::margins::{FaceMargins, Margins, widen};
use crate::random::array::RandomArray;
use crate::system::definition::milestones;
use crate::system::operand::{Beyond, Operand};
use crate::system::pde::Pde;

/// The number of the kernel parameter that is the time.
pub(crate) const TIME: usize = 0;

/// The number of the first of the kernel parameters that are the unknowns without space.
pub(crate) const GLOBALS: usize = TIME + 1;

/// An array that a pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ArrayRef {
    /// One of the arrays of the fields, numbered as in [`Pde::arrays_of`].
    Field(usize),
    /// One of the arrays of the program's quantities.
    Quantity(usize),
    /// An array of random numbers of the program.
    Random(usize),
    /// An array of the memory by its number, for passes that are not made of expressions.
    Extra(usize),
}

/// A stored intermediate result.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    /// A name for messages: that of the definition, or one that is made up for an argument.
    pub(crate) name: String,
    /// The expression that the quantity holds.
    pub(crate) expr: Expr,
    /// The owner of the conditions of those operators in it that are applied to compound
    /// expressions.
    pub(crate) owner: usize,
    /// The name of the random numbers in it.
    pub(crate) random: String,
    /// The number of the boundary conditions of each of its numbers.
    pub(crate) conditions: Vec<usize>,
    pub(crate) level: usize,
    /// For each of its numbers, the width of the halos, or `None` if the number is not stored.
    pub(crate) widths: Vec<Option<HaloWidth>>,
    /// The array of each stored number.
    pub(crate) arrays: Vec<Option<usize>>,
}

/// An expression that a program computes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnedExpr<'e> {
    /// The expression itself.
    pub(crate) expr: &'e Expr,
    /// The owner of the conditions of compound expressions in it.
    pub(crate) owner: usize,
    /// The name of the random numbers in it.
    pub(crate) name: &'e str,
}

/// Identifies a quantity. Quantities with equal keys are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A definition that goes on like this beyond walls. Its value depends on the owner where it contains
    /// compound expressions.
    Named { definition: usize, owner: Option<usize>, beyond: Beyond },
    /// An unnamed expression that goes on like this beyond walls, in an equation of this owner. If it contains
    /// random numbers, `random` is their name.
    Compound { expr: Expr, owner: usize, beyond: Beyond, random: Option<String> },
}

/// Identifies a domain number: its kind, expression, owner, random numbers and part.
type NumberKey = (Reduction, Expr, usize, Option<String>, bool);

/// A domain number: a number that is computed from the whole domain.
#[derive(Clone, Debug)]
pub(crate) struct DomainNumber {
    pub(crate) kind: Reduction,
    pub(crate) expr: Expr,
    pub(crate) owner: usize,
    /// The name of the random numbers in it.
    pub(crate) random: Option<String>,
    pub(crate) level: usize,
    /// Whether it is computed from the imaginary parts.
    pub(crate) imaginary: bool,
}

/// A kernel and the arrays that are its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) kernel: Kernel,
    pub(crate) inputs: Vec<ArrayRef>,
}

/// The quantities and domain numbers that some expressions need.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) pde: &'a Pde,
    /// The halo width of each array of the fields.
    pub(crate) fields: Vec<HaloWidth>,
    /// For each of them, how far along the walls at the faces sweeps compute its ghost cells.
    pub(super) along: Vec<FaceMargins>,
    pub(crate) quantities: Vec<Quantity>,
    /// The keys of the quantities.
    keys: IndexSet<Key>,
    /// The quantities that hold each definition.
    of_definitions: HashMap<usize, Vec<usize>>,
    pub(crate) numbers: Vec<DomainNumber>,
    number_keys: IndexSet<NumberKey>,
    pub(crate) randoms: Vec<RandomArray>,
    /// The levels of the definitions that were visited, by definition and owner.
    levels: HashMap<(usize, usize), usize>,
}

impl<'a> Program<'a> {
    /// The program for these expressions.
    pub(crate) fn new(pde: &'a Pde, targets: &[OwnedExpr<'_>]) -> Self {
        let fields = vec![HaloWidth::default(); pde.all_arrays()];
        let mut program = Program {
            pde,
            fields,
            along: Vec::new(),
            quantities: Vec::new(),
            keys: IndexSet::new(),
            of_definitions: HashMap::new(),
            numbers: Vec::new(),
            number_keys: IndexSet::new(),
            randoms: Vec::new(),
            levels: HashMap::new(),
        };
        for target in targets {
            for d in milestones(target.expr, pde.definitions(), false, |_| false) {
                program.level_of_definition(d, target.owner);
            }
            program.level(*target);
        }
        program.see();
        program.number_arrays();
        program
    }

    /// The number of passes after which an expression can be computed. Records all that it needs.
    pub(super) fn level(&mut self, target: OwnedExpr<'_>) -> usize {
        let OwnedExpr { expr, owner, .. } = target;
        let mut level = 0;
        match &expr.node {
            Node::Define(d) => level = self.level_of_definition(*d, owner),
            Node::Operator(op, arguments) => {
                let reach = self.reach(*op, arguments);
                let stored: Vec<usize> =
                    operators::stored(*op, arguments).map(|(k, _)| k).collect();
                for (k, argument) in arguments.iter().enumerate() {
                    let argument = OwnedExpr { expr: argument, ..target };
                    let here = match stored.contains(&k) {
                        true => self.source(*op, k, argument, &reach[k]),
                        false => self.level(argument),
                    };
                    level = level.max(here);
                }
            }
            Node::Reduce(kind, argument) => {
                let argument = OwnedExpr { expr: argument, ..target };
                level = self.level(argument) + 1;
                for imaginary in [false, true].into_iter().take(argument.expr.ty.per_component()) {
                    let key = number_key(*kind, argument, imaginary);
                    if self.number_keys.insert(key) {
                        let (kind, expr) = (*kind, argument.expr.clone());
                        let random = random_name(argument);
                        let number = DomainNumber { kind, expr, owner, random, level, imaginary };
                        self.numbers.push(number);
                    }
                }
            }
            _ => {
                for child in expr.children() {
                    level = level.max(self.level(OwnedExpr { expr: child, ..target }));
                }
            }
        }
        level
    }

    /// The number of passes after which a definition can be computed.
    fn level_of_definition(&mut self, d: usize, owner: usize) -> usize {
        if let Some(level) = self.levels.get(&(d, owner)) {
            return *level;
        }
        let definition = &self.pde.definitions()[d];
        let (expr, name) = (&definition.expr, definition.name.as_str());
        let level = self.level(OwnedExpr { expr, owner, name });
        self.levels.insert((d, owner), level);
        level
    }

    /// Records that an operator is applied to an argument. Returns the level of the argument.
    fn source(&mut self, op: Operator, k: usize, argument: OwnedExpr<'_>, reach: &Reach) -> usize {
        let Some((key, first)) = self.key(op, k, argument) else {
            for (array, width) in self.arrays_of(op, k, argument).into_iter().zip(&reach.numbers) {
                if let (Some(ArrayRef::Field(array)), Some(width)) = (array, width) {
                    self.fields[array] = self.fields[array].union(width);
                }
            }
            return 0;
        };
        if let Some(known) = self.keys.get_index_of(&key) {
            self.widen(known, first, reach);
            return self.quantities[known].level;
        }
        let owner = argument.owner;
        let mut of = None;
        let (expr, name, beyond) = match &key {
            Key::Named { definition, beyond, .. } => {
                of = Some(*definition);
                let found = &self.pde.definitions()[*definition];
                (found.expr.clone(), found.name.clone(), *beyond)
            }
            Key::Compound { expr, beyond, .. } => (expr.clone(), String::new(), *beyond),
        };
        let random = if name.is_empty() { argument.name.to_string() } else { name.clone() };
        let level = self.level(OwnedExpr { expr: &expr, owner, name: &random }) + 1;
        let name = match name.is_empty() {
            true => format!("argument {}", self.quantities.len() + 1),
            false => name,
        };
        let conditions = match beyond {
            Beyond::Conditions(owner) => {
                let conditions = self.pde.conditions().arrays(owner, expr.ty);
                conditions.expect("a system's conditions fit what operators look at").to_vec()
            }
            Beyond::Continued => {
                continuation::conditions(self, OwnedExpr { expr: &expr, owner, name: &random })
            }
        };
        let widths = vec![None; conditions.len()];
        let arrays = vec![None; conditions.len()];
        if let Some(definition) = of {
            self.of_definitions.entry(definition).or_default().push(self.quantities.len());
        }
        self.keys.insert(key);
        self.quantities.push(Quantity {
            name,
            expr,
            owner,
            random,
            conditions,
            level,
            widths,
            arrays,
        });
        self.widen(self.quantities.len() - 1, first, reach);
        level
    }

    /// The numbers of the conditions of each number of the field or quantity of which an operator's
    /// argument is a part, and which of these numbers the argument has.
    pub(crate) fn conditions_of(
        &self,
        op: Operator,
        k: usize,
        argument: OwnedExpr<'_>,
    ) -> Option<(&[usize], Range<usize>)> {
        if let Operand::Field { field, numbers } = self.operand(op, k, argument) {
            let ty = self.pde.type_of_field(field);
            return Some((self.pde.conditions().of_field(field, ty)?, numbers));
        }
        let (key, first) = self.key(op, k, argument)?;
        let quantity = &self.quantities[self.keys.get_index_of(&key)?];
        let count = argument.expr.ty.numbers(self.pde.space().dimension());
        Some((&quantity.conditions, first..first + count))
    }

    /// How an operator uses each of its arguments.
    pub(super) fn reach(&self, op: Operator, arguments: &[Expr]) -> Vec<Reach> {
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
        operators::reach(op, self.pde.field_operators(), self.pde.grid(), &types)
    }

    /// Makes a quantity's halos wide enough for an operator that uses its numbers from `first` on,
    /// and those of what it is made of where it goes on as these do.
    fn widen(&mut self, quantity: usize, first: usize, reach: &Reach) {
        let before = self.continued_layers(quantity);
        self.widen_itself(quantity, first, reach);
        let after = self.continued_layers(quantity);
        if before == after {
            return;
        }
        let Quantity { expr, owner, random, .. } = self.quantities[quantity].clone();
        let target = OwnedExpr { expr: &expr, owner, name: &random };
        self.deepen(target, &after, &mut HashSet::new());
    }

    /// How many layers of ghost cells of a quantity are computed from those of what it is made of.
    fn continued_layers(&self, quantity: usize) -> Margins {
        let Quantity { widths, conditions, .. } = &self.quantities[quantity];
        let mut layers = Margins::default();
        for (set, width) in conditions.iter().zip(widths) {
            let (Some(width), faces) = (width, self.pde.conditions().of_array(*set)) else {
                continue;
            };
            for (axis, side) in (0..3).flat_map(|axis| [(axis, 0), (axis, 1)]) {
                let here = width.layers[axis][side];
                if faces[axis][side].condition == Condition::Continued && here > 0 {
                    layers[axis][side] = layers[axis][side].max(here);
                    // These layers have corners too.
                    if width.corners {
                        widen(&mut layers, &width.layers);
                    }
                }
            }
        }
        layers
    }

    /// Makes the halos of all that an expression is made of so much wider that it can be computed in
    /// so many layers of ghost cells. `seen` holds the definitions that were visited.
    pub(super) fn deepen(
        &mut self,
        target: OwnedExpr<'_>,
        layers: &Margins,
        seen: &mut HashSet<usize>,
    ) {
        let pde = self.pde;
        let OwnedExpr { expr, .. } = target;
        match &expr.node {
            Node::Field(field) => {
                for array in pde.arrays_of(*field) {
                    let width = &mut self.fields[array];
                    widen(&mut width.layers, layers);
                    width.corners |= pde.grid().dimension() > 1;
                }
            }
            Node::Define(d) if seen.insert(*d) => {
                let definition = &pde.definitions()[*d];
                let (expr, name) = (&definition.expr, definition.name.as_str());
                self.deepen(OwnedExpr { expr, name, ..target }, layers, seen);
            }
            Node::Operator(op, arguments) => {
                let mut reach = self.reach(*op, arguments);
                let stored: Vec<usize> =
                    operators::stored(*op, arguments).map(|(k, _)| k).collect();
                for (k, argument) in arguments.iter().enumerate() {
                    let argument = OwnedExpr { expr: argument, ..target };
                    if !stored.contains(&k) {
                        self.deepen(argument, layers, seen);
                        continue;
                    }
                    for width in reach[k].numbers.iter_mut().flatten() {
                        // An operator in a ghost cell looks along the wall too.
                        width.corners |= pde.grid().dimension() > 1;
                        for (axis, sides) in width.layers.iter_mut().enumerate() {
                            for (side, width) in sides.iter_mut().enumerate() {
                                *width += layers[axis][side];
                            }
                        }
                    }
                    self.source(*op, k, argument, &reach[k]);
                }
            }
            _ => {
                for child in expr.children() {
                    self.deepen(OwnedExpr { expr: child, ..target }, layers, seen);
                }
            }
        }
    }

    /// Makes a quantity's own halos wide enough for an operator that uses its numbers from `first`
    /// on.
    fn widen_itself(&mut self, quantity: usize, first: usize, reach: &Reach) {
        let conditions = self.pde.conditions();
        let Quantity { widths, conditions: sets, expr, .. } = &mut self.quantities[quantity];
        for (k, width) in reach.numbers.iter().enumerate() {
            let (Some(width), k) = (width, first + k) else { continue };
            widths[k] = Some(widths[k].unwrap_or_default().union(width));
            if expr.ty.complex && !width.is_empty() && conditions.needs_partner(sets[k]) {
                widths[k ^ 1].get_or_insert_default();
            }
        }
    }

    fn number_arrays(&mut self) {
        let mut next = 0;
        for Quantity { widths, arrays, .. } in &mut self.quantities {
            for (width, array) in widths.iter().zip(arrays) {
                *array = width.map(|_| {
                    next += 1;
                    next - 1
                });
            }
        }
    }

    fn operand(&self, op: Operator, k: usize, argument: OwnedExpr<'_>) -> Operand {
        let (conditions, dimension) = (self.pde.conditions(), self.pde.space().dimension());
        Operand::of(conditions, dimension, op, k, argument.expr, argument.owner)
    }

    /// The key of the quantity that an operator uses, and which of the quantity's numbers is the
    /// first. `None` if the operator uses a field.
    fn key(&self, op: Operator, k: usize, argument: OwnedExpr<'_>) -> Option<(Key, usize)> {
        let OwnedExpr { expr, owner, .. } = argument;
        match self.operand(op, k, argument) {
            Operand::Field { .. } => None,
            Operand::Define { definition, numbers, beyond, .. } => {
                let depends = self.pde.definitions()[definition].made_of.depends_on_owner;
                let owner = depends.then_some(owner);
                Some((Key::Named { definition, owner, beyond }, numbers.start))
            }
            Operand::Compound { beyond } => {
                let random = random_name(argument);
                Some((Key::Compound { expr: expr.clone(), owner, beyond, random }, 0))
            }
        }
    }

    /// The arrays of the numbers of an operator's argument. An entry is `None` if the number is not
    /// stored.
    pub(crate) fn arrays_of(
        &self,
        op: Operator,
        k: usize,
        argument: OwnedExpr<'_>,
    ) -> Vec<Option<ArrayRef>> {
        let expr = argument.expr;
        if let Operand::Field { field, numbers } = self.operand(op, k, argument) {
            let first = self.pde.arrays_of(field).start;
            return numbers.map(|number| Some(ArrayRef::Field(first + number))).collect();
        }
        let count = expr.ty.numbers(self.pde.space().dimension());
        let found = self.key(op, k, argument).and_then(|(key, first)| {
            let quantity = &self.quantities[self.keys.get_index_of(&key)?];
            Some(&quantity.arrays[first..first + count])
        });
        let arrays = found.unwrap_or(&[]).iter();
        arrays.map(|array| array.map(ArrayRef::Quantity)).collect()
    }

    /// A quantity that stores all numbers of a definition, whatever its boundary conditions.
    pub(crate) fn whole(&self, definition: usize, owner: usize, level: usize) -> Option<&Quantity> {
        let mut all = self.of_definitions.get(&definition)?.iter();
        let found = all.find(|q| {
            let same = matches!(&self.keys[**q], Key::Named { owner: o, .. }
                if o.is_none_or(|o| o == owner));
            let Quantity { level: its, arrays, .. } = &self.quantities[**q];
            same && *its <= level && arrays.iter().all(Option::is_some)
        });
        found.map(|q| &self.quantities[*q])
    }

    pub(crate) fn number(
        &self,
        kind: Reduction,
        argument: OwnedExpr<'_>,
        imaginary: bool,
    ) -> Option<usize> {
        self.number_keys.get_index_of(&number_key(kind, argument, imaginary))
    }

    /// The kernel parameter of the domain number of this number.
    pub(crate) fn parameter_of(&self, number: usize) -> usize {
        GLOBALS + self.pde.globals().len() + number
    }

    /// The number of kernel parameters that the program uses.
    pub(crate) fn parameters(&self) -> usize {
        self.parameter_of(self.numbers.len())
    }

    /// A name for each array of the quantities.
    pub(crate) fn array_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for quantity in &self.quantities {
            let all =
                crate::system::names::of_arrays(&quantity.name, quantity.expr.ty, self.pde.space());
            let stored = all.into_iter().zip(&quantity.arrays).filter(|(_, array)| array.is_some());
            names.extend(stored.map(|(name, _)| name));
        }
        names
    }

    /// The expression that a quantity holds, with its owner.
    pub(crate) fn body(&self, quantity: usize) -> OwnedExpr<'_> {
        let Quantity { expr, owner, random, .. } = &self.quantities[quantity];
        OwnedExpr { expr, owner: *owner, name: random }
    }
}

fn number_key(kind: Reduction, argument: OwnedExpr<'_>, imaginary: bool) -> NumberKey {
    (kind, argument.expr.clone(), argument.owner, random_name(argument), imaginary)
}

/// The name of the random numbers in an expression itself, if it contains any.
fn random_name(target: OwnedExpr<'_>) -> Option<String> {
    let mut random = false;
    target.expr.walk(&mut |part| random |= matches!(part.node, Node::Random(..)));
    random.then(|| target.name.to_string())
}
