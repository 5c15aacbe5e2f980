//! Mutants of every file that a node reads, through the binary: each command ends as the contract says, and no message
//! shows a value. The same in process, many more of them: `src/report/tests.rs`.

use std::{collections::BTreeMap, fs, process::Stdio};

use super::all_succeed;
use crate::harness::{
    mutants::{Mutants, shows_a_value},
    process::output,
    scenario::Scenario,
};

/// In every text a `$` is a value.
const API: &str = r#"{"id": "api", "command": ["true", "$"], "environment": {"TOKEN": "$", "PORT": 1100}, "provides": {"API_URL": "http://u:$@{HOST}:{PORT}/"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}/$", "DB": {"value": "{DB_URL}", "default": "$"}}, "x-note": "$"}"#;
const DATASTORES: &str = r#"{"datastores": {"DB_URL": "mysql://u:$@h/$"}, "regions": {"west": {"datastores": {"DB_URL": "$"}}}, "note": "$"}"#;
const CONFIG: &str = r#"{"registry": {"timeout": "2s", "user": "$", "password_file": "$"}, "region": "default", "announce": {"ttl": null},
  "listen": {"command": ["chef-solo", "$"], "debounce": "2s"}}"#;
const CONF: &str = "# Written by reconf from the manifest of api; 2 variables follow.\nexport PORT='1100'\nexport TOKEN='$'\n";
const KNOWN: &str = r#"{"version": 1, "revision": 7, "regions": {"default": {"DB_URL": {"db@db01": {"announcement": {"value": "$", "pattern": "$",
  "host": "h", "port": 1, "local_port": 2, "service": "db", "node": "db01", "public": true, "since": "2026-01-02T03:04:05Z"}, "revision": 4}}}}}"#;
const LISTEN: &str =
    r#"{"version": 1, "on": false, "since": "2026-01-02T03:04:05Z", "reason": "$"}"#;

/// What is run after a file was replaced by a mutant: stdout is a message too, or data that may show values.
enum Runs {
    Messages(&'static [&'static str]),
    Data(&'static [&'static str]),
}

const RENDER: Runs = Runs::Messages(&["render", "--all", "--output", "json"]);
const DIFF: Runs = Runs::Messages(&["render", "--all", "--dry-run", "--diff", "-v"]);
const ANNOUNCE: Runs = Runs::Messages(&["announce", "--all", "-v"]);
const LS: Runs = Runs::Data(&["ls"]);

const FILES: &[(&str, Option<&str>, &[Runs])] = &[
    ("etc/reconf/services/api.json", Some(API), &[DIFF, ANNOUNCE]),
    ("etc/reconf/services/www.json", Some(WWW), &[RENDER]),
    (
        "etc/reconf/configuration.json",
        Some(DATASTORES),
        &[RENDER, LS],
    ),
    (
        "etc/reconf/config.json",
        Some(CONFIG),
        &[Runs::Data(&["config"]), DIFF],
    ),
    (
        "etc/services.d/api.conf",
        Some(CONF),
        &[Runs::Data(&["exec", "api", "--", "/bin/true"]), DIFF],
    ),
    ("var/lib/reconf/applied/api.conf", Some(CONF), &[RENDER]),
    (
        "var/lib/reconf/listen.json",
        Some(LISTEN),
        &[Runs::Data(&["listen", "status"])],
    ),
    (
        "var/lib/reconf/services/api.json",
        None,
        &[ANNOUNCE, RENDER],
    ),
    ("var/lib/reconf/known/default.json", Some(KNOWN), &[RENDER]),
    ("var/lib/reconf/node.json", None, &[ANNOUNCE]),
    (
        "var/lib/reconf/registry/default.json",
        None,
        &[LS, RENDER, ANNOUNCE],
    ),
];

/// The codes of section 7, and those of `exec` where reconf itself failed or the command ran.
const CODES: [i32; 12] = [0, 64, 65, 66, 69, 71, 73, 75, 77, 78, 125, 126];

/// A node on which all is done, with all its files.
fn node() -> (Scenario, BTreeMap<String, Vec<u8>>) {
    let canary = |text: &str| text.replace('$', "zq7Vzq7V");
    let node = Scenario::new()
        .manifest("api", &canary(API))
        .manifest("www", &canary(WWW))
        .datastores(&canary(DATASTORES));
    all_succeed(&node, &["apply --all", "listen off"]);
    let node = node.env("RECONF_TIMEOUT", "500ms");
    let files = FILES.iter().filter_map(|(path, _, _)| {
        let bytes = fs::read(node.path(path)).ok()?;
        Some(((*path).to_owned(), bytes))
    });
    let files = files.collect();
    (node, files)
}

/// Runs the commands of each file with so many mutants of it.
fn no_mutant_is_shown(each: usize) {
    let mut mutants = Mutants::new();
    let (node, files) = node();
    for (path, original, runs) in FILES {
        for _ in 0..each {
            for (path, bytes) in &files {
                fs::write(node.path(path), bytes).unwrap();
            }
            let present = files.get(*path).map(|bytes| String::from_utf8_lossy(bytes));
            let original =
                original.map_or_else(|| present.unwrap_or_default().into_owned(), str::to_owned);
            let mutant = mutants.of(&original);
            fs::create_dir_all(node.path(path).parent().unwrap()).unwrap();
            fs::write(node.path(path), &mutant).unwrap();
            for run in *runs {
                check(&node, path, &mutant, run);
            }
            if !files.contains_key(*path) {
                fs::remove_file(node.path(path)).unwrap();
            }
        }
    }
}

#[track_caller]
fn check(node: &Scenario, path: &str, mutant: &[u8], run: &Runs) {
    let (arguments, is_message) = match run {
        Runs::Messages(arguments) => (*arguments, true),
        Runs::Data(arguments) => (*arguments, false),
    };
    let mut command = node.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = String::from_utf8_lossy(mutant);
    let ended = output(command.spawn().unwrap());
    let ended = ended.unwrap_or_else(|| panic!("{arguments:?} hangs, {path} being\n{shown}"));
    let mut said = String::from_utf8_lossy(&ended.stderr).into_owned();
    if is_message {
        said += &String::from_utf8_lossy(&ended.stdout);
    }
    let code = ended.status.code();
    assert!(
        code.is_some_and(|code| CODES.contains(&code)) && !said.contains("panicked"),
        "{arguments:?} ends with {:?}:\n{said}\n{path} being\n{shown}",
        ended.status
    );
    assert!(
        !shows_a_value(mutant, &said),
        "{arguments:?} says:\n{said}\n{path} being\n{shown}"
    );
}

#[test]
fn no_command_shows_a_value_of_a_mutant() {
    no_mutant_is_shown(20);
}

#[test]
#[ignore = "long: script/prove"]
fn no_command_shows_a_value_of_a_mutant_of_many() {
    no_mutant_is_shown(300);
}
