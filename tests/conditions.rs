//! Whose boundary conditions hold where: for components, for scalars beside vectors, at corners.

use fluxions::prelude::*;

/// The fields of a problem at its end, one after the other.
fn solve(text: &str) -> Vec<Vec<f64>> {
    let problem = Problem::parse("test.toml", text).unwrap_or_else(|e| panic!("{e:?}"));
    let world = World::solo();
    let mut simulation = problem.simulation(&world).build().unwrap_or_else(|e| panic!("{e}"));
    simulation.run_until(problem.times.end).unwrap_or_else(|e| panic!("{e}"));
    let fields = problem.pde.fields().iter();
    fields.map(|f| simulation.gather(f).unwrap().unwrap().into_iter().collect()).collect()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

const GRID: &str = r#"
    [grid]
    x = { bounds = [0, 1], cells = 12 }
    y = { bounds = [0, 2], cells = 10 }
    [time]
    end = 0.02
    dt = 0.001
    scheme = "rk2"
"#;

#[test]
fn a_component_has_the_conditions_of_its_field() {
    let problem = |equation: &str| {
        format!(
            r#"{GRID}
            [fields]
            v = "vector"
            [equations]
            v = {equation}
            [initial]
            v = ["sin(3*x)*y", "cos(2*y) + x"]
            [boundary.v]
            x = {{ normal_value = 0.2 }}
            "y-" = {{ value = [1, "x*t"] }}
            "y+" = {{ normal_derivative = 0.1 }}
            "#
        )
    };
    let whole = solve(&problem("\"vector_laplace(v)\""));
    let parts = solve(&problem("[\"laplace(v.x)\", \"laplace(v[1])\"]"));
    assert_eq!(largest_difference(&whole[0], &parts[0]), 0.0);
    let divergence = solve(&problem("\"[divergence(v), v.x]\""));
    let differences = solve(&problem("[\"d_dx(v.x) + d_dy(v.y)\", \"v[0]\"]"));
    assert!(largest_difference(&divergence[0], &differences[0]) < 1e-14);
}

#[test]
fn a_component_has_the_conditions_of_its_definition() {
    let problem = |equation: &str| {
        format!(
            r#"{GRID}
            [define]
            flux = "(1 + x)*gradient(c)"
            [equations]
            c = "{equation}"
            [initial]
            c = "sin(3*x)*y"
            [boundary.flux]
            x = {{ value = [0.3, 0] }}
            y = {{ curvature = 0 }}
            "#
        )
    };
    let whole = solve(&problem("divergence(flux)"));
    let parts = solve(&problem("d_dx(flux.x) + d_dy(flux.y)"));
    assert!(largest_difference(&whole[0], &parts[0]) < 1e-13);
    let unlike = solve(&problem("d_dx((1 + x)*d_dx(c)) + d_dy((1 + x)*d_dy(c))"));
    assert!(largest_difference(&whole[0], &unlike[0]) > 1e-2);
}

#[test]
fn normal_conditions_for_all_are_for_vectors_only() {
    let problem = format!(
        r#"{GRID}
        [fields]
        v = "vector"
        [equations]
        rho = "laplace(rho)"
        v = "vector_laplace(v)"
        [initial]
        rho = "1 + sin(3*x)*y"
        v = ["x", "y"]
        [boundary]
        x = {{ normal_value = 0 }}
        "#
    );
    let found = solve(&problem);
    let before: f64 = (0..12)
        .flat_map(|i| (0..10).map(move |j| (i, j)))
        .map(|(i, j)| {
            let (x, y) = ((i as f64 + 0.5) / 12.0, (j as f64 + 0.5) / 5.0);
            1.0 + (3.0 * x).sin() * y
        })
        .sum();
    let after: f64 = found[0].iter().sum();
    assert!((after - before).abs() < 1e-11, "{before} {after}");

    let own = problem.replace("[boundary]", "[boundary.rho]");
    let mistakes = format!("{:?}", Problem::parse("test.toml", &own).unwrap_err());
    assert!(mistakes.contains("for vectors and tensors"), "{mistakes}");
}

#[test]
fn a_condition_at_a_corner_sees_coordinates_of_the_wall() {
    // The mixed derivative looks at the ghost cells beyond both walls.
    let found = solve(&format!(
        r#"{GRID}
        [fields]
        T = "tensor"
        [equations]
        T = 0
        c = "tensor_double_divergence(T)"
        [initial]
        T = [["x", "x*y"], ["y", "x + y"]]
        c = 0
        [boundary.T]
        y = {{ value = "sqrt(x)*sqrt(1 - x)" }}
        x = {{ value = "sqrt(y)*sqrt(2 - y)" }}
        "#
    ));
    assert!(found[1].iter().all(|c| c.is_finite()));
}

#[test]
fn definitions_that_double_take_no_longer_on_a_sphere() {
    let mut text = String::from(
        "[grid]\ngeometry = \"spherical\"\nr = { bounds = [0, 1], cells = 8 }\n[define]\na0 = \"c*c\"\n",
    );
    for n in 1..60 {
        text += &format!("a{n} = \"(a{0} + a{0})/2\"\n", n - 1);
    }
    text += "[equations]\nc = \"laplace(a59) - divergence(gradient(a59))\"\n[initial]\nc = \"1 - r^2\"\n\
             [time]\nend = 0.01\ndt = 0.001\n";
    // Twice as long for each definition would be never.
    assert!(solve(&text)[0].iter().all(|c| c.is_finite()));
}
