//! A system of equations on a grid, checked: what exists is valid.

use std::ops::Range;

use fluxions_expr::{Expr, Place, Space, Type, Uses};
use fluxions_grid::Grid;

use crate::error::Error;
use crate::operators::FieldOperator;
use crate::system::boundary::conditions::Conditions;
use crate::system::builder::PdeBuilder;
use crate::system::check::Checks;
use crate::system::definition::Definition;
use crate::system::external::ExternalField;
use crate::system::flow;
use crate::system::formula::Formula;
use crate::system::global::Global;
use crate::system::implicit_part::Parts;
use crate::system::noise::Noise;
use crate::system::origin::Origin;
use crate::system::region::{self, Held, Region};
use crate::system::solver_options::SolverOptions;
use crate::system::symbols::Symbols;
use crate::system::symmetry::Vanishing;
use crate::system::transport::Sources;
use crate::system::transport::advected::Advected;
use crate::system::transport::conditions::Edges;

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
    pub(crate) symbols: Symbols,
    /// What each field's rate of change is, or what vanishes for an unknown.
    pub(crate) equations: Vec<Expr>,
    /// What schemes for two parts treat implicitly of each equation, and the rest.
    pub(crate) parts: Vec<Parts>,
    /// The fields that are unknowns, which come last.
    pub(crate) unknowns: Range<usize>,
    /// How unknowns are found beside fields that are stepped.
    pub(crate) solver: SolverOptions,
    /// For each field the value 0, which is the rate of change of unknowns in a step.
    pub(crate) rest: Vec<Expr>,
    pub(crate) conditions: Conditions,
    pub(crate) noise: Noise,
    /// The fields that are held in regions.
    pub(crate) held: Vec<Held>,
    pub(crate) regions: Vec<Region>,
    /// The unknowns without space.
    pub(crate) globals: Vec<Global>,
    /// What spherical symmetry makes zero; nothing on other grids.
    pub(crate) vanishing: Option<Vanishing>,
    /// How fields are advected, in the order of the fields; those that are.
    pub(crate) advected: Vec<Advected>,
    /// How the sources of advected fields are integrated.
    pub(crate) sources: Sources,
}

impl Pde {
    /// A system on this grid, without equations yet.
    pub fn on(grid: &Grid) -> PdeBuilder {
        PdeBuilder::new(grid)
    }

    /// What the names in expressions refer to.
    pub(crate) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        self.symbols.grid()
    }

    /// The axes and directions, as expressions know them.
    pub fn space(&self) -> &Space {
        self.symbols.space()
    }

    /// The fields, in the order of their equations.
    pub fn fields(&self) -> &[String] {
        self.symbols.fields()
    }

    /// The types of the fields, in the order of their equations.
    pub fn types(&self) -> &[Type] {
        self.symbols.types()
    }

    /// The fields for which something vanishes, and which have no rate of change; they come last.
    pub fn unknowns(&self) -> Range<usize> {
        self.unknowns.clone()
    }

    /// The arrays of the unknowns.
    pub(crate) fn unknown_arrays(&self) -> Range<usize> {
        let first = self.unknowns.clone().next().map(|field| self.arrays_of(field).start);
        first.unwrap_or(self.arrays())..self.arrays()
    }

    /// Whether there are unknowns beside fields that are stepped.
    pub(crate) fn has_constraints(&self) -> bool {
        self.unknowns.start > 0 && !self.unknowns.is_empty()
    }

    /// The right-hand sides, in the order of the fields; for unknowns, what vanishes.
    pub fn equations(&self) -> &[Expr] {
        &self.equations
    }

    /// The named sub-expressions. Parameters that are no plain numbers are among them.
    pub fn definitions(&self) -> &[Definition] {
        self.symbols.definitions()
    }

    /// The parameters that are numbers, with their values.
    pub fn parameters(&self) -> &[(String, f64)] {
        self.symbols.parameters()
    }

    /// The boundary conditions.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// The unknowns that have one value in the whole domain, in the order in which they were
    /// declared.
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// The regions, in the order in which they were declared.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The names of the regions in which no cell has its centre.
    pub fn empty_regions(&self) -> Vec<&str> {
        let is_empty = |region: &&Region| {
            let mask = self.external().iter().find(|e| e.is_mask && e.name == region.name);
            mask.is_some_and(|mask| region::is_empty(&*mask.source, self.grid()))
        };
        self.regions.iter().filter(is_empty).map(|region| region.name.as_str()).collect()
    }

    /// The operators that the program defines.
    pub(crate) fn field_operators(&self) -> &[FieldOperator] {
        self.symbols.operators()
    }

    /// The noise.
    pub(crate) fn noise(&self) -> &Noise {
        &self.noise
    }

    /// Which components of the fields are zero by spherical symmetry; nothing on other grids.
    pub(crate) fn vanishing(&self) -> Option<&Vanishing> {
        self.vanishing.as_ref()
    }

    /// The external fields, which do not change. They are numbered after those with equations.
    pub(crate) fn external(&self) -> &[ExternalField] {
        self.symbols.external()
    }

    /// The ends of the axes as the advected fields see them: each way once.
    pub(crate) fn edges(&self) -> Vec<Edges> {
        let mut list = Vec::new();
        for advected in &self.advected {
            let edges = self.conditions.of_advected(advected).edges;
            if !list.contains(&edges) {
                list.push(edges);
            }
        }
        list
    }

    /// The type of a field, of those with equations or of the external ones.
    pub(crate) fn type_of_field(&self, field: usize) -> Type {
        self.symbols.type_of_field(field)
    }

    /// The names of all fields, external ones included.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &str> {
        self.symbols.all_fields()
    }

    /// The numbers of a field's arrays: one for each real number that a value of it is made of,
    /// as [`Type::numbers`] counts them.
    ///
    /// # Panics
    /// If there is no field of that number.
    pub fn arrays_of(&self, field: usize) -> Range<usize> {
        self.symbols.arrays_of(field)
    }

    /// How many arrays the fields with equations have.
    pub fn arrays(&self) -> usize {
        self.symbols.arrays()
    }

    /// How many arrays all fields have, external ones included.
    pub(crate) fn all_arrays(&self) -> usize {
        self.symbols.all_arrays()
    }

    /// A name for each array of the fields with equations, such as `v.x` or `re psi`.
    pub fn array_names(&self) -> Vec<String> {
        self.symbols.array_names()
    }

    /// A name for each array of all fields, external ones included.
    pub(crate) fn all_array_names(&self) -> Vec<String> {
        self.symbols.all_array_names()
    }

    /// This system on a part of its grid of at most `cells` cells, with the same spacings: at the
    /// lower bounds for `place` = 0, at the upper ones for 1. What balances on the whole grid need not do so on
    /// a part: unknowns are then found all the same.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Pde {
        let symbols = self.symbols.cropped(cells, place);
        let is_part = symbols.grid() != self.symbols.grid();
        let solver = SolverOptions { project: self.solver.project || is_part, ..self.solver };
        Pde { symbols, solver, ..self.clone() }
    }

    /// Checks an expression that is not part of the equations, such as one of an output.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn check(
        &self,
        origin: &Origin,
        formula: &Formula,
        place: Place,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        let (expr, uses) = self.checks().expression(origin, formula, place)?;
        Ok((flow::with_flows(self, origin, expr)?, uses))
    }

    /// Checks an expression for a value of a field, such as its initial value.
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
        self.checks().value(origin, formula, place, field)
    }

    fn checks(&self) -> Checks<'_> {
        let Pde { symbols, conditions, .. } = self;
        Checks { symbols, conditions, vanishing: self.vanishing() }
    }

    /// Whose conditions hold in an expression that is not part of the equations.
    pub(crate) fn owner_of(&self, expr: &Expr) -> usize {
        self.conditions.owner_of(&self.symbols, expr)
    }

    /// The number of the field of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn field(&self, origin: &Origin, name: &str) -> Result<usize, Error> {
        self.symbols.field(origin, name)
    }
}
