//! Many instances of many services, read from etcd in pages at one revision.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Instant,
};

use serde_json::json;

use crate::harness::{
    backend::{Backend, Protocol},
    client::say,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

#[expect(clippy::print_stdout, reason = "a proof prints its figures")]
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what}: {:.0?}", start.elapsed());
    result
}

fn name(service: usize) -> String {
    format!("S{service}_URL")
}

/// A service for each local port, each with so many instances at addresses of their own.
fn instances(ports: &[u16], each: usize, port: u16) -> Vec<Instance> {
    let instance = |(service, at): (usize, usize)| {
        let number = u16::try_from(service * each + at + 256).unwrap();
        let [high, low] = number.to_be_bytes();
        let address = SocketAddr::from((Ipv4Addr::new(127, 2, high, low), port));
        let instance = Instance::of(&format!("n{at}"), address, ports[service]);
        instance.providing(&format!("s{service}"), &[&name(service)])
    };
    let services = 0..ports.len();
    let all = services.flat_map(|service| (0..each).map(move |at| (service, at)));
    all.map(instance).collect()
}

/// So many services with so many instances each, all of them one program at many addresses.
fn fleet_of(services: usize, each: usize) {
    if !is_there("a fleet of many instances") {
        return;
    }
    let backend = Backend::start("all", "0.0.0.0:0", Protocol::Lines);
    let moved = Backend::start("moved", "0.0.0.0:0", Protocol::Lines);
    let ports: Vec<u16> = (0..services).map(|_| fixed_port()).collect();
    let names: Vec<String> = (0..services).map(name).collect();
    let config = json!({"balance": {"local": {"names": names}}});
    let lab = Lab::new(Fleet::shared(), &config);
    let all = instances(&ports, each, backend.port());
    lab.announce_all(&all);
    let report = timed("first run, with its start", || lab.balances());
    assert_eq!(report["ports"].as_array().map(Vec::len), Some(services));
    lab.runs_its_file();
    for port in [ports[0], ports[services - 1]] {
        assert!(say((Ipv4Addr::LOCALHOST, port).into()).is_ok());
    }
    let unchanged = timed("a run without changes", || lab.balances());
    assert_eq!(unchanged["how"], "unchanged");
    let mut replaced: Vec<Instance> = all.into_iter().step_by(10).collect();
    for instance in &mut replaced {
        instance.address.set_port(moved.port());
    }
    lab.announce_all(&replaced);
    let report = timed(&format!("{} moved", replaced.len()), || lab.balances());
    assert_eq!(report["how"], "socket");
    lab.runs_its_file();
    let reload = timed("a reload", || lab.reports(&["--reload"]));
    assert_eq!(reload["how"], "reload");
    lab.runs_its_file();
}

#[test]
fn a_thousand_instances_are_read_in_pages_and_balanced() {
    // More than a page of keys.
    fleet_of(50, 21);
}

#[test]
#[ignore = "long: script/prove"]
fn five_thousand_instances_of_two_hundred_services_are_balanced() {
    fleet_of(200, 25);
}
