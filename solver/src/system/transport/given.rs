//! How fields are asked to be advected, checked against the symbols.

use fluxions_expr::{Expr, Node, Place, Rank, Type};

use crate::error::Error;
use crate::system::check::Checks;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::resolve::{fit, resolve};
use crate::system::symbols::Symbols;
use crate::system::transport::advected::{Advected, is_plain, mentions, unfit};
use crate::system::transport::{Advector, Transport};

/// How each field is advected that is, in the order of the fields, with the mistakes in what was
/// asked for.
pub(crate) fn check_all(
    symbols: &Symbols,
    transports: &[(String, Transport)],
) -> (Vec<Advected>, Vec<Error>) {
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for (k, (name, transport)) in transports.iter().enumerate() {
        if transports[..k].iter().any(|(other, _)| other == name) {
            errors.push(unfit(name, "", "its transport is given twice"));
            continue;
        }
        let field = symbols.fields().iter().position(|field| field == name);
        let field = field.expect("the builder makes a field of every name");
        match check(symbols, name, field, transport) {
            Ok(advected) => all.push(advected),
            Err(found) => errors.extend(found),
        }
    }
    all.sort_by_key(|advected| advected.field);
    (all, errors)
}

/// The operators in velocities and diffusivities that cannot be applied.
pub(crate) fn check_operators(
    checks: Checks<'_>,
    all: &[Advected],
    transports: &[(String, Transport)],
) -> Vec<Error> {
    let mut errors = Vec::new();
    for advected in all {
        let name = &checks.symbols.fields()[advected.field];
        let owner = checks.conditions.owner_of_field(advected.field);
        for (_, transport) in transports.iter().filter(|(given, _)| given == name) {
            let advector = (advected.advector.parts(), transport.advector.parts());
            let diffusivity = (&advected.diffusivity[..], &transport.diffusivity[..]);
            for (key, (exprs, formulas)) in
                [(advected.advector.key(), advector), ("diffusivity", diffusivity)]
            {
                // One formula is looked at once, even if it stands for several axes.
                for (k, (expr, formula)) in exprs.iter().zip(formulas).enumerate() {
                    let origin = Origin::Transport { of: name.clone(), key };
                    let origin = if formulas.len() > 1 { origin.item(k) } else { origin };
                    let found = checks.operators(&origin, formula, expr, owner);
                    errors.extend(found.err().into_iter().flatten());
                }
            }
        }
    }
    errors
}

/// How a field is advected, or what is wrong with it.
fn check(
    symbols: &Symbols,
    name: &str,
    field: usize,
    transport: &Transport,
) -> Result<Advected, Vec<Error>> {
    let mut errors = check_options(symbols, name, field, transport);
    let Transport { advector, options, g_factor, diffusivity } = transport;
    let dimension = symbols.grid().dimension();
    let mut one = |key: &'static str, item: Option<usize>, formula: &Formula| {
        let origin = Origin::Transport { of: name.into(), key };
        let origin = item.map_or(origin.clone(), |item| origin.item(item));
        let found = resolve(&origin, formula, &symbols.scope(Place::Equation));
        let fitted = found.and_then(|(expr, _)| match (expr.ty.rank, item) {
            // The whole of a velocity may be one vector.
            (Rank::Vector, None) if key == "velocity" || key == "courant" => {
                fit(&origin, formula, expr, Type::real(Rank::Vector))
            }
            _ => fit(&origin, formula, expr, Type::REAL),
        });
        fitted.map_err(|found| errors.extend(found)).ok()
    };
    let density = one("g_factor", None, g_factor);
    let spread: Vec<Option<Expr>> = (diffusivity.iter().enumerate())
        .map(|(k, d)| one("diffusivity", (diffusivity.len() > 1).then_some(k), d))
        .collect();
    let mut list = |key: &'static str, formulas: &[Formula]| {
        if let [formula] = formulas {
            let whole = one(key, None, formula)?;
            let part = |k: usize| {
                let (ty, span) = (Type::REAL, whole.span);
                Expr { node: Node::Component(Box::new(whole.clone()), k), ty, span }
            };
            return Some(match whole.ty.rank {
                Rank::Vector => (0..dimension).map(part).collect(),
                _ => vec![whole],
            });
        }
        let parts = formulas.iter().enumerate().map(|(k, f)| one(key, Some(k), f));
        parts.collect::<Vec<_>>().into_iter().collect::<Option<Vec<Expr>>>()
    };
    let advector = match advector {
        Advector::Velocity(parts) => list("velocity", parts).map(Advector::Velocity),
        Advector::Courant(parts) => list("courant", parts).map(Advector::Courant),
        Advector::StreamFunction(s) => {
            one("stream_function", None, s).map(Advector::StreamFunction)
        }
    };
    let mut refuse = |key, reason: String| errors.push(unfit(name, key, reason));
    if let Some(advector) = &advector {
        let (count, key) = (advector.parts().len(), advector.key());
        if count != dimension && key != "stream_function" {
            refuse(
                key,
                format!(
                    "{} for each axis: {dimension}, not {count}",
                    if key == "velocity" { "one component" } else { "one number" }
                ),
            );
        }
        if key == "stream_function" && !is_plain(symbols, &advector.parts()[0]) {
            refuse(key, "a stream function depends on place and time only; give velocity".into());
        }
    }
    if let Some(density) = &density
        && (!is_plain(symbols, density) || mentions(symbols, density, &|node| *node == Node::Time))
    {
        refuse(
            "g_factor",
            "G may depend on the place, not on the time, on fields or on external data".into(),
        );
    }
    match (advector, density, spread.into_iter().collect::<Option<Vec<Expr>>>()) {
        (Some(advector), Some(density), Some(spread)) if errors.is_empty() => Ok(Advected {
            field,
            advector,
            options: *options,
            density: Some(density).filter(|density| density.node != Node::Number(1.0)),
            diffusivity: match spread.len() {
                1 => vec![spread[0].clone(); dimension],
                _ => spread,
            },
        }),
        _ => Err(errors),
    }
}

/// What is wrong with the options of a field's transport, whatever its expressions say.
fn check_options(symbols: &Symbols, name: &str, field: usize, transport: &Transport) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut refuse = |key, reason: String| errors.push(unfit(name, key, reason));
    let Transport { advector, options, diffusivity, .. } = transport;
    let (grid, dimension) = (symbols.grid(), symbols.grid().dimension());
    if grid.geometry().is_curvilinear() {
        refuse(
            "",
            "transport knows Cartesian axes; write other coordinates as such, with their Jacobian as \
             g_factor"
                .into(),
        );
    }
    if symbols.types()[field].complex {
        refuse("", "its values are complex, and the scheme asks which of two is larger".into());
    }
    if options.iterations == 0 {
        refuse("iterations", "there is at least one pass".into());
    }
    if options.dpdc && options.iterations < 2 {
        refuse("dpdc", "dpdc sums the corrections of a second pass: iterations = 2 or more".into());
    }
    if options.signed && !diffusivity.is_empty() {
        refuse(
            "diffusivity",
            "as a velocity, diffusion divides by the field, which may be 0 where it is signed; add \
             diffusion(D, …) to its equation"
                .into(),
        );
    }
    if !(diffusivity.len() <= 1 || diffusivity.len() == dimension) {
        let count = diffusivity.len();
        refuse(
            "diffusivity",
            format!("one number for all axes, or one for each: {dimension}, not {count}"),
        );
    }
    if matches!(advector, Advector::StreamFunction(_)) && dimension != 2 {
        refuse(
            "stream_function",
            "a stream function is for two dimensions; give its velocity".into(),
        );
    }
    errors
}
