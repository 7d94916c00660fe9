//! What a step with transport asks of the grid and of its decomposition.

use crate::error::Error;
use crate::system::pde::Pde;
use crate::system::transport::advected::unfit;

/// Checks that the grid has as many cells along each axis as a step with transport looks at.
/// `least` gives their number along each of the three inner axes.
pub(crate) fn check_cells(pde: &Pde, least: [usize; 3]) -> Result<(), Error> {
    let Some(first) = pde.advected.first() else { return Ok(()) };
    for (axis, needed) in pde.grid().axes().iter().zip(&least[pde.grid().missing()..]) {
        let (name, cells) = (axis.name(), axis.cells());
        if cells < *needed {
            let reason = format!(
                "its passes look {needed} cells far along {name}, which has {cells}: leave the axis out, or \
                 ask for fewer iterations"
            );
            return Err(unfit(&pde.fields()[first.field], "iterations", reason));
        }
    }
    Ok(())
}

/// The number of ranks along each named axis by what was asked for: an axis around a pole is not
/// cut.
pub(crate) fn ranks_along(pde: &Pde, asked: &[usize]) -> Result<Vec<usize>, Error> {
    let mut dims = asked.to_vec();
    for advected in &pde.advected {
        if !pde.conditions().of_advected(advected).has_pole() {
            continue;
        }
        dims.resize(pde.grid().dimension(), 0);
        for (axis, count) in pde.grid().axes().iter().zip(&mut dims) {
            if axis.is_periodic() && *count > 1 {
                let name = axis.name();
                let reason = format!(
                    "{name} goes around a pole and is not cut, and {count} ranks are asked for along it"
                );
                return Err(unfit(&pde.fields()[advected.field], "", reason));
            }
            if axis.is_periodic() {
                *count = 1;
            }
        }
    }
    Ok(dims)
}
