//! MPDATA: the passes of a step of a field that is advected.

pub(crate) mod antidiffusion;
pub(crate) mod courant_field;
pub(crate) mod courant_fields;
pub(crate) mod face_flux;
pub(crate) mod measures;
pub(crate) mod passes;
pub(crate) mod scheme;
pub(crate) mod sources;
pub(crate) mod step;
pub(crate) mod stored_courants;
