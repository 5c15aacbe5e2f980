//! `why`: where each value of a service comes from, and why it comes from nowhere else.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use super::{announce, as_user, case, delete, looks, put, withdraw};
use crate::harness::{
    fleet::{Fleet, on_both},
    scenario::{Scenario, golden_story},
};

const CONFIG: &str = r#"{"region": "us-east-1", "regions": ["us-east-1", "us-west-2"]}"#;

const MANIFEST: &str = r#"{
  "id": "app-www",
  "environment": {"ENV": "production"},
  "requires": {
    "API_URL": "{READONLY_API_URL}",
    "DATABASE_URL": "postgres://app:hidden@{DB_HOST}:{DB_PORT}/app",
    "OLD_URL": "{OLD_URL}",
    "CACHE": {"value": "{CACHE_URL}", "default": "none"},
    "TRACER": {"value": "{TRACER_URL}", "optional": true},
    "SALT": {"value": "{SALT}", "default": "s"}
  }
}"#;

const DATASTORES: &str = r#"{
  "datastores": {"READONLY_API_URL": "x", "SALT": "secret-salt"},
  "regions": {
    "us-east-1": {"datastores": {"SALT": "regional-salt"}},
    "us-west-2": {"datastores": {"SALT": "other-salt"}}
  }
}"#;

/// Everything that `web01` could use.
fn announce_all(fleet: &Fleet) {
    for node in ["api01", "api02", "api03", "api04", "api05"] {
        announce(
            fleet,
            &format!("READONLY_API_URL/us-east-1/api@{node}"),
            &format!("http://{node}:1100"),
        );
    }
    announce(
        fleet,
        "READONLY_API_URL/us-west-2/api@api07",
        "http://user:pw@api07",
    );
    announce(
        fleet,
        "READONLY_API_URL/eu-west-1/api@api08",
        "http://api08",
    );
    for (node, names) in [
        ("db01", &["DB_HOST", "DB_PORT"][..]),
        ("db02", &["DB_HOST"]),
    ] {
        for name in names {
            announce(
                fleet,
                &format!("{name}/us-east-1/db@{node}"),
                &format!("{node}-{name}"),
            );
        }
    }
    announce(fleet, "OLD_URL/us-east-1/old@old01", "http://old01");
}

/// `web01` of a fleet in which everything happens that can happen to a provider.
fn web01(fleet: &Fleet) -> Scenario {
    announce_all(fleet);
    let node = fleet.node("web01").config(CONFIG).datastores(DATASTORES);
    let node = node.manifest("app-www", MANIFEST);
    let _rendered = node.run(&["render", "app-www"]).exits(0);
    let east = "READONLY_API_URL/us-east-1";
    withdraw(
        fleet,
        &format!("{east}/api@api03"),
        "hand",
        Some("new disk"),
    );
    withdraw(fleet, &format!("{east}/api@api05"), "retired", None);
    delete(fleet, &format!("provides/{east}/api@api04"));
    delete(fleet, "provides/OLD_URL/us-east-1/old@old01");
    put(fleet, &format!("provides/{east}/api@api09"), "?");
    node
}

#[test]
fn every_candidate_has_a_reason_and_nothing_is_written() {
    on_both(|fleet| {
        let node = web01(fleet);
        let runs = [
            &["why", "app-www"][..],
            &["why", "app-www", "API_URL", "-v"],
            &["why", "app-www", "DATABASE_URL", "SALT", "--show-values"],
            &["why", "app-www", "API_URL", "TRACER", "--output", "json"],
        ];
        let runs = runs.map(|words| looks(fleet, &node, words).exits(0));
        golden_story(&case(fleet, "why"), &runs);
        for run in &runs[..2] {
            assert!(!run.text().contains("hidden") && !run.text().contains("-salt"));
        }
    });
}

#[test]
fn what_is_unmet_or_unknown_says_so() {
    let fleet = Fleet::embedded();
    let requires = r#"{"id": "www", "environment": {"A": "1"}, "requires": {
        "API_URL": "{API_URL}", "PAIR": "{H}:{P}", "BAD": {"value": "{BAD}", "optional": true}}}"#;
    let node = fleet.node("web01").manifest("www", requires);
    let node = node.datastores(r#"{"datastores": {"BAD": []}}"#);
    announce(&fleet, "H/default/db@db01", "h");
    announce(&fleet, "P/default/db@db02", "p");
    announce(&fleet, "API_URL/west/api@api01", "http://api01");
    golden_story(
        "sight/why-unmet",
        &[
            looks(&fleet, &node, &["why", "www"]).exits(78),
            looks(&fleet, &node, &["why", "www", "API_URL"]).exits(75),
            looks(&fleet, &node, &["why", "www", "PAIR", "--output", "json"]).exits(75),
            looks(&fleet, &node, &["why", "www", "A"]).exits(0),
            looks(&fleet, &node, &["why", "www", "API_URI", "NOTHING"]).exits(66),
            looks(&fleet, &node, &["why", "wwww"]).exits(66),
        ],
    );
}

#[test]
fn a_conf_has_the_value_or_awaits_it_or_would_change() {
    let fleet = Fleet::embedded();
    let manifest = r#"{"id": "www", "requires": {"API_URL": "{API_URL}"}}"#;
    let node = fleet.node("web01").manifest("www", manifest);
    announce(&fleet, "API_URL/default/api@api01", "http://api01");
    let conf = |expected: &str| {
        let shown = looks(&fleet, &node, &["why", "www"]).exits(0).text();
        let conf = shown
            .lines()
            .find_map(|line| line.strip_prefix("  conf       "));
        let path = "[ROOT]/etc/services.d/www.conf";
        assert_eq!(
            conf.unwrap_or_default(),
            format!("{path} {expected}"),
            "{shown}"
        );
    };
    conf("is not there yet");
    let _written = node.run(&["render", "www", "--await-applied"]).exits(0);
    conf("has this value, written and not yet applied");
    let _applied = node.run(&["applied", "www"]).exits(0);
    conf("has this value, applied <1m ago");
    announce(&fleet, "API_URL/default/api@api01", "http://api01:2");
    conf("would change: it has http://api01");
    announce(&fleet, "API_URL/default/api@api01", "http://api01:3");
    node.put(
        "etc/services.d/www.conf",
        "# 1 variable follows\nexport API_URL='secret'\n",
    );
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(node.path("etc/services.d/www.conf"), mode).unwrap();
    conf("would change: it has ***");
}

#[test]
fn an_unread_registry_is_explained_by_what_is_allowed_to_stand_in() {
    let mut fleet = Fleet::etcd();
    announce(&fleet, "API_URL/default/api@api01", "http://api01");
    announce(&fleet, "API_URL/west/api@api02", "http://api02");
    let requires = r#"{"id": "www", "requires": {"API_URL": "{API_URL}",
        "SALT": {"value": "{SALT}", "default": "x"}}}"#;
    let node = fleet.node("web01").manifest("www", requires);
    let node = node.datastores(r#"{"datastores": {"API_URL": "x", "SALT": "y"}}"#);
    let _rendered = node.run(&["render", "www"]).exits(0);
    fleet.own_etcd_mut().kill();
    let why = |config: &str, code| {
        node.put("etc/reconf/config.json", config);
        node.run(&["why", "www"]).changes_nothing().exits(code)
    };
    golden_story(
        "sight/why-unread",
        &[
            why("{}", 0),
            why(r#"{"render": {"on_unreachable": "datastores"}}"#, 69),
            why(r#"{"render": {"on_unreachable": "fail"}}"#, 69),
        ],
    );
}

#[test]
fn keys_and_revisions_are_those_that_etcdctl_shows() {
    let fleet = Fleet::etcd();
    let node = web01(&fleet);
    let why = ["why", "app-www", "--output", "json"];
    let shown = looks(&fleet, &node, &why).exits(0);
    let mut compared = 0;
    for line in String::from_utf8_lossy(&shown.output.stdout).lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        let rows = [&report["taken"], &report["not_taken"]];
        for row in rows.into_iter().filter_map(Value::as_array).flatten() {
            let Some(key) = row["key"].as_str() else {
                continue;
            };
            let answer = fleet.own_etcd().unwrap().ctl(&["get", key, "-w", "json"]);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            // What has expired is not there any more.
            assert_eq!(
                answer["kvs"].is_null(),
                row["reason"] == "expired" || report["from"] == "last-known"
            );
            if !answer["kvs"].is_null() && !row["revision"].is_null() {
                assert_eq!(answer["kvs"][0]["mod_revision"], row["revision"], "{key}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 6, "{compared}");
}

#[test]
fn an_ordinary_user_is_told_which_folder_is_closed() {
    let fleet = Fleet::embedded();
    let node = web01(&fleet);
    let Some((code, said)) = as_user(&node, &["why", "app-www"]) else {
        return;
    };
    assert_eq!(code, Some(77), "{said}");
    assert!(said.contains("var/lib/reconf/"), "{said}");
}
