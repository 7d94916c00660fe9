//! What can go wrong between a problem and its solution.

use std::fmt;

use fluxions_comm::Disagreement;
use fluxions_expr::Type;

use crate::schemes::imex::Imex;
use crate::schemes::implicit::Implicit;
use crate::schemes::stabilised::Stabilised;
use crate::schemes::tableau::Tableau;
use crate::system::origin::Origin;

/// What some schemes cannot step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hindrance {
    /// The noise of a field.
    Noise,
    /// A field that is found anew for every state.
    Unknown,
    /// An unknown without space.
    Number,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hindrance::Noise => "has noise",
            Hindrance::Unknown => "is an unknown of [solve]",
            Hindrance::Number => "is an unknown without space",
        })
    }
}

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
    /// A system without an equation.
    #[error("there is no equation to solve")]
    NoEquation,
    /// A name that expressions cannot use.
    #[error("`{name}` cannot be a name: {reason}")]
    BadName {
        /// What the name was to be for.
        origin: Origin,
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A name that stands for two things.
    #[error("the name `{name}` is taken: it is {taken}")]
    NameTaken {
        /// What the name was to be for.
        origin: Origin,
        /// The name.
        name: String,
        /// What it is already, in words.
        taken: &'static str,
    },
    /// Definitions or parameters that need each other in a circle.
    #[error("{}", circle(names))]
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
        /// The names of fields and definitions.
        known: Vec<String>,
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
    /// A table of times and values that makes no sense.
    #[error("a table of times and values must have values at times that do not go back: {reason}")]
    TimeTable {
        /// What is wrong, in words.
        reason: String,
    },
    /// A table of times and values where there is no time.
    #[error("a table of times and values has no meaning here: it depends on the time")]
    MisplacedTable {
        /// Where it stands.
        origin: Origin,
    },
    /// A flow through a wall by an expression by which nothing flows.
    #[error("nothing flows through {at} by this: {reason}")]
    NoFlow {
        /// Where it stands.
        origin: Origin,
        /// The face.
        at: String,
        /// The reason, in words.
        reason: Box<str>,
    },
    /// A field without an initial value.
    #[error("the field `{field}` has no initial value")]
    NoInitialValue {
        /// The field.
        field: String,
    },
    /// An initial value, or an output, of something that does not exist.
    #[error("{}", match origin {
        Origin::Initial(_) => format!("`{name}` has an initial value, but no equation"),
        _ => format!("there is no field `{name}`"),
    })]
    NoSuchField {
        /// Where it is asked for.
        origin: Origin,
        /// The name.
        name: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// A number that the simulation's builder was not told of.
    #[error("the simulation's builder was not told of a number `{name}`")]
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
    /// A value that is made of several numbers, where one number was asked for.
    #[error("`{name}` is {ty}: ask for one of its parts")]
    NotScalar {
        /// Its name.
        name: String,
        /// Its type.
        ty: Type,
    },
    /// An operator on a compound expression for which the boundary conditions make no sense.
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
    /// An operator of the program that cannot be applied on the grid.
    #[error("the operator `{name}` does not fit: {reason}")]
    UnfitOperator {
        /// The operator's name.
        name: String,
        /// What is wrong with it, in words.
        reason: String,
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
    /// A field that cannot be advected in the way that was asked for.
    #[error("`{field}` cannot be advected in this way: {reason}")]
    UnfitTransport {
        /// Where it is asked for.
        origin: Origin,
        /// The field.
        field: String,
        /// Why not.
        reason: Box<str>,
    },
    /// A flow that passes more than a cell in a time step, found before the first step.
    #[error("{}", too_fast(field, *courant, *dt))]
    Courant {
        /// Where the flow stands.
        origin: Origin,
        /// The field.
        field: String,
        /// The largest ratio of what flows out of a cell to what is in it.
        courant: f64,
        /// The time step, if the Courant number depends on it.
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
    /// A scheme without stages, or without an order.
    #[error("the scheme `{name}` has {stages} stages and the order {order}")]
    NoScheme {
        /// Its name.
        name: String,
        /// How many stages it has.
        stages: usize,
        /// Its order.
        order: usize,
    },
    /// Rows or numbers of a tableau that are not as many as the stages.
    #[error("in the tableau of `{name}`, {what} has {found} rows or numbers where b has {stages}")]
    TableauShape {
        /// The name of the scheme.
        name: String,
        /// Which part of the tableau it is.
        what: &'static str,
        /// How many rows or numbers it has.
        found: usize,
        /// How many stages there are.
        stages: usize,
    },
    /// A stage that depends on itself or on a later one.
    #[error("the tableau of `{name}` is implicit: {weight} in row {row} and column {column} of a")]
    ImplicitTableau {
        /// The name of the scheme.
        name: String,
        /// The row of a, from 1 on.
        row: usize,
        /// The column of a, from 1 on.
        column: usize,
        /// The weight there.
        weight: f64,
    },
    /// A time of a stage that is not the sum of its weights.
    #[error(
        "in the tableau of `{name}`, the sum of row {row} of a is {sum}, but its time in c is {time}"
    )]
    TableauTimes {
        /// The name of the scheme.
        name: String,
        /// The row of a, from 1 on.
        row: usize,
        /// The sum of the row.
        sum: f64,
        /// The time.
        time: f64,
    },
    /// Weights of a result whose sum is not 1.
    #[error("in the tableau of `{name}`, the sum of {what} is {sum} and not 1")]
    TableauWeights {
        /// The name of the scheme.
        name: String,
        /// Which weights they are.
        what: &'static str,
        /// Their sum.
        sum: f64,
    },
    /// A number of a tableau that is not finite.
    #[error("in the tableau of `{name}`, {number} stands in {what}")]
    TableauNotFinite {
        /// The name of the scheme.
        name: String,
        /// Where it stands.
        what: &'static str,
        /// The number.
        number: f64,
    },
    /// A scheme for a system that has fields that are advected.
    #[error("{}, which MPDATA steps", unfit(scheme, "a system with transport"))]
    SchemeWithTransport {
        /// The name of the scheme.
        scheme: String,
    },
    /// A scheme for a system with something that it cannot step.
    #[error("{}, which {what}", unfit(scheme, &format!("`{name}`")))]
    UnfitScheme {
        /// The name of the scheme.
        scheme: String,
        /// The field or number.
        name: String,
        /// What about it the scheme cannot step.
        what: Hindrance,
    },
    /// A value that a field is given after a step is not finite.
    #[error(
        "the value that `{field}` is given after step {step} (t = {time}) is not finite everywhere"
    )]
    ChangeNotFinite {
        /// Where the value stands.
        origin: Origin,
        /// The field.
        field: String,
        /// The time.
        time: f64,
        /// The number of the step.
        step: u64,
    },
    /// What a tracker has made of a field is not finite.
    #[error("a tracker has given `{field}` a value that is not finite (t = {time}, step {step})")]
    TrackerNotFinite {
        /// The field.
        field: String,
        /// The time.
        time: f64,
        /// Steps since the beginning.
        step: u64,
    },
    /// A tracker that changes the state although it was given to the builder to look at it.
    #[error(
        "`{name}` cannot be changed here: give the tracker to the builder by `change`, and not by `track`"
    )]
    OnlyLooks {
        /// The field.
        name: String,
    },
    /// A value after each step for an unknown, which follows from the fields that are stepped.
    #[error("`{name}` is an unknown, which its equation decides after each step")]
    ChangedUnknown {
        /// Where the value stands.
        origin: Origin,
        /// The unknown.
        name: String,
    },
    /// A tolerance for a scheme that does not estimate its error.
    #[error("the scheme `{scheme}` does not estimate its error, so that a tolerance says nothing")]
    NoErrorEstimate {
        /// The name of the scheme.
        scheme: String,
    },
    /// A tolerance for a system with noise.
    #[error("there is noise on `{field}`, of which no error can be estimated")]
    ToleranceWithNoise {
        /// The field.
        field: String,
    },
    /// A tolerance that no step can meet.
    #[error("no step can meet the {origin}: relative = {relative}, absolute = {absolute}")]
    UnfitTolerance {
        /// Where it stands.
        origin: Origin,
        /// The part of the magnitude.
        relative: f64,
        /// What is added to it.
        absolute: f64,
    },
    /// A complex field that may not fall below 0.
    #[error("`{name}` is complex, and complex numbers have no order")]
    ComplexPositive {
        /// Where it is asked for.
        origin: Origin,
        /// The field.
        name: String,
    },
    /// A field or number that may not fall below 0, and begins there.
    #[error("`{name}` may not fall below 0, and is {value:.3} at the start")]
    NegativeStart {
        /// Where it is asked for.
        origin: Origin,
        /// The field or number.
        name: String,
        /// Its smallest value.
        value: f64,
    },
    /// No step is short enough.
    #[error("steps shorter than {dt:.1e} are needed at t = {time} (step {step}): {why}")]
    StepTooShort {
        /// The time.
        time: f64,
        /// The last step that was tried.
        dt: f64,
        /// The number of steps before it.
        step: u64,
        /// What is wrong with it.
        why: TooLong,
    },
    /// Equations whose solution was not found.
    #[error("{what}{}: the residual is {}", at_step(at), still(*residual, at))]
    NotSolved {
        /// What was not found, in words.
        what: &'static str,
        /// The step, if it was one of a run.
        at: Option<FailedStep>,
        /// The residual: beside its bound in a step, else beside that of the first guess.
        residual: f64,
        /// How many corrections were tried.
        corrections: u64,
        /// After how many iterations a linear system was given up, if one was.
        stuck: Option<usize>,
        /// The residual at first and after each correction, in the same measure.
        history: Vec<f64>,
    },
    /// A part that is not one of the equation.
    #[error("this is not a part of the equation of `{name}`")]
    NotAPart {
        /// Where it stands.
        origin: Origin,
        /// The field.
        name: String,
    },
    /// A scheme for two parts, and nothing to treat implicitly.
    #[error("{scheme} treats a part of the equations implicitly, and none is found")]
    NoImplicitPart {
        /// The scheme.
        scheme: &'static str,
    },
    /// An unknown beside fields that are advected.
    #[error("`{name}` is solved for, which cannot be done beside the transport of `{field}`")]
    UnknownWithTransport {
        /// Where its expression stands.
        origin: Origin,
        /// The unknown.
        name: String,
        /// A field that is advected.
        field: String,
    },
    /// An unknown on which nothing that should vanish depends.
    #[error("what should vanish does not depend on `{name}`")]
    NoUnknown {
        /// Where its expression stands.
        origin: Origin,
        /// The unknown.
        name: String,
    },
    /// An elliptic problem without a solution.
    #[error(
        "`{field}` has no solution: what should vanish has the average {excess:?} whatever `{field}` is"
    )]
    Incompatible {
        /// The unknown.
        field: String,
        /// The average over the domain of what cannot be balanced.
        excess: f64,
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
        /// Its value.
        value: f64,
    },
    /// A variance that depends on other cells, for which Stratonovich's drift is not known.
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
        /// Which of them is wrong.
        what: &'static str,
        /// What it must be.
        must: &'static str,
        /// Its value.
        value: f64,
    },
    /// A grid that cannot be cut into one block for each rank.
    #[error(transparent)]
    Decomposition(#[from] fluxions_halo::Error),
    /// Arrays that do not fit the machine.
    #[error(
        "the arrays of the problem need {:.1} GiB of memory, and {:.1} GiB can be had here",
        *needed as f64 / GIB, *available as f64 / GIB
    )]
    Memory {
        /// Bytes that all ranks on this machine need.
        needed: u64,
        /// Bytes that it has, or that this process may have.
        available: u64,
    },
    /// A limit of the memory of a process in which ranks cannot start.
    #[error(
        "{ranks} rank(s) need {:.0} MiB of memory beside their arrays, and this process may have {:.0} MiB more",
        *needed as f64 / MIB, *available as f64 / MIB
    )]
    LittleMemory {
        /// How many ranks the process starts.
        ranks: usize,
        /// Bytes that they need.
        needed: u64,
        /// Bytes that the process may still have.
        available: u64,
    },
    /// Memory that the operating system refused.
    #[error("the operating system refused {:.1} GiB of memory: {source}", *needed as f64 / GIB)]
    NoMemory {
        /// Bytes that this rank asked for.
        needed: u64,
        /// Why, as the operating system says.
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
    /// An unknown without space that is not finite.
    #[error("`{name}` is not finite at t = {time} (step {step})")]
    NumberNotFinite {
        /// Its name.
        name: String,
        /// The time.
        time: f64,
        /// The number of the step that led there.
        step: u64,
    },
    /// A failure of communication, or of another rank.
    #[error(transparent)]
    Comm(#[from] fluxions_comm::Error),
    /// A failure on another rank, which has the error.
    #[error("rank {rank} failed")]
    Elsewhere {
        /// That rank.
        rank: usize,
    },
    /// An equation of a number whose value is not one number.
    #[error(
        "`{name}` is one number, but its rate of change {}",
        if *ty == Type::REAL { "differs from cell to cell".into() } else { format!("is {ty}") }
    )]
    NotARate {
        /// Where it stands.
        origin: Origin,
        /// The number.
        name: String,
        /// The type of its rate of change.
        ty: Type,
    },
    /// A number with an equation whose initial value is not finite.
    #[error("the initial value of `{name}` is {value}")]
    InfiniteNumber {
        /// Where it stands.
        origin: Origin,
        /// Its name.
        name: String,
        /// The value.
        value: f64,
    },
    /// A number with an equation beside a field that is advected.
    #[error(
        "the number `{name}` cannot be stepped beside `{field}`, which [transport] advects: its scheme steps \
         fields only"
    )]
    NumberWithTransport {
        /// The number.
        name: String,
        /// The field.
        field: String,
    },
    /// A region that changes with time.
    #[error("a region is a condition on coordinates: it cannot use the time")]
    UnfitRegion {
        /// Where it stands.
        origin: Origin,
    },
    /// External data where an expression is needed.
    #[error("external data is for parameters and initial values")]
    MisplacedValues {
        /// Where it stands.
        origin: Origin,
    },
    /// A function of the wall where an expression is needed.
    #[error("a function of the wall is for boundary conditions: see WallFunction::condition")]
    MisplacedWallFunction {
        /// Where it stands.
        origin: Origin,
    },
    /// External data of another type than the field for which it is the initial value.
    #[error("the external initial values of `{field}` are {found}, and {wanted} is needed")]
    UnfitValues {
        /// The field.
        field: String,
        /// Their type.
        found: Type,
        /// The type of the field.
        wanted: Type,
    },
    /// External data that cannot be read.
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

const MIB: f64 = (1u64 << 20) as f64;
const GIB: f64 = (1u64 << 30) as f64;

fn circle(names: &[String]) -> String {
    match names {
        [one] => format!("`{one}` refers to itself"),
        all => {
            let quoted: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            format!("{} need each other in a circle", quoted.join(", "))
        }
    }
}

fn too_fast(field: &str, courant: f64, dt: Option<f64>) -> String {
    if !courant.is_finite() {
        return format!("the flow that advects `{field}` is not finite somewhere");
    }
    let step = dt.map_or("a time step".into(), |dt| format!("a time step of {dt}"));
    format!(
        "the Courant number of `{field}` is {courant:.6}, but must not exceed 1: in {step} more flows out \
         of a cell than is in it"
    )
}

/// Why a step is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// Its error is beyond the tolerance.
    #[error("the error of such a step is still beyond the tolerance")]
    Tolerance,
    /// It leads to numbers that are not finite.
    #[error("such a step leads to numbers that are not finite")]
    NotFinite,
    /// It does not move the time on.
    #[error("such a step is too short to move the time on")]
    Rounding,
    /// It is not stable.
    #[error("the longest stable step becomes shorter and shorter")]
    Unstable,
}

/// A step that could not be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailedStep {
    /// The time at which it begins.
    pub time: f64,
    /// Its length, the shortest that was tried.
    pub dt: f64,
    /// The number of steps before it.
    pub number: u64,
}

fn at_step(at: &Option<FailedStep>) -> String {
    let told = |FailedStep { time, dt, number }: &FailedStep| {
        format!(" at t = {time} (step {number}), though one as short as {dt:.1e} was tried")
    };
    at.as_ref().map(told).unwrap_or_default()
}

/// A number for people.
fn told(number: f64) -> String {
    match number.abs() {
        0.01..1e4 => format!("{number:.2}"),
        _ => format!("{number:.1e}"),
    }
}

fn still(residual: f64, at: &Option<FailedStep>) -> String {
    match (residual.is_finite(), at) {
        (false, _) => "not finite".into(),
        (true, Some(_)) => format!("still {} times what it may be", told(residual)),
        (true, None) => format!("still {} times that at first", told(residual)),
    }
}

fn place(axes: &[String], coordinates: &[f64]) -> String {
    let one = |(axis, x): (&String, &f64)| format!("{axis} = {x}");
    axes.iter().zip(coordinates).map(one).collect::<Vec<_>>().join(", ")
}

impl Error {
    /// What [`Error::NotSolved`] says of equations that leave patterns undetermined.
    pub(crate) const CHEQUERED: &'static str = "the equations could not be solved, since they do not see values that change their sign from cell to cell";
    /// What [`Error::NotSolved`] says of steady states.
    pub(crate) const NO_STEADY_STATE: &'static str = "no steady state was found";

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
            | Error::NoFlow { origin, .. }
            | Error::NoSuchField { origin, .. }
            | Error::UnfitTolerance { origin, .. }
            | Error::ChangedUnknown { origin, .. }
            | Error::ChangeNotFinite { origin, .. }
            | Error::ComplexPositive { origin, .. }
            | Error::NegativeStart { origin, .. }
            | Error::UnfitArgument { origin, .. }
            | Error::NotSymmetric { origin, .. }
            | Error::UnfitTransport { origin, .. }
            | Error::Courant { origin, .. }
            | Error::Density { origin, .. }
            | Error::Diffusivity { origin, .. }
            | Error::NegativeVariance { origin, .. }
            | Error::NonlocalNoise { origin, .. }
            | Error::UnfitRegion { origin }
            | Error::InfiniteNumber { origin, .. }
            | Error::NotARate { origin, .. }
            | Error::MisplacedValues { origin }
            | Error::MisplacedTable { origin }
            | Error::MisplacedWallFunction { origin }
            | Error::NoUnknown { origin, .. }
            | Error::UnknownWithTransport { origin, .. }
            | Error::NotAPart { origin, .. }
            | Error::NotANumber { origin, .. } => Some(origin),
            _ => None,
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Error::Expression { error, .. } => error.help(),
            Error::NobodysCondition { name, known, .. } => {
                suggestion(name, known, "the fields and definitions")
            }
            Error::NoSuchField { origin: Origin::Initial(_), name, known }
                if fluxions_expr::nearest(name, known.iter().map(String::as_str)).is_none() =>
            {
                Some("give it an equation; that of a field that does not change is 0".into())
            }
            Error::NoSuchField { name, known, .. } => suggestion(name, known, "the fields"),
            Error::NoErrorEstimate { .. } => {
                let known = Tableau::ALL.into_iter().filter(|t| t.embedded().is_some());
                let mut known: Vec<String> = known.map(|t| t.name().to_string()).collect();
                known.extend(Stabilised::ALL.map(|scheme| scheme.name().to_string()));
                known.extend(Implicit::ALL.map(|scheme| scheme.name().to_string()));
                let imex = Imex::ALL.into_iter().filter(|scheme| scheme.estimates_error());
                known.extend(imex.map(|scheme| scheme.name().to_string()));
                Some(format!("those that do are {}", known.join(", ")))
            }
            Error::ToleranceWithNoise { .. } => Some("give dt a number, and no tolerance".into()),
            Error::UnfitTolerance { .. } => {
                Some("the relative tolerance is 0 or more, the absolute one more than 0".into())
            }
            Error::NotSolved { at: Some(_), stuck: Some(iterations), .. } => Some(format!(
                "the equations may have no solution beyond this time: look at the last snapshot; a linear system was \
                 given up after {iterations} iterations"
            )),
            Error::NotSolved { at: Some(_), .. } => Some(
                "the equations may have no solution beyond this time: look at the last snapshot".into(),
            ),
            Error::NotSolved { what: Error::NO_STEADY_STATE, .. } => Some(
                "there may be none near the initial values: try others, or step in time".into(),
            ),
            Error::NotSolved { what: Error::CHEQUERED, .. } => Some(
                "a derivative of a derivative looks at every other cell: write laplace(u), or diffusion(D, u), where D may be \
                 a tensor"
                    .into(),
            ),
            Error::NotSolved { stuck: Some(iterations), .. } => {
                Some(format!("a linear system was given up after {iterations} iterations"))
            }
            Error::NotSolved { .. } => {
                Some("there may be no solution, or none near the initial values".into())
            }
            Error::NegativeStart { .. } => {
                Some("only what begins at 0 or above can be kept there".into())
            }
            Error::NotAPart { .. } => Some("write one or more of its terms, as they stand there".into()),
            Error::NoImplicitPart { .. } => {
                Some("say which: implicit = { u = \"D*laplace(u)\" }".into())
            }
            Error::NoUnknown { .. } => {
                Some("for each unknown there is an equation with it: phi = \"laplace(phi) = -rho\"".into())
            }
            Error::Incompatible { .. } => Some(
                "sources and what flows through the walls have to balance; \
                 [solver] compatible = \"project\" takes what is in excess away from everywhere"
                    .into(),
            ),
            Error::StepTooShort { why: TooLong::Unstable, .. } => Some(
                "the solution grows without bound: it may have no value beyond this time, or the cells may be too \
                 large for it"
                    .into(),
            ),
            Error::StepTooShort { .. } => Some(
                "the solution may have no value beyond this time, the tolerance may be below rounding, or \
                 what has to stay positive may not do so"
                    .into(),
            ),
            Error::NoInitialValue { .. } => {
                Some("give it one, which may be a number or an expression".into())
            }
            Error::UnfitArgument { .. } => {
                Some("make the argument a definition and give that conditions of its own".into())
            }
            Error::NotSymmetric { .. } => Some(
                "write vectors as [f, 0, 0], tensors as [[f, 0, 0], [0, g, 0], [0, 0, g]]".into(),
            ),
            Error::NotANumber { ty, .. } | Error::NotARate { ty, .. } if ty.complex => {
                Some("take real(…), imag(…) or abs(…) of it".into())
            }
            Error::NotANumber { .. } | Error::NotARate { .. } => {
                Some("wrap it in integral(…), average(…), max(…) or min(…)".into())
            }
            Error::Courant { courant, dt: Some(dt), .. } if courant.is_finite() => {
                Some(format!("make dt {:.3e} or less", dt / courant * 0.999))
            }
            Error::CourantLater { .. } => Some("make dt smaller".into()),
            Error::UnfitScheme { what: Hindrance::Noise, scheme, .. } if scheme != "steady" => {
                Some("Runge–Kutta schemes step noise, such as `euler`, with steps of a given length".into())
            }
            Error::UnfitScheme { what: Hindrance::Number, scheme, .. } if scheme != "elliptic" => Some(
                "Runge–Kutta and implicit schemes step unknowns without space, such as `rk4` and `tr-bdf2`".into(),
            ),
            Error::SchemeWithTransport { .. } => {
                Some("leave the scheme out, and say by `sources` how sources are integrated".into())
            }
            Error::Memory { .. } | Error::NoMemory { .. } => {
                Some("use fewer cells, or ranks on several machines".into())
            }
            Error::LittleMemory { .. } => {
                Some("raise the limit (`ulimit -v`), or use fewer ranks".into())
            }
            Error::NotFinite { step: 0, .. } => Some("look at the initial value there".into()),
            Error::NotFinite { noise: true, .. } => Some(
                "the variance of its noise may be negative there, or the time step longer than the \
                 longest stable one, which `stable_step` finds"
                    .into(),
            ),
            Error::NonlocalNoise { .. } => Some("interpret the noise in the sense of Itô".into()),
            Error::NotFinite { .. } => {
                Some("the time step may be longer than the longest stable one, which `stable_step` finds".into())
            }
            _ => None,
        }
    }
}

/// That a scheme, or what finds a balanced state instead, is not for something.
fn unfit(scheme: &str, what: &str) -> String {
    match scheme {
        "steady" => format!("no steady state is found for {what}"),
        "elliptic" => format!("an elliptic problem has no place for {what}"),
        _ => format!("the scheme `{scheme}` cannot step {what}"),
    }
}

/// A suggestion for a name that is not known: the nearest one that is, or else all that there are.
fn suggestion(name: &str, known: &[String], all: &str) -> Option<String> {
    match fluxions_expr::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("{all} are {}", known.join(", "))),
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
