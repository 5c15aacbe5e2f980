//! What these tests rest on, with a file of HAProxy that is written by hand: the harness sees losses where there are some,
//! and none where there are none.

use std::{net::SocketAddr, time::Duration};

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, Tally},
    haproxy::{Haproxy, is_there},
    ports::fixed_port,
};

/// A file with one pool of these servers.
fn file(haproxy: &Haproxy, port: u16, mode: &str, more: &str, servers: &[&Backend]) -> String {
    let socket = haproxy.socket();
    let mut text = format!(
        "global\n  stats socket {} mode 600 level admin expose-fd listeners\n\
         defaults\n  mode {mode}\n  timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n{more}\
         listen pool\n  bind 127.0.0.1:{port}\n",
        socket.display()
    );
    for (at, server) in servers.iter().enumerate() {
        text += &format!("  server s{at} {}\n", server.address());
    }
    text
}

/// What a client with pauses loses while HAProxy is reloaded so often.
fn reloaded(times: usize, sending: Sending, mode: &str, more: &str) -> Tally {
    let root = tempfile::tempdir().unwrap();
    let haproxy = Haproxy::below(root.path(), "etc/haproxy/reconf.cfg");
    let protocol = match mode {
        "http" => Protocol::Http,
        _ => Protocol::Lines,
    };
    let one = Backend::start("one", "127.0.0.1:0", protocol);
    let two = Backend::start("two", "127.0.0.1:0", protocol);
    let port = fixed_port();
    haproxy.write(&file(&haproxy, port, mode, more, &[&one, &two]));
    haproxy.starts();
    let client = Client::start(SocketAddr::from(([127, 0, 0, 1], port)), sending, 4);
    for _ in 0..times {
        client.sends(20);
        haproxy.reloads();
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
    let without = reloaded(10, PAUSES, "http", "");
    assert!(without.losses() > 0, "{without}");
    reloaded(10, PAUSES, "http", IDLE).lost_none_of(200);
}

#[test]
fn new_connections_lose_nothing_through_reloads() {
    if !is_there("reloads of a real HAProxy") {
        return;
    }
    reloaded(5, Sending::Close, "http", IDLE).lost_none_of(100);
    reloaded(5, Sending::Tcp, "tcp", "").lost_none_of(100);
    let lasting = reloaded(5, Sending::TcpKeep, "tcp", "");
    lasting.lost_none_of(100);
    assert_eq!(lasting.connections, 4, "{lasting}");
}
