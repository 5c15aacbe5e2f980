//! Rules of balancing (design.md section 12): from announcements, manifests and confs in use to what HAProxy is to do. Pure:
//! what was read and the time are arguments.

pub(crate) mod changes;
pub(crate) mod file;
pub(crate) mod file_changes;
pub(crate) mod instance;
pub(crate) mod plan;
#[cfg(test)]
mod random;
mod retain;
pub(crate) mod running;
pub(crate) mod state_file;
pub(crate) mod view;
mod well_formed;
