//! Other people's tools read what Fluxions writes: xarray, h5py, VTK, meshio, NumPy, py-pde. Each test runs a script in the folder
//! `interoperation` on a run, with the tools that scripts/test_tools.sh installs.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Home, python, succeeded};

/// Runs a script of the folder `interoperation` with these arguments.
fn run(python: &Path, home: &Home, script: &str, args: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interoperation");
    let mut command = Command::new(python);
    command.arg("-B");
    command.arg(folder.join(script)).args(args).current_dir(home.path());
    succeeded(fluxions_testing::finish(&mut command));
}

/// Fields of every type on so many axes, and a number. `expected.py` says what they are.
fn every_type(dimension: usize) -> String {
    let all = [("x", 4, 1), ("y", 3, 10), ("z", 2, 100)];
    let axes = &all[..dimension];
    let each = |of: &dyn Fn(usize, &str) -> String| -> String {
        let of_axes = axes.iter().enumerate().map(|(k, (name, ..))| of(k, name));
        format!("[{}]", of_axes.collect::<Vec<_>>().join(", "))
    };
    let grid: String = (axes.iter())
        .map(|(name, cells, _)| format!("{name} = {{ bounds = [0, 1.5], cells = {cells} }}\n"))
        .collect();
    let sum: Vec<String> = axes.iter().map(|(name, _, by)| format!("{by}*{name}")).collect();
    let sum = sum.join(" + ");
    let v = each(&|k, name| format!("\"{} + {name}\"", k + 1));
    let w = each(&|k, name| format!("\"{name} + {}*i\"", k + 1));
    let q = each(&|k, _| each(&|l, _| format!("\"{k}*10 + {l} + x\"")));
    let one = each(&|k, _| format!("\"{}\"", k + 1));
    let zero = each(&|_, _| each(&|_, _| "\"0\"".into()));
    format!(
        r#"
title = "every type"
[grid]
{grid}
[fields]
v = "vector"
psi = "complex"
q = "tensor"
w = {{ rank = "vector", dtype = "complex" }}
[numbers]
T = {{ initial = 20, equation = "-2" }}
[equations]
u = "1"
v = {one}
psi = "1 + 2*i"
q = {zero}
w = {one}
[initial]
u = "{sum}"
v = {v}
psi = "{sum} + i*x"
q = {q}
w = {w}
[time]
end = 2
dt = 0.5
scheme = "euler"
[output]
every = 1
"#
    )
}

/// A folder with a run of this problem, `run`.
fn solved(problem: &str) -> Home {
    let home = Home::new();
    home.write("run.toml", problem);
    home.succeed(&["run", "run.toml", "--quiet", "--ranks", "2", "--no-picture"]);
    home
}

#[test]
fn xarray_sees_fields_with_coordinates() {
    let Some(python) = python() else { return };
    for dimension in [1, 3] {
        let home = solved(&every_type(dimension));
        for engine in ["h5netcdf", "netcdf4"] {
            run(&python, &home, "xarray_reads.py", &["run", engine]);
        }
    }
}

#[test]
fn xarray_sees_fields_whose_names_are_taken() {
    let Some(python) = python() else { return };
    let home = solved(
        r#"
[grid]
geometry = "cylindrical"
r = { bounds = [0, 1], cells = 4 }
z = { bounds = [0, 1], cells = 3 }
[fields]
row = "vector"
[equations]
time = "0"
fields = "0"
component = "0"
row = ["0", "0", "0"]
[initial]
time = "r"
fields = "z"
component = "r + z"
row = ["r", "z", "1"]
[time]
end = 1
dt = 1
scheme = "euler"
[output]
precision = "f32"
"#,
    );
    for engine in ["h5netcdf", "netcdf4"] {
        run(&python, &home, "xarray_reads_taken_names.py", &["run", engine]);
    }
}

#[test]
fn h5py_sees_what_is_promised() {
    let Some(python) = python() else { return };
    for dimension in 1..=3 {
        let home = solved(&every_type(dimension));
        run(&python, &home, "h5py_reads.py", &["run"]);
    }
}

#[test]
fn vtk_reads_the_xdmf_file() {
    let Some(python) = python() else { return };
    for dimension in 1..=3 {
        let home = solved(&every_type(dimension));
        run(&python, &home, "vtk_reads_xdmf.py", &["run", "complex"]);
    }
    let single = every_type(2) + "precision = \"f32\"\n";
    run(&python, &solved(&single), "vtk_reads_xdmf.py", &["run", "complex"]);
    let compressed = every_type(2) + "compression = \"deflate\"\n";
    run(&python, &solved(&compressed), "vtk_reads_xdmf.py", &["run"]);
}

#[test]
fn vtk_reads_an_export() {
    let Some(python) = python() else { return };
    for dimension in 1..=3 {
        let (home, number) = (solved(&every_type(dimension)), dimension.to_string());
        let said = home.succeed(&["export", "run", "--to", "vtk"]);
        assert_eq!(said, "run/export.pvd (3 snapshots, t = 0 to 2)\n");
        run(&python, &home, "vtk_reads_export.py", &["run/export.pvd", &number]);
        home.succeed(&["export", "run", "--to", "vtu", "-o", "cells of u & v.pvd"]);
        run(&python, &home, "vtk_reads_export.py", &["cells of u & v.pvd", &number]);
        run(&python, &home, "meshio_reads_export.py", &["cells of u & v", &number]);
    }
}

#[test]
fn numpy_reads_an_export() {
    let Some(python) = python() else { return };
    for (dimension, precision) in [(1, "f64"), (2, "f32"), (3, "f64")] {
        let problem = every_type(dimension) + &format!("precision = \"{precision}\"\n");
        let home = solved(&problem);
        let said = home.succeed(&["export", "run", "--to", "npz"]);
        assert_eq!(said, "run/export.npz (3 snapshots, t = 0 to 2)\n");
        let args = ["run/export.npz", &dimension.to_string(), precision];
        run(&python, &home, "numpy_reads_export.py", &args);
    }
}

#[test]
fn py_pde_opens_an_export() {
    let Some(python) = python() else { return };
    for dimension in 1..=3 {
        let periodic = every_type(dimension).replace("cells = 3", "cells = 3, periodic = true");
        let (home, number) = (solved(&periodic), dimension.to_string());
        home.succeed(&["export", "run", "--to", "pde"]);
        run(&python, &home, "pde_reads_export.py", &["run/export.hdf5", &number, "all"]);
        home.succeed(&["export", "run", "--to", "pde", "--field", "u", "-o", "u.h5"]);
        run(&python, &home, "pde_reads_export.py", &["u.h5", &number, "u"]);
    }
}

#[test]
fn exports_of_curvilinear_grids_lie_as_in_space() {
    let Some(python) = python() else { return };
    let z = "z = { bounds = [0, 1], cells = 3, periodic = true }";
    for (geometry, axis, u, v, q) in [
        ("polar", "", "r", ["r", "2"].as_slice(), ["r", "4"].as_slice()),
        ("spherical", "", "r", &["r", "0", "0"], &["r", "4", "4"]),
        ("cylindrical", z, "r + 10*z", &["r", "3", "2"], &["r", "5", "4"]),
    ] {
        let components = 0..v.len();
        let row = |k: usize| -> Vec<&str> {
            components.clone().map(|l| if k == l { q[k] } else { "0" }).collect()
        };
        let rows: Vec<_> = components.clone().map(row).collect();
        let zero = vec!["0"; v.len()];
        let zeros = vec![zero.clone(); v.len()];
        let home = solved(&format!(
            r#"
[grid]
geometry = "{geometry}"
r = {{ bounds = [1, 2], cells = 4 }}
{axis}
[fields]
v = "vector"
q = "tensor"
[equations]
u = "0"
v = {zero:?}
q = {zeros:?}
[initial]
u = "{u}"
v = {v:?}
q = {rows:?}
[time]
end = 1
dt = 1
scheme = "euler"
"#
        ));
        home.succeed(&["export", "run", "--to", "vtk"]);
        home.succeed(&["export", "run", "--to", "pde"]);
        run(&python, &home, "curvilinear_exports.py", &["run", geometry]);
    }
}

#[test]
fn exports_of_parts_have_all_components() {
    let Some(python) = python() else { return };
    let slice = "[[output.slice]]\nname = \"cut\"\nat = { y = 0.7 }\nfields = [\"u\", \"v\"]\n";
    let line = "[[output.line]]\nname = \"across\"\nfrom = [0, 0, 0]\nto = [1.5, 1.5, 1.5]\nfields = [\"u\", \"v\"]\n";
    let home = solved(&(every_type(3) + slice + line));
    for part in ["cut", "across"] {
        for to in ["vtk", "npz", "pde"] {
            home.succeed(&["export", &format!("run/parts/{part}"), "--to", to]);
        }
    }
    run(&python, &home, "parts_exports.py", &["run/parts"]);
}
