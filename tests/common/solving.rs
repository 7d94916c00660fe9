//! Problems as text, solved on some ranks.

use fluxions::comm::threads;
use fluxions::prelude::*;

/// The fields of a problem at its end on this many ranks, one after the other.
pub(crate) fn solved(text: &str, ranks: usize) -> Vec<Vec<f64>> {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    let on = |world: &World| {
        let mut simulation = problem.simulation(world).build().unwrap_or_else(|e| panic!("{e}"));
        simulation.run_until(problem.times.end)?;
        let fields = problem.pde.fields().iter();
        let gathered = fields.map(|field| simulation.gather(field));
        gathered.collect::<Result<Vec<_>, fluxions::solver::Error>>()
    };
    let all = threads::run(ranks, on).unwrap_or_else(|e| panic!("{e:?}")).swap_remove(0);
    all.into_iter().map(|field| field.unwrap().into_iter().collect()).collect()
}

/// The same on one to four ranks, with the same bits.
pub(crate) fn solve(text: &str) -> Vec<Vec<f64>> {
    let one = solved(text, 1);
    for ranks in 2..=4 {
        assert_eq!(solved(text, ranks), one, "{ranks} ranks: {text}");
    }
    one
}
