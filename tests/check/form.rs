//! `check --form` and `--assume`: what the cookbook asks before it replaces a file.

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{check, folder, messages};
use crate::harness::{
    scenario::{BINARY, Scenario, golden_story},
    user::command_as,
};

const API: &str = include_str!("../../examples/data_bags/service/api.json");

const WITHOUT_VALUES: &str = r#"{"datastores": {"A": null, "B": null, "C": "x"},
    "regions": {"us": {"datastores": {"B": "x"}}, "eu": {"datastores": {"C": null, "A": []}}},
    "federations": {"other": {"datastores": {"A": null}}}}"#;

/// A node's files with a fault of each kind, as the cookbook would write them.
fn faulty() -> Value {
    json!({
        "/r/etc/reconf/config.json":
            "{\n  \"registry\": {\"endpoints\": [\"http://u:secret@etcd1:2379\"]},\n  \"reigon\": \"us\"\n}",
        "/r/etc/reconf/configuration.json":
            "{\n  \"datastores\": {\n    \"PRIMARY_DATABASE_URL\": null,\n    \"API_ELASTICSEARCH_CLUSTER_URL\": [\"secret\"],\n    \"OTHER\": null\n  }\n}",
        "/r/etc/reconf/services/api.json": API,
        "/r/etc/reconf/services/old.json": null,
        "/r/etc/reconf/services/www.json":
            "{\n  \"id\": \"www\",\n  \"requiers\": {\"A\": \"{A_URL}\"},\n  \"environment\": {\"UID\": \"secret\", \"B\": null}\n}",
    })
}

fn assume(assumed: &Value) -> Scenario {
    folder().file("assumed.json", &assumed.to_string())
}

#[test]
fn everything_is_reported_at_once_and_no_secret() {
    let folder = assume(&faulty());
    let runs = [
        check(&folder, "--form --assume assumed.json"),
        check(&folder, "--form --assume assumed.json --output json"),
    ];
    for run in &runs {
        assert_eq!(run.output.status.code(), Some(65), "{}", run.text());
        assert!(!run.text().contains("secret"), "{}", run.text());
    }
    golden_story("check/form", &runs);
}

#[test]
fn good_files_pass() {
    let folder = assume(&json!({
        "/r/etc/reconf/config.json": r#"{"region": "us", "registry": {"endpoints": ["http://etcd1:2379"]}}"#,
        "/r/etc/reconf/configuration.json": include_str!("../../examples/configuration.json"),
        "/r/etc/reconf/services/api.json": API,
    }));
    let said = check(&folder, "--form --assume assumed.json").fails(0);
    assert_eq!(said, "checked 1 manifest: no problems\n");
    let json = check(&folder, "--form --assume assumed.json --output json");
    assert_eq!(json.succeeds(), "");
}

#[test]
fn a_datastore_without_a_value_is_an_error_only_where_a_service_of_that_node_needs_it() {
    let manifest = |name: &str, more: &str| {
        format!(r#"{{"id": "www", "requires": {{"V": {{"value": "{{{name}}}"{more}}}}}}}"#)
    };
    for (name, more, region, expected) in [
        (
            "A",
            "",
            "us",
            &["datastore `A` is null, and `www` needs it"][..],
        ),
        ("A", r#", "optional": true"#, "us", &[]),
        ("A", r#", "default": "x""#, "us", &[]),
        // A value of the wrong kind is covered by neither (section 6).
        (
            "A",
            r#", "default": "x""#,
            "eu",
            &["datastore `A` is a list, and `www` needs it"],
        ),
        ("B", "", "us", &[]),
        (
            "B",
            "",
            "eu",
            &["datastore `B` is null, and `www` needs it"],
        ),
        ("C", "", "eu", &[]),
        ("D", "", "us", &[]),
    ] {
        let folder = assume(&json!({
            "config.json": format!(r#"{{"region": "{region}"}}"#),
            "configuration.json": WITHOUT_VALUES,
            "services/www.json": manifest(name, more),
        }));
        let found = check(&folder, "--form --assume assumed.json --output json");
        assert_eq!(messages(&found), expected, "{name} {more} {region}");
    }
}

#[test]
fn what_a_format_cannot_carry_is_an_error_where_files_alone_say_so() {
    let refused = "`V` cannot be written as docker: its value contains a line feed";
    for (region, manifest, expected) in [
        ("us", json!({"environment": {"V": "x\ny"}}), Some(refused)),
        (
            "us",
            json!({"environment": {"V": "x\ny"}, "conf": {"formats": ["systemd"]}}),
            None,
        ),
        ("us", json!({"requires": {"V": "{FEED}"}}), Some(refused)),
        ("us", json!({"requires": {"V": "{FEED|url}"}}), None),
        (
            "us",
            json!({"requires": {"V": "-{REGIONAL}"}}),
            Some(refused),
        ),
        ("eu", json!({"requires": {"V": "-{REGIONAL}"}}), None),
        // What is announced is not known here, and comes first.
        ("us", json!({"requires": {"V": "{OFFERED}"}}), None),
        (
            "us",
            json!({"requires": {"V": "{FEED}{NOBODY_HAS_IT}"}}),
            None,
        ),
    ] {
        let mut manifest = manifest;
        manifest["id"] = "www".into();
        let folder = assume(&json!({
            "config.json": format!(r#"{{"region": "{region}", "render": {{"formats": ["docker"]}}}}"#),
            "configuration.json": r#"{"datastores": {"FEED": "x\ny", "REGIONAL": "x", "OFFERED": "x\ny"},
                "regions": {"us": {"datastores": {"REGIONAL": "secret\n"}}}}"#,
            "services/api.json": r#"{"id": "api", "provides": {"OFFERED": "x"}}"#,
            "services/www.json": manifest.to_string(),
        }));
        let found = check(&folder, "--form --assume assumed.json --output json");
        let messages = messages(&found);
        let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
        assert_eq!(messages, Vec::from_iter(expected), "{region} {manifest}");
        assert!(!found.text().contains("secret"), "{}", found.text());
    }
}

#[test]
fn the_node_says_which_federations_it_runs() {
    let folder = assume(&json!({
        "config.json": r#"{"federation": "seatgeek", "federations": ["seatgeek", "pivotly"]}"#,
        "services/a.json": r#"{"id": "a", "federation": "pivotly", "environment": {}}"#,
        "services/b.json": r#"{"id": "b", "environment": {}}"#,
        "services/c.json": r#"{"id": "c", "federation": "staging", "environment": {}}"#,
    }));
    let said = check(&folder, "--form --assume assumed.json").fails(65);
    assert!(
        said.starts_with("error: this node may not run services of federation `staging`\n  --> services/c.json:1:27\n"),
        "{said}"
    );
    assert!(said.ends_with("checked 3 manifests: 1 error\n"), "{said}");
}

#[test]
fn each_file_is_checked_by_itself() {
    let folder = folder()
        .file(
            "items/a.json",
            r#"{"id": "a", "requires": {"X": "{NOBODY_HAS_IT}"}}"#,
        )
        .file("items/b.json", "{")
        .file("items/c d.json", "{}")
        .file("items/.hidden.json", "{")
        .file("c.json", r#"{"datastores": {"x-y": 1}}"#)
        .file("config.json", r#"{"federation": 1}"#);
    let said = check(
        &folder,
        "items --form --datastores c.json --config config.json",
    )
    .fails(65);
    for part in [
        "error: not valid JSON: the text ends inside an object\n  --> items/b.json:1:2\n",
        "error: the file is not named after an id\n  --> items/c d.json:1:1\n",
        "error: `datastores.x-y` is not a POSIX name: letters, digits and `_`, no digit first\n  --> c.json:1:17\n",
        "error: `federation` must be a string, not a number\n  --> config.json:1:16\n",
        "checked 2 manifests: 4 errors\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hidden"), "{said}");
    let said = check(&folder, "items/a.json --form -q").succeeds();
    assert_eq!(said, "");
}

#[test]
fn what_is_not_there_cannot_be_checked() {
    let folder = folder().file("empty/README.md", "");
    for (words, expected) in [
        (
            "",
            "error: there is no `data_bags/service`\nhint: name the items",
        ),
        (
            "empty --form",
            "error: there is no manifest in `empty`\nhint: manifests are named `<id>.json`",
        ),
        (
            "x.json",
            "error: there is no `x.json`\nhint: name a manifest, or a folder of them\n",
        ),
        (
            "--assume x.json",
            "error: there is no `x.json`\nhint: `--assume` names it\n",
        ),
        (
            "empty/README.md --datastores x.json",
            "error: there is no `x.json`\nhint: `--datastores` names it\n",
        ),
        (
            "empty/README.md --config x.json",
            "error: there is no `x.json`\nhint: `--config` names it\n",
        ),
    ] {
        let said = check(&folder, words).fails(66);
        assert!(said.starts_with(expected), "{words}: {said}");
    }
}

#[test]
fn an_assumption_comes_over_a_pipe_as_any_user() {
    let folder = assume(&faulty());
    let words = [
        "check",
        "--form",
        "--assume",
        "/dev/stdin",
        "--output",
        "json",
    ];
    let own = folder.command(&words);
    let other = command_as(&folder, (65534, 65534), &words);
    for mut command in [Some(own), other].into_iter().flatten() {
        let input = fs::File::open(folder.path("assumed.json")).unwrap();
        let output = command.stdin(Stdio::from(input)).output().unwrap();
        assert_eq!(output.status.code(), Some(65), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(lines.lines().count(), 7, "{lines}");
    }
    // Not even a variable is needed.
    let bare = Command::new(BINARY)
        .args(["check", "--form", "--assume"])
        .arg(folder.path("assumed.json"))
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(bare.status.code(), Some(65), "{bare:?}");
}
