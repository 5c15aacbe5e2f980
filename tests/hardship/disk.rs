//! The disk is full, or may only be read: what is there stays whole, and the next run makes up for what was not done.

use nix::unistd::geteuid;

use crate::harness::{
    not_run::{LIST, record},
    scenario::{Run, Scenario, golden_story},
};

/// What every script begins with: functions that say what holds.
const WORDS: &str = r#"
set -e
small() { mkdir -p "$1"; mount -t tmpfs -o "size=64k,mode=$2" none "$1"; }
fill() { head -c 1m /dev/zero >"$1/fill" 2>/dev/null || true; }
reads_only() { mount --bind "$PWD" "$PWD"; cd "$PWD"; mount -o remount,bind,ro "$PWD"; }
version() { sed "s/@/$1/" manifest >etc/reconf/services/app.json; }
does() { status=0; echo "$ $*"; "$@" || status=$?; echo "status $status"; }
shows() { echo "--- etc/services.d"; for file in etc/services.d/app.*; do stat -c '%a %n' "$file"; cat "$file"; done; }
mkdir -p etc/reconf/services
"#;

const MANIFEST: &str = r#"{"id": "app", "environment": {"VERSION": "@"}, "conf": {"mode": "0604", "formats": ["systemd"]}, "provides": {"APP_URL": "http://{HOST}"}}"#;

/// Runs a script in which file systems can be mounted that nobody else sees. `None`, with a record, where that is not
/// permitted.
fn with_mounts(script: &str) -> Option<Run> {
    let namespace = if geteuid().is_root() {
        "unshare -m"
    } else {
        "unshare -rm"
    };
    let node = Scenario::new()
        .env("NAMESPACE", namespace)
        .file("manifest", MANIFEST)
        .file("script", &format!("{WORDS}{script}"));
    let probe = node.sh("$NAMESPACE mount -t tmpfs none .");
    if !probe.output.status.success() {
        let what = "full and read-only disks: file systems may not be mounted here";
        record(LIST.as_ref(), what);
        return None;
    }
    Some(node.sh("exec 2>&1; $NAMESPACE sh script").exits(0))
}

#[test]
fn a_full_disk_leaves_the_old_conf_and_the_next_run_makes_up_for_it() {
    let story: Option<Vec<Run>> = ["etc/services.d", "var/lib/reconf", "var/lib/reconf/applied"]
        .into_iter()
        .map(|place| {
            let script = format!(
                r#"
                version old
                small {place} 755
                reconf render -q app
                fill {place}
                version new
                does reconf render app
                shows
                does reconf render --await-applied app
                does reconf announce app
                does reconf exec app -- sh -c 'echo "$VERSION"'
                rm {place}/fill
                does reconf render app
                does reconf applied app
                does reconf announce app
                shows
                cmp etc/services.d/app.conf var/lib/reconf/applied/app.conf
                "#
            );
            with_mounts(&script)
        })
        .collect();
    if let Some(story) = story {
        golden_story("hardship/full-disk", &story);
    }
}

#[test]
fn a_disk_that_may_only_be_read_stops_nothing_that_writes_nothing() {
    let script = r#"
        version old
        reconf render -q app
        reconf announce -q app
        mount --bind var/lib/reconf/registry var/lib/reconf/registry
        mount -o remount,bind,ro var/lib/reconf/registry
        does sh -c 'found=$(reconf doctor) || echo "doctor: $?"; echo "$found" | grep read-only'
        umount var/lib/reconf/registry
        reads_only
        does sh -c 'found=$(reconf doctor) || echo "doctor: $?"; echo "$found" | grep read-only'
        does reconf render app
        does reconf apply app
        does reconf exec --task app -- sh -c 'echo "$VERSION"'
        does reconf --registry dir:/nowhere render --all
        mount -o remount,bind,rw "$PWD"
        version new
        mount -o remount,bind,ro "$PWD"
        does reconf render app
        does reconf apply app
        does reconf withdraw app
        shows
        mount -o remount,bind,rw "$PWD"
        does reconf apply app
        shows
        "#;
    let fresh = r"
        version new
        reads_only
        does reconf render app
        does reconf announce app
        ";
    let story: Option<Vec<Run>> = [script, fresh].into_iter().map(with_mounts).collect();
    if let Some(story) = story {
        golden_story("hardship/read-only", &story);
    }
}

#[test]
fn a_full_disk_below_the_last_known_announcements_stops_no_render() {
    let script = r#"
        version old
        RECONF_NODE=api01 reconf announce -q app
        rm -r etc/reconf/services/app.json var/lib/reconf/services
        echo '{"id": "www", "requires": {"URL": "{APP_URL}"}}' >etc/reconf/services/www.json
        small var/lib/reconf/known 700
        fill var/lib/reconf/known
        does reconf render www
        rm var/lib/reconf/known/fill
        does reconf render www
        "#;
    let Some(run) = with_mounts(script) else {
        return;
    };
    let told = run.text();
    let warned = "warning: the last known announcements are not kept: cannot write";
    assert_eq!(told.matches(warned).count(), 1, "{told}");
    assert_eq!(told.matches("status 0").count(), 3, "{told}");
}

#[test]
fn data_that_nobody_can_take_is_a_failure() {
    let node = Scenario::new().manifest("app", r#"{"id": "app", "environment": {}}"#);
    let runs = [
        "render --stdout app",
        "ls",
        "config",
        "--output json render app",
    ]
    .map(|command| node.sh(&format!("reconf {command} >/dev/full")).exits(73));
    golden_story("hardship/full-stdout", &runs);
    let _unknown = node.sh("reconf status --monitor >/dev/full").exits(3);
    // Once is enough, however many lines there are.
    let told = node.sh("reconf config >/dev/full").fails(73);
    assert_eq!(told.lines().count(), 1, "{told}");
}
