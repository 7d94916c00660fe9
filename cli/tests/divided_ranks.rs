//! Ranks that do not see the same, do not know of each other, or stop: on 2 MPI processes.
#![cfg(feature = "mpi")]

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Home, SMALL, text};
use fluxions_testing::{finish, mpirun};
use rustix::process::{Pid, Signal, kill_process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fluxions");

/// `mpirun` of two commands, one for each rank.
fn two(home: &Home, first: &[&str], second: &[&str]) -> Command {
    let mut command = mpirun(1);
    command.args(first).args([":", "-n", "1"]).args(second).current_dir(home.path());
    command
}

/// The process of a rank that runs a program in this folder.
fn process_of(rank: usize, home: &Home) -> Option<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let is_it = |folder: &PathBuf| {
        let read = |name| text(&std::fs::read(folder.join(name)).unwrap_or_default());
        let here = std::fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd == home.path());
        here && read("cmdline").starts_with(PROGRAM)
            && read("environ").split('\0').any(|v| {
                // Those of Open MPI and of MPICH.
                ["OMPI_COMM_WORLD_RANK", "PMI_RANK"]
                    .iter()
                    .any(|name| v == format!("{name}={rank}"))
            })
    };
    let folder = processes.map(|entry| entry.path()).find(is_it)?;
    let number = folder.file_name()?.to_str()?.parse().ok()?;
    Pid::from_raw(number)
}

/// Waits for ranks have no end by themselves: that of a rank that was stopped, or lost its network.
#[test]
fn a_rank_that_stops_ends_the_run_within_the_limit_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", &SMALL.replace("end = 40", "end = 1e7"));
    let args = ["run", "p.toml", "--out", "run", "--quiet", "--set", "checkpoint.every.time=200"];
    let mut command = home.mpirun(2, &args);
    let errors = std::fs::File::create(home.path().join("errors")).unwrap();
    command.env("FLUXIONS_TIMEOUT", "2 s").stdout(Stdio::null()).stderr(errors);
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let has_checkpoint = || {
        let found = std::fs::read_dir(home.path().join("run/checkpoints")).into_iter().flatten();
        found.flatten().any(|entry| !entry.file_name().to_string_lossy().contains('.'))
    };
    while !has_checkpoint() {
        assert!(began.elapsed() < Duration::from_secs(120), "no checkpoint");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(process_of(1, &home).expect("rank 1 runs"), Signal::STOP).unwrap();
    let code = child.wait().unwrap().code();
    assert_ne!(code, Some(0));
    let told = home.read("errors");
    assert!(told.contains("rank 0 has waited 2 s for "), "{told}");
    assert!(told.contains("FLUXIONS_TIMEOUT") && told.contains("on host"), "{told}");
    let info = home.succeed(&["info", "run"]);
    assert!(info.contains("failed: rank 0 has waited 2 s"), "{info}");
    assert!(home.read("run/report.json").contains("rank 0 has waited 2 s"));
    home.succeed(&[
        "run",
        "p.toml",
        "--out",
        "run",
        "--resume",
        "--quiet",
        "--set",
        "time.end=400",
    ]);
}

#[test]
fn a_limit_that_is_no_time_is_refused() {
    let home = Home::new();
    home.write("p.toml", SMALL);
    let mut command = home.fluxions(&["run", "p.toml"]);
    let output = finish(command.env("FLUXIONS_TIMEOUT", "soon"));
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("FLUXIONS_TIMEOUT is a length of time, not `soon`"), "{told}");
    assert!(!home.path().join("p").exists());
    let mut command = home.fluxions(&["run", "p.toml", "--quiet", "--ranks", "2"]);
    common::succeeded(finish(command.env("FLUXIONS_TIMEOUT", "0")));
}

/// Under the launcher of another MPI, every process would solve the whole problem.
#[test]
fn processes_that_do_not_know_of_each_other_are_told_apart() {
    let home = Home::new();
    home.write("p.toml", SMALL);
    // An mpirun, and `srun --mpi=none`.
    for (ranks, number) in [("PMI_SIZE", "PMI_RANK"), ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID")] {
        for (rank, code) in [("0", 2), ("1", 0)] {
            let mut command = home.fluxions(&["run", "p.toml"]);
            command.env(ranks, "2").env(number, rank);
            let output = finish(command.env("OMPI_ALLOW_RUN_AS_ROOT", "1"));
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{told}");
            assert_eq!(
                told.contains("2 processes were started, but they do not know"),
                rank == "0"
            );
            assert!(!home.path().join("p").exists());
        }
    }
}

#[test]
fn rank_0_reads_the_problem_for_all_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", SMALL);
    std::fs::create_dir(home.path().join("elsewhere")).unwrap();
    let out = home.path().join("run");
    let run = [PROGRAM, "run", "p.toml", "--quiet", "--out", out.to_str().unwrap()];
    let second = [&["-wdir", "elsewhere"], &run[..]].concat();
    common::succeeded(finish(&mut two(&home, &run, &second)));
    home.succeed(&["run", "p.toml", "--quiet", "--out", "one", "--ranks", "1"]);
    home.succeed(&["diff", "run", "one"]);
}

#[test]
fn a_folder_that_is_not_shared_is_refused_before_anything_is_made_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", SMALL);
    std::fs::create_dir(home.path().join("disk")).unwrap();
    let run = [PROGRAM, "run", "p.toml", "--quiet", "--out", "disk/run"];
    let line = format!("mount -t tmpfs tmpfs disk || exit 99; exec {}", run.join(" "));
    // Only root may do it as it is. MPICH's shared memory ends at users of another namespace.
    let as_root = rustix::process::getuid().is_root();
    let users = if as_root { &[][..] } else { &["--user", "--map-root-user"] };
    let apart = [&["unshare"], users, &["--mount", "sh", "-c", &line]].concat();
    let output = finish(&mut two(&home, &run, &apart));
    let told = text(&output.stderr);
    if told.contains("unshare:") || output.status.code() == Some(99) {
        eprintln!("skipped: this system lets nobody mount a file system: {told}");
        return;
    }
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("rank 1 does not see the run folder disk/run as rank 0 does"), "{told}");
    assert!(!home.path().join("disk/run").exists());
}

#[test]
fn other_builds_are_told_apart_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", SMALL);
    let copy = home.path().join("copy");
    std::fs::copy(PROGRAM, &copy).unwrap();
    let args = ["run", "p.toml", "--quiet", "--out", "run"];
    let first = [&[PROGRAM], &args[..]].concat();
    let second = [&[copy.to_str().unwrap()], &args[..]].concat();
    common::succeeded(finish(&mut two(&home, &first, &second)));
    // Another program that does the same.
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes.push(0);
    std::fs::write(&copy, bytes).unwrap();
    std::fs::remove_dir_all(home.path().join("run")).unwrap();
    let output = finish(&mut two(&home, &first, &second));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("rank 1 runs another build of Fluxions than rank 0"), "{told}");
    assert!(!home.path().join("run").exists());
}
