//! Inspections: what a problem needs and how fast it is, found without solving it.

pub(crate) mod block_speed;
pub(crate) mod cause;
pub(crate) mod conditioned;
pub(crate) mod demand;
pub(crate) mod doubts;
pub(crate) mod fastest;
pub(crate) mod first_step;
pub(crate) mod inspection;
pub(crate) mod limiting;
pub(crate) mod machine;
mod modes;
pub(crate) mod overdetermined;
pub(crate) mod pass_time;
pub(crate) mod replay;
pub(crate) mod stability;
