//! The registry goes away in every way that it can: nothing is missed, and little is logged.

use std::process::Command;

use nix::sys::signal::Signal;

use super::{AT_ONCE, LONG, Node, RENDER};
use crate::harness::{etcd::Etcd, not_run, process::Running, wait::wait_until};

/// A listener that has rendered `before`, and that the registry has answered.
fn settled(etcd: &Etcd) -> (Node, Running) {
    let node = Node::at(etcd.url(), AT_ONCE).impatient();
    node.announce("before");
    let listener = node.listen(RENDER);
    node.settles("before");
    is_connected(&node);
    (node, listener)
}

/// Waits until the registry is connected, and asserts that each time it went and came was logged once. On a busy machine it
/// may not answer for as long as the timeout, and is rightly away then.
#[track_caller]
fn is_connected(node: &Node) {
    wait_until("the registry is connected", LONG, || {
        let log = node.log();
        let events = log.lines().filter_map(|line| {
            let (_, event) = line.split_once(" event=registry-")?;
            event.split(' ').next()
        });
        let events: Vec<&str> = events.collect();
        let is_lost = |event: &&str| **event == *"lost";
        let lost = events.iter().map(is_lost);
        assert!(
            lost.clone()
                .zip(lost.skip(1))
                .all(|(one, next)| one != next),
            "twice:\n{log}"
        );
        events.last().is_some_and(|last| !is_lost(last))
    });
}

/// Waits until the listener has noticed that the registry went, for the first time or again.
#[track_caller]
fn is_missed(node: &Node, before: usize) {
    wait_until("the registry is missed", LONG, || {
        node.events("registry-lost") > before
    });
}

/// The change that comes after the registry is back is seen, and that it went and came was logged once each.
#[track_caller]
fn goes_on(node: &Node) {
    node.announce("after");
    node.settles("after");
    is_connected(node);
}

#[test]
fn killed_and_started_again() {
    let mut etcd = Etcd::start();
    let (node, _listener) = settled(&etcd);
    let before = node.events("registry-lost");
    etcd.kill();
    is_missed(&node, before);
    etcd.restart();
    goes_on(&node);
}

#[test]
fn frozen_until_it_is_missed() {
    let etcd = Etcd::start();
    let (node, _listener) = settled(&etcd);
    let before = node.events("registry-lost");
    etcd.freeze();
    is_missed(&node, before);
    etcd.thaw();
    goes_on(&node);
}

#[test]
fn compacted_while_the_listener_was_away() {
    let mut etcd = Etcd::start();
    let (node, listener) = settled(&etcd);
    listener.freeze();
    for number in 0..50 {
        node.announce(&format!("v{number}"));
    }
    let revision = node.announce("after");
    etcd.ctl(&["compact", &revision.to_string()]);
    etcd.restart();
    listener.signal(Signal::SIGCONT);
    node.settles("after");
    node.announce("later");
    node.settles("later");
}

#[test]
fn restarted_twenty_times() {
    let mut etcd = Etcd::start();
    let (node, _listener) = settled(&etcd);
    for number in 0..20 {
        etcd.restart();
        // Whether the listener is back by now or not: it is not missed.
        node.announce(&format!("v{number}"));
        if number % 5 == 0 {
            node.settles(&format!("v{number}"));
        }
    }
    node.settles("v19");
    node.never_two();
}

#[test]
fn another_cluster_at_the_same_place_is_listed_again() {
    let mut etcd = Etcd::start();
    let (node, _listener) = settled(&etcd);
    for number in 0..50 {
        node.announce(&format!("v{number}"));
    }
    node.settles("v49");
    etcd.forget();
    node.announce("of another cluster");
    node.settles("of another cluster");
}

#[test]
fn a_network_that_is_cut() {
    let link = match Link::new() {
        Ok(link) => link,
        Err(reason) => {
            return not_run::record(
                std::path::Path::new(not_run::LIST),
                &format!("a listener whose network is cut: {reason}"),
            );
        }
    };
    let etcd = Etcd::at(Link::OUTSIDE);
    let node = Node::at(etcd.url(), AT_ONCE).impatient();
    node.announce("before");
    let inside = node.scenario.command(&["listen", "--", "sh", "-c", RENDER]);
    let _listener = node.listen_as(link.inside(&inside));
    node.settles("before");
    is_connected(&node);
    let before = node.events("registry-lost");
    link.cut();
    node.announce("while it was cut");
    is_missed(&node, before);
    link.mend();
    node.settles("while it was cut");
    is_connected(&node);
}

/// A network namespace that one virtual cable connects.
struct Link {
    name: String,
}

impl Link {
    const OUTSIDE: &str = "198.18.77.1";
    const INSIDE: &str = "198.18.77.2";

    fn new() -> Result<Self, String> {
        let name = format!("rl{}", std::process::id() % 1_000_000);
        let link = Self { name };
        let (space, outer, inner) = (&link.name, link.outer(), format!("{}i", link.name));
        ip(&["netns", "add", space])?;
        ip(&[
            "link", "add", &outer, "type", "veth", "peer", "name", &inner, "netns", space,
        ])?;
        ip(&[
            "addr",
            "add",
            &format!("{}/30", Self::OUTSIDE),
            "dev",
            &outer,
        ])?;
        ip(&["link", "set", &outer, "up"])?;
        let within = |words: &[&str]| ip(&[&["-n", space.as_str()], words].concat());
        within(&[
            "addr",
            "add",
            &format!("{}/30", Self::INSIDE),
            "dev",
            &inner,
        ])?;
        within(&["link", "set", &inner, "up"])?;
        within(&["link", "set", "lo", "up"])?;
        Ok(link)
    }

    fn outer(&self) -> String {
        format!("{}o", self.name)
    }

    /// The same command within the namespace.
    fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]);
        inside.arg(command.get_program()).args(command.get_args());
        inside.env_clear();
        for (name, value) in command.get_envs() {
            inside.env(name, value.unwrap_or_default());
        }
        inside.current_dir(command.get_current_dir().unwrap());
        inside
    }

    fn cut(&self) {
        ip(&["link", "set", &self.outer(), "down"]).unwrap();
    }

    fn mend(&self) {
        ip(&["link", "set", &self.outer(), "up"]).unwrap();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _gone = ip(&["link", "del", &self.outer()]);
        let _gone = ip(&["netns", "del", &self.name]);
    }
}

fn ip(words: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(words).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}

#[test]
fn a_registry_that_is_away_at_the_start_does_not_keep_the_node_from_converging() {
    let node = Node::at(&crate::harness::etcd::refused(), AT_ONCE);
    let _listener = node.listen("echo begin >>runs; echo end >>runs");
    wait_until("it converges", LONG, || node.begun() == 1);
    node.logs("registry-lost", 1);
}

#[test]
fn a_registry_that_denies_is_told_and_comes_when_it_allows() {
    let etcd = Etcd::start();
    etcd.require_users(&[("node", "secret", "/reconf/v1/elsewhere/")]);
    let node = Node::at(etcd.url(), AT_ONCE);
    node.scenario.put("password", "secret");
    let password = node.scenario.path("password");
    let config = format!(
        r#"{{"registry": {{"user": "node", "password_file": "{}"}}, "listen": {AT_ONCE}}}"#,
        password.display()
    );
    node.scenario.put("etc/reconf/config.json", &config);
    let _listener = node.listen("echo begin >>runs; echo end >>runs");
    node.logs("registry-lost", 1);
    assert!(node.log().contains("denies access"), "{}", node.log());
    assert!(!node.log().contains("secret"), "{}", node.log());
    let prefix = format!("/reconf/v1/{}/", node.federation());
    let root = [
        "--user",
        "root:root",
        "role",
        "grant-permission",
        "--prefix=true",
    ];
    etcd.ctl(&[&root[..], &["node", "readwrite", &prefix]].concat());
    node.logs("registry-back", 1);
}
