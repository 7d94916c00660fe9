//! Lines, slices and boxes: parts of the grid as series of their own, on 1 to 4 ranks as threads and 2 as MPI
//! processes, in one run and in two.

mod common;

use common::{Home, succeeded};
use fluxions::io::Series;

const LINEAR: &str = r#"
[grid]
x = { bounds = [0, 2], cells = 10 }
y = { bounds = [0, 1], cells = 8, periodic = true }
z = { bounds = [-1, 1], cells = 6 }
[fields]
v = "vector"
psi = { dtype = "complex" }
[equations]
u = "3 + 0*u"
v = "[1, 2, 0]"
psi = "1 - 2*i"
[initial]
u = "4*x + z"
v = "[x, z, y]"
psi = "x + z*i"
[time]
end = 1
dt = 0.1
scheme = "euler"
[output]
every = 0.5
picture = false
fields = ["u", "v"]
[[output.line]]
name = "across"
from = [0.1, 0.5, -1]
to = [1.9, 0.5, 1]
points = 7
fields = ["u", "psi"]
[[output.line]]
name = "along"
from = [0, 0.3, 0.2]
to = [2, 0.3, 0.2]
points = 21
fields = ["u"]
[[output.slice]]
name = "mid"
at = { z = 0.1 }
every = 0.25
[[output.slice]]
name = "row"
at = { x = 2, z = -1 }
fields = ["psi", "twice = 2*u"]
times = [0.35]
[[output.box]]
name = "corner"
x = [0.5, 1.2]
z = [0, 1]
fields = ["u", "twice"]
[[output.box]]
name = "coarse"
stride = 4
"#;

const NAMES: [&str; 6] = ["across", "along", "mid", "row", "corner", "coarse"];

fn all(values: &ndarray::ArrayD<f64>) -> Vec<f64> {
    values.iter().copied().collect()
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(near, "{what}: {found:?} {expected:?}");
}

#[test]
fn parts_hold_what_is_there_at_their_own_times() {
    let home = Home::new();
    home.write("p.toml", LINEAR);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "out", "--ranks", "3"]);
    let series = |name: &str| Series::open(&home.path().join("out/parts").join(name)).unwrap();

    // Beyond the last centres before a wall, values go on as they do between them.
    let line = series("across");
    assert_eq!(line.times().unwrap(), [0.0, 0.5, 1.0]);
    assert_eq!(line.axes("u").unwrap(), ["s"]);
    let share: Vec<f64> = (0..7).map(|k| f64::from(k) / 6.0).collect();
    let length = (1.8f64 * 1.8 + 4.0).sqrt();
    let expected: Vec<f64> = share.iter().map(|s| s * length).collect();
    assert_near(&line.coordinates("s").unwrap(), &expected, "distances");
    let [x, z] =
        [0.1, -1.0].map(|from| move |s: &f64| from + s * if from < 0.0 { 2.0 } else { 1.8 });
    let expected: Vec<f64> = share.iter().map(|s| 4.0 * x(s) + z(s) + 1.5).collect();
    assert_near(&all(&line.read("u", 1).unwrap()), &expected, "u on a line");
    let psi = line.read_complex("psi", 2).unwrap();
    let parts: Vec<f64> = psi.iter().flat_map(|psi| [psi.re, psi.im]).collect();
    let expected: Vec<f64> = share.iter().flat_map(|s| [x(s) + 1.0, z(s) - 2.0]).collect();
    assert_near(&parts, &expected, "psi on a line");
    let along = series("along");
    let expected: Vec<f64> = (0..21).map(|k| f64::from(k) / 10.0).collect();
    assert_near(&along.coordinates("x").unwrap(), &expected, "x of a line");

    let slice = series("mid");
    assert_eq!(slice.times().unwrap(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(slice.axes("u").unwrap(), ["x", "y"]);
    assert_eq!(slice.shape("v").unwrap(), [5, 3, 10, 8]);
    // The layer from 0 to 1/3.
    let (x, y, z) = (|i: usize| 0.2 * i as f64 + 0.1, |j: usize| (j as f64 + 0.5) / 8.0, 1.0 / 6.0);
    let cells = || (0..10).flat_map(|i| (0..8).map(move |j| (i, j)));
    let expected: Vec<f64> = cells().map(|(i, _)| 4.0 * x(i) + z + 0.75).collect();
    assert_near(&all(&slice.read("u", 1).unwrap()), &expected, "u of a slice");
    let expected: Vec<f64> = cells()
        .map(|(i, _)| x(i) + 1.0)
        .chain(cells().map(|_| z + 2.0))
        .chain(cells().map(|(_, j)| y(j)))
        .collect();
    assert_near(&all(&slice.read("v", 4).unwrap()), &expected, "v of a slice");

    let row = series("row");
    assert_eq!(row.times().unwrap(), [0.0, 0.35, 1.0]);
    let twice = 2.0 * (4.0 * 1.9 - 5.0 / 6.0 + 3.0 * 0.35);
    assert_near(&all(&row.read("twice", 1).unwrap()), &[twice; 8], "twice in a row");

    let corner = series("corner");
    assert_eq!(corner.shape("twice").unwrap(), [3, 4, 8, 3]);
    assert_near(&corner.coordinates("x").unwrap(), &[0.5, 0.7, 0.9, 1.1], "x of a box");
    assert_near(&corner.bounds().unwrap()[2], &[0.0, 1.0], "bounds of a box");
    let expected: Vec<f64> = (2..6)
        .flat_map(|i| (0..8).flat_map(move |_| (0..3).map(move |k| (i, k))))
        .map(|(i, k)| 4.0 * x(i) + (2.0 * k as f64 + 1.0) / 6.0)
        .collect();
    assert_near(&all(&corner.read("u", 0).unwrap()), &expected, "u of a box");

    let coarse = series("coarse");
    assert_eq!(coarse.shape("u").unwrap(), [3, 3, 2, 2]);
    assert_near(&coarse.coordinates("x").unwrap(), &[0.1, 0.9, 1.7], "x of every fourth cell");
    let expected: Vec<f64> = [0.1, 0.9, 1.7]
        .iter()
        .flat_map(|x| [-5.0, 3.0, -5.0, 3.0].map(|z| 4.0 * x + z / 6.0))
        .collect();
    assert_near(&all(&coarse.read("u", 0).unwrap()), &expected, "every fourth cell");
}

#[test]
fn parts_are_the_same_on_any_ranks_in_any_format_and_in_two_runs() {
    let home = Home::new();
    home.write("p.toml", LINEAR);
    let run = |out: &str, extra: &[&str]| {
        let args = ["run", "p.toml", "--quiet", "--out", out];
        home.succeed(&[&args[..], extra].concat());
    };
    run("1", &["--ranks", "1"]);
    run("2", &["--ranks", "2"]);
    run("4", &["--ranks", "4", "--set", "ranks.dims=[2, 1, 2]"]);
    run("deflated", &["--ranks", "3", "--set", "output.compression=\"deflate\""]);
    let args = ["run", "p.toml", "--quiet", "--out", "mpi"];
    succeeded(fluxions_testing::finish(&mut home.mpirun(2, &args)));
    run("resumed", &["--ranks", "2", "--set", "time.max_steps=4"]);
    run("resumed", &["--ranks", "3", "--resume"]);
    for other in ["2", "4", "deflated", "mpi", "resumed"] {
        for name in NAMES {
            let [a, b] = ["1", other].map(|out| format!("{out}/parts/{name}"));
            home.succeed(&["diff", &a, &b]);
            let [a, b] = [a, b].map(|path| Series::open(&home.path().join(path)).unwrap());
            assert_eq!(a.times().unwrap(), b.times().unwrap(), "{name} of {other}");
        }
    }
}

#[test]
fn parts_are_read_by_the_commands_and_go_with_the_run() {
    let home = Home::new();
    home.write("p.toml", LINEAR);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "out"]);
    let told = home.succeed(&["info", "out/parts/mid"]);
    assert!(told.contains("snapshots   5, t = 0 to 1"), "{told}");
    assert!(told.contains("stopped: the end time was reached"), "{told}");
    for name in ["across", "mid", "corner"] {
        home.succeed(&["plot", &format!("out/parts/{name}"), "-o", "part.png"]);
    }
    // What was lost is found again, as with the series of the run.
    for name in ["across", "mid"] {
        let index = format!("out/parts/{name}/series.h5");
        let before = std::fs::read(home.path().join(&index)).unwrap();
        std::fs::remove_file(home.path().join(&index)).unwrap();
        home.fail(4, &["plot", &format!("out/parts/{name}")]);
        home.succeed(&["info", "--repair", &format!("out/parts/{name}")]);
        assert_eq!(std::fs::read(home.path().join(&index)).unwrap().len(), before.len());
    }
    let checked = home.succeed(&["check", "p.toml"]);
    assert!(checked.contains("corner: 4 along x, 8 along y, 3 along z"), "{checked}");
    home.write("out/parts/mid/mine", "mine");
    let less = LINEAR.split("[[output.slice]]").next().unwrap();
    home.write("p.toml", less);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "out", "--overwrite"]);
    let there = |name: &str| home.path().join("out/parts").join(name).exists();
    assert!(there("along/series.h5") && !there("corner") && !there("mid/series.h5"));
    assert!(there("mid/mine"));
}
