//! `fluxions run` and what it leaves; `info`, `plot` and `diff` on it.

mod common;

use common::{Home, SMALL, text};
use fluxions::io::Series;

fn run(extra: &[&str]) -> Home {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let args = [&["run", "small.toml"], extra].concat();
    home.succeed(&args);
    home
}

#[test]
fn the_run_folder_holds_what_it_should() {
    let home = run(&[]);
    let series = Series::open(&home.path().join("small")).unwrap();
    assert_eq!(series.fields().unwrap(), ["both", "u", "v"]);
    assert_eq!(series.times().unwrap(), [0.0, 10.0, 20.0, 30.0, 40.0]);
    assert_eq!(series.shape("u").unwrap(), [5, 24, 20]);
    assert_eq!(series.axes("u").unwrap(), ["x", "y"]);
    assert_eq!(series.bounds().unwrap(), [[0.0, 1.0], [0.0, 1.0]]);
    assert_eq!(series.coordinates("y").unwrap().len(), 20);
    assert_eq!(
        (series.text("title"), series.text("geometry")),
        ("small".into(), "cartesian".into())
    );
    assert_eq!(series.text("problem"), SMALL);
    let (u, v, both) = (
        series.read("u", 3).unwrap(),
        series.read("v", 3).unwrap(),
        series.read("both", 3).unwrap(),
    );
    assert_eq!(u + v, both);
    let csv = home.read("small/diagnostics.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "step,time,mass,peak");
    assert_eq!(lines.len(), 10);
    assert!(lines[9].starts_with("40,40.0,"));
    let mass: f64 = lines[9].split(',').nth(2).unwrap().parse().unwrap();
    let sum = series.read("both", 4).unwrap().sum() / (24.0 * 20.0);
    assert!((mass - sum).abs() < 1e-14);
    let report: serde_json::Value = serde_json::from_str(&home.read("small/report.json")).unwrap();
    for key in [
        "stop_reason",
        "steps",
        "rhs_evaluations",
        "halo_exchanges",
        "messages",
        "bytes_sent",
        "wall_seconds",
        "setup_seconds",
        "stepping_seconds",
        "output_seconds",
        "cells_per_second",
        "bandwidth_fraction",
        "ranks",
        "dims",
        "threads_or_mpi",
        "backend",
        "version",
    ] {
        assert!(report.get(key).is_some(), "{key}");
    }
    assert_eq!(report["stop_reason"], "end");
    assert_eq!(report["steps"], 40);
    assert_eq!(home.read("small/problem.toml"), SMALL);
    assert!(home.read("small/run.log").contains("snapshot"));
    let png = std::fs::read(home.path().join("small/final.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 5_000);
    let xdmf = home.read("small/series.xdmf");
    assert_eq!(xdmf.matches("<Time").count(), 5);
    assert!(xdmf.contains("snapshots/000004.h5:/fields/both"));
}

#[test]
fn a_run_is_not_replaced_unless_asked() {
    let home = run(&["--quiet"]);
    let message = home.fail(4, &["run", "small.toml"]);
    assert!(message.contains("small already holds a run") && message.contains("--overwrite"));
    assert_eq!(home.read("small/problem.toml"), SMALL);
    home.succeed(&["run", "small.toml", "--overwrite", "--set", "time.end=10"]);
    let series = Series::open(&home.path().join("small")).unwrap();
    assert_eq!(series.times().unwrap(), [0.0, 10.0]);
    assert!(home.read("small/problem.toml").contains("end = 10"));
    home.succeed(&["run", "small.toml", "--out", "elsewhere/deep"]);
    assert!(home.path().join("elsewhere/deep/series.h5").exists());
}

#[test]
fn quiet_json_and_the_summary() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let output = fluxions_testing::finish(&mut home.fluxions(&["run", "small.toml", "--quiet"]));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let json = home.succeed(&["run", "small.toml", "--json", "--overwrite"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["steps"], 40);
    let summary = home.succeed(&["run", "small.toml", "--overwrite"]);
    assert!(summary.contains("40 steps of 480 cells") && summary.contains("final.png"));
}

#[test]
fn threads_and_processes_give_the_same_bits() {
    let home = run(&["--ranks", "1", "--out", "one"]);
    for ranks in ["2", "3", "4", "7"] {
        home.succeed(&["run", "small.toml", "--ranks", ranks, "--out", ranks]);
        home.succeed(&["diff", "one", ranks]);
    }
    #[cfg(feature = "mpi")]
    for ranks in [1, 2, 3, 4] {
        let out = format!("mpi{ranks}");
        let output = fluxions_testing::finish(
            &mut home.mpirun(ranks, &["run", "small.toml", "--out", &out]),
        );
        common::succeeded(output);
        home.succeed(&["diff", "one", &out]);
        let report = home.read(&format!("{out}/report.json"));
        assert!(report.contains("\"threads_or_mpi\": \"mpi\""));
        assert!(report.contains(&format!("\"ranks\": {ranks}")));
        assert_eq!(home.read("one/diagnostics.csv"), home.read(&format!("{out}/diagnostics.csv")));
    }
}

#[test]
fn differences_are_found_and_tolerated() {
    let home = run(&["--out", "a"]);
    home.succeed(&["run", "small.toml", "--out", "b", "--set", "parameters.F=0.0400001"]);
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "a", "b"]));
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(found.contains("u: largest difference") && found.contains("first in snapshot 1"));
    home.succeed(&["diff", "a", "b", "--rtol", "1e-3"]);
    home.succeed(&["diff", "a", "b", "--atol", "1e-4"]);
    home.succeed(&["run", "small.toml", "--out", "c", "--set", "time.end=30"]);
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "a", "c"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("snapshots: 5 in A, 4 in B"));
    home.fail(4, &["diff", "a", "nowhere"]);
}

#[test]
fn info_and_plot_show_a_run() {
    let home = run(&[]);
    let info = home.succeed(&["info", "small"]);
    for part in
        ["x in [0, 1], 24 cells", "5, t = 0 to 40", "u [5, 24, 20], 64 bits", "stopped: end"]
    {
        assert!(info.contains(part), "{part} in\n{info}");
    }
    assert!(home.succeed(&["info", "small/series.h5"]).contains("both"));
    assert!(home.succeed(&["info", "small/snapshots/000002.h5"]).contains("u [1, 24, 20]"));
    let said = home.succeed(&["plot", "small", "--field", "v", "--time", "19", "-o", "v.png"]);
    assert!(said.contains("t = 20"));
    assert!(std::fs::read(home.path().join("v.png")).unwrap().starts_with(b"\x89PNG"));
    let message = home.fail(4, &["plot", "small", "--field", "w"]);
    assert!(message.contains("holds no field `w`") && message.contains("it holds both, u, v"));
    home.fail(2, &["plot", "small", "-o", "v.gif"]);
}

#[test]
fn check_tells_what_a_problem_needs_and_writes_nothing() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let said = home.succeed(&["check", "small.toml", "--ranks", "4"]);
    for part in [
        "x in [0, 1], 24 cells, periodic",
        "u: x periodic, y- no flux, y+ no flux",
        "halos of u, v: 1 layer(s)",
        "sweep `step`",
        "4 (2×2)",
        "per rank",
        "messages with",
        "40 steps of 1 by euler",
        "stable dt",
        "run time",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    for (stage, part) in
        [("ast", "laplace(…)"), ("passes", "sweep `step`"), ("kernel", "load 0 at")]
    {
        assert!(home.succeed(&["check", "small.toml", "--show", stage]).contains(part));
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_solve_that_fails_has_its_exit_code_and_place() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    for ranks in ["1", "3"] {
        let args = [
            "run",
            "small.toml",
            "--set",
            "time.dt=20",
            "--set",
            "time.end=2000",
            "--ranks",
            ranks,
            "--overwrite",
        ];
        let message = home.fail(3, &args);
        assert!(message.contains("is not finite at x = "), "{message}");
        assert!(message.contains("in cell [") && message.contains("(step "), "{message}");
        assert!(message.contains("fluxions check"), "{message}");
    }
}

#[test]
fn single_precision_and_listed_times() {
    let home = Home::new();
    home.write("small.toml", &SMALL.replace("every = 10\n", "at = [1, 33]\nprecision = \"f32\"\n"));
    home.succeed(&["run", "small.toml"]);
    let series = Series::open(&home.path().join("small")).unwrap();
    assert_eq!(series.times().unwrap(), [0.0, 1.0, 33.0, 40.0]);
    assert_eq!(series.bytes("u").unwrap(), 4);
    assert!(home.read("small/series.xdmf").contains("Precision=\"4\""));
}
