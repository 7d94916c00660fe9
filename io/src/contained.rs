//! Whether what a file of HDF5 holds lies in the folder of the file: links to other files, numbers stored in other files, and
//! virtual datasets may name any file of the system.

use std::path::{Component, Path};

use hdf5::plist::dataset_create::Layout;
use hdf5::{Dataset, File, Group, LinkType};

use crate::error::{Error, hdf};

/// How deep groups are looked into: those of a series are in its root.
const DEPTH: usize = 4;

/// Makes sure that nothing in a file lies elsewhere.
///
/// # Errors
/// If something does, or the file cannot be read.
pub(crate) fn check(file: &File, path: &Path) -> Result<(), Error> {
    let failed = hdf(path, "look where its numbers lie");
    let elsewhere = file.as_group().and_then(|root| in_group(&root, path, "", DEPTH));
    refuse(elsewhere.map_err(failed)?, path)
}

/// Makes sure that one dataset of a file does not lie elsewhere.
///
/// # Errors
/// If it does, or the file cannot be read.
pub(crate) fn check_dataset(file: &File, path: &Path, name: &str) -> Result<(), Error> {
    let failed = hdf(path, "look where its numbers lie");
    let mut elsewhere = false;
    let mut walk = || {
        let mut at = file.as_group()?;
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        for (number, part) in parts.iter().enumerate() {
            elsewhere |= links(&at)?.iter().any(|(name, external)| name == part && *external);
            if elsewhere {
                return Ok(());
            }
            if number + 1 < parts.len() {
                at = at.group(part)?;
            } else {
                elsewhere = is_elsewhere(&at.dataset(part)?, path)?;
            }
        }
        Ok(())
    };
    walk().map_err(failed)?;
    refuse(elsewhere.then(|| name.to_string()), path)
}

fn refuse(elsewhere: Option<String>, path: &Path) -> Result<(), Error> {
    match elsewhere {
        Some(name) => Err(Error::LiesElsewhere { path: path.into(), name }),
        None => Ok(()),
    }
}

/// The links of a group, each with whether it leads to another file.
fn links(group: &Group) -> hdf5::Result<Vec<(String, bool)>> {
    let mut links = Vec::new();
    group.iter_visit_default(|name, link| {
        links.push((name.to_string(), link.link_type == LinkType::External));
        Ok(())
    })?;
    Ok(links)
}

/// The name of something in a group, or in the groups in it, that lies elsewhere.
fn in_group(group: &Group, path: &Path, above: &str, depth: usize) -> hdf5::Result<Option<String>> {
    for (name, is_external) in links(group)? {
        let full = format!("{above}{name}");
        if is_external {
            return Ok(Some(full));
        }
        if let Ok(dataset) = group.dataset(&name) {
            if is_elsewhere(&dataset, path)? {
                return Ok(Some(full));
            }
        } else if let (Ok(inner), 1..) = (group.group(&name), depth) {
            let found = in_group(&inner, path, &format!("{full}/"), depth - 1)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// Whether numbers of a dataset lie outside the folder of its file, or in what is no file there.
fn is_elsewhere(dataset: &Dataset, path: &Path) -> hdf5::Result<bool> {
    let made = dataset.create_plist()?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_outside = |name: &str| {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let target = folder.join(name);
        !inside || name != "." && target.exists() && !target.is_file()
    };
    let raw = made.get_external()?.into_iter().map(|file| file.name);
    let is_virtual = made.layout() == Layout::Virtual;
    let maps = if is_virtual { made.get_virtual_map()? } else { Vec::new() };
    Ok(raw.chain(maps.into_iter().map(|map| map.src_filename)).any(|name| is_outside(&name)))
}
