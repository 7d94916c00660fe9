//! Kernels compiled by LLVM to loops over explicit vectors, for the processor of this machine.

mod cache;
mod calls;
mod compile;
mod emit;
mod extents;
mod function;
mod jit;
mod lanes;
mod operation;
mod target;
mod trial;

use std::sync::{Arc, LazyLock};

pub use target::Target;

use self::jit::Code;
use super::{Backend, Call, Cells, RowFn, Scratch};
use crate::kernel::{Kernel, Op};
use crate::native::Native;

/// A kernel compiled by LLVM.
pub struct LlvmRows {
    code: Arc<Code>,
    /// The native function of each call.
    natives: Vec<Native>,
    profiles: usize,
}

impl LlvmRows {
    /// The kernel's code for a target. It is compiled unless this process has compiled it before.
    /// `None` if LLVM cannot make code that gives what the closures of [`Rows`](super::Rows) give.
    pub fn compile(kernel: &Kernel, target: &Target) -> Option<Self> {
        let code = cache::get(kernel, target, || {
            let code = compile::compile(kernel, target);
            debug_assert!(code.is_ok(), "{:?}", code.err());
            let code = code.ok()?;
            let agrees = trial::agrees(kernel, &code);
            debug_assert!(agrees, "compiled for {target:?}, this kernel differs:\n{kernel}");
            agrees.then_some(code)
        })?;
        let profile = |op: &Op| match op {
            Op::Profile { number, .. } => Some(*number as usize + 1),
            _ => None,
        };
        let profiles = kernel.ops.iter().filter_map(profile).max().unwrap_or(0);
        let natives = kernel.calls.iter().map(|call| call.function.clone()).collect();
        Some(LlvmRows { code, natives, profiles })
    }

    /// Whether both run the same code. Their native functions may differ.
    pub fn shares_code_with(&self, other: &LlvmRows) -> bool {
        Arc::ptr_eq(&self.code, &other.code)
    }
}

/// The kernel's code for the processor of this machine.
pub(super) fn compile_for_host(kernel: &Kernel) -> Option<LlvmRows> {
    static HOST: LazyLock<Target> = LazyLock::new(Target::host);
    LlvmRows::compile(kernel, &HOST)
}

/// The kernel's code for the processor of this machine, storing results past the caches.
pub(super) fn compile_streaming(kernel: &Kernel) -> Option<LlvmRows> {
    static HOST: LazyLock<Target> = LazyLock::new(|| Target::host().streaming());
    LlvmRows::compile(kernel, &HOST)
}

impl RowFn for LlvmRows {
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool {
        self.code.run(call, cells, &self.natives, &mut scratch.addresses)
    }

    fn reserve(&self, scratch: &mut Scratch) {
        scratch.addresses.reserve(self.profiles.saturating_sub(scratch.addresses.len()));
    }

    fn backend(&self) -> Backend {
        Backend::Llvm
    }
}
