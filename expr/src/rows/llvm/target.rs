//! What code is made for: a processor's vectors and instructions, and where results go.

use inkwell::targets::TargetMachine;

/// A processor to make code for, and a way to store results.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its name, as LLVM knows it.
    pub(super) cpu: String,
    /// What it can do beyond or short of what its name says: `+avx2,-avx512f`.
    pub(super) features: String,
    /// Doubles in a vector.
    pub(super) width: u32,
    /// Whether it multiplies and adds with one rounding.
    pub(super) fused: bool,
    /// Whether it rounds to whole numbers.
    pub(super) rounds: bool,
    /// Whether results are stored past the caches: for arrays that are larger than these.
    pub(super) streams: bool,
}

impl Target {
    /// The processor that this runs on, with what the operating system lets it use.
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

    /// The same processor, with results stored past the caches.
    #[must_use]
    pub fn streaming(self) -> Self {
        Target { streams: true, ..self }
    }

    /// Those of the above whose code runs here.
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
