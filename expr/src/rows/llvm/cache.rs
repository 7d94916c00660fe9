//! The kernels that this process has compiled.
//!
//! Code is immutable and nothing but a function of the kernel and the target, so that all who ask
//! for the same may share it: the ranks of a process that are threads, and one run after another.
//! Each is compiled once, also if several threads ask at the same time; different ones are
//! compiled at the same time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use super::LlvmRows;
use super::target::Target;
use crate::builder::{Key, key};
use crate::kernel::Kernel;

/// What code depends on.
#[derive(PartialEq, Eq, Hash)]
struct Content {
    ops: Vec<Key>,
    /// Each output's value and whether it is checked.
    outputs: Vec<(u32, bool)>,
    target: Target,
}

/// Code, once it is made; nothing if it cannot be made.
type Entry = Arc<OnceLock<Option<Arc<LlvmRows>>>>;

static KNOWN: LazyLock<Mutex<HashMap<Content, Entry>>> = LazyLock::new(Mutex::default);

/// The code of a kernel without closures, made by `make` if it was not made before.
pub(super) fn get(
    kernel: &Kernel,
    target: &Target,
    make: impl FnOnce() -> Option<LlvmRows>,
) -> Option<Arc<LlvmRows>> {
    let content = Content {
        ops: kernel.ops.iter().map(key).collect(),
        outputs: kernel.outputs.iter().map(|o| (o.value.0, o.checked)).collect(),
        target: target.clone(),
    };
    let entry = {
        // Nobody panics while holding the lock.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(content).or_default().clone()
    };
    entry.get_or_init(|| make().map(Arc::new)).clone()
}
