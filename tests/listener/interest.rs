//! Only what changes this node's environment starts a provision; what is of interest follows the node's files.

use super::{AT_ONCE, LONG, Node, RENDER};
use crate::harness::{etcd::Etcd, wait::wait_until};

/// Something that is seen after all that happened before it.
fn marker(node: &Node, number: usize) {
    node.announce(&format!("marker{number}"));
    node.settles(&format!("marker{number}"));
}

#[test]
fn a_second_provider_that_changes_nothing_here_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = format!("dir:{}", folder.path().display());
    for node in [Node::new(AT_ONCE), Node::at(&embedded, AT_ONCE)] {
        node.fleet.announce("db02", "DB_URL", "two");
        node.fleet.announce("db01", "DB_URL", "one");
        let _listener = node.listen(RENDER);
        node.logs("provision-ended", 1);
        let conf = node.read("etc/services.d/www.conf");
        let (chosen, other) = if conf.contains("'one'") {
            ("db01", "db02")
        } else {
            ("db02", "db01")
        };
        node.fleet.announce(other, "DB_URL", "elsewhere");
        node.fleet.announce("db01", "OTHER_URL", "nobody asks");
        node.fleet.announce(chosen, "DB_URL", "here");
        node.settles("here");
        node.logs("provision-ended", 2);
        assert_eq!(node.begun(), 2, "{}", node.log());
        assert!(
            node.log().contains("service=www variables=DB"),
            "{}",
            node.log()
        );
        assert!(
            !node.log().contains("here"),
            "a value was told:\n{}",
            node.log()
        );
    }
}

#[test]
fn files_that_change_behind_a_hidden_link_are_seen() {
    let node = Node::new(AT_ONCE);
    let place = "etc/reconf/services";
    let first = node.read(&format!("{place}/www.json"));
    let second = first.replace("\"requires\"", r#""environment": {"NEW": "1"}, "requires""#);
    node.scenario.put(&format!("{place}/..v1/www.json"), &first);
    node.scenario
        .put(&format!("{place}/..v2/www.json"), &second);
    // As those do it who swap a folder of files at once.
    let swap = |version: &str| {
        let lead = format!("cd {place} && ln -s {version} ..next && mv -T ..next ..data");
        drop(node.scenario.sh(&lead).succeeds());
    };
    swap("..v1");
    let link = format!("ln -sf ..data/www.json {place}/www.json");
    drop(node.scenario.sh(&link).succeeds());
    node.announce("one");
    let _listener = node.listen(RENDER);
    node.settles("one");
    node.logs("provision-ended", 1);
    swap("..v2");
    node.logs("change service=www variables=NEW", 1);
}

#[test]
fn what_this_node_converges_does_not_wake_it() {
    let node = Node::new(AT_ONCE);
    let api = format!(
        r#"{{"id": "api", "federation": "{}", "environment": {{"PORT": 8080}}, "provides": {{"API_URL": "http://{{HOST}}:{{PORT}}"}},
            "requires": {{"DB": "{{DB_URL}}", "SELF": "{{API_URL}}"}}}}"#,
        node.federation()
    );
    node.scenario.put("etc/reconf/services/api.json", &api);
    node.announce("one");
    let _listener = node.listen("echo begin >>runs; reconf apply --all -q; echo end >>runs");
    node.settles("one");
    // What it wrote itself comes before the next marker in the registry, so it has been seen by then.
    for number in 1..=3 {
        marker(&node, number);
        node.logs("provision-ended", number + 1);
    }
    assert_eq!(node.begun(), 4, "{}", node.log());
}

#[test]
fn changed_manifests_and_datastores_are_picked_up_on_the_fly() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    node.fleet.announce("db01", "CACHE_URL", "cache");
    let _listener = node.listen(RENDER);
    node.settles("one");
    let manifest = format!(
        r#"{{"id": "www", "federation": "{}", "requires": {{"DB": "{{DB_URL}}", "CACHE": "{{CACHE_URL}}", "KEY": "{{SECRET_KEY}}"}}}}"#,
        node.federation()
    );
    node.scenario.put(
        "etc/reconf/configuration.json",
        r#"{"datastores": {"SECRET_KEY": "first"}}"#,
    );
    node.scenario.put("etc/reconf/services/www.json", &manifest);
    let has = |value: &str| {
        let conf = node.read("etc/services.d/www.conf");
        conf.contains(&format!("'{value}'"))
    };
    let comes = |value: &str| wait_until(value, LONG, || has(value));
    comes("cache");
    comes("first");
    node.fleet.announce("db01", "CACHE_URL", "moved");
    comes("moved");
    node.scenario.put(
        "etc/reconf/configuration.json",
        r#"{"datastores": {"SECRET_KEY": "rotated"}}"#,
    );
    comes("rotated");
    // A broken manifest is told once, and stops nothing else.
    node.scenario.put("etc/reconf/services/bad.json", "{");
    node.logs("bad-manifest", 1);
    marker(&node, 2);
    assert!(
        !node.log().contains("rotated"),
        "a value was told:\n{}",
        node.log()
    );
}

#[test]
fn what_is_unmet_is_told_and_starts_nothing_until_it_is_met() {
    let node = Node::new(AT_ONCE);
    let listener = node.listen("echo begin >>runs; reconf render --all -q; echo end >>runs");
    node.logs("unmet", 1);
    node.logs("provision-ended", 1);
    node.decides(&listener);
    assert_eq!(node.events("provision-started"), 1, "{}", node.log());
    node.announce("met");
    node.settles("met");
}

#[test]
fn a_registry_folder_that_is_removed_and_made_again_is_watched_again() {
    let folder = tempfile::tempdir().unwrap();
    let registry = folder.path().join("registry");
    let node = Node::at(&format!("dir:{}", registry.display()), AT_ONCE);
    node.announce("one");
    let listener = node.listen(RENDER);
    node.settles("one");
    std::fs::remove_dir_all(&registry).unwrap();
    node.decides(&listener);
    node.announce("two");
    node.settles("two");
    node.announce("three");
    node.settles("three");
}

#[test]
fn a_registry_that_moves_while_another_file_is_broken_is_followed_once_that_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| format!("dir:{}/{name}", folder.path().display());
    let federation = "moving";
    let config = |name: &str| {
        format!(
            r#"{{"registry": {{"endpoints": ["{}"]}}, "listen": {AT_ONCE}}}"#,
            place(name)
        )
    };
    let at = |name: &str| Node::in_federation(&place(name), federation, "web01", AT_ONCE);
    let (first, second) = (at("first").configured(), at("second"));
    first.announce("one");
    second.announce("two");
    first
        .scenario
        .put("etc/reconf/config.json", &config("first"));
    let _listener = first.listen(RENDER);
    first.settles("one");
    first.scenario.put("etc/reconf/configuration.json", "{");
    first.logs("error", 1);
    first
        .scenario
        .put("etc/reconf/config.json", &config("second"));
    // The switch is heeded all the same, and shows that the other file was seen.
    let _off = first.scenario.run(&["listen", "off"]).exits(0);
    first.logs("switch", 1);
    first.scenario.put("etc/reconf/configuration.json", "{}");
    let _on = first.scenario.run(&["listen", "on"]).exits(0);
    first.settles("two");
}

#[test]
fn what_others_write_below_a_watched_name_is_not_kept() {
    let etcd = Etcd::start();
    let node = Node::at(etcd.url(), AT_ONCE);
    node.announce("one");
    let listener = node.listen(RENDER);
    node.settles("one");
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", listener.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<usize>()
            .unwrap()
            / 1024
    };
    let before = resident();
    let (mut registry, text) = (node.fleet.registry(), "x".repeat(1 << 20));
    let prefix = format!("/reconf/v1/{}/provides/DB_URL/default", node.federation());
    for number in 0..64 {
        let key = format!("{prefix}/not/an/announcement/{number}/{text}");
        registry.put(node.federation(), &key, "{}");
    }
    // It has seen all of them by then.
    node.announce("two");
    node.settles("two");
    let after = resident();
    assert!(after < before + 32, "{before} MiB, then {after} MiB");
}
