//! Regions: parts of the domain by a condition on coordinates, in which fields are held, or through
//! whose surface nothing flows.
//!
//! A region is an external field that is 1 inside and 0 outside, so that every rank knows it in the
//! cells of its neighbours without computing it again. Where a field is closed by a region, operators
//! that are applied to it see the cell itself instead of a neighbour on the other side
//! ([`crate::operators::apply`]).

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use fluxions_expr::rows::Profile;
use fluxions_expr::{
    Binary, Builder, Call, Expr, Function, Kernel, Node, Parts, Place, Rank, RowFn, Rows, Scope,
    Scratch, Space, Span, Type, lower,
};
use fluxions_grid::{Condition, Geometry, Grid};

use crate::error::Error;
use crate::system::boundary::checked::Mismatch;
use crate::system::boundary::given::GivenCondition;
use crate::system::definition::{Definition, milestones};
use crate::system::external::{ExternalField, ExternalSource};
use crate::system::formula::Formula;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::resolve::{fit, resolve};
use crate::system::symbols::Symbols;
use crate::system::transport::advected::Advected;

/// The numbers that cells have in one region or in several of them.
#[derive(Debug)]
struct Mask {
    grid: Grid,
    /// Computes the number from the coordinates.
    kernel: Kernel,
}

impl ExternalSource for Mask {
    fn ty(&self) -> Type {
        Type::REAL
    }

    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        _number: usize,
    ) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
        let missing = self.grid.missing();
        let named = |axis: usize, of: &[usize], none| {
            axis.checked_sub(missing).map_or(none, |named| of[named])
        };
        let cells: [usize; 3] = std::array::from_fn(|axis| named(axis, shape, 1));
        let profile = |axis: usize| {
            let Some(along) = self.grid.inner_axis(axis) else { return Profile::default() };
            let first = named(axis, start, 0);
            let centres = (first..first + cells[axis]).map(|index| along.centre(index as isize));
            Profile { values: centres.collect(), before: 0 }
        };
        let profiles: Vec<Profile> = (0..3).map(profile).collect();
        let mut values = vec![0.0; cells.iter().product()];
        let rows = Rows::compile(&self.kernel);
        let mut scratch = Scratch::default();
        rows.reserve(&mut scratch);
        let mut call = Call {
            memory: &mut values,
            inputs: &[],
            outputs: &[0],
            pitch: [cells[1] * cells[2], cells[2]],
            parameters: &[],
            profiles: &profiles,
            ahead: 0,
        };
        rows.run(&mut call, cells.map(|count| (0, count as isize)), &mut scratch);
        Ok(values)
    }
}

/// Whether a mask is 0 in all cells of a grid.
pub(crate) fn is_empty(mask: &dyn ExternalSource, grid: &Grid) -> bool {
    let shape: Vec<usize> = grid.axes().iter().map(|axis| axis.cells()).collect();
    // Slab by slab, so that the first cell inside is found soon and memory stays small.
    let slab: Vec<usize> = [1].into_iter().chain(shape.iter().skip(1).copied()).collect();
    let is_empty = |first: usize| {
        let start: Vec<usize> = [first].into_iter().chain(slab.iter().skip(1).map(|_| 0)).collect();
        let numbers = mask.read(&start, &slab, 0).expect("masks are computed, not read");
        numbers.iter().all(|number| *number == 0.0)
    };
    (0..shape[0]).all(is_empty)
}

/// A mask: its name, and the regions that it tells apart by their numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MaskOf {
    pub(crate) name: String,
    pub(crate) regions: Vec<usize>,
}

/// The masks that a problem needs: one for each region, and one for each set of several regions by
/// which a field is closed.
pub(crate) fn masks(regions: &[(String, Formula)], closed: &[(String, Vec<usize>)]) -> Vec<MaskOf> {
    let one = |(k, (name, _)): (usize, &(String, Formula))| MaskOf {
        name: name.clone(),
        regions: vec![k],
    };
    let mut all: Vec<MaskOf> = regions.iter().enumerate().map(one).collect();
    for (_, together) in closed {
        if !all.iter().any(|mask| mask.regions == *together) {
            let names: Vec<&str> = together.iter().map(|k| regions[*k].0.as_str()).collect();
            all.push(MaskOf { name: names.join(" and "), regions: together.clone() });
        }
    }
    all
}

/// Which scalar fields are closed by which regions, by their numbers. `fields` are those with
/// equations, and `types` those that are not real scalars.
pub(crate) fn closed(
    regions: &[(String, Formula)],
    given: &[GivenCondition],
    fields: &[String],
    types: &[(String, Type)],
) -> Vec<(String, Vec<usize>)> {
    let is_scalar =
        |field: &&String| types.iter().all(|(name, ty)| name != *field || ty.rank == Rank::Scalar);
    let of_field = |field: &String| {
        let closes = |(name, _): &(String, Formula)| {
            let condition = last(given, field, name);
            condition.is_some_and(|given| matches!(given.condition, Condition::Flux(_)))
        };
        let regions: Vec<usize> = (0..regions.len()).filter(|k| closes(&regions[*k])).collect();
        (!regions.is_empty()).then(|| (field.clone(), regions))
    };
    fields.iter().filter(is_scalar).filter_map(of_field).collect()
}

/// The condition for a field in a region: one for the field counts more than one for all.
fn last<'a>(given: &'a [GivenCondition], field: &str, region: &str) -> Option<&'a GivenCondition> {
    let of = |name: Option<&str>| {
        given.iter().rfind(|given| given.at == region && given.of.as_deref() == name)
    };
    of(Some(field)).or_else(|| of(None))
}

/// The masks as external fields, with the mistakes in the conditions of regions. One with a mistake
/// is empty.
pub(crate) fn external(
    grid: &Grid,
    regions: &[(String, Formula)],
    masks: &[MaskOf],
    scope: &Scope,
    definitions: &[Definition],
    space: &Space,
) -> (Vec<ExternalField>, Vec<Error>) {
    let mut errors = Vec::new();
    let mut conditions = Vec::new();
    for (name, formula) in regions {
        let origin = Origin::Region(name.clone());
        conditions.push(condition(&origin, formula, scope).unwrap_or_else(|found| {
            errors.extend(found);
            Expr::number(0.0)
        }));
    }
    let place = (space, grid.missing());
    let external = |mask: &MaskOf| {
        let mut builder = Builder::new();
        let mut sum = builder.constant(0.0);
        let mut known = HashMap::new();
        for (position, region) in mask.regions.iter().enumerate() {
            let inside =
                of_coordinates(&conditions[*region], definitions, place, &mut builder, &mut known);
            let [zero, weight] = [0.0, (position as f64).exp2()].map(|n| builder.constant(n));
            let number = inside.only().re.unwrap_or(zero);
            let number = builder.select(number, weight, zero);
            sum = builder.binary(Binary::Add, sum, number);
        }
        builder.output(sum);
        let source = Arc::new(Mask { grid: grid.clone(), kernel: builder.finish() });
        ExternalField { name: mask.name.clone(), source, is_mask: true }
    };
    (masks.iter().map(external).collect(), errors)
}

/// The condition of a region: a real number from coordinates alone.
fn condition(origin: &Origin, formula: &Formula, scope: &Scope) -> Result<Expr, Vec<Error>> {
    let (expr, uses) = resolve(origin, formula, &scope.at(Place::Region))?;
    match uses.time {
        true => Err(vec![Error::UnfitRegion { origin: origin.clone() }]),
        false => fit(origin, formula, expr, Type::REAL),
    }
}

/// The operations of an expression of coordinates. `known` holds those of the definitions that were met
/// before.
fn of_coordinates(
    expr: &Expr,
    definitions: &[Definition],
    place: (&Space, usize),
    builder: &mut Builder,
    known: &mut HashMap<usize, Parts>,
) -> Parts {
    let (space, missing) = place;
    for d in milestones(expr, definitions, true, |d| known.contains_key(&d)) {
        let value = of_coordinates(&definitions[d].expr, definitions, place, builder, known);
        known.insert(d, value);
    }
    lower(expr, space, builder, &mut |leaf, builder| match &leaf.node {
        Node::Coordinate(axis) => {
            let inner = missing + axis;
            Parts::real(builder.profile(inner, inner))
        }
        Node::Define(d) => match known.get(d) {
            Some(value) => value.clone(),
            None => {
                let expr = &definitions[*d].expr;
                let value = of_coordinates(expr, definitions, place, builder, known);
                known.insert(*d, value.clone());
                value
            }
        },
        other => unreachable!("regions were checked to be without {other:?}"),
    })
}

/// A region, and what the conditions for it do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// The fields that are held at a value inside it.
    pub held: Vec<String>,
    /// The fields that do not flow through its surface.
    pub closed: Vec<String>,
}

impl Region {
    /// The regions that a problem declares.
    pub(crate) fn all(
        regions: &[(String, Formula)],
        closed: &[(String, Vec<usize>)],
        held: &[Held],
        symbols: &Symbols,
    ) -> Vec<Region> {
        let one = |(number, (name, _)): (usize, &(String, Formula))| {
            let is_here = |held: &&Held| held.region == symbols.region(name);
            let of_held = |held: &Held| symbols.fields()[held.field].clone();
            let closed = closed.iter().filter(|(_, regions)| regions.contains(&number));
            Region {
                name: name.clone(),
                held: held.iter().filter(is_here).map(of_held).collect(),
                closed: closed.map(|(field, _)| field.clone()).collect(),
            }
        };
        regions.iter().enumerate().map(one).collect()
    }
}

/// A field that has values of its own in a region.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) field: usize,
    /// The external field that tells the region.
    region: usize,
    value: Expr,
}

impl Held {
    /// An expression for the field, with another one inside the region.
    fn within(&self, inside: Expr, outside: Expr) -> Expr {
        let region = Expr { node: Node::Field(self.region), ty: Type::REAL, span: outside.span };
        let (ty, span) = (outside.ty, outside.span);
        let ty = ty.with_complex(ty.complex || inside.ty.complex);
        Expr { node: Node::Call(Function::Where, vec![region, inside, outside]), ty, span }
    }

    /// A rate of change, or a variance of noise, which is 0 in the region.
    pub(crate) fn still(&self, rate: Expr, symbols: &Symbols) -> Expr {
        self.within(repeated(&Expr::number(0.0), rate.ty.rank, symbols), rate)
    }

    /// What vanishes for a field that has its value in the region, and outside what vanishes there.
    pub(crate) fn met(&self, outside: Expr, symbols: &Symbols) -> Expr {
        let ty = outside.ty;
        let value = match self.value.ty.rank {
            Rank::Scalar => repeated(&self.value, ty.rank, symbols),
            _ => self.value.clone(),
        };
        let field = Expr { node: Node::Field(self.field), ty, span: value.span };
        self.within(
            Expr {
                node: Node::Chain(vec![Binary::Subtract], vec![field, value]),
                ty,
                span: Span::default(),
            },
            outside,
        )
    }

    /// The field with its value in the region.
    pub(crate) fn set(&self, symbols: &Symbols) -> Expr {
        let ty = symbols.types()[self.field];
        let value = match self.value.ty.rank {
            Rank::Scalar => repeated(&self.value, ty.rank, symbols),
            _ => self.value.clone(),
        };
        let field = Expr { node: Node::Field(self.field), ty, span: value.span };
        self.within(value, field)
    }
}

/// For each field the value 0 of its rank.
pub(crate) fn zeros(symbols: &Symbols) -> Vec<Expr> {
    let zero = |ty: &Type| repeated(&Expr::number(0.0), ty.rank, symbols);
    symbols.types().iter().map(zero).collect()
}

/// A value of this rank whose components are all the same number.
fn repeated(number: &Expr, rank: Rank, symbols: &Symbols) -> Expr {
    let list = |item: &Expr, rank: Rank| {
        let items = vec![item.clone(); symbols.space().dimension()];
        Expr { node: Node::List(items), ty: Type { rank, ..item.ty }, span: item.span }
    };
    match rank {
        Rank::Scalar => number.clone(),
        Rank::Vector => list(number, Rank::Vector),
        Rank::Tensor => list(&list(number, Rank::Vector), Rank::Tensor),
    }
}

/// The fields that are held in regions, with the mistakes in the conditions that were given there.
pub(crate) fn held(
    symbols: &Symbols,
    given: &[GivenCondition],
    advected: &[Advected],
) -> (Vec<Held>, Vec<Error>) {
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for condition in given {
        match held_by(symbols, condition, given, advected) {
            Ok(found) => all.extend(found),
            Err(found) => errors.extend(found),
        }
    }
    (all, errors)
}

/// What one condition holds in its region. `all` are those for regions.
fn held_by(
    symbols: &Symbols,
    given: &GivenCondition,
    all: &[GivenCondition],
    advected: &[Advected],
) -> Result<Vec<Held>, Vec<Error>> {
    let unfit = |reason: &str| {
        let (at, condition) = (given.at.clone(), given.condition.name());
        let mismatch = Mismatch { at, condition, reason: reason.into() };
        Err(vec![mismatch.error(given.origin(ConditionPart::Whole))])
    };
    if given.of.as_ref().is_some_and(|name| symbols.field_named(name).is_none()) {
        return unfit("regions are for fields with equations");
    }
    // What counts for a field may be another condition.
    let counts = |field: &usize| {
        last(all, &symbols.fields()[*field], &given.at)
            .is_some_and(|last| std::ptr::eq(last, given))
    };
    let fields: Vec<usize> = (0..symbols.fields().len()).filter(counts).collect();
    let formula = match &given.condition {
        Condition::Value(formula) => formula,
        Condition::Flux(Formula::Number(0.0)) => {
            let types = symbols.types();
            return match fields.iter().all(|field| types[*field].rank == Rank::Scalar) {
                true => Ok(Vec::new()),
                false => unfit(
                    "only scalars can be closed by a region: give the condition in [boundary.NAME] for each",
                ),
            };
        }
        Condition::Flux(_) => return unfit("a region is closed by flux = 0; others are sources"),
        _ => return unfit("a region holds { value = … }, or is closed by { flux = 0 }"),
    };
    if advected.iter().any(|advected| fields.contains(&advected.field)) {
        return unfit("a field that is advected cannot be held: give it a source there");
    }
    let spherical = symbols.grid().geometry() == Geometry::Spherical;
    let is_scalar = |field: &usize| symbols.types()[*field].rank == Rank::Scalar;
    if spherical && !matches!(formula, Formula::Number(0.0)) && !fields.iter().all(is_scalar) {
        return unfit(
            "on a spherical grid vectors and tensors are held at 0 only, which is symmetric",
        );
    }
    let origin = given.origin(ConditionPart::Value);
    let (value, uses) = resolve(&origin, formula, &symbols.scope(Place::Region))?;
    if uses.time {
        return unfit("what is held is a number, or depends on coordinates alone");
    }
    let region = symbols.region(&given.at);
    let one = |field: &usize| {
        let ty = symbols.types()[*field];
        let wanted = Type { rank: value.ty.rank, ..ty };
        if value.ty.rank != Rank::Scalar || (value.ty.complex && !ty.complex) {
            fit(&origin, formula, value.clone(), ty)?;
        }
        let value = fit(&origin, formula, value.clone(), wanted)?;
        Ok(Held { field: *field, region, value })
    };
    fields.iter().map(one).collect()
}
