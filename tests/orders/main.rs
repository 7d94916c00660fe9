//! Observed orders of every operator and of solutions with it, in every geometry, at every kind of
//! wall.

mod conditions;
mod exact;
mod fields;
mod operators;
mod solutions;
mod table;

use std::sync::Mutex;

/// Runs all jobs on as many threads as there are cores; what they give in their order.
fn all<T: Send>(jobs: Vec<Box<dyn FnOnce() -> Vec<T> + Send>>) -> Vec<T> {
    let results: Vec<Mutex<Vec<T>>> = jobs.iter().map(|_| Mutex::default()).collect();
    let waiting = Mutex::new(jobs.into_iter().zip(&results));
    let work = || {
        loop {
            let next = waiting.lock().unwrap().next();
            let Some((job, result)) = next else { return };
            *result.lock().unwrap() = job();
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    results.into_iter().flat_map(|result| result.into_inner().unwrap()).collect()
}

#[test]
fn every_operator_and_condition_has_its_order() {
    let mut jobs: Vec<Box<dyn FnOnce() -> Vec<table::Entry> + Send>> = Vec::new();
    for fields in operators::jobs() {
        jobs.push(Box::new(move || operators::entries(fields)));
    }
    for fields in solutions::jobs() {
        jobs.push(Box::new(move || solutions::entries(fields)));
    }
    table::check(all(jobs));
}
