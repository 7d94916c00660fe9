//! Observed orders against exact solutions. The tables are printed (`--nocapture`).

use std::f64::consts::TAU;

use fluxions::prelude::*;
use fluxions::solver::{Advector, Sources, Transport};

use crate::recipe::options;

/// A smooth problem with its solution, on the unit interval, square or cube.
struct Study<'a> {
    name: &'a str,
    dimension: usize,
    /// Velocity, or a stream function (alone, in two dimensions).
    flow: &'a [&'a str],
    g: &'a str,
    diffusivity: &'a [&'a str],
    /// The source of `psi`, and a second field with its source and solution.
    source: &'a str,
    second: Option<(&'a str, &'a str)>,
    /// The solution, of coordinates and t.
    exact: &'a str,
    /// Time steps in cells, on the coarsest grid; whether they are to shrink like squares of cells.
    dt: f64,
    diffusive: bool,
    end: f64,
}

const PLAIN: Study = Study {
    name: "",
    dimension: 1,
    flow: &["1"],
    g: "1",
    diffusivity: &[],
    source: "0",
    second: None,
    exact: "2 + sin(2*pi*(x - t))",
    dt: 0.4,
    diffusive: false,
    end: 0.5,
};

impl Study<'_> {
    fn cells(&self) -> [usize; 2] {
        [[64, 128], [32, 64], [16, 32]][self.dimension - 1]
    }

    fn pde(&self, option: &str, sources: Sources, cells: usize) -> Pde {
        let mut grid = Grid::cartesian();
        for (k, name) in ["x", "y", "z"].into_iter().take(self.dimension).enumerate() {
            // Different spacings, so that no axis is mistaken for another.
            grid = grid.axis(name, 0.0..1.0, cells + k * cells / 4, Periodic);
        }
        let flow: Vec<Formula> = self.flow.iter().map(|text| (*text).into()).collect();
        let advector = match flow.len() == self.dimension {
            true => Advector::Velocity(flow),
            false => Advector::StreamFunction(flow[0].clone()),
        };
        let transport = Transport {
            options: options(option),
            g_factor: self.g.into(),
            diffusivity: self.diffusivity.iter().map(|text| (*text).into()).collect(),
            ..Transport::by(advector)
        };
        let mut pde = Pde::on(&grid.build().unwrap())
            .define("X", "1.5*x - 0.5/(2*pi)*cos(2*pi*x)")
            .define("G", "1.5 + 0.5*sin(2*pi*x)")
            .equation("psi", self.source)
            .transport("psi", transport.clone())
            .sources(sources);
        if let Some((source, _)) = self.second {
            pde = pde.equation("phi", source).transport("phi", transport);
        }
        pde.build().unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// The root mean square of the error of `psi` at the end.
    fn error(&self, option: &str, sources: Sources, cells: usize) -> f64 {
        let pde = self.pde(option, sources, cells);
        let world = World::solo();
        let finer = if self.diffusive { cells as f64 / self.cells()[0] as f64 } else { 1.0 };
        let steps = (self.end * cells as f64 / self.dt * finer).round();
        let at = |time: f64, dt: f64| {
            let mut builder = Simulation::builder(&pde, &world).start(time).dt(dt);
            builder = builder.initial("psi", self.exact);
            if let Some((_, exact)) = self.second {
                builder = builder.initial("phi", exact);
            }
            builder.build().unwrap_or_else(|e| panic!("{} {option}: {e}", self.name))
        };
        let exact = at(self.end, 1e-6);
        let mut simulation = at(0.0, self.end / steps);
        simulation.run_until(self.end).unwrap_or_else(|e| panic!("{} {option}: {e}", self.name));
        let (found, exact) = (simulation.field("psi").unwrap(), exact.field("psi").unwrap());
        let squares = found.iter().zip(exact.iter()).map(|(a, b)| (a - b) * (a - b));
        (squares.sum::<f64>() / found.len() as f64).sqrt()
    }

    /// The order between two grids, which has to be within these bounds.
    fn check(&self, option: &str, sources: Sources, bounds: (f64, f64)) {
        let [coarse, fine] = self.cells().map(|n| self.error(option, sources, n));
        let order = (coarse / fine).log2();
        let name = self.name;
        println!("{name:44} {option:16} {sources:?} order {order:.3}, error {fine:.2e}");
        assert!(order > bounds.0 && order < bounds.1, "{name}, {option}: order {order}");
    }

    fn orders(&self, options: &[&str], bounds: (f64, f64)) {
        options.iter().for_each(|option| self.check(option, Sources::Symmetric, bounds));
    }
}

const FIRST: (f64, f64) = (0.8, 1.2);
const SECOND: (f64, f64) = (1.85, 2.6);
const THIRD: (f64, f64) = (2.75, 3.5);

const WITH_G: Study =
    Study { name: "G of x", flow: &["1/G"], g: "G", exact: "2 + sin(2*pi*(X - t)/1.5)", ..PLAIN };

const OBLIQUE: Study = Study {
    name: "oblique in the plane",
    dimension: 2,
    flow: &["1", "-0.8"],
    exact: "2 + sin(2*pi*(x - t))*cos(2*pi*(y + 0.8*t))",
    dt: 0.3,
    ..PLAIN
};

const OBLIQUE_WITH_G: Study = Study {
    name: "oblique with G of x",
    dimension: 2,
    flow: &["1/G", "1/G"],
    g: "G",
    exact: "2 + sin(2*pi*(X - t)/1.5)*cos(2*pi*(y - x))",
    dt: 0.3,
    ..PLAIN
};

const CUBE: Study = Study {
    name: "oblique in space",
    dimension: 3,
    flow: &["1", "0.7", "-0.5"],
    exact: "2 + sin(2*pi*(x - t))*cos(2*pi*(y - 0.7*t))*sin(2*pi*(z + 0.5*t))",
    dt: 0.3,
    end: 0.3,
    ..PLAIN
};

#[test]
fn upwind_is_of_first_order() {
    for study in [PLAIN, WITH_G, OBLIQUE] {
        let study = Study { end: 0.1, ..study };
        study.orders(&["it1"], FIRST);
    }
}

#[test]
fn two_and_more_passes_are_of_second_order() {
    PLAIN.orders(&["it2", "it3", "it4", "iga", "dpdc"], SECOND);
    WITH_G.orders(&["it2", "it3", "it4", "iga", "it3_tot"], SECOND);
    OBLIQUE.orders(&["it2", "it3", "iga"], SECOND);
    OBLIQUE_WITH_G.orders(&["it2", "it3", "iga"], SECOND);
    CUBE.orders(&["it2", "it3", "iga"], SECOND);
}

#[test]
fn third_order_terms_are_of_third_order() {
    PLAIN.orders(&["iga_tot", "it3_tot"], THIRD);
    OBLIQUE.orders(&["iga_tot"], THIRD);
    // Across the flow in both directions at once the common programs leave a term out.
    CUBE.orders(&["iga_full"], THIRD);
    CUBE.orders(&["iga_tot"], SECOND);
    let [full, standard] =
        ["iga_full", "iga_tot"].map(|option| CUBE.error(option, Sources::Symmetric, 32));
    assert!(full < 0.7 * standard, "{full:e} {standard:e}");
}

/// Where flows converge, the term for that is of the order of the others.
#[test]
fn flows_with_a_divergence_are_of_second_order_with_its_term() {
    let study = Study {
        name: "a flow with a divergence",
        flow: &["1/G"],
        exact: "G*(2 + sin(2*pi*(X - t)/1.5))",
        ..PLAIN
    };
    study.orders(&["dfl", "it3_dfl", "iga_dfl"], SECOND);
    study.orders(&["it2", "iga"], FIRST);
    // ψ(x, t) is advected along dx/dt = a(t)/G(x), and y alike.
    let plane = Study {
        name: "a flow with a divergence in the plane",
        dimension: 2,
        flow: &["cos(t)/G", "cos(t)/G"],
        exact: "G*(2 + sin(2*pi*(X - sin(t))/1.5)*cos(2*pi*(y - x)))",
        dt: 0.3,
        ..PLAIN
    };
    plane.orders(&["dfl", "it3_dfl", "iga_dfl"], SECOND);
    plane.orders(&["it2"], (0.8, 1.8));
}

#[test]
fn flows_that_change_with_time_are_of_second_order() {
    let line = Study {
        name: "a flow that changes with time",
        flow: &["1 + 0.5*cos(5*t)"],
        exact: "2 + sin(2*pi*(x - t - 0.1*sin(5*t)))",
        ..PLAIN
    };
    line.orders(&["it2", "it3", "iga"], SECOND);
    let still = Study {
        name: "eddies that come and go",
        dimension: 2,
        flow: &["0.2*sin(2*pi*x)*sin(2*pi*y)*(1 + sin(7*t))"],
        exact: "2 + sin(2*pi*x)*sin(2*pi*y)",
        dt: 0.3,
        ..PLAIN
    };
    still.orders(&["it2", "it3", "iga"], (1.85, 3.0));
}

#[test]
fn sources_are_of_second_order_where_they_are_symmetric() {
    let decay = Study {
        name: "advection and decay",
        source: "-2*psi",
        exact: "(2 + sin(2*pi*(x - t)))*exp(-2*t)",
        ..PLAIN
    };
    let decay_with_g = Study {
        name: "advection and decay with G of x",
        source: "-2*psi",
        exact: "(2 + sin(2*pi*(X - t)/1.5))*exp(-2*t)",
        ..WITH_G
    };
    let logistic = Study {
        name: "advection and growth to a limit",
        dimension: 2,
        source: "3*psi*(2 - psi)",
        exact: "2/(1 + 0.5*(1 + 0.5*sin(2*pi*(x - t))*cos(2*pi*(y + 0.8*t)))*exp(-6*t))",
        ..OBLIQUE
    };
    let forced = Study {
        name: "forced in place and time",
        source: "0.5*cos(t)*cos(2*pi*x) - pi*sin(t)*sin(2*pi*x)",
        exact: "2 + sin(2*pi*(x - t)) + 0.5*sin(t)*cos(2*pi*x)",
        ..PLAIN
    };
    let pair = Study {
        name: "two fields that turn into each other",
        source: "3*(phi - 2)",
        second: Some(("-3*(psi - 2)", "2 - sin(2*pi*(x - t))*sin(3*t)")),
        exact: "2 + sin(2*pi*(x - t))*cos(3*t)",
        ..PLAIN
    };
    for study in [decay, decay_with_g, logistic, forced, pair] {
        for option in ["it2", "it3"] {
            study.check(option, Sources::Symmetric, SECOND);
            study.check(option, Sources::Euler, (0.7, 1.5));
        }
    }
}

#[test]
fn diffusion_is_of_second_order() {
    let spread = "(0.06^2 + 2*0.01*t)";
    let heap = format!("0.06/sqrt({spread})*exp(-(x - 0.4 - t)^2/(2*{spread}))");
    let line = Study {
        name: "a heap that spreads on its way",
        diffusivity: &["0.01"],
        exact: &heap,
        end: 0.2,
        dt: 0.1,
        diffusive: true,
        ..PLAIN
    };
    line.orders(&["it2", "it3"], (1.7, 2.6));
    let heap = format!("{heap}*exp(-(y - 0.6 + 0.8*t)^2/(2*(0.1^2 + 2*0.02*t)))/sqrt(1 + 4*t)");
    let plane = Study {
        name: "a heap that spreads in the plane",
        dimension: 2,
        diffusivity: &["0.01", "0.02"],
        exact: &heap,
        end: 0.1,
        dt: 0.1,
        diffusive: true,
        ..OBLIQUE
    };
    plane.orders(&["it2", "it3"], (1.6, 2.6));
    // −∇·(Gμ∇ψ)/G for ψ = 2 + sin(2πx) and μ = 0.02 G.
    let with_g = Study {
        name: "diffusion with G of x",
        flow: &["0"],
        diffusivity: &["0.02*G"],
        source: "0.02*(4*pi^2*G*sin(2*pi*x) - 4*pi^2*cos(2*pi*x)^2)",
        exact: "2 + sin(2*pi*x)",
        dt: 0.05,
        diffusive: true,
        ..WITH_G
    };
    with_g.orders(&["it2"], SECOND);
}

/// Where ψ is advected by ψ/2 itself, ψ = f(x − ψ·t) until a shock forms (Burgers' equation).
fn burgers_error(option: &str, background: f64, velocity: &str, cells: usize) -> f64 {
    let end = 0.15;
    let f = |x: f64| background + 0.5 * (TAU * x).sin();
    let slope = |x: f64| 0.5 * TAU * (TAU * x).cos();
    let exact = |x: f64| {
        let mut psi = f(x);
        for _ in 0..50 {
            psi -= (psi - f(x - psi * end)) / (1.0 + end * slope(x - psi * end));
        }
        psi
    };
    let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, Periodic).build().unwrap();
    let transport = Transport {
        options: options(option),
        ..Transport::by(Advector::Velocity(vec![velocity.into()]))
    };
    let pde = Pde::on(&grid).transport("psi", transport).build().unwrap();
    let world = World::solo();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("psi", format!("{background} + 0.5*sin(2*pi*x)"))
        .dt(end / (end * cells as f64 / 0.1).round())
        .build()
        .unwrap();
    simulation.run_until(end).unwrap_or_else(|e| panic!("{option}: {e}"));
    let found = simulation.field("psi").unwrap();
    let centre = |i: usize| (i as f64 + 0.5) / cells as f64;
    let squares = found.iter().enumerate().map(|(i, psi)| (psi - exact(centre(i))).powi(2));
    (squares.sum::<f64>() / cells as f64).sqrt()
}

/// Waves go twice as fast as this flow, so that its Courant number has to be small.
#[test]
fn flows_that_depend_on_the_field_are_of_second_order() {
    // Ratios to magnitudes are of lower order where the field passes zero.
    let (clean, across_zero) = (SECOND, (1.4, 2.2));
    for (option, background, bounds) in [
        ("dfl", 2.0, clean),
        ("it3_dfl", 2.0, clean),
        ("iga_dfl", 2.0, clean),
        ("iga_dfl", 0.0, clean),
        ("dfl_signed", 0.0, across_zero),
        ("it3_dfl_signed", 0.0, across_zero),
        ("it2", 2.0, (0.8, 1.4)),
    ] {
        let [coarse, fine] = [64, 128].map(|n| burgers_error(option, background, "psi/2", n));
        let order = (coarse / fine).log2();
        println!("Burgers around {background} {option}: order {order:.3}, error {fine:.2e}");
        assert!(order > bounds.0 && order < bounds.1, "{option}: order {order}");
    }
}
