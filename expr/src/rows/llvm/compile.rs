//! From a kernel to its code.

use std::sync::atomic::{AtomicUsize, Ordering};

use inkwell::context::Context;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::FileType;

use super::extents::Extents;
use super::function;
use super::jit::{self, Code};
use super::target::Target;
use crate::kernel::Kernel;

/// What is done to a module before code is generated. Loads, stores and arithmetic are emitted
/// in the form that they should have; what is left is to share what is equal. More passes cost
/// time and make nothing faster.
const PASSES: &str = "mem2reg,early-cse";

/// Makes code of a kernel.
pub(super) fn compile(kernel: &Kernel, target: &Target) -> Result<Code, String> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("kernel_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let machine = jit::machine(target)?;
    let context = Context::create();
    let module = context.create_module(&name);
    module.set_triple(&machine.get_triple());
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let extents = Extents::of(kernel);
    let fetching = format!("{name}_fetching");
    function::emit(&context, &module, &name, kernel, &extents, target, false);
    function::emit(&context, &module, &fetching, kernel, &extents, target, true);
    // LLVM ends the process when it gets to see nonsense.
    module.verify().map_err(|message| message.to_string())?;
    module
        .run_passes(PASSES, &machine, PassBuilderOptions::create())
        .map_err(|message| message.to_string())?;
    let object = machine
        .write_to_memory_buffer(&module, FileType::Object)
        .map_err(|message| message.to_string())?;
    Code::load(object, [&name, &fetching], extents)
}
