//! A name's requests reach only instances that provide it, though one local port serves two names of one service.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::json;

use super::print;
use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, Tally},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

const MASTER: &str = "API_URL";
const REPLICA: &str = "READONLY_API_URL";

/// A node whose `www` requires both names; the master provides both, replicas only the second, all with one local port.
struct Replicated {
    lab: Lab,
    port: u16,
    master: Instance,
    replicas: [Instance; 2],
    _backends: [Backend; 3],
}

impl Replicated {
    fn new() -> Self {
        let lab = Lab::local(Fleet::embedded(), &[MASTER, REPLICA]);
        let port = fixed_port();
        let start = |(id, host): (&str, u8)| {
            Backend::start(id, &format!("127.0.0.{host}:0"), Protocol::Http)
        };
        let backends = [("master", 11), ("one", 12), ("two", 13)].map(start);
        let of = |at: usize, names: &[&str]| {
            let instance = Instance::of(&format!("n{at}"), backends[at].address(), port);
            instance.providing("api", names)
        };
        Self {
            master: of(0, &[MASTER, REPLICA]),
            replicas: [of(1, &[REPLICA]), of(2, &[REPLICA])],
            _backends: backends,
            lab,
            port,
        }
    }

    fn applies(&self) {
        let _applied = self.lab.node.run(&["apply", "www"]).exits(0);
        self.lab.runs_its_file();
    }

    /// Sends for a while where the conf of `www` says.
    fn asked(&self, name: &str) -> Tally {
        let client = self.client(name);
        client.sends(100);
        client.stop()
    }

    fn value(&self, name: &str) -> String {
        self.lab.value(name).unwrap()
    }

    fn client(&self, name: &str) -> Client {
        let value = self.value(name);
        let address: SocketAddr = value.strip_prefix("http://").unwrap().parse().unwrap();
        Client::start(address, Sending::Keep(Duration::from_millis(1)), 4)
    }

    fn direct(&self) -> String {
        format!("http://{}", self.master.address)
    }

    fn local(&self) -> String {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        format!("http://{address}")
    }
}

fn answered_by(tally: &Tally) -> Vec<&str> {
    tally.lost_none_of(100);
    tally.by.keys().map(String::as_str).collect()
}

#[test]
fn what_only_the_master_provides_is_never_sent_to_a_replica() {
    if !is_there("names of a master and its replicas") {
        return;
    }
    let fleet = Replicated::new();
    fleet.lab.announce(&fleet.master);
    fleet.lab.announce_all(&fleet.replicas);
    fleet.applies();
    assert_eq!(fleet.value(MASTER), fleet.direct());
    assert_eq!(fleet.value(REPLICA), fleet.local());
    assert_eq!(answered_by(&fleet.asked(MASTER)), ["master"]);
    assert_eq!(answered_by(&fleet.asked(REPLICA)), ["master", "one", "two"]);
}

#[test]
fn replicas_that_arrive_where_a_conf_has_the_port_for_the_master_are_left_out() {
    if !is_there("names of a master and its replicas") {
        return;
    }
    let fleet = Replicated::new();
    fleet.lab.announce(&fleet.master);
    fleet.applies();
    // All behind the port provide both names: both are served.
    assert_eq!(fleet.value(MASTER), fleet.local());
    let client = fleet.client(MASTER);
    client.sends(50);
    for replica in &fleet.replicas {
        fleet.lab.announce(replica);
        let report = fleet.lab.balances();
        assert_eq!(report["ports"][0]["instances"], 1, "{report:#}");
        client.sends(50);
    }
    // A new conf does not free the port of the old one: programs keep an environment as long as they run.
    fleet.applies();
    client.sends(50);
    let tally = client.stop();
    print("API_URL through the arrival of two replicas", &[&tally]);
    assert_eq!(answered_by(&tally), ["master"]);
    // Once no program can have it any more, the replicas come in.
    let config = json!({"balance": {"local": true, "close_after": "0s"}});
    fleet.lab.configure(&config);
    fleet.applies();
    assert_eq!(fleet.value(MASTER), fleet.direct());
    assert_eq!(answered_by(&fleet.asked(REPLICA)), ["master", "one", "two"]);
}
