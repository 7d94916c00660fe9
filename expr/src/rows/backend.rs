//! The ways in which kernels are compiled.

use std::fmt;
use std::sync::Arc;

use super::{RowFn, Rows};
use crate::kernel::Kernel;

/// A way to compile kernels to native code. All of them give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// LLVM, which is the fastest.
    #[cfg(feature = "inkwell")]
    #[default]
    Llvm,
    /// Closures over chunks of a row. They are always available, and the others are compared with
    /// them.
    #[cfg_attr(not(feature = "inkwell"), default)]
    Closures,
}

impl Backend {
    /// All back ends of this build, the fastest first.
    pub const ALL: &[Backend] = &[
        #[cfg(feature = "inkwell")]
        Backend::Llvm,
        Backend::Closures,
    ];

    /// The name of the back end in problem files and reports.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "inkwell")]
            Backend::Llvm => "llvm",
            Backend::Closures => "closures",
        }
    }

    /// Compiles a kernel to native code, as [`Backend::compile_all`] compiles several.
    pub fn compile(self, kernel: &Kernel) -> Arc<dyn RowFn> {
        self.compile_all(std::slice::from_ref(kernel)).remove(0)
    }

    /// Compiles kernels to native code. A kernel that this back end cannot compile, or that is so
    /// large that compiling it would take too long, is compiled to closures; [`RowFn::backend`]
    /// tells which one was used.
    pub fn compile_all(self, kernels: &[Kernel]) -> Vec<Arc<dyn RowFn>> {
        let closures = |kernel: &Kernel| Arc::new(Rows::compile(kernel)) as Arc<dyn RowFn>;
        match self {
            #[cfg(feature = "inkwell")]
            Backend::Llvm => {
                let made = super::llvm::compile_for_host(kernels).into_iter().zip(kernels);
                made.map(|(made, kernel)| made.unwrap_or_else(|| closures(kernel))).collect()
            }
            Backend::Closures => kernels.iter().map(closures).collect(),
        }
    }

    /// Compiles a kernel to native code that stores results past the caches. Such code is faster
    /// where the arrays are much larger than the caches, and slower elsewhere. `None` if this back
    /// end has no such code.
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
