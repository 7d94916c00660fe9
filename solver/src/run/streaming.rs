//! Chooses whether sweeps store their results past the caches, if steps are made pass by pass.
//!
//! A processor reads a cache line before it writes to it, unless the store goes past the caches.
//! Such stores save a third of a sweep's traffic or more where the arrays are larger than the
//! caches, and cost more than that where they are not. The better way depends on the machine and on
//! who shares it. So it is measured for a moment at the start. It never changes a bit of the
//! results.

use std::sync::Arc;
use std::time::Instant;

use fluxions_comm::World;
use fluxions_expr::{Backend, Kernel, RowFn};
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::plan::action::{Action, Extent};
use crate::run::counts::Counts;
use crate::run::executor::Executor;
use crate::run::memory::Memory;

/// Arrays of a rank with fewer than this number of bytes stay in its fastest caches.
const SMALL: usize = 4 << 20;
/// The number of times that both ways are timed if time steps are short. The fastest time of each
/// counts.
const ROUNDS: usize = 3;
/// After this number of seconds there is no further round.
const ENOUGH: f64 = 0.5;
/// Storing past the caches must be faster by this factor.
const BETTER: f64 = 1.02;

/// Makes an executor store past the caches if that is `asked` for. If nothing is asked for, it does
/// so if that makes time steps faster. Steps are not timed if they would call closures of the
/// program. Returns whether the executor now stores past the caches. Collective.
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
    let ways = [executor.kernels().compiled().to_vec(), streaming];
    let mut best = [f64::INFINITY; 2];
    if asked.is_none() {
        // Two steps are timed, since arrays change places after a step, and one of their places may
        // be faster.
        let mut steps = |executor: &mut Executor| {
            let began = Instant::now();
            for _ in 0..2 {
                executor.run(world, block, memory, 0.0, 0.0)?;
                memory.swap_all(executor.plan().swaps());
            }
            Ok::<_, Error>(world.max(began.elapsed().as_secs_f64())?)
        };
        // The first steps touch the memory, since the system provides pages only when they are
        // touched.
        let mut spent = steps(executor)?;
        // The first steps of each way find in the caches what the other way has left there. This
        // does not matter if arrays are so large that a step takes this long.
        let settles = spent < ENOUGH;
        for _ in 0..ROUNDS {
            for (kernels, best) in ways.iter().zip(&mut best) {
                executor.kernels_mut().replace(kernels.clone());
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
    executor.kernels_mut().replace(if streams { streaming } else { plain });
    Ok(streams)
}

/// The kernels of an executor, where those of sweeps store past the caches. `None` if the back end
/// cannot make such kernels.
fn streaming(executor: &Executor, backend: Backend) -> Option<Vec<Arc<dyn RowFn>>> {
    let plan = executor.plan();
    let mut kernels = executor.kernels().compiled().to_vec();
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
