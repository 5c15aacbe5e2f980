//! `reconf listen status`: the switch, what a running listener tells of itself, and the last provision.

use serde_json::json;

use super::{places, switch};
use crate::{
    commands::{Ended, node::Node},
    edge::state,
    model::{listening::Listening, stamp::Stamp, switch::Switch},
    provision,
    report::table,
};

/// `reconf listen status`.
pub(super) fn run(node: &Node) -> Ended {
    let running = switch::is_running(node)?;
    let listening: Option<Listening> = state::load(&node.places.listening())?;
    let listening = listening.filter(|_| running);
    let switch = places::switch(node)?;
    let on = places::position(&switch, std::time::Duration::ZERO) == provision::Switch::On;
    let stamp = places::stamp(&node.places)?;
    if node.tell.is_json() {
        node.tell.object(&json!({
            "running": running, "on": on, "since": switch.since,
            "until": switch.until.as_ref().filter(|_| !on),
            "reason": switch.reason.as_ref().filter(|_| !on),
            "listener": listening, "last": stamp,
        }));
        return Ok(None);
    }
    let mut rows = vec![row("switch", switched(&switch, on))];
    match &listening {
        Some(listening) => rows.extend(of_listener(listening)),
        None if running => rows.push(row("listener", "starting".to_owned())),
        None => rows.push(row("listener", "not running".to_owned())),
    }
    rows.push(row(
        "last",
        stamp.as_ref().map_or_else(|| "none yet".to_owned(), last),
    ));
    for line in table(&rows) {
        node.tell.data(format!("{line}\n").as_bytes());
    }
    Ok(None)
}

fn row(key: &str, value: String) -> [String; 2] {
    [key.to_owned(), value]
}

fn switched(switch: &Switch, on: bool) -> String {
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
    for (service, well) in &listening.kept {
        let state = if *well {
            "kept alive"
        } else {
            "not well: left to end"
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
        _ => "its end was not seen yet".to_owned(),
    };
    format!("started {} ({reasons}); {end}", stamp.started)
}
