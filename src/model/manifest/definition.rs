//! What a manifest says, as plain values.

use std::{collections::BTreeMap, time::Duration};

use crate::model::{
    balancing::{HealthRequest, Mode},
    format::Format,
    id::Id,
    name::Name,
    pattern::Pattern,
};

/// A service's manifest; always valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The service; equals the file's name.
    pub id: Id,
    /// Its federation; the node's unless the manifest names one.
    pub federation: Id,
    /// Whether it names no federation: it belongs to that of whatever node it is on.
    pub follows_node: bool,
    /// Whether the service has a conf: one with nothing but a `run_list` has none.
    pub has_conf: bool,
    /// What `reconf exec ID` runs when no command is given; a string becomes `/bin/sh -c STRING`.
    pub command: Option<Vec<String>>,
    /// Variables and their values; numbers and booleans as they were written.
    pub environment: BTreeMap<Name, String>,
    /// Variables to be filled from outside.
    pub requires: BTreeMap<Name, Requirement>,
    /// What it provides to others; every hole of a pattern is a node fact in upper case or a variable of `environment`.
    pub provides: BTreeMap<Name, Provided>,
    /// The port at which the program listens: `environment.PORT`, else `local_port`; also `None` if
    /// `environment.PORT` is not a port.
    pub port: Option<u16>,
    /// Settings of its conf that override the node's `render`.
    pub conf: ConfOverride,
    /// The health check that keeps its announcements alive, if it has one.
    pub check: Option<Check>,
    /// What balancers should know of it.
    pub balance: ManifestBalance,
}

impl Manifest {
    /// Whether the service's conf follows from what others announce or the datastores hold.
    pub(crate) fn takes_values(&self) -> bool {
        self.has_conf && !self.requires.is_empty()
    }
}

/// What a service provides under a name, with the manifest's values where the name has none of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provided {
    /// The value, with a hole for each node fact and variable.
    pub pattern: Pattern,
    /// The port at which the program listens: that of `{PORT}`.
    pub port: Option<u16>,
    /// The loopback port at which every node reaches it.
    pub local_port: Option<u16>,
    /// Whether clients outside the fleet may be routed to it.
    pub public: bool,
}

/// A value that a service needs from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// The value, with a hole for each reference.
    pub pattern: Pattern,
    /// Whether to leave out the variable when the requirement is unmet.
    pub optional: bool,
    /// The whole value when the requirement is unmet.
    pub default: Option<String>,
    /// Which of several announcements of a name to use.
    pub pick: Pick,
}

/// Which of several announcements of a name to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// One, by rendezvous hashing over the consumer's node.
    Spread,
    /// All of them, sorted and joined.
    All {
        /// The text between two values.
        separator: String,
    },
}

impl Pick {
    /// The text between two values; there is only one with `spread`.
    pub(crate) fn separator(&self) -> &str {
        match self {
            Self::Spread => "",
            Self::All { separator } => separator,
        }
    }
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
    /// How long each render of the service waits for its running tasks.
    pub drain: Option<Duration>,
}

impl ConfOverride {
    /// The formats, where the node has these by default. Shell is always among them: `exec` reads it, and diffs compare it.
    pub(crate) fn formats(&self, by_default: &[Format]) -> Vec<Format> {
        let listed = self.formats.as_deref().unwrap_or(by_default);
        let all = Format::ALL.into_iter();
        all.filter(|format| *format == Format::Shell || listed.contains(format))
            .collect()
    }
}

/// A manifest's `balance`: each field is announced if it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ManifestBalance {
    /// How connections to its port are balanced.
    pub mode: Option<Mode>,
    /// What balancers ask it.
    pub health: Option<HealthRequest>,
    /// The host names for which requests are routed to it, with holes for federation and region.
    pub hosts: Option<Vec<Pattern>>,
}

/// A manifest's `check`: the health check of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// How to check.
    pub probe: Probe,
    /// The time from one probe to the next.
    pub interval: Duration,
    /// How long a probe may take.
    pub timeout: Duration,
    /// How many consecutive failures make the service unhealthy.
    pub fall: u32,
    /// How many consecutive successes make it healthy again.
    pub rise: u32,
}

/// How a check probes a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Connect to the service's port.
    Tcp,
    /// Run a command, the program first; exit code 0 means success.
    Command(Vec<String>),
}
