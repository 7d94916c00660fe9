//! `scheme` in [time].

use fluxions_solver::{
    AdamsBashforth, Error, Imex, Implicit, SchemeChoice, SolverOptions, Sources, Stabilised,
    Tableau, Tolerance,
};

use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};
use crate::suggest::suggest;

/// The name of the scheme that adds half of the sources before the transport and half after it.
pub(super) const SYMMETRIC: &str = "symmetric";

/// The name of the scheme that adds all of the sources before the transport.
pub(super) const EULER: &str = "euler";

/// What decides on a scheme.
pub(super) struct Asked {
    /// Whether there is transport, noise, and a part of the equations that is named as the implicit one.
    pub(super) advected: bool,
    pub(super) noisy: bool,
    pub(super) parts: bool,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) automatic: bool,
    pub(super) options: SolverOptions,
}

/// The scheme that is the fastest of those that fit.
const AUTO: &str = "auto";

/// Whether the scheme is chosen by Fluxions.
pub(super) fn is_chosen(table: &Table<'_>) -> bool {
    let value = table.get("scheme").map(|value| value.get_ref());
    matches!(value, Some(DeValue::String(name)) if name == AUTO)
}

/// The schemes from which one is chosen.
fn candidates(asked: Asked) -> Vec<SchemeChoice> {
    let Asked { noisy, parts, tolerance, automatic, options, .. } = asked;
    if noisy {
        return vec![Tableau::EULER.into()];
    }
    let tolerance = match (tolerance, automatic) {
        (Some(tolerance), _) => tolerance,
        (None, true) => Tolerance::default(),
        // Steps of a given length.
        (None, false) => {
            let implicit = SchemeChoice::Implicit(Implicit::TrBdf2, None, options);
            let part = SchemeChoice::Imex(Imex::Ars222, None, options);
            return if parts { vec![part] } else { vec![Tableau::RK4.into(), implicit] };
        }
    };
    let imex = [Imex::Ark3, Imex::Ark4];
    let imex = imex.map(|imex| SchemeChoice::Imex(imex, Some(tolerance.clone()), options));
    if parts {
        return imex.into();
    }
    let explicit = SchemeChoice::ErrorControlled(Tableau::TSIT5, tolerance.clone());
    let stabilised = SchemeChoice::Stabilised(Stabilised::Rkc2, Some(tolerance.clone()));
    let implicit = SchemeChoice::Implicit(Implicit::TrBdf2, Some(tolerance.clone()), options);
    [explicit, stabilised].into_iter().chain(imex).chain([implicit]).collect()
}

/// The scheme, or those from which it is chosen, and how sources are integrated if fields are advected.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    asked: Asked,
) -> Option<(Vec<SchemeChoice>, Option<Sources>)> {
    if !is_chosen(table) {
        let (scheme, sources) = named(reader, table, asked)?;
        return Some((vec![scheme], sources));
    }
    match asked.advected {
        true => Some((vec![SchemeChoice::Usual], Some(Sources::default()))),
        false => Some((candidates(asked), None)),
    }
}

/// The scheme of this name, and how sources are integrated if fields are advected.
fn named<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    asked: Asked,
) -> Option<(SchemeChoice, Option<Sources>)> {
    let Asked { advected, tolerance, automatic, options, .. } = asked;
    let transport = |sources| Some((SchemeChoice::Usual, Some(sources)));
    let default = match advected {
        true => (SchemeChoice::Usual, Some(Sources::default())),
        false => match &tolerance {
            Some(tolerance) => {
                let tolerance = tolerance.clone();
                (SchemeChoice::ErrorControlled(Tableau::DORMAND_PRINCE, tolerance), None)
            }
            None => (Tableau::RK4.into(), None),
        },
    };
    let Some(value) = table.get("scheme") else { return Some(default) };
    let name = reader.string(value, "the name of a scheme")?;
    let scheme = Tableau::find(name);
    let stabilised = Stabilised::ALL.into_iter().find(|family| family.name() == name);
    if let Some(family) = stabilised.filter(|_| !advected) {
        let tolerance = tolerance.or_else(|| automatic.then(Tolerance::default));
        return Some((SchemeChoice::Stabilised(family, tolerance), None));
    }
    let multistep = AdamsBashforth::ALL.into_iter().find(|scheme| scheme.name() == name);
    if let Some(scheme) = multistep.filter(|_| !advected) {
        if tolerance.is_some() {
            let error = Error::NoErrorEstimate { scheme: name.into() };
            let found = Diagnostic::at(value.span(), error.to_string()).help(error.help());
            reader.note(found);
            return None;
        }
        return Some((SchemeChoice::AdamsBashforth(scheme), None));
    }
    let implicit = Implicit::ALL.into_iter().find(|implicit| implicit.name() == name);
    if let Some(implicit) = implicit.filter(|_| !advected) {
        let usual = || automatic.then(Tolerance::default);
        let tolerance = tolerance.or_else(usual);
        return Some((SchemeChoice::Implicit(implicit, tolerance, options), None));
    }
    let imex = Imex::find(name);
    if let Some(imex) = imex.filter(|_| !advected) {
        let usual = || (automatic && imex.estimates_error()).then(Tolerance::default);
        let tolerance = tolerance.or_else(usual);
        return Some((SchemeChoice::Imex(imex, tolerance, options), None));
    }
    let (message, help) = match (advected, scheme) {
        (false, Some(scheme)) => {
            // A scheme that knows its error chooses its steps by it.
            let usual = || Tolerance::default();
            let own = (automatic && scheme.embedded().is_some()).then(usual);
            let scheme = match tolerance.or(own) {
                Some(tolerance) => SchemeChoice::ErrorControlled(scheme, tolerance),
                None => scheme.into(),
            };
            return Some((scheme, None));
        }
        (true, _) if name == SYMMETRIC => return transport(Sources::Symmetric),
        (true, _) if name == EULER => return transport(Sources::Euler),
        (false, None) => {
            let known = Tableau::ALL;
            let known = known.iter().map(Tableau::name);
            let known = known.chain(AdamsBashforth::ALL.map(AdamsBashforth::name));
            let known = known.chain(Stabilised::ALL.map(Stabilised::name));
            let known = known.chain(Implicit::ALL.map(Implicit::name));
            let known = known.chain(Imex::ALL.map(Imex::name)).chain([AUTO]);
            let help = suggest(name, known, '`', "known here:");
            (format!("unknown scheme `{name}`"), help)
        }
        (true, other) => {
            let message = match other.is_some()
                || stabilised.is_some()
                || multistep.is_some()
                || implicit.is_some()
                || imex.is_some()
            {
                true => format!("the scheme `{name}` cannot be used with [transport]"),
                false => format!("unknown scheme `{name}`"),
            };
            (message, format!("known with [transport]: {SYMMETRIC}, {EULER}"))
        }
    };
    reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
    None
}
