//! Kernels as functions over ranges of rows: the interface of every back end, and the back end that
//! is always available, which consists of closures over chunks of a row.
//!
//! All arrays of a call lie in one memory and have the same pitch. The value in a cell does not
//! depend on how the range of cells is split, so every schedule gives the same bits.

mod backend;
mod chunk;
mod closures;
mod each;
#[cfg(feature = "inkwell")]
pub mod llvm;
mod rate;
mod step;
mod step_builder;

pub use backend::Backend;
pub use closures::Rows;

/// The arrays and numbers that a kernel works on.
pub struct Call<'a> {
    /// The memory in which all input and output arrays lie.
    pub memory: &'a mut [f64],
    /// The position in `memory` of the cell (0, 0, 0) of each input.
    pub inputs: &'a [usize],
    /// The position in `memory` of the cell (0, 0, 0) of each output.
    pub outputs: &'a [usize],
    /// The distances in `memory` between neighbouring cells along axis 0 and axis 1. Neighbours
    /// along axis 2 are adjacent.
    pub pitch: [usize; 2],
    /// The values of the kernel's parameters.
    pub parameters: &'a [f64],
    /// The kernel's profiles.
    pub profiles: &'a [Profile],
    /// How many numbers ahead in each array the cells lie that will be computed next, as a hint to
    /// prefetch them. It is 0 if there is nothing to prefetch.
    pub ahead: usize,
}

/// Numbers that depend on the index along one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The number at each index, beginning `before` cells below index 0.
    pub values: Vec<f64>,
    /// The number of values that belong to negative indices.
    pub before: usize,
}

impl Profile {
    /// The value at an index.
    #[inline]
    pub fn at(&self, index: isize) -> f64 {
        self.values[(index + self.before as isize) as usize]
    }

    /// The values from an index on.
    #[inline]
    fn from(&self, index: isize, length: usize) -> &[f64] {
        let start = (index + self.before as isize) as usize;
        &self.values[start..start + length]
    }
}

/// A half-open range of cells: the first index along each axis, and one past the last index.
/// Negative indices are those of ghost cells.
pub type Cells = [(isize, isize); 3];

/// A kernel compiled to native code.
pub trait RowFn: Send + Sync {
    /// Computes every output in every cell of the range. Returns whether all checked outputs are
    /// finite.
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool;

    /// Makes enough room in `scratch` for [`RowFn::run`] to allocate nothing.
    fn reserve(&self, scratch: &mut Scratch);

    /// The back end that has compiled the kernel.
    fn backend(&self) -> Backend;
}

/// Working memory of kernels. It should be kept from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    registers: Vec<Option<Box<chunk::Register>>>,
    scalars: Vec<f64>,
    /// The arguments of native functions, row by row.
    arguments: Vec<f64>,
    /// The positions of the inputs and outputs of a piece of a kernel.
    #[cfg(feature = "inkwell")]
    places: Vec<usize>,
    /// The addresses of the profiles during a call.
    #[cfg(feature = "inkwell")]
    addresses: Vec<usize>,
}
