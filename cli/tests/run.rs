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
    assert_eq!(series.fields().unwrap(), ["u", "v", "both"]);
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
        "halo_ways",
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
    assert!(xdmf.contains("snapshots/000000.h5:/fields/both"));
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

/// Every file of a folder that a refused run must leave as it is.
fn files(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), std::fs::read(path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn what_no_run_has_written_is_never_replaced() {
    let home = Home::new();
    home.write("problem.toml", SMALL);
    // A folder of the user's own, which the default folder happens to be.
    std::fs::create_dir(home.path().join("problem")).unwrap();
    home.write("problem/problem.toml", "mine");
    // A run that reads the one before it.
    home.succeed(&["run", "problem.toml", "--out", "first", "--quiet"]);
    let second = SMALL.replace("u = \"1 - 0.5*exp", "u = { file = \"first/series.h5\" }\n# ");
    home.write("second.toml", &second);
    let before = files(home.path());
    let refused = |args: &[&str], part: &str| {
        for extra in [&[][..], &["--overwrite"]] {
            let args = [&["run"], args, extra].concat();
            let message = home.fail(4, &args);
            assert!(message.contains(part) && message.contains("--out"), "{args:?}: {message}");
            assert!(files(home.path()) == before, "{args:?} changed files");
        }
    };
    refused(&["problem.toml"], "problem holds `problem.toml`, which no run has written");
    refused(&["problem.toml", "--out", "."], "would replace problem.toml, which it reads");
    refused(&["first/problem.toml", "--out", "first"], "would replace first/problem.toml");
    refused(&["second.toml", "--out", "first"], "would replace first/series.h5, which it reads");
    refused(&["second.toml", "--out", "first/../first"], "would replace first/series.h5");
    refused(&["second.toml", "--out", "."], "holds `problem.toml`, which no run has written");
    // Beside files of other names there is room for a run.
    home.write("problem/notes.txt", "mine");
    std::fs::remove_file(home.path().join("problem/problem.toml")).unwrap();
    home.succeed(&["run", "problem.toml", "--quiet"]);
    home.succeed(&["run", "problem.toml", "--quiet", "--overwrite"]);
    assert_eq!(home.read("problem/notes.txt"), "mine");
}

#[test]
fn a_run_can_be_repeated_from_its_folder() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--out", "data/given", "--quiet"]);
    let given = home.path().join("data/given/series.h5").display().to_string();
    let text = SMALL
        .replace("u = \"1 - 0.5*exp", "u = { file = 'data/given/series.h5'  } # earlier\n# ")
        .replace("v = \"0.25*exp", &format!("v = {{ file = '{given}', time = 20 }}\n# "));
    let text = text.replace(
        "F = 0.04",
        "F = 0.04\n[parameters.map]\nfile = 'data/given/series.h5'\nfield = 'v'",
    );
    home.write("next.toml", &text);
    home.succeed(&["run", "next.toml", "--out", "runs/next", "--ranks", "2"]);
    let copy = home.read("runs/next/problem.toml");
    for kept in ["u = { file = \"../../data/given/series.h5\"  } # earlier", &given] {
        assert!(copy.contains(kept), "{kept} in\n{copy}");
    }
    home.succeed(&["run", "runs/next/problem.toml", "--out", "again"]);
    home.succeed(&["diff", "runs/next", "again"]);
    assert!(home.read("again/problem.toml").contains("\"../data/given/series.h5\""));
    // Both folders may move together.
    std::fs::create_dir(home.path().join("moved")).unwrap();
    for name in ["data", "runs"] {
        std::fs::rename(home.path().join(name), home.path().join("moved").join(name)).unwrap();
    }
    let moved =
        home.read("moved/runs/next/problem.toml").replace(&given, "../../data/given/series.h5");
    home.write("moved/runs/next/problem.toml", &moved);
    home.succeed(&["run", "moved/runs/next/problem.toml", "--out", "third"]);
    home.succeed(&["diff", "again", "third"]);
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

/// On 2 and 4 processes and on 3 threads.
#[cfg(feature = "mpi")]
#[test]
fn halos_go_as_asked_and_to_the_same_bits() {
    let home = run(&["--ranks", "1", "--out", "one"]);
    for (halos, ways) in [("packed", "packed and overlapped"), ("in place", "in place")] {
        let asked = format!("execution.halos=\"{halos}\"");
        // Several steps in a sweep have halos of their own.
        for (ranks, steps) in [(2, "0"), (2, "3"), (4, "0")] {
            let (out, steps) =
                (format!("{halos}{ranks}{steps}"), format!("execution.steps_per_sweep={steps}"));
            let args =
                ["run", "small.toml", "--out", &out, "--set", &asked, "--set", steps.as_str()];
            common::succeeded(fluxions_testing::finish(&mut home.mpirun(ranks, &args)));
            home.succeed(&["diff", "one", &out]);
            let report = home.read(&format!("{out}/report.json"));
            assert!(report.contains(&format!(" {ways}\"")), "{report}");
        }
        let args = ["run", "small.toml", "--ranks", "3", "--out", halos, "--set", &asked];
        home.succeed(&args);
        home.succeed(&["diff", "one", halos]);
        let said = home.succeed(&["check", "small.toml", "--ranks", "2", "--set", &asked]);
        assert!(said.contains(&format!("without temporal blocking, {halos}\n")), "{said}");
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
    for part in [
        "x in [0, 1], 24 cells",
        "5, t = 0 to 40",
        "u [5, 24, 20], 64 bits",
        "stopped: the end time was reached",
    ] {
        assert!(info.contains(part), "{part} in\n{info}");
    }
    assert!(home.succeed(&["info", "small/series.h5"]).contains("both"));
    let segment = home.succeed(&["info", "small/snapshots/000000.h5"]);
    for part in ["u [5, 24, 20]", "x in [0, 1], 24 cells", "5, t = 0 to 40"] {
        assert!(segment.contains(part), "{part} in\n{segment}");
    }
    let said = home.succeed(&["plot", "small/snapshots/000000.h5"]);
    assert!(said.contains("small/plot.png (t = 40)"), "{said}");
    assert!(home.path().join("small/plot.png").exists());
    // A file of snapshots knows their times by itself.
    std::fs::copy(home.path().join("small/snapshots/000000.h5"), home.path().join("a.h5")).unwrap();
    home.succeed(&["diff", "small/snapshots/000000.h5", "a.h5"]);
    let said = home.succeed(&["plot", "a.h5", "-o", "a.png"]);
    assert_eq!(said, "a.png (t = 40)\n");
    let said = home.succeed(&["plot", "small", "--field", "v", "--time", "19", "-o", "v.png"]);
    assert!(said.contains("t = 20"));
    assert!(std::fs::read(home.path().join("v.png")).unwrap().starts_with(b"\x89PNG"));
    let message = home.fail(4, &["plot", "small", "--field", "w"]);
    assert!(message.contains("holds no field `w`") && message.contains("it holds u, v, both"));
    home.fail(2, &["plot", "small", "-o", "v.gif"]);
}

#[test]
fn check_tells_of_fluxes() {
    let home = Home::new();
    let text = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nu = \"laplace(u^2) - d_dx(u)\"\n\
                [initial]\nu = 1\n[boundary.u]\n\"x-\" = { flux = 0 }\n\"x+\" = { flux = \"u\" }\n\
                [time]\nend = 1\ndt = 1e-4\n";
    home.write("flux.toml", text);
    let said = home.succeed(&["check", "flux.toml"]);
    assert!(said.contains("u: x- zero flux, x+ flux\n"), "{said}");
    let argument = "argument 1 of laplace in the equation of `u` `u^2`: x- zero derivative, x+ zero derivative\n";
    assert_eq!(said.matches("argument 1 of").count(), 1, "{said}");
    assert!(said.contains(argument), "{said}");
}

/// Which term limits the step, and where; and that a scheme lets waves grow.
#[test]
fn check_tells_what_limits_the_step() {
    let home = Home::new();
    let text = |equations: &str, scheme: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 20, periodic = true }}\n[equations]\n{equations}\n\
             [initial]\nu = \"sin(2*pi*x)\"\nv = 0\n[time]\nend = 1\ndt = \"auto\"\nscheme = \"{scheme}\"\n"
        )
    };
    let equations = "u = \"u - u^3 + diffusion(1 + x, u)\"\nv = \"-v\"";
    home.write("varying.toml", &text(equations, "rk4"));
    let said = home.succeed(&["check", "varying.toml"]);
    let limit = "for `diffusion(1 + x, u)` in the equation of `u`, fastest at x = 0.925";
    assert!(said.contains(limit), "{said}");
    let waves = "u = \"v\"\nv = \"laplace(u)\"";
    home.write("waves.toml", &text(waves, "rk4"));
    let said = home.succeed(&["check", "waves.toml"]);
    assert!(said.contains("for `laplace(u)` in the equation of `v`\n"), "{said}");
    home.write("grows.toml", &text(waves, "euler"));
    for command in ["check", "run"] {
        let output = fluxions_testing::finish(&mut home.fluxions(&[command, "grows.toml"]));
        let said = common::text(&output.stderr);
        assert!(said.contains("euler lets waves grow that nothing damps"), "{said}");
    }
}

#[test]
fn check_tells_what_a_problem_needs_and_writes_nothing() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let said = home.succeed(&["check", "small.toml", "--ranks", "4"]);
    for part in [
        "x in [0, 1], 24 cells, periodic",
        "u: x periodic, y- zero derivative, y+ zero derivative",
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
fn check_reports_the_flow_of_each_field() {
    let home = Home::new();
    let text = r#"
[grid]
x = { bounds = [0, 1], cells = 16, periodic = true }
y = { bounds = [0, 1], cells = 16, periodic = true }
[equations]
a = "-a"
b = "-b"
[initial]
a = "2 + sin(2*pi*x)"
b = 1
[transport.a]
velocity = ["cos(2*pi*y)", 0.5]
iterations = 3
nonoscillatory = true
g_factor = "2 + sin(2*pi*x)"
[transport.b]
stream_function = "cos(2*pi*x)"
[time]
end = 1
dt = 0.01
"#;
    home.write("advected.toml", text);
    let said = home.succeed(&["check", "advected.toml"]);
    for line in [
        "transport   a: velocity [cos(2*pi*y), 0.5], 3 iterations, nonoscillatory, G = 2 + sin(2*pi*x)\n",
        "            b: stream function cos(2*pi*x), 2 iterations\n",
        "time        100 steps of 0.01 by symmetric\n",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
    let trees = home.succeed(&["check", "advected.toml", "--show", "ast"]);
    assert!(trees.contains("velocity of a, component 0 = cos(2*pi*y)\n"), "{trees}");
    assert!(trees.contains("stream function of b = cos(2*pi*x)\n"), "{trees}");
}

#[test]
fn the_step_can_be_left_to_the_program() {
    let home = Home::new();
    home.write("small.toml", &SMALL.replace("dt = 1\n", "dt = \"auto\"\n"));
    let said = home.succeed(&["check", "small.toml"]);
    let line = said.lines().find(|line| line.starts_with("time")).unwrap();
    let dt = line.split("steps of ").nth(1).unwrap().split(' ').next().unwrap();
    let how = format!("steps of {dt} at first, following the solution (dt = \"auto\"), by euler");
    assert!(line.ends_with(&how), "{line}");
    for ranks in ["1", "3"] {
        home.succeed(&["run", "small.toml", "--ranks", ranks, "--out", ranks]);
        let log = home.read(&format!("{ranks}/run.log"));
        assert!(log.contains(&format!("in {how}")), "{log}");
        assert!(!log.contains("warning"), "{log}");
    }
    home.succeed(&["diff", "1", "3"]);
    let given = format!("time.dt={dt}");
    home.succeed(&["run", "small.toml", "--set", &given, "--out", "given"]);
    assert!(!home.read("given/run.log").contains("auto"));
    #[cfg(feature = "mpi")]
    {
        let arguments = ["run", "small.toml", "--out", "mpi"];
        common::succeeded(fluxions_testing::finish(&mut home.mpirun(3, &arguments)));
        home.succeed(&["diff", "1", "mpi"]);
    }
}

/// u approaches 1 at the rate 1 − u, from 0.
const APPROACH: &str = "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[equations]\nu = \"1 - u\"\n[initial]\nu = 0\n\
                        [output]\nevery = 3\npicture = false\n[time]\nend = 100\n";

#[test]
fn a_run_stops_where_it_is_asked_to_on_1_and_2_ranks() {
    let home = Home::new();
    // 1 − u = exp(−t) is 1e-3 at t = 6.908, and 0.5 at t = 0.693.
    for (name, stop, time, least) in [
        ("equal", "steady = 1e-3", "dt = 0.01", 6.908),
        ("adaptive", "steady = 1e-3", "tolerance = 1e-6", 6.908),
        ("stabilised", "steady = 1e-3", "tolerance = 1e-6\nscheme = \"rkc2\"", 6.908),
        ("when", "when = \"average(u) >= 0.5\"", "dt = 0.01", 0.693),
        ("both", "steady = 1e-3\nwhen = \"max(u) >= 0.5\"", "tolerance = 1e-6", 0.693),
    ] {
        let file = format!("{name}.toml");
        home.write(&file, &format!("{APPROACH}{time}\n[stop]\n{stop}\n"));
        for ranks in ["1", "2"] {
            let folder = format!("{name}{ranks}");
            let said = home.succeed(&["run", &file, "--ranks", ranks, "--out", &folder]);
            let report: serde_json::Value =
                serde_json::from_str(&home.read(&format!("{folder}/report.json"))).unwrap();
            let at = report["time"].as_f64().unwrap();
            assert!((least..least + 0.8).contains(&at), "{name}: {at}");
            let detail = report["stop_detail"].as_str().unwrap();
            assert!(said.contains(detail), "{said}");
            let words = if stop.contains("when") { "was reached" } else { "no rate of change" };
            assert!(detail.contains(words), "{detail}");
            // The last state is written, though it was not due.
            let listed = home.succeed(&["info", &folder]);
            assert!(listed.contains(&format!("{at}")), "{listed}");
        }
        home.succeed(&["diff", &format!("{name}1"), &format!("{name}2")]);
    }
    // Far too many steps for the time that is given.
    let long = APPROACH.replace("end = 100", "end = 1e9\ndt = 1e-3");
    home.write("long.toml", &format!("{long}[stop]\nwall_time = \"300ms\"\n"));
    for ranks in ["1", "2"] {
        let run = &["run", "long.toml", "--ranks", ranks, "--overwrite"];
        let stopped = fluxions_testing::finish(&mut home.fluxions(run));
        assert_eq!(stopped.status.code(), Some(75), "{}", text(&stopped.stderr));
        let report = home.read("long/report.json");
        assert!(report.contains("the wall time of 300ms is over"), "{report}");
    }
    // A state that is steady at once is the first and the last one.
    home.write("rest.toml", &APPROACH.replace("u = 0\n", "u = 1\n").replace("end", "dt = 1\nend"));
    let rest = home.read("rest.toml");
    home.write("rest.toml", &format!("{rest}[stop]\nsteady = 1e-9\n"));
    home.succeed(&["run", "rest.toml"]);
    assert!(home.read("rest/report.json").contains("\"steps\": 0"));
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
        assert!(message.contains("the longest stable one was"), "{message}");
    }
}

/// A warning is told once, and kept in the log; `--quiet` leaves it there.
#[test]
fn warnings_stand_in_the_log_and_are_printed_once_on_2_ranks() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let told = "the step dt = 1000 is longer than ";
    for (quiet, printed) in [(None, 1), (Some("--quiet"), 0)] {
        let mut args = vec!["run", "small.toml", "--ranks", "2", "--overwrite"];
        args.extend(["--set", "time.dt=1000", "--set", "time.end=1000"]);
        args.extend(quiet);
        let output = fluxions_testing::finish(&mut home.fluxions(&args));
        let message = text(&output.stderr);
        assert_eq!(message.matches(told).count(), printed, "{message}");
        let log = home.read("small/run.log");
        assert_eq!(log.matches(told).count(), 1, "{log}");
        assert!(log.contains("; make dt "), "{log}");
    }
}

#[test]
fn numbers_too_large_for_single_precision_are_told_when_they_are_written() {
    let home = Home::new();
    let large = SMALL.replace("fields = [\"u\",", "fields = [\"big = 1e39*u\",");
    home.write("small.toml", &large.replace("every = 10\n", "every = 10\nprecision = \"f32\"\n"));
    let output = fluxions_testing::finish(&mut home.fluxions(&["run", "small.toml"]));
    let message = text(&output.stderr);
    assert_eq!(message.matches("which is beyond numbers of 4 bytes").count(), 1, "{message}");
    assert!(message.contains("warning: `big` reaches "), "{message}");
    let log = home.read("small/run.log");
    assert_eq!(log.matches("warning: `big` reaches ").count(), 1, "{log}");
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

/// Fields of several types on a cylindrical grid.
const TYPES: &str = r#"
title = "types"
[grid]
geometry = "cylindrical"
r = { bounds = [0, 1], cells = 8 }
z = { bounds = [0, 2e9], cells = 16 }
[fields]
v = "vector"
psi = { dtype = "complex" }
[equations]
c = "0"
v = "vector_laplace(v)"
psi = "i*laplace(psi)"
[initial]
c = "1e250*r + 1e-9"
v = ["r", "1", "0"]
psi = "exp(i*z/1e8)"
[boundary.v]
"r+" = { normal_value = 0 }
[time]
end = 1e-4
dt = 1e-4
"#;

#[test]
fn fields_of_every_type_are_told_drawn_and_compared() {
    let home = Home::new();
    home.write("types.toml", TYPES);
    let said = home.succeed(&["check", "types.toml"]);
    for part in [
        "geometry    cylindrical",
        "c, v (vector of r, z, phi), psi (complex)",
        "v.r: r- zero derivative, r+ zero value, z- zero derivative, z+ zero derivative",
        "v.z: r- zero derivative, r+ zero derivative",
        "psi: r- zero derivative, r+ zero derivative",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    // No operator looks at the neighbours of c.
    assert!(!said.contains("c: r-"), "{said}");
    home.succeed(&["run", "types.toml", "--quiet"]);
    let info = home.succeed(&["info", "types"]);
    for part in [
        "geometry    cylindrical",
        "v [2, 3, 8, 16], a vector (r, z, phi), 64 bits",
        "last v.r: ",
        "last v.z: 1.000000 … 1.000000, mean 1.000000",
        "psi [2, 8, 16], complex, 2 × 64 bits; last |psi|: ",
        "z in [0, 2e9], 16 cells",
    ] {
        assert!(info.contains(part), "{part} in\n{info}");
    }
    // The mean over the cylinder of r is 2/3, over the cells it is 1/2.
    assert!(info.contains("mean 6.6") && info.contains("e249"), "{info}");
    assert!(info.lines().all(|line| line.len() < 120), "{info}");
    for shown in ["v", "v.z", "|v|", "psi", "re psi", "arg psi"] {
        home.succeed(&["plot", "types", "--field", shown, "-o", "shown.png"]);
        let png = std::fs::read(home.path().join("shown.png")).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 3_000, "{shown}");
    }
    let message = home.fail(4, &["plot", "types", "--field", "v.y"]);
    assert!(message.contains("holds no field `v.y`") && message.contains("v.r"), "{message}");

    let set = "initial.v=[\"r\", \"1 + 1e-3*z\", \"0\"]";
    home.succeed(&["run", "types.toml", "--quiet", "--out", "other", "--set", set]);
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "types", "other"]));
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(found.contains("in snapshot 0 of v.z at cell [0, 0]: 1.0 in A"), "{found}");
    assert!(found.contains("psi: the same in all 256 numbers"), "{found}");
    let turned = ["--set", "initial.psi=1.5*i*exp(i*z/1e8)"];
    home.succeed(&[&["run", "types.toml", "--quiet", "--out", "turned"], &turned[..]].concat());
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "types", "turned"]));
    // |1 − 1.5i|, as a part of 1.5.
    assert!(text(&output.stdout).contains("psi: largest difference 1.803e0, 1.202e0"));
    let real = ["--set", "fields.psi=scalar", "--set", "equations.psi=0", "--set", "initial.psi=1"];
    home.succeed(&[&["run", "types.toml", "--quiet", "--out", "real"], &real[..]].concat());
    let output = fluxions_testing::finish(&mut home.fluxions(&["diff", "types", "real"]));
    assert!(text(&output.stdout).contains("psi: a complex scalar in A, a scalar in B"));
}

/// Without --ranks the grid and [ranks] decide: the machine may have any number of cores.
#[test]
fn the_number_of_ranks_fits_the_problem() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    for (dims, ranks) in [("[4, 1]", "4"), ("[5]", "5"), ("[0, 3]", "3"), ("[3, 2]", "6")] {
        let set = format!("ranks.dims={dims}");
        let said = home.succeed(&["check", "small.toml", "--set", &set]);
        let (_, found) = said.split_once("\nranks").unwrap();
        let found: usize = found.split_whitespace().next().unwrap().parse().unwrap();
        assert_eq!(found % ranks.parse::<usize>().unwrap(), 0, "{dims}: {said}");
        home.succeed(&["run", "small.toml", "--quiet", "--overwrite", "--set", &set]);
    }
    // A condition that looks at two cells leaves no room to cut three.
    let thin = ["--set", "grid={ x = { bounds = [0, 1], cells = 3 } }"];
    let curved = ["--set", "boundary.x={ curvature = 0 }"];
    let fields = ["--set", "initial.u=x", "--set", "initial.v=1"];
    for command in [&["check", "small.toml"][..], &["run", "small.toml", "--overwrite"]] {
        home.succeed(&[command, &thin, &curved, &fields].concat());
    }
}

#[test]
fn names_of_output_can_be_used_everywhere() {
    let home = Home::new();
    for (fields, help) in [
        ("\"u/2\"", "write it as name = u/2"),
        ("\"u\", \"half u = u/2\"", "letters, digits and `_`"),
        ("\"u = u/2\"", "give the expression another name"),
    ] {
        let text = SMALL.replace("[\"u\", \"v\", \"both = u + v\"]", &format!("[{fields}]"));
        let line = text.lines().position(|line| line.starts_with("fields")).unwrap() + 1;
        home.write("small.toml", &text);
        let message = home.fail(2, &["check", "small.toml"]);
        assert!(message.contains(&format!("small.toml:{line}:")), "{message}");
        assert!(message.contains(help), "{message}");
    }
    home.write("small.toml", &SMALL.replace("mass =", "\"total, mass\" ="));
    let message = home.fail(2, &["check", "small.toml"]);
    assert!(message.contains("`total, mass` is not a name for a column"), "{message}");
}

#[test]
fn diagnostics_may_be_of_nothing_but_the_time() {
    let home = Home::new();
    let (before, _) = SMALL.split_once("mass =").unwrap();
    home.write("small.toml", before);
    home.succeed(&["run", "small.toml", "--quiet"]);
    let csv = home.read("small/diagnostics.csv");
    assert!(csv.starts_with("step,time\n0,0.0\n5,5.0\n"), "{csv}");
}

#[cfg(feature = "mpi")]
#[test]
fn under_mpirun_on_3_ranks_one_process_speaks() {
    let home = run(&["--quiet"]);
    let said = |code: i32, args: &[&str]| {
        let output = fluxions_testing::finish(&mut home.mpirun(3, args));
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    assert_eq!(said(0, &["info", "small"]).matches("geometry").count(), 1);
    assert_eq!(said(0, &["diff", "small", "small"]).matches("u: the same").count(), 1);
    assert_eq!(said(0, &["plot", "small"]).matches("plot.png").count(), 1);
    let check = said(0, &["check", "small.toml"]);
    assert_eq!(check.matches("stable dt").count(), 1);
    assert!(check.contains("ranks       3"), "{check}");
    assert_eq!(said(4, &["info", "nowhere"]).matches("neither a run folder").count(), 1);
    assert_eq!(said(2, &["infer", "small"]).matches("unrecognized").count(), 1);
}

#[test]
fn single_snapshots_of_two_runs_can_be_compared() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--quiet"]);
    let longer = ["--out", "longer", "--set", "time.end=60", "--set", "output.every=20"];
    home.succeed(&[&["run", "small.toml", "--quiet"], &longer[..]].concat());
    let compare = |extra: &[&str]| {
        let args = [&["diff", "small", "longer"], extra].concat();
        let output = fluxions_testing::finish(&mut home.fluxions(&args));
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(compare(&[]).0, Some(1));
    let (code, told) = compare(&["--time", "40"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("u: the same in all 480 numbers"), "{told}");
    let (code, told) = compare(&["--last"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("time of snapshot 4: 40.0 in A, 60.0 in B"), "{told}");
}
