//! Whether sweeps store their results past the caches, where steps are made pass by pass.
//!
//! A processor reads a cache line before it writes to it, unless the store goes past the caches.
//! That saves a third of a sweep's traffic or more where the arrays outgrow the caches, and costs
//! more than that where they do not. Which it is depends on the machine and on who shares it, so
//! it is measured for a moment at the start; it never changes a bit.

use std::sync::Arc;
use std::time::Instant;

use fluxions_comm::World;
use fluxions_expr::{Backend, Kernel, RowFn};
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::plan::action::{Action, Extent};
use crate::run::executor::{Counts, Executor};
use crate::run::memory::Memory;

/// Bytes of a rank's arrays that are in its fastest caches anyway.
const SMALL: usize = 4 << 20;
/// How often both ways are timed where time steps are short; the fastest of each counts.
const ROUNDS: usize = 3;
/// Seconds after which there is no further round.
const ENOUGH: f64 = 0.5;
/// Storing past the caches has to be faster by this factor.
const BETTER: f64 = 1.02;

/// Makes an executor store past the caches if that is `asked` for, or if it makes time steps
/// faster; they are not timed if a closure of the program would be called with that. Whether it does
/// so. Collective.
pub(crate) fn tune(
    world: &World,
    block: &Subdomain,
    memory: &mut Memory,
    executor: &mut Executor,
    backend: Backend,
    asked: Option<bool>,
) -> Result<bool, Error> {
    let bytes = memory.layout().length() * memory.arrays() * size_of::<f64>();
    let calls_closures = executor.plan().kernels().iter().any(Kernel::calls_closures);
    let measures = !calls_closures && world.max(bytes as f64)? >= SMALL as f64;
    if !asked.unwrap_or(measures) {
        return Ok(false);
    }
    let Some(streaming) = streaming(executor, backend) else { return Ok(false) };
    let ways = [executor.kernels().to_vec(), streaming];
    let mut best = [f64::INFINITY; 2];
    if asked.is_none() {
        // Steps there and back, which may take different times.
        let mut steps = |executor: &mut Executor| {
            let began = Instant::now();
            for _ in 0..2 {
                executor.run(world, block, memory, 0.0, 0.0)?;
                memory.swap_all(executor.plan().swaps());
            }
            Ok::<_, Error>(world.max(began.elapsed().as_secs_f64())?)
        };
        // Memory becomes this rank's.
        let mut spent = steps(executor)?;
        // The first steps find in the caches what the other way has left there; not in arrays
        // over which a step takes so long.
        let settles = spent < ENOUGH;
        for _ in 0..ROUNDS {
            for (kernels, best) in ways.iter().zip(&mut best) {
                executor.set_kernels(kernels.clone());
                let settling = if settles { steps(executor)? } else { 0.0 };
                let settled = steps(executor)?;
                *best = best.min(settled);
                spent += settling + settled;
            }
            if spent > ENOUGH {
                break;
            }
        }
        executor.counts = Counts::default();
    }
    let streams = asked.unwrap_or(best[1] * BETTER < best[0]);
    let [plain, streaming] = ways;
    executor.set_kernels(if streams { streaming } else { plain });
    Ok(streams)
}

/// The kernels of an executor, of which those of sweeps store past the caches; nothing if none can.
fn streaming(executor: &Executor, backend: Backend) -> Option<Vec<Arc<dyn RowFn>>> {
    let plan = executor.plan();
    let mut kernels = executor.kernels().to_vec();
    let mut any = false;
    for action in plan.actions() {
        let Action::Sweep { kernel, extent: Extent::Block, .. } = action else { continue };
        if let Some(made) = backend.compile_streaming(&plan.kernels()[*kernel]) {
            kernels[*kernel] = made;
            any = true;
        }
    }
    any.then_some(kernels)
}
