//! Texts of attributes that end with a NUL, as HDF5 wants those of dimension scales. The hdf5 crate pads texts of fixed
//! length without an end, so one call of HDF5 is made here.

use hdf5::types::{FixedAscii, TypeDescriptor};
use hdf5::{Dataset, Datatype};
use hdf5_sys::h5t::{H5T_str_t::H5T_STR_NULLTERM, H5Tset_strpad};

/// The bytes of a text with its end: as many as "DIMENSION_SCALE" must have.
const LENGTH: usize = 16;

/// Adds an attribute with a text of ASCII, cut to 15 letters.
pub(crate) fn write(dataset: &Dataset, name: &str, text: &str) -> hdf5::Result<()> {
    let datatype = Datatype::from_descriptor(&TypeDescriptor::FixedAscii(LENGTH))?;
    let status = hdf5::sync::sync(|| {
        // SAFETY: the datatype is alive, and a copy that HDF5 has made for us.
        unsafe { H5Tset_strpad(datatype.id(), H5T_STR_NULLTERM) }
    });
    if status < 0 {
        return Err(hdf5::Error::query()?);
    }
    let text = text.get(..text.len().min(LENGTH - 1)).unwrap_or_default();
    let text = FixedAscii::<LENGTH>::from_ascii(text).unwrap_or_default();
    dataset.new_attr_builder().empty_as(&datatype).create(name)?.write_scalar(&text)
}
