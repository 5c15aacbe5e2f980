//! Servers in maintenance that reconf put there.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use super::{CommandBatch, Comparison, commands};
use crate::{
    balance::running::{Admin, RunningServer, ServerId},
    model::balance_state::{BalanceState, ParkedServer},
};

/// The servers whose maintenance is ours, whatever happened to the run that put them there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ours(BTreeSet<ServerId>);

impl Ours {
    /// What `balance.json` notes of earlier runs.
    pub(crate) fn of(state: &BalanceState) -> Self {
        let named = state.parked.keys().chain(&state.noted);
        Self(named.filter_map(|text| ServerId::parse(text)).collect())
    }

    /// Whether the server's maintenance is ours.
    pub(crate) fn has(&self, server: &ServerId) -> bool {
        self.0.contains(server)
    }

    /// Adds those that a run is about to add or to put away.
    pub(crate) fn note(&mut self, servers: &BTreeSet<ServerId>) {
        self.0.extend(servers.iter().cloned());
    }
}

/// Servers that were put away, by `pool/server`.
pub(crate) type Parked = BTreeMap<String, ParkedServer>;

/// The servers that are put away now, and since when.
pub(crate) fn parked_after(comparison: &Comparison<'_>, before: &Parked, now: &str) -> Parked {
    let surplus = comparison.surplus();
    let ours = surplus.filter(|(id, server)| {
        let is_ours = comparison.ours.is_some_and(|ours| ours.has(id));
        is_ours && server.admin == Admin::Maintenance
    });
    let parked = ours.map(|(id, server)| {
        let id = id.to_string();
        let since = before.get(&id).map_or(now, |parked| &*parked.since);
        let parked = ParkedServer {
            since: since.to_owned(),
            address: place(server),
        };
        (id, parked)
    });
    parked.collect()
}

/// The servers of before a reload that the file has no more: old workers may still have connections to them.
pub(crate) fn left_behind(comparison: &Comparison<'_>, before: &Parked, now: &str) -> Parked {
    let mut left = before.clone();
    for (id, server) in comparison.surplus() {
        left.entry(id.to_string()).or_insert_with(|| ParkedServer {
            since: now.to_owned(),
            address: place(server),
        });
    }
    left
}

fn place(server: &RunningServer) -> Option<SocketAddr> {
    Some(SocketAddr::new(server.address?, server.port))
}

/// The commands that cut the connections of servers that were put away longer ago than `drain`. `age` says how long ago a
/// time of `balance.json` is.
pub(crate) fn shutdowns(
    comparison: &Comparison<'_>,
    parked: &Parked,
    drain: Duration,
    age: impl Fn(&str) -> Option<Duration>,
) -> Vec<CommandBatch> {
    let surplus = comparison.surplus();
    let overdue = surplus.filter(|(id, server)| {
        let parked = parked.get(&id.to_string());
        let age = parked.and_then(|parked| age(&parked.since));
        server.connections > 0 && age.is_some_and(|age| age >= drain)
    });
    let cut = overdue.map(|(id, _)| format!("shutdown sessions server {id}"));
    let cut: Vec<String> = cut.collect();
    cut.chunks(commands::COMMANDS)
        .map(CommandBatch::of)
        .collect()
}
