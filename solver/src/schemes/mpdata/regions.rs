//! Regions through whose surface an advected field does not flow.
//!
//! Through a face between two regions nothing flows: its Courant number is 0, and with it every
//! correction. In sums over cells around a face, or around a cell, a cell of another region counts
//! like the one next to it on this side, so that what is on the other side has no effect.

use fluxions_expr::{Binary, Value};

use crate::plan::pass::PassBuilder;
use crate::plan::program::ArrayRef;
use crate::schemes::mpdata::courant_field::{plus, step};
use crate::system::pde::Pde;
use crate::system::transport::advected::Advected;

/// The regions by which an advected field is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClosedRegions {
    /// The array whose numbers tell the regions of cells.
    array: usize,
}

impl ClosedRegions {
    /// The regions by which a field is closed, if there are any.
    pub(crate) fn of(pde: &Pde, advected: &Advected) -> Option<Self> {
        let mask = pde.symbols().mask_of(advected.field)?;
        Some(ClosedRegions { array: pde.arrays_of(mask).start })
    }

    /// A number at the face of the cell at an offset towards lower coordinates, or 0 where it lies
    /// between two regions.
    pub(crate) fn at_face(
        self,
        pass: &mut PassBuilder,
        axis: usize,
        offset: [i32; 3],
        value: Value,
    ) -> Value {
        let same = self.same(pass, offset, plus(offset, step(axis, -1)));
        let zero = pass.builder.constant(0.0);
        pass.builder.select(same, value, zero)
    }

    /// The number that an array holds in the cell at an offset, as it is seen from a cell beside it:
    /// that cell's own number if it is of another region.
    pub(crate) fn seen(
        self,
        pass: &mut PassBuilder,
        array: usize,
        offset: [i32; 3],
        from: [i32; 3],
    ) -> Value {
        let input = pass.input(ArrayRef::Extra(array));
        let there = pass.builder.load(input, offset);
        if offset == from {
            return there;
        }
        let same = self.same(pass, offset, from);
        let here = pass.builder.load(input, from);
        pass.builder.select(same, there, here)
    }

    /// Whether two cells are of one region.
    fn same(self, pass: &mut PassBuilder, a: [i32; 3], b: [i32; 3]) -> Value {
        let input = pass.input(ArrayRef::Extra(self.array));
        let [a, b] = [a, b].map(|offset| pass.builder.load(input, offset));
        pass.builder.binary(Binary::Equal, a, b)
    }
}
