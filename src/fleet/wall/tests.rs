//! The printed roles pass every try, and a permission too many fails one.

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
