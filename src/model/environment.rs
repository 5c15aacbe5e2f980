//! The finished environment of a service, with the origin of every value.

use std::collections::BTreeMap;

use serde::Serialize;

use super::name::Name;

/// Where a value comes from; from the surest to the least sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// Written out in the manifest.
    Environment,
    /// An announcement, or what a manifest on this node would announce.
    Registry,
    /// Chef's `configuration.datastores`.
    Datastores,
    /// The requirement's `default`.
    Default,
    /// What the registry said when it last did.
    LastKnown,
}

impl Source {
    /// The source as reports name it.
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

/// A variable's value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The value: any text without NUL.
    pub value: String,
    /// The least sure of the sources that it was made of.
    pub source: Source,
    /// The names that the requirement refers to, in order; none for `environment` and `default`.
    pub references: Vec<Name>,
    /// The announcements it was taken from, as registry key and revision; revision 0 for one that this node
    /// would announce itself and that the registry does not have.
    pub keys: Vec<(String, i64)>,
    /// The providers it was taken from, as `service@node`.
    pub providers: Vec<String>,
}

/// NAME -> value, sorted by name.
pub(crate) type Environment = BTreeMap<Name, Variable>;
