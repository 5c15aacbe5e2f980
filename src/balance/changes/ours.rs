//! Servers in maintenance that reconf put there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Batch, Comparison};
use crate::{
    balance::running::{Admin, ServerId},
    model::balance_state::BalanceState,
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

/// The servers that are put away now, and since when.
pub(crate) fn parked_after(
    comparison: &Comparison<'_>,
    before: &BTreeMap<String, String>,
    now: &str,
) -> BTreeMap<String, String> {
    let surplus = comparison.surplus();
    let ours = surplus.filter(|(id, server)| {
        let is_ours = comparison.ours.is_some_and(|ours| ours.has(id));
        is_ours && server.admin == Admin::Maintenance
    });
    let parked = ours.map(|(id, _)| {
        let id = id.to_string();
        let since = before.get(&id).map_or(now, String::as_str).to_owned();
        (id, since)
    });
    parked.collect()
}

/// The commands that cut the connections of servers that were put away longer ago than `drain`. `age` says how long ago a
/// time of `balance.json` is.
pub(crate) fn shutdowns(
    comparison: &Comparison<'_>,
    parked: &BTreeMap<String, String>,
    drain: Duration,
    age: impl Fn(&str) -> Option<Duration>,
) -> Vec<Batch> {
    let surplus = comparison.surplus();
    let overdue = surplus.filter(|(id, server)| {
        let since = parked.get(&id.to_string());
        let age = since.and_then(|since| age(since));
        server.connections > 0 && age.is_some_and(|age| age >= drain)
    });
    let commands = overdue.map(|(id, _)| format!("shutdown sessions server {id}"));
    let commands: Vec<String> = commands.collect();
    commands
        .chunks(super::commands::COMMANDS)
        .map(Batch::of)
        .collect()
}
