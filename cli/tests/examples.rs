//! Every problem file in examples/ is right, and runs to its recorded result.

mod common;

use std::path::Path;

use common::Home;
use fluxions::io::Series;

/// Name, cheap changes, field, mean and largest magnitude of its last state.
const RECORDED: [(&str, &[&str], &str, f64, f64); 6] = [
    ("gray_scott", &["time.end=500"], "v", 0.005996818867577551, 0.36465943694120617),
    ("cahn_hilliard", &["time.end=20"], "c", 0.00030191211770288123, 0.9361039079075796),
    ("burgers", &[], "u", 1.0430886056889463, 1.384687881814916),
    ("membrane", &[], "u", 0.00467582835650554, 0.1782248167986086),
    ("fisher_3d", &[], "c", 0.4455375273081396, 0.9090690612792969),
    ("allen_cahn", &["time.end=5"], "c", -0.7679969833873288, 1.0103316586623505),
];

#[test]
fn examples_run_to_their_recorded_results() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "toml"));
    assert_eq!(files.count(), RECORDED.len(), "an example without a recorded result");
    for (name, changes, field, mean, largest) in RECORDED {
        let home = Home::new();
        let path = folder.join(format!("{name}.toml"));
        let mut args = vec!["run", path.to_str().unwrap(), "--quiet"];
        args.extend(changes.iter().flat_map(|change| ["--set", change]));
        home.succeed(&args);
        let series = Series::open(&home.path().join(name)).unwrap();
        let last = series.times().unwrap().len() - 1;
        let values = series.read(field, last).unwrap();
        let found_mean = values.mean().unwrap();
        let found_largest = values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        println!("(\"{name}\", …, \"{field}\", {found_mean:?}, {found_largest:?})");
        let near = |found: f64, recorded: f64| (found - recorded).abs() <= 1e-7 * largest.abs();
        assert!(
            near(found_mean, mean) && near(found_largest, largest),
            "{name}: mean {found_mean:?}, largest {found_largest:?}"
        );
    }
}
