//! What can go wrong between a problem and its solution.

use std::fmt;

use fluxions_comm::Disagreement;
use fluxions_expr::Type;

use crate::system::origin::Origin;

/// A mistake in a problem, or a failure while it is solved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mistake in an expression.
    #[error("{origin}: {}", error.in_text(text))]
    Expression {
        /// Where the expression stands.
        origin: Origin,
        /// Its text.
        text: String,
        /// The mistake.
        error: Box<fluxions_expr::Error>,
    },
    /// No equation at all.
    #[error("there is no equation to solve")]
    NoEquation,
    /// A name that cannot be one.
    #[error("`{name}` cannot be a name: {reason}")]
    BadName {
        /// What the name was to be for.
        origin: Origin,
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// One name for two things.
    #[error("the name `{name}` is taken: it is {taken}")]
    NameTaken {
        /// What the name was to be for.
        origin: Origin,
        /// The name.
        name: String,
        /// What it is already, in words.
        taken: &'static str,
    },
    /// Definitions or parameters that need each other.
    #[error("{} need each other in a circle", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "))]
    Circle {
        /// Where the first of them stands.
        origin: Origin,
        /// Their names.
        names: Vec<String>,
    },
    /// A boundary condition for something that does not exist.
    #[error("a boundary condition for `{name}`, which is neither a field nor a definition")]
    NobodysCondition {
        /// Where it stands.
        origin: Origin,
        /// The name.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A boundary condition at a place that the grid does not have.
    #[error("the grid has no `{at}`: a condition stands at {known}")]
    NoSuchFace {
        /// Where it stands.
        origin: Origin,
        /// The place asked for.
        at: String,
        /// The places that there are.
        known: String,
    },
    /// A boundary condition that does not fit the ends of its axis.
    #[error("the condition `{condition}` does not fit `{at}`: {reason}")]
    UnfitCondition {
        /// Where it stands.
        origin: Origin,
        /// The axis or face.
        at: String,
        /// The condition's name.
        condition: &'static str,
        /// Why it does not fit.
        reason: Box<str>,
    },
    /// A field without an initial value.
    #[error("the field `{field}` has no initial value")]
    NoInitialValue {
        /// The field.
        field: String,
    },
    /// An initial value, or an output, of something that does not exist.
    #[error("there is no field `{name}`")]
    NoSuchField {
        /// Where it is asked for.
        origin: Origin,
        /// The name.
        name: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// A number that was not announced.
    #[error("no number of the name `{name}` was announced to the simulation's builder")]
    NoSuchNumber {
        /// The name.
        name: String,
    },
    /// A diagnostic that is not one number.
    #[error(
        "a diagnostic is one number, but `{name}` {}",
        if *ty == Type::REAL { "differs from cell to cell".into() } else { format!("is {ty}") }
    )]
    NotANumber {
        /// Where it stands.
        origin: Origin,
        /// Its name.
        name: String,
        /// The type of its value.
        ty: Type,
    },
    /// Something that is made of several numbers, where one was asked for.
    #[error("`{name}` is {ty}: ask for one of its parts")]
    NotScalar {
        /// Its name.
        name: String,
        /// Its type.
        ty: Type,
    },
    /// An operator whose argument has no boundary conditions that make sense.
    #[error(
        "an operator is applied to {ty}, for which the condition `{condition}` at `{at}` makes no sense: {reason}"
    )]
    UnfitArgument {
        /// The expression in which it stands.
        origin: Origin,
        /// The type of the argument.
        ty: Type,
        /// The axis or face.
        at: Box<str>,
        /// The condition's name.
        condition: &'static str,
        /// Why it does not fit.
        reason: Box<str>,
    },
    /// A value on a spherical grid that does not have the grid's symmetry.
    #[error("{reason}")]
    NotSymmetric {
        /// The expression in which it stands.
        origin: Origin,
        /// Its text.
        text: Box<str>,
        /// What is wrong and what is asked for, in words.
        reason: Box<str>,
        /// The part of the text at fault.
        span: fluxions_expr::Span,
    },
    /// Transport that cannot be done in the way that was asked for.
    #[error("`{field}` cannot be advected in this way: {reason}")]
    UnfitTransport {
        /// Where it is asked for.
        origin: Origin,
        /// The field.
        field: String,
        /// Why not.
        reason: Box<str>,
    },
    /// A flow that passes more than a cell in a time step.
    #[error("{}", too_fast(field, *courant, *dt))]
    Courant {
        /// Where the flow stands.
        origin: Origin,
        /// The field.
        field: String,
        /// The largest outflow from a cell over what is in it.
        courant: f64,
        /// The time step, if that makes a difference.
        dt: Option<f64>,
    },
    /// A diffusivity that is negative, or not a number.
    #[error("the diffusivity of `{field}` is negative or not finite somewhere")]
    Diffusivity {
        /// Where it stands.
        origin: Origin,
        /// The field.
        field: String,
    },
    /// A flow that passes more than a cell, found in the course of a run.
    #[error(
        "the Courant number of `{field}` is more than 1 near {}, at t = {time} (step {step})",
        place(axes, coordinates)
    )]
    CourantLater {
        /// The field.
        field: String,
        /// The names of the axes.
        axes: Box<[String]>,
        /// The coordinates of a cell where it is.
        coordinates: Vec<f64>,
        /// The time.
        time: f64,
        /// The number of the step.
        step: u64,
    },
    /// A density that is not positive.
    #[error("the g_factor of `{field}` is {least} somewhere, and has to be positive")]
    Density {
        /// Where it stands.
        origin: Origin,
        /// The field.
        field: String,
        /// The least value.
        least: f64,
    },
    /// A variance of noise that is negative.
    #[error("{origin}: a variance cannot be {value}")]
    NegativeVariance {
        /// Where it stands.
        origin: Origin,
        /// What it is.
        value: f64,
    },
    /// A variance for which Stratonovich's drift is not known.
    #[error(
        "{origin}: with Stratonovich's interpretation a variance is made of the values in the cell \
         itself, and `{operator}` looks at others"
    )]
    NonlocalNoise {
        /// Where it stands.
        origin: Origin,
        /// The operator or reduction in it.
        operator: String,
    },
    /// A simulation for which no time step was given.
    #[error("no time step was given: call `dt` of the simulation's builder")]
    NoTimeStep,
    /// A time or an interval outside the range that makes sense.
    #[error("{what} must be {must}, not {value}")]
    BadTime {
        /// What is wrong.
        what: &'static str,
        /// What it has to be.
        must: &'static str,
        /// What it is.
        value: f64,
    },
    /// A grid that cannot be cut into as many blocks as there are ranks.
    #[error(transparent)]
    Decomposition(#[from] fluxions_halo::Error),
    /// Arrays that do not fit the machine.
    #[error(
        "the arrays of the problem need {:.1} GiB, and this machine has {:.1} GiB of memory",
        *needed as f64 / GIB, *available as f64 / GIB
    )]
    Memory {
        /// Bytes that all ranks on this machine need.
        needed: u64,
        /// Bytes that it has.
        available: u64,
    },
    /// Memory that the system did not give.
    #[error("the system gave no {:.1} GiB of memory: {source}", *needed as f64 / GIB)]
    NoMemory {
        /// Bytes that this rank asked for.
        needed: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// A number that is not finite.
    #[error(
        "`{field}` is not finite at {}, in cell {cell:?}, at t = {time} (step {step})",
        place(axes, coordinates)
    )]
    NotFinite {
        /// The field.
        field: String,
        /// The cell's indices along the named axes, counted from 0 over the whole grid.
        cell: Vec<usize>,
        /// The names of the axes.
        axes: Box<[String]>,
        /// The cell's coordinates.
        coordinates: Vec<f64>,
        /// The time.
        time: f64,
        /// The number of the step that led there; 0 is the initial state.
        step: u64,
        /// Whether noise is added to the field.
        noise: bool,
    },
    /// A failure of communication, or of another rank.
    #[error(transparent)]
    Comm(#[from] fluxions_comm::Error),
    /// Something that failed on another rank, which has the error.
    #[error("rank {rank} failed")]
    Elsewhere {
        /// That rank.
        rank: usize,
    },
    /// Values given cell by cell where an expression is needed.
    #[error("given values are for parameters and initial values")]
    MisplacedValues {
        /// Where they stand.
        origin: Origin,
    },
    /// Values from elsewhere of another type than the field.
    #[error("the given initial values of `{field}` are {found}, and {wanted} is needed")]
    UnfitValues {
        /// The field.
        field: String,
        /// Their type.
        found: Type,
        /// The type of the field.
        wanted: Type,
    },
    /// Values from elsewhere that cannot be had.
    #[error("{0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A tracker that failed with an error of its own.
    #[error("{source}")]
    Tracker {
        /// That error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A saved state that belongs to something else.
    #[error("the saved state is not that of {what}")]
    ForeignState {
        /// What was to go on from it.
        what: &'static str,
    },
}

const GIB: f64 = (1u64 << 30) as f64;

fn too_fast(field: &str, courant: f64, dt: Option<f64>) -> String {
    if !courant.is_finite() {
        return format!("the flow that advects `{field}` is not finite somewhere");
    }
    let step = dt.map_or("a time step".into(), |dt| format!("a time step of {dt}"));
    format!(
        "the Courant number of `{field}` is {courant:.6}, and may be 1 at most: in {step} more flows out \
         of a cell than is in it"
    )
}

fn place(axes: &[String], coordinates: &[f64]) -> String {
    let one = |(axis, x): (&String, &f64)| format!("{axis} = {x}");
    axes.iter().zip(coordinates).map(one).collect::<Vec<_>>().join(", ")
}

impl Error {
    /// The error of a run whose tracker failed: one of this library as it is.
    pub(crate) fn of_tracker(source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        match source.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::Tracker { source },
        }
    }

    /// Where in the problem the mistake is, if it is a mistake in the problem.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Error::Expression { origin, .. }
            | Error::BadName { origin, .. }
            | Error::NameTaken { origin, .. }
            | Error::Circle { origin, .. }
            | Error::NobodysCondition { origin, .. }
            | Error::NoSuchFace { origin, .. }
            | Error::UnfitCondition { origin, .. }
            | Error::NoSuchField { origin, .. }
            | Error::UnfitArgument { origin, .. }
            | Error::NotSymmetric { origin, .. }
            | Error::UnfitTransport { origin, .. }
            | Error::Courant { origin, .. }
            | Error::Density { origin, .. }
            | Error::Diffusivity { origin, .. }
            | Error::NegativeVariance { origin, .. }
            | Error::NonlocalNoise { origin, .. }
            | Error::MisplacedValues { origin }
            | Error::NotANumber { origin, .. } => Some(origin),
            _ => None,
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Error::Expression { error, .. } => error.help(),
            Error::NobodysCondition { nearest: Some(near), .. } => {
                Some(format!("did you mean `{near}`?"))
            }
            Error::NoSuchField { name, known, .. } => {
                match fluxions_expr::nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None if known.is_empty() => None,
                    None => Some(format!("the fields are {}", known.join(", "))),
                }
            }
            Error::NoInitialValue { field } => {
                Some(format!("give it one in [initial], such as {field} = 0"))
            }
            Error::UnfitArgument { .. } => {
                Some("name the argument in [define] and give it conditions of its own".into())
            }
            Error::NotSymmetric { .. } => Some(
                "write vectors as [f, 0, 0], tensors as [[f, 0, 0], [0, g, 0], [0, 0, g]]".into(),
            ),
            Error::NotANumber { ty, .. } if ty.complex => {
                Some("take real(…), imag(…) or abs(…) of it".into())
            }
            Error::NotANumber { .. } => {
                Some("wrap it in integral(…), average(…), max(…) or min(…)".into())
            }
            Error::Courant { courant, dt: Some(dt), .. } if courant.is_finite() => {
                Some(format!("make dt {:.3e} or less", dt / courant * 0.999))
            }
            Error::CourantLater { .. } => Some("make dt smaller".into()),
            Error::Memory { .. } | Error::NoMemory { .. } => {
                Some("use fewer cells, or more machines: `mpirun` over several of them".into())
            }
            Error::NotFinite { step: 0, .. } => Some("look at the initial value there".into()),
            Error::NotFinite { noise: true, .. } => Some(
                "the variance of its noise may be negative there, or the time step too long: \
                 `fluxions check` prints the longest stable one"
                    .into(),
            ),
            Error::NonlocalNoise { .. } => Some("use interpretation = \"ito\"".into()),
            Error::NotFinite { .. } => Some(
                "the time step may be too long: `fluxions check` prints the longest stable one"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// The error of ranks that did not all succeed.
pub(crate) fn elsewhere(disagreement: Disagreement<Error>) -> Error {
    match disagreement {
        Disagreement::Here(error) => error,
        Disagreement::There { rank } => Error::Elsewhere { rank },
        Disagreement::Lost(error) => error.into(),
    }
}

/// All mistakes found in a problem.
#[derive(Debug)]
pub struct Errors(pub Vec<Error>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, error) in self.0.iter().enumerate() {
            if k > 0 {
                f.write_str("\n\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

impl<E: Into<Error>> From<E> for Errors {
    fn from(error: E) -> Self {
        Errors(vec![error.into()])
    }
}
