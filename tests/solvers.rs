//! Implicit steps, elliptic problems and steady states against results of independent programs, value by
//! value (reference/README.md).

#[path = "common/solving.rs"]
#[allow(dead_code)]
mod solving;

use std::path::{Path, PathBuf};

use fluxions::prelude::*;
use solving::solved;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/solvers")
}

/// The problem of a case for one of its variants, solved to rounding.
fn text(case: &str, variant: &str) -> String {
    let text = std::fs::read_to_string(folder().join(format!("{case}.toml"))).unwrap();
    let (scheme, change) = variant.split_once('_').unwrap_or((variant, ""));
    let scheme = if scheme == "ark324L2SA" { "ark3(2)4L[2]SA" } else { scheme };
    let mut text = text.replace("VARIANT", scheme);
    if let Some(steps) = change.strip_prefix("step") {
        text = text.replace("[time]", &format!("[time]\nmax_steps = {steps}"));
    }
    let project = match case.contains("incompatible") {
        true => "compatible = \"project\"\n",
        false => "",
    };
    text + "\n[solver]\ntolerance = 1e-12\n" + project
}

/// Compares the results of all variants of the cases whose names begin like this; how many there were.
fn compare(prefix: &str, tolerance: f64, ranks: &[usize]) -> usize {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(prefix) && name.ends_with(".npy"))
        .collect();
    files.sort();
    for file in &files {
        let [case, field, variant] = file.split("__").collect::<Vec<_>>()[..] else {
            panic!("{file}")
        };
        let variant = variant.strip_suffix(".npy").unwrap();
        if variant == "exact_in_time" {
            continue;
        }
        let text = text(case, variant);
        let (_, expected) = fluxions_testing::read_npy(&folder().join(file));
        let largest = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let names = Problem::parse("test.toml", &text).unwrap().pde.fields().to_vec();
        let number = names.iter().position(|name| name == field).unwrap();
        let one = solved(&text, 1).swap_remove(number);
        assert_eq!(one.len(), expected.len(), "{file}");
        for (found, expected) in one.iter().zip(&expected) {
            let difference = (found - expected).abs();
            assert!(difference <= tolerance * largest, "{file}: {difference} of {largest}");
        }
        for ranks in ranks {
            assert_eq!(solved(&text, *ranks).swap_remove(number), one, "{file} on {ranks} ranks");
        }
    }
    files.len()
}

#[test]
fn heat_is_that_of_dense_matrices_on_1_to_3_ranks() {
    assert_eq!(compare("sv01", 1e-9, &[2, 3]), 16);
    assert_eq!(compare("sv03", 1e-9, &[2, 3]), 4);
    assert_eq!(compare("sv05", 1e-9, &[2, 3]), 4);
}

#[test]
fn cahn_hilliard_is_that_of_dense_matrices_on_1_2_and_4_ranks() {
    assert_eq!(compare("sv08", 1e-8, &[2, 4]), 4);
}

#[test]
fn parts_are_treated_as_by_dense_matrices_on_1_to_3_ranks() {
    assert_eq!(compare("sv06", 1e-9, &[2, 3]), 10);
}

#[test]
fn unknowns_beside_equations_are_those_of_direct_solvers_on_1_2_and_4_ranks() {
    assert_eq!(compare("sc01", 1e-8, &[2]), 2);
    assert_eq!(compare("sc03", 1e-9, &[2, 4]), 2);
}

#[test]
fn elliptic_problems_are_those_of_direct_solvers_on_1_2_3_and_6_ranks() {
    assert_eq!(compare("se", 1e-9, &[2, 3, 6]), 13);
}
