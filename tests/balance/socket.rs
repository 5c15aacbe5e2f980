//! Servers come, move and go without a reload, and any number of changes between two runs needs at most one.

use std::time::{Duration, Instant};

use super::changing::{ALL, Change, Changing};
use crate::harness::haproxy::is_there;

/// How long a run waits until HAProxy runs the new file, before it reloads again (section 12).
const PROOF_LIMIT: Duration = Duration::from_secs(3);

const SERVERS: [Change; 3] = [Change::Add, Change::Move, Change::Remove];

fn only_servers(changes: usize) {
    let mut changing = Changing::new("http");
    let worker = changing.lab.haproxy.worker();
    let calls = changing.lab.haproxy.reload_calls();
    for _ in 0..changes {
        changing.change(&SERVERS, &[]);
        assert_eq!(changing.lab.haproxy.worker(), worker);
    }
    assert_eq!(
        changing.ways().get("socket"),
        Some(&changes),
        "{:?}",
        changing.ways()
    );
    assert_eq!(changing.lab.haproxy.reload_calls(), calls);
    let lab = &changing.lab;
    let file = lab.file();
    lab.haproxy.kill();
    lab.haproxy.starts();
    lab.runs_its_file();
    assert_eq!(lab.balances()["how"], "unchanged");
    assert_eq!(lab.file(), file);
}

fn at_most_one_reload(runs: usize) {
    let mut changing = Changing::in_two_regions("tcp");
    for _ in 0..runs {
        let before = changing.lab.haproxy.reload_calls();
        for _ in 0..10 {
            changing.alter(&ALL);
        }
        let start = Instant::now();
        changing.run();
        // Another one only where HAProxy has not taken over the file in time.
        let lost = start.elapsed().as_secs() / PROOF_LIMIT.as_secs();
        let most = before + 1 + usize::try_from(lost).unwrap();
        assert!(changing.lab.haproxy.reload_calls() <= most);
    }
}

#[test]
fn servers_change_by_socket_only() {
    if is_there("changes by HAProxy's socket") {
        only_servers(8);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn fifty_changes_of_servers_are_made_by_socket_only() {
    only_servers(50);
}

#[test]
fn any_number_of_changes_needs_at_most_one_reload() {
    if is_there("reloads of HAProxy") {
        at_most_one_reload(4);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn any_number_of_changes_needs_at_most_one_reload_forty_times() {
    at_most_one_reload(40);
}
