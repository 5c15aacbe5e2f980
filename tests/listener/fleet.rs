//! Many listeners on one etcd: a few provision at the same time, and all of them do in the end.

use std::{fs, os::unix::process::CommandExt, path::Path};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{LONG, Node, RENDER};
use crate::harness::{
    etcd::{Etcd, shared},
    process::Running,
    wait::wait_until,
};

const NODES: usize = 200;
const PARALLEL: usize = 5;

/// Counts who provisions at the moment, works a little, and says that it is done.
fn counting(folder: &Path) -> String {
    format!(
        "cd {}; touch run/$RECONF_NODE; ls run | wc -l >>counts; \
         i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; rm run/$RECONF_NODE; echo $RECONF_NODE >>done",
        folder.display()
    )
}

#[test]
fn two_hundred_listeners_provision_five_at_a_time() {
    let etcd = Etcd::start();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("run")).unwrap();
    let listen = format!(
        r#"{{"debounce": "0s", "splay": "0s", "min_interval": "0s", "max_parallel": {PARALLEL}}}"#
    );
    let nodes: Vec<Node> = (0..NODES)
        .map(|n| Node::in_federation(etcd.url(), "fleet", &format!("web{n}"), &listen))
        .collect();
    nodes[0].announce("one");
    let script = counting(folder.path());
    let listeners: Vec<Running> = nodes.iter().map(|node| node.listen(&script)).collect();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    wait_until("all have provisioned", LONG, || {
        read("done").lines().count() >= NODES
    });
    let most = read("counts")
        .lines()
        .map(|line| line.trim().parse::<usize>().unwrap())
        .max();
    assert!(most <= Some(PARALLEL), "{most:?} at once");
    let mut done: Vec<String> = read("done").lines().map(str::to_owned).collect();
    done.sort();
    done.dedup();
    assert_eq!(done.len(), NODES);
    drop(listeners);
}

#[test]
fn the_slot_of_a_holder_that_died_is_free_after_its_lease() {
    let etcd = Etcd::start();
    let listen = r#"{"debounce": "0s", "splay": "0s", "min_interval": "0s", "max_parallel": 1}"#;
    let (first, second) = (
        Node::in_federation(etcd.url(), "fleet", "web1", listen),
        Node::in_federation(etcd.url(), "fleet", "web2", listen),
    );
    first.announce("one");
    let script = "echo begin >>runs; mkfifo go; read x <go; echo end >>runs";
    let mut command = first
        .scenario
        .command(&["listen", "--", "sh", "-c", script]);
    command.process_group(0);
    let holder = first.listen_as(command);
    wait_until("the first one runs", LONG, || first.begun() == 1);
    let _waiting = second.listen(RENDER);
    second.logs("no-free-slot", 1);
    etcd.sees_renewal(&etcd.only_lease());
    assert_eq!(
        second.begun(),
        0,
        "the slot is kept while the provision runs"
    );
    let log = first.log();
    let supervisor = log.split("services=www pid=").nth(1).unwrap();
    let supervisor: i32 = supervisor.lines().next().unwrap().trim().parse().unwrap();
    holder.crash();
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    second.settles("one");
    fs::write(first.scenario.path("go"), "\n").unwrap();
}

#[test]
fn a_slot_is_given_back_although_the_provision_has_broken_the_configuration() {
    let etcd = Etcd::start();
    let listen = r#"{"debounce": "0s", "splay": "0s", "min_interval": "0s", "max_parallel": 1}"#;
    let node = Node::in_federation(etcd.url(), "fleet", "web1", listen);
    node.announce("one");
    let _listener = node.listen("mkfifo go; echo begin >>runs; read x <go; echo end >>runs");
    wait_until("it runs", LONG, || node.begun() == 1);
    node.scenario.put("etc/reconf/config.json", "{");
    fs::write(node.scenario.path("go"), "\n").unwrap();
    wait_until("the slot is free", LONG, || {
        etcd.ctl(&["get", "--prefix", &node.fleet.slots()])
            .is_empty()
    });
    let leases = etcd.ctl(&["lease", "list"]);
    assert!(
        leases.contains("found 1 lease"),
        "it was not given back: {leases}"
    );
}

#[test]
fn a_node_that_cannot_start_keeps_no_slot() {
    let node =
        Node::new(r#"{"debounce": "0s", "splay": "0s", "min_interval": "0s", "max_parallel": 1}"#);
    node.announce("one");
    let _listener = node.listen(RENDER);
    node.settles("one");
    node.logs("provision-ended", 1);
    let stamp = "var/lib/reconf/provision.json";
    let known = node.read(stamp);
    node.scenario.put(stamp, r#"{"version": 9}"#);
    node.announce("two");
    node.logs("provision-deferred", 1);
    let slots = shared().ctl(&["get", "--prefix", &node.fleet.slots()]);
    assert_eq!(slots, "", "a slot is kept for nothing");
    node.scenario.put(stamp, &known);
    node.settles("two");
}
