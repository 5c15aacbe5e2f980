//! What a conf's owner has changed is never run as root, nor called applied.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown},
};

use serde_json::Value;

use crate::harness::{scenario::Scenario, user::command_as};

const USER: u32 = 4201;
const GROUP: u32 = 4300;
const CONF: &str = "etc/services.d/app.conf";

fn manifest(value: &str) -> String {
    format!(
        r#"{{"id": "app", "environment": {{"A": "{value}"}},
            "conf": {{"owner": {USER}, "group": {GROUP}, "formats": ["shell", "envdir"]}}}}"#
    )
}

fn node() -> Scenario {
    let node = Scenario::new().manifest("app", &manifest("one"));
    let _written = node.run(&["render", "app"]).exits(0);
    node
}

/// What the conf's owner does: the file stays theirs, and well-formed.
fn change(node: &Scenario) {
    let text = "# 2 variables follow\nexport A='one'\nexport LD_PRELOAD='/tmp/evil.so'\n";
    fs::write(node.path(CONF), text).unwrap();
}

fn exec_as_root(node: &Scenario, code: i32) -> String {
    let run = node
        .run(&["exec", "app", "--", "printenv", "A"])
        .exits(code);
    let output = if code == 0 {
        &run.output.stdout
    } else {
        &run.output.stderr
    };
    String::from_utf8(output.clone()).unwrap()
}

fn refused(node: &Scenario) {
    let told = exec_as_root(node, 125);
    for said in [
        "app.conf` is not what `render` wrote: user `4201`, who owns it, may have changed it",
        "hint: `reconf render app` writes it again",
    ] {
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn root_runs_with_a_foreign_conf_only_as_render_wrote_it() {
    let node = node();
    assert_eq!(exec_as_root(&node, 0), "one\n");
    change(&node);
    refused(&node);
    // Its owner may do to itself what it likes.
    if let Some(mut command) = command_as(&node, (USER, GROUP), &["exec", "app", "--", "true"]) {
        assert!(command.output().unwrap().status.success());
    }
    let _written = node.run(&["render", "app"]).exits(0);
    assert_eq!(exec_as_root(&node, 0), "one\n");
    // One that is replaced, as the owner of the folder can do, and belongs to somebody else again.
    change(&node);
    chown(node.path(CONF), Some(USER + 1), Some(GROUP)).unwrap();
    assert!(exec_as_root(&node, 125).contains("user `4202`"));
}

#[test]
fn a_conf_of_which_no_state_says_what_was_written_is_run_as_it_was_applied() {
    let node = node();
    // Releases before the digest recorded none.
    fs::remove_file(node.path("var/lib/reconf/services/app.json")).unwrap();
    assert_eq!(exec_as_root(&node, 0), "one\n");
    change(&node);
    refused(&node);
}

#[test]
fn a_pending_conf_is_run_as_written_and_no_changed_one_is_called_applied() {
    let node = node();
    node.put("etc/reconf/services/app.json", &manifest("two"));
    let _pending = node.run(&["render", "app", "--await-applied"]).exits(0);
    assert_eq!(exec_as_root(&node, 0), "two\n");
    change(&node);
    refused(&node);
    let told = node.run(&["applied", "app"]).changes_nothing().fails(65);
    assert!(
        told.contains("app.conf` is not what `render` wrote"),
        "{told}"
    );
    refused(&node);
    // The command of `--on-change` changes it, as whoever it restarts could.
    let attack = format!(
        "printf '# 1 variable follows\\nexport A=evil\\n' >{}",
        node.path(CONF).display()
    );
    let _applied = node
        .run(&["render", "app", "--on-change", &attack])
        .exits(0);
    refused(&node);
    let applied = fs::read_to_string(node.path("var/lib/reconf/applied/app.conf")).unwrap();
    assert!(
        applied.contains("'two'"),
        "what was applied is what was written: {applied}"
    );
    let _written = node.run(&["render", "app", "--await-applied"]).exits(0);
    let _applied = node.run(&["applied", "app"]).exits(0);
    assert_eq!(exec_as_root(&node, 0), "two\n");
    change(&node);
    // Nothing is pending, and still nothing changed becomes applied.
    let _refused = node.run(&["applied", "app"]).fails(65);
    refused(&node);
}

#[test]
fn a_conf_that_is_roots_again_needs_no_digest() {
    let state = "var/lib/reconf/services/app.json";
    let written = |node: &Scenario| {
        let text = fs::read_to_string(node.path(state)).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        state.get("written").cloned()
    };
    let node = node();
    assert!(written(&node).is_some());
    node.put(
        "etc/reconf/services/app.json",
        r#"{"id": "app", "environment": {"A": "one"}}"#,
    );
    let _written = node.run(&["render", "app"]).exits(0);
    assert_eq!(written(&node), None);
    // Root changes its own conf by hand, at three in the morning.
    fs::write(
        node.path(CONF),
        "# 1 variable follows\nexport A='by hand'\n",
    )
    .unwrap();
    assert_eq!(exec_as_root(&node, 0), "by hand\n");
    let _applied = node.run(&["applied", "app"]).exits(0);
}

#[test]
fn the_generation_of_an_envdir_is_roots_and_its_files_are_the_owners() {
    let node = node();
    let generation = node
        .path("etc/services.d/app.envdir")
        .canonicalize()
        .unwrap();
    let access = |path: &std::path::Path| {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = path.metadata().unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
    };
    assert_eq!(access(&generation), (0, GROUP, 0o750));
    assert_eq!(access(&generation.join("A")), (USER, GROUP, 0o640));
    // Where only the owner may read the files, the folder has to let the owner in.
    let private = manifest("one").replace(r#""group""#, r#""mode": "0600", "group""#);
    node.put("etc/reconf/services/app.json", &private);
    let _repaired = node.run(&["render", "app"]).exits(0);
    let generation = node
        .path("etc/services.d/app.envdir")
        .canonicalize()
        .unwrap();
    assert_eq!(access(&generation), (0, GROUP, 0o755));
    assert_eq!(access(&generation.join("A")), (USER, GROUP, 0o600));
    // What an earlier release gave away is taken back.
    chown(&generation, Some(USER), Some(GROUP)).unwrap();
    fs::set_permissions(&generation, Permissions::from_mode(0o700)).unwrap();
    let _repaired = node.run(&["render", "app"]).exits(0);
    let generation = node
        .path("etc/services.d/app.envdir")
        .canonicalize()
        .unwrap();
    assert_eq!(access(&generation), (0, GROUP, 0o755));
}
