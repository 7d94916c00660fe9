//! A system of equations on a grid, checked: what exists is valid.

use std::ops::Range;
use std::sync::Arc;

use fluxions_expr::{Closure, Expr, Native, Node, Place, Rank, Scope, Space, Type, Uses};
use fluxions_grid::{Condition, Grid};

use crate::argument::{self, Argument};
use crate::conditions::{self, Conditions, Entry};
use crate::data::{Data, Shifted};
use crate::error::{Error, Errors};
use crate::formula::Formula;
use crate::names;
use crate::noise::{Interpretation, Noise};
use crate::operators;
use crate::order::in_order;
use crate::origin::Origin;
use crate::parameters;
use crate::space;
use crate::symmetry::{self, Vanishing};

/// A system d(field)/dt = expression on a grid, with its parameters, named sub-expressions and
/// boundary conditions.
///
/// ```
/// use fluxions_grid::{Condition, Ends, Grid};
/// use fluxions_solver::Pde;
///
/// let grid = Grid::cartesian().axis("x", 0.0..1.0, 100, Ends::Bounded).build()?;
/// let heat = Pde::on(&grid)
///     .parameter("D", 0.1)
///     .equation("c", "D*laplace(c)")
///     .boundary("x-", Condition::Value(1.0.into()))
///     .build()?;
/// assert_eq!(heat.fields(), ["c"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pde {
    grid: Grid,
    space: Space,
    fields: Vec<String>,
    types: Vec<Type>,
    equations: Vec<Expr>,
    definitions: Vec<Definition>,
    parameters: Vec<(String, f64)>,
    functions: Vec<(String, fluxions_expr::Lambda)>,
    natives: Vec<Native>,
    conditions: Conditions,
    noise: Noise,
    vanishing: Vanishing,
    data: Vec<Data>,
}

/// A named sub-expression.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub expr: Expr,
    /// What it uses.
    pub uses: Uses,
    /// What it is made of, through other definitions too.
    pub(crate) made_of: MadeOf,
}

/// What an expression is made of, through definitions too.
#[derive(Clone, Debug, Default)]
pub(crate) struct MadeOf {
    /// The fields in it.
    pub(crate) fields: Vec<usize>,
    /// Whether its value depends on the equation in which it stands: it does where an operator is
    /// applied to a compound expression.
    pub(crate) depends_on_owner: bool,
    /// Whether a condition with it changes with the time or the state.
    pub(crate) changes: bool,
    /// Whether the time is in it.
    pub(crate) timed: bool,
}

impl MadeOf {
    /// What an expression is made of that may use these definitions.
    pub(crate) fn new(expr: &Expr, definitions: &[Definition]) -> Self {
        let mut all = MadeOf::default();
        let compound = |expr: &Expr| argument::base(expr).is_none();
        expr.walk(&mut |part| match &part.node {
            Node::Field(field) if !all.fields.contains(field) => all.fields.push(*field),
            Node::Time => (all.changes, all.timed) = (true, true),
            Node::Adjacent => all.changes = true,
            Node::Operator(_, arguments) => {
                all.depends_on_owner |= arguments.iter().any(compound);
            }
            Node::Define(d) => {
                let MadeOf { fields, depends_on_owner, changes, timed } = &definitions[*d].made_of;
                all.fields.extend(fields);
                all.depends_on_owner |= depends_on_owner;
                all.changes |= changes;
                all.timed |= timed;
            }
            _ => {}
        });
        all.fields.sort_unstable();
        all.fields.dedup();
        all
    }
}

/// Collects what a [`Pde`] is made of.
#[derive(Clone, Debug)]
pub struct PdeBuilder {
    pub(crate) grid: Grid,
    pub(crate) types: Vec<(String, Type)>,
    pub(crate) parameters: Vec<(String, Formula)>,
    pub(crate) definitions: Vec<(String, Formula)>,
    pub(crate) functions: Vec<(String, String)>,
    pub(crate) equations: Vec<(String, Formula)>,
    pub(crate) natives: Vec<Native>,
    conditions: Vec<Entry>,
    noise: Vec<(String, Formula)>,
    interpretation: Interpretation,
    pub(crate) data: Vec<Data>,
    others: Vec<(Origin, Formula, Place)>,
}

impl Pde {
    /// A system on this grid, without equations yet.
    pub fn on(grid: &Grid) -> PdeBuilder {
        PdeBuilder {
            grid: grid.clone(),
            types: Vec::new(),
            parameters: Vec::new(),
            definitions: Vec::new(),
            functions: Vec::new(),
            equations: Vec::new(),
            natives: Vec::new(),
            conditions: Vec::new(),
            noise: Vec::new(),
            interpretation: Interpretation::Ito,
            data: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The axes and directions, as expressions know them.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The fields, in the order of their equations.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The types of the fields, in the same order.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The right-hand sides, in the same order.
    pub fn equations(&self) -> &[Expr] {
        &self.equations
    }

    /// The named sub-expressions; parameters that are no plain numbers are among them.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The parameters that are numbers, with their values.
    pub fn parameters(&self) -> &[(String, f64)] {
        &self.parameters
    }

    /// The boundary conditions.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// The noise.
    pub(crate) fn noise(&self) -> &Noise {
        &self.noise
    }

    /// Which components of the fields are zero by symmetry.
    pub(crate) fn vanishing(&self) -> &Vanishing {
        &self.vanishing
    }

    /// The fields that are given and do not change. They are numbered after those with
    /// equations.
    pub(crate) fn data(&self) -> &[Data] {
        &self.data
    }

    /// The names of all fields, those that are given included.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().chain(self.data.iter().map(|data| &data.name)).map(String::as_str)
    }

    /// The numbers of a field's arrays: one for each real number that a value of it is made of,
    /// as [`Type::numbers`] counts them.
    pub fn arrays_of(&self, field: usize) -> Range<usize> {
        let numbers = |ty: Type| ty.numbers(self.space.dimension());
        let types = self.types.iter().copied().chain(self.data.iter().map(Data::ty));
        let mut counts = types.map(numbers);
        let start: usize = counts.by_ref().take(field).sum();
        start..start + counts.next().unwrap_or(0)
    }

    /// How many arrays the fields with equations have.
    pub fn arrays(&self) -> usize {
        self.types.iter().map(|ty| ty.numbers(self.space.dimension())).sum()
    }

    /// How many arrays all fields have, those that are given included.
    pub(crate) fn all_arrays(&self) -> usize {
        let given = self.data.iter().map(|data| data.ty().numbers(self.space.dimension()));
        self.arrays() + given.sum::<usize>()
    }

    /// A name for each array of the fields with equations, such as `v.x` or `re psi`.
    pub fn array_names(&self) -> Vec<String> {
        let names = self.fields.iter().zip(&self.types);
        names.flat_map(|(name, ty)| names::of_arrays(name, *ty, &self.space)).collect()
    }

    /// A name for each array of all fields.
    pub(crate) fn all_array_names(&self) -> Vec<String> {
        let given = self.data.iter();
        let given = given.flat_map(|data| names::of_arrays(&data.name, data.ty(), &self.space));
        self.array_names().into_iter().chain(given).collect()
    }

    /// The same system on a part of its grid of at most `cells` cells, with the same spacings:
    /// at the lower bounds for `place` = 0, at the upper ones for 1.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Pde {
        let grid = self.grid.cropped(cells, place);
        let offset = self.grid.offset_of(&grid);
        let part = |data: &Data| {
            let (source, offset) = (Arc::clone(&data.source), offset.clone());
            Data { source: Arc::new(Shifted { source, offset }), ..data.clone() }
        };
        let data = self.data.iter().map(part).collect();
        Pde { grid, data, ..self.clone() }
    }

    /// The names that an expression at this place can use.
    pub(crate) fn scope(&self, place: Place) -> Scope {
        let mut scope = Scope::new(place, &self.space);
        for (name, value) in &self.parameters {
            scope.number(name, *value);
        }
        for (number, (name, ty)) in self.fields.iter().zip(&self.types).enumerate() {
            scope.field(name, number, *ty);
        }
        for (k, data) in self.data.iter().enumerate() {
            scope.data(&data.name, self.fields.len() + k, data.ty());
        }
        for (number, definition) in self.definitions.iter().enumerate() {
            let Definition { name, expr, uses, .. } = definition;
            scope.define(name, number, expr.ty, uses.clone());
        }
        for (name, lambda) in &self.functions {
            scope.function(name, lambda.clone());
        }
        for native in &self.natives {
            scope.native(native.clone());
        }
        scope
    }

    /// Checks an expression that is not part of the equations: an initial value, an output.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn check(
        &self,
        origin: &Origin,
        formula: &Formula,
        place: Place,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        let found = self.resolve(origin, formula, &self.scope(place))?;
        let owner = self.owner_of(origin, &found.0);
        self.check_operators(origin, formula, &found.0, owner).map(|()| found)
    }

    /// The same for a value of a field.
    ///
    /// # Errors
    /// Every mistake in it, or that it has another type than the field.
    pub fn check_value(
        &self,
        origin: &Origin,
        formula: &Formula,
        place: Place,
        field: usize,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        let (expr, uses) = self.check(origin, formula, place)?;
        Ok((fit(origin, formula, expr, self.types[field])?, uses))
    }

    /// The conditions of operators on compound expressions in an expression.
    fn owner_of(&self, origin: &Origin, expr: &Expr) -> usize {
        match origin {
            Origin::Equation(name) | Origin::Noise(name) => {
                let field = self.fields.iter().position(|field| field == name);
                field.map_or(self.conditions.common(), |f| self.conditions.owner_of_field(f))
            }
            _ => crate::program::Program::owner_of(self, expr),
        }
    }

    /// A formula with its names resolved.
    pub(crate) fn resolve(
        &self,
        origin: &Origin,
        formula: &Formula,
        scope: &Scope,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        resolve(origin, formula, scope)
    }

    /// Whether every operator in an expression has boundary conditions that make sense for what
    /// it is applied to, and what symmetry asks for.
    fn check_operators(
        &self,
        origin: &Origin,
        formula: &Formula,
        expr: &Expr,
        owner: usize,
    ) -> Result<(), Vec<Error>> {
        let mut errors = Vec::new();
        let mut seen = vec![false; self.definitions.len()];
        self.check_arguments(origin, expr, owner, &mut seen, &mut errors);
        if let Err(broken) = symmetry::check(self, expr) {
            errors.push(broken.error(origin, formula));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_arguments(
        &self,
        origin: &Origin,
        expr: &Expr,
        owner: usize,
        seen: &mut [bool],
        errors: &mut Vec<Error>,
    ) {
        if let Node::Operator(operator, arguments) = &expr.node {
            for (k, argument) in operators::stored(*operator, arguments) {
                let (owner, ty) = match Argument::of(self, *operator, k, argument, owner) {
                    Argument::Field { .. } => continue,
                    Argument::Define { conditions, ty, .. } => (conditions, ty),
                    Argument::Compound { conditions } => (conditions, argument.ty),
                };
                if let Err(unfit) = self.conditions.arrays(owner, ty)
                    && errors.is_empty()
                {
                    errors.push(Error::UnfitArgument {
                        origin: origin.clone(),
                        ty: argument.ty,
                        at: unfit.at.as_str().into(),
                        condition: unfit.condition,
                        reason: unfit.reason.as_str().into(),
                    });
                }
            }
        }
        if let Node::Define(d) = expr.node
            && !std::mem::replace(&mut seen[d], true)
        {
            self.check_arguments(origin, &self.definitions[d].expr, owner, seen, errors);
        }
        for child in expr.children() {
            self.check_arguments(origin, child, owner, seen, errors);
        }
    }

    /// The number of the field of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn field(&self, origin: &Origin, name: &str) -> Result<usize, Error> {
        self.fields.iter().position(|field| field == name).ok_or_else(|| Error::NoSuchField {
            origin: origin.clone(),
            name: name.into(),
            known: self.fields.clone(),
        })
    }
}

/// A formula with its names resolved; a list item by item, so that mistakes keep their places.
fn resolve(origin: &Origin, formula: &Formula, scope: &Scope) -> Result<(Expr, Uses), Vec<Error>> {
    if let Formula::Values(_) = formula {
        return Err(vec![Error::MisplacedValues { origin: origin.clone() }]);
    }
    let Formula::List(items) = formula else {
        let text = formula.to_string();
        let ast = fluxions_expr::parse(&text).map_err(|e| wrap(origin, &text, vec![e]))?;
        return fluxions_expr::resolve(&ast, &text, scope)
            .map_err(|errors| wrap(origin, &text, errors));
    };
    let (mut errors, mut exprs, mut uses) = (Vec::new(), Vec::new(), Uses::default());
    for (k, item) in items.iter().enumerate() {
        match resolve(&origin.item(k), item, scope) {
            Ok((expr, used)) => {
                uses.merge(&used);
                exprs.push(expr);
            }
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut expr = fluxions_expr::list(exprs, scope)
        .map_err(|error| wrap(origin, &formula.to_string(), vec![error]))?;
    expr.renumber_random(0);
    Ok((expr, uses))
}

/// The expression as a value of this type.
///
/// A number, the same in all directions, stands for each component.
fn fit(origin: &Origin, formula: &Formula, expr: Expr, wanted: Type) -> Result<Expr, Vec<Error>> {
    let rank_fits = expr.ty.rank == wanted.rank || is_constant(&expr);
    if rank_fits && (wanted.complex || !expr.ty.complex) {
        return Ok(expr);
    }
    let text = formula.to_string();
    let whole = fluxions_expr::Span::new(0, text.len());
    let error = fluxions_expr::Error::WrongType { found: expr.ty, wanted, span: whole };
    Err(wrap(origin, &text, vec![error]))
}

/// Whether an expression is a scalar made of numbers only.
fn is_constant(expr: &Expr) -> bool {
    let number = match &expr.node {
        Node::Number(_) | Node::Imaginary => true,
        Node::Call(..) => !expr.children().is_empty(),
        _ => false,
    };
    expr.ty.rank == Rank::Scalar && number && expr.children().iter().all(is_constant)
}

pub(crate) fn wrap(origin: &Origin, text: &str, errors: Vec<fluxions_expr::Error>) -> Vec<Error> {
    let one = |error| {
        let error = Box::new(error);
        Error::Expression { origin: origin.clone(), text: text.into(), error }
    };
    errors.into_iter().map(one).collect()
}

impl PdeBuilder {
    /// The type of a field; real scalars need none.
    #[must_use]
    pub fn field(mut self, name: &str, ty: Type) -> Self {
        self.types.push((name.into(), ty));
        self
    }

    /// A number that expressions can use by name; a text may use other parameters. A text that
    /// uses coordinates, or is complex, is the same as a definition; given values are a field that
    /// does not change.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Formula>) -> Self {
        match value.into() {
            Formula::Values(source) => self.data.push(Data { name: name.into(), source }),
            value => self.parameters.push((name.into(), value)),
        }
        self
    }

    /// A named sub-expression, usable wherever a field is.
    #[must_use]
    pub fn define(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.definitions.push((name.into(), formula.into()));
        self
    }

    /// A function written as text, such as `(x, a) -> x/(a + x)`.
    #[must_use]
    pub fn define_function(mut self, name: &str, text: &str) -> Self {
        self.functions.push((name.into(), text.into()));
        self
    }

    /// A function of one to three real numbers. It must give the same number for the same
    /// arguments on every rank.
    #[must_use]
    pub fn function<A>(mut self, name: &str, function: impl Closure<A>) -> Self {
        self.natives.push(Native::new(name, function));
        self
    }

    /// The equation d(name)/dt = formula.
    #[must_use]
    pub fn equation(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.equations.push((name.into(), formula.into()));
        self
    }

    /// A boundary condition of every field and definition, at an axis (`x`: both ends) or a face
    /// (`x-`, `x+`).
    #[must_use]
    pub fn boundary(mut self, at: &str, condition: Condition<Formula>) -> Self {
        self.conditions.push(Entry { of: None, at: at.into(), condition });
        self
    }

    /// A boundary condition of one field or definition, which overrides those of all.
    #[must_use]
    pub fn boundary_of(mut self, name: &str, at: &str, condition: Condition<Formula>) -> Self {
        self.conditions.push(Entry { of: Some(name.into()), at: at.into(), condition });
        self
    }

    /// White noise that is added to a field: its variance per unit of time and volume. A formula
    /// that uses fields makes it multiplicative.
    #[must_use]
    pub fn noise(mut self, field: &str, variance: impl Into<Formula>) -> Self {
        self.noise.push((field.into(), variance.into()));
        self
    }

    /// How multiplicative noise is meant; [`Interpretation::Ito`] if not given.
    #[must_use]
    pub fn interpretation(mut self, interpretation: Interpretation) -> Self {
        self.interpretation = interpretation;
        self
    }

    /// Checks an expression that is not part of the system along with those that are, so that all
    /// mistakes are found at once.
    #[must_use]
    pub fn also_check(mut self, origin: Origin, formula: &Formula, place: Place) -> Self {
        self.others.push((origin, formula.clone(), place));
        self
    }

    /// The system.
    ///
    /// # Errors
    /// Every mistake found: in names, types, expressions and boundary conditions.
    pub fn build(mut self) -> Result<Pde, Errors> {
        let mut errors = Vec::new();
        if self.equations.is_empty() {
            errors.push(Error::NoEquation);
        }
        names::check(&self, &mut errors);
        let fields: Vec<String> = self.equations.iter().map(|(name, _)| name.clone()).collect();
        let types = self.types_of(&fields, &mut errors);
        let space = space::of(&self.grid);
        let sorted = parameters::sorted(std::mem::take(&mut self.parameters), &space);
        let (values, found) = parameters::resolve(&sorted.numbers, &space, &fields);
        errors.extend(found);
        let mut pde = Pde {
            space,
            types,
            equations: Vec::new(),
            definitions: Vec::new(),
            parameters: values,
            functions: Vec::new(),
            natives: self.natives.clone(),
            conditions: Conditions::none(),
            noise: Noise::none(self.interpretation),
            vanishing: Vanishing::nothing(),
            data: self.data.clone(),
            grid: self.grid.clone(),
            fields,
        };
        let mut broken = Vec::new();
        for (name, text) in &self.functions {
            match fluxions_expr::parse_function(text) {
                Ok(lambda) => pde.functions.push((name.clone(), lambda)),
                Err(error) => {
                    errors.extend(wrap(&Origin::Function(name.clone()), text, vec![error]));
                    broken.push(name.clone());
                }
            }
        }
        let definitions: Vec<_> =
            sorted.others.into_iter().chain(self.definitions.iter().cloned()).collect();
        resolve_definitions(&definitions, &mut pde, &mut errors);
        for (field, (name, formula)) in self.equations.iter().enumerate() {
            let origin = Origin::Equation(name.clone());
            let found = pde.resolve(&origin, formula, &pde.scope(Place::Equation));
            match found.and_then(|(expr, _)| fit(&origin, formula, expr, pde.types[field])) {
                Ok(expr) => pde.equations.push(expr),
                Err(found) => errors.extend(found),
            }
        }
        match conditions::resolve(&pde, &self.conditions) {
            Ok(conditions) => pde.conditions = conditions,
            Err(found) => {
                errors.extend(found);
                // Without conditions nothing that uses them can be checked.
                errors.extend(self.others.iter().flat_map(|(origin, formula, place)| {
                    pde.resolve(origin, formula, &pde.scope(*place)).err().unwrap_or_default()
                }));
                return Err(Errors(errors));
            }
        }
        errors.extend(pde.add_noise(&self.noise));
        if pde.equations.len() == pde.fields.len() {
            pde.vanishing = Vanishing::of(&pde);
            for (field, (name, formula)) in self.equations.iter().enumerate() {
                let owner = pde.conditions.owner_of_field(field);
                let (origin, expr) = (Origin::Equation(name.clone()), &pde.equations[field]);
                let found = pde.check_operators(&origin, formula, expr, owner);
                errors.extend(found.err().unwrap_or_default());
            }
            errors.extend(pde.check_noise(&self.noise));
        }
        for (origin, formula, place) in &self.others {
            let found = match origin {
                Origin::Initial(name) if pde.fields.contains(name) => {
                    let field = pde.fields.iter().position(|f| f == name).unwrap_or(0);
                    pde.check_value(origin, formula, *place, field)
                }
                _ => pde.check(origin, formula, *place),
            };
            errors.extend(found.err().unwrap_or_default());
        }
        // That a function with a mistake is unknown follows from the mistake.
        errors.retain(|error| match error {
            Error::Expression { error, .. } => !matches!(&**error,
                fluxions_expr::Error::UnknownFunction { name, .. } if broken.contains(name)),
            _ => true,
        });
        if errors.is_empty() { Ok(pde) } else { Err(Errors(errors)) }
    }

    fn types_of(&self, fields: &[String], errors: &mut Vec<Error>) -> Vec<Type> {
        for (name, _) in &self.types {
            if !fields.contains(name) {
                let origin = Origin::Field(name.clone());
                let known = fields.to_vec();
                errors.push(Error::NoSuchField { origin, name: name.clone(), known });
            }
        }
        let given = |field: &String| self.types.iter().find(|(name, _)| name == field);
        fields.iter().map(|field| given(field).map_or(Type::REAL, |(_, ty)| *ty)).collect()
    }
}

impl Pde {
    fn add_noise(&mut self, given: &[(String, Formula)]) -> Vec<Error> {
        let mut errors = Vec::new();
        for (name, formula) in given {
            let origin = Origin::Noise(name.clone());
            let field = match self.field(&origin, name) {
                Ok(field) => field,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            let scope = self.scope(Place::Equation);
            let found = self.resolve(&origin, formula, &scope).and_then(|(expr, uses)| {
                let rank = match expr.ty.rank {
                    Rank::Scalar => Rank::Scalar,
                    _ => self.types[field].rank,
                };
                let expr = fit(&origin, formula, expr, Type::real(rank))?;
                self.noise.check(origin, &expr, &uses, &self.space)?;
                Ok(expr)
            });
            match found {
                Ok(variance) => self.noise.add(field, variance),
                Err(found) => errors.extend(found),
            }
        }
        errors
    }

    /// Whether every operator in the noise can be applied.
    fn check_noise(&self, given: &[(String, Formula)]) -> Vec<Error> {
        let mut errors = Vec::new();
        for (field, variance) in &self.noise.fields {
            let name = &self.fields[*field];
            let owner = self.conditions.owner_of_field(*field);
            for (_, formula) in given.iter().filter(|(given, _)| given == name) {
                let origin = Origin::Noise(name.clone());
                let found = self.check_operators(&origin, formula, variance, owner);
                errors.extend(found.err().unwrap_or_default());
            }
        }
        errors
    }
}

fn resolve_definitions(formulas: &[(String, Formula)], pde: &mut Pde, errors: &mut Vec<Error>) {
    let texts: Vec<_> = formulas.iter().map(|(name, f)| (name.clone(), f.to_string())).collect();
    let order = in_order(&texts).unwrap_or_else(|names| {
        errors.push(Error::Circle { origin: Origin::Define(names[0].clone()), names });
        Vec::new()
    });
    // In an order in which each can use the earlier ones. One with a mistake is known as 0, so
    // that its uses are not reported as unknown names.
    for k in 0..formulas.len() {
        let (name, formula) = &formulas[order.get(k).copied().unwrap_or(k)];
        let origin = Origin::Define(name.clone());
        let (expr, uses) = match order.is_empty() {
            true => Err(Vec::new()),
            false => pde.resolve(&origin, formula, &pde.scope(Place::Define)),
        }
        .unwrap_or_else(|found| {
            errors.extend(found);
            (Expr::number(0.0), Uses::default())
        });
        let made_of = MadeOf::new(&expr, &pde.definitions);
        pde.definitions.push(Definition { name: name.clone(), expr, uses, made_of });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxions_grid::Ends;

    fn grid() -> Grid {
        Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap()
    }

    fn messages(builder: PdeBuilder) -> Vec<String> {
        match builder.build() {
            Ok(_) => vec![],
            Err(Errors(errors)) => {
                let first = |e: &Error| e.to_string().lines().next().unwrap_or("").to_string();
                errors.iter().map(first).collect()
            }
        }
    }

    #[test]
    fn definitions_and_parameters_may_use_each_other_in_any_order() {
        let pde = Pde::on(&grid())
            .parameter("b", "2*a")
            .parameter("a", 1.5)
            .define("flux", "mu*d_dx(u)")
            .define("mu", "u^2 - b")
            .equation("u", "d_dx(flux)")
            .build()
            .unwrap();
        assert_eq!(pde.parameters(), [("b".to_string(), 3.0), ("a".to_string(), 1.5)]);
    }

    #[test]
    fn circles_are_found() {
        let builder = Pde::on(&grid())
            .define("a", "b + 1")
            .define("b", "c")
            .define("c", "2*a")
            .parameter("p", "p")
            .equation("u", "a");
        assert_eq!(
            messages(builder),
            ["`p` need each other in a circle", "`a`, `b`, `c` need each other in a circle"]
        );
    }

    #[test]
    fn one_mistake_does_not_lead_to_others() {
        let builder = Pde::on(&grid())
            .parameter("k", "2*")
            .define("mu", "laplac(u)")
            .equation("u", "k*laplace(mu)");
        assert_eq!(
            messages(builder),
            [
                "parameter `k`: expected a number, a name or `(`, found the end of the expression",
                "definition of `mu`: unknown function `laplac`"
            ]
        );
    }

    #[test]
    fn names_must_be_names_and_used_once() {
        let builder = Pde::on(&grid())
            .parameter("u", 1.0)
            .parameter("2a", 1.0)
            .parameter("and", 1.0)
            .define("x", "1")
            .equation("u", "0")
            .equation("t", "0");
        assert_eq!(
            messages(builder),
            [
                "the name `t` is taken: it is the time",
                "the name `x` is taken: it is an axis of the grid",
                "the name `u` is taken: it is a field",
                "`2a` cannot be a name: a name is letters, digits and `_`, and begins with no digit",
                "`and` cannot be a name: the word has a meaning in expressions",
            ]
        );
    }
}
