//! `--assume`: what would be rendered and announced if files of the node were others, before any of them is written.

use crate::harness::scenario::Scenario;

const OLD: &str = r#"{"id": "old", "provides": {"OLD_URL": "http://{HOST}"}}"#;
const WWW: &str =
    r#"{"id": "www", "requires": {"DB": "{DB_URL}", "OLD": "{OLD_URL}"}, "environment": {"A": 1}}"#;

/// A node that has rendered `www`, with an assumption in `assumed.json`.
fn node(assumed: &[(&str, Option<&str>)]) -> Scenario {
    let node = Scenario::new()
        .manifest("old", OLD)
        .manifest("www", WWW)
        .datastores(r#"{"datastores": {"DB_URL": "mysql://u:secret@db/1"}}"#);
    let _ = node.run(&["render", "www"]).exits(0);
    let files: serde_json::Map<_, _> = assumed
        .iter()
        .map(|(path, content)| (node.path(path).display().to_string(), (*content).into()))
        .collect();
    let text = serde_json::to_string(&files).unwrap();
    node.file("assumed.json", &text)
}

fn dry(node: &Scenario, words: &[&str]) -> crate::harness::scenario::Run {
    let words = [words, &["--dry-run", "--assume", "assumed.json"]].concat();
    node.run(&words).changes_nothing()
}

#[test]
fn every_file_can_be_another_one() {
    let node = node(&[
        ("etc/reconf/config.json", Some(r#"{"region": "west"}"#)),
        (
            "etc/reconf/configuration.json",
            Some(
                r#"{"datastores": {"DB_URL": "mysql://u:rotated@db/1", "OLD_URL": "http://elsewhere"}}"#,
            ),
        ),
        ("etc/reconf/services/old.json", None),
        (
            "etc/reconf/services/new.json",
            Some(r#"{"id": "new", "provides": {"NEW_URL": "http://{HOST}"}}"#),
        ),
    ]);
    let diff = dry(&node, &["render", "www", "--diff", "-q"]).succeeds();
    let lines: Vec<&str> = diff.lines().skip(1).collect();
    assert_eq!(lines, ["~ DB=***", "~ OLD=***"], "{diff}");

    let announced = dry(&node, &["announce", "new", "--output", "json"]).succeeds();
    assert!(
        announced.contains("provides/NEW_URL/west/new@web01"),
        "{announced}"
    );
    let gone = dry(&node, &["announce", "old"]).fails(66);
    assert!(gone.contains("no manifest of `old`"), "{gone}");
}

#[test]
fn all_means_the_services_that_would_be_there() {
    let node = node(&[
        ("etc/reconf/services/old.json", None),
        (
            "etc/reconf/services/new.json",
            Some(r#"{"id": "new", "environment": {}}"#),
        ),
    ]);
    let told = dry(&node, &["announce", "--all"]);
    let text = told.text();
    assert!(text.contains("new: provides nothing"), "{text}");
    assert!(!text.contains("old:"), "{text}");
}

#[test]
fn nothing_is_assumed_by_what_writes() {
    let node = node(&[]);
    for words in [
        &["render", "www", "--assume", "assumed.json"][..],
        &["announce", "old", "--assume", "assumed.json"],
    ] {
        let refused = node.run(words).changes_nothing().fails(64);
        assert!(refused.contains("--dry-run"), "{refused}");
    }
}

#[test]
fn an_assumption_that_is_none_is_refused_without_a_word_of_it() {
    let node = Scenario::new().file("assumed.json", r#"{"config.json": {"secret": 1}}"#);
    let refused = dry(&node, &["render", "www"]).fails(64);
    assert!(!refused.contains("secret"), "{refused}");
    assert!(refused.contains("line 1, column 16"), "{refused}");
}
