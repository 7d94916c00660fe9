//! How the elements of all ranks are combined.

use std::ops::{BitAnd as _, BitOr as _, BitXor as _};

use num_complex::Complex;

#[cfg(feature = "mpi")]
use crate::data::Data;

/// What makes one element of two. It has to be associative.
///
/// The predefined ones have the names of MPI: [`Sum`], [`Prod`], [`Min`], [`Max`], [`And`], [`Or`], [`Xor`] (logical),
/// [`BitAnd`], [`BitOr`], [`BitXor`], [`MinLoc`], [`MaxLoc`]. A function of two elements is one, too; the types of its
/// arguments have to be written:
///
/// ```
/// use fluxions_comm::{Error, Sum, threads};
///
/// let found = threads::run(3, |world| {
///     let mut most = [world.rank() as f64, -1.0];
///     world.allreduce(&mut most, |a: f64, b: f64| if a.abs() > b.abs() { a } else { b })?;
///     let mut sum = [world.rank() as u8; 2];
///     world.allreduce(&mut sum, Sum)?;
///     Ok::<_, Error>((most, sum))
/// })?;
/// assert_eq!(found, [([2.0, -1.0], [3, 3]); 3]);
/// # Ok::<(), Error>(())
/// ```
///
/// Elements are combined in the order of the ranks, from the left: ((a₀ ∘ a₁) ∘ a₂) ∘ … . So results are the same on all
/// ranks and in every run with this number of ranks, and operators need not be commutative. Sums and products of floats
/// depend on the number of ranks, since they round; [`World::sum`](crate::World::sum) does not. Integers wrap around. The minimum and
/// the maximum of floats are NaN if one of them is, and −0 is below +0.
pub trait Operator<T> {
    /// Combines the element of lower ranks with that of the next rank.
    fn apply(&self, lower: T, next: T) -> T;

    /// MPI's own operator that does the same.
    #[doc(hidden)]
    fn native(&self) -> Option<Native> {
        None
    }
}

impl<T, F: Fn(T, T) -> T> Operator<T> for F {
    #[inline]
    fn apply(&self, lower: T, next: T) -> T {
        self(lower, next)
    }
}

/// MPI's own operators.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native {
    /// With the same bits in any order.
    Exact(BuiltIn),
    /// With the same bits for two elements only.
    OfTwo(BuiltIn),
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    Sum,
    Prod,
    Min,
    Max,
    And,
    Or,
    Xor,
    BitAnd,
    BitOr,
    BitXor,
}

/// The sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum;
/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prod;
/// The smallest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Min;
/// The largest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Max;
/// Whether all are true. Integers other than 0 are true, and the result is 1 or 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct And;
/// Whether any is true.
#[derive(Clone, Copy, Debug, Default)]
pub struct Or;
/// Whether an odd number of them is true.
#[derive(Clone, Copy, Debug, Default)]
pub struct Xor;
/// The bits that all have.
#[derive(Clone, Copy, Debug, Default)]
pub struct BitAnd;
/// The bits that any has.
#[derive(Clone, Copy, Debug, Default)]
pub struct BitOr;
/// The bits that an odd number of them has.
#[derive(Clone, Copy, Debug, Default)]
pub struct BitXor;
/// Of pairs `[value, place]`, as those of Fortran's MPI_2REAL, the one with the smallest value; of several, that with the
/// smallest place.
///
/// ```
/// use fluxions_comm::{Error, MinLoc, threads};
///
/// let coldest = threads::run(3, |world| {
///     let mut pair = [[[5.0, -1.0, -1.0][world.rank()], world.rank() as f64]];
///     world.allreduce(&mut pair, MinLoc)?;
///     Ok::<_, Error>(pair[0])
/// })?;
/// assert_eq!(coldest, [[-1.0, 1.0]; 3]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MinLoc;
/// Of pairs `[value, place]` the one with the largest value; of several, that with the smallest place.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaxLoc;

macro_rules! operator {
    ($operator:ident, $native:ident, $apply:expr; $($type:ty),*) => {$(
        impl Operator<$type> for $operator {
            #[inline]
            fn apply(&self, lower: $type, next: $type) -> $type {
                let apply: fn($type, $type) -> $type = $apply;
                apply(lower, next)
            }

            fn native(&self) -> Option<Native> {
                native(Native::$native(BuiltIn::$operator), size_of::<$type>())
            }
        }
    )*};
}

/// Integers of 16 bytes are unknown to MPI.
fn native(native: Native, size: usize) -> Option<Native> {
    (size < 16).then_some(native)
}

macro_rules! integers {
    ($($type:ty),*) => {
        operator!(Sum, Exact, |a, b| a.wrapping_add(b); $($type),*);
        operator!(Prod, Exact, |a, b| a.wrapping_mul(b); $($type),*);
        operator!(Min, Exact, |a, b| a.min(b); $($type),*);
        operator!(Max, Exact, |a, b| a.max(b); $($type),*);
        operator!(And, Exact, |a, b| (a != 0 && b != 0).into(); $($type),*);
        operator!(Or, Exact, |a, b| (a != 0 || b != 0).into(); $($type),*);
        operator!(Xor, Exact, |a, b| ((a != 0) != (b != 0)).into(); $($type),*);
        operator!(BitAnd, Exact, |a, b| a.bitand(b); $($type),*);
        operator!(BitOr, Exact, |a, b| a.bitor(b); $($type),*);
        operator!(BitXor, Exact, |a, b| a.bitxor(b); $($type),*);
        pairs!($($type),*);
    };
}

macro_rules! pairs {
    ($($type:ty),*) => {$(
        impl Operator<[$type; 2]> for MinLoc {
            #[inline]
            fn apply(&self, lower: [$type; 2], next: [$type; 2]) -> [$type; 2] {
                better(lower, next, |a, b| a < b)
            }
        }

        impl Operator<[$type; 2]> for MaxLoc {
            #[inline]
            fn apply(&self, lower: [$type; 2], next: [$type; 2]) -> [$type; 2] {
                better(lower, next, |a, b| a > b)
            }
        }
    )*};
}

/// The pair of the better value. NaN, which is unequal to itself, is better than all.
fn better<T: PartialOrd + Copy>(a: [T; 2], b: [T; 2], is_better: fn(T, T) -> bool) -> [T; 2] {
    #[allow(clippy::eq_op)]
    let is_nan = |x: T| x != x;
    let wins = match (is_nan(a[0]), is_nan(b[0])) {
        (false, false) if a[0] != b[0] => is_better(b[0], a[0]),
        (true, false) => false,
        (false, true) => true,
        _ => b[1] < a[1],
    };
    if wins { b } else { a }
}

macro_rules! floats {
    ($($type:ty),*) => {
        operator!(Sum, OfTwo, |a, b| a + b; $($type),*);
        operator!(Prod, OfTwo, |a, b| a * b; $($type),*);
        $(
            impl Operator<$type> for Min {
                #[inline]
                fn apply(&self, a: $type, b: $type) -> $type {
                    if a.is_nan() || (!b.is_nan() && a.total_cmp(&b).is_le()) { a } else { b }
                }
            }

            impl Operator<$type> for Max {
                #[inline]
                fn apply(&self, a: $type, b: $type) -> $type {
                    if a.is_nan() || (!b.is_nan() && a.total_cmp(&b).is_ge()) { a } else { b }
                }
            }
        )*
        pairs!($($type),*);
    };
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
floats!(f32, f64);
operator!(And, Exact, |a, b| a && b; bool);
operator!(Or, Exact, |a, b| a || b; bool);
operator!(Xor, Exact, |a, b| a != b; bool);

impl<T: Copy + num_complex::ComplexFloat> Operator<Complex<T>> for Sum
where
    Complex<T>: std::ops::Add<Output = Complex<T>>,
{
    #[inline]
    fn apply(&self, lower: Complex<T>, next: Complex<T>) -> Complex<T> {
        lower + next
    }
}

impl<T: Copy + num_complex::ComplexFloat> Operator<Complex<T>> for Prod
where
    Complex<T>: std::ops::Mul<Output = Complex<T>>,
{
    #[inline]
    fn apply(&self, lower: Complex<T>, next: Complex<T>) -> Complex<T> {
        lower * next
    }
}

/// Combines lists of `length` elements, one after the other in `lists`, into the first of them.
#[cfg(feature = "mpi")]
pub(crate) fn fold<T: Data>(
    lists: &[T],
    length: usize,
    operator: &impl Operator<T>,
    into: &mut [T],
) {
    let mut lists = lists.chunks_exact(length.max(1));
    if let Some(first) = lists.next() {
        into.copy_from_slice(first);
    }
    for next in lists {
        into.iter_mut().zip(next).for_each(|(a, b)| *a = operator.apply(*a, *b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T>(operator: impl Operator<T>, a: T, b: T) -> T {
        operator.apply(a, b)
    }

    #[test]
    fn extremes_of_floats_know_nan_and_signed_zeros() {
        assert!(of(Min, f64::NAN, 1.0).is_nan() && of(Max, 1.0, f64::NAN).is_nan());
        assert_eq!(of(Min, 0.0f64, -0.0).to_bits(), (-0.0f64).to_bits());
        assert_eq!(of(Max, -0.0f32, 0.0).to_bits(), 0.0f32.to_bits());
        assert_eq!((of(Min, 2.0, -3.0), of(Max, 2.0, -3.0)), (-3.0, 2.0));
    }

    #[test]
    fn logic_takes_numbers_for_truth() {
        assert_eq!((of(And, 7i32, 8), of(Or, 0u8, 0), of(Xor, 3i64, 0)), (1, 0, 1));
        assert_eq!((of(BitAnd, 6u8, 3), of(BitOr, 6u8, 3), of(BitXor, 6u8, 3)), (2, 7, 5));
        assert!(of(Xor, true, false) && !of(And, true, false) && of(Or, true, false));
    }

    #[test]
    fn places_of_extremes() {
        assert_eq!(of(MinLoc, [1.0, 2.0], [1.0, 0.0]), [1.0, 0.0]);
        assert_eq!(of(MaxLoc, [1, 2], [5, 9]), [5, 9]);
        assert_eq!(of(MinLoc, [1.0, 0.0], [f64::NAN, 1.0])[1], 1.0);
    }

    #[test]
    fn integers_wrap_around() {
        assert_eq!((of(Sum, u8::MAX, 2), of(Prod, i128::MAX, 2)), (1, -2));
    }
}
