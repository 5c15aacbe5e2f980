//! Plain values, parsed once and always valid. No disk, no network, no clock; nothing of this crate outside `model`.

pub mod announcement;
pub mod applied;
pub mod datastores;
pub mod environment;
mod excerpt;
pub mod facts;
mod fields;
pub mod findings;
pub mod format;
pub mod id;
pub mod json;
pub mod key;
pub mod known;
pub mod listening;
pub mod manifest;
pub mod name;
pub mod offer;
mod parsed;
pub mod pattern;
pub mod places;
pub mod problem;
pub mod secret;
pub mod service_state;
pub mod settings;
pub mod snapshot;
pub mod stamp;
pub mod suggest;
pub mod switch;

pub use fields::time::parse as duration;
