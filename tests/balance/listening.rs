//! The listener balances by itself: without a provision for what moves behind a port, off or not, with a command or without.

mod memory;

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use serde_json::{Value, json};

use super::backend;
use crate::harness::{
    backend::Backend,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    process::Running,
    scenario::{BINARY, path_with_binary},
    wait::until,
};

/// A node that listens and balances `API_URL`.
struct Listening {
    lab: Lab,
    port: u16,
    listener: Running,
}

impl Listening {
    /// With these `listen` settings; a command renders and counts.
    fn new(listen: &Value, command: Option<&str>) -> Self {
        let lab = Lab::local(Fleet::shared(), &["API_URL"]);
        let port = fixed_port();
        let config = json!({"listen": listen, "balance": {"local": true}});
        lab.configure(&config);
        let listener = start(&lab, command);
        Self {
            lab,
            port,
            listener,
        }
    }

    fn announce(&self, node: &str, backend: &Backend) {
        self.lab
            .announce(&Instance::of(node, backend.address(), self.port));
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.lab.node.path(path)).unwrap_or_default()
    }

    fn count(&self, event: &str) -> usize {
        self.read("log").matches(&format!(" event={event}")).count()
    }

    /// Waits until HAProxy's servers are at these addresses.
    #[track_caller]
    fn serves(&self, backends: &[&Backend]) {
        let mut expected: Vec<String> = backends.iter().map(|b| b.address().to_string()).collect();
        expected.sort();
        until(&format!("HAProxy serves {expected:?}"), || {
            self.lab.haproxy.worker()?;
            let servers = self.lab.haproxy.servers().into_iter();
            let in_rotation = servers.filter(|server| !server.in_maintenance);
            let mut found: Vec<String> = in_rotation.map(|server| server.address).collect();
            found.sort();
            (found == expected).then_some(())
        });
    }

    /// Waits until the conf has the value of the local port.
    #[track_caller]
    fn has_local_value(&self) {
        let value = Some(format!("http://127.0.0.1:{}", self.port));
        until("the conf has the local port", || {
            (self.lab.value("API_URL") == value).then_some(())
        });
    }

    /// Waits until no provision is queued or runs.
    #[track_caller]
    fn is_quiet(&self) {
        until("no provision is queued or runs", || {
            let listener = &self.status()["listener"];
            let is_quiet = listener["queued"] == json!([]) && listener["running"] == json!(false);
            is_quiet.then_some(())
        });
    }

    fn status(&self) -> Value {
        let run = self.lab.node.run(&["listen", "status", "--output", "json"]);
        serde_json::from_slice(&run.output.stdout).unwrap()
    }
}

fn start(lab: &Lab, command: Option<&str>) -> Running {
    start_by(Path::new(BINARY), lab, command)
}

fn start_by(binary: &Path, lab: &Lab, command: Option<&str>) -> Running {
    let mut words = vec!["listen"];
    if let Some(command) = command {
        words.extend(["--", "sh", "-c", command]);
    }
    let mut process = lab.node.program(binary, &words);
    process.env("PATH", path_with_binary());
    Running::start(process, &lab.node.path(""))
}

const RENDER: &str = "echo begin >>runs; reconf render --all -q; echo end >>runs";

fn quick() -> Value {
    json!({"debounce": "100ms", "splay": "0s", "min_interval": "0s"})
}

#[test]
fn what_moves_behind_a_port_starts_no_provision() {
    if !is_there("a listener that balances") {
        return;
    }
    let node = Listening::new(&quick(), Some(RENDER));
    let [a, b] = ["a", "b"].map(backend);
    node.announce("api01", &a);
    node.serves(&[&a]);
    node.has_local_value();
    node.is_quiet();
    let conf = node.lab.node.path("etc/services.d/www.conf");
    let before = (fs::metadata(&conf).unwrap().mtime_nsec(), node.read("runs"));
    let reloads = node.lab.haproxy.reload_calls();
    node.announce("api02", &b);
    node.serves(&[&a, &b]);
    node.lab
        .withdraw(&Instance::of("api01", a.address(), node.port));
    node.serves(&[&b]);
    node.announce("api02", &a);
    node.serves(&[&a]);
    node.lab.node.run(&["listen", "off"]).fails(0);
    node.announce("api02", &b);
    node.serves(&[&b]);
    until("the listener says what it did", || {
        (node.count("balanced how=socket") >= 4).then_some(())
    });
    assert_eq!(
        node.lab.haproxy.reload_calls(),
        reloads,
        "{}",
        node.read("log")
    );
    let after = (fs::metadata(&conf).unwrap().mtime_nsec(), node.read("runs"));
    assert_eq!(after, before, "{}", node.read("log"));
    until("the status says what it balances", || {
        (node.status()["listener"]["balance"]["how"] == json!("socket")).then_some(())
    });
    let status = node.status();
    assert_eq!(status["listener"]["balance"]["ports"], json!(1), "{status}");
    assert_eq!(node.listener.stop(), Some(0));
}

#[test]
fn the_status_says_that_balancing_is_off() {
    if !is_there("the status of a listener that balances") {
        return;
    }
    let node = Listening::new(&quick(), None);
    node.lab.run(&["off", "--reason", "a test"]).fails(0);
    until("the status says that it is off", || {
        let rows = node.lab.node.run(&["listen", "status"]).text();
        rows.contains("local: off since [TIME]: a test")
            .then_some(())
    });
    assert_eq!(node.listener.stop(), Some(0));
}

/// A port is open before a provision compares: the conf goes from nothing to the local port, in one provision.
#[test]
fn a_name_that_arrives_is_balanced_before_a_provision_renders_it() {
    if !is_there("a name that arrives where a listener balances") {
        return;
    }
    let node = Listening::new(&quick(), Some(RENDER));
    until("the provision of the start has ended", || {
        (node.read("runs").matches("end").count() == 1).then_some(())
    });
    node.is_quiet();
    let api = backend("a");
    node.announce("api01", &api);
    node.has_local_value();
    node.is_quiet();
    assert_eq!(node.read("runs").matches("begin").count(), 2);
    assert_eq!(node.listener.stop(), Some(0));
}

#[test]
fn a_run_that_fails_is_repeated_and_says_why() {
    if !is_there("a listener whose balancing fails") {
        return;
    }
    let lab = Lab::local(Fleet::shared(), &["API_URL"]);
    let refused = json!({"local": true, "check": ["false", "{file}"]});
    lab.configure(&json!({"listen": quick(), "balance": refused}));
    let (listener, port) = (start(&lab, None), fixed_port());
    let node = Listening {
        lab,
        port,
        listener,
    };
    let api = backend("a");
    node.announce("api01", &api);
    until("it fails and tries again", || {
        let balance = &node.status()["listener"]["balance"];
        let warnings = balance["warnings"].as_array();
        assert!(warnings.is_none_or(Vec::is_empty), "{balance}");
        (balance["failures"].as_u64()? > 1).then_some(())
    });
    assert_eq!(node.count("balance-failed"), 1, "{}", node.read("log"));
    let rows = node.lab.node.run(&["listen", "status"]).text();
    assert!(rows.contains("failing since"), "{rows}");
    assert!(
        rows.contains("it balances, keeps leases and checks"),
        "{rows}"
    );
    // Mended, it goes on by itself: without a command too.
    node.lab
        .configure(&json!({"listen": quick(), "balance": {"local": true}}));
    node.serves(&[&api]);
    until("it says so", || {
        (node.count("balance-recovered") == 1).then_some(())
    });
    let error = &node.status()["listener"]["balance"]["error"];
    assert!(error.is_null() || node.count("balance-recovered") == 1);
    assert_eq!(node.listener.stop(), Some(0));
}

/// A thousand changes within seconds are few reloads, and no provision.
#[test]
fn a_thousand_changes_at_once_are_few_reloads_and_no_provision() {
    if !is_there("a thousand changes of what is balanced") {
        return;
    }
    let listen = json!({"splay": "0s", "min_interval": "0s"});
    let node = Listening::new(&listen, Some(RENDER));
    let api = backend("a");
    node.announce("api00", &api);
    node.serves(&[&api]);
    node.has_local_value();
    node.is_quiet();
    let runs = node.read("runs");
    let reloads = node.lab.haproxy.reload_calls();
    let moves: Vec<Instance> = (0..1000_u16)
        .map(|at| {
            let address = ([127, 0, 1, 1], 20_000 + at).into();
            Instance::of(&format!("api{:02}", 1 + at % 20), address, node.port)
        })
        .collect();
    node.lab.announce_all(&moves);
    until("HAProxy has all of it", || {
        let servers = node.lab.haproxy.servers();
        let is_last = |server: &str| servers.iter().any(|s| s.address == server);
        let all = (980..1000).all(|at| is_last(&format!("127.0.1.1:{}", 20_000 + at)));
        (all && servers.len() >= 21).then_some(())
    });
    let reloads = node.lab.haproxy.reload_calls() - reloads;
    assert!(reloads <= 3, "{reloads} reloads\n{}", node.read("log"));
    assert_eq!(node.read("runs"), runs, "{}", node.read("log"));
    assert_eq!(node.listener.stop(), Some(0));
}
