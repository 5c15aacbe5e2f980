//! The content of `/var/lib/reconf/balance.json`: what the last run has put in use (design.md section 12). No value of an
//! announcement is in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use super::{
    applied::AppliedRecord,
    balancing::{HealthRequest, Mode},
    id::Id,
    name::Name,
};

/// What is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BalanceState {
    /// The shape of the file that HAProxy was proved to use.
    pub shape: Option<String>,
    /// The addresses of the open ports; the first is what confs say.
    pub addresses: Vec<IpAddr>,
    /// The open ports.
    pub ports: BTreeMap<u16, OpenPort>,
    /// The manifests of this node, as they were last read.
    pub manifests: BTreeMap<Id, KnownManifest>,
    /// The announcements that were in rotation or expired, by their key.
    pub instances: BTreeMap<String, KnownInstance>,
    /// Servers that were put away, `pool/server`, and since when (RFC 3339, UTC, seconds).
    pub parked: BTreeMap<String, String>,
    /// Servers, `pool/server`, that the run under way adds or puts away: in maintenance they are ours, not a person's.
    pub noted: BTreeSet<String>,
    /// What a person has said of switching local balancing off, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<SwitchedOff>,
    /// What this node has published below `applied/<node>/@balance/`, by key.
    #[serde(rename = "told")]
    pub published: BTreeMap<String, AppliedRecord>,
    /// Whether that has yet to be published.
    pub owed: bool,
}

/// Local balancing is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SwitchedOff {
    /// Since when (RFC 3339, UTC, seconds).
    pub since: String,
    /// Until when, if that was said.
    pub until: Option<String>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

/// An open port of the local balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OpenPort {
    /// The names that confs may have by this port, by federation.
    pub served: BTreeMap<Id, BTreeSet<Name>>,
    /// How its connections are balanced.
    pub mode: Mode,
    /// The names that confs of this node have had by this port, and since when none has it any more (RFC 3339, UTC,
    /// seconds); `None` while one has it.
    pub in_use: BTreeMap<Id, BTreeMap<Name, Option<String>>>,
}

/// What the manifest of a service has to do with the local balancer: kept for the time when it cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KnownManifest {
    /// The ports at which its program listens.
    pub own: BTreeSet<u16>,
    /// The names that it requires with `spread`, or provides, by federation.
    pub names: BTreeMap<Id, BTreeSet<Name>>,
}

/// An announcement as it was last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownInstance {
    pub revision: i64,
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub local_port: Option<u16>,
    #[serde(default)]
    pub public: bool,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub health: Option<HealthRequest>,
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub path: Option<String>,
    #[serde(default)]
    pub has_local_form: bool,
    /// When it was first missing without having been withdrawn (RFC 3339, UTC, seconds); `None` while it is announced.
    #[serde(default)]
    pub expired: Option<String>,
    /// Whether it stays in rotation although it has expired.
    #[serde(default)]
    pub kept: bool,
}
