//! What the verbs that only look share: they take no lock and write nothing, and return values for the pure rules to judge
//! (section 13).

pub(crate) mod access;
mod balanced;
pub(crate) mod check;
mod conf_use;
pub(crate) mod doctor;
pub(crate) mod fleet_status;
pub(crate) mod graph;
pub(crate) mod listing;
pub(crate) mod node_status;
mod running;
mod shown;
mod why;

pub(crate) use why::{Why, why};
