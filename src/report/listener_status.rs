//! What `listen status` says of the listener, as rows of key and text.

use crate::model::{listening::Listening, stamp::Stamp, switch::StoredSwitch};

/// A listener as its files and its lock show it.
pub(crate) struct ListenerStatus {
    /// Whether a listener runs.
    pub running: bool,
    /// Whether provisions may start.
    pub on: bool,
    /// The switch, as a person left it.
    pub switch: StoredSwitch,
    /// The status that the running listener has written last.
    pub listening: Option<Listening>,
    /// The last provision.
    pub stamp: Option<Stamp>,
}

impl ListenerStatus {
    /// The rows that a person reads.
    pub(crate) fn rows(&self) -> Vec<[String; 2]> {
        let mut rows = vec![row("switch", switched(&self.switch, self.on))];
        match &self.listening {
            Some(listening) => rows.extend(of_listener(listening)),
            None if self.running => rows.push(row("listener", "starting".to_owned())),
            None => rows.push(row("listener", "not running".to_owned())),
        }
        let last = self.stamp.as_ref().map(last);
        rows.push(row("last", last.unwrap_or_else(|| "none yet".to_owned())));
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
        format!("pid {pid} since {since}, {names} names"),
    )];
    for (federation, connected) in &listening.registry {
        let state = if *connected {
            "connected"
        } else {
            "not connected"
        };
        rows.push(row("registry", format!("{federation}: {state}")));
    }
    for (service, variables) in &listening.changed {
        rows.push(row(
            "changed",
            format!("{service}: {}", variables.join(", ")),
        ));
    }
    rows.push(row("queued", queued(listening)));
    for (service, is_healthy) in &listening.kept {
        let state = if *is_healthy {
            "kept alive"
        } else {
            "unhealthy: lease will expire"
        };
        rows.push(row("announced", format!("{service}: {state}")));
    }
    if listening.running {
        rows.push(row("running", "a provision".to_owned()));
    }
    rows
}

fn queued(listening: &Listening) -> String {
    let mut queued = match &listening.queued[..] {
        [] => "nothing".to_owned(),
        reasons => reasons.join(", "),
    };
    if let Some(what) = &listening.waits_for {
        queued.push_str(&format!("; waits for {what}"));
    } else if let Some(due) = &listening.due {
        queued.push_str(&format!("; not before {due}"));
    }
    queued
}

fn last(stamp: &Stamp) -> String {
    let reasons = stamp.reasons.join(", ");
    let end = match (&stamp.ended, stamp.exit) {
        (Some(ended), Some(exit)) => format!("ended {ended} with exit {exit}"),
        _ => "still running".to_owned(),
    };
    format!("started {} ({reasons}); {end}", stamp.started)
}
