//! The manifest: what a service needs, provides and runs (design.md section 3).

mod balance;
mod check;
mod conf;
mod content;
mod definition;
mod environment;
mod holes;
mod parse;
mod port;
mod provides;
mod requires;

pub(crate) use content::is_encrypted_item;
pub(crate) use definition::{Check, Manifest, Pick, Probe, Provided, Requirement};
#[cfg(test)]
pub(in crate::model) use parse::KEYS as MANIFEST_KEYS;
