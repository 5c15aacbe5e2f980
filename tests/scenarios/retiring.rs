//! The end of a machine, said from another one.

use std::{collections::BTreeMap, process::Stdio};

use super::{Fleet, all_succeed, on_both};
use crate::harness::{
    scenario::{Scenario, golden_story},
    wait::until,
};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;
const DOCS: &str = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

const LIVE: &str = "default/provides/API_URL/default/api@api01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";
const OTHER: &str = "default/provides/API_URL/default/api@api010";

fn api(fleet: &Fleet, name: &str) -> Scenario {
    let node = fleet.node(name).manifest("api", API);
    all_succeed(&node, &["announce --all"]);
    node
}

/// A machine that runs everything.
fn full(fleet: &Fleet, name: &str) -> Scenario {
    let node = api(fleet, name).manifest("docs", DOCS).manifest("www", WWW);
    all_succeed(&node, &["apply --all"]);
    node
}

/// Writes what nobody can read, what is no key of ours, and records of two nodes that reconf does not write yet.
fn write_records(fleet: &Fleet) {
    let prefix = "/reconf/v1/default/";
    let mut registry = fleet.registry();
    for key in [
        "provides/X/default/x@api01",
        "applied/api01/x",
        "provides/Y",
        "applied/api01x",
    ] {
        registry.put("default", &format!("{prefix}{key}"), "?");
    }
    for (node, slot) in [("api01", 0), ("api010", 1)] {
        registry.put("default", &format!("{prefix}nodes/{node}"), "{}");
        let slot = format!("{prefix}slots/{slot}");
        registry.put("default", &slot, &format!(r#"{{"node": "{node}"}}"#));
    }
}

/// Nothing that belongs to `api01` is left but what cannot be read, and nothing else is missing.
#[track_caller]
fn only_its_records_are_gone(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    for (key, value) in before {
        let its = ["@api01", "applied/api01/www", "nodes/api01", "slots/0"];
        let goes = its.iter().any(|end| key.ends_with(end)) && !key.ends_with("/x@api01");
        assert_eq!(after.get(key), (!goes).then_some(value), "{key}");
    }
    let mut new: Vec<&str> = Vec::new();
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        assert!(value.contains(r#""by":"retired""#), "{key} {value}");
        new.push(key);
    }
    let withdrawn = |key: &&str| key.contains("/withdrawn/") && key.ends_with("@api01");
    assert!(new.len() == 2 && new.iter().all(withdrawn), "{new:?}");
}

#[test]
fn a_retired_machine_leaves_nothing_and_others_keep_all() {
    on_both(|fleet| {
        let (_dead, _other) = (full(fleet, "api01"), full(fleet, "api010"));
        write_records(fleet);
        let (before, web) = (fleet.keys(), fleet.node("web01"));
        let record = &before["/reconf/v1/default/applied/api010/www"];
        let uses_it = record.contains("api@api01\"");
        let dry = web.run(&["retire", "api01", "--dry-run"]);
        let dry = dry.changes_nothing().exits(0).text();
        for expected in [
            "would withdraw API_URL of api, DOCS_URL of docs",
            "  api010   URL of www: api@api010 instead of api@api01\n",
        ] {
            assert_eq!(
                dry.contains(expected),
                !expected.starts_with("  ") || uses_it,
                "{dry}"
            );
        }
        assert!(
            !dry.contains("  api01   "),
            "it is gone with what it uses: {dry}"
        );
        assert_eq!(fleet.keys(), before);

        let run = web.run(&["retire", "api01"]).exits(0).text();
        for told in [
            "api01: withdrawn API_URL of api, DOCS_URL of docs; deleted 3 records of it",
            "warning: left `/reconf/v1/default/provides/X/default/x@api01`, whose value cannot be read",
            "warning: left `/reconf/v1/default/applied/api01/x`, whose value cannot be read",
        ] {
            assert!(run.contains(told), "{run}");
        }
        only_its_records_are_gone(&before, &fleet.keys());
        let revision = fleet.revision();
        let again = web.run(&["retire", "api01"]).changes_nothing().exits(0);
        let again = again.text();
        assert!(again.contains("api01: nothing is left of it"), "{again}");
        assert_eq!(fleet.revision(), revision);
    });
}

#[test]
fn a_retired_machine_that_returns_stays_silent_and_a_rebuilt_one_announces() {
    on_both(|fleet| {
        let dead = api(fleet, "api01");
        let ops = fleet.node("ops");
        for rebuilt in [false, true] {
            all_succeed(&ops, &["retire api01"]);
            assert_eq!(fleet.announced(), [TOMBSTONE]);
            let returns = dead.run(&["announce", "--all"]).exits(0).text();
            assert!(
                returns.contains("held, because its node was retired"),
                "{returns}"
            );
            all_succeed(&dead, &["apply --all", "announce api --keep-withdrawn"]);
            assert_eq!(fleet.announced(), [TOMBSTONE]);
            if rebuilt {
                // At another address, and the first time nobody answers.
                let new = fleet
                    .node("api01")
                    .manifest("api", API)
                    .env("RECONF_HOST", "10.0.0.9");
                if fleet.own_etcd().is_some() {
                    let new = new
                        .registry(&crate::harness::etcd::refused())
                        .env("RECONF_TIMEOUT", "500ms");
                    let _owed = new.run(&["announce", "--all"]).exits(69);
                    all_succeed(
                        &new.registry(&fleet.location()).env("RECONF_TIMEOUT", "20s"),
                        &["announce --all"],
                    );
                } else {
                    all_succeed(&new, &["announce --all"]);
                }
                assert_eq!(fleet.announced(), [LIVE]);
            } else {
                all_succeed(&dead, &["announce api"]);
                assert_eq!(fleet.announced(), [LIVE]);
                all_succeed(&dead, &["announce --all"]);
                assert_eq!(fleet.announced(), [LIVE]);
            }
        }
        // The old one leaves its key to the new one.
        let _silent = dead.run(&["announce", "--all"]).exits(75);
    });
}

#[test]
fn retiring_waits_for_those_who_still_use_it() {
    on_both(|fleet| {
        let (_dead, web) = (
            api(fleet, "api01"),
            fleet.node("web01").manifest("www", WWW),
        );
        all_succeed(&web, &["render www"]);
        let ops = fleet.node("ops");
        let still = ops
            .run(&["retire", "api01", "--wait", "300ms"])
            .exits(75)
            .text();
        assert!(
            still.contains("what `api01` provided is still in use")
                && still.contains("web01   URL of www"),
            "{still}"
        );
        let waiting = ops.command(&["retire", "api01", "--wait", "100s"]);
        let mut waiting = { waiting }.stderr(Stdio::null()).spawn().unwrap();
        let _other = api(fleet, "api010");
        assert!(
            waiting.try_wait().unwrap().is_none(),
            "web01 still has the old value"
        );
        all_succeed(&web, &["render www"]);
        let ended = until("nobody uses it", || waiting.try_wait().unwrap());
        assert!(ended.success());
        assert_eq!(fleet.announced(), [OTHER, TOMBSTONE]);
    });
}

#[test]
fn retiring_says_what_it_does_not_know() {
    let fleet = Fleet::embedded();
    let _api = full(&fleet, "api01");
    let ops = fleet.node("ops");
    let story = [
        ops.run(&["retire", "api02"]).exits(66),
        ops.run(&["retire", "nobody"]).exits(66),
        ops.run(&["retire", "ops"]).exits(64),
        ops.run(&["retire", "api01", "api02", "-v"]).exits(66),
    ];
    golden_story("scenarios/retire", &story);
}
