//! The plans of steps as texts: a wrong plan shows here, and not only as wrong numbers of a run.

use fluxions_grid::{Ends, Grid};

use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::tableau::Tableau;
use crate::system::builder::PdeBuilder;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::transport::{Advector, Mpdata, Transport};

fn periodic() -> PdeBuilder {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 16, Ends::Periodic);
    Pde::on(&grid.axis("y", 0.0..1.0, 16, Ends::Periodic).build().unwrap())
}

#[track_caller]
fn check(pde: PdeBuilder, scheme: impl Into<SchemeChoice>, expected: &str) {
    let pde = pde.build().unwrap();
    let plan = scheme_for(&pde, &scheme.into()).unwrap().step(&pde);
    assert_eq!(plan.to_string(), expected);
}

#[test]
fn heat_by_the_classical_runge_kutta_scheme() {
    check(
        periodic().equation("u", "laplace(u)"),
        Tableau::RK4,
        "halos of u: 1 layer(s)
sweep `stage 1`: u → u (working copy 1), u (working copy 2) (7 operations per cell)
at t + 0.5 dt
halos of u (working copy 1): 1 layer(s)
sweep `stage 2`: u (working copy 1), u, u (working copy 2) → u (working copy 3), u (working copy 2) \
(7 operations per cell)
at t + 0.5 dt
halos of u (working copy 3): 1 layer(s)
sweep `stage 3`: u (working copy 3), u, u (working copy 2) → u (working copy 1), u (working copy 2) \
(7 operations per cell)
at t + 1 dt
halos of u (working copy 1): 1 layer(s)
sweep `stage 4`: u (working copy 1), u (working copy 2) → u (working copy 2) (6 operations per cell)
",
    );
}

#[test]
fn cahn_hilliard_by_the_euler_scheme() {
    check(
        periodic().equation("c", "laplace(c^3 - c - laplace(c))"),
        Tableau::EULER,
        "halos of c: 1 layer(s)
sweep `argument 1`: c → argument 1 (8 operations per cell)
halos of argument 1: 1 layer(s)
sweep `step`: argument 1, c → c (working copy 1) (6 operations per cell)
",
    );
}

#[test]
fn reductions_come_before_each_stage_and_noise_at_the_end() {
    check(
        periodic().equation("u", "laplace(u) - average(u^2)").noise("u", "0.1"),
        Tableau::RK2,
        "halos of u: 1 layer(s)
reduce `average(…)` over the domain: u
sweep `stage 1`: u → u (working copy 1), u (working copy 2) (8 operations per cell)
at t + 1 dt
halos of u (working copy 1): 1 layer(s)
reduce `average(…)` over the domain: u (working copy 1)
sweep `stage 2`: u (working copy 1), u (working copy 2) → u (working copy 2) (7 operations per cell)
sweep `noise`: row 1, u (working copy 2) → u (working copy 2) (5 operations per cell)
",
    );
}

fn advected(velocity: [&str; 2], options: Mpdata) -> PdeBuilder {
    let velocity = Advector::Velocity(velocity.map(Formula::from).into());
    periodic().transport("psi", Transport { options, ..Transport::by(velocity) })
}

#[test]
fn a_donor_cell_pass_lies_between_halves_of_the_source() {
    let options = Mpdata { iterations: 1, ..Mpdata::default() };
    check(
        advected(["1", "0.5"], options).equation("psi", "-psi"),
        SchemeChoice::Usual,
        "sweep `source`: psi → psi (working copy 1) (2 operations per cell)
halos of psi (working copy 1): 1 layer(s)
sweep `donor-cell pass of psi`: psi (working copy 1) → psi (21 operations per cell)
sweep `source`: psi → psi (working copy 1) (2 operations per cell)
sweep `source`: psi (working copy 1), psi → psi (working copy 2) (2 operations per cell)
",
    );
}

#[test]
fn an_antidiffusive_pass_follows_with_its_limiter() {
    let options = Mpdata { nonoscillatory: true, ..Mpdata::default() };
    let y = "sin(6.283185307179586*x)";
    check(
        advected(["1 + t", y], options),
        SchemeChoice::Usual,
        "at t + 0.5 dt
sweep `Courant numbers of psi`:  → Courant number of psi along x, \
Courant number of psi along y (5 operations per cell)
halos of psi: 1 layer(s)
at t + 0.5 dt
sweep `donor-cell pass of psi`: Courant number of psi along x, psi, Courant number of psi along y → psi (working copy 1) \
(35 operations per cell)
at t + 1 dt
halos of psi (working copy 1): 2 layer(s), corners too
at t + 0.5 dt
sweep `correction 1 of psi`: Courant number of psi along x, Courant number of psi along y, psi (working copy 1) → \
correction of psi along x, correction of psi along y (48 operations per cell)
sweep `limits of psi`: correction of psi along x, psi (working copy 1), correction of psi along y, \
psi → room above psi, room below psi (62 operations per cell)
halos of room above psi, room below psi: 1 layer(s)
sweep `pass 2 of psi`: correction of psi along x, room below psi, room above psi, \
psi (working copy 1), correction of psi along y → psi (working copy 2) (68 operations per cell)
",
    );
}

#[test]
fn schemes_know_what_they_are() {
    let heat = periodic().equation("u", "laplace(u)").build().unwrap();
    let rk4 = scheme_for(&heat, &SchemeChoice::Usual).unwrap();
    assert_eq!((rk4.name(), rk4.order(), rk4.registers(&heat)), ("rk4", 4, 4));
    assert_eq!(rk4.imaginary_limit(), Tableau::RK4.imaginary_limit());
    let moved = advected(["1", "0"], Mpdata::default()).build().unwrap();
    let mpdata = scheme_for(&moved, &SchemeChoice::Usual).unwrap();
    assert_eq!((mpdata.name(), mpdata.order(), mpdata.registers(&moved)), ("symmetric", 2, 2));
    assert_eq!((mpdata.real_limit(), mpdata.imaginary_limit()), (2.0, 0.0));
    let pair = Tableau::RK2.with_embedded(1, &[1.0, 0.0]).unwrap();
    let heun = scheme_for(&heat, &pair.into()).unwrap();
    assert_eq!(heun.embedded(), Some(&[1.0, 0.0][..]));
    assert_eq!(mpdata.embedded(), None);
}

#[test]
fn a_tableau_beside_transport_is_refused() {
    let pde = advected(["1", "0"], Mpdata::default()).build().unwrap();
    let error = scheme_for(&pde, &Tableau::SSPRK3.into()).err().expect("an error");
    assert_eq!(
        error.to_string(),
        "the scheme `ssprk3` cannot step a system with transport, which MPDATA steps",
    );
    let help = error.help().expect("help");
    assert!(help.contains("`sources`"), "{help}");
}
