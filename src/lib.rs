//! reconf: resolves what a service requires, renders its environment, and tells the fleet what it provides.

pub mod model;
