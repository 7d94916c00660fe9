//! Spectra, histograms and the watch on conserved quantities, on 1 to 3 ranks as threads, in one run and in two.

mod common;

use common::Home;

const WAVES: &str = r#"
[grid]
x = { bounds = [0, 2], cells = 24, periodic = true }
y = { bounds = [0, 1], cells = 15, periodic = true }
[fields]
psi = { dtype = "complex" }
v = "vector"
[equations]
u = "-u"
psi = "0"
v = "[0, 0]"
[initial]
u = "3*sin(2*pi*x) + 0.5"
psi = "exp(2*pi*i*(x + y))"
v = ["cos(pi*x)", "sin(4*pi*y)"]
[time]
end = 1
dt = 0.1
scheme = "euler"
[output]
every = 0.5
picture = false
[[output.spectrum]]
name = "waves"
fields = ["u", "psi", "v", "square = u^2"]
every = 0.35
[[output.histogram]]
name = "heights"
field = "x_place = x"
bins = 4
[[output.histogram]]
name = "given"
field = "u"
range = [0, 2]
bins = 2
times = [0.2]
[conserved]
psi_norm = "integral(abs(psi)^2)"
zero = "integral(sin(pi*x))"
"#;

fn rows(text: &str) -> (String, Vec<Vec<f64>>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_string();
    let row = |line: &str| line.split(',').map(|x| x.parse().unwrap()).collect();
    (header, lines.map(row).collect())
}

#[test]
fn spectra_and_histograms_are_right_and_the_same_on_1_to_3_ranks() {
    let home = Home::new();
    home.write("p.toml", WAVES);
    let files =
        ["spectra/waves.csv", "histograms/heights.csv", "histograms/given.csv", "conserved.csv"];
    for ranks in ["1", "2", "3"] {
        home.succeed(&["run", "p.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        for file in files {
            let of = |out: &str| home.read(&format!("{out}/{file}"));
            assert!(of(ranks) == of("1"), "{file} on {ranks} ranks");
        }
    }
    home.succeed(&["run", "p.toml", "--quiet", "--out", "parts", "--set", "time.max_steps=4"]);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "parts", "--resume", "--ranks", "2"]);
    for file in files {
        let of = |out: &str| home.read(&format!("{out}/{file}"));
        assert_eq!(of("parts"), of("1"), "{file} in two runs");
    }

    let (header, lines) = rows(&home.read("1/spectra/waves.csv"));
    assert_eq!(header, "step,time,k,u,psi,v,square");
    let times: Vec<f64> = lines.iter().filter(|line| line[2] == 0.0).map(|line| line[1]).collect();
    assert_eq!(times, [0.0, 0.35, 7.0 * 0.1, 1.0]);
    let pi = std::f64::consts::PI;
    for line in lines.iter().filter(|line| line[1] == 0.35) {
        let shell = (line[2] / pi).round();
        // Three Euler steps and half a one.
        let decay = 0.9f64.powi(3) * 0.95;
        let decay = decay * decay;
        let expected = match shell {
            0.0 => [0.25 * decay, 0.0, 0.0],
            1.0 => [0.0, 0.0, 0.5],
            // √(2² + 2²) of κ₀ is next to 3.
            2.0 => [4.5 * decay, 0.0, 0.0],
            3.0 => [0.0, 1.0, 0.0],
            4.0 => [0.0, 0.0, 0.5],
            _ => [0.0; 3],
        };
        for (found, expected) in line[3..6].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-13, "{line:?}: {expected}");
        }
    }

    let (header, lines) = rows(&home.read("1/histograms/heights.csv"));
    assert_eq!(header, "step,time,lower,upper,cells,volume");
    assert_eq!(lines.len(), 3 * 4);
    for line in &lines {
        assert_eq!(line[4], 90.0, "{line:?}");
        assert!((line[5] - 0.5).abs() < 1e-14, "{line:?}");
    }
    let (_, lines) = rows(&home.read("1/histograms/given.csv"));
    let edges: Vec<(f64, f64)> = lines[..4].iter().map(|line| (line[2], line[3])).collect();
    let inf = f64::INFINITY;
    assert_eq!(edges, [(-inf, 0.0), (0.0, 1.0), (1.0, 2.0), (2.0, inf)]);
    for time in lines.chunks(4) {
        assert_eq!(time.iter().map(|line| line[4]).sum::<f64>(), 360.0);
    }
}

/// Cells of a ball differ in volume.
#[test]
fn histograms_weigh_cells_by_their_volumes_on_1_and_3_ranks() {
    let home = Home::new();
    home.write(
        "ball.toml",
        "[grid]\ngeometry = \"spherical\"\nr = { bounds = [0, 1], cells = 10 }\n[equations]\nc = 0\n[initial]\n\
         c = \"r\"\n[time]\nend = 1\ndt = 1\n[output]\npicture = false\n[[output.histogram]]\nfield = \"c\"\n\
         range = [0, 1]\nbins = 2\n",
    );
    for ranks in ["1", "3"] {
        home.succeed(&["run", "ball.toml", "--quiet", "--out", ranks, "--ranks", ranks]);
        let (_, lines) = rows(&home.read(&format!("{ranks}/histograms/histogram1.csv")));
        let volume = 4.0 / 3.0 * std::f64::consts::PI;
        let expected = [0.0, volume / 8.0, volume * 7.0 / 8.0, 0.0];
        for (line, expected) in lines.iter().zip(expected) {
            assert!((line[5] - expected).abs() < 1e-12, "{line:?}");
        }
    }
}

#[test]
fn what_is_conserved_is_told_and_what_is_not_warns_or_stops() {
    let home = Home::new();
    home.write("p.toml", WAVES);
    let told = home.succeed(&["run", "p.toml", "--out", "out"]);
    assert!(told.contains("conserved psi_norm: 2.000000 to 2.000000, largest drift 0"), "{told}");
    let report: serde_json::Value = serde_json::from_str(&home.read("out/report.json")).unwrap();
    // About 0, and beside the integral of the magnitude nothing.
    let zero = &report["conserved"]["zero"];
    assert!(zero["first"].as_f64().unwrap().abs() < 1e-14, "{zero}");
    assert!((zero["scale"].as_f64().unwrap() - 4.0 / std::f64::consts::PI).abs() < 0.01, "{zero}");
    assert_eq!(zero["largest_drift"], 0.0);

    // u decays by a tenth in each step: its integral of 1 is 0.9 after one.
    let watched = |more: &str| format!("{WAVES}[conserved.mass]\nvalue = \"integral(u)\"\n{more}");
    let mass = "scale = \"integral(u)\"\ntolerance = 0.05\n";
    home.write("q.toml", &watched(mass));
    let output =
        fluxions_testing::finish(&mut home.fluxions(&["run", "q.toml", "--out", "warned"]));
    let errors = common::text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        errors.contains("`mass` is not conserved: it was 1.000000 and has changed by -4.1e-1 at t = 0.5, a drift of -4.1e-1"),
        "{errors}"
    );
    let report: serde_json::Value = serde_json::from_str(&home.read("warned/report.json")).unwrap();
    let drift = report["conserved"]["mass"]["largest_drift"].as_f64().unwrap();
    assert!((drift - (1.0 - 0.9f64.powi(10))).abs() < 1e-12, "{drift}");

    home.write("r.toml", &watched(&format!("{mass}stop = true\n")));
    for ranks in ["1", "3"] {
        let errors = home.fail(
            3,
            &["run", "r.toml", "--quiet", "--out", &format!("s{ranks}"), "--ranks", ranks],
        );
        assert!(
            errors.contains("`mass` is not conserved: it was 1.000000 and has changed by -4.1e-1"),
            "{errors}"
        );
        let report = home.read(&format!("s{ranks}/report.json"));
        assert!(report.contains("\"failed\"") && report.contains("`mass`"), "{report}");
    }
}
