//! The wall around a federation in etcd: what a node's credentials must be able to do, what must be denied to them, and which
//! of their permissions lead beyond (section 13).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::{
    id::Id,
    key::{self, Kind},
    permission::{AccessTry, KeyPermission, KeySet, Operation},
};

/// What nobody has as a name; tries below it hit no key.
const NOBODY: &str = "reconf-audit";

/// How a try has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expected {
    /// The node needs it.
    Permitted,
    /// It lies beyond the wall.
    Denied,
    /// It lies within the wall, and nothing on this node needs it.
    Either,
}

/// What the services and settings of a node need besides rendering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// A manifest provides something.
    pub announces: bool,
    /// Provisions are limited.
    pub takes_slots: bool,
}

/// A try, and how it has to end.
#[derive(Clone, Debug)]
pub(crate) struct WallTry {
    /// What to try.
    pub attempt: AccessTry,
    /// How it has to end.
    pub expected: Expected,
}

/// What a try, or a permission of a role, came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WallFinding {
    /// Whether it is as it has to be.
    pub ok: bool,
    /// The operation.
    pub operation: Operation,
    /// Its keys, as a person reads them.
    pub keys: String,
    /// How it has to end.
    pub expected: Expected,
    /// How it ended.
    pub permitted: bool,
    /// The role whose permission it is; nothing where it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl WallTry {
    fn new(operation: Operation, keys: KeySet, expected: Expected) -> Self {
        Self {
            attempt: AccessTry { operation, keys },
            expected,
        }
    }

    /// What it came to.
    pub(crate) fn ended(&self, permitted: bool) -> WallFinding {
        let keys = match &self.attempt.keys {
            KeySet::All => "every key".to_owned(),
            KeySet::Prefix(prefix) => format!("{prefix}*"),
            KeySet::One(key) => shown(key),
        };
        WallFinding {
            ok: match self.expected {
                Expected::Permitted => permitted,
                Expected::Denied => !permitted,
                Expected::Either => true,
            },
            operation: self.attempt.operation,
            keys,
            expected: self.expected,
            permitted,
            role: None,
        }
    }
}

/// A key that was tried, which stands for all in its folder.
fn shown(key: &str) -> String {
    let folder = key.strip_suffix(NOBODY);
    let folder = folder.filter(|folder| folder.starts_with(key::root_prefix()));
    folder.map_or_else(|| key.to_owned(), |folder| format!("{folder}*"))
}

/// What to try with credentials for the federations `own`; `others` are known not to be theirs.
pub(crate) fn tries(own: &BTreeSet<Id>, others: &BTreeSet<Id>, needs: Needs) -> Vec<WallTry> {
    let mut tries: Vec<WallTry> = own.iter().flat_map(|own| own_tries(own, needs)).collect();
    tries.extend(beyond_all());
    let neighbours = own.iter().map(|own| format!("{own}-audit"));
    let made_up = neighbours.chain([NOBODY.to_owned()]);
    let mut foreign: BTreeSet<Id> = made_up.filter_map(|name| Id::parse(&name).ok()).collect();
    foreign.extend(others.iter().cloned());
    let foreign = foreign.into_iter().filter(|other| !own.contains(other));
    tries.extend(foreign.flat_map(|other| beyond_in(&other)));
    tries
}

/// What is tried in a federation of the node's own.
pub(crate) fn own_tries(own: &Id, needs: Needs) -> Vec<WallTry> {
    let prefix = KeySet::Prefix(key::federation_prefix(own));
    let needed = |is_needed| {
        if is_needed {
            Expected::Permitted
        } else {
            Expected::Either
        }
    };
    let announces = needed(needs.announces);
    let writes = [
        (key::applied_prefix(own), Expected::Permitted),
        (key::nodes_prefix(own), Expected::Permitted),
        (key::all_names_prefix(own, Kind::Provides), announces),
        (key::all_names_prefix(own, Kind::Withdrawn), announces),
        (key::slots_prefix(own), needed(needs.takes_slots)),
    ];
    let read = WallTry::new(Operation::Read, prefix, Expected::Permitted);
    let writes = writes
        .into_iter()
        .map(|(prefix, expected)| write(&prefix, expected));
    [read].into_iter().chain(writes).collect()
}

/// What is tried where no federation is.
fn beyond_all() -> Vec<WallTry> {
    let root = key::root_prefix();
    let read = |keys| WallTry::new(Operation::Read, keys, Expected::Denied);
    vec![
        read(KeySet::All),
        read(KeySet::Prefix(root.to_owned())),
        read(KeySet::One(format!("/{NOBODY}"))),
        write("/", Expected::Denied),
        write("", Expected::Denied),
        write(root, Expected::Denied),
    ]
}

/// What is tried in a federation of others.
fn beyond_in(other: &Id) -> [WallTry; 2] {
    let prefix = key::federation_prefix(other);
    let provides = key::all_names_prefix(other, Kind::Provides);
    [
        WallTry::new(Operation::Read, KeySet::Prefix(prefix), Expected::Denied),
        write(&provides, Expected::Denied),
    ]
}

fn write(prefix: &str, expected: Expected) -> WallTry {
    let key = KeySet::One(format!("{prefix}{NOBODY}"));
    WallTry::new(Operation::Write, key, expected)
}

/// The permissions that lead out of the federations `own`.
pub(crate) fn beyond(permissions: &[KeyPermission], own: &BTreeSet<Id>) -> Vec<WallFinding> {
    let prefixes: Vec<String> = own.iter().map(key::federation_prefix).collect();
    let is_beyond = |permission: &&KeyPermission| {
        let mut prefixes = prefixes.iter();
        !prefixes.any(|prefix| permission.is_within(prefix))
    };
    let operations = |permission: &KeyPermission| {
        let read = permission.reads.then_some(Operation::Read);
        let write = permission.writes.then_some(Operation::Write);
        read.into_iter().chain(write)
    };
    let findings = permissions.iter().filter(is_beyond).flat_map(|permission| {
        operations(permission).map(|operation| WallFinding {
            ok: false,
            operation,
            keys: permission.keys(),
            expected: Expected::Denied,
            permitted: true,
            role: Some(permission.role.clone()),
        })
    });
    findings.collect()
}

#[cfg(test)]
mod tests;
