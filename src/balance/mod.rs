//! Rules of balancing (design.md section 12): from announcements, manifests and confs in use to what HAProxy is to do. Pure:
//! what was read and the time are arguments.

pub(crate) mod changes;
pub(crate) mod file;
pub(crate) mod file_changes;
pub(crate) mod health;
pub(crate) mod instance;
mod local;
mod members;
mod own_binds;
pub(crate) mod plan;
mod pool;
#[cfg(test)]
mod random;
mod retain;
mod routes;
pub(crate) mod running;
mod served;
mod shared_pools;
pub(crate) mod state_file;
pub(crate) mod view;
pub(crate) mod wants;
mod well_formed;
#[cfg(test)]
mod world;
