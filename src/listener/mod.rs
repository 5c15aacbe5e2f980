//! The daemon: watches what this node requires and provisions the node when that changes (section 8). Joins the registry's
//! watch, the reactors that it serves, the supervisor of the command, and the keeper of leases.

mod balancer;
mod check;
mod daemon;
mod event;
mod history;
mod keeper;
mod kept_service;
mod launcher;
mod maintenance;
mod metrics;
mod observe;
mod overview;
mod pending_writes;
mod provisioner;
mod ranges;
mod registry_link;
mod renewals;
mod schedule;
mod services;
mod slots;
mod status_writer;
pub(crate) mod store;
pub(crate) mod supervise;
pub(crate) mod survivor;
mod watched_files;

pub(crate) use daemon::run;
pub(crate) use observe::observe;
