//! A step: one operation on all cells of a chunk.

use super::chunk::{Chunk, Destination, StepOperand};
use crate::math::Usual;
use crate::native::Native;

/// A step of a compiled kernel.
pub(super) type Step = Box<dyn Fn(&mut Chunk<'_, '_>) + Send + Sync>;

fn is_scalar(operand: StepOperand) -> bool {
    matches!(operand, StepOperand::Scalar(_))
}

/// A step that copies an operand.
pub(super) fn copy(destination: Destination, spare: usize, a: StepOperand) -> Step {
    if is_scalar(a) {
        return Box::new(move |chunk| {
            let a = chunk.scalar(a);
            chunk.write(destination, spare, [], |cells, []| cells.fill(a));
        });
    }
    Box::new(move |chunk| {
        chunk.write(destination, spare, [a], |cells, [a]| cells.copy_from_slice(a))
    })
}

/// A step that applies a function of one number. The function is given in two forms, as in
/// [`Width::each`]. The operand must not be a scalar.
pub(super) fn unary<U, E>(
    usual: U,
    exact: E,
    destination: Destination,
    spare: usize,
    a: [StepOperand; 1],
) -> Step
where
    U: Fn(&mut Usual, [f64; 1]) -> f64 + Copy + Send + Sync + 'static,
    E: Fn([f64; 1]) -> f64 + Copy + Send + Sync + 'static,
{
    Box::new(move |chunk| {
        let width = chunk.width;
        chunk.write(destination, spare, a, |cells, a| width.each(cells, a, usual, exact));
    })
}

/// A step that applies a function of two numbers. The function is given in two forms, as in
/// [`Width::each`]. At most one operand may be a scalar.
pub(super) fn binary<U, E>(
    usual: U,
    exact: E,
    destination: Destination,
    spare: usize,
    [a, b]: [StepOperand; 2],
) -> Step
where
    U: Fn(&mut Usual, [f64; 2]) -> f64 + Copy + Send + Sync + 'static,
    E: Fn([f64; 2]) -> f64 + Copy + Send + Sync + 'static,
{
    match (is_scalar(a), is_scalar(b)) {
        (true, _) => Box::new(move |chunk| {
            let (width, a) = (chunk.width, chunk.scalar(a));
            chunk.write(destination, spare, [b], move |cells, b| {
                width.each(
                    cells,
                    b,
                    #[inline(always)]
                    move |lanes, [b]| usual(lanes, [a, b]),
                    #[inline(always)]
                    move |[b]| exact([a, b]),
                );
            });
        }),
        (_, true) => Box::new(move |chunk| {
            let (width, b) = (chunk.width, chunk.scalar(b));
            chunk.write(destination, spare, [a], move |cells, a| {
                width.each(
                    cells,
                    a,
                    #[inline(always)]
                    move |lanes, [a]| usual(lanes, [a, b]),
                    #[inline(always)]
                    move |[a]| exact([a, b]),
                );
            });
        }),
        _ => Box::new(move |chunk| {
            let width = chunk.width;
            chunk.write(destination, spare, [a, b], |cells, rows| {
                width.each(cells, rows, usual, exact);
            });
        }),
    }
}

/// A step that calls a native function.
pub(super) fn native(
    function: Native,
    destination: Destination,
    spare: usize,
    operands: Vec<StepOperand>,
) -> Step {
    Box::new(move |chunk| {
        // The arguments are copied first, since they may lie where the values are written.
        let length = chunk.length;
        let mut arguments = std::mem::take(chunk.arguments);
        arguments.resize(operands.len() * length, 0.0);
        for (row, operand) in arguments.chunks_exact_mut(length).zip(&operands) {
            chunk.read(*operand, row);
        }
        chunk.write(destination, spare, [], |cells, []| function.each(cells, &arguments, length));
        *chunk.arguments = arguments;
    })
}

/// A step that selects one of two operands by a third one.
pub(super) fn select(destination: Destination, spare: usize, [c, a, b]: [StepOperand; 3]) -> Step {
    use crate::math::select;
    match [is_scalar(c), is_scalar(a), is_scalar(b)] {
        [true, _, _] => Box::new(move |chunk| {
            let chosen = if chunk.scalar(c) != 0.0 { a } else { b };
            if is_scalar(chosen) {
                let value = chunk.scalar(chosen);
                return chunk.write(destination, spare, [], |cells, []| cells.fill(value));
            }
            chunk.write(destination, spare, [chosen], |cells, [a]| cells.copy_from_slice(a));
        }),
        [_, true, true] => Box::new(move |chunk| {
            let (width, a, b) = (chunk.width, chunk.scalar(a), chunk.scalar(b));
            chunk.write(destination, spare, [c], |cells, rows| {
                width.each_simple(cells, rows, move |[c]| select(c, a, b));
            });
        }),
        [_, true, false] => Box::new(move |chunk| {
            let (width, a) = (chunk.width, chunk.scalar(a));
            chunk.write(destination, spare, [c, b], |cells, rows| {
                width.each_simple(cells, rows, move |[c, b]| select(c, a, b));
            });
        }),
        [_, false, true] => Box::new(move |chunk| {
            let (width, b) = (chunk.width, chunk.scalar(b));
            chunk.write(destination, spare, [c, a], |cells, rows| {
                width.each_simple(cells, rows, move |[c, a]| select(c, a, b));
            });
        }),
        [_, false, false] => Box::new(move |chunk| {
            let width = chunk.width;
            chunk.write(destination, spare, [c, a, b], |cells, rows| {
                width.each_simple(cells, rows, |[c, a, b]| select(c, a, b));
            });
        }),
    }
}

/// A step that adds the product of two operands to a third one, with one rounding. At least one
/// operand must not be a scalar.
pub(super) fn fused(destination: Destination, spare: usize, [a, b, c]: [StepOperand; 3]) -> Step {
    // If a factor is a scalar, it comes first.
    let (a, b) = if is_scalar(b) { (b, a) } else { (a, b) };
    match [is_scalar(a), is_scalar(b), is_scalar(c)] {
        [true, true, _] => Box::new(move |chunk| {
            let (width, a, b) = (chunk.width, chunk.scalar(a), chunk.scalar(b));
            chunk.write(destination, spare, [c], |cells, rows| {
                width.each_simple(cells, rows, move |[c]| a.mul_add(b, c));
            });
        }),
        [true, false, true] => Box::new(move |chunk| {
            let (width, a, c) = (chunk.width, chunk.scalar(a), chunk.scalar(c));
            chunk.write(destination, spare, [b], |cells, rows| {
                width.each_simple(cells, rows, move |[b]| a.mul_add(b, c));
            });
        }),
        [true, false, false] => Box::new(move |chunk| {
            let (width, a) = (chunk.width, chunk.scalar(a));
            chunk.write(destination, spare, [b, c], |cells, rows| {
                width.each_simple(cells, rows, move |[b, c]| a.mul_add(b, c));
            });
        }),
        [false, _, true] => Box::new(move |chunk| {
            let (width, c) = (chunk.width, chunk.scalar(c));
            chunk.write(destination, spare, [a, b], |cells, rows| {
                width.each_simple(cells, rows, move |[a, b]| a.mul_add(b, c));
            });
        }),
        [false, _, false] => Box::new(move |chunk| {
            let width = chunk.width;
            chunk.write(destination, spare, [a, b, c], |cells, rows| {
                width.each_simple(cells, rows, |[a, b, c]| a.mul_add(b, c));
            });
        }),
    }
}
