//! Problem files: TOML text to a checked problem.
//!
//! Every mistake is found in one go, as far as they are independent, and knows its place in the
//! text.

mod boundary;
mod changes;
mod checkpoint;
mod conserved;
mod data_files;
mod diagnostic;
mod execution;
mod external;
mod field;
mod formulas;
mod global;
mod grid;
mod help;
mod needs;
mod noise;
mod output;
mod part;
mod probe;
mod reader;
mod repeated_noise;
mod scheme;
mod set;
mod solve;
mod solver;
mod statistics;
mod stop;
mod time;
mod time_table;
mod tolerance;
mod transport;
mod warning;
mod why;
mod written;

use std::path::Path;

use fluxions_comm::World;
use fluxions_expr::{Backend, Place, Rank, Type, nearest};
use fluxions_grid::Condition;
use fluxions_solver::{
    Advector, Blocking, Error, Errors, Formula, Needs, Origin, Pde, PdeBuilder, Simulation,
};
use fluxions_solver::{
    SimulationBuilder, Transport, doubts, looked_at, overdetermined, parameters, space,
};
use toml::de::{DeTable, DeValue};

use crate::external::DatasetRequest;
use boundary::{BoundaryEntry, BoundarySection};
pub(crate) use changes::{MAY_CHANGE_IN_WORDS, difference};
pub use checkpoint::Checkpointing;
pub use conserved::{Conserved, Quantity};
pub use data_files::data_files;
pub use diagnostic::{Diagnostic, Mistakes};
pub use execution::Execution;
use global::GlobalEntry;
pub use help::help;
pub use output::{Compression, Diagnostics, Output, Precision};
pub use part::{Along, Cut, Part};
pub use probe::Probe;
use reader::{Places, Reader, Table};
use repeated_noise::repeated_noise;
pub use set::{SetError, is_used, set};
pub use statistics::{Histogram, Spectrum};
pub use stop::Stop;
pub use time::Times;
use time_table::Tables;
use transport::{AdvectedSection, TransportEntry};
use warning::BoundaryPlace;
pub use warning::{Warning, Warnings};

/// The sections that a problem file can have.
const SECTIONS: [&str; 25] = [
    "title",
    "grid",
    "parameters",
    "define",
    "functions",
    "fields",
    "equations",
    "solve",
    "initial",
    "after_step",
    "transport",
    "regions",
    "numbers",
    "boundary",
    "time",
    "solver",
    "output",
    "diagnostics",
    "conserved",
    "stop",
    "checkpoint",
    "random",
    "noise",
    "ranks",
    "execution",
];

/// About how many passes over the grid it takes to find a state in which rates vanish.
const PASSES: f64 = 50.0;

/// A checked problem: what a problem file says.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The file's name.
    pub name: String,
    /// The file's text, with what was set on the command line.
    pub text: String,
    /// The title of the problem; empty if the file has none.
    pub title: String,
    /// The equations.
    pub pde: Pde,
    /// The texts of the right-hand sides.
    pub equations: Vec<(String, String)>,
    /// The texts of the definitions.
    pub definitions: Vec<(String, String)>,
    /// How fields are advected, for those that are.
    pub transports: Vec<(String, Transport)>,
    /// The initial value of each field.
    pub initial: Vec<(String, Formula)>,
    /// The values that fields are given after each step.
    pub after_step: Vec<(String, Formula)>,
    /// Times, steps and scheme.
    pub times: Times,
    /// What is written and when.
    pub output: Output,
    /// What is written to diagnostics.csv and when.
    pub diagnostics: Option<Diagnostics>,
    /// What should stay what it was at first.
    pub conserved: Option<Conserved>,
    /// When the run stops before its end.
    pub stop: Stop,
    /// When checkpoints are written.
    pub checkpoint: Checkpointing,
    /// The seed of random numbers.
    pub seed: u64,
    /// The number of ranks along each named axis; 0 where it is free.
    pub dims: Vec<usize>,
    /// What kernels are compiled to, and how steps are run.
    pub execution: Execution,
    /// What is probably not meant, the length of the step apart.
    pub warnings: Vec<Warning>,
    /// What is read from files.
    data: Vec<DatasetRequest>,
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
                label: "not valid TOML".into(),
                help: None,
            };
            return Err(Mistakes::new(name, text, vec![mistake]));
        }
        read(name, text, &Table::document(document.get_ref()))
            .map_err(|mistakes| Mistakes::new(name, text, mistakes))
    }

    /// Compares the snapshots of runs that it reads with their checksums.
    ///
    /// # Errors
    /// If one is damaged or cannot be read.
    pub fn check_data(&self) -> Result<(), crate::Error> {
        self.data.iter().try_for_each(crate::external::check)
    }

    /// The same problem, solved by this scheme where its file leaves the choice to Fluxions.
    ///
    /// # Errors
    /// If the scheme cannot step it.
    pub fn by_scheme(self, scheme: &str) -> Result<Problem, Mistakes> {
        if !self.times.chosen || self.times.scheme_name() == scheme {
            return Ok(self);
        }
        let Ok(text) = set(&self.text, &format!("time.scheme={scheme}")) else { return Ok(self) };
        let problem = Problem::parse(&self.name, &text)?;
        let times = Times { chosen: true, ..problem.times };
        Ok(Problem { text: self.text, times, ..problem })
    }

    /// A simulation of the problem, without trackers.
    pub fn simulation<'a>(&'a self, world: &'a World) -> SimulationBuilder<'a> {
        let mut builder = Simulation::builder(&self.pde, world)
            .scheme(&self.times.scheme)
            .start(self.times.start)
            .dt(self.times.dt)
            .max_steps(self.times.max_steps)
            .seed(self.seed)
            .dims(&self.dims)
            .backend(self.backend())
            .blocking(self.execution.blocking)
            .halos(self.execution.halos);
        for (field, value) in &self.initial {
            builder = builder.initial(field, value.clone());
        }
        for (field, value) in &self.after_step {
            builder = builder.after_step(field, value.clone());
        }
        for (name, text) in self.output.expressions() {
            builder = builder.field(name, text);
        }
        for (name, text) in self.diagnostics.iter().flat_map(|d| &d.numbers) {
            builder = builder.number(name, text);
        }
        for (name, text) in self.conserved.iter().flat_map(Conserved::numbers) {
            builder = builder.number(&name, text);
        }
        if let Some(when) = &self.stop.when {
            builder = builder.number(Stop::WHEN, when.as_str());
        }
        if self.stop.steady.is_some() {
            builder = builder.rates();
        }
        if let Some(following) = self.times.following {
            builder = builder.stable_dt(following);
        }
        builder
    }

    /// What the kernels of a run are compiled to: what the file says, or else LLVM, unless the run is so
    /// short that compiling takes longer than it saves.
    pub fn backend(&self) -> Backend {
        if self.times.balances() {
            return self.execution.backend_for(PASSES * self.pde.grid().cells() as f64);
        }
        // More steps than can be counted are many.
        let steps = self.times.most_steps().map_or(f64::INFINITY, |steps| steps as f64);
        self.execution.backend_for(steps * self.pde.grid().cells() as f64)
    }

    /// Checks what shows only when a simulation is built, by building one on a small part of the grid: what it needs of memory,
    /// if that is known.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<Option<Needs>, Errors> {
        const CELLS: usize = 4096;
        // No steps are made, so nothing is compiled for speed.
        let blocking = Blocking { steps: Some(0), stream: Some(false), ..self.execution.blocking };
        let execution = Execution { backend: Some(Backend::Closures), blocking, ..self.execution };
        let pde = self.pde.cropped(CELLS, 0.0);
        let part = Problem { pde, dims: vec![], execution, ..self.clone() };
        let is_part = part.pde.grid() != self.pde.grid();
        match part.simulation(&World::solo()).build() {
            // Where the ends of the part meet, the flow may jump, and the part may have fewer cells
            // than transport needs.
            Err(Errors(errors))
                if is_part
                    && matches!(
                        &errors[..],
                        [Error::Courant { .. } | Error::UnfitTransport { .. }]
                    ) =>
            {
                Ok(None)
            }
            built => {
                let needs = built?.needs();
                Ok(Some(needs.with_output_within_steps(self.has_output_within_steps())))
            }
        }
    }

    /// Errors that were found later, with their places in the file.
    pub fn mistakes(&self, errors: &Errors) -> Mistakes {
        let located = |error| self.why_initial(error).unwrap_or_else(|| self.places.locate(error));
        let list = errors.0.iter().map(located).collect();
        Mistakes::new(&self.name, &self.text, list)
    }
}

fn read(name: &str, text: &str, document: &Table<'_>) -> Result<Problem, Vec<Diagnostic>> {
    let mut reader = Reader::new(text);
    let unknown_sections = check_sections(&mut reader, document);
    let title = document.get("title").and_then(|value| reader.string(value, "a text"));
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let (parameters, external_parameters) =
        formulas::with_values(&mut reader, folder, document, "parameters", Origin::Parameter);
    let definitions = formulas::read(&mut reader, document, "define", Origin::Define);
    let functions = formulas::functions(&mut reader, document);
    let globals = global::read(&mut reader, document);
    let regions = formulas::read(&mut reader, document, "regions", Origin::Region);
    let options = solver::read(&mut reader, document);
    let stepped = formulas::read(&mut reader, document, "equations", Origin::Equation);
    let unknowns = solve::read(&mut reader, document);
    let advected = transport::sections(&mut reader, document);
    let is_elliptic = document.get("equations").is_none() && document.get("solve").is_some();
    let steps = ["equations", "transport"].into_iter().any(|name| document.get(name).is_some());
    let no_section = !steps && !is_elliptic;
    let equations = [stepped.as_slice(), unknowns.as_slice()].concat();
    if no_section {
        reader.missing_section("equations", "c = \"laplace(c)\"");
    }
    let (mut initial, external_initial) =
        formulas::with_values(&mut reader, folder, document, "initial", Origin::Initial);
    let fields = fields_of(&equations, &advected);
    // What has an initial value but no equation is one mistake, wherever else it is named.
    let given = initial.iter().map(|(name, _)| name);
    let given = given.chain(external_initial.iter().map(|entry| &entry.name));
    let orphans: Vec<String> = given.filter(|name| !fields.contains(name)).cloned().collect();
    let named_fields = [fields.as_slice(), orphans.as_slice()].concat();
    let before = reader.mistakes.len();
    let mut types = field::read(&mut reader, document, &named_fields);
    for (name, _) in &unknowns {
        let has_value = initial.iter().any(|(known, _)| known == name)
            || external_initial.iter().any(|entry| entry.name == *name);
        if !has_value {
            let ty = types.iter().find(|(known, _)| known == name);
            let zero = solve::zero(
                ty.map_or(Type::REAL, |(_, ty)| *ty),
                grid::space(document).dimension(),
            );
            initial.push((name.clone(), zero));
        }
    }
    let unknown_types = reader.mistakes.len() > before;
    types.retain(|(name, _)| !orphans.contains(name));
    let mut noise = noise::read(&mut reader, document, &named_fields);
    noise.variances.retain(|(name, _)| !orphans.contains(name));

    // Mistakes in parameters are reported with those of the equations.
    let space = grid::space(document);
    let axes = &space.axes;
    let sorted = parameters::sorted(parameters.clone(), &space);
    let values = |spacings: &_| parameters::resolve(&sorted.numbers, &space, &fields, spacings);
    // The grid may use parameters, and others its spacings.
    let unknown = space::spacings(&space, None);
    let (early, _) = values(&unknown);
    let is_late = |name: &&str| !early.iter().any(|(known, _)| known == name);
    let late = sorted.numbers.iter().map(|(name, _)| name.as_str());
    let late: Vec<&str> = late.filter(is_late).collect();
    reader.allow(&early, &space, &unknown, &late);
    let grid = grid::read(&mut reader, document);
    let spacings = match &grid {
        Some(grid) => space::spacings(&space, Some(grid)),
        // Substitutes, so that the names are not unknown.
        None => unknown.into_iter().map(|(name, _)| (name, Some(1.0))).collect(),
    };
    let (values, parameter_errors) = values(&spacings);
    reader.allow(&values, &space, &spacings, &[]);
    let transports = transport::read(&mut reader, &advected, axes.len());
    let times = match is_elliptic {
        true => time::elliptic(&mut reader, document, options),
        false => time::read(&mut reader, document, document.get("transport").is_some(), options),
    };
    let gives_courants = |entry: &&TransportEntry| {
        !entry.is_wrong && matches!(entry.transport.advector, Advector::Courant(_))
    };
    if let Some(at) = times.as_ref().and_then(time::TimesEntry::automatic)
        && let Some(entry) = transports.iter().find(gives_courants)
    {
        let message = format!(
            "the Courant numbers of `{}` are those of a step of known length: set dt to a number, or give a velocity",
            entry.field
        );
        reader.note(Diagnostic::at(at, message));
    }
    let after_step = formulas::read(&mut reader, document, "after_step", Origin::AfterStep);
    if let (Some(place), Some(entry)) = (document.key_span("after_step"), &times)
        && entry.has_no_steps()
    {
        let message = "this problem is solved without steps, after which fields could be changed";
        reader.note(Diagnostic::at(place, message));
    }
    let implicit = time::implicit_parts(&mut reader, document);
    let output = output::read_output(&mut reader, document, &fields, grid.as_ref());
    let diagnostics = output::read_diagnostics(&mut reader, document, &output);
    let every = diagnostics.as_ref().map_or(&output.every, |diagnostics| &diagnostics.every);
    let conserved = conserved::read(&mut reader, document, every);
    let stop = stop::read(&mut reader, document);
    let checkpoint = checkpoint::read(&mut reader, document);
    let named = definitions.iter().chain(&sorted.others).map(|(name, _)| name);
    let external = external_parameters.iter().map(|entry| &entry.name);
    let names = named_fields.iter().chain(named).chain(external);
    let names: Vec<&str> = names.map(String::as_str).collect();
    let is_tensor =
        |name: &&str| types.iter().any(|(known, ty)| known == *name && ty.rank == Rank::Tensor);
    let (with_rows, without_rows): (Vec<&str>, Vec<&str>) =
        fields.iter().map(String::as_str).partition(is_tensor);
    let tensors = !with_rows.is_empty();
    let tables = Tables { folder, without_rows: &without_rows, tensors };
    let regions_by_name: Vec<&str> = regions.iter().map(|(name, _)| name.as_str()).collect();
    let condition_places = boundary::places(axes, &regions_by_name);
    let BoundarySection { mut conditions, arguments } =
        boundary::read(&mut reader, document, &condition_places, &names, tables);
    conditions.retain(|c| c.of.as_ref().is_none_or(|of| !orphans.contains(of)));
    let of_region = |c: &&BoundaryEntry| regions.iter().any(|(name, _)| *name == c.at);
    let (at_regions, at_faces): (Vec<&BoundaryEntry>, Vec<&BoundaryEntry>) =
        conditions.iter().partition(of_region);
    // Walls only: an axis whose ends are joined has no need to say so.
    let walls = at_faces.iter().filter(|c| !c.condition.joins_ends());
    let walls: Vec<_> = walls.map(|c| (BoundaryPlace::from(*c), c.span.clone())).collect();
    let closed = at_regions.iter().filter(|c| matches!(c.condition, Condition::Flux(_)));
    let closed: Vec<_> = closed.map(|c| (c.of.clone(), c.span.clone())).collect();
    let seed = read_seed(&mut reader, document);
    let dims = read_dims(&mut reader, document, axes);
    let execution = execution::read(&mut reader, document);

    let mut external = Vec::new();
    if let Some(grid) = &grid {
        for entry in &external_parameters {
            let values = external::look_up(&mut reader, entry, None, grid);
            external.extend(values.map(|values| (entry.name.clone(), values)));
        }
        for entry in &external_initial {
            let ty = types.iter().find(|(name, _)| *name == entry.name);
            let ty = ty.map_or(Type::REAL, |(_, ty)| *ty);
            let values = external::look_up(&mut reader, entry, Some(ty), grid);
            // If the data cannot be read, a substitute keeps the initial value from being missing.
            let value = values.map_or(Formula::Number(0.0), Formula::Values);
            initial.push((entry.name.clone(), value));
        }
    }
    let missing = external.len() < external_parameters.len();
    let data = external_parameters.iter().chain(&external_initial);
    let data = data.map(|entry| entry.wanted().clone()).collect();
    let pde = grid.filter(|_| !missing).map(|grid| {
        let mut builder = Pde::on(&grid);
        for (name, values) in external {
            builder = builder.parameter(&name, Formula::Values(values));
        }
        builder = parameters.iter().fold(builder, |b, (name, v)| b.parameter(name, v.clone()));
        builder = types.iter().fold(builder, |b, (name, ty)| b.field(name, *ty));
        builder = definitions.iter().fold(builder, |b, (name, f)| b.define(name, f.clone()));
        builder = functions.iter().fold(builder, |b, (name, text)| b.define_function(name, text));
        builder =
            globals.iter().fold(builder, |builder, GlobalEntry { name, initial, equation }| {
                builder.number(name, initial.clone(), equation.clone())
            });
        builder = regions.iter().fold(builder, |b, (name, f)| b.region(name, f.clone()));
        builder = stepped.iter().fold(builder, |b, (name, f)| b.equation(name, f.clone()));
        builder = unknowns.iter().fold(builder, |b, (name, f)| b.unknown(name, f.clone()));
        builder = builder.solver(options);
        builder = implicit.iter().fold(builder, |b, (name, f)| b.implicit(name, f.clone()));
        for entry in &transports {
            builder = builder.transport(&entry.field, entry.transport.clone());
        }
        builder = noise.variances.iter().fold(builder, |b, (name, f)| b.noise(name, f.clone()));
        builder = builder.interpretation(noise.interpretation).arguments(arguments);
        let sources = times.as_ref().and_then(|times| times.sources());
        builder = builder.sources(sources.unwrap_or_default());
        builder = conditions.into_iter().fold(builder, |b, c| match c.of {
            Some(of) => b.boundary_of(&of, &c.at, c.condition),
            None => b.boundary(&c.at, c.condition),
        });
        for (name, value) in &initial {
            let origin = Origin::Initial(name.clone());
            if let Formula::Values(_) = value {
                continue;
            }
            builder = builder.also_check(origin, value, Place::Initial);
        }
        for (name, value) in &after_step {
            let origin = Origin::AfterStep(name.clone());
            builder = builder.also_check(origin, value, Place::Output);
        }
        if let Some(when) = &stop.when {
            let origin = Origin::Output(Stop::WHEN.into());
            builder = builder.also_check(origin, &when.as_str().into(), Place::Output);
        }
        for (name, text) in conserved.iter().flat_map(Conserved::given) {
            builder = builder.also_check(Origin::Output(name), &text.into(), Place::Output);
        }
        let numbers = diagnostics.iter().flat_map(|d| d.numbers.iter());
        for (name, text) in
            output.expressions().chain(numbers.map(|(n, t)| (n.as_str(), t.as_str())))
        {
            builder = builder.also_check(Origin::Output(name.into()), &text.into(), Place::Output);
        }
        build(builder, &fields, &initial)
    });
    let (doubtful, unreadable) = (reader.has_substitutes, reader.unreadable.clone());
    let (places, mut mistakes) = reader.places();
    let errors = match &pde {
        Some(Err(Errors(errors))) => errors.as_slice(),
        Some(Ok(_)) => &[],
        None => parameter_errors.as_slice(),
    };
    // What stands for a definition with a mistake is a scalar.
    let of_definition = |error: &Error| error.origin().is_some_and(is_of_definition);
    let doubtful_types = unknown_types || doubtful || errors.iter().any(of_definition);
    for error in errors {
        // Errors that follow from mistakes noted already: a missing section, an unknown section that
        // may hold the unknown name, an unknown type that was taken as a real scalar, and a wrong
        // flow that was replaced by another.
        let is_definition = of_definition(error);
        let follows = match error {
            Error::NoEquation => no_section || !mistakes.is_empty(),
            // The section is there, but has mistakes of its own.
            Error::NoSuchField { name, .. } => {
                let section = document.get("transport").map(|value| value.get_ref());
                let named = |keys: &DeTable<'_>| keys.keys().any(|k| k.get_ref() == name);
                let named = matches!(section, Some(DeValue::Table(keys)) if named(keys));
                named && !mistakes.is_empty()
            }
            Error::UnfitTransport { field, .. } => {
                transports.iter().any(|entry| entry.field == *field && entry.is_wrong)
            }
            Error::Expression { error, .. } => {
                use fluxions_expr::Error::{UnknownFunction, UnknownName};
                match &**error {
                    UnknownName { name, .. } => unknown_sections || orphans.contains(name),
                    UnknownFunction { name, .. } => unreadable.contains(name),
                    other => doubtful_types && !is_definition && other.is_about_types(),
                }
            }
            _ => false,
        };
        if !follows {
            mistakes.push(places.locate(error));
        }
    }
    match (pde, times) {
        (Some(Ok(pde)), Some(times)) if mistakes.is_empty() => {
            let times = times.settle(&pde, [&initial, &after_step], &places)?;
            let numbers =
                diagnostics.iter().flat_map(|d| &d.numbers).map(|(_, text)| text.as_str());
            let outputs = output.expressions().map(|(_, text)| text).chain(numbers);
            let outputs: Vec<Formula> = outputs.map(Formula::from).collect();
            let looked = looked_at(&pde, &initial, &outputs);
            let mut warnings = warning::unused(document.entries);
            warnings.extend(warning::unused_conditions(&walls, &looked));
            warnings.extend(warning::closed_in_vain(&closed, &looked));
            warnings.extend(warning::two_for_one(&walls, &overdetermined(&pde), pde.grid()));
            warnings.extend(warning::empty_regions(document, &pde.empty_regions()));
            warnings.extend(warning::outside(document, &output.every, &times));
            warnings.extend(warning::too_fine(document, pde.grid()));
            warnings.extend(warning::doubts(doubts(&pde, &initial), &places));
            if document.get("noise").is_some() {
                warnings.extend(repeated_noise(&external_initial, seed));
            }
            warnings.sort_by_key(|Warning(found)| found.span.as_ref().map(|span| span.start));
            Ok(Problem {
                times,
                name: name.into(),
                text: text.into(),
                title: title.unwrap_or("").into(),
                pde,
                equations: equations
                    .iter()
                    .map(|(name, f)| (name.clone(), f.to_string()))
                    .collect(),
                definitions: definitions
                    .iter()
                    .map(|(name, f)| (name.clone(), f.to_string()))
                    .collect(),
                transports: transports
                    .into_iter()
                    .map(|entry| (entry.field, entry.transport))
                    .collect(),
                initial,
                after_step,
                output,
                diagnostics,
                conserved,
                stop,
                checkpoint,
                seed,
                dims,
                execution,
                warnings,
                data,
                places,
            })
        }
        _ => Err(mistakes),
    }
}

/// The fields of a problem: those that have equations, then those that are only advected.
fn fields_of(equations: &[(String, Formula)], advected: &[AdvectedSection<'_>]) -> Vec<String> {
    let mut fields: Vec<String> = equations.iter().map(|(name, _)| name.clone()).collect();
    for field in advected.iter().flat_map(|section| &section.fields) {
        if !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    fields
}

/// Whether this is a definition, or an item of its list.
fn is_of_definition(origin: &Origin) -> bool {
    match origin {
        Origin::Item { of, .. } => is_of_definition(of),
        origin => matches!(origin, Origin::Define(_)),
    }
}

/// The checked equations, and that each field has an initial value.
fn build(
    builder: PdeBuilder,
    fields: &[String],
    initial: &[(String, Formula)],
) -> Result<Pde, Errors> {
    let mut errors = Vec::new();
    let has_value = |field: &str| initial.iter().any(|(name, _)| name == field);
    // The initial value of a field may be there under a name that is nearly its own.
    let without = || fields.iter().map(String::as_str).filter(|field| !has_value(field));
    let others = initial.iter().filter(|(name, _)| !fields.contains(name));
    let meant: Vec<String> = others.filter_map(|(name, _)| nearest(name, without())).collect();
    for field in fields {
        if !has_value(field) && !meant.contains(field) {
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
        if !SECTIONS.contains(&name) {
            reader.unknown_key(document, key, &SECTIONS);
            unknown = true;
        }
    }
    unknown
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
