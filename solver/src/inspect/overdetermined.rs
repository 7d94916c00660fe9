//! Walls with more conditions than the equations want.

use fluxions_grid::{Condition, Face};

use crate::plan::plan::equations;
use crate::plan::program::Program;
use crate::system::pde::Pde;

/// The fields, each with a face, that have two conditions there although the equations look at a
/// single layer of ghost cells. An equation of second order in space has one condition at each wall:
/// with two, the solution depends on the spacing of the grid.
pub fn overdetermined(pde: &Pde) -> Vec<(String, Face)> {
    let targets = equations(pde);
    let program = Program::new(pde, &targets);
    let is_advected = |field: usize| pde.advected.iter().any(|advected| advected.field == field);
    let has_two = |field: usize, face: Face| {
        let sets = pde.conditions().of_field(field, pde.types()[field]);
        sets.into_iter().flatten().any(|set| {
            let at_face = &pde.conditions().of_array(*set)[face.axis][face.side.index()];
            matches!(at_face.condition, Condition::Clamped { .. } | Condition::Supported { .. })
        })
    };
    let layers = |field: usize, face: Face| {
        let widths = pde.arrays_of(field).map(|array| program.fields[array]);
        widths.map(|width| width.layers[face.axis][face.side.index()]).max().unwrap_or(0)
    };
    let mut found = Vec::new();
    for (field, name) in pde.fields().iter().enumerate() {
        let here = |face: &Face| layers(field, *face) == 1 && has_two(field, *face);
        if !is_advected(field) {
            found.extend(Face::all().filter(here).map(|face| (name.clone(), face)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid, Side};

    use super::*;

    #[test]
    fn a_second_condition_is_for_equations_of_fourth_order() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let found = |equation: &str| {
            let two = || Condition::Clamped { value: 0.0.into(), derivative: 1.0.into() };
            let pde = Pde::on(&grid).define("mu", "c^2 - laplace(c)").equation("c", equation);
            let pde = pde.boundary("x-", two()).build().unwrap();
            overdetermined(&pde)
        };
        let lower = Face { axis: 2, side: Side::Lower };
        assert_eq!(found("laplace(c)"), [("c".to_string(), lower)]);
        assert_eq!(found("laplace(mu)"), []);
        assert_eq!(found("-laplace(laplace(c))"), []);
        assert_eq!(found("-c"), []);
    }
}
