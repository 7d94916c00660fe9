//! What kernels are compiled to.

use std::fmt;
use std::sync::Arc;

use super::{RowFn, Rows};
use crate::kernel::Kernel;

/// A way to make native code of kernels. All give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// LLVM: the fastest.
    #[cfg(feature = "inkwell")]
    #[default]
    Llvm,
    /// Closures over chunks of a row: always there, and what others are compared with.
    #[cfg_attr(not(feature = "inkwell"), default)]
    Closures,
}

impl Backend {
    /// All that this build has, the fastest first.
    pub const ALL: &[Backend] = &[
        #[cfg(feature = "inkwell")]
        Backend::Llvm,
        Backend::Closures,
    ];

    /// Its name in problem files and reports.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "inkwell")]
            Backend::Llvm => "llvm",
            Backend::Closures => "closures",
        }
    }

    /// Makes native code of a kernel; what this back end cannot make is made by closures
    /// ([`RowFn::backend`] tells).
    pub fn compile(self, kernel: &Kernel) -> Arc<dyn RowFn> {
        match self {
            #[cfg(feature = "inkwell")]
            Backend::Llvm => match super::llvm::compile_for_host(kernel) {
                Some(rows) => Arc::new(rows),
                None => Backend::Closures.compile(kernel),
            },
            Backend::Closures => Arc::new(Rows::compile(kernel)),
        }
    }

    /// Makes native code that stores results past the caches: faster where the arrays are much
    /// larger than these, slower elsewhere. `None` if this back end has no such code.
    #[cfg_attr(not(feature = "inkwell"), allow(unused_variables))]
    pub fn compile_streaming(self, kernel: &Kernel) -> Option<Arc<dyn RowFn>> {
        match self {
            #[cfg(feature = "inkwell")]
            Backend::Llvm => Some(Arc::new(super::llvm::compile_streaming(kernel)?)),
            Backend::Closures => None,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
