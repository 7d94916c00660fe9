//! The files that values of a problem come from, and their names seen from another folder.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Value};

use super::Problem;

/// The sections whose values may come from files.
const SECTIONS: [&str; 3] = ["parameters", "initial", "boundary"];

impl Problem {
    /// The files that parameters and initial values come from.
    pub fn data_files(&self) -> Vec<PathBuf> {
        data_files(&self.name, &self.text)
    }

    /// The text of the problem for a file in another folder, which must exist: data files that the text
    /// names relative to its own folder have other names there. A name is relative again if both
    /// folders lie in the same one below the root.
    pub fn text_in(&self, folder: &Path) -> String {
        edit_files(&self.text, |name| match Path::new(name).is_absolute() {
            true => None,
            false => seen_from(&folder_of(&self.name).join(name), folder),
        })
    }
}

/// The files that parameters and initial values come from in a problem file of this name and text, which may have mistakes.
pub fn data_files(name: &str, text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    edit_files(text, |file| {
        files.push(folder_of(name).join(file));
        None
    });
    files
}

/// The folder that names of files in a problem file are relative to.
fn folder_of(name: &str) -> &Path {
    Path::new(name).parent().unwrap_or(Path::new(""))
}

/// The text after each name of a data file has been shown to `rename`, which may give another.
fn edit_files(text: &str, mut rename: impl FnMut(&str) -> Option<String>) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.into() };
    let mut changed = false;
    for section in SECTIONS {
        let Some(table) = document.get_mut(section).and_then(Item::as_table_like_mut) else {
            continue;
        };
        table.iter_mut().for_each(|(_, entry)| edit(entry, &mut rename, &mut changed));
    }
    if changed { document.to_string() } else { text.into() }
}

/// Shows each name of a file in a table, and in the tables in it, to `rename`.
fn edit(item: &mut Item, rename: &mut impl FnMut(&str) -> Option<String>, changed: &mut bool) {
    let Some(table) = item.as_table_like_mut() else { return };
    for (key, entry) in table.iter_mut() {
        let Some(file) = entry.as_value_mut().filter(|value| key == "file" && value.is_str())
        else {
            edit(entry, rename, changed);
            continue;
        };
        if let Some(name) = file.as_str().and_then(&mut *rename) {
            let around = file.decor().clone();
            *file = Value::from(name);
            *file.decor_mut() = around;
            *changed = true;
        }
    }
}

/// The name of a file seen from a folder, if both exist and the name can be written as text.
fn seen_from(file: &Path, folder: &Path) -> Option<String> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = parent.unwrap_or(Path::new(".")).canonicalize().ok()?.join(file.file_name()?);
    let folder = folder.canonicalize().ok()?;
    let are_near = file.components().nth(1) == folder.components().nth(1);
    let name = if are_near { pathdiff::diff_paths(&file, &folder)? } else { file };
    name.to_str().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_shortest_name_from_a_near_folder() {
        let home = tempfile::tempdir().unwrap();
        let [data, run] = ["data", "runs/one"].map(|name| home.path().join(name));
        std::fs::create_dir_all(&data).unwrap();
        std::fs::create_dir_all(&run).unwrap();
        let map = data.join("map.h5");
        assert_eq!(seen_from(&map, &run).unwrap(), "../../data/map.h5");
        assert_eq!(seen_from(&run.join("../../data/map.h5"), &data).unwrap(), "map.h5");
        // Nothing but the root in common.
        let absolute = data.canonicalize().unwrap().join("map.h5");
        assert_eq!(Path::new(&seen_from(&map, Path::new("/")).unwrap()), absolute);
    }
}
