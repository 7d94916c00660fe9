//! What boundary conditions see beside their own quantity: other fields at the wall, operators on
//! fields, and numbers of the whole domain.

use std::collections::HashSet;

use fluxions_expr::{Expr, Node, Operator, Type};
use fluxions_grid::{Axis, Condition, Face};

use crate::operators;
use crate::system::boundary::array_condition::FaceConditions;
use crate::system::definition::base;
use crate::system::symbols::Symbols;

/// An operator in an expression, such as the number of a condition.
pub(crate) struct SeenOperator<'e> {
    pub(crate) operator: Operator,
    pub(crate) arguments: &'e [Expr],
    /// Whether it stands in a number of the whole domain.
    reduced: bool,
}

/// The operators in an expression, and in the definitions that it uses.
pub(crate) fn operators_in<'e>(symbols: &'e Symbols, expr: &'e Expr) -> Vec<SeenOperator<'e>> {
    let (mut found, mut open) = (Vec::new(), vec![(expr, false)]);
    let mut seen = HashSet::new();
    while let Some((expr, mut reduced)) = open.pop() {
        match &expr.node {
            Node::Operator(operator, arguments) => {
                found.push(SeenOperator { operator: *operator, arguments, reduced });
            }
            Node::Reduce(..) => reduced = true,
            Node::Define(d) if seen.insert((*d, reduced)) => {
                open.push((&symbols.definitions()[*d].expr, reduced));
            }
            _ => {}
        }
        open.extend(expr.children().iter().map(|child| (child, reduced)));
    }
    found
}

/// Whether what conditions alone see, such as `value`, stands in a number of the whole domain or in
/// the argument of an operator, where there is no wall.
fn sees_no_wall(expr: &Expr, away: bool) -> bool {
    let only_here =
        matches!(expr.node, Node::AtWall | Node::Mirrored | Node::Spacing | Node::InCell(_));
    let away = away || matches!(expr.node, Node::Operator(..) | Node::Reduce(..));
    (away && only_here) || expr.children().iter().any(|child| sees_no_wall(child, away))
}

/// The field of which an expression is the whole or a component.
fn field_of(expr: &Expr) -> Option<usize> {
    match base(expr) {
        Some(Expr { node: Node::Field(field), .. }) => Some(*field),
        _ => None,
    }
}

/// Why the numbers of a condition at a wall across an axis cannot be computed, in words, if so.
pub(crate) fn unfit(symbols: &Symbols, axis: &Axis, condition: &Condition<Expr>) -> Option<String> {
    let grid = symbols.grid();
    let radial = grid.geometry().is_curvilinear() && axis.name() == grid.axes()[0].name();
    if condition.numbers().into_iter().any(|expr| sees_no_wall(expr, false)) {
        let reason = "`value`, `cell` and `dx` stand for the wall: they cannot be used in numbers of the \
                      whole domain, or in what operators are applied to";
        return Some(reason.into());
    }
    let numbers = condition.numbers().into_iter();
    numbers.flat_map(|expr| operators_in(symbols, expr)).find_map(|seen| {
        let mut stored = operators::stored(seen.operator, seen.arguments);
        if let Condition::Flux(_) = condition {
            return Some("it cannot use operators".into());
        }
        if seen.reduced {
            return Some(
                "a number of the whole domain in it is one of fields, without operators".into(),
            );
        }
        if matches!(seen.operator, Operator::Custom { .. }) {
            return Some("it cannot use operators that the program defines".into());
        }
        if radial {
            return Some(format!("it cannot use operators at a wall across {}", axis.name()));
        }
        let solved = symbols.fields().len();
        let is_external = |(k, argument): (usize, &Expr)| {
            operators::is_coefficient(seen.operator, k)
                && field_of(argument).is_some_and(|field| field >= solved)
        };
        if operators::stored(seen.operator, seen.arguments).any(is_external) {
            return Some("a diffusivity in it cannot be external data".into());
        }
        if !stored.all(|(_, argument)| field_of(argument).is_some()) {
            return Some("operators in it are applied to fields, not to expressions".into());
        }
        None
    })
}

/// A field with one of its faces.
type FieldFace = (usize, Face);

/// The order in which the ghost cells of fields are computed, of those at whose faces conditions see
/// others: first those of fields on which operators in the conditions of others are applied. The
/// `conditions` are those of each array of each field.
///
/// # Errors
/// A face whose ghost cells depend on themselves.
pub(crate) fn order(
    symbols: &Symbols,
    conditions: &[Vec<&FaceConditions>],
) -> Result<Vec<FieldFace>, FieldFace> {
    let is_swept = |(field, face): FieldFace| {
        conditions[field].iter().any(|faces| faces[face.axis][face.side.index()].sees_others)
    };
    // Corners follow axis by axis, so faces across earlier axes come first where they can.
    let mut waiting: Vec<FieldFace> = Face::all()
        .flat_map(|face| (0..conditions.len()).map(move |field| (field, face)))
        .filter(|place| is_swept(*place))
        .collect();
    // The ghost cells at which operators in the conditions look that hold at a face.
    let read = |(field, face): FieldFace| -> HashSet<FieldFace> {
        let here = conditions[field].iter().map(|faces| &faces[face.axis][face.side.index()]);
        let numbers = here.flat_map(|condition| condition.condition.numbers());
        let seen = numbers.flat_map(|expr| operators_in(symbols, expr));
        seen.flat_map(|SeenOperator { operator, arguments, .. }| {
            let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
            let reach = operators::reach(operator, symbols.operators(), symbols.grid(), &types);
            let fields = operators::stored(operator, arguments)
                .filter_map(|(k, argument)| Some((k, field_of(argument)?)));
            fields
                .flat_map(|(k, of)| {
                    let widths = reach[k].numbers.iter().flatten();
                    let layers: Vec<_> = widths.map(|width| width.layers).collect();
                    let looks = move |at: &Face| {
                        layers.iter().any(|layers| layers[at.axis][at.side.index()] > 0)
                    };
                    Face::all().filter(looks).map(move |at| (of, at))
                })
                .collect::<Vec<_>>()
        })
        .collect()
    };
    let reads: Vec<HashSet<FieldFace>> = waiting.iter().map(|place| read(*place)).collect();
    let mut reads: Vec<(FieldFace, HashSet<FieldFace>)> = waiting.drain(..).zip(reads).collect();
    let mut ordered = Vec::new();
    while !reads.is_empty() {
        let open: HashSet<FieldFace> = reads.iter().map(|(place, _)| *place).collect();
        let is_free = |(_, reads): &&(FieldFace, HashSet<FieldFace>)| reads.is_disjoint(&open);
        let (first, awaited) = &reads[0];
        // What the first one waits for comes before what others could do.
        let awaits = |(place, _): &&(FieldFace, HashSet<FieldFace>)| awaited.contains(place);
        let next = reads.iter().filter(is_free).find(awaits).or_else(|| reads.iter().find(is_free));
        let next = next.ok_or(*first)?.0;
        reads.retain(|(place, _)| *place != next);
        ordered.push(next);
    }
    Ok(ordered)
}
