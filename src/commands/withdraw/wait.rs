//! `--wait`: until no node has applied what was taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::target::Target;
use crate::{
    commands::{Tally, node::Node, reading::Wanted},
    edge::clock,
    model::{
        applied::Applied,
        id::Id,
        key::{self, Key, Kind},
        snapshot::Snapshot,
    },
    report::{Code, Failure},
};

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until no node runs with any of it. Each look has the whole `--timeout` for itself.
pub(super) fn until_unused(node: &Node, targets: &[Target], limit: Duration, tally: &mut Tally) {
    let start = clock::instant();
    loop {
        let users = match users(node, targets) {
            Ok(users) => users,
            Err(failure) => return tally.fail(node, None, &failure),
        };
        if users.is_empty() {
            return;
        }
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            for (service, nodes) in users {
                tally.fail(node, Some(&service), &still_used(&service, nodes, limit));
            }
            return;
        }
        clock::pause(PAUSE.min(left));
    }
}

/// For each service: who runs with what it provided, a line each.
fn users(node: &Node, targets: &[Target]) -> Result<BTreeMap<Id, BTreeSet<String>>, Failure> {
    let mut wanted = Wanted::default();
    let federations: BTreeSet<Id> = targets.iter().flat_map(Target::federations).collect();
    for target in targets {
        target.want(&mut wanted);
    }
    for federation in &federations {
        wanted.prefix(federation, key::applied_prefix(federation));
    }
    let readings = wanted.read(&mut node.session());
    let mut users: BTreeMap<Id, BTreeSet<String>> = BTreeMap::new();
    for federation in &federations {
        let snapshot = match readings.of(federation) {
            Some(Ok(snapshot)) => snapshot,
            Some(Err(unread)) => return Err(unread.failure.clone()),
            None => continue,
        };
        for target in targets {
            let old = old_revisions(target, federation, snapshot);
            let lines = lines(federation, snapshot, &old);
            if !lines.is_empty() {
                users
                    .entry(target.service.clone())
                    .or_default()
                    .extend(lines);
            }
        }
    }
    Ok(users)
}

/// The keys that were taken back, with the first revision that is no longer the old one.
fn old_revisions(target: &Target, federation: &Id, snapshot: &Snapshot) -> BTreeMap<String, i64> {
    let revision = |key: &Key| {
        let tombstone = snapshot.withdrawn.get(key).map(|w| w.revision);
        // Announced again since: what is newer than that is not the old value.
        tombstone.or_else(|| snapshot.live.get(key).map(|live| live.revision))
    };
    let keys = target
        .keys
        .iter()
        .filter(|key| key.federation == *federation);
    keys.map(|key| (key.path(Kind::Provides), revision(key).unwrap_or(i64::MAX)))
        .collect()
}

fn lines(federation: &Id, snapshot: &Snapshot, old: &BTreeMap<String, i64>) -> Vec<String> {
    let prefix = key::applied_prefix(federation);
    let mut lines = Vec::new();
    for (path, entry) in &snapshot.others {
        let Some((user, service)) = path.strip_prefix(&prefix).and_then(|p| p.split_once('/'))
        else {
            continue;
        };
        let applied: Applied = serde_json::from_slice(&entry.value).unwrap_or_default();
        for (variable, sources) in applied {
            let is_old = |(key, revision): &(String, i64)| {
                old.get(key).is_some_and(|first_new| revision < first_new)
            };
            if sources.iter().any(is_old) {
                lines.push(format!("{user}   {variable} of {service}"));
            }
        }
    }
    lines
}

fn still_used(service: &Id, nodes: BTreeSet<String>, limit: Duration) -> Failure {
    let limit = humantime::format_duration(limit);
    let message = format!("what `{service}` provided is still in use after {limit}");
    Failure::new(Code::TryAgain, message)
        .facts(nodes)
        .note("it is withdrawn: no render takes it any more")
        .hint("render these services on these nodes, or `reconf withdraw --all --node NODE` for a dead one")
}
