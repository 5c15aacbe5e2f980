//! Old workers: from a reload until they have stopped they share HAProxy's sockets with the new one, and may answer in its place.

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use super::changing::Changing;
use crate::harness::{
    haproxy::is_there,
    lab::Lab,
    socket_proxy::{Reaction, SocketProxy},
    wait::{LONG, freeze, wait_until},
};

#[test]
fn a_run_that_reloads_ends_once_the_old_worker_accepts_no_connection() {
    if !is_there("old workers of HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    // So long an old worker goes on beside the new one.
    changing.put_in_global("grace 300ms");
    assert_eq!(changing.lab.balances()["how"], "reload");
    let mut judged = 0;
    for _ in 0..20 {
        let _other = changing.toggle();
        let start = Instant::now();
        assert_eq!(changing.lab.balances()["how"], "reload");
        if start.elapsed() >= OLD_LIMIT {
            // On a busy machine the old worker may rightly go on beside the new one.
            continue;
        }
        changing.lab.runs_its_file();
        let haproxy = &changing.lab.haproxy;
        let worker = haproxy.worker();
        for _ in 0..100 {
            assert_eq!(haproxy.worker(), worker);
        }
        judged += 1;
        if judged == 3 {
            return;
        }
    }
    panic!("only {judged} of 20 runs ended before their limit");
}

#[test]
fn an_old_worker_that_goes_on_for_long_is_not_believed() {
    if !is_there("old workers of HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    changing.put_in_global("grace 60s");
    changing.run();
    let _other = changing.toggle();
    assert_eq!(changing.lab.balances()["how"], "reload");
    let [old, new] = changing.lab.haproxy.two_workers();
    // Every question and every batch of commands meets the old worker first.
    let _proxy = SocketProxy::before(&changing.lab.haproxy, Reaction::Alternately([old, new]));
    for _ in 0..2 {
        changing.add();
        assert_eq!(changing.lab.balances()["how"], "socket");
    }
    assert_eq!(changing.lab.balances()["how"], "unchanged");
    let servers = changing.lab.file().matches("\n    server ").count();
    let ask = || {
        changing
            .lab
            .haproxy
            .ask("show info;show servers state")
            .unwrap()
    };
    let answers = [ask(), ask()];
    let of_new = format!("\nPid: {new}\n");
    let new = answers.iter().find(|answer| answer.contains(&of_new));
    let new = new.expect("the new worker has every other connection");
    assert_eq!(new.matches(" default:").count(), servers, "{new}");
}

/// How long a run waits at most for the old worker to accept no connection any more (section 12).
const OLD_LIMIT: Duration = Duration::from_secs(1);

/// How long a run waits for the worker that follows the one which a killed run had begun to replace (section 12).
const LATE_LIMIT: Duration = Duration::from_secs(3);

/// How often a run reloads at most (section 12): a signal that HAProxy gets in the midst of another reload is lost.
const MOST_RELOADS: usize = 3;

/// The reload is under way when the run dies, and none of it is to be seen: the master has yet to take its signal. How soon it
/// does is HAProxy's affair, which may also have lost the signal: the next run reloads again then, but not before its time.
#[test]
fn the_reload_of_a_run_that_was_killed_is_waited_for() {
    if !is_there("old workers of HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    changing.reload_by(json!(["sh", kills_its_first_caller(&changing.lab)]));
    let _other = changing.toggle();
    let lab = &changing.lab;
    let (master, calls) = (lab.haproxy.master().unwrap(), lab.haproxy.reload_calls());
    let proxy = SocketProxy::before(&lab.haproxy, Reaction::Pass);
    freeze(master);
    let killed = lab.run(&[]);
    assert_eq!(killed.output.status.signal(), Some(9), "{}", killed.text());
    let asked = proxy.asked();
    let start = Instant::now();
    let mut next = lab.node.command(&["balance", "--output", "json"]);
    let next = next.stdout(Stdio::piped()).stderr(Stdio::piped());
    let next = next.spawn().unwrap();
    // It has met the old worker by then, and waits, or would have reloaded.
    wait_until("the next run has asked twice", LONG, || {
        proxy.asked() > asked + 1
    });
    kill(master, Signal::SIGCONT).unwrap();
    let ended = next.wait_with_output().unwrap();
    let waited = start.elapsed();
    let report = String::from_utf8_lossy(&ended.stdout);
    let said = format!("{report}{}", String::from_utf8_lossy(&ended.stderr));
    let reloads = lab.haproxy.reload_calls() - calls - 1;
    if report.contains("\"how\":\"unchanged\"") {
        assert_eq!(reloads, 0, "{said}");
    } else {
        assert!(report.contains("\"how\":\"reload\""), "{said}");
        assert!((1..=MOST_RELOADS).contains(&reloads), "{reloads}: {said}");
        assert!(waited >= LATE_LIMIT, "it waited for {waited:?}: {said}");
    }
    lab.runs_its_file();
    assert_eq!(lab.state("balance.json").get("reloading"), None);
}

/// A command that reloads HAProxy and kills who called it, but only the first time.
fn kills_its_first_caller(lab: &Lab) -> PathBuf {
    let (script, marker) = (lab.node.path("dies.sh"), lab.node.path("killed"));
    let text = format!(
        "\"{}\"\nif mkdir \"{}\" 2>/dev/null; then kill -9 \"$PPID\"; fi\n",
        lab.haproxy.reload_command().display(),
        marker.display()
    );
    fs::write(&script, text).unwrap();
    script
}
