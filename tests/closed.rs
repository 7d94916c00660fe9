//! Random equations in divergence form keep what there is between walls without conditions, around
//! periodic axes and around obstacles, on every geometry.

use fluxions::expr::Backend;
use fluxions::prelude::*;
use proptest::prelude::*;

/// Draws expressions from a list of numbers.
struct Dice<'a>(std::slice::Iter<'a, u32>);

impl Dice<'_> {
    /// A number below `n`; 0 after the last one.
    fn below(&mut self, n: u32) -> u32 {
        self.0.next().map_or(0, |number| number % n)
    }

    fn number(&mut self) -> f64 {
        0.1 + f64::from(self.below(30)) / 10.0
    }

    /// A scalar that is even about walls, as fields with zero derivative are.
    fn scalar(&mut self, depth: u32) -> String {
        let kinds = if depth == 0 { 3 } else { 9 };
        match self.below(kinds) {
            0 => "c".into(),
            1 => "b".into(),
            2 => format!("{:?}", self.number()),
            3 => format!("({} + {})", self.scalar(depth - 1), self.scalar(depth - 1)),
            4 => format!("({} * {})", self.scalar(depth - 1), self.scalar(depth - 1)),
            5 => format!("sin({})", self.scalar(depth - 1)),
            6 => format!("exp(-({})^2)", self.scalar(depth - 1)),
            7 => format!("laplace({})", self.scalar(depth - 1)),
            _ => format!("gradient_squared({})", self.scalar(depth - 1)),
        }
    }

    /// A positive function of the coordinates.
    fn place(&mut self, axes: &[&str]) -> String {
        let axis = axes[self.below(axes.len() as u32) as usize];
        [format!("(1 + {axis}^2)"), format!("exp(-{axis})"), "2".into()][self.below(3) as usize]
            .clone()
    }

    /// A flux that vanishes where scalars have no slope.
    fn flux(&mut self, axes: &[&str], depth: u32) -> String {
        match self.below(if depth == 0 { 1 } else { 3 }) {
            0 => format!("{}*{}*gradient({})", self.place(axes), self.scalar(1), self.scalar(2)),
            1 => format!("({} + {})", self.flux(axes, depth - 1), self.flux(axes, depth - 1)),
            _ => format!("cos({})*{}", self.scalar(1), self.flux(axes, depth - 1)),
        }
    }

    /// A rate of change in divergence form.
    fn rate(&mut self, axes: &[&str]) -> String {
        match self.below(5) {
            0 => format!("laplace({})", self.scalar(2)),
            1 => format!(
                "diffusion({}*exp({}), {})",
                self.place(axes),
                self.scalar(1),
                self.scalar(2)
            ),
            2 => format!("{:?}*laplace({}) - {}", self.number(), self.scalar(2), self.rate(axes)),
            3 => format!("divergence({})", self.flux(axes, 2)),
            _ => format!("-divergence(named) + {}", self.rate(axes)),
        }
    }
}

/// The change of the integral of c in a short step, relative to the sum of all changes.
fn drift(grid: &Grid, rate: &str, named: &str, obstacle: Option<&str>) -> f64 {
    let world = World::solo();
    let mut builder = Pde::on(grid).equation("c", rate).equation("b", "0");
    if !named.is_empty() {
        builder = builder.define("named", named);
    }
    if let Some(obstacle) = obstacle {
        builder = builder.region("rock", obstacle).boundary("rock", Condition::Flux(0.0.into()));
    }
    let pde = builder.build().unwrap_or_else(|e| panic!("{e}\n{rate}"));
    let mut simulation = Simulation::builder(&pde, &world)
        .initial("c", "0.5 + random_uniform(0, 1)")
        .initial("b", "random_uniform(0, 1)")
        .backend(Backend::Closures)
        .scheme(Tableau::EULER)
        .dt(1e-9)
        .build()
        .unwrap();
    let before: Vec<f64> = simulation.field("c").unwrap().iter().copied().collect();
    simulation.run_until(1e-9).unwrap();
    let after = simulation.field("c").unwrap();
    let per_row = grid.cells() / grid.axes()[0].cells();
    let volume = |k: usize| grid.metric(fluxions::grid::Metric::Volume, (k / per_row) as isize);
    let changes = after.iter().zip(&before).enumerate().map(|(k, (a, b))| (a - b) * volume(k));
    let changes: Vec<f64> = changes.collect();
    let rounding: f64 = (0..before.len()).map(|k| before[k].abs() * volume(k)).sum::<f64>() * 1e-16;
    let size: f64 = changes.iter().map(|x| x.abs()).sum();
    (changes.iter().sum::<f64>().abs() - 10.0 * rounding).max(0.0) / size.max(rounding)
}

fn grids() -> Vec<(Grid, Vec<&'static str>)> {
    let cartesian = |ends: [fluxions::grid::Ends; 3], dimension: usize| {
        let axes = [("x", 9), ("y", 7), ("z", 6)];
        let all = axes.iter().zip(ends).take(dimension);
        let grid =
            all.fold(Grid::cartesian(), |g, ((name, n), ends)| g.axis(name, 0.0..1.5, *n, ends));
        (grid.build().unwrap(), vec!["x", "y", "z"][..dimension].to_vec())
    };
    let round = |geometry: Geometry, from: f64| {
        // On these grids this is how divergences along r keep what there is.
        let grid = Grid::builder(geometry).conservative(true).axis("r", from..2.0, 9, Bounded);
        match geometry {
            Geometry::Cylindrical => {
                (grid.axis("z", 0.0..1.0, 6, Bounded).build().unwrap(), vec!["r", "z"])
            }
            _ => (grid.build().unwrap(), vec!["r"]),
        }
    };
    vec![
        cartesian([Bounded; 3], 1),
        cartesian([Bounded; 3], 2),
        cartesian([Bounded, Periodic, Bounded], 2),
        cartesian([Bounded; 3], 3),
        round(Geometry::Polar, 0.0),
        round(Geometry::Polar, 0.5),
        round(Geometry::Spherical, 0.0),
        round(Geometry::Spherical, 0.5),
        round(Geometry::Cylindrical, 0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_equations_in_divergence_form_keep_what_there_is(
        numbers in proptest::collection::vec(0u32..5040, 60),
        which in 0usize..9,
        obstacle in any::<bool>(),
    ) {
        let mut dice = Dice(numbers.iter());
        let (grid, axes) = grids().swap_remove(which);
        let rate = dice.rate(&axes);
        let named = if rate.contains("named") { dice.flux(&axes, 1) } else { String::new() };
        let inside = format!("{0} > 0.7 and {0} < 1.2", axes[axes.len() - 1]);
        let found = drift(&grid, &rate, &named, obstacle.then_some(inside.as_str()));
        prop_assert!(found < 1e-9, "{found:e} {axes:?} {which} {obstacle}\n{rate}\nnamed = {named}");
    }
}
