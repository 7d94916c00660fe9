//! Dimension scales: they say what the axes of a dataset are in the way that netCDF knows, and so xarray. See "HDF5
//! Dimension Scale Specification and Design Notes" of The HDF Group.
//!
//! A scale is a dataset of what stands along an axis.

use hdf5::types::VarLenArray;
use hdf5::{Dataset, File, H5Type, ObjectReference1};

use super::terminated;

/// A scale of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale(usize);

/// The scales of a file, and what they are attached to.
pub(crate) struct Scales<'f> {
    file: &'f File,
    all: Vec<(Dataset, ObjectReference1)>,
    uses: Vec<Vec<Use>>,
}

/// An axis of a dataset to which a scale is attached, as HDF5 notes it.
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Use {
    dataset: ObjectReference1,
    dimension: u32,
}

/// The most uses of a scale that are noted: an attribute has room for so many. Nobody needs them to read a file.
const NOTED: usize = 4000;

impl<'f> Scales<'f> {
    pub(crate) fn new(file: &'f File) -> Self {
        Scales { file, all: Vec::new(), uses: Vec::new() }
    }

    /// Makes a dataset with one axis a scale.
    pub(crate) fn add(&mut self, dataset: Dataset, path: &str) -> hdf5::Result<Scale> {
        let name = path.rsplit('/').next().unwrap_or(path);
        for (attribute, text) in [("CLASS", "DIMENSION_SCALE"), ("NAME", name)] {
            terminated::write(&dataset, attribute, text)?;
        }
        self.all.push((dataset, self.file.reference(path)?));
        self.uses.push(Vec::new());
        Ok(Scale(self.all.len() - 1))
    }

    /// Attaches a scale to each axis of a dataset.
    pub(crate) fn attach(
        &mut self,
        dataset: &Dataset,
        path: &str,
        scales: &[Scale],
    ) -> hdf5::Result<()> {
        let here = self.file.reference::<ObjectReference1>(path)?;
        let mut list = Vec::new();
        for (dimension, Scale(number)) in scales.iter().enumerate() {
            list.push(VarLenArray::from_slice(&[self.all[*number].1]));
            self.uses[*number].push(Use { dataset: here, dimension: dimension as u32 });
        }
        let attribute = dataset.new_attr::<VarLenArray<ObjectReference1>>().shape(list.len());
        attribute.create("DIMENSION_LIST")?.write_raw(&list)
    }

    /// Notes at the scales what they are attached to.
    pub(crate) fn finish(self) -> hdf5::Result<()> {
        for ((dataset, _), uses) in self.all.iter().zip(&self.uses) {
            if (1..=NOTED).contains(&uses.len()) {
                let attribute = dataset.new_attr::<Use>().shape(uses.len());
                attribute.create("REFERENCE_LIST")?.write_raw(uses)?;
            }
        }
        Ok(())
    }
}
