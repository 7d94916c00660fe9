//! Runs that are killed, interrupted, or find no room on the disk: what they leave, and how they go on. On 1 to 3 ranks as
//! threads, and on 2 MPI processes.

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Home, text};
use fluxions::io::Series;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Many small steps, with noise, checkpoints and output now and then.
const LONG: &str = r#"
[grid]
x = { bounds = [0, 1], cells = 24, periodic = true }
y = { bounds = [0, 1], cells = 20 }
[equations]
u = "1e-3*laplace(u) - u^3 + 0.1*sin(t)"
[initial]
u = "1 + random_uniform(0, 0.1)"
[noise]
u = 1e-6
[time]
end = 400
dt = 0.01
scheme = "euler"
[output]
every = 5
picture = false
[checkpoint]
every = { time = 3 }
[diagnostics]
every = 1
mass = "integral(u)"
"#;

fn start(home: &Home, args: &[&str]) -> Child {
    let mut command = home.fluxions(args);
    // Its group, so that all processes of it can be killed.
    command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().unwrap()
}

fn send(child: &Child, signal: Signal) {
    // It may be over.
    let _ = kill_process(Pid::from_child(child), signal);
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(120), "nothing happens");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn is_there(path: &Path) -> impl Fn() -> bool {
    let path = path.to_path_buf();
    move || path.exists()
}

fn assert_same(home: &Home, a: &str, b: &str) {
    home.succeed(&["diff", a, b]);
    let csv = |folder: &str| home.read(&format!("{folder}/diagnostics.csv"));
    assert!(csv(a) == csv(b), "diagnostics of {b}");
}

/// A disk that is full in the midst of a checkpoint: what was written of it goes, so that there is room to say so.
#[test]
fn a_checkpoint_without_room_is_taken_back_on_1_and_2_ranks() {
    let home = Home::new();
    let text_of = LONG.replace("cells = 24", "cells = 250").replace("cells = 20", "cells = 250");
    let text_of = text_of
        .replace("1e-3*", "1e-7*")
        .replace("end = 400", "end = 0.4")
        .replace("every = 5", "every = 100");
    home.write("p.toml", &text_of.replace("{ time = 3 }\n", "{ time = 0.1 }\nkeep = 9\n"));
    home.succeed(&["run", "p.toml", "--quiet", "--out", "whole"]);
    let program = env!("CARGO_BIN_EXE_fluxions");
    for ranks in ["1", "2"] {
        let lines = format!(
            "{program} run p.toml --out disk/p --quiet --ranks {ranks}; echo run $?; \
             ls disk/p/checkpoints; cp -r disk/p kept-{ranks}"
        );
        let Some(output) = home.on_disk("2600k", &lines) else { return };
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(out.contains("run 4") && !out.contains(".new"), "{out}\n{err}");
        assert!(err.contains("cannot write a checkpoint: No space left on device"), "{err}");
        let kept = format!("kept-{ranks}");
        let report: serde_json::Value =
            serde_json::from_str(&home.read(&format!("{kept}/report.json"))).unwrap();
        assert!(report["last_checkpoint_time"].as_f64().is_some_and(|t| t > 0.0), "{report}");
        let info = home.succeed(&["info", &kept]);
        assert!(info.contains("run         failed at t = "), "{info}");
        home.succeed(&["run", "p.toml", "--out", &kept, "--resume", "--quiet"]);
        assert_same(&home, "whole", &kept);
    }
}

/// The usual limit of open files is one that a process may raise.
#[test]
fn more_probes_than_files_that_are_open_at_first() {
    let home = Home::new();
    let probe =
        |k: usize| format!("[[output.probe]]\nname = \"p{k}\"\nat = [0.5, 0.{:03}]\n", k + 1);
    let probes: String = (0..120).map(probe).collect();
    home.write("p.toml", &(LONG.replace("end = 400", "end = 0.1") + &probes));
    let mut command = Command::new("sh");
    let line = format!("ulimit -S -n 90; {} run p.toml --quiet", env!("CARGO_BIN_EXE_fluxions"));
    let output = fluxions_testing::finish(command.args(["-c", &line]).current_dir(home.path()));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(home.path().join("p/probes/p119.csv").exists());
}

/// HDF5 opens no file with such a name.
#[test]
fn a_folder_whose_name_is_not_unicode_is_refused_before_anything_is_made() {
    let home = Home::new();
    let name = OsStr::from_bytes(b"\xfe\xff");
    let problem = LONG.replace("end = 400", "end = 1");
    std::fs::write(home.path().join(name).with_extension("toml"), problem).unwrap();
    let run = |more: &[&str]| {
        let mut command = home.fluxions(&["run"]);
        command.arg(Path::new(name).with_extension("toml")).args(more);
        let output = fluxions_testing::finish(&mut command);
        (output.status.code(), text(&output.stderr))
    };
    let (code, told) = run(&[]);
    assert!(
        code == Some(4) && told.contains("the name of a run folder has to be valid UTF-8"),
        "{told}"
    );
    assert!(!home.path().join(name).exists());
    assert_eq!(run(&["--out", "out", "--quiet"]).0, Some(0));
}

/// However often a run is killed, and wherever, it comes to the same end. There are 48 kills, or as many as `FLUXIONS_KILLS`
/// says.
#[test]
fn killed_runs_go_on_to_the_same_bits_on_1_to_3_ranks() {
    let home = Home::new();
    home.write("p.toml", LONG);
    home.succeed(&["run", "p.toml", "--out", "whole", "--quiet", "--ranks", "1"]);
    let asked = std::env::var("FLUXIONS_KILLS").ok().and_then(|count| count.parse().ok());
    let rounds = asked.unwrap_or(48_u64).div_ceil(12);
    let mut kills = 0;
    // Instants that differ from run to run, and lie close together at first.
    for round in 0..rounds {
        let out = format!("killed-{round}");
        for attempt in 0..12 {
            let ranks = (1 + (attempt + round) % 3).to_string();
            let args = ["run", "p.toml", "--out", &out, "--resume", "--quiet", "--ranks", &ranks];
            let mut child = start(&home, &args);
            std::thread::sleep(Duration::from_micros(30_000 + 7_919 * (attempt + 3 * round)));
            send(&child, Signal::KILL);
            kills += u64::from(!child.wait().unwrap().success());
        }
        home.succeed(&["run", "p.toml", "--out", &out, "--resume", "--quiet"]);
        assert_same(&home, "whole", &out);
    }
    assert!(kills > 3 * rounds, "only {kills} were killed");
}

#[test]
fn a_signal_ends_a_run_after_a_checkpoint_on_1_and_2_ranks() {
    let home = Home::new();
    home.write("p.toml", LONG);
    home.succeed(&["run", "p.toml", "--out", "whole", "--quiet", "--ranks", "1"]);
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::USR1, "USR1")] {
        for ranks in ["1", "2"] {
            let out = format!("{name}-{ranks}");
            let longer = ["--set", "time.end=4e5"];
            let run = ["run", "p.toml", "--out", &out, "--ranks", ranks];
            let mut child = start(&home, &[&run[..], &longer].concat());
            wait_for(is_there(&home.path().join(&out).join("series.h5")));
            send(&child, signal);
            // As Slurm does, which tells all processes of a job and those of a step.
            send(&child, signal);
            assert_eq!(child.wait().unwrap().code(), Some(75), "{out}");
            let report = home.read(&format!("{out}/report.json"));
            assert!(report.contains(&format!("the signal SIG{name} asked for it")), "{report}");
            assert!(report.contains("\"stop_reason\": \"interrupted\""), "{report}");
            let info = home.succeed(&["info", &out]);
            assert!(
                info.contains(&format!("stopped: the signal SIG{name} asked for it")),
                "{info}"
            );
            // On with other ranks, to the end that the whole run had.
            let short = home.fluxions(&["run", "p.toml", "--out", &out, "--resume", "--quiet"]);
            let output = fluxions_testing::finish(&mut { short });
            let reached: serde_json::Value = serde_json::from_str(&report).unwrap();
            match reached["time"].as_f64().unwrap() < 400.0 {
                true => {
                    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                    assert_same(&home, "whole", &out);
                }
                // It has come further than that.
                false => assert_ne!(output.status.code(), Some(0)),
            }
        }
    }
}

/// A run without steps has no checkpoints; a signal ends it all the same with a trace. On 1 and 2 ranks.
#[test]
fn a_signal_to_a_run_without_steps_is_told_on_1_and_2_ranks() {
    let home = Home::new();
    home.write(
        "p.toml",
        "[grid]\nx = { bounds = [0, 1], cells = 1000 }\ny = { bounds = [0, 1], cells = 1000 }\n\
         [solve]\nphi = \"laplace(phi) = sin(40*x*y)\"\n[boundary]\nx = { value = 0 }\n[solver]\n\
         preconditioner = \"diagonal\"\ntolerance = 1e-14\nmax_iterations = 1000000\n",
    );
    for (ranks, signal, name) in [("1", Signal::TERM, "TERM"), ("2", Signal::INT, "INT")] {
        let out = home.path().join(name);
        let mut child = start(&home, &["run", "p.toml", "--out", name, "--ranks", ranks]);
        wait_for(is_there(&out.join("problem.toml")));
        send(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal.as_raw()), "{name}");
        let why = format!("the signal SIG{name} ended it");
        assert!(home.read(&format!("{name}/report.json")).contains(&why));
        let info = fluxions_testing::finish(&mut home.fluxions(&["info", name]));
        let info = text(&info.stdout);
        assert!(info.contains(&format!("run         failed: {why}")), "{info}");
    }
}

#[cfg(feature = "mpi")]
#[test]
fn a_signal_to_mpirun_ends_all_processes_after_a_checkpoint_on_2_ranks() {
    let home = Home::new();
    home.write("p.toml", LONG);
    let mut command =
        home.mpirun(2, &["run", "p.toml", "--out", "mpi", "--set", "time.end=4e5", "--quiet"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().unwrap();
    wait_for(is_there(&home.path().join("mpi/series.h5")));
    send(&child, Signal::USR1);
    let code = child.wait().unwrap().code();
    let report = home.read("mpi/report.json");
    assert!(report.contains("the signal SIGUSR1 asked for it"), "{code:?}: {report}");
    assert!(home.succeed(&["info", "mpi"]).contains("checkpoint"), "{report}");
    assert_eq!(code, Some(75));
    // A killed job leaves a folder that is free.
    let mut command = home.mpirun(
        2,
        &["run", "p.toml", "--out", "mpi", "--set", "time.end=4e5", "--quiet", "--resume"],
    );
    command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().unwrap();
    // Who reads the index of the run before while this one makes its last snapshot anew may be told that it is damaged.
    let info = || text(&fluxions_testing::finish(&mut home.fluxions(&["info", "mpi"])).stdout);
    wait_for(|| info().contains("running"));
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    child.wait().unwrap();
    wait_for(|| home.succeed(&["info", "mpi"]).contains("killed"));
}

#[test]
fn two_runs_never_share_a_folder() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 20"));
    home.succeed(&["run", "p.toml", "--out", "alone", "--quiet", "--ranks", "1"]);
    for round in 0..50 {
        let out = format!("shared-{round}");
        let how = if round % 2 == 0 { "--overwrite" } else { "--resume" };
        let args = ["run", "p.toml", "--out", &out, "--quiet", "--ranks", "1", how];
        let mut children: Vec<Child> = (0..3).map(|_| start(&home, &args)).collect();
        let codes: Vec<Option<i32>> =
            children.iter_mut().map(|child| child.wait().unwrap().code()).collect();
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|code| [Some(0), Some(4)].contains(code)), "{codes:?}");
        assert_same(&home, "alone", &out);
    }
}

#[test]
fn a_folder_in_use_is_told_with_host_and_process() {
    let home = Home::new();
    home.write("p.toml", LONG);
    let mut child = start(&home, &["run", "p.toml", "--set", "time.end=4e5"]);
    wait_for(is_there(&home.path().join("p/series.h5")));
    for how in ["--overwrite", "--resume", "--quiet"] {
        let refused = home.fail(4, &["run", "p.toml", how]);
        assert!(refused.contains("p is in use by a run on host"), "{refused}");
        assert!(refused.contains(&format!("process {}", child.id())), "{refused}");
    }
    assert!(home.succeed(&["info", "p"]).contains(&format!("process {}", child.id())));
    send(&child, Signal::KILL);
    child.wait().unwrap();
    assert!(home.succeed(&["info", "p"]).contains("killed: `fluxions run` with --resume goes on"));
}

/// A limit of the length of files, as by a quota.
#[test]
fn a_file_that_may_not_be_so_long_ends_a_run_with_a_message() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    let program = env!("CARGO_BIN_EXE_fluxions");
    for ranks in ["1", "2"] {
        let mut command = Command::new("sh");
        // In units of 512 bytes.
        let line = format!("ulimit -f 700; exec {program} run p.toml --overwrite --ranks {ranks}");
        command.args(["-c", &line]).current_dir(home.path());
        let output = fluxions_testing::finish(&mut command);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(told.contains("File too large"), "{told}");
        let info = fluxions_testing::finish(&mut home.fluxions(&["info", "p"]));
        let info = text(&info.stdout);
        assert!(info.contains("failed") && info.contains("File too large"), "{info}");
    }
}

/// A limit of the memory of a process: it is enough, or what is too little is told. Below what the libraries take, the
/// system's loader says so.
#[test]
fn too_little_memory_is_told_on_1_and_2_ranks() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 2"));
    let program = env!("CARGO_BIN_EXE_fluxions");
    for ranks in ["1", "2"] {
        let mut codes = Vec::new();
        for megabytes in (230..=950).step_by(60) {
            let mut command = Command::new("sh");
            let limit = megabytes * 1024;
            let line = format!(
                "ulimit -v {limit}; exec {program} run p.toml --overwrite --quiet --ranks {ranks}"
            );
            command.args(["-c", &line]).current_dir(home.path());
            let output = fluxions_testing::finish(&mut command);
            let (told, code) = (text(&output.stderr), output.status.code());
            match code {
                Some(0) => {}
                Some(3) => assert!(told.contains("of memory beside their arrays"), "{told}"),
                Some(127) => assert!(told.contains("shared libraries"), "{told}"),
                _ => panic!("{megabytes} MB, {ranks} rank(s): {code:?} {told}"),
            }
            codes.push(code);
        }
        assert!(codes.contains(&Some(3)) && codes.last() == Some(&Some(0)), "{codes:?}");
    }
}

/// A file system of two megabytes, where the system lets a test make one.
#[test]
fn a_full_disk_leaves_what_was_written_before_on_1_and_2_ranks() {
    let home = Home::new();
    let larger = LONG.replace("cells = 24", "cells = 100").replace("cells = 20", "cells = 90");
    home.write(
        "p.toml",
        &larger.replace("end = 400", "end = 100").replace("every = 5", "every = 2"),
    );
    home.succeed(&["run", "p.toml", "--quiet", "--out", "whole"]);
    let program = env!("CARGO_BIN_EXE_fluxions");
    for ranks in ["1", "2"] {
        let lines = format!(
            "{program} run p.toml --out disk/p --quiet --ranks {ranks}; echo run $?; \
             {program} info disk/p; {program} plot disk/p -o p.png; echo plot $?; \
             cp -r disk/p kept-{ranks}"
        );
        let Some(output) = home.on_disk("2m", &lines) else { return };
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(out.contains("run 4") && out.contains("plot 0"), "{out}\n{err}");
        assert!(err.contains("No space left on device"), "{err}");
        // What was written is what was to be written; and with room the run goes on.
        let kept = format!("kept-{ranks}");
        let series = Series::open(&home.path().join(&kept)).unwrap();
        let whole = Series::open(&home.path().join("whole")).unwrap();
        let count = series.snapshots().unwrap();
        assert!((5..80).contains(&count), "{count}");
        for snapshot in 0..count {
            assert!(series.read("u", snapshot).unwrap() == whole.read("u", snapshot).unwrap());
        }
        drop((series, whole));
        home.succeed(&["run", "p.toml", "--out", &kept, "--resume", "--quiet"]);
        assert_same(&home, "whole", &kept);
    }
}

/// Nobody may read what a run prints.
#[test]
fn what_cannot_be_printed_ends_no_run() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 20"));
    let program = env!("CARGO_BIN_EXE_fluxions");
    for (line, code) in [
        ("run p.toml --overwrite > /dev/full 2> /dev/full", 0),
        ("run p.toml --overwrite --json > /dev/full", 4),
        ("run p.toml --overwrite >&- 2>&-", 0),
        ("run p.toml --overwrite --set time.dt=0 2> /dev/full", 2),
        ("check p.toml > /dev/full", 4),
        ("info p > /dev/full", 4),
        ("diff p p > /dev/full", 4),
        ("info p | head -1", 0),
    ] {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{program} {line}")]).current_dir(home.path());
        let output = fluxions_testing::finish(&mut command);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", text(&output.stderr));
    }
}

/// What comes shortly after another output, and before a long time without any, does not wait for the next one.
#[test]
fn what_is_written_before_a_pause_is_shown() {
    let home = Home::new();
    let text =
        LONG.replace("end = 400", "end = 1e6").replace("every = { time = 3 }", "every = \"1h\"");
    let text = text.replace("every = 5", "at = [0.02, 0.03, 0.05]");
    let (before, _) = text.split_once("[diagnostics]").unwrap();
    let probe = "[[output.probe]]\nname = \"p\"\nat = [0.5, 0.5]\ntimes = [0.01, 0.02, 0.03]\n";
    home.write("p.toml", &format!("{before}{probe}"));
    for ranks in ["1", "3"] {
        let folder = home.path().join(ranks);
        let mut child =
            start(&home, &["run", "p.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        let is_shown =
            || Series::open(&folder).is_ok_and(|series| series.snapshots().unwrap() == 4);
        wait_for(|| is_there(&folder.join("probes/p.csv"))() && is_shown());
        wait_for(|| home.read(&format!("{ranks}/probes/p.csv")).lines().count() == 5);
        assert!(child.try_wait().unwrap().is_none(), "the run goes on");
        send(&child, Signal::KILL);
        child.wait().unwrap();
    }
}

/// What is cut out of a snapshot is right only if all of it is: there is a checksum of the whole.
#[test]
fn pictures_of_parts_of_snapshots_are_checked_too() {
    let home = Home::new();
    let text = LONG.replace("end = 400", "end = 10");
    let text = text.replace("cells = 20 }", "cells = 20 }\nz = { bounds = [0, 1], cells = 6 }");
    home.write("p.toml", &text);
    home.succeed(&["run", "p.toml", "--quiet"]);
    let segment = home.path().join("p/snapshots/000000.h5");
    let whole = std::fs::read(&segment).unwrap();
    let series = Series::open(&home.path().join("p")).unwrap();
    // A cell that is in none of the cuts.
    let value = series.read("u", 1).unwrap()[[11, 9, 5]].to_le_bytes();
    drop(series);
    let commands = [
        &["plot", "p", "--time", "5"][..],
        &["plot", "p", "--kymograph"],
        &["plot", "p", "--kymograph", "--along", "y"],
        &["movie", "p"],
    ];
    commands.iter().for_each(|args| drop(home.succeed(args)));
    let at = whole.windows(8).position(|bytes| bytes == value).unwrap();
    let mut damaged = whole.clone();
    damaged[at] ^= 4;
    std::fs::write(&segment, damaged).unwrap();
    for args in commands {
        let told = home.fail(4, args);
        assert!(told.contains("`u` of snapshot 1 is damaged"), "{args:?}: {told}");
    }
    std::fs::write(&segment, whole).unwrap();
    home.succeed(commands[0]);
}

#[test]
fn missing_and_damaged_snapshots_are_named() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    home.succeed(&["run", "p.toml", "--quiet"]);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "q"]);
    let segment = home.path().join("p/snapshots/000000.h5");
    let whole = std::fs::read(&segment).unwrap();
    // The last state of the file, in its middle.
    let series = Series::open(&home.path().join("p")).unwrap();
    let last = series.read("u", 8).unwrap()[[11, 9]].to_le_bytes();
    drop(series);
    let at = whole.windows(8).position(|bytes| bytes == last).unwrap();
    let mut damaged = whole.clone();
    damaged[at] ^= 4;
    std::fs::write(&segment, damaged).unwrap();
    for args in [&["info", "p"][..], &["plot", "p"], &["diff", "p", "q"]] {
        let told = home.fail(4, args);
        assert!(told.contains("`u` of snapshot 8 is damaged"), "{args:?}: {told}");
    }
    std::fs::remove_file(&segment).unwrap();
    for args in [&["info", "p"][..], &["plot", "p"], &["diff", "p", "q"], &["diff", "q", "p"]] {
        let told = home.fail(4, args);
        assert!(told.contains("is missing"), "{args:?}: {told}");
    }
    std::fs::write(&segment, whole).unwrap();
    home.succeed(&["diff", "p", "q"]);
}

/// A run that begins with the state of another one begins with what that has written.
#[test]
fn a_damaged_snapshot_is_no_initial_state() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    home.succeed(&["run", "p.toml", "--quiet"]);
    let from_file = "u = { file = \"p/series.h5\", time = 20 }\n[noise]";
    let (before, rest) = LONG.split_once("u = \"1 + ").unwrap();
    let (_, after) = rest.split_once("[noise]").unwrap();
    home.write("q.toml", &format!("{before}{from_file}{after}").replace("end = 400", "end = 1"));
    home.succeed(&["run", "q.toml", "--quiet"]);
    let segment = home.path().join("p/snapshots/000000.h5");
    let mut bytes = std::fs::read(&segment).unwrap();
    let series = Series::open(&home.path().join("p")).unwrap();
    let value = series.read("u", 4).unwrap()[[11, 9]].to_le_bytes();
    drop(series);
    let at = bytes.windows(8).position(|bytes| bytes == value).unwrap();
    bytes[at] ^= 4;
    std::fs::write(&segment, bytes).unwrap();
    for ranks in ["1", "2"] {
        let args = ["run", "q.toml", "--quiet", "--overwrite", "--ranks", ranks];
        let told = home.fail(4, &args);
        assert!(told.contains("`u` of snapshot 4 is damaged"), "{told}");
    }
    #[cfg(feature = "mpi")]
    {
        let output =
            fluxions_testing::finish(&mut home.mpirun(2, &["run", "q.toml", "--overwrite"]));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(told.contains("`u` of snapshot 4 is damaged"), "{told}");
    }
    home.succeed(&["run", "q.toml", "--quiet", "--overwrite", "--set", "initial.u.time=15"]);
}

/// Files of the first snapshots are named where later ones are there, and what an index knows of these stays.
#[test]
fn a_file_of_snapshots_that_is_lost_takes_no_later_ones_with_it() {
    let home = Home::new();
    let larger = LONG.replace("cells = 24", "cells = 400").replace("cells = 20", "cells = 350");
    let larger = larger.replace("1e-3*", "1e-7*");
    home.write(
        "p.toml",
        &larger.replace("end = 400", "end = 0.5").replace("every = 5", "every = 0.1"),
    );
    home.succeed(&["run", "p.toml", "--quiet"]);
    let file = home.path().join("p/snapshots/000001.h5");
    let whole = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let told = home.fail(4, &["info", "p"]);
    assert!(told.contains("`u` of snapshot 1 is missing"), "{told}");
    let output = fluxions_testing::finish(&mut home.fluxions(&["info", "p", "--repair"]));
    let told = text(&output.stdout);
    assert!(told.contains("the index has 6 snapshot(s)"), "{told}");
    assert!(told.contains("p/snapshots/000001.h5 is missing or damaged"), "{told}");
    std::fs::write(&file, whole).unwrap();
    assert!(home.succeed(&["info", "p"]).contains("6, t = 0 to 0.5"));
    std::fs::remove_dir_all(home.path().join("p/snapshots")).unwrap();
    let told = home.fail(4, &["info", "p", "--repair"]);
    assert!(told.contains("000000.h5 is missing: there is nothing to make an index of"), "{told}");
}

#[test]
fn a_lost_index_is_made_again() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    home.succeed(&["run", "p.toml", "--quiet"]);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "q"]);
    let index = home.path().join("p/series.h5");
    for damage in [None, Some("nonsense")] {
        match damage {
            None => std::fs::remove_file(&index).unwrap(),
            Some(text) => std::fs::write(&index, text).unwrap(),
        }
        let told = home.fail(4, &["info", "p"]);
        assert!(told.contains("`fluxions info --repair p` makes it again"), "{told}");
        let told = home.succeed(&["info", "--repair", "p"]);
        assert!(told.contains("the index has 9 snapshot(s)"), "{told}");
        home.succeed(&["diff", "p", "q"]);
    }
}

#[test]
fn a_run_that_fails_leaves_a_report_and_its_last_checkpoint() {
    let home = Home::new();
    let text = LONG
        .replace("u = \"1e-3*laplace(u) - u^3 + 0.1*sin(t)\"", "u = \"u^2\"")
        .replace("dt = 0.01", "dt = 0.001")
        .replace("time = 3", "time = 0.2");
    home.write("p.toml", &text);
    home.fail(3, &["run", "p.toml"]);
    let report: serde_json::Value = serde_json::from_str(&home.read("p/report.json")).unwrap();
    assert_eq!(report["stop_reason"], "failed");
    assert!(report["time"].as_f64().unwrap() > 0.5, "{report}");
    let kept = ["last_snapshot_time", "last_checkpoint_time"].map(|key| report[key].as_f64());
    assert!(kept[0] == Some(0.0) && kept[1].is_some_and(|time| time > 0.5), "{report}");
    let info = home.succeed(&["info", "p"]);
    assert!(info.contains("checkpoint") && info.contains("failed at t ="), "{info}");
    assert!(home.read("p/run.log").contains("failed: "));
}

/// The state from which no step could be made is the last snapshot: by an implicit scheme, and by one with a tolerance.
#[test]
fn the_state_before_a_step_that_cannot_be_made_is_kept_on_1_and_2_ranks() {
    let home = Home::new();
    for (name, steps) in [
        ("implicit", "dt = 0.03\nscheme = \"backward-euler\""),
        ("adaptive", "scheme = \"tsit5\"\ntolerance = { relative = 1e-6, absolute = 1e-9 }"),
    ] {
        // u = 1/(1 - t).
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\n[equations]\nu = \"u^2\"\n\
             [initial]\nu = 1\n[output]\nevery = 0.5\n[time]\nend = 10\n{steps}\n"
        );
        home.write(&format!("{name}.toml"), &text);
        for ranks in ["1", "2"] {
            home.fail(3, &["run", &format!("{name}.toml"), "--ranks", ranks, "--overwrite"]);
            let report = home.read(&format!("{name}/report.json"));
            let report: serde_json::Value = serde_json::from_str(&report).unwrap();
            let last = report["last_snapshot_time"].as_f64().unwrap();
            assert!(last > 0.6 && report["time"].as_f64() == Some(last), "{report}");
            let series = Series::open(&home.path().join(name)).unwrap();
            let times = series.times().unwrap();
            assert_eq!(times[..2], [0.0, 0.5]);
            assert_eq!(times.last(), Some(&last));
            let values = series.read("u", times.len() - 1).unwrap();
            assert!(values.iter().all(|u| *u > 2.5 && u.is_finite()), "{values}");
        }
    }
}

/// After a run has gone on from an older checkpoint, nothing is left of what came after that.
#[test]
fn what_came_after_a_checkpoint_is_forgotten() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    home.succeed(&["run", "p.toml", "--quiet", "--set", "checkpoint.keep=20"]);
    for entry in std::fs::read_dir(home.path().join("p/checkpoints")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap() > "000000001300" {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    home.succeed(&["run", "p.toml", "--quiet", "--resume", "--set", "time.end=22"]);
    let count = |told: String| told.lines().find(|l| l.contains("snapshot")).unwrap().to_string();
    let before = count(home.succeed(&["info", "p"]));
    assert!(before.contains("6, t = 0 to 22"), "{before}");
    std::fs::remove_file(home.path().join("p/series.h5")).unwrap();
    assert!(home.succeed(&["info", "p", "--repair"]).contains("the index has 6 snapshot(s)"));
}

#[test]
fn links_and_files_of_others_are_left_alone() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 40"));
    home.write("precious.txt", "mine");
    home.succeed(&["run", "p.toml", "--quiet", "--set", "time.max_steps=100"]);
    let link = home.path().join("p/snapshots/000000.h5");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(home.path().join("precious.txt"), &link).unwrap();
    std::fs::write(home.path().join("p/snapshots/2024.h5"), "mine").unwrap();
    home.succeed(&["run", "p.toml", "--quiet", "--overwrite"]);
    assert_eq!(home.read("precious.txt"), "mine");
    assert_eq!(home.read("p/snapshots/2024.h5"), "mine");
}

/// What fails before it begins leaves nothing behind.
#[test]
fn a_run_that_cannot_begin_leaves_no_folder() {
    let home = Home::new();
    home.write("p.toml", &LONG.replace("end = 400", "end = 1"));
    home.fail(2, &["run", "p.toml", "--ranks", "4000"]);
    assert!(!home.path().join("p").exists());
    home.fail(4, &["info", "nowhere", "--repair"]);
    assert!(!home.path().join("nowhere").exists());
    home.succeed(&["run", "p.toml", "--quiet"]);
}
