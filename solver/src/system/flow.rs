//! What flows through the faces of the domain.
//!
//! An equation says what flows by terms in *flux form*: operators that are differences of what flows
//! through the faces of a cell, alone or with factors that are the same everywhere. In the cell at a
//! wall, each such term has a contribution of the wall ([`FacePart`]). A given flux takes the place
//! of these contributions, so that exactly what was given flows; and the flow through a wall is the
//! integral of the contributions over the cells there.

use std::cell::Cell;

use fluxions_expr::{
    Binary, Expr, FacePart, Function, Node, Operator, Rank, Reduction, Type, Unary,
};
use fluxions_grid::{Face, Geometry, Side};

use crate::error::Error;
use crate::system::boundary::conditions::Conditions;
use crate::system::boundary::seen::operators_in;
use crate::system::definition::MadeOf;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::pde::Pde;
use crate::system::symbols::Symbols;
use crate::system::transport::advected::Advected;
use crate::system::transport::conditions::Edge;

/// A flux that is given at a wall for a field, outwards and per area.
#[derive(Clone, Debug)]
pub(crate) struct GivenFlux {
    pub(crate) field: usize,
    pub(crate) face: Face,
    /// As a condition sees it, at the wall.
    pub(crate) flux: Expr,
    /// The axis or face where it stands, and the field there; none if it is for all.
    pub(crate) at: String,
    pub(crate) of: Option<String>,
}

impl GivenFlux {
    /// The mistake that nothing flows there by the equation of the field.
    fn without_flow(&self, symbols: &Symbols) -> Error {
        let name = &symbols.fields()[self.field];
        self.unfit(format!(
            "by the equation of `{name}` nothing flows there: {}",
            what_flows(symbols)
        ))
    }

    /// The mistake that it cannot be given, for this reason.
    fn unfit(&self, reason: String) -> Error {
        let (of, at) = (self.of.clone(), self.at.clone());
        Error::UnfitCondition {
            origin: Origin::Boundary { of, at: at.clone(), part: ConditionPart::Whole },
            at,
            condition: "flux",
            reason: reason.into(),
        }
    }
}

/// What flows, in words.
fn what_flows(symbols: &Symbols) -> String {
    let grid = symbols.grid();
    let needed = match grid.geometry().is_curvilinear() && grid.conservative() != Some(true) {
        true => "; along r they need the grid's conservative = true",
        false => "",
    };
    format!(
        "what flows stands under `diffusion`, `divergence` or `laplace`, alone or times what is the \
         same everywhere{needed}"
    )
}

/// A face of the domain by its named axis.
#[derive(Clone, Copy)]
struct NamedFace {
    axis: usize,
    upper: bool,
}

impl NamedFace {
    /// The name of the face, such as `x-`.
    fn name(self, symbols: &Symbols) -> String {
        let sign = if self.upper { '+' } else { '-' };
        format!("{}{sign}", symbols.grid().axes()[self.axis].name())
    }
}

/// The most definitions that are looked into for what flows, and for what a given flux sees, each
/// where it is used.
const MOST_DEFINITIONS: usize = 100_000;
/// The most of them from within one another.
const MOST_IN_A_ROW: usize = 64;

/// What is wrong if more than that are used, in words.
const TOO_MANY: &str = "too many definitions use each other in what flows there";

/// Definitions that are looked into, each where it is used: so many are left, and so many that are
/// used from within one another.
#[derive(Clone, Copy)]
struct Allowance<'a> {
    symbols: &'a Symbols,
    /// Nothing once more had to be looked into.
    left: &'a Cell<Option<usize>>,
    row: usize,
}

impl<'a> Allowance<'a> {
    fn new(symbols: &'a Symbols, left: &'a Cell<Option<usize>>) -> Self {
        left.set(Some(MOST_DEFINITIONS));
        Allowance { symbols, left, row: MOST_IN_A_ROW }
    }

    /// What a definition stands for, and what may be looked into there. `None` if that is too much.
    fn definition(self, d: usize) -> Option<(&'a Expr, Self)> {
        let row = self.row.checked_sub(1);
        let left = self.left.get().filter(|_| row.is_some()).and_then(|left| left.checked_sub(1));
        self.left.set(left);
        let (Some(_), Some(row)) = (left, row) else { return None };
        Some((&self.symbols.definitions()[d].expr, Allowance { row, ..self }))
    }
}

/// What is looked for of an operator with these arguments, if it has any: an operator with
/// arguments.
type Choice<'a> = &'a dyn Fn(Operator, &[Expr]) -> Option<Node>;

/// The contributions of a face to an expression; nothing if no term of it is in flux form.
///
/// # Errors
/// That it uses too many definitions, in words.
fn contributions(symbols: &Symbols, expr: &Expr, face: NamedFace) -> Result<Option<Expr>, String> {
    let NamedFace { axis, upper } = face;
    chosen(symbols, expr, face, &|operator, arguments| {
        let part = part_of(symbols, operator, face)?;
        Some(Node::Operator(Operator::AtFace { axis, upper, part }, arguments.to_vec()))
    })
}

/// The chosen contributions of a face to an expression, as [`contributions`] does.
fn chosen(
    symbols: &Symbols,
    expr: &Expr,
    face: NamedFace,
    choice: Choice<'_>,
) -> Result<Option<Expr>, String> {
    let left = Cell::new(None);
    let found = contributions_to(Allowance::new(symbols, &left), expr, face, choice);
    if left.get().is_some() { Ok(found) } else { Err(TOO_MANY.into()) }
}

fn contributions_to(
    within: Allowance<'_>,
    expr: &Expr,
    face: NamedFace,
    choice: Choice<'_>,
) -> Option<Expr> {
    let of = |expr: &Expr| contributions_to(within, expr, face, choice);
    match &expr.node {
        // A contribution that was put into an equation before.
        Node::Operator(Operator::AtFace { axis, upper, part }, _)
            if !matches!(part, FacePart::Line | FacePart::Mean) =>
        {
            ((*axis, *upper) == (face.axis, face.upper)).then(|| expr.clone())
        }
        Node::Operator(operator, arguments) => {
            let node = choice(*operator, arguments)?;
            Some(Expr { node, ..expr.clone() })
        }
        Node::Define(d) => {
            let (definition, within) = within.definition(*d)?;
            contributions_to(within, definition, face, choice)
        }
        Node::Call(Function::Where, parts) if matches!(parts[1].node, Node::Number(0.0)) => {
            // A field that is held in a region flows outside it.
            let parts = vec![parts[0].clone(), parts[1].clone(), of(&parts[2])?];
            Some(Expr { node: Node::Call(Function::Where, parts), ..expr.clone() })
        }
        Node::Call(Function::Unary(Unary::Negate), parts) => Some(of(&parts[0])?.negated()),
        Node::Call(Function::Binary(f), parts) => of_chain(within, &[*f], parts, face, choice),
        Node::Chain(functions, parts) => of_chain(within, functions, parts, face, choice),
        _ => None,
    }
}

/// The contributions to functions of two values that follow each other.
fn of_chain(
    within: Allowance<'_>,
    functions: &[Binary],
    parts: &[Expr],
    face: NamedFace,
    choice: Choice<'_>,
) -> Option<Expr> {
    let of = |expr: &Expr| contributions_to(within, expr, face, choice);
    let mut found = of(&parts[0]);
    for (k, (f, right)) in functions.iter().zip(&parts[1..]).enumerate() {
        found = match (f, found, of(right)) {
            (Binary::Add | Binary::Subtract, Some(a), None) => Some(a),
            (Binary::Add | Binary::Subtract, Some(a), Some(b)) => {
                Some(a.plus(b, *f == Binary::Subtract))
            }
            (Binary::Add, None, Some(b)) => Some(b),
            (Binary::Subtract, None, Some(b)) => Some(b.negated()),
            (Binary::Multiply | Binary::Divide, Some(a), None) if is_same(within, right) => {
                Some(binary(*f, &a, right))
            }
            (Binary::Multiply, None, Some(b))
                if parts[..=k].iter().all(|part| is_same(within, part)) =>
            {
                let first = parts[0].clone();
                let before = functions[..k].iter().zip(&parts[1..]);
                let left = before.fold(first, |left, (f, part)| binary(*f, &left, part));
                Some(binary(*f, &left, &b))
            }
            _ => None,
        };
    }
    found
}

/// A function of two values as an expression.
pub(crate) fn binary(f: Binary, a: &Expr, b: &Expr) -> Expr {
    let ty = match a.ty.rank {
        Rank::Scalar => b.ty,
        _ => a.ty,
    };
    let ty = ty.with_complex(a.ty.complex || b.ty.complex);
    let node = Node::Call(Function::Binary(f), vec![a.clone(), b.clone()]);
    Expr { node, ty, span: a.span }
}

/// The part of an operator that comes from a face, if the operator is in flux form along its axis.
fn part_of(
    symbols: &Symbols,
    operator: Operator,
    NamedFace { axis, .. }: NamedFace,
) -> Option<FacePart> {
    let grid = symbols.grid();
    let radial = grid.geometry().is_curvilinear() && axis == 0;
    let spherical = grid.geometry() == Geometry::Spherical;
    // The forms that operators have along r.
    let (laplace, divergence) = match grid.conservative() {
        Some(conservative) => (conservative || !spherical, conservative),
        None => (true, spherical),
    };
    match operator {
        Operator::Laplace if laplace || !radial => Some(FacePart::Slope),
        Operator::Diffusion(mean) => Some(FacePart::Diffusion(mean)),
        Operator::Divergence(side) if divergence || !radial => Some(FacePart::Value(side)),
        Operator::Second { axis: along } if along == axis && !radial => Some(FacePart::Slope),
        Operator::First { axis: along, side } if along == axis && !radial => {
            Some(FacePart::Value(side))
        }
        _ => None,
    }
}

/// Whether the form of an expression shows that it is the same in all cells.
fn is_same(within: Allowance<'_>, expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::Imaginary | Node::Time | Node::Global(_) | Node::Reduce(..) => true,
        Node::Define(d) => match within.definition(*d) {
            Some((definition, within)) => is_same(within, definition),
            None => false,
        },
        Node::Call(..) | Node::Chain(..) => {
            expr.children().iter().all(|part| is_same(within, part))
        }
        _ => false,
    }
}

/// An equation as walls and regions demand: nothing flows through the surface of regions that close
/// the field, diffusion by tensors lets no slope along a wall through that has a slope across it given,
/// and given fluxes take the place of what flows through their faces. Each step looks at the terms
/// that the earlier ones left.
///
/// # Errors
/// A flux at a face at which nothing flows, or too many definitions.
pub(crate) fn settled(
    symbols: &Symbols,
    equation: &Expr,
    field: usize,
    conditions: &Conditions,
    advected: Option<&Advected>,
) -> Result<Expr, Error> {
    let equation = match symbols.mask_of(field) {
        Some(mask) => without_flow_through_regions(symbols, equation, field, mask)?,
        None => equation.clone(),
    };
    let equation = without_slopes_along(symbols, equation, field, conditions)?;
    with_fluxes(symbols, &equation, field, conditions, advected)
}

/// An equation in which given fluxes take the place of what flows through their faces. Where a field is
/// `advected`, nothing else flows there.
///
/// # Errors
/// A flux at a face at which nothing flows by the equation.
fn with_fluxes(
    symbols: &Symbols,
    equation: &Expr,
    field: usize,
    conditions: &Conditions,
    advected: Option<&Advected>,
) -> Result<Expr, Error> {
    let mut whole = equation.clone();
    for given in conditions.fluxes().iter().filter(|given| given.field == field) {
        let GivenFlux { face, flux, .. } = given;
        let named = named(symbols, *face);
        let made_of = MadeOf::new(equation, symbols.definitions());
        if given.of.is_none() && !made_of.operators && advected.is_none() {
            // A condition for all fields has no meaning for one that does not move.
            continue;
        }
        let found = contributions(symbols, equation, named);
        let found = found.map_err(|reason| given.unfit(reason))?;
        let Some(found) = found.or_else(|| advected.map(|_| Expr::number(0.0))) else {
            return Err(given.without_flow(symbols));
        };
        let NamedFace { axis, upper } = named;
        let left = Cell::new(None);
        let within = Allowance::new(symbols, &left);
        let wall = Wall { symbols, field, face: *face, conditions };
        let seen = wall.seen_by_cell(within, flux.clone());
        let seen = seen.ok_or_else(|| given.unfit(TOO_MANY.into()))?;
        // What is advected with a density is the field times this.
        let seen = match advected.and_then(|advected| advected.density.as_ref()) {
            Some(density) => seen.over(density.clone()),
            None => seen,
        };
        let operator = Operator::AtFace { axis, upper, part: FacePart::Given };
        let node = Node::Operator(operator, vec![seen]);
        let inflow = Expr { node, ty: flux.ty, span: flux.span };
        whole = whole.plus(found, true).plus(inflow, false);
    }
    Ok(whole)
}

/// An equation of a field that is closed at the surface of regions, without what would flow through
/// it by other terms than those that are applied to the field itself. `mask` is the external field
/// that tells the regions.
///
/// # Errors
/// That it uses too many definitions.
fn without_flow_through_regions(
    symbols: &Symbols,
    equation: &Expr,
    field: usize,
    mask: usize,
) -> Result<Expr, Error> {
    let mut whole = equation.clone();
    let axes = 0..symbols.grid().dimension();
    for face in axes.flat_map(|axis| [false, true].map(|upper| NamedFace { axis, upper })) {
        let NamedFace { axis, upper } = face;
        let choice = |operator: Operator, arguments: &[Expr]| {
            let own = operator.arguments();
            let is_closed = match &arguments.get(2 * own - 1).map(|mask| &mask.node) {
                Some(Node::Field(found)) => *found == mask,
                _ => false,
            };
            let part = match part_of(symbols, operator, face)? {
                // The field mirrors itself: it has no slope there.
                FacePart::Slope if is_closed => return None,
                FacePart::Diffusion(_) if is_closed => match arguments[0].ty.rank {
                    Rank::Tensor => FacePart::AlongFace,
                    _ => return None,
                },
                part => part,
            };
            let mut arguments = arguments.to_vec();
            let span = arguments[0].span;
            arguments.push(Expr { node: Node::Field(mask), ty: Type::REAL, span });
            Some(Node::Operator(Operator::AtEdge { axis, upper, part }, arguments))
        };
        let found = chosen(symbols, equation, face, &choice).map_err(|reason| {
            let origin = Origin::Equation(symbols.fields()[field].clone());
            Error::NoFlow { origin, at: "its regions".into(), reason: reason.into() }
        })?;
        if let Some(found) = found {
            whole = whole.plus(found, true);
        }
    }
    Ok(whole)
}

/// Whether an operator with these arguments is diffusion by a tensor.
fn diffuses_by_tensor(operator: Operator, arguments: &[Expr]) -> bool {
    matches!(operator, Operator::Diffusion(_)) && arguments[0].ty.rank == Rank::Tensor
}

/// An equation without what a diffusivity that is a tensor would let flow through a wall by the slopes
/// along it, where a condition gives the slope across it. So a zero derivative closes a wall, and
/// another one lets D_nn ∂c/∂n through.
///
/// # Errors
/// That it uses too many definitions.
fn without_slopes_along(
    symbols: &Symbols,
    equation: Expr,
    field: usize,
    conditions: &Conditions,
) -> Result<Expr, Error> {
    let all = operators_in(symbols, &equation);
    if !all.iter().any(|seen| diffuses_by_tensor(seen.operator, seen.arguments)) {
        return Ok(equation);
    }
    let given = |face: Face| conditions.flux(field, face).is_some();
    let bounded =
        |face: &Face| symbols.grid().inner_axis(face.axis).is_some_and(|axis| !axis.is_periodic());
    let mut whole = equation.clone();
    for face in Face::all().filter(|face| bounded(face) && !given(*face)) {
        let wall = named(symbols, face);
        let choice = |operator: Operator, arguments: &[Expr]| {
            if !diffuses_by_tensor(operator, arguments) {
                return None;
            }
            let fields = MadeOf::new(&arguments[1], symbols.definitions()).fields;
            let gives_slope =
                |field: &usize| conditions.gives_slope(*field, symbols.type_of_field(*field), face);
            let NamedFace { axis, upper } = wall;
            let operator = Operator::AtFace { axis, upper, part: FacePart::AlongFace };
            let node = || Node::Operator(operator, arguments.to_vec());
            fields.iter().all(gives_slope).then(node)
        };
        let found = chosen(symbols, &equation, wall, &choice);
        let found = found.map_err(|reason| {
            let origin = Origin::Equation(symbols.fields()[field].clone());
            Error::NoFlow { origin, at: wall.name(symbols), reason: reason.into() }
        })?;
        if let Some(found) = found {
            whole = whole.plus(found, true);
        }
    }
    Ok(whole)
}

fn named(symbols: &Symbols, face: Face) -> NamedFace {
    NamedFace { axis: face.axis - symbols.grid().missing(), upper: face.side == Side::Upper }
}

/// Whether nothing is advected through a face, so that what flows is told by the equation.
fn is_closed(pde: &Pde, advected: &Advected, face: NamedFace) -> bool {
    let axis = pde.grid().missing() + face.axis;
    let edge = pde.conditions().of_advected(advected).edges[axis][usize::from(face.upper)];
    edge == Edge::Wall
}

/// An expression of an output in which the flows through faces are the integrals that they mean.
///
/// # Errors
/// A flow where nothing flows.
pub(crate) fn with_flows(pde: &Pde, origin: &Origin, expr: Expr) -> Result<Expr, Vec<Error>> {
    let Node::Flow { axis, upper, of } = &expr.node else {
        return expr.try_map(|part| with_flows(pde, origin, part));
    };
    let face = NamedFace { axis: *axis, upper: *upper };
    let (rate, advected) = match &of.node {
        Node::Field(field) => {
            let advected = pde.advected.iter().find(|advected| advected.field == *field);
            (pde.equations().get(*field).unwrap_or(of), advected)
        }
        _ => (&**of, None),
    };
    let named = &pde.grid().axes()[*axis];
    let nothing = |reason: String| {
        let at = face.name(pde.symbols());
        vec![Error::NoFlow { origin: origin.clone(), at, reason: reason.into() }]
    };
    if named.is_periodic() {
        return Err(nothing(format!(
            "the axis {} is periodic, so that it has no walls",
            named.name()
        )));
    }
    if advected.is_some_and(|advected| !is_closed(pde, advected, face)) {
        return Err(nothing("what advection carries through walls cannot be told yet".into()));
    }
    let inwards = contributions(pde.symbols(), rate, face).map_err(nothing)?;
    let mut inwards = inwards.ok_or_else(|| nothing(what_flows(pde.symbols())))?;
    if let Some(density) = advected.and_then(|advected| advected.density.as_ref()) {
        // What is advected with a density is the field times this.
        inwards = inwards.times(density.clone());
    }
    let (ty, span) = (inwards.ty, expr.span);
    let node = Node::Reduce(Reduction::Integral, Box::new(inwards.negated()));
    Ok(Expr { node, ty, span })
}

/// A wall at which a flux is given.
struct Wall<'a> {
    symbols: &'a Symbols,
    /// The field for which it is given.
    field: usize,
    face: Face,
    conditions: &'a Conditions,
}

impl Wall<'_> {
    /// What a condition sees at the wall, as it is computed in the cell at the wall. `None` if it uses
    /// too many definitions.
    fn seen_by_cell(&self, within: Allowance<'_>, expr: Expr) -> Option<Expr> {
        let symbols = self.symbols;
        let NamedFace { axis, upper } = named(symbols, self.face);
        let own = || {
            let ty = symbols.types()[self.field];
            Expr { node: Node::Field(self.field), ty, span: expr.span }
        };
        let at_wall = |of: Expr, part: FacePart| {
            let (ty, span) = (of.ty, of.span);
            let operator = Operator::AtFace { axis, upper, part };
            Expr { node: Node::Operator(operator, vec![of]), ty, span }
        };
        Some(match &expr.node {
            // A region is what the cell at the wall is.
            Node::Field(field) if symbols.is_mask(*field) => expr,
            Node::Field(field) => {
                let part = match self.conditions.gives_value(*field, expr.ty, self.face) {
                    true => FacePart::Mean,
                    false => FacePart::Line,
                };
                at_wall(expr, part)
            }
            Node::AtWall => at_wall(own(), FacePart::Line),
            Node::Mirrored => own(),
            Node::Spacing => {
                let spacing = symbols.grid().axes()[axis].spacing();
                Expr { node: Node::Number(spacing), ..expr }
            }
            Node::Coordinate(along) if *along == axis => {
                let bound = symbols.grid().axes()[axis].bounds()[self.face.side.index()];
                Expr { node: Node::Number(bound), ..expr }
            }
            Node::Define(d) => {
                let (definition, within) = within.definition(*d)?;
                self.seen_by_cell(within, Expr { span: expr.span, ..definition.clone() })?
            }
            // Numbers of the whole domain, and values in the cell itself, are what they are.
            Node::Reduce(..) => expr,
            Node::InCell(inner) => self.in_cell(within, (**inner).clone())?,
            _ => expr.try_map(|part| self.seen_by_cell(within, part).ok_or(())).ok()?,
        })
    }

    /// What a condition sees in the cell at the wall.
    fn in_cell(&self, within: Allowance<'_>, expr: Expr) -> Option<Expr> {
        match &expr.node {
            Node::Mirrored | Node::AtWall | Node::Spacing => self.seen_by_cell(within, expr),
            _ => expr.try_map(|part| self.in_cell(within, part).ok_or(())).ok(),
        }
    }
}
