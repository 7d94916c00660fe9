//! Lowering an expression with leaves that need more than a builder.

use fluxions_expr::{Builder, Expr, Parts, Space, lower};

/// The operations of an expression, in the builder of `state`. `leaf` gives the values of what is
/// not lowered by itself, and may use the same builder.
pub(super) fn lowered<S>(
    state: &mut S,
    builder: fn(&mut S) -> &mut Builder,
    space: &Space,
    expr: &Expr,
    mut leaf: impl FnMut(&mut S, &Expr) -> Parts,
) -> Parts {
    // The builder is lent to `lower`, since the leaves need the rest of the state.
    let mut lent = std::mem::take(builder(state));
    let value = lower(expr, space, &mut lent, &mut |part, lent| {
        std::mem::swap(builder(state), lent);
        let value = leaf(state, part);
        std::mem::swap(builder(state), lent);
        value
    });
    *builder(state) = lent;
    value
}
