//! What the names in an expression mean, and what its place allows.

use std::collections::HashMap;

use crate::typed::Node;

/// Where an expression stands, which decides what it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A number in the problem file: no coordinates, no time, no fields.
    Constant,
    /// A boundary condition: the wall's coordinates, time, `value` and `dx`.
    Condition,
    /// An initial value: coordinates and random numbers, no fields.
    Initial,
    /// A named sub-expression: everything; what it uses is checked again where it is used.
    Define,
    /// The right-hand side of an equation: everything but random numbers.
    Equation,
    /// An output field or a diagnostic: everything but random numbers.
    Output,
}

impl Place {
    /// The place as a message names it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Place::Constant => "a constant",
            Place::Condition => "a boundary condition",
            Place::Initial => "an initial value",
            Place::Define => "a definition",
            Place::Equation => "an equation",
            Place::Output => "an output",
        }
    }

    pub(crate) fn allows_fields(self) -> bool {
        matches!(self, Place::Define | Place::Equation | Place::Output)
    }

    pub(crate) fn allows_cells(self) -> bool {
        self != Place::Constant
    }

    pub(crate) fn allows_operators(self) -> bool {
        !matches!(self, Place::Constant | Place::Condition)
    }

    pub(crate) fn allows_random(self) -> bool {
        matches!(self, Place::Initial | Place::Define)
    }
}

/// What an expression uses, directly or through the definitions that it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// The name of a field.
    pub field: Option<String>,
    /// An operator or a reduction.
    pub operator: Option<String>,
    /// A random number.
    pub random: bool,
    /// The time.
    pub time: bool,
    /// Something that differs from cell to cell.
    pub cells: bool,
}

impl Uses {
    pub(crate) fn merge(&mut self, other: &Uses) {
        self.field = self.field.take().or_else(|| other.field.clone());
        self.operator = self.operator.take().or_else(|| other.operator.clone());
        self.random |= other.random;
        self.time |= other.time;
        self.cells |= other.cells;
    }
}

/// The names that an expression can use.
#[derive(Clone, Debug)]
pub struct Scope {
    place: Place,
    axes: Vec<String>,
    names: HashMap<String, (Node, Uses)>,
}

impl Scope {
    /// The names that are always there: coordinates, `t`, constants, and in conditions `value`
    /// and `dx`.
    pub fn new(place: Place, axes: &[String]) -> Self {
        let mut scope = Scope { place, axes: axes.to_vec(), names: HashMap::new() };
        for (name, value) in [
            ("pi", std::f64::consts::PI),
            ("e", std::f64::consts::E),
            ("E", std::f64::consts::E),
            ("True", 1.0),
            ("False", 0.0),
        ] {
            scope.number(name, value);
        }
        let cells = Uses { cells: true, ..Uses::default() };
        if place.allows_cells() {
            let time = Uses { time: true, ..Uses::default() };
            scope.insert("t", Node::Time, time);
            for (axis, name) in axes.iter().enumerate() {
                scope.insert(name, Node::Coordinate(axis), cells.clone());
            }
        }
        if place == Place::Condition {
            scope.insert("value", Node::Adjacent, cells);
            scope.insert("dx", Node::Spacing, Uses::default());
        }
        scope
    }

    /// Makes `name` a number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.insert(name, Node::Number(value), Uses::default());
    }

    /// Makes `name` the field of this number.
    pub fn field(&mut self, name: &str, number: usize) {
        let uses = Uses { field: Some(name.into()), cells: true, ..Uses::default() };
        self.insert(name, Node::Field(number), uses);
    }

    /// Makes `name` the definition of this number, which itself uses `uses`.
    pub fn define(&mut self, name: &str, number: usize, uses: Uses) {
        self.insert(name, Node::Define(number), uses);
    }

    fn insert(&mut self, name: &str, node: Node, uses: Uses) {
        self.names.insert(name.to_string(), (node, uses));
    }

    /// Where the expression stands.
    pub fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn axes(&self) -> &[String] {
        &self.axes
    }

    pub(crate) fn get(&self, name: &str) -> Option<&(Node, Uses)> {
        self.names.get(name)
    }

    /// The names that an author can have meant, sorted: those from the file, coordinates, time.
    pub(crate) fn known(&self) -> Vec<String> {
        let hidden = |name: &String| matches!(name.as_str(), "E" | "True" | "False");
        let mut known: Vec<_> = self.names.keys().filter(|name| !hidden(name)).cloned().collect();
        known.sort();
        known
    }
}
