//! Helpers for the tests of several modules: a small problem on a single rank.

use fluxions_comm::World;
use fluxions_halo::{Decomposition, Subdomain};

use crate::plan::plan::Plan;
use crate::run::memory::Memory;
use crate::schemes::runge_kutta::RungeKutta;
use crate::schemes::scheme::Scheme;
use crate::schemes::tableau::Tableau;
use crate::system::pde::Pde;

/// A step of the explicit Euler scheme, which is the simplest plan with halos, sweeps and swaps.
pub(crate) fn euler_step(pde: &Pde) -> Plan {
    RungeKutta::new(Tableau::EULER, pde).step(pde)
}

/// The whole grid on one rank.
pub(crate) fn alone(pde: &Pde) -> (World, Decomposition, Subdomain) {
    let cut = Decomposition::new(pde.grid(), 1, &[], [1; 3]).unwrap();
    let block = cut.subdomain(0);
    (World::solo(), cut, block)
}

/// Gives every cell of these arrays a different value.
pub(crate) fn fill(memory: &mut Memory, arrays: usize) {
    let layout = memory.layout();
    for array in 0..arrays {
        for ((i, j, k), cell) in layout.view_mut(memory.of_array_mut(array)).indexed_iter_mut() {
            let phase = 1.3 * i as f64 + 0.7 * j as f64 + 0.41 * k as f64 + array as f64;
            *cell = 1.0 + 0.5 * phase.sin();
        }
    }
}

/// The bits of these arrays without their halos.
pub(crate) fn bits(memory: &Memory, arrays: usize) -> Vec<u64> {
    let layout = memory.layout();
    let all = (0..arrays).flat_map(|array| layout.view(memory.of_array(array)));
    all.map(|value| value.to_bits()).collect()
}
