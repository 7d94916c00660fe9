//! `fluxions export`: what is selected, what is refused.

mod common;

use common::{Home, SMALL};

/// A folder with a run of five snapshots, `small`.
fn small() -> Home {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--quiet", "--no-picture"]);
    home
}

#[test]
fn an_export_has_the_fields_and_the_snapshot_asked_for() {
    let home = small();
    let args = ["export", "small", "--to", "npz", "--field", "v", "--time", "19", "-o", "v.npz"];
    assert_eq!(home.succeed(&args), "v.npz (t = 20)\n");
    // NumPy's arrays in an archive that compresses nothing.
    let bytes = std::fs::read(home.path().join("v.npz")).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("'descr': '<f8', 'fortran_order': False, 'shape': (1, 24, 20,)"));
    assert!(holds("time.npy") && holds("v.npy") && !holds("u.npy") && !holds("both.npy"));
    let series = fluxions::io::Series::open(&home.path().join("small")).unwrap();
    let v: Vec<u8> =
        series.read("v", 2).unwrap().iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
    assert!(bytes.windows(v.len()).any(|part| part == v));
}

#[test]
fn exports_replace_earlier_ones_and_files_of_a_series_can_be_exported() {
    let home = small();
    let said = home.succeed(&["export", "small", "--to", "vtk"]);
    assert_eq!(said, "small/export.pvd (5 snapshots, t = 0 to 40)\n");
    assert!(home.path().join("small/export/000004.vti").exists());
    home.succeed(&["export", "small", "--to", "vtk", "--time", "40"]);
    let listed = home.read("small/export.pvd");
    assert_eq!(listed.matches("<DataSet").count(), 1, "{listed}");
    assert!(listed.contains("timestep=\"40.0\" part=\"0\" file=\"export/000000.vti\""), "{listed}");
    let segment = "small/snapshots/000000.h5";
    let said = home.succeed(&["export", segment, "--to", "pde", "-o", "segment.hdf5"]);
    assert!(said.starts_with("segment.hdf5 (5 snapshots"), "{said}");
}

#[test]
fn what_cannot_be_exported_is_told() {
    let home = small();
    let told = home.fail(2, &["export", "small", "--to", "npz", "-o", "u.txt"]);
    assert!(told.contains("u.txt does not have the extension .npz"), "{told}");
    let told = home.fail(4, &["export", "small", "--to", "pde", "--field", "w"]);
    assert!(told.contains("holds no field `w`"), "{told}");
    let told = home.fail(4, &["export", "nowhere", "--to", "vtk"]);
    assert!(told.contains("nowhere"), "{told}");
    let told = home.fail(4, &["export", "small", "--to", "vtk", "-o", "nowhere/a.pvd"]);
    assert!(told.contains("nowhere"), "{told}");
    assert!(!home.path().join("nowhere").exists(), "a misspelt folder is not made");
    // A file is named as the user knows it, not as it is called while it is written.
    for (to, file) in [("npz", "nowhere/a.npz"), ("pde", "nowhere/a.hdf5")] {
        let told = home.fail(4, &["export", "small", "--to", to, "-o", file]);
        assert!(told.contains(&format!("{file}: cannot ")), "{told}");
    }
    home.write("folder", "a file");
    home.fail(4, &["export", "small", "--to", "vtk", "-o", "folder.pvd"]);
    home.fail(2, &["export", "small", "--to", "excel"]);
}

#[test]
fn a_damaged_snapshot_is_not_exported() {
    let home = small();
    let path = home.path().join("small/snapshots/000000.h5");
    let file = hdf5::File::open(&path).unwrap();
    let at = file.dataset("fields/v").unwrap().offset().unwrap() as usize + 8 * 24 * 20;
    file.close().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&path, bytes).unwrap();
    for to in ["vtk", "npz", "pde"] {
        let told = home.fail(4, &["export", "small", "--to", to]);
        assert!(told.contains("is damaged") || told.contains("is missing"), "{told}");
    }
    // What was begun is not left under the name of what is whole.
    for name in ["export.npz", "export.hdf5", "export.pvd"] {
        assert!(!home.path().join("small").join(name).exists(), "{name}");
        assert!(!home.path().join(format!("small/.{name}.new")).exists(), "{name}");
    }
}

/// Whatever -o names, no file that a run needs is replaced, nor one of anybody else's.
#[test]
fn files_of_runs_and_of_others_are_not_replaced() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--quiet"]);
    let needed = [
        "small/series.h5",
        "small/snapshots/000000.h5",
        "small/snapshots/000009.h5",
        "small/checkpoints/x.h5",
    ];
    for output in needed {
        let told = home.fail(2, &["export", "small", "--to", "pde", "-o", output]);
        assert!(told.contains("is a file of a run, which is not replaced"), "{told}");
    }
    home.write("mine.toml", "mine");
    let told = home.fail(2, &["report", "small", "-o", "mine.toml"]);
    assert!(told.contains("mine.toml is not an HTML file"), "{told}");
    assert_eq!(home.read("mine.toml"), "mine");
    home.succeed(&["info", "small"]);
    // The folder of files for VTK.
    home.succeed(&["export", "small", "--to", "vtk", "-o", "a.pvd"]);
    let count = || std::fs::read_dir(home.path().join("a")).unwrap().count();
    assert_eq!(count(), 5);
    home.succeed(&["export", "small", "--to", "vtk", "-o", "a.pvd", "--time", "0"]);
    assert_eq!(count(), 1);
    home.write("a/mine.vti", "mine");
    let told = home.fail(4, &["export", "small", "--to", "vtk", "-o", "a.pvd"]);
    assert!(
        told.contains("a holds `mine.vti`, which no export with this name has written"),
        "{told}"
    );
    std::fs::create_dir(home.path().join("b")).unwrap();
    home.write("b/000000.vti", "mine");
    home.fail(4, &["export", "small", "--to", "vtk", "-o", "b.pvd"]);
    assert_eq!(home.read("b/000000.vti"), "mine");
}
