//! What a running listener tells of itself: the content of `/run/reconf/listener.json`. No value is among it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::Id;

/// What a listener does at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Its process id.
    pub pid: u32,
    /// When it started (RFC 3339, UTC).
    pub since: String,
    /// Whether provisions may start.
    pub on: bool,
    /// How many names it watches.
    pub names: usize,
    /// Of each federation: whether its registry is connected.
    pub registry: BTreeMap<Id, bool>,
    /// Why a provision waits; empty if none does.
    pub queued: Vec<String>,
    /// The services that differ from what is applied, each with the variables that do.
    pub changed: BTreeMap<Id, Vec<String>>,
    /// When the one that waits may start at the earliest (RFC 3339, UTC).
    pub due: Option<String>,
    /// What the one that waits is waiting for, if that is not its time.
    pub waits_for: Option<String>,
    /// Whether a provision runs.
    pub running: bool,
    /// The services whose announcements it keeps alive, and whether they are well.
    pub kept: BTreeMap<Id, bool>,
}
