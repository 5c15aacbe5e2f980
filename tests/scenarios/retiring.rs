//! The end of a machine, said from another one.

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

#[test]
fn a_retired_machine_leaves_nothing_and_others_keep_all() {
    on_both(|fleet| {
        let (_dead, _other) = (full(fleet, "api01"), full(fleet, "api010"));
        // What nobody can read, and what is no key of ours.
        let prefix = "/reconf/v1/default/";
        let unread = [
            "provides/X/default/x@api01",
            "applied/api01/x",
            "provides/Y",
            "applied/api01x",
        ];
        let mut registry = fleet.registry();
        for key in unread {
            registry.put("default", &format!("{prefix}{key}"), "?");
        }
        for (node, slot) in [("api01", 0), ("api010", 1)] {
            registry.put("default", &format!("{prefix}nodes/{node}"), "{}");
            registry.put(
                "default",
                &format!("{prefix}slots/{slot}"),
                &format!(r#"{{"node": "{node}"}}"#),
            );
        }
        let before = fleet.keys();
        let web = fleet.node("web01");
        let dry = web
            .run(&["retire", "api01", "--dry-run"])
            .changes_nothing()
            .exits(0);
        assert!(
            dry.text()
                .contains("would have withdrawn API_URL of api, DOCS_URL of docs"),
            "{}",
            dry.text()
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
        let after = fleet.keys();
        for (key, value) in &before {
            let its = ["@api01", "applied/api01/www", "nodes/api01", "slots/0"];
            let goes = its.iter().any(|end| key.ends_with(end)) && !key.ends_with("/x@api01");
            assert_eq!(after.get(key), (!goes).then_some(value), "{key}");
        }
        let new: Vec<_> = after
            .iter()
            .filter(|(key, _)| !before.contains_key(*key))
            .collect();
        assert_eq!(new.len(), 2, "{new:?}");
        for (key, value) in new {
            assert!(
                key.contains("/withdrawn/") && value.contains(r#""by":"retired""#),
                "{key} {value}"
            );
        }
        let revision = fleet.revision();
        let again = web.run(&["retire", "api01"]).changes_nothing().exits(0);
        assert!(
            again.text().contains("api01: nothing is left of it"),
            "{}",
            again.text()
        );
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
        let mut waiting = { waiting }.spawn().unwrap();
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
