//! Every example runs and ends at the recorded result.

use fluxions::prelude::*;

#[allow(dead_code)]
#[path = "../examples/brusselator.rs"]
mod brusselator;

#[allow(dead_code)]
#[path = "../examples/convergence.rs"]
mod convergence;

#[test]
fn brusselator_on_2_ranks() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let folder = folder.to_str().unwrap();
    let reports =
        on_threads(2, |world| brusselator::solve(world, Some(folder)).map_err(|e| e.to_string()))
            .unwrap();
    assert_eq!((reports[0].steps, &reports[0].stop_reason), (500, &StopReason::End));
    let series = fluxions::io::Series::open(std::path::Path::new(folder)).unwrap();
    assert_eq!(series.times().unwrap(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    let u = series.read("u", 5).unwrap();
    assert_eq!(u.shape(), [128, 64]);
    println!("{} {}", u.mean().unwrap(), u[[17, 33]]);
}

#[test]
fn convergence_is_of_second_order() {
    let errors = convergence::study(&World::solo()).unwrap();
    assert_eq!(errors.len(), 4);
    assert!(errors.windows(2).all(|pair| (pair[0] / pair[1]).log2() > 1.9));
    assert!(errors[3] < 3e-5);
}
