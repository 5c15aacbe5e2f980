//! What `why` says of a variable, as text and as JSON.

mod reasons;
mod text;

use std::time::SystemTime;

use serde::Serialize;

use crate::model::{environment::Source, id::Id, key::Key, name::Name};

pub(crate) use reasons::{ReasonContext, datastore_rows, fallback_rows, not_taken, unreadable_row};

/// Where the value of one variable of a service comes from.
#[derive(Debug, Serialize)]
pub(crate) struct WhyReport {
    /// The service.
    pub service: Id,
    /// The variable.
    pub variable: Name,
    /// Its value, secrets masked unless they are asked for; nothing where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The source of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
    /// The part of the manifest that asks for it.
    pub rule: SetBy,
    /// The names that it refers to.
    pub references: Vec<Name>,
    /// The whole pattern, where values are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The manifest.
    pub file: String,
    /// The line of the manifest, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The names without which the requirement has no value.
    pub unmet: Vec<Name>,
    /// What it is made of.
    pub taken: Vec<TakenRow>,
    /// What it is not made of, and why.
    pub not_taken: Vec<NotTakenRow>,
    /// The ports of the local balancer that it has, with the servers behind them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub balanced: Vec<BalancedPort>,
    /// What the conf of the service has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conf: Option<ConfUse>,
    /// What the unit that runs the service was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<RunningUse>,
}

/// The part of a manifest that sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SetBy {
    /// It has the value itself.
    Environment,
    /// It has a pattern that is filled from outside.
    Requires,
}

/// Something that a value is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TakenRow {
    /// The name whose value it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// `service@node`, `local:<port>`, `datastores`, `default` or `nothing`.
    pub candidate: String,
    /// Its region, if it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Id>,
    /// When it was first announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The revision of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Its key in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What there is to say of it, for people.
    #[serde(skip)]
    pub detail: String,
}

/// Something that a value could be made of and is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NotTakenRow {
    /// The name whose value it could be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// `service@node`, `datastores`, `default`, `optional`, or the key of a record that cannot be read.
    pub candidate: String,
    /// Its region, if it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Id>,
    /// Why, as one word for scripts.
    pub reason: &'static str,
    /// Why, for people.
    pub why: String,
    /// When it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The revision of its key, as it is or as it was seen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Its key in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl NotTakenRow {
    /// A row of what is no announcement.
    pub(crate) fn new(
        name: Option<&Name>,
        candidate: &str,
        reason: &'static str,
        why: String,
    ) -> Self {
        Self {
            name: name.cloned(),
            candidate: candidate.to_owned(),
            region: None,
            reason,
            why,
            at: None,
            revision: None,
            key: None,
        }
    }

    /// The row of an announcement.
    fn of_key(key: &Key, path: String, reason: &'static str, why: String) -> Self {
        Self {
            region: Some(key.region.clone()),
            key: Some(path),
            ..Self::new(Some(&key.name), &key.provider(), reason, why)
        }
    }
}

/// What a conf has of a variable.
#[derive(Debug, Serialize)]
pub(crate) struct ConfUse {
    /// The conf.
    pub path: String,
    /// How it compares with the value.
    pub has: ConfHas,
    /// The value that it has instead, masked where it may be a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// When the conf that has it was applied; nothing where that is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a conf compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ConfHas {
    /// This value, and it is applied.
    Applied,
    /// This value, and it is not applied yet.
    Pending,
    /// Another value.
    Other,
    /// Not this variable, and it is to have it.
    Missing,
    /// This variable, and it is not to have it.
    Extra,
    /// Neither has it.
    Nothing,
    /// The service has no conf, and is to have one.
    NoConf,
    /// It cannot be read.
    Unreadable,
}

/// A port of the local balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BalancedPort {
    /// `local:<port>`.
    pub port: String,
    /// The servers behind it.
    pub servers: Vec<BalancedServer>,
    /// Why these are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A server, as HAProxy sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BalancedServer {
    /// Its region; nothing for a server that is not reconf's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `service@node`.
    pub provider: String,
    /// HAProxy's own word, such as `UP`.
    pub status: String,
    /// For how many seconds it has been so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether it serves only while no other does.
    pub backup: bool,
}

/// What a running unit was started with.
#[derive(Debug, Serialize)]
pub(crate) struct RunningUse {
    /// The unit.
    pub unit: String,
    /// Its first process.
    pub pid: u32,
    /// When that was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// How it compares with the value.
    pub has: RunningHas,
    /// The value that it has instead, masked where it may be a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Why its environment is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How the environment of a process compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RunningHas {
    /// It has this value; or it has none, and is to have none.
    Same,
    /// It has another value.
    Other,
    /// It does not have it.
    Missing,
    /// It cannot be read.
    Unknown,
}

impl WhyReport {
    /// The lines for people; `verbose` adds the keys in the registry.
    pub(crate) fn lines(&self, now: SystemTime, verbose: bool) -> Vec<String> {
        text::lines(self, now, verbose)
    }
}
