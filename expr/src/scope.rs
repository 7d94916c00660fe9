//! The names in an expression and their meaning, and what the place of the expression allows.

use std::collections::HashMap;
use std::rc::Rc;

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
    /// A boundary condition. It may use the coordinates of the wall, the time, `value` and `dx`.
    Condition,
    /// An initial value. It may use coordinates and random numbers, but no fields.
    Initial,
    /// A named sub-expression. It may use everything, and is checked again where it is used.
    Define,
    /// The right-hand side of an equation. It may use everything but random numbers.
    Equation,
    /// An output field or a diagnostic. It may use everything but random numbers.
    Output,
}

impl Place {
    /// The name of the place in messages.
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

/// A function that is not built in.
#[derive(Clone, Debug)]
pub(crate) enum Callable {
    /// A function written as text.
    Text(Rc<Lambda>),
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

/// The names that an expression can use.
#[derive(Clone, Debug)]
pub struct Scope {
    place: Place,
    space: Space,
    names: HashMap<String, Meaning>,
    functions: HashMap<String, Callable>,
    operators: HashMap<String, Operator>,
}

impl Scope {
    /// A scope with the names that are always known: coordinates, `t` and constants, and in
    /// conditions `value` and `dx`.
    pub fn new(place: Place, space: &Space) -> Self {
        let mut scope = Scope {
            place,
            space: space.clone(),
            names: HashMap::new(),
            functions: HashMap::new(),
            operators: HashMap::new(),
        };
        for (name, value) in [
            ("pi", std::f64::consts::PI),
            ("π", std::f64::consts::PI),
            ("e", std::f64::consts::E),
            ("E", std::f64::consts::E),
            ("True", 1.0),
            ("False", 0.0),
        ] {
            scope.number(name, value);
        }
        for name in ["i", "I"] {
            scope.insert(name, Node::Imaginary, Type::COMPLEX, Uses::default());
        }
        let cells = Uses { cells: true, ..Uses::default() };
        if place.allows_cells() {
            let time = Uses { time: true, ..Uses::default() };
            scope.insert("t", Node::Time, Type::REAL, time);
            for name in space.axes.iter().map(String::as_str).chain([RADIUS]) {
                if let Some(axis) = space.axis(name) {
                    scope.insert(name, Node::Coordinate(axis), Type::REAL, cells.clone());
                }
            }
        }
        if place == Place::Condition {
            scope.insert("value", Node::Adjacent, Type::REAL, cells);
            scope.insert("dx", Node::Spacing, Type::REAL, Uses::default());
        }
        scope
    }

    /// Makes `name` stand for a number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.insert(name, Node::Number(value), Type::REAL, Uses::default());
    }

    /// Makes `name` stand for a spacing of the grid. In a condition `dx` keeps its own meaning.
    pub fn spacing(&mut self, name: &str, value: f64) {
        if !self.names.contains_key(name) {
            self.number(name, value);
        }
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

    /// Makes `name` stand for the external field of this number. It has no equation and does not
    /// change.
    pub fn external(&mut self, name: &str, number: usize, ty: Type) {
        // An external field has values only where operators are allowed.
        let operator = Some("external data".into());
        let uses = Uses { operator, cells: true, ..Uses::default() };
        self.insert(name, Node::Field(number), ty, uses);
    }

    /// Makes `name` stand for the definition of this number, which uses what `uses` says.
    pub fn define(&mut self, name: &str, number: usize, ty: Type, uses: Uses) {
        self.insert(name, Node::Define(number), ty, uses);
    }

    /// In a condition, sets whether `value` is complex.
    pub fn complex_value(&mut self, complex: bool) {
        if let Some(meaning) = self.names.get_mut("value")
            && meaning.node == Node::Adjacent
        {
            meaning.ty.complex = complex;
        }
    }

    /// Makes `name` stand for a function written as text.
    pub fn function(&mut self, name: &str, lambda: Lambda) {
        self.functions.insert(name.into(), Callable::Text(Rc::new(lambda)));
    }

    /// Makes the name of a native function stand for it.
    pub fn native(&mut self, native: Native) {
        self.functions.insert(native.name().into(), Callable::Native(native));
    }

    /// Makes `name` stand for the operator of this number that the program defines. It takes this
    /// many real scalars.
    pub fn operator(&mut self, name: &str, number: usize, arguments: usize) {
        self.operators.insert(name.into(), Operator::Custom { number, arguments });
    }

    fn insert(&mut self, name: &str, node: Node, ty: Type, uses: Uses) {
        self.names.insert(name.to_string(), Meaning { node, ty, uses });
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
        self.names.get(name)
    }

    pub(crate) fn callable(&self, name: &str) -> Option<&Callable> {
        self.functions.get(name)
    }

    /// The operator of this name, if the program defines one.
    pub(crate) fn operator_named(&self, name: &str) -> Option<Operator> {
        self.operators.get(name).copied()
    }

    /// The names of the functions and operators that are not built in.
    pub(crate) fn callables(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().chain(self.operators.keys()).map(String::as_str)
    }

    /// The names that an author may have meant: those from the file, coordinates and the time.
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        let hidden = |name: &str, node: &Node| match name {
            "π" | "E" | "I" | "i" | "True" | "False" => true,
            RADIUS => matches!(node, Node::Coordinate(_)),
            _ => false,
        };
        let shown = self.names.iter().filter(move |(name, meaning)| !hidden(name, &meaning.node));
        shown.map(|(name, _)| name.as_str())
    }
}
