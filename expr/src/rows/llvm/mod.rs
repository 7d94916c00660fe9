//! Kernels compiled by LLVM: loops over explicit vectors, made for the processor that this runs on.

mod cache;
mod emit;
mod extents;
mod function;
mod jit;
mod target;
mod trial;

use std::sync::{Arc, LazyLock};

pub use target::Target;

use self::jit::Code;
use super::{Backend, Call, Cells, RowFn, Scratch};
use crate::kernel::{Kernel, Op};

/// A kernel compiled by LLVM.
pub struct LlvmRows {
    code: Code,
    profiles: usize,
}

impl LlvmRows {
    /// The kernel's code for a target, compiled unless this process has done so before. `None`
    /// if the kernel calls closures, or if LLVM cannot make code that computes what the closures
    /// of [`Rows`](super::Rows) do.
    pub fn compile(kernel: &Kernel, target: &Target) -> Option<Arc<Self>> {
        if !kernel.ops.iter().all(is_known) {
            return None;
        }
        cache::get(kernel, target, || {
            let code = Code::new(kernel, target);
            debug_assert!(code.is_ok(), "{:?}", code.err());
            let code = code.ok()?;
            let agrees = trial::agrees(kernel, &code);
            debug_assert!(agrees, "compiled for {target:?}, this kernel differs:\n{kernel}");
            let profile = |op: &Op| match op {
                Op::Profile { number, .. } => Some(*number as usize + 1),
                _ => None,
            };
            let profiles = kernel.ops.iter().filter_map(profile).max().unwrap_or(0);
            agrees.then_some(LlvmRows { code, profiles })
        })
    }
}

/// The kernel's code for the processor that this runs on.
pub(super) fn compile(kernel: &Kernel) -> Option<Arc<LlvmRows>> {
    static HOST: LazyLock<Target> = LazyLock::new(Target::host);
    LlvmRows::compile(kernel, &HOST)
}

/// The same, which stores results past the caches.
pub(super) fn compile_streaming(kernel: &Kernel) -> Option<Arc<LlvmRows>> {
    static HOST: LazyLock<Target> = LazyLock::new(|| Target::host().streaming());
    LlvmRows::compile(kernel, &HOST)
}

/// Whether there is code for an operation.
fn is_known(op: &Op) -> bool {
    !matches!(op, Op::Native(..))
}

impl RowFn for LlvmRows {
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool {
        self.code.run(call, cells, &mut scratch.addresses)
    }

    fn reserve(&self, scratch: &mut Scratch) {
        scratch.addresses.reserve(self.profiles.saturating_sub(scratch.addresses.len()));
    }

    fn backend(&self) -> Backend {
        Backend::Llvm
    }
}
