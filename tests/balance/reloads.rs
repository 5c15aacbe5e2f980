//! Reloads that are lost, that never work, and that come one after the other.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Instant};

use serde_json::json;

use super::{changing::Changing, print};
use crate::harness::{haproxy::is_there, scenario::Run, wait::until};

/// Replaces the reload command of a node by a script that may use `$reload`.
fn reload_by(changing: &mut Changing, script: &str) {
    let path = changing.lab.node.path("reload.sh");
    let reload = changing.lab.haproxy.reload_command();
    let text = format!(
        "#!/bin/sh\nreload={}\ncd \"${{0%/*}}\" || exit 1\n{script}\n",
        reload.display()
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    changing.reload_by(json!(["sh", path]));
}

fn text(run: &Run) -> String {
    String::from_utf8_lossy(&run.output.stderr).into_owned()
}

#[test]
fn a_reload_that_is_lost_once_is_repeated() {
    if !is_there("lost reloads of HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    reload_by(&mut changing, "[ -e lost ] && exec \"$reload\"; echo >lost");
    let _other = changing.toggle();
    changing.run();
    assert_eq!(
        changing.ways().get("reload"),
        Some(&2),
        "{:?}",
        changing.ways()
    );
}

#[test]
fn a_repeated_reload_that_happens_twice_keeps_what_a_person_put_away() {
    if !is_there("repeated reloads of HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    // The second one comes when the file of the states is emptied, but soon enough to be waited for.
    let script = r#"[ -e lost ] || { echo >lost; exit; }
"$reload"
setsid sh -c '
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(cat var/lib/reconf/haproxy.state)" = 1 ] && break
    sleep 0.1
  done
  exec "$0"
' "$reload" </dev/null >/dev/null 2>&1 &
"#;
    reload_by(&mut changing, script);
    let server = changing.first_server();
    changing.lab.haproxy.sets_state(&server, "maint");
    assert_eq!(changing.lab.reports(&["--reload"])["how"], "reload");
    until("the second reload", || {
        let log = changing.lab.haproxy.log();
        (log.matches(" forked").count() == 3).then_some(())
    });
    assert_eq!(changing.lab.balances()["how"], "unchanged");
    assert!(changing.lab.haproxy.server(&server).in_maintenance);
}

#[test]
fn a_reload_that_never_works_leaves_the_proved_file() {
    if !is_there("reloads of HAProxy that never work") {
        return;
    }
    let mut changing = Changing::new("tcp");
    let (file, worker) = (changing.lab.file(), changing.lab.haproxy.worker());
    let server = changing.first_server();
    changing.lab.haproxy.sets_state(&server, "maint");
    reload_by(&mut changing, "true");
    let _other = changing.toggle();
    let failed = changing.lab.run(&[]).exits(71);
    assert!(
        text(&failed).contains("did not take over"),
        "{}",
        failed.text()
    );
    let lab = &changing.lab;
    assert_eq!(lab.file(), file, "the proved file is back");
    assert_eq!(lab.haproxy.worker(), worker);
    lab.haproxy.reloads();
    let is_away = || lab.haproxy.server(&server).in_maintenance;
    assert!(is_away(), "a reload that was late, not lost");
    lab.haproxy.kill();
    lab.haproxy.starts();
    assert!(is_away(), "a reboot before a run succeeds");
    lab.haproxy.sets_state(&server, "ready");
    lab.runs_its_file();
    reload_by(&mut changing, "exec \"$reload\"");
    changing.run();
    assert_ne!(changing.lab.file(), file, "the next run tries again");
}

fn one_after_the_other(runs: usize) {
    let mut changing = Changing::new("tcp");
    for _ in 0..runs {
        let _other = changing.toggle();
        changing.run();
    }
    assert_eq!(
        changing.ways().get("reload"),
        Some(&(runs + 1)),
        "{:?}",
        changing.ways()
    );
    assert_eq!(changing.lab.balances()["how"], "unchanged");
}

#[test]
fn runs_that_each_need_a_reload_may_follow_each_other() {
    if is_there("reloads of HAProxy") {
        one_after_the_other(5);
    }
}

/// Starts so many runs without waiting for any: each finds another fleet than the one before, and reloads.
fn overlapping(runs: usize) {
    let mut changing = Changing::new("tcp");
    let calls = changing.lab.haproxy.reload_calls();
    let start = Instant::now();
    let mut ending = Vec::new();
    let mut running = Vec::new();
    for _ in 0..runs {
        ending.push(changing.toggle());
        let mut command = changing.lab.node.command(&["balance", "--reload", "-q"]);
        running.push(command.spawn().unwrap());
    }
    let started = start.elapsed();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    let text = format!(
        "{runs} runs started in {started:.1?}, done in {:.1?}",
        start.elapsed()
    );
    print(&text, &[]);
    assert!(changing.lab.haproxy.reload_calls() >= calls + runs);
    assert_eq!(changing.lab.balances()["how"], "unchanged");
    changing.lab.runs_its_file();
}

#[test]
fn the_last_of_runs_that_overlap_and_reload_decides() {
    if is_there("reloads of HAProxy") {
        overlapping(6);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn the_last_of_thirty_runs_that_overlap_and_reload_decides() {
    overlapping(30);
}
