//! `--wait`: until no node has applied what was withdrawn.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::Target;
use crate::{
    edge::clock,
    fleet,
    model::{id::Id, key},
    node::Node,
    operations::read_set::ReadSet,
    report::{Code, Failure},
};

/// How often the registry is read.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The services that are still used when the time is over, with the failure of each.
pub(crate) type StillUsed = BTreeMap<Id, Failure>;

/// Waits until no node runs with any of it. Each read has the whole `--timeout`.
pub(crate) fn wait_until_unused(
    node: &Node,
    targets: &[Target],
    limit: Duration,
) -> Result<StillUsed, Failure> {
    let start = clock::instant();
    loop {
        let users = users(node, targets)?;
        let left = limit.saturating_sub(start.elapsed());
        if users.is_empty() || left.is_zero() {
            let failure = |(id, lines)| {
                let failure = still_used(&id, lines, limit);
                (id, failure)
            };
            return Ok(users.into_iter().map(failure).collect());
        }
        clock::pause(POLL_INTERVAL.min(left));
    }
}

/// For each service that is still used: who uses it, a line each.
fn users(node: &Node, targets: &[Target]) -> Result<BTreeMap<Id, BTreeSet<String>>, Failure> {
    let mut reads = ReadSet::default();
    let federations: BTreeSet<Id> = targets.iter().flat_map(Target::federations).collect();
    for target in targets {
        target.add_reads(&mut reads);
    }
    for federation in &federations {
        reads.prefix(federation, key::applied_prefix(federation));
    }
    let snapshots = reads.read(&mut node.session());
    let mut users: BTreeMap<Id, BTreeSet<String>> = BTreeMap::new();
    for federation in &federations {
        let Some(snapshot) = snapshots.of(federation).required()? else {
            continue;
        };
        for target in targets {
            let keys = target.keys.iter();
            let keys = keys.filter(|key| key.federation == *federation).cloned();
            let lines = fleet::users(federation, &keys.collect(), snapshot);
            if !lines.is_empty() {
                let service = target.service.clone();
                users.entry(service).or_default().extend(lines);
            }
        }
    }
    Ok(users)
}

fn still_used(service: &Id, nodes: BTreeSet<String>, limit: Duration) -> Failure {
    let limit = humantime::format_duration(limit);
    let message = format!("what `{service}` provided is still in use after {limit}");
    let hint = still_used_hint(&nodes);
    Failure::new(Code::TryAgain, message)
        .facts(nodes)
        .note("it is withdrawn: no render takes it any more")
        .hint(hint)
}

/// What makes the users stop: a render for a service, a run of `balance` for a balancer.
fn still_used_hint(users: &BTreeSet<String>) -> String {
    let has = |balancer: bool| {
        users
            .iter()
            .any(|line| fleet::is_balancer(line) == balancer)
    };
    let act = match (has(false), has(true)) {
        (true, true) => "render these services and run `reconf balance`",
        (false, true) => "run `reconf balance`",
        _ => "render these services",
    };
    format!("{act} on these nodes, or `reconf retire NODE` for a dead one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_for_those_who_still_use_it() {
        let (service, balancer) = ("web01   API_URL of www", "web01   API_URL of its balancer");
        let connections = "web02   API_URL of its balancer: 3 connections";
        let rows: &[(&[&str], &str)] = &[
            (&[service], "render these services on these nodes, or"),
            (&[balancer], "run `reconf balance` on these nodes, or"),
            (&[connections], "run `reconf balance` on these nodes, or"),
            (
                &[balancer, service],
                "render these services and run `reconf balance` on these nodes, or",
            ),
        ];
        for (lines, start) in rows {
            let users = lines.iter().map(|line| (*line).to_owned()).collect();
            let hint = still_used_hint(&users);
            assert!(hint.starts_with(start), "{hint}");
        }
    }
}
