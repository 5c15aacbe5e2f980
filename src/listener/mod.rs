//! The daemon: watches what this node requires and provisions the node when that changes (section 8). Joins the watch,
//! the queue, the supervisor of the command, and the keeper of leases.

mod attempt;
mod calls;
mod compare;
mod daemon;
mod digest;
mod event;
mod keeper;
mod metrics;
mod mirror;
mod probing;
mod reload;
mod setup;
mod slots;
mod status_writer;
pub(crate) mod store;
pub(crate) mod supervise;

pub(crate) use daemon::run;
