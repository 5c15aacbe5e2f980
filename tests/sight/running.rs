//! What `why` says of a program that runs, and of a balancer: what each has now.

use std::{fs, path::Path};

use serde_json::json;

use super::{announce, looks};
use crate::harness::{
    backend::{Backend, Protocol},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    process::Running,
    scenario::Scenario,
    wait::{LONG, wait_until},
};

/// The program of service `www`, in the control group of its unit.
fn start_unit(node: &Scenario, said: &Path) -> Running {
    let sleep = ["exec", "www", "--", "sleep", "1000"];
    let unit = Running::start(node.command(&sleep), said);
    let command_line = format!("/proc/{}/cmdline", unit.pid());
    wait_until("it is the unit's program", LONG, || {
        fs::read(&command_line).unwrap().starts_with(b"sleep")
    });
    let group = "sys/fs/cgroup/system.slice/reconf-www.service/cgroup.procs";
    node.put(group, &format!("{}\n", unit.pid()));
    unit
}

#[test]
fn a_unit_that_was_started_before_a_value_still_has_the_old_one() {
    let fleet = Fleet::embedded();
    let manifest = r#"{"id": "www", "environment": {"LEVEL": "1"},
        "requires": {"API_URL": "{API_URL}"}}"#;
    let node = fleet.node("web01").manifest("www", manifest);
    announce(&fleet, "API_URL/default/api@api01", "http://api01");
    let _rendered = node.run(&["render", "www"]).exits(0);
    let said = tempfile::tempdir().unwrap();
    let unit = start_unit(&node, said.path());
    let running = |variable: &str| {
        let shown = looks(&fleet, &node, &["why", "www", variable])
            .exits(0)
            .text();
        let mut lines = shown
            .lines()
            .filter_map(|line| line.strip_prefix("  running    "));
        lines.next().unwrap_or_default().to_owned()
    };
    let start = format!("reconf-www.service (pid {}) started <1m ago, ", unit.pid());
    assert_eq!(running("API_URL"), format!("{start}with this value"));
    // The old value is still announced by the other provider.
    announce(&fleet, "API_URL/default/api@api01", "http://api01:2");
    announce(&fleet, "API_URL/west/api@api02", "http://api01");
    let old = "before this value: it still has http://api01";
    assert_eq!(running("API_URL"), format!("{start}{old}"));
    node.put(
        "etc/reconf/services/www.json",
        &manifest.replace(r#""1""#, r#""2", "NEW": "n""#),
    );
    assert_eq!(
        running("LEVEL"),
        format!("{start}before this value: it still has ***")
    );
    assert_eq!(
        running("NEW"),
        format!("{start}before this value: it does not have it")
    );
    drop(unit);
    assert_eq!(running("API_URL"), "");
}

/// A node whose HAProxy has three servers, one of them a backup, one of them down.
fn balanced_by(backend: &Backend, port: u16) -> Lab {
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let config = json!({"balance": {"local": true}, "regions": ["default", "west"]});
    lab.configure(&config);
    let gone = Backend::start("two", "127.0.0.11:0", Protocol::Lines);
    let instances = [backend, &gone, backend].into_iter().enumerate();
    let mut instances: Vec<Instance> = instances
        .map(|(at, backend)| Instance::of(&format!("api0{at}"), backend.address(), port))
        .collect();
    "west".clone_into(&mut instances[2].region);
    lab.announce_all(&instances);
    lab.balances();
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    gone.kill();
    wait_until("its checks find one down and the others up", LONG, || {
        let said = lab.node.run(&["why", "www"]).text();
        let states = [
            "api@api00 UP, ",
            "api@api01 DOWN (connection refused, ",
            "api@api02 UP (backup)",
        ];
        states.iter().all(|state| said.contains(state))
    });
    lab
}

#[test]
fn what_is_balanced_is_said_by_haproxy_itself() {
    if !is_there("why with balancing") {
        return;
    }
    let port = fixed_port();
    let backend = Backend::start("one", "127.0.0.11:0", Protocol::Lines);
    let lab = balanced_by(&backend, port);
    lab.announce(&Instance::of("api09", backend.address(), port));
    let why = ["why", "www"];
    let shown = looks(&lab.fleet, &lab.node, &why).exits(0).text();
    let lines: Vec<&str> = shown.lines().skip(3).map(str::trim_end).collect();
    let servers = "api@api00 UP, api@api01 DOWN (connection refused, <1m), api@api02 UP (backup)";
    let expected = [
        format!("API_URL  http://127.0.0.1:{port}"),
        "  requires   {API_URL}  [ROOT]/etc/reconf/services/www.json:1".to_owned(),
        format!("  not taken  api@api09  not behind local:{port}"),
        format!("  balanced   local:{port}  {servers}"),
        "  conf       [ROOT]/etc/services.d/www.conf has this value, applied <1m ago".to_owned(),
    ];
    assert_eq!(lines, expected, "{shown}");
    lab.haproxy.kill();
    let shown = lab.node.run(&why).changes_nothing().exits(0).text();
    for expected in [
        "its servers are not known: HAProxy: ",
        &format!("api@api09  whether it is behind local:{port} is not known"),
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
}
