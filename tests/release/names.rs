//! No name in state or registry changes, whatever is written anew.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    STATE,
    copied::{golden, node},
    found::{files, read},
};
use crate::harness::{etcd::refused, process::Running, scenario::Scenario, wait::until};

/// The words for the variants of enumerations, whose names must not change either.
const WORDS: [&str; 5] = ["done", "hand", "insisted", "manifest", "under-way"];

/// Names that the release did not write, and ignores.
const ADDED: [&str; 8] = [
    "var/lib/reconf/services held_ttl",
    "var/lib/reconf/services hold ",
    "var/lib/reconf/services edits ",
    "var/lib/reconf/services configuration",
    "var/lib/reconf/registry keys nodes ",
    "var/lib/reconf/provision.json process boot",
    "var/lib/reconf/provision.json process pid",
    "var/lib/reconf/provision.json process start",
];

#[test]
fn no_name_in_state_or_registry_changes() {
    let node = node();
    // Another TTL rewrites every announcement and its state.
    run(&node, &["announce", "--all", "--ttl", "1h"], 0);
    provision(&node);
    learn(&node);
    owe(&node);
    for folder in ["", "/services", "/known", "/registry"] {
        let folder = format!("{STATE}{folder}");
        let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
        for (path, after) in files(&node, &folder) {
            let before = read(&golden().join(&path));
            // Written only where an etcd answers; every test reads it.
            if path.ends_with("/node.json") {
                continue;
            }
            let kind = if folder == STATE { &path } else { &folder };
            names(&before, kind, &mut old);
            if after != before {
                names(&after, kind, &mut new);
            }
        }
        new.retain(|name| !ADDED.iter().any(|added| name.starts_with(added)));
        assert_eq!(new, old, "{folder}");
    }
}

#[track_caller]
fn run(node: &Scenario, arguments: &[&str], status: i32) {
    let _ended = node.run(arguments).exits(status);
}

/// Rewrites the listener's switch and stamp.
fn provision(node: &Scenario) {
    run(node, &["listen", "on"], 0);
    let listener = Running::start(node.command(&["listen"]), &node.path(""));
    let stamp = node.path(&format!("{STATE}/provision.json"));
    until("the provision has ended", || {
        (read(&stamp)["exit"] == 0).then_some(())
    });
    drop(listener);
    run(
        node,
        &["listen", "off", "--for", "1h", "--reason", "again"],
        0,
    );
}

/// Rewrites the last known values: the provider that had expired announces again.
fn learn(node: &Scenario) {
    let registry = node.path(&format!("{STATE}/registry"));
    let geo =
        r#"{"id": "geo", "federation": "seatgeek", "provides": {"GEO_URL": "http://{HOST}"}}"#;
    let other = Scenario::new()
        .manifest("geo", geo)
        .env("RECONF_FEDERATION", "seatgeek")
        .env("RECONF_NODE", "geo01")
        .env("RECONF_REGION", "us-east-1")
        .registry(&format!("dir:{}", registry.display()));
    run(&other, &["announce", "geo"], 0);
    run(node, &["render", "app-www"], 0);
}

/// Rewrites states that owe something, in every way in which they can.
fn owe(node: &Scenario) {
    let away = refused();
    run(node, &["withdraw", "app-www", "--registry", &away], 69);
    run(node, &["announce", "billing", "--registry", &away], 69);
    node.put(
        "etc/reconf/services/mailer.json",
        r#"{"id": "mailer", "federation": "pivotly", "provides": {"POST_URL": "smtp://{HOST}"}}"#,
    );
    let keep = [
        "announce",
        "mailer",
        "--keep-withdrawn",
        "--registry",
        &away,
    ];
    run(node, &keep, 69);
}

/// Collects the path of every field, with its value where that is one of [`WORDS`]. In a path, a registry key stands as
/// its kind, and any other key of a map as `*`: fields alone are lower case.
fn names(value: &Value, path: &str, all: &mut BTreeSet<String>) {
    let is_field = |key: &str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let name = match key.split('/').nth(4) {
                    Some(kind) => kind,
                    None if is_field(key) => key,
                    None => "*",
                };
                names(value, &format!("{path} {name}"), all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, path, all)),
        Value::String(text) if WORDS.contains(&&text[..]) => {
            all.insert(format!("{path}: {text}"));
        }
        // The registry holds records as text.
        Value::String(text) if text.starts_with("{\"") => {
            names(&serde_json::from_str(text).unwrap(), path, all);
        }
        _ => {
            all.insert(path.to_owned());
        }
    }
}
