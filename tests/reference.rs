//! Reference results: problems that py-pde 0.59 solved, to be met within 1e-9 of the field's
//! largest value (tests/reference/README.md says where they come from).

use std::path::{Path, PathBuf};

use fluxions::comm::{World, threads};
use fluxions::io::Problem;
use fluxions::solver::Error;

fn problems(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(folder);
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

/// Solves the problems of a folder on 1 and 3 ranks as threads.
fn check(folder: &str, count: usize) {
    let problems = problems(folder);
    assert_eq!(problems.len(), count);
    let mut wrong = Vec::new();
    for path in problems {
        let text = std::fs::read_to_string(&path).unwrap();
        let problem = Problem::parse(&path.to_string_lossy(), &text)
            .unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", path.display()));
        let (_, expected) = fluxions_testing::read_npy(&path.with_extension("npy"));
        let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let mut solutions = Vec::new();
        for ranks in [1, 3] {
            let found = threads::run(ranks, |world| solve(&problem, world)).unwrap();
            let found = found[0].clone().unwrap();
            assert_eq!(found.len(), expected.len(), "{}", problem.title);
            let error = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("{:40} {ranks} ranks: {:.1e}", problem.title, error / largest);
            if error > 1e-9 * largest {
                wrong.push(format!(
                    "{} on {ranks} rank(s): {error:e} of {largest:e}",
                    problem.title
                ));
            }
            solutions.push(found);
        }
        assert_eq!(solutions[0], solutions[1], "{}: bits depend on ranks", problem.title);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn scalars_on_cartesian_grids() {
    check("ground", 10);
}

#[test]
fn vectors_tensors_complex_numbers_and_curvilinear_grids() {
    check("language", 28);
}
