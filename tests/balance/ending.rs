//! The end of a local balancer: values become direct at once, and what it had is gone once nothing uses its ports.

use serde_json::json;

use super::backend;
use crate::harness::{
    backend::Backend,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// A node that balances `API_URL`, and closes a port as soon as nothing uses it.
struct Served {
    lab: Lab,
    local: String,
    direct: String,
    _api: Backend,
}

impl Served {
    fn new() -> Self {
        let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
        lab.configure(&json!({"balance": {"local": true, "close_after": "0s"}}));
        let (api, port) = (backend("a"), fixed_port());
        lab.announce(&Instance::of("api01", api.address(), port));
        let served = Self {
            local: format!("http://127.0.0.1:{port}"),
            direct: format!("http://{}", api.address()),
            lab,
            _api: api,
        };
        served.applies(&served.local);
        served
    }

    /// Applies, and asserts what the conf says then.
    #[track_caller]
    fn applies(&self, value: &str) {
        self.lab.node.run(&["apply", "--all"]).fails(0);
        assert_eq!(self.lab.value("API_URL").as_deref(), Some(value));
    }

    /// Asserts that HAProxy has ended, with its files.
    #[track_caller]
    fn has_ended(&self) {
        assert!(self.lab.haproxy.worker().is_none());
        assert!(!self.lab.haproxy.output().exists());
        for name in ["balance.cfg", "haproxy.state"] {
            let path = self.lab.node.path("var/lib/reconf").join(name);
            assert!(!path.exists(), "{name}");
        }
    }
}

#[test]
fn what_was_switched_off_is_direct_at_once_and_ends_when_nothing_uses_it() {
    if !is_there("the end of a local balancer") {
        return;
    }
    let node = Served::new();
    // Switched off, the port stays open while the conf has it.
    node.lab.run(&["off", "--reason", "a test"]).fails(0);
    let said = node.lab.run(&[]).exits(0).text();
    let line = "note: local balancing is off since [TIME]: a test;";
    assert!(said.contains(line), "{said}");
    assert_eq!(node.lab.value("API_URL").as_ref(), Some(&node.local));
    assert_eq!(node.lab.haproxy.servers().len(), 1);
    node.lab.run(&["on"]).fails(0);
    node.applies(&node.local);
    // Then the conf is direct, and nothing but the switch is left.
    node.lab.run(&["off"]).fails(0);
    node.applies(&node.direct);
    node.lab.run(&[]).fails(0);
    node.has_ended();
    let state = node.lab.state("balance.json");
    assert!(state["off"].is_object(), "{state}");
    assert_eq!(state["ports"], json!({}));
    node.lab.run(&[]).changes_nothing().fails(0);
}

#[test]
fn a_configuration_without_balancers_ends_what_an_earlier_one_opened() {
    if !is_there("the end of a local balancer") {
        return;
    }
    let node = Served::new();
    node.lab
        .configure(&json!({"balance": {"close_after": "0s"}}));
    node.applies(&node.direct);
    node.lab.run(&[]).fails(0);
    node.has_ended();
    assert!(!node.lab.node.path("var/lib/reconf/balance.json").exists());
    node.lab.run(&[]).fails(78);
}

/// An `off` that was said for a time ends by the wall clock, whoever looks at it.
#[test]
fn an_off_ends_at_its_time() {
    if !is_there("the end of `balance off --for`") {
        return;
    }
    let node = Served::new();
    node.lab.run(&["off", "--for", "2h"]).fails(0);
    node.applies(&node.direct);
    let mut state = node.lab.state("balance.json");
    state["off"]["until"] = json!("2026-01-01T00:00:00Z");
    node.lab
        .node
        .put("var/lib/reconf/balance.json", &state.to_string());
    node.applies(&node.local);
}
