//! When a node is to be provisioned, and when an announcement is to live: decisions that take time as an argument
//! (design.md section 8). Pure: starts nothing, reads no clock, and knows nothing of what a provision does.

mod baseline;
mod health;
mod queue;
mod switch;
mod throttle;

pub(crate) use baseline::{Baseline, Digest, Resolved};
pub(crate) use health::Health;
pub(crate) use queue::{Limits, Queue, Reason, Step};
pub(crate) use switch::Switch;
pub(crate) use throttle::remaining;

use std::time::Duration;

/// The time since the listener started, on a clock that only goes forward.
pub(crate) type Uptime = Duration;
