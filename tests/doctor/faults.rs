//! Faults that are planted on a healthy node: each is found alone, with how it is mended.

use super::{doctor, healthy, rows};
use crate::harness::scenario::Scenario;

/// The one row that is not ok, or unknown, after something was changed.
#[track_caller]
fn finding(node: &Scenario, code: i32) -> [String; 4] {
    let run = node
        .run(&["doctor", "--output", "json"])
        .changes_nothing()
        .exits(code);
    let mut bad = rows(&run);
    // How full the disk of this machine is was not planted.
    bad.retain(|row| (row[0] == "warning" || row[0] == "fault") && row[1] != "room");
    assert_eq!(bad.len(), 1, "{}", run.text());
    bad.remove(0)
}

/// What is done to a healthy node, the exit code, and the row that comes of it: condition, subject, a part of its remedy.
const PLANTED: [(&str, i32, [&str; 3]); 18] = [
    (
        "chmod 0777 var/lib/reconf",
        78,
        ["fault", "modes", "`chmod o-w "],
    ),
    (
        "chmod 0755 var/lib/reconf/services",
        78,
        ["fault", "modes", "`chmod go= "],
    ),
    (
        "chmod 0644 var/lib/reconf/services/www.json",
        78,
        ["fault", "modes", "`chmod go= "],
    ),
    (
        "chmod 0644 etc/reconf/configuration.json",
        0,
        ["warning", "modes", "`chmod 0640 "],
    ),
    (
        "chmod 0750 var/lib/reconf/tasks",
        78,
        ["fault", "modes", "`chmod o+rx "],
    ),
    (
        "chmod 0600 etc/services.d/www.conf",
        0,
        ["warning", "conf www", "`reconf render www`"],
    ),
    (
        "chown 4242 var/lib/reconf/services/www.json",
        0,
        ["warning", "owners", "`chown 0 "],
    ),
    (
        "echo '{' >etc/reconf/services/api.json",
        78,
        ["fault", "manifest api", "`reconf render api --dry-run`"],
    ),
    (
        "echo '{{#if' >etc/reconf/templates/shell.hbs",
        78,
        ["fault", "template", "it may use"],
    ),
    (
        "echo x >etc/reconf/templates/shel.hbs",
        0,
        ["warning", "template", "rename it"],
    ),
    (
        "echo '{}' >var/lib/reconf/services/www.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "mkfifo var/lib/reconf/listen.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "mkdir var/lib/reconf/balance.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "umask 077; echo '{' >var/lib/reconf/provision.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        r#"rm etc/reconf/services/www.json; echo '{"id": "api", "command": true}' >etc/reconf/services/api.json"#,
        0,
        ["warning", "orphan www", "`reconf remove www`"],
    ),
    (
        r#"echo '{"datastores": 1}' >etc/reconf/configuration.json"#,
        78,
        ["fault", "datastores", "`reconf ls`"],
    ),
    (
        r#"echo '{"announce": {"ttl": "10s"}}' >etc/reconf/config.json"#,
        0,
        ["warning", "listener", "start `reconf listen`"],
    ),
    (
        "echo '{' >var/lib/reconf/registry/default.json",
        78,
        ["fault", "federation default", ""],
    ),
];

#[test]
fn every_planted_fault_is_found_with_its_remedy() {
    for (script, code, [condition, subject, remedy]) in PLANTED {
        let node = healthy(Scenario::new());
        let made = node.sh(&format!("mkdir -p etc/reconf/templates; {script}"));
        assert!(made.output.status.success(), "{}", made.text());
        let found = finding(&node, code);
        assert_eq!(found[..2], [condition, subject], "{script}: {found:?}");
        assert!(found[3].contains(remedy), "{script}: {found:?}");
    }
}
/// Files that commands of ours need: without a listener, a balancer or a task none of them is missed.
const NEEDED: [&str; 9] = [
    "run/reconf/listener.json",
    "run/reconf/listener.lock",
    "run/reconf/services/www.lock",
    "run/reconf/state.lock",
    "var/lib/reconf/applied/www.conf",
    "var/lib/reconf/known/default.json",
    "var/lib/reconf/registry/.lock",
    "var/lib/reconf/tasks/www.gate",
    "var/lib/reconf/tasks/www.lock",
];

#[test]
fn what_is_in_the_place_of_a_file_is_found_before_a_command_meets_it() {
    let node = healthy(Scenario::new());
    let _kept = node.sh("mkdir -m 0700 -p var/lib/reconf/known").exits(0);
    for file in NEEDED {
        for make in ["mkfifo", "mkdir -m 0700"] {
            let script = format!("rm -rf {file}; {make} {file}");
            let _made = node.sh(&script).exits(0);
            let found = finding(&node, 78);
            assert_eq!(found[..2], ["fault", "files"], "{script}: {found:?}");
            assert!(found[2].contains(file), "{script}: {found:?}");
        }
        if file.contains("listener") {
            let text = node.run(&["status"]).exits(78).text();
            assert!(
                text.contains("cannot ") && !text.contains("replace"),
                "{text}"
            );
        }
        let _mended = node.sh(&format!("rm -rf {file}")).exits(0);
    }
    // So is a file in the place of a folder, whose mode is no matter then.
    for folder in ["run/reconf", "var/lib/reconf/known"] {
        let _made = node
            .sh(&format!("rm -rf {folder}; touch {folder}"))
            .exits(0);
        let found = finding(&node, 78);
        assert_eq!(found[..2], ["fault", "files"], "{folder}: {found:?}");
        assert!(found[2].ends_with("no folder"), "{folder}: {found:?}");
        assert!(found[2].contains(folder), "{folder}: {found:?}");
        let _mended = node.sh(&format!("rm {folder}")).exits(0);
    }
}

#[test]
fn a_conf_that_no_run_would_replace_is_a_fault() {
    let node = healthy(Scenario::new());
    for instead in ["mkdir", "ln -s /etc/hostname", "mkfifo"] {
        let conf = "etc/services.d/www.conf";
        let _made = node.sh(&format!("rm {conf}; {instead} {conf}")).exits(0);
        let text = doctor(&node).exits(78).text();
        let row = text.lines().find(|line| line.contains("conf www"));
        let row = row.unwrap_or_else(|| panic!("{text}"));
        assert!(
            row.starts_with("fault") && row.contains("cannot replace"),
            "{row}"
        );
        assert!(
            row.ends_with("move it away, and run the same again"),
            "{row}"
        );
        let _removed = node
            .sh(&format!("rmdir {conf} || rm {conf}; touch {conf}"))
            .exits(0);
    }
}
