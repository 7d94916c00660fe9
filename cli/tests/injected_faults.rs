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
    command.args(["-f", "-qq", "-e", &format!("trace={CALLS}")]).args(options);
    command.arg(env!("CARGO_BIN_EXE_fluxions"));
    command.args(["run", "p.toml", "--quiet", "--out", out, "--ranks", ranks]);
    fluxions_testing::finish(command.current_dir(home.path()))
}

/// The calls of a run, each by its name and how many of that name its thread has made by then, from 1 on; of threads that
/// make the same calls those of one. Nothing where strace cannot be used.
fn calls(home: &Home, ranks: &str) -> Option<Vec<(String, usize)>> {
    let is_there = Command::new("strace").arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no strace, which `make test` installs");
        return None;
    }
    let output = traced(home, &["-o", "calls"], "traced", ranks);
    if !output.status.success() {
        eprintln!("skipped: strace cannot be used here: {}", text(&output.stderr));
        return None;
    }
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in home.read("calls").lines() {
        let mut words = line.split([' ', '(']).filter(|word| !word.is_empty());
        let (Some(thread), Some(name)) = (words.next(), words.next()) else { continue };
        if CALLS.split(',').any(|known| known == name) {
            let count = counts.entry((thread.into(), name.into())).or_default();
            *count += 1;
            calls.push((name.to_string(), *count));
        }
    }
    calls.sort();
    calls.dedup();
    Some(calls)
}

/// Some of all calls, the first and the last among them.
fn spread(calls: &[(String, usize)]) -> impl Iterator<Item = &(String, usize)> {
    let count = faults().min(calls.len()).max(2);
    (0..count).map(move |k| &calls[k * (calls.len() - 1) / (count - 1)])
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
        assert!(all.len() > 50, "{all:?}");
        let (mut kills, mut tries) = (0, 0);
        for (call, when) in spread(&all) {
            let fault = format!("inject={call}:signal=KILL:when={when}");
            let output = traced(&home, &["-o", "/dev/null", "-e", &fault], "killed", ranks);
            kills += usize::from(output.status.code().is_none_or(|code| code == 137));
            tries += 1;
            goes_on(&home, "killed", &fault);
        }
        // Threads may make some calls in another order.
        assert!(2 * kills > tries, "{kills} of {tries} were killed");
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
        for (call, when) in spread(&all) {
            let fault = format!("inject={call}:error={error}:when={when}");
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
