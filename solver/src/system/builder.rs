//! Collects what a system of equations is made of and checks it, all mistakes at once.

use fluxions_expr::{Closure, Expr, Native, Place, Type, Uses};
use fluxions_grid::{Condition, Grid};

use crate::error::{Error, Errors};
use crate::schemes::mpdata::courant_fields::CourantFields;
use crate::system::boundary::conditions::{self, Conditions};
use crate::system::boundary::entry::GivenCondition;
use crate::system::definition::{Definition, MadeOf};
use crate::system::external::ExternalField;
use crate::system::formula::Formula;
use crate::system::names;
use crate::system::noise::{Interpretation, Noise};
use crate::system::order::in_order;
use crate::system::origin::Origin;
use crate::system::parameters;
use crate::system::pde::Pde;
use crate::system::resolve::{fit, resolve, wrap};
use crate::system::space;
use crate::system::symmetry::Vanishing;
use crate::system::transport::advected;
use crate::system::transport::{Sources, Transport};

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
    pub(crate) transports: Vec<(String, Transport)>,
    sources: Sources,
    conditions: Vec<GivenCondition>,
    noise: Vec<(String, Formula)>,
    interpretation: Interpretation,
    pub(crate) external: Vec<ExternalField>,
    others: Vec<(Origin, Formula, Place)>,
}

impl PdeBuilder {
    /// A system on this grid, without equations yet.
    pub(crate) fn new(grid: &Grid) -> Self {
        PdeBuilder {
            grid: grid.clone(),
            types: Vec::new(),
            parameters: Vec::new(),
            definitions: Vec::new(),
            functions: Vec::new(),
            equations: Vec::new(),
            natives: Vec::new(),
            transports: Vec::new(),
            sources: Sources::default(),
            conditions: Vec::new(),
            noise: Vec::new(),
            interpretation: Interpretation::Ito,
            external: Vec::new(),
            others: Vec::new(),
        }
    }

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
            Formula::Values(source) => {
                self.external.push(ExternalField { name: name.into(), source })
            }
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
        for (name, _) in &self.transports {
            if !self.equations.iter().any(|(field, _)| field == name) {
                self.equations.push((name.clone(), Formula::Number(0.0)));
            }
        }
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
            external: self.external.clone(),
            advected: Vec::new(),
            kept: Vec::new(),
            sources: self.sources,
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
            let found = resolve(&origin, formula, &pde.scope(Place::Equation));
            match found.and_then(|(expr, _)| fit(&origin, formula, expr, pde.types[field])) {
                Ok(expr) => pde.equations.push(expr),
                Err(found) => errors.extend(found),
            }
        }
        errors.extend(advected::add(&mut pde, &self.transports));
        let signed = |field: usize| {
            let advected = pde.advected.iter().find(|advected| advected.field == field);
            advected.map(|advected| advected.options.signed)
        };
        let signed: Vec<_> = (0..pde.fields.len()).map(signed).collect();
        match conditions::resolve(&pde, &self.conditions, &signed) {
            Ok(conditions) => pde.conditions = conditions,
            Err(found) => {
                errors.extend(found);
                // Without conditions nothing that uses them can be checked.
                errors.extend(self.others.iter().flat_map(|(origin, formula, place)| {
                    resolve(origin, formula, &pde.scope(*place)).err().unwrap_or_default()
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
            errors.extend(advected::check_surroundings(&pde));
            pde.kept = CourantFields::of(&pde).kept;
            if errors.is_empty() {
                errors.extend(advected::check_cells(&pde).err());
            }
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
            false => resolve(&origin, formula, &pde.scope(Place::Define)),
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
