//! The listener's status as text: the rows of `listen status`, and the line for the service manager.

use super::{balancing::balancing_rows, words::counted};
use crate::model::{
    listening::{Leases, Listening},
    stamp::Stamp,
    switch::StoredSwitch,
};

/// A listener, by its files and its lock.
pub(crate) struct ListenerStatus {
    /// Whether a listener is running.
    pub running: bool,
    /// Whether provisions may start.
    pub on: bool,
    /// The switch, as an operator turned it.
    pub switch: StoredSwitch,
    /// The latest status of the running listener.
    pub listening: Option<Listening>,
    /// Whether a provision runs.
    pub provisioning: bool,
    /// The last provision.
    pub stamp: Option<Stamp>,
    /// What a person has said of switching local balancing off, where no listener says it.
    pub balance_off: Option<String>,
    /// Why this node's `config.json` cannot be used, if so.
    pub config_error: Option<String>,
}

impl ListenerStatus {
    /// The switch in words.
    pub(super) fn switched(&self) -> String {
        let mut switch = switched(&self.switch, self.on);
        let differs = |listening: &Listening| listening.on != self.on;
        if self.listening.as_ref().is_some_and(differs) {
            switch.push_str("; the listener has not read that yet");
        }
        switch
    }

    /// The last provision in words.
    pub(super) fn last_provision(&self) -> String {
        let stamp = self.stamp.as_ref();
        let last = stamp.map(|stamp| last(stamp, self.provisioning));
        last.unwrap_or_else(|| "none yet".to_owned())
    }

    /// Key and text of each row.
    pub(crate) fn rows(&self) -> Vec<[String; 2]> {
        let mut rows = vec![row("switch", self.switched())];
        if let Some(reason) = &self.config_error {
            rows.push(row("config", reason.clone()));
        }
        match &self.listening {
            Some(listening) => rows.extend(of_listener(listening)),
            None if self.running => rows.push(row("listener", "starting".to_owned())),
            None => rows.push(row("listener", "not running".to_owned())),
        }
        rows.push(row("last", self.last_provision()));
        rows.extend(
            self.balance_off
                .iter()
                .map(|off| row("balance", format!("local: {off}"))),
        );
        if let Some(stamp) = self.stamp.as_ref().filter(|stamp| stamp.exit != Some(0)) {
            let succeeded = stamp.succeeded.as_ref();
            let succeeded = succeeded.map(|at| format!("started {}", to_the_second(at)));
            rows.push(row(
                "succeeded",
                succeeded.unwrap_or_else(|| "never yet".to_owned()),
            ));
        }
        rows
    }
}

fn row(key: &str, value: String) -> [String; 2] {
    [key.to_owned(), value]
}

fn switched(switch: &StoredSwitch, on: bool) -> String {
    let mut text = if on { "on" } else { "off" }.to_owned();
    if let Some(since) = &switch.since {
        text.push_str(&format!(" since {since}"));
    }
    if let Some(until) = switch.until.as_ref().filter(|_| !on) {
        text.push_str(&format!(" until {until}"));
    }
    if let Some(reason) = switch.reason.as_ref().filter(|_| !on) {
        text.push_str(&format!(": {reason}"));
    }
    text
}

fn of_listener(listening: &Listening) -> Vec<[String; 2]> {
    let Listening {
        pid, since, names, ..
    } = listening;
    let mut rows = vec![row(
        "listener",
        format!("pid {pid} since {since}, {}", watched(*names)),
    )];
    if listening.keeps_only {
        let text = match listening.balance {
            None => "none: it keeps leases and checks, and provisions nothing",
            Some(_) => "none: it balances, keeps leases and checks, and provisions nothing",
        };
        rows.push(row("command", text.to_owned()));
    }
    for (federation, connected) in &listening.registry {
        let state = match listening.away.get(federation) {
            Some(away) => format!("not connected since {}: {}", away.since, away.reason),
            None if *connected => "connected".to_owned(),
            None => "not connected".to_owned(),
        };
        rows.push(row("registry", format!("{federation}: {state}")));
    }
    rows.extend(of_services(listening));
    rows.push(row("queued", queued(listening)));
    let balance = listening.balance.iter().flat_map(balancing_rows);
    rows.extend(balance.map(|text| row("balance", text)));
    for (service, is_healthy) in &listening.kept_alive {
        let leases = listening.leases.get(service);
        let state = announced(*is_healthy, leases);
        rows.push(row("announced", format!("{service}: {state}")));
    }
    if listening.running {
        rows.push(row("running", "a provision".to_owned()));
    }
    rows
}

/// What is wrong with the node's services, or about to change.
fn of_services(listening: &Listening) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    for (service, reason) in &listening.broken {
        rows.push(row("broken", format!("{service}: {reason}")));
    }
    if let Some(reason) = &listening.reload_error {
        rows.push(row("broken", format!("not reloaded: {reason}")));
    }
    for (service, variables) in &listening.changed {
        let key = if listening.stale.contains(service) {
            "stale"
        } else {
            "changed"
        };
        rows.push(row(key, format!("{service}: {}", variables.join(", "))));
    }
    for (service, names) in &listening.unmet {
        rows.push(row("unmet", format!("{service}: {}", names.join(", "))));
    }
    rows
}

/// How the leases of a service do.
fn announced(is_healthy: bool, leases: Option<&Leases>) -> String {
    let mut text = if is_healthy {
        "kept alive".to_owned()
    } else {
        "unhealthy: lease will expire".to_owned()
    };
    let Some(leases) = leases else { return text };
    let count = counted(leases.count, "lease");
    text.push_str(&format!(" ({count} of {}s)", leases.ttl));
    if let Some(reason) = &leases.check {
        text.push_str(&format!("; its check fails: {reason}"));
    }
    if let Some(reason) = &leases.error {
        text.push_str(&format!("; the last renewal failed: {reason}"));
    }
    text
}

/// Why a provision is queued, and what it waits for.
pub(super) fn queued(listening: &Listening) -> String {
    let mut queued = match &listening.queued[..] {
        [] => "nothing".to_owned(),
        reasons => reasons.join(", "),
    };
    if let Some(what) = &listening.waits_for {
        queued.push_str(&format!("; waiting for {what}"));
    } else if let Some(due) = &listening.due {
        queued.push_str(&format!("; not before {due}"));
    }
    queued
}

fn last(stamp: &Stamp, is_running: bool) -> String {
    let reasons = stamp.reasons.join(", ");
    let end = match (&stamp.ended, stamp.exit) {
        (Some(ended), Some(exit)) => format!("ended {} with exit {exit}", to_the_second(ended)),
        _ if is_running => "still running".to_owned(),
        _ => "its end was not recorded".to_owned(),
    };
    let started = to_the_second(&stamp.started);
    format!("started {started} ({reasons}); {end}")
}

/// A time (RFC 3339, UTC) as people read it: without the fraction of the second, which stamps have to compare by.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

/// The listener's state in one line.
pub(crate) fn summary(listening: &Listening) -> String {
    let state = if listening.running {
        "provisioning"
    } else if !listening.on {
        "off"
    } else if !listening.queued.is_empty() {
        "a provision is queued"
    } else {
        "watching"
    };
    let is_connected = listening.registry.values().all(|connected| *connected);
    let registry = if is_connected {
        ""
    } else {
        "; the registry is not connected"
    };
    format!("{state}; {}{registry}", watched(listening.names))
}

/// The number of names that a listener watches.
fn watched(names: usize) -> String {
    let s = if names == 1 { "" } else { "s" };
    format!("{names} name{s}")
}

#[cfg(test)]
mod tests;
