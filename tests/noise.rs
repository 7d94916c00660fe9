//! Noise in the equations: its moments, its independence of everything else, both interpretations,
//! and that it depends neither on ranks nor on where a run is interrupted.

mod common;

use common::statistics::{
    assert_independent, assert_mean, assert_standard_normal, mean, part, volumes,
};
use fluxions::prelude::*;
use fluxions::solver::{Error, Errors, PdeBuilder};

/// Grids of every geometry, with and without a hole.
fn grids() -> Vec<Grid> {
    let cartesian = |axes: &[(&str, f64, usize)]| {
        let axis = |g: GridBuilder, (name, end, n): &(&str, f64, usize)| {
            g.axis(name, 0.0..*end, *n, Periodic)
        };
        axes.iter().fold(Grid::cartesian(), axis).build().unwrap()
    };
    let radial =
        |geometry, start: f64| Grid::builder(geometry).axis("r", start..2.0, 4000, Bounded);
    let cylinder = |start: f64| {
        let r = Grid::builder(Geometry::Cylindrical).axis("r", start..2.0, 40, Bounded);
        r.axis("z", -1.0..2.0, 100, Periodic).build().unwrap()
    };
    vec![
        cartesian(&[("x", 5.0, 4000)]),
        cartesian(&[("x", 5.0, 50), ("y", 3.0, 80)]),
        cartesian(&[("x", 5.0, 20), ("y", 3.0, 10), ("z", 0.1, 20)]),
        radial(Geometry::Polar, 0.0).build().unwrap(),
        radial(Geometry::Polar, 1.5).build().unwrap(),
        radial(Geometry::Spherical, 0.0).build().unwrap(),
        radial(Geometry::Spherical, 1.0).build().unwrap(),
        cylinder(0.0),
        cylinder(1.0),
    ]
}

/// So many unit cells.
fn unit_cells(cells: usize) -> Grid {
    Grid::cartesian().axis("x", 0.0..cells as f64, cells, Periodic).build().unwrap()
}

/// A simulation in which every field is 0 at first.
fn from_zero(pde: &Pde, dt: f64, seed: u64) -> Simulation {
    let world = World::solo();
    let builder = Simulation::builder(pde, &world).scheme(Tableau::EULER).dt(dt).seed(seed);
    let builder = pde.fields().iter().fold(builder, |b, field| b.initial(field, 0.0));
    builder.build().unwrap()
}

/// Numbers over the root of what their variances should be.
fn over(sample: &[f64], variances: impl IntoIterator<Item = f64>) -> Vec<f64> {
    sample.iter().zip(variances).map(|(x, variance)| x / variance.sqrt()).collect()
}

/// Reference case s01 of py-pde, with its acceptance.
#[test]
fn additive_noise_has_the_variance_of_the_reference_case() {
    let text = "
        [grid]
        x = { bounds = [0, 1000], cells = 3700, periodic = false }
        [equations]
        c = 0
        [initial]
        c = 0
        [noise]
        c = 0.35
        [time]
        end = 0.1
        dt = 0.001
        scheme = \"euler\"
    ";
    let problem = Problem::parse("s01.toml", text).unwrap_or_else(|m| panic!("{m:?}"));
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap();
    simulation.run_until(0.1).unwrap();
    let c = part(&simulation, "c", 0);
    let (average, expected) = (mean(&c), 0.1295);
    let variance = mean(&c.iter().map(|c| (c - average).powi(2)).collect::<Vec<_>>());
    assert!(average.abs() < 4.0 * (expected / c.len() as f64).sqrt(), "{average}");
    assert!((variance / expected - 1.0).abs() < 0.1, "{variance}");
}

#[test]
fn the_variance_is_noise_times_time_over_cell_volume_on_every_geometry() {
    for grid in grids() {
        let pde = Pde::on(&grid).equation("c", "0").noise("c", 0.35).build().unwrap();
        let mut simulation = from_zero(&pde, 0.01, 0);
        simulation.run_until(0.2).unwrap();
        let variances = volumes(&grid).into_iter().map(|volume| 0.35 * 0.2 / volume);
        let sample = over(&part(&simulation, "c", 0), variances);
        // The cells near the axis as well as those far away.
        for cells in sample.chunks(1000) {
            assert_standard_normal(cells);
        }
    }
}

#[test]
fn noise_in_different_cells_and_steps_is_independent() {
    let (n, m) = (60, 70);
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, n, Periodic)
        .axis("y", 0.0..2.0, m, Bounded)
        .build()
        .unwrap();
    let pde = Pde::on(&grid).equation("c", "0").noise("c", 3.0).build().unwrap();
    let dt = 0.25;
    let mut simulation = from_zero(&pde, dt, 5);
    let variance = 3.0 * dt / volumes(&grid)[0];
    let mut increments: Vec<Vec<f64>> = Vec::new();
    let mut before = vec![0.0; n * m];
    for step in 1..=4 {
        simulation.run_until(step as f64 * dt).unwrap();
        let now = part(&simulation, "c", 0);
        let change: Vec<f64> = now.iter().zip(&before).map(|(a, b)| a - b).collect();
        increments.push(over(&change, std::iter::repeat(variance)));
        before = now;
    }
    for increment in &increments {
        assert_standard_normal(increment);
        for [di, dj] in [[0, 1], [1, 0], [1, 1], [0, 2], [2, 0], [1, m - 1], [n / 2, m / 2]] {
            let at = |cell: usize| (cell / m + di) % n * m + (cell % m + dj) % m;
            let moved: Vec<f64> = (0..n * m).map(|cell| increment[at(cell)]).collect();
            assert_independent(increment, &moved);
        }
    }
    for earlier in 0..4 {
        for later in earlier + 1..4 {
            assert_independent(&increments[earlier], &increments[later]);
            // Nor is one step's noise that of another, moved by a cell.
            assert_independent(&increments[earlier][1..], &increments[later][..n * m - 1]);
        }
    }
}

/// A variance by the coordinate x.
type Variance = fn(f64) -> f64;

#[test]
fn noise_of_fields_components_and_parts_is_independent() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..40.0, 40, Periodic)
        .axis("y", 0.0..50.0, 100, Periodic)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .field("v", Type::real(Rank::Vector))
        .field("q", Type::real(Rank::Tensor))
        .field("psi", Type::COMPLEX)
        .field("w", Type { rank: Rank::Vector, complex: true })
        .equation("u", "0")
        .equation("v", 0.0)
        .equation("q", 0.0)
        .equation("psi", "0")
        .equation("w", 0.0)
        .noise("u", 2.0)
        .noise("v", 2.0)
        .noise("q", [["1", "2"], ["3", "4"]])
        .noise("psi", 2.0)
        .noise("w", ["1", "x"])
        .build()
        .unwrap();
    let mut simulation = from_zero(&pde, 0.5, 11);
    simulation.run_until(1.0).unwrap();
    // Of complex numbers each part has half of the variance.
    let all: [(&str, usize, Variance); 13] = [
        ("u", 0, |_| 2.0),
        ("v", 0, |_| 2.0),
        ("v", 1, |_| 2.0),
        ("q", 0, |_| 1.0),
        ("q", 1, |_| 2.0),
        ("q", 2, |_| 3.0),
        ("q", 3, |_| 4.0),
        ("psi", 0, |_| 1.0),
        ("psi", 1, |_| 1.0),
        ("w", 0, |_| 0.5),
        ("w", 1, |_| 0.5),
        ("w", 2, |x| x / 2.0),
        ("w", 3, |x| x / 2.0),
    ];
    let sample = |(field, number, variance): &(&str, usize, Variance)| {
        // The volume of a cell is 1/2.
        let variances = (0..4000).map(|cell| 2.0 * variance((cell / 100) as f64 + 0.5));
        over(&part(&simulation, field, *number), variances)
    };
    let samples: Vec<Vec<f64>> = all.iter().map(sample).collect();
    for (k, one) in samples.iter().enumerate() {
        assert_standard_normal(one);
        for other in &samples[k + 1..] {
            assert_independent(one, other);
        }
    }
}

#[test]
fn only_the_components_with_a_variance_are_noisy() {
    let grid = Grid::builder(Geometry::Cylindrical)
        .axis("r", 0.0..1.0, 8, Bounded)
        .axis("z", 0.0..1.0, 8, Bounded)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .field("v", Type::real(Rank::Vector))
        .equation("v", ["1", "1", "1"])
        .noise("v", ["0", "0.1*z", "0"])
        .build()
        .unwrap();
    let mut simulation = from_zero(&pde, 0.125, 0);
    simulation.run_until(1.0).unwrap();
    for quiet in [0, 2] {
        assert!(part(&simulation, "v", quiet).iter().all(|v| *v == 1.0));
    }
    assert!(part(&simulation, "v", 1).iter().all(|v| *v != 1.0));
}

#[test]
fn seeds_give_different_noise_and_a_seed_always_the_same() {
    let pde = Pde::on(&unit_cells(5000)).equation("c", "0").noise("c", 1.0).build().unwrap();
    let sample = |seed: u64| {
        let mut simulation = from_zero(&pde, 1.0, seed);
        simulation.run_until(1.0).unwrap();
        part(&simulation, "c", 0)
    };
    let samples = [0, 1, 2, u64::MAX].map(sample);
    for (k, one) in samples.iter().enumerate() {
        assert_standard_normal(one);
        for other in &samples[k + 1..] {
            assert_independent(one, other);
        }
    }
    assert_eq!(sample(2), samples[2]);
}

/// With damping, each step multiplies by a factor R and adds noise, so that after n steps the
/// variance is (1 − R^2n)/(1 − R²) times that of one step.
#[test]
fn every_scheme_adds_the_noise_once_a_step() {
    let world = World::solo();
    let (dt, steps) = (0.2, 12);
    for scheme in Tableau::ALL {
        let grid = unit_cells(6000);
        let damped = Pde::on(&grid).equation("c", "-c");
        let run = |pde: PdeBuilder, initial: f64, steps: i32| {
            let pde = pde.build().unwrap();
            let builder = Simulation::builder(&pde, &world).scheme(&scheme).dt(dt);
            let mut simulation = builder.initial("c", initial).seed(1).build().unwrap();
            simulation.run_until(dt * f64::from(steps)).unwrap();
            part(&simulation, "c", 0)
        };
        let factor = run(damped.clone(), 1.0, 1)[0];
        let geometric = (1.0 - factor.powi(2 * steps)) / (1.0 - factor * factor);
        let sample = run(damped.noise("c", 0.3), 0.0, steps);
        assert_standard_normal(&over(&sample, std::iter::repeat(0.3 * dt * geometric)));
    }
}

#[test]
fn a_shorter_last_step_has_a_smaller_share() {
    let pde = Pde::on(&unit_cells(6000)).equation("c", "0").noise("c", 0.7).build().unwrap();
    let mut simulation = from_zero(&pde, 0.3, 9);
    let mut reports = Vec::new();
    let mut before = vec![0.0; 6000];
    for (end, span) in [(0.6, 0.6), (1.0, 0.4), (1.01, 0.01)] {
        reports.push(simulation.run_until(end).unwrap().steps);
        let now = part(&simulation, "c", 0);
        let change: Vec<f64> = now.iter().zip(&before).map(|(a, b)| a - b).collect();
        assert_standard_normal(&over(&change, std::iter::repeat(0.7 * span)));
        before = now;
    }
    assert_eq!(reports, [2, 4, 5]);
}

#[test]
fn the_variance_is_that_at_the_beginning_of_a_step_for_every_scheme() {
    let world = World::solo();
    let grid = unit_cells(50);
    for scheme in Tableau::ALL {
        // By time and by state: the first step is noisy, the second one is not.
        let pde = Pde::on(&grid)
            .equation("a", "1")
            .equation("b", "1")
            .equation("clock", "1")
            .noise("a", "where(t < 0.5, 1, 0)")
            .noise("b", "where(clock < 0.5, 1, 0)")
            .build()
            .unwrap();
        let builder = Simulation::builder(&pde, &world).scheme(&scheme).dt(1.0);
        let builder = builder.initial("a", 0.0).initial("b", 0.0).initial("clock", 0.0);
        let mut simulation = builder.build().unwrap();
        let both = |s: &Simulation| [part(s, "a", 0), part(s, "b", 0)].concat();
        simulation.run_until(1.0).unwrap();
        let after_one = both(&simulation);
        assert!(after_one.iter().all(|x| *x != 1.0), "{}", scheme.name());
        simulation.run_until(2.0).unwrap();
        for (one, two) in after_one.iter().zip(both(&simulation)) {
            assert!((two - one - 1.0).abs() < 1e-14, "{}: {one} {two}", scheme.name());
        }
    }
}

#[test]
fn a_variance_may_differ_from_cell_to_cell() {
    let grid = unit_cells(6000);
    let pde = Pde::on(&grid)
        .define("width", "1 + x/6000")
        .define_function("square", "(a) -> a*a")
        .equation("c", "0")
        .noise("c", "square(width)")
        .build()
        .unwrap();
    let mut simulation = from_zero(&pde, 0.5, 2);
    simulation.run_until(3.0).unwrap();
    let width = |cell: usize| 1.0 + (cell as f64 + 0.5) / 6000.0;
    let variances = (0..6000).map(|cell| 3.0 * width(cell).powi(2));
    let sample = over(&part(&simulation, "c", 0), variances);
    sample.chunks(1500).for_each(assert_standard_normal);
}

/// Geometric Brownian motion dc = σ c dW in so many cells, each of its own, from c = 1 on.
fn geometric(interpretation: Interpretation, variance: &str, scheme: Tableau) -> Vec<f64> {
    let world = World::solo();
    let pde = Pde::on(&unit_cells(20_000))
        .parameter("s", 0.4)
        .equation("c", "0")
        .noise("c", variance)
        .interpretation(interpretation)
        .build()
        .unwrap();
    let builder = Simulation::builder(&pde, &world).scheme(scheme).dt(0.01).seed(3);
    let mut simulation = builder.initial("c", 1.0).build().unwrap();
    simulation.run_until(1.0).unwrap();
    part(&simulation, "c", 0)
}

#[test]
fn geometric_brownian_motion_keeps_its_mean_with_ito() {
    for scheme in [Tableau::EULER, Tableau::RK4] {
        let c = geometric(Interpretation::Ito, "s^2*c^2", scheme);
        assert_mean(&c, 1.0);
        // (1 + σ²dt)^n of the scheme is exp(σ²t) within its bound.
        assert_mean(&c.iter().map(|c| c * c).collect::<Vec<_>>(), 0.16f64.exp());
        assert_mean(&c.iter().map(|c| c.ln()).collect::<Vec<_>>(), -0.08);
    }
}

#[test]
fn geometric_brownian_motion_grows_with_stratonovich() {
    for scheme in [Tableau::EULER, Tableau::RK4] {
        let c = geometric(Interpretation::Stratonovich, "s^2*c^2", scheme);
        assert_mean(&c, 0.08f64.exp());
        assert_mean(&c.iter().map(|c| c * c).collect::<Vec<_>>(), 0.32f64.exp());
        assert_mean(&c.iter().map(|c| c.ln()).collect::<Vec<_>>(), 0.0);
    }
}

/// The drift of a general variance: of V = 1 + c it is ¼ in every cell, whatever c is; with
/// definitions, functions and a power it is the same.
#[test]
fn stratonovichs_drift_is_a_quarter_of_the_slope_of_the_variance() {
    let plain = geometric(Interpretation::Stratonovich, "0.01*(1 + c)", Tableau::EULER);
    assert_mean(&plain, 1.0025);
    let ito = geometric(Interpretation::Ito, "0.01*(1 + c)", Tableau::EULER);
    assert_mean(&ito, 1.0);

    let world = World::solo();
    let grid = Grid::builder(Geometry::Polar).axis("r", 0.0..2.0, 16, Bounded).build().unwrap();
    let run = |interpretation, noise: &str| {
        let pde = Pde::on(&grid)
            .define("half", "u/2")
            .function("cube", |x: f64| x * x * x)
            .equation("u", "0")
            .noise("u", noise)
            .interpretation(interpretation)
            .build()
            .unwrap();
        let builder = Simulation::builder(&pde, &world).scheme(Tableau::EULER).dt(0.001);
        let mut simulation = builder.initial("u", "1 + r").build().unwrap();
        simulation.run_until(0.001).unwrap();
        part(&simulation, "u", 0)
    };
    for noise in ["0.1*u^3", "0.8*half^3", "0.8*cube(half)"] {
        let drift = run(Interpretation::Stratonovich, noise);
        let still = run(Interpretation::Ito, noise);
        for (cell, volume) in volumes(&grid).into_iter().enumerate() {
            let u = 1.0 + (cell as f64 + 0.5) / 8.0;
            let expected = 0.25 * 0.3 * u * u * 0.001 / volume;
            let found = drift[cell] - still[cell];
            assert!((found / expected - 1.0).abs() < 1e-6, "{noise}: {found} {expected}");
        }
    }
}

/// Ornstein–Uhlenbeck in the equilibrium of a potential with additive noise, in the words of the
/// problem file.
#[test]
fn a_problem_file_names_the_interpretation() {
    let text = |interpretation: &str| {
        format!(
            "grid.x = {{ bounds = [0, 2000], cells = 2000, periodic = true }}
             equations.c = \"0\"
             initial.c = 1
             noise = {{ c = \"c^2\", interpretation = \"{interpretation}\" }}
             time = {{ end = 0.25, dt = 0.25, scheme = \"euler\" }}
             random.seed = 5"
        )
    };
    let run = |interpretation: &str| {
        let problem = Problem::parse("gbm.toml", &text(interpretation)).unwrap();
        let world = World::solo();
        let mut simulation = problem.simulation(&world).build().unwrap();
        simulation.run_until(0.25).unwrap();
        part(&simulation, "c", 0)
    };
    for (ito, stratonovich) in run("ito").into_iter().zip(run("stratonovich")) {
        // ¼·2c·dt
        assert!((stratonovich - ito - 0.125).abs() < 1e-14);
    }
    assert!(Problem::parse("gbm.toml", &text("anti-ito")).is_err());
}

/// Problems with noise of all kinds.
fn noisy_problems() -> Vec<(&'static str, Pde)> {
    let plane = Grid::cartesian()
        .axis("x", 0.0..2.0, 13, Bounded)
        .axis("y", -1.0..1.0, 15, Periodic)
        .build()
        .unwrap();
    let room = Grid::cartesian()
        .axis("x", 0.0..1.0, 6, Periodic)
        .axis("y", 0.0..1.0, 7, Periodic)
        .axis("z", 0.0..1.0, 8, Bounded)
        .build()
        .unwrap();
    let ball = Grid::builder(Geometry::Spherical).axis("r", 0.0..2.0, 31, Bounded).build().unwrap();
    let disk = Grid::builder(Geometry::Polar).axis("r", 0.5..2.0, 31, Bounded).build().unwrap();
    let cylinder = Grid::builder(Geometry::Cylindrical)
        .axis("r", 0.0..1.0, 9, Bounded)
        .axis("z", 0.0..1.0, 12, Periodic)
        .build()
        .unwrap();
    let diffusion = |grid: &Grid| {
        Pde::on(grid).equation("c", "0.01*laplace(c) - c").noise("c", "0.001*(1 + c^2)")
    };
    let vectors = Pde::on(&plane)
        .field("v", Type::real(Rank::Vector))
        .field("psi", Type::COMPLEX)
        .equation("v", "0.001*vector_laplace(v) - v*abs(psi)")
        .equation("psi", "I*0.001*laplace(psi) - psi*dot(v, v)")
        .noise("v", ["0.01", "0.001*(1 + v.x^2)"])
        .noise("psi", "0.01*abs(psi)^2")
        .interpretation(Interpretation::Stratonovich);
    let operators = Pde::on(&plane)
        .define("bend", "laplace(c)")
        .equation("c", "-laplace(bend)*1e-6 + 0.1*t")
        .noise("c", "1e-4*(1 + abs(laplace(bend))*1e-4 + integral(c)^2)")
        .boundary_of("bend", "x", Condition::Value(0.1.into()));
    [
        ("diffusion in the plane", diffusion(&plane)),
        ("diffusion in a room", diffusion(&room)),
        ("diffusion in a ball", diffusion(&ball)),
        ("diffusion on a disk", diffusion(&disk)),
        ("diffusion in a cylinder", diffusion(&cylinder)),
        ("vectors and complex numbers", vectors),
        ("operators in the variance", operators),
    ]
    .map(|(name, pde)| (name, pde.build().unwrap_or_else(|e| panic!("{name}: {e}"))))
    .into()
}

/// The bits of all fields after runs to these times, on rank 0.
fn bits(pde: &Pde, world: &World, scheme: &Tableau, ends: &[f64]) -> Result<Vec<u64>, Error> {
    let mut builder = Simulation::builder(pde, world).scheme(scheme).dt(1.0 / 64.0).seed(17);
    for field in pde.fields() {
        let vector = ["1 + 0.1*x", "cos(y)"];
        builder = match field.as_str() {
            "v" => builder.initial("v", vector),
            _ => builder.initial(field, "0.3 + 0.1*random_normal(0, 1)"),
        };
    }
    let mut simulation = builder.build().unwrap_or_else(|e| panic!("{e}"));
    for end in ends {
        simulation.run_until(*end)?;
    }
    let mut bits = Vec::new();
    for field in pde.fields() {
        bits.extend(simulation.gather(field)?.into_iter().flatten().map(f64::to_bits));
    }
    Ok(bits)
}

#[test]
fn noise_is_the_same_on_1_2_3_and_5_ranks() {
    for (name, pde) in noisy_problems() {
        for scheme in [Tableau::EULER, Tableau::SSPRK3] {
            // The last step is a shorter one.
            let ends = [20.3 / 64.0];
            let expected = bits(&pde, &World::solo(), &scheme, &ends).unwrap();
            for ranks in [2, 3, 5] {
                let found = on_threads(ranks, |world| bits(&pde, world, &scheme, &ends)).unwrap();
                assert!(found[0] == expected, "{name}, {} on {ranks} ranks", scheme.name());
            }
        }
    }
}

#[test]
fn an_interrupted_run_goes_on_with_the_same_noise() {
    for (name, pde) in noisy_problems() {
        let run = |ends: &[f64]| bits(&pde, &World::solo(), &Tableau::RK2, ends).unwrap();
        let (half, whole) = (10.0 / 64.0, 20.0 / 64.0);
        assert!(run(&[half, whole]) == run(&[whole]), "{name}");
        assert!(run(&[half]) != run(&[whole]), "{name}");
    }
}

#[test]
fn no_noise_is_as_if_there_were_none() {
    let grid = unit_cells(20);
    let run = |builder: PdeBuilder| {
        let pde = builder.equation("c", "laplace(c) - c").build().unwrap();
        bits(&pde, &World::solo(), &Tableau::RK4, &[0.5]).unwrap()
    };
    let without = run(Pde::on(&grid));
    assert!(run(Pde::on(&grid).noise("c", 0.0)) == without);
    assert!(run(Pde::on(&grid).noise("c", "0*x")) == without);
    assert!(run(Pde::on(&grid).noise("c", 1.0)) != without);
}

fn messages(builder: PdeBuilder) -> Vec<(String, Option<String>)> {
    match builder.build() {
        Ok(_) => vec![],
        Err(Errors(errors)) => errors.iter().map(|e| (e.to_string(), e.help())).collect(),
    }
}

#[test]
fn a_variance_that_is_negative_by_its_form_is_refused() {
    let grid = unit_cells(4);
    let c = || Pde::on(&grid).parameter("a", 2.0).equation("c", "0");
    let refused = |builder: PdeBuilder| messages(builder)[0].0.clone();
    assert_eq!(refused(c().noise("c", -0.1)), "noise of `c`: a variance cannot be -0.1");
    assert_eq!(refused(c().noise("c", "1 - a")), "noise of `c`: a variance cannot be -1");
    let v = c().field("v", Type::real(Rank::Vector)).equation("v", 0.0);
    assert_eq!(refused(v.clone().noise("v", ["-a"])), "noise of `v`: a variance cannot be -2");
    assert!(messages(v.noise("v", ["c"])).is_empty());
}

#[test]
fn a_variance_that_becomes_negative_ends_the_run_with_a_hint() {
    let pde = Pde::on(&unit_cells(8)).equation("c", "-1").noise("c", "c - 0.5*x").build().unwrap();
    for ranks in [1, 3] {
        let errors = on_threads(ranks, |world| {
            let builder = Simulation::builder(&pde, world).scheme(Tableau::EULER).dt(0.1);
            let mut simulation = builder.initial("c", "x").build().map_err(|e| e.to_string())?;
            simulation.field_mut("c").unwrap().iter_mut().for_each(|c| *c *= 0.6);
            Ok::<_, String>(simulation.run_until(50.0).unwrap_err())
        })
        .unwrap();
        let error = &errors[0];
        assert!(matches!(error, Error::NotFinite { noise: true, .. }), "{error}");
        assert!(error.help().unwrap().starts_with("the variance of its noise may be negative"));
    }
}

#[test]
fn stratonovich_refuses_a_variance_of_other_cells() {
    let grid = unit_cells(8);
    let c = |noise: &str| {
        let builder = Pde::on(&grid).define("flux", "d_dx(c)").equation("c", "0");
        builder.noise("c", noise).interpretation(Interpretation::Stratonovich)
    };
    for (noise, operator) in [("flux^2", "d_dx"), ("integral(c^2)", "integral")] {
        let (message, help) = messages(c(noise)).remove(0);
        assert!(message.contains(&format!("`{operator}` looks at others")), "{message}");
        assert_eq!(help.unwrap(), "interpret the noise in the sense of Itô");
        assert!(messages(c(noise).interpretation(Interpretation::Ito)).is_empty());
    }
    assert!(messages(c("laplace(x^2)^2*c^2")).len() == 1);
    assert!(messages(c("x^2*c^2")).is_empty());
}

/// On a spherical grid vectors point along r; noise in other directions would break what their
/// operators rely on.
#[test]
fn noise_across_r_is_not_overlooked_on_a_spherical_grid() {
    let grid = Grid::builder(Geometry::Spherical).axis("r", 0.0..1.0, 8, Bounded).build().unwrap();
    let fields = || {
        Pde::on(&grid)
            .field("v", Type::real(Rank::Vector))
            .equation("c", "divergence(v)")
            .equation("v", "gradient(c)")
    };
    assert!(messages(fields().noise("v", ["0.1", "0", "0"])).is_empty());
    assert!(messages(fields().noise("v", ["0.1", "0", "0.1"])).is_empty());
    for noise in
        [messages(fields().noise("v", 0.1)), messages(fields().noise("v", ["0", "1", "0"]))]
    {
        assert!(noise[0].0.contains("the component along theta must be 0"), "{}", noise[0].0);
    }
    let tensor = |noise: [[&str; 3]; 3]| {
        let builder = Pde::on(&grid)
            .field("q", Type::real(Rank::Tensor))
            .equation("q", 0.0)
            .equation("c", "tensor_double_divergence(q)");
        messages(builder.noise("q", noise))
    };
    let along = |k: usize| {
        let mut noise = [["0"; 3]; 3];
        noise[k][k] = "0.1";
        noise
    };
    assert!(tensor(along(0)).is_empty());
    assert!(tensor(along(2))[0].0.contains("thetatheta and phiphi must be equal"));
}
