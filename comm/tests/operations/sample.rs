//! Values of every type that can be sent.

use std::fmt::Debug;

use fluxions_comm::Data;
use num_complex::Complex;

/// A type with some different values.
pub(crate) trait Sample: Data + PartialEq + Debug {
    fn sample(number: usize) -> Self;

    /// Some values, which depend on a number, and so many.
    fn samples(number: usize, length: usize) -> Vec<Self> {
        (0..length).map(|k| Self::sample(7 * number + k + 1)).collect()
    }
}

macro_rules! samples {
    ($($type:ty: $number:ident => $value:expr),* $(,)?) => {
        $(impl Sample for $type {
            fn sample($number: usize) -> Self {
                $value
            }
        })*
    };
}

samples!(
    i8: n => (n as i8).wrapping_sub(3),
    i16: n => (n as i16).wrapping_mul(-300),
    i32: n => (n as i32).wrapping_mul(70_001),
    i64: n => (n as i64).wrapping_mul(-(1 << 40)),
    i128: n => (n as i128).wrapping_mul(1 << 100),
    isize: n => -(n as isize),
    u8: n => (n as u8).wrapping_add(200),
    u16: n => (n as u16).wrapping_mul(1001),
    u32: n => u32::MAX - n as u32,
    u64: n => u64::MAX - n as u64,
    u128: n => u128::MAX - n as u128,
    usize: n => n,
    f32: n => 0.1 * n as f32,
    f64: n => -0.1 * n as f64,
    bool: n => n % 3 == 1,
    char: n => char::from_u32(0x3b1 + n as u32 % 20_000).unwrap(),
    Complex<f32>: n => Complex::new(n as f32, -0.5),
    Complex<f64>: n => Complex::new(0.1, n as f64),
    [i16; 3]: n => [n as i16, 2, 3],
    [f64; 2]: n => [n as f64, 0.1],
    Particle: n => Particle { position: [n as f64, 0.1, 0.2], charge: -(n as i32), kind: n as u32 },
    Phase: n => [Phase::Ice, Phase::Water, Phase::Steam][n % 3],
);

/// A struct of plain data.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Particle {
    position: [f64; 3],
    charge: i32,
    kind: u32,
}

/// An enum, of which not all bytes are values.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::NoUninit, bytemuck::CheckedBitPattern)]
#[repr(u8)]
pub(crate) enum Phase {
    Ice = 1,
    Water = 2,
    Steam = 4,
}

/// Calls a function for all types.
macro_rules! for_all_types {
    ($function:ident($($argument:expr),*)) => {
        crate::sample::for_types!($function($($argument),*);
            i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool, char,
            num_complex::Complex<f32>, num_complex::Complex<f64>, [i16; 3], [f64; 2],
            crate::sample::Particle, crate::sample::Phase)
    };
}
pub(crate) use for_all_types;

/// Calls a function for those of numba-mpi, one whose bytes are checked, and a struct.
macro_rules! for_some_types {
    ($function:ident($($argument:expr),*)) => {
        crate::sample::for_types!($function($($argument),*);
            u8, i32, i64, f64, num_complex::Complex<f32>, num_complex::Complex<f64>, bool,
            crate::sample::Particle)
    };
}
pub(crate) use for_some_types;

macro_rules! for_types {
    ($function:ident($argument:expr); $($type:ty),*) => {
        { $($function::<$type>($argument);)* }
    };
}
pub(crate) use for_types;
