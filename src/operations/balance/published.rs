//! What this node publishes of its balancer: the announcements behind its servers, so that `withdraw --wait` waits until no
//! connection through it is left.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    announce::Update,
    balance::{plan::BalancePlan, running::ServerId},
    edge::registry::Session,
    model::{
        applied::{AppliedRecord, add_connections},
        balance_state::BalanceState,
        id::Id,
        key::{self, Key, Kind},
        transaction::Change,
    },
    operations::commit::send_updates,
};

/// Records, by their key in the registry.
pub(super) type Records = BTreeMap<String, AppliedRecord>;

/// The records of the servers in rotation, and of those that are not and have connections still.
pub(super) fn wanted(
    node: &Id,
    plan: &BalancePlan,
    connections: &BTreeMap<ServerId, u64>,
    before: &Records,
) -> Records {
    let mut records = Records::new();
    for member in plan.members.values().flatten() {
        add(&mut records, node, &member.key, member.revision);
    }
    let known = before.values().flat_map(|record| record.values());
    let known: BTreeSet<&(String, i64)> = known.flatten().collect();
    for (path, revision) in known {
        let Some((Kind::Provides, key)) = Key::parse(path) else {
            continue;
        };
        let count = connections_to(connections, plan, &key);
        if count > 0 && add(&mut records, node, &key, *revision) {
            let record = records.entry(record_path(node, &key)).or_default();
            add_connections(record, path.clone(), count);
        }
    }
    records
}

/// Whether it was not there yet.
fn add(records: &mut Records, node: &Id, key: &Key, revision: i64) -> bool {
    let record = records.entry(record_path(node, key)).or_default();
    let keys = record.entry(key.name.clone()).or_default();
    let path = key.path(Kind::Provides);
    match keys.binary_search_by(|(known, _)| known.cmp(&path)) {
        Ok(_) => false,
        Err(at) => {
            keys.insert(at, (path, revision));
            true
        }
    }
}

fn record_path(node: &Id, key: &Key) -> String {
    key::balance_record(&key.federation, node, &key.name)
}

/// The connections to the servers of an announcement, in pools that have it no more.
fn connections_to(connections: &BTreeMap<ServerId, u64>, plan: &BalancePlan, key: &Key) -> u64 {
    let name = format!("{}:{}:{}", key.region, key.service, key.node);
    let counts = connections.iter().filter(|(id, _)| {
        let members = plan.members.get(&id.to_string());
        id.server == name && members.is_none_or(|all| all.iter().all(|one| one.key != *key))
    });
    counts.map(|(_, count)| count).sum()
}

/// Notes what is to be published, before that is sent: what may be there is known whatever happens.
pub(super) fn note(state: &mut BalanceState, wanted: &Records) {
    let gone = state
        .published
        .keys()
        .filter(|path| !wanted.contains_key(*path));
    let gone: Vec<String> = gone.cloned().collect();
    state.owed |= state.published != *wanted;
    state.published.clone_from(wanted);
    // A record that is to be removed is an empty one until that is done.
    let gone = gone.into_iter().map(|path| (path, AppliedRecord::new()));
    state.published.extend(gone);
}

/// Publishes what is owed: why that failed, if so.
pub(super) fn send(session: &mut Session, published: &Records) -> Option<String> {
    session.renew_budget();
    let mut federations: BTreeMap<Id, Vec<(usize, Vec<Update>)>> = BTreeMap::new();
    for (at, (path, record)) in published.iter().enumerate() {
        // Every key that was published is one of reconf's.
        let Some(federation) = key::federation(path) else {
            continue;
        };
        let update = Update {
            key: path.clone(),
            preconditions: Vec::new(),
            changes: vec![change(path, record)],
        };
        let updates = federations.entry(federation).or_default();
        updates.push((at, vec![update]));
    }
    let mut failed = None;
    for (federation, updates) in federations {
        let ends = send_updates(session, &federation, updates);
        failed = failed.or(ends.failed.into_values().next());
    }
    failed.map(|error| format!("could not publish what is balanced: {error}"))
}

fn change(path: &str, record: &AppliedRecord) -> Change {
    let key = path.to_owned();
    if record.is_empty() {
        return Change::Delete { key };
    }
    Change::Put {
        key,
        // Keys and numbers always serialise.
        value: serde_json::to_vec(record).unwrap_or_default(),
        lease: 0,
    }
}

/// Notes that all of it was published.
pub(super) fn note_done(state: &mut BalanceState) {
    state.published.retain(|_, record| !record.is_empty());
    state.owed = false;
}
