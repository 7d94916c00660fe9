//! What is to be solved: equations with everything they refer to, checked.

pub(crate) mod boundary;
pub(crate) mod builder;
pub(crate) mod check;
pub(crate) mod declarations;
pub(crate) mod definition;
pub(crate) mod external;
pub(crate) mod flow;
pub(crate) mod formula;
pub(crate) mod global;
pub(crate) mod implicit_part;
pub(crate) mod mistakes;
pub(crate) mod names;
pub(crate) mod noise;
pub(crate) mod operand;
pub(crate) mod order;
pub(crate) mod origin;
pub mod parameters;
pub(crate) mod pde;
pub(crate) mod region;
mod resolve;
pub(crate) mod shifted;
pub(crate) mod solver_options;
pub mod space;
pub(crate) mod symbols;
pub(crate) mod symmetry;
pub(crate) mod time_table;
pub(crate) mod transport;
