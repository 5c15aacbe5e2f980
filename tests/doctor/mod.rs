//! `doctor` finds each fault that was planted, says how it is mended, and writes nothing: neither on the node nor in the
//! registry.

mod credentials;
mod faults;
mod running;

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::harness::{
    etcd::Etcd,
    golden,
    scenario::{Run, Scenario},
    user,
};

const WWW: &str = r#"{"id": "www", "environment": {"PORT": 8080}, "provides": {"WWW_URL": "http://{HOST}:{PORT}"}}"#;

/// A node that has done its work.
fn healthy(node: Scenario) -> Scenario {
    let node = node.manifest("www", WWW).config("{}").datastores("{}");
    node.run(&["apply", "--all"]).fails(0);
    let chmod = "chmod 0640 etc/reconf/configuration.json etc/reconf/services/*";
    let _modes = node.sh(chmod).exits(0);
    node
}

#[track_caller]
fn doctor(node: &Scenario) -> Run {
    node.run(&["doctor"]).changes_nothing()
}

/// The rows of a run: condition, subject, found, mend.
fn rows(run: &Run) -> Vec<[String; 4]> {
    let text = String::from_utf8_lossy(&run.output.stdout);
    let rows = text.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        ["condition", "subject", "found", "mend"]
            .map(|key| row[key].as_str().unwrap_or_default().to_owned())
    });
    rows.filter(|row| !row[0].is_empty()).collect()
}

/// Compares runs with a golden text, whatever version etcd has and however full the disk of this machine is.
#[track_caller]
fn check(case: &str, runs: &[Run]) {
    let texts: Vec<String> = runs.iter().map(|run| with_room(&run.text())).collect();
    let text = texts.join("\n");
    let version = text.split("etcd ").nth(1);
    let version = version.and_then(|rest| rest.split(',').next());
    let text = version.map_or(text.clone(), |version| text.replace(version, "[VERSION]"));
    golden::check(case, &text);
}

/// The text of a run, as it would be on a disk that has room.
fn with_room(text: &str) -> String {
    const CONDITIONS: [&str; 4] = ["ok", "warning", "fault", "unknown"];
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_short = |row: &&mut String| row.contains("room") && row.contains(": less than 5 % ");
    let Some(row) = rows.iter_mut().find(is_short) else {
        return text.to_owned();
    };
    let (place, _) = row.split_once(": less than 5 % ").unwrap();
    let is_json = place.starts_with('{');
    *row = if is_json {
        format!("{}: enough\"}}", place.replacen("warning", "ok", 1))
    } else {
        format!("{}: enough", place.replacen("warning", "ok     ", 1))
    };
    // The column of the conditions is as wide as the widest.
    let condition = |row: &str| {
        let word = row.split(' ').next().unwrap_or_default().to_owned();
        CONDITIONS.contains(&word.as_str()).then_some(word)
    };
    let widths = rows
        .iter()
        .filter_map(|row| condition(row))
        .map(|word| word.len());
    let width = widths.max().unwrap_or_default();
    for row in &mut rows {
        if let Some(word) = condition(row) {
            *row = format!("{word:width$}{}", &row["warning".len()..]);
        }
    }
    rows.join("\n") + "\n"
}

#[test]
fn a_golden_text_does_not_depend_on_the_room_of_the_disk() {
    let rows = "$ reconf doctor\n--- stdout\nok  config  x\nok  room    [ROOT]: enough\n";
    let short = "$ reconf doctor\n--- stdout\nok       config  x\n\
        warning  room    [ROOT]: less than 5 % is left (9 MiB); make room: nothing can be written without\n";
    assert_eq!(with_room(short), rows);
    assert_eq!(with_room(rows), rows);
    let short = format!("{short}unknown  states  y\n");
    let rows = "$ reconf doctor\n--- stdout\nok       config  x\nok       room    [ROOT]: enough\nunknown  states  y\n";
    assert_eq!(with_room(&short), rows);
    let short = r#"{"condition":"warning","subject":"room","found":"[ROOT]: less than 5 % is left (9 MiB)","mend":"make room"}"#;
    let row = r#"{"condition":"ok","subject":"room","found":"[ROOT]: enough"}"#;
    assert_eq!(with_room(short), format!("{row}\n"));
}

/// All of an etcd with its revision: not even a delete of nothing goes unnoticed.
fn all_of(etcd: &Etcd) -> String {
    etcd.ctl(&["get", "", "--prefix", "-w=json"])
}

/// A user and a group that own nothing.
const NOBODY: (u32, u32) = (4242, 4242);

#[test]
fn a_healthy_node_is_told_so_on_both_registries() {
    let etcd = Etcd::start();
    let embedded = healthy(Scenario::new());
    let on_etcd = healthy(Scenario::new().registry(etcd.url()));
    let before = all_of(&etcd);
    let looks = [
        (&embedded, &["doctor"][..]),
        (&embedded, &["doctor", "--output", "json"]),
        (&on_etcd, &["doctor"]),
        (&on_etcd, &["doctor", "--output", "json"]),
    ];
    let as_root = looks.map(|(node, words)| node.run(words).changes_nothing().exits(0));
    check("doctor/healthy", &as_root);
    // Of what only root may see, an ordinary user hears that it is not known.
    let run = |(node, words)| user::run_as(node, NOBODY, words);
    let as_user: Vec<Run> = looks.into_iter().filter_map(run).collect();
    if !as_user.is_empty() {
        let as_user: Vec<Run> = as_user
            .into_iter()
            .map(|run| run.changes_nothing().exits(0))
            .collect();
        check("doctor/ordinary-user", &as_user);
    }
    assert_eq!(all_of(&etcd), before);
}

#[test]
fn a_node_on_which_nothing_was_done_yet_is_no_fault() {
    let node = Scenario::new();
    check("doctor/empty", &[doctor(&node).exits(0)]);
}

#[test]
fn a_broken_configuration_is_a_line_and_what_does_not_follow_from_it_is_judged() {
    let node = healthy(Scenario::new());
    node.put("etc/reconf/config.json", r#"{"regoin": "x"}"#);
    check(
        "doctor/config",
        &[
            doctor(&node),
            node.run(&["doctor", "--output", "json"]).changes_nothing(),
            node.run(&["doctor", "--registry", "nonsense"]),
        ],
    );
}

#[test]
fn whoever_may_not_read_the_configuration_is_told_nothing() {
    let node = healthy(Scenario::new());
    let config = node.path("etc/reconf/config.json");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    if let Some(run) = user::run_as(&node, NOBODY, &["doctor"]) {
        let _said = run.changes_nothing().fails(77);
    }
}
