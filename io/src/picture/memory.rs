//! How much memory pictures take.

use fluxions_expr::{Rank, Type};

use crate::problem::{Output, Problem};

/// About how many bytes of memory the pictures of the states of a problem take, of so many panels at most: the values of all
/// panels of a state, at whose end all else that a run holds is free again. One rank draws them.
pub fn memory(problem: &Problem, panels: usize) -> usize {
    let Output { fields, picture: true, .. } = &problem.output else { return 0 };
    let pde = &problem.pde;
    let axes = pde.grid().axes();
    // Of three axes the last one is cut.
    let cells: usize = axes.iter().take(2).map(|axis| axis.cells()).product();
    let type_of = |name: &String| {
        let known = pde.fields().iter().zip(pde.types()).find(|(field, _)| *field == name);
        known.map_or(Type::real(Rank::Scalar), |(_, ty)| *ty)
    };
    let (mut room, mut numbers, mut read) = (panels, 0, 0);
    for (name, _) in fields {
        let ty = type_of(name);
        let directions = pde.space().components.len();
        let components = match ty.rank {
            Rank::Scalar => 1,
            Rank::Vector => directions,
            Rank::Tensor => directions * directions,
        };
        let (its_panels, for_each) = match (ty.rank, ty.complex) {
            // By absolute value and angle.
            (Rank::Scalar, true) => (2, 1),
            // The length, and two components for arrows.
            (Rank::Vector, false) if axes.len() > 1 => (1, 3),
            _ => (components, 1),
        };
        let shown = its_panels.min(room);
        (room, numbers) = (room - shown, numbers + shown * for_each);
        // What there is for a moment beside the values of a panel, while they are read.
        let at_once = match (for_each > 1, ty.complex) {
            (true, _) => components - 1,
            (false, true) => ty.per_component(),
            (false, false) => 0,
        };
        read = read.max(if shown > 0 { at_once } else { 0 });
    }
    cells * (numbers + read) * size_of::<f64>()
}
