//! Typed reading of JSON values, shared by all files that people write. Every problem names the key in full.

mod conf;
pub(super) mod duration;
mod keys;
mod values;
