//! Faults at each call of the system by which a run changes files: kills, and errors of a disk or a quota. On 1 and 2 ranks as
//! threads, by strace, in every test run at some of the calls; FLUXIONS_FAULTS says at how many.

mod common;

use std::collections::HashMap;
use std::process::{Command, Output};

use common::{Home, text};

/// Output, diagnostics, probes and checkpoints, so that all kinds of files are written.
const PROBLEM: &str = r#"
[grid]
x = { bounds = [0, 1], cells = 16, periodic = true }
y = { bounds = [0, 1], cells = 12 }
[equations]
u = "1e-3*laplace(u) - u^3"
[initial]
u = "1 + random_uniform(0, 0.1)"
[noise]
u = 1e-6
[time]
end = 2
dt = 0.1
scheme = "euler"
[output]
every = 0.5
picture = false
[[output.probe]]
name = "middle"
at = [0.5, 0.5]
every = 0.5
[checkpoint]
every = { time = 0.6 }
[diagnostics]
every = 0.5
mass = "integral(u)"
"#;

/// What changes files.
const CALLS: &str = "write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat,rmdir,mkdir,ftruncate";

/// At how many calls faults are tried, of each kind.
fn faults() -> usize {
    std::env::var("FLUXIONS_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

fn traced(home: &Home, options: &[&str], out: &str, ranks: &str) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "--seccomp-bpf"]).args(options).arg(env!("CARGO_BIN_EXE_fluxions"));
    command.args(["run", "p.toml", "--quiet", "--out", out, "--ranks", ranks]);
    fluxions_testing::finish(command.current_dir(home.path()))
}

/// How many such calls the thread with most of them makes; nothing where strace cannot be used.
fn calls(home: &Home, ranks: &str) -> Option<usize> {
    let is_there = Command::new("strace").arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no strace, which `make test` installs");
        return None;
    }
    let output = traced(home, &["-o", "calls", "-e", &format!("trace={CALLS}")], "traced", ranks);
    if !output.status.success() {
        eprintln!("skipped: strace cannot be used here: {}", text(&output.stderr));
        return None;
    }
    let mut of_threads: HashMap<String, usize> = HashMap::new();
    for line in home.read("calls").lines() {
        let thread = line.split_whitespace().next().unwrap_or_default();
        *of_threads.entry(thread.into()).or_default() += 1;
    }
    of_threads.into_values().max()
}

/// Some of so many, the first and the last among them.
fn spread(all: usize) -> impl Iterator<Item = usize> {
    let count = faults().min(all).max(2);
    (0..count).map(move |k| 1 + k * (all - 1) / (count - 1))
}

/// Goes on with a run, which must come to the same as one without faults.
fn goes_on(home: &Home, out: &str, fault: &str) {
    let args = ["run", "p.toml", "--quiet", "--out", out, "--resume"];
    let output = fluxions_testing::finish(&mut home.fluxions(&args));
    assert!(output.status.success(), "after {fault}: {}", text(&output.stderr));
    for file in ["diagnostics.csv", "probes/middle.csv"] {
        let (whole, found) =
            (home.read(&format!("whole/{file}")), home.read(&format!("{out}/{file}")));
        assert_eq!(whole, found, "after {fault}");
    }
    home.succeed(&["diff", "whole", out]);
    std::fs::remove_dir_all(home.path().join(out)).unwrap();
}

#[test]
fn runs_killed_at_any_call_go_on_to_the_same_bits_on_1_and_2_ranks() {
    let home = Home::new();
    home.write("p.toml", PROBLEM);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "whole"]);
    for ranks in ["1", "2"] {
        let Some(all) = calls(&home, ranks) else { return };
        assert!(all > 50, "{all}");
        for when in spread(all) {
            let fault = format!("inject={CALLS}:signal=KILL:when={when}");
            traced(&home, &["-o", "/dev/null", "-e", &fault], "killed", ranks);
            goes_on(&home, "killed", &fault);
        }
        std::fs::remove_dir_all(home.path().join("traced")).unwrap();
    }
}

#[test]
fn errors_of_the_disk_are_told_and_runs_go_on_on_1_and_2_ranks() {
    let home = Home::new();
    home.write("p.toml", PROBLEM);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "whole"]);
    for (ranks, error, words) in [
        ("1", "EIO", "Input/output error"),
        ("2", "EIO", "Input/output error"),
        ("1", "EDQUOT", "Disk quota exceeded"),
    ] {
        let Some(all) = calls(&home, ranks) else { return };
        let mut told = 0;
        for when in spread(all) {
            let fault = format!("inject={CALLS}:error={error}:when={when}");
            let output = traced(&home, &["-o", "/dev/null", "-e", &fault], "faulty", ranks);
            let err = text(&output.stderr);
            assert!(!err.contains("panicked"), "{fault}: {err}");
            match output.status.code() {
                // It was no file of the run's.
                Some(0) => {}
                Some(4) => {
                    assert!(err.contains(words) || err.contains("HDF5"), "{fault}: {err}");
                    told += 1;
                }
                code => panic!("{fault}: {code:?}: {err}"),
            }
            goes_on(&home, "faulty", &fault);
        }
        assert!(told > 0);
        std::fs::remove_dir_all(home.path().join("traced")).unwrap();
    }
}
