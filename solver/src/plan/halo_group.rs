//! Groups of halos that are filled together: those of the fields, of the external fields, and of
//! the quantities of a level.

use std::ops::Range;

use fluxions_expr::Type;
use fluxions_halo::HaloWidth;

use crate::plan::action::Slot;
use crate::plan::program::{ArrayRef, Program, Quantity};
use crate::system::pde::Pde;

/// Arrays whose halos are filled together.
#[derive(Clone, Debug)]
pub(crate) struct HaloGroup {
    pub(crate) arrays: Vec<ArrayRef>,
    /// The number of each array's boundary conditions.
    pub(crate) conditions: Vec<usize>,
    /// For each array those of the real and the imaginary part. For a real value, both are the
    /// array itself.
    pub(crate) partners: Vec<[ArrayRef; 2]>,
    pub(crate) width: HaloWidth,
    pub(crate) seen: SeenGhosts,
    /// If the arrays hold changes of others, those: for each array the one that changes, and its partners.
    /// Ghost cells then follow from the tangents of the conditions.
    pub(crate) around: Option<Vec<[Slot; 3]>>,
}

/// What is done with the ghost cells at walls where conditions see other fields: sweeps compute
/// them, after the halos of those fields are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeenGhosts {
    /// They mirror the cells within until then, so that there is a number everywhere.
    Mirrored,
    /// They are known, and stay as they are. What follows from them is filled: corners, and the
    /// halos of other blocks.
    Known,
}

impl HaloGroup {
    fn empty() -> Self {
        HaloGroup {
            arrays: Vec::new(),
            conditions: Vec::new(),
            partners: Vec::new(),
            width: HaloWidth::default(),
            seen: SeenGhosts::Mirrored,
            around: None,
        }
    }

    fn add(
        &mut self,
        array: ArrayRef,
        conditions: usize,
        partners: [ArrayRef; 2],
        width: HaloWidth,
    ) {
        if !width.is_empty() {
            self.arrays.push(array);
            self.conditions.push(conditions);
            self.partners.push(partners);
            self.width = self.width.union(&width);
        }
    }

    /// The largest number of cells, counted from a wall across this axis, that determine the ghost
    /// cells beyond it, over all arrays of the group.
    pub(crate) fn depth(&self, pde: &Pde, axis: usize) -> usize {
        let sets = self.conditions.iter().map(|set| pde.conditions().of_array(*set));
        let faces = sets.flat_map(|set| &set[axis]);
        let depth = faces.map(|face| face.depth).max().unwrap_or(1);
        // Further layers of ghost cells mirror further cells.
        depth.max(self.width.widest()[axis])
    }

    /// Whether there is a pole. Around a pole, ghost cells lie far from the cells that determine
    /// them.
    pub(crate) fn has_pole(&self, pde: &Pde) -> bool {
        self.conditions.iter().any(|set| pde.conditions().has_pole(*set))
    }

    /// The group that is filled again after sweeps have computed ghost cells, if these have corners.
    pub(crate) fn again(&self, pde: &Pde) -> Option<Self> {
        let faces = |set: &usize| pde.conditions().of_array(*set).iter().flatten();
        let sees = self.conditions.iter().flat_map(faces).any(|face| face.sees_others);
        let again = HaloGroup { seen: SeenGhosts::Known, ..self.clone() };
        (sees && self.width.corners).then_some(again)
    }

    fn unless_empty(self) -> Option<Self> {
        (!self.arrays.is_empty()).then_some(self)
    }
}

/// Makes each of these widths large enough for another one too.
pub(crate) fn widen(widths: &mut [HaloWidth], others: &[HaloWidth]) {
    for (width, other) in widths.iter_mut().zip(others) {
        *width = width.union(other);
    }
}

/// The numbers of a value that are the real and the imaginary part of the component to which number
/// `k` belongs. Both are `k` where the value is real.
pub(super) fn partners(ty: Type, k: usize) -> [usize; 2] {
    match ty.complex {
        true => [k & !1, k | 1],
        false => [k, k],
    }
}

impl<'a> Program<'a> {
    /// The halos of fields that may have changed since they were filled. Those of external fields
    /// are included only where a boundary condition changes with time.
    pub(crate) fn halo_of_fields(&self) -> Option<HaloGroup> {
        let n = self.pde.arrays();
        let conditions = self.pde.conditions();
        let differ = |array: usize, set: usize| array < n || conditions.change(set);
        let all = self.pde.fields().len() + self.pde.external().len();
        self.halos(0..all, |array| self.fields[array], differ)
    }

    /// The halos of external fields, which are filled once. `widths` gives the width for each
    /// array.
    pub(crate) fn halo_of_data(pde: &'a Pde, widths: &[HaloWidth]) -> Option<HaloGroup> {
        let first = pde.fields().len();
        let width = |array: usize| widths[array - pde.arrays()];
        Program::new(pde, &[]).halos(first..first + pde.external().len(), width, |_, _| true)
    }

    /// How wide the halos of each array of the external fields must be.
    pub(crate) fn data_widths(&self) -> &[HaloWidth] {
        &self.fields[self.pde.arrays()..]
    }

    /// The halos of these fields' arrays, as wide as `width` says of each, of those that `are_wanted`
    /// under their conditions.
    fn halos(
        &self,
        fields: Range<usize>,
        width: impl Fn(usize) -> HaloWidth,
        are_wanted: impl Fn(usize, usize) -> bool,
    ) -> Option<HaloGroup> {
        let pde = self.pde;
        let mut group = HaloGroup::empty();
        for field in fields {
            let (ty, arrays) = (pde.type_of_field(field), pde.arrays_of(field));
            let first = arrays.start;
            // Conditions given for everything need not fit an external field without a halo.
            for array in arrays.filter(|array| !width(*array).is_empty()) {
                let sets = pde.conditions().of_field(field, ty);
                let sets = sets.expect("a system's conditions fit what operators look at");
                let conditions = sets[array - first];
                if are_wanted(array, conditions) {
                    let pair = partners(ty, array - first).map(|k| ArrayRef::Field(first + k));
                    group.add(ArrayRef::Field(array), conditions, pair, width(array));
                }
            }
        }
        group.unless_empty()
    }

    /// The halos of the stored numbers of these quantities.
    pub(crate) fn halo_of(&self, quantities: &[usize]) -> Option<HaloGroup> {
        let mut group = HaloGroup::empty();
        for quantity in quantities {
            let Quantity { arrays, conditions, widths, expr, .. } = &self.quantities[*quantity];
            for k in 0..arrays.len() {
                let (Some(array), Some(width)) = (arrays[k], widths[k]) else { continue };
                // The other part is stored wherever the boundary conditions need it.
                let stored = |k: usize| ArrayRef::Quantity(arrays[k].unwrap_or(array));
                let pair = partners(expr.ty, k).map(stored);
                group.add(ArrayRef::Quantity(array), conditions[k], pair, width);
            }
        }
        group.unless_empty()
    }
}
