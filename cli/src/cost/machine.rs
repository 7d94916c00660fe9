//! Machines, as a cost model sees them: cores, memory, and messages in a node and between nodes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The machines that are known by name, each from a file of its own.
const KNOWN: [(&str, &str); 6] = [
    ("archer2", include_str!("machines/archer2.toml")),
    ("lumi-c", include_str!("machines/lumi-c.toml")),
    ("snellius-rome", include_str!("machines/snellius-rome.toml")),
    ("aws-efa", include_str!("machines/aws-efa.toml")),
    ("cloud-rdma", include_str!("machines/cloud-rdma.toml")),
    ("gigabit", include_str!("machines/gigabit.toml")),
];

/// A machine: nodes that are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    /// Its name.
    pub(crate) name: String,
    /// Where its numbers come from.
    pub(crate) sources: String,
    /// The cores of a node.
    pub(crate) cores: usize,
    /// How fast a core is beside one of the machine that makes the prediction.
    pub(crate) speed: f64,
    /// The bytes per second that all cores of a node read and write together.
    pub(crate) memory: f64,
    /// The bytes of all caches that a core has for itself, its share of common ones included.
    pub(crate) cache: f64,
    /// The bytes per second that a core copies from one place in its caches to another.
    pub(crate) copy: f64,
    /// Messages between ranks of a node.
    pub(crate) shared: Link,
    /// Messages between nodes; nothing for a machine of one node.
    pub(crate) network: Option<Network>,
    /// The seconds of a round of messages for each of the ranks that share a core: a core goes from one to the next, since each
    /// waits for others. Where nobody says, a few latencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) turn: Option<f64>,
    /// How long it takes all ranks to reduce a number.
    pub(crate) reductions: Reductions,
}

/// Messages between two ranks: latency and bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// The seconds that an empty message takes.
    pub(crate) latency: f64,
    /// The bytes per second of a long one.
    pub(crate) bandwidth: f64,
}

/// Messages between nodes, whose ranks share what a node has: the max-rate model (Gropp, Olson & Samfass 2016,
/// "Modeling MPI communication performance on SMP nodes", EuroMPI).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    /// The seconds that an empty message takes.
    pub(crate) latency: f64,
    /// The bytes per second that one rank sends.
    pub(crate) rank: f64,
    /// The bytes per second that all ranks of a node send together.
    pub(crate) node: f64,
}

/// How long it takes all ranks to reduce a number, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reductions {
    /// For all cores of a node.
    pub(crate) node: f64,
    /// For each doubling of the nodes.
    pub(crate) doubling: f64,
}

impl Machine {
    /// The machine of this name, or the one that a file describes.
    pub(crate) fn find(name: &str) -> Result<Self, Failure> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let text = match known {
            Some((_, text)) => text.to_string(),
            None => std::fs::read_to_string(name).map_err(|error| {
                let names = KNOWN.map(|(name, _)| name).join(", ");
                let message = format!("there is no machine and no file `{name}`: {error}");
                let help = format!(
                    "known are {names}; `fluxions bench --save FILE` describes this machine"
                );
                Failure::usage(message, Some(&help))
            })?,
        };
        Self::parse(&text).map_err(|reason| {
            Failure::usage(format!("`{name}` does not describe a machine: {reason}"), None)
        })
    }

    /// The machine that a text describes, or what is wrong with it.
    fn parse(text: &str) -> Result<Self, String> {
        let machine: Machine = toml::from_str(text).map_err(|error| error.to_string())?;
        let Machine {
            cores, speed, memory, cache, copy, shared, network, turn, reductions, ..
        } = &machine;
        let network = network.map(|n| [("latency", n.latency), ("rank", n.rank), ("node", n.node)]);
        let all = [
            ("cores", *cores as f64),
            ("speed", *speed),
            ("memory", *memory),
            ("cache", *cache),
            ("copy", *copy),
            ("latency", shared.latency),
            ("bandwidth", shared.bandwidth),
            ("node", reductions.node),
        ];
        let doubling = ("doubling", reductions.doubling);
        let wrong = |(_, value): &(&str, f64)| !(*value > 0.0 && value.is_finite());
        let all = all.into_iter().chain(network.into_iter().flatten());
        let wrong = all.chain(turn.map(|seconds| ("turn", seconds))).find(wrong);
        let wrong = wrong.or(Some(doubling).filter(|(_, x)| !(*x >= 0.0 && x.is_finite())));
        match wrong {
            Some((key, value)) => Err(format!("`{key}` is {value}, which must be above 0")),
            None => Ok(machine),
        }
    }

    /// Writes the machine to a file.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let text = toml::to_string(self).expect("numbers and texts can be written");
        let failed = |source| fluxions_io::Error::File {
            path: path.to_path_buf(),
            action: "write the description of the machine",
            source,
        };
        std::fs::write(path, text).map_err(|source| Failure::Files(failed(source)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_machines_are_described_in_full() {
        for (name, text) in KNOWN {
            let machine = Machine::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(machine.network.is_some() && !machine.sources.is_empty(), "{name}");
            assert!(Machine::parse(&toml::to_string(&machine).unwrap()).unwrap() == machine);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let text = KNOWN[0].1;
        let wrong = |from: &str, to: &str| Machine::parse(&text.replace(from, to)).unwrap_err();
        assert!(wrong("speed = 1.0", "speed = 0.0").contains("`speed` is 0"));
        assert!(wrong("speed = 1.0", "sped = 1.0").contains("sped"));
        assert!(wrong("cores = 128", "cores = -1").contains("cores"));
        assert!(wrong("cores = 128", "cores = 128\nturn = -1.0").contains("`turn` is -1"));
    }
}
