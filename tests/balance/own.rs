//! Services that a node runs itself and balances for its others.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, say},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// The manifest of `api` on the node itself.
fn api(lab: &Lab, port: u16, local_port: u16) {
    let manifest = json!({
        "id": "api", "federation": lab.fleet.federation(), "environment": {"PORT": port},
        "local_port": local_port, "provides": {"API_URL": "http://{HOST}:{PORT}"},
    });
    lab.node
        .put("etc/reconf/services/api.json", &manifest.to_string());
}

#[test]
fn a_service_whose_port_is_the_local_port_arrives_and_binds_it() {
    if !is_there("services on a node that balances them") {
        return;
    }
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let port = fixed_port();
    let elsewhere = Backend::start("elsewhere", "127.0.0.11:0", Protocol::Lines);
    lab.announce(&Instance::of("n1", elsewhere.address(), port));
    lab.balances();
    let local: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
    assert_eq!(say(local).unwrap(), "elsewhere ping\n");
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    api(&lab, port, port);
    lab.balances();
    let own = Backend::start("own", &format!("0.0.0.0:{port}"), Protocol::Lines);
    let _applied = lab.node.run(&["apply", "--all"]).exits(0);
    assert_eq!(say(local).unwrap(), "own ping\n");
    drop(own);
}

#[test]
fn a_service_with_another_port_arrives_restarts_and_leaves_without_a_loss() {
    if !is_there("services on a node that balances them") {
        return;
    }
    let mut lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    lab.node = lab.node.env("RECONF_HOST", "127.0.0.12");
    let (port, local_port) = (fixed_port(), fixed_port());
    let elsewhere = Backend::start("elsewhere", "127.0.0.11:0", Protocol::Lines);
    lab.announce(&Instance::of("n1", elsewhere.address(), local_port));
    let _applied = lab.node.run(&["apply", "--all"]).exits(0);
    let address: SocketAddr = (Ipv4Addr::LOCALHOST, local_port).into();
    let client = Client::light(address, Sending::Tcp, 3);
    client.sends(20);
    let start = || Backend::start("own", &format!("127.0.0.12:{port}"), Protocol::Lines);
    let mut own = start();
    api(&lab, port, local_port);
    let _arrived = lab.node.run(&["apply", "--all"]).exits(0);
    lab.balances();
    client.sends(50);
    assert!(own.answered() > 0);
    for _ in 0..2 {
        let _leaves = lab.node.run(&["withdraw", "api"]).exits(0);
        lab.balances();
        client.each_is_answered();
        own.stop();
        client.sends(20);
        own = start();
        let _back = lab.node.run(&["announce", "api"]).exits(0);
        lab.balances();
        client.sends(50);
        assert!(own.answered() > 0);
    }
    std::fs::remove_file(lab.node.path("etc/reconf/services/api.json")).unwrap();
    let _leaves = lab.node.run(&["remove", "api"]).exits(0);
    lab.balances();
    client.each_is_answered();
    own.stop();
    client.sends(20);
    client.stop().lost_none_of(150);
}
