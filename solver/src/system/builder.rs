//! Collects what a system of equations is made of and checks it, all mistakes at once.

use std::collections::HashSet;
use std::ops::Range;

use fluxions_expr::{Closure, Expr, Native, Place, Type};
use fluxions_grid::{Condition, Grid};

use crate::error::{Error, Errors};
use crate::operators::FieldOperator;
use crate::system::boundary::conditions::{ArgumentConditions, Conditions};
use crate::system::boundary::given::GivenCondition;
use crate::system::check::Checks;
use crate::system::declarations::Declarations;
use crate::system::definition::MadeOf;
use crate::system::external::ExternalField;
use crate::system::flow;
use crate::system::formula::Formula;
use crate::system::global::{GivenGlobal, Global};
use crate::system::implicit_part::{self, Parts};
use crate::system::mistakes::Mistakes;
use crate::system::noise::{Interpretation, Noise};
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::region::{self, Held, Region};
use crate::system::resolve::resolve;
use crate::system::solver_options::SolverOptions;
use crate::system::symbols::Symbols;
use crate::system::symmetry::Vanishing;
use crate::system::transport::given;
use crate::system::transport::surroundings::Surroundings;
use crate::system::transport::{Sources, Transport};

/// Collects what a [`Pde`] is made of.
#[derive(Clone, Debug)]
pub struct PdeBuilder {
    declared: Declarations,
    equations: Vec<(String, Formula)>,
    unknowns: Vec<(String, Formula)>,
    solver: SolverOptions,
    implicit: Vec<(String, Formula)>,
    transports: Vec<(String, Transport)>,
    sources: Sources,
    conditions: Vec<GivenCondition>,
    arguments: ArgumentConditions,
    noise: Vec<(String, Formula)>,
    interpretation: Interpretation,
    /// Expressions that are checked along with the system.
    others: Vec<(Origin, Formula, Place)>,
}

impl PdeBuilder {
    /// A system on this grid, without equations yet.
    pub(crate) fn new(grid: &Grid) -> Self {
        PdeBuilder {
            declared: Declarations::on(grid),
            equations: Vec::new(),
            unknowns: Vec::new(),
            solver: SolverOptions::default(),
            implicit: Vec::new(),
            transports: Vec::new(),
            sources: Sources::default(),
            conditions: Vec::new(),
            arguments: ArgumentConditions::default(),
            noise: Vec::new(),
            interpretation: Interpretation::Ito,
            others: Vec::new(),
        }
    }

    /// The type of a field; real scalars need none.
    #[must_use]
    pub fn field(mut self, name: &str, ty: Type) -> Self {
        self.declared.types.push((name.into(), ty));
        self
    }

    /// A number that expressions can use by name; a text may use other parameters. A text that
    /// uses coordinates, or is complex, is the same as a definition. External data is a field that
    /// does not change.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Formula>) -> Self {
        match value.into() {
            Formula::Values(source) => {
                let name = name.into();
                self.declared.external.push(ExternalField { name, source, is_mask: false })
            }
            value => self.declared.parameters.push((name.into(), value)),
        }
        self
    }

    /// A named sub-expression, usable wherever a field is.
    #[must_use]
    pub fn define(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.declared.definitions.push((name.into(), formula.into()));
        self
    }

    /// A function written as text, such as `(x, a) -> x/(a + x)`.
    #[must_use]
    pub fn define_function(mut self, name: &str, text: &str) -> Self {
        self.declared.functions.push((name.into(), text.into()));
        self
    }

    /// A function of one to three real numbers. It must give the same number for the same
    /// arguments on every rank.
    #[must_use]
    pub fn function<A>(mut self, name: &str, function: impl Closure<A>) -> Self {
        self.declared.natives.push(Native::new(name, function));
        self
    }

    /// A function of any number of real numbers, made by [`Native::of_slice`].
    #[must_use]
    pub fn native(mut self, function: Native) -> Self {
        self.declared.natives.push(function);
        self
    }

    /// An operator that the program defines, which expressions can call by its name.
    #[must_use]
    pub fn operator(mut self, operator: FieldOperator) -> Self {
        self.declared.operators.push(operator);
        self
    }

    /// The equation d(name)/dt = formula.
    #[must_use]
    pub fn equation(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.equations.push((name.into(), formula.into()));
        self
    }

    /// An unknown for which a formula vanishes: laplace(phi) + rho for the solution of ∇²phi = −rho. It is
    /// found whenever the rates of fields with equations are, for the values that these have then; where
    /// there are no such fields, [`SchemeChoice::Elliptic`](crate::SchemeChoice::Elliptic) finds it.
    #[must_use]
    pub fn unknown(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.unknowns.push((name.into(), formula.into()));
        self
    }

    /// The part of the equation of a field that schemes for two parts treat implicitly
    /// ([`Imex`](crate::Imex)): one or more of its terms. If none is given for any field, these are the terms
    /// with second derivatives of the field itself, times what depends on no field.
    #[must_use]
    pub fn implicit(mut self, field: &str, part: impl Into<Formula>) -> Self {
        self.implicit.push((field.into(), part.into()));
        self
    }

    /// How unknowns beside fields that are stepped are found.
    #[must_use]
    pub fn solver(mut self, options: SolverOptions) -> Self {
        self.solver = options;
        self
    }

    /// Advects a field, by MPDATA. Its equation, if it has one, is the source.
    #[must_use]
    pub fn transport(mut self, field: &str, transport: Transport) -> Self {
        self.transports.push((field.into(), transport));
        self
    }

    /// How the sources of advected fields are integrated: with transport this takes the place of a
    /// time stepping scheme.
    #[must_use]
    pub fn sources(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// An unknown that has one value in the whole domain, such as the temperature of a bath that is
    /// well mixed: its initial value, from parameters, and its rate of change, from numbers of the
    /// whole domain such as `average(u)`. It is stepped with the fields, and equations, conditions and
    /// outputs can use it by name.
    #[must_use]
    pub fn number(
        mut self,
        name: &str,
        initial: impl Into<Formula>,
        equation: impl Into<Formula>,
    ) -> Self {
        let (initial, equation) = (initial.into(), equation.into());
        self.declared.globals.push(GivenGlobal { name: name.into(), initial, equation });
        self
    }

    /// A part of the domain, by a condition on coordinates such as `x > 3 and y < 1`: the cells whose
    /// centres fulfil it. In expressions its name is 1 inside and 0 outside.
    /// [`boundary_of`](Self::boundary_of) with this name instead of a face holds a field at a value
    /// inside, or closes the surface of the region by `flux = 0`.
    #[must_use]
    pub fn region(mut self, name: &str, condition: impl Into<Formula>) -> Self {
        self.declared.regions.push((name.into(), condition.into()));
        self
    }

    /// A boundary condition of every field and definition, at an axis (`x`: both ends) or a face
    /// (`x-`, `x+`).
    #[must_use]
    pub fn boundary(mut self, at: &str, condition: Condition<Formula>) -> Self {
        self.conditions.push(GivenCondition { of: None, at: at.into(), condition });
        self
    }

    /// A boundary condition of one field or definition, which overrides those of all.
    #[must_use]
    pub fn boundary_of(mut self, name: &str, at: &str, condition: Condition<Formula>) -> Self {
        self.conditions.push(GivenCondition { of: Some(name.into()), at: at.into(), condition });
        self
    }

    /// How what operators are applied to goes on beyond walls where it is no field and has no
    /// conditions of its own; [`ArgumentConditions::Continued`] if not given.
    #[must_use]
    pub fn arguments(mut self, arguments: ArgumentConditions) -> Self {
        self.arguments = arguments;
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
        let mut mistakes = Mistakes::default();
        let unknowns = self.equations.len()..self.equations.len() + self.unknowns.len();
        let transported = self.transports.first().map(|(name, _)| name.clone());
        if let (Some((name, _)), Some(field)) = (self.unknowns.first(), transported) {
            let (origin, name) = (Origin::Equation(name.clone()), name.clone());
            mistakes.note([Error::UnknownWithTransport { origin, name, field }]);
        }
        self.equations.append(&mut self.unknowns);
        let mut known: HashSet<String> =
            self.equations.iter().map(|(field, _)| field.clone()).collect();
        for (name, _) in &self.transports {
            if known.insert(name.clone()) {
                self.equations.push((name.clone(), Formula::Number(0.0)));
            }
        }
        if self.equations.is_empty() {
            mistakes.note([Error::NoEquation]);
        }
        self.declared.fields = self.equations.iter().map(|(name, _)| name.clone()).collect();
        let is_region = |given: &GivenCondition| {
            self.declared.regions.iter().any(|(name, _)| *name == given.at)
        };
        let (of_regions, of_faces): (Vec<GivenCondition>, Vec<GivenCondition>) =
            self.conditions.iter().cloned().partition(is_region);
        let Declarations { regions, fields, types, .. } = &self.declared;
        self.declared.closed = region::closed(regions, &of_regions, fields, types);
        let symbols = mistakes.split(Symbols::new(&self.declared));
        let functions = self.declared.functions.iter().map(|(name, _)| name.as_str());
        let unreadable: Vec<&str> = functions.filter(|name| !symbols.has_function(name)).collect();

        let equations = self.equations.iter().enumerate().map(|(field, (name, formula))| {
            let origin = Origin::Equation(name.clone());
            mistakes.keep(symbols.value_of(field, &origin, formula, Place::Equation))
        });
        // Every one is looked at, even where an earlier one has a mistake.
        let equations: Vec<Option<Expr>> = equations.collect();
        let equations: Option<Vec<Expr>> = equations.into_iter().collect();
        let advected = mistakes.split(given::check_all(&symbols, &self.transports));
        let conditions = Conditions::resolve(
            &symbols,
            equations.as_deref(),
            &advected,
            &of_faces,
            self.arguments,
        );
        let Some(conditions) = mistakes.keep(conditions) else {
            // Without conditions only names and types can be checked.
            for global in &self.declared.globals {
                mistakes.keep(global.checked(&symbols, None));
            }
            for (origin, formula, place) in &self.others {
                mistakes.keep(resolve(origin, formula, &symbols.scope(*place)));
            }
            return Err(mistakes.finish(&unreadable));
        };
        let held = mistakes.split(region::held(&symbols, &of_regions, &advected));
        let mut noise = mistakes.split(Noise::new(&symbols, self.interpretation, &self.noise));
        let vanishing = equations
            .as_ref()
            .and_then(|equations| Vanishing::of(&symbols, equations, &noise.fields));

        let checks =
            Checks { symbols: &symbols, conditions: &conditions, vanishing: vanishing.as_ref() };
        if let Some(equations) = &equations {
            for (field, ((name, formula), expr)) in self.equations.iter().zip(equations).enumerate()
            {
                let (origin, owner) =
                    (Origin::Equation(name.clone()), conditions.owner_of_field(field));
                mistakes.keep(checks.operators(&origin, formula, expr, owner));
            }
            mistakes.note(noise.check_operators(checks, &self.noise));
            mistakes.note(given::check_operators(checks, &advected, &self.transports));
            let surroundings = Surroundings {
                symbols: &symbols,
                equations,
                conditions: &conditions,
                noise: &noise,
            };
            mistakes.note(surroundings.check(&advected));
        }
        let globals = self.declared.globals.iter();
        let globals: Vec<Global> = globals
            .filter_map(|given| mistakes.keep(given.checked(&symbols, Some(checks))))
            .collect();
        if let (Some(advected), Some(global)) = (advected.first(), self.declared.globals.first()) {
            let (name, field) = (global.name.clone(), symbols.fields()[advected.field].clone());
            mistakes.note([Error::NumberWithTransport { name, field }]);
        }
        for (origin, formula, place) in &self.others {
            let field = match origin {
                Origin::Initial(name) => symbols.field_named(name),
                _ => None,
            };
            mistakes.keep(match field {
                Some(field) => checks.value(origin, formula, *place, field),
                None => checks.expression(origin, formula, *place),
            });
        }
        let parts = equations.as_ref().map(|equations| {
            let mut parts: Vec<Option<Expr>> = match self.implicit.is_empty() {
                true => {
                    let found = equations.iter().enumerate();
                    found.map(|(field, e)| implicit_part::diffusion(e, field, &symbols)).collect()
                }
                false => vec![None; equations.len()],
            };
            for (name, formula) in &self.implicit {
                let origin = Origin::Implicit(name.clone());
                let Some(field) = symbols.field_named(name) else {
                    let (name, known) = (name.clone(), symbols.fields().to_vec());
                    mistakes.note([Error::NoSuchField { origin, name, known }]);
                    continue;
                };
                let part = symbols.value_of(field, &origin, formula, Place::Equation);
                let Some(part) = mistakes.keep(part) else { continue };
                if !implicit_part::is_part(&part, &equations[field], &symbols) {
                    mistakes.note([Error::NotAPart { origin, name: name.clone() }]);
                }
                parts[field] = Some(part);
            }
            for (field, part) in parts.iter_mut().enumerate() {
                let Some(part) = part else { continue };
                // Without what flows in it the rest takes what is given.
                if let Ok(found) = flow::settled(&symbols, part, field, &conditions, None) {
                    *part = found;
                }
                for held in held.iter().filter(|held| held.field == field) {
                    *part = held.still(part.clone(), &symbols);
                }
            }
            parts
        });
        let equations = equations.and_then(|equations| {
            let settled = |(field, equation): (usize, &Expr)| {
                let advected = advected.iter().find(|advected| advected.field == field);
                let found = flow::settled(&symbols, equation, field, &conditions, advected);
                let is_unknown = unknowns.contains(&field);
                if is_unknown && !depends_on(equation, &symbols, &unknowns) {
                    let (name, _) = &self.equations[field];
                    let origin = Origin::Equation(name.clone());
                    mistakes.note([Error::NoUnknown { origin, name: name.clone() }]);
                }
                let still = |rate, held: &Held| match is_unknown {
                    true => held.met(rate, &symbols),
                    false => held.still(rate, &symbols),
                };
                let found = found
                    .map(|rate| held.iter().filter(|held| held.field == field).fold(rate, still));
                mistakes.keep(found.map_err(|error| vec![error]))
            };
            equations.iter().enumerate().map(settled).collect::<Option<Vec<Expr>>>()
        });
        match equations {
            Some(equations) if mistakes.is_empty() => {
                let sources = self.sources;
                for (field, variance) in &mut noise.fields {
                    for held in held.iter().filter(|held| held.field == *field) {
                        *variance = held.still(variance.clone(), &symbols);
                    }
                }
                let Declarations { regions, closed, .. } = &self.declared;
                let regions = Region::all(regions, closed, &held, &symbols);
                let parts = equations.iter().zip(parts.unwrap_or_default());
                let parts = parts.map(|(equation, part)| Parts::new(equation, part)).collect();
                let mut pde = Pde {
                    parts,
                    rest: region::zeros(&symbols),
                    unknowns,
                    solver: self.solver,
                    symbols,
                    equations,
                    conditions,
                    noise,
                    held,
                    regions,
                    globals,
                    vanishing,
                    advected,
                    sources,
                };
                let rates = pde.globals.iter().map(|global| {
                    let origin = Origin::Equation(global.name.clone());
                    let rate = flow::with_flows(&pde, &origin, global.equation.clone());
                    Ok(Global { equation: rate?, ..global.clone() })
                });
                let globals = rates.map(|global| mistakes.keep(global)).collect::<Option<Vec<_>>>();
                match globals {
                    Some(globals) => {
                        pde.globals = globals;
                        Ok(pde)
                    }
                    None => Err(mistakes.finish(&unreadable)),
                }
            }
            _ => Err(mistakes.finish(&unreadable)),
        }
    }
}

/// Whether an expression depends on any of these fields.
fn depends_on(expr: &Expr, symbols: &Symbols, any: &Range<usize>) -> bool {
    let made_of = MadeOf::new(expr, symbols.definitions());
    made_of.fields.iter().any(|field| any.contains(field))
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
            ["`p` refers to itself", "`a`, `b`, `c` need each other in a circle"]
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

    #[test]
    fn a_function_with_a_mistake_is_reported_once_beside_a_condition_with_one() {
        let builder = Pde::on(&grid())
            .define_function("f", "(a) -> 2*")
            .equation("u", "f(u)")
            .boundary("y", Condition::Value(0.0.into()));
        let found = messages(builder);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("function `f`: "), "{found:?}");
        assert!(found[1].starts_with("the grid has no `y`"), "{found:?}");
    }

    /// Without conditions that fit, what an operator looks at would have no ghost cells.
    #[test]
    fn conditions_fit_what_operators_look_at_in_external_fields_and_velocities() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Ends::Bounded);
        let grid = grid.axis("y", 0.0..1.0, 4, Ends::Bounded).build().unwrap();
        let values = || ndarray::ArrayD::from_elem(ndarray::IxDyn(&[4, 4]), 1.0);
        let with_vectors = || {
            let builder = Pde::on(&grid).field("v", Type::real(fluxions_expr::Rank::Vector));
            builder.parameter("a", values()).boundary("x", Condition::Value([1.0, 2.0].into()))
        };
        assert_eq!(messages(with_vectors().equation("v", "a*v")), Vec::<String>::new());
        let found = messages(with_vectors().equation("v", "d_dx(a)*v"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("an operator is applied to a scalar"), "{found:?}");

        let velocity = vec!["d_dx(dot(v, v))".into(), "0".into()];
        let transport = Transport::by(crate::system::transport::Advector::Velocity(velocity));
        let own = with_vectors().arguments(ArgumentConditions::OwnField);
        let found = messages(own.transport("v", transport.clone()));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("an operator is applied to a scalar"), "{found:?}");
        // What goes on as its fields do needs no conditions.
        assert_eq!(messages(with_vectors().transport("v", transport)), Vec::<String>::new());
    }

    #[test]
    fn what_goes_on_by_itself_cannot_be_given() {
        let builder = Pde::on(&grid()).equation("u", "laplace(u)");
        let found = messages(builder.boundary("x", Condition::Continued));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("it cannot be given"), "{found:?}");
    }

    #[test]
    fn symmetry_is_not_judged_where_an_equation_has_a_mistake() {
        let grid = Grid::builder(fluxions_grid::Geometry::Spherical)
            .axis("r", 0.0..1.0, 8, Ends::Bounded)
            .build()
            .unwrap();
        let vector = Type::real(fluxions_expr::Rank::Vector);
        let pde = |equation: &str| {
            Pde::on(&grid)
                .field("v", vector)
                .equation("v", "-v")
                .equation("c", equation)
                .also_check(Origin::Output("d".into()), &"divergence(v)".into(), Place::Output)
        };
        assert_eq!(messages(pde("0")), Vec::<String>::new());
        assert_eq!(messages(pde("nobody")), ["equation of `c`: unknown name `nobody`"]);
    }
}
