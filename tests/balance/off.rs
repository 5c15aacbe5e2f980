//! Balancing ends as it began: without a lost request, and without a trace.

mod configuration;

use std::{fs, net::Ipv4Addr};

use serde_json::json;

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, get},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// A node that balances `API_URL` with this configuration, its program, and the port.
fn balanced(close_after: &str) -> (Lab, Backend, u16) {
    let config = json!({"balance": {"local": true, "close_after": close_after}});
    let lab = Lab::new(Fleet::embedded(), &config);
    lab.requires(&["API_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Http);
    let port = fixed_port();
    lab.announce(&Instance::of("n1", backend.address(), port));
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://127.0.0.1:{port}"))
    );
    (lab, backend, port)
}

/// What is there of a balancer besides its switch: a process, files, records in the registry, entries of its state.
pub(super) fn left_behind(lab: &Lab) -> Vec<String> {
    let mut left = Vec::new();
    if lab.haproxy.master().is_some() {
        left.push("HAProxy runs".to_owned());
    }
    let output = lab.haproxy.output().parent().unwrap();
    let files = fs::read_dir(output).unwrap().map(|entry| entry.unwrap());
    left.extend(files.map(|file| file.path().display().to_string()));
    for name in ["balance.cfg", "haproxy.state"] {
        let path = lab.node.path("var/lib/reconf").join(name);
        left.extend(path.exists().then(|| name.to_owned()));
    }
    let keys = lab.fleet.keys().into_keys();
    left.extend(keys.filter(|key| key.contains("@balance")));
    if lab.node.path("var/lib/reconf/balance.json").exists() {
        let state = lab.state("balance.json");
        let entries = state.as_object().unwrap().iter();
        let filled = entries.filter(|(name, value)| {
            let is_empty = value.as_object().is_some_and(serde_json::Map::is_empty)
                || value.as_array().is_some_and(Vec::is_empty)
                || value.is_null()
                || **value == json!(false);
            !is_empty && !["version", "off"].contains(&name.as_str())
        });
        left.extend(filled.map(|(name, value)| format!("balance.json: {name}: {value}")));
    }
    left
}

#[test]
fn off_makes_values_direct_and_keeps_ports_until_nothing_uses_them() {
    if !is_there("switching balancing off") {
        return;
    }
    let (lab, backend, port) = balanced("0s");
    let client = Client::light((Ipv4Addr::LOCALHOST, port).into(), Sending::Close, 2);
    client.sends(20);
    let _off = lab
        .node
        .run(&["balance", "off", "--reason", "test"])
        .exits(0);
    lab.balances();
    client.sends(20);
    client.stop().lost_none_of(40);
    let direct = format!("http://{}", backend.address());
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    assert_eq!(lab.value("API_URL"), Some(direct));
    let _last = lab.run(&[]).exits(0);
    assert_eq!(left_behind(&lab), Vec::<String>::new());
    assert!(lab.state("balance.json")["off"].is_object());
    let _on = lab.node.run(&["balance", "on"]).exits(0);
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://127.0.0.1:{port}"))
    );
    assert_eq!(
        get((Ipv4Addr::LOCALHOST, port).into(), "h", "/")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_port_stays_open_for_close_after() {
    if !is_there("ports that stay open") {
        return;
    }
    let (lab, _backend, port) = balanced("1h");
    lab.requires(&[]);
    lab.node.put(
        "etc/reconf/services/www.json",
        r#"{"id": "www", "environment": {"A": "1"}}"#,
    );
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    lab.balances();
    assert_eq!(
        get((Ipv4Addr::LOCALHOST, port).into(), "h", "/")
            .unwrap()
            .status,
        200
    );
    let state = lab.state("balance.json");
    assert!(state["ports"][port.to_string()].is_object(), "{state:#}");
}

#[test]
fn a_port_stays_open_for_close_after_though_no_run_saw_its_conf() {
    if !is_there("ports that stay open") {
        return;
    }
    let (lab, _backend, port) = balanced("1h");
    let manifest = r#"{"id": "www", "environment": {"A": "1"}}"#;
    lab.node.put("etc/reconf/services/www.json", manifest);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    // The run that finds the conf replaced fails; the one after it knows of that still.
    let refused = json!({
        "local": true, "close_after": "1h", "check": ["false", "{file}"],
        "extra": {"defaults": ["option tcp-smart-connect"]},
    });
    lab.configure(&json!({"balance": refused}));
    let _refused = lab.run(&[]).exits(73);
    lab.configure(&json!({"balance": {"local": true, "close_after": "1h"}}));
    lab.balances();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
    lab.balances();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
}
