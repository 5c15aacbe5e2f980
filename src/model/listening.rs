//! The status of a running listener: the content of `/run/reconf/listener.json`. It holds no value of an environment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::id::Id;

/// What a listener is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Its process id.
    pub pid: u32,
    /// When it started (RFC 3339, UTC).
    pub since: String,
    /// Whether provisions may start.
    pub on: bool,
    /// Whether it has no command, so that it keeps leases and checks only.
    #[serde(default)]
    pub keeps_only: bool,
    /// How many names it watches.
    pub names: usize,
    /// Whether each federation's registry is connected.
    pub registry: BTreeMap<Id, bool>,
    /// Why a provision is queued; empty if none is.
    pub queued: Vec<String>,
    /// The services whose applied values differ from the current ones, each with the variables that do.
    pub changed: BTreeMap<Id, Vec<String>>,
    /// Those of them that the last successful provision should have changed.
    #[serde(default)]
    pub stale: BTreeSet<Id>,
    /// The services whose requirements are unmet, each with the missing names.
    #[serde(default)]
    pub unmet: BTreeMap<Id, Vec<String>>,
    /// The manifests that cannot be used, and why.
    #[serde(default)]
    pub broken: BTreeMap<Id, String>,
    /// Why the node's other files cannot be used, if so; the listener goes on with what it read before.
    #[serde(default)]
    pub reload_error: Option<String>,
    /// The registries that are away.
    #[serde(default)]
    pub away: BTreeMap<Id, Away>,
    /// When the queued provision may start at the earliest (RFC 3339, UTC).
    pub due: Option<String>,
    /// What the queued provision is waiting for, besides its time.
    pub waits_for: Option<String>,
    /// Whether a provision is running.
    pub running: bool,
    /// The services whose announcements it keeps alive, and whether each is healthy.
    #[serde(rename = "kept")]
    pub kept_alive: BTreeMap<Id, bool>,
    /// The leases of those services.
    #[serde(default)]
    pub leases: BTreeMap<Id, Leases>,
    /// What it balances; nothing on a node that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balancing>,
}

/// What a listener balances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Balancing {
    /// How many ports of the local balancer are open.
    pub ports: usize,
    /// How many routes the internal and the external balancer have.
    pub routes: usize,
    /// When this listener last changed something (RFC 3339, UTC).
    pub changed: Option<String>,
    /// How HAProxy took that over.
    pub how: Option<String>,
    /// What a person has said of switching local balancing off, if so.
    pub off: Option<String>,
    /// Whether a change was not carried out yet.
    pub behind: bool,
    /// Since when runs have failed (RFC 3339, UTC); nothing if the last one succeeded.
    pub failing_since: Option<String>,
    /// How often in a row.
    pub failures: u32,
    /// Why the last one failed.
    pub error: Option<String>,
    /// What the last one that succeeded warned of.
    pub warnings: Vec<String>,
}

/// A registry that does not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Away {
    /// Since when (RFC 3339, UTC).
    pub since: String,
    /// Why.
    pub reason: String,
}

/// The leases of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leases {
    /// How many there are.
    pub count: usize,
    /// Their TTL in seconds.
    pub ttl: u64,
    /// Why the last check failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Why they could not be kept alive the last time, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
