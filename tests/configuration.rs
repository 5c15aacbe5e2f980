//! What a node is configured with and cannot be used is refused by its name, whoever names it.

use std::fs;

use serde_json::Value;

use crate::harness::{black_hole::BlackHole, scenario::Scenario};

const PLAIN: &str = r#"{"id": "plain", "environment": {"A": "b"}}"#;

#[test]
fn a_variable_that_is_no_text_is_refused_by_its_name() {
    let node = Scenario::new().manifest("plain", PLAIN);
    let _rendered = node.run(&["render", "plain"]).exits(0);
    for name in [
        "ROOT",
        "CONFIG",
        "REGISTRY",
        "FEDERATION",
        "REGION",
        "NODE",
        "HOST",
        "TIMEOUT",
    ] {
        let told = node.sh(&format!(
            "export RECONF_{name}=\"$(printf 'x\\377')\"; reconf config"
        ));
        let told = told.changes_nothing().fails(78);
        assert_eq!(told, format!("error: `RECONF_{name}` is not UTF-8\n"));
    }
    let told = node.sh("RECONF_ROOT=\"$(printf '/\\377')\" reconf exec plain -- true");
    assert_eq!(told.fails(125), "error: `RECONF_ROOT` is not UTF-8\n");
    // A flag beats it, so nobody reads it.
    let flag = node.sh("RECONF_REGION=\"$(printf '\\377')\" reconf config --region eu");
    assert!(flag.succeeds().contains("region"));
}

#[test]
fn a_file_that_is_there_and_no_text_earns_the_code_of_what_it_should_be() {
    let node = Scenario::new().manifest("plain", PLAIN);
    fs::create_dir_all(node.path("folder/shell.hbs")).unwrap();
    fs::write(node.path("latin1"), b"\xff").unwrap();
    for (arguments, code) in [
        ("--config folder config", 78),
        ("--config latin1 config", 78),
        ("--config folder exec plain -- true", 125),
        ("render plain --dry-run --template folder", 65),
        ("render plain --dry-run --template latin1", 65),
        ("render plain --dry-run --template nothing", 66),
    ] {
        let words: Vec<&str> = arguments.split(' ').collect();
        let told = node.run(&words).changes_nothing().fails(code);
        let named = words.iter().any(|word| told.contains(&format!("`{word}`")));
        assert!(named, "{told}");
    }
    for (path, code) in [
        ("etc/reconf/config.json", 78),
        ("etc/reconf/configuration.json", 78),
        ("etc/reconf/templates/shell.hbs", 65),
        ("etc/reconf/services/plain.json", 65),
    ] {
        let node = Scenario::new();
        fs::create_dir_all(node.path(path)).unwrap();
        let node = if path.contains("plain") {
            node
        } else {
            node.manifest("plain", PLAIN)
        };
        let told = node.run(&["render", "plain"]).fails(code);
        assert!(
            told.contains(path) && told.contains(": it is a directory"),
            "{told}"
        );
    }
}

#[test]
fn a_file_of_the_registry_that_cannot_be_used_is_named_in_plain_words() {
    for (config, file, reason) in [
        (
            r#""user": "me", "password_file": "empty""#,
            "empty",
            "it holds no password",
        ),
        (
            r#""user": "me", "password_file": "line""#,
            "line",
            "it holds no password",
        ),
        (
            r#""user": "me", "password_file": "windows""#,
            "windows",
            "its line ends in CR and LF; save it with Unix line ends",
        ),
        (
            r#""user": "me", "password_file": "gone""#,
            "gone",
            "no such file or directory",
        ),
        (r#""ca": "gone""#, "gone", "no such file or directory"),
    ] {
        let config =
            format!(r#"{{"registry": {{"endpoints": ["https://127.0.0.1:1"], {config}}}}}"#);
        let node = Scenario::new()
            .config(&config)
            .file("empty", "")
            .file("line", "\n")
            .file("windows", "s3cret\r\n");
        let told = node.run(&["ls"]).changes_nothing().fails(78);
        let hint = "hint: `reconf config` shows where each setting comes from";
        assert_eq!(
            told,
            format!("error: cannot use `{file}`: {reason}\n{hint}\n")
        );
    }
}

#[test]
fn a_key_without_a_value_is_null_and_not_the_word() {
    let node = Scenario::new().env("RECONF_REGION", "null");
    let told = node.run(&["--output", "json", "config"]).succeeds();
    let line = |key: &str| {
        let mut rows = told
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.find(|row| row["key"] == key).unwrap()
    };
    assert_eq!(line("region")["value"], Value::from("null"));
    for key in [
        "registry.ca",
        "registry.federations",
        "announce.ttl",
        "listen.max_parallel",
    ] {
        let row = line(key);
        assert_eq!(row.get("value"), Some(&Value::Null), "{row}");
    }
    let shown = node.run(&["config"]).succeeds();
    let of = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap();
    assert!(of("announce.ttl").contains(" null "), "{shown}");
}

#[test]
fn the_configuration_is_shown_though_the_registry_never_answers() {
    let hole = BlackHole::dig();
    let node = Scenario::new()
        .without("RECONF_HOST")
        .registry(hole.url())
        .env("RECONF_TIMEOUT", "1h");
    let shown = node.sh("timeout 60 reconf config").exits(0).text();
    assert!(
        shown.lines().any(|line| line.starts_with("host ")),
        "{shown}"
    );
}

#[test]
fn a_damaged_state_is_told_with_a_next_step_and_left_as_it_is() {
    let node = Scenario::new().manifest("plain", PLAIN);
    let node = node.file(
        "var/lib/reconf/services/plain.json",
        r#"{"version": 1, "hel"#,
    );
    let told = node.run(&["render", "plain"]).fails(78);
    let lines: Vec<&str> = told.lines().collect();
    let [error, left, hint] = lines[..] else {
        panic!("{told}")
    };
    assert!(
        error.contains("services/plain.json` is damaged: ") && !error.contains(';'),
        "{told}"
    );
    assert!(left.ends_with("plain.conf was not written"), "{told}");
    assert_eq!(
        hint,
        "hint: move it away: reconf starts again without what it remembered there"
    );
    let text = fs::read_to_string(node.path("var/lib/reconf/services/plain.json")).unwrap();
    assert_eq!(text, r#"{"version": 1, "hel"#);
}
