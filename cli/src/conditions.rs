//! The boundary conditions of a problem, in words.

use fluxions::expr::Expr;
use fluxions::grid::{Condition, Face, Side};
use fluxions_io::{Field, Problem};
use fluxions_solver::{Conditioned, FaceConditions, Origin, conditioned};

/// The boundary conditions of each quantity that has any, a line for each.
pub(crate) fn conditions(problem: &Problem) -> String {
    let pde = &problem.pde;
    let mut lines = Vec::new();
    for quantity in conditioned(pde) {
        let Conditioned { name, text, ty, conditions } = &quantity;
        let field = pde.fields().iter().position(|known| known == name && text.is_none());
        // Real and imaginary parts have the same conditions.
        let arrays = conditions.iter().step_by(ty.per_component());
        let words: Vec<String> =
            arrays.map(|n| on_faces(problem, field, pde.conditions().of_array(*n))).collect();
        let text = text.as_ref().and_then(|(origin, span)| {
            Some(format!(" `{}`", written(problem, origin)?.get(span.start..span.end)?))
        });
        let text = text.unwrap_or_default();
        match words.first() {
            Some(first) if words.iter().all(|other| other == first) => {
                lines.push(format!("{name}{text}: {first}"));
            }
            _ => {
                let components = Field::new(name, *ty, &pde.space().components).components();
                let named = components.iter().zip(&words);
                lines.extend(named.map(|(component, words)| format!("{component}{text}: {words}")));
            }
        }
    }
    if lines.is_empty() {
        return "none: no operator looks at neighbouring cells".into();
    }
    lines.join("\n")
}

/// The text of an equation or definition, where it is a single one.
fn written<'p>(problem: &'p Problem, origin: &Origin) -> Option<&'p str> {
    let (list, name) = match origin {
        Origin::Equation(name) => (&problem.equations, name),
        Origin::Define(name) => (&problem.definitions, name),
        _ => return None,
    };
    let (_, text) = list.iter().find(|(known, _)| known == name)?;
    Some(text)
}

/// The condition at each face, in words, of a field or of something else.
fn on_faces(problem: &Problem, field: Option<usize>, conditions: &FaceConditions) -> String {
    let grid = problem.pde.grid();
    let mut faces = Vec::new();
    for (named, axis) in grid.axes().iter().enumerate() {
        let [lower, upper] = &conditions[grid.missing() + named];
        if lower.condition.joins_ends() {
            faces.push(format!("{} {}", axis.name(), lower.condition.name()));
            continue;
        }
        for (side, face) in Side::BOTH.into_iter().zip([lower, upper]) {
            let at = Face { axis: grid.missing() + named, side };
            let flux = field.and_then(|field| problem.pde.conditions().flux(field, at));
            let name = match &face.condition {
                _ if flux.is_some_and(is_zero) => "zero flux",
                _ if flux.is_some() => "flux",
                Condition::Derivative(expr) if is_zero(expr) => "zero derivative",
                Condition::Value(expr) if is_zero(expr) => "zero value",
                other => other.name(),
            };
            faces.push(format!("{}{} {name}", axis.name(), side.sign()));
        }
    }
    faces.join(", ")
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr.node, fluxions::expr::Node::Number(0.0))
}
