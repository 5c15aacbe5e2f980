//! The manifest: what a service says of itself (design.md section 3). A `Manifest` is always valid.

mod check;
mod conf;
mod environment;
mod parse;
mod provides;
mod requires;

use std::{collections::BTreeMap, time::Duration};

use super::{format::Format, id::Id, name::Name, pattern::Pattern};

/// A service's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The service; equals the file's name.
    pub id: Id,
    /// Its federation: `default` unless the manifest says another.
    pub federation: Id,
    /// What `reconf exec ID` runs when no command is given; a string becomes `/bin/sh -c STRING`.
    pub command: Option<Vec<String>>,
    /// Variables with their values, numbers and booleans as they were written.
    pub environment: BTreeMap<Name, String>,
    /// Variables to be filled from outside.
    pub requires: BTreeMap<Name, Requirement>,
    /// What it offers to others; every hole is a fact of the node, in upper case, or a variable of `environment`.
    pub provides: BTreeMap<Name, Pattern>,
    /// The port at which the program listens: `environment.PORT`, else `local_port`; `None` too where
    /// `environment.PORT` is something else than a port.
    pub port: Option<u16>,
    /// The loopback port at which the service is reached on every node.
    pub local_port: Option<u16>,
    /// May the outside be routed to it.
    pub public: bool,
    /// What it says of its conf, instead of the node's `render` settings.
    pub conf: ConfOverride,
    /// What is asked before its announcement is kept alive.
    pub check: Option<Check>,
}

/// A value that a service needs from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// How the value is made from references.
    pub pattern: Pattern,
    /// Whether the variable is left out when the requirement is unmet.
    pub optional: bool,
    /// The whole value when the requirement is unmet.
    pub default: Option<String>,
    /// Which of several announcements are taken.
    pub pick: Pick,
}

/// Which of several announcements of a name are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// One, by rendezvous hashing over the consumer's node.
    Spread,
    /// All of them, sorted and joined.
    All {
        /// What stands between two values.
        separator: String,
    },
}

/// A manifest's `conf`: each field overrides the node's `render` setting of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfOverride {
    /// The owning user's name or number.
    pub owner: Option<String>,
    /// The owning group's name or number.
    pub group: Option<String>,
    /// The permission bits.
    pub mode: Option<u32>,
    /// The formats, in the order of [`Format::ALL`], without duplicates.
    pub formats: Option<Vec<Format>>,
    /// How long every render of the service waits for its running tasks.
    pub drain: Option<Duration>,
}

/// A manifest's `check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// What is asked.
    pub probe: Probe,
    /// The time from one probe to the next.
    pub interval: Duration,
    /// How long a probe may take.
    pub timeout: Duration,
    /// How many failures in a row make it fail.
    pub fall: u32,
    /// How many successes in a row make it pass again.
    pub rise: u32,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Whether something listens on the service's port.
    Tcp,
    /// Whether a command succeeds.
    Command(Vec<String>),
}
