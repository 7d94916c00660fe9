//! The same bits however the grid is cut, and however many steps are made in one sweep.

use std::f64::consts::{FRAC_PI_2, TAU};

use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Transport};
use proptest::prelude::*;

use crate::recipe::{Case, Dice, OPTIONS, case, options};

/// All ways to write `ranks` as a product of `dimension` factors, in order.
pub(crate) fn factorings(ranks: usize, dimension: usize) -> Vec<Vec<usize>> {
    if dimension == 1 {
        return vec![vec![ranks]];
    }
    let first = (1..=ranks).filter(|first| ranks.is_multiple_of(*first));
    first
        .flat_map(|first| {
            factorings(ranks / first, dimension - 1).into_iter().map(move |mut rest| {
                rest.insert(0, first);
                rest
            })
        })
        .collect()
}

/// Steps in a sweep, slabs and tiles that are tried.
const CHOICES: [(usize, usize, usize); 7] =
    [(0, 1, 0), (0, 2, 0), (2, 1, 0), (1, 1, 0), (5, 2, 0), (2, 1, 3), (5, 1, 5)];

fn blocking((steps, slabs, tile): (usize, usize, usize)) -> Blocking {
    Blocking {
        steps: Some(steps),
        slabs: Some(slabs),
        tile: Some(tile),
        stream: Some(steps == 0 && slabs == 2),
    }
}

/// Solves a problem on one rank and in some other ways.
fn check(case: &Case, dice: &mut Dice) {
    let dimension = case.pde.grid().dimension();
    let expected = case.solve(1, &[], blocking(CHOICES[0])).expect("one block can be cut");
    if let Ok(bits) = &expected {
        assert!(bits.iter().all(|bits| f64::from_bits(*bits).is_finite()), "{}", case.name);
    }
    let mut ways = vec![(1, vec![1; dimension], dice.one(&CHOICES[1..]))];
    for _ in 0..3 {
        let ranks = 2 + dice.below(7);
        let dims = factorings(ranks, dimension);
        let dims = dims[dice.below(dims.len())].clone();
        ways.push((ranks, dims, dice.one(&CHOICES)));
    }
    for (ranks, dims, choice) in ways {
        let Some(found) = case.solve(ranks, &dims, blocking(choice)) else { continue };
        match (&found, &expected) {
            (Ok(found), Ok(expected)) => {
                let differ = found.iter().zip(expected).filter(|(a, b)| a != b).count();
                assert!(
                    found == expected,
                    "{differ} of {} bits on {dims:?} ranks, steps, slabs and tiles {choice:?}: {}",
                    expected.len(),
                    case.name
                );
            }
            _ => assert_eq!(found, expected, "on {dims:?} ranks, {choice:?}: {}", case.name),
        }
    }
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("TRANSPORT_CASES").map_or(cases, |n| n.parse().unwrap_or(cases));
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 150,
        ..ProptestConfig::default()
    }
}

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(0u32..840, 48)
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn any_cut_and_sweep_on_1_to_8_ranks_in_1_dimension(numbers in numbers()) {
        let mut dice = Dice(numbers.iter());
        let case = case(&mut dice, 1);
        check(&case, &mut dice);
    }

    #[test]
    fn any_cut_and_sweep_on_1_to_8_ranks_in_2_dimensions(numbers in numbers()) {
        let mut dice = Dice(numbers.iter());
        let case = case(&mut dice, 2);
        check(&case, &mut dice);
    }

    #[test]
    fn any_cut_and_sweep_on_1_to_8_ranks_in_3_dimensions(numbers in numbers()) {
        let mut dice = Dice(numbers.iter());
        let case = case(&mut dice, 3);
        check(&case, &mut dice);
    }
}

/// What is computed beyond an upper wall reads ghost cells that the next step of a sweep must not
/// have changed before.
#[test]
fn flows_from_fields_beyond_walls_in_several_steps_at_once_on_1_rank() {
    let grid = Grid::cartesian().axis("x", 0.0..13.0, 13, Bounded);
    let grid = grid.axis("y", 0.0..7.0, 14, Bounded).build().unwrap();
    let velocity = Advector::Velocity(["0.2*tanh(other)", "0.1*other"].map(Formula::from).into());
    let transport = Transport { options: options("dfl"), ..Transport::by(velocity) };
    let builder = Pde::on(&grid).equation("other", "-0.1*other").transport("psi", transport);
    let initial = [("psi", "2 + sin(x)"), ("other", "sin(x)*cos(2*y)")];
    let case = Case {
        name: String::new(),
        pde: builder.build().unwrap(),
        initial: initial.map(|(field, text)| (field.into(), text.into())).into(),
        dt: 0.5,
        steps: 4,
    };
    let expected = case.solve(1, &[], blocking((0, 1, 0))).unwrap().unwrap();
    for choice in [(2, 1, 0), (4, 1, 0), (4, 2, 4)] {
        assert!(case.solve(1, &[], blocking(choice)).unwrap().unwrap() == expected, "{choice:?}");
    }
}

/// Around a pole the axis is not cut, whatever is asked for.
#[test]
fn any_cut_between_poles_on_1_to_6_ranks() {
    for option in OPTIONS {
        for (k, axes) in [["x", "y"], ["y", "x"]].into_iter().enumerate() {
            let case = sphere(option, axes, k == 1);
            let expected = case.solve(1, &[], blocking(CHOICES[0])).unwrap().unwrap();
            for (ranks, steps) in [(2, 0), (3, 2), (4, 0), (6, 1), (1, 2)] {
                let blocking = blocking((steps, 1, 0));
                let mut along = [ranks, ranks];
                along[k] = 1;
                for dims in [&along[..], &[]] {
                    let Some(found) = case.solve(ranks, dims, blocking) else { continue };
                    assert!(found.unwrap() == expected, "{option} on {ranks} ranks, {dims:?}");
                }
                // Cuts of the axis around.
                along.reverse();
                if let Some(Err(error)) = case.solve(ranks, &along, blocking) {
                    assert!(error.contains("goes around a pole and is not cut"), "{error}");
                } else {
                    assert!(ranks == 1, "{along:?}");
                }
            }
        }
    }
}

/// A flow over the poles of a sphere, with the names of the longitude and the latitude.
fn sphere(option: &str, [around, across]: [&str; 2], timed: bool) -> Case {
    let grid = ["x", "y"].into_iter().fold(Grid::cartesian(), |grid, axis| match axis == around {
        true => grid.axis(axis, 0.0..TAU, 20, Periodic),
        false => grid.axis(axis, -FRAC_PI_2..FRAC_PI_2, 18, Bounded),
    });
    let s = format!("sin({across})*cos(1.2) - cos({around})*cos({across})*sin(1.2)");
    let growth = if timed { "1 + 0.2*sin(3*t)" } else { "1" };
    let transport = Transport {
        options: options(option),
        g_factor: format!("cos({across})").into(),
        ..Transport::by(Advector::StreamFunction(format!("({s})*({growth})").into()))
    };
    let pde = Pde::on(&grid.build().unwrap())
        .transport("psi", transport)
        .boundary(across, Condition::Pole)
        .build()
        .unwrap();
    let bump = format!("1 + 2*exp(-20*(1 - cos({across} - 0.5)*cos({around}/2 - 1)^2))");
    Case { name: option.into(), pde, initial: vec![("psi".into(), bump)], dt: 0.02, steps: 7 }
}

/// The same as processes, for a few problems of each dimension.
#[cfg(feature = "mpi")]
#[test]
fn as_processes_on_3_ranks() {
    fluxions_testing::under_mpi(&[3], "bits::as_processes_on_3_ranks", || {
        let world = World::start().unwrap();
        let mut cut = 0;
        for k in 0..8u32 {
            let numbers: Vec<u32> = (1..48).map(|i| (i * (7 * k + 3)) ^ (k + i)).collect();
            let mut dice = Dice(numbers.iter());
            let case = case(&mut dice, 1 + k as usize % 3);
            let blocking = blocking(CHOICES[k as usize % CHOICES.len()]);
            // A thin grid may be too thin for three.
            let Some(found) = case.solve_on(&world, &[], blocking) else { continue };
            cut += 1;
            if world.is_root() {
                let expected = case.solve_on(&World::solo(), &[], self::blocking(CHOICES[0]));
                assert!(Some(found) == expected, "{} on {} ranks", case.name, world.size());
            }
        }
        assert!(cut >= 4, "{cut} of 8 grids were cut");
    });
}
