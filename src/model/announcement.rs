//! What the registry's records say.

use serde::{Deserialize, Serialize};

use super::id::Id;

/// The record that a node provides a name: the value of its key, one JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// What consumers put into their environment.
    pub value: String,
    /// The same with only `{HOST}` and `{PORT}` open, for consumers behind a local load balancer.
    pub pattern: String,
    /// The address of the node, without brackets.
    pub host: String,
    /// The port at which the program listens, if it has one.
    pub port: Option<u16>,
    /// The loopback port at which it is reached on every node, if it has one.
    pub local_port: Option<u16>,
    /// The service that provides.
    pub service: Id,
    /// The node that provides.
    pub node: Id,
    /// May the outside be routed to it.
    pub public: bool,
    /// When this was first announced (RFC 3339, UTC, seconds).
    pub since: String,
}

impl Announcement {
    /// Whether both say the same, whenever they were made.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let undated = |announcement: &Self| Self {
            since: String::new(),
            ..announcement.clone()
        };
        undated(self) == undated(other)
    }
}

/// The record that an announcement was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// Who took it back.
    pub by: By,
    /// When (RFC 3339, UTC, seconds).
    pub at: String,
}

/// Who took an announcement back; a withdrawal by hand sticks until somebody announces by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// A person, or a recipe that clears a service away.
    Hand,
    /// An announce whose manifest no longer provides the name.
    Manifest,
}
