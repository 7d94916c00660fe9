//! `fluxions bench`.

mod common;

use common::{Home, SMALL, succeeded, text};

/// Whether the machine and all passes of the small problem are in what was printed.
fn is_complete(printed: &str) {
    for line in ["copying", "messages", "all-reduce", "sweep `step`", "a step, pass by pass"] {
        assert!(printed.contains(line), "no {line}:\n{printed}");
    }
    assert!(printed.contains("a step as `run` makes it: 4 in a sweep over memory"), "{printed}");
}

/// A small problem that makes four steps in a sweep.
fn small() -> String {
    format!("{SMALL}\n[execution]\nsteps_per_sweep = 4\n")
}

#[test]
fn on_2_threads() {
    let home = Home::new();
    home.write("small.toml", &small());
    is_complete(&home.succeed(&["bench", "small.toml", "--ranks", "2"]));
    let machine = home.succeed(&["bench", "--ranks", "1"]);
    assert!(machine.contains("32 MiB arrays") && !machine.contains("messages"), "{machine}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "it writes nothing");
    home.write("small.toml", &small().replace("laplace(u)", "laplac(u)"));
    let message = home.fail(2, &["bench", "small.toml"]);
    assert!(message.contains("did you mean `laplace`?"), "{message}");
}

/// The lines of `check` about other numbers of ranks.
fn scaling(home: &Home, more: &[&str]) -> String {
    let printed = home.succeed(&[&["check", "small.toml"], more].concat());
    let at = printed.find("scaling").unwrap_or_else(|| panic!("no scaling:\n{printed}"));
    printed[at..].to_string()
}

#[test]
fn steps_on_other_ranks_and_machines_are_predicted() {
    let home = Home::new();
    home.write("small.toml", &small());
    assert!(!home.succeed(&["check", "small.toml"]).contains("scaling"));
    let here = scaling(&home, &["--ranks", "2"]);
    for part in ["a step", "computing", "latency", "efficiency", "100 %", "more ranks pay up to"] {
        assert!(here.contains(part), "no {part}:\n{here}");
    }
    let known = scaling(&home, &["--ranks", "64", "--machine", "archer2"]);
    assert!(known.contains("on ARCHER2") && known.contains("(8×8)"), "{known}");
    // What was measured describes a machine, as a file that people can change.
    home.succeed(&["bench", "--ranks", "2", "--save", "mine.toml"]);
    let mine = home.read("mine.toml").replace("cores = ", "cores = 1 # not ");
    home.write("slow.toml", &(mine + "[network]\nlatency = 1.0\nrank = 1e9\nnode = 1e9\n"));
    let slow = scaling(&home, &["--ranks", "4", "--machine", "slow.toml"]);
    assert!(slow.contains("pay up to about 1 ("), "{slow}");
    assert!(slow.contains("what limits it: the latency of messages"), "{slow}");
    let message = home.fail(2, &["check", "small.toml", "--ranks", "4", "--machine", "no.toml"]);
    assert!(message.contains("known are archer2, "), "{message}");
    home.write("odd.toml", "cores = 3");
    let message = home.fail(2, &["check", "small.toml", "--ranks", "4", "--machine", "odd.toml"]);
    assert!(message.contains("does not describe a machine: "), "{message}");
    let message = home.fail(2, &["check", "small.toml", "--machine", "archer2"]);
    assert!(message.contains("--ranks"), "{message}");
}

#[cfg(feature = "mpi")]
#[test]
fn under_mpirun_on_2_ranks_it_is_printed_once() {
    let home = Home::new();
    home.write("small.toml", &small());
    let output = fluxions_testing::finish(&mut home.mpirun(2, &["bench", "small.toml"]));
    let printed = text(&output.stdout);
    succeeded(output);
    is_complete(&printed);
    assert_eq!(printed.matches("copying").count(), 1, "{printed}");
}
