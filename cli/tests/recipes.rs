//! The recipes of docs/RECIPES.md, in examples/recipes/: each one solves what it says.

mod common;

use common::Home;
use fluxions::io::Series;
use ndarray::ArrayD;

/// A recipe's run.
struct Run {
    home: Home,
    name: &'static str,
}

impl Run {
    /// Runs a recipe with these changes.
    fn of(name: &'static str, changes: &[&str]) -> Run {
        let home = Home::new();
        let file = format!("{}/../examples/recipes/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let mut args = vec!["run", file.as_str(), "--quiet", "--ranks", "1"];
        args.extend(changes.iter().flat_map(|change| ["--set", change]));
        home.succeed(&args);
        Run { home, name }
    }

    fn series(&self) -> Series {
        Series::open(&self.home.path().join(self.name)).unwrap()
    }

    /// The last state of a field.
    fn last(&self, field: &str) -> ArrayD<f64> {
        let series = self.series();
        let last = series.times().unwrap().len() - 1;
        series.read(field, last).unwrap()
    }

    /// A field's last state beside the coordinate x, in one dimension.
    fn profile(&self, field: &str) -> Vec<(f64, f64)> {
        let x = self.series().coordinates("x").unwrap();
        x.into_iter().zip(self.last(field)).collect()
    }

    /// A diagnostic at all its times.
    fn diagnostic(&self, name: &str) -> Vec<f64> {
        let csv = self.home.read(&format!("{}/diagnostics.csv", self.name));
        let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let column = lines.next().unwrap().iter().position(|found| *found == name).unwrap();
        lines.map(|line| line[column].parse().unwrap()).collect()
    }
}

/// The largest magnitude.
fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// Checks that a number stays what it was at first, to rounding.
fn stays(values: &[f64]) {
    let change = largest(values.iter().map(|value| value - values[0]));
    assert!(change <= 1e-12 * values[0].abs(), "{values:?}");
}

/// The amount is rate·time; the receiver sees a bell of variance 2·width² + 2Dt, summed over the time.
#[test]
fn point_source() {
    let run = Run::of("point_source", &[]);
    let total = *run.diagnostic("total").last().unwrap();
    assert!((total - 2.0 * 0.5).abs() < 1e-12, "{total}");
    let (steps, end) = (20_000, 0.5);
    let bell = |variance: f64| {
        let squared = 0.4f64.powi(2) + 0.1f64.powi(2);
        (-squared / (2.0 * variance)).exp() / (2.0 * std::f64::consts::PI * variance)
    };
    let age = |i: i32| end * (f64::from(i) + 0.5) / f64::from(steps);
    let seen = (0..steps).map(|i| bell(2.0 * 0.04f64.powi(2) + 2.0 * 0.05 * age(i))).sum::<f64>();
    let exact = 2.0 * end * seen / f64::from(steps);
    let found = *run.diagnostic("receiver").last().unwrap();
    assert!((found / exact - 1.0).abs() < 2e-3, "{found} {exact}");
}

/// Between the pipes c falls with the logarithm of the radius; the staircase is of first order.
#[test]
fn held_value() {
    let exact = "min(max(log(outer/hypot(x, y))/log(outer/inner), 0), 1)";
    let fields = format!("output.fields=[\"c\", \"error = c - {exact}\"]");
    let mean = |cells: &str| {
        let run = Run::of("held_value", &[&fields, &format!("parameters.n={cells}")]);
        for (c, error) in run.last("c").iter().zip(run.last("error")) {
            assert!((0.0..=1.0).contains(c));
            // Where the value is held, it is held exactly.
            assert!(*c != 1.0 || error == 0.0);
        }
        run.last("error").mapv(f64::abs).mean().unwrap()
    };
    let (coarse, fine) = (mean("40"), mean("80"));
    assert!(fine < 0.006 && fine < 0.6 * coarse, "{coarse} {fine}");
}

/// The total stays, the obstacle stays empty, and what goes by is less than without an obstacle.
#[test]
fn obstacle() {
    let run = Run::of("obstacle", &[]);
    stays(&run.diagnostic("total"));
    assert_eq!(largest(run.diagnostic("inside")), 0.0);
    let beyond = *run.diagnostic("beyond").last().unwrap();
    let free = Run::of("obstacle", &["regions.barrier=\"x < 0\""]);
    let freely = *free.diagnostic("beyond").last().unwrap();
    assert!(0.0 < beyond && beyond < 0.5 * freely, "{beyond} {freely}");
    assert!(run.last("c").iter().all(|c| (0.0..=1.0).contains(c)));
}

/// What comes back from the edges, beside a domain that is three times as large.
#[test]
fn sponge() {
    let inside = |run: &Run| {
        let p = run.last("p");
        let n = p.shape()[0];
        let middle = ndarray::Slice::from(n / 2 - 30..n / 2 + 30);
        p.slice_each_axis(|_| middle).to_owned()
    };
    let free = Run::of("sponge", &["parameters.size=30", "parameters.inner=26"]);
    let free = inside(&free);
    let comes_back = |run: &Run| largest(&inside(run) - &free);
    let damped = Run::of("sponge", &[]);
    let walls = comes_back(&Run::of("sponge", &["parameters.strength=0"]));
    assert!(comes_back(&damped) < 0.01 * walls, "{} {walls}", comes_back(&damped));
    let energy = damped.diagnostic("energy");
    assert!((energy[4] / energy[0] - 1.0).abs() < 1e-4 && energy[20] < 1e-4 * energy[0]);
}

/// The two bodies are one rod, and nothing is lost.
#[test]
fn contact() {
    let run = Run::of("contact", &[]);
    stays(&run.diagnostic("total"));
    let flow = run.diagnostic("flow");
    assert!(flow[0] > flow[10] && flow[10] > 0.01, "{flow:?}");
    let home = Home::new();
    home.write(
        "rod.toml",
        "[grid]\nx = { bounds = [0, 2], cells = 40 }\n[equations]\n\
         c = \"diffusion_harmonic(where(x < 1, 1, 0.1), c)\"\n[initial]\nc = \"where(x < 1, 1, 0)\"\n[time]\n\
         end = 0.5\ndt = 1e-3\n",
    );
    home.succeed(&["run", "rod.toml", "--quiet", "--ranks", "1"]);
    let series = Series::open(&home.path().join("rod")).unwrap();
    let rod = series.read("c", series.times().unwrap().len() - 1).unwrap();
    let mut bodies = run.last("u").into_raw_vec_and_offset().0;
    bodies.extend(run.last("v").iter().collect::<Vec<_>>().into_iter().rev());
    for (c, body) in rod.iter().zip(bodies) {
        assert!((c - body).abs() < 1e-5, "{c} {body}");
    }
}

/// In a half space a boundary value that grows as t gives `ramp`; the table is a sum of such.
#[test]
fn boundary_table() {
    let ramp = "(x, t) -> t*((1 + 2*x^2/t)*(1 - erf(x/sqrt(t))) - 2*x/sqrt(pi*t)*exp(-x^2/t))";
    let exact = "5*ramp(x, 1) - 5*ramp(x, 0.8) - 7*ramp(x, 0.5) + 7*ramp(x, 0.4)";
    let run = Run::of(
        "boundary_table",
        &[
            &format!("functions.ramp=\"{ramp}\""),
            &format!("output.fields=[\"c\", \"error = c - ({exact})\"]"),
        ],
    );
    let error = largest(run.last("error"));
    assert!(error < 1e-4, "{error}");
}

/// A cosine decays at its own rate; the error is of second order, and the total stays.
#[test]
fn stretched_axis() {
    let fields = "output.fields=[\"error = c - 1 - cos(pi*place)*exp(-D*pi^2*t)\"]";
    let error = |cells: &str| {
        let run = Run::of("stretched_axis", &[fields, &format!("parameters.n={cells}")]);
        stays(&run.diagnostic("total"));
        largest(run.last("error"))
    };
    let (coarse, fine) = (error("25"), error("50"));
    assert!(fine < 1e-3 && (coarse / fine).log2() > 1.9, "{coarse} {fine}");
}

/// The shock is where it should be, a few cells wide and without wiggles, and the balance closes.
#[test]
fn rusanov() {
    let run = Run::of("rusanov", &[]);
    let profile = run.profile("u");
    assert!(profile.windows(2).all(|pair| pair[1].1 <= pair[0].1));
    assert!(profile.iter().all(|(_, u)| (1.0..=2.0).contains(u)));
    // It moves at (2 + 1)/2.
    let (front, _) = profile.iter().rfind(|(_, u)| *u > 1.5).unwrap();
    assert!((front - (0.2 + 1.5 * 0.3)).abs() < 0.01, "{front}");
    let width = profile.iter().filter(|(_, u)| (1.05..1.95).contains(u)).count();
    assert!((1..=12).contains(&width), "{width}");
    // What flows in less what flows out, 2²/2 − 1²/2.
    let total = run.diagnostic("total");
    let gain = total[total.len() - 1] - total[0];
    assert!((gain - 1.5 * 0.3).abs() < 1e-12, "{gain}");
}

#[test]
fn fourth_order() {
    let error = |cells| {
        let run = Run::of("fourth_order", &[&format!("parameters.n={cells}")]);
        largest(run.last("error"))
    };
    let (coarse, fine) = (error(32), error(64));
    assert!((coarse / fine).log2() > 3.9 && fine < 1e-3, "{coarse} {fine}");
}

/// The steady state is linear in each layer, with the same flux, at any number of cells.
#[test]
fn layers() {
    let run = Run::of("layers", &[]);
    let flux = 1.0 / (0.5 / 1.0 + 0.5 / 0.1);
    let exact = |x: f64| if x < 0.5 { 1.0 - flux * x } else { flux / 0.1 * (1.0 - x) };
    let error = largest(run.profile("c").into_iter().map(|(x, c)| c - exact(x)));
    assert!(error < 1e-10, "{error}");
}

/// The states between the waves and the place of the shock (Sod 1978; Toro, Riemann Solvers, 4.3.3).
#[test]
fn euler() {
    let run = Run::of("euler", &[]);
    stays(&run.diagnostic("mass"));
    stays(&run.diagnostic("energy"));
    let mean = |field: &str, from: f64, to: f64| {
        let profile = run.profile(field);
        let values: Vec<f64> =
            profile.into_iter().filter(|(x, _)| from < *x && *x < to).map(|(_, y)| y).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    for (field, from, to, exact) in [
        ("p", 0.52, 0.65, 0.30313),
        ("p", 0.72, 0.83, 0.30313),
        ("speed", 0.52, 0.83, 0.92745),
        ("rho", 0.52, 0.65, 0.42632),
        ("rho", 0.72, 0.83, 0.26557),
    ] {
        let found = mean(field, from, to);
        assert!((found / exact - 1.0).abs() < 2e-3, "{field}: {found} {exact}");
    }
    let (shock, _) = *run.profile("p").iter().rfind(|(_, p)| *p > 0.2).unwrap();
    assert!((shock - (0.5 + 1.75216 * 0.2)).abs() < 0.005, "{shock}");
    assert!(largest(run.last("speed")) < 0.95);
}

#[test]
fn used_up() {
    let run = Run::of("used_up", &[]);
    stays(&run.diagnostic("total"));
    let (left, least) = (run.diagnostic("left"), run.diagnostic("least"));
    assert!(left[0] > 1.19 && left.last().unwrap().abs() < 1e-6, "{left:?}");
    assert!(least.iter().all(|s| *s > -1e-6), "{least:?}");
}

/// The deflection in the middle of a unit square: Σ over odd m, n of 16 sin(mπ/2) sin(nπ/2)/(π⁴ m n (m² +
/// n²)) = 0.0736713.
#[test]
fn steady_state() {
    let run = Run::of("steady_state", &[]);
    let highest = *run.diagnostic("highest").last().unwrap();
    assert!((highest / 0.073_671_3 - 1.0).abs() < 1e-3, "{highest}");
    let report = run.home.read("steady_state/report.json");
    assert!(report.contains("the state is steady"), "{report}");
}

/// The eigenvalue of the lowest mode of an L-shaped membrane is 9.63972 (Fox, Henrici & Moler 1967, SIAM J. Numer. Anal. 4, 89),
/// to which those of held cells come at first order.
#[test]
fn mode() {
    let errors = [&[][..], &["grid.x.cells=128", "grid.y.cells=128"]].map(|changes| {
        let run = Run::of("mode", changes);
        assert!((run.diagnostic("square")[0] - 1.0).abs() < 1e-6);
        9.63972 - run.diagnostic("eigenvalue")[0]
    });
    assert!(errors[1] > 0.0 && errors[1] < 0.13 && errors[1] < 0.55 * errors[0], "{errors:?}");
}

/// Charge and what flows out agree, and the potential beside the plates is that of the plates.
#[test]
fn potential() {
    let run = Run::of("potential", &[]);
    let (charge, out) = (run.diagnostic("charge")[0], run.diagnostic("out")[0]);
    assert!((charge - out).abs() < 1e-8, "{charge} {out}");
    let report = run.home.read("potential/report.json");
    assert!(report.contains("\"stop_reason\": \"solved\""), "{report}");
}

/// The vortex of a coarse grid beside that of fine ones, −0.1035 (reference: Marchi, Suero & Araki 2009).
#[test]
fn driven_cavity() {
    let coarse = ["grid.x.cells=24", "grid.y.cells=24", "stop.steady=0.02"];
    let run = Run::of("driven_cavity", &coarse);
    let lowest = *run.diagnostic("lowest").last().unwrap();
    assert!((-0.1035..-0.09).contains(&lowest), "{lowest}");
    // With all cells it begins as well.
    let run = Run::of("driven_cavity", &["time.end=2", "diagnostics.every=1"]);
    let lowest = run.diagnostic("lowest");
    assert!(lowest[2] < lowest[1] && (-0.1..-0.05).contains(&lowest[2]), "{lowest:?}");
}

/// Vortices leave a cylinder with a Strouhal number of 0.165 in a free stream (Williamson 1989, J. Fluid Mech. 206,
/// 579, at Reynolds number 100), and here, where the stream is 6/5 times as fast beside it, of 0.198.
#[test]
fn wake() {
    let coarse = ["grid.x.cells=72", "grid.y.cells=36", "time.dt=0.04", "parameters.kappa=20"];
    let run = Run::of("wake", &[&coarse[..], &["time.end=60"]].concat());
    let times: Vec<f64> = run.diagnostic("time");
    let across = run.diagnostic("across");
    let rises =
        (1..times.len()).filter(|k| times[*k] > 20.0 && across[k - 1] < 0.0 && across[*k] >= 0.0);
    let rises: Vec<f64> = rises
        .map(|k| {
            let share = across[k - 1] / (across[k - 1] - across[k]);
            times[k - 1] + share * (times[k] - times[k - 1])
        })
        .collect();
    let frequency = (rises.len() - 1) as f64 / (rises[rises.len() - 1] - rises[0]);
    assert!((0.185..0.205).contains(&frequency), "{frequency} {rises:?}");
    assert!(run.diagnostic("divergence").last().unwrap().abs() < 0.012);
}
