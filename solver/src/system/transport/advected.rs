//! How each field is advected, checked.

use fluxions_expr::{Expr, Node};

use crate::error::Error;
use crate::system::origin::Origin;
use crate::system::symbols::Symbols;
use crate::system::transport::{Advector, Mpdata};

/// How a field is advected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Advected {
    /// The number of the field.
    pub(crate) field: usize,
    pub(crate) advector: Advector<Expr>,
    pub(crate) options: Mpdata,
    /// The density G, unless it is 1.
    pub(crate) density: Option<Expr>,
    /// The diffusivity μ along each named axis; none at all without diffusion.
    pub(crate) diffusivity: Vec<Expr>,
}

impl Advected {
    /// Whether what advects the field is known beforehand: it depends on place and time only.
    pub(crate) fn is_given(&self, symbols: &Symbols) -> bool {
        self.advector.parts().iter().all(|part| is_plain(symbols, part))
    }

    /// The diffusivities along each axis where they depend on the fields; none at all where all
    /// are known beforehand.
    pub(crate) fn found_diffusivities(&self, symbols: &Symbols) -> &[Expr] {
        match self.diffusivity.iter().all(|mu| is_plain(symbols, mu)) {
            true => &[],
            false => &self.diffusivity,
        }
    }

    /// The names of the arrays of diffusivities at the centres of cells, one for each axis.
    pub(crate) fn diffusivity_names(&self, symbols: &Symbols) -> Vec<String> {
        let name = &symbols.fields()[self.field];
        let axes = symbols.grid().axis_names().into_iter();
        axes.map(|axis| format!("diffusivity of {name} along {axis}, at cells")).collect()
    }

    /// Whether what advects the field depends on the time.
    pub(crate) fn is_timed(&self, symbols: &Symbols) -> bool {
        self.advector.parts().iter().any(|part| mentions(symbols, part, &|n| *n == Node::Time))
    }

    /// Whether what advects the field, or spreads it, depends on the fields.
    pub(crate) fn is_of_state(&self, symbols: &Symbols) -> bool {
        !self.is_given(symbols) || !self.found_diffusivities(symbols).is_empty()
    }
}

/// Whether an expression is made of places and times alone.
pub(crate) fn is_plain(symbols: &Symbols, expr: &Expr) -> bool {
    !mentions(symbols, expr, &|node| {
        matches!(node, Node::Field(_) | Node::Operator(..) | Node::Reduce(..) | Node::Random(..))
    })
}

/// Whether an expression has a part of this kind, through definitions too.
pub(crate) fn mentions(symbols: &Symbols, expr: &Expr, is_it: &dyn Fn(&Node) -> bool) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        found |= is_it(&part.node);
        if let Node::Define(d) = part.node {
            found |= mentions(symbols, &symbols.definitions()[d].expr, is_it);
        }
    });
    found
}

/// A mistake in the transport of a field, at a key of it or at the whole.
pub(crate) fn unfit(field: &str, key: &'static str, reason: impl Into<Box<str>>) -> Error {
    let origin = Origin::Transport { of: field.into(), key };
    Error::UnfitTransport { origin, field: field.into(), reason: reason.into() }
}

impl<T> Advector<T> {
    /// The expressions by which it is given.
    pub(crate) fn parts(&self) -> &[T] {
        match self {
            Advector::Velocity(parts) | Advector::Courant(parts) => parts,
            Advector::StreamFunction(s) => std::slice::from_ref(s),
        }
    }

    /// The name of the way in which it is given.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Advector::Velocity(_) => "velocity",
            Advector::Courant(_) => "courant",
            Advector::StreamFunction(_) => "stream_function",
        }
    }
}
