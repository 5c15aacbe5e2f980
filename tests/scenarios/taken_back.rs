//! What is taken back although the registry, or its rules, have changed since: a restored one, one that denies it, one that
//! holds what cannot be read.

mod denied;
mod expired;

use std::fs;

use super::{Fleet, all_succeed, on_both};

const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

const LIVE: &str = "default/provides/API_URL/default/api@api01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";

#[test]
fn what_a_backup_brings_back_is_withdrawn_again() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let key = format!("/reconf/v1/{LIVE}");
        let value = fleet.keys().remove(&key).unwrap();
        all_succeed(&node, &["withdraw api"]);
        // Once beside the tombstone, once in a registry that never had one.
        let restored = Fleet::embedded();
        for (registry, place) in [(fleet, fleet.location()), (&restored, restored.location())] {
            registry.registry().put("default", &key, &value);
            let run = node.run(&["announce", "--all", "--registry", &place]);
            let said = run.text();
            let expected = "`API_URL` of `api@api01` was announced again, by a restored registry perhaps, and is withdrawn by hand: withdrawn again";
            assert!(
                said.contains(expected) && said.contains("api: withdrawn"),
                "{said}"
            );
            let _done = run.exits(0);
            assert_eq!(registry.announced(), [TOMBSTONE]);
            let again = node.run(&["announce", "--all", "--registry", &place]);
            let _silent = again.changes_nothing().exits(0);
        }
        all_succeed(&node, &["announce api"]);
        assert_eq!(fleet.announced(), [LIVE]);
    });
}

#[test]
fn who_cannot_be_read_may_use_it() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let record = "/reconf/v1/default/applied/web07/www";
        fleet.registry().put("default", record, "no JSON");
        let waited = node.run(&["withdraw", "api", "--wait", "100ms"]);
        let said = waited.text();
        assert!(said.contains("web07   www perhaps"), "{said}");
        let _still = waited.exits(75);
    });
}

#[test]
fn what_a_service_without_a_manifest_announced_is_no_candidate_here() {
    on_both(|fleet| {
        let node = fleet
            .node("api01")
            .manifest("api", API)
            .manifest("www", WWW);
        all_succeed(&node, &["announce api", "render www"]);
        fs::remove_file(node.path("etc/reconf/services/api.json")).unwrap();
        let _unmet = node.run(&["render", "www"]).exits(75);
        // Elsewhere it is announced as before.
        let web = fleet.node("web01").manifest("www", WWW);
        all_succeed(&web, &["render www"]);
    });
}

#[test]
fn the_last_provider_of_what_is_in_use_is_withdrawn_only_if_that_is_asked_for() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        all_succeed(&node, &["announce api"]);
        let web = fleet.node("web01").manifest("www", WWW);
        all_succeed(&web, &["render www"]);
        let before = fleet.keys();
        for command in ["withdraw api", "withdraw --all"] {
            let words: Vec<&str> = command.split(' ').collect();
            let refused = node.run(&words);
            let said = refused.text();
            assert!(
                said.contains("web01   URL of www") && said.contains("--last"),
                "{said}"
            );
            let _kept = refused.changes_nothing().exits(75);
        }
        assert_eq!(fleet.keys(), before);
        // Another provider takes over.
        let other = fleet.node("api02").manifest("api", API);
        all_succeed(&other, &["announce api"]);
        all_succeed(&node, &["withdraw api"]);
        let used = web.run(&["render", "www"]).exits(0);
        assert!(!used.changes.is_empty());
        let _last = other.run(&["withdraw", "api"]).exits(75);
        all_succeed(&other, &["withdraw api --last"]);
    });
}

#[test]
fn an_owed_withdrawal_is_made_up_for_by_the_command_that_its_hint_names_and_by_the_next_run() {
    on_both(|fleet| {
        let node = fleet.node("api01").manifest("api", API);
        let web = fleet.node("web01").manifest("www", WWW);
        for next in ["withdraw api", "withdraw --all", "announce --all"] {
            all_succeed(&node, &["announce api"]);
            all_succeed(&web, &["render www"]);
            let away = ["--registry", "http://127.0.0.1:9"];
            let owed = node.run(&[&["withdraw", "api", "--last"][..], &away].concat());
            let said = owed.text();
            assert!(said.contains("`reconf withdraw api` retries it"), "{said}");
            let _owed = owed.exits(69);
            let run = node.run(&next.split(' ').collect::<Vec<_>>());
            let said = run.text();
            // No registry was restored.
            assert!(
                said.contains("api: withdrawn") && !said.contains("restored"),
                "{said}"
            );
            let _done = run.exits(0);
            assert_eq!(fleet.announced(), [TOMBSTONE]);
        }
    });
}

#[test]
fn everything_that_was_withdrawn_by_hand_is_announced_again_at_once() {
    on_both(|fleet| {
        let docs = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;
        let node = fleet
            .node("api01")
            .manifest("api", API)
            .manifest("docs", docs);
        all_succeed(
            &node,
            &["announce --all", "withdraw --all", "announce --all"],
        );
        let withdrawn = fleet.announced();
        assert!(
            withdrawn.iter().all(|key| key.contains("/withdrawn/")),
            "{withdrawn:?}"
        );
        all_succeed(&node, &["announce --all --held"]);
        let live = fleet.announced();
        assert_eq!(live.len(), 2);
        assert!(
            live.iter().all(|key| key.contains("/provides/")),
            "{live:?}"
        );
        let _again = node.run(&["announce", "--all"]).changes_nothing().exits(0);
        let _alone = node.run(&["announce", "api", "--held"]).exits(64);
    });
}
