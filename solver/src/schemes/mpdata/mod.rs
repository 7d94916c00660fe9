//! MPDATA: the passes of a step of a field that is advected.

pub(crate) mod antidiffusion;
pub(crate) mod courant_exprs;
pub(crate) mod courant_field;
pub(crate) mod courant_fields;
pub(crate) mod face_flux;
mod located;
pub(crate) mod measures;
pub(crate) mod passes;
mod ratio;
pub(crate) mod regions;
pub(crate) mod scheme;
pub(crate) mod sources;
pub(crate) mod step;
pub(crate) mod stored_courants;
