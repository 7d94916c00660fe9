//! Kernels that are written by hand, on arrays that they know by their numbers in the memory.

use crate::plan::action::Slot;
use crate::plan::pass::PassBuilder;
use crate::plan::program::{ArrayRef, Pass, Program};
use crate::system::pde::Pde;

/// The slots of arrays that kernels written by hand know by their numbers in the memory.
pub(crate) fn extra(reference: ArrayRef) -> Slot {
    match reference {
        ArrayRef::Extra(array) | ArrayRef::Field(array) | ArrayRef::Quantity(array) => {
            Slot::Array(array)
        }
        ArrayRef::Random(row) => Slot::Row(row),
    }
}

/// A kernel that is written by hand.
pub(crate) fn by_hand(pde: &Pde, write: impl FnOnce(&mut PassBuilder)) -> Pass {
    let mut program = Program::new(pde, &[]);
    let mut pass = PassBuilder::last(&mut program);
    write(&mut pass);
    pass.finish()
}
