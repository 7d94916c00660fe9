//! Courant numbers at the faces of cells, and densities in cells, as the kernels of a step read
//! them: from arrays, or computed where they are used.

use fluxions_expr::{Binary, Value};

use crate::plan::pass::PassBuilder;
use crate::plan::program::ArrayRef;
use crate::schemes::mpdata::courant_exprs::CourantExprs;

/// Is added to denominators, so that 0/0 becomes 0.
pub(crate) const TINY: f64 = 1e-15;

/// Where the Courant numbers of a step come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Storage {
    /// Computed wherever they are used.
    Computed,
    /// Stored once, without the factor that goes with the time step.
    Stored(Vec<usize>),
    /// Stored in every step.
    EachStep(Vec<usize>),
}

/// The Courant numbers with which some fields are advected, and the density G.
#[derive(Clone, Debug)]
pub(crate) struct CourantField<'a> {
    pub(crate) exprs: &'a CourantExprs<'a>,
    pub(crate) storage: Storage,
    /// The array of the density, where it is stored.
    pub(crate) density_array: Option<usize>,
    /// For each axis the parameter by which what is stored once or computed has to be multiplied.
    pub(crate) scales: Vec<usize>,
    /// The parameter that is the time step.
    pub(crate) whole_step: usize,
}

/// The offset of a cell along an axis.
pub(crate) fn step(axis: usize, cells: i32) -> [i32; 3] {
    let mut offset = [0; 3];
    offset[axis] = cells;
    offset
}

/// The sum of two offsets.
pub(crate) fn plus(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|k| a[k] + b[k])
}

impl CourantField<'_> {
    /// The axes, as they are numbered inside.
    pub(crate) fn axes(&self) -> &[usize] {
        &self.exprs.axes
    }

    /// The Courant number at the face of the cell at an offset.
    pub(crate) fn courant(&self, pass: &mut PassBuilder, k: usize, offset: [i32; 3]) -> Value {
        let bare = self.bare(pass, k, offset);
        let Some(scale) = self.scale(k) else { return bare };
        let scale = pass.builder.parameter(scale);
        pass.builder.binary(Binary::Multiply, bare, scale)
    }

    /// The Courant number at the face of the cell at an offset, before it is multiplied with its
    /// scale.
    pub(crate) fn bare(&self, pass: &mut PassBuilder, k: usize, offset: [i32; 3]) -> Value {
        let open = match &self.storage {
            Storage::EachStep(arrays) | Storage::Stored(arrays) => load(pass, arrays[k], offset),
            Storage::Computed => self.exprs.base(&mut pass.builder, k, offset),
        };
        match self.exprs.regions {
            Some(regions) => regions.at_face(pass, self.exprs.axes[k], offset, open),
            None => open,
        }
    }

    /// The parameter by which [`CourantField::bare`] has to be multiplied, if there is one.
    pub(crate) fn scale(&self, k: usize) -> Option<usize> {
        (!matches!(self.storage, Storage::EachStep(_))).then_some(self.scales[k])
    }

    /// The density in the cell at an offset; nothing where it is 1.
    pub(crate) fn density(&self, pass: &mut PassBuilder, offset: [i32; 3]) -> Option<Value> {
        if !self.exprs.has_density() {
            return None;
        }
        Some(match self.density_array {
            Some(array) => load(pass, array, offset),
            None => self.exprs.density_itself(&mut pass.builder, offset),
        })
    }

    /// The mean density of the two cells at a face.
    pub(crate) fn density_at_face(&self, pass: &mut PassBuilder, k: usize) -> Option<Value> {
        let right = self.density(pass, [0; 3])?;
        let left = self.density(pass, step(self.exprs.axes[k], -1))?;
        let b = &mut pass.builder;
        let (sum, half) = (b.binary(Binary::Add, left, right), b.constant(0.5));
        Some(b.binary(Binary::Multiply, half, sum))
    }
}

/// The number of a field in the cell at an offset, as the cell `from` beside it sees it.
pub(crate) fn load_seen(
    exprs: &CourantExprs,
    pass: &mut PassBuilder,
    array: usize,
    offset: [i32; 3],
    from: [i32; 3],
) -> Value {
    match exprs.regions {
        Some(regions) => regions.seen(pass, array, offset, from),
        None => load(pass, array, offset),
    }
}

/// The number that an array holds for the cell at an offset.
pub(crate) fn load(pass: &mut PassBuilder, array: usize, offset: [i32; 3]) -> Value {
    let input = pass.input(ArrayRef::Extra(array));
    pass.builder.load(input, offset)
}

/// The mean of the numbers in the two cells at a face.
pub(crate) fn mean_at_face(
    exprs: &CourantExprs,
    pass: &mut PassBuilder,
    array: usize,
    k: usize,
) -> Value {
    let right = load(pass, array, [0; 3]);
    let left = load(pass, array, step(exprs.axes[k], -1));
    let b = &mut pass.builder;
    let (sum, half) = (b.binary(Binary::Add, left, right), b.constant(0.5));
    b.binary(Binary::Multiply, half, sum)
}
