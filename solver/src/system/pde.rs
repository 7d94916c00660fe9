//! A system of equations on a grid, checked: what exists is valid.

use std::ops::Range;

use fluxions_expr::{Expr, Native, Node, Place, Scope, Space, Type, Uses};
use fluxions_grid::Grid;

use crate::error::Error;
use crate::operators;
use crate::system::boundary::conditions::Conditions;
use crate::system::builder::PdeBuilder;
use crate::system::definition::Definition;
use crate::system::external::{ExternalField, Shifted};
use crate::system::formula::Formula;
use crate::system::names;
use crate::system::noise::Noise;
use crate::system::operand::Operand;
use crate::system::origin::Origin;
use crate::system::resolve::{fit, resolve};
use crate::system::symmetry::{self, Vanishing};
use crate::system::transport::Sources;
use crate::system::transport::advected::Advected;
use crate::system::transport::conditions::{Edges, distinct};

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
    pub(crate) grid: Grid,
    pub(crate) space: Space,
    pub(crate) fields: Vec<String>,
    pub(crate) types: Vec<Type>,
    pub(crate) equations: Vec<Expr>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) parameters: Vec<(String, f64)>,
    pub(crate) functions: Vec<(String, fluxions_expr::Lambda)>,
    pub(crate) natives: Vec<Native>,
    pub(crate) conditions: Conditions,
    pub(crate) noise: Noise,
    pub(crate) vanishing: Vanishing,
    pub(crate) external: Vec<ExternalField>,
    /// How fields are advected, in the order of the fields; those that are.
    pub(crate) advected: Vec<Advected>,
    /// The names of the arrays that are kept for what advects them.
    pub(crate) kept: Vec<String>,
    /// How the sources of advected fields are integrated.
    pub(crate) sources: Sources,
}

impl Pde {
    /// A system on this grid, without equations yet.
    pub fn on(grid: &Grid) -> PdeBuilder {
        PdeBuilder::new(grid)
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
    pub(crate) fn external(&self) -> &[ExternalField] {
        &self.external
    }

    /// The ends of the axes, as they are for the fields that are advected, each once.
    pub(crate) fn edges(&self) -> Vec<Edges> {
        let of = |advected: &Advected| self.conditions.of_advected(advected.field).map(|c| c.edges);
        distinct(self.advected.iter().filter_map(of))
    }

    /// The names of all fields, those that are given included.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().chain(self.external.iter().map(|data| &data.name)).map(String::as_str)
    }

    /// The numbers of a field's arrays: one for each real number that a value of it is made of,
    /// as [`Type::numbers`] counts them.
    pub fn arrays_of(&self, field: usize) -> Range<usize> {
        let numbers = |ty: Type| ty.numbers(self.space.dimension());
        let types = self.types.iter().copied().chain(self.external.iter().map(ExternalField::ty));
        let mut counts = types.map(numbers);
        let start: usize = counts.by_ref().take(field).sum();
        start..start + counts.next().unwrap_or(0)
    }

    /// How many arrays the fields with equations have.
    pub fn arrays(&self) -> usize {
        self.types.iter().map(|ty| ty.numbers(self.space.dimension())).sum()
    }

    /// How many arrays all fields have, those that are given included.
    pub(crate) fn fields_arrays(&self) -> usize {
        let given = self.external.iter().map(|data| data.ty().numbers(self.space.dimension()));
        self.arrays() + given.sum::<usize>()
    }

    /// The same with the arrays that are kept for what advects fields.
    pub(crate) fn all_arrays(&self) -> usize {
        self.fields_arrays() + self.kept.len()
    }

    /// A name for each array of the fields with equations, such as `v.x` or `re psi`.
    pub fn array_names(&self) -> Vec<String> {
        let names = self.fields.iter().zip(&self.types);
        names.flat_map(|(name, ty)| names::of_arrays(name, *ty, &self.space)).collect()
    }

    /// A name for each array of all fields, and for those that are kept for what advects them.
    pub(crate) fn all_array_names(&self) -> Vec<String> {
        let given = self.external.iter();
        let given = given.flat_map(|data| names::of_arrays(&data.name, data.ty(), &self.space));
        self.array_names().into_iter().chain(given).chain(self.kept.iter().cloned()).collect()
    }

    /// The same system on a part of its grid of at most `cells` cells, with the same spacings:
    /// at the lower bounds for `place` = 0, at the upper ones for 1.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Pde {
        let grid = self.grid.cropped(cells, place);
        let offset = self.grid.offset_of(&grid);
        let part = |ExternalField { name, source }: &ExternalField| {
            let (name, source) = (name.clone(), Shifted::source(source, &offset));
            ExternalField { name, source }
        };
        let external = self.external.iter().map(part).collect();
        Pde { grid, external, ..self.clone() }
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
        for (k, data) in self.external.iter().enumerate() {
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
        let found = resolve(origin, formula, &self.scope(place))?;
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
            _ => crate::plan::program::Program::owner_of(self, expr),
        }
    }

    /// Whether every operator in an expression has boundary conditions that make sense for what
    /// it is applied to, and what symmetry asks for.
    pub(crate) fn check_operators(
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
                let (owner, ty) = match Operand::of(self, *operator, k, argument, owner) {
                    Operand::Field { .. } => continue,
                    Operand::Define { conditions, ty, .. } => (conditions, ty),
                    Operand::Compound { conditions } => (conditions, argument.ty),
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
