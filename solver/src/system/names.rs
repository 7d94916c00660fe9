//! Names: which can be used in expressions, and what arrays are called.

use std::collections::HashMap;

use fluxions_expr::{Ast, AstKind, Space, Type};

use crate::error::Error;
use crate::system::declarations::Declarations;
use crate::system::origin::Origin;

/// Finds names that cannot be used in expressions, or stand for two things.
pub(crate) fn check(declared: &Declarations, errors: &mut Vec<Error>) {
    let mut taken: HashMap<String, &'static str> = HashMap::new();
    taken.insert("t".into(), "the time");
    for axis in declared.grid.axes() {
        taken.insert(axis.name().into(), "an axis of the grid");
    }
    let named = |kind: &'static str, origin: fn(String) -> Origin| {
        move |name: &String| (name.clone(), origin(name.clone()), kind)
    };
    let functions = declared.functions.iter().map(|(name, _)| name.as_str());
    let natives = declared.natives.iter().map(|native| native.name());
    let operators = declared.operators.iter().map(|operator| operator.name());
    let functions: Vec<String> =
        functions.chain(natives).chain(operators).map(str::to_string).collect();
    let external = declared.external.iter().map(|field| &field.name);
    let globals = declared.globals.iter().map(|global| &global.name);
    let regions = names_of(&declared.regions);
    let all = (declared.fields.iter().map(named("a field", Origin::Equation)))
        .chain(names_of(&declared.definitions).map(named("a definition", Origin::Define)))
        .chain(names_of(&declared.parameters).map(named("a parameter", Origin::Parameter)))
        .chain(external.map(named("a parameter", Origin::Parameter)))
        .chain(globals.map(named("a number with an equation", Origin::Equation)))
        .chain(regions.map(named("a region", Origin::Region)))
        .chain(functions.iter().map(named("a function", Origin::Function)));
    let axes = declared.grid.axis_names();
    // Fields and parameters are told apart from functions by how they are used.
    let builtin = |name: &str, origin: &Origin| {
        matches!(origin, Origin::Function(_)) && fluxions_expr::is_builtin(name, &axes)
    };
    for (name, origin, kind) in all {
        if let Some(reason) = bad(&name) {
            errors.push(Error::BadName { origin, name, reason });
        } else if builtin(&name, &origin) {
            errors.push(Error::NameTaken { origin, name, taken: "a built-in function" });
        } else if let Some(taken) = taken.get(&name) {
            errors.push(Error::NameTaken { origin, name, taken });
        } else {
            taken.insert(name, kind);
        }
    }
}

fn names_of<T>(list: &[(String, T)]) -> impl Iterator<Item = &String> {
    list.iter().map(|(name, _)| name)
}

/// Why a name cannot be used in expressions.
fn bad(name: &str) -> Option<&'static str> {
    if matches!(name, "and" | "or" | "not" | "True" | "False") {
        return Some("the word has a meaning in expressions");
    }
    match fluxions_expr::parse(name) {
        Ok(Ast { kind: AstKind::Name(read), .. }) if read == name => None,
        _ => Some("a name is letters, digits and `_`, and begins with no digit"),
    }
}

/// A name for each real number that a value is made of: `v.x`, `re psi`, `im psi`.
pub(crate) fn of_arrays(name: &str, ty: Type, space: &Space) -> Vec<String> {
    let parts = ty.rank.components_of(name, &space.components);
    match ty.complex {
        false => parts,
        true => parts.iter().flat_map(|p| [format!("re {p}"), format!("im {p}")]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use crate::system::builder::PdeBuilder;
    use crate::system::pde::Pde;

    fn problem() -> PdeBuilder {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        Pde::on(&grid).equation("u", "laplace(u)")
    }

    fn mistake(problem: PdeBuilder) -> String {
        problem.build().unwrap_err().to_string()
    }

    #[test]
    fn functions_have_names_of_their_own() {
        for name in ["laplace", "d2_dx2", "max", "average", "dot", "norm", "sin", "Piecewise"] {
            let taken = format!("the name `{name}` is taken: it is a built-in function");
            assert_eq!(mistake(problem().define_function(name, "(a) -> 2*a")), taken);
            assert_eq!(mistake(problem().function(name, |a: f64| 2.0 * a)), taken);
        }
        let twice = problem().define_function("f", "(a) -> a").function("f", |a: f64| a);
        assert_eq!(mistake(twice), "the name `f` is taken: it is a function");
        let twice = problem().function("f", |a: f64| a).function("f", |a: f64| -a);
        assert_eq!(mistake(twice), "the name `f` is taken: it is a function");
        assert_eq!(
            mistake(problem().function("u", |a: f64| a)),
            "the name `u` is taken: it is a field"
        );
        // On this grid there is no such operator.
        assert!(problem().define_function("d_dy", "(a) -> 2*a").build().is_ok());
    }

    #[test]
    fn other_things_may_be_called_like_functions() {
        let problem = problem().parameter("gamma", 2.0).equation("norm", "gamma*gamma(norm)");
        assert!(problem.define("max", "norm + max(norm)").build().is_ok());
    }
}
