//! The verbs that only read: what they print, on both registries, and that they write nothing.

mod ls;
mod running;
mod why;

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::harness::{
    fleet::Fleet,
    scenario::{Run, Scenario},
    user::command_as,
};

/// A user and a group that own nothing.
const NOBODY: (u32, u32) = (65534, 65534);

/// The time so many hours ago.
fn hours_ago(hours: u64) -> String {
    let time = SystemTime::now() - Duration::from_secs(hours * 60 * 60 + 60);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Has a provider announce a name three hours ago; `place` is `NAME/region/service@node`.
fn announce(fleet: &Fleet, place: &str, value: &str) -> i64 {
    let (service, node) = place.rsplit('/').next().unwrap().split_once('@').unwrap();
    let announcement = json!({
        "value": value, "pattern": value, "host": "10.0.0.9", "port": 1100, "local_port": null,
        "service": service, "node": node, "public": service == "www", "since": hours_ago(3),
    });
    put(
        fleet,
        &format!("provides/{place}"),
        &announcement.to_string(),
    )
}

/// Withdraws what such a provider announced, two hours ago.
fn withdraw(fleet: &Fleet, place: &str, by: &str, reason: Option<&str>) {
    let mut tombstone = json!({"by": by, "at": hours_ago(2)});
    if let Some(reason) = reason {
        tombstone["until"] = "2100-01-01T00:00:00Z".into();
        tombstone["reason"] = reason.into();
    }
    delete(fleet, &format!("provides/{place}"));
    put(fleet, &format!("withdrawn/{place}"), &tombstone.to_string());
}

/// Writes a record; its key is without federation.
fn put(fleet: &Fleet, key: &str, value: &str) -> i64 {
    let federation = fleet.federation();
    let key = format!("/reconf/v1/{federation}/{key}");
    fleet.registry().put(federation, &key, value)
}

/// Deletes a record, as the end of a lease does.
fn delete(fleet: &Fleet, key: &str) {
    let federation = fleet.federation();
    let key = format!("/reconf/v1/{federation}/{key}");
    fleet.registry().delete(federation, &key);
}

/// Runs a command, after which neither the root nor the registry has changed.
#[track_caller]
fn looks(fleet: &Fleet, node: &Scenario, words: &[&str]) -> Run {
    let before = (fleet.revision(), fleet.keys());
    let run = node.run(words).changes_nothing();
    assert_eq!((fleet.revision(), fleet.keys()), before, "{}", run.text());
    run
}

/// What the command ends with as an ordinary user, with what it says; nothing where nobody can become one.
fn as_user(node: &Scenario, words: &[&str]) -> Option<(Option<i32>, String)> {
    let output = command_as(node, NOBODY, words)?.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8(said).unwrap()))
}

/// The name of a golden text of this registry: their revisions differ.
fn case(fleet: &Fleet, name: &str) -> String {
    let registry = fleet.own_etcd().map_or("embedded", |_| "etcd");
    format!("sight/{name}-{registry}")
}
