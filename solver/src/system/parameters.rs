//! The values of parameters, which may use each other.

use std::collections::{HashMap, HashSet};

use fluxions_expr::{Place, Scope, Space, Type};

use crate::error::Error;
use crate::system::formula::Formula;
use crate::system::order::{in_order, names_of};
use crate::system::origin::Origin;
use crate::system::resolve::wrap;

/// Parameters that are numbers apart from others.
pub struct Sorted {
    /// The parameters that are plain numbers.
    pub numbers: Vec<(String, Formula)>,
    /// The parameters that are functions of the coordinates or complex, directly or through others;
    /// they are definitions.
    pub others: Vec<(String, Formula)>,
}

/// Sorts parameters into numbers and others.
pub fn sorted(parameters: Vec<(String, Formula)>, space: &Space) -> Sorted {
    let needs: Vec<Vec<String>> =
        parameters.iter().map(|(_, f)| names_of(&f.to_string())).collect();
    let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (k, (name, _)) in parameters.iter().enumerate() {
        numbers.entry(name).or_default().push(k);
    }
    let named = |name: &str| numbers.contains_key(name);
    let varies = |name: &String| {
        let imaginary = matches!(name.as_str(), "i" | "I") && !named(name);
        let alias = space.axis(name).is_some() && !named(name);
        space.axes.contains(name) || alias || imaginary
    };
    let mut other: Vec<bool> = parameters
        .iter()
        .zip(&needs)
        .map(|((_, f), names)| matches!(f, Formula::List(_)) || names.iter().any(varies))
        .collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); parameters.len()];
    for (k, names) in needs.iter().enumerate() {
        let named = names.iter().filter_map(|name| numbers.get(name.as_str()));
        named.flatten().for_each(|j| users[*j].push(k));
    }
    let mut open: Vec<usize> = (0..parameters.len()).filter(|k| other[*k]).collect();
    while let Some(j) = open.pop() {
        for k in &users[j] {
            if !std::mem::replace(&mut other[*k], true) {
                open.push(*k);
            }
        }
    }
    let mut sorted = Sorted { numbers: Vec::new(), others: Vec::new() };
    for (parameter, other) in parameters.into_iter().zip(other) {
        if other { sorted.others.push(parameter) } else { sorted.numbers.push(parameter) }
    }
    sorted
}

/// The value of each parameter that is a number, in the order in which they are listed, and the
/// mistakes found. A parameter with a mistake, or in a circle, has the value 1, so that its uses are
/// not mistakes too.
///
/// `fields` are the names of fields, which parameters cannot use, and `spacings` those of the
/// spacings of cells, which they can. Without the number of a spacing, the parameters that need it
/// are left out.
pub fn resolve(
    parameters: &[(String, Formula)],
    space: &Space,
    fields: &[String],
    spacings: &[(String, Option<f64>)],
) -> (Vec<(String, f64)>, Vec<Error>) {
    let mut errors = Vec::new();
    let named = |name: &String| parameters.iter().any(|(other, _)| other == name);
    let unknown: Vec<&String> = spacings
        .iter()
        .filter(|(name, value)| value.is_none() && !named(name))
        .map(|(name, _)| name)
        .collect();
    let mut undecided: Vec<String> = Vec::new();
    let texts: Vec<_> = parameters.iter().map(|(name, v)| (name.clone(), v.to_string())).collect();
    let order = in_order(&texts).unwrap_or_else(|names| {
        errors.push(Error::Circle { origin: Origin::Parameter(names[0].clone()), names });
        Vec::new()
    });
    let mut values: HashMap<usize, f64> = HashMap::new();
    let mut scope = Scope::new(Place::Constant, space);
    for (number, field) in fields.iter().enumerate() {
        scope.field(field, number, Type::REAL);
    }
    for (spacing, value) in spacings {
        scope.spacing(spacing, value.unwrap_or(1.0));
    }
    let fields: HashSet<&String> = fields.iter().collect();
    for k in order {
        let (name, text) = &texts[k];
        let needs = names_of(text);
        if needs.iter().any(|need| unknown.contains(&need) || undecided.contains(need)) {
            undecided.push(name.clone());
            continue;
        }
        let value = fluxions_expr::evaluate(text, &scope).unwrap_or_else(|found| {
            errors.extend(wrap(&Origin::Parameter(name.clone()), text, found));
            1.0
        });
        values.insert(k, value);
        if !fields.contains(name) {
            scope.number(name, value);
        }
    }
    let value = |k: usize| values.get(&k).copied().unwrap_or(1.0);
    let named = texts.into_iter().enumerate().map(|(k, (name, _))| (name, value(k)));
    (named.filter(|(name, _)| !undecided.contains(name)).collect(), errors)
}
