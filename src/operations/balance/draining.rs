//! Servers that were put away and have connections still.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use super::haproxy::{Haproxy, ask, pid_file, send};
use crate::{
    balance::{
        changes::{Comparison, Parked, left_behind, parked_after, shutdowns},
        running::{Running, ServerId},
    },
    edge::{
        clock,
        haproxy::{self, Master},
    },
    model::{balance_state::ParkedServer, settings::BalanceSettings},
    report::Failure,
};

/// What was put away, and how many connections each server has.
pub(super) struct Draining {
    pub(super) parked: Parked,
    pub(super) connections: BTreeMap<ServerId, u64>,
}

/// Cuts the connections that have lasted longer than `drain`, and counts those that are left. `comparison` is with HAProxy
/// as it is now, `earlier` with HAProxy as it was before the run.
pub(super) fn look(
    settings: &BalanceSettings,
    comparison: &Comparison<'_>,
    earlier: Option<&Comparison<'_>>,
    before: &Parked,
) -> Result<Draining, Failure> {
    let now = clock::rfc3339(clock::now());
    let mut parked = parked_after(comparison, before, &now);
    let overdue = shutdowns(comparison, &parked, settings.drain, age);
    for batch in &overdue {
        // Connections that are left are cut by the next run.
        let _sent = send(settings, comparison.running.pid, &batch.line);
    }
    let mut again = None;
    if !overdue.is_empty()
        && let Haproxy::Running(running) = ask(settings)?
    {
        again = Some(running);
    }
    let running = again.as_deref().unwrap_or(comparison.running);
    let mut connections = in_worker(running, comparison);
    let mut left = match earlier {
        Some(earlier) => left_behind(earlier, before, &now),
        None => before.clone(),
    };
    left.retain(|id, _| ServerId::parse(id).is_some_and(|id| !comparison.has(&id)));
    for (id, server, count) in in_old_workers(settings, running, left) {
        *connections.entry(id.clone()).or_default() += count;
        parked.entry(id.to_string()).or_insert(server);
    }
    Ok(Draining {
        parked,
        connections,
    })
}

/// The connections of the worker that answers to servers that the file has no more.
fn in_worker(running: &Running, comparison: &Comparison<'_>) -> BTreeMap<ServerId, u64> {
    let servers = running.servers.iter();
    let busy = servers.filter(|(id, server)| server.connections > 0 && !comparison.has(id));
    busy.map(|(id, server)| (id.clone(), server.connections))
        .collect()
}

/// Those of `left` to which old workers have connections, with their number.
fn in_old_workers(
    settings: &BalanceSettings,
    running: &Running,
    left: Parked,
) -> impl Iterator<Item = (ServerId, ParkedServer, u64)> {
    let addresses: BTreeSet<SocketAddr> =
        left.values().filter_map(|server| server.address).collect();
    let counts = match haproxy::master(&pid_file(settings)) {
        Master::Alive(master) => haproxy::old_connections(master, running.pid, &addresses),
        Master::Gone => BTreeMap::new(),
    };
    left.into_iter().filter_map(move |(id, server)| {
        let count = *counts.get(&server.address?)?;
        Some((ServerId::parse(&id)?, server, count))
    })
}

/// How long ago a time of `balance.json` is.
fn age(time: &str) -> Option<Duration> {
    clock::now()
        .duration_since(clock::parse_rfc3339(time)?)
        .ok()
}
