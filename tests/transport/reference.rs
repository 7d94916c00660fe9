//! Transport by MPDATA against reference results: those of PyMPDATA 1.7.3, and of the textbook
//! scheme where that leaves terms out (tests/reference/README.md).

use std::path::Path;

use fluxions::comm::{World, threads};
use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Error, Mpdata, Transport};

use crate::recipe::options;

/// A problem, whose variants differ in the options of the scheme.
struct Case {
    name: &'static str,
    grid: &'static [usize],
    /// Width of a cell.
    width: f64,
    ends: &'static str,
    initial: &'static str,
    courant: &'static [&'static str],
    g_factor: &'static str,
    /// μ·dt/dx²
    diffusion: f64,
    steps: usize,
    variants: &'static [&'static str],
}

const CASES: [Case; 8] = [
    Case {
        name: "adv1d_gauss",
        grid: &[128],
        width: 1.0,
        ends: "periodic",
        initial: "0.1 + exp(-((x - 32)/8)^2)",
        courant: &["0.35"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 256,
        variants: &[
            "it1",
            "it2",
            "it3",
            "it4",
            "iga",
            "fct",
            "iga_fct",
            "tot",
            "tot_it3",
            "tot_fct_it3",
            "iga_tot",
            "iga_fct_tot",
            "dpdc",
            "dpdc_it3",
            "dpdc_fct",
            "dpdc_iga_fct",
        ],
    },
    Case {
        name: "adv1d_extrapolated",
        grid: &[64],
        width: 1.0,
        ends: "open",
        initial: "1 + exp(-((x - 48)/6)^2) + 0.5*exp(-((x - 2)/5)^2)",
        courant: &["0.4"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 60,
        variants: &["it1", "it2", "it3", "fct", "iga_fct", "iga_fct_tot", "tot_it3"],
    },
    Case {
        name: "advdiff1d",
        grid: &[96],
        width: 1.0,
        ends: "periodic",
        initial: "exp(-(x - 30)^2/32)",
        courant: &["0.2"],
        g_factor: "1",
        diffusion: 0.1,
        steps: 100,
        variants: &["it1", "it2", "it3", "fct", "fct_it3", "iga_fct", "tot_it3"],
    },
    Case {
        name: "divergent1d",
        grid: &[96],
        width: 1.0,
        ends: "periodic",
        initial: "1 + exp(-((x - 30)/7)^2)",
        courant: &["0.3 + 0.2*cos(2*pi*x/96)"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 150,
        variants: &["it1", "it2", "dfl", "dfl_it3", "dfl_iga", "dfl_fct", "dfl_iga_fct", "dfl_tot"],
    },
    Case {
        name: "gfactor1d",
        grid: &[96],
        width: 1.0,
        ends: "periodic",
        initial: "1 + exp(-((x - 30)/7)^2)",
        courant: &["0.3"],
        g_factor: "1 + 0.5*sin(2*pi*x/96)",
        diffusion: 0.0,
        steps: 160,
        variants: &[
            "it1", "it2", "it3", "fct", "iga", "iga_fct", "tot", "tot_it3", "dfl", "dfl_tot",
        ],
    },
    Case {
        name: "hello2d",
        grid: &[24, 24],
        width: 1.0,
        ends: "periodic",
        initial: "exp(-(x - 12)^2/(2*2.4^2) - (y - 12)^2/(2*2.4^2))",
        courant: &["-0.5", "-0.25"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 75,
        variants: &[
            "it1",
            "it2",
            "it3",
            "iga",
            "fct",
            "fct_it3",
            "iga_fct",
            "tot_it3",
            "iga_tot",
            "iga_fct_tot",
            "tot_fct_it3",
        ],
    },
    Case {
        name: "mpi_cartesian2d",
        grid: &[64, 32],
        width: 1.0,
        ends: "periodic",
        initial: "exp(-(x - 32)^2/(2*6.4^2) - (y - 16)^2/(2*3.2^2))",
        courant: &["0.5", "-0.25"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 22,
        variants: &["it1", "tot", "iga_fct", "it3"],
    },
    Case {
        name: "rot3d",
        grid: &[14, 14, 14],
        width: 100.0 / 14.0,
        ends: "value",
        initial: "where((x - 50 + 25/sqrt(3))^2 + (y - 50 - 25/sqrt(3))^2 \
                  + (z - 50 - 25/sqrt(3))^2 <= 225, 4, 0)",
        courant: &["(z - y)*k", "(x - z)*k", "(y - x)*k"],
        g_factor: "1",
        diffusion: 0.0,
        steps: 20,
        variants: &["it1", "it2", "it3", "iga", "fct", "iga_fct", "iga_fct_tot"],
    },
];

fn problem(case: &Case, options: Mpdata) -> Pde {
    let mut grid = Grid::cartesian();
    for (name, cells) in ["x", "y", "z"].into_iter().zip(case.grid) {
        let ends = if case.ends == "periodic" { Periodic } else { Bounded };
        grid = grid.axis(name, 0.0..case.width * *cells as f64, *cells, ends);
    }
    let grid = grid.build().unwrap();
    let courant = case.courant.iter().map(|c| (*c).into()).collect();
    let transport = Transport {
        options,
        g_factor: case.g_factor.into(),
        diffusivity: match case.diffusion {
            0.0 => vec![],
            mu => vec![(mu * case.width * case.width).into()],
        },
        ..Transport::by(Advector::Courant(courant))
    };
    let mut builder =
        Pde::on(&grid).parameter("k", "0.1/sqrt(3)*0.4*14/100").transport("psi", transport);
    for axis in ["x", "y", "z"].into_iter().take(case.grid.len()) {
        builder = match case.ends {
            "open" => builder.boundary(axis, Condition::Open),
            "value" => builder.boundary(axis, Condition::Ghost(0.0.into())),
            _ => builder,
        };
    }
    builder.build().unwrap()
}

fn solve(
    case: &Case,
    pde: &Pde,
    world: &World,
    blocking: Blocking,
) -> Result<Option<Vec<f64>>, Error> {
    let mut simulation = Simulation::builder(pde, world)
        .initial("psi", case.initial)
        .dt(1.0)
        .blocking(blocking)
        .build()
        .unwrap();
    simulation.run_until(case.steps as f64)?;
    Ok(simulation.gather("psi")?.map(|array| array.into_iter().collect()))
}

/// On 1 and 3 ranks as threads, pass by pass and several passes at once.
#[test]
fn reference_results_are_met_with_the_same_bits_on_any_number_of_ranks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mpdata");
    for case in &CASES {
        for variant in case.variants {
            let pde = problem(case, options(variant));
            let (_, expected) =
                fluxions_testing::read_npy(&folder.join(format!("{}__{variant}.npy", case.name)));
            let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let mut first: Option<Vec<f64>> = None;
            for (ranks, steps) in [(1, 0), (3, 0), (1, 3), (3, 2)] {
                let blocking = Blocking { steps: Some(steps), ..Blocking::default() };
                let found = threads::run(ranks, |world| solve(case, &pde, world, blocking));
                let found = found.unwrap()[0].clone().unwrap();
                let error =
                    found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                println!("{} {variant} {ranks} {steps}: {:.1e}", case.name, error / largest);
                assert!(
                    error <= 1e-11 * largest,
                    "{} {variant} on {ranks}: {error:e} of {largest:e}",
                    case.name
                );
                match &first {
                    None => first = Some(found),
                    Some(first) => assert_eq!(
                        *first, found,
                        "{} {variant}: bits on {ranks} ranks, {steps} steps at once",
                        case.name
                    ),
                }
            }
        }
    }
}
