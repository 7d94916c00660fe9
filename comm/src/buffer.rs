//! What is sent and received: slices, arrays, vectors and views of ndarray with any strides.

use std::borrow::Cow;

use ndarray::{ArrayBase, ArrayRef, Dimension, RawData};

use crate::data::Data;

/// Elements that can be sent: `[T]`, `[T; N]`, `Vec<T>`, `Box<[T]>` and arrays and views of ndarray.
///
/// The elements of an array go in the order of its indices, the last one fastest, whatever its strides. Where they do
/// not lie in this order in memory, they are copied first.
pub trait Buffer {
    /// The type of the elements.
    type Item: Data;

    /// The elements in their order.
    fn packed(&self) -> Cow<'_, [Self::Item]>;

    /// The number of elements.
    fn length(&self) -> usize;
}

/// Elements that can be received. Those of an array whose elements do not lie in order in memory arrive in a copy, and are
/// then put in their places: what lies between them is not touched.
pub trait BufferMut: Buffer {
    /// Calls `receive` with room for all elements, in their order, which holds the present ones.
    fn receive<R>(&mut self, receive: impl FnOnce(&mut [Self::Item]) -> R) -> R;
}

/// What is contiguous in memory.
macro_rules! contiguous {
    ($([$($parameters:tt)*] $type:ty),*) => {$(
        impl<T: Data, $($parameters)*> Buffer for $type {
            type Item = T;

            #[inline]
            fn packed(&self) -> Cow<'_, [T]> {
                Cow::Borrowed(&self[..])
            }

            #[inline]
            fn length(&self) -> usize {
                self.len()
            }
        }

        impl<T: Data, $($parameters)*> BufferMut for $type {
            #[inline]
            fn receive<R>(&mut self, receive: impl FnOnce(&mut [T]) -> R) -> R {
                receive(&mut self[..])
            }
        }
    )*};
}

contiguous!([] [T], [const N: usize] [T; N], [] Vec<T>, [] Box<[T]>);

impl<T: Data, D: Dimension> Buffer for ArrayRef<T, D> {
    type Item = T;

    fn packed(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(self.iter().copied().collect()),
        }
    }

    fn length(&self) -> usize {
        self.len()
    }
}

impl<T: Data, D: Dimension> BufferMut for ArrayRef<T, D> {
    fn receive<R>(&mut self, receive: impl FnOnce(&mut [T]) -> R) -> R {
        if let Some(slice) = self.as_slice_mut() {
            return receive(slice);
        }
        let mut packed: Vec<T> = self.iter().copied().collect();
        let result = receive(&mut packed);
        self.iter_mut().zip(packed).for_each(|(place, element)| *place = element);
        result
    }
}

impl<T: Data, S: ndarray::Data + RawData<Elem = T>, D: Dimension> Buffer for ArrayBase<S, D> {
    type Item = T;

    fn packed(&self) -> Cow<'_, [T]> {
        (**self).packed()
    }

    fn length(&self) -> usize {
        self.len()
    }
}

impl<T: Data, S: ndarray::DataMut + RawData<Elem = T>, D: Dimension> BufferMut for ArrayBase<S, D> {
    fn receive<R>(&mut self, receive: impl FnOnce(&mut [T]) -> R) -> R {
        (**self).receive(receive)
    }
}

/// Elements that an operation owns while it is under way, and gives back: `Vec<T>`, `Box<[T]>`, or nothing, `()`.
pub trait Owned: sealed::Sealed + Sized {
    /// The type of the elements.
    type Item: Data;

    #[doc(hidden)]
    fn into_vector(self) -> Vec<Self::Item>;

    #[doc(hidden)]
    fn from_vector(vector: Vec<Self::Item>) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for Vec<T> {}
    impl<T> Sealed for Box<[T]> {}
    impl Sealed for () {}
}

impl<T: Data> Owned for Vec<T> {
    type Item = T;

    fn into_vector(self) -> Vec<T> {
        self
    }

    fn from_vector(vector: Vec<T>) -> Self {
        vector
    }
}

impl<T: Data> Owned for Box<[T]> {
    type Item = T;

    fn into_vector(self) -> Vec<T> {
        self.into_vec()
    }

    fn from_vector(vector: Vec<T>) -> Self {
        vector.into()
    }
}

impl Owned for () {
    type Item = u8;

    fn into_vector(self) -> Vec<u8> {
        Vec::new()
    }

    fn from_vector(_: Vec<u8>) -> Self {}
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;

    #[test]
    fn elements_go_in_the_order_of_their_indices() {
        let a = Array2::from_shape_fn((2, 3), |(i, j)| 10 * i as i32 + j as i32);
        assert!(matches!(a.packed(), Cow::Borrowed(_)));
        assert_eq!(*a.packed(), [0, 1, 2, 10, 11, 12]);
        assert_eq!(*a.t().packed(), [0, 10, 1, 11, 2, 12]);
        assert_eq!(*a.slice(s![..;-1, ..;2]).packed(), [10, 12, 0, 2]);
        assert_eq!(a.slice(s![..;-1, ..;2]).length(), 4);
    }

    #[test]
    fn what_lies_between_is_not_touched() {
        let mut a = Array2::<i32>::zeros((2, 4));
        a.slice_mut(s![..;-1, ..;2]).receive(|room| room.copy_from_slice(&[1, 2, 3, 4]));
        assert_eq!(a, ndarray::array![[3, 0, 4, 0], [1, 0, 2, 0]]);
    }
}
