//! Boundary conditions that see other fields, operators and numbers of the whole domain at the wall.

#[path = "common/solving.rs"]
mod solving;

use fluxions::prelude::*;
use solving::{solve, solved};

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// A bar between the value 1 and a wall that radiates: d_n c = -c⁴. Without a source the solution is
/// a straight line, which the discrete one meets; with a source it is a parabola.
#[test]
fn a_wall_that_radiates_is_met_to_second_order() {
    let error = |cells: usize, source: f64| {
        let time = 0.25 / (cells * cells) as f64;
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = {cells} }}\n[equations]\n\
             c = \"d2_dx2(c) + {source}\"\n[initial]\nc = \"1 - x/4\"\n[boundary]\n\
             \"x-\" = {{ value = 1 }}\n\"x+\" = {{ derivative = \"-value^4\" }}\n\
             [time]\nend = 8\ndt = {time}"
        );
        let c = solved(&text, 1).remove(0);
        // c = 1 + b x - source x²/2 with the slope b for which b - source = -(1 + b - source/2)⁴.
        let miss = |b: f64| b - source + (1.0 + b - source / 2.0).powi(4);
        let (mut low, mut high) = (-1.0, 2.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if miss(middle) > 0.0 { high = middle } else { low = middle }
        }
        let exact = |x: f64| 1.0 + low * x - source * x * x / 2.0;
        let place = |i: usize| (i as f64 + 0.5) / cells as f64;
        let errors = c.iter().enumerate().map(|(i, c)| (c - exact(place(i))).abs());
        errors.fold(0.0, f64::max)
    };
    assert!(error(10, 0.0) < 1e-10, "{:e}", error(10, 0.0));
    let (coarse, fine) = (error(10, 2.0), error(20, 2.0));
    assert!(coarse / fine > 3.5 && fine < 2e-3, "{coarse:e} {fine:e}");
}

/// What reacts at a wall changes from one field to the other; nothing is lost.
#[test]
fn a_reaction_at_a_wall_keeps_the_sum_on_1_to_4_ranks() {
    let all = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 24 }\n[equations]\nu = \"d2_dx2(u)\"\n\
         v = \"d2_dx2(v)\"\n[initial]\nu = \"1 + x\"\nv = \"x^2\"\n[boundary.u]\n\
         \"x+\" = { derivative = \"-3*u*v\" }\n[boundary.v]\n\"x+\" = { derivative = \"3*u*v\" }\n\
         [time]\nend = 0.5\ndt = 5e-4\nscheme = \"rk4\"",
    );
    let before: f64 = (0..24).map(|i| (i as f64 + 0.5) / 24.0).map(|x| 1.0 + x + x * x).sum();
    let after = sum(&all[0]) + sum(&all[1]);
    assert!((after - before).abs() < 1e-11, "{before} {after}");
    assert!(sum(&all[1]) - sum(&all[0]) > 1.0, "{all:?}");
}

/// A slab in a bath: its wall has the mean of the slab, or loses what the whole slab says.
#[test]
fn numbers_of_the_whole_domain_are_seen_on_1_to_4_ranks() {
    let all = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nc = \"d2_dx2(c)\"\n\
         d = \"d2_dx2(d)\"\n[initial]\nc = \"1 + x\"\nd = \"x\"\n[boundary.c]\n\
         \"x+\" = { derivative = \"-integral(c)\" }\n[boundary.d]\n\"x-\" = { value = \"average(d) + 0*t\" }\n\
         [time]\nend = 0.5\ndt = 1e-3\nscheme = \"euler\"",
    );
    // Each step takes dt of what is there.
    let exact = 1.5 * (1.0 - 1e-3_f64).powi(500);
    assert!((sum(&all[0]) / 16.0 - exact).abs() < 1e-12, "{} {exact}", sum(&all[0]) / 16.0);
    // Where the wall has the mean of the rest, all becomes the same.
    assert!(all[1].iter().all(|d| (d - all[1][0]).abs() < 0.15), "{:?}", all[1]);
}

/// The same wall given by operators on another field, and by their values written out.
#[test]
fn operators_on_other_fields_are_seen_at_the_wall_on_1_to_4_ranks() {
    let text = |value: &str, derivative: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\ny = {{ bounds = [0, 2], cells = 10 }}\n\
             [equations]\nc = \"laplace(c)\"\ng = \"0*g\"\n[initial]\nc = \"x\"\n\
             g = \"(1 + x)*y^2\"\n[boundary.c]\n\"x+\" = {{ value = \"{value}\" }}\n\
             \"x-\" = {{ derivative = \"{derivative}\" }}\n[boundary.g]\nx = {{ curvature = 0 }}\ny = {{ curvature = \"2*(1 + x)\" }}\n\
             [time]\nend = 0.05\ndt = 1e-3"
        )
    };
    let seen = solve(&text("d_dy(g) - d2_dy2(g)/2", "g + dot(gradient(g), [0, 1])"));
    let written = solved(&text("4*y - 2", "y^2 + 2*y"), 1);
    let differences = seen[0].iter().zip(&written[0]).map(|(a, b)| (a - b).abs());
    assert!(differences.fold(0.0, f64::max) < 1e-11, "{:?}\n{:?}", seen[0], written[0]);
}

/// Vectors, complex numbers, tensors' corners, definitions and time: the same bits wherever the domain
/// is cut, and with several steps in a sweep.
#[test]
fn all_kinds_have_the_same_bits_on_1_to_4_ranks_and_in_sweeps_of_several_steps() {
    let boundary = "[boundary.u]\n\"x-\" = { mixed = { coefficient = \"1 + w^2\", value = \"t + w*y\" } }\n\
         \"y+\" = { curvature = \"0.1*u - w\" }\n\"x+\" = { ghost = \"cell + dx*(w - u)\" }\n\
         [boundary.w]\n\"y-\" = { value = \"u*w/(1 + u^2) + 0.1*k\" }\ny = { derivative = \"0.3*d_dx(u)\" }\n\
         [boundary.v]\n\"x-\" = { value = [\"u\", \"d_dy(w)\"] }\n\"y+\" = { normal_derivative = \"u - w\" }\n\
         [boundary.z]\n\"x+\" = { derivative = \"0.1*I*value*u - z\" }\n\
         [boundary.k]\n\"x-\" = { value = \"u + w\" }\n";
    let text = |steps: usize| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 16 }}\ny = {{ bounds = [0, 1], cells = 12 }}\n\
             [fields]\nv = \"vector\"\nz = {{ dtype = \"complex\" }}\n[define]\nk = \"u*w + x\"\n[equations]\n\
             u = \"laplace(u) + 0.1*d_dx(d_dy(u)) + 0.1*divergence(v)\"\n\
             w = \"0.5*laplace(w) - 0.1*laplace(laplace(w))*dx^2 + 0.01*laplace(k)\"\n\
             v = \"vector_laplace(v) + gradient(u)\"\nz = \"I*laplace(z) - z\"\n[initial]\n\
             u = \"1 + 0.5*sin(3*x)*cos(2*y)\"\nw = \"x*y\"\nv = [\"x\", \"y^2\"]\nz = \"x + I*y\"\n\
             {boundary}[time]\nend = 0.004\ndt = 0.0005\nscheme = \"rk2\"\n[execution]\nsteps_per_sweep = {steps}"
        )
    };
    let one = solve(&text(1));
    assert!(one.iter().flatten().all(|c| c.is_finite()));
    let swept = solved(&text(4), 1);
    assert!(one == swept, "several steps in a sweep");
    assert!(solved(&text(4), 3) == one, "several steps in a sweep on 3 ranks");
}

/// Corners follow from all walls that meet there, in whatever order the parts of the domain are done.
#[test]
fn corners_have_the_same_bits_on_1_to_4_ranks_and_in_sweeps_of_several_steps() {
    let kinds = [
        "{ value = 0.5 }",
        "{ derivative = \"c - 1\" }",
        "{ mixed = { coefficient = 2, value = \"x + y\" } }",
        "{ curvature = \"c*d - d_dTANGENT(d)\" }",
        "{ flux = \"0.3*c + 0.1*value*cell - cell(c^2) + dx\" }",
        "{ value = \"d^2 - cell\" }",
    ];
    for equation in [
        "laplace(c^3 - c) - 0.01*laplace(laplace(c))",
        "divergence(c*gradient(c)) + d_dx(d_dy(c)*c)",
    ] {
        for shift in 0..kinds.len() {
            let wall = |k: usize| {
                let tangent = if k < 2 { "y" } else { "x" };
                kinds[(k + shift) % kinds.len()].replace("TANGENT", tangent)
            };
            let text = |steps: usize| {
                format!(
                    "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\ny = {{ bounds = [0, 2], cells = 10 }}\n\
                     [equations]\nc = \"0.01*({equation})\"\nd = \"0.01*laplace(c*d)\"\n[initial]\n\
                     c = \"1 + 0.3*sin(3*x)*cos(2*y)\"\nd = \"1 + x*y\"\n[boundary.c]\n\"x-\" = {}\n\
                     \"x+\" = {}\n\"y-\" = {}\n\"y+\" = {}\n[boundary.d]\n\"y+\" = {{ value = \"c\" }}\n\
                     [time]\nend = 3e-3\ndt = 5e-4\nscheme = \"rk2\"\n[execution]\nsteps_per_sweep = {steps}",
                    wall(0),
                    wall(1),
                    wall(2),
                    wall(3)
                )
            };
            let one = solve(&text(1));
            assert!(one.iter().flatten().all(|c| c.is_finite()), "{}", text(1));
            for (steps, ranks) in [(2, 1), (3, 1), (6, 1), (3, 2), (3, 4)] {
                assert!(
                    solved(&text(steps), ranks) == one,
                    "{steps} steps, {ranks} ranks: {}",
                    text(1)
                );
            }
        }
    }
}

/// A square with two fields, after some steps.
fn square(first: &str, second: &str, boundary: &str) -> String {
    format!(
        "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\ny = {{ bounds = [0, 1], cells = 12 }}\n\
         [equations]\n{first}\n{second}\n[initial]\nu = \"1 + 0.3*sin(3*x)*cos(2*y)\"\n\
         g = \"1 + x*y^2\"\n{boundary}\n[time]\nend = 3e-3\ndt = 5e-4\nscheme = \"rk2\"\n\
         [execution]\nsteps_per_sweep = 3"
    )
}

/// What operators in conditions look at beyond a wall is there on every rank, whatever else looks
/// there.
#[test]
fn ghost_cells_that_only_conditions_look_at_are_known_on_1_to_4_ranks() {
    let (u, g) = ("u = \"-1e-5*laplace(laplace(u))\"", "g = \"0.1*laplace(g)\"");
    for boundary in [
        "[boundary.u]\n\"y+\" = { value = \"d_dy(g)\" }\n[boundary.g]\n\"y+\" = { derivative = \"-u*g\" }",
        "[boundary.u]\n\"x+\" = { value = \"d_dx(g)\" }\n[boundary.g]\n\"x+\" = { value = \"d_dy(u)*g\" }",
    ] {
        let all = solve(&square(u, g, boundary));
        assert!(all.iter().flatten().all(|u| u.is_finite()));
    }
    // Where fields stand in the file makes no difference.
    let boundary = "[boundary.u]\n\"y+\" = { value = \"g\" }\n[boundary.g]\n\
                    \"x+\" = { derivative = \"100 + u\" }";
    let (one, other) = (solve(&square(u, g, boundary)), solve(&square(g, u, boundary)));
    assert!(one[0] == other[1] && one[1] == other[0]);
    // A field that no operator in the equations looks at, and whose condition sees others too.
    let (u, g) = ("u = \"laplace(u)\"", "g = \"u - g\"");
    let boundary = "[boundary]\n\"x+\" = { value = \"average(u)\" }\n\
                    [boundary.u]\n\"x+\" = { derivative = \"g - u + d_dx(g)\" }";
    solve(&square(u, g, boundary));
}

/// Numbers of the whole domain in others are computed before they are used.
#[test]
fn a_condition_sees_the_deviation_of_the_whole_domain_on_1_to_4_ranks() {
    let all = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 8 }\n[define]\nm = \"average(c)\"\n[equations]\n\
         c = \"laplace(c)\"\n[initial]\nc = \"x\"\n[boundary.c]\n\
         \"x+\" = { value = \"sqrt(average((c - m)^2))\" }\n[time]\nend = 1e-3\ndt = 1e-3\nscheme = \"euler\"",
    );
    let x: Vec<f64> = (0..8).map(|i| (i as f64 + 0.5) / 8.0).collect();
    let deviation = (x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>() / 8.0).sqrt();
    let expected = x[7] + 1e-3 * 64.0 * (x[6] - 2.0 * x[7] + 2.0 * deviation - x[7]);
    assert!((all[0][7] - expected).abs() < 1e-13, "{} {expected}", all[0][7]);
}

/// Thom's formula for the vorticity at a wall that moves: a stream function of x and y² that is 0 at
/// the wall is met exactly.
#[test]
fn the_cell_at_the_wall_of_another_field_is_seen_on_1_to_4_ranks() {
    let all = solve(
        "[grid]\nx = { bounds = [0, 1], cells = 6 }\ny = { bounds = [0, 1], cells = 8 }\n\
         [equations]\npsi = \"0*psi\"\nomega = \"0\"\nprobe = \"laplace(omega)\"\n\
         [initial]\npsi = \"(1 + x)*y^2\"\nomega = 0\nprobe = 0\n[boundary.psi]\n\"y-\" = { value = 0 }\n\
         [boundary.omega]\n\"y-\" = { value = \"-8*cell(psi)/dx^2 + 0*cell(x*y)\" }\n\
         [time]\nend = 1\ndt = 1\nscheme = \"euler\"",
    );
    for i in 0..6 {
        let x = (i as f64 + 0.5) / 6.0;
        // Of laplace(omega) at the wall: the ghost cell, 2 ω_w, over the square of the spacing.
        let expected = -2.0 * 2.0 * (1.0 + x) * 64.0;
        let found = all[2][8 * i];
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

/// A pulse leaves through a wall that absorbs it; without that it comes back.
#[test]
fn waves_leave_through_a_wall_that_absorbs_them() {
    let rest = |cells: usize, wall: &str| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = {cells} }}\n[equations]\nu = \"v\"\n\
             v = \"4*laplace(u)\"\n[initial]\nu = \"exp(-200*(x - 0.6)^2)\"\n\
             v = \"800*(x - 0.6)*exp(-200*(x - 0.6)^2)\"\n[boundary.u]\n\"x+\" = {wall}\n\
             [time]\nend = 0.45\ndt = {}\nscheme = \"rk4\"",
            0.2 / cells as f64
        );
        let u = solve(&text).remove(0);
        u.iter().fold(0.0, |largest: f64, u| largest.max(u.abs()))
    };
    assert!(rest(100, "{ derivative = 0 }") > 0.9);
    let (coarse, fine) = (rest(100, "{ absorbing = 2 }"), rest(200, "{ absorbing = 2 }"));
    assert!(coarse < 0.02 && fine < 0.4 * coarse, "{coarse:e} {fine:e}");
}

/// A table in time is the expression that it stands for, in the file or in one of its own.
#[test]
fn a_condition_may_be_a_table_in_time_on_1_to_4_ranks() {
    let folder = std::env::temp_dir().join(format!("fluxions_tables_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("inflow.csv");
    std::fs::write(&file, "time, value\n0, 1\n0.1, 3\n0.1, 2\n0.2, 2\n").unwrap();
    let text = |value: &str, flux: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 12 }}\n[equations]\nc = \"laplace(c)\"\n[initial]\n\
             c = 1\n[boundary.c]\n\"x-\" = {{ value = {value} }}\n\"x+\" = {{ flux = {flux} }}\n\
             [time]\nend = 0.3\ndt = 1e-3\nscheme = \"euler\""
        )
    };
    let written = text("\"where(t < 0.1, 1 + 2*(t/0.1), 2)\"", "\"where(t < 0.1, -1 + t/0.1, 0)\"");
    let table = text("[[0, 1], [0.1, 3], [0.1, 2], [0.2, \"1 + 1\"]]", "[[0, -1], [0.1, 0]]");
    let written = solved(&written, 1);
    let found = solve(&table);
    let differences = written[0].iter().zip(&found[0]).map(|(a, b)| (a - b).abs());
    assert!(differences.fold(0.0, f64::max) < 1e-13);
    let from_file = table.replace(
        "[[0, 1], [0.1, 3], [0.1, 2], [0.2, \"1 + 1\"]]",
        &format!("{{ file = \"{}\" }}", file.display()),
    );
    assert_eq!(solved(&from_file, 2), found);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_seen_is_refused() {
    let refused = |equation: &str, boundary: &str| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nc = \"{equation}\"\n\
             g = \"laplace(g)\"\n[initial]\nc = \"x\"\ng = 1\n{boundary}\n[time]\nend = 1"
        );
        match Problem::parse("test.toml", &text) {
            Ok(_) => panic!("{boundary} is taken"),
            Err(error) => format!("{error:?}"),
        }
    };
    for (boundary, reason) in [
        ("[boundary.c]\n\"x+\" = { value = \"laplace(g^2)\" }", "applied to fields"),
        ("[boundary.c]\n\"x+\" = { value = \"integral(laplace(g))\" }", "without operators"),
        ("[boundary.c]\n\"x+\" = { value = \"d_dx(c)\" }", "follow from this condition"),
        (
            "[boundary.c]\n\"x+\" = { value = \"d_dx(g)\" }\n[boundary.g]\n\"x+\" = { value = \"d_dx(c)\" }",
            "follow from this condition",
        ),
        ("[boundary.c]\n\"x+\" = { value = \"random_uniform(0, 1)\" }", "random"),
    ] {
        let found = refused("laplace(c)", boundary);
        assert!(found.contains(reason), "{boundary}: {found}");
    }
}

/// External data have values beside a wall only if the conditions that hold for them fit.
#[test]
fn external_data_that_cannot_be_seen_are_refused() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded).axis("y", 0.0..1.0, 6, Bounded);
    let grid = grid.build().unwrap();
    let data = || Formula::from(ndarray::ArrayD::from_elem(vec![8, 6], 2.0));
    let refused = |pde: PdeBuilder| pde.build().unwrap_err().to_string();
    let list = Formula::List(vec!["a".into(), 0.0.into()]);
    let vectors = Pde::on(&grid)
        .parameter("a", data())
        .field("v", Type::real(Rank::Vector))
        .equation("v", "vector_laplace(v)")
        .boundary("x", Condition::Value(list));
    let found = refused(vectors);
    assert!(found.contains("it sees `a`"), "{found}");
    let diffusing = Pde::on(&grid)
        .parameter("D", data())
        .equation("c", "laplace(c)")
        .equation("w", "laplace(w)")
        .boundary_of("w", "x+", Condition::Value("diffusion(D, c)".into()));
    let found = refused(diffusing);
    assert!(found.contains("external data"), "{found}");
    // Its own value is seen.
    let seen = Pde::on(&grid)
        .parameter("a", data())
        .equation("c", "laplace(c)")
        .boundary("x+", Condition::Value("a*c".into()));
    seen.build().unwrap();
}

/// The condition of a field that only another condition sees has an effect.
#[test]
fn a_condition_that_only_another_one_sees_is_no_doubt() {
    let text = |g: &str| {
        format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"laplace(u)\"\ng = \"-g\"\n\
             [initial]\nu = 1\ng = 1\n[boundary.u]\n\"x+\" = {{ value = \"{g}\" }}\n[boundary.g]\n\
             \"x+\" = {{ value = 1 }}\n[time]\nend = 1e-3\ndt = 1e-3"
        )
    };
    let doubts = |g: &str| Problem::parse("test.toml", &text(g)).unwrap().warnings.len();
    assert_eq!((doubts("g"), doubts("1")), (0, 1));
}

/// A pulse that leaves through an open end is the pulse in a domain that goes on.
#[test]
fn a_convective_outflow_is_open() {
    let pulse = |length: usize, end: &str| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, {length}], cells = {} }}\n[equations]\n\
             c = \"-d_dx(c) + 0.02*d2_dx2(c)\"\n[initial]\nc = \"exp(-40*(x - 0.6)^2)\"\n[boundary.c]\n\
             \"x-\" = {{ value = 0 }}\n\"x+\" = {end}\n[time]\nend = 0.5\ndt = 1e-3\n",
            80 * length
        );
        let mut c = solve(&text).swap_remove(0);
        c.truncate(80);
        c
    };
    let free = pulse(3, "\"open\"");
    let error = |end: &str| {
        let here = pulse(1, end);
        free.iter().zip(&here).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    let (open, mirrored) = (error("\"open\""), error("{ derivative = 0 }"));
    assert!(open < 0.01 && open < 0.4 * mirrored, "{open} {mirrored}");
}

/// What flows out comes in again: a reactor with a loop, where the inlet has the value of the outlet.
#[test]
fn an_inlet_has_the_value_of_the_outlet() {
    // In a loop without delay, a profile that is the same everywhere and decays stays the same everywhere.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 24 }\n[equations]\n\
                c = \"-d_dx(c) + 0.02*d2_dx2(c) - c\"\n[initial]\nc = 2\n[boundary.c]\n\
                \"x-\" = { value = \"at(c, 1)\" }\n\"x+\" = { derivative = 0 }\n[time]\nend = 0.5\ndt = 1e-3\n";
    for c in &solve(text)[0] {
        assert!((c - 2.0 * (-0.5f64).exp()).abs() < 1e-6, "{c}");
    }
    // What comes in is what is at the other wall, to second order: with the profile 1 + x at rest it is 2.
    let text = "[grid]\nx = { bounds = [0, 1], cells = 10 }\n[equations]\nc = 0\nd = \"laplace(d)\"\n[initial]\n\
                c = \"1 + x\"\nd = 0\n[boundary.d]\nx = { value = \"at(c, 1) + 0*value\" }\n[time]\nend = 3\n\
                dt = 1e-3\n";
    for d in &solve(text)[1] {
        assert!((d - 2.0).abs() < 1e-9, "{d}");
    }
}

#[test]
fn at_is_the_value_at_a_point_on_every_geometry() {
    for (grid, field, point, exact) in [
        ("x = { bounds = [0, 1], cells = 7 }", "3 - 2*x", "0.4", 2.2),
        ("x = { bounds = [0, 1], cells = 7 }", "3 - 2*x", "1", 1.0),
        (
            "x = { bounds = [0, 1], cells = 7 }\ny = { bounds = [-1, 1], cells = 5 }",
            "x*y + 1",
            "0.3, -0.5",
            0.85,
        ),
        (
            "x = { bounds = [0, 1], cells = 8, periodic = true }\ny = { bounds = [0, 1], cells = 6 }\n\
             z = { bounds = [0, 1], cells = 4 }",
            "y + 2*z",
            "1, 0.75, 0.9",
            2.55,
        ),
        ("geometry = \"polar\"\nr = { bounds = [0, 2], cells = 9 }", "r + 1", "1.3", 2.3),
        ("geometry = \"spherical\"\nr = { bounds = [0.5, 2], cells = 9 }", "r + 1", "0.5", 1.5),
        (
            "geometry = \"cylindrical\"\nr = { bounds = [0, 2], cells = 9 }\nz = { bounds = [0, 1], cells = 5 }",
            "r*z",
            "r0, 0.6",
            0.9,
        ),
    ] {
        // A field that grows by the number.
        let found = solve(&format!(
            "[grid]\n{grid}\n[parameters]\nr0 = 1.5\n[equations]\nc = 0\nd = \"at(c, {point})\"\n[initial]\n\
             c = \"{field}\"\nd = 0\n[time]\nend = 1\ndt = 0.5\n"
        ));
        for d in &found[1] {
            assert!((d - exact).abs() < 1e-12, "{grid}: {d} {exact}");
        }
    }
    let message = |at: &str| {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 7 }}\n[equations]\nc = \"{at}\"\n[initial]\nc = 1\n[time]\nend = 1\n\
             dt = 0.1\n"
        );
        let Err(mistakes) = Problem::parse("test.toml", &text) else { panic!("allowed: {at}") };
        mistakes.list[0].message.clone()
    };
    assert_eq!(message("at(c, 1.1)"), "x = 1.1 lies outside the grid");
    assert_eq!(message("at(c, x)"), "the argument of `at` must be a number");
    assert!(message("at(c)").starts_with("`at` takes 2 arguments"), "{}", message("at(c)"));
}
