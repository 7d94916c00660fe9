//! Which term of which equation limits the step of explicit schemes, and in which cell.
//!
//! The largest rate of change is the spectral radius ρ of the matrix of bounds, which arrays make of each other. With its
//! eigenvectors to the left and the right, l and r, an entry a_jk has the share l_j a_jk r_k/(ρ l·r) in it, and so has the
//! part of it that comes from a term.

use fluxions_comm::World;
use fluxions_expr::{Expr, Function, Node, Span};

use crate::error::{Error, Errors};
use crate::plan::program::OwnedExpr;
use crate::run::executor::Executor;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::sensitivities::Sensitivities;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::implicit_part::terms;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells that are looked at, at each of a few places of a large grid.
const MOST_CELLS: usize = 1 << 18;
/// How often a matrix is multiplied to find its eigenvectors.
const PRODUCTS: usize = 500;
/// Bounds that differ by less are the same.
const SAME: f64 = 1e-9;

/// What limits the step.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiting {
    /// The equation in which the term stands.
    pub origin: Origin,
    /// The term in its text.
    pub span: Span,
    /// The names and coordinates of the cell where it is fastest; none where it is as fast in all cells.
    pub cell: Vec<(String, f64)>,
}

/// The term that limits the step in the initial state; nothing where nothing limits it, or where the scheme of a step
/// is not one that follows from the equations alone.
///
/// # Errors
/// The mistakes in the initial values.
pub fn limiting(pde: &Pde, initial: &[(String, Formula)]) -> Result<Option<Limiting>, Errors> {
    let whole = pde.grid().cells() <= MOST_CELLS;
    let places: &[f64] = if whole { &[0.0] } else { &[0.0, 0.5, 1.0] };
    let (mut most, mut found) = (0.0, None);
    for place in places {
        let (part, initial) = Shifted::part(pde, initial, MOST_CELLS, *place);
        let Some((rate, limiting)) = of_part(&part, &initial)? else { continue };
        if rate > most {
            (most, found) = (rate, Some(limiting));
        }
    }
    Ok(found)
}

/// The rate of a part of the grid, on one rank, and what limits the step there.
fn of_part(pde: &Pde, initial: &[(String, Formula)]) -> Result<Option<(f64, Limiting)>, Errors> {
    let world = World::solo();
    let kept = scheme_for(pde, &SchemeChoice::Usual)?.kept(pde);
    let stepped = (0..pde.fields().len()).filter(|field| !pde.unknowns().contains(field));
    let all: Vec<(usize, Expr, Span)> = stepped
        .flat_map(|field| {
            let each = terms(&pde.equations()[field]);
            each.into_iter().map(move |(_, term)| {
                let span = text_of(&term);
                (field, term, span)
            })
        })
        .collect();
    let of_terms: Vec<Sensitivities> = all
        .iter()
        .map(|(field, expr, _)| {
            let owner = pde.conditions().owner_of_field(*field);
            Sensitivities::of_term(pde, &kept, *field, OwnedExpr { expr, owner, name: "" })
        })
        .collect();
    let builder = Simulation::builder(pde, &world).dt(1e-30).initials(initial).uncompiled();
    let with_room = of_terms.iter().fold(builder, |b, of_term| b.with_room_for(&of_term.plan));
    let mut simulation = with_room.build()?;
    let mut run = |of_term: &Sensitivities| -> Result<Vec<Vec<f64>>, Error> {
        let results = of_term.plan.results();
        let mut executor: Executor = simulation.executor(of_term.plan.clone())?;
        simulation.run_beside(&mut executor)?;
        Ok(of_term.symbols(&executor.parameters()[results]).entries())
    };
    let mut entries = Vec::new();
    for of_term in &of_terms {
        entries.push(run(of_term)?);
    }
    let n = pde.arrays();
    let of_terms_at = |j: usize, k: usize| entries.iter().map(|term| term[j][k]).sum::<f64>();
    let sum: Vec<Vec<f64>> = (0..n).map(|j| (0..n).map(|k| of_terms_at(j, k)).collect()).collect();
    let transposed: Vec<Vec<f64>> = (0..n).map(|j| (0..n).map(|k| sum[k][j]).collect()).collect();
    let (rate, right) = eigenvector(&sum);
    let (_, left) = eigenvector(&transposed);
    if rate.is_nan() || rate <= 0.0 {
        return Ok(None);
    }
    let share = |term: usize| -> f64 {
        let rows = entries[term].iter().zip(&left);
        rows.map(|(row, l)| l * row.iter().zip(&right).map(|(x, r)| x * r).sum::<f64>()).sum()
    };
    // Of terms with the same share that which looks at the most cells, as the spatial part of waves does.
    let shares: Vec<f64> = (0..all.len()).map(share).collect();
    let most = shares.iter().copied().fold(0.0, f64::max);
    let looks = |term: usize| u8::from(has_operator(&all[term].1));
    let candidates = (0..all.len()).filter(|term| shares[*term] >= 0.999 * most);
    let Some(term) = candidates.max_by_key(|term| (looks(*term), all.len() - term)) else {
        return Ok(None);
    };
    let _ = run(&of_terms[term])?;
    let (field, _, span) = &all[term];
    let origin = Origin::Equation(pde.fields()[*field].clone());
    let cell = place_of_largest(&simulation, &of_terms[term].stored);
    Ok(Some((rate, Limiting { origin, span: *span, cell })))
}

/// The text of a term, without its sign.
fn text_of(term: &Expr) -> Span {
    match &term.node {
        Node::Chain(..) | Node::Call(Function::Binary(_), _) => {
            let parts = term.children().iter().map(|part| part.span).collect::<Vec<_>>();
            let start = parts.iter().map(|span| span.start).min();
            let end = parts.iter().map(|span| span.end).max();
            start.zip(end).map_or(term.span, |(start, end)| Span::new(start, end))
        }
        _ => term.span,
    }
}

fn has_operator(term: &Expr) -> bool {
    let mut found = false;
    term.walk(&mut |part| found |= matches!(part.node, Node::Operator(..)));
    found
}

/// The spectral radius of a matrix without negative entries, and an eigenvector for it.
fn eigenvector(matrix: &[Vec<f64>]) -> (f64, Vec<f64>) {
    let sums = matrix.iter().map(|row| row.iter().sum::<f64>());
    // With the shift the vector does not go round in a circle.
    let shift = sums.fold(0.0, f64::max) / 2.0;
    let mut vector = vec![1.0; matrix.len()];
    let mut rate = 0.0;
    for _ in 0..PRODUCTS {
        let product = |row: &Vec<f64>| row.iter().zip(&vector).map(|(a, x)| a * x).sum::<f64>();
        let next: Vec<f64> =
            matrix.iter().zip(&vector).map(|(row, x)| product(row) + shift * x).collect();
        let most = next.iter().copied().fold(0.0, f64::max);
        if most == 0.0 || !most.is_finite() {
            return (0.0, vector);
        }
        rate = most - shift;
        vector = next.iter().map(|x| x / most).collect();
    }
    (rate, vector)
}

/// The cell where that of these arrays has its largest value whose values differ most; nothing where all are the same.
fn place_of_largest(simulation: &Simulation, arrays: &[usize]) -> Vec<(String, f64)> {
    let state = &simulation.state;
    let extremes = |array: &usize| {
        let view = state.view(*array);
        let mut most = (f64::NEG_INFINITY, Vec::new());
        let mut least = f64::INFINITY;
        for (index, x) in view.indexed_iter() {
            least = least.min(*x);
            if *x > most.0 {
                most = (*x, (0..view.ndim()).map(|axis| index[axis]).collect());
            }
        }
        (most, least)
    };
    let all = arrays.iter().map(extremes);
    let differ = all.filter(|((most, _), least)| most - least > SAME * most.abs());
    let ratio = |most: f64, least: f64| if least > 0.0 { most / least } else { f64::INFINITY };
    let one = differ.max_by(|((a, _), x), ((b, _), y)| ratio(*a, *x).total_cmp(&ratio(*b, *y)));
    let Some(((_, index), _)) = one else { return Vec::new() };
    let axes = simulation.pde().grid().axes();
    axes.iter().zip(index).map(|(axis, k)| (axis.name().into(), axis.centre(k as isize))).collect()
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;

    /// The field, the term and the coordinates.
    fn found(equations: &[(&str, &str)], initial: &[(&str, &str)]) -> (String, String, Vec<f64>) {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 16, Ends::Periodic);
        let grid = grid.axis("y", 0.0..2.0, 8, Ends::Periodic).build().unwrap();
        let builder = equations.iter().fold(Pde::on(&grid), |b, (f, text)| b.equation(f, *text));
        let pde = builder.build().unwrap();
        let initial: Vec<_> =
            initial.iter().map(|(f, text)| (f.to_string(), Formula::from(*text))).collect();
        let Limiting { origin, span, cell } = limiting(&pde, &initial).unwrap().unwrap();
        let Origin::Equation(field) = origin else { panic!("{origin:?}") };
        let (_, text) = equations.iter().find(|(name, _)| *name == field).unwrap();
        let places = cell.iter().map(|(_, x)| *x).collect();
        (field, text[span.start..span.end].into(), places)
    }

    #[test]
    fn the_term_and_the_cell_that_limit_the_step_are_found() {
        let of = |equation: &str, initial: &str| found(&[("u", equation)], &[("u", initial)]);
        let one = |term: &str, cell: &[f64]| ("u".to_string(), term.to_string(), cell.to_vec());
        assert_eq!(of("u - u^3 + 0.1*laplace(u)", "x"), one("0.1*laplace(u)", &[]));
        assert_eq!(of("-2*d_dx(u) - 1e-6*laplace(laplace(u))", "0"), one("2*d_dx(u)", &[]));
        assert_eq!(
            of("laplace(u)*(1 + 9*x) - u", "0"),
            one("laplace(u)*(1 + 9*x)", &[0.96875, 0.125])
        );
        // The rate of u³ grows with u.
        let cell = [0.03125, 1.875];
        assert_eq!(of("1e-9*laplace(u) - u^3", "y*(1 - x)"), one("u^3", &cell));
        // What an operator is applied to.
        assert_eq!(
            of("0.1*laplace(u*(2 + x)) + u", "1"),
            one("0.1*laplace(u*(2 + x))", &[0.96875, 0.125])
        );
    }

    #[test]
    fn of_waves_the_part_in_space_is_named() {
        let waves = [("u", "v"), ("v", "9*laplace(u) - v")];
        let found = found(&waves, &[("u", "x"), ("v", "0")]);
        assert_eq!(found, ("v".into(), "9*laplace(u)".into(), vec![]));
    }
}
