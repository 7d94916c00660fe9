//! Probes: values at points, on 1 to 3 ranks as threads, in one run and in two parts.

mod common;

use common::Home;

const WAVE: &str = r#"
[grid]
x = { bounds = [0, 2], cells = 20 }
y = { bounds = [0, 1], cells = 10, periodic = true }
[fields]
v = "vector"
psi = { dtype = "complex" }
[equations]
u = "3 + 0*u"
v = "[1, 2]"
psi = "1 - 2*i"
[initial]
u = "4*x"
v = "[x, 2*x]"
psi = "x*i"
[time]
end = 1
dt = 0.1
scheme = "euler"
[output]
every = 0.5
picture = false
fields = ["u", "v", "psi", "twice = 2*u"]
[[output.probe]]
name = "inside"
at = [0.33, 0.97]
[[output.probe]]
name = "wall"
at = [2, 0.5]
fields = ["u", "twice"]
every = 0.2
"#;

fn columns(text: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_string).collect());
    let header: Vec<String> = lines.next().unwrap();
    let numbers = lines.map(|line: Vec<String>| line.iter().map(|x| x.parse().unwrap()).collect());
    (header, numbers.collect())
}

#[test]
fn probes_see_what_lies_between_cells_on_1_to_3_ranks() {
    let home = Home::new();
    home.write("wave.toml", WAVE);
    for ranks in ["1", "2", "3"] {
        home.succeed(&["run", "wave.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        for name in ["inside", "wall"] {
            let file = |folder: &str| home.read(&format!("{folder}/probes/{name}.csv"));
            assert!(file(ranks) == file("1"), "{name} on {ranks} ranks");
        }
    }
    let (header, lines) = columns(&home.read("1/probes/inside.csv"));
    assert_eq!(header, ["step", "time", "u", "v.x", "v.y", "re psi", "im psi", "twice"]);
    assert_eq!(lines.len(), 11);
    for line in &lines {
        let (t, x) = (line[1], 0.33);
        let expected = [4.0 * x + 3.0 * t, x + t, 2.0 * (x + t), t, x - 2.0 * t, 8.0 * x + 6.0 * t];
        for (found, expected) in line[2..].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{line:?}");
        }
    }
    // At a wall values go on as they do before it.
    let (_, lines) = columns(&home.read("1/probes/wall.csv"));
    let times: Vec<f64> = lines.iter().map(|line| line[0]).collect();
    assert_eq!(times, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    assert!(lines.iter().all(|line| (line[2] - 8.0 - 3.0 * line[1]).abs() < 1e-12));
}

#[test]
fn probes_of_a_run_in_parts_have_no_gap_and_no_line_twice() {
    let home = Home::new();
    home.write("wave.toml", WAVE);
    home.succeed(&["run", "wave.toml", "--quiet", "--out", "whole"]);
    let run = ["run", "wave.toml", "--quiet", "--out", "parts"];
    home.succeed(&[&run[..], &["--set", "time.max_steps=5", "--ranks", "2"]].concat());
    home.succeed(&[&run[..], &["--resume"]].concat());
    for name in ["inside", "wall"] {
        let file = |folder: &str| home.read(&format!("{folder}/probes/{name}.csv"));
        assert_eq!(file("parts"), file("whole"));
    }
    // Those of a run that is replaced go with it.
    let one = WAVE.split("[[output.probe]]\nname = \"wall\"").next().unwrap();
    home.write("wave.toml", one);
    home.succeed(&["run", "wave.toml", "--quiet", "--out", "parts", "--overwrite"]);
    assert!(!home.path().join("parts/probes/wall.csv").exists());
    assert!(home.path().join("parts/probes/inside.csv").exists());
}

/// Across the seam of a periodic axis, however many fields there are; not where a field changes its sign there. On 1 and 2 ranks.
#[test]
fn probes_look_across_a_seam_but_not_where_signs_change() {
    let home = Home::new();
    let fields = 0..9;
    let lines = |line: &dyn Fn(i32) -> String| fields.clone().map(line).collect::<String>();
    let many = format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 8, periodic = true }}\n[equations]\n{}[initial]\n{}\
         [time]\nend = 1e-9\ndt = 1e-9\n[output]\npicture = false\n\
         [[output.probe]]\nname = \"p\"\nat = [0.0]\nfields = [\"f8\"]\n",
        lines(&|k| format!("f{k} = \"laplace(f{k})\"\n")),
        lines(&|k| format!("f{k} = \"where(x < 0.2, 1, 0)\"\n")),
    );
    home.write("many.toml", &many);
    home.write(
        "turned.toml",
        "[grid]\nx = { bounds = [0, 1], cells = 8, periodic = true }\n[boundary.b]\nx = \"antiperiodic\"\n\
         [equations]\nb = \"0*b\"\n[initial]\nb = \"1 + x\"\n[time]\nend = 1\ndt = 1\n\
         [output]\npicture = false\n[[output.probe]]\nname = \"p\"\nat = [0.0]\n",
    );
    for (name, expected) in [("many", 0.5), ("turned", 1.0)] {
        for ranks in ["1", "2"] {
            let (file, out) = (format!("{name}.toml"), format!("{name}-{ranks}"));
            home.succeed(&["run", &file, "--quiet", "--ranks", ranks, "--out", &out]);
            let csv = home.read(&format!("{out}/probes/p.csv"));
            let first = csv.lines().nth(1).unwrap().rsplit(',').next().unwrap();
            let first: f64 = first.parse().unwrap();
            assert!((first - expected).abs() < 1e-12, "{name}: {csv}");
        }
    }
}
