//! Products and rearrangements of vectors and tensors, component by component.

use super::{ComplexValue, Parts};
use crate::builder::Builder;
use crate::math::Unary;
use crate::operator::{Product, Transform};
use crate::space::{Coordinates, Space};
use crate::types::Rank;

pub(super) fn product(
    product: Product,
    a: &Parts,
    b: &Parts,
    space: &Space,
    builder: &mut Builder,
) -> Parts {
    match product {
        Product::Dot => dot(a, b, space.dimension(), builder),
        Product::Outer => {
            let pairs = a.items.iter().flat_map(|x| b.items.iter().map(move |y| (*x, *y)));
            let items = pairs.map(|(x, y)| builder.times(x, y)).collect();
            Parts { rank: Rank::Tensor, items }
        }
        Product::Cross => cross(a, b, space, builder),
    }
}

/// Sums over the last index of a and the first index of b̄.
fn dot(a: &Parts, b: &Parts, n: usize, builder: &mut Builder) -> Parts {
    let (rows, columns) = (a.items.len() / n, b.items.len() / n);
    let mut items = Vec::new();
    for i in 0..rows {
        for j in 0..columns {
            let mut sum = ComplexValue::ZERO;
            for k in 0..n {
                let conjugate = builder.conjugate(b.items[k * columns + j]);
                let term = builder.times(a.items[i * n + k], conjugate);
                sum = builder.sum(sum, term);
            }
            items.push(sum);
        }
    }
    let rank = match items.len() {
        _ if a.rank == Rank::Vector && b.rank == Rank::Vector => Rank::Scalar,
        _ if a.rank == Rank::Tensor && b.rank == Rank::Tensor => Rank::Tensor,
        _ => Rank::Vector,
    };
    Parts { rank, items }
}

fn cross(a: &Parts, b: &Parts, space: &Space, builder: &mut Builder) -> Parts {
    let mut pair = |i: usize, j: usize| {
        let first = builder.times(a.items[i], b.items[j]);
        let second = builder.times(a.items[j], b.items[i]);
        builder.difference(first, second)
    };
    if space.dimension() == 2 {
        return Parts::scalar(pair(0, 1));
    }
    let items = match space.coordinates {
        // The order (r, z, φ) is left-handed.
        Coordinates::Cylindrical => vec![pair(2, 1), pair(0, 2), pair(1, 0)],
        _ => vec![pair(1, 2), pair(2, 0), pair(0, 1)],
    };
    Parts { rank: Rank::Vector, items }
}

pub(super) fn transform(
    transform: Transform,
    of: &Parts,
    n: usize,
    builder: &mut Builder,
) -> Parts {
    match transform {
        Transform::Transpose => {
            let swapped = (0..n).flat_map(|i| (0..n).map(move |j| j * n + i));
            Parts { rank: of.rank, items: swapped.map(|k| of.items[k]).collect() }
        }
        Transform::Trace => {
            let diagonal = (0..n).map(|i| of.items[i * n + i]);
            let sum = diagonal.reduce(|sum, item| builder.sum(sum, item));
            Parts::scalar(sum.unwrap_or_default())
        }
        Transform::Norm => {
            let squares: Vec<_> =
                of.items.iter().map(|item| builder.magnitude_squared(*item)).collect();
            let sum = squares.into_iter().reduce(|sum, square| builder.sum(sum, square));
            let sum = builder.part(sum.and_then(|sum| sum.re));
            Parts::real(builder.unary(Unary::Sqrt, sum))
        }
    }
}
