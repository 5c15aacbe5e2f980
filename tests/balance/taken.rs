//! A port that somebody else holds is left out by name, and all others are served as before.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process,
};

use serde_json::Value;
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
    let lab = Lab::local(Fleet::embedded(), &["API_URL", "SEARCH_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Lines);
    let (api, search) = (fixed_port(), fixed_port());
    let instance = Instance::of("n1", backend.address(), api);
    lab.announce(&instance);
    let client = {
        lab.balances();
        Client::start((Ipv4Addr::LOCALHOST, api).into(), Sending::Tcp, 2)
    };
    let other = Instance::of("n1", backend.address(), search).providing("search", &["SEARCH_URL"]);
    lab.announce(&other);
    let direct = format!("http://{}", backend.address());
    for address in ["0.0.0.0", "[::]", "127.0.0.1"] {
        for reuse in [false, true] {
            let holder = take(address, search, reuse);
            let before = lab.haproxy.worker();
            let report = lab.balances();
            let details = left_out(&report, "port");
            assert_eq!(details.len(), 1, "{address} {reuse}: {report:#}");
            let pid = process::id().to_string();
            assert!(details[0].contains(&pid), "{address} {reuse}: {details:?}");
            let _rendered = lab.node.run(&["render", "www"]).exits(0);
            assert_eq!(
                lab.value("SEARCH_URL"),
                Some(direct.clone()),
                "{address} {reuse}"
            );
            let local = format!("http://127.0.0.1:{api}");
            assert_eq!(lab.value("API_URL"), Some(local), "{address} {reuse}");
            assert_eq!(lab.haproxy.worker(), before, "nothing needed a reload");
            drop(holder);
            let report = lab.balances();
            assert_eq!(
                left_out(&report, "port"),
                Vec::<String>::new(),
                "{address} {reuse}"
            );
            let _rendered = lab.node.run(&["render", "www"]).exits(0);
            let local = format!("http://127.0.0.1:{search}");
            assert_eq!(lab.value("SEARCH_URL"), Some(local), "{address} {reuse}");
            // It closes for the next holder.
            closes(&lab, &other);
            client.sends(5);
        }
    }
    client.stop().lost_none_of(30);
}

/// Has a port closed that a conf had, and its service announced again.
fn closes(lab: &Lab, other: &Instance) {
    lab.withdraw(other);
    lab.requires(&["API_URL"]);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    lab.node.run(&["applied", "www"]).exits(0);
    lab.balances();
    lab.requires(&["API_URL", "SEARCH_URL"]);
    lab.announce(other);
}
