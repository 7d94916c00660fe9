//! Arrays of NumPy in one file, a ZIP archive: `time`, the coordinates, fields [n, components…, cells…] and numbers [n].

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use fluxions_grid::Axis;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::state::{Content, Exported, append};
use crate::Component;
use crate::error::{Error, file};
use crate::series::free_name;

pub(super) fn write(content: &Content<'_>, path: &Path) -> Result<(), Error> {
    let failed = file(path, "write");
    let out = File::create(path).map_err(&failed)?;
    let zip = ZipWriter::new(BufWriter::new(out));
    let mut archive = Archive { zip, own: HashSet::new(), names: HashSet::new() };
    write_all(content, &mut archive, path)?;
    let finish = || archive.zip.finish()?.flush();
    finish().map_err(failed)
}

fn write_all(content: &Content<'_>, archive: &mut Archive, path: &Path) -> Result<(), Error> {
    let failed = file(path, "write");
    let axes = content.grid.axes();
    archive.reserve(content);
    archive.add("time", &content.times).map_err(&failed)?;
    for axis in axes {
        archive.add(axis.name(), &centres(axis)).map_err(&failed)?;
    }
    for (name, values) in &content.numbers {
        let name = archive.free(name);
        archive.add(&name, values).map_err(&failed)?;
    }
    for of in &content.fields {
        let cells = axes.iter().map(|axis| axis.cells());
        let shape = [content.snapshots.len()].into_iter().chain(of.field.component_shape());
        let shape: Vec<usize> = shape.chain(cells).collect();
        let name = archive.free(of.field.name());
        archive.begin(&name, kind(of), &shape).map_err(&failed)?;
        let mut bytes = Vec::new();
        for snapshot in &content.snapshots {
            for component in 0..of.field.components().len() {
                bytes.clear();
                let mut put = |x: f64| append(x, of.is_single, &mut bytes);
                match content.read(of, *snapshot, component)? {
                    Component::Real(values) => values.iter().for_each(|x| put(*x)),
                    Component::Complex(values) => values.iter().for_each(|z| {
                        put(z.re);
                        put(z.im);
                    }),
                }
                archive.zip.write_all(&bytes).map_err(&failed)?;
            }
        }
    }
    Ok(())
}

/// NumPy's name of a type of numbers.
fn kind(of: &Exported) -> &'static str {
    match (of.field.ty().complex, of.is_single) {
        (false, false) => "<f8",
        (false, true) => "<f4",
        (true, false) => "<c16",
        (true, true) => "<c8",
    }
}

fn centres(axis: &Axis) -> Vec<f64> {
    (0..axis.cells() as isize).map(|i| axis.centre(i)).collect()
}

/// An archive of arrays.
struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    /// The names of the time and the axes, and all that are taken.
    own: HashSet<String>,
    names: HashSet<String>,
}

impl Archive {
    /// Adds an array with one axis.
    fn add(&mut self, name: &str, values: &[f64]) -> io::Result<()> {
        self.begin(name, "<f8", &[values.len()])?;
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.zip.write_all(&bytes)
    }

    /// Keeps the names of the time, the axes, numbers and fields for these.
    fn reserve(&mut self, content: &Content<'_>) {
        let own = ["time".to_string()].into_iter().chain(content.grid.axis_names());
        self.own = own.collect();
        let numbers = content.numbers.iter().map(|(name, _)| name.clone());
        let fields = content.fields.iter().map(|of| of.field.name().to_string());
        self.names = self.own.iter().cloned().chain(numbers).chain(fields).collect();
    }

    /// The name of a number or field: its own, or with `_` behind it if that is the time's or an axis's.
    fn free(&mut self, wanted: &str) -> String {
        match self.own.contains(wanted) {
            true => free_name(&mut self.names, wanted),
            false => wanted.into(),
        }
    }

    /// Begins an array, of which the numbers follow.
    fn begin(&mut self, name: &str, kind: &str, shape: &[usize]) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        self.zip.start_file(format!("{name}.npy"), options)?;
        self.zip.write_all(&header(kind, shape))
    }
}

/// What comes before the numbers of an array. See "NPY format" in NumPy's documentation, numpy.lib.format, version 1.0.
fn header(kind: &str, shape: &[usize]) -> Vec<u8> {
    const BEFORE: usize = 10;
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut text =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", shape.trim_end());
    // The numbers begin at a multiple of 64 bytes.
    let padding = 63 - (BEFORE + text.len()) % 64;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_a_multiple_of_64_bytes() {
        for digits in 0..70 {
            let bytes = header("<c16", &[7, 10usize.pow(digits % 19), 3]);
            assert_eq!(bytes.len() % 64, 0);
            assert_eq!(bytes.last(), Some(&b'\n'));
            assert_eq!(usize::from(bytes[8]) + 256 * usize::from(bytes[9]) + 10, bytes.len());
        }
    }
}
