//! Announcements and tombstones: the records of the registry.

use serde::{Deserialize, Serialize};

use super::id::Id;

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
    /// When it was first announced (RFC 3339, UTC, seconds).
    pub since: String,
}

impl Announcement {
    /// Whether both have the same content, whatever their dates.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        let undated = |announcement: &Self| Self {
            since: String::new(),
            ..announcement.clone()
        };
        undated(self) == undated(other)
    }
}

/// The length of an RFC 3339 time with nanoseconds and an offset.
const LONGEST_TIME: usize = 35;

/// The record that an announcement was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// Who withdrew it.
    pub by: By,
    /// When (RFC 3339, UTC, seconds).
    pub at: String,
}

impl Tombstone {
    /// When, as messages name it: nothing but a time, whatever the registry holds.
    pub(crate) fn time(&self) -> &str {
        let is_of_time = |c: char| c.is_ascii_digit() || "-:.+TZ".contains(c);
        if self.at.len() <= LONGEST_TIME && self.at.chars().all(is_of_time) {
            &self.at
        } else {
            "an unknown time"
        }
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
