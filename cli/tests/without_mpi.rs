//! A build without MPI: `cargo test -p fluxions-cli --no-default-features --test without_mpi`.
#![cfg(not(feature = "mpi"))]

mod common;

use common::{Home, SMALL, text};

#[test]
fn it_refuses_to_solve_a_problem_twice() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let output = fluxions_testing::finish(&mut home.mpirun(2, &["run", "small.toml"]));
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert_eq!(message.matches("built without MPI").count(), 1, "{message}");
    assert!(!home.path().join("small").exists());
}

#[test]
fn it_solves_on_threads_and_as_the_only_process() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--ranks", "1", "--out", "one"]);
    home.succeed(&["run", "small.toml", "--ranks", "3", "--out", "three"]);
    home.succeed(&["diff", "one", "three"]);
    let output =
        fluxions_testing::finish(&mut home.mpirun(1, &["run", "small.toml", "--out", "mpi"]));
    common::succeeded(output);
    home.succeed(&["diff", "one", "mpi"]);
}
