//! How each field is advected, checked.

use fluxions_expr::{Expr, Node, Place, Rank, Type};

use crate::error::Error;
use crate::plan::plan::equations;
use crate::plan::program::{OwnedExpr, Program};
use crate::schemes::mpdata::scheme::MpdataScheme;
use crate::schemes::scheme::Scheme;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::resolve::{fit, resolve};
use crate::system::transport::conditions::AdvectedConditions;
use crate::system::transport::{Advector, Mpdata, Transport};

/// How a field is advected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Advected {
    pub(crate) field: usize,
    pub(crate) advector: Advector<Expr>,
    pub(crate) options: Mpdata,
    /// G, unless it is 1.
    pub(crate) density: Option<Expr>,
    /// μ along each named axis; none at all without diffusion.
    pub(crate) diffusivity: Vec<Expr>,
}

impl Advected {
    /// Whether what advects the field is known beforehand: it depends on place and time only.
    pub(crate) fn is_given(&self, pde: &Pde) -> bool {
        self.advector.parts().iter().all(|part| is_plain(pde, part))
    }

    /// What the boundary conditions of the field mean for its transport.
    pub(crate) fn conditions<'a>(&self, pde: &'a Pde) -> &'a AdvectedConditions {
        let conditions = pde.conditions().of_advected(self.field);
        conditions.expect("every advected field of a system has conditions")
    }

    /// The diffusivities along each axis that depend on the fields, with the conditions of the
    /// field; none at all where all are known beforehand.
    pub(crate) fn found_diffusivities(&self, pde: &Pde) -> Vec<OwnedExpr<'_>> {
        if self.diffusivity.iter().all(|mu| is_plain(pde, mu)) {
            return Vec::new();
        }
        let owner = pde.conditions().owner_of_field(self.field);
        self.diffusivity.iter().map(|expr| OwnedExpr { expr, owner, name: "" }).collect()
    }

    /// The names of their arrays at the centres of cells.
    pub(crate) fn diffusivity_names(&self, pde: &Pde) -> Vec<String> {
        let name = &pde.fields()[self.field];
        let axes = pde.grid().axis_names().into_iter();
        axes.map(|axis| format!("diffusivity of {name} along {axis}, at cells")).collect()
    }

    /// Whether it depends on the time.
    pub(crate) fn is_timed(&self, pde: &Pde) -> bool {
        self.advector.parts().iter().any(|part| mentions(pde, part, &|n| *n == Node::Time))
    }
}

/// Whether an expression is made of places and times alone.
pub(crate) fn is_plain(pde: &Pde, expr: &Expr) -> bool {
    !mentions(pde, expr, &|node| {
        matches!(node, Node::Field(_) | Node::Operator(..) | Node::Reduce(..) | Node::Random(..))
    })
}

/// Whether an expression has a part of this kind, through definitions too.
pub(crate) fn mentions(pde: &Pde, expr: &Expr, is_it: &dyn Fn(&Node) -> bool) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        found |= is_it(&part.node);
        if let Node::Define(d) = part.node {
            found |= mentions(pde, &pde.definitions()[d].expr, is_it);
        }
    });
    found
}

/// Adds transports to a system whose names are known; the mistakes in them.
pub(crate) fn add(pde: &mut Pde, transports: &[(String, Transport)]) -> Vec<Error> {
    let mut errors = Vec::new();
    for (k, (name, transport)) in transports.iter().enumerate() {
        if transports[..k].iter().any(|(other, _)| other == name) {
            errors.push(unfit(name, "", "it is advected by another section already"));
            continue;
        }
        // The builder made a field of every name.
        let Some(field) = pde.fields.iter().position(|field| field == name) else { continue };
        match check(pde, name, field, transport) {
            Ok(advected) => pde.advected.push(advected),
            Err(found) => errors.extend(found),
        }
    }
    pde.advected.sort_by_key(|advected| advected.field);
    errors
}

fn unfit(field: &str, key: &'static str, reason: impl Into<Box<str>>) -> Error {
    let origin = Origin::Transport { of: field.into(), key };
    Error::UnfitTransport { origin, field: field.into(), reason: reason.into() }
}

fn check(
    pde: &Pde,
    name: &str,
    field: usize,
    transport: &Transport,
) -> Result<Advected, Vec<Error>> {
    let mut errors = Vec::new();
    let mut refuse = |key, reason: String| errors.push(unfit(name, key, reason));
    let Transport { advector, options, g_factor, diffusivity } = transport;
    let (grid, dimension) = (pde.grid(), pde.grid().dimension());
    if grid.geometry().is_curvilinear() {
        refuse(
            "",
            "transport knows Cartesian axes; write other coordinates as such, with their Jacobian as \
             g_factor"
                .into(),
        );
    }
    if pde.types()[field].complex {
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
    let mut one = |key: &'static str, item: Option<usize>, formula: &Formula| {
        let origin = Origin::Transport { of: name.into(), key };
        let origin = item.map_or(origin.clone(), |item| origin.item(item));
        let found = resolve(&origin, formula, &pde.scope(Place::Equation));
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
        if key == "stream_function" && !is_plain(pde, &advector.parts()[0]) {
            refuse(key, "a stream function depends on place and time only; give velocity".into());
        }
    }
    if let Some(density) = &density
        && (!is_plain(pde, density) || mentions(pde, density, &|node| *node == Node::Time))
    {
        refuse(
            "g_factor",
            "G may depend on the place, not on the time, on fields or on values from files".into(),
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

/// Whether the grid has as many cells along each axis as the passes look far.
pub(crate) fn check_cells(pde: &Pde) -> Result<(), Error> {
    let Some(first) = pde.advected.first() else { return Ok(()) };
    let least = MpdataScheme::new(pde.sources).step(pde).least_cells(pde);
    for (axis, needed) in pde.grid().axes().iter().zip(&least[pde.grid().missing()..]) {
        let (name, cells) = (axis.name(), axis.cells());
        if cells < *needed {
            let reason = format!(
                "its passes look {needed} cells far along {name}, which has {cells}: leave the axis out, or \
                 ask for fewer iterations"
            );
            return Err(unfit(&pde.fields()[first.field], "iterations", reason));
        }
    }
    Ok(())
}

/// Ranks along each named axis by what was asked for: an axis around a pole is not cut.
pub(crate) fn ranks_along(pde: &Pde, asked: &[usize]) -> Result<Vec<usize>, Error> {
    let mut dims = asked.to_vec();
    for advected in &pde.advected {
        let Some(conditions) = pde.conditions().of_advected(advected.field) else { continue };
        if !conditions.has_pole() {
            continue;
        }
        dims.resize(pde.grid().dimension(), 0);
        for (axis, count) in pde.grid().axes().iter().zip(&mut dims) {
            if axis.is_periodic() && *count > 1 {
                let name = axis.name();
                let reason = format!(
                    "{name} goes around a pole and is not cut, and {count} ranks are asked for along it"
                );
                return Err(unfit(&pde.fields()[advected.field], "", reason));
            }
            if axis.is_periodic() {
                *count = 1;
            }
        }
    }
    Ok(dims)
}

/// What is wrong with transports once conditions and equations are known.
pub(crate) fn check_surroundings(pde: &Pde) -> Vec<Error> {
    let mut errors = Vec::new();
    let Some(first) = pde.advected.first() else { return errors };
    let name = &pde.fields()[first.field];
    if !pde.noise().fields.is_empty() {
        errors.push(unfit(name, "", "noise and transport do not go together yet"));
    }
    for advected in &pde.advected {
        let name = &pde.fields()[advected.field];
        let Some(conditions) = pde.conditions().of_advected(advected.field) else { continue };
        if !conditions.has_pole() {
            continue;
        }
        let grid = pde.grid();
        let around = grid.axes().iter().find(|axis| axis.is_periodic());
        match around {
            Some(axis) if grid.dimension() == 2 && axis.cells() % 2 == 0 => {}
            _ => errors.push(unfit(
                name,
                "",
                "around a pole goes a periodic axis with an even number of cells, on a grid of two axes",
            )),
        }
        if pde.types()[advected.field].rank != Rank::Scalar {
            let reason = "across a pole go scalars only: the directions of a vector turn there";
            errors.push(unfit(name, "", reason));
        }
        if !advected.is_given(pde) {
            let reason = "across a pole the flow has to be given, not found from the fields";
            errors.push(unfit(name, advected.advector.key(), reason));
        }
        if !advected.found_diffusivities(pde).is_empty() {
            let reason = "across a pole it has to be given, not found from the fields";
            errors.push(unfit(name, "diffusivity", reason));
        }
    }
    let program = Program::new(pde, &equations(pde));
    let is_pole = |set: &usize| pde.conditions().has_pole(*set);
    let of_fields = (0..pde.fields().len()).any(|field| {
        let sets = pde.conditions().of_field(field, pde.types()[field]);
        let widths = pde.arrays_of(field).map(|array| program.fields[array]);
        sets.iter().zip(widths).any(|(set, width)| is_pole(set) && !width.is_empty())
    });
    let of_quantities = program.quantities.iter().flat_map(|quantity| &quantity.conditions);
    if of_fields || of_quantities.into_iter().any(is_pole) {
        errors.push(unfit(name, "", "operators do not look across a pole yet"));
    }
    errors
}

impl<T> Advector<T> {
    /// What it is given by.
    pub(crate) fn parts(&self) -> &[T] {
        match self {
            Advector::Velocity(parts) | Advector::Courant(parts) => parts,
            Advector::StreamFunction(s) => std::slice::from_ref(s),
        }
    }

    /// Its key in problem files.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Advector::Velocity(_) => "velocity",
            Advector::Courant(_) => "courant",
            Advector::StreamFunction(_) => "stream_function",
        }
    }
}
