//! NumPy's file format, as far as reference results use it.

use std::path::Path;

/// Shape and numbers of an array of little-endian doubles in C order; complex numbers count as
/// two doubles, along a last axis of their own.
///
/// Format: numpy.lib.format, version 1.0.
///
/// # Panics
/// If the file cannot be read or holds anything else.
pub fn read_npy(path: &Path) -> (Vec<usize>, Vec<f64>) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{} is no npy file", path.display());
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length]).expect("a header in ASCII");
    let complex = header.contains("'descr': '<c16'");
    assert!(complex || header.contains("'descr': '<f8'"), "{header}");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape = header.split_once("'shape': (").expect("a shape").1;
    let shape = shape.split_once(')').expect("a shape").0;
    let numbers = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
    let mut shape: Vec<usize> = numbers.map(|n| n.parse().expect("a length")).collect();
    shape.extend(complex.then_some(2));
    let data = bytes[10 + length..].chunks_exact(8);
    let number = |b: &[u8]| f64::from_le_bytes(b.try_into().expect("eight bytes"));
    (shape, data.map(number).collect())
}
