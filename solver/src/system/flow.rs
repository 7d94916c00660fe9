//! What flows through the faces of the domain.
//!
//! An equation says what flows by terms in *flux form*: operators that are differences of what flows
//! through the faces of a cell, alone or with factors that are the same everywhere. In the cell at a
//! wall, each such term has a contribution of the wall ([`FacePart`]). A given flux takes the place
//! of these contributions, so that exactly what was given flows; and the flow through a wall is the
//! integral of the contributions over the cells there.

use fluxions_expr::{Binary, Expr, FacePart, Function, Node, Operator, Reduction, Unary};
use fluxions_grid::{Face, Geometry, Side};

use crate::error::Error;
use crate::system::boundary::conditions::Conditions;
use crate::system::definition::MadeOf;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::pde::Pde;
use crate::system::symbols::Symbols;

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
        let (of, at) = (self.of.clone(), self.at.clone());
        let name = &symbols.fields()[self.field];
        let reason = format!(
            "by the equation of `{name}` nothing flows there: what flows stands under `diffusion`, \
             `divergence` or `laplace`, alone or times what is the same everywhere{}",
            in_conservative_form(symbols)
        );
        Error::UnfitCondition {
            origin: Origin::Boundary { of, at: at.clone(), part: ConditionPart::Whole },
            at,
            condition: "flux",
            reason: reason.into(),
        }
    }
}

/// What else must hold for something to flow, on grids where operators have other forms too.
fn in_conservative_form(symbols: &Symbols) -> &'static str {
    let grid = symbols.grid();
    match grid.geometry().is_curvilinear() && grid.conservative() != Some(true) {
        true => "; along r they need the grid's conservative = true",
        false => "",
    }
}

/// A face of the domain by its named axis.
#[derive(Clone, Copy)]
struct NamedFace {
    axis: usize,
    upper: bool,
}

/// The contributions of a face to an expression; nothing if no term of it is in flux form.
fn contributions(symbols: &Symbols, expr: &Expr, face: NamedFace) -> Option<Expr> {
    let of = |expr: &Expr| contributions(symbols, expr, face);
    let is_factor = |expr: &Expr| is_same(symbols, expr);
    match &expr.node {
        // A contribution that was put into an equation before.
        Node::Operator(Operator::AtFace { axis, upper, part }, _)
            if !matches!(part, FacePart::Line | FacePart::Mean) =>
        {
            ((*axis, *upper) == (face.axis, face.upper)).then(|| expr.clone())
        }
        Node::Operator(operator, arguments) => {
            let part = part_of(symbols, *operator, face)?;
            let NamedFace { axis, upper } = face;
            let node = Node::Operator(Operator::AtFace { axis, upper, part }, arguments.clone());
            Some(Expr { node, ..expr.clone() })
        }
        Node::Define(d) => of(&symbols.definitions()[*d].expr),
        Node::Call(Function::Unary(Unary::Negate), parts) => Some(of(&parts[0])?.negated()),
        Node::Call(Function::Binary(f), parts) => {
            joined(*f, (&parts[0], of(&parts[0])), (&parts[1], of(&parts[1])), is_factor)
        }
        Node::Chain(functions, parts) => {
            let (mut whole, mut found) = (parts[0].clone(), of(&parts[0]));
            for (f, right) in functions.iter().zip(&parts[1..]) {
                found = joined(*f, (&whole, found), (right, of(right)), is_factor);
                whole = binary(*f, &whole, right);
            }
            found
        }
        _ => None,
    }
}

/// The contributions to a function of two values, from those to each.
fn joined(
    f: Binary,
    (left, of_left): (&Expr, Option<Expr>),
    (right, of_right): (&Expr, Option<Expr>),
    is_factor: impl Fn(&Expr) -> bool,
) -> Option<Expr> {
    match (f, of_left, of_right) {
        (Binary::Add, Some(a), None) | (Binary::Subtract, Some(a), None) => Some(a),
        (Binary::Add, None, Some(b)) => Some(b),
        (Binary::Subtract, None, Some(b)) => Some(b.negated()),
        (Binary::Add | Binary::Subtract, Some(a), Some(b)) => Some(binary(f, &a, &b)),
        (Binary::Multiply | Binary::Divide, Some(a), None) if is_factor(right) => {
            Some(binary(f, &a, right))
        }
        (Binary::Multiply, None, Some(b)) if is_factor(left) => Some(binary(f, left, &b)),
        _ => None,
    }
}

/// A function of two values as an expression.
pub(crate) fn binary(f: Binary, a: &Expr, b: &Expr) -> Expr {
    let ty = match a.ty.rank {
        fluxions_expr::Rank::Scalar => b.ty,
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
        Operator::Diffusion => Some(FacePart::Diffusion),
        Operator::Divergence(side) if divergence || !radial => Some(FacePart::Value(side)),
        Operator::Second { axis: along } if along == axis && !radial => Some(FacePart::Slope),
        Operator::First { axis: along, side } if along == axis && !radial => {
            Some(FacePart::Value(side))
        }
        _ => None,
    }
}

/// Whether the form of an expression shows that it is the same in all cells.
fn is_same(symbols: &Symbols, expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::Imaginary | Node::Time | Node::Reduce(..) => true,
        Node::Define(d) => is_same(symbols, &symbols.definitions()[*d].expr),
        Node::Call(..) | Node::Chain(..) => {
            expr.children().iter().all(|part| is_same(symbols, part))
        }
        _ => false,
    }
}

/// An equation in which given fluxes take the place of what flows through their faces.
///
/// # Errors
/// A flux at a face at which nothing flows by the equation.
pub(crate) fn with_fluxes(
    symbols: &Symbols,
    equation: &Expr,
    field: usize,
    conditions: &Conditions,
) -> Result<Expr, Error> {
    let mut whole = equation.clone();
    for given in conditions.fluxes().iter().filter(|given| given.field == field) {
        let GivenFlux { face, flux, .. } = given;
        let named = named(symbols, *face);
        let made_of = MadeOf::new(equation, symbols.definitions());
        if given.of.is_none() && !made_of.operators {
            // A condition for all fields has no meaning for one that does not move.
            continue;
        }
        let found = contributions(symbols, equation, named);
        let found = found.ok_or_else(|| given.without_flow(symbols))?;
        let NamedFace { axis, upper } = named;
        let seen = Wall { symbols, field, face: *face, conditions };
        let operator = Operator::AtFace { axis, upper, part: FacePart::Given };
        let node = Node::Operator(operator, vec![seen.seen_by_cell(flux.clone())]);
        let inflow = Expr { node, ty: flux.ty, span: flux.span };
        whole = whole.plus(found, true).plus(inflow, false);
    }
    Ok(whole)
}

fn named(symbols: &Symbols, face: Face) -> NamedFace {
    NamedFace { axis: face.axis - symbols.grid().missing(), upper: face.side == Side::Upper }
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
    let rate = match &of.node {
        Node::Field(field) => pde.equations().get(*field).unwrap_or(of),
        _ => &**of,
    };
    let Some(inwards) = contributions(pde.symbols(), rate, face) else {
        let named = &pde.grid().axes()[*axis];
        let at = format!("{}{}", named.name(), if *upper { '+' } else { '-' });
        let needs = in_conservative_form(pde.symbols());
        return Err(vec![Error::NoFlow { origin: origin.clone(), at, needs }]);
    };
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
    /// What a condition sees at the wall, as it is computed in the cell at the wall.
    fn seen_by_cell(&self, expr: Expr) -> Expr {
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
        match &expr.node {
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
                let definition = symbols.definitions()[*d].expr.clone();
                self.seen_by_cell(Expr { span: expr.span, ..definition })
            }
            // Numbers of the whole domain, and values in the cell itself, are what they are.
            Node::Reduce(..) => expr,
            Node::InCell(inner) => self.in_cell((**inner).clone()),
            _ => {
                let Ok(whole) =
                    expr.try_map(|part| Ok::<_, std::convert::Infallible>(self.seen_by_cell(part)));
                whole
            }
        }
    }

    /// What a condition sees in the cell at the wall.
    fn in_cell(&self, expr: Expr) -> Expr {
        match &expr.node {
            Node::Mirrored | Node::AtWall | Node::Spacing => self.seen_by_cell(expr),
            _ => {
                let Ok(whole) =
                    expr.try_map(|part| Ok::<_, std::convert::Infallible>(self.in_cell(part)));
                whole
            }
        }
    }
}
