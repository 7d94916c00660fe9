//! What transport keeps: mass, signs, bounds, uniform fields, the symmetry under a change of sign.

use fluxions::grid::Ends;
use fluxions::prelude::*;
use fluxions::solver::{Advector, ThirdOrder, Transport};

use crate::recipe::options;

/// Values of `psi` and of G at the beginning and after some steps, on one rank.
struct Run {
    density: Vec<f64>,
    before: Vec<f64>,
    after: Vec<f64>,
}

fn run(pde: &Pde, initial: &str, g: &str, dt: f64, steps: u64) -> Run {
    let world = World::solo();
    let values = |simulation: &Simulation, field: &str| {
        simulation.field(field).unwrap().iter().copied().collect::<Vec<f64>>()
    };
    let still = Pde::on(pde.grid()).equation("g", "0").build().unwrap();
    let still = Simulation::builder(&still, &world).initial("g", g).dt(1.0).build().unwrap();
    let mut simulation = Simulation::builder(pde, &world)
        .initial("psi", initial)
        .dt(dt)
        .max_steps(Some(steps))
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    let before = values(&simulation, "psi");
    simulation.run_until(1e9).unwrap();
    Run { density: values(&still, "g"), before, after: values(&simulation, "psi") }
}

impl Run {
    /// The change of the mass, as a part of Σ G|ψ|.
    fn drift(&self) -> f64 {
        let world = World::solo();
        let mass = |values: &[f64]| {
            let all: Vec<f64> = values.iter().zip(&self.density).map(|(v, g)| v * g).collect();
            world.sum(&all).unwrap()
        };
        let size: f64 = self.before.iter().zip(&self.density).map(|(v, g)| (v * g).abs()).sum();
        (mass(&self.after) - mass(&self.before)).abs() / size
    }

    fn range(values: &[f64]) -> (f64, f64) {
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)))
    }
}

const NAMES: [&str; 3] = ["x", "y", "z"];
const CELLS: [usize; 3] = [19, 14, 9];

fn room(dimension: usize, ends: [Ends; 3]) -> Grid {
    let mut grid = Grid::cartesian();
    for k in 0..dimension {
        grid = grid.axis(NAMES[k], 0.0..1.0, CELLS[k], ends[k]);
    }
    grid.build().unwrap()
}

const ALL: [&str; 16] = [
    "it1",
    "it2",
    "it3",
    "it4",
    "iga",
    "fct",
    "iga_fct",
    "it3_fct",
    "it3_tot",
    "iga_fct_tot",
    "it3_fct_full",
    "dfl",
    "it3_dfl_fct",
    "dpdc",
    "it3_dpdc_fct",
    "iga_fct_tot_dfl",
];

#[test]
fn mass_is_conserved_around_and_between_walls_on_1_rank() {
    let walls = [[Periodic; 3], [Bounded; 3], [Bounded, Periodic, Bounded]];
    for dimension in 1..=3 {
        for (ends, option) in walls.iter().flat_map(|ends| ALL.map(|option| (ends, option))) {
            if option == "dpdc" {
                continue; // The sum of all corrections has no limit where slopes grow.
            }
            // Nothing passes a wall, though the velocity there is not zero.
            let speeds = ["0.3 + 0.2*sin(2*pi*x)", "0.2*cos(2*pi*x) + 0.1", "0.3*sin(5*y)"];
            let speeds = speeds[..dimension].iter().map(|s| (*s).into()).collect();
            let g = "1.5 + 0.5*cos(2*pi*x)";
            let transport = Transport {
                options: options(option),
                g_factor: g.into(),
                diffusivity: if option.contains("iga") { vec![] } else { vec![1e-4.into()] },
                ..Transport::by(Advector::Velocity(speeds))
            };
            let mut pde = Pde::on(&room(dimension, *ends)).transport("psi", transport);
            for k in (0..dimension).filter(|k| ends[*k] == Bounded) {
                pde = pde.boundary(NAMES[k], Condition::Wall);
            }
            let found = run(&pde.build().unwrap(), "2 + sin(2*pi*x) + 0.2*x", g, 0.04, 60);
            let drift = found.drift();
            assert!(drift < 1e-14, "{option} in {dimension} D, {ends:?}: {drift:e}");
        }
    }
}

/// Longitude x, latitude y, and a flow that leads over both poles.
fn sphere(option: &str) -> Pde {
    let (pi, half) = (std::f64::consts::PI, std::f64::consts::FRAC_PI_2);
    let grid = Grid::cartesian()
        .axis("x", 0.0..2.0 * pi, 24, Periodic)
        .axis("y", -half..half, 12, Bounded)
        .build()
        .unwrap();
    let s = "sin(y)*cos(1.3) - cos(x)*cos(y)*sin(1.3)";
    let transport = Transport {
        options: options(option),
        g_factor: "cos(y)".into(),
        ..Transport::by(Advector::StreamFunction(s.into()))
    };
    Pde::on(&grid).transport("psi", transport).boundary("y", Condition::Pole).build().unwrap()
}

const BUMP: &str = "1 + 2*exp(-5*(1 - cos(y - 0.5)*cos(x/2 - 1)^2))";

#[test]
fn mass_is_conserved_over_the_poles_on_1_rank() {
    for option in ALL {
        let found = run(&sphere(option), BUMP, "cos(y)", 0.02, 200);
        assert!(found.drift() < 1e-14, "{option}: {:e}", found.drift());
    }
}

/// A flow without divergence around cells of a plane.
fn eddies(option: &str, s: &str, g: &str) -> Pde {
    let transport = Transport {
        options: options(option),
        g_factor: g.into(),
        ..Transport::by(Advector::StreamFunction(s.into()))
    };
    let ends = [Bounded, Periodic, Periodic];
    let pde = Pde::on(&room(2, ends)).transport("psi", transport);
    pde.boundary("x", Condition::Wall).build().unwrap()
}

const EDDY: &str = "0.15*sin(pi*x)*cos(2*pi*y)";
const BLOCK: &str = "where((x - 0.4)^2 + (y - 0.6)^2 < 0.05, 3, 0)";

#[test]
fn values_stay_positive_without_infinite_gauge_on_1_rank() {
    for option in ALL.into_iter().filter(|option| !option.contains("iga")) {
        // Corrections with these may exceed what is there, unless limited: by their terms, or where
        // the sum of all corrections has no limit.
        if ["tot", "full", "dfl", "dpdc"].iter().any(|word| option.contains(word))
            && !option.contains("fct")
        {
            continue;
        }
        let found = run(&eddies(option, EDDY, "1 + 0.3*x"), BLOCK, "1", 0.03, 300);
        let (least, _) = Run::range(&found.after);
        assert!(least >= 0.0, "{option}: {least:e}");
        let found = run(&sphere(option), "where(y > 0.3, 1, 0)", "1", 0.02, 200);
        assert!(
            Run::range(&found.after).0 >= 0.0,
            "{option} over poles: {:?}",
            Run::range(&found.after)
        );
    }
}

#[test]
fn the_limiter_makes_no_new_extremes_on_1_rank() {
    for option in ALL.into_iter().filter(|option| option.contains("fct")) {
        let initials = [BLOCK, "1 + where(x < 0.5, 1, 0)*where(y < 0.3, 2, -0.5)"];
        for (initial, g) in initials.into_iter().zip(["1", "1.3 + 0.3*cos(2*pi*y)"]) {
            let found = run(&eddies(option, EDDY, g), initial, g, 0.03, 300);
            let (before, after) = (Run::range(&found.before), Run::range(&found.after));
            let rounding = 1e-13 * before.1.abs();
            println!("{option}: {:e} {:e}", after.0 - before.0, after.1 - before.1);
            assert!(after.0 >= before.0 - rounding, "{option}: {after:?} from {before:?}");
            assert!(after.1 <= before.1 + rounding, "{option}: {after:?} from {before:?}");
        }
        let found = run(&sphere(option), "where(y > 0.3, 1, 0.2)", "cos(y)", 0.02, 200);
        let (before, after) = (Run::range(&found.before), Run::range(&found.after));
        println!("{option} over poles: {:e} {:e}", after.0 - before.0, after.1 - before.1);
        assert!(after.0 >= before.0 - 1e-12 && after.1 <= before.1 + 1e-12, "{option}: {after:?}");
    }
}

#[test]
fn uniform_fields_stay_uniform_in_flows_without_divergence_on_1_rank() {
    for option in ALL {
        let found = run(&eddies(option, EDDY, "1.3 + 0.3*cos(2*pi*y)"), "0.7", "1", 0.03, 100);
        let (least, most) = Run::range(&found.after);
        assert!(
            (least - 0.7).abs() < 1e-13 && (most - 0.7).abs() < 1e-13,
            "{option}: {least} {most}"
        );
        let found = run(&sphere(option), "0.7", "1", 0.02, 100);
        let (least, most) = Run::range(&found.after);
        assert!(
            (least - 0.7).abs() < 1e-12 && (most - 0.7).abs() < 1e-12,
            "{option} over poles: {least} {most}"
        );
    }
}

/// Without ratios of signed values, and with those of magnitudes, a field and its negative go the
/// same way; with the limiter too.
#[test]
fn the_negative_of_a_field_is_advected_as_its_negative_on_1_rank() {
    let waves = "sin(2*pi*x)*cos(2*pi*y) + 0.2 + random_normal(0, 0.1)";
    for option in ALL {
        let option = format!("{option}_signed");
        let mut transport = Transport::by(Advector::Courant(vec![
            "0.3*cos(2*pi*y)".into(),
            "0.25*sin(2*pi*x)".into(),
        ]));
        transport.options = options(&option);
        transport.g_factor = "1.3 + 0.3*cos(2*pi*y)".into();
        for condition in [Condition::Wall, Condition::Open, Condition::Derivative(0.0.into())] {
            let pde = Pde::on(&room(2, [Bounded, Periodic, Periodic]))
                .transport("psi", transport.clone())
                .boundary("x", condition.clone());
            let pde = pde.build().unwrap();
            let one = run(&pde, waves, "1", 1.0, 20);
            let other = run(&pde, &format!("-({waves})"), "1", 1.0, 20);
            let negated: Vec<f64> = other.after.iter().map(|v| -v).collect();
            let differ = one.after.iter().zip(&negated).filter(|(a, b)| a != b).count();
            assert!(differ == 0, "{option}, {condition:?}: {differ} values differ");
        }
    }
}

/// Third-order terms change nothing where they are not asked for.
#[test]
fn defaults_are_two_plain_passes() {
    let plain = options("it2");
    assert_eq!((plain.iterations, plain.third_order), (2, ThirdOrder::None));
}
