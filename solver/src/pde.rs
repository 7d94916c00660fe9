//! A system of equations on a grid, checked: what exists is valid.

use std::collections::HashMap;

use fluxions_expr::{Ast, AstKind, Expr, Place, Scope, Uses};
use fluxions_grid::{Condition, Grid};

use crate::conditions::{self, Conditions, Entry};
use crate::error::{Error, Errors};
use crate::order::in_order;
use crate::origin::Origin;
use crate::parameters;
use crate::scalar::Scalar;

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
    fields: Vec<String>,
    equations: Vec<Expr>,
    definitions: Vec<Definition>,
    parameters: Vec<(String, f64)>,
    conditions: Conditions,
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
}

/// Collects what a [`Pde`] is made of.
#[derive(Clone, Debug)]
pub struct PdeBuilder {
    grid: Grid,
    parameters: Vec<(String, Scalar)>,
    definitions: Vec<(String, String)>,
    equations: Vec<(String, String)>,
    conditions: Vec<Entry>,
    others: Vec<(Origin, String, Place)>,
}

impl Pde {
    /// A system on this grid, without equations yet.
    pub fn on(grid: &Grid) -> PdeBuilder {
        PdeBuilder {
            grid: grid.clone(),
            parameters: Vec::new(),
            definitions: Vec::new(),
            equations: Vec::new(),
            conditions: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The fields, in the order of their equations.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The right-hand sides, in the same order.
    pub fn equations(&self) -> &[Expr] {
        &self.equations
    }

    /// The named sub-expressions.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The parameters with their values.
    pub fn parameters(&self) -> &[(String, f64)] {
        &self.parameters
    }

    /// The boundary conditions.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// The same system on a part of its grid of at most `cells` cells, with the same spacings:
    /// at the lower bounds for `place` = 0, at the upper ones for 1.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Pde {
        Pde { grid: self.grid.cropped(cells, place), ..self.clone() }
    }

    /// The names that an expression at this place can use.
    fn scope(&self, place: Place) -> Scope {
        let mut scope = Scope::new(place, &self.grid.axis_names());
        for (name, value) in &self.parameters {
            scope.number(name, *value);
        }
        for (number, name) in self.fields.iter().enumerate() {
            scope.field(name, number);
        }
        for (number, definition) in self.definitions.iter().enumerate() {
            scope.define(&definition.name, number, definition.uses.clone());
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
        text: &str,
        place: Place,
    ) -> Result<(Expr, Uses), Vec<Error>> {
        check(origin, text, &self.scope(place))
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

fn check(origin: &Origin, text: &str, scope: &Scope) -> Result<(Expr, Uses), Vec<Error>> {
    parse(origin, text).and_then(|ast| {
        fluxions_expr::resolve(&ast, text, scope).map_err(|errors| wrap(origin, text, errors))
    })
}

fn parse(origin: &Origin, text: &str) -> Result<Ast, Vec<Error>> {
    fluxions_expr::parse(text).map_err(|error| wrap(origin, text, vec![error]))
}

pub(crate) fn wrap(origin: &Origin, text: &str, errors: Vec<fluxions_expr::Error>) -> Vec<Error> {
    let one = |error| {
        let error = Box::new(error);
        Error::Expression { origin: origin.clone(), text: text.into(), error }
    };
    errors.into_iter().map(one).collect()
}

impl PdeBuilder {
    /// A number that expressions can use by name; a text may use other parameters.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Scalar>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// A named sub-expression, usable wherever a field is.
    #[must_use]
    pub fn define(mut self, name: &str, text: &str) -> Self {
        self.definitions.push((name.into(), text.into()));
        self
    }

    /// The equation d(name)/dt = text.
    #[must_use]
    pub fn equation(mut self, name: &str, text: &str) -> Self {
        self.equations.push((name.into(), text.into()));
        self
    }

    /// A boundary condition of every field and definition, at an axis (`x`: both ends) or a face
    /// (`x-`, `x+`).
    #[must_use]
    pub fn boundary(mut self, at: &str, condition: Condition<Scalar>) -> Self {
        self.conditions.push(Entry { of: None, at: at.into(), condition });
        self
    }

    /// A boundary condition of one field or definition, which overrides those of all.
    #[must_use]
    pub fn boundary_of(mut self, name: &str, at: &str, condition: Condition<Scalar>) -> Self {
        self.conditions.push(Entry { of: Some(name.into()), at: at.into(), condition });
        self
    }

    /// Checks an expression that is not part of the system along with those that are, so that all
    /// mistakes are found at once.
    #[must_use]
    pub fn also_check(mut self, origin: Origin, text: &str, place: Place) -> Self {
        self.others.push((origin, text.into(), place));
        self
    }

    /// The system.
    ///
    /// # Errors
    /// Every mistake found: in names, expressions and boundary conditions.
    pub fn build(self) -> Result<Pde, Errors> {
        let mut errors = Vec::new();
        if self.equations.is_empty() {
            errors.push(Error::NoEquation);
        }
        self.check_names(&mut errors);
        let mut pde = Pde {
            fields: self.equations.iter().map(|(name, _)| name.clone()).collect(),
            equations: Vec::new(),
            definitions: Vec::new(),
            parameters: Vec::new(),
            conditions: Conditions::default_of(&self.grid),
            grid: self.grid,
        };
        let (values, found) =
            parameters::resolve(&self.parameters, &pde.grid.axis_names(), &pde.fields);
        pde.parameters = values;
        errors.extend(found);
        resolve_definitions(&self.definitions, &mut pde, &mut errors);
        for (name, text) in &self.equations {
            match pde.check(&Origin::Equation(name.clone()), text, Place::Equation) {
                Ok((expr, _)) => pde.equations.push(expr),
                Err(found) => errors.extend(found),
            }
        }
        for (origin, text, place) in &self.others {
            errors.extend(pde.check(origin, text, *place).err().unwrap_or_default());
        }
        match conditions::resolve(&pde, &self.conditions) {
            Ok(conditions) => pde.conditions = conditions,
            Err(found) => errors.extend(found),
        }
        if errors.is_empty() { Ok(pde) } else { Err(Errors(errors)) }
    }

    fn check_names(&self, errors: &mut Vec<Error>) {
        let mut taken: HashMap<String, &'static str> = HashMap::new();
        taken.insert("t".into(), "the time");
        for axis in self.grid.axes() {
            taken.insert(axis.name().into(), "an axis of the grid");
        }
        let names = (self
            .equations
            .iter()
            .map(|(name, _)| (name, Origin::Equation(name.clone()), "a field")))
        .chain(
            self.definitions
                .iter()
                .map(|(name, _)| (name, Origin::Define(name.clone()), "a definition")),
        )
        .chain(
            self.parameters
                .iter()
                .map(|(name, _)| (name, Origin::Parameter(name.clone()), "a parameter")),
        );
        for (name, origin, kind) in names {
            if let Some(reason) = bad_name(name) {
                errors.push(Error::BadName { origin, name: name.clone(), reason });
            } else if let Some(taken) = taken.get(name) {
                errors.push(Error::NameTaken { origin, name: name.clone(), taken });
            } else {
                taken.insert(name.clone(), kind);
            }
        }
    }
}

/// Why a name cannot be used in expressions.
fn bad_name(name: &str) -> Option<&'static str> {
    if matches!(name, "and" | "or" | "not" | "True" | "False") {
        return Some("the word has a meaning in expressions");
    }
    match fluxions_expr::parse(name) {
        Ok(Ast { kind: AstKind::Name(read), .. }) if read == name => None,
        _ => Some("a name is letters, digits and `_`, and begins with no digit"),
    }
}

fn resolve_definitions(texts: &[(String, String)], pde: &mut Pde, errors: &mut Vec<Error>) {
    let order = in_order(texts).unwrap_or_else(|names| {
        errors.push(Error::Circle { origin: Origin::Define(names[0].clone()), names });
        Vec::new()
    });
    // In an order in which each can use the earlier ones. One with a mistake is known as 0, so
    // that its uses are not reported as unknown names.
    for k in 0..texts.len() {
        let (name, text) = &texts[order.get(k).copied().unwrap_or(k)];
        let (expr, uses) = match order.is_empty() {
            true => Err(Vec::new()),
            false => pde.check(&Origin::Define(name.clone()), text, Place::Define),
        }
        .unwrap_or_else(|found| {
            errors.extend(found);
            let node = fluxions_expr::Node::Number(0.0);
            (Expr { node, span: Default::default() }, Uses::default())
        });
        pde.definitions.push(Definition { name: name.clone(), expr, uses });
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
