//! Every example runs and ends at the recorded result.

use fluxions::prelude::*;

#[allow(dead_code)]
#[path = "../examples/brusselator.rs"]
mod brusselator;

#[allow(dead_code)]
#[path = "../examples/convergence.rs"]
mod convergence;

#[allow(dead_code)]
#[path = "../examples/rotation.rs"]
mod rotation;

/// What is left of the cone in Jaruga et al. 2015, figure 12, on 1 rank.
#[test]
fn rotation_leaves_what_others_found() {
    let outcomes = rotation::study(&World::solo()).unwrap();
    let peak = |options: &str| {
        let found = outcomes.iter().find(|outcome| outcome.options.contains(options)).unwrap();
        assert!(found.lowest > 0.999, "{options}: {}", found.lowest);
        found.peak
    };
    for (options, published) in
        [("2 passes, nonoscillatory", 3.525), ("third order", 4.265), ("infinite gauge", 4.255)]
    {
        assert!((peak(options) - published).abs() < 1e-3, "{options}: {}", peak(options));
    }
    let errors: Vec<f64> = outcomes.iter().map(|outcome| outcome.error).collect();
    assert!(errors[0] > 2.0 * errors[2], "{errors:?}");
    assert!(errors[5] < errors[2] && errors[4] < errors[3], "{errors:?}");
}

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
