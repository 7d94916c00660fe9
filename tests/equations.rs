//! The known equations: each against an exact solution, and against the problem file in examples/
//! that has its name.
//!
//! Growth rates and frequencies of waves are exact for the differences on the grid: ∇² multiplies
//! cos(kx) by −K = −4/Δx² sin²(kΔx/2). So a wrong coefficient is far outside the tolerances.

use std::f64::consts::PI;

use fluxions::equations;
use fluxions::prelude::*;
use fluxions::solver::{Formula, PdeBuilder};

const CELLS: usize = 32;
/// Amplitude of waves that are too small to feel what is not linear.
const SMALL: f64 = 1e-7;

fn value(v: impl Into<Formula>) -> Condition<Formula> {
    Condition::Value(v.into())
}

fn derivative(v: impl Into<Formula>) -> Condition<Formula> {
    Condition::Derivative(v.into())
}

fn no_flow() -> Condition<Formula> {
    Condition::NormalValue(0.0.into())
}

/// An axis of length 2π round which waves run.
fn ring() -> Grid {
    Grid::cartesian().axis("x", 0.0..2.0 * PI, CELLS, Periodic).build().unwrap()
}

fn line(from: f64, to: f64, cells: usize) -> Grid {
    Grid::cartesian().axis("x", from..to, cells, Bounded).build().unwrap()
}

/// What −∇² multiplies a wave of this number on the ring by.
fn laplacian(k: f64) -> f64 {
    let dx = 2.0 * PI / CELLS as f64;
    (2.0 / dx * (k * dx / 2.0).sin()).powi(2)
}

/// What ∂/∂x multiplies a wave of this number on the ring by, without the i.
fn slope(k: f64) -> f64 {
    let dx = 2.0 * PI / CELLS as f64;
    (k * dx).sin() / dx
}

/// The solution at a time, on one rank, with `rk4`.
fn solve(builder: PdeBuilder, initial: &[Formula], dt: f64, end: f64) -> Simulation {
    let pde = builder.build().unwrap();
    let world = World::solo();
    let mut simulation = Simulation::builder(&pde, &world).dt(dt);
    for (field, value) in pde.fields().iter().zip(initial) {
        simulation = simulation.initial(field, value.clone());
    }
    let mut simulation = simulation.build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(end).unwrap();
    simulation
}

fn numbers(simulation: &Simulation, field: &str, part: usize) -> Vec<f64> {
    simulation.part(field, part).unwrap().iter().copied().collect()
}

fn sum(simulation: &Simulation, field: &str) -> f64 {
    World::solo().sum(&numbers(simulation, field, 0)).unwrap()
}

/// The largest distance from a function of the first axis' coordinate.
fn distance(simulation: &Simulation, field: &str, exact: impl Fn(f64) -> f64) -> f64 {
    part_distance(simulation, field, 0, exact)
}

fn part_distance(
    simulation: &Simulation,
    field: &str,
    part: usize,
    exact: impl Fn(f64) -> f64,
) -> f64 {
    let axis = &simulation.pde().grid().axes()[0];
    let part = simulation.part(field, part).unwrap();
    let distances =
        part.indexed_iter().map(|(at, found)| (found - exact(axis.centre(at[0] as isize))).abs());
    distances.fold(0.0, f64::max)
}

#[track_caller]
fn within(what: &str, distance: f64, tolerance: f64) {
    println!("{what}: {distance:.2e} of {tolerance:.0e}");
    assert!(distance <= tolerance, "{what}: {distance:e} is more than {tolerance:e}");
}

/// The amplitude of cos(kx) in a field on the ring.
fn amplitude(simulation: &Simulation, field: &str, k: f64) -> f64 {
    let axis = &simulation.pde().grid().axes()[0];
    let values = numbers(simulation, field, 0);
    let wave = (0..).map(|i| (k * axis.centre(i)).cos());
    2.0 / CELLS as f64 * values.iter().zip(wave).map(|(value, wave)| value * wave).sum::<f64>()
}

/// Tests that a small wave on a homogeneous state changes as d(wave)/dt = `matrix`·wave says.
#[track_caller]
fn grows(what: &str, builder: PdeBuilder, state: &[f64], k: f64, matrix: &[&[f64]]) {
    let (end, dt) = (0.5, 0.0002);
    let n = state.len();
    let wave = |k: f64, field: usize| format!("{SMALL}*{}*cos({k}*x)", 1.0 - 0.4 * field as f64);
    let initial: Vec<Formula> =
        (0..n).map(|f| format!("{:?} + {}", state[f], wave(k, f)).into()).collect();
    let fields = builder.clone().build().unwrap().fields().to_vec();
    let simulation = solve(builder, &initial, dt, end);
    // exp(matrix·end) by its series.
    let mut term: Vec<f64> = (0..n).map(|f| SMALL * (1.0 - 0.4 * f as f64)).collect();
    let mut exact = term.clone();
    for order in 1..200 {
        term = (0..n)
            .map(|i| (0..n).map(|j| matrix[i][j] * term[j]).sum::<f64>() * end / f64::from(order))
            .collect();
        exact.iter_mut().zip(&term).for_each(|(exact, term)| *exact += term);
    }
    for (field, exact) in fields.iter().zip(exact) {
        let found = amplitude(&simulation, field, k);
        within(&format!("{what}, growth of {field}"), (found - exact).abs() / SMALL, 1e-6);
    }
}

#[test]
fn diffusion_of_a_wave_and_in_a_ball() {
    let diffusivity = 0.7;
    let pde = equations::diffusion(&ring(), diffusivity);
    let simulation = solve(pde, &["sin(2*x)".into()], 0.002, 1.0);
    let decay = (-diffusivity * laplacian(2.0)).exp();
    within("wave", distance(&simulation, "c", |x| decay * (2.0 * x).sin()), 1e-10);

    let ball = Grid::builder(Geometry::Spherical).axis("r", 0.0..1.0, 40, Bounded).build().unwrap();
    let pde = equations::diffusion(&ball, 0.1).boundary("r+", value(0.0));
    let simulation = solve(pde, &["sin(pi*r)/r".into()], 0.001, 1.0);
    let decay = (-0.1 * PI * PI).exp();
    within("ball", distance(&simulation, "c", |r| decay * (PI * r).sin() / r), 2e-3);
}

#[test]
fn allen_cahn_has_kinks_at_rest_and_relaxes() {
    let (gamma, mobility) = (0.5, 2.0);
    let pde = equations::allen_cahn(&line(-8.0, 8.0, 320), gamma, mobility);
    let simulation = solve(pde, &["tanh(x)".into()], 0.0015, 3.0);
    within("kink", distance(&simulation, "c", f64::tanh), 1e-3);

    let pde = equations::allen_cahn(&ring(), gamma, mobility);
    let simulation = solve(pde, &[0.1.into()], 0.01, 1.0);
    let exact = 0.1 / (0.01 + 0.99 * (-2.0 * mobility).exp()).sqrt();
    within("relaxation", distance(&simulation, "c", |_| exact), 1e-7);
}

#[test]
fn cahn_hilliard_has_interfaces_at_rest_and_conserves() {
    let gamma = 0.5;
    let pde = equations::cahn_hilliard(&line(-6.0, 6.0, 64), gamma);
    let simulation = solve(pde, &["tanh(x)".into()], 0.0004, 2.0);
    within("interface", distance(&simulation, "c", f64::tanh), 1e-2);

    let k = laplacian(1.0);
    let pde = || equations::cahn_hilliard(&ring(), gamma);
    grows("mixture", pde(), &[0.2], 1.0, &[&[k * (1.0 - 3.0 * 0.04) - gamma * k * k]]);

    let mixed = |end| solve(pde(), &["0.1 + random_normal(0, 0.3)".into()], 0.0001, end);
    let (before, after) = (mixed(0.0), mixed(0.1));
    within("mass", (sum(&before, "c") - sum(&after, "c")).abs(), 1e-12);
    assert!(numbers(&before, "c", 0) != numbers(&after, "c", 0));
}

/// exp(λh/(2ν)) obeys the diffusion equation.
#[test]
fn kpz_by_cole_and_hopf() {
    let (nu, lambda) = (0.5, 1.5);
    let grid = Grid::cartesian().axis("x", 0.0..2.0 * PI, 128, Periodic).build().unwrap();
    let scale = 2.0 * nu / lambda;
    let initial = format!("{scale:?}*log(2 + cos(x))");
    let simulation = solve(equations::kpz(&grid, nu, lambda), &[initial.into()], 0.001, 1.0);
    let exact = |x: f64| scale * (2.0 + (-nu).exp() * x.cos()).ln();
    within("hill", distance(&simulation, "h", exact), 2e-4);
}

#[test]
fn kuramoto_sivashinsky_grows_and_sinks() {
    let nu = 0.3;
    let k = laplacian(2.0);
    let pde = equations::kuramoto_sivashinsky(&ring(), nu);
    grows("front", pde, &[0.7], 2.0, &[&[k - nu * k * k]]);

    let pde = equations::kuramoto_sivashinsky(&line(0.0, 4.0, 16), nu)
        .boundary_of("u", "x-", derivative(-0.8))
        .boundary_of("u", "x+", derivative(0.8));
    let simulation = solve(pde, &["0.8*x".into()], 0.001, 1.0);
    within("slope", distance(&simulation, "u", |x| 0.8 * x - 0.32), 1e-10);
}

#[test]
fn swift_hohenberg_grows_on_its_states() {
    let (epsilon, q0, g) = (0.3f64, 0.7f64, 1.1f64);
    let pde = || equations::swift_hohenberg(&ring(), epsilon, q0, g);
    for k in [1.0, 2.0] {
        let rate = epsilon - (q0 * q0 - laplacian(k)).powi(2);
        grows("at rest", pde(), &[0.0], k, &[&[rate]]);
        // (ε − q₀⁴) + g u − u² = 0
        let u = (g + (g * g + 4.0 * (epsilon - q0.powi(4))).sqrt()) / 2.0;
        grows("upper state", pde(), &[u], k, &[&[rate + 2.0 * g * u - 3.0 * u * u]]);
        let simulation = solve(pde(), &[u.into()], 0.0002, 0.5);
        within("upper state", distance(&simulation, "u", |_| u), 1e-13);
    }
}

#[test]
fn waves_stand_and_keep_their_energy() {
    let speed = 1.3;
    let pde = equations::wave(&line(0.0, 3.0, 120), speed).boundary("x", value(0.0));
    let initial = ["sin(2*pi*x/3)".into(), 0.0.into()];
    let (k, t) = (2.0 * PI / 3.0, 4.0);
    let simulation = solve(pde, &initial, 0.01, t);
    let exact = |x: f64| (k * speed * t).cos() * (k * x).sin();
    within("string", distance(&simulation, "u", exact), 4e-3);

    let k2 = laplacian(3.0);
    let pde = equations::wave(&ring(), speed);
    grows("wave", pde, &[0.4, 0.0], 3.0, &[&[0.0, 1.0], &[-speed * speed * k2, 0.0]]);
}

#[test]
fn klein_gordon_disperses() {
    let (speed, mass) = (1.3f64, 0.6f64);
    let omega = (speed * speed * laplacian(3.0) + mass * mass).sqrt();
    let pde = equations::klein_gordon(&ring(), speed, mass);
    let initial = ["cos(3*x)".into(), format!("{omega:?}*sin(3*x)").into()];
    let simulation = solve(pde, &initial, 0.002, 2.0);
    within("plane wave", distance(&simulation, "u", |x| (3.0 * x - 2.0 * omega).cos()), 1e-9);
}

#[test]
fn burgers_has_fronts_and_solutions_by_cole_and_hopf() {
    let (nu, speed, height, t) = (0.3, 0.8, 1.2, 2.0);
    let front = |x: f64| speed - height * (height * (x - speed * t) / (2.0 * nu)).tanh();
    let pde = equations::burgers(&line(-8.0, 8.0, 320), nu)
        .boundary("x-", value(speed + height))
        .boundary("x+", value(speed - height));
    let initial = format!("{speed} - {height}*tanh({height}*x/(2*nu))");
    let simulation = solve(pde, &[initial.into()], 0.002, t);
    within("front", distance(&simulation, "u", front), 4e-3);

    // u = −2ν ∇ log φ, where φ obeys the diffusion equation.
    let n = 48;
    let grid = Grid::cartesian()
        .axis("x", 0.0..2.0 * PI, n, Periodic)
        .axis("y", 0.0..2.0 * PI, n, Periodic)
        .build()
        .unwrap();
    let hill = |a: &str, b: &str| format!("2*nu*sin({a})*cos({b})/(2 + cos(x)*cos(y))");
    let initial = Formula::from([hill("x", "y"), hill("y", "x")]);
    let simulation = solve(equations::burgers(&grid, nu), &[initial], 0.005, 1.0);
    let exact = |x: f64, y: f64| {
        let decay = (-2.0 * nu).exp();
        2.0 * nu * decay * x.sin() * y.cos() / (2.0 + decay * x.cos() * y.cos())
    };
    for part in 0..2 {
        let found = simulation.part("u", part).unwrap();
        let at = |i: usize| simulation.pde().grid().axes()[0].centre(i as isize);
        let distances = found.indexed_iter().map(|(cell, found)| {
            let (x, y) = (at(cell[part]), at(cell[1 - part]));
            (found - exact(x, y)).abs()
        });
        within("hills", distances.fold(0.0, f64::max), 2e-3);
    }
}

/// The front of speed 5/√6 (Ablowitz & Zeppetella 1979, Bull. Math. Biol. 41, 835).
#[test]
fn fisher_kpp_has_a_front() {
    let (diffusivity, rate, t) = (0.5f64, 2.0f64, 2.0);
    let speed = 5.0 / 6.0f64.sqrt() * (rate * diffusivity).sqrt();
    let steep = (rate / (6.0 * diffusivity)).sqrt();
    let front = |x: f64| (1.0 + (steep * (x - speed * t)).exp()).powi(-2);
    let pde = equations::fisher_kpp(&line(-12.0, 18.0, 400), diffusivity, rate);
    let initial = format!("(1 + exp({steep:?}*x))^(-2)");
    let simulation = solve(pde, &[initial.into()], 0.004, t);
    within("front", distance(&simulation, "c", front), 1e-3);
}

#[test]
fn gray_scott_grows_on_its_states_and_balances() {
    let (f, k) = (0.04f64, 0.05f64);
    let u = (1.0 - (1.0 - 4.0 * (f + k).powi(2) / f).sqrt()) / 2.0;
    let v = (f + k) / u;
    let pde = || equations::gray_scott(&ring(), f, k, [0.2, 0.1]);
    let lap = laplacian(2.0);
    let matrix: [&[f64]; 2] =
        [&[-0.2 * lap - v * v - f, -2.0 * u * v], &[v * v, -0.1 * lap + 2.0 * u * v - f - k]];
    grows("reaction", pde(), &[u, v], 2.0, &matrix);
    let simulation = solve(pde(), &[u.into(), v.into()], 0.01, 1.0);
    within("state of u", distance(&simulation, "u", |_| u), 1e-13);
    within("state of v", distance(&simulation, "v", |_| v), 1e-13);

    // Where nothing is killed and both spread alike, u + v knows no reaction.
    let pde = equations::gray_scott(&ring(), f, 0.0, [0.1, 0.1]);
    let initial = ["1 + 0.3*cos(2*x)".into(), "0.5 + 0.4*cos(2*x)*sin(3*x)".into()];
    let total = |end: f64| {
        let simulation = solve(pde.clone(), &initial, 0.01, end);
        sum(&simulation, "u") + sum(&simulation, "v") - CELLS as f64
    };
    within("balance", (total(1.0) - (-f).exp() * total(0.0)).abs(), 1e-9);
}

#[test]
fn brusselator_grows_on_its_state() {
    let (a, b) = (1.2, 2.9);
    let pde = || equations::brusselator(&ring(), a, b, [0.3, 0.7]);
    let simulation = solve(pde(), &[a.into(), (b / a).into()], 0.01, 1.0);
    within("state of u", distance(&simulation, "u", |_| a), 1e-13);
    within("state of v", distance(&simulation, "v", |_| b / a), 1e-13);
    let lap = laplacian(2.0);
    let matrix: [&[f64]; 2] = [&[b - 1.0 - 0.3 * lap, a * a], &[-b, -a * a - 0.7 * lap]];
    grows("reaction", pde(), &[a, b / a], 2.0, &matrix);
}

#[test]
fn fitzhugh_nagumo_grows_on_its_state() {
    let (diffusivity, a, b, epsilon) = (0.3, 0.7, 0.8, 0.09);
    // u − u³/3 = (u + a)/b by Newton's method.
    let mut u = -1.0f64;
    for _ in 0..50 {
        u -= (u - u.powi(3) / 3.0 - (u + a) / b) / (1.0 - u * u - 1.0 / b);
    }
    let v = (u + a) / b;
    let pde = || equations::fitzhugh_nagumo(&ring(), diffusivity, a, b, epsilon);
    let simulation = solve(pde(), &[u.into(), v.into()], 0.01, 1.0);
    within("state of u", distance(&simulation, "u", |_| u), 1e-13);
    within("state of v", distance(&simulation, "v", |_| v), 1e-13);
    let lap = laplacian(2.0);
    let matrix: [&[f64]; 2] = [&[1.0 - u * u - diffusivity * lap, -1.0], &[epsilon, -epsilon * b]];
    grows("pulse", pde(), &[u, v], 2.0, &matrix);
}

#[test]
fn schrodinger_turns_the_ground_state_and_keeps_the_norm() {
    let pde = equations::schrodinger(&line(-7.0, 7.0, 140), "x^2/2").boundary("x", value(0.0));
    let norm = |simulation: &Simulation| {
        let [re, im] = [0, 1].map(|part| numbers(simulation, "psi", part));
        re.iter().chain(&im).map(|x| x * x).sum::<f64>()
    };
    let ground: Formula = "exp(-x^2/2)".into();
    let (dt, t) = (0.005, 3.0f64);
    let simulation = solve(pde.clone(), std::slice::from_ref(&ground), dt, t);
    let exact = |x: f64| (-x * x / 2.0).exp();
    let re = part_distance(&simulation, "psi", 0, |x| exact(x) * (t / 2.0).cos());
    let im = part_distance(&simulation, "psi", 1, |x| -exact(x) * (t / 2.0).sin());
    within("real part", re, 2e-3);
    within("imaginary part", im, 2e-3);
    let first = norm(&solve(pde, &[ground], dt, 0.0));
    within("norm", (norm(&simulation) / first - 1.0).abs(), 1e-9);
}

#[test]
fn complex_ginzburg_landau_has_plane_waves() {
    let (b, c, k) = (0.6, -0.9, 1.0);
    // The grid is four times as long, so that the wave is a long one.
    let n = 4 * CELLS;
    let grid = Grid::cartesian().axis("x", 0.0..8.0 * PI, n, Periodic).build().unwrap();
    let wave_number = k / 4.0;
    let dx = 8.0 * PI / n as f64;
    let lap = (2.0 / dx * (wave_number * dx / 2.0).sin()).powi(2);
    let size = (1.0 - lap).sqrt();
    let omega = c + (b - c) * lap;
    let t = 3.0;
    let pde = equations::complex_ginzburg_landau(&grid, b, c);
    let initial = format!("{size:?}*exp(i*x/4)");
    let simulation = solve(pde, &[initial.into()], 0.002, t);
    let phase = |x: f64| wave_number * x - omega * t;
    let re = part_distance(&simulation, "A", 0, |x| size * phase(x).cos());
    let im = part_distance(&simulation, "A", 1, |x| size * phase(x).sin());
    within("real part", re, 1e-10);
    within("imaginary part", im, 1e-10);
}

#[test]
fn sine_gordon_has_moving_kinks() {
    let (speed, t) = (0.6f64, 5.0);
    let width = (1.0 - speed * speed).sqrt();
    let kink = |x: f64| 4.0 * ((x - speed * t) / width).exp().atan();
    let pde = equations::sine_gordon(&line(-12.0, 15.0, 540));
    let u = format!("4*atan(exp(x/{width:?}))");
    let v = format!("-2*{speed}/{width:?}/cosh(x/{width:?})");
    let simulation = solve(pde, &[u.into(), v.into()], 0.02, t);
    within("kink", distance(&simulation, "u", kink), 4e-3);
}

#[test]
fn shallow_water_has_waves_and_conserves() {
    let (gravity, depth, nu, k, t) = (9.81f64, 0.7f64, 0.05, 2.0, 1.0f64);
    // ω² = g H k², damped at the rate νK/2.
    let rate = nu * laplacian(k) / 2.0;
    let omega = (gravity * depth * slope(k).powi(2) - rate * rate).sqrt();
    let pde = equations::shallow_water(&ring(), gravity, nu);
    let initial = [format!("{depth} + {SMALL}*cos({k}*x)").into(), Formula::from([0.0])];
    let simulation = solve(pde, &initial, 0.001, t);
    let decay = (-rate * t).exp();
    let exact = decay * ((omega * t).cos() + rate / omega * (omega * t).sin());
    within("small wave", (amplitude(&simulation, "h", k) / SMALL - exact).abs(), 1e-6);

    // A wave to the right: √(gh) is constant where x moves at 3√(gh) − 2√(gH), until it breaks.
    let (gravity, depth, t) = (1.0, 1.0, 0.8);
    let grid = Grid::cartesian().axis("x", 0.0..2.0 * PI, 256, Periodic).build().unwrap();
    let pde = equations::shallow_water(&grid, gravity, 0.0);
    let initial = ["(1 + 0.1*sin(x))^2".into(), Formula::from(["0.2*sin(x)"])];
    let simulation = solve(pde, &initial, 0.005, t);
    let speed = |x: f64| {
        let mut from = x;
        for _ in 0..100 {
            from = x - (1.0 + 0.3 * from.sin()) * t;
        }
        1.0 + 0.1 * from.sin()
    };
    within("steep wave, h", distance(&simulation, "h", |x| speed(x).powi(2)), 2e-4);
    within("steep wave, u", distance(&simulation, "u", |x| 2.0 * speed(x) - 2.0 * depth), 2e-4);

    let basin = Grid::cartesian()
        .axis("x", 0.0..4.0, 40, Bounded)
        .axis("y", 0.0..3.0, 30, Bounded)
        .build()
        .unwrap();
    let pde =
        ["x", "y"].into_iter().fold(equations::shallow_water(&basin, 9.81, 0.02), |pde, x| {
            pde.boundary_of("u", x, no_flow()).boundary_of("flux", x, no_flow())
        });
    let heap = "1 + 0.3*exp(-(x - 1)^2 - (y - 1)^2)";
    let water = |end| {
        let still = Formula::from([0.0, 0.0]);
        solve(pde.clone(), &[heap.into(), still], 0.005, end)
    };
    let (before, after) = (water(0.0), water(1.0));
    within("volume", (sum(&before, "h") - sum(&after, "h")).abs(), 1e-10);
    assert!(part_distance(&after, "u", 1, |_| 0.0) > 0.1);
}

#[test]
fn korteweg_de_vries_has_solitons_and_conserves() {
    let (speed, t) = (1.5f64, 4.0);
    let grid = Grid::cartesian().axis("x", -15.0..15.0, 256, Periodic).build().unwrap();
    let soliton = |x: f64| speed / 2.0 / (speed.sqrt() / 2.0 * (x - speed * t)).cosh().powi(2);
    let initial = Formula::from(format!("{speed}/2/cosh(sqrt({speed})/2*x)^2"));
    let at = |end| {
        solve(equations::korteweg_de_vries(&grid), std::slice::from_ref(&initial), 0.001, end)
    };
    let (before, after) = (at(0.0), at(t));
    within("soliton", distance(&after, "u", soliton), 8e-3);
    within("mass", (sum(&before, "u") - sum(&after, "u")).abs(), 1e-11);
    let squares = |simulation| numbers(simulation, "u", 0).iter().map(|u| u * u).sum::<f64>();
    within("momentum", (squares(&before) - squares(&after)).abs(), 1e-6);
}

/// The equations that hold on grids of every geometry do so on this one.
fn known_equations_hold_on(grid: GridBuilder) {
    let grid = &grid.build().unwrap();
    let cartesian = grid.geometry() == Geometry::Cartesian;
    for pde in [
        equations::allen_cahn(grid, 1.0, 1.0),
        equations::brusselator(grid, 1.0, 3.0, [1.0, 0.1]),
        equations::burgers(grid, 0.1),
        equations::cahn_hilliard(grid, 1.0),
        equations::complex_ginzburg_landau(grid, 1.0, -0.5),
        equations::diffusion(grid, 1.0),
        equations::fisher_kpp(grid, 1.0, 1.0),
        equations::fitzhugh_nagumo(grid, 1.0, 0.7, 0.8, 0.1),
        equations::gray_scott(grid, 0.04, 0.06, [1.0, 0.5]),
        equations::klein_gordon(grid, 1.0, 1.0),
        equations::kpz(grid, 1.0, 1.0),
        equations::kuramoto_sivashinsky(grid, 1.0),
        equations::schrodinger(grid, 0.0),
        equations::shallow_water(grid, 9.81, 0.1),
        equations::sine_gordon(grid),
        equations::swift_hohenberg(grid, 0.1, 1.0, 0.0),
        equations::wave(grid, 1.0),
    ]
    .into_iter()
    .chain(cartesian.then(|| equations::korteweg_de_vries(grid)))
    {
        let built = pde.clone().build();
        let built = built.unwrap_or_else(|e| panic!("{:?}: {e}", grid.geometry()));
        let still: Vec<Formula> = vec![0.0.into(); built.fields().len()];
        assert_eq!(solve(pde, &still, 1e-4, 2e-4).steps(), 2);
    }
}

#[test]
fn known_equations_hold_on_polar_grids() {
    known_equations_hold_on(Grid::builder(Geometry::Polar).axis("r", 0.5..2.0, 8, Bounded));
}

#[test]
fn known_equations_hold_on_spherical_grids() {
    known_equations_hold_on(Grid::builder(Geometry::Spherical).axis("r", 0.0..2.0, 8, Bounded));
}

#[test]
fn known_equations_hold_on_cylindrical_grids() {
    let grid = Grid::builder(Geometry::Cylindrical).axis("r", 0.0..2.0, 8, Bounded);
    known_equations_hold_on(grid.axis("z", 0.0..2.0, 8, Bounded));
}

#[test]
fn known_equations_hold_on_lines() {
    known_equations_hold_on(Grid::cartesian().axis("y", 0.0..2.0, 8, Bounded));
}

#[test]
fn known_equations_hold_in_three_dimensions() {
    let grid = Grid::cartesian().axis("x", 0.0..2.0, 8, Bounded);
    let grid = grid.axis("y", 0.0..2.0, 8, Bounded).axis("z", 0.0..2.0, 8, Periodic);
    known_equations_hold_on(grid);
}

/// A problem file and its constructor step to the same bits.
#[test]
fn problem_files_have_the_same_equations() {
    fn same(name: &str, constructor: impl Fn(&Grid) -> PdeBuilder) {
        let path = format!("{}/examples/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let problem = Problem::parse(&path, &text).unwrap_or_else(|e| panic!("{e}"));
        let world = World::solo();
        let mut read = problem.simulation(&world).build().unwrap();
        let pde = constructor(problem.pde.grid()).build().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(pde.fields(), problem.pde.fields(), "{name}");
        assert_eq!(pde.types(), problem.pde.types(), "{name}");
        let mut built = Simulation::builder(&pde, &world)
            .scheme(&problem.times.scheme)
            .dt(problem.times.dt)
            .seed(problem.seed);
        for field in pde.fields() {
            built = built.initial(field, 0.0);
        }
        let mut built = built.build().unwrap();
        let parts: Vec<(&str, usize)> = (pde.fields().iter().enumerate())
            .flat_map(|(number, name)| {
                pde.arrays_of(number).enumerate().map(|(part, _)| (name.as_str(), part))
            })
            .collect();
        for (field, part) in &parts {
            built.part_mut(field, *part).unwrap().assign(&read.part(field, *part).unwrap());
        }
        let end = problem.times.start + 5.0 * problem.times.dt;
        read.run_until(end).unwrap();
        built.run_until(end).unwrap();
        let bits = |of: &Simulation, (field, part): &(&str, usize)| -> Vec<u64> {
            of.part(field, *part).unwrap().iter().map(|x| x.to_bits()).collect()
        };
        for part in &parts {
            assert!(bits(&read, part) == bits(&built, part), "{name}: {part:?}");
        }
    }
    let wall = |pde: PdeBuilder, field: &str, at: &str| pde.boundary_of(field, at, no_flow());
    same("allen_cahn", |grid| equations::allen_cahn(grid, 1.0, 1.0));
    same("brusselator", |grid| equations::brusselator(grid, 3.0, 5.0, [1.0, 10.0]));
    same("burgers", |grid| {
        equations::burgers(grid, 0.05)
            .boundary("x-", value("1 + 0.4*sin(2*t)"))
            .boundary("x+", Condition::Curvature(0.0.into()))
    });
    same("cahn_hilliard", |grid| equations::cahn_hilliard(grid, 1.0));
    same("complex_ginzburg_landau", |grid| equations::complex_ginzburg_landau(grid, 0.0, 0.8));
    same("diffusion", |grid| {
        equations::diffusion(grid, 0.1)
            .boundary("x-", value("where(abs(y - 1.2) < 0.4, 1, 0)"))
            .boundary("x+", Condition::Mixed { coefficient: 0.5.into(), value: 0.0.into() })
            .boundary("y-", value("-0.5*exp(-20*(x - 2)^2)"))
    });
    same("fisher_kpp", |grid| {
        equations::fisher_kpp(grid, 0.2, 1.0)
            .boundary("z-", value("0.2*(1 + cos(pi*y/2))*exp(-t)"))
            .boundary("z+", Condition::Mixed { coefficient: 1.0.into(), value: 0.0.into() })
    });
    same("fitzhugh_nagumo", |grid| equations::fitzhugh_nagumo(grid, 1.0, 0.7, 0.5, 0.1));
    same("gray_scott", |grid| equations::gray_scott(grid, 0.037, 0.06, [2e-5, 1e-5]));
    same("klein_gordon", |grid| equations::klein_gordon(grid, 1.0, 1.0).boundary("x", value(0.0)));
    same("korteweg_de_vries", equations::korteweg_de_vries);
    same("kpz", |grid| equations::kpz(grid, 0.5, 2.0).noise("h", 0.2));
    same("kuramoto_sivashinsky", |grid| equations::kuramoto_sivashinsky(grid, 1.0));
    same("schrodinger", |grid| {
        let barrier = "100*heaviside(0.2 - abs(x), 0.5)*\
                       (1 - heaviside(0.5 - abs(abs(y) - 1.2), 0.5))";
        equations::schrodinger(grid, barrier).boundary("x", value(0.0)).boundary("y", value(0.0))
    });
    same("shallow_water", |grid| {
        let water = equations::shallow_water(grid, 9.81, 0.02);
        [("u", "x"), ("u", "y"), ("flux", "x"), ("flux", "y")]
            .into_iter()
            .fold(water, |pde, (field, at)| wall(pde, field, at))
    });
    same("sine_gordon", equations::sine_gordon);
    same("swift_hohenberg", |grid| equations::swift_hohenberg(grid, 0.1, 1.0, 1.0));
    same("wave", |grid| {
        equations::wave(grid, 1.0).boundary("x", value(0.0)).boundary("y", value(0.0))
    });
}
