//! The names in an expression and their meaning, and what the place of the expression allows.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::Ast;
use crate::native::Native;
use crate::operator::Operator;
use crate::space::{RADIUS, Space};
use crate::typed::Node;
use crate::types::Type;

/// The place where an expression stands, which decides what it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A number in the problem file. It may use no coordinates, time or fields.
    Constant,
    /// A boundary condition. It may use everything but random numbers, at the wall, and `value`,
    /// `cell` and `dx`.
    Condition,
    /// A region, or what is held in one. It may use coordinates alone.
    Region,
    /// An initial value. It may use coordinates and random numbers, but no fields.
    Initial,
    /// A named sub-expression. It may use everything, and is checked again where it is used.
    Define,
    /// The right-hand side of an equation. It may use everything but random numbers.
    Equation,
    /// The rate of change of an unknown without space. It may use everything but random numbers.
    Rate,
    /// An output field or a diagnostic. It may use everything but random numbers.
    Output,
}

impl Place {
    /// The name of the place in messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Place::Constant => "a constant",
            Place::Condition => "a boundary condition",
            Place::Region => "a region",
            Place::Initial => "an initial value",
            Place::Define => "a definition",
            Place::Equation => "an equation",
            Place::Rate => "the rate of change of a number",
            Place::Output => "an output",
        }
    }

    pub(crate) fn allows_fields(self) -> bool {
        !matches!(self, Place::Constant | Place::Region | Place::Initial)
    }

    pub(crate) fn allows_cells(self) -> bool {
        self != Place::Constant
    }

    pub(crate) fn allows_operators(self) -> bool {
        !matches!(self, Place::Constant | Place::Region)
    }

    pub(crate) fn allows_flows(self) -> bool {
        matches!(self, Place::Rate | Place::Output)
    }

    pub(crate) fn allows_random(self) -> bool {
        matches!(self, Place::Initial | Place::Define)
    }
}

/// What an expression uses, directly or through definitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// The name of a field that the expression uses.
    pub field: Option<String>,
    /// The name of an operator or a reduction that the expression uses.
    pub operator: Option<String>,
    /// Whether the expression uses random numbers.
    pub random: bool,
    /// Whether the expression uses the time.
    pub time: bool,
    /// Whether the expression uses anything that differs from cell to cell.
    pub cells: bool,
    /// Whether the expression uses a number that follows from the grid, before the grid is known.
    pub grid: bool,
}

impl Uses {
    /// Adds what another expression uses.
    pub fn merge(&mut self, other: &Uses) {
        self.field = self.field.take().or_else(|| other.field.clone());
        self.operator = self.operator.take().or_else(|| other.operator.clone());
        self.random |= other.random;
        self.time |= other.time;
        self.cells |= other.cells;
        self.grid |= other.grid;
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) node: Node,
    pub(crate) ty: Type,
    pub(crate) uses: Uses,
}

impl Meaning {
    fn number(value: f64) -> Self {
        Meaning { node: Node::Number(value), ty: Type::REAL, uses: Uses::default() }
    }
}

/// A function that is not built in.
#[derive(Clone, Debug)]
pub(crate) enum Callable {
    /// A function written as text.
    Text(Arc<Lambda>),
    /// A native function.
    Native(Native),
}

/// A function written as text, such as `(x, a) -> x/(a + x)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// The names of the function's arguments.
    pub parameters: Vec<String>,
    /// The expression that gives the function's value.
    pub body: Ast,
    /// The text that both came from.
    pub text: String,
}

/// The names that an expression can use. Copies are cheap: they share what was added to the scope.
#[derive(Clone, Debug)]
pub struct Scope {
    place: Place,
    space: Space,
    /// The names that are known at the place. What was added under the same names hides them.
    own: HashMap<String, Meaning>,
    added: Arc<Added>,
}

/// The names that were added to a scope.
#[derive(Clone, Debug, Default)]
struct Added {
    names: HashMap<String, Meaning>,
    /// The spacings of the grid. What is known at the place under the same names hides them.
    spacings: HashMap<String, Meaning>,
    functions: HashMap<String, Callable>,
    operators: HashMap<String, Operator>,
    /// Fields that are closed at the surface of regions, with the fields that tell these.
    closed: HashMap<usize, usize>,
    /// The centres of cells along each axis, if the grid is known.
    points: Vec<AxisPoints>,
}

/// The centres of the cells along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisPoints {
    /// The first of them.
    pub first: f64,
    /// How far they are apart.
    pub spacing: f64,
    /// How many there are.
    pub cells: usize,
    /// Whether the first cell follows the last one.
    pub periodic: bool,
}

impl Scope {
    /// A scope with the names that are always known: coordinates, `t` and constants, and in
    /// conditions `value`, `cell` and `dx`.
    pub fn new(place: Place, space: &Space) -> Self {
        let mut own: HashMap<String, Meaning> = HashMap::new();
        let mut insert = |name: &str, node, ty, uses| {
            own.insert(name.into(), Meaning { node, ty, uses });
        };
        for (name, value) in [
            ("pi", std::f64::consts::PI),
            ("π", std::f64::consts::PI),
            ("e", std::f64::consts::E),
            ("E", std::f64::consts::E),
            ("True", 1.0),
            ("False", 0.0),
        ] {
            insert(name, Node::Number(value), Type::REAL, Uses::default());
        }
        for name in ["i", "I"] {
            insert(name, Node::Imaginary, Type::COMPLEX, Uses::default());
        }
        let cells = Uses { cells: true, ..Uses::default() };
        if place.allows_cells() {
            let time = Uses { time: true, ..Uses::default() };
            insert("t", Node::Time, Type::REAL, time);
            for name in space.axes.iter().map(String::as_str).chain([RADIUS]) {
                if let Some(axis) = space.axis(name) {
                    insert(name, Node::Coordinate(axis), Type::REAL, cells.clone());
                }
            }
        }
        if place == Place::Condition {
            insert("value", Node::AtWall, Type::REAL, cells.clone());
            insert("cell", Node::Mirrored, Type::REAL, cells);
            insert("dx", Node::Spacing, Type::REAL, Uses::default());
        }
        Scope { place, space: space.clone(), own, added: Arc::default() }
    }

    /// The scope of another place with all names that were added to this one.
    #[must_use]
    pub fn at(&self, place: Place) -> Self {
        Scope { added: Arc::clone(&self.added), ..Scope::new(place, &self.space) }
    }

    /// Makes `name` stand for a number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.insert(name, Node::Number(value), Type::REAL, Uses::default());
    }

    /// Makes `name` stand for a spacing of the grid where it has no other meaning: in a condition
    /// `dx` is the spacing normal to the wall.
    pub fn spacing(&mut self, name: &str, value: f64) {
        self.added().spacings.insert(name.into(), Meaning::number(value));
    }

    /// Makes `name` stand for a number that follows from the grid, which is not known yet.
    pub fn undecided(&mut self, name: &str) {
        let uses = Uses { grid: true, ..Uses::default() };
        self.insert(name, Node::Number(f64::NAN), Type::REAL, uses);
    }

    /// Makes `name` stand for the field of this number.
    pub fn field(&mut self, name: &str, number: usize, ty: Type) {
        let uses = Uses { field: Some(name.into()), cells: true, ..Uses::default() };
        self.insert(name, Node::Field(number), ty, uses);
    }

    /// Makes `name` stand for the unknown of this number that has one value in the whole domain.
    pub fn global(&mut self, name: &str, number: usize) {
        let uses = Uses { field: Some(name.into()), ..Uses::default() };
        self.insert(name, Node::Global(number), Type::REAL, uses);
    }

    /// Makes `name` stand for the external field of this number. It has no equation and does not
    /// change.
    pub fn external(&mut self, name: &str, number: usize, ty: Type) {
        self.given(name, "external data", number, ty);
    }

    /// Makes `name` stand for a region, which is the external field of this number.
    pub fn region(&mut self, name: &str, number: usize) {
        self.given(name, "a region", number, Type::REAL);
    }

    fn given(&mut self, name: &str, what: &str, number: usize, ty: Type) {
        // It has values only where operators are allowed.
        let operator = Some(what.into());
        let uses = Uses { operator, cells: true, ..Uses::default() };
        self.insert(name, Node::Field(number), ty, uses);
    }

    /// Makes `name` stand for the definition of this number, which uses what `uses` says.
    pub fn define(&mut self, name: &str, number: usize, ty: Type, uses: Uses) {
        self.insert(name, Node::Define(number), ty, uses);
    }

    /// In a condition, sets whether `value` and `cell` are complex.
    pub fn complex_value(&mut self, complex: bool) {
        for name in ["value", "cell"] {
            if let Some(meaning) = self.own.get_mut(name) {
                meaning.ty.complex = complex;
            }
        }
    }

    /// In a condition that sets no value at the wall, makes `value` stand for the same as `cell`.
    pub fn value_is_cell(&mut self) {
        if let Some(cell) = self.own.get("cell").cloned() {
            self.own.insert("value".into(), cell);
        }
    }

    /// Makes `name` stand for a function written as text.
    pub fn function(&mut self, name: &str, lambda: Lambda) {
        self.added().functions.insert(name.into(), Callable::Text(Arc::new(lambda)));
    }

    /// Makes the name of a native function stand for it.
    pub fn native(&mut self, native: Native) {
        self.added().functions.insert(native.name().into(), Callable::Native(native));
    }

    /// Makes `name` stand for the operator of this number that the program defines. It takes this
    /// many real scalars.
    pub fn operator(&mut self, name: &str, number: usize, arguments: usize) {
        let operator = Operator::Custom { number, arguments };
        self.added().operators.insert(name.into(), operator);
    }

    /// Makes the grid known, so that expressions can have the value of a field at a point.
    pub fn set_points(&mut self, points: Vec<AxisPoints>) {
        self.added().points = points;
    }

    /// The centres of cells along each axis; nothing if the grid is not known.
    pub(crate) fn points(&self) -> &[AxisPoints] {
        &self.added.points
    }

    /// Closes a scalar field at the surface of regions: operators that are applied to it do not look at
    /// neighbouring cells in which the field `mask` differs. So an operator has as many arguments
    /// again, after its own ones: for each the mask, or 0.
    pub fn close(&mut self, field: usize, mask: usize) {
        self.added().closed.insert(field, mask);
    }

    /// The field that tells where a field is closed, if it is.
    pub fn mask_of(&self, field: usize) -> Option<usize> {
        self.added.closed.get(&field).copied()
    }

    fn insert(&mut self, name: &str, node: Node, ty: Type, uses: Uses) {
        self.added().names.insert(name.to_string(), Meaning { node, ty, uses });
    }

    /// What was added, to add to it. Copies of this scope stay as they are.
    fn added(&mut self) -> &mut Added {
        Arc::make_mut(&mut self.added)
    }

    /// The place where the expression stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The axes of the grid and the directions of vectors.
    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Meaning> {
        let Added { names, spacings, .. } = &*self.added;
        names.get(name).or_else(|| self.own.get(name)).or_else(|| spacings.get(name))
    }

    pub(crate) fn callable(&self, name: &str) -> Option<&Callable> {
        self.added.functions.get(name)
    }

    /// The operator of this name, if the program defines one.
    pub(crate) fn operator_named(&self, name: &str) -> Option<Operator> {
        self.added.operators.get(name).copied()
    }

    /// The names of the functions and operators that are not built in.
    pub(crate) fn callables(&self) -> impl Iterator<Item = &str> {
        self.added.functions.keys().chain(self.added.operators.keys()).map(String::as_str)
    }

    /// The names that an author may have meant: those from the file, coordinates and the time.
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        let hidden = |name: &str, node: &Node| match name {
            "π" | "E" | "I" | "i" | "True" | "False" => true,
            RADIUS => matches!(node, Node::Coordinate(_)),
            _ => false,
        };
        let Added { names, spacings, .. } = &*self.added;
        let own = self.own.iter().filter(|(name, _)| !names.contains_key(*name));
        let hidden_spacing =
            |name: &String| names.contains_key(name) || self.own.contains_key(name);
        let spacings = spacings.iter().filter(move |(name, _)| !hidden_spacing(name));
        let shown = names.iter().chain(own).chain(spacings);
        let shown = shown.filter(move |(name, meaning)| !hidden(name, &meaning.node));
        shown.map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_of_other_places_share_what_was_added() {
        let mut scope = Scope::new(Place::Define, &Space::cartesian(&["x"]));
        scope.number("p", 2.0);
        scope.number("dx", 3.0);
        let mut other = scope.at(Place::Condition);
        assert!(Arc::ptr_eq(&scope.added, &other.added));
        // What was added hides what is known at the place.
        assert_eq!(other.get("dx").unwrap().node, Node::Number(3.0));
        assert_eq!(other.get("value").unwrap().node, Node::AtWall);
        let mut known: Vec<&str> = other.known().collect();
        known.sort_unstable();
        assert_eq!(known, ["cell", "dx", "e", "p", "pi", "t", "value", "x"]);
        // Spacings are hidden by both.
        let mut walls = Scope::new(Place::Define, &Space::cartesian(&["x", "y"]));
        walls.spacing("dx", 0.5);
        walls.spacing("dy", 0.25);
        assert_eq!(walls.get("dx").unwrap().node, Node::Number(0.5));
        let walls = walls.at(Place::Condition);
        assert_eq!(walls.get("dx").unwrap().node, Node::Spacing);
        assert_eq!(walls.get("dy").unwrap().node, Node::Number(0.25));
        other.number("q", 4.0);
        assert!(scope.get("q").is_none() && scope.get("value").is_none());
    }
}
