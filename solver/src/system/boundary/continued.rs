//! The conditions of quantities that go on beyond walls as those do of which they are made.

use fluxions_expr::{Expr, Parity};
use fluxions_grid::Condition;

use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::boundary::sets::Sets;
use crate::system::symbols::Symbols;

/// The ways in which an array goes on beyond an end of an axis, in the order of their numbers.
const WAYS: [Parity; 3] = [Parity::Even, Parity::Odd, Parity::Unknown];

/// The numbers of the conditions for every combination of ways at the ends of the axes.
#[derive(Clone, Debug)]
pub(crate) struct Continued {
    /// For real arrays, and for real and imaginary parts: the numbers, those of the last axis and of
    /// the upper ends next to each other.
    numbers: [Vec<usize>; 3],
    /// The number of combinations along each inner axis.
    along: [usize; 3],
}

impl Continued {
    /// The conditions on the grid of a system, which are added to its sets.
    pub(crate) fn new(symbols: &Symbols, sets: &mut Sets) -> Self {
        let grid = symbols.grid();
        let axes: [Vec<[Parity; 2]>; 3] = std::array::from_fn(|axis| match grid.inner_axis(axis) {
            None => vec![[Parity::Even; 2]],
            Some(axis) if axis.is_periodic() => WAYS.map(|way| [way; 2]).into(),
            Some(_) => WAYS.iter().flat_map(|low| WAYS.map(|high| [*low, high])).collect(),
        });
        let face = |axis: usize, way: Parity, imaginary: Option<bool>| {
            let zero = Expr::number(0.0);
            let joined = grid.inner_axis(axis).is_none_or(|axis| axis.is_periodic());
            let condition = match way {
                Parity::Unknown => Condition::Continued,
                Parity::Even if joined => Condition::Periodic,
                Parity::Odd if joined => Condition::Antiperiodic,
                Parity::Even => Condition::Derivative(zero),
                Parity::Odd => Condition::Value(zero),
            };
            let (imaginary, complex) = (imaginary == Some(true), imaginary.is_some());
            ArrayCondition::new(symbols, condition, 0, imaginary, complex)
        };
        let mut of = |imaginary: Option<bool>| {
            let mut numbers = Vec::new();
            for first in &axes[0] {
                for second in &axes[1] {
                    for third in &axes[2] {
                        let ends = [first, second, third];
                        let faces: FaceConditions = std::array::from_fn(|axis| {
                            ends[axis].map(|way| face(axis, way, imaginary))
                        });
                        numbers.push(sets.number(faces));
                    }
                }
            }
            numbers
        };
        let numbers = [None, Some(false), Some(true)].map(&mut of);
        Continued { numbers, along: axes.map(|ways| ways.len()) }
    }

    /// The number of the conditions of an array that goes on like this beyond the ends of each inner
    /// axis. `imaginary` says whether it is a part of a complex quantity, and which.
    pub(crate) fn number(&self, ends: &[[Parity; 2]; 3], imaginary: Option<bool>) -> usize {
        let mut place = 0;
        for (ends, ways) in ends.iter().zip(self.along) {
            let here = match ways {
                1 => 0,
                3 => ends[0] as usize,
                _ => 3 * ends[0] as usize + ends[1] as usize,
            };
            place = place * ways + here;
        }
        self.numbers[imaginary.map_or(0, |imaginary| 1 + usize::from(imaginary))][place]
    }
}
