//! What a listener costs, and how fast it is beside `etcdctl watch`. script/bench judges the built release.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{LONG, Node, pass};
use crate::harness::{etcd::shared, wait::wait_until};

const AT_ONCE: &str = r#"{"debounce": "0s", "min_interval": "0s"}"#;
const NAMES: usize = 1000;

#[test]
fn a_thousand_names_cost_little_memory_and_no_time() {
    let node = Node::new(AT_ONCE);
    let requires: Vec<String> = (0..NAMES)
        .map(|n| format!(r#""V{n}": "{{N{n}}}""#))
        .collect();
    let manifest = format!(
        r#"{{"id": "www", "federation": "{}", "requires": {{"DB": "{{DB_URL}}", {}}}}}"#,
        node.federation,
        requires.join(", ")
    );
    node.scenario.put("etc/reconf/services/www.json", &manifest);
    let mut registry = node.registry();
    for n in 0..NAMES {
        node.write(&mut registry, "db01", &format!("N{n}"), "value");
    }
    node.announce("one");
    let listener = node.listen(super::RENDER);
    node.settles("one");
    node.told("provision-ended", 1);
    node.announce("two");
    node.settles("two");
    node.told("provision-ended", 2);
    let status = fs::read_to_string(format!("/proc/{}/status", listener.pid())).unwrap();
    let resident = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = resident.split_whitespace().nth(1).unwrap().parse().unwrap();
    // What was built for tests holds much that a release does not.
    let most = if cfg!(debug_assertions) { 40 } else { 10 } * 1024;
    assert!(kib <= most, "{kib} KiB");
    pass(Duration::from_millis(500));
    let before = listener.computed();
    pass(Duration::from_secs(5));
    assert!(
        listener.computed() - before <= 1,
        "it computes while nothing happens"
    );
}

/// `etcdctl watch KEY -- COMMAND`, ended when this is dropped.
struct Watch {
    child: Child,
}

impl Watch {
    fn start(key: &str, script: &str) -> Self {
        let mut command = Command::new("etcdctl");
        command.env("ETCDCTL_API", "3").stdout(Stdio::null());
        command.args(["--endpoints", shared().url(), "watch", key]);
        let child = command.args(["--", "sh", "-c", script]).spawn().unwrap();
        Self { child }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_change_starts_the_command_about_as_fast_as_a_bare_watch() {
    let node = Node::new(AT_ONCE);
    node.announce("start");
    let time = |name: &str| format!("date +%s%N >>{}", node.scenario.path(name).display());
    let _listener = node.listen(&time("ours"));
    node.told("provision-ended", 1);
    fs::remove_file(node.scenario.path("ours")).unwrap();
    let _watch = Watch::start(&node.key("db01", "DB_URL"), &time("theirs"));
    let lines = |name: &str| -> Vec<i128> {
        let text = node.read(name);
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    wait_until("etcdctl watches", LONG, || {
        node.announce(&format!("warm {}", lines("ours").len()));
        pass(Duration::from_millis(100));
        !lines("theirs").is_empty()
    });
    let mut late: Vec<i128> = (0..15)
        .map(|number| {
            pass(Duration::from_millis(100));
            let (ours, theirs) = (lines("ours").len(), lines("theirs").len());
            node.announce(&format!("v{number}"));
            wait_until("both have run", LONG, || {
                lines("ours").len() > ours && lines("theirs").len() > theirs
            });
            lines("ours")[ours] - lines("theirs")[theirs]
        })
        .collect();
    late.sort_unstable();
    let median = late[late.len() / 2];
    // Judged coarsely: tests of other things run at the same time, and this is no release.
    assert!(median < 30_000_000, "{median} ns later than etcdctl");
}
