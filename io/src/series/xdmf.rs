//! The description of a series for ParaView and VisIt: `series.xdmf`.
//!
//! A field is described as what it is: vectors as vectors, with three components as XDMF wants them, tensors component
//! by component. Each component is a hyperslab of a dataset of a segment. XDMF cannot look into compounds, so real and
//! imaginary parts are every other number of the bytes of a segment, past HDF5. Where HDF5 compresses them they are left
//! out.

use std::fmt::Write;
use std::path::Path;

use fluxions_expr::Rank;

use super::direct::first_number;
use super::mesh::corners;
use super::segment::{self, Places, SnapshotPlace};
use super::{Contents, Field};
use crate::error::Error;
use crate::folder::{RunFolder, Wait, write_whole};
use crate::unlocked::unlocked;

/// What describes a series. It remembers what it has found out, since a series only grows.
#[derive(Default)]
pub(crate) struct Description {
    /// For each segment the byte at which each field begins, where it is complex and lies in one piece.
    offsets: Vec<Vec<Option<u64>>>,
    /// The text of the snapshots that are described, and their number.
    text: String,
    described: usize,
}

impl Description {
    /// Replaces the description in a folder by one of the snapshots at these times.
    pub(crate) fn write(
        &mut self,
        folder: &RunFolder,
        contents: &Contents,
        (places, times): (Places, &[f64]),
        wait: Wait,
    ) -> Result<(), Error> {
        if contents.fields.iter().any(|field| field.ty().complex) {
            let segments = times.len().checked_sub(1).map_or(0, |last| places.of(last).segment + 1);
            for segment in self.offsets.len()..segments {
                let path = folder.path().join(segment::file(segment));
                self.offsets.push(offsets(&path, contents));
            }
        }
        for (index, time) in times.iter().enumerate().skip(self.described) {
            let text = self.describe(contents, places.of(index), *time);
            self.text.push_str(&text);
        }
        self.described = times.len();
        let text = format!(
            "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\">\n<Domain>\n\
             <Grid Name=\"series\" GridType=\"Collection\" CollectionType=\"Temporal\">\n{}\
             </Grid>\n</Domain>\n</Xdmf>\n",
            self.text
        );
        write_whole(&folder.xdmf(), text.as_bytes(), wait)
    }

    /// Describes the snapshot at a place.
    fn describe(&self, contents: &Contents, place: SnapshotPlace, time: f64) -> String {
        let grid = &contents.grid;
        let dimension = grid.dimension().max(2);
        let corners: Vec<String> =
            corners(grid)[..dimension].iter().map(usize::to_string).collect();
        let mut cells: Vec<String> =
            grid.axes().iter().map(|axis| axis.cells().to_string()).collect();
        cells.resize(dimension, "1".into());
        let (corners, cells) = (corners.join(" "), cells.join(" "));
        let points = match dimension {
            2 => format!("{corners} 1 3"),
            _ => format!("{corners} 3"),
        };
        let mut text = format!(
            "<Grid Name=\"cells\" GridType=\"Uniform\"><Time Value=\"{time:?}\"/>\n\
             <Topology TopologyType=\"{dimension}DSMesh\" Dimensions=\"{corners}\"/>\n\
             <Geometry GeometryType=\"XYZ\"><DataItem Format=\"HDF\" NumberType=\"Float\" \
             Precision=\"4\" Dimensions=\"{points}\">mesh.h5:/points</DataItem></Geometry>\n"
        );
        for (number, field) in contents.fields.iter().enumerate() {
            if !field.ty().complex {
                let item = |k| item(contents, place, field, k, &cells);
                attributes(&mut text, field, "", &cells, item);
                continue;
            }
            let Some(offset) = self.offsets[place.segment][number] else { continue };
            for (part, name) in [(0, "re "), (1, "im ")] {
                let item = |k| part_item(contents, (place, offset), (field, k), part, &cells);
                attributes(&mut text, field, name, &cells, item);
            }
        }
        text.push_str("</Grid>\n");
        text
    }
}

/// Where the complex fields of a segment begin, in bytes; nothing where that cannot be read.
fn offsets(path: &Path, contents: &Contents) -> Vec<Option<u64>> {
    let file = unlocked().open(path);
    let of = |field: &Field| {
        let file = file.as_ref().ok().filter(|_| field.ty().complex)?;
        file.dataset(&SnapshotPlace::dataset(field)).ok()?.offset()
    };
    contents.fields.iter().map(of).collect()
}

/// Describes a field of which `item` gives the components, under its name behind `prefix`.
fn attributes(
    text: &mut String,
    field: &Field,
    prefix: &str,
    cells: &str,
    item: impl Fn(usize) -> String,
) {
    let count = field.components().len();
    if field.ty().rank == Rank::Vector && count <= 3 {
        // What is missing of three components is 0.
        let zero = || {
            let first = item(0);
            format!(
                "<DataItem ItemType=\"Function\" Function=\"$0 * 0\" Dimensions=\"{cells}\">\
                 {first}</DataItem>"
            )
        };
        let all: String = (0..3).map(|k| if k < count { item(k) } else { zero() }).collect();
        let name = escaped(field.name());
        let _ = writeln!(
            text,
            "<Attribute Name=\"{prefix}{name}\" Center=\"Cell\" AttributeType=\"Vector\">\
             <DataItem ItemType=\"Function\" Function=\"JOIN($0, $1, $2)\" \
             Dimensions=\"{cells} 3\">{all}</DataItem></Attribute>"
        );
        return;
    }
    for (number, component) in field.components().iter().enumerate() {
        let (name, item) = (escaped(component), item(number));
        let _ = writeln!(
            text,
            "<Attribute Name=\"{prefix}{name}\" Center=\"Cell\" AttributeType=\"Scalar\">{item}\
             </Attribute>"
        );
    }
}

/// A component of a real field at a place: a part of a dataset.
fn item(
    contents: &Contents,
    place: SnapshotPlace,
    field: &Field,
    component: usize,
    cells: &str,
) -> String {
    let shape = [&[place.capacity], &*contents.shape(field)].concat();
    let indices = [&[place.slot], &*field.indices(component)].concat();
    let axes = shape.len() - indices.len();
    let start = joined(&[indices.clone(), vec![0; axes]].concat());
    let count = joined(&[vec![1; indices.len()], shape[indices.len()..].to_vec()].concat());
    let stride = joined(&vec![1; shape.len()]);
    let (rank, shape) = (shape.len(), joined(&shape));
    let (file, dataset) = (place.file(), escaped(&SnapshotPlace::dataset(field)));
    let bytes = contents.precision.bytes();
    format!(
        "<DataItem ItemType=\"HyperSlab\" Dimensions=\"{cells}\" NumberType=\"Float\" \
         Precision=\"{bytes}\"><DataItem Format=\"XML\" Dimensions=\"3 {rank}\">{start} {stride} {count}\
         </DataItem><DataItem Format=\"HDF\" NumberType=\"Float\" Precision=\"{bytes}\" \
         Dimensions=\"{shape}\">{file}:/{dataset}</DataItem></DataItem>"
    )
}

/// The real (0) or imaginary (1) part of a component of a complex field that begins at this byte of its segment: every other
/// number from there on.
fn part_item(
    contents: &Contents,
    (place, offset): (SnapshotPlace, u64),
    (field, component): (&Field, usize),
    part: usize,
    cells: &str,
) -> String {
    let bytes = contents.precision.bytes();
    let before = first_number(field, contents, place.slot, component);
    let seek = offset + before * 2 * bytes as u64;
    let (count, file) = (contents.grid.cells(), place.file());
    format!(
        "<DataItem ItemType=\"HyperSlab\" Dimensions=\"{cells}\" NumberType=\"Float\" \
         Precision=\"{bytes}\"><DataItem Format=\"XML\" Dimensions=\"3 2\">0 {part} 1 1 {count} 1\
         </DataItem><DataItem Format=\"Binary\" NumberType=\"Float\" Precision=\"{bytes}\" \
         Endian=\"Little\" Seek=\"{seek}\" Dimensions=\"{count} 2\">{file}</DataItem></DataItem>"
    )
}

fn joined(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}

/// A text in which nothing looks like markup.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
