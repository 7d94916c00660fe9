//! The time series: long ones, moved ones, and what is left after a kill.

mod common;

use std::time::{Duration, Instant};

use common::Home;
use fluxions::io::Series;

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

/// Checks that every snapshot is whole; how many there are.
fn whole_snapshots(series: &Series) -> usize {
    let times = series.times().unwrap();
    for (k, time) in times.iter().enumerate() {
        assert_eq!(*time, k as f64);
        for (field, factor) in [("u", 1.0), ("v", 2.0)] {
            let values = series.read(field, k).unwrap();
            assert!(values.iter().all(|x| *x == factor * time), "{field} at t = {time}");
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
    // 64 snapshots in a file each, then 2 to a file, then 4.
    assert_eq!(count("counter/snapshots"), 64 + 64 + 3);
    std::fs::create_dir(home.path().join("archive")).unwrap();
    std::fs::rename(home.path().join("counter"), home.path().join("archive/moved")).unwrap();
    let series = Series::open(&home.path().join("archive/moved")).unwrap();
    assert_eq!(whole_snapshots(&series), 201);
    // What the description for ParaView names exists.
    let xdmf = home.read("archive/moved/series.xdmf");
    for reference in xdmf.split('>').filter_map(|part| part.split_once(".h5:/")) {
        let (file, rest) = reference;
        let (file, dataset) = (format!("{file}.h5"), rest.split('<').next().unwrap());
        let path = home.path().join("archive/moved").join(file);
        let file = hdf5::File::open(&path).unwrap();
        assert!(file.dataset(dataset).is_ok(), "{} in {}", dataset, path.display());
    }
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

/// kill -9 at arbitrary moments of a run that writes all the time.
fn kill(mut start: impl FnMut(&Home, &[&str]) -> std::process::Command, rounds: u64) {
    let home = Home::new();
    home.write("counter.toml", &COUNTER.replace("end = 200", "end = 100000"));
    let mut most = 0;
    for round in 0..rounds {
        // A name by which the processes of this round can be found.
        let out = home.path().join(round.to_string());
        let name = out.to_str().unwrap();
        let args = ["run", "counter.toml", "--quiet", "--out", name];
        let mut child = start(&home, &args).stderr(std::process::Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while !out.join("series.h5").exists() && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
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
    home.write("counter.toml", &COUNTER.replace("end = 200", "end = 600"));
    let mut child = home.fluxions(&["run", "counter.toml", "--quiet"]).spawn().unwrap();
    let path = home.path().join("counter/series.h5");
    let (mut seen, mut reads) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        if path.exists() {
            let now = whole_snapshots(&Series::open(&path).unwrap());
            assert!(now >= seen, "snapshots do not disappear");
            seen = now;
            reads += 1;
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(reads > 3, "the run was over too soon to be read beside");
    assert_eq!(whole_snapshots(&Series::open(&path).unwrap()), 601);
}
