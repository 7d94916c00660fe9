//! Steady stepping allocates nothing, on one rank and on threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use fluxions::prelude::*;

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

/// Allocations of all ranks between step 200 and step 1200, on rank 0.
fn allocations(world: &World) -> u64 {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 20, Periodic)
        .axis("y", 0.0..1.0, 24, Bounded)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .equation("u", "laplace(u) - u*v^2 + 0.01*integral(u)")
        .equation("v", "laplace(v^3 - v - 1e-4*laplace(v)) + exp(-t)*x")
        .boundary("y-", Condition::Value("sin(x + t)".into()))
        .boundary("y+", Condition::Derivative("value*t".into()))
        .build()
        .unwrap();
    let mut simulation = Simulation::builder(&pde, world)
        .initial("u", "x*y")
        .initial("v", "0.1*x")
        .dt(1e-6)
        .build()
        .unwrap();
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
    for ranks in [1, 2] {
        let counts = on_threads(ranks, |world| Ok::<_, String>(allocations(world))).unwrap();
        assert!(counts[0] < 40 * ranks as u64, "{} allocations on {ranks} ranks", counts[0]);
    }
}
