//! Turns a syntax tree into a checked expression: finds what names mean and which types values
//! have, and checks the calls and whether the place allows what is used.

mod arithmetic;
mod call;
mod callable;
mod part;
mod point;

pub use call::is_builtin;
pub use part::list;

use std::collections::HashMap;

use self::callable::Argument;
use crate::ast::{Ast, AstKind, Prefix};
use crate::error::{Error, nearest};
use crate::function::Function;
use crate::math::Unary;
use crate::operator;
use crate::parse::MAX_DEPTH;
use crate::scope::{Meaning, Scope, Uses};
use crate::span::Span;
use crate::spelling::instead_of_name;
use crate::typed::{Expr, Node};
use crate::types::Type;

/// Gives the names in `ast` their meaning, checks every call and finds the types.
///
/// `text` is what `ast` was parsed from.
///
/// # Errors
/// Every mistake found, in the order of the text.
pub fn resolve(ast: &Ast, text: &str, scope: &Scope) -> Result<(Expr, Uses), Vec<Error>> {
    let mut resolver = Resolver {
        text,
        scope,
        errors: Vec::new(),
        uses: Uses::default(),
        random: 0,
        arguments: HashMap::new(),
        functions: Vec::new(),
        depth: 0,
        nesting: 0,
        parts: 0,
    };
    match resolver.expression(ast) {
        Some(expr) if resolver.errors.is_empty() => Ok((expr, resolver.uses)),
        _ => Err(resolver.errors),
    }
}

/// The largest number of parts of an expression that come from functions written as text. Without a
/// limit, a few functions that call each other twice would fill any memory.
const MOST_PARTS: usize = 100_000;

/// The largest number of expressions within each other, those from functions included. More would
/// not fit on the stack of a thread.
const MOST_NESTED: usize = 500;

struct Resolver<'a> {
    text: &'a str,
    scope: &'a Scope,
    errors: Vec<Error>,
    uses: Uses,
    random: u32,
    /// In the body of a function written as text, what its parameters stand for.
    arguments: HashMap<&'a str, Argument>,
    /// The names of the functions written as text in whose bodies this place lies.
    functions: Vec<String>,
    /// The number of levels of the expression above this place.
    depth: usize,
    /// The number of expressions in which this place lies.
    nesting: usize,
    /// The number of parts of the expression that come from functions written as text.
    parts: usize,
}

/// A checked node with its type.
type Typed = (Node, Type);

impl Resolver<'_> {
    /// The checked expression, or `None` where an error was recorded.
    fn expression(&mut self, ast: &Ast) -> Option<Expr> {
        let inside = usize::from(!self.functions.is_empty());
        self.grow(inside, 1, ast.span)?;
        if self.nesting == MOST_NESTED {
            return self.fail(Error::TooDeep { limit: MOST_NESTED, span: ast.span });
        }
        self.depth += 1;
        self.nesting += 1;
        let expr = self.node(ast);
        self.depth -= 1;
        self.nesting -= 1;
        expr
    }

    /// Counts parts that come from functions. Records an error if there are too many parts or
    /// levels.
    fn grow(&mut self, parts: usize, depth: usize, span: Span) -> Option<()> {
        self.parts = self.parts.saturating_add(parts);
        if self.depth + depth > MAX_DEPTH {
            return self.fail(Error::TooDeep { limit: MAX_DEPTH, span });
        }
        if parts > 0 && self.parts > MOST_PARTS {
            return self.fail(Error::TooLarge { limit: MOST_PARTS, span });
        }
        Some(())
    }

    fn node(&mut self, ast: &Ast) -> Option<Expr> {
        let span = ast.span;
        let (node, ty) = match &ast.kind {
            AstKind::Number(value) => (Node::Number(*value), Type::REAL),
            AstKind::Name(name) => self.name(name, span)?,
            AstKind::Prefix(prefix, inner) => self.prefix(*prefix, inner)?,
            AstKind::Infix(first, rest) => return self.chain(first, rest, span),
            AstKind::Call(name, name_span, arguments) => {
                self.call(name, *name_span, arguments, span)?
            }
            AstKind::List(items) => self.list(items, span)?,
            AstKind::Tuple(items) => {
                return self.fail(Error::UnexpectedList { length: items.len(), span });
            }
            AstKind::Index(of, indices) => self.index(of, indices, span)?,
            AstKind::Member(of, name, name_span) => self.member(of, name, *name_span)?,
        };
        Some(Expr { node, ty, span })
    }

    fn fail<T>(&mut self, error: Error) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn prefix(&mut self, prefix: Prefix, inner: &Ast) -> Option<Typed> {
        let inner = self.expression(inner)?;
        let ty = inner.ty;
        match prefix {
            Prefix::Plus => Some((inner.node, ty)),
            Prefix::Negate => Some((Node::Call(Function::Unary(Unary::Negate), vec![inner]), ty)),
            Prefix::Not => {
                self.real_scalar(&inner, "`not`")?;
                Some((Node::Call(Function::Unary(Unary::Not), vec![inner]), ty))
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Typed> {
        if let Some(argument) = self.arguments.get(name) {
            let (size, depth) = (argument.size, argument.depth);
            self.grow(size, depth, span)?;
            let Argument { expr, uses, .. } = &self.arguments[name];
            self.uses.merge(uses);
            return Some((expr.node.clone(), expr.ty));
        }
        if let Some(meaning) = self.scope.get(name) {
            let Meaning { node, ty, uses } = meaning.clone();
            self.check_uses(name, &node, &uses, span)?;
            self.uses.merge(&uses);
            return Some((node, ty));
        }
        let axes = &self.scope.space().axes;
        let callable = self.scope.callable(name).is_some() || is_builtin(name, axes);
        if callable || operator::find(name, axes).is_some() {
            let example = format!("{name}(…)");
            return self.fail(Error::MissingArguments { name: name.into(), example, span });
        }
        let everywhere = name == "t" || self.scope.space().axis(name).is_some();
        if !self.scope.place().allows_cells() && everywhere {
            return self.not_allowed(format!("the coordinate or time `{name}`"), span, None);
        }
        let known = self.scope.known().chain(self.arguments.keys().copied());
        let mut known: Vec<String> = known.map(str::to_string).collect();
        known.sort();
        let nearest = nearest(name, known.iter().map(String::as_str));
        let instead = match nearest {
            Some(_) => None,
            None => instead_of_name(name, &self.scope.space().axes),
        };
        self.fail(Error::UnknownName { name: name.into(), span, nearest, known, instead })
    }

    /// Records an error if the place does not allow what the name stands for.
    fn check_uses(&mut self, name: &str, node: &Node, uses: &Uses, span: Span) -> Option<()> {
        let place = self.scope.place();
        let what = match (&uses.field, &uses.operator) {
            (Some(field), _) if !place.allows_fields() => match node {
                Node::Field(_) => format!("the field `{name}`"),
                Node::Global(_) => format!("the number `{name}`"),
                _ => format!("`{name}`, which depends on the field `{field}`,"),
            },
            (_, Some(operator)) if !place.allows_operators() => {
                format!("`{name}`, which uses `{operator}`,")
            }
            _ if uses.random && !place.allows_random() => {
                format!("`{name}`, which is random,")
            }
            _ if uses.grid && !place.allows_cells() => {
                format!("`{name}`, which follows from the grid,")
            }
            _ if (uses.cells || uses.time) && !place.allows_cells() => {
                format!("`{name}`, which is not constant,")
            }
            _ => return Some(()),
        };
        self.not_allowed(what, span, None)
    }

    fn not_allowed<T>(&mut self, what: String, span: Span, instead: Option<&str>) -> Option<T> {
        let place = self.scope.place().describe();
        let instead = instead.map(str::to_string);
        self.fail(Error::NotAllowed { what, place, span, instead })
    }
}

#[cfg(test)]
mod tests;
