//! The target of code: a processor's vectors and instructions, and how results are stored.

use inkwell::targets::TargetMachine;

/// A processor to make code for, and a way to store results.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The name of the processor, as LLVM knows it.
    pub(super) cpu: String,
    /// The features that the processor has or lacks in addition to its name: `+avx2,-avx512f`.
    pub(super) features: String,
    /// The number of doubles in a vector.
    pub(super) width: u32,
    /// Whether the processor has an instruction for a·b + c with one rounding.
    pub(super) fused: bool,
    /// Whether the processor has instructions for rounding to whole numbers.
    pub(super) rounds: bool,
    /// Whether results are stored past the caches, which is for arrays that are larger than the
    /// caches.
    pub(super) streams: bool,
}

impl Target {
    /// The processor of this machine, with the features that the operating system lets it use.
    pub fn host() -> Self {
        let cpu = TargetMachine::get_host_cpu_name().to_string();
        let features = TargetMachine::get_host_cpu_features().to_string();
        let has = |name: &str| features.split(',').any(|f| f.strip_prefix('+') == Some(name));
        let other = !cfg!(any(target_arch = "x86_64", target_arch = "x86"));
        let wide = ["avx512f", "avx512dq", "avx512vl"].iter().all(|name| has(name));
        Target {
            width: if wide {
                8
            } else if has("avx2") {
                4
            } else {
                2
            },
            fused: other || has("fma"),
            rounds: other || has("sse4.1"),
            streams: false,
            cpu,
            features,
        }
    }

    /// Any x86-64 processor with AVX2.
    pub fn avx2() -> Self {
        Target {
            cpu: "x86-64-v3".into(),
            features: String::new(),
            width: 4,
            fused: true,
            rounds: true,
            streams: false,
        }
    }

    /// Any x86-64 processor.
    pub fn baseline() -> Self {
        Target {
            cpu: "x86-64".into(),
            features: String::new(),
            width: 2,
            fused: false,
            rounds: false,
            streams: false,
        }
    }

    /// The target for the same processor that stores results past the caches.
    #[must_use]
    pub fn streaming(self) -> Self {
        Target { streams: true, ..self }
    }

    /// The targets among these whose code runs on this machine.
    pub fn all() -> Vec<Self> {
        let host = Target::host();
        let wide = host.width > 2;
        let mut all = vec![host];
        if cfg!(target_arch = "x86_64") {
            all.extend(wide.then(Target::avx2));
            all.push(Target::baseline());
        }
        all
    }
}
