//! Steady stepping allocates nothing, on one rank and on threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Mpdata, ThirdOrder, Transport};

/// Counts allocations of all threads.
struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTER: Counting = Counting;

/// A system and the initial values of its fields.
type Problem = (Pde, &'static [(&'static str, &'static str)]);

fn plane() -> Grid {
    Grid::cartesian()
        .axis("x", 0.0..1.0, 20, Periodic)
        .axis("y", 0.0..1.0, 24, Bounded)
        .build()
        .unwrap()
}

/// Scalars in the plane.
fn scalars() -> Problem {
    let pde = Pde::on(&plane())
        .equation("u", "laplace(u) - u*v^2 + 0.01*integral(u)")
        .equation("v", "laplace(v^3 - v - 1e-4*laplace(v)) + exp(-t)*x")
        .boundary("y-", Condition::Value("sin(x + t)".into()))
        .boundary("y+", Condition::Derivative("value*t".into()));
    (pde.build().unwrap(), &[("u", "x*y"), ("v", "0.1*x")])
}

/// Scalars that are advanced by several steps in a sweep.
fn blocked() -> Problem {
    let pde = Pde::on(&plane())
        .equation("u", "laplace(u) - u*v^2")
        .equation("v", "laplace(v^3 - v - 1e-4*laplace(v)) + exp(-t)*x")
        .boundary("y-", Condition::Value("sin(x + t)".into()))
        .boundary("y+", Condition::Curvature("value*t".into()));
    (pde.build().unwrap(), &[("u", "x*y"), ("v", "0.1*x")])
}

/// Fields that are advected, by a flow that depends on one of them, with sources.
fn advected() -> Problem {
    let velocity = ["0.1*v", "0.1*sin(2*pi*x)*cos(t)"].map(Formula::from);
    let options = Mpdata {
        iterations: 3,
        nonoscillatory: true,
        third_order: ThirdOrder::Full,
        ..Mpdata::default()
    };
    let transport = Transport {
        options,
        g_factor: "2 + cos(2*pi*x)".into(),
        ..Transport::by(Advector::Velocity(velocity.into()))
    };
    let pde = Pde::on(&plane())
        .transport("u", Transport { diffusivity: vec![0.1.into()], ..transport.clone() })
        .transport("v", transport)
        .equation("v", "-v*u + 0.01*laplace(v)")
        .boundary("y-", Condition::Value("2 + sin(x + t)".into()));
    (pde.build().unwrap(), &[("u", "1 + x*y"), ("v", "1 + 0.1*x")])
}

/// Vectors, complex numbers, noise and closures in a cylinder.
fn everything() -> Problem {
    let grid = Grid::builder(Geometry::Cylindrical)
        .axis("r", 0.0..1.0, 12, Bounded)
        .axis("z", 0.0..1.0, 14, Periodic)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .field("v", Type::real(Rank::Vector))
        .field("psi", Type::COMPLEX)
        .function("soft", |x: f64| x / (1.0 + x.abs()))
        .define("stress", "vector_gradient(v)")
        .equation("v", "0.1*tensor_divergence(stress) - dot(stress, v)*soft(dot(v, v))")
        .equation("psi", "I*laplace(psi) - psi*abs(psi)^2 + integral(psi)")
        .noise("v", ["1e-3", "1e-3*r", "1e-4*(1 + v.r^2)"])
        .noise("psi", "1e-3*abs(psi)^2")
        .interpretation(Interpretation::Stratonovich)
        .boundary_of("v", "r+", Condition::NormalValue("0.1*t".into()))
        .boundary_of("psi", "r+", mixed());
    (
        pde.build().unwrap(),
        &[("v", "[r, 0, r*random_normal(0, 1)]"), ("psi", "1 + I*random_colored(-2)")],
    )
}

fn mixed() -> Condition<Formula> {
    Condition::Mixed { coefficient: "I + t".into(), value: "value".into() }
}

/// Allocations of all ranks between step 200 and step 1200, on rank 0.
fn allocations((pde, initial): &Problem, world: &World) -> u64 {
    let blocking = Blocking { steps: Some(3), slabs: Some(2), tile: Some(0), stream: Some(true) };
    let builder = Simulation::builder(pde, world).dt(1e-6).blocking(blocking);
    let builder = initial.iter().fold(builder, |b, (field, value)| b.initial(field, *value));
    let mut simulation = builder.build().unwrap();
    simulation.run_until(200e-6).unwrap();
    world.barrier().unwrap();
    let before = COUNT.load(Ordering::Relaxed);
    simulation.run_until(1200e-6).unwrap();
    world.barrier().unwrap();
    let after = COUNT.load(Ordering::Relaxed);
    world.barrier().unwrap();
    after - before
}

#[test]
fn a_thousand_steps_allocate_no_more_than_the_report() {
    // Beginning and ending a run allocates a little; a thousand steps must not add to it.
    for problem in [scalars(), blocked(), advected(), everything()] {
        for ranks in [1, 2] {
            let count = |world: &World| Ok::<_, String>(allocations(&problem, world));
            let counts = on_threads(ranks, count).unwrap();
            let fields = problem.0.fields();
            assert!(counts[0] < 40 * ranks as u64, "{fields:?}: {} on {ranks} ranks", counts[0]);
        }
    }
}
