//! HAProxy before 2.6 takes no servers by its socket: every change is a reload, and none loses a request.

use std::time::Duration;

use super::{
    changing::{ALL, Change, Changing},
    print,
};
use crate::harness::{
    client::{Client, Sending, Start},
    haproxy::is_there,
    socket_proxy::{Reaction, SocketProxy},
};

fn by_reload(changes: usize, start: Start) {
    let mut changing = Changing::in_two_regions("http");
    let sending = [Sending::Close, Sending::Keep(Duration::from_millis(10))];
    let clients = sending.map(|sending| start(changing.address(), sending, 3));
    let mut refused = 0;
    for change in 0..changes {
        clients[0].sends(20);
        let proxy = SocketProxy::before(&changing.lab.haproxy, Reaction::Unknown);
        // Where HAProxy can take servers, the first change needs no reload.
        let kinds = if change == 0 {
            &[Change::Add][..]
        } else {
            &ALL
        };
        changing.change(kinds, &clients);
        refused += proxy.reacted();
    }
    assert!(refused > 0, "no command was refused");
    assert_eq!(changing.ways().get("socket"), None);
    let tallies = clients.map(Client::stop);
    print(
        &format!("old: {:?}", changing.ways()),
        &[&tallies[0], &tallies[1]],
    );
    for tally in &tallies {
        tally.lost_none_of(0);
    }
}

#[test]
fn an_old_haproxy_takes_every_change_by_reload() {
    if is_there("an old HAProxy") {
        by_reload(5, Client::light);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn an_old_haproxy_takes_a_hundred_changes_by_reload() {
    by_reload(100, Client::start);
}
