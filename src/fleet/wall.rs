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
mod tests {
    use super::*;
    use crate::fleet::roles;

    fn ids(names: &[&str]) -> BTreeSet<Id> {
        names.iter().map(|name| Id::parse(name).unwrap()).collect()
    }

    fn needs(announces: bool, takes_slots: bool) -> Needs {
        Needs {
            announces,
            takes_slots,
        }
    }

    /// Whether one of these permissions, as etcd judges it, covers all keys of a try.
    fn permits(permissions: &[KeyPermission], attempt: &AccessTry) -> bool {
        let prefix = match &attempt.keys {
            KeySet::All => "",
            KeySet::Prefix(prefix) => prefix,
            KeySet::One(key) => key,
        };
        permissions.iter().any(|permission| {
            let may = match attempt.operation {
                Operation::Read => permission.reads,
                Operation::Write => permission.writes,
            };
            let is_open = permission.end == [0];
            let is_in = is_open || prefix.as_bytes() < permission.end.as_slice();
            let is_whole = is_open || attempt.keys != KeySet::All;
            may && is_in && is_whole && permission.start.as_slice() <= prefix.as_bytes()
        })
    }

    fn permission(role: &str, operations: &str, prefix: &str) -> KeyPermission {
        let mut end = prefix.as_bytes().to_vec();
        *end.last_mut().unwrap() += 1;
        KeyPermission {
            role: role.to_owned(),
            reads: operations.contains('r'),
            writes: operations.contains('w'),
            start: prefix.as_bytes().to_vec(),
            end,
        }
    }

    /// The permissions of the roles that `access` prints.
    fn printed(at: usize, has_limit: bool) -> Vec<KeyPermission> {
        let role = roles(&Id::parse("f").unwrap(), has_limit)[at].clone();
        let reads = role.read.iter().map(|prefix| permission("r", "r", prefix));
        let writes = role.write.iter();
        let writes = writes.map(|(prefix, _)| permission("r", "w", prefix));
        reads.chain(writes).collect()
    }

    #[test]
    fn the_printed_roles_satisfy_every_try_and_lead_nowhere() {
        let own = ids(&["f"]);
        let all = [(false, false), (false, true), (true, false), (true, true)];
        for (role, announces, limit) in all
            .into_iter()
            .flat_map(|(announces, limit)| [(0, announces, limit), (1, false, limit)])
        {
            let permissions = printed(role, limit);
            assert_eq!(beyond(&permissions, &own), []);
            for attempt in tries(&own, &ids(&["g"]), needs(announces, limit)) {
                let finding = attempt.ended(permits(&permissions, &attempt.attempt));
                assert!(finding.ok, "{role} {announces} {limit}: {finding:?}");
            }
        }
    }

    #[test]
    fn a_permission_too_many_is_found_by_a_try_or_in_its_role() {
        let own = ids(&["f", "h"]);
        for (operations, prefix, is_tried) in [
            ("r", "/", true),
            ("rw", "/reconf/v1/", true),
            // Without the closing slash: a neighbour whose name begins with that of the federation.
            ("r", "/reconf/v1/f", true),
            ("w", "/reconf/v1/f", true),
            ("r", "/reconf/v1/g/", true),
            ("w", "/reconf/v1/g/provides/", true),
            // Nobody would guess that key.
            ("r", "/other/", false),
            ("w", "/reconf/v1/unheard-of/", false),
        ] {
            let mut permissions = printed(0, false);
            permissions.push(permission("wide", operations, prefix));
            let found = beyond(&permissions, &own);
            assert_eq!(found.len(), operations.len(), "{prefix}");
            assert!(
                found
                    .iter()
                    .all(|found| found.role.as_deref() == Some("wide"))
            );
            let tries = tries(&own, &ids(&["g", "h"]), needs(false, false));
            let failed = |attempt: &WallTry| {
                let permitted = permits(&permissions, &attempt.attempt);
                attempt.expected == Expected::Denied && !attempt.ended(permitted).ok
            };
            assert_eq!(tries.iter().any(failed), is_tried, "{operations} {prefix}");
        }
    }

    #[test]
    fn a_node_that_announces_needs_more_than_one_that_renders() {
        let own = ids(&["f"]);
        let render = printed(1, false);
        let failed = |announces, takes_slots| {
            let tries = tries(&own, &BTreeSet::new(), needs(announces, takes_slots));
            let ended = tries
                .iter()
                .map(|attempt| attempt.ended(permits(&render, &attempt.attempt)));
            ended.filter(|finding| !finding.ok).count()
        };
        assert_eq!(failed(false, false), 0);
        assert_eq!(failed(true, false), 2);
        assert_eq!(failed(true, true), 3);
    }
}
