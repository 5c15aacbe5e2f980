//! A node that has been served by a healthy registry, and what all its commands do under a hardship.

use std::thread;

use crate::harness::{
    etcd,
    fleet::{Fleet, all_succeed},
    scenario::{Run, Scenario},
};

/// Enough for any call that is to succeed.
pub(super) const PATIENT: &str = "20s";

/// The commands that need the registry, and `exec`, which never asks it. `www` was rendered and announced before, `new`
/// is new, and its names were never asked for.
const COMMANDS: [&[&str]; 12] = [
    &["render", "www"],
    &["render", "new"],
    &["render", "--all", "--detailed-exitcode"],
    &["announce", "www"],
    &["announce", "new"],
    &["withdraw", "www"],
    &["withdraw", "--wait", "1s", "www"],
    &["apply", "www"],
    &["apply", "new"],
    &["ls"],
    &["applied", "www"],
    &["exec", "www", "--", "true"],
];

/// What a registry that hardship strikes is reached with.
pub(super) struct Registry<'a> {
    /// `--registry`.
    pub(super) location: &'a str,
    /// Instead of the default of 2 s, where an answer is to come that a busy machine may delay.
    pub(super) timeout: Option<&'a str>,
    /// The other keys of `registry` in `config.json`, as a JSON object.
    pub(super) keys: &'a str,
}

impl<'a> Registry<'a> {
    /// One that needs no other key.
    pub(super) fn at(location: &'a str) -> Self {
        Self {
            location,
            timeout: None,
            keys: "{}",
        }
    }

    /// The same with [`PATIENT`] as its timeout.
    pub(super) fn patient(self) -> Self {
        Self {
            timeout: Some(PATIENT),
            ..self
        }
    }
}

/// Runs every command on a node of its own, all at the same time, with `registry` instead of the one that has served
/// the nodes before. A datastore's secret was rotated meanwhile. Each command has to end by itself.
pub(super) fn suffer(federation: &str, registry: &Registry) -> Vec<Run> {
    announce_database(federation);
    thread::scope(|scope| {
        let running: Vec<_> = COMMANDS
            .iter()
            .map(|arguments| scope.spawn(move || stricken(federation, registry).run(arguments)))
            .collect();
        // It looks for the address from which the registry is reached.
        let node = stricken(federation, registry).without("RECONF_HOST");
        let settings = node.run(&["config"]).succeeds();
        assert!(settings.contains(registry.location), "{settings}");
        let ended = running.into_iter().map(|run| run.join().unwrap());
        ended.collect()
    })
}

/// The run of the command that begins so.
pub(super) fn of<'a>(runs: &'a [Run], command: &str) -> &'a Run {
    let at = COMMANDS.iter().position(|words| words.join(" ") == command);
    &runs[at.unwrap_or_else(|| panic!("`{command}` is no such command"))]
}

/// A node that was served, and whose registry is another one now.
fn stricken(federation: &str, registry: &Registry) -> Scenario {
    let node = served(federation).registry(registry.location);
    let node = match registry.timeout {
        Some(timeout) => node.env("RECONF_TIMEOUT", timeout),
        None => node.without("RECONF_TIMEOUT"),
    };
    node.put(
        "etc/reconf/configuration.json",
        r#"{"datastores": {"SECRET": "rotated"}}"#,
    );
    node.put(
        "etc/reconf/services/new.json",
        &manifest(federation, "new", "NEW_DATABASE"),
    );
    let keys = registry.keys;
    node.config(&format!(
        r#"{{"federation": "{federation}", "registry": {keys}}}"#
    ))
}

/// A node on which `www` is rendered and announced.
pub(super) fn served(federation: &str) -> Scenario {
    let node = node(federation, "web01")
        .datastores(r#"{"datastores": {"SECRET": "old"}}"#)
        .manifest("www", &manifest(federation, "www", "DATABASE"));
    all_succeed(&node, &["render www", "announce www"]);
    node
}

/// Announces what `www` requires, from another node.
pub(super) fn announce_database(federation: &str) {
    let manifest = format!(
        r#"{{"id": "db", "federation": "{federation}", "provides": {{"DATABASE": "db://{{HOST}}"}}}}"#
    );
    let node = node(federation, "db01").manifest("db", &manifest);
    all_succeed(&node, &["announce db"]);
}

/// A node that is served by the etcd of all tests. Its configuration names the federation, since texts show that.
fn node(federation: &str, name: &str) -> Scenario {
    Fleet::in_federation(etcd::shared().url(), federation)
        .node(name)
        .without("RECONF_FEDERATION")
        .config(&format!(r#"{{"federation": "{federation}"}}"#))
}

fn manifest(federation: &str, id: &str, database: &str) -> String {
    format!(
        r#"{{"id": "{id}", "federation": "{federation}", "local_port": 80,
            "requires": {{"DATABASE": "{{{database}}}", "SECRET": "{{SECRET}}"}},
            "provides": {{"{}_URL": "http://{{HOST}}:{{PORT}}"}}}}"#,
        id.to_uppercase()
    )
}
