//! Reference results: problems that py-pde 0.59 solved, to be met within 1e-9 of the field's
//! largest value (tests/reference/README.md says where they come from).

use std::path::{Path, PathBuf};

use fluxions::comm::{World, threads};
use fluxions::io::Problem;
use fluxions::solver::Error;

fn problems() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let mut problems: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    problems.sort();
    problems
}

/// The final values of all fields, on rank 0.
fn solve(problem: &Problem, world: &World) -> Result<Option<Vec<f64>>, Error> {
    let mut simulation = problem.simulation(world).build().unwrap();
    simulation.run_until(problem.times.end)?;
    let mut all = Vec::new();
    for field in problem.pde.fields() {
        all.extend(simulation.gather(field)?.into_iter().flatten());
    }
    Ok(world.is_root().then_some(all))
}

#[test]
fn every_reference_result_is_met_on_1_and_3_ranks() {
    let problems = problems();
    assert_eq!(problems.len(), 10);
    for path in problems {
        let text = std::fs::read_to_string(&path).unwrap();
        let problem = Problem::parse(&path.to_string_lossy(), &text).unwrap();
        let (_, expected) = fluxions_testing::read_npy(&path.with_extension("npy"));
        let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let mut solutions = Vec::new();
        for ranks in [1, 3] {
            let found = threads::run(ranks, |world| solve(&problem, world)).unwrap();
            let found = found[0].clone().unwrap();
            assert_eq!(found.len(), expected.len());
            let error = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("{:40} {ranks} ranks: {:.1e}", problem.title, error / largest);
            assert!(error <= 1e-9 * largest, "{}: {error:e} of {largest:e}", problem.title);
            solutions.push(found);
        }
        assert_eq!(solutions[0], solutions[1], "{}: bits depend on ranks", problem.title);
    }
}
