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
mod pieces;
mod target;
mod trial;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

pub use target::Target;

use self::cache::Content;
use self::jit::Code;
use self::pieces::PieceRows;
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

/// About how many instructions of large kernels are compiled together. That takes about a second.
const MOST: usize = 3000;

/// Code of kernels for the processor of this machine. There is none for a kernel for which LLVM
/// cannot make code, or would take too long: of large kernels the smallest ones come first.
pub(super) fn compile_for_host(kernels: &[Kernel]) -> Vec<Option<Arc<dyn RowFn>>> {
    static HOST: LazyLock<Target> = LazyLock::new(Target::host);
    let compile = |kernel: &Kernel| {
        let rows = LlvmRows::compile(kernel, &HOST)?;
        Some(Arc::new(rows) as Arc<dyn RowFn>)
    };
    let mut all: Vec<_> = kernels.iter().map(|_| None).collect();
    let mut large = Vec::new();
    for (k, kernel) in kernels.iter().enumerate() {
        match pieces::size(kernel) {
            size if size > pieces::LARGE => large.push((size, k)),
            _ => all[k] = compile(kernel),
        }
    }
    large.sort_unstable();
    let (mut made, mut left) = (HashSet::new(), MOST);
    for (_, k) in large {
        let Some(pieces) = pieces::pieces(&kernels[k]) else { continue };
        // Equal pieces share their code.
        let mut new = HashSet::new();
        let costs = pieces.iter().map(|piece| {
            let content = Content::of(&piece.kernel, &HOST);
            let known = made.contains(&content) || !new.insert(content);
            if known { 0 } else { piece.cost() }
        });
        let cost: usize = costs.sum();
        if cost > left {
            continue;
        }
        left -= cost;
        made.extend(new);
        let compiled: Option<Vec<_>> =
            pieces.into_iter().map(|piece| Some((compile(&piece.kernel)?, piece))).collect();
        all[k] = compiled.map(|pieces| Arc::new(PieceRows::new(pieces)) as Arc<dyn RowFn>);
    }
    all
}

/// The kernel's code for the processor of this machine, storing results past the caches. There is
/// none for large kernels, for which the memory is not what takes the time.
pub(super) fn compile_streaming(kernel: &Kernel) -> Option<LlvmRows> {
    static HOST: LazyLock<Target> = LazyLock::new(|| Target::host().streaming());
    if pieces::size(kernel) > pieces::LARGE {
        return None;
    }
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
