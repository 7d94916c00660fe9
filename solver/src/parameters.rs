//! The values of parameters, which may use each other.

use std::collections::HashMap;

use fluxions_expr::{Place, Scope};

use crate::error::Error;
use crate::order::in_order;
use crate::origin::Origin;
use crate::pde::wrap;
use crate::scalar::Scalar;

/// The value of each parameter, in the given order, and the mistakes found. A parameter with a
/// mistake has the value 1, so that its uses are not mistakes too.
///
/// `axes` and `fields` are the names of coordinates and fields, which parameters cannot use.
pub fn resolve(
    parameters: &[(String, Scalar)],
    axes: &[String],
    fields: &[String],
) -> (Vec<(String, f64)>, Vec<Error>) {
    let mut errors = Vec::new();
    let texts: Vec<_> = parameters.iter().map(|(name, v)| (name.clone(), v.to_string())).collect();
    let order = in_order(&texts).unwrap_or_else(|names| {
        errors.push(Error::Circle { origin: Origin::Parameter(names[0].clone()), names });
        Vec::new()
    });
    let mut values: HashMap<usize, f64> = HashMap::new();
    for k in order {
        let (name, text) = &texts[k];
        let mut scope = Scope::new(Place::Constant, axes);
        for (other, value) in &values {
            scope.number(&texts[*other].0, *value);
        }
        for (number, field) in fields.iter().enumerate() {
            scope.field(field, number);
        }
        let value = fluxions_expr::evaluate(text, &scope).unwrap_or_else(|found| {
            errors.extend(wrap(&Origin::Parameter(name.clone()), text, found));
            1.0
        });
        values.insert(k, value);
    }
    let value = |k: usize| values.get(&k).copied().unwrap_or(1.0);
    let named = texts.into_iter().enumerate().map(|(k, (name, _))| (name, value(k))).collect();
    (named, errors)
}
