//! Random numbers in initial values: their distributions and spectra, which of them are the same,
//! and that they do not depend on ranks.

mod common;

use std::f64::consts::PI;

use common::statistics::{assert_independent, assert_mean, assert_standard_normal, mean, part};
use fluxions::prelude::*;
use fluxions::solver::{Errors, PdeBuilder};

fn plane(n: usize, m: usize) -> Grid {
    let builder = Grid::cartesian().axis("x", 0.0..1.0, n, Periodic);
    builder.axis("y", 0.0..3.0, m, Bounded).build().unwrap()
}

/// The numbers of each field of a system at its beginning, on one rank.
fn start(builder: &PdeBuilder, initial: &[(&str, &str)], seed: u64) -> Vec<Vec<f64>> {
    let world = World::solo();
    let builder = initial.iter().fold(builder.clone(), |b, (field, _)| b.equation(field, 0.0));
    let pde = builder.build().unwrap_or_else(|e| panic!("{e}"));
    let simulation = Simulation::builder(&pde, &world).dt(1.0).seed(seed);
    let simulation = initial.iter().fold(simulation, |s, (field, value)| s.initial(field, *value));
    let simulation = simulation.build().unwrap_or_else(|e| panic!("{e}"));
    let types = pde.fields().iter().zip(pde.types());
    types
        .flat_map(|(field, ty)| {
            let numbers = ty.numbers(pde.space().dimension());
            (0..numbers).map(|k| part(&simulation, field, k)).collect::<Vec<_>>()
        })
        .collect()
}

fn one(grid: &Grid, initial: &str, seed: u64) -> Vec<f64> {
    start(&Pde::on(grid), &[("u", initial)], seed).remove(0)
}

#[test]
fn uniform_numbers_fill_their_interval_evenly() {
    let u = one(&plane(80, 90), "random_uniform(-1, 3)", 0);
    assert!(u.iter().all(|u| (-1.0..3.0).contains(u)));
    assert_mean(&u, 1.0);
    assert_mean(&u.iter().map(|u| (u - 1.0).powi(2)).collect::<Vec<_>>(), 16.0 / 12.0);
    assert_mean(&u.iter().map(|u| (u - 1.0).powi(4)).collect::<Vec<_>>(), 16.0 / 5.0);
    for tenth in 0..10 {
        let (low, high) = (-1.0 + 0.4 * f64::from(tenth), -0.6 + 0.4 * f64::from(tenth));
        let within = |u: &f64| if (low..high).contains(u) { 1.0 } else { 0.0 };
        assert_mean(&u.iter().map(within).collect::<Vec<_>>(), 0.1);
    }
}

#[test]
fn normal_numbers_have_their_mean_and_deviation_which_may_vary() {
    let grid = plane(80, 90);
    let u = one(&grid, "random_normal(2, 0.5)", 0);
    assert_standard_normal(&u.iter().map(|u| (u - 2.0) / 0.5).collect::<Vec<_>>());
    let u = one(&grid, "random_normal(10*x, 1 + y)", 1);
    let at = |cell: usize| ((cell / 90) as f64 + 0.5, (cell % 90) as f64 + 0.5);
    let normal = |(cell, u): (usize, &f64)| {
        let (x, y) = at(cell);
        (u - 10.0 * x / 80.0) / (1.0 + y * 3.0 / 90.0)
    };
    assert_standard_normal(&u.iter().enumerate().map(normal).collect::<Vec<_>>());
    // Neighbours are independent.
    let u = one(&grid, "random_normal(0, 1)", 2);
    assert_independent(&u[1..], &u[..7199]);
    assert_independent(&u[90..], &u[..7110]);
}

#[test]
fn numbers_differ_by_seed_field_component_and_place_in_the_text() {
    let pde = Pde::on(&plane(70, 80))
        .define("g", "random_normal(0, 1)")
        .define("h", "random_normal(0, 1)")
        .define_function("shaken", "(a) -> a + random_normal(0, 1)")
        .field("v", Type::real(Rank::Vector))
        .field("q", Type::real(Rank::Tensor))
        .field("z", Type::COMPLEX);
    let normal = "random_normal(0, 1)";
    let vector = format!("[{normal}, {normal}]");
    let tensor = format!("[[{normal}, {normal}], [{normal}, {normal}]]");
    let complex = format!("{normal} + I*{normal}");
    let initial = [
        ("a", normal),
        ("b", normal),
        ("v", vector.as_str()),
        ("q", tensor.as_str()),
        ("z", complex.as_str()),
        ("g1", "g"),
        ("h1", "h"),
        ("two", "(random_normal(0, 1) - random_normal(0, 1))/sqrt(2)"),
        ("shaken2", "(shaken(0) + shaken(0))/sqrt(2)"),
        ("wave", "random_uniform(0, 1)*sqrt(12) - sqrt(3)"),
    ];
    let mut all = start(&pde, &initial, 4);
    all.extend(start(&Pde::on(&plane(70, 80)), &initial[..1], 5));
    assert_eq!(all.len(), 16);
    for (k, sample) in all.iter().enumerate() {
        if k != 14 {
            assert_standard_normal(sample);
        }
        all[k + 1..].iter().for_each(|other| assert_independent(sample, other));
    }
}

/// Components as a list of formulas are the same as in one text.
#[test]
fn a_list_of_random_components_is_numbered_through() {
    let world = World::solo();
    let grid = plane(40, 50);
    let pde =
        Pde::on(&grid).field("v", Type::real(Rank::Vector)).equation("v", 0.0).build().unwrap();
    let normal = "random_normal(0, 1)";
    let list = Simulation::builder(&pde, &world).dt(1.0).initial("v", [normal, normal]);
    let list = list.build().unwrap();
    let both = [part(&list, "v", 0), part(&list, "v", 1)];
    assert_independent(&both[0], &both[1]);
    let text = Simulation::builder(&pde, &world).dt(1.0);
    let text = text.initial("v", "[random_normal(0, 1), random_normal(0, 1)]").build().unwrap();
    assert_eq!(both, [part(&text, "v", 0), part(&text, "v", 1)]);
}

#[test]
fn a_definition_has_the_same_numbers_wherever_it_is_used() {
    let ring = Grid::cartesian().axis("x", 0.0..40.0, 40, Periodic).build().unwrap();
    let pde = Pde::on(&ring)
        .define("g", "random_normal(0, 1)")
        .define("bend", "laplace(g) + g")
        .field("v", Type::real(Rank::Vector));
    let initial = [
        ("a", "g"),
        ("b", "2*g"),
        ("none", "g - g"),
        ("v", "[g]"),
        ("bent", "laplace(g)"),
        ("both", "laplace(g) + g"),
        ("bend1", "bend"),
        ("nested", "laplace(bend)"),
        ("middle", "average(g)"),
        ("top", "max(g)"),
    ];
    let all = start(&pde, &initial, 0);
    let [a, b, none, v, bent, both, bend, nested, middle, top] = <[_; 10]>::try_from(all).unwrap();
    let laplace = |u: &[f64]| -> Vec<f64> {
        (0..40).map(|i| u[(i + 1) % 40] - 2.0 * u[i] + u[(i + 39) % 40]).collect()
    };
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(a.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(b.iter().zip(&a).all(|(b, a)| *b == 2.0 * a));
    assert!(none.iter().all(|x| *x == 0.0));
    assert_eq!(v, a);
    assert!(near(&bent, &laplace(&a)));
    let sum: Vec<f64> = laplace(&a).iter().zip(&a).map(|(x, y)| x + y).collect();
    assert!(near(&both, &sum) && bend == both && near(&nested, &laplace(&sum)));
    assert!(near(&middle, &vec![mean(&a); 40]));
    assert!(top.iter().all(|top| *top == a.iter().copied().fold(f64::MIN, f64::max)));
}

#[test]
fn random_numbers_stand_inside_operators_and_reductions() {
    let ring = Grid::cartesian().axis("x", 0.0..6000.0, 6000, Periodic).build().unwrap();
    let initial = [
        ("bent", "laplace(random_normal(0, 1))/sqrt(6)"),
        ("other", "laplace(random_normal(0, 1))/sqrt(6)"),
        ("middle", "average(random_uniform(0, 1))"),
        ("again", "average(random_uniform(0, 1))"),
        ("m1", "m"),
        ("n1", "n"),
        ("sum", "integral(x*random_normal(0, 1))"),
    ];
    let pde = Pde::on(&ring)
        .define("m", "average(random_uniform(0, 1))")
        .define("n", "average(random_uniform(0, 1))");
    let all = start(&pde, &initial, 0);
    // Every third cell of a second difference is independent.
    let thirds = |u: &[f64]| u.iter().copied().step_by(3).collect::<Vec<_>>();
    assert_standard_normal(&thirds(&all[0]));
    assert_independent(&thirds(&all[0]), &thirds(&all[1]));
    // Averages of 6000 uniform numbers, each of other ones.
    let averages: Vec<f64> = all[2..6].iter().map(|average| average[0]).collect();
    for (k, average) in averages.iter().enumerate() {
        assert!((average - 0.5).abs() < 4.0 * (1.0f64 / 12.0 / 6000.0).sqrt(), "{average}");
        assert!(averages[k + 1..].iter().all(|other| other != average));
    }
    let deviation = (6000.0f64.powi(3) / 3.0).sqrt();
    assert!(all[6][0] != 0.0 && all[6][0].abs() < 4.0 * deviation);
}

/// |DFT|²/cells² of numbers on a grid of this shape.
fn power(u: &[f64], shape: [usize; 3]) -> Vec<f64> {
    let mut modes: Vec<(f64, f64)> = u.iter().map(|u| (*u, 0.0)).collect();
    for axis in 0..3 {
        let n = shape[axis];
        let stride: usize = shape[axis + 1..].iter().product();
        let old = modes.clone();
        for (k, mode) in modes.iter_mut().enumerate() {
            let (line, m) = (k - k / stride % n * stride, k / stride % n);
            *mode = (0..n).fold((0.0, 0.0), |(re, im), j| {
                let (sin, cos) = (-2.0 * PI * (m * j % n) as f64 / n as f64).sin_cos();
                let (a, b) = old[line + j * stride];
                (re + a * cos - b * sin, im + a * sin + b * cos)
            });
        }
    }
    let cells = u.len() as f64;
    modes.iter().map(|(re, im)| (re * re + im * im) / (cells * cells)).collect()
}

#[test]
fn a_colored_field_has_the_power_spectrum_of_its_exponent() {
    // Axes in physical lengths: the second has longer waves for the same index.
    let grids: [(Grid, [usize; 3], [f64; 3]); 4] = [
        (plane(24, 33), [1, 24, 33], [0.0, 1.0, 3.0]),
        (
            Grid::cartesian().axis("x", 0.0..2.0, 300, Bounded).build().unwrap(),
            [1, 1, 300],
            [0.0, 0.0, 2.0],
        ),
        (
            Grid::cartesian()
                .axis("x", 0.0..1.0, 8, Periodic)
                .axis("y", 0.0..0.5, 9, Periodic)
                .axis("z", 0.0..2.0, 10, Periodic)
                .build()
                .unwrap(),
            [8, 9, 10],
            [1.0, 0.5, 2.0],
        ),
        (
            Grid::builder(Geometry::Cylindrical)
                .axis("r", 0.0..1.0, 20, Bounded)
                .axis("z", 0.0..4.0, 30, Bounded)
                .build()
                .unwrap(),
            [1, 20, 30],
            [0.0, 1.0, 4.0],
        ),
    ];
    for (grid, shape, lengths) in grids {
        for exponent in [-4.0, -1.0, 0.0, 2.5] {
            let cells: usize = shape.iter().product();
            let at = |k: usize| {
                let [_, n1, n2] = shape;
                [k / (n1 * n2), k / n2 % n1, k % n2]
            };
            let wave = |k: usize| -> f64 {
                let along = |axis: usize| {
                    let (m, n) = (at(k)[axis], shape[axis]);
                    let m = if 2 * m < n { m as f64 } else { m as f64 - n as f64 };
                    if n == 1 { 0.0 } else { m / lengths[axis] }
                };
                (0..3).map(|axis| along(axis).powi(2)).sum::<f64>().sqrt()
            };
            let spectrum: Vec<f64> = (1..cells).map(|k| wave(k).powf(exponent / 2.0)).collect();
            let total: f64 = spectrum.iter().sum();
            // Of a real field the modes k and −k are the same.
            let opposite = |k: usize| {
                let other = |axis: usize| (shape[axis] - at(k)[axis]) % shape[axis];
                (other(0) * shape[1] + other(1)) * shape[2] + other(2)
            };
            let halves: Vec<usize> = (1..cells).filter(|k| *k < opposite(*k)).collect();
            let (mut ratios, mut variances) = (Vec::new(), Vec::new());
            let (mut xx, mut xy) = (0.0, 0.0);
            let logs: Vec<f64> = halves.iter().map(|k| wave(*k).ln()).collect();
            let centre = mean(&logs);
            for seed in 0..12 {
                let u = one(&grid, &format!("random_colored({exponent:?})"), seed);
                assert!(mean(&u).abs() < 1e-13, "{}", mean(&u));
                variances.push(mean(&u.iter().map(|u| u * u).collect::<Vec<_>>()));
                let power = power(&u, shape);
                for (k, log) in halves.iter().zip(&logs) {
                    ratios.push(power[*k] / spectrum[*k - 1] * total);
                    xx += (log - centre).powi(2);
                    xy += (log - centre) * power[*k].ln();
                }
            }
            assert_mean(&variances, 1.0);
            assert_mean(&ratios, 1.0);
            // The logarithm of an exponential distribution has the variance π²/6.
            let (slope, error) = (xy / xx, (PI * PI / 6.0 / xx).sqrt());
            let off = (slope - exponent / 2.0) / error;
            println!("{shape:?}: slope {slope:.3} ± {error:.3} for {}", exponent / 2.0);
            assert!(off.abs() < 4.0, "{shape:?}: the slope is {slope} for {}", exponent / 2.0);
        }
    }
}

#[test]
fn a_colored_field_can_be_scaled_and_white() {
    let grid = plane(60, 70);
    let u = one(&grid, "random_colored(-3)", 7);
    let doubled = one(&grid, "1 + random_colored(-3, 2)", 7);
    assert!(doubled.iter().zip(&u).all(|(double, u)| *double == 1.0 + 2.0 * u));
    assert_standard_normal(&one(&grid, "random_colored(0)", 7));
    // One cell has no mode but the mean.
    let cell = Grid::cartesian().axis("x", 0.0..1.0, 1, Periodic).build().unwrap();
    assert_eq!(one(&cell, "random_colored(-3)", 7), [0.0]);
}

/// The amplitudes of cos(n ξ) with ξ = 2π(i + ½)/N, for n = 0 … N/2, if there is no other wave.
fn cosines(u: &[f64]) -> Vec<f64> {
    let n = u.len();
    let angle = |m: usize, i: usize| 2.0 * PI * m as f64 * (i as f64 + 0.5) / n as f64;
    let project = |m: usize, f: fn(f64) -> f64| {
        let sum: f64 = u.iter().enumerate().map(|(i, u)| u * f(angle(m, i))).sum();
        sum * if m == 0 { 1.0 } else { 2.0 } / n as f64
    };
    for m in 1..n / 2 {
        assert!(project(m, f64::sin).abs() < 1e-13);
    }
    (0..n.div_ceil(2)).map(|m| project(m, f64::cos)).collect()
}

#[test]
fn a_harmonic_field_is_a_product_of_sums_of_cosines() {
    let line = Grid::cartesian().axis("x", 5.0..6.0, 41, Bounded).build().unwrap();
    let mut amplitudes = Vec::new();
    for (text, modes) in
        [("random_harmonic()", 3), ("random_harmonic(1)", 1), ("random_harmonic(8)", 8)]
    {
        for seed in 0..150 {
            let found = cosines(&one(&line, text, seed));
            for (m, a) in found.iter().enumerate() {
                let within = (1..=modes).contains(&m);
                assert!(
                    if within { (0.0..1.0).contains(a) } else { a.abs() < 1e-13 },
                    "{text} {m}"
                );
            }
            amplitudes.extend_from_slice(&found[1..=modes]);
        }
    }
    assert_mean(&amplitudes, 0.5);
    assert_mean(&amplitudes.iter().map(|a| (a - 0.5).powi(2)).collect::<Vec<_>>(), 1.0 / 12.0);

    let (n, m) = (20, 30);
    let u = one(&plane(n, m), "random_harmonic(4)", 1);
    let row: Vec<f64> = u[..m].to_vec();
    let column: Vec<f64> = u.iter().copied().step_by(m).collect();
    for (cell, value) in u.iter().enumerate() {
        assert!((value * u[0] - column[cell / m] * row[cell % m]).abs() < 1e-12);
    }
    // Along each axis four waves, other ones.
    let shapes = [&row, &column].map(|line| {
        let found = cosines(line);
        assert!(found[0].abs() < 1e-13 && found[5..].iter().all(|a| a.abs() < 1e-13));
        found[2..5].iter().map(|a| a / found[1]).collect::<Vec<_>>()
    });
    assert!(shapes[0].iter().zip(&shapes[1]).all(|(a, b)| (a - b).abs() > 1e-3));
}

/// The bits of initial values of all kinds, on rank 0.
fn bits(grid: &Grid, world: &World) -> Vec<u64> {
    let initial = [
        ("a", "random_uniform(-1, 1)*random_normal(x1, 1) - random_colored(-2)"),
        ("b", "random_harmonic(5) + random_colored(1, 0.1)"),
        ("c", "laplace(random_normal(0, 1)) + 0.1*laplace(laplace(g)) + g*average(g)"),
        (
            "d",
            "average(random_uniform(0, 1)) + max(random_colored(-1)) + d_last(random_harmonic())",
        ),
        ("v", "gradient(g) + gradient(random_uniform(0, 1))"),
    ];
    let last = grid.axes().last().unwrap().name().to_string();
    let builder = Pde::on(grid)
        .define("g", "random_normal(0, 1) + random_colored(-3)")
        .define("x1", grid.axes()[0].name())
        .field("v", Type::real(Rank::Vector));
    let builder = initial.iter().fold(builder, |b, (field, _)| b.equation(field, 0.0));
    let pde = builder.build().unwrap_or_else(|e| panic!("{e}"));
    let mut simulation = Simulation::builder(&pde, world).dt(1.0).seed(2);
    for (field, value) in initial {
        simulation = simulation.initial(field, value.replace("d_last", &format!("d_d{last}")));
    }
    let mut simulation = simulation.build().unwrap_or_else(|e| panic!("{e}"));
    let mut bits = Vec::new();
    for (field, _) in initial {
        let all = simulation.gather(field).unwrap();
        bits.extend(all.into_iter().flatten().map(f64::to_bits));
    }
    bits
}

fn all_geometries() -> Vec<Grid> {
    vec![
        plane(14, 15),
        Grid::cartesian().axis("x", 0.0..1.0, 31, Periodic).build().unwrap(),
        Grid::cartesian()
            .axis("x", 0.0..1.0, 5, Periodic)
            .axis("y", 0.0..1.0, 12, Bounded)
            .axis("z", 0.0..1.0, 7, Bounded)
            .build()
            .unwrap(),
        Grid::builder(Geometry::Polar).axis("r", 0.0..1.0, 23, Bounded).build().unwrap(),
        Grid::builder(Geometry::Spherical).axis("r", 0.0..1.0, 23, Bounded).build().unwrap(),
        Grid::builder(Geometry::Cylindrical)
            .axis("r", 0.0..1.0, 10, Bounded)
            .axis("z", 0.0..1.0, 9, Periodic)
            .build()
            .unwrap(),
    ]
}

#[test]
fn initial_values_are_the_same_on_1_2_3_and_5_ranks() {
    for grid in all_geometries() {
        let expected = bits(&grid, &World::solo());
        for ranks in [2, 3, 5] {
            let found = on_threads(ranks, |world| Ok::<_, String>(bits(&grid, world))).unwrap();
            assert!(found[0] == expected, "{:?} on {ranks} ranks", grid.geometry());
        }
    }
}

#[cfg(feature = "mpi")]
#[test]
fn initial_values_are_the_same_as_processes_on_2_and_3_ranks() {
    let name = "initial_values_are_the_same_as_processes_on_2_and_3_ranks";
    fluxions_testing::under_mpi(&[2, 3], name, || {
        let world = World::start().unwrap();
        for grid in all_geometries() {
            let found = bits(&grid, &world);
            if world.is_root() {
                assert!(found == bits(&grid, &World::solo()), "{:?}", grid.geometry());
            }
        }
    });
}

#[test]
fn random_numbers_are_for_initial_values_only() {
    let grid = plane(4, 4);
    let first = |builder: PdeBuilder| match builder.build() {
        Ok(_) => panic!("it was accepted"),
        Err(Errors(errors)) => (errors[0].to_string(), errors[0].help()),
    };
    let (message, help) = first(Pde::on(&grid).equation("u", "random_normal(0, 1)"));
    assert!(message.contains("`random_normal` cannot be used in an equation"), "{message}");
    assert!(help.unwrap().contains("[noise]"));
    let g = Pde::on(&grid).define("g", "random_normal(0, 1)");
    let (message, _) = first(g.clone().equation("u", "laplace(g)"));
    assert!(message.contains('g'), "{message}");
    let wall = g.equation("u", "laplace(u)").boundary("y", Condition::Value("g".into()));
    assert!(first(wall).0.contains('g'));
    let exponent = Pde::on(&grid).define("g", "random_colored(x)").equation("u", "0");
    assert!(first(exponent).0.contains("number"));
}
