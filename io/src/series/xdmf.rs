//! The description of a series for ParaView and VisIt: `series.xdmf`.
//!
//! Each component of a vector or tensor is described as a scalar. Complex fields are left out:
//! XDMF cannot look into compounds.

use std::fmt::Write;
use std::path::Path;

use super::Contents;
use super::mesh::corners;
use super::segment::SnapshotPlace;
use crate::error::Error;
use crate::folder::write_whole;
use crate::problem::Precision;

/// Replaces the description by one of the snapshots at these times.
pub(crate) fn write(path: &Path, contents: &Contents, times: &[f64]) -> Result<(), Error> {
    write_whole(path, describe(contents, times).as_bytes())
}

fn describe(contents: &Contents, times: &[f64]) -> String {
    let grid = &contents.grid;
    let dimension = grid.dimension().max(2);
    let corners: Vec<String> = corners(grid)[..dimension].iter().map(usize::to_string).collect();
    let mut cells: Vec<String> = grid.axes().iter().map(|axis| axis.cells().to_string()).collect();
    cells.resize(dimension, "1".into());
    let (corners, cells) = (corners.join(" "), cells.join(" "));
    let bytes = match contents.precision {
        Precision::F64 => 8,
        Precision::F32 => 4,
    };
    let points = match dimension {
        2 => format!("{corners} 1 3"),
        _ => format!("{corners} 3"),
    };
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<Xdmf Version=\"2.0\">\n<Domain>\n\
         <Grid Name=\"series\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
    );
    for (index, time) in times.iter().enumerate() {
        let place = SnapshotPlace::of(index);
        let file = place.file();
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "<Grid Name=\"cells\" GridType=\"Uniform\"><Time Value=\"{time:?}\"/>\n\
             <Topology TopologyType=\"{dimension}DSMesh\" Dimensions=\"{corners}\"/>\n\
             <Geometry GeometryType=\"XYZ\"><DataItem Format=\"HDF\" NumberType=\"Float\" \
             Precision=\"4\" Dimensions=\"{points}\">mesh.h5:/points</DataItem></Geometry>\n"
        );
        for field in contents.fields.iter().filter(|field| !field.ty().complex) {
            for component in field.components() {
                let name = escaped(&component);
                let dataset = escaped(&place.single(field, &component));
                let _ = writeln!(
                    text,
                    "<Attribute Name=\"{name}\" Center=\"Cell\" AttributeType=\"Scalar\">\
                     <DataItem Format=\"HDF\" NumberType=\"Float\" Precision=\"{bytes}\" \
                     Dimensions=\"{cells}\">{file}:/{dataset}</DataItem></Attribute>"
                );
            }
        }
        text.push_str("</Grid>\n");
    }
    text.push_str("</Grid>\n</Domain>\n</Xdmf>\n");
    text
}

/// A text in which nothing looks like markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
