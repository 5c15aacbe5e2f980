//! The picture says who needs whom, alike on both registries and for every user who may read them, and writes nothing.

mod browser;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;

use crate::harness::{
    fleet::{Fleet, all_succeed, on_both},
    golden,
    scenario::{Run, Scenario, golden_story},
    user::command_as,
};

/// A fleet with a service that runs with a withdrawn provider, and one that runs with an expired one.
fn deployed(fleet: &Fleet) -> Scenario {
    let api = r#"{"id": "api", "environment": {"PORT": 1100}, "requires": {"CACHE": "{CACHE_URL}"}, "public": true,
        "provides": {"API_URL": "http://user:s3cret@{HOST}:{PORT}", "API_HOST": "{HOST}"}}"#;
    let cache = r#"{"id": "cache", "environment": {"PORT": 11211}, "provides": {"CACHE_URL": "{HOST}:{PORT}"}}"#;
    let www = r#"{"id": "www", "requires": {"API_URL": "{API_URL}", "OLD": {"value": "{OLD_URL}", "optional": true}}}"#;
    let old =
        r#"{"id": "old", "environment": {"PORT": 1}, "provides": {"OLD_URL": "{HOST}:{PORT}"}}"#;
    let apply = ["apply --all"];
    let node = |name: &str| fleet.node(name).env("RECONF_REGION", "us-east-1");
    let cache01 = node("cache01").manifest("cache", cache);
    all_succeed(&cache01, &apply);
    let old01 = node("old01").manifest("old", old);
    all_succeed(&old01, &apply);
    all_succeed(&node("api01").manifest("api", api), &apply);
    all_succeed(&node("api02").manifest("api", api), &apply);
    let web = node("web01").manifest("www", www);
    all_succeed(&web, &apply);
    let reason = [
        "withdraw",
        "cache",
        "--last",
        "--reason",
        "disk <swap> \"now\"",
    ];
    let _withdrawn = cache01.run(&reason).exits(0);
    let key = "/reconf/v1/default/provides/OLD_URL/us-east-1/old@old01";
    fleet.registry().delete(fleet.federation(), key);
    web
}

/// What was printed, with what differs between two fleets masked.
fn masked(run: &Run) -> String {
    // Who withdrew it is a user of this machine.
    run.text().replace(&format!("by {} ", user()), "by [USER] ")
}

fn user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
    user.ok()
        .flatten()
        .map(|user| user.name)
        .unwrap_or_default()
}

#[test]
fn pictures_are_those_that_were_judged_right_and_nothing_is_written() {
    on_both(|fleet| {
        let web = deployed(fleet);
        let before = (fleet.keys(), fleet.revision());
        let lines = [
            &["graph"][..],
            &["graph", "--format", "mermaid"],
            &["graph", "--output", "json"],
        ];
        let story = lines.map(|line| masked(&web.run(line).changes_nothing().exits(0)));
        golden::check("graph/registry", &story.join("\n"));
        let page = web
            .run(&["graph", "--format", "html"])
            .changes_nothing()
            .exits(0);
        let page = masked(&page);
        assert!(
            !page.contains("s3cret") && !page.contains("<swap>"),
            "{page}"
        );
        let picture = page.split("<svg id=\"picture\"").nth(1).unwrap();
        golden::check("graph/page", picture.split("</svg>").next().unwrap());
        assert_eq!((fleet.keys(), fleet.revision()), before);
    });
}

#[test]
fn whoever_may_read_the_registry_sees_the_same() {
    on_both(|fleet| {
        let web = deployed(fleet);
        let by_root = web.run(&["graph"]).exits(0).output.stdout;
        let Some(mut command) = command_as(&web, (12_345, 12_345), &["graph"]) else {
            return;
        };
        let closed = fleet.location();
        let closed = closed.strip_prefix("dir:");
        if let Some(folder) = closed {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match closed {
            Some(_) => assert_eq!(output.status.code(), Some(77), "{stderr}"),
            None => assert_eq!(output.stdout, by_root, "{stderr}"),
        }
    });
}

#[test]
fn a_file_is_written_once_in_the_format_that_its_name_says() {
    let node =
        Scenario::new().manifest("www", r#"{"id": "www", "provides": {"WWW_URL": "{HOST}"}}"#);
    let _announced = node.run(&["announce", "www"]).exits(0);
    let story = [
        node.run(&["graph", "-o", "fleet.html"]),
        node.run(&["graph", "-o", "fleet.html", "--output", "json"]),
        node.run(&["graph", "-o", "fleet.mmd"]),
        node.run(&["graph", "-o", "fleet.gv"]),
        node.run(&["graph", "-o", "fleet.png"]),
        node.run(&["graph", "-o", "fleet.png", "--format", "dot"]),
        node.run(&["graph", "-o", "none/fleet.dot"]),
        node.run(&["graph", "--format", "svg"]),
    ];
    golden_story("graph/files", &story);
    let begins = |file: &str| fs::read_to_string(node.path(file)).unwrap()[..9].to_owned();
    let beginnings = ["fleet.html", "fleet.mmd", "fleet.gv", "fleet.png"].map(begins);
    assert_eq!(
        beginnings,
        ["<!DOCTYPE", "flowchart", "digraph r", "digraph r"]
    );
}

#[test]
fn a_repository_is_drawn_without_a_node() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let node = Scenario::new()
        .file(
            "repo/data_bags/service/api.json",
            r#"{"id": "api", "provides": {"API": "{HOST}"}, "federation": "a"}"#,
        )
        .file(
            "repo/data_bags/service/www.json",
            r#"{"id": "www", "requires": {"X": "{API}", "Y": "{DB}"}, "federation": "b"}"#,
        )
        .file("bad/x.json", r#"{"id": "x", "requires": {"A": "{"}}"#);
    let by_example = node.run(&["graph", "--check", &examples.display().to_string()]);
    assert!(
        by_example
            .changes_nothing()
            .succeeds()
            .contains("\"api\\nAPI_URL and 1 more\"")
    );
    let story = [
        node.run(&["graph", "--check", "repo"]),
        node.run(&["graph", "--check", "repo", "--output", "json"]),
        node.run(&[
            "graph",
            "--check",
            "repo/data_bags/service/www.json",
            "--format",
            "mermaid",
        ]),
        node.run(&["graph", "--check", "bad"]),
        node.run(&["graph", "--check", "none"]),
    ];
    let story = story.map(Run::changes_nothing);
    golden_story("graph/repository", &story);
}

#[test]
fn json_has_a_line_for_each_box() {
    let fleet = Fleet::embedded();
    let web = deployed(&fleet);
    let lines = web.run(&["graph", "--output", "json"]).succeeds();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let names: Vec<&str> = lines
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["api", "cache", "old", "www"]);
    assert_eq!(lines[2]["kind"], "unmet");
    assert_eq!(lines[3]["needs"][0]["from"], "api");
}
