//! What a step demands of its ranks beside computation: messages, and numbers of the whole domain.

use fluxions_grid::{Face, Side};
use fluxions_halo::{Decomposition, HaloPlan, HaloWidth, Leg, Subdomain};

use crate::error::Error;
use crate::plan::action::Action;
use crate::plan::plan::Plan;
use crate::run::blocking::deep_halo::exchanged;
use crate::run::blocking::deep_pipeline::DeepPipeline;
use crate::run::blocking::options::Blocking;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::system::pde::Pde;
use crate::system::transport::limits;

/// What a step demands of the rank that has most to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The number of ranks along each named axis.
    pub dims: Vec<usize>,
    /// The number of cells of the largest block.
    pub cells: usize,
    /// The bytes of the arrays of that block, without halos.
    pub block_bytes: usize,
    /// The least number of bytes per cell that a step moves between memory and processor, pass by pass.
    pub bytes_per_cell: usize,
    /// How many steps are made between two exchanges; 1 where halos are exchanged within each step.
    pub steps: usize,
    /// The exchanges of so many steps, one after the other.
    pub rounds: Vec<Round>,
    /// The cells that are computed in a step divided by those of the block, since deep halos are computed too.
    pub redundancy: f64,
    /// How often all ranks reduce numbers in a step.
    pub reductions: usize,
}

/// Messages that are under way at the same time, those that one rank sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The messages.
    pub messages: Vec<Message>,
}

/// A message of a halo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its size.
    pub bytes: usize,
    /// The difference of the numbers of its ranks.
    pub distance: usize,
}

impl Demand {
    /// What a step of `pde` with this scheme demands on so many ranks, if `steps` are made in a sweep over memory (0 or
    /// 1: each by itself). Nothing where equations are solved in a step, whose iterations are not known before.
    ///
    /// # Errors
    /// If the grid cannot be cut into so many blocks, or if the scheme cannot step the system.
    pub fn new(
        pde: &Pde,
        scheme: impl Into<SchemeChoice>,
        (ranks, dims): (usize, &[usize]),
        steps: usize,
    ) -> Result<Option<Self>, Error> {
        let choice = scheme.into();
        let scheme = scheme_for(pde, &choice)?;
        if choice.solves(pde) {
            return Ok(None);
        }
        let plan = scheme.step(pde);
        let dims = limits::ranks_along(pde, dims)?;
        let decomposition = Decomposition::new(pde.grid(), ranks, &dims, plan.least_cells(pde))?;
        let block = busiest(&decomposition, ranks);
        let asked = Blocking { steps: Some(steps), ..Blocking::default() };
        let blocked = match steps > 1 {
            true => DeepPipeline::new(pde, &plan, &decomposition, asked),
            false => None,
        };
        let (made, rounds, redundancy) = match &blocked {
            Some(blocked) => {
                let rounds = deep_rounds(pde, &plan, blocked, &block);
                (blocked.pipeline.steps(), rounds, redundancy(&plan, blocked, &block))
            }
            None => (1, rounds(&plan, &block), 1.0),
        };
        let is_reduction = |action: &&Action<_>| matches!(action, Action::Reduce { .. });
        let in_plan = plan.actions().iter().filter(is_reduction).count();
        // Whether a step that is tried counts is decided by all ranks, as is its error.
        let of_trials = 2 * usize::from(choice.tolerance().is_some());
        Ok(Some(Demand {
            dims: decomposition.dims()[pde.grid().missing()..].to_vec(),
            cells: block.cells(),
            block_bytes: block.cells() * plan.arrays() * size_of::<f64>(),
            bytes_per_cell: plan.bytes_per_cell(),
            steps: made,
            rounds,
            redundancy,
            reductions: in_plan + of_trials,
        }))
    }

    /// How many messages a rank sends in a step, and how many bytes.
    pub fn sent(&self) -> (f64, f64) {
        let all = || self.rounds.iter().flat_map(|round| &round.messages);
        let (count, bytes) = (all().count(), all().map(|message| message.bytes).sum::<usize>());
        (count as f64 / self.steps as f64, bytes as f64 / self.steps as f64)
    }
}

/// The block of the rank with most neighbours and cells: one in the middle, or the first one.
fn busiest(decomposition: &Decomposition, ranks: usize) -> Subdomain {
    let [_, rows, along] = decomposition.dims();
    let middle = decomposition.dims().map(|count| count / 2);
    let middle = (middle[0] * rows + middle[1]) * along + middle[2];
    let neighbours = |block: &Subdomain| {
        let faces = (0..3).flat_map(|axis| Side::BOTH.map(|side| Face { axis, side }));
        let neighbours = faces.filter_map(|face| block.neighbour(face));
        neighbours.filter(|neighbour| neighbour.rank != block.rank()).count()
    };
    let all = [0, middle, ranks - 1].map(|rank| decomposition.subdomain(rank));
    all.into_iter()
        .max_by_key(|block| (neighbours(block), block.cells()))
        .expect("there are three candidates")
}

/// The messages that a block sends with each phase of a halo.
fn sent(block: &Subdomain, width: HaloWidth, arrays: usize) -> Vec<Round> {
    let halo = HaloPlan::new(block, width);
    let legs = |legs: &Vec<Leg>| {
        let outside = legs.iter().filter(|leg| leg.neighbour != block.rank());
        let messages = outside.filter(|leg| !leg.send.is_empty()).map(|leg| Message {
            bytes: leg.send.cells() * arrays * size_of::<f64>(),
            distance: leg.neighbour.abs_diff(block.rank()),
        });
        Round { messages: messages.collect() }
    };
    let rounds = halo.phases().iter().map(legs);
    rounds.filter(|round| !round.messages.is_empty()).collect()
}

/// The exchanges of a step that is made pass by pass.
pub(super) fn rounds(plan: &Plan, block: &Subdomain) -> Vec<Round> {
    let halos = plan.actions().iter().filter_map(|action| match action {
        Action::Halo { group, arrays, .. } => Some((plan.groups()[*group].width, arrays.len())),
        _ => None,
    });
    halos.flat_map(|(width, arrays)| sent(block, width, arrays)).collect()
}

/// The exchange of the steps of a pipeline.
fn deep_rounds(pde: &Pde, plan: &Plan, blocked: &DeepPipeline, block: &Subdomain) -> Vec<Round> {
    let state = (0..pde.arrays()).chain(plan.changing().iter().copied());
    let (arrays, width) = exchanged(state, &blocked.widths);
    sent(block, width, arrays.len())
}

/// The cells that the sweeps of a pipeline compute, over those of the block.
fn redundancy(plan: &Plan, blocked: &DeepPipeline, block: &Subdomain) -> f64 {
    let joined = std::array::from_fn(|axis| {
        Side::BOTH.map(|side| {
            let next = block.neighbour(Face { axis, side });
            next.is_some_and(|next| next.rank != block.rank())
        })
    });
    let needs = blocked.pipeline.needs(plan, joined);
    let tasks = blocked.pipeline.tasks.iter().zip(&needs.tasks);
    let sweeps = tasks.filter(|(task, _)| matches!(task.action, Action::Sweep { .. }));
    let cells: Vec<f64> =
        sweeps.map(|(_, margins)| block.domain().grown(*margins).cells() as f64).collect();
    cells.iter().sum::<f64>() / (cells.len().max(1) * block.cells()) as f64
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::schemes::tableau::Tableau;

    fn heat(cells: usize, ends: Ends) -> Pde {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, ends);
        let grid = grid.axis("y", 0.0..1.0, cells, ends).build().unwrap();
        Pde::on(&grid).equation("u", "laplace(u)").build().unwrap()
    }

    fn demand(pde: &Pde, ranks: usize, steps: usize) -> Demand {
        Demand::new(pde, &Tableau::EULER, (ranks, &[]), steps).unwrap().unwrap()
    }

    #[test]
    fn one_rank_sends_nothing() {
        let alone = demand(&heat(64, Ends::Periodic), 1, 1);
        assert_eq!((alone.sent(), alone.cells, alone.redundancy), ((0.0, 0.0), 64 * 64, 1.0));
    }

    #[test]
    fn a_rank_in_the_middle_sends_its_faces() {
        let step = demand(&heat(64, Ends::Bounded), 16, 1);
        assert_eq!((step.dims.as_slice(), step.cells), (&[4, 4][..], 16 * 16));
        let messages = &step.rounds[0].messages;
        let mut distances: Vec<usize> = messages.iter().map(|message| message.distance).collect();
        distances.sort_unstable();
        assert_eq!(distances, [1, 1, 4, 4]);
        assert!(messages.iter().all(|message| message.bytes == 16 * 8));
        assert_eq!(step.sent(), (4.0, 4.0 * 128.0));
    }

    /// Four steps in a sweep: halos of four layers with corners, and three, two and one more layers computed.
    #[test]
    fn deep_halos_are_exchanged_once_for_several_steps() {
        let pde = heat(256, Ends::Periodic);
        let steps = Demand::new(&pde, &Tableau::EULER, (4, &[2, 2]), 4).unwrap().unwrap();
        assert_eq!((steps.steps, steps.cells), (4, 128 * 128));
        let bytes: Vec<usize> =
            steps.rounds.iter().map(|round| round.messages.iter().map(|m| m.bytes).sum()).collect();
        assert_eq!(bytes, [2 * 4 * 128 * 8, 2 * 4 * (128 + 8) * 8]);
        let grown = |layers: f64| ((128.0 + 2.0 * layers) / 128.0).powi(2);
        let expected = (grown(3.0) + grown(2.0) + grown(1.0) + 1.0) / 4.0;
        assert!((steps.redundancy - expected).abs() < 1e-12, "{} {expected}", steps.redundancy);
    }

    #[test]
    fn numbers_of_the_domain_are_reductions() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 64, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u) - average(u)").build().unwrap();
        assert_eq!(demand(&pde, 4, 1).reductions, 1);
    }
}
