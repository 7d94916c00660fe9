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
