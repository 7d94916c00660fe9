//! Compares several steps in one sweep with the same steps made one by one.

use fluxions_comm::World;
use fluxions_expr::Backend;
use fluxions_grid::{Condition, Ends, Grid};
use fluxions_halo::Subdomain;

use crate::run::blocking::deep_pipeline::DeepPipeline;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::wavefront::Wavefront;
use crate::run::counts::Counts;
use crate::run::executor::Executor;
use crate::run::memory::Memory;
use crate::run::testing::{alone, bits, euler_step, fill};
use crate::system::pde::Pde;

const STEP: f64 = 1e-3;

/// A system with walls whose ghost cells depend on the place, the time and several cells.
fn walled() -> Pde {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 11, Ends::Bounded);
    let pde = Pde::on(&grid.axis("y", 0.0..1.0, 30, Ends::Bounded).build().unwrap())
        .equation("u", "laplace(u) - u*v^2")
        .equation("v", "laplace(v^3 - 0.01*laplace(v)) + exp(-t)*x")
        .boundary("x-", Condition::Curvature("value*t".into()))
        .boundary("x+", Condition::Value("sin(y + 50*t)".into()))
        .boundary("y", Condition::Curvature("value*x".into()));
    pde.build().unwrap()
}

/// A torus that is antiperiodic along its last axis. It must not be cut into tiles along this axis,
/// since halo cells there are not copies of cells.
fn joined_ends() -> Pde {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Ends::Periodic);
    let pde = Pde::on(&grid.axis("y", 0.0..1.0, 30, Ends::Periodic).build().unwrap())
        .equation("u", "laplace(u^3 - 0.01*laplace(u))")
        .boundary("y", Condition::Antiperiodic);
    pde.build().unwrap()
}

/// An executor and a wavefront of three steps, on a block with a state.
fn prepared(pde: &Pde, asked: Blocking) -> (World, Subdomain, Memory, Executor, Wavefront) {
    let (world, cut, block) = alone(pde);
    let plan = euler_step(pde);
    let asked = Blocking { steps: Some(3), ..asked };
    let deep = DeepPipeline::new(pde, &plan, &cut, asked).unwrap();
    let (halo, more) = (plan.halo(), deep.halo());
    let layout = block.layout(std::array::from_fn(|axis| halo[axis].max(more[axis])));
    let mut memory = Memory::new(layout, plan.arrays(), plan.rows(), 0).unwrap();
    let executor = Executor::new(pde, &world, &block, &memory, plan, 0, Backend::Closures).unwrap();
    let mut wavefront = Wavefront::new(pde, &world, &block, &memory, &executor, &deep);
    deep.tune(&world, &block, &mut memory, &mut wavefront).unwrap();
    fill(&mut memory, pde.arrays());
    (world, block, memory, executor, wavefront)
}

fn time(step: usize) -> (f64, f64, f64) {
    (0.2 + step as f64 * STEP, STEP, 1.0)
}

/// The state after some steps that are made pass by pass.
fn step_by_step(pde: &Pde, steps: usize) -> Vec<u64> {
    let (world, block, mut memory, mut executor, _) = prepared(pde, Blocking::default());
    for step in 0..steps {
        let (time, size, _) = time(step);
        assert!(executor.run(&world, &block, &mut memory, time, size).unwrap());
        memory.swap_all(executor.plan().swaps());
    }
    bits(&memory, pde.arrays())
}

#[test]
fn a_sweep_of_several_steps_gives_the_bits_of_single_ones() {
    for (name, pde) in [("walls", walled()), ("joined ends", joined_ends())] {
        for steps in [2, 3] {
            let expected = step_by_step(&pde, steps);
            for (slabs, tile) in [(1, 0), (4, 0), (50, 0), (1, 8), (3, 16)] {
                let asked =
                    Blocking { slabs: Some(slabs), tile: Some(tile), ..Blocking::default() };
                let (_, block, mut memory, executor, mut wavefront) = prepared(&pde, asked);
                assert_eq!(wavefront.steps, 3);
                let mut counts = Counts::default();
                let bad = wavefront.advance(&block, &mut memory, steps, time, &mut counts).unwrap();
                assert_eq!((bad, counts.halo_exchanges), (None, 1));
                (0..steps).for_each(|_| memory.swap_all(executor.plan().swaps()));
                let place = format!("{steps} steps, {slabs} slabs, tiles of {tile}, {name}");
                assert!(bits(&memory, pde.arrays()) == expected, "{place}");
            }
        }
    }
}

#[test]
fn the_first_number_that_is_not_finite_is_found() {
    let pde = walled();
    let asked = Blocking { slabs: Some(2), ..Blocking::default() };
    let (_, block, mut memory, _, mut wavefront) = prepared(&pde, asked);
    let layout = memory.layout();
    memory.of_array_mut(1)[layout.index([0, 6, 9])] = f64::NAN;
    let mut counts = Counts::default();
    let bad = wavefront.advance(&block, &mut memory, 3, time, &mut counts).unwrap();
    // This is after the first step: u in that cell comes before v in the cells around it.
    assert_eq!(bad, Some((0, (0, 6 * 30 + 9))));
}
