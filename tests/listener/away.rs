//! The registry goes away in every way that it can: nothing is missed, little is said, and nothing spins.

use std::{process::Command, time::Duration};

use nix::sys::signal::Signal;

use super::{LONG, Listener, Node, RENDER, pass};
use crate::harness::{
    etcd::Etcd,
    not_run,
    wait::{freeze, wait_until},
};

const AT_ONCE: &str = r#"{"debounce": "0s", "min_interval": "0s"}"#;

/// A listener that has rendered `before`.
fn settled(etcd: &Etcd) -> (Node, Listener) {
    let node = Node::at(etcd.url(), AT_ONCE).impatient();
    node.announce("before");
    let listener = node.listen(RENDER);
    node.settles("before");
    node.told("provision-ended", 1);
    (node, listener)
}

/// It went and came, which was told once each; what it computed meanwhile is below a hundredth of that time.
#[track_caller]
fn went_and_came(node: &Node, computed: u64, away: Duration) {
    node.told("registry-back", 1);
    node.told("registry-lost", 1);
    let hundredths = u64::try_from(away.as_millis()).unwrap() / 10;
    assert!(
        computed * 100 <= hundredths,
        "{computed} of {hundredths} hundredths of a second"
    );
}

#[test]
fn killed_for_five_seconds() {
    let mut etcd = Etcd::start();
    let (node, listener) = settled(&etcd);
    let before = listener.computed();
    etcd.kill();
    pass(Duration::from_secs(5));
    let computed = listener.computed() - before;
    etcd.restart();
    node.announce("after");
    node.settles("after");
    went_and_came(&node, computed, Duration::from_secs(5));
}

#[test]
fn frozen_for_thirty_seconds() {
    let etcd = Etcd::start();
    let (node, listener) = settled(&etcd);
    let before = listener.computed();
    etcd.freeze();
    pass(Duration::from_secs(30));
    let computed = listener.computed() - before;
    etcd.thaw();
    node.announce("after");
    node.settles("after");
    went_and_came(&node, computed, Duration::from_secs(30));
}

#[test]
fn compacted_while_the_listener_was_away() {
    let mut etcd = Etcd::start();
    let (node, listener) = settled(&etcd);
    freeze(listener.pid());
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
    let listener = node.listen_as(link.inside(&inside));
    node.settles("before");
    link.cut();
    let before = listener.computed();
    node.announce("while it was cut");
    node.told("registry-lost", 1);
    let computed = listener.computed() - before;
    assert!(computed <= 30, "{computed} hundredths of a second");
    link.mend();
    node.settles("while it was cut");
    node.told("registry-back", 1);
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
    node.told("registry-lost", 1);
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
    node.told("registry-lost", 1);
    assert!(node.log().contains("denies access"), "{}", node.log());
    assert!(!node.log().contains("secret"), "{}", node.log());
    let prefix = format!("/reconf/v1/{}/", node.federation);
    let root = [
        "--user",
        "root:root",
        "role",
        "grant-permission",
        "--prefix=true",
    ];
    etcd.ctl(&[&root[..], &["node", "readwrite", &prefix]].concat());
    node.told("registry-back", 1);
}
