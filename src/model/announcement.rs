//! Announcements and tombstones: the records of the registry.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    balancing::{BalancingTerms, MalformedTerm},
    id::Id,
    withdrawal_note::{WithdrawalNote, time_only},
};

/// The record that a node provides a name; its key's value is this as one JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// The value for the environments of consumers.
    pub value: String,
    /// The value with `{HOST}` and `{PORT}` left open, for consumers behind a local load balancer.
    pub pattern: String,
    /// The address of the node, without brackets.
    pub host: String,
    /// The port at which the program listens, if any.
    pub port: Option<u16>,
    /// The loopback port at which every node reaches it, if any.
    pub local_port: Option<u16>,
    /// The service that provides.
    pub service: Id,
    /// The node that provides.
    pub node: Id,
    /// Whether clients outside the fleet may be routed to it.
    pub public: bool,
    /// How its connections are balanced, as the record has it: [`Self::balancing`] reads it. What is malformed here keeps
    /// balancers from using the announcement, and nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Value>,
    /// What balancers ask it, as the record has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Value>,
    /// The host names for which requests are routed to it, as the record has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Value>,
    /// When it was first announced (RFC 3339, UTC, seconds).
    pub since: String,
}

impl Announcement {
    /// What it says of how it is balanced.
    ///
    /// # Errors
    /// Which field is malformed.
    pub(crate) fn balancing(&self) -> Result<BalancingTerms, MalformedTerm> {
        let [mode, health, hosts] = [&self.mode, &self.health, &self.hosts].map(Option::as_ref);
        BalancingTerms::read(mode, health, hosts)
    }

    /// Whether both have the same content, whatever their dates.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        let undated = |announcement: &Self| Self {
            since: String::new(),
            ..announcement.clone()
        };
        undated(self) == undated(other)
    }
}

/// The record that an announcement was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// Who withdrew it.
    pub by: By,
    /// When (RFC 3339, UTC, seconds).
    pub at: String,
    /// What a withdrawal by hand says beside that.
    #[serde(flatten)]
    pub note: WithdrawalNote,
}

impl Tombstone {
    /// As its display, with other words for the time.
    pub(crate) fn withdrawn(&self, when: &str) -> String {
        match self.by {
            By::Hand => self.note.withdrawn(when),
            By::Manifest => format!("withdrawn{when}: its manifest no longer provides it"),
            By::Retired => format!("withdrawn{when}: its node was retired"),
        }
    }

    /// When, as messages name it: nothing but a time, whatever the registry holds.
    pub(crate) fn time(&self) -> &str {
        time_only(&self.at)
    }
}

impl fmt::Display for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.withdrawn(&format!(" at {}", self.time())))
    }
}

/// Who withdrew an announcement. A withdrawal by hand holds the service until it is announced by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// A person, or a recipe that removes a service.
    Hand,
    /// An announce whose manifest no longer provides the name.
    Manifest,
    /// `reconf retire`: the node is gone. It holds a service whose state says that it was announced.
    Retired,
}
