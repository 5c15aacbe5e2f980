//! The resolved environment of a service, with the source of every value.

use std::collections::BTreeMap;

use serde::Serialize;

use super::name::Name;

/// The source of a value, from the most to the least certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The manifest's `environment`.
    Environment,
    /// An announcement, or an offer of a manifest on this node.
    Registry,
    /// Chef's `configuration.datastores`.
    Datastores,
    /// The requirement's `default`.
    Default,
    /// A last known announcement.
    LastKnown,
}

impl Source {
    /// The source's name in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Registry => "registry",
            Self::Datastores => "datastores",
            Self::Default => "default",
            Self::LastKnown => "last-known",
        }
    }
}

/// A variable's value and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The value: any text without NUL.
    pub value: String,
    /// The least certain of its sources.
    pub source: Source,
    /// The names that the requirement refers to, in order; none for `environment` and `default`.
    pub references: Vec<Name>,
    /// The announcements whose values it has, as registry key and revision; revision 0 for an offer of this node.
    pub keys: Vec<(String, i64)>,
    /// The providers of its values, as `service@node`; `local:<port>` for what the local balancer serves.
    pub providers: Vec<String>,
    /// The names that it has by ports of the local balancer. Which announcements are behind a port is the balancer's to
    /// say, so they are not among `keys`.
    pub local_ports: BTreeMap<Name, u16>,
}

/// NAME -> value, sorted by name.
pub(crate) type Environment = BTreeMap<Name, Variable>;
