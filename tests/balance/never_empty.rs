//! Leases that run out empty no pool, withdrawals do. That a pool which is rebuilt every day does not grow without end is
//! shown beside the rule, for weeks: no run of the binary takes another clock than the machine's, and HAProxy counts the ten
//! minutes after which a dead server is out for good by its own.

use std::net::SocketAddr;

use serde_json::Value;

use super::print;
use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    wait::until,
};

const INSTANCES: usize = 10;

/// What etcd grants at least, in seconds.
const SHORTEST_LEASE: i64 = 2;

/// A node that balances ten instances.
struct Ten {
    lab: Lab,
    instances: Vec<Instance>,
    backends: Vec<Backend>,
    port: u16,
}

impl Ten {
    fn new(fleet: Fleet) -> Self {
        let lab = Lab::local(fleet, &["API_URL"]);
        let port = fixed_port();
        let id = |at: usize| format!("n{at}");
        let start =
            |at| Backend::start(&id(at), &format!("127.0.0.{}:0", at + 20), Protocol::Lines);
        let backends: Vec<Backend> = (0..INSTANCES).map(start).collect();
        let all = backends.iter().enumerate();
        let instances = all.map(|(at, backend)| Instance::of(&id(at), backend.address(), port));
        let ten = Self {
            instances: instances.collect(),
            backends,
            lab,
            port,
        };
        ten.announce();
        // A conf has the port, which stays open then, whatever becomes of the pool.
        let _applied = ten.lab.node.run(&["apply", "www"]).exits(0);
        assert_eq!(ten.size(), INSTANCES);
        ten
    }

    fn announce(&self) {
        self.instances.iter().for_each(|one| self.lab.announce(one));
    }

    /// How many instances the registry has.
    fn announced(&self) -> usize {
        let keys = self.lab.fleet.keys().into_keys();
        keys.filter(|key| key.contains("/provides/")).count()
    }

    fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// How many servers are in rotation.
    fn size(&self) -> usize {
        let servers = self.lab.haproxy.servers().into_iter();
        servers.filter(|server| !server.in_maintenance).count()
    }

    fn run(&self) -> (usize, Value) {
        let report = self.lab.balances();
        self.lab.runs_its_file();
        (self.size(), report)
    }
}

#[test]
fn leases_that_run_out_one_by_one_empty_no_pool() {
    if !is_there("a pool whose leases run out") {
        return;
    }
    let ten = Ten::new(Fleet::embedded());
    let client = Client::light(ten.address(), Sending::Tcp, 2);
    let mut sizes = Vec::new();
    for instance in &ten.instances {
        ten.lab.expire(instance);
        sizes.push(ten.run().0);
        client.sends(5);
    }
    // The sixth is one too many: all that have expired are back.
    assert_eq!(sizes, [9, 8, 7, 6, 5, 10, 10, 10, 10, 10]);
    assert_eq!(ten.run().1["kept"][0]["kept"], INSTANCES);
    ten.announce();
    assert_eq!(ten.run().0, INSTANCES);
    for (at, instance) in ten.instances.iter().enumerate() {
        ten.lab.withdraw(instance);
        assert_eq!(ten.run().0, INSTANCES - at - 1, "a withdrawal is final");
        if at < INSTANCES - 1 {
            client.sends(5);
        }
        if at == INSTANCES - 2 {
            break;
        }
    }
    client.stop().lost_none_of(50);
    ten.lab.withdraw(&ten.instances[INSTANCES - 1]);
    assert_eq!(ten.run().0, 0, "the last one too");
}

/// Leases of etcd that run out one after the other, each as soon as etcd has it; runs follow each other meanwhile.
#[test]
#[ignore = "long: script/prove"]
fn leases_of_etcd_that_run_out_one_by_one_empty_no_pool() {
    let ten = Ten::new(Fleet::etcd());
    let client = Client::start(ten.address(), Sending::Tcp, 2);
    let mut sizes = Vec::new();
    for (at, instance) in ten.instances.iter().enumerate() {
        ten.lab.announce_for(SHORTEST_LEASE, instance);
        let left = INSTANCES - at - 1;
        until("the lease ends", || {
            let (size, _report) = ten.run();
            assert!(size >= INSTANCES / 2, "{size} in rotation");
            (ten.announced() == left).then_some(())
        });
        sizes.push(ten.run().0);
    }
    let tally = client.stop();
    print(&format!("in rotation: {sizes:?}"), &[&tally]);
    assert_eq!(sizes, [9, 8, 7, 6, 5, 10, 10, 10, 10, 10]);
    tally.lost_none_of(1000);
}

#[test]
fn a_registry_that_forgets_everything_or_is_away_empties_no_pool() {
    if !is_there("a registry that forgets") {
        return;
    }
    let mut ten = Ten::new(Fleet::etcd());
    let client = Client::light(ten.address(), Sending::Tcp, 2);
    ten.lab.fleet.own_etcd_mut().forget();
    let (size, report) = ten.run();
    assert_eq!(size, INSTANCES, "{report:#}");
    assert_eq!(report["kept"][0]["kept"], INSTANCES);
    client.sends(20);
    ten.announce();
    assert_eq!(ten.run().1["kept"].as_array().map(Vec::len), Some(0));
    ten.lab.fleet.own_etcd_mut().kill();
    let away = ten.lab.run(&["--timeout", "1s"]).exits(0);
    assert!(!away.output.stderr.is_empty(), "it warns");
    assert_eq!(ten.size(), INSTANCES);
    client.sends(20);
    ten.lab.fleet.own_etcd_mut().restart();
    assert_eq!(ten.run().0, INSTANCES);
    client.stop().lost_none_of(40);
}

#[test]
fn machines_that_are_retired_leave_every_pool_at_once() {
    if !is_there("machines that are retired") {
        return;
    }
    let ten = Ten::new(Fleet::embedded());
    ten.instances
        .iter()
        .for_each(|instance| ten.lab.expire(instance));
    assert_eq!(ten.run().0, INSTANCES);
    let retired: Vec<String> = (0..7).map(|at| format!("n{at}")).collect();
    let mut words = vec!["retire"];
    words.extend(retired.iter().map(String::as_str));
    let _retired = ten.lab.node.run(&words).exits(0);
    assert_eq!(ten.run().0, 3);
    assert_eq!(
        ten.lab.reports(&["--drop-expired"])["kept"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
    assert_eq!(ten.size(), 0);
    drop(ten.backends);
}
