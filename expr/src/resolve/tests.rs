use super::*;
use crate::scope::Place;
use crate::space::{Coordinates, Space};
use crate::types::{Rank, Type};

fn scope(place: Place) -> Scope {
    let mut scope = Scope::new(place, &Space::cartesian(&["x", "y"]));
    if place.allows_fields() {
        scope.field("u", 0, Type::REAL);
        scope.field("v", 1, Type::real(Rank::Vector));
        scope.field("psi", 2, Type::COMPLEX);
    }
    scope.number("gamma", 2.0);
    scope
}

fn errors(text: &str, place: Place) -> Vec<String> {
    let ast = crate::parse(text).unwrap();
    match resolve(&ast, text, &scope(place)) {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(|e| e.to_string()).collect(),
    }
}

#[test]
fn independent_mistakes_are_all_reported() {
    let found = errors("laplac(u) + vv*sin(u, 1) + u[0]", Place::Equation);
    assert_eq!(
        found,
        [
            "unknown function `laplac`",
            "unknown name `vv`",
            "`sin` takes 1 argument, but 2 are given",
            "`u` is a scalar: it has no components",
        ]
    );
}

#[test]
fn a_parameter_may_have_a_functions_name() {
    assert!(errors("gamma*gamma(u)", Place::Equation).is_empty());
}

#[test]
fn places_allow_what_they_should() {
    assert!(errors("random_uniform(0, 1)*x", Place::Initial).is_empty());
    assert!(errors("value + cell + cell(x) + dx + t + d_dx(y)", Place::Condition).is_empty());
    assert!(errors("flow_x_minus(laplace(x))", Place::Output).is_empty());
    assert!(errors("max(2)", Place::Constant).is_empty());
    for (text, place) in [
        ("random_uniform(0, 1)", Place::Equation),
        ("random_uniform(0, 1)", Place::Condition),
        ("d_dx(1)", Place::Constant),
        ("cell(y)", Place::Equation),
        ("flow_x_minus(y)", Place::Equation),
        ("x", Place::Constant),
        ("integral(2)", Place::Constant),
    ] {
        assert_eq!(errors(text, place).len(), 1, "{text}");
    }
}

#[test]
fn a_definition_brings_what_it_uses() {
    let mut scope = scope(Place::Initial);
    let uses = Uses { field: Some("u".into()), cells: true, ..Uses::default() };
    scope.define("mu", 0, Type::REAL, uses);
    let ast = crate::parse("2*mu").unwrap();
    let errors = resolve(&ast, "2*mu", &scope).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "`mu`, which depends on the field `u`, cannot be used in an initial value"
    );
}

#[test]
fn a_reduction_is_one_number() {
    let uses =
        |text: &str| resolve(&crate::parse(text).unwrap(), text, &scope(Place::Output)).unwrap().1;
    assert!(!uses("integral(u*x) + max(u)").cells);
    assert!(uses("u - average(u)").cells);
}

fn type_of(text: &str) -> Type {
    let ast = crate::parse(text).unwrap();
    let found = resolve(&ast, text, &scope(Place::Equation));
    found.unwrap_or_else(|errors| panic!("{text}: {}", errors[0].in_text(text))).0.ty
}

#[test]
fn every_expression_has_a_type() {
    let vector = Type::real(Rank::Vector);
    let tensor = Type::real(Rank::Tensor);
    for (text, ty) in [
        ("u + 1", Type::REAL),
        ("gradient(u) - 2*v/u", vector),
        ("[u, x]", vector),
        ("[v, gradient(u)]", tensor),
        ("vector_gradient(v)", tensor),
        ("vector_gradient(v)[0]", vector),
        ("vector_gradient(v)[0, 1] + vector_gradient(v).xy + v.x + v[1]", Type::REAL),
        ("dot(v, v) + divergence(v) + trace(outer(v, v)) + norm(v)", Type::REAL),
        ("dot(outer(v, v), v) + dot(v, outer(v, v)) + tensor_divergence(outer(v, v))", vector),
        ("dot(outer(v, v), transpose(outer(v, v)))", tensor),
        ("curl(v) + cross(v, gradient(u))", Type::REAL),
        ("curl(u) + vector_laplace(v) + advect(v, v)", vector),
        ("advect_upwind(v, u) + diffusion(u, u)", Type::REAL),
        ("I*psi + exp(i*u)", Type::COMPLEX),
        ("abs(psi)^2 + real(psi)*imag(psi) + arg(psi)", Type::REAL),
        ("conj(psi)*v", Type { rank: Rank::Vector, complex: true }),
        ("integral(psi)", Type::COMPLEX),
        ("where(u > 0, v, gradient(u))", vector),
        ("Piecewise((v, u > 0), (gradient(u), True))", vector),
        ("∇²u + |∇u|² + u³ + ∇·v + |u| + |v|", Type::REAL),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
    }
}

#[test]
fn types_that_do_not_fit_are_refused() {
    for (text, message) in [
        ("u + gradient(u)", "a scalar and a vector cannot be added"),
        ("v*v", "a vector and a vector cannot be multiplied"),
        ("u/v", "nothing can be divided by a vector"),
        ("laplace(v)", "`laplace` takes a scalar, and this is a vector"),
        ("divergence(u)", "`divergence` takes a vector, and this is a scalar"),
        ("sin(v)", "`sin` takes a scalar, and this is a vector"),
        ("v^2", "a power takes a scalar, and this is a vector"),
        ("floor(psi)", "`floor` takes a real number, and this is complex"),
        ("psi > 1", "a comparison takes a real number, and this is complex"),
        ("[u, u, u]", "a vector has 2 components here, and this list has 3"),
        ("[u, v]", "a list of a scalar and a vector"),
        ("u[0]", "`u` is a scalar: it has no components"),
        ("v[0, 1]", "`v` is a vector: it has one index"),
        ("v[2]", "no component has this index"),
        ("v.z", "a vector has no component `z`"),
        ("where(u > 0, u, v)", "a scalar and a vector cannot be alternatives"),
        ("max(psi)", "`max` takes a real number, and this is complex"),
    ] {
        let found = errors(text, Place::Equation);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(message), "{text}: {}", found[0]);
    }
}

#[test]
fn functions_written_as_text_stand_for_their_bodies() {
    let mut scope = scope(Place::Equation);
    scope.function("f", crate::parse_function("(x, a) -> x/(a + x)").unwrap());
    scope.function("g", crate::parse_function("(c) -> f(c, gamma)^2").unwrap());
    scope.function("h", crate::parse_function("(c) -> h(c)").unwrap());
    let check = |text: &str| resolve(&crate::parse(text).unwrap(), text, &scope);
    // A function's arguments hide names from outside.
    let (found, _) = check("g(2*u)").unwrap();
    let (expected, _) = check("((2*u)/(gamma + 2*u))^2").unwrap();
    assert_eq!(found, expected);
    let message = |text: &str| check(text).unwrap_err()[0].to_string();
    assert!(
        message("f(v, 1)").starts_with("in `f`, which is `(x, a) -> x/(a + x)`: "),
        "{}",
        message("f(v, 1)")
    );
    assert!(message("h(u)").contains("calls itself"), "{}", message("h(u)"));
    assert_eq!(message("f(u)"), "`f` takes 2 arguments, but 1 is given");
}

/// A scope with functions f0, f1, …, each of which uses the one before it.
fn chain(length: usize, first: &str, body: impl Fn(&str) -> String) -> Scope {
    let mut scope = scope(Place::Equation);
    let function = |text: String| crate::parse_function(&text).unwrap();
    scope.function("f0", function(format!("x -> {first}")));
    for k in 1..length {
        let text = format!("x -> {}", body(&format!("f{}", k - 1)));
        scope.function(&format!("f{k}"), function(text));
    }
    scope
}

fn resolve_in(text: &str, scope: &Scope) -> Result<(Expr, Uses), Vec<Error>> {
    resolve(&crate::parse(text).unwrap(), text, scope)
}

#[test]
fn a_function_that_calls_itself_twice_is_noticed_at_once() {
    let mut scope = scope(Place::Equation);
    let fibonacci = "n -> where(n < 2, n, fib(n - 1) + fib(n - 2))";
    scope.function("fib", crate::parse_function(fibonacci).unwrap());
    scope.function("ping", crate::parse_function("x -> pong(x) + pong(x)").unwrap());
    scope.function("pong", crate::parse_function("x -> ping(x)*ping(x)").unwrap());
    let message = |text: &str| resolve_in(text, &scope).unwrap_err()[0].to_string();
    for (text, name) in [("fib(u)", "fib"), ("fib(u + fib(u))", "fib"), ("ping(u)", "ping")] {
        let found = message(text);
        assert!(found.ends_with(&format!(": `{name}` calls itself without end")), "{found}");
    }
}

#[test]
fn functions_cannot_fill_the_memory() {
    let twice = chain(60, "x + x", |f| format!("{f}({f}(x))"));
    let both = chain(60, "u", |f| format!("{f}(x) + {f}(x)"));
    for scope in [&twice, &both] {
        assert!(resolve_in("f3(u)", scope).is_ok());
        let errors = resolve_in("f59(u) + 1", scope).unwrap_err();
        assert!(matches!(errors[..], [Error::TooLarge { span, .. }] if span == Span::new(0, 6)));
    }
    let nested = format!("{}u{}", "f0(".repeat(100), ")".repeat(100));
    assert!(matches!(resolve_in(&nested, &twice).unwrap_err()[..], [Error::TooLarge { .. }]));
}

#[test]
fn what_is_deep_is_refused_or_does_not_overflow() {
    use crate::lower::Parts;
    let scope = chain(60, "x", |f| format!("{f}(x + 1){}", " + 1".repeat(100)));
    let pairs = |n: usize| format!("Piecewise({})", vec!["(psi, u > 0)"; n].join(", "));
    let deep = [pairs(900), "f59(u)".into(), "not ".repeat(190) + "u"];
    for text in deep {
        let expr = resolve_in(&text, &scope).unwrap().0;
        let mut builder = crate::Builder::new();
        let mut leaf = |expr: &Expr, b: &mut crate::Builder| {
            let numbers = [b.load(0, [0; 3]), b.load(1, [0; 3])];
            Parts::of_numbers(expr.ty, &numbers[..expr.ty.per_component()])
        };
        crate::lower(&expr, scope.space(), &mut builder, &mut leaf);
        assert_eq!(expr.clone(), expr);
    }
    let sines = chain(60, "x", |f| format!("{}{f}(x){}", "sin(".repeat(20), ")".repeat(20)));
    let many = chain(100, "x", |f| format!("{f}(x){}", " + 1".repeat(14)));
    assert!(resolve_in("f63(u)", &many).is_ok());
    assert!(matches!(resolve_in("f64(u)", &many).unwrap_err()[..], [Error::TooDeep { .. }]));
    for (text, scope) in [("f59(u)", &sines), (&pairs(50_000), &scope)] {
        let errors = resolve_in(text, scope).unwrap_err();
        assert!(matches!(errors[..], [Error::TooDeep { .. }]), "{:?}", errors[0]);
    }
}

/// On a stack on which recursion into every term would not fit.
#[test]
fn sums_and_products_of_ten_thousand_terms_are_no_deeper_than_short_ones() {
    use crate::derivative::partials;
    use crate::lower::Parts;
    let work = || {
        let (scope, constants) = (scope(Place::Equation), scope(Place::Constant));
        let sum = format!("(u - 1){}", " + psi*2 - u/4".repeat(5_000));
        let product = format!("1{}", "*u/2".repeat(5_000));
        let choice = format!("u > 0{}", " or u < 1 and x > 2".repeat(5_000));
        for (text, levels) in [(&sum, 3), (&product, 2), (&choice, 4)] {
            let (expr, _) = resolve_in(text, &scope).unwrap();
            let (size, depth) = expr.extent();
            assert!(size > 10_000 && depth == levels, "{size} {depth}");
            assert_eq!(expr.clone(), expr);
            let mut builder = crate::Builder::new();
            let mut leaf = |expr: &Expr, b: &mut crate::Builder| match expr.node {
                Node::Coordinate(axis) => Parts::real(b.profile(axis, axis)),
                _ => {
                    let numbers = [b.load(0, [0; 3]), b.load(1, [0; 3])];
                    Parts::of_numbers(expr.ty, &numbers[..expr.ty.per_component()])
                }
            };
            let value = crate::lower(&expr, scope.space(), &mut builder, &mut leaf).only();
            assert!(partials(&mut builder, value.re.unwrap()).len() <= 2);
        }
        let constant = format!("2{}", " + 3*0.5 - 1".repeat(10_000));
        assert_eq!(crate::evaluate(&constant, &constants), Ok(2.0 + 5_000.0));
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap();
    thread.join().unwrap();
}

/// In one chain, whatever brackets say that comes first anyway.
#[test]
fn what_groups_from_the_left_is_one_chain() {
    let scope = scope(Place::Equation);
    let equal =
        |a: &str, b: &str| resolve_in(a, &scope).unwrap().0 == resolve_in(b, &scope).unwrap().0;
    assert!(equal("(u - 2) - x", "u - 2 - x"));
    assert!(equal("(u*2)*x/3", "u*2*x/3"));
    assert!(!equal("u - (2 - x)", "u - 2 - x"));
    assert!(!equal("(u + 2)*x", "u + 2*x"));
    let hash = |text: &str| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        resolve_in(text, &scope).unwrap().0.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash("(u - 2) - x"), hash("u - 2 - x"));
    assert_ne!(hash("u - 2 + x"), hash("u - 2 - x"));
}

#[test]
fn a_function_uses_what_its_body_uses_of_its_arguments() {
    let mut scope = scope(Place::Output);
    scope.function("total", crate::parse_function("q -> integral(q^2)").unwrap());
    scope.function("first", crate::parse_function("(p, q) -> p").unwrap());
    let uses = |text: &str| resolve_in(text, &scope).unwrap().1;
    assert!(!uses("total(u*x)").cells);
    assert_eq!(uses("total(u)").field, Some("u".into()));
    assert!(uses("first(u, 1)").cells);
    assert!(!uses("first(1, u)").cells);
}

#[test]
fn one_stream_of_random_numbers_stays_one() {
    let mut scope = scope(Place::Initial);
    scope.function("nothing", crate::parse_function("r -> r - r").unwrap());
    let item = |text: &str| resolve_in(text, &scope).unwrap().0;
    let mut list = list(
        vec![
            item("nothing(random_normal(0, 1))"),
            item("random_normal(0, 1) + random_normal(0, 1)"),
        ],
        &scope,
    )
    .unwrap();
    assert_eq!(list.renumber_random(5), 8);
    let mut streams = Vec::new();
    list.walk(&mut |expr| {
        if let Node::Random(_, _, stream) = expr.node {
            streams.push(stream);
        }
    });
    assert_eq!(streams, [5, 5, 6, 7]);
}

#[test]
fn what_is_called_wants_its_arguments() {
    for text in ["dot", "1 + norm", "random_normal", "Piecewise", "integral", "sin", "laplace"] {
        assert!(errors(text, Place::Equation)[0].contains("it needs arguments"), "{text}");
    }
    assert_eq!(errors("max(I)", Place::Constant).len(), 1);
}

#[test]
fn a_harmonic_field_has_a_whole_number_of_modes() {
    for text in ["random_harmonic()", "random_harmonic(1)", "random_harmonic(gamma^2 + 996)"] {
        assert_eq!(errors(text, Place::Initial), Vec::<String>::new(), "{text}");
    }
    for (text, found) in [
        ("random_harmonic(0)", "0"),
        ("random_harmonic(2.5)", "2.5"),
        ("random_harmonic(-gamma)", "-2"),
        ("random_harmonic(1001)", "1001"),
        ("random_harmonic(0/0)", "NaN"),
    ] {
        let message = format!(
            "the argument of `random_harmonic` must be a whole number from 1 to 1000, not {found}"
        );
        assert_eq!(errors(text, Place::Initial), [message], "{text}");
    }
}

#[test]
fn reciprocals_are_functions_of_the_angle() {
    let constant = |text: &str| crate::evaluate(text, &scope(Place::Constant));
    assert_eq!(constant("sec(0.3)"), constant("1/cos(0.3)"));
    assert_eq!(constant("csc(0.3)"), constant("1/sin(0.3)"));
    assert_eq!(constant("cot(0.3)"), constant("1/tan(0.3)"));
    assert_eq!(type_of("cot(psi)*sec(u)"), Type::COMPLEX);
    assert_eq!(errors("sec(1, 2)", Place::Constant), ["`sec` takes 1 argument, but 2 are given"]);
    assert_eq!(errors("csc(v)", Place::Output), ["`csc` takes a scalar, and this is a vector"]);
    let example = "`cot` is a function: it needs arguments, as in `cot(…)`";
    assert_eq!(errors("cot + 1", Place::Output), [example]);
    let nested = format!("{}1{}", "sec(".repeat(190), ")".repeat(190));
    assert!(errors(&nested, Place::Constant).is_empty());
}

#[test]
fn r_is_the_radius_too() {
    let mut space = Space {
        coordinates: Coordinates::Polar,
        axes: vec!["r".into()],
        components: vec!["r".into(), "phi".into()],
    };
    let found = |place: Place, space: &Space| {
        let scope = Scope::new(place, space);
        assert!(scope.known().all(|name| name != "radius"));
        resolve(&crate::parse("radius").unwrap(), "radius", &scope).map(|(expr, _)| expr.node)
    };
    assert_eq!(found(Place::Initial, &space), Ok(Node::Coordinate(0)));
    assert_eq!(found(Place::Condition, &space), Ok(Node::Coordinate(0)));
    let constant = found(Place::Constant, &space).unwrap_err()[0].to_string();
    assert_eq!(constant, "the coordinate or time `radius` cannot be used in a constant");
    let mut scope = Scope::new(Place::Initial, &space);
    scope.number("radius", 3.0);
    let (expr, _) = resolve(&crate::parse("radius").unwrap(), "radius", &scope).unwrap();
    assert_eq!(expr.node, Node::Number(3.0));
    space.coordinates = Coordinates::Cartesian;
    assert!(found(Place::Initial, &space).is_err());
}

#[test]
fn what_is_built_in_is_known_by_name() {
    let axes = ["x".to_string(), "y".to_string()];
    for name in [
        "laplace",
        "d_dx",
        "d2_dy2",
        "integral",
        "max",
        "Max",
        "dot",
        "trace",
        "sin",
        "gamma",
        "random_normal",
        "Piecewise",
        "Array",
        "cot",
        "re",
    ] {
        assert!(is_builtin(name, &axes), "{name}");
    }
    for name in ["d_dz", "monod", "x", "pi", "t", "Laplace"] {
        assert!(!is_builtin(name, &axes), "{name}");
    }
}
