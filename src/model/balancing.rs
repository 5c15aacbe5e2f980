//! What a manifest says of how its service is balanced, and what its announcements repeat of that (design.md section 12).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{id::Id, name::Name};

/// How the connections to the instances of a port are balanced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Each connection; no byte is changed.
    #[default]
    Tcp,
    /// Each HTTP/1.1 request.
    Http,
}

impl Mode {
    /// Every choice, with its name in manifests.
    pub(crate) const ALL: [(&'static str, Self); 2] = [("tcp", Self::Tcp), ("http", Self::Http)];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
        })
    }
}

/// What every balancer asks an instance; without it a balancer connects only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct HealthRequest {
    /// The path of an HTTP request, which is answered with 2xx or 3xx.
    pub path: String,
    /// The time from one request to the next; `None`: that of the balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
}

/// The ports of local balancers that confs of this node have, as written or as applied, or that a running task started
/// with: the names, by federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PortsInUse {
    /// The names that have each port.
    pub ports: BTreeMap<u16, BTreeMap<Id, BTreeSet<Name>>>,
    /// Whether the record of some service could not be read: it may use any port that is open.
    pub may_lack: bool,
}
