//! External data of a whole grid, as a part of the grid sees it.

use std::error::Error;
use std::sync::Arc;

use fluxions_expr::Type;

use crate::system::external::ExternalSource;
use crate::system::formula::Formula;
use crate::system::pde::Pde;

/// The values of a part of a grid, from a source for all of it.
#[derive(Clone, Debug)]
pub(crate) struct Shifted {
    source: Arc<dyn ExternalSource>,
    /// Where the part begins.
    offset: Vec<usize>,
}

impl Shifted {
    /// The values of a source as seen from a part of the grid that begins at this offset.
    pub(crate) fn source(
        source: &Arc<dyn ExternalSource>,
        offset: &[usize],
    ) -> Arc<dyn ExternalSource> {
        Arc::new(Shifted { source: Arc::clone(source), offset: offset.to_vec() })
    }

    /// A system with initial values on a part of its grid, as [`Pde::cropped`] cuts it out.
    pub(crate) fn part(
        pde: &Pde,
        initial: &[(String, Formula)],
        cells: usize,
        place: f64,
    ) -> (Pde, Vec<(String, Formula)>) {
        let part = pde.cropped(cells, place);
        let initial = Self::initial(initial, &pde.grid().offset_of(part.grid()));
        (part, initial)
    }

    /// Initial values as seen from a part of the grid that begins at this offset.
    fn initial(initial: &[(String, Formula)], offset: &[usize]) -> Vec<(String, Formula)> {
        let here = |value: &Formula| match value {
            Formula::Values(source) => Formula::Values(Self::source(source, offset)),
            value => value.clone(),
        };
        initial.iter().map(|(name, value)| (name.clone(), here(value))).collect()
    }
}

impl ExternalSource for Shifted {
    fn ty(&self) -> Type {
        self.source.ty()
    }

    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        number: usize,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let start: Vec<usize> = start.iter().zip(&self.offset).map(|(s, o)| s + o).collect();
        self.source.read(&start, shape, number)
    }
}
