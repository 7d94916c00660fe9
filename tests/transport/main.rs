//! What transport by MPDATA keeps and how exact it is: bits on any number of ranks, mass, signs,
//! bounds, orders, published results, messages, errors.

mod bits;
mod ends;
mod following;
mod kept;
mod messages;
mod orders;
mod published;
mod recipe;
mod reference;
#[path = "../common/solving.rs"]
mod solving;
mod speeds;
