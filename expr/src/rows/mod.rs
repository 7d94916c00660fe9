//! Kernels as functions over ranges of rows: the interface of every back end, and the one that
//! is always there, closures over chunks of a row.
//!
//! All arrays of a call live in one memory with one pitch. The value in a cell does not depend on
//! how the range of cells is cut, so that any schedule gives the same bits.

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
    /// Where all input and output arrays lie.
    pub memory: &'a mut [f64],
    /// For each input the position in `memory` of its cell (0, 0, 0).
    pub inputs: &'a [usize],
    /// For each output the position in `memory` of its cell (0, 0, 0).
    pub outputs: &'a [usize],
    /// Distance in `memory` between cells that are neighbours along axis 0 and axis 1; along
    /// axis 2 they are adjacent.
    pub pitch: [usize; 2],
    /// The values of the kernel's parameters.
    pub parameters: &'a [f64],
    /// The kernel's profiles.
    pub profiles: &'a [Profile],
    /// How many numbers further on in each array lies what will be computed next, if it is far away
    /// in memory: a hint to fetch it in time; 0 for none.
    pub ahead: usize,
}

/// Numbers that depend on the index along one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The number at each index, beginning `before` cells below index 0.
    pub values: Vec<f64>,
    /// How many of the values belong to negative indices.
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

/// A half-open range of cells: first and one past the last index along each axis. Negative
/// indices are ghost cells.
pub type Cells = [(isize, isize); 3];

/// A kernel compiled to native code.
pub trait RowFn: Send + Sync {
    /// Computes every output in every cell of the range, and tells whether all checked outputs are
    /// finite.
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool;

    /// Makes room in `scratch`, so that [`RowFn::run`] need not.
    fn reserve(&self, scratch: &mut Scratch);

    /// What has made it.
    fn backend(&self) -> Backend;
}

/// Working memory of kernels, to be kept from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    registers: Vec<Option<Box<chunk::Register>>>,
    scalars: Vec<f64>,
    /// Arguments of native functions, row by row.
    arguments: Vec<f64>,
    /// Where profiles lie, during a call.
    #[cfg(feature = "inkwell")]
    addresses: Vec<usize>,
}
