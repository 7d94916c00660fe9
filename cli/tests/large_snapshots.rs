//! Snapshots so large that a thread writes them while the steps go on: on 1 to 3 ranks as threads, and on 2 MPI processes.

mod common;

use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Home, succeeded, text};
use fluxions::io::Series;
use fluxions_testing::finish;

/// 12 MB in a snapshot, after each step.
const LARGE: &str = r#"
[grid]
x = { bounds = [0, 1], cells = 600, periodic = true }
y = { bounds = [0, 1], cells = 500 }
[fields]
psi = { rank = "scalar", dtype = "complex" }
v = "vector"
[equations]
u = "1e-6*laplace(u) + 0.01*sin(t)"
psi = "I*1e-6*laplace(psi)"
v = "1e-6*vector_laplace(v)"
[initial]
u = "x + random_uniform(0, 0.1)"
psi = "exp(2*pi*I*x)*y"
v = ["cos(pi*y)", "x*(1 - x)"]
[time]
end = 2
dt = 0.1
scheme = "euler"
[output]
every = 0.1
picture = false
"#;

#[test]
fn the_same_is_written_on_any_ranks() {
    let home = Home::new();
    home.write("p.toml", LARGE);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "one", "--ranks", "1"]);
    let series = Series::open(&home.path().join("one")).unwrap();
    assert_eq!(series.snapshots().unwrap(), 21);
    // What is known exactly.
    let first = series.read("v", 0).unwrap();
    assert_eq!(first.shape(), [2, 600, 500]);
    let y = series.coordinates("y").unwrap();
    for (k, y) in y.iter().enumerate() {
        let expected = (std::f64::consts::PI * y).cos();
        assert!((first[[0, 7, k]] - expected).abs() < 1e-14, "{k}");
    }
    drop(series);
    let cuts = [["2", "ranks.dims=[2, 1]"], ["3", "ranks.dims=[1, 3]"]];
    for [ranks, dims] in cuts {
        let args = ["--ranks", ranks, "--set", dims];
        home.succeed(&[&["run", "p.toml", "--quiet", "--out", ranks], &args[..]].concat());
        home.succeed(&["diff", "one", ranks]);
    }
    #[cfg(feature = "mpi")]
    {
        succeeded(finish(&mut home.mpirun(2, &["run", "p.toml", "--quiet", "--out", "mpi"])));
        home.succeed(&["diff", "one", "mpi"]);
    }
    let single = ["--set", "output.precision=f32", "--out"];
    for ranks in ["1", "2"] {
        let args = ["run", "p.toml", "--quiet", "--ranks", ranks];
        home.succeed(&[&args[..], &single[..], &[&format!("single-{ranks}")]].concat());
    }
    home.succeed(&["diff", "single-1", "single-2"]);
    home.succeed(&["diff", "one", "single-1", "--rtol", "1e-7", "--atol", "1e-7"]);
}

/// What was recorded before is right, and complete.
#[test]
fn snapshots_before_a_failure_are_complete_on_1_and_2_ranks() {
    let home = Home::new();
    let text = LARGE.replace("0.01*sin(t)", "where(t > 1.15, exp(1e3*u + 1e3), 0)");
    home.write("p.toml", &text);
    for ranks in ["1", "2"] {
        home.fail(3, &["run", "p.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        // The rate is infinite from t = 1.2 on.
        let series = Series::open(&home.path().join(ranks)).unwrap();
        assert_eq!(series.times().unwrap().len(), 13);
        drop(series);
    }
    home.succeed(&["diff", "1", "2"]);
}

#[test]
fn a_kill_takes_no_snapshot_that_was_recorded_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", LARGE);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "whole"]);
    let args = ["run", "p.toml", "--quiet", "--out", "killed", "--ranks", "2"];
    let mut child =
        home.fluxions(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !home.path().join("killed/snapshots/000006.h5").exists() {
        assert!(began.elapsed() < Duration::from_secs(120), "nothing is written");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    home.succeed(&["info", "killed", "--repair"]);
    let killed = Series::open(&home.path().join("killed")).unwrap();
    let whole = Series::open(&home.path().join("whole")).unwrap();
    let count = killed.snapshots().unwrap();
    // That in the last file may not be complete, nor the one before it have its time.
    assert!(count >= 5, "{count}");
    for snapshot in 0..count {
        assert!(killed.read("u", snapshot).unwrap() == whole.read("u", snapshot).unwrap());
    }
    drop((killed, whole));
    home.succeed(&["run", "p.toml", "--quiet", "--out", "killed", "--resume"]);
    home.succeed(&["diff", "whole", "killed"]);
}

/// On a file system of 40 megabytes, where the system lets a test make one.
#[test]
fn a_full_disk_is_told_on_1_and_2_ranks() {
    let home = Home::new();
    home.write("p.toml", LARGE);
    let program = env!("CARGO_BIN_EXE_fluxions");
    for ranks in ["1", "2"] {
        let lines = format!(
            "{program} run p.toml --out disk/p --quiet --ranks {ranks}; echo run $?; \
             {program} info disk/p"
        );
        let Some(output) = home.on_disk("40m", &lines) else { return };
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(out.contains("run 4"), "{out}\n{err}");
        assert!(err.contains("No space left on device"), "{err}");
        assert!(out.contains("3, t = 0 to 0.2"), "{out}");
    }
}
