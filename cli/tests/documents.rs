//! Every block of code in README.md and docs/ does what the document says. In a folder of its own each
//! document's blocks are tried one after the other:
//!
//! - `toml`: solved, as it stands or completed by the comment above it, which begins with
//!   "completed by". The grid and the time are supplied where they are missing. A block whose first line is
//!   `# NAME.toml: …` is saved under that name for later commands. Those of docs/RECIPES.md are the files
//!   in examples/recipes/, which recipes.rs solves.
//! - `sh`: each line that calls `fluxions` is run, and has to exit with 0, or with N if its remark
//!   says "exit code N".
//! - `text` below a comment "said of FILE with `A` for `B`": the message about such a file.
//! - `python`: run if scripts/test_tools.sh has installed a Python with h5py and others. A comment "after FOLDER" above a block holds the problem
//!   whose run folder the block needs.
//! - `rust`: a documentation test, since src/lib.rs includes the document.
//!
//! Other blocks have no language.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Home, text};
use fluxions_io::problem::set;

/// A fenced block of code.
struct Block {
    language: String,
    /// The line of the fence.
    line: usize,
    text: String,
    /// The comments between the text before and the block.
    comments: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut comments: Vec<String> = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let until = |end: &'static str, lines: &mut dyn Iterator<Item = (usize, &str)>| -> String {
            lines.map(|(_, line)| format!("{line}\n")).take_while(|l| l.trim_end() != end).collect()
        };
        if let Some(language) = line.strip_prefix("```") {
            let text = until("```", &mut lines);
            let comments = std::mem::take(&mut comments);
            blocks.push(Block { language: language.into(), line: at + 1, text, comments });
        } else if let Some(comment) = line.strip_prefix("<!-- ") {
            comments.push(match comment.strip_suffix(" -->") {
                Some(whole) => whole.into(),
                None => format!("{comment}\n{}", until("-->", &mut lines)),
            });
        } else if !line.is_empty() {
            comments.clear();
        }
    }
    blocks
}

/// A problem that can be solved quickly: the grid and the time are supplied if they are missing, and
/// a grid of many cells is made a coarse one, with fewer steps.
fn whole(problem: &str) -> String {
    let mut problem = problem.to_string();
    if !problem.contains("[grid]") {
        for axis in ["x", "y"] {
            problem += &format!("\n[grid.{axis}]\nbounds = [0, 1]\ncells = 8\n");
        }
    }
    let is_elliptic = problem.contains("[solve]") && !problem.contains("[equations]");
    if !problem.contains("[time]") && !is_elliptic {
        problem += "\n[time]\nend = 0.002\ndt = 0.001\n";
    }
    let cells = |line: &str| line.split("cells = ").nth(1)?.split([' ', ',']).next()?.parse().ok();
    if problem.lines().filter_map(cells).any(|cells: usize| cells > 64) {
        for axis in ["x", "y"] {
            problem = set(&problem, &format!("grid.{axis}.cells=32")).unwrap();
        }
        problem = set(&problem, "time.max_steps=500").unwrap();
    }
    problem
}

/// The home of a document, whose blocks are tried in it.
struct Trial {
    home: Home,
    name: &'static str,
}

impl Trial {
    /// Tries each block of a document; how many there are in each language.
    fn of(name: &'static str) -> impl Fn(&str) -> usize {
        let trial = Trial { home: Home::new(), name };
        trial.write_map();
        let blocks = blocks(&read(name));
        for block in &blocks {
            trial.try_block(block);
        }
        move |language| blocks.iter().filter(|block| block.language == language).count()
    }

    fn try_block(&self, block: &Block) {
        let place = format!("{}:{}", self.name, block.line);
        let said = |what: &'static str| {
            move |comment: &String| comment.strip_prefix(what).map(str::to_string)
        };
        for problem in block.comments.iter().filter_map(said("after ")) {
            let (folder, problem) = problem.split_once('\n').expect("a problem below the name");
            self.solve(&place, folder, &whole(problem));
        }
        match block.language.as_str() {
            "toml" => {
                let rest: String =
                    block.comments.iter().filter_map(said("completed by\n")).collect();
                let problem = whole(&format!("{}\n{rest}", block.text));
                match block.text.strip_prefix("# ").and_then(|rest| rest.split_once(".toml: ")) {
                    Some((name, _)) => drop(self.home.write(&format!("{name}.toml"), &problem)),
                    None => self.solve(&place, &format!("line{}", block.line), &problem),
                }
            }
            "sh" => block.text.lines().for_each(|line| self.call(&place, line)),
            "text" => {
                let said = block.comments.iter().find_map(said("said of "));
                self.complain(&place, &said.expect("what the text is said of"), &block.text);
            }
            "python" => self.python(&place, &block.text),
            "rust" => {
                let include = format!("include_str!(\"../{}\")", self.name);
                assert!(read("src/lib.rs").contains(&include), "{place} is no documentation test");
            }
            "" => {}
            other => panic!("{place}: nobody tries blocks of `{other}`"),
        }
    }

    /// Solves a problem, with the results in this folder.
    fn solve(&self, place: &str, folder: &str, problem: &str) {
        let file = format!("{folder}.toml");
        self.home.write(&file, problem);
        let args = ["run", &file, "--quiet", "--ranks", "1"];
        let output = fluxions_testing::finish(&mut self.home.fluxions(&args));
        assert!(output.status.success(), "{place}:\n{problem}\n{}", text(&output.stderr));
    }

    /// Runs a command as printed, if it calls `fluxions`.
    fn call(&self, place: &str, line: &str) {
        let (command, remark) = line.split_once(" # ").unwrap_or((line, ""));
        let is_parallel = command.starts_with("mpirun ");
        if !(command.starts_with("fluxions ") || is_parallel && command.contains(" fluxions ")) {
            return;
        }
        if is_parallel && cfg!(not(feature = "mpi")) {
            return;
        }
        let program = Path::new(env!("CARGO_BIN_EXE_fluxions")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        // As `fluxions_testing::mpirun` does: as root, with more ranks than cores, and by the launcher of the MPI that is tested.
        let launcher = fluxions_testing::mpirun(1);
        for (name, value) in launcher.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let name = launcher.get_program().to_str().unwrap();
        let line = if is_parallel { &line.replacen("mpirun", name, 1) } else { line };
        shell.args(["-c", line]).current_dir(self.home.path()).env("PATH", path);
        let output = fluxions_testing::finish(&mut shell);
        let code = remark.split("exit code ").nth(1).map_or("0", |rest| &rest[..1]);
        let found = output.status.code().map(|code| code.to_string());
        assert_eq!(found.as_deref(), Some(code), "{place}: {line}\n{}", text(&output.stderr));
    }

    /// Checks a message: `said` is FILE with `A` for `B`.
    fn complain(&self, place: &str, said: &str, message: &str) {
        let parts: Vec<&str> = said.split('`').collect();
        let [file, new, _, old, _] = parts[..] else { panic!("{place}: {said}") };
        let file = file.split(' ').next().unwrap();
        let right = self.home.read(file);
        assert!(right.contains(old), "{place}: no {old} in {file}");
        self.home.write(file, &right.replacen(old, new, 1));
        let found = self.home.fail(2, &["check", file]);
        self.home.write(file, &right);
        assert_eq!(found.trim(), message.trim(), "{place}");
    }

    fn python(&self, place: &str, program: &str) {
        let Some(python) = common::python() else { return };
        let mut command = Command::new(python);
        let output = command.args(["-c", program]).current_dir(self.home.path()).output().unwrap();
        assert!(output.status.success(), "{place}:\n{}", text(&output.stderr));
    }

    /// map.h5, from which docs/GUIDE.md reads.
    fn write_map(&self) {
        let file = hdf5::File::create(self.home.path().join("map.h5")).unwrap();
        let map = ndarray::Array2::from_elem([8, 8], 0.5);
        file.new_dataset_builder().with_data(&map).create("D").unwrap();
    }
}

#[test]
fn readme() {
    let count = Trial::of("README.md");
    assert!(count("toml") >= 2 && count("sh") >= 2 && count("text") >= 1);
}

#[test]
fn guide() {
    let count = Trial::of("docs/GUIDE.md");
    assert!(count("toml") >= 8 && count("rust") >= 2);
}

#[test]
fn expressions() {
    assert!(Trial::of("docs/EXPRESSIONS.md")("toml") >= 1);
}

#[test]
fn from_pypde() {
    assert!(Trial::of("docs/FROM_PYPDE.md")("toml") >= 1);
}

#[test]
fn output() {
    assert!(Trial::of("docs/OUTPUT.md")("python") >= 1);
}

/// Recipes are shown as they are, and solved by the test of the same name in recipes.rs.
#[test]
fn recipes() {
    let shown = blocks(&read("docs/RECIPES.md"));
    let folder = std::fs::read_dir(root().join("examples/recipes")).unwrap();
    let names: Vec<String> = folder
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(shown.len(), names.len());
    for name in names {
        let file = read(&format!("examples/recipes/{name}.toml"));
        assert!(shown.iter().any(|block| block.text == file), "{name} is not shown as it is");
        let test = format!("#[test]\nfn {name}()");
        assert!(include_str!("recipes.rs").contains(&test), "no test solves {name}");
    }
}

#[test]
fn scaling() {
    let count = Trial::of("docs/SCALING.md");
    assert_eq!((count("toml"), count("sh")), (1, 1));
}

/// Scripts of batch systems are scripts, and run the command with options that it has.
#[test]
fn cluster() {
    let home = Home::new();
    let help = home.succeed(&["run", "--help"]);
    let shown = blocks(&read("docs/CLUSTER.md"));
    let scripts: Vec<_> = shown.iter().filter(|block| block.language == "sh").collect();
    assert!(scripts.len() >= 3);
    for script in scripts {
        home.write("script", &script.text);
        let mut check = Command::new("bash");
        common::succeeded(fluxions_testing::finish(
            check.args(["-n", "script"]).current_dir(home.path()),
        ));
        let runs = script.text.lines().filter_map(|line| line.split_once("fluxions run "));
        for (_, arguments) in runs {
            for option in arguments.split_whitespace().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{option}");
            }
        }
    }
}

/// The other documents have no code.
#[test]
fn no_document_is_left_out() {
    let tried = [
        "GUIDE.md",
        "EXPRESSIONS.md",
        "FROM_PYPDE.md",
        "OUTPUT.md",
        "RECIPES.md",
        "CLUSTER.md",
        "SCALING.md",
    ];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") && !tried.contains(&name.as_str()) {
            let blocks = blocks(&read(&format!("docs/{name}")));
            assert!(blocks.iter().all(|block| block.language.is_empty()), "docs/{name} has code");
        }
    }
}
