//! Published results: tables and figures of the papers.

use std::path::Path;

use fluxions::prelude::*;
use fluxions::solver::{Advector, Transport};

use crate::recipe::options;

/// A row of a table: the width of a cell, the Courant number, the error.
type Row = [f64; 3];

/// The table of this name, of lists of numbers in lists.
fn table(text: &str, name: &str) -> Vec<Row> {
    let start = text.split_once(&format!("\"{name}\": [[")).expect("a table of this name").1;
    let rows = start.split_once("]]").expect("its end").0.split("], [");
    let row = |row: &str| {
        let numbers: Vec<f64> = row.split(", ").map(|number| number.parse().unwrap()).collect();
        numbers.try_into().unwrap()
    };
    rows.map(row).collect()
}

/// The error after a unit of time of a bell that is one and a half wide, in its middle.
fn error(option: &str, dx: f64, courant: f64) -> f64 {
    let (shape, steps) = ("1.5*sqrt(2)", (1.0 / (courant * dx)).round());
    let (cells, end) = ((40.0 / dx).round() as usize, steps * courant * dx);
    // Mean values over cells around i·dx.
    let bell = |at: f64| {
        format!(
            "(erf((x + {dx}/2 - {at})/({shape})) - erf((x - {dx}/2 - {at})/({shape})))/(2*{dx})"
        )
    };
    let grid = Grid::cartesian()
        .axis("x", 200.0 - dx / 2.0..200.0 - dx / 2.0 + cells as f64 * dx, cells, Bounded)
        .build()
        .unwrap();
    let transport = Transport {
        options: options(option),
        ..Transport::by(Advector::Courant(vec![courant.into()]))
    };
    let pde = Pde::on(&grid).transport("psi", transport);
    let pde = pde.boundary("x", Condition::Value(0.0.into())).build().unwrap();
    let world = World::solo();
    let at = |centre: f64| {
        let builder = Simulation::builder(&pde, &world).initial("psi", bell(centre));
        builder.dt(1.0).build().unwrap()
    };
    let (mut simulation, exact) = (at(220.0), at(220.0 + end));
    simulation.run_until(steps).unwrap();
    let (found, exact) = (simulation.field("psi").unwrap(), exact.field("psi").unwrap());
    let squares = found.iter().zip(exact.iter()).map(|(a, b)| (a - b) * (a - b));
    (squares.sum::<f64>() / (440.0 / dx)).sqrt() / end
}

/// Jaruga et al. 2015 (Geosci. Model Dev. 8, 1005), the data behind their figures of convergence
/// in one dimension, as libmpdata++ keeps them.
#[test]
fn convergence_of_libmpdata_in_one_dimension() {
    let file = "tests/reference/mpdata/libmpdata_convergence1d.json";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    for (name, option) in [
        ("iters=1", "it1"),
        ("iters=2", "it2"),
        ("iters=3", "it3"),
        ("iters=3_tot", "it3_tot"),
        ("iters=i", "iga"),
        ("iters=2_fct", "fct"),
        ("iters=i_fct", "iga_fct"),
        ("iters=i_fct_tot", "iga_fct_tot"),
    ] {
        let rows = table(&text, name);
        assert_eq!(rows.len(), 8 * 19);
        let mut worst = 0.0f64;
        for [dx, courant, published] in rows.into_iter().filter(|row| row[0] > 0.1) {
            worst = worst.max((error(option, dx, courant) / published - 1.0).abs());
        }
        println!("{name}: off by {worst:.1e} at most");
        // All five digits.
        assert!(worst < 5.1e-5, "{name}: {worst:e}");
    }
}

/// A round drop of shallow water on a dry plane (Jarecka, Jaruga & Smolarkiewicz 2015, J. Comput.
/// Phys. 289, 8): its height in the middle is 1/(1 + 2t²), on 1 rank.
#[test]
fn a_drop_of_shallow_water_spreads() {
    let grid =
        Grid::cartesian().axis("x", -5.0..5.0, 100, Bounded).axis("y", -5.0..5.0, 100, Bounded);
    let by_water = || Transport {
        options: options("fct_signed"),
        ..Transport::by(Advector::Velocity(vec!["u".into(), "v".into()]))
    };
    let pde = Pde::on(&grid.build().unwrap())
        .define("u", "where(h > 1e-7, qx/h, 0)")
        .define("v", "where(h > 1e-7, qy/h, 0)")
        .equation("qx", "-h*d_dx(h)")
        .equation("qy", "-h*d_dy(h)")
        .transport("h", by_water())
        .transport("qx", by_water())
        .transport("qy", by_water())
        .build()
        .unwrap();
    let world = World::solo();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("h", "max(0, 1 - x^2 - y^2)")
        .initial("qx", 0.0)
        .initial("qy", 0.0)
        .number("height", "max(h)")
        .number("water", "integral(h)")
        .dt(0.02)
        .build()
        .unwrap();
    let before = simulation.number("water").unwrap();
    for time in [1.0, 2.0] {
        simulation.run_until(time).unwrap();
        let (height, exact) =
            (simulation.number("height").unwrap(), 1.0 / (1.0 + 2.0 * time * time));
        println!("t = {time}: {height} of {exact}");
        assert!((height / exact - 1.0).abs() < 0.04, "t = {time}: {height} of {exact}");
    }
    let water = simulation.number("water").unwrap();
    assert!((water / before - 1.0).abs() < 1e-13, "{before} {water}");
}
