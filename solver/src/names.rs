//! The names of things: which can be one, and what arrays are called.

use std::collections::HashMap;

use fluxions_expr::{Ast, AstKind, Rank, Space, Type};

use crate::error::Error;
use crate::origin::Origin;
use crate::pde::PdeBuilder;

/// Notes names that cannot be names, or stand for two things.
pub(crate) fn check(builder: &PdeBuilder, errors: &mut Vec<Error>) {
    let mut taken: HashMap<String, &'static str> = HashMap::new();
    taken.insert("t".into(), "the time");
    for axis in builder.grid.axes() {
        taken.insert(axis.name().into(), "an axis of the grid");
    }
    let named = |kind: &'static str, origin: fn(String) -> Origin| {
        move |name: &String| (name.clone(), origin(name.clone()), kind)
    };
    let of = |list: &Vec<(String, crate::formula::Formula)>| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    let fields = of(&builder.equations);
    let definitions = of(&builder.definitions);
    let parameters = of(&builder.parameters);
    let functions: Vec<String> = builder.functions.iter().map(|(name, _)| name.clone()).collect();
    let given: Vec<String> = builder.data.iter().map(|data| data.name.clone()).collect();
    let all = (fields.iter().map(named("a field", Origin::Equation)))
        .chain(definitions.iter().map(named("a definition", Origin::Define)))
        .chain(parameters.iter().map(named("a parameter", Origin::Parameter)))
        .chain(given.iter().map(named("a parameter", Origin::Parameter)))
        .chain(functions.iter().map(named("a function", Origin::Function)));
    for (name, origin, kind) in all {
        if let Some(reason) = bad(&name) {
            errors.push(Error::BadName { origin, name, reason });
        } else if let Some(taken) = taken.get(&name) {
            errors.push(Error::NameTaken { origin, name, taken });
        } else {
            taken.insert(name, kind);
        }
    }
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
    let d = &space.components;
    let parts: Vec<String> = match ty.rank {
        Rank::Scalar => vec![name.to_string()],
        Rank::Vector => d.iter().map(|i| format!("{name}.{i}")).collect(),
        Rank::Tensor => {
            d.iter().flat_map(|i| d.iter().map(move |j| format!("{name}.{i}{j}"))).collect()
        }
    };
    match ty.complex {
        false => parts,
        true => parts.iter().flat_map(|p| [format!("re {p}"), format!("im {p}")]).collect(),
    }
}
