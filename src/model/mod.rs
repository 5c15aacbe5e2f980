//! Plain values, parsed once and always valid. No disk, no network, no clock; imports nothing of this crate outside `model`.

pub(crate) mod announcement;
pub(crate) mod applied;
pub(crate) mod balance_state;
pub(crate) mod balancing;
pub(crate) mod certificate;
pub(crate) mod conf_digest;
pub(crate) mod conf_ports;
pub(crate) mod configuration;
pub(crate) mod datastores;
mod document_reader;
pub(crate) mod edits;
pub(crate) mod environment;
pub(crate) mod escape;
mod excerpt;
pub(crate) mod facts;
mod fields;
pub(crate) mod filter;
pub(crate) mod format;
pub(crate) mod id;
pub(crate) mod intended_states;
pub(crate) mod json;
mod json_values;
pub(crate) mod key;
pub(crate) mod last_known;
pub(crate) mod listening;
pub(crate) mod local_form;
pub(crate) mod manifest;
pub(crate) mod name;
pub(crate) mod node_state;
pub(crate) mod node_versions;
pub(crate) mod offer;
mod parsed;
pub(crate) mod paths;
pub(crate) mod pattern;
pub(crate) mod permission;
pub(crate) mod problem;
pub(crate) mod record;
mod redaction;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod secret;
pub(crate) mod service_state;
pub(crate) mod settings;
pub(crate) mod snapshot;
pub(crate) mod source_file;
pub(crate) mod spread;
pub(crate) mod stamp;
pub(crate) mod suggest;
pub(crate) mod switch;
#[cfg(test)]
mod tests;
pub(crate) mod transaction;
pub(crate) mod unfit_datastores;
pub(crate) mod withdrawal_note;

pub(crate) use fields::duration::parse as duration;
