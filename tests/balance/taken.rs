//! A port that somebody else holds is left out by name, and all others are served as before.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process,
};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// Listens there as a program does.
fn take(address: &str, port: u16, reuse: bool) -> TcpListener {
    let address: SocketAddr = format!("{address}:{port}").parse().unwrap();
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    };
    let socket = socket.unwrap();
    socket.set_reuseaddr(true).unwrap();
    if reuse {
        socket.set_reuseport(true).unwrap();
    }
    socket.bind(address).unwrap();
    socket.listen(8).unwrap()
}

fn left_out(report: &Value, kind: &str) -> Vec<String> {
    let all = report["left_out"].as_array().unwrap().iter();
    let such = all.filter(|one| one["kind"] == kind);
    such.map(|one| one["detail"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_taken_port_is_left_out_and_served_once_it_is_free() {
    if !is_there("ports that somebody else holds") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let config = json!({"balance": {"local": true, "close_after": "0s"}});
    let lab = Lab::new(Fleet::embedded(), &config);
    lab.requires(&["API_URL", "SEARCH_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Lines);
    let (api, search) = (fixed_port(), fixed_port());
    let instance = Instance::of("n1", backend.address(), api);
    lab.announce(&instance);
    let client = {
        lab.balances();
        Client::light((Ipv4Addr::LOCALHOST, api).into(), Sending::Tcp, 2)
    };
    let other = Instance::of("n1", backend.address(), search).providing("search", &["SEARCH_URL"]);
    lab.announce(&other);
    for address in ["0.0.0.0", "[::]", "127.0.0.1"] {
        for reuse in [false, true] {
            is_left_out(&lab, &other, || take(address, search, reuse));
            client.sends(5);
        }
    }
    client.stop().lost_none_of(30);
}

/// A port that somebody holds is left out, and is served once it is free.
fn is_left_out(lab: &Lab, other: &Instance, take: impl FnOnce() -> TcpListener) {
    let holder = take();
    let before = lab.haproxy.worker();
    let report = lab.balances();
    let details = left_out(&report, "port");
    let pid = process::id().to_string();
    assert!(
        details.len() == 1 && details[0].contains(&pid),
        "{report:#}"
    );
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    let direct = format!("http://{}", other.address);
    assert_eq!(lab.value("SEARCH_URL"), Some(direct), "{holder:?}");
    let api = lab.value("API_URL").unwrap();
    assert!(api.starts_with("http://127.0.0.1:"), "{api}");
    assert_eq!(lab.haproxy.worker(), before, "nothing needed a reload");
    drop(holder);
    let report = lab.balances();
    assert_eq!(left_out(&report, "port"), Vec::<String>::new());
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    let local = format!("http://127.0.0.1:{}", other.local_port.unwrap());
    assert_eq!(lab.value("SEARCH_URL"), Some(local));
    // It closes for the next holder.
    closes(lab, other);
}

/// Has a port closed that a conf had, and its service announced again.
fn closes(lab: &Lab, other: &Instance) {
    lab.withdraw(other);
    lab.requires(&["API_URL"]);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    lab.balances();
    lab.requires(&["API_URL", "SEARCH_URL"]);
    lab.announce(other);
}
