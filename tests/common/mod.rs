//! Problems that between them use every geometry, dimension, type of field, boundary kind and
//! scheme, nested operators, integrals, functions and noise, and their solution on any ranks.

#![allow(dead_code)] // Each test uses a part of it.

pub(crate) mod statistics;

use fluxions::prelude::*;
use fluxions::solver::{Blocking, Error, PdeBuilder};

/// A problem and how it is stepped.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) pde: Pde,
    pub(crate) initial: Vec<(&'static str, &'static str)>,
    pub(crate) scheme: Tableau,
    pub(crate) dt: f64,
    pub(crate) end: f64,
}

impl Case {
    /// The bits of all fields at the end, on rank 0; on the other ranks nothing. Each pass has a
    /// sweep of its own.
    pub(crate) fn solve(&self, world: &World, dims: &[usize]) -> Result<Vec<u64>, Error> {
        self.solve_in_sweeps(world, dims, Blocking { steps: Some(0), ..Blocking::default() })
    }

    /// The bits of all fields at the end on rank 0, with so many steps and slabs in a sweep.
    pub(crate) fn solve_in_sweeps(
        &self,
        world: &World,
        dims: &[usize],
        blocking: Blocking,
    ) -> Result<Vec<u64>, Error> {
        let mut builder = Simulation::builder(&self.pde, world)
            .scheme(&self.scheme)
            .dt(self.dt)
            .seed(3)
            .dims(dims)
            .blocking(blocking);
        for (field, value) in &self.initial {
            builder = builder.initial(field, *value);
        }
        let mut simulation = builder.build().unwrap_or_else(|e| panic!("{}: {e}", self.name));
        simulation.run_until(self.end)?;
        let mut bits = Vec::new();
        for field in self.pde.fields() {
            bits.extend(simulation.gather(field)?.into_iter().flatten().map(f64::to_bits));
        }
        Ok(bits)
    }
}

fn value(v: &str) -> Condition<Formula> {
    Condition::Value(v.into())
}

fn derivative(v: &str) -> Condition<Formula> {
    Condition::Derivative(v.into())
}

fn mixed(coefficient: &str, value: &str) -> Condition<Formula> {
    Condition::Mixed { coefficient: coefficient.into(), value: value.into() }
}

fn case(
    name: &'static str,
    scheme: Tableau,
    dt: f64,
    steps: f64,
    initial: &[(&'static str, &'static str)],
    pde: PdeBuilder,
) -> Case {
    let pde = pde.build().unwrap_or_else(|e| panic!("{name}: {e}"));
    // The last step is a shorter one.
    Case { name, pde, initial: initial.to_vec(), scheme, dt, end: dt * (steps + 0.4) }
}

/// The problems.
pub(crate) fn cases() -> Vec<Case> {
    let line = Grid::cartesian().axis("x", 0.0..4.0, 37, Bounded).build().unwrap();
    let ring = Grid::cartesian().axis("x", 0.0..4.0, 29, Periodic).build().unwrap();
    let plane = Grid::cartesian()
        .axis("x", 0.0..2.0, 17, Bounded)
        .axis("y", -1.0..1.0, 23, Bounded)
        .build()
        .unwrap();
    let cylinder = Grid::cartesian()
        .axis("x", 0.0..20.0, 19, Periodic)
        .axis("y", 0.0..20.0, 21, Bounded)
        .build()
        .unwrap();
    let torus = Grid::cartesian()
        .axis("x", 0.0..1.0, 16, Periodic)
        .axis("y", 0.0..1.0, 18, Periodic)
        .build()
        .unwrap();
    let room = Grid::cartesian()
        .axis("x", 0.0..3.0, 9, Bounded)
        .axis("y", 0.0..2.0, 8, Periodic)
        .axis("z", -1.0..1.0, 11, Bounded)
        .build()
        .unwrap();
    let disk = Grid::builder(Geometry::Polar).axis("r", 0.0..2.0, 33, Bounded).build().unwrap();
    let shell =
        Grid::builder(Geometry::Spherical).axis("r", 0.5..2.0, 35, Bounded).build().unwrap();
    let can = Grid::builder(Geometry::Cylindrical)
        .axis("r", 0.0..1.0, 16, Bounded)
        .axis("z", -1.0..1.0, 19, Bounded)
        .build()
        .unwrap();
    let pipe = Grid::builder(Geometry::Cylindrical)
        .axis("r", 0.5..1.0, 17, Bounded)
        .axis("z", 0.0..2.0, 16, Periodic)
        .build()
        .unwrap();
    let (vector, tensor) = (Type::real(Rank::Vector), Type::real(Rank::Tensor));
    vec![
        case(
            "burgers in one dimension, moving wall",
            Tableau::RK4,
            0.005,
            40.0,
            &[("u", "0.5 + 0.3*sin(pi*x/2)*exp(-x/4)")],
            Pde::on(&line)
                .equation("u", "-u*d_dx(u) + 0.05*d2_dx2(u)")
                .boundary("x-", value("0.5 + 0.2*sin(2*pi*t)"))
                .boundary("x+", Condition::Curvature("0.1*t".into())),
        ),
        case(
            "upwind transport on a ring, antiperiodic",
            Tableau::RK2,
            0.01,
            30.0,
            &[("u", "cos(pi*x/4) + random_uniform(-0.1, 0.1)"), ("v", "sin(pi*x/2)")],
            Pde::on(&ring)
                .equation("u", "-d_dx_backward(u) + 0.1*v")
                .equation("v", "0.3*d_dx_forward(v) - u")
                .boundary_of("u", "x", Condition::Antiperiodic),
        ),
        case(
            "diffusion in two dimensions, all kinds of walls",
            Tableau::EULER,
            0.001,
            50.0,
            &[("c", "x*(2 - x)*(1 + y)/2"), ("d", "exp(-x^2 - y^2)")],
            Pde::on(&plane)
                .equation("c", "0.15*laplace(c) + 0.1*d")
                .equation("d", "0.2*laplace(d) - gradient_squared(c)")
                .boundary("x-", mixed("2 + sin(t)", "0.7*y"))
                .boundary("x+", Condition::Curvature("0.3*cos(y)".into()))
                .boundary("y-", value("sin(x)*cos(2*t)"))
                .boundary("y+", derivative("0.2*cos(pi*x)*exp(-t)"))
                .boundary_of("d", "x+", Condition::Ghost("value*exp(-dx) + 0.01*t".into()))
                .boundary_of("d", "y", derivative("-0.1*value^2")),
        ),
        case(
            "cahn-hilliard, a nested operator",
            Tableau::SSPRK3,
            0.005,
            30.0,
            &[("c", "0.1 + 0.3*cos(pi*x/5)*cos(pi*y/5) + random_normal(0, 0.05)")],
            Pde::on(&cylinder)
                .equation("c", "laplace(c**3 - c - laplace(c))")
                .boundary("y-", derivative("0")),
        ),
        case(
            "a definition with conditions of its own, deeper nesting",
            Tableau::RK4,
            1e-5,
            20.0,
            &[("c", "sin(2*pi*x)*cos(4*pi*y)")],
            Pde::on(&plane)
                .parameter("k", 0.5)
                .define("mu", "c^3 - c - k*laplace(c)")
                .define("slope", "d_dx(mu)")
                .equation("c", "laplace(mu) + 0.1*d_dy(slope) + 1e-8*laplace(laplace(laplace(c)))")
                .boundary_of("c", "x", value("0"))
                .boundary_of("mu", "y+", mixed("1", "0.1*t")),
        ),
        case(
            "waves and decay in two registers, ten stages",
            Tableau::SSPRK104,
            0.02,
            12.0,
            &[("u", "sin(pi*x/4) + 0.1*random_uniform(0, 1)"), ("v", "0.3*x")],
            Pde::on(&line)
                .equation("u", "v - 0.2*u^3 + 0.05*laplace(u)")
                .equation("v", "laplace(u) - 0.1*v")
                .boundary("x-", value("0.2*sin(t)"))
                .boundary("x+", derivative("0.1*value")),
        ),
        case(
            "burgers in two registers, five stages",
            Tableau::CARPENTER_KENNEDY45,
            0.01,
            20.0,
            &[("u", "1 + 0.5*sin(2*pi*x)*cos(2*pi*y)")],
            Pde::on(&torus).equation("u", "-u*d_dx(u) + 0.02*laplace(u) - 0.1*average(u^2)"),
        ),
        case(
            "conserved allen-cahn, integrals",
            Tableau::RK4,
            0.02,
            30.0,
            &[("c", "0.2 + 0.6*cos(pi*x/10)*cos(pi*y/20)")],
            Pde::on(&cylinder).equation(
                "c",
                "0.7*laplace(c) + c - c**3 - integral(c - c**3)/400 \
                 + 0.01*average(c*laplace(c)) - 0.01*max(abs(d_dx(c))) + 0.01*min(c)",
            ),
        ),
        case(
            "coupled waves and heat on a torus",
            Tableau::SSPRK3,
            0.002,
            40.0,
            &[("u", "exp(-30*((x - 0.4)^2 + (y - 0.6)^2))"), ("v", "0"), ("w", "x*(1 - x)")],
            Pde::on(&torus)
                .equation("u", "v")
                .equation("v", "1.5**2*laplace(u) - w")
                .equation("w", "0.01*laplace(w) + where(u > 0.1 and w < 1, u, -w)")
                .boundary_of("w", "x", Condition::Antiperiodic),
        ),
        case(
            "fisher in three dimensions",
            Tableau::RK2,
            0.01,
            20.0,
            &[("c", "0.4*exp(-((x - 1)**2 + z**2))*(1 + 0.5*cos(pi*y))")],
            Pde::on(&room)
                .equation("c", "0.1*laplace(c) + 2*c*(1 - c)")
                .boundary("x-", value("0.1"))
                .boundary("x+", derivative("-0.05*y*z"))
                .boundary("z-", value("0.2*(1 + sin(x)*cos(pi*y))*exp(-t)"))
                .boundary("z+", mixed("1", "0.3")),
        ),
        case(
            "a vector with conditions on its normal component, a tensor between",
            Tableau::RK2,
            0.001,
            25.0,
            &[
                ("v", "[sin(x)*cos(y), 0.3*x*y + random_normal(0, 0.1)]"),
                ("c", "random_colored(-3)"),
            ],
            Pde::on(&plane)
                .field("v", vector)
                .define("stress", "vector_gradient(v) + transpose(outer(v, gradient(c)))")
                .equation("v", "0.1*tensor_divergence(stress) - advect(v, v) + [0, c]")
                .equation("c", "diffusion(0.1 + v.x^2, c) - 0.1*trace(stress) + divergence(v)")
                .boundary_of("v", "x-", Condition::NormalValue("0.1*sin(y + t)".into()))
                .boundary_of("v", "x+", Condition::NormalDerivative(0.2.into()))
                .boundary_of(
                    "v",
                    "y-",
                    Condition::NormalMixed { coefficient: "1 + t".into(), value: "x".into() },
                )
                .boundary_of("v", "y+", Condition::NormalCurvature("0.1*x".into()))
                .boundary_of("stress", "x", Condition::NormalValue(["0", "0.1"].into())),
        ),
        case(
            "a tensor, a complex vector and their derivatives in three dimensions",
            Tableau::EULER,
            0.001,
            8.0,
            &[
                ("q", "[[x, 0, z], [sin(pi*y), 1, x*z], [0, 0.1, random_uniform(0, 1)]]"),
                ("w", "[1 + I*z, x, I*random_normal(0, 1)]"),
            ],
            Pde::on(&room)
                .field("q", tensor)
                .field("w", Type { rank: Rank::Vector, complex: true })
                .equation(
                    "q",
                    "0.1*vector_gradient(tensor_divergence(q)) - 0.1*dot(q, transpose(q))",
                )
                .equation("w", "0.1*vector_laplace(w) + I*curl(w) + 0.01*dot(q, conj(w))")
                .boundary_of("w", "z", value("[0, 0.1*I, x]"))
                .boundary_of("q", "x+", Condition::Curvature(0.1.into())),
        ),
        case(
            "ginzburg-landau with complex mixed conditions",
            Tableau::RK4,
            0.002,
            20.0,
            &[("psi", "(1 + 0.5*I)*exp(-x^2 - y^2) + 0.1*I*random_uniform(-1, 1)")],
            Pde::on(&plane)
                .field("psi", Type::COMPLEX)
                .equation("psi", "(0.1 + 0.2*I)*laplace(psi) + psi - (1 - I)*abs(psi)^2*psi")
                .boundary("x-", mixed("1 + I*sin(t)", "0.3*I*y"))
                .boundary("x+", derivative("0.1*I*value"))
                .boundary("y-", value("exp(I*(x - t))"))
                .boundary("y+", Condition::Curvature("I - x".into())),
        ),
        case(
            "a disk, with functions as text and as closures",
            Tableau::SSPRK3,
            0.0005,
            40.0,
            &[("c", "exp(-r^2)"), ("v", "[r*(2 - r), r]")],
            Pde::on(&disk)
                .field("v", vector)
                .define_function("monod", "(s, k) -> s/(k + s)")
                .function("dip", |x: f64, y: f64| 1.0 / (1.0 + x * x + y.abs()))
                .equation("c", "0.1*laplace(c) - divergence(c*v) + monod(c, 0.5) + integral(c)/100")
                .equation("v", "0.1*tensor_divergence(vector_gradient(v)) - dip(c, r)*v")
                .boundary_of("c", "r+", mixed("dip(0.3, t)", "monod(0.1, 0.2)"))
                .boundary_of("v", "r+", Condition::NormalValue(0.1.into())),
        ),
        case(
            "a spherical shell with radial vectors",
            Tableau::RK4,
            0.0005,
            30.0,
            &[("c", "1 + 0.5*cos(pi*r)"), ("v", "[sin(pi*r), 0, 0]")],
            Pde::on(&shell)
                .field("v", vector)
                .equation("c", "divergence(c*gradient(c)) + 0.1*divergence(v) - 0.01*average(c)")
                .equation(
                    "v",
                    "0.1*gradient(divergence(v)) - 0.1*tensor_divergence(vector_gradient(v))",
                )
                .boundary_of("c", "r-", value("1 + 0.2*sin(3*t)"))
                .boundary_of("v", "r+", Condition::NormalDerivative(0.1.into())),
        ),
        case(
            "a can, all components",
            Tableau::RK2,
            0.0005,
            20.0,
            &[("v", "[r*z, cos(z), r*random_normal(1, 0.1)]"), ("c", "r^2 + z")],
            Pde::on(&can)
                .field("v", vector)
                .equation(
                    "v",
                    "0.1*vector_laplace(v) - 0.1*dot(vector_gradient(v), v) + gradient(c)",
                )
                .equation("c", "0.1*laplace(c) - divergence(c*v)")
                .boundary_of("c", "r+", value("sin(z)*cos(t)"))
                .boundary_of("c", "z-", derivative("r"))
                .boundary_of("v", "r-", Condition::NormalValue(0.0.into()))
                .boundary_of("v", "z+", value("[0, 0.1, r]")),
        ),
        case(
            "a pipe with noise",
            Tableau::EULER,
            0.001,
            40.0,
            &[("c", "0.1*random_colored(-2)"), ("psi", "random_harmonic() + I*r")],
            Pde::on(&pipe)
                .field("psi", Type::COMPLEX)
                .equation("c", "laplace(c^3 - c - 1e-4*laplace(c))*1e-3")
                .equation("psi", "0.1*I*laplace(psi) - c*psi")
                .noise("c", "1e-4*(1 + c^2)")
                .noise("psi", "1e-3*exp(-z^2)")
                .interpretation(Interpretation::Stratonovich)
                .boundary_of("c", "r+", derivative("0.1*z")),
        ),
    ]
}

/// All ways to write `ranks` as a product of `dimension` factors, in order.
pub(crate) fn factorings(ranks: usize, dimension: usize) -> Vec<Vec<usize>> {
    if dimension == 1 {
        return vec![vec![ranks]];
    }
    (1..=ranks)
        .filter(|first| ranks.is_multiple_of(*first))
        .flat_map(|first| {
            factorings(ranks / first, dimension - 1).into_iter().map(move |mut rest| {
                rest.insert(0, first);
                rest
            })
        })
        .collect()
}
