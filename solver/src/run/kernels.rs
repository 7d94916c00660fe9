//! The kernels of a plan, compiled for one block.

use std::rc::Rc;
use std::sync::Arc;

use fluxions_expr::rows::{Cells, Profile};
use fluxions_expr::{Backend, Call, Kernel, RowFn, Scratch};
use fluxions_grid::Region;
use fluxions_halo::Subdomain;

use crate::plan::action::Action;
use crate::plan::plan::Plan;
use crate::run::binding::Binding;
use crate::run::guard;
use crate::run::memory::Memory;
use crate::run::parameters::Parameters;
use crate::run::profiles;
use crate::system::pde::Pde;

/// The compiled kernels of a plan, with the profiles of one block and with working memory.
pub(crate) struct Kernels {
    compiled: Vec<Arc<dyn RowFn>>,
    /// The kernels of what is computed from parameters alone.
    of_parameters: Vec<usize>,
    profiles: Rc<[Profile]>,
    scratch: Scratch,
}

impl Kernels {
    /// Compiles the kernels of a plan for a block in memory of this layout.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        memory: &Memory,
        plan: &Plan,
        backend: Backend,
    ) -> Self {
        let kernels = plan.kernels();
        let profiles = profiles::of_block(pde, block, memory.layout().halo(), kernels).into();
        // What is computed from parameters alone is computed once, by nothing faster.
        let is_of_parameters = |number: usize| {
            let mut actions = plan.actions().iter();
            actions
                .any(|action| matches!(action, Action::Compute { kernel, .. } if *kernel == number))
        };
        let (of_parameters, others): (Vec<usize>, Vec<usize>) =
            (0..kernels.len()).partition(|number| is_of_parameters(*number));
        let mut compiled = vec![None; kernels.len()];
        for (numbers, backend) in [(&of_parameters, Backend::Closures), (&others, backend)] {
            let chosen: Vec<Kernel> = numbers.iter().map(|n| kernels[*n].clone()).collect();
            for (number, code) in numbers.iter().zip(backend.compile_all(&chosen)) {
                compiled[*number] = Some(code);
            }
        }
        let compiled = compiled.into_iter().map(|code| code.expect("each kernel is compiled"));
        Self::with_scratch(compiled.collect(), of_parameters, profiles)
    }

    /// The same compiled kernels with working memory of their own.
    pub(crate) fn shared(&self) -> Self {
        Self::with_scratch(
            self.compiled.clone(),
            self.of_parameters.clone(),
            Rc::clone(&self.profiles),
        )
    }

    fn with_scratch(
        compiled: Vec<Arc<dyn RowFn>>,
        of_parameters: Vec<usize>,
        profiles: Rc<[Profile]>,
    ) -> Self {
        let mut scratch = Scratch::default();
        compiled.iter().for_each(|kernel| kernel.reserve(&mut scratch));
        Kernels { compiled, of_parameters, profiles, scratch }
    }

    /// The compiled kernels, in the order of their numbers in the plan.
    pub(crate) fn compiled(&self) -> &[Arc<dyn RowFn>] {
        &self.compiled
    }

    /// Replaces the code of the kernels by other code for the same kernels.
    pub(crate) fn replace(&mut self, compiled: Vec<Arc<dyn RowFn>>) {
        compiled.iter().for_each(|kernel| kernel.reserve(&mut self.scratch));
        self.compiled = compiled;
    }

    /// The names of the back ends that compiled the kernels.
    pub(crate) fn backends(&self) -> String {
        let swept = (0..self.compiled.len()).filter(|kernel| !self.of_parameters.contains(kernel));
        let made: Vec<Backend> = swept.map(|kernel| self.compiled[kernel].backend()).collect();
        let names = Backend::ALL.iter().filter(|backend| made.contains(backend));
        names.map(|backend| backend.name()).collect::<Vec<_>>().join(", ")
    }

    /// The working memory. Other kernels may use it between runs of these.
    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// Whether the guard of a kernel that gave a number that is not finite is raised in any cell of
    /// a region.
    pub(crate) fn is_raised(
        &mut self,
        guard: &Kernel,
        memory: &mut Memory,
        binding: &Binding,
        parameters: &Parameters,
        region: &Region,
    ) -> bool {
        let (mut call, cells) = call(memory, binding, parameters, &self.profiles, region, 0);
        guard::is_raised(guard, &mut call, cells, &mut self.scratch)
    }

    /// Runs a kernel in the cells of a region. Returns whether all checked results are finite. The
    /// cells that are computed next lie `ahead` numbers further on in each array, if that is not 0.
    pub(crate) fn run(
        &mut self,
        kernel: usize,
        memory: &mut Memory,
        binding: &Binding,
        parameters: &Parameters,
        region: &Region,
        ahead: usize,
    ) -> bool {
        let (mut call, cells) = call(memory, binding, parameters, &self.profiles, region, ahead);
        self.compiled[kernel].run(&mut call, cells, &mut self.scratch)
    }
}

/// The call of a kernel, and the cells of a region.
fn call<'a>(
    memory: &'a mut Memory,
    binding: &'a Binding,
    parameters: &'a Parameters,
    profiles: &'a [Profile],
    region: &Region,
    ahead: usize,
) -> (Call<'a>, Cells) {
    let pitch = memory.layout().pitch();
    let call = Call {
        memory: memory.all_mut(),
        inputs: &binding.inputs,
        outputs: &binding.outputs,
        pitch,
        parameters: parameters.all(),
        profiles,
        ahead,
    };
    (call, std::array::from_fn(|axis| (region.start[axis], region.end[axis])))
}
