//! What a simulation needs of memory, as one of a part of the grid tells.

use fluxions_grid::Layout;

use crate::run::memory::Memory;
use crate::simulation::simulation::Simulation;
use crate::simulation::undo::Undo;

/// What a simulation has in memory: arrays of so many cells as a block has, and what solvers keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// Arrays, and rows beside them, for all that is computed.
    pub(crate) arrays: usize,
    pub(crate) rows: usize,
    /// Layers of halos around them.
    pub(crate) halo: [usize; 3],
    /// Arrays that are copied before a step that may be made anew.
    pub(crate) undone: usize,
    /// Arrays that are copied where output is due within a step.
    pub(crate) aside: usize,
    /// Bytes of a solver for each cell of the grid.
    pub(crate) solver: f64,
}

impl Needs {
    /// What plans of steps need alone: arrays and rows, with these layers of halos.
    pub(crate) fn of_steps(arrays: usize, rows: usize, halo: [usize; 3]) -> Self {
        Needs { arrays, rows, halo, undone: 0, aside: 0, solver: 0.0 }
    }

    /// The bytes that a rank needs, on a block of this layout whose halos are deep enough for all.
    pub(crate) fn bytes(&self, layout: Layout) -> usize {
        let copies = (self.undone + self.aside) * layout.length() * size_of::<f64>();
        Memory::bytes(layout, self.arrays, self.rows) + copies
    }

    /// The same, with copies for output within steps only if there is such output.
    #[must_use]
    pub fn with_output_within_steps(self, is_due: bool) -> Self {
        Needs { aside: if is_due { self.aside } else { 0 }, ..self }
    }

    /// The same, with what solvers were seen to keep for each cell.
    #[must_use]
    pub fn with_solver(self, bytes_per_cell: f64) -> Self {
        Needs { solver: bytes_per_cell, ..self }
    }
}

impl Simulation {
    /// What it needs of memory. Solvers have what they keep once something was solved.
    pub fn needs(&self) -> Needs {
        let kept = self.kept().len();
        let is_tried = self.clock.certain() == 0 && self.implicit.is_none();
        let undone = match (is_tried, self.clock.looks_at_states()) {
            (false, _) => 0,
            (true, true) => kept,
            (true, false) => Undo::new(self.stepper.plan(), self.state.pde.arrays()).arrays.len(),
        };
        let memory = &self.state.memory;
        Needs {
            arrays: memory.arrays(),
            rows: memory.rows(),
            halo: memory.layout().halo(),
            undone,
            aside: if self.looks_within || self.balancing.is_some() { 0 } else { kept },
            solver: self.solver_bytes() as f64 / self.state.pde.grid().cells() as f64,
        }
    }

    /// Bytes that solvers keep beside the arrays.
    fn solver_bytes(&self) -> usize {
        let implicit = self.implicit.as_ref().map(|implicit| &implicit.newton);
        let balancing = self.balancing.as_ref().map(|balancing| &balancing.newton);
        let newtons = implicit.into_iter().chain(balancing);
        let unknowns = self.stepper.unknowns().map_or(0, |unknowns| unknowns.borrow().bytes());
        newtons.map(|newton| newton.preconditioner.bytes()).sum::<usize>() + unknowns
    }
}
