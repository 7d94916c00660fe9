//! The description of a series for ParaView and VisIt: `series.xdmf`.
//!
//! A field is described as what it is: vectors as vectors, with three components as XDMF wants them, tensors component
//! by component. Each component is a hyperslab of a dataset of a segment. Complex fields are left out: XDMF cannot look
//! into compounds.

use std::fmt::Write;
use std::path::Path;

use fluxions_expr::Rank;

use super::mesh::corners;
use super::segment::{Places, SnapshotPlace};
use super::{Contents, Field};
use crate::error::Error;
use crate::folder::{Wait, write_whole};

/// Replaces the description by one of the snapshots at these times.
pub(crate) fn write(
    path: &Path,
    contents: &Contents,
    places: Places,
    times: &[f64],
    wait: Wait,
) -> Result<(), Error> {
    write_whole(path, describe(contents, places, times).as_bytes(), wait)
}

fn describe(contents: &Contents, places: Places, times: &[f64]) -> String {
    let grid = &contents.grid;
    let dimension = grid.dimension().max(2);
    let corners: Vec<String> = corners(grid)[..dimension].iter().map(usize::to_string).collect();
    let mut cells: Vec<String> = grid.axes().iter().map(|axis| axis.cells().to_string()).collect();
    cells.resize(dimension, "1".into());
    let (corners, cells) = (corners.join(" "), cells.join(" "));
    let points = match dimension {
        2 => format!("{corners} 1 3"),
        _ => format!("{corners} 3"),
    };
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\">\n<Domain>\n\
         <Grid Name=\"series\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
    );
    for (index, time) in times.iter().enumerate() {
        let place = places.of(index);
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "<Grid Name=\"cells\" GridType=\"Uniform\"><Time Value=\"{time:?}\"/>\n\
             <Topology TopologyType=\"{dimension}DSMesh\" Dimensions=\"{corners}\"/>\n\
             <Geometry GeometryType=\"XYZ\"><DataItem Format=\"HDF\" NumberType=\"Float\" \
             Precision=\"4\" Dimensions=\"{points}\">mesh.h5:/points</DataItem></Geometry>\n"
        );
        for field in contents.fields.iter().filter(|field| !field.ty().complex) {
            let item = |component| item(contents, place, field, component, &cells);
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
                let all: String =
                    (0..3).map(|k| if k < count { item(k) } else { zero() }).collect();
                let name = escaped(field.name());
                let _ = writeln!(
                    text,
                    "<Attribute Name=\"{name}\" Center=\"Cell\" AttributeType=\"Vector\">\
                     <DataItem ItemType=\"Function\" Function=\"JOIN($0, $1, $2)\" \
                     Dimensions=\"{cells} 3\">{all}</DataItem></Attribute>"
                );
                continue;
            }
            for (number, component) in field.components().iter().enumerate() {
                let (name, item) = (escaped(component), item(number));
                let _ = writeln!(
                    text,
                    "<Attribute Name=\"{name}\" Center=\"Cell\" AttributeType=\"Scalar\">{item}</Attribute>"
                );
            }
        }
        text.push_str("</Grid>\n");
    }
    text.push_str("</Grid>\n</Domain>\n</Xdmf>\n");
    text
}

/// A component of a field at a place: a part of a dataset.
fn item(
    contents: &Contents,
    place: SnapshotPlace,
    field: &Field,
    component: usize,
    cells: &str,
) -> String {
    let joined =
        |numbers: Vec<usize>| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    let shape = [&[place.capacity], &*contents.shape(field)].concat();
    let indices = [&[place.slot], &*field.indices(component)].concat();
    let axes = shape.len() - indices.len();
    let start = joined([indices.clone(), vec![0; axes]].concat());
    let count = joined([vec![1; indices.len()], shape[indices.len()..].to_vec()].concat());
    let stride = joined(vec![1; shape.len()]);
    let (rank, shape) = (shape.len(), joined(shape));
    let (file, dataset) = (place.file(), escaped(&SnapshotPlace::dataset(field)));
    let bytes = contents.precision.bytes();
    format!(
        "<DataItem ItemType=\"HyperSlab\" Dimensions=\"{cells}\" NumberType=\"Float\" \
         Precision=\"{bytes}\"><DataItem Format=\"XML\" Dimensions=\"3 {rank}\">{start} {stride} {count}\
         </DataItem><DataItem Format=\"HDF\" NumberType=\"Float\" Precision=\"{bytes}\" \
         Dimensions=\"{shape}\">{file}:/{dataset}</DataItem></DataItem>"
    )
}

/// A text in which nothing looks like markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
