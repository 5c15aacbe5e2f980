//! Maintenance that a person ordered stays; what a run put away comes back, and who waits for a withdrawal learns when the
//! last connection is gone.

use std::net::Ipv4Addr;

use serde_json::json;

use super::changing::Changing;
use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    process::Running,
    scenario::Scenario,
    wait::until,
};

#[test]
fn a_persons_maintenance_outlives_runs_and_reloads() {
    if !is_there("a person's maintenance") {
        return;
    }
    let mut changing = Changing::new("tcp");
    let server = changing.first_server();
    changing.lab.haproxy.sets_state(&server, "maint");
    let is_away = |changing: &Changing| changing.lab.haproxy.server(&server).in_maintenance;
    changing.lab.balances();
    assert!(is_away(&changing), "a run without changes");
    let _added = changing.add();
    assert_eq!(changing.lab.balances()["how"], "socket");
    assert!(is_away(&changing), "a run by socket");
    for _ in 0..2 {
        assert_eq!(changing.lab.reports(&["--reload"])["how"], "reload");
        assert!(is_away(&changing), "a reload");
    }
    let said = changing.lab.run(&[]).exits(0).text();
    assert!(said.contains("maintenance"), "{said}");
    changing.lab.haproxy.sets_state(&server, "ready");
    changing.lab.balances();
    assert!(!is_away(&changing));
}

#[test]
fn what_a_run_put_away_comes_back_by_the_next_announcement() {
    if !is_there("servers that come back") {
        return;
    }
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let port = fixed_port();
    let backends = ["one", "two"].map(|id| Backend::start(id, "127.0.0.11:0", Protocol::Lines));
    let instances = [0, 1].map(|at| Instance::of(&format!("n{at}"), backends[at].address(), port));
    lab.announce_all(&instances);
    lab.balances();
    let server = format!("local:{port}/{}", instances[0].server());
    for reload in [false, true] {
        lab.withdraw(&instances[0]);
        assert_eq!(lab.balances()["how"], "socket");
        assert!(lab.haproxy.server(&server).in_maintenance);
        lab.announce(&instances[0]);
        let words: &[&str] = if reload { &["--reload"] } else { &[] };
        lab.reports(words);
        assert!(!lab.haproxy.server(&server).in_maintenance, "{reload}");
        lab.runs_its_file();
    }
}

/// Two nodes on which `api` runs and is announced.
fn providers(lab: &Lab, backends: &[Backend; 2], port: u16) -> [Scenario; 2] {
    let node = |name: &str| lab.fleet.node(name).env("RECONF_HOST", "127.0.0.1");
    let nodes = ["api01", "api02"].map(node);
    for (node, backend) in nodes.iter().zip(backends) {
        let manifest = json!({
            "id": "api", "federation": lab.fleet.federation(), "local_port": port,
            "environment": {"PORT": backend.port()}, "provides": {"API_URL": "http://{HOST}:{PORT}"},
        });
        node.put("etc/reconf/services/api.json", &manifest.to_string());
        let _announced = node.run(&["announce", "api"]).exits(0);
    }
    nodes
}

#[test]
fn a_withdrawal_waits_for_the_last_connection_and_counts_them() {
    if !is_there("withdrawals that wait for connections") {
        return;
    }
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let port = fixed_port();
    let backends = ["one", "two"].map(|id| Backend::start(id, "127.0.0.1:0", Protocol::Lines));
    let providers = providers(&lab, &backends, port);
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    let client = Client::light((Ipv4Addr::LOCALHOST, port).into(), Sending::TcpKeep, 4);
    client.sends(20);
    until("both have lasting connections", || {
        let mut backends = backends.iter();
        backends.all(|backend| backend.answered() > 0).then_some(())
    });
    let withdraw = || {
        let words = ["withdraw", "api", "--wait", "100ms"];
        providers[0].run(&words).exits(75).text()
    };
    assert!(withdraw().contains("www01"));
    lab.balances();
    let said = withdraw();
    let left = backends[0].connections();
    let plural = if left == 1 { "" } else { "s" };
    let line = format!("www01   API_URL of its balancer: {left} connection{plural}\n");
    assert!(said.contains(&line), "{said}");
    let mut waits = Running::start(
        providers[0].command(&["withdraw", "api", "--wait", "60s"]),
        &providers[0].path(""),
    );
    lab.balances();
    client.sends(20);
    assert_eq!(backends[0].connections(), left, "they last");
    assert!(!waits.has_ended(), "connections are left");
    client.stop().lost_none_of(20);
    until("the run after the last connection", || {
        lab.balances();
        waits.has_ended().then_some(())
    });
    assert!(waits.ends().success());
}
