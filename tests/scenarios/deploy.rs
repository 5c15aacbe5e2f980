//! The seed's deploy cycle: nothing is there, api comes up, www finds it; and whatever converges again writes nothing.

use super::{API, DATASTORES, Fleet, WWW, all_succeed, environment, on_both, value};
use crate::harness::{scenario::golden_story, shells::Environment};

/// What a converge of `id` asks for, in its order.
fn converge(id: &str) -> [Vec<&str>; 3] {
    [
        vec!["render", id, "--await-applied"],
        vec!["applied", id],
        vec!["announce", id, "--keep-withdrawn"],
    ]
}

fn of(pairs: &[(&str, &str)]) -> Environment {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    pairs.iter().map(pair).collect()
}

#[test]
fn www_waits_for_api_and_a_second_round_writes_nothing_anywhere() {
    on_both(|fleet| {
        let web = fleet.node("web01").manifest("app-www", WWW);
        let web = web.datastores(DATASTORES);
        let api = fleet.node("api01").env("RECONF_HOST", "10.0.0.11");
        let api = api.manifest("api", API).datastores(DATASTORES);

        let start = fleet.revision();
        let unmet = web.run(&["render", "app-www"]).exits(75);
        assert!(!web.path("etc/services.d").exists(), "{}", unmet.text());
        assert_eq!(fleet.revision(), start);

        for command in converge("api").iter().chain(&converge("app-www")) {
            let node = if command.contains(&"api") { &api } else { &web };
            let _done = node.run(command).exits(0);
        }
        let database = "mysql://user:password@host:port/database";
        let expected = of(&[
            ("API_URL", "http://10.0.0.11:1100"),
            ("DATABASE_URL", database),
            ("ENV", "production"),
            ("PORT", "8080"),
        ]);
        assert_eq!(environment(&web, "app-www"), expected);
        let keys = [
            "default/provides/API_URL/default/api@api01",
            "default/provides/READONLY_API_URL/default/api@api01",
            "default/provides/WWW_URL/default/app-www@web01",
        ];
        assert_eq!(fleet.announced(), keys);

        let (revision, said) = (fleet.revision(), fleet.keys());
        for command in converge("api").iter().chain(&converge("app-www")) {
            let node = if command.contains(&"api") { &api } else { &web };
            let _done = node.run(command).changes_nothing().exits(0);
        }
        for node in [&api, &web] {
            let _rendered = node.run(&["render", "--all"]).changes_nothing().exits(0);
            let _applied = node.run(&["apply", "--all"]).changes_nothing().exits(0);
        }
        assert_eq!((fleet.revision(), fleet.keys()), (revision, said));
    });
}

#[test]
fn the_cycle_says_what_it_does() {
    let fleet = Fleet::etcd();
    let web = fleet.node("web01").manifest("app-www", WWW);
    let web = web.datastores(DATASTORES);
    let api = fleet.node("api01").env("RECONF_HOST", "10.0.0.11");
    let api = api.manifest("api", API).datastores(DATASTORES);
    let story = [
        web.run(&["render", "app-www"]),
        api.run(&["render", "api"]),
        api.run(&["announce", "api"]),
        web.run(&["render", "app-www", "-v"]),
        web.run(&["announce", "app-www"]),
        web.run(&["render", "app-www"]),
        web.run(&["announce", "app-www"]),
    ];
    golden_story("scenarios/deploy", &story);
}

const LEFT: &str = r#"{"id": "left", "environment": {"PORT": 1}, "requires": {"OTHER": "{RIGHT_URL}"},
    "provides": {"LEFT_URL": "http://{HOST}:{PORT}"}}"#;
const RIGHT: &str = r#"{"id": "right", "environment": {"PORT": 2}, "requires": {"OTHER": "{LEFT_URL}"},
    "provides": {"RIGHT_URL": "http://{HOST}:{PORT}"}}"#;

#[test]
fn services_of_one_node_that_need_each_other_come_up_from_nothing() {
    on_both(|fleet| {
        let node = fleet.node("web01");
        let node = node.manifest("left", LEFT).manifest("right", RIGHT);
        all_succeed(&node, &["render --all", "announce --all"]);
        assert_eq!(value(&node, "left", "OTHER"), "http://10.0.0.5:2");
        assert_eq!(value(&node, "right", "OTHER"), "http://10.0.0.5:1");
        let revision = fleet.revision();
        for command in ["render", "announce"] {
            let _again = node.run(&[command, "--all"]).changes_nothing().exits(0);
        }
        assert_eq!(fleet.revision(), revision);
    });
}

#[test]
fn announcing_moves_no_choice_of_the_same_node() {
    on_both(|fleet| {
        // Of api01, api02 and api03, web01 takes api03 and web02 takes api02 (design.md section 6).
        let manifest = r#"{"id": "api", "environment": {"PORT": 1}, "provides": {"API_URL": "http://{NODE}"}}"#;
        let user = r#"{"id": "user", "requires": {"URL": "{API_URL}"}}"#;
        let nodes: Vec<_> = ["api01", "api02", "api03"]
            .map(|name| {
                fleet
                    .node(name)
                    .manifest("api", manifest)
                    .manifest("user", user)
            })
            .into();
        all_succeed(&nodes[0], &["announce api"]);
        all_succeed(&nodes[1], &["announce api"]);
        let web = fleet.node("web01").manifest("user", user);
        all_succeed(&web, &["render user"]);
        assert_ne!(value(&web, "user", "URL"), "http://api03");

        // The third knows its own service before it announces it, and afterwards finds nothing changed.
        all_succeed(&nodes[2], &["render user"]);
        all_succeed(&nodes[2], &["announce api"]);
        let again = nodes[2].run(&["render", "user"]).changes_nothing();
        let _again = again.exits(0);
        all_succeed(&web, &["render user"]);
        assert_eq!(value(&web, "user", "URL"), "http://api03");
    });
}

#[test]
fn apply_does_it_all_and_announces_nothing_that_cannot_be_rendered() {
    on_both(|fleet| {
        let unmet = RIGHT.replace("LEFT_URL", "NOBODY");
        let node = fleet
            .node("web01")
            .manifest("left", LEFT)
            .manifest("right", &unmet);
        let first = node.run(&["apply", "--all", "--ttl", "1h"]).exits(75);
        assert!(
            first.text().contains("left: announced LEFT_URL"),
            "{}",
            first.text()
        );
        assert_eq!(
            fleet.announced(),
            ["default/provides/LEFT_URL/default/left@web01"]
        );
        assert_eq!(value(&node, "left", "OTHER"), "http://10.0.0.5:2");

        let node = node.manifest("right", RIGHT);
        all_succeed(&node, &["apply right left --ttl 1h"]);
        assert_eq!(value(&node, "right", "OTHER"), "http://10.0.0.5:1");
        assert_eq!(fleet.announced().len(), 2);
        let revision = fleet.revision();
        let again = node
            .run(&["apply", "--all", "--ttl", "1h"])
            .changes_nothing();
        let _again = again.exits(0);
        assert_eq!(fleet.revision(), revision);
    });
}
