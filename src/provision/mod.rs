//! When a node is to be provisioned, and when an announcement is to live: decisions that take time as an argument
//! (design.md section 8). Pure: starts nothing, reads no clock, and knows nothing of what a provision does.

mod health;
mod queue;
mod standing;
mod switch;
mod throttle;

pub use health::Health;
pub use queue::{Limits, Queue, Reason, Step};
pub use standing::{Digest, Resolved, Standing};
pub use switch::Switch;
pub use throttle::{backoff, remaining};

use std::time::Duration;

/// The time since the listener started, on a clock that only goes forward.
pub type Uptime = Duration;
