//! What the tests of several crates share: running a test, or a program, under `mpirun`, and
//! reading reference results.

mod npy;

pub use npy::read_npy;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// After this long a job counts as hanging: far more than any job takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1200);

/// `mpirun -n ranks`, set up so that it works as root and with more ranks than cores. `FLUXIONS_MPIRUN` names the launcher
/// where it is another one: that of the MPI with which the tests were built.
pub fn mpirun(ranks: usize) -> Command {
    let mut command = Command::new(std::env::var_os("FLUXIONS_MPIRUN").unwrap_or("mpirun".into()));
    command
        .args(["-n", &ranks.to_string()])
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    command
}

/// Those of these numbers of ranks that can be tried with many messages: all, but with MPICH no more than there are cores. Its
/// ranks do not give way, so that each message takes milliseconds.
pub fn with_cores(ranks: &[usize]) -> Vec<usize> {
    let launcher = std::env::var("FLUXIONS_MPIRUN").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = if launcher.contains("mpich") { cores } else { usize::MAX };
    ranks.iter().copied().filter(|ranks| *ranks <= most).collect()
}

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started, or still runs after twenty minutes: a job that hangs is a failure.
pub fn finish(command: &mut Command) -> Output {
    let files = tempfile::tempdir().expect("a temporary folder");
    // Pipes could fill up while nobody reads them, files do not.
    let open = |name| std::fs::File::create(files.path().join(name)).expect("a temporary file");
    command.stdout(open("out")).stderr(open("err")).stdin(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the state of a child") {
            break Some(status);
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |name| std::fs::read(files.path().join(name)).unwrap_or_default();
    let (stdout, stderr) = (read("out"), read("err"));
    let Some(status) = status else {
        let text = String::from_utf8_lossy(&stderr);
        panic!("{command:?} still ran after {PATIENCE:?}:\n{text}");
    };
    Output { status, stdout, stderr }
}

/// Runs `body` on MPI processes, for each of these numbers of ranks. It starts the calling test, whose
/// name is `test`, again under `mpirun`, and there the same call runs `body`.
///
/// # Panics
/// If `body` does on any rank, or the job hangs.
pub fn under_mpi(ranks: &[usize], test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let program = std::env::current_exe().expect("the test's own program");
    for ranks in ranks {
        let mut command = mpirun(*ranks);
        let only = [test, "--exact", "--nocapture", "--test-threads=1"];
        command.arg(&program).args(only).env(INSIDE, "1");
        let output = finish(&mut command);
        let text = [output.stdout, output.stderr].map(|t| String::from_utf8_lossy(&t).into_owned());
        let all = text.concat();
        assert!(output.status.success(), "on {ranks} ranks: {}\n{all}", output.status);
        let ran = text[0].matches("1 passed").count();
        assert_eq!(ran, *ranks, "`{test}` did not run on each of {ranks} ranks:\n{all}");
    }
}

/// Set in processes that a test has started, where it runs its body.
pub const INSIDE: &str = "FLUXIONS_TEST_INSIDE_MPI";
