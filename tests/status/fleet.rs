//! What every node of a federation runs with.

use std::fs;

use serde_json::{Value, json};

use super::{API, DATASTORES, WWW, golden_on_both, status};
use crate::harness::{
    fleet::{Fleet, all_succeed, on_both},
    scenario::Scenario,
};

/// What another node says that one of its services runs with.
fn uses(fleet: &Fleet, node: &str, service: &str, provider: &str, revision: i64) {
    let federation = fleet.federation();
    let used = format!("/reconf/v1/{federation}/provides/API_URL/default/{provider}");
    let record = json!({"API": [[used, revision]]}).to_string();
    let key = format!("/reconf/v1/{federation}/applied/{node}/{service}");
    fleet.registry().put(federation, &key, &record);
}

fn says(fleet: &Fleet, node: &str, versions: &str) {
    let key = format!("/reconf/v1/{}/nodes/{node}", fleet.federation());
    fleet.registry().put(fleet.federation(), &key, versions);
}

/// The summary of `--fleet --output json`.
#[track_caller]
fn summary(fleet: &Fleet, node: &Scenario, code: i32) -> Value {
    let run = status(fleet, node, "--fleet --output json").exits(code);
    let text = String::from_utf8_lossy(&run.output.stdout);
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

#[test]
fn a_fleet_is_grouped_by_version_and_whoever_is_behind_has_a_line() {
    on_both(|fleet| {
        let [api01, api02, api03] =
            ["api01", "api02", "api03"].map(|name| fleet.node(name).manifest("api", API));
        for api in [&api01, &api02, &api03] {
            all_succeed(api, &["apply --all"]);
        }
        let web = fleet
            .node("web01")
            .manifest("www", WWW)
            .datastores(DATASTORES);
        all_succeed(&web, &["apply --all"]);
        let mut story = vec![status(fleet, &web, "--fleet").exits(0)];

        for (node, provider) in [
            ("web02", "api@api02"),
            ("web03", "api@api09"),
            ("web04", "api@api03"),
        ] {
            uses(fleet, node, "www", provider, 1);
            says(
                fleet,
                node,
                r#"{"configuration": "0b11c2d", "reconf": "0.0.9"}"#,
            );
        }
        uses(fleet, "web05", "jobs", "api@api02", 1);
        let _withdrawn = api02
            .run(&["withdraw", "api", "--for", "2h", "--reason", "new disk"])
            .exits(0);
        all_succeed(&api03, &["announce api --ttl 1h"]);
        let broken = format!("/reconf/v1/{}/applied/web06/www", fleet.federation());
        fleet.registry().put(fleet.federation(), &broken, "[1]");
        story.push(status(fleet, &web, "--fleet").exits(75));
        story.push(status(fleet, &web, "--fleet --all").exits(75));
        story.push(status(fleet, &web, "--fleet --output json").exits(75));
        golden_on_both("status/fleet", &story);
    });
}

#[test]
fn only_what_is_behind_for_certain_or_at_fault_is_no_success() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", API);
        all_succeed(&api, &["apply --all"]);
        uses(fleet, "web02", "www", "api@api01", 1_000_000);
        let found = summary(fleet, &api, 0);
        assert_eq!(
            (&found["perhaps"], &found["behind"]),
            (&json!(1), &json!(0))
        );
        all_succeed(&api, &["withdraw api --last"]);
        let found = summary(fleet, &api, 75);
        assert_eq!(
            (&found["perhaps"], &found["behind"]),
            (&json!(0), &json!(1))
        );
        all_succeed(&api, &["retire web02"]);
        // Held, as somebody wants it.
        assert_eq!(summary(fleet, &api, 0)["nodes"], 0);
    });
}

#[test]
fn a_registry_that_is_away_is_said() {
    let node = Scenario::new()
        .registry(&crate::harness::etcd::refused())
        .env("RECONF_TIMEOUT", "500ms");
    let _away = node.run(&["status", "--fleet"]).changes_nothing().exits(69);
}

/// Writes the records of so many nodes into an embedded registry at once: every tenth uses what is gone.
fn written(fleet: &Fleet, nodes: usize) {
    let federation = fleet.federation();
    let mut keys = serde_json::Map::new();
    let mut put = |key: String, value: Value| {
        let key = format!("/reconf/v1/{federation}/{key}");
        let entry = json!({"value": value.to_string(), "revision": 1});
        keys.insert(key, entry);
    };
    for (key, value) in records(nodes) {
        put(key, value);
    }
    let folder = fleet.location().strip_prefix("dir:").unwrap().to_owned();
    let file = json!({"version": 1, "revision": 1, "keys": keys}).to_string();
    fs::write(format!("{folder}/{federation}.json"), file).unwrap();
}

/// The records of so many nodes, two of each.
fn records(nodes: usize) -> impl Iterator<Item = (String, Value)> {
    (0..nodes).flat_map(|number| {
        let node = format!("web{number:05}");
        let provider = if number % 10 == 0 { "gone" } else { "api01" };
        let used = format!("/reconf/v1/default/provides/API_URL/default/api@{provider}");
        [
            (format!("applied/{node}/www"), json!({"API": [[used, 0]]})),
            (
                format!("nodes/{node}"),
                json!({"configuration": "a", "reconf": "1"}),
            ),
        ]
    })
}

#[test]
fn more_records_than_a_page_are_all_counted() {
    let fleet = Fleet::embedded();
    let api = fleet.node("api01").manifest("api", API);
    written(&fleet, 1200);
    all_succeed(&api, &["apply --all"]);
    let found = summary(&fleet, &api, 75);
    let counts = ["nodes", "current", "perhaps", "behind"].map(|count| found[count].clone());
    assert_eq!(counts, [1200, 1080, 0, 120].map(|count| json!(count)));
}

#[test]
#[ignore = "long: script/prove"]
fn ten_thousand_records_of_an_etcd_are_all_counted() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["apply --all"]);
    let mut registry = fleet.registry();
    for (key, value) in records(5000) {
        let key = format!("/reconf/v1/default/{key}");
        registry.put("default", &key, &value.to_string());
    }
    let start = std::time::Instant::now();
    let run = api
        .run(&["status", "--fleet", "--output", "json"])
        .exits(75);
    let took = start.elapsed();
    #[expect(clippy::print_stdout, reason = "a figure of script/prove")]
    {
        println!("status --fleet of 10,000 records on etcd: {took:?}");
    }
    let text = String::from_utf8_lossy(&run.output.stdout);
    let found: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&found["nodes"], &found["behind"]),
        (&json!(5000), &json!(500))
    );
}
