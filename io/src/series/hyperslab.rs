//! Writes a box of a dataset, alone or together with all MPI processes. This is the one place with
//! `unsafe` calls of HDF5, since the hdf5 crate always passes the default transfer list.

use hdf5::{Dataset, Dataspace, Hyperslab, SliceOrIndex};
use hdf5_sys::h5d::H5Dwrite;
use hdf5_sys::h5p::H5P_DEFAULT;

/// Writes numbers to the box of `dataset` that begins at `start` and has this shape: `bytes` are what the dataset stores. With
/// `together`, all MPI processes call this at the same time; a box may then be empty.
pub(crate) fn write(
    dataset: &Dataset,
    start: &[usize],
    shape: &[usize],
    bytes: &[u8],
    together: bool,
) -> hdf5::Result<()> {
    let count: usize = shape.iter().product();
    let datatype = dataset.dtype()?;
    assert_eq!(bytes.len(), count * datatype.size(), "a box and its numbers");
    let along = |(start, count): (&usize, &usize)| SliceOrIndex::SliceCount {
        start: *start,
        step: 1,
        count: *count,
        block: 1,
    };
    let slab = Hyperslab::from(start.iter().zip(shape).map(along).collect::<Vec<_>>());
    let file = dataset.space()?.select(slab)?;
    let memory = Dataspace::try_new([count])?;
    let transfer = transfer::List::new(together)?;
    let status = hdf5::sync::sync(|| {
        // SAFETY: all handles are alive; the memory space counts the numbers of the slice, which has as many bytes as
        // they take in this datatype.
        unsafe {
            H5Dwrite(
                dataset.id(),
                datatype.id(),
                memory.id(),
                file.id(),
                transfer.id(),
                bytes.as_ptr().cast(),
            )
        }
    });
    if status >= 0 { Ok(()) } else { Err(hdf5::Error::query()?) }
}

mod transfer {
    use super::H5P_DEFAULT;

    /// How data are transferred: a property list of HDF5.
    pub(super) struct List(hdf5_sys::h5i::hid_t);

    impl List {
        #[cfg(not(feature = "mpi"))]
        pub(super) fn new(_together: bool) -> hdf5::Result<Self> {
            Ok(List(H5P_DEFAULT))
        }

        #[cfg(feature = "mpi")]
        pub(super) fn new(together: bool) -> hdf5::Result<Self> {
            use hdf5_sys::h5p::H5FD_mpio_xfer_t::H5FD_MPIO_COLLECTIVE;
            use hdf5_sys::h5p::{H5Pcreate, H5Pset_dxpl_mpio};

            if !together {
                return Ok(List(H5P_DEFAULT));
            }
            let class = *hdf5::globals::H5P_DATASET_XFER;
            let (list, status) = hdf5::sync::sync(|| {
                // SAFETY: the class is one of HDF5's own; the new list is used only if it was made.
                unsafe {
                    let list = H5Pcreate(class);
                    (list, H5Pset_dxpl_mpio(list, H5FD_MPIO_COLLECTIVE))
                }
            });
            if list < 0 || status < 0 {
                return Err("no property list for collective transfer".into());
            }
            Ok(List(list))
        }

        pub(super) fn id(&self) -> hdf5_sys::h5i::hid_t {
            self.0
        }
    }

    impl Drop for List {
        fn drop(&mut self) {
            if self.0 != H5P_DEFAULT {
                // SAFETY: the list was made by `new` and is not used again.
                hdf5::sync::sync(|| unsafe { hdf5_sys::h5p::H5Pclose(self.0) });
            }
        }
    }
}
