//! The kernels that this process has compiled.
//!
//! Code is immutable and depends only on the kernel and the target. So it can be shared by all
//! users of a process: by ranks that are threads, and by one run after another. Native functions
//! are not part of the code, since they are given with each call. Each code is made once, even if
//! several threads ask for it at the same time. Different codes can be made at the same time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use super::jit::Code;
use super::target::Target;
use crate::builder::{Key, key};
use crate::kernel::{Kernel, NativeCall, Output};

/// Everything on which the code of a kernel depends.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Content {
    ops: Vec<Key>,
    /// The values of the arguments of each call of a native function.
    calls: Vec<Vec<u32>>,
    /// The value of each output, whether it is checked, and whether it replaces an input.
    outputs: Vec<(u32, bool, bool)>,
    target: Target,
}

impl Content {
    /// What the code of a kernel for a target depends on.
    pub(super) fn of(kernel: &Kernel, target: &Target) -> Self {
        let arguments = |call: &NativeCall| call.arguments.iter().map(|v| v.0).collect();
        let output = |o: &Output| (o.value.0, o.checked, o.in_place.is_some());
        Content {
            ops: kernel.ops.iter().map(key).collect(),
            calls: kernel.calls.iter().map(arguments).collect(),
            outputs: kernel.outputs.iter().map(output).collect(),
            target: target.clone(),
        }
    }
}

/// The code once it is made, or `None` if it cannot be made.
type Cached = Arc<OnceLock<Option<Arc<Code>>>>;

static KNOWN: LazyLock<Mutex<HashMap<Content, Cached>>> = LazyLock::new(Mutex::default);

/// The code of a kernel. If it was not made before, it is made by `make`.
pub(super) fn get(
    kernel: &Kernel,
    target: &Target,
    make: impl FnOnce() -> Option<Code>,
) -> Option<Arc<Code>> {
    let content = Content::of(kernel, target);
    let cached = {
        // No thread panics while it holds the lock.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(content).or_default().clone()
    };
    cached.get_or_init(|| make().map(Arc::new)).clone()
}
