//! The types of sums, products, powers and comparisons.

use super::Resolver;
use crate::ast::{Ast, Infix};
use crate::error::Error;
use crate::math::Binary;
use crate::span::Span;
use crate::typed::Expr;
use crate::types::{Rank, Type};

impl Resolver<'_> {
    /// An operand, and what operators do with it one after another. `span` is that of all.
    pub(super) fn chain(&mut self, first: &Ast, rest: &[(Infix, Ast)], span: Span) -> Option<Expr> {
        let mut left = self.expression(first);
        let mut so_far = first.span;
        for (k, (infix, right)) in rest.iter().enumerate() {
            let b = self.expression(right);
            so_far = if k + 1 == rest.len() { span } else { so_far.to(right.span) };
            left = match (left, b) {
                (Some(a), Some(b)) => self.infix(*infix, a, b, so_far),
                _ => None,
            };
        }
        left
    }

    fn infix(&mut self, infix: Infix, a: Expr, b: Expr, span: Span) -> Option<Expr> {
        use Infix::*;
        let complex = a.ty.complex || b.ty.complex;
        let ty = match infix {
            Add | Subtract => {
                if a.ty.rank != b.ty.rank {
                    let verb = if infix == Add { "added" } else { "subtracted" };
                    return self.mismatch(verb, &a, &b, span);
                }
                a.ty.with_complex(complex)
            }
            Multiply => {
                if a.ty.rank != Rank::Scalar && b.ty.rank != Rank::Scalar {
                    return self.mismatch("multiplied", &a, &b, span);
                }
                Type { rank: a.ty.rank.max(b.ty.rank), complex }
            }
            Divide => {
                if b.ty.rank != Rank::Scalar {
                    return self.fail(Error::Divisor { found: b.ty, span: b.span });
                }
                a.ty.with_complex(complex)
            }
            Power => {
                for operand in [&a, &b] {
                    self.scalar(operand, "a power")?;
                }
                Type::REAL.with_complex(complex)
            }
            Equal | NotEqual => {
                for operand in [&a, &b] {
                    self.scalar(operand, "a comparison")?;
                }
                Type::REAL
            }
            Remainder | Less | LessEqual | Greater | GreaterEqual | And | Or => {
                let what = match infix {
                    Remainder => "a remainder",
                    And | Or => "logic",
                    _ => "a comparison",
                };
                for operand in [&a, &b] {
                    self.real_scalar(operand, what)?;
                }
                Type::REAL
            }
        };
        Some(Expr::binary(binary(infix), a, b, ty, span))
    }

    fn mismatch<T>(&mut self, verb: &'static str, a: &Expr, b: &Expr, span: Span) -> Option<T> {
        self.fail(Error::RankMismatch { verb, left: a.ty, right: b.ty, span })
    }

    /// Records an error if the operand of `what` is not a scalar.
    pub(super) fn scalar(&mut self, operand: &Expr, what: &str) -> Option<()> {
        if operand.ty.rank == Rank::Scalar {
            return Some(());
        }
        let (what, found, span) = (what.to_string(), operand.ty, operand.span);
        self.fail(Error::ScalarWanted { what, found, span })
    }

    /// Records an error if the operand of `what` is not a real scalar.
    pub(super) fn real_scalar(&mut self, operand: &Expr, what: &str) -> Option<()> {
        self.scalar(operand, what)?;
        if !operand.ty.complex {
            return Some(());
        }
        self.fail(Error::RealWanted { what: what.to_string(), span: operand.span })
    }
}

fn binary(infix: Infix) -> Binary {
    match infix {
        Infix::Add => Binary::Add,
        Infix::Subtract => Binary::Subtract,
        Infix::Multiply => Binary::Multiply,
        Infix::Divide => Binary::Divide,
        Infix::Remainder => Binary::Remainder,
        Infix::Power => Binary::Power,
        Infix::Less => Binary::Less,
        Infix::LessEqual => Binary::LessEqual,
        Infix::Greater => Binary::Greater,
        Infix::GreaterEqual => Binary::GreaterEqual,
        Infix::Equal => Binary::Equal,
        Infix::NotEqual => Binary::NotEqual,
        Infix::And => Binary::And,
        Infix::Or => Binary::Or,
    }
}
