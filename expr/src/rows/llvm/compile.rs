//! Compiles a kernel to code.

use std::sync::atomic::{AtomicUsize, Ordering};

use inkwell::context::Context;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::FileType;

use super::extents::Extents;
use super::function;
use super::jit::{self, Code};
use super::pieces;
use super::target::Target;
use crate::kernel::Kernel;

/// The passes that are run on a module before code is generated. Loads, stores and arithmetic are
/// already emitted in their best form, so only equal values are merged. More passes cost time and
/// make nothing faster.
const PASSES: &str = "mem2reg,early-cse";

/// Compiles a kernel to code for a target.
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
    // In a large kernel the memory is not what takes the time, and compiling does.
    let fetches = pieces::size(kernel) <= pieces::LARGE;
    if fetches {
        function::emit(&context, &module, &fetching, kernel, &extents, target, true);
    }
    // The module is verified, since LLVM would end the process on an invalid one.
    module.verify().map_err(|message| message.to_string())?;
    module
        .run_passes(PASSES, &machine, PassBuilderOptions::create())
        .map_err(|message| message.to_string())?;
    let object = machine
        .write_to_memory_buffer(&module, FileType::Object)
        .map_err(|message| message.to_string())?;
    Code::load(object, [&name, if fetches { &fetching } else { &name }], extents)
}
