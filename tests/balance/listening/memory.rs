//! The memory of a listener that balances what its node requires, and what a thousand changes of that leave of it.

use std::{collections::BTreeSet, fs, path::Path, time::Instant};

use serde_json::json;

use super::{Listening, RENDER, quick, start_by};
use crate::harness::{
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    process::Running,
    scenario::{BINARY, release},
    wait::until,
};

/// So many instances of a service for each name.
fn instances(names: &[&str], each: u16) -> Vec<Instance> {
    let service = |(service, name): (u16, &&str)| {
        let port = fixed_port();
        let service_name = format!("s{service}");
        let name = (*name).to_owned();
        (0..each).map(move |at| {
            let [high, low] = (service * each + at).to_be_bytes();
            let address = ([127, 1, high, low], 8080).into();
            Instance::of(&format!("{service_name}-{at:03}"), address, port)
                .providing(&service_name, &[&name])
        })
    };
    (0_u16..).zip(names).flat_map(service).collect()
}

/// A node with `www`, which requires the names of so many services with so many instances each, and all instances. This binary
/// listens there, with a command that renders.
fn requiring_all(services: u16, each: u16, binary: &Path) -> (Listening, Vec<Instance>) {
    let names: Vec<String> = (0..services).map(|at| format!("S{at}_URL")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lab = Lab::local(Fleet::shared(), &names);
    lab.configure(&json!({"listen": quick(), "balance": {"local": true}}));
    let instances = instances(&names, each);
    lab.announce_all(&instances);
    let listener = start_by(binary, &lab, Some(RENDER));
    let port = instances[0].local_port.unwrap();
    let node = Listening {
        lab,
        port,
        listener,
    };
    node.has_addresses(&instances);
    until("the conf has the first local port", || {
        let value = Some(format!("http://127.0.0.1:{port}"));
        (node.lab.value("S0_URL") == value).then_some(())
    });
    (node, instances)
}

/// What memory a process has, in KiB.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// What it has allocated.
    allocated: u64,
    /// That and its code, as far as it was run.
    resident: u64,
}

impl Memory {
    fn of(process: &Running) -> Self {
        let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
        let size = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let size = line.and_then(|line| line.split_whitespace().nth(1));
            size.unwrap().parse().unwrap()
        };
        Self {
            allocated: size("RssAnon:"),
            resident: size("VmRSS:"),
        }
    }
}

impl Listening {
    /// Waits until HAProxy has a server at the address of each.
    #[track_caller]
    fn has_addresses(&self, instances: &[Instance]) {
        until("HAProxy has all of it", || {
            self.lab.haproxy.worker()?;
            let servers = self.lab.haproxy.servers().into_iter();
            let servers: BTreeSet<String> = servers.map(|server| server.address).collect();
            let mut addresses = instances.iter().map(|one| one.address.to_string());
            addresses
                .all(|address| servers.contains(&address))
                .then_some(())
        });
    }

    /// Moves some instances, and waits until the listener has done what follows and no longer has more than this memory. It
    /// reads its files again after the last run, and gives back what that took.
    #[track_caller]
    fn moves(&self, instances: Vec<Instance>, limit: Memory) -> Memory {
        self.is_quiet();
        let (runs, reloads) = (self.read("runs"), self.lab.haproxy.reload_calls());
        let moved: Vec<Instance> = instances
            .into_iter()
            .map(|mut one| {
                one.address.set_port(9000);
                one
            })
            .collect();
        self.lab.announce_all(&moved);
        self.has_addresses(&moved);
        until("the listener has done all of it", || {
            let behind = &self.status()["listener"]["balance"]["behind"];
            (*behind == json!(false)).then_some(())
        });
        self.is_quiet();
        let memory = until("its memory is as small as is promised", || {
            let memory = Memory::of(&self.listener);
            let is_small = memory.allocated <= limit.allocated && memory.resident <= limit.resident;
            is_small.then_some(memory)
        });
        assert_eq!(self.read("runs"), runs, "{}", self.read("log"));
        let reloads = self.lab.haproxy.reload_calls() - reloads;
        assert!(reloads <= 3, "{reloads} reloads\n{}", self.read("log"));
        memory
    }
}

#[test]
fn a_listener_stays_small() {
    if !is_there("the memory of a listener that balances") {
        return;
    }
    let (node, instances) = requiring_all(20, 25, Path::new(BINARY));
    let limit = Memory {
        allocated: 8 * 1024,
        // Code that is not optimized is large.
        resident: u64::MAX,
    };
    node.moves(instances.into_iter().step_by(50).collect(), limit);
    assert_eq!(node.listener.stop(), Some(0));
}

/// The memory that docs/speed.md states, of the binary as it is released.
#[test]
#[ignore = "long: script/prove"]
#[expect(clippy::print_stdout, reason = "script/prove shows figures")]
fn a_release_stays_small_with_five_thousand_instances_that_its_node_requires() {
    if !is_there("the memory of a listener that balances 5,000 instances") {
        return;
    }
    let (node, instances) = requiring_all(200, 25, &release());
    let limit = Memory {
        allocated: 8 * 1024,
        resident: 16 * 1024,
    };
    node.is_quiet();
    println!("at rest: {:?} KiB", Memory::of(&node.listener));
    let start = Instant::now();
    let thousand: Vec<Instance> = instances.into_iter().step_by(5).collect();
    let memory = node.moves(thousand, limit);
    println!(
        "after 1,000 changes, in {:.1?} with all that followed: {memory:?} KiB",
        start.elapsed()
    );
    assert_eq!(node.listener.stop(), Some(0));
}
