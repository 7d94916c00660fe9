//! Which boundary condition holds where: for each array of each quantity, at each face.
//!
//! Conditions are given for a field, for a definition or for all. What they mean for a quantity
//! depends on its type, since vectors, tensors and complex numbers have several arrays. What has no
//! conditions of its own goes on as the fields do of which it is made, or, on request, by the
//! conditions of its equation's field, whatever its type; so for each *owner* the conditions of every
//! type are worked out.

use std::collections::{HashMap, HashSet};

use fluxions_expr::{Expr, FacePart, Mean, Operator, Parity, Rank, Type};
use fluxions_grid::{Condition, Face};
use indexmap::IndexSet;

use crate::error::Error;
use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::boundary::checked::{CheckedCondition, Mismatch, check, straight};
use crate::system::boundary::continued::Continued;
use crate::system::boundary::given::GivenCondition;
use crate::system::boundary::seen;
use crate::system::boundary::sets::Sets;
use crate::system::definition::MadeOf;
use crate::system::flow::GivenFlux;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::symbols::Symbols;
use crate::system::transport::advected::Advected;
use crate::system::transport::conditions::AdvectedConditions;

/// How the arguments of operators go on beyond walls where they are no fields and have no conditions
/// of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArgumentConditions {
    /// As the fields do of which they are made: the square of a field that is 0.5 at a wall is 0.25
    /// there, and the slope of a field with a zero derivative is 0 there.
    #[default]
    Continued,
    /// By the conditions of the field in whose equation they stand, and definitions by those given
    /// for everything, as in py-pde.
    OwnField,
}

impl ArgumentConditions {
    /// The words of problem files.
    pub const WORDS: [&str; 2] = ["continued", "own field"];

    /// The meaning of a word of problem files.
    pub fn find(word: &str) -> Option<Self> {
        match word {
            "continued" => Some(ArgumentConditions::Continued),
            "own field" => Some(ArgumentConditions::OwnField),
            _ => None,
        }
    }
}

/// The conditions of all fields and definitions.
#[derive(Clone, Debug)]
pub struct Conditions {
    sets: Sets,
    /// The owner of whatever has no conditions of its own.
    common: usize,
    /// The owners by which values are continued in a straight line, and mirror themselves.
    straight: usize,
    mirrored: usize,
    /// The owner of each field, external ones included.
    fields: Vec<usize>,
    definitions: Vec<usize>,
    /// What quantities without conditions of their own can have at the ends of the axes.
    continued: Continued,
    /// The fluxes that are given for scalar fields.
    fluxes: Vec<GivenFlux>,
    /// The faces at which ghost cells of fields follow from other fields, in the order in which they
    /// are computed.
    sweeps: Vec<(usize, Face)>,
    /// How the arguments of operators go on without conditions of their own.
    arguments: ArgumentConditions,
    /// Whether each definition was given conditions by name.
    definitions_named: Vec<bool>,
    /// Whether each external field was given conditions by name.
    external_named: Vec<bool>,
    /// What conditions mean for the transport of each field, of those that are advected.
    advected: Vec<Option<AdvectedConditions>>,
}

impl Conditions {
    /// The conditions of all fields and definitions, by those that were given.
    ///
    /// For each face and component the most specific one counts: of the quantity before of all, of
    /// the face before of the axis.
    pub(crate) fn resolve(
        symbols: &Symbols,
        equations: Option<&[Expr]>,
        advected: &[Advected],
        given: &[GivenCondition],
        arguments: ArgumentConditions,
    ) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let checked = check_all(symbols, equations, given, &mut errors);
        let mut by_name: HashMap<Option<&str>, Vec<&CheckedCondition>> = HashMap::new();
        for condition in &checked {
            by_name.entry(condition.of.as_deref()).or_default().push(condition);
        }
        let sets = Sets::default();
        let mut owners = Owners { symbols, by_name: &by_name, common: 0, sets, errors };
        let common = owners.sets.owner(symbols, &owners.of(None));
        owners.common = common;
        let straight = straight(symbols.grid());
        let straight = owners.sets.owner(symbols, &straight.iter().collect::<Vec<_>>());
        let mirrored = owners.sets.owner(symbols, &[]);
        let named = |name: &str| by_name.contains_key(&Some(name));

        let types = symbols.types();
        let mut fields: Vec<usize> = (symbols.fields().iter().zip(types))
            .map(|(name, ty)| owners.add(name, *ty, true))
            .collect();
        let definitions = symbols.definitions();
        let definitions_named: Vec<bool> = definitions.iter().map(|d| named(&d.name)).collect();
        let definitions = (definitions.iter().zip(&definitions_named))
            .map(|(d, named)| owners.add(&d.name, d.expr.ty, *named))
            .collect();
        let external = symbols.external();
        let external_named: Vec<bool> = external.iter().map(|field| named(&field.name)).collect();
        for (field, named) in external.iter().zip(&external_named) {
            fields.push(match field.is_mask {
                // A region goes on beyond walls, whatever holds for fields.
                true => mirrored,
                false => owners.add(&field.name, field.ty(), *named),
            });
        }
        owners.refuse_poles(advected);
        let advected = owners.of_advected(advected);
        let continued = Continued::new(symbols, &mut owners.sets);
        owners.check_seen(&checked, &fields);
        let fluxes = owners.fluxes();
        let sweeps = owners.order_of_sweeps(&fields);
        let Owners { sets, errors, .. } = owners;
        let conditions = Conditions {
            fluxes,
            sweeps,
            continued,
            arguments,
            sets,
            common,
            straight,
            mirrored,
            fields,
            definitions,
            definitions_named,
            external_named,
            advected,
        };
        if errors.is_empty() { Ok(conditions) } else { Err(errors) }
    }

    /// The conditions of an array by the number of their set.
    pub fn of_array(&self, number: usize) -> &FaceConditions {
        self.sets.get(number)
    }

    /// The numbers of the conditions of a field's arrays, in their order; nothing if those given for
    /// everything do not fit the type of an external field.
    pub fn of_field(&self, field: usize, ty: Type) -> Option<&[usize]> {
        self.arrays(self.fields[field], ty).ok()
    }

    /// The numbers of the conditions of a definition's arrays; nothing if they do not fit its type.
    pub fn of_definition(&self, definition: usize, ty: Type) -> Option<&[usize]> {
        self.arrays(self.definitions[definition], ty).ok()
    }

    /// The number of the conditions of an array that goes on like this beyond the lower and the upper
    /// end of each inner axis. `imaginary` says whether it is a part of a complex quantity, and which.
    pub(crate) fn continued(&self, ends: &[[Parity; 2]; 3], imaginary: Option<bool>) -> usize {
        self.continued.number(ends, imaginary)
    }

    /// Whether arguments of operators that are no fields have the conditions of their equation's
    /// field, unless they were given some of their own.
    pub(crate) fn are_of_equation(&self) -> bool {
        self.arguments == ArgumentConditions::OwnField
    }

    pub(crate) fn common(&self) -> usize {
        self.common
    }

    pub(crate) fn owner_of_field(&self, field: usize) -> usize {
        self.fields[field]
    }

    pub(crate) fn owner_of_definition(&self, definition: usize) -> usize {
        self.definitions[definition]
    }

    /// The owner of coefficients of an operator without conditions of their own. They are continued in a
    /// straight line; those of which the harmonic mean counts mirror themselves, since each is the
    /// same in the whole of its cell.
    pub(crate) fn of_coefficient(&self, operator: Operator) -> usize {
        let mean = match operator {
            Operator::Diffusion(mean)
            | Operator::AtFace { part: FacePart::Diffusion(mean), .. }
            | Operator::AtEdge { part: FacePart::Diffusion(mean), .. } => mean,
            _ => Mean::Arithmetic,
        };
        match mean {
            Mean::Harmonic => self.mirrored,
            Mean::Arithmetic => self.straight,
        }
    }

    /// The owner of an expression without an equation: that of the fields with equations in it
    /// where they all have the same, else the common one.
    pub(crate) fn owner_of(&self, symbols: &Symbols, expr: &Expr) -> usize {
        let fields = MadeOf::new(expr, symbols.definitions()).fields;
        let solved = fields.iter().filter(|field| **field < symbols.fields().len());
        let mut owners = solved.map(|field| self.owner_of_field(*field));
        match owners.next() {
            Some(first) if owners.all(|owner| owner == first) => first,
            _ => self.common,
        }
    }

    /// Whether a definition was given conditions by its name.
    pub(crate) fn is_definition_named(&self, definition: usize) -> bool {
        self.definitions_named[definition]
    }

    /// Whether a field has conditions of its own: those with equations always, external ones if
    /// they were named.
    pub(crate) fn is_field_named(&self, field: usize) -> bool {
        let solved = self.fields.len() - self.external_named.len();
        field.checked_sub(solved).is_none_or(|k| self.external_named[k])
    }

    /// Whether the condition of a field at a face gives its value there. Elsewhere what is known of it
    /// at the wall lies on the line through the cells within, whatever its slope.
    pub(crate) fn gives_value(&self, field: usize, ty: Type, face: Face) -> bool {
        let gives = |set: &usize| {
            let condition = &self.of_array(*set)[face.axis][face.side.index()];
            let of_value = matches!(
                condition.condition,
                Condition::Value(_)
                    | Condition::Mixed { .. }
                    | Condition::Supported { .. }
                    | Condition::Ghost(_)
            );
            of_value && !condition.sees_others
        };
        self.of_field(field, ty).is_some_and(|sets| sets.iter().all(gives))
    }

    /// Whether the condition of a field at a face gives its slope across it.
    pub(crate) fn gives_slope(&self, field: usize, ty: Type, face: Face) -> bool {
        let gives = |set: &usize| {
            let condition = &self.of_array(*set)[face.axis][face.side.index()].condition;
            matches!(condition, Condition::Derivative(_) | Condition::Mixed { .. })
        };
        self.of_field(field, ty).is_some_and(|sets| sets.iter().all(gives))
    }

    /// Whether any condition depends on other fields, or on numbers of the whole domain.
    pub(crate) fn see_others(&self) -> bool {
        self.sets.all().flatten().flatten().any(|face| face.sees_others)
    }

    /// The numbers of all conditions, given fluxes among them.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &Expr> {
        let faces = self.sets.all().flatten().flatten();
        let numbers = faces.flat_map(|face| face.condition.numbers());
        numbers.chain(self.fluxes.iter().map(|given| &given.flux))
    }

    /// The fields that the numbers of conditions use, with those in definitions.
    pub(crate) fn seen(&self, symbols: &Symbols) -> Vec<usize> {
        let fields =
            self.numbers().flat_map(|expr| MadeOf::new(expr, symbols.definitions()).fields);
        fields.collect::<HashSet<usize>>().into_iter().collect()
    }

    /// The flux outwards that is given at a face for a scalar field with an equation, if any is. For
    /// operators the field mirrors itself there.
    pub fn flux(&self, field: usize, face: Face) -> Option<&Expr> {
        let found = self.fluxes.iter().find(|given| given.field == field && given.face == face);
        found.map(|given| &given.flux)
    }

    /// The fluxes that are given for scalar fields with equations.
    pub(crate) fn fluxes(&self) -> &[GivenFlux] {
        &self.fluxes
    }

    /// The fields with the faces at which their conditions see others, in the order in which the
    /// ghost cells there are computed.
    pub(crate) fn sweeps(&self) -> &[(usize, Face)] {
        &self.sweeps
    }

    /// Whether the conditions of an array change with the time.
    pub(crate) fn change(&self, number: usize) -> bool {
        self.faces(number).any(|face| face.changes)
    }

    /// What conditions mean for the transport of a field that is advected.
    pub(crate) fn of_advected(&self, advected: &Advected) -> &AdvectedConditions {
        let conditions = self.advected[advected.field].as_ref();
        conditions.expect("advected fields have conditions for transport")
    }

    /// Whether there is a pole at an end of an axis.
    pub(crate) fn has_pole(&self, number: usize) -> bool {
        self.faces(number).any(|face| face.condition == Condition::Pole)
    }

    /// The numbers of the conditions of the arrays of a quantity of this type.
    pub(crate) fn arrays(&self, owner: usize, ty: Type) -> Result<&[usize], &Mismatch> {
        self.sets.of(owner, ty)
    }

    /// Whether the condition of an array depends on the other part of a complex quantity.
    pub(crate) fn needs_partner(&self, number: usize) -> bool {
        self.faces(number).any(|face| face.complex && face.needs_partner())
    }

    fn faces(&self, number: usize) -> impl Iterator<Item = &ArrayCondition> {
        self.sets.get(number).iter().flatten()
    }
}

/// The conditions that can be understood by themselves.
fn check_all(
    symbols: &Symbols,
    equations: Option<&[Expr]>,
    given: &[GivenCondition],
    errors: &mut Vec<Error>,
) -> Vec<CheckedCondition> {
    let names: IndexSet<&str> = (symbols.fields().iter().map(String::as_str))
        .chain(symbols.definitions().iter().map(|d| d.name.as_str()))
        .chain(symbols.external().iter().filter(|field| !field.is_mask).map(|f| f.name.as_str()))
        .collect();
    let mut checked = Vec::new();
    for given in given {
        if let Some(name) = &given.of
            && !names.contains(name.as_str())
        {
            errors.push(Error::NobodysCondition {
                origin: given.origin(ConditionPart::Whole),
                name: name.clone(),
                known: names.iter().map(|name| name.to_string()).collect(),
            });
            continue;
        }
        match check(symbols, equations, given) {
            Ok(condition) => checked.push(condition),
            Err(found) => errors.extend(found),
        }
    }
    checked
}

/// The sets of conditions while owners are added, with the mistakes found.
struct Owners<'a> {
    symbols: &'a Symbols,
    /// The conditions for each name, and those for all.
    by_name: &'a HashMap<Option<&'a str>, Vec<&'a CheckedCondition>>,
    /// The owner of what has no conditions of its own.
    common: usize,
    sets: Sets,
    errors: Vec<Error>,
}

impl<'a> Owners<'a> {
    /// The conditions that count for the field or definition of a name, or for everything without
    /// conditions of its own; the most specific last.
    fn of(&self, name: Option<&str>) -> Vec<&'a CheckedCondition> {
        let mut list = Vec::new();
        for whose in [None].into_iter().chain(name.map(Some)) {
            for faces in [2, 1] {
                let given = self.by_name.get(&whose).into_iter().flatten().copied();
                list.extend(given.filter(|c| c.sides.len() == faces));
            }
        }
        list
    }

    /// Whether any conditions were given by this name.
    fn is_named(&self, name: &str) -> bool {
        self.by_name.contains_key(&Some(name))
    }

    /// The owner for a field or definition of this name and type. `must_fit` says whether it is a
    /// mistake if its conditions do not fit the type.
    fn add(&mut self, name: &str, ty: Type, must_fit: bool) -> usize {
        let conditions = self.of(Some(name));
        let owner = match self.is_named(name) {
            true => self.sets.owner(self.symbols, &conditions),
            false => self.common,
        };
        let normal = conditions.iter().find(|c| c.of.is_some() && c.condition.is_normal());
        if let (Rank::Scalar, Some(normal)) = (ty.rank, normal) {
            let reason = format!("it is for vectors and tensors, and `{name}` is a scalar");
            self.errors.push(normal.mismatch(reason).error(normal.origin()));
        }
        if must_fit && let Err(mismatch) = self.sets.of(owner, ty) {
            let origin = origin_of(mismatch, &conditions);
            // What is wrong for all is wrong for each.
            if !self.errors.iter().any(|error| error.origin() == Some(&origin)) {
                self.errors.push(mismatch.error(origin));
            }
        }
        owner
    }

    /// Notes poles that hold for something that is not advected. Definitions and external fields
    /// beside advected fields count only if they were named.
    fn refuse_poles(&mut self, advected: &[Advected]) {
        let all: HashSet<usize> = advected.iter().map(|advected| advected.field).collect();
        let is_advected = |field: usize| all.contains(&field);
        let fields = self.symbols.fields().iter().enumerate();
        let fields = fields.filter(|(field, _)| !is_advected(*field)).map(|(_, name)| name);
        let others = (self.symbols.definitions().iter().map(|d| &d.name))
            .chain(self.symbols.external().iter().map(|field| &field.name))
            .filter(|name| advected.is_empty() || self.is_named(name));
        let mut errors = Vec::new();
        for name in fields.chain(others) {
            let conditions = self.of(Some(name));
            if let Some(pole) = conditions.iter().find(|c| c.condition == Condition::Pole) {
                let reason = format!("it is for fields that are advected, unlike `{name}`");
                errors.push(pole.mismatch(reason).error(pole.origin()));
            }
        }
        self.errors.extend(errors);
    }

    /// Notes conditions that see external fields whose own conditions do not fit their types: their
    /// values beside a wall cannot be known.
    fn check_seen(&mut self, checked: &[CheckedCondition], fields: &[usize]) {
        let symbols = self.symbols;
        let solved = symbols.fields().len();
        for condition in checked {
            let numbers = condition.condition.numbers().into_iter();
            let seen = numbers.flat_map(|expr| MadeOf::new(expr, symbols.definitions()).fields);
            for field in seen.filter(|field| *field >= solved) {
                let external = &symbols.external()[field - solved];
                if let Err(mismatch) = self.sets.of(fields[field], external.ty()) {
                    let reason = format!(
                        "it sees `{}`, for which `{}` at {} does not fit: {}",
                        external.name, mismatch.condition, mismatch.at, mismatch.reason
                    );
                    self.errors.push(condition.mismatch(reason).error(condition.origin()));
                }
            }
        }
    }

    /// The fluxes that are given for scalar fields with equations: of several conditions for a face the
    /// last one counts.
    fn fluxes(&self) -> Vec<GivenFlux> {
        let mut all = Vec::new();
        for (field, (name, ty)) in
            self.symbols.fields().iter().zip(self.symbols.types()).enumerate()
        {
            let conditions = self.of(Some(name));
            let faces = Face::all();
            for face in faces.filter(|_| ty.rank == Rank::Scalar) {
                // Conditions of normal components hold for no scalar.
                let here = |c: &&&CheckedCondition| c.is_at(face) && !c.condition.is_normal();
                let Some(last) = conditions.iter().rfind(here) else { continue };
                let condition = match ty.complex {
                    true => last.of_complex.as_ref(),
                    false => Some(&last.condition),
                };
                if let Some(Condition::Flux(flux)) = condition {
                    all.push(GivenFlux {
                        field,
                        face,
                        flux: flux.clone(),
                        at: last.at.clone(),
                        of: last.of.clone(),
                    });
                }
            }
        }
        all
    }

    /// The order in which ghost cells of fields, with these owners, are computed that follow from
    /// other fields.
    fn order_of_sweeps(&mut self, fields: &[usize]) -> Vec<(usize, Face)> {
        let symbols = self.symbols;
        let external = symbols.external().iter().map(|field| field.ty());
        let types = symbols.types().iter().copied().chain(external);
        let of_field = |(owner, ty): (&usize, Type)| {
            let sets = self.sets.of(*owner, ty).unwrap_or_default();
            sets.iter().map(|set| self.sets.get(*set)).collect::<Vec<_>>()
        };
        let conditions: Vec<Vec<&FaceConditions>> =
            fields.iter().zip(types).map(of_field).collect();
        let (field, face) = match seen::order(symbols, &conditions) {
            Ok(order) => return order,
            Err(place) => place,
        };
        let name = symbols.all_fields().nth(field).unwrap_or_default();
        let reason = "the operators in it need ghost cells that follow from this condition";
        if let Some(condition) = self.of(Some(name)).iter().rfind(|c| c.is_at(face)) {
            self.errors.push(condition.mismatch(reason.into()).error(condition.origin()));
        }
        Vec::new()
    }

    /// What conditions mean for the transport of each field, of those that are advected.
    fn of_advected(&mut self, advected: &[Advected]) -> Vec<Option<AdvectedConditions>> {
        let mut all = Vec::new();
        let advected: HashMap<usize, &Advected> =
            advected.iter().map(|advected| (advected.field, advected)).collect();
        for (field, name) in self.symbols.fields().iter().enumerate() {
            let Some(advected) = advected.get(&field) else {
                all.push(None);
                continue;
            };
            let conditions = self.of(Some(name));
            let (ty, signed) = (self.symbols.types()[field], advected.options.signed);
            let closed = self.walls_of_flow(advected);
            let found = AdvectedConditions::new(
                self.symbols,
                &mut self.sets,
                (&conditions, &closed),
                ty,
                signed,
            );
            if let Err(mismatch) = &found {
                self.errors.push(mismatch.error(origin_of(mismatch, &conditions)));
            }
            all.push(found.ok());
        }
        all
    }

    /// The faces at which fields of which a flow is computed have walls.
    fn walls_of_flow(&self, advected: &Advected) -> Vec<Face> {
        let parts = advected.advector.parts().iter();
        let fields = parts.flat_map(|part| MadeOf::new(part, self.symbols.definitions()).fields);
        let names = fields.filter_map(|field| self.symbols.fields().get(field));
        let mut walls = Vec::new();
        for name in names {
            let conditions = self.of(Some(name));
            walls.extend(Face::all().filter(|face| {
                let counts = conditions.iter().rfind(|checked| checked.is_at(*face));
                counts.is_some_and(|checked| checked.condition == Condition::Wall)
            }));
        }
        walls
    }
}

/// Where the condition stands that does not fit a quantity with these conditions.
fn origin_of(mismatch: &Mismatch, conditions: &[&CheckedCondition]) -> Origin {
    let own = conditions.iter().find(|c| c.of.is_some() && c.at == mismatch.at);
    let (of, at) = (own.and_then(|c| c.of.clone()), mismatch.at.clone());
    Origin::Boundary { of, at, part: ConditionPart::Whole }
}
