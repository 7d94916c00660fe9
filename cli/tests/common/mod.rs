//! Running the command.

#![allow(dead_code)] // Each test uses a part of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command, in a folder of its own.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Home { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file in a temporary folder");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// `fluxions` with these arguments, in the folder.
    pub(crate) fn fluxions(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxions"));
        command.args(args).current_dir(self.path());
        command
    }

    /// The same under mpirun.
    pub(crate) fn mpirun(&self, ranks: usize, args: &[&str]) -> Command {
        let mut command = fluxions_testing::mpirun(ranks);
        command.arg(env!("CARGO_BIN_EXE_fluxions")).args(args).current_dir(self.path());
        command
    }

    /// Runs lines of the shell that find a file system of this size at `disk` in the folder; nothing where the system lets
    /// nobody mount one.
    pub(crate) fn on_disk(&self, size: &str, lines: &str) -> Option<Output> {
        let _ = std::fs::create_dir(self.path().join("disk"));
        let line = format!("mount -t tmpfs -o size={size} tmpfs disk || exit 99; {lines}");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &line]);
        let output = fluxions_testing::finish(command.current_dir(self.path()));
        let err = text(&output.stderr);
        if output.status.code() == Some(99) || err.contains("unshare") {
            eprintln!("skipped: this system lets nobody mount a file system: {err}");
            return None;
        }
        Some(output)
    }

    /// Runs a command that has to succeed; its standard output.
    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        let output = fluxions_testing::finish(&mut self.fluxions(args));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that has to fail with this exit code; its standard error.
    pub(crate) fn fail(&self, code: i32, args: &[&str]) -> String {
        let output = fluxions_testing::finish(&mut self.fluxions(args));
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output.stderr));
        text(&output.stderr)
    }
}

/// The Python that has other people's tools, unless scripts/test_tools.sh has not installed them: then what needs it is
/// skipped.
pub(crate) fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    match tools.join("complete").exists() {
        true => Some(tools.join("bin/python")),
        false => {
            eprintln!("skipped: scripts/test_tools.sh has not installed the tools that this needs");
            None
        }
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Checks that a command has succeeded.
pub(crate) fn succeeded(output: Output) {
    assert!(output.status.success(), "{}\n{}", output.status, text(&output.stderr));
}

/// A small problem: Gray–Scott for 40 steps, with output and diagnostics.
pub(crate) const SMALL: &str = r#"
title = "small"

[grid]
x = { bounds = [0, 1], cells = 24, periodic = true }
y = { bounds = [0, 1], cells = 20 }

[parameters]
F = 0.04

[equations]
u = "2e-5*laplace(u) - u*v^2 + F*(1 - u)"
v = "1e-5*laplace(v) + u*v^2 - (F + 0.06)*v"

[initial]
u = "1 - 0.5*exp(-60*((x - 0.5)^2 + (y - 0.45)^2))"
v = "0.25*exp(-60*((x - 0.5)^2 + (y - 0.45)^2)) + random_uniform(0, 0.01)"

[time]
end = 40
dt = 1
scheme = "euler"

[output]
every = 10
fields = ["u", "v", "both = u + v"]

[diagnostics]
every = 5
mass = "integral(u + v)"
peak = "max(v)"
"#;
