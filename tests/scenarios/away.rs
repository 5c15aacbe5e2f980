//! While the registry is away: what is owed is made up for later, secrets arrive, and what the registry said stands.

use std::fs;

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::{
    etcd::{Etcd, refused},
    scenario::{Run, Scenario, golden_story},
    wait::until,
};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{NODE}:{PORT}"}}"#;
const WWW: &str = r#"{"id": "www",
    "requires": {"URL": "{API_URL}", "DATABASE": "{DATABASE_URL}", "BOTH": "{API_URL} {DATABASE_URL}"}}"#;
const LIVE: &str = "default/provides/API_URL/default/api@api01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";

/// The node with no registry that answers.
fn away(node: Scenario) -> Scenario {
    node.registry(&refused())
}

fn back(fleet: &Fleet, node: Scenario) -> Scenario {
    node.registry(&fleet.location())
}

fn datastores(url: &str) -> String {
    format!(r#"{{"datastores": {{"DATABASE_URL": "{url}"}}}}"#)
}

/// The first line of stderr that begins so.
fn line(run: &Run, start: &str) -> String {
    let told = run.text();
    let line = told.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no `{start}` in {told}"))
        .to_owned()
}

#[test]
fn what_is_announced_already_is_a_warning_and_what_is_new_is_owed() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    let api = away(api);
    let known = api.run(&["announce", "--all"]);
    line(&known, "warning: assuming `api` is still announced");
    let _known = known.changes_nothing().exits(0);

    let api = api.manifest("api", &API.replace("1100", "1101"));
    let owed = api.run(&["announce", "--all"]);
    // As if that was long ago: the same is owed all the same.
    let state = "var/lib/reconf/services/api.json";
    let text = fs::read_to_string(api.path(state)).unwrap();
    api.put(state, &text.replace(r#""since": "20"#, r#""since": "19"#));
    let again = api.run(&["announce", "--all"]);
    let story = [owed, again];
    golden_story("scenarios/owed", &story);
    let _owed = story.map(|run| run.exits(69));
    let api = back(&fleet, api);
    assert!(!fleet.keys()[&format!("/reconf/v1/{LIVE}")].contains("1101"));
    all_succeed(&api, &["announce --all"]);
    assert!(fleet.keys()[&format!("/reconf/v1/{LIVE}")].contains("1101"));
    let _done = api.run(&["announce", "--all"]).changes_nothing().exits(0);
}

#[test]
fn the_next_converge_makes_up_for_what_a_hand_did_while_the_registry_was_away() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    let api = away(api);
    let _owed = api.run(&["withdraw", "api"]).exits(69);
    let _held = api.run(&["announce", "--all"]).exits(69);
    let api = back(&fleet, api);
    assert_eq!(fleet.announced(), [LIVE]);
    all_succeed(&api, &["announce --all"]);
    assert_eq!(fleet.announced(), [TOMBSTONE]);

    // What is withdrawn is not taken for announced, whoever withdrew it.
    let api = away(api);
    let _held = api.run(&["announce", "--all"]).changes_nothing().exits(0);
    let _owed = api.run(&["announce", "api"]).exits(69);
    let _owed = api.run(&["announce", "--all"]).exits(69);
    let api = back(&fleet, api);
    all_succeed(&api, &["announce --all"]);
    assert_eq!(fleet.announced(), [LIVE]);

    let other = fleet.node("api01").manifest("api", API);
    all_succeed(&other, &["withdraw api"]);
    all_succeed(&api, &["announce --all"]);
    let api = away(api);
    let _owed = api.run(&["announce", "api"]).exits(69);
    let api = back(&fleet, api);
    all_succeed(&api, &["announce --all"]);
    assert_eq!(fleet.announced(), [LIVE]);
}

#[test]
fn a_rotated_secret_arrives_and_a_registry_value_does_not_move() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    let web = fleet.node("web01").manifest("www", WWW);
    let web = web.datastores(&datastores("old"));
    all_succeed(&web, &["render www"]);
    let keys = fleet.keys();

    // The datastores even offer the name that the registry had.
    let both = r#"{"datastores": {"DATABASE_URL": "new", "API_URL": "http://elsewhere"}}"#;
    let web = away(web).datastores(both);
    let _same = web
        .run(&["render", "www", "--dry-run"])
        .changes_nothing()
        .exits(0);
    let rotated = web.run(&["render", "www", "--output", "json"]);
    line(
        &rotated,
        "warning: `www`: using last known values and datastores",
    );
    let report = line(&rotated, "{");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["degraded"], true);
    let from: Vec<_> = report["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["from"])
        .collect();
    assert_eq!(from, ["last-known", "datastores", "last-known"]);
    assert_eq!(value(&web, "www", "BOTH"), "http://api01:1100 new");
    let _again = web.run(&["render", "www"]).changes_nothing().exits(0);
    assert_eq!(
        fleet.keys(),
        keys,
        "a degraded render tells the fleet nothing"
    );

    let web = back(&fleet, web);
    let _same = web.run(&["render", "www"]).changes_nothing().exits(0);
    assert_eq!(value(&web, "www", "URL"), "http://api01:1100");
}

#[test]
fn a_node_may_be_stricter_about_what_it_cannot_read() {
    let fleet = Fleet::etcd();
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    let both = r#"{"datastores": {"DATABASE_URL": "new", "API_URL": "http://elsewhere"}}"#;
    let mut story = Vec::new();
    for mode in ["last-known", "datastores", "fail"] {
        let node = fleet.node("web01").manifest("www", WWW).datastores(both);
        all_succeed(&node, &["render www"]);
        let config = format!(r#"{{"render": {{"on_unreachable": "{mode}"}}}}"#);
        let node = away(node).config(&config);
        let rendered = node.run(&["render", "www"]).changes_nothing();
        story.push(rendered.exits(if mode == "last-known" { 0 } else { 69 }));
    }
    golden_story("scenarios/on-unreachable", &story);
}

#[test]
fn neither_default_nor_optional_covers_what_was_never_read() {
    let manifest = r#"{"id": "www", "requires": {
        "SURE": {"value": "{API_URL}", "default": "none"}, "MAYBE": {"value": "{API_URL}", "optional": true}}}"#;
    let fleet = Fleet::etcd();
    let web = fleet.node("web01").manifest("www", manifest);
    let web = away(web);
    let _unread = web.run(&["render", "www"]).exits(69);
    assert!(!web.path("etc/services.d").exists());
    let web = back(&fleet, web);
    all_succeed(&web, &["render www"]);
    assert_eq!(value(&web, "www", "SURE"), "none");
    assert_eq!(value(&web, "www", "MAYBE"), "");
}

#[test]
fn withdrawn_expired_and_unread_are_three_things() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", API);
        let web = fleet.node("web01").manifest("www", WWW);
        let web = web.datastores(&datastores("db"));
        let stranger = fleet.node("web02").manifest("www", WWW);
        let stranger = stranger.datastores(&datastores("db"));
        all_succeed(&api, &["announce api"]);
        all_succeed(&web, &["render www"]);

        all_succeed(&api, &["announce api --ttl 1s"]);
        until("it lapses", || {
            let listed = stranger.run(&["ls", "--output", "json"]);
            let listed = String::from_utf8_lossy(&listed.output.stdout).into_owned();
            (!listed.contains("api@api01")).then_some(())
        });
        let expired = web.run(&["render", "www"]);
        line(
            &expired,
            "warning: API_URL has expired (not withdrawn): `www` keeps the last known value of URL",
        );
        let _kept = expired.changes_nothing().exits(0);
        let never = stranger.run(&["render", "www"]).exits(75);
        line(&never, "  URL   needs API_URL  nothing provides it");

        let web = away(web);
        let unread = web.run(&["render", "www"]);
        line(
            &unread,
            "warning: `www`: using last known values and datastores",
        );
        let _kept = unread.changes_nothing().exits(0);
        let web = back(fleet, web);

        all_succeed(&api, &["withdraw api"]);
        let gone = web.run(&["render", "www"]).exits(75);
        line(
            &gone,
            "  URL   needs API_URL  from `api@api01`, withdrawn by [USER] on api01 at [TIME]",
        );
        let _forgotten = away(web).run(&["render", "www"]).exits(69);
    });
}

#[test]
fn who_may_only_read_renders_and_is_warned_that_the_fleet_is_not_told() {
    let etcd = Etcd::start();
    for command in [
        "role add reader",
        "role grant-permission --prefix=true reader read /reconf/v1/default/",
        "user add reader:s3cret",
        "user grant-role reader reader",
    ] {
        etcd.ctl(&command.split(' ').collect::<Vec<_>>());
    }
    let api = Scenario::new()
        .env("RECONF_TIMEOUT", "20s")
        .registry(etcd.url());
    let api = api.env("RECONF_NODE", "api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    etcd.require_users(&[]);
    let web = Scenario::new()
        .env("RECONF_TIMEOUT", "20s")
        .registry(etcd.url());
    let web = web.manifest("www", WWW).manifest("api", API);
    let web = web.datastores(&datastores("db")).file("password", "s3cret");
    let web = web.config(r#"{"registry": {"user": "reader", "password_file": "password"}}"#);
    let story = [web.run(&["render", "www"]), web.run(&["announce", "api"])];
    assert!(!story.iter().any(|run| run.text().contains("s3cret")));
    golden_story("scenarios/read-only", &story);
}
