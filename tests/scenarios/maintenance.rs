//! What a withdrawal by hand says of itself: who withdrew it, where, why and until when.

use std::fs;

use serde_json::Value;

use super::{
    all_succeed, on_both,
    withdrawing::{API, LIVE, TOMBSTONE, WWW, api},
};
use crate::harness::{scenario::Scenario, wait::until};

/// Whether sudo may have started the tests.
fn is_root() -> bool {
    nix::unistd::Uid::current().is_root()
}

#[test]
fn a_withdrawal_says_who_withdrew_it_where_why_and_until_when() {
    on_both(|fleet| {
        let node = api(fleet, "api01").env("SUDO_USER", "alice");
        let taken = node.run(&[
            "withdraw",
            "api",
            "--last",
            "--for",
            "2h",
            "--reason",
            "new disk\u{1b}[2J",
        ]);
        let said = taken.text();
        let expected = "stays so until [TIME] or `reconf announce api`";
        assert!(said.contains(expected), "{said}");
        let _taken = taken.exits(0);
        let record = &fleet.keys()[&format!("/reconf/v1/{TOMBSTONE}")];
        let record: Value = serde_json::from_str(record).unwrap();
        assert!(record["until"].is_string(), "{record}");
        let fields = ["node", "reason"].map(|field| record[field].as_str().unwrap());
        assert_eq!(fields, ["api01", "new disk\u{1b}[2J"]);
        assert!(!is_root() || record["user"] == "alice", "{record}");
        // Whoever meets it reads that, and no terminal obeys it.
        let who = if is_root() {
            "by alice on api01"
        } else {
            "by [USER] on api01"
        };
        let why = "until [TIME]: new disk\\u001b[2J";
        let web = fleet.node("web01").manifest("www", WWW);
        let held = node.run(&["announce", "--all"]).exits(0).text();
        let unmet = web.run(&["render", "www"]).exits(75).text();
        let listed = web.run(&["ls"]).exits(0).text();
        for said in [held, unmet, listed] {
            assert!(said.contains(who) && said.contains(why), "{said}");
        }
        let _known = web.run(&["ls", "API_URL"]).exits(0);
    });
}

#[test]
fn of_what_is_said_of_a_withdrawal_the_last_word_counts() {
    on_both(|fleet| {
        let node = api(fleet, "api01");
        all_succeed(&node, &["withdraw api --for 2h --reason disk"]);
        all_succeed(&node, &["withdraw api"]);
        let record = &fleet.keys()[&format!("/reconf/v1/{TOMBSTONE}")];
        let record: Value = serde_json::from_str(record).unwrap();
        assert_eq!(
            (&record["until"], &record["reason"]),
            (&Value::Null, &Value::Null)
        );
        let _same = node.run(&["withdraw", "api"]).exits(0);
        for time in ["0s", "31d"] {
            let _refused = node.run(&["withdraw", "api", "--for", time]).exits(64);
        }
    });
}

#[test]
fn a_maintenance_that_is_over_ends_with_the_next_converge() {
    on_both(|fleet| {
        let node = api(fleet, "api01").env("SUDO_USER", "alice");
        all_succeed(&node, &["withdraw api --for 2s --reason disk"]);
        until("the maintenance is over", || {
            let _announced = node.run(&["announce", "--all"]).exits(0);
            (fleet.announced() == [LIVE]).then_some(())
        });
        let state = state(&node);
        assert_eq!(
            (&state["held"], &state["hold"]),
            (&Value::Bool(false), &Value::Null)
        );
    });
}

#[test]
fn a_node_learns_from_the_registry_until_when_its_service_is_withdrawn() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        let withdrawn = |until: &str| {
            let record = format!(
                r#"{{"by": "hand", "at": "2026-01-01T00:00:00Z", "until": "{until}", "later": 1}}"#
            );
            let key = format!("/reconf/v1/{TOMBSTONE}");
            fleet.registry().put("default", &key, &record);
        };
        withdrawn("2026-01-01T02:00:00Z");
        all_succeed(&node, &["announce --all"]);
        assert_eq!(fleet.announced(), [LIVE]);
        all_succeed(&node, &["withdraw api"]);
        fs::remove_file(node.path("var/lib/reconf/services/api.json")).unwrap();
        withdrawn("2999-01-01T02:00:00Z");
        all_succeed(&node, &["announce --all"]);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        let state = state(&node);
        assert_eq!(state["held"], true);
        assert_eq!(state["hold"]["until"], "2999-01-01T02:00:00Z");
    });
}

fn state(node: &Scenario) -> Value {
    let text = fs::read_to_string(node.path("var/lib/reconf/services/api.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}
