//! Values that are given: from series and other HDF5 files, and from arrays of the program. On 1
//! and 3 ranks.

use std::path::Path;
use std::sync::Arc;

use fluxions::io::Mode;
use fluxions::prelude::*;
use fluxions::solver::Values;
use ndarray::{ArrayD, IxDyn};

/// Runs a problem and writes its fields at t = 0 and 1.
fn record(problem: &Problem, writer: SeriesWriter) {
    let world = World::solo();
    let builder = problem.simulation(&world).track(Every::Time(1.0), writer);
    builder.build().unwrap().run_until(1.0).unwrap();
}

/// A folder in which the folder `run` holds a series of one vector, one complex and one real field
/// at t = 0 and 1.
fn home_with_series(cells: usize) -> tempfile::TempDir {
    let text = format!(
        r#"
        [grid]
        x = {{ bounds = [0, 2], cells = {cells}, periodic = true }}
        y = {{ bounds = [0, 1], cells = {cells} }}
        [fields]
        v = "vector"
        psi = "complex"
        [equations]
        u = "1"
        v = [2, "x"]
        psi = "I"
        [initial]
        u = "sin(pi*x) + y"
        v = ["x", "y"]
        psi = "x + I*y"
        [time]
        end = 1
        dt = 0.5
        "#
    );
    let problem = Problem::parse("given.toml", &text).unwrap();
    let home = tempfile::tempdir().unwrap();
    record(&problem, SeriesWriter::create(home.path().join("run"), &problem.pde));
    home
}

/// The problem in a file of this name and text.
fn problem_of(name: &Path, text: &str) -> Problem {
    Problem::parse(&name.to_string_lossy(), text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// The fields of a problem file at the beginning, on so many ranks.
fn initial(name: &Path, text: &str, ranks: usize) -> Vec<f64> {
    let problem = problem_of(name, text);
    let found = on_threads(ranks, |world| {
        let mut simulation = problem.simulation(world).build().unwrap();
        let mut all = Vec::new();
        for field in problem.pde.fields() {
            all.extend(simulation.gather(field)?.into_iter().flatten());
        }
        Ok::<_, fluxions::solver::Error>(all)
    });
    found.unwrap()[0].clone()
}

#[test]
fn complex_numbers_of_single_precision_are_read() {
    let home = tempfile::tempdir().unwrap();
    let head = r#"
        [grid]
        x = { bounds = [0, 2], cells = 8 }
        [fields]
        psi = "complex"
        [time]
        end = 1
        dt = 1
        [equations]
        psi = 0
        "#;
    let text = format!("{head}\n[initial]\npsi = \"x - 2*I*x\"\n[output]\nprecision = \"f32\"");
    let problem = Problem::parse("single.toml", &text).unwrap();
    let folder = RunFolder::at(home.path().join("run"));
    let mut claim = folder.claim(Mode::New, &[]).unwrap();
    claim.begin().unwrap();
    record(&problem, SeriesWriter::new(&folder, &problem));

    let given = "{ file = \"run/series.h5\" }";
    let text = format!("{head}\n[initial]\npsi = {given}");
    let name = home.path().join("problem.toml");
    let found = initial(&name, &text, 1);
    let expected: Vec<f64> = (0..8).map(|i| 0.25 * f64::from(i) + 0.125).collect();
    assert_eq!(found, expected.iter().flat_map(|x| [*x, -2.0 * x]).collect::<Vec<_>>());
    let text = text.replace("psi = 0", "psi = \"psi\"\nc = 0").replace("complex", "vector");
    let mistakes = Problem::parse(&name.to_string_lossy(), &text).unwrap_err();
    let message = format!("{mistakes:?}");
    assert!(message.contains("is complex, but a vector is needed"), "{message}");
}

#[test]
fn a_series_of_another_geometry_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let text = |geometry: &str, initial: &str| {
        format!(
            r#"
            [grid]
            geometry = "{geometry}"
            r = {{ bounds = [0, 2], cells = 8 }}
            [equations]
            c = 0
            [initial]
            c = {initial}
            [time]
            end = 1
            dt = 1
            "#
        )
    };
    let problem = Problem::parse("polar.toml", &text("polar", "\"r\"")).unwrap();
    record(&problem, SeriesWriter::create(home.path().join("run"), &problem.pde));
    let name = home.path().join("problem.toml");
    let given = "{ file = \"run/series.h5\" }";
    assert_eq!(initial(&name, &text("polar", given), 1)[2], 0.625);
    let mistakes = Problem::parse(&name.to_string_lossy(), &text("spherical", given)).unwrap_err();
    let message = format!("{mistakes:?}");
    assert!(message.contains("is for a polar grid, but this grid is spherical"), "{message}");
}

fn continued(cells: usize, more: &str) -> String {
    format!(
        r#"
        [grid]
        x = {{ bounds = [0, 2], cells = {cells}, periodic = true }}
        y = {{ bounds = [0, 1], cells = {cells} }}
        [fields]
        v = "vector"
        psi = "complex"
        [equations]
        u = "0"
        v = 0
        psi = 0
        [initial]
        u = {{ file = "run/series.h5"{more} }}
        v = {{ file = "run/series.h5", field = "v"{more} }}
        psi = {{ file = "run/series.h5", dataset = "fields/psi", time = 0{more} }}
        [time]
        end = 1
        dt = 0.5
        "#
    )
}

#[test]
fn a_run_goes_on_from_the_series_of_another() {
    let home = home_with_series(12);
    let name = home.path().join("problem.toml");
    let one = initial(&name, &continued(12, ""), 1);
    assert_eq!(one, initial(&name, &continued(12, ""), 3));
    let n = 12;
    let x = |i: usize| (i as f64 + 0.5) * 2.0 / n as f64;
    let y = |j: usize| (j as f64 + 0.5) / n as f64;
    for i in 0..n {
        for j in 0..n {
            let cell = i * n + j;
            // The last snapshot of u and v, the first one of psi.
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
            near(one[cell], (std::f64::consts::PI * x(i)).sin() + y(j) + 1.0);
            near(one[n * n + cell], x(i) + 2.0);
            near(one[2 * n * n + cell], y(j) + x(i));
            near(one[3 * n * n + 2 * cell], x(i));
            near(one[3 * n * n + 2 * cell + 1], y(j));
        }
    }
}

#[test]
fn other_cells_are_interpolated_only_if_asked_for() {
    let home = home_with_series(12);
    let name = home.path().join("problem.toml");
    let text = continued(30, "");
    let mistakes = Problem::parse(&name.to_string_lossy(), &text).unwrap_err();
    let message = format!("{mistakes:?}");
    assert!(message.contains("has [12, 12] cells, but the grid has [30, 30]"), "{message}");
    assert!(message.contains("interpolation = "), "{message}");

    let text = continued(30, ", interpolation = \"linear\"");
    let one = initial(&name, &text, 1);
    assert_eq!(one, initial(&name, &text, 3));
    // y of the second component is linear, and so exact between the outermost centres.
    let n = 30;
    for i in 3..27 {
        for j in 2..28 {
            let (x, y) = ((i as f64 + 0.5) * 2.0 / n as f64, (j as f64 + 0.5) / n as f64);
            let found = one[2 * n * n + i * n + j];
            assert!((found - (y + x)).abs() < 1e-12, "{found} {}", x + y);
        }
    }
}

#[test]
fn a_parameter_from_a_file_is_a_field_that_operators_can_use() {
    let home = home_with_series(16);
    let name = home.path().join("problem.toml");
    let problem = |parameter: &str| {
        format!(
            r#"
            [grid]
            x = {{ bounds = [0, 2], cells = 16, periodic = true }}
            y = {{ bounds = [0, 1], cells = 16 }}
            [parameters]
            D = {parameter}
            [equations]
            c = "diffusion(D, c) + D*d_dx(D) + laplace(D*c)"
            [initial]
            c = "cos(pi*x)*y"
            [time]
            end = 0.01
            dt = 0.0005
            "#
        )
    };
    let solve = |text: &str, ranks: usize| {
        let problem = problem_of(&name, text);
        let found = on_threads(ranks, |world| {
            let mut simulation = problem.simulation(world).build().unwrap();
            simulation.run_until(0.01)?;
            Ok::<_, fluxions::solver::Error>(
                simulation.gather("c")?.into_iter().flatten().collect(),
            )
        });
        let found: Vec<f64> = found.unwrap().remove(0);
        found
    };
    let from_file = problem("{ file = \"run/series.h5\", field = \"u\", time = 0 }");
    let one = solve(&from_file, 1);
    assert_eq!(one, solve(&from_file, 3));
    // With py-pde's meaning an expression has the common conditions where `d_dx` and `laplace` look
    // beyond the wall, as the external field has; x is periodic, and diffusion continues both in a
    // straight line.
    let own = "\n[boundary]\narguments = \"own field\"\n";
    let written = solve(&(problem("\"sin(pi*x) + y\"") + own), 1);
    for (a, b) in one.iter().zip(&written) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn arrays_of_the_program_are_initial_values_and_parameters() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 7, Bounded)
        .axis("y", 0.0..1.0, 5, Bounded)
        .build()
        .unwrap();
    let numbers = |k: f64| ArrayD::from_shape_fn(IxDyn(&[7, 5]), |i| k + (10 * i[0] + i[1]) as f64);
    let vector = Values { ty: Type::real(Rank::Vector), arrays: vec![numbers(0.0), numbers(0.5)] };
    let pde = Pde::on(&grid)
        .field("v", Type::real(Rank::Vector))
        .parameter("rate", numbers(1.0))
        .equation("v", "rate*v")
        .build()
        .unwrap();
    let run = |ranks: usize| {
        let found = on_threads(ranks, |world| {
            let values: Arc<dyn fluxions::solver::ExternalSource> = Arc::new(vector.clone());
            let mut simulation = Simulation::builder(&pde, world)
                .initial("v", values)
                .scheme(Tableau::EULER)
                .dt(0.25)
                .build()
                .unwrap();
            simulation.run_until(0.25)?;
            simulation.gather("v")
        });
        found.unwrap().remove(0).unwrap()
    };
    let one = run(1);
    assert_eq!(one, run(4));
    assert_eq!(one[[0, 3, 2]], 32.0 + 0.25 * 33.0 * 32.0);
    assert_eq!(one[[1, 6, 4]], 64.5 + 0.25 * 65.0 * 64.5);

    let wrong =
        Simulation::builder(&pde, &World::solo()).initial("v", numbers(0.0)).dt(1.0).build();
    let message = wrong.err().unwrap().to_string();
    assert!(message.contains("are a scalar, and a vector is needed"), "{message}");
}

/// A problem on the grid of [`home_with_series`] with 16 cells, in which `D` comes from there.
fn with_given(home: &Path, equation: &str, more: &str) -> Problem {
    let text = format!(
        r#"
        [grid]
        x = {{ bounds = [0, 2], cells = 16, periodic = true }}
        y = {{ bounds = [0, 1], cells = 16 }}
        [parameters]
        D = {{ file = "run/series.h5", field = "u", time = 0 }}
        [equations]
        c = "{equation}"
        [initial]
        c = {{ file = "run/series.h5", field = "u", time = 0 }}
        [time]
        end = 0.01
        dt = 0.0005
        {more}
        "#
    );
    problem_of(&home.join("problem.toml"), &text)
}

fn end_of(problem: &Problem) -> Vec<f64> {
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap();
    simulation.run_until(problem.times.end).unwrap();
    simulation.gather("c").unwrap().unwrap().into_iter().collect()
}

#[test]
fn conditions_of_given_values_may_change_with_the_time() {
    let home = home_with_series(16);
    let with = |value: &str| {
        let boundary = format!("[boundary.D]\ny = {{ value = {value} }}");
        end_of(&with_given(home.path(), "laplace(D)", &boundary))
    };
    let still = with("0");
    let moving = with("\"10*t\"");
    assert!(still.iter().zip(&moving).any(|(a, b)| (a - b).abs() > 1e-3));
}

#[test]
fn the_stable_step_of_a_state_from_a_file_is_found() {
    let home = home_with_series(16);
    let problem = with_given(home.path(), "D*laplace(c)", "");
    let step = fluxions::solver::stable_step(&problem.pde, &problem.initial, &Tableau::EULER);
    // The largest D is sin(πx) + y in the cell nearest to its maximum.
    let largest = (std::f64::consts::PI * (0.5 / 16.0 * 2.0 + 0.4375)).sin() + 31.0 / 32.0;
    let expected = largest * (4.0 * 64.0 + 4.0 * 256.0);
    let rate = step.unwrap().rate;
    assert!((rate / expected - 1.0).abs() < 1e-2, "{rate} {expected}");
}

#[test]
fn the_speed_of_a_large_problem_with_a_given_state_can_be_measured() {
    // More cells than are timed: a part of the grid and of the state is taken.
    let cells = 1 << 21;
    let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "-u").build().unwrap();
    let state = Formula::from(ArrayD::from_elem(IxDyn(&[cells]), 1.0));
    let initial = [("u".to_string(), state)];
    let speed =
        fluxions_solver::measured_speed(&pde, &initial, &Tableau::EULER, 0.1, Default::default());
    assert!(speed.unwrap_or_else(|e| panic!("{e}")).cells_per_second > 0.0);
}

#[test]
fn arrays_that_do_not_fit_the_grid_are_refused() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "0").build().unwrap();
    let world = World::solo();
    for (cells, good) in [(8, true), (16, false), (4, false)] {
        let values = ArrayD::from_elem(IxDyn(&[cells]), 1.0);
        let built = Simulation::builder(&pde, &world).initial("u", values).dt(1.0).build();
        assert_eq!(built.is_ok(), good, "{cells}");
    }
    // Those of all ranks are counted, and every rank says so.
    let values = ArrayD::from_elem(IxDyn(&[8]), f64::NAN);
    for ranks in [1, 3] {
        let told = on_threads(ranks, |world| {
            let builder = Simulation::builder(&pde, world).initial("u", values.clone()).dt(1.0);
            Ok::<_, fluxions::solver::Error>(builder.build().err().map(|e| e.to_string()))
        });
        for message in told.unwrap() {
            let message = message.unwrap();
            assert_eq!(message, "8 of the values given for `u` are not finite", "{ranks} ranks");
        }
    }
}
