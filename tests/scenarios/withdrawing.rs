//! What is taken back stays so: by hand until somebody announces by hand, by a manifest until it provides it again.

use std::{fs, process::Stdio};

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::{
    scenario::{Scenario, golden_story},
    wait::until,
};

pub(super) const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{NODE}:{PORT}"}}"#;
const DOCS: &str = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;
pub(super) const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

/// What a withdrawal says while a node still runs with it.
const STILL_USED: &str = "$ reconf withdraw api --last --wait 300ms
status 75
--- stderr
api: withdrawn API_URL; stays so until `reconf announce api`
error: what `api` provided is still in use after 300ms
  web01   URL of www
note: it is withdrawn: no render takes it any more
hint: render these services on these nodes, or `reconf retire NODE` for a dead one
--- files
changed 0600 var/lib/reconf/services/api.json
";

pub(super) const LIVE: &str = "default/provides/API_URL/default/api@api01";
pub(super) const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";

pub(super) fn api(fleet: &Fleet, name: &str) -> Scenario {
    let node = fleet.node(name).manifest("api", API);
    all_succeed(&node, &["announce api"]);
    node
}

fn www(fleet: &Fleet, name: &str) -> Scenario {
    let node = fleet.node(name).manifest("www", WWW);
    all_succeed(&node, &["render www"]);
    node
}

#[test]
fn a_withdrawal_by_hand_outlives_every_converge() {
    on_both(|fleet| {
        let (api, web) = (api(fleet, "api01"), www(fleet, "web01"));
        all_succeed(&api, &["withdraw api --last"]);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        let revision = fleet.revision();
        for converge in [vec!["--all"], vec!["api", "--keep-withdrawn"]] {
            let held = api.run(&[&["announce"], converge.as_slice()].concat());
            assert!(held.text().contains("api: held"), "{}", held.text());
            let _held = held.changes_nothing().exits(0);
        }
        let _again = api.run(&["withdraw", "api"]).changes_nothing().exits(0);
        let _held = api.run(&["apply", "--all"]).exits(0);
        assert_eq!(
            (fleet.announced(), fleet.revision()),
            (vec![TOMBSTONE.to_owned()], revision)
        );

        let unmet = web.run(&["render", "www"]).exits(75);
        assert_eq!(
            value(&web, "www", "URL"),
            "http://api01:1100",
            "{}",
            unmet.text()
        );
        all_succeed(&api, &["announce api"]);
        assert_eq!(fleet.announced(), [LIVE]);
        all_succeed(&web, &["render www"]);
        let _again = api.run(&["announce", "--all"]).changes_nothing().exits(0);
    });
}

#[test]
fn a_withdrawal_by_hand_says_what_it_means() {
    let fleet = Fleet::etcd();
    let (api, web) = (api(&fleet, "api01"), www(&fleet, "web01"));
    let story = [
        api.run(&["withdraw", "api"]),
        api.run(&["withdraw", "api", "--last"]),
        api.run(&["announce", "--all"]),
        api.run(&["withdraw", "api"]),
        web.run(&["render", "www"]),
        api.run(&["announce", "api"]),
        web.run(&["withdraw", "--node", "api01", "--all"]).exits(64),
        web.run(&["withdraw", "nothing"]),
    ];
    golden_story("scenarios/withdraw", &story);
}

#[test]
fn a_node_that_meets_a_withdrawal_by_another_hand_holds_the_service() {
    on_both(|fleet| {
        let api = api(fleet, "api01");
        // The same node with an older disk.
        let other = fleet.node("api01").manifest("api", API);
        all_succeed(&other, &["withdraw api"]);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        // Its own services need it no more than others do.
        let api = api.manifest("www", WWW);
        let _unmet = api.run(&["render", "www"]).exits(75);
        all_succeed(&api, &["announce --all"]);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        let state = fs::read_to_string(api.path("var/lib/reconf/services/api.json")).unwrap();
        assert!(state.contains(r#""held": true"#), "{state}");
        all_succeed(&api, &["announce api"]);
        assert_eq!(fleet.announced(), [LIVE]);
    });
}

#[test]
fn waiting_names_who_still_runs_with_it_and_ends_when_nobody_does() {
    on_both(|fleet| {
        let (first, web) = (api(fleet, "api01"), www(fleet, "web01"));
        let still = first
            .run(&["withdraw", "api", "--last", "--wait", "300ms"])
            .exits(75);
        let told = still.text();
        assert!(told.contains("web01   URL of www"), "{told}");
        if fleet.own_etcd().is_some() {
            still.reads(STILL_USED);
        }

        let waiting = first.command(&["withdraw", "api", "--last", "--wait", "100s"]);
        let mut waiting = { waiting }.stderr(Stdio::null()).spawn().unwrap();
        let _second = api(fleet, "api02");
        assert!(
            waiting.try_wait().unwrap().is_none(),
            "web01 still has the old value"
        );
        all_succeed(&web, &["render www"]);
        assert!(waiting.wait().unwrap().success());
        assert_eq!(value(&web, "www", "URL"), "http://api02:1100");
        all_succeed(&first, &["withdraw api --wait 1s"]);
    });
}

#[test]
fn a_missing_manifest_withdraws_nothing_until_it_is_asked_for() {
    on_both(|fleet| {
        let api = api(fleet, "api01")
            .manifest("docs", DOCS)
            .manifest("www", WWW);
        all_succeed(&api, &["apply --all"]);
        for id in ["api", "www"] {
            fs::remove_file(api.path(&format!("etc/reconf/services/{id}.json"))).unwrap();
        }
        let before = fleet.keys();
        all_succeed(&api, &["announce --all"]);
        assert_eq!(fleet.keys(), before);

        all_succeed(&api, &["withdraw api", "withdraw www"]);
        assert_eq!(
            fleet.announced(),
            ["default/provides/DOCS_URL/default/docs@api01", TOMBSTONE]
        );
        let left: Vec<_> = fleet
            .keys()
            .into_keys()
            .filter(|key| key.contains("/applied/"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        for path in [
            "services/api.json",
            "applied/api.conf",
            "services/www.json",
            "applied/www.conf",
        ] {
            assert!(!api.path("var/lib/reconf").join(path).exists(), "{path}");
        }
        let _unknown = api.run(&["withdraw", "api"]).exits(66);
        // It was not withdrawn by hand: its manifest brings it back.
        api.put("etc/reconf/services/api.json", API);
        all_succeed(&api, &["announce --all"]);
        assert!(fleet.announced().contains(&LIVE.to_owned()));
        until("the tombstone has gone", || {
            (!fleet.announced().contains(&TOMBSTONE.to_owned())).then_some(())
        });
    });
}

#[test]
fn a_withdrawal_by_hand_wins_over_converges_at_the_same_time() {
    on_both(|fleet| {
        let api = api(fleet, "api01");
        for round in 1..=10 {
            // Each converge has something new to say.
            api.put(
                "etc/reconf/services/api.json",
                &API.replace("1100", &round.to_string()),
            );
            all_succeed(&api, &["announce api"]);
            api.put("etc/reconf/services/api.json", API);
            let commands = [
                "announce --all",
                "withdraw api",
                "announce --all",
                "announce --all",
            ];
            let started = commands.map(|command| {
                let words: Vec<&str> = command.split(' ').collect();
                api.command(&words).stderr(Stdio::null()).spawn().unwrap()
            });
            for mut child in started {
                assert!(child.wait().unwrap().success());
            }
            assert_eq!(fleet.announced(), [TOMBSTONE], "round {round}");
            all_succeed(&api, &["announce --all"]);
            assert_eq!(fleet.announced(), [TOMBSTONE], "round {round}");
        }
    });
}

#[test]
fn everything_that_a_node_ever_had_is_taken_back_at_once() {
    on_both(|fleet| {
        let node = api(fleet, "api01").manifest("docs", DOCS);
        let node = node.manifest("plain", r#"{"id": "plain", "environment": {}}"#);
        all_succeed(&node, &["apply --all"]);
        for id in ["docs", "plain"] {
            fs::remove_file(node.path(&format!("etc/reconf/services/{id}.json"))).unwrap();
        }
        let taken = node.run(&["withdraw", "--all"]);
        let told = taken.text();
        for line in [
            "api: withdrawn API_URL; stays so until `reconf announce api`",
            "docs: withdrawn DOCS_URL; forgotten, since its manifest is gone",
            "plain: nothing to withdraw; forgotten, since its manifest is gone",
        ] {
            assert!(told.contains(line), "{told}");
        }
        let _taken = taken.exits(0);
        let grave = "default/withdrawn/DOCS_URL/default/docs@api01";
        assert_eq!(fleet.announced(), [TOMBSTONE, grave]);
        let again = node.run(&["withdraw", "--all"]).changes_nothing();
        assert!(!again.text().contains("docs"), "{}", again.text());
        let _again = again.exits(0);
    });
}
