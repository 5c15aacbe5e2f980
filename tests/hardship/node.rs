//! A node that has been served by a healthy registry, and what all its commands do under a hardship.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::harness::{
    etcd,
    scenario::{Run, Scenario},
};

/// The default of `--timeout`, and what issue 7 allows beside it.
const LIMIT: Duration = Duration::from_millis(2000 + 500);

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
}

/// Runs every command on a node of its own, all at the same time, with `registry` instead of the one that has served
/// the nodes before. A datastore's secret was rotated meanwhile. Each command has to end in time.
pub(super) fn suffer(federation: &str, registry: &Registry) -> Vec<Run> {
    announce_database(federation);
    thread::scope(|scope| {
        let running: Vec<_> = COMMANDS
            .iter()
            .map(|arguments| {
                scope.spawn(move || timed(|| stricken(federation, registry), arguments))
            })
            .collect();
        // It looks for the address from which the registry is reached.
        let node = || stricken(federation, registry).without("RECONF_HOST");
        let settings = timed(node, &["config"]).succeeds();
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

/// Runs a command, each time on a new node, until it ends in time: a machine that is busy with something else may
/// make one run late, but not three.
fn timed(node: impl Fn() -> Scenario, arguments: &[&str]) -> Run {
    let waits = arguments.contains(&"--wait");
    let limit = if waits { LIMIT * 2 } else { LIMIT };
    let mut late = Vec::new();
    while late.len() < 3 {
        let node = node();
        let start = Instant::now();
        let run = node.run(arguments);
        let took = start.elapsed();
        if took < limit {
            return run;
        }
        late.push(format!("{took:?}\n{}", run.text()));
    }
    panic!("{}", late.join("\n"));
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
    let node = Scenario::new()
        .registry(etcd::shared().url())
        .config(&format!(r#"{{"federation": "{federation}"}}"#))
        .datastores(r#"{"datastores": {"SECRET": "old"}}"#)
        .env("RECONF_TIMEOUT", PATIENT)
        .manifest("www", &manifest(federation, "www", "DATABASE"));
    let _rendered = node.run(&["render", "www"]).exits(0);
    let _announced = node.run(&["announce", "www"]).exits(0);
    node
}

/// Announces what `www` requires, from another node.
pub(super) fn announce_database(federation: &str) {
    let manifest = format!(
        r#"{{"id": "db", "federation": "{federation}", "provides": {{"DATABASE": "db://{{HOST}}"}}}}"#
    );
    let node = Scenario::new()
        .registry(etcd::shared().url())
        .config(&format!(r#"{{"federation": "{federation}"}}"#))
        .env("RECONF_NODE", "db01")
        .env("RECONF_TIMEOUT", PATIENT)
        .manifest("db", &manifest);
    let _announced = node.run(&["announce", "db"]).exits(0);
}

fn manifest(federation: &str, id: &str, database: &str) -> String {
    format!(
        r#"{{"id": "{id}", "federation": "{federation}", "local_port": 80,
            "requires": {{"DATABASE": "{{{database}}}", "SECRET": "{{SECRET}}"}},
            "provides": {{"{}_URL": "http://{{HOST}}:{{PORT}}"}}}}"#,
        id.to_uppercase()
    )
}
