//! What is printed for problem files: each `errors/NAME.toml` and `warnings/NAME.toml` is checked,
//! each `failures/NAME.toml` run, and what is printed compared with `NAME.txt`. A first line `#! ARGS` gives more arguments.
//! `UPDATE_GOLDEN=1 cargo test` writes the files anew.

mod common;

use std::path::Path;

/// What a command prints to standard error for each problem file of a folder, compared with what is
/// recorded; `code` is the exit code.
fn compare(folder: &str, least: usize, command: &[&str], code: i32) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    assert!(names.len() >= least);
    let home = common::Home::new();
    let mut wrong = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        home.write(&name, &text);
        let mut args = vec![command[0], name.as_str()];
        args.extend(&command[1..]);
        args.extend(
            text.lines().next().unwrap_or("").strip_prefix("#! ").unwrap_or("").split_whitespace(),
        );
        let output = fluxions_testing::finish(&mut home.fluxions(&args));
        let found = common::text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{name}: {found}");
        assert!(!found.contains("panicked"), "{name}: {found}");
        let golden = folder.join(&name).with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            wrong.push(format!("--- {name}, recorded:\n{expected}--- found:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_is_explained_as_recorded() {
    compare("errors", 60, &["check"], 2);
}

#[test]
fn warnings_are_told_as_recorded() {
    compare("warnings", 7, &["check"], 0);
}

/// The same message from one rank and from two, whoever has the cell.
#[test]
fn what_makes_a_number_infinite_is_told_as_recorded_on_1_and_2_ranks() {
    for ranks in ["1", "2"] {
        compare("failures", 4, &["run", "--quiet", "--overwrite", "--ranks", ranks], 3);
    }
}

/// Equations that have no solution, or whose solution is not found: every rank ends, soon, and the report says how far the
/// run came and how the residuals went. On 2 ranks as threads and as MPI processes.
#[test]
fn failures_of_solvers_end_with_a_report_on_2_ranks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures");
    for (name, residuals, is_finite) in [
        ("no_implicit_step", 2..500, true),
        ("stage_not_finite", 1..2, false),
        ("linear_system_given_up", 1..10, true),
        ("no_steady_state", 10..500, true),
        // Before the first step.
        ("unknown_not_found", 1..10, true),
        ("incompatible_at_first", 0..1, false),
    ] {
        let home = common::Home::new();
        let file = format!("{name}.toml");
        home.write(&file, &std::fs::read_to_string(folder.join(&file)).unwrap());
        let run = |mpi: bool, out: &str| {
            let args = ["run", &file, "--quiet", "--out", out];
            let mut command = match mpi {
                true => home.mpirun(2, &args),
                false => home.fluxions(&[&args[..], &["--ranks", "2"]].concat()),
            };
            let output = fluxions_testing::finish(&mut command);
            let told = common::text(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{name}: {told}");
            let report: serde_json::Value =
                serde_json::from_str(&home.read(&format!("{out}/report.json"))).unwrap();
            assert_eq!(report["stop_reason"], "failed", "{name}");
            let detail = report["stop_detail"].as_str().unwrap();
            let detail = detail.trim_start_matches(&format!("{file}: "));
            assert!(told.contains(detail), "{name}: {told}");
            let list = report["residuals"].as_array().cloned().unwrap_or_default();
            assert!(residuals.contains(&list.len()), "{name}: {list:?}");
            let first = list.first().and_then(serde_json::Value::as_f64);
            assert_eq!(first.is_some(), is_finite, "{name}: {list:?}");
            let info = home.succeed(&["info", out]);
            assert!(info.contains("run         failed at t = "), "{name}: {info}");
            if info.contains("snapshots   none") {
                let told = home.fail(4, &["plot", out]);
                assert!(told.contains(&format!("the run in {out} has no snapshot")), "{told}");
            }
            [&report["time"], &report["steps"], &report["residuals"]].map(Clone::clone)
        };
        let by_threads = run(false, "threads");
        if cfg!(feature = "mpi") {
            assert_eq!(run(true, "processes"), by_threads, "{name}");
        }
    }
}

/// A run that fails before its first step is a run all the same: `--overwrite` replaces it, and one that was to go on is left
/// as it was.
#[test]
fn a_run_that_fails_before_its_first_step_replaces_no_run_that_was_to_go_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures");
    let home = common::Home::new();
    let text = std::fs::read_to_string(folder.join("incompatible_at_first.toml")).unwrap();
    home.write("bad.toml", &text);
    home.write("good.toml", &text.replace("+ 1\"", "+ 1 - average(1 + 0*u)\""));
    home.fail(3, &["run", "bad.toml", "--out", "run"]);
    assert!(home.fail(4, &["run", "bad.toml", "--out", "run"]).contains("already holds a run"));
    home.succeed(&["run", "good.toml", "--out", "run", "--overwrite"]);
    let before = home.read("run/report.json");
    home.fail(3, &["run", "bad.toml", "--out", "run", "--resume"]);
    assert_eq!(home.read("run/report.json"), before);
    home.fail(3, &["run", "bad.toml", "--out", "run", "--overwrite"]);
    assert!(home.read("run/report.json").contains("\"stop_reason\": \"failed\""));
}

#[test]
fn an_axis_too_thin_for_transport_is_reported_by_run_as_by_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let name = "transport_thin_axis.toml";
    let home = common::Home::new();
    home.write(name, &std::fs::read_to_string(folder.join(name)).unwrap());
    let expected = std::fs::read_to_string(folder.join("transport_thin_axis.txt")).unwrap();
    assert_eq!(home.fail(2, &["run", name]), expected);
}

#[test]
fn files_that_cannot_be_read() {
    let home = common::Home::new();
    let message = home.fail(2, &["run", "nowhere.toml"]);
    assert!(message.contains("cannot read the problem file nowhere.toml"), "{message}");
    std::fs::write(home.path().join("binary.toml"), b"title = \"a\"\n\xff\xfe").unwrap();
    let message = home.fail(2, &["check", "binary.toml"]);
    assert!(message.contains("line 2 is not valid UTF-8"), "{message}");
    let message = home.fail(4, &["info", "nowhere"]);
    assert!(message.contains("neither a run folder nor a file of one"), "{message}");
}

/// A pipe that nobody writes to: who reads it waits for ever.
#[test]
fn a_pipe_is_no_problem_file() {
    let home = common::Home::new();
    let made = std::process::Command::new("mkfifo").arg(home.path().join("p.toml")).status();
    assert!(made.unwrap().success());
    for command in ["run", "check"] {
        let output = fluxions_testing::finish(&mut home.fluxions(&[command, "p.toml"]));
        let told = common::text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("p.toml is not an ordinary file"), "{told}");
    }
}

#[test]
fn arguments_that_cannot_be() {
    let home = common::Home::new();
    home.write("small.toml", common::SMALL);
    home.fail(2, &["run", "small.toml", "--ranks", "0"]);
    home.fail(2, &["frobnicate"]);
    home.fail(2, &["run"]);
}

/// A mistake is printed once, by one process, and the job ends with the same exit code.
#[cfg(feature = "mpi")]
#[test]
fn mistakes_under_mpirun_on_3_ranks_are_printed_once() {
    let home = common::Home::new();
    home.write("small.toml", &common::SMALL.replace("laplace(u)", "laplac(u)"));
    let output = fluxions_testing::finish(&mut home.mpirun(3, &["run", "small.toml"]));
    let message = common::text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert_eq!(message.matches("unknown function `laplac`").count(), 1, "{message}");
    home.write("small.toml", common::SMALL);
    let arguments = ["run", "small.toml", "--ranks", "2"];
    let output = fluxions_testing::finish(&mut home.mpirun(2, &arguments));
    assert_eq!(output.status.code(), Some(2));
    assert!(common::text(&output.stderr).contains("--ranks cannot be used under mpirun"));
}

/// Before any of them is started.
#[test]
fn more_ranks_than_can_be_threads_are_refused() {
    let home = common::Home::new();
    home.write("p.toml", common::SMALL);
    let message = home.fail(2, &["run", "p.toml", "--set", "ranks.dims=[100000, 1]"]);
    assert!(
        message.contains("100000 ranks are more than the 4096 that can be threads"),
        "{message}"
    );
    assert!(!home.path().join("p").exists());
}
