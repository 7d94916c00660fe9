//! Nothing of MPI is left at the end: communicators, types, requests, messages and windows are freed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Every call by which the crate makes a handle is counted in handles.c.
#[test]
fn all_calls_that_make_handles_are_counted() {
    let counted = include_str!("handles.c");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mpi");
    let mut makers = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for call in text.split("ffi::MPI_").skip(1) {
            let name = call.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if !call[name.len()..].starts_with('(') || !makes_a_handle(name) {
                continue;
            }
            makers += 1;
            assert!(counted.contains(&format!("int MPI_{name}(")), "handles.c lacks MPI_{name}");
        }
    }
    assert!(makers > 20, "{makers} calls were found");
}

/// Whether a function of MPI makes a handle, to judge by its name.
fn makes_a_handle(name: &str) -> bool {
    let is_immediate = name.starts_with('I')
        && !["Iprobe", "Initialized", "Init", "Init_thread", "Is_thread_main"].contains(&name);
    let is_maker = [
        "_dup",
        "_split",
        "_create",
        "_init",
        "probe",
        "_allocate",
        "_group",
        "Type_contiguous",
        "Type_vector",
    ];
    is_immediate
        || name != "Probe" && name != "Iprobe" && is_maker.iter().any(|part| name.contains(part))
}

/// The library that counts, built for the MPI of the tests.
fn counting() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("handles_{}.so", std::process::id()));
    let compiler = std::env::var_os("MPICC").unwrap_or("mpicc".into());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations/handles.c");
    let mut command = Command::new(compiler);
    command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    let output = fluxions_testing::finish(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    library
}

/// All cases, on 1, 2 and 3 processes.
#[cfg(target_os = "linux")]
#[test]
fn no_handle_is_left_on_1_to_3_processes() {
    let library = counting();
    for ranks in fluxions_testing::with_cores(&[1, 2, 3]) {
        let mut command = fluxions_testing::mpirun(ranks);
        command
            .arg("env")
            .arg(format!("LD_PRELOAD={}", library.display()))
            .arg(std::env::current_exe().unwrap())
            .args(["on_1_2_and_3_processes", "--exact", "--nocapture", "--test-threads=1"])
            .env(fluxions_testing::INSIDE, "1");
        let output = fluxions_testing::finish(&mut command);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        for sort in ["communicators", "types", "requests", "messages", "windows"] {
            let lines = text.lines().filter(|line| line.contains(&format!("handles: {sort}: ")));
            let (mut processes, mut made) = (0, 0);
            for line in lines {
                assert!(line.contains(" made, 0 left"), "on {ranks} ranks: {line}");
                let number = line.split(": ").nth(2).and_then(|rest| rest.split(' ').next());
                made += number.unwrap().parse::<usize>().unwrap();
                processes += 1;
            }
            assert_eq!(processes, ranks, "{text}");
            // MPICH's blocking messages of a single rank to itself wait, so that no case runs there.
            assert!(made > 0 || ranks == 1, "no {sort} were made");
        }
    }
    let _ = std::fs::remove_file(library);
}
