//! Every problem file in examples/ is right, and runs to its recorded result.

mod common;

use std::path::Path;

use common::Home;
use fluxions::io::Series;

/// Name, cheap changes, field, mean and largest magnitude of its last state: of its first
/// component, and of absolute values if it is complex.
const RECORDED: [(&str, &[&str], &str, f64, f64); 25] = [
    ("allen_cahn", &["time.end=20"], "c", 0.14687337441411527, 0.9999999971732219),
    ("brusselator", &["time.end=5"], "u", 3.009721739822381, 5.804692510242582),
    ("burgers", &[], "u", 1.0430886056889463, 1.384687881814916),
    ("cahn_hilliard", &["time.end=20"], "c", 0.00030191211770288123, 0.9361039079075796),
    ("complex_ginzburg_landau", &["time.end=10"], "A", 0.9213384988748017, 0.9975961312588748),
    ("conserved_allen_cahn", &["time.end=5"], "c", -0.7679969833873288, 1.0103316586623505),
    ("diffusion", &["time.end=2"], "c", 0.03611242749518713, 0.9698945144615667),
    ("fisher_kpp", &[], "c", 0.4455375273081396, 0.9090690612792969),
    ("fitzhugh_nagumo", &["time.end=30"], "u", -0.9859836094279593, 1.927744220122922),
    ("gray_scott", &["time.end=500"], "v", 0.001498551202107843, 0.36469021655810524),
    ("hello_mpdata", &[], "psi", 0.06283179315289941, 0.786117049058366),
    ("inviscid_burgers", &[], "u", 2.0, 2.9995903545186806),
    ("klein_gordon", &[], "u", -4.2708731534347646e-10, 0.8842891812140053),
    ("korteweg_de_vries", &[], "u", 0.09999999986264108, 2.0014550022355926),
    ("kpz", &["time.end=10"], "h", 0.7254782145656964, 1.9824706289161893),
    ("kuramoto_sivashinsky", &["time.end=10"], "front", 0.0, 0.44766722613857435),
    ("over_the_pole", &["time.end=0.25"], "psi", 1.0530463343072292, 1.9095462236525034),
    ("revolving_sphere", &["time.end=3"], "psi", 0.056687492722654324, 4.0),
    ("rotating_cone", &[], "psi", 1.092371480299878, 4.264710540481995),
    ("schrodinger", &["time.end=1"], "psi", 0.017901432474440933, 0.5751567712729402),
    ("shallow_water", &["time.end=2"], "h", 1.0047123889626142, 1.0913291508244338),
    ("shallow_water_drop", &["time.end=1"], "h", 0.00613798828125, 0.31260010191710036),
    ("sine_gordon", &["time.end=5"], "u", 0.7454818096818354, 6.2719667966868125),
    ("swift_hohenberg", &["time.end=15"], "u", 0.004657470841948556, 0.4637632220718939),
    ("wave", &[], "u", 0.00467582835650554, 0.1782248167986086),
];

#[test]
fn examples_run_to_their_recorded_results() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "toml"));
    assert_eq!(files.count(), RECORDED.len(), "an example without a recorded result");
    let mut wrong = Vec::new();
    for (name, changes, field, mean, largest) in RECORDED {
        let home = Home::new();
        let path = folder.join(format!("{name}.toml"));
        let mut args = vec!["run", path.to_str().unwrap(), "--quiet"];
        args.extend(changes.iter().flat_map(|change| ["--set", change]));
        home.succeed(&args);
        let series = Series::open(&home.path().join(name)).unwrap();
        let last = series.times().unwrap().len() - 1;
        let field = series.field(field).unwrap();
        let values = series.component(&field, last, 0, None).unwrap().map(|x| x, |z| z.norm());
        let found_mean = values.mean().unwrap();
        let found_largest = values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        println!("(\"{name}\", …, \"{}\", {found_mean:?}, {found_largest:?})", field.name());
        let near = |found: f64, recorded: f64| (found - recorded).abs() <= 1e-7 * largest.abs();
        if !near(found_mean, mean) || !near(found_largest, largest) {
            wrong.push(format!("{name}: mean {found_mean:?}, largest {found_largest:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Processes have the bits of a run on one rank, which calls no MPI: so `make test` and `make test MPI=mpich` together show that
/// they are the same on both.
#[cfg(feature = "mpi")]
#[test]
fn examples_have_the_same_bits_on_2_processes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for ranks in fluxions_testing::with_cores(&[2]) {
        let home = Home::new();
        for (name, ..) in RECORDED {
            let path = folder.join(format!("{name}.toml"));
            let (alone, processes) = (format!("{name}_alone"), format!("{name}_processes"));
            let args = |out| {
                let file = path.to_str().unwrap();
                ["run", file, "--quiet", "--set", "time.max_steps=25", "--out", out]
            };
            home.succeed(&[&args(alone.as_str())[..], &["--ranks", "1"]].concat());
            let output = fluxions_testing::finish(&mut home.mpirun(ranks, &args(&processes)));
            common::succeeded(output);
            home.succeed(&["diff", &alone, &processes]);
        }
    }
}
