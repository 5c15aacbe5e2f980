//! When to provision a node, and when to keep an announcement alive: decisions that take the time as an argument
//! (design.md section 8). Pure: starts nothing, reads no clock, and does not know what a provision does.

mod baseline;
mod cause;
mod differences;
pub(crate) mod digest;
mod health;
mod obstacle;
mod queue;
mod switch;
mod throttle;

pub(crate) use baseline::{Baseline, Need, ProvisionEnd, Resolved};
pub(crate) use cause::ProvisionCause;
pub(crate) use differences::{Differences, Finding, Observation};
pub(crate) use digest::Digest;
pub(crate) use health::Health;
pub(crate) use obstacle::Obstacle;
pub(crate) use queue::{Limits, Queue, Reason, Step};
pub(crate) use switch::Switch;
pub(crate) use throttle::{in_seconds, remaining, slot_backoff};

use std::time::Duration;

/// The time since the listener started, on a monotonic clock.
pub(crate) type Uptime = Duration;
