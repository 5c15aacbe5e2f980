//! An instance dies under load, and stays out of rotation through reloads.

use std::{thread, time::Duration};

use super::{changing::Changing, print};
use crate::harness::{
    client::{Client, Sending, Start},
    haproxy::is_there,
    wait::until,
};

/// One instance of three is killed, HAProxy finds it down, and reloads do not bring it back; gives the slowest request after
/// that.
fn dies(mode: &'static str, sending: Sending, reloads: usize, start: Start) -> Duration {
    let mut changing = Changing::new(mode);
    let client = start(changing.address(), sending, 4);
    client.sends(200);
    let (server, backend) = changing.kill_one();
    backend.kill();
    client.sends(200);
    let haproxy = &changing.lab.haproxy;
    until("HAProxy finds it down", || {
        (!haproxy.server(&server).is_up).then_some(())
    });
    let tally = client.stop();
    print(&format!("{mode}: one of three dies"), &[&tally]);
    if mode == "http" {
        tally.lost_none_of(0);
    } else {
        // What was on its way: at most one a connection.
        assert!(tally.losses() <= 4, "{tally}");
    }
    let client = start(changing.address(), sending, 4);
    for _ in 0..reloads {
        assert_eq!(changing.lab.reports(&["--reload"])["how"], "reload");
        assert!(!haproxy.server(&server).is_up, "a reload brought it back");
        client.sends(20);
    }
    let tally = client.stop();
    print(
        &format!("{mode}: {reloads} reloads with it dead"),
        &[&tally],
    );
    tally.lost_none_of(0);
    tally.slowest
}

#[test]
fn a_dead_instance_costs_nothing_and_stays_out_of_rotation() {
    if is_there("a dead instance behind HAProxy") {
        thread::scope(|scope| {
            scope.spawn(|| dies("http", Sending::Keep(Duration::ZERO), 2, Client::light));
            dies("tcp", Sending::Tcp, 2, Client::light);
        });
    }
}

#[test]
#[ignore = "long: script/prove"]
fn a_dead_instance_stays_out_of_rotation_through_twenty_reloads() {
    for (mode, sending) in [
        ("http", Sending::Keep(Duration::ZERO)),
        ("http", Sending::Close),
        ("tcp", Sending::Tcp),
    ] {
        let slowest = dies(mode, sending, 20, Client::start);
        assert!(slowest < Duration::from_millis(500), "{mode}: {slowest:?}");
    }
}
