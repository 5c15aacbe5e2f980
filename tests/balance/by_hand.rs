//! What these tests rest on, with a file of HAProxy that is written by hand: the harness sees losses where there are some,
//! and none where there are none.

use std::{net::SocketAddr, time::Duration};

use tempfile::TempDir;

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, Tally},
    haproxy::{Haproxy, is_there},
    ports::fixed_port,
    socket_proxy::{Reaction, SocketProxy},
    wait::until,
};

/// A file with one pool of these servers.
fn file(haproxy: &Haproxy, port: u16, mode: &str, options: &str, servers: &[Backend]) -> String {
    let socket = haproxy.socket();
    let mut text = format!(
        "global\n  stats socket {} mode 600 level admin expose-fd listeners\n\
         defaults\n  mode {mode}\n  timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n{options}\
         listen pool\n  bind 127.0.0.1:{port}\n",
        socket.display()
    );
    for (at, server) in servers.iter().enumerate() {
        text += &format!("  server s{at} {}\n", server.address());
    }
    text
}

/// A running HAProxy with one pool of two servers.
struct Pool {
    haproxy: Haproxy,
    backends: [Backend; 2],
    address: SocketAddr,
    _root: TempDir,
}

impl Pool {
    fn new(mode: &str, options: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let haproxy = Haproxy::below(root.path(), "etc/haproxy/reconf.cfg");
        let protocol = match mode {
            "http" => Protocol::Http,
            _ => Protocol::Lines,
        };
        let backends = ["s0", "s1"].map(|id| Backend::start(id, "127.0.0.1:0", protocol));
        let port = fixed_port();
        haproxy.write(&file(&haproxy, port, mode, options, &backends));
        haproxy.starts();
        Self {
            haproxy,
            backends,
            address: ([127, 0, 0, 1], port).into(),
            _root: root,
        }
    }

    /// How many sessions HAProxy has with a server: requests, or connections that last.
    fn sessions(&self, server: &str) -> u64 {
        let table = self.haproxy.ask("show stat").unwrap();
        let start = format!("pool,{server},");
        let row = table.lines().find(|row| row.starts_with(&start));
        // After the names: waiting, waiting at most, sessions.
        row.unwrap().split(',').nth(4).unwrap().parse().unwrap()
    }
}

/// What a client comes to while HAProxy is reloaded so often.
fn reloaded(times: usize, sending: Sending, mode: &str, options: &str) -> Tally {
    let pool = Pool::new(mode, options);
    let client = Client::start(pool.address, sending, 4);
    for _ in 0..times {
        client.sends(20);
        pool.haproxy.reloads();
    }
    client.sends(20);
    client.stop()
}

const PAUSES: Sending = Sending::Keep(Duration::from_millis(10));
const IDLE: &str = "  option idle-close-on-response\n";

#[test]
fn lasting_connections_with_pauses_need_idle_close_on_response() {
    if !is_there("reloads of a real HAProxy") {
        return;
    }
    let pool = Pool::new("http", "");
    let client = Client::start(pool.address, PAUSES, 4);
    until("a reload without that loses a request", || {
        client.sends(20);
        pool.haproxy.reloads();
        (client.lost() > 0).then_some(())
    });
    assert!(client.stop().losses() > 0);
    reloaded(10, PAUSES, "http", IDLE).lost_none_of(200);
}

#[test]
fn new_connections_lose_nothing_through_reloads() {
    if !is_there("reloads of a real HAProxy") {
        return;
    }
    reloaded(3, Sending::Close, "http", IDLE).lost_none_of(80);
    reloaded(3, Sending::Tcp, "tcp", "").lost_none_of(80);
    let lasting = reloaded(3, Sending::TcpKeep, "tcp", "");
    lasting.lost_none_of(80);
    assert_eq!(lasting.connections, 4, "{lasting}");
}

#[test]
fn an_instance_that_ends_after_its_maintenance_loses_nothing() {
    if !is_there("instances that end behind a real HAProxy") {
        return;
    }
    for (mode, sending) in [
        ("http", PAUSES),
        ("http", Sending::Close),
        ("tcp", Sending::Tcp),
    ] {
        let pool = Pool::new(mode, "");
        let client = Client::start(pool.address, sending, 4);
        client.sends(100);
        pool.haproxy.sets_state("pool/s0", "maint");
        assert!(pool.haproxy.server("pool/s0").in_maintenance);
        // HAProxy may have chosen it just before.
        client.sends(20);
        until("it has no session", || {
            (pool.sessions("s0") == 0).then_some(())
        });
        let [first, _second] = pool.backends;
        first.stop();
        client.sends(100);
        client.stop().lost_none_of(200);
    }
}

#[test]
fn an_instance_that_is_killed_is_missed() {
    if !is_there("instances that are killed behind a real HAProxy") {
        return;
    }
    let pool = Pool::new("tcp", "");
    let client = Client::start(pool.address, Sending::TcpKeep, 4);
    let [first, second] = pool.backends;
    until("both have connections", || {
        (first.connections() > 0 && second.connections() > 0).then_some(())
    });
    first.kill();
    until("a request is lost", || (client.lost() > 0).then_some(()));
    assert!(client.stop().losses() > 0);
}

#[test]
fn an_old_haproxy_changes_no_server_and_cut_off_commands_do_a_part() {
    if !is_there("the socket of a real HAProxy") {
        return;
    }
    let pool = Pool::new("tcp", "");
    let haproxy = &pool.haproxy;
    let add = "add server pool/s2 127.0.0.1:1 check";
    let maint = |server: &str| format!("set server pool/{server} state maint");
    let old = SocketProxy::before(haproxy, Reaction::Unknown);
    for line in [add, maint("s0").as_str()] {
        let answer = haproxy.ask(line).unwrap();
        assert!(answer.contains("Unknown command"), "{answer}");
    }
    assert_eq!((haproxy.servers().len(), old.reacted()), (2, 2));
    assert!(!haproxy.server("pool/s0").in_maintenance);
    drop(old);
    assert!(haproxy.ask(add).unwrap().contains("New server registered"));
    assert_eq!(haproxy.servers().len(), 3);
    haproxy.sets_state("pool/s0", "ready");
    let cut = SocketProxy::before(haproxy, Reaction::CutAfter(maint("s0").len() + 3));
    let _cut = haproxy.ask(&format!("{};{}", maint("s0"), maint("s1")));
    let state = |name| haproxy.server(name).in_maintenance;
    assert!(state("pool/s0") && !state("pool/s1"));
    assert_eq!(cut.reacted(), 1);
    haproxy.reloads();
    drop(cut);
    assert!(!state("pool/s0"), "the socket is the new worker's");
}
