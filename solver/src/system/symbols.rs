//! What the names in expressions refer to: the grid's axes, fields, parameters, definitions,
//! functions and external fields.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use fluxions_expr::{AxisPoints, Expr, Place, Scope, Space, Type, Uses};
use fluxions_grid::{Axis, Grid};

use crate::error::Error;
use crate::operators::FieldOperator;
use crate::system::declarations::Declarations;
use crate::system::definition::Definition;
use crate::system::external::ExternalField;
use crate::system::formula::Formula;
use crate::system::names;
use crate::system::order::in_order;
use crate::system::origin::Origin;
use crate::system::parameters;
use crate::system::region;
use crate::system::resolve::{fit, resolve, wrap};
use crate::system::shifted::Shifted;
use crate::system::space;

/// Everything that names refer to, complete: definitions are resolved, parameters are computed.
///
/// External fields are numbered after the fields with equations, and so are their arrays.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    grid: Grid,
    space: Space,
    fields: Vec<String>,
    types: Vec<Type>,
    definitions: Vec<Definition>,
    parameters: Vec<(String, f64)>,
    /// What all names stand for.
    scope: Scope,
    /// The functions written as text that could be parsed.
    functions: HashSet<String>,
    /// The numbers of the fields with equations.
    numbers: HashMap<String, usize>,
    operators: Vec<FieldOperator>,
    external: Vec<ExternalField>,
    /// The first array of each field, external ones included, and the number of all arrays.
    first_arrays: Vec<usize>,
}

/// The centres of the cells along an axis.
fn points_of(axis: &Axis) -> AxisPoints {
    let (first, spacing) = (axis.centre(0), axis.spacing());
    AxisPoints { first, spacing, cells: axis.cells(), periodic: axis.is_periodic() }
}

impl Symbols {
    /// The symbols that a problem declares, with every mistake in the declarations.
    ///
    /// Where there is a mistake, something harmless stands for what was meant, so that uses of the
    /// name are not mistakes too. Only functions that cannot be parsed are missing.
    pub(crate) fn new(declared: &Declarations) -> (Self, Vec<Error>) {
        let mut errors = Vec::new();
        names::check(declared, &mut errors);
        for operator in &declared.operators {
            if let Some(reason) = operator.fault(&declared.grid) {
                errors.push(Error::UnfitOperator { name: operator.name().into(), reason });
            }
        }
        let types = types_of(declared, &mut errors);
        let space = space::of(&declared.grid);
        let sorted = parameters::sorted(declared.parameters.clone(), &space);
        let spacings = space::spacings(&space, Some(&declared.grid));
        let (parameters, found) =
            parameters::resolve(&sorted.numbers, &space, &declared.fields, &spacings);
        errors.extend(found);
        let mut scope = Scope::new(Place::Define, &space);
        // What has such a name of its own takes its place.
        for (name, spacing) in spacings {
            scope.spacing(&name, spacing.expect("the spacings of a grid are known"));
        }
        let mut functions = HashSet::new();
        for (name, text) in &declared.functions {
            match fluxions_expr::parse_function(text) {
                Ok(lambda) => {
                    scope.function(name, lambda);
                    functions.insert(name.clone());
                }
                Err(error) => {
                    errors.extend(wrap(&Origin::Function(name.clone()), text, vec![error]));
                }
            }
        }
        let axes = declared.grid.axes().iter();
        scope.set_points(axes.map(points_of).collect());
        let masks = region::masks(&declared.regions, &declared.closed);
        let external_types = declared.external.iter().map(ExternalField::ty);
        let external_types = external_types.chain(masks.iter().map(|_| Type::REAL));
        let mut first_arrays = vec![0];
        for ty in types.iter().copied().chain(external_types) {
            let first = first_arrays[first_arrays.len() - 1];
            first_arrays.push(first + ty.numbers(space.dimension()));
        }
        for (name, value) in &parameters {
            scope.number(name, *value);
        }
        for (number, (name, ty)) in declared.fields.iter().zip(&types).enumerate() {
            scope.field(name, number, *ty);
        }
        for (k, field) in declared.external.iter().enumerate() {
            scope.external(&field.name, declared.fields.len() + k, field.ty());
        }
        let first_mask = declared.fields.len() + declared.external.len();
        for (k, mask) in masks.iter().enumerate() {
            if k < declared.regions.len() {
                scope.region(&mask.name, first_mask + k);
            }
        }
        for (field, regions) in &declared.closed {
            let field = declared.fields.iter().position(|name| name == field);
            let mask = masks.iter().position(|mask| mask.regions == *regions);
            if let (Some(field), Some(mask)) = (field, mask) {
                scope.close(field, first_mask + mask);
            }
        }
        for (number, global) in declared.globals.iter().enumerate() {
            scope.global(&global.name, number);
        }
        for native in &declared.natives {
            scope.native(native.clone());
        }
        for (number, operator) in declared.operators.iter().enumerate() {
            scope.operator(operator.name(), number, operator.arguments());
        }
        // The first of several fields of one name counts.
        let fields = declared.fields.iter().cloned().enumerate().rev();
        let mut symbols = Symbols {
            grid: declared.grid.clone(),
            space,
            fields: declared.fields.clone(),
            types,
            definitions: Vec::new(),
            parameters,
            scope,
            functions,
            numbers: fields.map(|(number, name)| (name, number)).collect(),
            operators: declared.operators.clone(),
            external: declared.external.clone(),
            first_arrays,
        };
        let definitions: Vec<_> =
            sorted.others.into_iter().chain(declared.definitions.iter().cloned()).collect();
        symbols.define(&definitions, &mut errors);
        let Symbols { grid, scope, definitions, space, .. } = &symbols;
        let (masks, found) =
            region::external(grid, &declared.regions, &masks, scope, definitions, space);
        symbols.external.extend(masks);
        errors.extend(found);
        (symbols, errors)
    }

    /// Resolves definitions in an order in which each can use the earlier ones. One with a mistake
    /// is known as 0, so that its uses are not reported as unknown names.
    fn define(&mut self, formulas: &[(String, Formula)], errors: &mut Vec<Error>) {
        let texts: Vec<_> =
            formulas.iter().map(|(name, f)| (name.clone(), f.to_string())).collect();
        let nothing = || (Expr::number(0.0), Uses::default());
        match in_order(&texts) {
            Ok(order) => {
                for (name, formula) in order.into_iter().map(|k| &formulas[k]) {
                    let origin = Origin::Define(name.clone());
                    let found = resolve(&origin, formula, &self.scope(Place::Define));
                    let (expr, uses) = found.unwrap_or_else(|found| {
                        errors.extend(found);
                        nothing()
                    });
                    self.add_definition(name, expr, uses);
                }
            }
            Err(names) => {
                errors.push(Error::Circle { origin: Origin::Define(names[0].clone()), names });
                for (name, _) in formulas {
                    let (expr, uses) = nothing();
                    self.add_definition(name, expr, uses);
                }
            }
        }
    }

    fn add_definition(&mut self, name: &str, expr: Expr, uses: Uses) {
        self.scope.define(name, self.definitions.len(), expr.ty, uses.clone());
        let definition = Definition::new(name, expr, uses, &self.definitions);
        self.definitions.push(definition);
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// The fields with equations.
    pub(crate) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The types of the fields with equations.
    pub(crate) fn types(&self) -> &[Type] {
        &self.types
    }

    pub(crate) fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    pub(crate) fn parameters(&self) -> &[(String, f64)] {
        &self.parameters
    }

    /// The external field that tells by which regions a field is closed, if it is.
    pub(crate) fn mask_of(&self, field: usize) -> Option<usize> {
        self.scope.mask_of(field)
    }

    /// Whether a field tells regions.
    pub(crate) fn is_mask(&self, field: usize) -> bool {
        let external = field.checked_sub(self.fields.len());
        external.is_some_and(|number| self.external[number].is_mask)
    }

    /// The number of the external field that tells a region.
    ///
    /// # Panics
    /// If there is no such region.
    pub(crate) fn region(&self, name: &str) -> usize {
        let is_it = |field: &ExternalField| field.is_mask && field.name == name;
        let found = self.external.iter().position(is_it);
        self.fields.len() + found.expect("conditions for regions name those that there are")
    }

    pub(crate) fn external(&self) -> &[ExternalField] {
        &self.external
    }

    /// The operators that the program defines.
    pub(crate) fn operators(&self) -> &[FieldOperator] {
        &self.operators
    }

    /// Whether a function written as text could be parsed.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// The names of all fields, external ones included.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().chain(self.external.iter().map(|field| &field.name)).map(String::as_str)
    }

    /// The numbers of a field's arrays: one for each real number that a value of it is made of.
    pub(crate) fn arrays_of(&self, field: usize) -> Range<usize> {
        self.first_arrays[field]..self.first_arrays[field + 1]
    }

    /// How many arrays the fields with equations have.
    pub(crate) fn arrays(&self) -> usize {
        self.first_arrays[self.fields.len()]
    }

    /// How many arrays all fields have, external ones included.
    pub(crate) fn all_arrays(&self) -> usize {
        self.first_arrays[self.fields.len() + self.external.len()]
    }

    /// A name for each array of the fields with equations, such as `v.x` or `re psi`.
    pub(crate) fn array_names(&self) -> Vec<String> {
        let names = self.fields.iter().zip(&self.types);
        names.flat_map(|(name, ty)| names::of_arrays(name, *ty, &self.space)).collect()
    }

    /// A name for each array of all fields, external ones included.
    pub(crate) fn all_array_names(&self) -> Vec<String> {
        let external = self.external.iter();
        let external =
            external.flat_map(|field| names::of_arrays(&field.name, field.ty(), &self.space));
        self.array_names().into_iter().chain(external).collect()
    }

    /// The names that an expression at this place can use.
    pub(crate) fn scope(&self, place: Place) -> Scope {
        self.scope.at(place)
    }

    /// A formula for a value of a field.
    pub(crate) fn value_of(
        &self,
        field: usize,
        origin: &Origin,
        formula: &Formula,
        place: Place,
    ) -> Result<Expr, Vec<Error>> {
        let (expr, _) = resolve(origin, formula, &self.scope(place))?;
        fit(origin, formula, expr, self.types[field])
    }

    /// The number of the field with an equation of that name, if there is one.
    pub(crate) fn field_named(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The type of a field, of those with equations or of the external ones.
    pub(crate) fn type_of_field(&self, field: usize) -> Type {
        match self.types.get(field) {
            Some(ty) => *ty,
            None => self.external[field - self.fields.len()].ty(),
        }
    }

    /// The number of the field with an equation of that name, or the mistake that there is none.
    pub(crate) fn field(&self, origin: &Origin, name: &str) -> Result<usize, Error> {
        self.field_named(name).ok_or_else(|| Error::NoSuchField {
            origin: origin.clone(),
            name: name.into(),
            known: self.fields.clone(),
        })
    }

    /// These symbols on a part of the grid, as [`Grid::cropped`] cuts it out.
    pub(crate) fn cropped(&self, cells: usize, place: f64) -> Self {
        let grid = self.grid.cropped(cells, place);
        let offset = self.grid.offset_of(&grid);
        let part = |field: &ExternalField| ExternalField {
            source: Shifted::source(&field.source, &offset),
            ..field.clone()
        };
        let external = self.external.iter().map(part).collect();
        Symbols { grid, external, ..self.clone() }
    }
}

/// The type of each field; real scalars need not be declared.
fn types_of(declared: &Declarations, errors: &mut Vec<Error>) -> Vec<Type> {
    let Declarations { fields, types, .. } = declared;
    let known: HashSet<&String> = fields.iter().collect();
    for (name, _) in types.iter().filter(|(name, _)| !known.contains(name)) {
        let origin = Origin::Field(name.clone());
        errors.push(Error::NoSuchField { origin, name: name.clone(), known: fields.clone() });
    }
    // The first of several types of one field counts.
    let given: HashMap<&String, Type> = types.iter().rev().map(|(name, ty)| (name, *ty)).collect();
    fields.iter().map(|field| given.get(field).copied().unwrap_or(Type::REAL)).collect()
}
