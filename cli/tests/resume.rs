//! Runs that go on from checkpoints: to the bits of a run that was never interrupted, for every scheme, whatever the
//! ranks of its parts. On 1, 2, 3 and 5 ranks as threads, and on 2 and 3 as MPI processes.

mod common;

use std::path::Path;

use common::{Home, SMALL, succeeded, text};
use fluxions::io::Series;

/// A problem whose parts are given, with output at times that steps do not meet.
fn problem(sections: &str, time: &str) -> String {
    format!(
        "{sections}\n[time]\n{time}\n[output]\nevery = 0.13\npicture = false\n[diagnostics]\nevery = 0.07\n\
         most = \"max(u)\"\nmean = \"average(u)\"\n[random]\nseed = 5\n"
    )
}

const GRID: &str = "[grid]\nx = { bounds = [0, 1], cells = 18, periodic = true }\n\
                    y = { bounds = [0, 1], cells = 13 }\n";

/// Two fields that react and diffuse, with what depends on the time.
fn reacting() -> String {
    format!(
        "{GRID}[equations]\nu = \"0.004*laplace(u) - 2*u*v + sin(3*t) + 0.1*average(v)\"\n\
         v = \"diffusion(0.001 + 0.002*u^2, v) + u - v\"\n[initial]\n\
         u = \"1 + 0.3*sin(2*pi*x) + random_uniform(0, 0.1)\"\nv = \"1 - 0.2*cos(2*pi*x)*y\"\n\
         [boundary.u]\n\"y+\" = {{ value = \"1 + 0.1*v*sin(t)\" }}"
    )
}

/// All fields and times of two series, and the lines of the diagnostics.
fn assert_same(a: &Path, b: &Path, what: &str) {
    let read = |folder: &Path| {
        let series = Series::open(folder).unwrap_or_else(|e| panic!("{what}: {e}"));
        let times = series.times().unwrap();
        let bits = |name: &String| -> Vec<u64> {
            let of = |snapshot| match series.field(name).unwrap().ty().complex {
                false => {
                    series.read(name, snapshot).unwrap().into_iter().map(f64::to_bits).collect()
                }
                true => {
                    let values = series.read_complex(name, snapshot).unwrap();
                    values.iter().flat_map(|z| [z.re.to_bits(), z.im.to_bits()]).collect::<Vec<_>>()
                }
            };
            (0..times.len()).flat_map(of).collect()
        };
        let fields: Vec<Vec<u64>> = series.fields().unwrap().iter().map(bits).collect();
        let mut numbers = series.globals().unwrap();
        numbers.extend(series.solver().unwrap());
        let csv = std::fs::read_to_string(folder.join("diagnostics.csv")).unwrap();
        (times, fields, numbers, csv)
    };
    let (a, b) = (read(a), read(b));
    assert_eq!(a.0, b.0, "{what}: times");
    assert_eq!(a.3, b.3, "{what}: diagnostics");
    for (of_a, of_b) in a.2.iter().zip(&b.2) {
        // Where equations are solved, each resumption computes the rates of its first state once more.
        let is_it = |a: &f64, b: &f64| match of_a.0 == "evaluations" {
            true => (*a..=a + 2.0).contains(b),
            false => a == b,
        };
        let same = of_a.1.iter().zip(&of_b.1).all(|(a, b)| is_it(a, b));
        assert!(
            of_a.0 == of_b.0 && of_a.1.len() == of_b.1.len() && same,
            "{what}: {of_a:?} {of_b:?}"
        );
    }
    assert_eq!(a.2.len(), b.2.len(), "{what}: numbers");
    assert!(a.1 == b.1, "{what}: fields");
}

/// Runs a problem whole, and in parts that end after steps and at times; `end` is that of the whole.
fn check(name: &str, text: &str, steps: &[u64], end: f64, ranks: &[usize]) {
    let home = Home::new();
    home.write("p.toml", text);
    let run = |out: &str, ranks: usize, extra: &[&str]| {
        let ranks = ranks.to_string();
        home.succeed(
            &[&["run", "p.toml", "--quiet", "--out", out, "--ranks", &ranks], extra].concat(),
        );
    };
    run("whole", 1, &[]);
    let whole = home.path().join("whole");
    for (k, count) in ranks.iter().enumerate() {
        let next = ranks[(k + 1) % ranks.len()];
        for step in steps {
            let out = format!("after-{step}-on-{count}");
            run(&out, *count, &["--set", &format!("time.max_steps={step}")]);
            run(&out, next, &["--resume"]);
            assert_same(&whole, &home.path().join(&out), &format!("{name} {out}, then on {next}"));
        }
        // To the half, and on: what was done to end there leaves no trace.
        let out = format!("half-on-{count}");
        run(&out, *count, &["--set", &format!("time.end={}", end / 2.0)]);
        run(&out, next, &["--resume"]);
        assert_same(&whole, &home.path().join(&out), &format!("{name} {out}, then on {next}"));
    }
}

const RANKS: [usize; 4] = [1, 2, 3, 5];

#[test]
fn explicit_schemes() {
    for scheme in ["euler", "rk2", "ssprk3", "ssprk(10,4)", "rk4", "carpenter-kennedy45"] {
        let time = format!("end = 1.04\ndt = 0.02\nscheme = \"{scheme}\"");
        check(scheme, &problem(&reacting(), &time), &[1, 17], 1.04, &RANKS[..2]);
    }
    // Several steps in a sweep.
    let blocked = problem(
        &reacting().replace(" + 0.1*average(v)", ""),
        "end = 1\ndt = 0.02\nscheme = \"rk2\"",
    );
    check("blocked", &(blocked + "[execution]\nsteps_per_sweep = 4\n"), &[5, 23], 1.0, &RANKS);
}

#[test]
fn multistep_schemes() {
    for scheme in ["adams-bashforth2", "adams-bashforth3"] {
        for dt in ["0.02", "\"auto\""] {
            let time = format!("end = 1\ndt = {dt}\nscheme = \"{scheme}\"");
            check(scheme, &problem(&reacting(), &time), &[1, 2, 9], 1.0, &[1, 3]);
        }
    }
}

#[test]
fn steps_that_follow_the_solution() {
    let growing = format!(
        "{GRID}[equations]\nu = \"diffusion(0.01*u^2, u) + u\"\n[initial]\nu = \"1 + 0.5*sin(2*pi*x)\""
    );
    check(
        "auto",
        &problem(&growing, "end = 1\ndt = \"auto\"\nscheme = \"rk4\""),
        &[3, 20],
        1.0,
        &RANKS,
    );
}

#[test]
fn error_control() {
    let schemes = ["bogacki-shampine", "fehlberg45", "cash-karp", "dormand-prince", "tsit5"];
    for scheme in schemes {
        let time = format!("end = 1\nscheme = \"{scheme}\"\ntolerance = 1e-5");
        check(scheme, &problem(&reacting(), &time), &[1, 4], 1.0, &[2, 1]);
    }
    let time = "end = 1\nscheme = \"tsit5\"\ntolerance = 1e-6\npositive = [\"v\"]";
    check("positive", &problem(&reacting(), time), &[5], 1.0, &RANKS);
}

#[test]
fn stabilised_schemes() {
    for scheme in ["rkc2", "rkl2"] {
        for step in ["tolerance = 1e-4", "dt = 0.05"] {
            let time = format!("end = 1\nscheme = \"{scheme}\"\n{step}");
            check(scheme, &problem(&reacting(), &time), &[1, 6], 1.0, &[1, 3]);
        }
    }
}

#[test]
fn implicit_schemes() {
    for scheme in ["backward-euler", "crank-nicolson", "bdf2", "sdirk2", "sdirk4", "tr-bdf2"] {
        let time = format!("end = 1\ndt = 0.05\nscheme = \"{scheme}\"");
        check(scheme, &problem(&reacting(), &time), &[1, 9], 1.0, &[1, 2]);
    }
    let time = "end = 1\nscheme = \"tr-bdf2\"\ntolerance = 1e-4";
    check("tr-bdf2 adaptive", &problem(&reacting(), time), &[2, 25], 1.0, &RANKS);
    for scheme in ["backward-euler", "crank-nicolson", "bdf2", "sdirk2"] {
        let time = format!("end = 1\nscheme = \"{scheme}\"\ntolerance = 1e-3");
        check(scheme, &problem(&reacting(), &time), &[1, 2, 7], 1.0, &[2]);
    }
    let rough = format!(
        "{GRID}[equations]\nu = \"laplace(u)\"\n[initial]\nu = \"where(x < 0.3 and y < 0.4, 1, 0)\""
    );
    let time = "end = 1\ndt = 0.05\nscheme = \"crank-nicolson-rannacher\"";
    check("halved steps", &problem(&rough, time), &[1, 2, 3], 1.0, &[2]);
    let stiff = format!(
        "{GRID}[equations]\nu = \"3*laplace(u) + u - u^3\"\n[initial]\nu = \"0.5 + 0.4*sin(2*pi*x)*y\""
    );
    check(
        "multigrid",
        &problem(&stiff, "end = 1\ndt = 0.02\nscheme = \"bdf2\""),
        &[7, 33],
        1.0,
        &RANKS,
    );
}

#[test]
fn parts_implicit() {
    for scheme in ["imex-euler", "ars222", "ars233", "ars443", "ark3", "ark4"] {
        let time = format!("end = 1\ndt = 0.05\nscheme = \"{scheme}\"");
        check(scheme, &problem(&reacting(), &time), &[1, 9], 1.0, &[1, 2]);
    }
    let time = "end = 1\nscheme = \"ark4\"\ntolerance = 1e-5";
    check("ark4 adaptive", &problem(&reacting(), time), &[3], 1.0, &[3, 1]);
    check(
        "auto",
        &problem(&reacting(), "end = 1\nscheme = \"auto\"\ntolerance = 1e-4"),
        &[3],
        1.0,
        &[1, 2],
    );
}

#[test]
fn unknowns_beside_fields() {
    let flow = format!(
        "{GRID}[equations]\nu = \"0.01*laplace(u) - d_dy(psi)*d_dx(u) + d_dx(psi)*d_dy(u)\"\n\
         [solve]\npsi = \"diffusion(1 + 0.5*u^2, psi) + u\"\n\
         [initial]\nu = \"sin(2*pi*x)*y\"\n[boundary.psi]\n\"y-\" = {{ value = 0 }}\n\"y+\" = {{ value = 0 }}"
    );
    for time in
        ["end = 1\ndt = 0.05\nscheme = \"rk2\"", "end = 1\ntolerance = 1e-3\nscheme = \"tsit5\""]
    {
        check("stream function", &problem(&flow, time), &[6], 1.0, &[1, 3]);
    }
}

#[test]
fn implicit_steps_beside_unknowns() {
    let ions = "[grid]\nx = { bounds = [0, 1], cells = 24 }\n[equations]\n\
                u = \"laplace(u) + diffusion(u, phi)\"\nn = \"laplace(n) - diffusion(n, phi)\"\n\
                [solve]\nphi = \"0.03*laplace(phi) = n - u\"\n[boundary.phi]\nx = { value = 0 }\n\
                [boundary.u]\nx = { flux = 0 }\n[boundary.n]\nx = { flux = 0 }\n\
                [initial]\nu = \"1 + 0.3*cos(pi*x)\"\nn = \"1 - 0.3*cos(pi*x) + 0.1*sin(5*x)^2\"";
    for time in [
        "dt = 0.05\nscheme = \"bdf2\"",
        "dt = 0.05\nscheme = \"sdirk2\"",
        "tolerance = 1e-3\nscheme = \"tr-bdf2\"",
        "tolerance = 1e-3\nscheme = \"ark3\"",
    ] {
        check("ions", &problem(ions, &format!("end = 0.4\n{time}")), &[3], 0.4, &[1]);
    }
}

#[test]
fn implicit_steps_beside_numbers() {
    let numbers = format!(
        "{GRID}[equations]\nu = \"0.05*laplace(u) + T - u^3\"\n[initial]\nu = \"x*y\"\n\
         [numbers]\nT = {{ initial = 2, equation = \"-T^2 + 3*average(u) + sin(4*t)\" }}"
    );
    for time in [
        "dt = 0.05\nscheme = \"backward-euler\"",
        "dt = 0.05\nscheme = \"bdf2\"",
        "tolerance = 1e-3\nscheme = \"bdf2\"",
        "tolerance = 1e-4\nscheme = \"tr-bdf2\"",
        "dt = 0.05\nscheme = \"ars443\"",
        "tolerance = 1e-4\nscheme = \"ark3\"",
    ] {
        check("numbers", &problem(&numbers, &format!("end = 0.5\n{time}")), &[4], 0.5, &[2]);
    }
}

/// What is switched on and off by the state makes steps be rejected again and again, and by the time alone, end there: runs
/// that stop after each of the first steps go on to the same bits.
#[test]
fn steps_that_are_rejected() {
    let switched = |phase: &str| {
        format!(
            "{GRID}[equations]\nu = \"0.01*laplace(u) - u + where(sin({phase}) > 0, 40, 0)*v\"\n\
             v = \"0.1*u - v\"\n[initial]\nu = \"1 + 0.3*sin(2*pi*x)\"\nv = \"y\""
        )
    };
    for scheme in ["dormand-prince", "bogacki-shampine", "tr-bdf2"] {
        let time = format!("end = 1.2\nscheme = \"{scheme}\"\ntolerance = 1e-3\ndt = 0.1");
        let text = problem(&switched("20*t"), &time);
        check(scheme, &text, &[2, 3, 4, 5, 6, 7], 1.2, &[1]);
        let text = problem(&switched("20*t + 1e-9*u"), &time);
        let home = Home::new();
        home.write("p.toml", &text);
        home.succeed(&["run", "p.toml", "--quiet", "--ranks", "1"]);
        let report: serde_json::Value = serde_json::from_str(&home.read("p/report.json")).unwrap();
        assert!(report["rejected_steps"].as_u64().unwrap() >= 5, "{scheme}: {report}");
        check(scheme, &text, &[2, 3, 4, 5, 6, 7], 1.2, &[1]);
    }
}

#[test]
fn noise_and_numbers() {
    let noisy = reacting() + "\n[noise]\nu = 0.001\nv = \"0.001*u^2\"";
    check("noise", &problem(&noisy, "end = 1\ndt = 0.02"), &[1, 13], 1.0, &RANKS);
    let numbers = format!(
        "{GRID}[equations]\nu = \"0.01*laplace(u) + T - u\"\n[initial]\nu = \"x*y\"\n\
         [numbers]\nT = {{ initial = 2, equation = \"-T + average(u)\" }}"
    );
    for time in ["dt = 0.02\nscheme = \"rk4\"", "tolerance = 1e-6\nscheme = \"tsit5\""] {
        check(
            "numbers",
            &problem(&numbers, &format!("end = 1\n{time}")),
            &[1, 8],
            1.0,
            &RANKS[1..],
        );
    }
}

#[test]
fn complex_fields_vectors_and_changes_after_steps() {
    let wave = format!(
        "{GRID}[fields]\npsi = {{ dtype = \"complex\" }}\nv = \"vector\"\n[equations]\nu = \"-0.1*divergence(v)\"\n\
         v = \"-gradient(u)\"\npsi = \"0.01*i*laplace(psi) - i*u*psi\"\n[initial]\nu = \"exp(-9*(x - 0.5)^2)\"\n\
         v = \"[0, 0]\"\npsi = \"exp(2*i*pi*x)\"\n[after_step]\nu = \"max(u, 0.01)\""
    );
    check("wave", &problem(&wave, "end = 1\ndt = 0.01\nscheme = \"rk4\""), &[1, 37], 1.0, &RANKS);
}

#[test]
fn transport() {
    let base = "[grid]\nx = { bounds = [0, 1], cells = 20 }\ny = { bounds = [0, 1], cells = 15, periodic = true }\n";
    let initial = "[initial]\nu = \"1 + exp(-30*((x - 0.4)^2 + (y - 0.5)^2))\"\n";
    let steady = format!(
        "{base}{initial}[transport.u]\nvelocity = [\"0.3*sin(pi*x)\", \"0.4 + 0.1*x\"]\niterations = 3\n\
         infinite_gauge = true\nnonoscillatory = true\n"
    );
    check("steady", &problem(&steady, "end = 1\ndt = 0.05"), &[1, 9], 1.0, &RANKS);
    // The velocity follows from the fields: a step uses that of the step before.
    let own = format!(
        "{base}[equations]\nh = \"0\"\nu = \"-0.2*h*d_dx(h)\"\n[initial]\nh = \"1 + 0.2*sin(2*pi*y)*x\"\nu = \"0.1*x\"\n\
         [transport.h]\nvelocity = [\"u/h\", \"0.2*h\"]\n[transport.u]\nvelocity = [\"u/h\", \"0.2*h\"]\n"
    );
    check("own velocity", &problem(&own, "end = 1\ndt = 0.05"), &[1, 2, 9], 1.0, &RANKS);
    check("following", &problem(&own, "end = 1\ndt = \"auto\""), &[1, 2, 9, 30], 1.0, &RANKS);
}

#[test]
fn as_mpi_processes_on_2_and_3_ranks() {
    let home = Home::new();
    home.write("p.toml", &problem(&reacting(), "end = 1\ntolerance = 1e-5\nscheme = \"tsit5\""));
    home.succeed(&["run", "p.toml", "--out", "whole", "--ranks", "1"]);
    let whole = home.path().join("whole");
    for (first, second) in [(2, 3), (3, 2)] {
        let out = format!("on-{first}");
        let run = |ranks, extra: &[&str]| {
            let args = [&["run", "p.toml", "--out", &out, "--quiet"], extra].concat();
            succeeded(fluxions_testing::finish(&mut home.mpirun(ranks, &args)));
        };
        run(first, &["--set", "time.max_steps=5"]);
        run(second, &["--resume"]);
        assert_same(&whole, &home.path().join(&out), &out);
        // As threads what processes have begun.
        let out = format!("mixed-{first}");
        let args = ["run", "p.toml", "--out", &out, "--quiet", "--set", "time.end=0.5"];
        succeeded(fluxions_testing::finish(&mut home.mpirun(first, &args)));
        home.succeed(&["run", "p.toml", "--out", &out, "--quiet", "--resume", "--ranks", "2"]);
        assert_same(&whole, &home.path().join(&out), &out);
    }
}

#[test]
fn what_is_not_the_same_problem_is_refused() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--set", "time.max_steps=13"]);
    let refused = home.fail(4, &["run", "small.toml", "--resume", "--set", "parameters.F=0.05"]);
    assert!(refused.contains("parameters.F was `0.04`, and is `0.05`"), "{refused}");
    let refused = home.fail(4, &["run", "small.toml", "--resume", "--set", "grid.x.cells=32"]);
    assert!(refused.contains("grid.x.cells was `24`"), "{refused}");
    // The problem in the folder is the same.
    home.succeed(&["run", "small/problem.toml", "--resume", "--set", "time.max_steps=20"]);
    assert!(home.read("small/report.json").contains("\"steps\": 20"));
    home.succeed(&["run", "small.toml", "--resume"]);
    assert!(home.read("small/report.json").contains("\"resumed_at\": 20"));
}

/// Which scheme is the fastest may depend on the end: a run that goes on keeps the one with which it began.
#[test]
fn a_scheme_that_was_chosen_stays() {
    let home = Home::new();
    let text = problem(&reacting(), "end = 1\nscheme = \"auto\"\ntolerance = 1e-4");
    home.write("p.toml", &text);
    home.succeed(&["run", "p.toml", "--set", "time.max_steps=3"]);
    let state = home.read("p/checkpoints/000000000003/state.json");
    let scheme: String = state.lines().find(|line| line.contains("\"scheme\"")).unwrap().into();
    assert!(["tsit5", "rkc2", "tr-bdf2", "ark3", "ark4"].iter().any(|name| scheme.contains(name)));
    // As if it had been another one.
    home.write("q.toml", &text.replace("\"auto\"", "\"ark4\""));
    home.succeed(&["run", "q.toml", "--set", "time.max_steps=3"]);
    home.write("q/problem.toml", &text);
    let state = home.read("q/checkpoints/000000000003/state.json");
    let (_, body) = state.split_once('\n').unwrap();
    let body = body.replace("scheme = \\\"ark4\\\"", "scheme = \\\"auto\\\"");
    let sum = xxhash_rust::xxh3::xxh3_64(body.as_bytes());
    let state = format!("Fluxions checkpoint 4 {sum:016x}\n{body}");
    home.write("q/checkpoints/000000000003/state.json", &state);
    home.write("q.toml", &text);
    home.succeed(&["run", "q.toml", "--resume"]);
    assert!(home.read("q/run.log").contains("by ark4(3)6L[2]SA (scheme = \"auto\")"));
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 5] = [
        ("flipped", |folder| {
            let mut bytes = std::fs::read(folder.join("part-00000")).unwrap();
            bytes[400] ^= 1;
            std::fs::write(folder.join("part-00000"), bytes).unwrap();
        }),
        ("cut off", |folder| {
            let bytes = std::fs::read(folder.join("part-00001")).unwrap();
            std::fs::write(folder.join("part-00001"), &bytes[..bytes.len() - 9]).unwrap();
        }),
        ("without a part", |folder| std::fs::remove_file(folder.join("part-00001")).unwrap()),
        ("without a state", |folder| std::fs::remove_file(folder.join("state.json")).unwrap()),
        ("of another text", |folder| {
            let text = std::fs::read_to_string(folder.join("state.json")).unwrap();
            std::fs::write(folder.join("state.json"), text.replace("\"step\": 30", "\"step\": 31"))
                .unwrap();
        }),
    ];
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--out", "whole"]);
    for (name, damage) in damages {
        let run = |extra: &[&str]| {
            let args = [&["run", "small.toml", "--out", name, "--ranks", "2"], extra].concat();
            fluxions_testing::finish(&mut home.fluxions(&args))
        };
        succeeded(run(&["--set", "time.max_steps=12"]));
        succeeded(run(&["--resume", "--set", "time.max_steps=30"]));
        damage(&home.path().join(name).join("checkpoints/000000000030"));
        let resumed = run(&["--resume"]);
        let (out, err) = (text(&resumed.stdout), text(&resumed.stderr));
        assert!(err.contains("passed over") && err.contains("000000000030"), "{name}: {err}");
        assert!(out.contains("goes on from t = 12, step 12"), "{name}: {out}");
        assert_same(&home.path().join("whole"), &home.path().join(name), name);
    }
}

/// Checkpoints of another format, or with a state of another form, are told with both versions and what to do; nothing
/// is lost. An older checkpoint that can be used is gone on with.
#[test]
fn checkpoints_of_other_builds_are_named() {
    type Change = fn(&str) -> String;
    let changes: [(&str, Change, &str); 4] = [
        (
            "later",
            |text| {
                let text = text.replacen("checkpoint 4", "checkpoint 7", 1);
                text.replace("Fluxions 0.1.0", "Fluxions 9.8.7")
            },
            "written by Fluxions 9.8.7; this is Fluxions 0.1.0, which reads format 4, not 7",
        ),
        (
            "earlier",
            |text| text.replacen("checkpoint 4", "checkpoint 1", 1),
            "written by another build of Fluxions 0.1.0 than this one, which reads format 4, not 1",
        ),
        (
            "other state",
            |text| with_sum(text, |body| body.replacen("\"state\": \"", "\"state\": \"ff", 1)),
            "written by another build of Fluxions 0.1.0 than this one, which does not understand its state",
        ),
        (
            "other arrays",
            |text| with_sum(text, |body| body.replacen("\"u\"", "\"flow of u\"", 1)),
            "another build of Fluxions 0.1.0 than this one, whose runs of this problem keep other arrays",
        ),
    ];
    let home = Home::new();
    home.write("small.toml", SMALL);
    for (name, change, told) in changes {
        let out = ["--out", name];
        home.succeed(&[&["run", "small.toml", "--set", "time.max_steps=12"], &out[..]].concat());
        let state = format!("{name}/checkpoints/000000000012/state.json");
        let text = home.read(&state);
        home.write(&state, &change(&text));
        let err = home.fail(4, &[&["run", "small.toml", "--resume"], &out[..]].concat());
        assert!(err.contains(told), "{name}: {err}");
        assert!(err.contains("help: go on with the build that wrote it; or begin anew"), "{err}");
        let info = home.succeed(&["info", name]);
        assert!(info.contains("3, t = 0 to 12"), "{info}");
        if name != "other arrays" {
            assert!(info.contains("checkpoint  cannot be used: ") && info.contains(told), "{info}");
            let checkpoint = format!("{name}/checkpoints/000000000012");
            assert!(home.fail(4, &["info", &checkpoint]).contains(told));
        }
        home.write(&state, &text);
        let longer = ["run", "small.toml", "--resume", "--set", "time.max_steps=20"];
        home.succeed(&[&longer[..], &out].concat());
        let newest = format!("{name}/checkpoints/000000000020/state.json");
        home.write(&newest, &change(&home.read(&newest)));
        if name != "other arrays" {
            let said = home.succeed(&[&["run", "small.toml", "--resume"], &out[..]].concat());
            assert!(said.contains("goes on from t = 12, step 12"), "{name}: {said}");
        }
    }
}

/// A state with a changed body and its checksum.
fn with_sum(text: &str, change: impl Fn(&str) -> String) -> String {
    let (_, body) = text.split_once('\n').unwrap();
    let body = change(body);
    format!("Fluxions checkpoint 4 {:016x}\n{body}", xxhash_rust::xxh3::xxh3_64(body.as_bytes()))
}

/// `info` and a run that goes on find the same checkpoint.
#[test]
fn the_newest_checkpoint_that_can_be_used_is_told() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--set", "time.max_steps=12"]);
    home.succeed(&["run", "small.toml", "--resume", "--set", "time.max_steps=20"]);
    let part = home.path().join("small/checkpoints/000000000020/part-00000");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[400] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let info = home.succeed(&["info", "small"]);
    assert!(info.contains("checkpoint  t = 12, step 12"), "{info}");
    assert!(info.contains("000000000020/part-00000: it is damaged"), "{info}");
    let said = home.succeed(&["run", "small.toml", "--resume"]);
    assert!(said.contains("goes on from t = 12, step 12"), "{said}");
}

#[test]
fn as_many_checkpoints_are_kept_as_asked_for() {
    let home = Home::new();
    home.write(
        "small.toml",
        &(SMALL.to_string() + "[checkpoint]\nevery = { time = 7 }\nkeep = 3\n"),
    );
    home.succeed(&["run", "small.toml"]);
    let mut kept: Vec<String> = std::fs::read_dir(home.path().join("small/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    // The last one is that before the end.
    assert_eq!(kept, ["000000000028", "000000000035", "000000000039"]);
}

/// A run without a checkpoint begins anew, but not as another problem.
#[test]
fn without_a_checkpoint_the_same_problem_begins_anew() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml"]);
    std::fs::remove_dir_all(home.path().join("small/checkpoints")).unwrap();
    let told = home.fail(4, &["run", "small.toml", "--resume", "--set", "parameters.F=0.05"]);
    assert!(told.contains("parameters.F was `0.04`, and is `0.05`"), "{told}");
    home.succeed(&["run", "small.toml", "--resume"]);
    home.succeed(&["run", "small.toml", "--out", "whole"]);
    assert_same(&home.path().join("whole"), &home.path().join("small"), "begun anew");
}

/// What stops a run may be changed; a run that is stopped by a condition stops there again.
#[test]
fn conditions_that_stop_a_run_come_and_go() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--out", "whole"]);
    let run = |extra: &[&str]| {
        home.succeed(&[&["run", "small.toml", "--quiet"], extra].concat());
        let report: serde_json::Value =
            serde_json::from_str(&home.read("small/report.json")).unwrap();
        report["steps"].as_u64().unwrap()
    };
    let when = ["--set", "stop.when=average(u) < 0.989"];
    let stopped = run(&when);
    assert!(stopped < 40, "{stopped}");
    for _ in 0..2 {
        assert_eq!(run(&[&["--resume"], &when[..]].concat()), stopped);
    }
    assert_eq!(run(&["--resume"]), 40);
    assert_same(&home.path().join("whole"), &home.path().join("small"), "without the condition");
}

/// An older checkpoint is gone on with where newer ones are damaged, and these do not push out what follows.
#[test]
fn damaged_checkpoints_do_not_take_the_place_of_good_ones() {
    let home = Home::new();
    let text = SMALL.to_string() + "[checkpoint]\nevery = { time = 10 }\nkeep = 4\n";
    home.write("small.toml", &text);
    home.succeed(&["run", "small.toml"]);
    for step in ["000000000030", "000000000039"] {
        std::fs::write(home.path().join(format!("small/checkpoints/{step}/state.json")), "")
            .unwrap();
    }
    let fewer = ["--set", "checkpoint.keep=2", "--set", "time.max_steps=25"];
    home.succeed(&[&["run", "small.toml", "--resume"], &fewer[..]].concat());
    let resumed = home.succeed(&["run", "small.toml", "--resume"]);
    assert!(resumed.contains("goes on from t = 25, step 25"), "{resumed}");
}

/// More parts than files may be open at a time.
#[test]
fn many_parts_are_read_with_few_open_files() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--ranks", "24", "--set", "time.max_steps=20"]);
    let program = env!("CARGO_BIN_EXE_fluxions");
    let line = format!("ulimit -n 80; exec {program} run small.toml --resume --ranks 12");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &line]).current_dir(home.path());
    succeeded(fluxions_testing::finish(&mut command));
    assert!(home.read("small/report.json").contains("\"resumed_at\": 20"));
}

#[test]
fn a_run_goes_on_in_its_own_folder_and_not_before_its_checkpoint() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    home.succeed(&["run", "small.toml", "--set", "time.max_steps=12"]);
    let mut here = home.fluxions(&["run", "problem.toml", "--resume"]);
    succeeded(fluxions_testing::finish(here.current_dir(home.path().join("small"))));
    let told = home.fail(2, &["run", "small.toml", "--resume", "--set", "time.end=3"]);
    assert!(told.contains("the run has come to t ="), "{told}");
    // What the run has left is untouched.
    assert!(home.succeed(&["info", "small"]).contains("stopped: the"));
}

/// Compressed numbers, begun by threads and gone on with by processes.
#[cfg(feature = "mpi")]
#[test]
fn compressed_series_go_on_under_mpi_on_2_ranks() {
    let home = Home::new();
    let text = SMALL.replace("every = 10\n", "every = 10\ncompression = \"deflate\"\n");
    home.write("small.toml", &text);
    home.succeed(&["run", "small.toml", "--out", "whole"]);
    home.succeed(&["run", "small.toml", "--set", "time.max_steps=15"]);
    let args = ["run", "small.toml", "--resume"];
    succeeded(fluxions_testing::finish(&mut home.mpirun(2, &args)));
    assert_same(&home.path().join("whole"), &home.path().join("small"), "deflate");
}

/// Noise is counted from the first step of each run: continued by hand, it would be that of the first part again.
#[test]
fn noise_that_is_repeated_is_told() {
    let home = Home::new();
    let first = "[grid]\nx = { bounds = [0, 1], cells = 16 }\n[equations]\nu = \"laplace(u)\"\n[noise]\nu = 0.1\n\
                 [time]\nend = 1e-2\ndt = 1e-3\n[output]\npicture = false\n";
    home.write("a.toml", &format!("{first}[initial]\nu = \"x\"\n"));
    let from_file = "[initial]\nu = { file = \"a/series.h5\" }\n";
    home.write("b.toml", &format!("{first}{from_file}"));
    home.succeed(&["run", "a.toml", "--quiet"]);
    let told = |args: &[&str]| {
        let output = fluxions_testing::finish(&mut home.fluxions(args));
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let check = ["check", "b.toml", "--set", "time.start=1e-2", "--set", "time.end=2e-2"];
    let warning = "this run has the noise of the run that wrote a/series.h5";
    assert!(told(&check).contains(warning), "{}", told(&check));
    assert!(told(&check).contains("another seed than 0"));
    assert!(!told(&[&check[..], &["--set", "random.seed=1"]].concat()).contains(warning));
    let quiet = first.replace("[noise]\nu = 0.1\n", "");
    home.write("c.toml", &format!("{quiet}{from_file}"));
    assert!(!told(&["check", "c.toml"]).contains(warning));
}

/// A checkpoint that was written once is understood by every later build that has the same format: whatever changes the form
/// of what a simulation, its clock, scheme or trackers save changes the number of the format in io/src/checkpoint/record.rs.
/// `UPDATE_GOLDEN=1` then writes tests/checkpoints anew. Results are compared with a tolerance, since their bits may change
/// from build to build.
#[test]
fn kept_checkpoints_of_this_format_are_understood() {
    let output = "[[output.probe]]\nname = \"p\"\nat = [0.4]\nevery = 0.03\n\
                  [[output.line]]\nname = \"l\"\nfrom = [0.1]\nto = [0.9]\nevery = 0.05\n\
                  [conserved]\nmass = \"integral(u)\"\n";
    let grid = "[grid]\nx = { bounds = [0, 1], cells = 12 }\n";
    let ions = format!(
        "{grid}[equations]\nu = \"laplace(u) + diffusion(u, phi)\"\n\
         [solve]\nphi = \"0.03*laplace(phi) = 1 - u\"\n[boundary.phi]\nx = {{ value = 0 }}\n\
         [boundary.u]\nx = {{ flux = 0 }}\n[initial]\nu = \"1 + 0.3*cos(pi*x)\"\n"
    );
    let numbers = format!(
        "{grid}[equations]\nu = \"0.05*laplace(u) + T - u^3\"\n[initial]\nu = \"x\"\n\
         [numbers]\nT = {{ initial = 2, equation = \"-T^2 + 3*average(u)\" }}\n"
    );
    let decay =
        format!("{grid}[equations]\nu = \"0.01*laplace(u) - u^3\"\n[initial]\nu = \"1 + x\"\n");
    for (name, sections, time) in [
        ("bdf2", &ions, "dt = 0.05\nscheme = \"bdf2\""),
        ("ark3", &ions, "tolerance = 1e-3\nscheme = \"ark3\""),
        ("tsit5", &numbers, "tolerance = 1e-6\nscheme = \"tsit5\""),
        ("adams-bashforth3", &decay, "dt = 0.01\nscheme = \"adams-bashforth3\""),
        ("auto", &numbers, "dt = \"auto\"\nscheme = \"rk4\""),
    ] {
        let home = Home::new();
        home.write("p.toml", &(problem(sections, &format!("end = 0.4\n{time}")) + output));
        home.succeed(&["run", "p.toml", "--quiet", "--out", "whole", "--ranks", "1"]);
        let first = ["--out", name, "--ranks", "1", "--set", "time.max_steps=3"];
        home.succeed(&[&["run", "p.toml", "--quiet"], &first[..]].concat());
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints").join(name);
        let here = home.path().join(name).join("checkpoints/000000000003");
        let (from, to) = match std::env::var_os("UPDATE_GOLDEN").is_some() {
            true => (&here, &kept),
            false => (&kept, &here),
        };
        std::fs::create_dir_all(to).unwrap();
        for file in ["state.json", "part-00000"] {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
        let on = home.succeed(&["run", "p.toml", "--out", name, "--resume"]);
        assert!(on.contains(", step 3\n") && !on.contains("passed over"), "{name}: {on}");
        home.succeed(&["diff", "whole", name, "--rtol", "1e-4", "--atol", "1e-4"]);
    }
}
