//! Plain values, parsed once and always valid. No disk, no network, no clock; nothing of this crate outside `model`.

pub mod announcement;
pub mod datastores;
pub mod environment;
pub mod format;
pub mod id;
pub mod key;
pub mod manifest;
pub mod name;
pub mod pattern;
pub mod problem;
pub mod secret;
pub mod settings;
pub mod snapshot;
