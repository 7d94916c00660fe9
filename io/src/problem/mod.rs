//! Problem files: TOML text to a checked problem.
//!
//! Every mistake is found in one go, as far as they are independent, and knows its place in the
//! text.

mod boundary;
mod diagnostic;
mod grid;
mod output;
mod reader;
mod set;
mod time;

use fluxions_comm::World;
use fluxions_expr::Place;
use fluxions_solver::{Error, Errors, Origin, Pde, PdeBuilder, Scalar, Simulation};
use fluxions_solver::{SimulationBuilder, parameters};
use toml::de::DeTable;

pub use diagnostic::{Diagnostic, Mistakes};
pub use output::{Diagnostics, Output, Precision};
use reader::{Places, Reader, Table};
pub use set::{SetError, set};
pub use time::Times;

/// The sections that a problem file can have.
const SECTIONS: [&str; 13] = [
    "title",
    "grid",
    "parameters",
    "define",
    "fields",
    "equations",
    "initial",
    "boundary",
    "time",
    "output",
    "diagnostics",
    "random",
    "ranks",
];

/// Sections that later versions will read.
const LATER: [&str; 4] = ["checkpoint", "stop", "noise", "transport"];

/// A checked problem: what a problem file says.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The file's name.
    pub name: String,
    /// The file's text, with what was set on the command line.
    pub text: String,
    /// What the file calls the problem; empty if it does not.
    pub title: String,
    /// The equations.
    pub pde: Pde,
    /// The texts of the right-hand sides.
    pub equations: Vec<(String, String)>,
    /// The initial value of each field.
    pub initial: Vec<(String, Scalar)>,
    /// Times, steps and scheme.
    pub times: Times,
    /// What is written and when.
    pub output: Output,
    /// What is written to diagnostics.csv and when.
    pub diagnostics: Option<Diagnostics>,
    /// The seed of random numbers.
    pub seed: u64,
    /// Ranks along each named axis; 0 where free.
    pub dims: Vec<usize>,
    places: Places,
}

impl Problem {
    /// Reads the text of a problem file; `name` is for messages.
    ///
    /// # Errors
    /// Every mistake found in it.
    pub fn parse(name: &str, text: &str) -> Result<Problem, Mistakes> {
        let (document, errors) = DeTable::parse_recoverable(text);
        // One mistake in the syntax brings others with it.
        if let Some(error) = errors.first() {
            let mistake = Diagnostic {
                message: error.message().trim().replace('\n', ", "),
                span: error.span(),
                label: "this is no valid TOML".into(),
                help: None,
            };
            return Err(Mistakes::new(name, text, vec![mistake]));
        }
        read(name, text, &Table::document(document.get_ref()))
            .map_err(|mistakes| Mistakes::new(name, text, mistakes))
    }

    /// A simulation of the problem, without trackers.
    pub fn simulation<'a>(&'a self, world: &'a World) -> SimulationBuilder<'a> {
        let mut builder = Simulation::builder(&self.pde, world)
            .scheme(self.times.scheme)
            .start(self.times.start)
            .dt(self.times.dt)
            .max_steps(self.times.max_steps)
            .seed(self.seed)
            .dims(&self.dims);
        for (field, value) in &self.initial {
            builder = builder.initial(field, value.clone());
        }
        for (name, text) in self.output.expressions() {
            builder = builder.field(name, text);
        }
        for (name, text) in self.diagnostics.iter().flat_map(|d| &d.numbers) {
            builder = builder.number(name, text);
        }
        builder
    }

    /// Checks what is found only when a simulation is made, by making one of a small part of the
    /// grid.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), Errors> {
        const CELLS: usize = 4096;
        let part = Problem { pde: self.pde.cropped(CELLS, 0.0), dims: vec![], ..self.clone() };
        part.simulation(&World::solo()).build().map(drop)
    }

    /// Errors that were found later, with their places in the file.
    pub fn mistakes(&self, errors: &Errors) -> Mistakes {
        let list = errors.0.iter().map(|error| self.places.locate(error)).collect();
        Mistakes::new(&self.name, &self.text, list)
    }
}

fn read(name: &str, text: &str, document: &Table<'_>) -> Result<Problem, Vec<Diagnostic>> {
    let mut reader = Reader::new(text);
    let unknown_sections = check_sections(&mut reader, document);
    let title = document.get("title").and_then(|value| reader.string(value, "a text"));
    let parameters = read_scalars(&mut reader, document, "parameters", Origin::Parameter);
    let definitions = read_texts(&mut reader, document, "define", Origin::Define);
    let equations = read_texts(&mut reader, document, "equations", Origin::Equation);
    if document.get("equations").is_none() {
        reader.missing_section("equations", "c = \"laplace(c)\"");
    }
    let initial = read_scalars(&mut reader, document, "initial", Origin::Initial);
    let fields: Vec<String> = equations.iter().map(|(name, _)| name.clone()).collect();
    read_types(&mut reader, document, &fields);

    // Mistakes in parameters are reported with those of the equations.
    let axes = grid::axis_names(document);
    let (values, parameter_errors) = parameters::resolve(&parameters, &axes, &fields);
    reader.allow(&values, &axes);
    let grid = grid::read(&mut reader, document);
    let times = time::read(&mut reader, document);
    let output = output::read_output(&mut reader, document, &fields);
    let diagnostics = output::read_diagnostics(&mut reader, document, &output);
    let names: Vec<&str> =
        fields.iter().chain(definitions.iter().map(|(name, _)| name)).map(String::as_str).collect();
    let conditions = boundary::read(&mut reader, document, &axes, &names);
    let seed = read_seed(&mut reader, document);
    let dims = read_dims(&mut reader, document, &axes);

    let pde = grid.map(|grid| {
        let mut builder = Pde::on(&grid);
        builder = parameters.iter().fold(builder, |b, (name, v)| b.parameter(name, v.clone()));
        builder = definitions.iter().fold(builder, |b, (name, text)| b.define(name, text));
        builder = equations.iter().fold(builder, |b, (name, text)| b.equation(name, text));
        builder = conditions.into_iter().fold(builder, |b, c| match c.of {
            Some(of) => b.boundary_of(&of, &c.at, c.condition),
            None => b.boundary(&c.at, c.condition),
        });
        for (name, value) in &initial {
            let origin = Origin::Initial(name.clone());
            builder = builder.also_check(origin, &value.to_string(), Place::Initial);
        }
        let numbers = diagnostics.iter().flat_map(|d| d.numbers.iter());
        for (name, text) in
            output.expressions().chain(numbers.map(|(n, t)| (n.as_str(), t.as_str())))
        {
            builder = builder.also_check(Origin::Output(name.into()), text, Place::Output);
        }
        build(builder, &fields, &initial)
    });
    let (places, mut mistakes) = reader.places();
    let no_equations = equations.is_empty();
    let errors = match &pde {
        Some(Err(Errors(errors))) => errors.as_slice(),
        Some(Ok(_)) => &[],
        None => parameter_errors.as_slice(),
    };
    for error in errors {
        // A missing section was noted already, and an unknown one may hold unknown names.
        let follows = match error {
            Error::NoEquation => no_equations,
            Error::Expression { error, .. } => {
                unknown_sections && matches!(**error, fluxions_expr::Error::UnknownName { .. })
            }
            _ => false,
        };
        if !follows {
            mistakes.push(places.locate(error));
        }
    }
    match (pde, times) {
        (Some(Ok(pde)), Some(times)) if mistakes.is_empty() => Ok(Problem {
            name: name.into(),
            text: text.into(),
            title: title.unwrap_or("").into(),
            pde,
            equations,
            initial,
            times,
            output,
            diagnostics,
            seed,
            dims,
            places,
        }),
        _ => Err(mistakes),
    }
}

/// The checked equations, and that each field has an initial value.
fn build(
    builder: PdeBuilder,
    fields: &[String],
    initial: &[(String, Scalar)],
) -> Result<Pde, Errors> {
    let mut errors = Vec::new();
    for field in fields {
        if !initial.iter().any(|(name, _)| name == field) {
            errors.push(Error::NoInitialValue { field: field.clone() });
        }
    }
    for (name, _) in initial {
        if !fields.contains(name) {
            let origin = Origin::Initial(name.clone());
            let known = fields.to_vec();
            errors.push(Error::NoSuchField { origin, name: name.clone(), known });
        }
    }
    match builder.build() {
        Ok(pde) if errors.is_empty() => Ok(pde),
        Ok(_) => Err(Errors(errors)),
        Err(Errors(found)) => Err(Errors(found.into_iter().chain(errors).collect())),
    }
}

/// Notes sections that cannot be read; whether there are unknown ones.
fn check_sections<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> bool {
    let mut unknown = false;
    for key in document.entries.keys() {
        let name = key.get_ref().as_ref();
        if LATER.contains(&name) {
            let message = format!("[{name}] is not supported by this version of Fluxions");
            reader.note(Diagnostic::at(key.span(), message));
        } else if !SECTIONS.contains(&name) {
            reader.unknown_key(document, key, &SECTIONS);
            unknown = true;
        }
    }
    unknown
}

/// A table of numbers and expressions.
fn read_scalars<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    section: &'static str,
    origin: fn(String) -> Origin,
) -> Vec<(String, Scalar)> {
    let mut scalars = Vec::new();
    let Some(table) = reader.table(document, section) else { return scalars };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        reader.remember(origin(name.clone()), key.span(), value);
        if let Some(scalar) = reader.scalar(value) {
            scalars.push((name, scalar));
        }
    }
    scalars
}

/// A table of expressions. Numbers are expressions, too.
fn read_texts<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    section: &'static str,
    origin: fn(String) -> Origin,
) -> Vec<(String, String)> {
    let scalars = read_scalars(reader, document, section, origin);
    scalars.into_iter().map(|(name, scalar)| (name, scalar.to_string())).collect()
}

/// [fields]: all fields are real scalars.
fn read_types<'t>(reader: &mut Reader<'t>, document: &Table<'t>, fields: &[String]) {
    let Some(table) = reader.table(document, "fields") else { return };
    let known: Vec<&str> = fields.iter().map(String::as_str).collect();
    reader.known_keys(&table, &known);
    for (_, value) in table.entries.iter() {
        let text = match value.get_ref() {
            toml::de::DeValue::String(text) => text.as_ref(),
            _ => "",
        };
        if text != "scalar" {
            let message = "this version of Fluxions solves for real scalars only";
            reader.note(Diagnostic::at(value.span(), message));
        }
    }
}

fn read_seed<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> u64 {
    let Some(table) = reader.table(document, "random") else { return 0 };
    reader.known_keys(&table, &["seed"]);
    table.get("seed").and_then(|value| reader.whole_number(value, "the seed")).unwrap_or(0)
}

fn read_dims<'t>(reader: &mut Reader<'t>, document: &Table<'t>, axes: &[String]) -> Vec<usize> {
    let Some(table) = reader.table(document, "ranks") else { return Vec::new() };
    reader.known_keys(&table, &["dims"]);
    let Some(value) = table.get("dims") else { return Vec::new() };
    let Some(items) = reader.list(value) else { return Vec::new() };
    if items.len() > axes.len() {
        let message = format!("{} numbers of ranks for {} axes", items.len(), axes.len());
        reader.note(Diagnostic::at(value.span(), message));
    }
    let whole = |item| reader.whole_number(item, "the number of ranks along an axis");
    items.into_iter().filter_map(whole).map(|n| n as usize).collect()
}
