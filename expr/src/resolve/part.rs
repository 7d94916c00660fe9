//! Vectors and tensors made of their parts, and the parts of vectors and tensors.

use super::{Resolver, Typed};
use crate::ast::{Ast, AstKind, Prefix};
use crate::error::{Error, nearest};
use crate::scope::Scope;
use crate::space::Space;
use crate::span::Span;
use crate::typed::{Expr, Node};
use crate::types::{Rank, Type};

impl Resolver<'_> {
    /// `[a, b]`, which is a vector if its items are scalars, and a tensor if they are vectors.
    pub(super) fn list(&mut self, items: &[Ast], span: Span) -> Option<Typed> {
        let items: Vec<_> = items.iter().map(|item| self.expression(item)).collect();
        let items: Vec<Expr> = items.into_iter().collect::<Option<_>>()?;
        match vector(items, self.scope.space(), span) {
            Ok(typed) => Some(typed),
            Err(error) => self.fail(error),
        }
    }

    /// A part of a vector or tensor by its indices: `v[0]`, `T[0, 1]` or `T[0]`.
    pub(super) fn index(&mut self, of: &Ast, indices: &[Ast], span: Span) -> Option<Typed> {
        let of = self.expression(of)?;
        let brackets = Span::new(of.span.end, span.end);
        if indices.len() > of.ty.rank.indices() {
            return self.no_components(&of, brackets);
        }
        let dimension = self.scope.space().dimension();
        let mut part = of;
        for index in indices {
            match whole(index).and_then(|k| usize::try_from(k).ok()) {
                Some(k) if k < dimension => part = component(part, k),
                _ => {
                    let directions = self.scope.space().components.clone();
                    return self.fail(Error::BadIndex { directions, span: index.span });
                }
            }
        }
        Some((part.node, part.ty))
    }

    /// A component of a vector or tensor by its name: `v.x` or `T.xy`.
    pub(super) fn member(&mut self, of: &Ast, name: &str, name_span: Span) -> Option<Typed> {
        let of = self.expression(of)?;
        let directions = &self.scope.space().components;
        if of.ty.rank == Rank::Scalar {
            return self.no_components(&of, Span::new(of.span.end, name_span.end));
        }
        let known = of.ty.rank.component_names(directions);
        if let Some(number) = known.iter().position(|known| known == name) {
            let n = directions.len();
            let indices = match of.ty.rank {
                Rank::Tensor => vec![number / n, number % n],
                _ => vec![number],
            };
            let part = indices.into_iter().fold(of, component);
            return Some((part.node, part.ty));
        }
        let nearest = nearest(name, known.iter().map(String::as_str));
        let name = name.to_string();
        self.fail(Error::UnknownComponent { name, of: of.ty, known, nearest, span: name_span })
    }

    fn no_components<T>(&mut self, of: &Expr, span: Span) -> Option<T> {
        let text = self.text.get(of.span.start..of.span.end).unwrap_or("it").to_string();
        self.fail(Error::NoComponents { text, ty: of.ty, span })
    }
}

/// A vector made of scalars, or a tensor made of its rows.
///
/// # Errors
/// If there are too many or too few items, or if they differ in rank.
pub fn list(items: Vec<Expr>, scope: &Scope) -> Result<Expr, Error> {
    let span = Span::default();
    vector(items, scope.space(), span).map(|(node, ty)| Expr { node, ty, span })
}

fn vector(items: Vec<Expr>, space: &Space, span: Span) -> Result<Typed, Error> {
    let directions = &space.components;
    if directions.is_empty() {
        return Err(Error::UnexpectedList { length: items.len(), span });
    }
    if items.len() != directions.len() {
        let (directions, length) = (directions.clone(), items.len());
        return Err(Error::VectorLength { length, directions, span });
    }
    let first = items[0].ty;
    if let Some(other) = items.iter().find(|item| item.ty.rank != first.rank) {
        return Err(Error::UnevenList { first, found: other.ty, span: other.span });
    }
    let rank = match first.rank {
        Rank::Scalar => Rank::Vector,
        Rank::Vector => Rank::Tensor,
        Rank::Tensor => {
            let what = "an item of a list".to_string();
            return Err(Error::ScalarWanted { what, found: first, span: items[0].span });
        }
    };
    let complex = items.iter().any(|item| item.ty.complex);
    Ok((Node::List(items), Type { rank, complex }))
}

fn component(of: Expr, k: usize) -> Expr {
    let rank = match of.ty.rank {
        Rank::Tensor => Rank::Vector,
        _ => Rank::Scalar,
    };
    let (ty, span) = (of.ty.with_rank(rank), of.span);
    Expr { node: Node::Component(Box::new(of), k), ty, span }
}

/// The whole number that is written here, if it is one.
fn whole(ast: &Ast) -> Option<i64> {
    match &ast.kind {
        AstKind::Number(value) if value.fract() == 0.0 && value.abs() < 1e9 => Some(*value as i64),
        AstKind::Prefix(Prefix::Negate, inner) => whole(inner).map(|value| -value),
        _ => None,
    }
}
