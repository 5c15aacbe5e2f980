//! Random changes of a fleet while clients send: none of their requests is lost.

use std::time::Duration;

use super::{
    changing::{ALL, Changing},
    print,
};
use crate::harness::{
    client::{Client, Sending, Start, Tally},
    haproxy::is_there,
};

/// How many changes there are, how many requests at least between two of them, and how clients send.
#[derive(Clone, Copy)]
struct Load {
    changes: usize,
    between: u64,
    start: Start,
}

impl Load {
    /// That of tests that run always.
    fn light(changes: usize) -> Self {
        Self {
            changes,
            between: 20,
            start: Client::light,
        }
    }

    /// That of proofs: without any pause.
    fn heavy(changes: usize, between: u64) -> Self {
        Self {
            changes,
            between,
            start: Client::start,
        }
    }
}

/// Runs so many changes while these clients send, with at least so many requests between two changes.
fn under_load(mode: &'static str, clients: &[(Sending, usize)], load: Load) -> Vec<Tally> {
    let Load {
        changes,
        between,
        start,
    } = load;
    let mut changing = Changing::in_two_regions(mode);
    let clients = clients.iter();
    let clients = clients.map(|(sending, threads)| start(changing.address(), *sending, *threads));
    let clients: Vec<Client> = clients.collect();
    for _ in 0..changes {
        clients[0].sends(between);
        changing.change(&ALL, &clients);
    }
    clients[0].sends(between);
    let tallies: Vec<Tally> = clients.into_iter().map(Client::stop).collect();
    print(
        &format!("{mode}: {changes} changes, {:?}", changing.ways()),
        &tallies.iter().collect::<Vec<_>>(),
    );
    tallies
}

const THREE: [(Sending, usize); 3] = [
    (Sending::Close, 2),
    (Sending::Keep(Duration::ZERO), 2),
    (Sending::Keep(Duration::from_millis(10)), 4),
];

fn tcp(load: Load) -> u64 {
    let tallies = under_load("tcp", &[(Sending::Tcp, 4)], load);
    tallies[0].lost_none_of(0);
    tallies[0].answered
}

fn http(load: Load) -> u64 {
    let tallies = under_load("http", &THREE, load);
    for tally in &tallies {
        tally.lost_none_of(0);
    }
    tallies.iter().map(|tally| tally.answered).sum()
}

/// Every change of them moves a server and opens or closes a port.
fn moves_with_ports(load: Load) -> u64 {
    let mut changing = Changing::new("http");
    let clients =
        THREE.map(|(sending, threads)| (load.start)(changing.address(), sending, threads));
    for _ in 0..load.changes {
        clients[0].sends(load.between);
        let moved = changing.relocate_after(0);
        let closed = changing.toggle();
        changing.run();
        // What may still be on its way to those that end.
        clients.iter().for_each(Client::each_is_answered);
        for ending in [Some(moved), closed].into_iter().flatten() {
            ending.stop();
        }
    }
    clients[0].sends(load.between);
    let tallies = clients.map(Client::stop);
    print(
        &format!("moves with ports: {:?}", changing.ways()),
        &tallies.iter().collect::<Vec<_>>(),
    );
    for tally in &tallies {
        tally.lost_none_of(0);
    }
    tallies.iter().map(|tally| tally.answered).sum()
}

#[test]
fn changes_lose_no_connection() {
    if is_there("changes of a balanced fleet") {
        tcp(Load::light(8));
    }
}

#[test]
#[ignore = "long: script/prove"]
fn a_hundred_changes_lose_no_connection() {
    let answered = tcp(Load::heavy(100, 300));
    assert!(answered >= 30_000, "{answered}");
}

#[test]
fn changes_lose_no_request() {
    if is_there("changes of a balanced fleet") {
        http(Load::light(8));
    }
}

#[test]
#[ignore = "long: script/prove"]
fn a_hundred_changes_lose_no_request() {
    let answered = http(Load::heavy(100, 300));
    assert!(answered >= 80_000, "{answered}");
}

#[test]
#[ignore = "long: script/prove"]
fn without_idle_close_on_response_reloads_lose_requests() {
    let changing = Changing::new("http");
    let template = include_str!("../../templates/haproxy.cfg.hbs");
    let template = template.replace("  option idle-close-on-response\n", "");
    changing
        .lab
        .node
        .put("etc/reconf/templates/haproxy.cfg.hbs", &template);
    changing.lab.balances();
    let pauses = Sending::Keep(Duration::from_millis(10));
    let client = Client::start(changing.address(), pauses, 4);
    for _ in 0..20 {
        client.sends(40);
        changing.lab.reports(&["--reload"]);
    }
    let tally = client.stop();
    print("without idle-close-on-response", &[&tally]);
    assert!(tally.losses() > 0, "{tally}");
}

#[test]
fn servers_that_move_while_ports_open_lose_no_request() {
    if is_there("changes of a balanced fleet") {
        moves_with_ports(Load::light(4));
    }
}

#[test]
#[ignore = "long: script/prove"]
fn a_hundred_moves_while_ports_open_lose_no_request() {
    let answered = moves_with_ports(Load::heavy(100, 100));
    assert!(answered >= 20_000, "{answered}");
}
