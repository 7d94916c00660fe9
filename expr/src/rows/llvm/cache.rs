//! The kernels that this process has compiled.
//!
//! Code is immutable and nothing but a function of the kernel and the target, so that all who ask
//! for the same may share it: the ranks of a process that are threads, and one run after another.
//! Native functions are no part of it: they are given with each call. Each code is made once, also
//! if several threads ask for it at the same time; different ones are made at the same time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use super::jit::Code;
use super::target::Target;
use crate::builder::{Key, key};
use crate::kernel::{Kernel, NativeCall};

/// What code depends on.
#[derive(PartialEq, Eq, Hash)]
struct Content {
    ops: Vec<Key>,
    /// The arguments of each call of a native function.
    calls: Vec<Vec<u32>>,
    /// Each output's value and whether it is checked.
    outputs: Vec<(u32, bool)>,
    target: Target,
}

/// Code, once it is made; nothing if it cannot be made.
type Cached = Arc<OnceLock<Option<Arc<Code>>>>;

static KNOWN: LazyLock<Mutex<HashMap<Content, Cached>>> = LazyLock::new(Mutex::default);

/// The code of a kernel, made by `make` if it was not made before.
pub(super) fn get(
    kernel: &Kernel,
    target: &Target,
    make: impl FnOnce() -> Option<Code>,
) -> Option<Arc<Code>> {
    let arguments = |call: &NativeCall| call.arguments.iter().map(|v| v.0).collect();
    let content = Content {
        ops: kernel.ops.iter().map(key).collect(),
        calls: kernel.calls.iter().map(arguments).collect(),
        outputs: kernel.outputs.iter().map(|o| (o.value.0, o.checked)).collect(),
        target: target.clone(),
    };
    let cached = {
        // Nobody panics while holding the lock.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(content).or_default().clone()
    };
    cached.get_or_init(|| make().map(Arc::new)).clone()
}
