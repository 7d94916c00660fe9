//! What a problem declares by name, before any of it is checked.

use fluxions_expr::{Native, Type};
use fluxions_grid::Grid;

use crate::operators::FieldOperator;
use crate::system::external::ExternalField;
use crate::system::formula::Formula;
use crate::system::global::GivenGlobal;

/// Everything that a problem gives a name to, with the grid on which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Declarations {
    pub(crate) grid: Grid,
    /// The fields with an equation, in the order of their equations.
    pub(crate) fields: Vec<String>,
    /// The types of fields that are not real scalars.
    pub(crate) types: Vec<(String, Type)>,
    pub(crate) parameters: Vec<(String, Formula)>,
    pub(crate) definitions: Vec<(String, Formula)>,
    /// Functions written as text.
    pub(crate) functions: Vec<(String, String)>,
    /// Functions written in Rust.
    pub(crate) natives: Vec<Native>,
    /// Operators written in Rust.
    pub(crate) operators: Vec<FieldOperator>,
    pub(crate) external: Vec<ExternalField>,
    /// Unknowns that have one value in the whole domain.
    pub(crate) globals: Vec<GivenGlobal>,
    /// Parts of the domain, by conditions on coordinates.
    pub(crate) regions: Vec<(String, Formula)>,
    /// Scalar fields with the numbers of the regions by which they are closed.
    pub(crate) closed: Vec<(String, Vec<usize>)>,
}

impl Declarations {
    /// Nothing declared yet on this grid.
    pub(crate) fn on(grid: &Grid) -> Self {
        Declarations {
            grid: grid.clone(),
            fields: Vec::new(),
            types: Vec::new(),
            parameters: Vec::new(),
            definitions: Vec::new(),
            functions: Vec::new(),
            natives: Vec::new(),
            operators: Vec::new(),
            external: Vec::new(),
            globals: Vec::new(),
            regions: Vec::new(),
            closed: Vec::new(),
        }
    }
}
