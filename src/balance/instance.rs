//! What balancing uses of an announcement. Nothing else of it reaches HAProxy's file, so nothing is escaped there.

use serde::Serialize;

use crate::model::{
    balancing::{HealthRequest, Mode},
    id::Id,
    key::Key,
};

/// A well-formed announcement with a port: every field can stand in HAProxy's file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub key: Key,
    /// The revision of its key.
    pub revision: i64,
    /// An IP address without brackets, or a host name.
    pub host: String,
    /// Where the program listens.
    pub port: u16,
    /// Where local balancers offer it.
    pub local_port: Option<u16>,
    pub public: bool,
    pub mode: Mode,
    pub health: Option<HealthRequest>,
    /// In lower case.
    pub hosts: Vec<String>,
    /// The path of a pattern `http://{HOST}:{PORT}` with a path, without a final `/`; `None`: requests cannot be routed
    /// to it.
    pub path: Option<String>,
    /// Whether a value of its pattern can be that of a local port.
    pub has_local_form: bool,
}

/// Something that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LeftOut {
    pub kind: LeftOutKind,
    /// The port, the announcement (`NAME of service@node`), the name or the route.
    pub id: String,
    /// The federation, where it belongs to one.
    pub federation: Option<Id>,
    /// One word for programs, such as `taken`.
    pub reason: &'static str,
    /// One clause for people.
    pub detail: String,
}

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LeftOutKind {
    Port,
    Instance,
    Name,
    Route,
}
