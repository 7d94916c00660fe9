//! Equations as text, which are parsed, checked and compiled to kernels over rows of cells.
//!
//! An expression goes through these stages: text → tokens → [`Ast`] ([`parse`]) → checked [`Expr`]
//! ([`resolve`]) → operations of a [`Kernel`] ([`Builder`]) → a [`RowFn`] over ranges of rows
//! ([`rows`]). This crate knows no grid, no rank and no file. The code that drives the builder
//! decides what an operator does with neighbouring cells.
//!
//! ```
//! use fluxions_expr::{Place, Scope, Space, evaluate, parse};
//!
//! let scope = Scope::new(Place::Constant, &Space::nowhere());
//! assert_eq!(evaluate("2^3^2 - 1", &scope).unwrap(), 511.0);
//!
//! let mistake = parse("2*(x + 1").unwrap_err();
//! assert_eq!(mistake.in_text("2*(x + 1"), "this `(` is never closed\n  2*(x + 1\n    ^");
//! ```

mod ast;
mod builder;
pub mod derivative;
mod error;
mod evaluate;
mod extract;
mod function;
mod kernel;
mod lower;
mod math;
mod native;
mod operator;
mod parity;
mod parse;
mod resolve;
pub mod rows;
mod scope;
mod space;
mod span;
mod spelling;
mod tangent;
mod token;
mod typed;
mod types;

pub use ast::{Ast, AstKind, Infix, Prefix};
pub use builder::Builder;
pub use error::{Error, nearest};
pub use evaluate::{evaluate, numbers_in_cell};
pub use function::Function;
pub use kernel::{Kernel, NativeCall, Op, Output, Value};
pub use lower::{ComplexValue, Parts, lower};
pub use math::{Binary, Unary};
pub use native::{Closure, MOST_ARGUMENTS, Native};
pub use operator::{
    FacePart, FirstDifference, Mean, Operator, Product, Reduction, Squared, Transform, Upwind,
};
pub use parity::Parity;
pub use parse::{parse, parse_function};
pub use resolve::{is_builtin, list, resolve};
pub use rows::{Backend, Call, RowFn, Rows, Scratch};
pub use scope::{AxisPoints, Lambda, Place, Scope, Uses};
pub use space::{Coordinates, Space};
pub use span::{Span, underline};
pub use tangent::Tangent;
pub use typed::{Distribution, Expr, Node};
pub use types::{Rank, Type};
