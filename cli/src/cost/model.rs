//! How long a step takes on so many ranks: the sum of its parts on the rank that has most to do.
//!
//! T = cells · t + Σ over exchanges (latency + bytes/bandwidth + 2 · bytes/copying) + Σ over reductions. The time t of a cell
//! is measured, on blocks of several sizes. A block that outgrows the caches takes at least as long as its bytes take
//! through its share of the memory's bandwidth (the roofline model: Williams, Waterman & Patterson 2009, Commun. ACM 52, 65).

use fluxions_solver::{BlockSpeed, Demand, Message};

use super::machine::Machine;

/// The latencies of a turn where nobody has measured it.
const TURN: f64 = 4.0;

/// The parts of the time of a step, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) computing: f64,
    pub(crate) latency: f64,
    pub(crate) transfer: f64,
    pub(crate) copying: f64,
    pub(crate) reducing: f64,
}

impl Parts {
    pub(crate) fn total(&self) -> f64 {
        self.computing + self.latency + self.transfer + self.copying + self.reducing
    }

    /// The name of the largest part but the computation.
    pub(crate) fn overhead(&self) -> &'static str {
        let parts = [
            (self.latency, "the latency of messages"),
            (self.transfer, "the bandwidth of messages"),
            (self.copying, "the copying of halos"),
            (self.reducing, "reductions over all ranks"),
        ];
        let most = parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
        most.expect("there are parts").1
    }
}

/// The time of a cell of blocks of several sizes, as measured on a core of this machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Speeds {
    /// In ascending order of the cells.
    pub(crate) list: Vec<BlockSpeed>,
    /// On how many cores at the same time.
    pub(crate) cores: usize,
}

impl Speeds {
    /// The seconds that a cell of a block of this size takes: between two sizes in proportion to the logarithm.
    pub(crate) fn of(&self, cells: usize) -> f64 {
        let at = self.list.partition_point(|speed| speed.cells < cells);
        match (at.checked_sub(1).map(|before| self.list[before]), self.list.get(at)) {
            (Some(below), Some(above)) => {
                let log = |cells: usize| (cells as f64).ln();
                let share = (log(cells) - log(below.cells)) / (log(above.cells) - log(below.cells));
                below.seconds + share * (above.seconds - below.seconds)
            }
            // A step of the smallest block takes as long with even fewer cells: what is done once for each row and pass.
            (None, Some(above)) => above.seconds * above.cells as f64 / cells as f64,
            (Some(below), None) => below.seconds,
            (None, None) => 0.0,
        }
    }

    /// How many steps are made in a sweep over a block of this size.
    pub(crate) fn steps(&self, cells: usize) -> usize {
        let at = self.list.partition_point(|speed| speed.cells < cells);
        self.list.get(at).or(self.list.last()).map_or(0, |speed| speed.steps)
    }
}

/// The parts of the time of a step on so many ranks of a machine; `here`: of the one on which cells were timed, beside
/// each other.
pub(crate) fn parts(
    demand: &Demand,
    machine: &Machine,
    speeds: &Speeds,
    (ranks, here): (usize, bool),
) -> Parts {
    let used = ranks.min(machine.cores);
    // More ranks than cores take turns.
    let turns = match machine.network {
        None => (ranks as f64 / machine.cores as f64).max(1.0),
        Some(_) => 1.0,
    };
    let turn = machine.turn.unwrap_or(TURN * machine.shared.latency);
    let cells = demand.cells as f64 * demand.redundancy;
    let mut computing = cells * speeds.of(demand.cells) * turns;
    if !here {
        computing /= machine.speed;
        if demand.block_bytes as f64 > machine.cache {
            // Several steps in a sweep read and write the memory once.
            let bytes = cells * turns * demand.bytes_per_cell as f64 / demand.steps as f64;
            computing = computing.max(bytes * used as f64 / machine.memory);
        }
    }
    let mut parts = Parts { computing, ..Parts::default() };
    for round in &demand.rounds {
        let mut slowest: f64 = 0.0;
        for message in &round.messages {
            let (latency, transfer) = of_message(message, machine, ranks);
            slowest = slowest.max(latency);
            let copied = 2.0 * message.bytes as f64 / machine.copy;
            parts.transfer += turns * transfer / demand.steps as f64;
            parts.copying += turns * copied / demand.steps as f64;
        }
        // Messages that are under way at the same time still are begun and ended one by one. Where ranks share a core, each waits
        // until the others have had their turn.
        let count = round.messages.len() as f64;
        let latency = match turns > 1.0 {
            true => turns * turn,
            false => slowest * (count + 1.0) / 2.0,
        };
        parts.latency += latency / demand.steps as f64;
    }
    if ranks > 1 {
        let in_node = machine.reductions.node * log2(used) / log2(machine.cores).max(1.0);
        let nodes = machine.network.map_or(1, |_| ranks.div_ceil(machine.cores));
        let one = in_node + machine.reductions.doubling * log2(nodes);
        let one = if turns > 1.0 { one + turns * turn } else { one };
        parts.reducing = demand.reductions as f64 * one;
    }
    parts
}

fn log2(count: usize) -> f64 {
    (count as f64).log2()
}

/// The seconds of latency and of transfer of a message. Ranks are numbered node by node: those of a node that lie less
/// than `distance` from its end send to another one.
fn of_message(message: &Message, machine: &Machine, ranks: usize) -> (f64, f64) {
    let bytes = message.bytes as f64;
    match machine.network {
        Some(network) if ranks > machine.cores => {
            let leaving = message.distance.min(machine.cores) as f64;
            let alone = bytes / network.rank;
            (network.latency, alone.max(leaving * bytes / network.node))
        }
        _ => (machine.shared.latency, bytes / machine.shared.bandwidth),
    }
}

#[cfg(test)]
mod tests {
    use fluxions_solver::Round;

    use super::super::machine::{Link, Network, Reductions};
    use super::*;

    fn machine() -> Machine {
        Machine {
            name: "test".into(),
            sources: "none".into(),
            cores: 8,
            speed: 2.0,
            memory: 8e9,
            cache: 1e6,
            copy: 1e10,
            shared: Link { latency: 1e-6, bandwidth: 1e10 },
            network: Some(Network { latency: 4e-6, rank: 1e9, node: 4e9 }),
            turn: Some(5e-6),
            reductions: Reductions { node: 3e-6, doubling: 1e-6 },
        }
    }

    fn speeds() -> Speeds {
        let speed = |cells, seconds| BlockSpeed { cells, seconds, steps: 4 };
        Speeds {
            list: vec![speed(100, 4e-9), speed(10_000, 2e-9), speed(1_000_000, 3e-9)],
            cores: 1,
        }
    }

    fn demand(cells: usize, distance: usize) -> Demand {
        let message = Message { bytes: 8000, distance };
        Demand {
            dims: vec![2],
            cells,
            block_bytes: 16 * cells,
            bytes_per_cell: 16,
            steps: 1,
            rounds: vec![Round { messages: vec![message; 2] }],
            redundancy: 1.0,
            reductions: 1,
        }
    }

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn the_time_of_a_cell_lies_between_those_that_were_measured() {
        near(speeds().of(1000), 3e-9);
        near(speeds().of(100_000), 2.5e-9);
        near(speeds().of(10_000_000), 3e-9);
        near(speeds().of(50), 8e-9);
    }

    #[test]
    fn a_step_is_the_sum_of_its_parts() {
        let within = parts(&demand(10_000, 1), &machine(), &speeds(), (8, false));
        near(within.computing, 1e-5);
        near(within.latency, 1.5e-6);
        near(within.transfer, 1.6e-6);
        near(within.copying, 3.2e-6);
        near(within.reducing, 3e-6);
        near(within.total(), 1.93e-5);
    }

    #[test]
    fn ranks_of_a_node_share_its_network() {
        // One of eight leaves the node, or all of them.
        let one = parts(&demand(10_000, 1), &machine(), &speeds(), (64, false));
        near(one.transfer, 2.0 * 8000.0 / 1e9);
        near(one.latency, 6e-6);
        near(one.reducing, 6e-6);
        let all = parts(&demand(10_000, 16), &machine(), &speeds(), (64, false));
        near(all.transfer, 2.0 * 8.0 * 8000.0 / 4e9);
    }

    #[test]
    fn large_blocks_are_as_fast_as_the_memory() {
        let large = parts(&demand(1_000_000, 1), &machine(), &speeds(), (8, false));
        near(large.computing, 1e6 * 16.0 * 8.0 / 8e9);
        let blocked = Demand { steps: 16, ..demand(1_000_000, 1) };
        near(parts(&blocked, &machine(), &speeds(), (8, false)).computing, 1.5e-3);
    }

    #[test]
    fn ranks_that_share_a_core_take_turns() {
        let alone = Machine { network: None, ..machine() };
        let fit = parts(&demand(10_000, 1), &alone, &speeds(), (8, true));
        let turns = parts(&demand(10_000, 1), &alone, &speeds(), (16, true));
        near(turns.computing, 2.0 * fit.computing);
        near(turns.transfer + turns.copying, 2.0 * (fit.transfer + fit.copying));
        // A round of messages, whatever their number, and a reduction.
        near(turns.latency, 2.0 * 5e-6);
        near(turns.reducing, 3e-6 + 2.0 * 5e-6);
    }
}
