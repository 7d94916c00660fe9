//! What netCDF and xarray see of an index: fields whose axes have names and coordinates.
//!
//! netCDF looks for the coordinates of a dataset in its group and in those above, xarray in its group alone. So coordinates
//! have a second name in the root of the file, and fields and numbers too.

use std::collections::{BTreeMap, HashSet};

use fluxions_expr::Rank;
use fluxions_grid::Grid;
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File};

use super::index::SOLVER;
use super::scales::{Scale, Scales};
use super::{Field, header};

/// What the root holds under names that are not those of fields.
const OWN: [&str; 6] = ["time", "coordinates", "fields", "numbers", "solver", "checksums"];

/// What is made for netCDF in a file.
pub(crate) struct NetcdfView<'f> {
    file: &'f File,
    /// The names in the root that are taken.
    taken: HashSet<String>,
    scales: Scales<'f>,
    time: Scale,
    /// Along each axis of the grid.
    cells: Vec<Scale>,
    /// Along the axes of components of each rank.
    components: BTreeMap<usize, Vec<Scale>>,
    /// Along the axes of so many checksums.
    checksums: BTreeMap<usize, Scale>,
}

impl<'f> NetcdfView<'f> {
    /// Writes `time` and the coordinates. `names` are those of fields and numbers.
    pub(crate) fn new<'n>(
        file: &'f File,
        grid: &Grid,
        times: &[f64],
        names: impl Iterator<Item = &'n str>,
    ) -> hdf5::Result<Self> {
        let mut scales = Scales::new(file);
        let time = write_numbers(file, "time", times)?;
        header::write_coordinate(&time, "time", Some("T"))?;
        let time = scales.add(time, "time")?;
        let mut cells = Vec::new();
        for axis in grid.axes() {
            let (name, path) = (axis.name(), format!("coordinates/{}", axis.name()));
            let centres: Vec<f64> = (0..axis.cells() as isize).map(|i| axis.centre(i)).collect();
            let centres = write_numbers(file, &path, &centres)?;
            let straight = ["x", "y", "z"].contains(&name).then(|| name.to_uppercase());
            header::write_coordinate(&centres, name, straight.as_deref())?;
            centres.new_attr::<f64>().shape(2).create("domain")?.write_raw(&axis.bounds())?;
            file.link_hard(&path, name)?;
            cells.push(scales.add(centres, name)?);
        }
        let own = OWN.map(String::from).into_iter().chain(grid.axis_names());
        let taken = own.chain(names.map(String::from)).collect();
        let (components, checksums) = (BTreeMap::new(), BTreeMap::new());
        Ok(NetcdfView { file, taken, scales, time, cells, components, checksums })
    }

    /// Shows an unknown without space, or what the solver did.
    pub(crate) fn add_number(
        &mut self,
        dataset: &Dataset,
        path: &str,
        name: &str,
    ) -> hdf5::Result<()> {
        self.scales.attach(dataset, path, &[self.time])?;
        match name.strip_prefix(SOLVER) {
            // Fields may have such names.
            Some(name) => {
                let second = free_name(&mut self.taken, &format!("solver_{name}"));
                self.file.link_hard(path, &second)
            }
            None => self.link(path, name),
        }
    }

    /// Shows a field.
    pub(crate) fn add_field(
        &mut self,
        dataset: &Dataset,
        path: &str,
        field: &Field,
    ) -> hdf5::Result<()> {
        let components = self.components(field)?;
        let axes = [&[self.time], &*components, &*self.cells].concat();
        self.scales.attach(dataset, path, &axes)?;
        header::put(dataset, "long_name", field.name())?;
        self.link(path, field.name())
    }

    /// Names the axes of the checksums of a field.
    pub(crate) fn add_checksums(
        &mut self,
        dataset: &Dataset,
        path: &str,
        field: &Field,
    ) -> hdf5::Result<()> {
        let count = field.components().len();
        let scale = match self.checksums.get(&count) {
            Some(scale) => *scale,
            None => {
                let path = format!(
                    "checksums/{}",
                    free_name(&mut self.taken, &format!("components_{count}"))
                );
                let numbers = self.file.new_dataset::<u64>().shape(count).create(path.as_str())?;
                numbers.write_raw(&(0..count as u64).collect::<Vec<_>>())?;
                let scale = self.scales.add(numbers, &path)?;
                *self.checksums.entry(count).or_insert(scale)
            }
        };
        self.scales.attach(dataset, path, &[self.time, scale])
    }

    /// Writes what can be written when all is known.
    pub(crate) fn finish(self) -> hdf5::Result<()> {
        self.scales.finish()
    }

    /// Gives a dataset its second name.
    fn link(&mut self, path: &str, name: &str) -> hdf5::Result<()> {
        let second =
            if OWN.contains(&name) { free_name(&mut self.taken, name) } else { name.into() };
        self.file.link_hard(path, &second)
    }

    /// The scales along the axes of components of a field, with the names of the directions.
    fn components(&mut self, field: &Field) -> hdf5::Result<Vec<Scale>> {
        let names: &[&str] = match field.ty().rank {
            Rank::Scalar => return Ok(Vec::new()),
            Rank::Vector => &["component"],
            Rank::Tensor => &["row", "column"],
        };
        if let Some(known) = self.components.get(&names.len()) {
            return Ok(known.clone());
        }
        let mut made = Vec::new();
        for name in names {
            let name = free_name(&mut self.taken, name);
            let texts: Vec<_> =
                field.directions().iter().map(|text| header::unicode(text)).collect();
            let dataset = self.file.new_dataset::<VarLenUnicode>().shape(texts.len());
            let dataset = dataset.create(name.as_str())?;
            dataset.write_raw(&texts)?;
            made.push(self.scales.add(dataset, &name)?);
        }
        self.components.insert(names.len(), made.clone());
        Ok(made)
    }
}

/// A name that is not taken, and then is: this one, or with `_` behind it.
pub(crate) fn free_name(taken: &mut HashSet<String>, wanted: &str) -> String {
    let mut name = wanted.to_string();
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// Writes a dataset of numbers along one axis.
pub(crate) fn write_numbers(file: &File, path: &str, numbers: &[f64]) -> hdf5::Result<Dataset> {
    let dataset = file.new_dataset::<f64>().shape(numbers.len()).create(path)?;
    dataset.write_raw(numbers)?;
    Ok(dataset)
}
