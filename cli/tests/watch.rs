//! Runs in the terminal: `fluxions watch`.

mod common;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Home, SMALL, text};
use fluxions_testing::finish;

/// A run that ends when this is dropped.
struct Going(Child);

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run that would go on for ages, once it has written something.
fn going(home: &Home) -> Going {
    home.write(
        "small.toml",
        &SMALL.replace("every = 10", "every = 2000").replace("every = 5", "every = 100"),
    );
    let mut run =
        home.fluxions(&["run", "small.toml", "--quiet", "--set", "time.end=1e12", "--ranks", "1"]);
    let going = Going(run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let start = Instant::now();
    while !home.path().join("small/series.h5").exists() {
        assert!(start.elapsed() < Duration::from_secs(100), "the run writes nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    going
}

/// What is drawn on a screen of this size, and that it fits.
fn drawn(home: &Home, folder: &str, screen: &str) -> Vec<String> {
    let said = home.succeed(&["watch", folder, "--screen", screen]);
    let (size, _) = screen.split_once(',').unwrap();
    let (columns, rows) = size.split_once('x').unwrap();
    let lines: Vec<String> = said.lines().map(String::from).collect();
    assert!(lines.len() <= rows.parse().unwrap(), "{screen}: {said}");
    for line in &lines {
        let shown = without_codes(line);
        assert!(shown.chars().count() <= columns.parse().unwrap(), "{screen}: {shown:?}");
    }
    lines
}

/// A text without the codes of colours.
fn without_codes(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_string();
    let rest = parts.map(|part| part.split_once('m').unwrap_or(("", part)).1);
    first + &rest.collect::<String>()
}

const TIME: &str = "[time]\nend = 1\ndt = 0.5\nscheme = \"euler\"\n";

#[test]
fn every_dimension_is_drawn_on_screens_of_any_size() {
    let home = Home::new();
    let axis =
        |name: &str, most: usize| format!("{name} = {{ bounds = [0, {most}], cells = 12 }}\n");
    let rest = |value: &str| {
        format!(
            "[equations]\nu = 0\nw = 0\n[initial]\nu = \"{value}\"\nw = 1\n[output]\npicture = false\n{TIME}"
        )
    };
    for (name, axes, value) in [
        ("one", axis("x", 1), "x^2"),
        ("two", axis("x", 2) + &axis("y", 1), "where(x > 1, 1, 0)"),
        ("three", axis("x", 1) + &axis("y", 1) + &axis("z", 1), "z"),
        ("disk", format!("geometry = \"polar\"\n{}", axis("r", 1)), "r"),
    ] {
        let file = format!("title = \"{name} 中文\"\n[grid]\n{axes}{}", rest(value));
        let missing = "[output]\nfields = [\"f = where(r > 0.9, 0/0, u)\"]";
        let file = if name == "disk" { file.replace("[output]", missing) } else { file };
        home.write(&format!("{name}.toml"), &file);
        home.succeed(&["run", &format!("{name}.toml"), "--quiet"]);
        for screen in ["41x9,full", "20x40,plain", "10x7,table", "1x1,full"] {
            drawn(&home, name, screen);
        }
        let lines = drawn(&home, name, "80x24,full");
        assert_eq!(lines[0], format!("over  {name} 中文"));
        assert_eq!(lines[1], "100 %  step 2  t = 1");
        let plain = drawn(&home, name, "80x24,plain").join("\n").replace("中文", "");
        assert!(plain.is_ascii() && !plain.contains('\u{1b}'), "{plain}");
        assert!(plain.contains(" at t = 1  min"), "{plain}");
    }
    // The left half is small, the right one large; the domain is twice as wide as high.
    let plain = drawn(&home, "two", "60x30,plain");
    assert_eq!(plain[2], ".".repeat(30) + &"@".repeat(30));
    // What is outside of a disk is blank, its small values are not.
    let disk = drawn(&home, "disk", "80x24,plain");
    let (outside, middle) = (disk[2].chars().next(), disk[10].chars().nth(17));
    assert!(outside == Some(' ') && middle == Some('.'), "{disk:?}");
    assert_eq!(plain.iter().filter(|line| line.ends_with('@')).count(), 15);
    assert!(
        plain[17].starts_with("u at t = 1  min 0  max 1  mean 0.5  x 0..2  y 0..1"),
        "{plain:?}"
    );
    let full = drawn(&home, "two", "60x30,full");
    let halves = full[2].matches('▀').count();
    // Viridis, from dark violet to yellow; a code only where the colour changes.
    assert_eq!(halves, 60);
    assert_eq!(full[2].matches("\u{1b}[38;2;").count(), 2, "{:?}", full[2]);
    assert!(full[2].contains("\u{1b}[38;2;68;1;84m\u{1b}[48;2;68;1;84m▀"), "{:?}", full[2]);
    assert!(drawn(&home, "two", "60x30,table")[2].contains("\u{1b}[38;5;"));
    // A slice says where it is; a line has its axis below it.
    assert!(drawn(&home, "three", "100x24,plain").concat().contains("z = 0.5"));
    let line = drawn(&home, "one", "60x20,plain");
    assert!(
        line[2].trim_end().ends_with("**") && line[15].trim_start().starts_with('0'),
        "{line:?}"
    );
    assert!(drawn(&home, "one", "60x20,full").concat().contains('⣀'));
    // Cells without a number.
    assert!(drawn(&home, "disk", "60x30,plain").concat().contains('?'));
    // Other fields.
    let said = home.succeed(&["watch", "two", "--once", "--field", "w"]);
    assert!(said.contains("w at t = 1  min 1  max 1  mean 1"), "{said}");
    assert!(
        said.ends_with(" on 1 rank(s)\n")
            && said.contains("run: stopped: the end time was reached"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'));
    assert!(home.fail(4, &["watch", "two", "--field", "q"]).contains("holds no field `q`"));
}

#[test]
fn a_run_that_goes_on_tells_its_speed_and_its_end() {
    let home = Home::new();
    let _run = going(&home);
    let start = Instant::now();
    let said = loop {
        let said = home.succeed(&["watch", "small", "--once"]);
        assert!(said.starts_with("running  small\n"), "{said}");
        if said.contains(" left") || start.elapsed() > Duration::from_secs(100) {
            break said;
        }
    };
    assert!(
        said.contains("cell/s") && said.contains(" left") && said.contains("0 %  step "),
        "{said}"
    );
    assert!(said.contains("run: running on host"), "{said}");
    // Its page can be made, too.
    home.succeed(&["report", "small"]);
    assert!(home.read("small/report.html").contains("running</span>"));
}

#[test]
fn where_there_is_no_run_or_no_snapshot_watch_says_so() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("empty")).unwrap();
    for folder in ["empty", "nowhere"] {
        assert!(home.fail(4, &["watch", folder]).contains("is neither a run folder"));
    }
    // A run that was killed before it wrote anything.
    home.write("empty/run.lock", "Fluxions run folder 1\n\nrun host 1\n");
    let said = home.succeed(&["watch", "empty", "--once"]);
    assert!(said.starts_with("killed: there is no snapshot yet\n"), "{said}");
    // A damaged file ends the drawing with a message.
    home.write("empty/series.h5", "nothing");
    assert!(home.succeed(&["watch", "empty", "--once"]).contains("no snapshot"));
}

/// In a terminal, as `script` makes one.
#[test]
fn the_terminal_is_as_it_was_when_the_run_ends() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `script`, which makes a terminal");
        return;
    }
    let home = Home::new();
    let mut run = going(&home);
    let watched = format!("{} watch small", env!("CARGO_BIN_EXE_fluxions"));
    let mut command = Command::new("script");
    command.args(["-qfec", &watched, "drawn"]).current_dir(home.path());
    command.env("TERM", "xterm-256color").env("COLORTERM", "truecolor").env_remove("NO_COLOR");
    let ended = std::thread::scope(|scope| {
        let watch = scope.spawn(move || finish(&mut command));
        let start = Instant::now();
        let drawn = || std::fs::read(home.path().join("drawn")).unwrap_or_default();
        while !text(&drawn()).contains('▀') && start.elapsed() < Duration::from_secs(100) {
            std::thread::sleep(Duration::from_millis(20));
        }
        run.0.kill().unwrap();
        run.0.wait().unwrap();
        watch.join().unwrap()
    });
    let said = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let [enter, leave] = ["\u{1b}[?1049h", "\u{1b}[?1049l"].map(|code| {
        assert_eq!(said.matches(code).count(), 1, "{said:?}");
        said.find(code).unwrap()
    });
    let page = &said[enter..leave];
    assert!(page.contains("running  small") && page.contains('▀'), "{page:?}");
    let after = &said[leave..];
    assert!(after.contains("killed  small") && after.contains("run: killed"), "{after:?}");
    assert!(said.contains("\u{1b}[?25h"));
}
