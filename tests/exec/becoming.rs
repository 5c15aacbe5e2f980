//! Which command it is, and with which environment it runs.

use std::fs;

use super::node;
use crate::harness::{scenario::Scenario, shells};

/// A program below the root that says its name.
fn tool(node: &Scenario, path: &str) {
    node.put(path, "#!/bin/sh\necho \"$0\"\n");
    let made = node.sh(&format!("chmod 755 {path}"));
    let _made = made.exits(0);
}

#[test]
fn the_conf_beats_what_is_inherited_and_pristine_inherits_nothing() {
    let node = node(r#"{"GREETING": "it's\nme ", "TZ": "Mars", "EMPTY": ""}"#);
    let all = node.run(&["exec", "app", "--", "env", "-0"]).succeeds();
    let all: Vec<&str> = all.split_terminator('\0').collect();
    for wanted in [
        "GREETING=it's\nme ",
        "TZ=Mars",
        "EMPTY=",
        "RECONF_NODE=web01",
    ] {
        assert!(all.contains(&wanted), "{wanted}: {all:?}");
    }
    let times = all.iter().filter(|line| line.starts_with("TZ="));
    assert_eq!(times.count(), 1);
    let path = format!("PATH={}", shells::PATH);
    assert!(all.contains(&path.as_str()), "{all:?}");
    let only = node
        .run(&["exec", "--pristine", "app", "--", "/usr/bin/env"])
        .succeeds();
    let mut only: Vec<&str> = only.lines().collect();
    only.sort_unstable();
    assert_eq!(only, ["EMPTY=", "GREETING=it's", "TZ=Mars", "me "]);
}

#[test]
fn the_command_is_looked_up_in_the_path_of_the_conf() {
    let node = node(r#"{"PATH": "/nowhere"}"#);
    tool(&node, "tools/hello");
    tool(&node, "callers/hello");
    let path = |folder: &str| node.path(folder).display().to_string();
    let manifest = format!(
        r#"{{"id": "app", "environment": {{"PATH": "{}"}}}}"#,
        path("tools")
    );
    let caller = format!("{}:{}", path("callers"), shells::PATH);
    let node = node.env("PATH", &caller);
    // Only the caller's path has it: that does not count.
    let told = node.run(&["exec", "app", "--", "hello"]).fails(127);
    assert_eq!(told, "error: `hello` was not found in `PATH`\n");

    let node = node.manifest("app", &manifest);
    let _written = node.run(&["render", "app"]).exits(0);
    let said = node.run(&["exec", "app", "--", "hello"]).succeeds();
    assert_eq!(
        said.trim_end(),
        node.path("tools/hello").display().to_string()
    );
    // Without any PATH, it is the system's.
    let node = super::node("{}");
    let _done = node
        .run(&["exec", "--pristine", "app", "--", "true"])
        .exits(0);
}

#[test]
fn the_manifests_own_command_runs_when_none_is_given() {
    let node = node("{}");
    for (command, said) in [
        (
            r#"["sh", "-c", "echo \"$NAME\" \"$0\"", "a b"]"#,
            "it's a b\n",
        ),
        (r#""echo \"$NAME\" && echo next""#, "it's\nnext\n"),
    ] {
        let manifest =
            format!(r#"{{"id": "app", "command": {command}, "environment": {{"NAME": "it's"}}}}"#);
        node.put("etc/reconf/services/app.json", &manifest);
        let _written = node.run(&["render", "app"]).exits(0);
        assert_eq!(node.run(&["exec", "app"]).succeeds(), said);
        // Another one goes before.
        assert_eq!(
            node.run(&["exec", "app", "--", "echo", "-n"]).succeeds(),
            ""
        );
    }
}

#[test]
fn the_conf_is_where_the_configuration_says() {
    let node = node("{}");
    node.put(
        "etc/reconf/config.json",
        r#"{"render": {"directory": "/elsewhere"}, "registry": {"endpoints": ["http://h:1"], "timeout": "2s"}}"#,
    );
    let told = node.run(&["exec", "app", "--", "true"]).fails(125);
    let conf = node.path("elsewhere/app.conf");
    assert!(told.contains(&conf.display().to_string()), "{told}");
    let there = node.path("etc/services.d/app.conf");
    fs::create_dir(node.path("elsewhere")).unwrap();
    fs::rename(there, conf).unwrap();
    let _done = node.run(&["exec", "app", "--", "true"]).exits(0);
}
