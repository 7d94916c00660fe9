//! External data: values of cells that come from files, or from arrays of the program.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use fluxions_expr::Type;
use fluxions_grid::Grid;
use ndarray::{ArrayD, Slice};

/// Where values of cells come from. Every rank asks for its own block.
pub trait ExternalSource: fmt::Debug + Send + Sync {
    /// The type of the values.
    fn ty(&self) -> Type;

    /// Checks that there is a value for each cell of a grid.
    ///
    /// # Errors
    /// Why there is not.
    fn fits(&self, grid: &Grid) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _ = grid;
        Ok(())
    }

    /// One of the real numbers that a value is made of, in the order of [`Type::numbers`], in the
    /// cells of a block: `start` and `shape` along each named axis, the last axis fastest.
    ///
    /// # Errors
    /// Whatever makes it impossible to read them.
    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        number: usize,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>>;
}

/// Values on the whole grid.
#[derive(Clone, Debug)]
pub struct Values {
    /// Their type.
    pub ty: Type,
    /// One array for each of the numbers that a value is made of, with one axis for each named axis of
    /// the grid.
    pub arrays: Vec<ArrayD<f64>>,
}

impl From<ArrayD<f64>> for Values {
    fn from(values: ArrayD<f64>) -> Self {
        Values { ty: Type::REAL, arrays: vec![values] }
    }
}

impl ExternalSource for Values {
    fn ty(&self) -> Type {
        self.ty
    }

    fn fits(&self, grid: &Grid) -> Result<(), Box<dyn Error + Send + Sync>> {
        let wanted: Vec<usize> = grid.axes().iter().map(|axis| axis.cells()).collect();
        let count = self.ty.numbers(grid.components().len());
        if self.arrays.len() != count {
            let message = format!("{} arrays are given for {}", self.arrays.len(), self.ty);
            return Err(message.into());
        }
        match self.arrays.iter().find(|array| array.shape() != wanted) {
            Some(array) => {
                let found = array.shape();
                Err(format!("an array of {found:?} values is given for {wanted:?} cells").into())
            }
            None => Ok(()),
        }
    }

    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        number: usize,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let array = self.arrays.get(number).ok_or("too few arrays for the type of the field")?;
        let end: Vec<usize> = start.iter().zip(shape).map(|(s, n)| s + n).collect();
        let fits = array.ndim() == end.len() && array.shape().iter().zip(&end).all(|(n, e)| e <= n);
        if !fits {
            return Err(format!(
                "the array has the shape {:?}, not that of the grid",
                array.shape()
            )
            .into());
        }
        let part = array.slice_each_axis(|axis| {
            let k = axis.axis.index();
            Slice::from(start[k]..end[k])
        });
        Ok(part.iter().copied().collect())
    }
}

/// A field whose values come from outside and do not change.
#[derive(Clone, Debug)]
pub(crate) struct ExternalField {
    pub(crate) name: String,
    pub(crate) source: Arc<dyn ExternalSource>,
    /// Whether it tells regions.
    pub(crate) is_mask: bool,
}

impl ExternalField {
    pub(crate) fn ty(&self) -> Type {
        self.source.ty()
    }
}
