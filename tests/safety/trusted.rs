//! What decides what root runs is read only if root alone can have written it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown, lchown, symlink},
    path::Path,
};

use crate::harness::{
    scenario::{Run, Scenario},
    user::command_as,
};

const USER: u32 = 4201;
const GROUP: u32 = 4300;

/// The files that decide, and a command that reads each.
const DECIDING: [(&str, &str, &str); 4] = [
    ("config.json", "{}", "config"),
    ("configuration.json", "{}", "render app"),
    ("services/app.json", MANIFEST, "render app"),
    ("templates/shell.hbs", TEMPLATE, "render app"),
];

const MANIFEST: &str = r#"{"id": "app", "environment": {"A": "b"}}"#;
const TEMPLATE: &str =
    "# {{count}} variables\n{{#each variables}}export {{name}}={{shell value}}\n{{/each}}";

fn node() -> Scenario {
    let node = Scenario::new();
    for (file, text, _) in DECIDING {
        node.put(&format!("etc/reconf/{file}"), text);
    }
    node
}

fn own(path: &Path, owner: u32, group: u32, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    chown(path, Some(owner), Some(group)).unwrap();
    // A new owner may have cost it some bits.
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn run(node: &Scenario, line: &str) -> Run {
    node.run(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_file_that_somebody_but_root_can_write_or_replace_is_refused() {
    for (file, _, line) in DECIDING {
        for (owner, group, mode, said) in [
            (0, 0, 0o664, None),
            (0, GROUP, 0o644, None),
            (USER, GROUP, 0o640, Some("user `4201` owns")),
            (0, GROUP, 0o660, Some("group `4300` can write")),
            (0, 0, 0o646, Some("everybody can write")),
        ] {
            let node = node();
            let path = node.path(&format!("etc/reconf/{file}"));
            own(&path, owner, group, mode);
            tried(
                &node,
                line,
                said.map(|said| format!("cannot trust `{}`: {said} it", path.display())),
            );
            let node = self::node();
            let path = node.path(&format!("etc/reconf/{file}"));
            let folder = path.parent().unwrap();
            // A folder needs to be searched.
            own(folder, owner, group, mode | 0o111);
            let said = said.map(|said| format!("{said} `{}`", folder.display()));
            tried(&node, line, said);
        }
    }
}

/// Runs a command, which works, or is refused with this text.
fn tried(node: &Scenario, line: &str, said: Option<String>) {
    match said {
        None => drop(run(node, line).exits(0)),
        Some(said) => {
            let told = run(node, line).fails(77);
            assert!(
                told.contains(&said) && told.contains("hint: "),
                "{said}: {told}"
            );
            if line == "config" {
                let told = run(node, "exec app -- touch ran").fails(125);
                assert!(told.contains(&said), "{told}");
            }
        }
    }
}

#[test]
fn a_folder_further_up_counts_and_links_of_root_are_roots_will() {
    let node = node();
    let manifests = node.path("etc/reconf/services");
    own(&node.path("etc"), USER, GROUP, 0o755);
    tried(&node, "render app", Some("user `4201` owns".to_owned()));
    own(&node.path("etc"), 0, 0, 0o755);
    // An operator keeps the manifests, and one more, elsewhere.
    fs::rename(&manifests, node.path("elsewhere")).unwrap();
    symlink(node.path("elsewhere"), &manifests).unwrap();
    fs::rename(node.path("elsewhere/app.json"), node.path("app.json")).unwrap();
    symlink("../app.json", manifests.join("app.json")).unwrap();
    tried(&node, "render app", None);
    // The confs are on another disk.
    fs::rename(node.path("etc/services.d"), node.path("confs")).unwrap();
    symlink("../confs", node.path("etc/services.d")).unwrap();
    node.put("app.json", r#"{"id": "app", "environment": {"A": "c"}}"#);
    tried(&node, "render app", None);
    let said = run(&node, "exec app -- printenv A").succeeds();
    assert_eq!(said, "c\n");
    // Where the links lead, others can write.
    own(&node.path("elsewhere"), USER, GROUP, 0o755);
    lchown(manifests.join("app.json"), Some(USER), None).unwrap();
    tried(&node, "render app", Some("user `4201` owns".to_owned()));
}

#[test]
fn another_user_may_read_files_of_anybody() {
    let node = node();
    let (user, other) = ((USER, USER), 4202);
    for (file, _, _) in DECIDING {
        own(
            &node.path(&format!("etc/reconf/{file}")),
            other,
            other,
            0o664,
        );
    }
    let Some(mut command) = command_as(&node, user, &["render", "app", "--stdout"]) else {
        return;
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn what_the_caller_hands_over_is_read() {
    let node = node();
    let script = "reconf --config <(echo '{\"region\": \"given\"}') config | grep -q given";
    let run = node.sh(&format!("exec bash -c \"{}\"", script.replace('"', "\\\"")));
    let _read = run.exits(0);
}

#[test]
fn root_runs_with_no_conf_that_a_user_led_it_to() {
    let node = node();
    let _written = run(&node, "render app").exits(0);
    // Another conf of root's, below a folder that the user owns.
    fs::create_dir(node.path("srv")).unwrap();
    symlink(node.path("etc/services.d"), node.path("srv/confs")).unwrap();
    node.put(
        "etc/reconf/config.json",
        r#"{"render": {"directory": "/srv/confs"}}"#,
    );
    let _followed = run(&node, "exec app -- true").exits(0);
    own(&node.path("srv"), USER, GROUP, 0o755);
    let told = run(&node, "exec app -- touch ran").fails(125);
    assert!(
        told.contains("is not opened by root: user `4201` owns"),
        "{told}"
    );
    fs::remove_file(node.path("srv/confs")).unwrap();
    fs::create_dir(node.path("srv/confs")).unwrap();
    own(&node.path("srv/confs"), USER, GROUP, 0o755);
    fs::hard_link(
        node.path("etc/services.d/app.conf"),
        node.path("srv/confs/app.conf"),
    )
    .unwrap();
    let told = run(&node, "exec app -- touch ran").fails(125);
    assert!(told.contains("has a second hard link"), "{told}");
}
