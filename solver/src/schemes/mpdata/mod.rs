//! MPDATA: the passes of a step of a field that is advected.

pub(crate) mod correction;
pub(crate) mod flow;
pub(crate) mod flows;
pub(crate) mod flux;
pub(crate) mod measures;
pub(crate) mod passes;
pub(crate) mod position;
pub(crate) mod sources;
pub(crate) mod step;
pub(crate) mod stored_flows;
