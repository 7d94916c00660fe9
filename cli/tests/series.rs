//! The time series: long ones, moved ones, and what is left after a kill.

mod common;

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use common::Home;
use fluxions::expr::{Rank, Type};
use fluxions::io::{Complex64, Series};
use hdf5::types::TypeDescriptor;
use ndarray::{ArrayD, IxDyn};

/// u counts the steps, in every cell: a snapshot is whole if all its numbers are its time.
const COUNTER: &str = r#"
[grid]
x = { bounds = [0, 1], cells = 64 }
y = { bounds = [0, 1], cells = 50 }
[equations]
u = "1"
v = "2"
[initial]
u = "0"
v = "0"
[time]
end = 200
dt = 1
scheme = "euler"
[output]
every = 1
"#;

/// The same with a complex vector.
fn counter_with_vector(end: usize) -> String {
    COUNTER
        .replace("end = 200", &format!("end = {end}"))
        .replace(
            "[equations]",
            "[fields]\nz = { rank = \"vector\", dtype = \"complex\" }\n[equations]",
        )
        .replace("v = \"2\"\n", "v = \"2\"\nz = [\"1 + 2*i\", \"3*i\"]\n")
        .replace("v = \"0\"\n", "v = \"0\"\nz = [\"0\", \"0\"]\n")
}

/// Checks that every snapshot is whole, or of many the last ones and some of the others; how many there are.
fn whole_snapshots(series: &Series) -> usize {
    let times = series.times().unwrap();
    let stride = times.len().div_ceil(150);
    for (k, time) in times.iter().enumerate() {
        assert_eq!(*time, k as f64);
        if k % stride != 0 && k + 50 < times.len() {
            continue;
        }
        for (field, factor) in [("u", 1.0), ("v", 2.0)] {
            let values = series.read(field, k).unwrap();
            assert!(values.iter().all(|x| *x == factor * time), "{field} at t = {time}");
        }
        if series.fields().unwrap().contains(&"z".to_string()) {
            let values = series.read_complex("z", k).unwrap();
            let factors = [Complex64::new(1.0, 2.0), Complex64::new(0.0, 3.0)];
            for (values, factor) in values.outer_iter().zip(factors) {
                assert!(values.iter().all(|z| *z == factor * time), "z at t = {time}");
            }
        }
    }
    times.len()
}

#[test]
fn a_long_series_lies_in_few_files_and_can_be_moved() {
    let home = Home::new();
    home.write("counter.toml", COUNTER);
    home.succeed(&["run", "counter.toml", "--quiet"]);
    let count = |folder: &str| std::fs::read_dir(home.path().join(folder)).unwrap().count();
    // A file has room for a megabyte.
    let bytes = 201 * 64 * 50 * 2 * 8;
    assert_eq!(count("counter/snapshots"), usize::div_ceil(bytes, (1 << 20) / 51200 * 51200));
    std::fs::create_dir(home.path().join("archive")).unwrap();
    std::fs::rename(home.path().join("counter"), home.path().join("archive/moved")).unwrap();
    let series = Series::open(&home.path().join("archive/moved")).unwrap();
    assert_eq!(whole_snapshots(&series), 201);
    assert_eq!(described(&home, "archive/moved").len(), 201);
}

/// What series.xdmf says of each snapshot: names of attributes with their numbers, after a look
/// whether there are as many as it says.
fn described(home: &Home, folder: &str) -> Vec<Vec<(String, Vec<f64>)>> {
    let xdmf = home.read(&format!("{folder}/series.xdmf"));
    let between = |text: &str, from: &str, to: &str| {
        let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1;
        rest.split(to).next().unwrap().to_string()
    };
    let open = |part: &str| {
        let (file, dataset) = (between(part, ">", ":/"), between(part, ":/", "<"));
        let path = home.path().join(folder).join(file);
        hdf5::File::open(&path).unwrap().dataset(&dataset).unwrap()
    };
    let count = |dimensions: &str| -> Vec<usize> {
        dimensions.split(' ').map(|n| n.parse().unwrap()).collect()
    };
    // The parts of datasets that an attribute is made of, but for what is 0.
    let slabs = |part: &str| -> Vec<f64> {
        let items = part.split("<DataItem ItemType=\"HyperSlab\"");
        let mut before = "";
        let mut numbers = Vec::new();
        for item in items {
            if item.contains("Format=\"HDF\"") && !before.contains("$0 * 0") {
                let box_of = count(
                    between(item, "<DataItem Format=\"XML\" Dimensions=\"3 ", "</")
                        .split_once('>')
                        .unwrap()
                        .1
                        .trim(),
                );
                let (start, rest) = box_of.split_at(box_of.len() / 3);
                let (stride, shape) = rest.split_at(start.len());
                assert!(stride.iter().all(|n| *n == 1));
                let source = item.split_once("Format=\"HDF\"").unwrap().1;
                let dataset = open(source);
                assert_eq!(dataset.shape(), count(&between(source, "Dimensions=\"", "\"")));
                let along = start.iter().zip(shape).map(|(start, count)| {
                    let (start, count) = (*start, *count);
                    hdf5::SliceOrIndex::SliceCount { start, step: 1, count, block: 1 }
                });
                let slab = hdf5::Hyperslab::from(along.collect::<Vec<_>>());
                let found = dataset.read_slice::<f64, _, IxDyn>(slab).unwrap();
                let cells: usize = count(&between(item, "Dimensions=\"", "\"")).iter().product();
                assert_eq!(cells, found.len());
                numbers.extend(found);
            }
            before = item;
        }
        numbers
    };
    xdmf.split("<Grid Name=\"cells\"")
        .skip(1)
        .map(|grid| {
            let mut parts = grid.split("<Attribute Name=\"");
            let mesh = parts.next().unwrap().split_once("Format=\"HDF\"").unwrap().1;
            let corners: usize = count(&between(mesh, "Dimensions=\"", "\"")).iter().product();
            assert_eq!(open(mesh).size(), corners);
            parts.map(|part| (part.split('"').next().unwrap().to_string(), slabs(part))).collect()
        })
        .collect()
}

/// Fields of every type that grow by 1 with each step.
const EVERY_TYPE: &str = r#"
[grid]
x = { bounds = [0, 5], cells = 5 }
y = { bounds = [0, 7], cells = 7 }
[fields]
v = "vector"
q = "tensor"
psi = { dtype = "complex" }
w = { rank = "vector", dtype = "complex" }
[equations]
c = "1"
v = ["1", "1"]
q = [["1", "1"], ["1", "1"]]
psi = "1"
w = ["1", "1"]
[initial]
c = "x + 10*y"
v = ["x", "y"]
q = [["x", "y"], ["x*y", "x - y"]]
psi = "x + i*y"
w = ["i*x", "y - i*x*y"]
[time]
end = 130
dt = 1
scheme = "euler"
[output]
every = 1
fields = ["c", "v", "q", "psi", "w", "slope = gradient(c)", "turned = i*psi"]
"#;

fn values<T: Copy>(shape: &[usize], of: impl Fn(&[usize], f64, f64) -> T) -> ArrayD<T> {
    ArrayD::from_shape_fn(IxDyn(shape), |index| {
        let index: Vec<usize> = (0..shape.len()).map(|k| index[k]).collect();
        let (parts, cell) = index.split_at(shape.len() - 2);
        of(parts, cell[0] as f64 + 0.5, cell[1] as f64 + 0.5)
    })
}

/// Checks the series of [`EVERY_TYPE`] at one snapshot, which is the time, too.
fn check_every_type(series: &Series, snapshot: usize) {
    let t = snapshot as f64;
    let z = Complex64::new;
    let real = |name: &str, expected: ArrayD<f64>| {
        assert_eq!(series.read(name, snapshot).unwrap(), expected, "{name} at t = {t}");
    };
    real("c", values(&[5, 7], |_, x, y| x + 10.0 * y + t));
    real("v", values(&[2, 5, 7], |k, x, y| [x, y][k[0]] + t));
    real("q", values(&[2, 2, 5, 7], |k, x, y| [[x, y], [x * y, x - y]][k[0]][k[1]] + t));
    let complex = |name: &str, expected: ArrayD<Complex64>| {
        assert_eq!(series.read_complex(name, snapshot).unwrap(), expected, "{name} at t = {t}");
    };
    complex("psi", values(&[5, 7], |_, x, y| z(x + t, y)));
    complex("w", values(&[2, 5, 7], |k, x, y| [z(t, x), z(y + t, -x * y)][k[0]]));
    complex("turned", values(&[5, 7], |_, x, y| z(-y, x + t)));
    let slope = series.read("slope", snapshot).unwrap();
    assert_eq!(slope.shape(), [2, 5, 7]);
    assert!((slope[[0, 2, 3]] - 1.0).abs() < 1e-12 && (slope[[1, 2, 3]] - 10.0).abs() < 1e-12);
}

#[test]
fn fields_of_every_type_are_written_whole() {
    let home = Home::new();
    home.write("types.toml", EVERY_TYPE);
    home.succeed(&["run", "types.toml", "--quiet", "--ranks", "1"]);
    // HDF5 opens a file in one way at a time: the series comes last.
    let described = described(&home, "types");
    let file = hdf5::File::open(home.path().join("types/series.h5")).unwrap();
    let descriptor = file.dataset("fields/psi").unwrap().dtype().unwrap().to_descriptor().unwrap();
    // As h5py looks for complex numbers.
    let TypeDescriptor::Compound(compound) = descriptor else { panic!("{descriptor}") };
    let parts = compound.fields.iter().map(|part| (part.name.as_str(), part.ty.to_string()));
    assert_eq!(parts.collect::<Vec<_>>(), [("r", "float64".into()), ("i", "float64".into())]);
    file.close().unwrap();
    let series = Series::open(&home.path().join("types")).unwrap();
    assert_eq!(series.times().unwrap().len(), 131);
    for snapshot in [0, 1, 63, 64, 65, 127, 128, 130] {
        check_every_type(&series, snapshot);
    }
    assert_eq!(series.shape("q").unwrap(), [131, 2, 2, 5, 7]);
    assert_eq!(series.axes("q").unwrap(), ["x", "y"]);
    let w = series.field("w").unwrap();
    assert_eq!(w.ty(), Type { rank: Rank::Vector, complex: true });
    assert_eq!(w.directions(), ["x", "y"]);
    assert_eq!(series.field("slope").unwrap().components(), ["slope.x", "slope.y"]);
    assert_eq!(series.field("psi").unwrap().ty(), Type::COMPLEX);
    // ParaView is shown vectors, and components of tensors; each is the one that it says.
    assert_eq!(described.len(), 131);
    for (snapshot, attributes) in described.iter().enumerate() {
        let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
        let complex = ["re psi", "im psi", "re w", "im w"];
        let expected = ["c", "v", "q.xx", "q.xy", "q.yx", "q.yy"].into_iter().chain(complex);
        let expected = expected.chain(["slope", "re turned", "im turned"]).collect::<Vec<_>>();
        assert_eq!(names, expected);
        let v = series.read("v", snapshot).unwrap();
        assert_eq!(attributes[1].1, v.iter().copied().collect::<Vec<_>>());
        let q = series.read("q", snapshot).unwrap();
        let q_yx: Vec<f64> = q.iter().skip(70).take(35).copied().collect();
        assert_eq!(attributes[4].1, q_yx, "snapshot {snapshot}");
    }
}

#[test]
fn fields_of_every_type_are_the_same_on_any_ranks() {
    let home = Home::new();
    home.write("types.toml", &EVERY_TYPE.replace("end = 130", "end = 66"));
    for ranks in ["1", "3", "4"] {
        home.succeed(&["run", "types.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        home.succeed(&["diff", "1", ranks]);
        let series = Series::open(&home.path().join(ranks)).unwrap();
        check_every_type(&series, 66);
    }
    #[cfg(feature = "mpi")]
    for ranks in [1, 3] {
        let out = format!("mpi{ranks}");
        let args = ["run", "types.toml", "--quiet", "--out", &out];
        common::succeeded(fluxions_testing::finish(&mut home.mpirun(ranks, &args)));
        home.succeed(&["diff", "1", &out]);
        let series = Series::open(&home.path().join(&out)).unwrap();
        check_every_type(&series, 65);
        check_every_type(&series, 66);
    }
}

#[test]
fn complex_numbers_in_single_precision_and_in_slabs() {
    let home = Home::new();
    let text = EVERY_TYPE
        .replace("every = 1\n", "every = 1\nprecision = \"f32\"\n")
        .replace("end = 130", "end = 1");
    home.write("small.toml", &text);
    home.succeed(&["run", "small.toml", "--quiet"]);
    let series = Series::open(&home.path().join("small")).unwrap();
    assert_eq!(series.bytes("w").unwrap(), 8);
    check_every_type(&series, 1);
    // One rank has more cells than it writes at a time, the others have not.
    let sets = ["--set", "grid.x.cells=1500", "--set", "grid.y.cells=400", "--set", "time.end=0"];
    for ranks in ["1", "2"] {
        let args = ["run", "small.toml", "--quiet", "--out", ranks, "--ranks", ranks];
        home.succeed(&[&args[..], &sets[..]].concat());
    }
    home.succeed(&["diff", "1", "2"]);
    let w = Series::open(&home.path().join("1")).unwrap().read_complex("w", 0).unwrap();
    let (x, y) = (5.0 * 1499.5 / 1500.0, 7.0 * 399.5 / 400.0);
    assert!((w[[1, 1499, 399]] - Complex64::new(y, -x * y)).norm() < 1e-5);
}

/// A one-dimensional grid is a strip of cells, since points and lines have no cells.
#[test]
fn one_dimension_has_cells_in_paraview() {
    let home = Home::new();
    let text = COUNTER
        .replace("y = { bounds = [0, 1], cells = 50 }\n", "")
        .replace("end = 200", "end = 1");
    home.write("counter.toml", &text);
    home.succeed(&["run", "counter.toml", "--quiet"]);
    let xdmf = home.read("counter/series.xdmf");
    assert!(xdmf.contains("TopologyType=\"2DSMesh\" Dimensions=\"65 2\""), "{xdmf}");
    let described = described(&home, "counter");
    assert_eq!(described[1][0], ("u".to_string(), vec![1.0; 64]));
    let mesh = hdf5::File::open(home.path().join("counter/mesh.h5")).unwrap();
    let points = mesh.dataset("points").unwrap().read_dyn::<f32>().unwrap();
    assert_eq!(points.shape(), [65, 2, 1, 3]);
    assert_eq!(points[[64, 0, 0, 0]], 1.0);
    assert!(points[[0, 1, 0, 1]] > points[[0, 0, 0, 1]], "cells have an area");
}

#[test]
fn points_for_paraview_are_the_corners_of_the_cells() {
    let home = Home::new();
    let text = COUNTER
        .replace(
            "y = { bounds = [0, 1], cells = 50 }",
            "y = { bounds = [2, 3], cells = 5 }\nz = { bounds = [-1, 1], cells = 3 }",
        )
        .replace("end = 200", "end = 1");
    home.write("counter.toml", &text);
    home.succeed(&["run", "counter.toml", "--quiet"]);
    let mesh = hdf5::File::open(home.path().join("counter/mesh.h5")).unwrap();
    let points = mesh.dataset("points").unwrap().read_dyn::<f32>().unwrap();
    assert_eq!(points.shape(), [65, 6, 4, 3]);
    for i in 0..65 {
        for j in 0..6 {
            for k in 0..4 {
                let expected =
                    [i as f64 / 64.0, 2.0 + j as f64 / 5.0, -1.0 + k as f64 * (2.0 / 3.0)];
                for c in 0..3 {
                    assert!((f64::from(points[[i, j, k, c]]) - expected[c]).abs() < 1e-6);
                }
            }
        }
    }
}

/// Sends SIGKILL to every process that has this argument; how many there were.
fn kill_all_with_argument(argument: &str) -> usize {
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while this looks.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if line.split(|byte| *byte == 0).any(|given| given == argument.as_bytes())
            && let Some(process) = rustix::process::Pid::from_raw(pid)
            && rustix::process::kill_process(process, rustix::process::Signal::KILL).is_ok()
        {
            killed += 1;
        }
    }
    killed
}

/// Waits until a run has written this many snapshots, all whole; how many they are then.
fn wait_for_snapshots(child: &mut Child, out: &Path, least: usize) -> usize {
    loop {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before {least} snapshots");
        if out.join("series.h5").exists() {
            let written = Series::open(out).unwrap().times().unwrap().len();
            if written >= least {
                return written;
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// kill -9 at arbitrary moments of a run that writes all the time.
fn kill(mut start: impl FnMut(&Home, &[&str]) -> std::process::Command, rounds: u64) {
    let home = Home::new();
    home.write("counter.toml", &counter_with_vector(100_000));
    let mut most = 0;
    for round in 0..rounds {
        // A name by which the processes of this round can be found.
        let out = home.path().join(round.to_string());
        let name = out.to_str().unwrap();
        let args = ["run", "counter.toml", "--quiet", "--out", name];
        let mut child = start(&home, &args).stderr(std::process::Stdio::null()).spawn().unwrap();
        // Before, at and after the second snapshot, whatever the speed of the machine.
        wait_for_snapshots(&mut child, &out, 1 + round as usize % 3);
        // Moments that differ from round to round.
        std::thread::sleep(Duration::from_micros(1000 + 7919 * round % 60_000));
        // All at once, mpirun and what it started.
        assert!(kill_all_with_argument(name) > 0);
        child.wait().unwrap();
        most = most.max(whole_snapshots(&Series::open(&out).unwrap()));
    }
    assert!(most > 1, "no run got far enough to be interrupted while it wrote");
}

#[test]
fn whatever_moment_a_kill_comes_the_series_holds_whole_snapshots() {
    kill(
        |home, args| {
            let mut command = home.fluxions(args);
            command.args(["--ranks", "3"]);
            command
        },
        40,
    );
}

#[cfg(feature = "mpi")]
#[test]
fn the_same_for_3_processes() {
    kill(|home, args| home.mpirun(3, args), 10);
}

/// The series can be read at every instant of a run.
#[test]
fn the_series_can_be_read_while_it_is_written() {
    let home = Home::new();
    home.write("counter.toml", &counter_with_vector(100_000));
    let mut child = home.fluxions(&["run", "counter.toml", "--quiet"]).spawn().unwrap();
    let out = home.path().join("counter");
    let (mut seen, mut reads) = (0, 0);
    while seen < 200 || reads < 5 {
        // At least one more each time, so that every read is of another state of the files.
        let written = wait_for_snapshots(&mut child, &out, seen + 1);
        seen = whole_snapshots(&Series::open(&out).unwrap());
        assert!(seen >= written, "snapshots do not disappear");
        reads += 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(whole_snapshots(&Series::open(&out).unwrap()) >= seen);
}

#[test]
fn numbers_are_kept_for_each_snapshot_on_any_ranks() {
    let home = Home::new();
    let text = "[numbers]\nT = { initial = 1, equation = \"-T + 0*average(u)\" }\nn = { initial = 0, equation = 1 }";
    let text = COUNTER.replace("[equations]", &format!("{text}\n[equations]"));
    home.write("bath.toml", &text.replace("end = 200", "end = 4").replace("dt = 1", "dt = 0.5"));
    for ranks in ["1", "3"] {
        home.succeed(&["run", "bath.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
    }
    #[cfg(feature = "mpi")]
    common::succeeded(fluxions_testing::finish(
        &mut home.mpirun(2, &["run", "bath.toml", "--quiet", "--out", "mpi"]),
    ));
    #[cfg(feature = "mpi")]
    home.succeed(&["diff", "1", "mpi"]);
    assert!(home.succeed(&["diff", "1", "3"]).contains("T: the same in all 5 numbers"));
    let numbers = Series::open(&home.path().join("3")).unwrap().globals().unwrap();
    let halved: Vec<f64> = (0..5).map(|k| 0.25f64.powi(k)).collect();
    assert_eq!(numbers[0], ("T".to_string(), halved));
    assert_eq!(numbers[1], ("n".to_string(), vec![0.0, 1.0, 2.0, 3.0, 4.0]));
    assert!(home.succeed(&["info", "3"]).contains("T, 0.003906 in the last snapshot"));
    let args = ["run", "bath.toml", "--quiet", "--out", "other", "--set", "numbers.T.initial=2"];
    home.succeed(&args);
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "1", "other"]));
    let found = common::text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{found}");
    assert!(found.contains("in snapshot 0: 1.0 in A, 2.0 in B"), "{found}");
    // A single file of snapshots has states alone.
    let args = ["diff", "1/snapshots/000000.h5", "3"];
    let output = fluxions_testing::finish(&mut home.fluxions(&args));
    let found = common::text(&output.stdout);
    assert!(found.contains("u: ") && !found.contains("T: "), "{found}");
}

#[test]
fn files_of_version_2_are_read() {
    let home = Home::new();
    home.write("counter.toml", &counter_with_vector(3));
    home.succeed(&["run", "counter.toml", "--quiet"]);
    // Its bounds had two axes, and it did not say what is periodic.
    let path = home.path().join("counter/snapshots/000000.h5");
    let file = hdf5::File::open_rw(&path).unwrap();
    for name in ["bounds", "periodic", "format_version"] {
        file.delete_attr(name).unwrap();
    }
    let bounds = file.new_attr::<f64>().shape((2, 2)).create("bounds").unwrap();
    bounds.write_raw(&[0.0, 1.0, 0.0, 1.0]).unwrap();
    drop(bounds);
    file.new_attr::<u32>().create("format_version").unwrap().write_scalar(&2u32).unwrap();
    file.close().unwrap();
    let segment = "counter/snapshots/000000.h5";
    assert_eq!(Series::open(&path).unwrap().bounds().unwrap(), [[0.0, 1.0]; 2]);
    home.succeed(&["plot", segment, "-o", "plot.png"]);
    home.succeed(&["info", "counter", "--repair"]);
    let series = Series::open(&home.path().join("counter")).unwrap();
    assert_eq!(series.bounds().unwrap(), [[0.0, 1.0]; 2]);
    assert_eq!(whole_snapshots(&series), 4);
    // Data on a domain are compared with that of the problem.
    let initial = |bounds: &str| {
        let problem = COUNTER.replace("u = \"0\"", &format!("u = {{ file = \"{segment}\" }}"));
        home.write(
            "again.toml",
            &problem.replace("end = 200", "end = 1").replace("[0, 1]", bounds),
        );
    };
    initial("[0, 1]");
    home.succeed(&["run", "again.toml", "--quiet"]);
    initial("[0, 2]");
    let told = home.fail(2, &["check", "again.toml"]);
    assert!(told.contains("the bounds [0.0, 1.0, 0.0, 1.0]"), "{told}");
}

#[test]
fn what_is_no_file_of_a_run_is_told() {
    let home = Home::new();
    home.write("p.toml", &counter_with_vector(3));
    home.succeed(&["run", "p.toml", "--quiet"]);
    home.write("text.h5", "not a series");
    std::fs::create_dir(home.path().join("empty")).unwrap();
    let series = std::fs::read(home.path().join("p/series.h5")).unwrap();
    std::fs::write(home.path().join("cut.h5"), &series[..series.len() / 2]).unwrap();
    for (path, told) in [
        ("text.h5", "text.h5 is not an HDF5 file"),
        ("cut.h5", "cut.h5 cannot be read: it is damaged"),
        ("empty", "error: empty is neither a run folder nor a file of one"),
    ] {
        for args in [&["info", path][..], &["plot", path], &["diff", "p", path]] {
            let said = home.fail(4, args);
            assert!(said.contains(told), "{args:?}: {said}");
        }
    }
}

#[test]
fn of_equally_near_snapshots_every_command_takes_the_later() {
    let home = Home::new();
    home.write("p.toml", &counter_with_vector(3));
    home.succeed(&["run", "p.toml", "--quiet"]);
    home.succeed(&["run", "p.toml", "--quiet", "--set", "time.end=2", "--out", "shorter"]);
    home.succeed(&["diff", "p", "shorter", "--time", "1.5"]);
    // The last snapshot of the shorter run is the nearest to 2.5; in the longer one that at 3 is as near.
    home.fail(1, &["diff", "p", "shorter", "--time", "2.5"]);
}

/// What the solver did up to each snapshot, on any ranks, and after a repair of the index.
#[test]
fn the_series_tells_what_the_solver_did() {
    let home = Home::new();
    let text = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nu = \"u*laplace(u) + 1\"\n\
                [initial]\nu = \"1 + x\"\n[output]\nevery = 0.05\npicture = false\n[time]\nend = 0.1\n";
    let numbers = |name: &str, time: &str, ranks: &str| {
        home.write("p.toml", &format!("{text}{time}\n"));
        home.succeed(&["run", "p.toml", "--quiet", "--out", name, "--ranks", ranks]);
        let series = hdf5::File::open(home.path().join(name).join("series.h5")).unwrap();
        let group = series.group("solver").unwrap();
        let mut names = group.member_names().unwrap();
        names.sort();
        let read = |name: &String| group.dataset(name).unwrap().read_raw::<f64>().unwrap();
        let all: Vec<(String, Vec<f64>)> =
            names.iter().map(|name| (name.clone(), read(name))).collect();
        let report = std::fs::read_to_string(home.path().join(name).join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        (all, report)
    };
    let of = |all: &[(String, Vec<f64>)], name: &str| {
        let found = all.iter().find(|(found, _)| found == name);
        found.unwrap_or_else(|| panic!("{name} in {all:?}")).1.clone()
    };
    let (fixed, report) = numbers("fixed", "dt = 0.001", "1");
    assert_eq!(of(&fixed, "steps"), [0.0, 50.0, 100.0]);
    assert_eq!(of(&fixed, "dt"), [0.001; 3]);
    assert_eq!(of(&fixed, "rejected"), [0.0; 3]);
    assert_eq!(of(&fixed, "evaluations")[2], report["rhs_evaluations"].as_f64().unwrap());
    assert_eq!(fixed.len(), 4);
    let implicit = "tolerance = 1e-4\nscheme = \"tr-bdf2\"";
    let (one, report) = numbers("one", implicit, "1");
    assert_eq!(of(&one, "iterations")[2], report["solver"]["iterations"].as_f64().unwrap());
    assert_eq!(of(&one, "corrections")[2], report["solver"]["corrections"].as_f64().unwrap());
    assert_eq!(of(&one, "steps")[2], report["steps"].as_f64().unwrap());
    assert_eq!(numbers("three", implicit, "3").0, one);
    let (auto, _) = numbers("auto", "dt = \"auto\"", "2");
    // Four times the largest diffusivity over dx², which is 1.97 at first and becomes smaller.
    let radius = of(&auto, "spectral_radius");
    assert!((1500.0..2100.0).contains(&radius[1]), "{radius:?}");
    std::fs::remove_file(home.path().join("one/series.h5")).unwrap();
    home.succeed(&["info", "one", "--repair"]);
    let again = hdf5::File::open(home.path().join("one/series.h5")).unwrap();
    let steps = again.dataset("solver/steps").unwrap().read_raw::<f64>().unwrap();
    assert_eq!(steps, of(&one, "steps"));
}
