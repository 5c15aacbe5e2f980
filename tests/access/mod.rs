//! The printed commands make a wall in a real etcd, behind which all commands of a node work; the audit proves it, finds
//! what reaches over it, and writes nothing.

mod audit;
mod script;

use std::fs;

use serde_json::{Value, json};

use crate::harness::{
    etcd::Etcd,
    haproxy::Haproxy,
    ports::fixed_port,
    process::Running,
    scenario::{Scenario, path_with_binary},
    wait::until,
};

/// HAProxy's file, below the root.
const OUTPUT: &str = "etc/haproxy/reconf.cfg";

/// An etcd in which the printed commands were run, and authentication enabled.
struct Walled {
    etcd: Etcd,
    /// The machine from which it was done; the passwords are in its root.
    admin: Scenario,
}

impl Walled {
    /// The roles of `seatgeek`.
    fn start() -> Self {
        let etcd = Etcd::start();
        let admin = Scenario::new()
            .registry(etcd.url())
            .config(r#"{"listen": {"max_parallel": 1}}"#);
        let script = admin.run(&["access", "seatgeek"]).succeeds();
        let _piped = admin.sh("reconf access seatgeek | sh").exits(0);
        // Again, as after an upgrade.
        let again = admin.sh("reconf access seatgeek | sh").exits(0);
        assert!(again.changes.is_empty(), "{}", again.text());
        enable(&etcd, &admin, &script);
        Self { etcd, admin }
    }

    fn password(&self, user: &str) -> String {
        let file = self.admin.path(&format!("{user}.password"));
        fs::read_to_string(file).unwrap()
    }

    /// A node of `seatgeek` that logs in as this user.
    fn node(&self, name: &str, user: &str, password: &str) -> Scenario {
        let node = Scenario::new()
            .env("RECONF_NODE", name)
            .env("RECONF_TIMEOUT", "20s")
            .env("PATH", &path_with_binary())
            .file("etc/reconf/password", password)
            .registry(self.etcd.url())
            .without("RECONF_REGISTRY");
        let password_file = node.path("etc/reconf/password");
        node.put(
            "etc/reconf/config.json",
            &json!({
                "registry": {"endpoints": [self.etcd.url()], "user": user, "password_file": password_file},
                "federation": "seatgeek",
                "listen": {"debounce": "0s", "splay": "0s", "min_interval": "0s", "max_parallel": 1},
            })
            .to_string(),
        );
        node
    }

    /// A node with the credentials of one of the printed users.
    fn own(&self, name: &str, user: &str) -> Scenario {
        self.node(name, user, &self.password(user))
    }

    /// A user that has one of the printed roles, and may do more.
    fn wide(&self, user: &str, operation: &str, prefix: &str) -> Scenario {
        self.etcd.ctl(&["user", "add", &format!("{user}:secret")]);
        self.etcd.ctl(&["role", "add", user]);
        let grant = ["role", "grant-permission", "--prefix=true", user];
        self.etcd.ctl(&[&grant[..], &[operation, prefix]].concat());
        for role in ["reconf-seatgeek", user] {
            self.etcd.ctl(&["user", "grant-role", user, role]);
        }
        self.node("web01", user, "secret")
    }

    /// Everything in etcd that a write would change, besides the revision.
    fn keys(&self) -> Value {
        let told = self.etcd.ctl(&["get", "", "--prefix", "-w=json"]);
        let mut told: Value = serde_json::from_str(&told).unwrap();
        told["header"].take()["revision"].take();
        told["kvs"].take()
    }

    fn revision(&self) -> i64 {
        let told = self.etcd.ctl(&["get", "none", "-w=json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        told["header"]["revision"].as_i64().unwrap()
    }
}

/// Runs what the script leaves to its reader.
fn enable(etcd: &Etcd, admin: &Scenario, script: &str) {
    let last = script.lines().filter_map(|line| line.strip_prefix("# "));
    let last: Vec<&str> = last.filter(|line| line.starts_with("etcdctl ")).collect();
    assert_eq!(last.len(), 3, "{script}");
    let given = format!("printf root | {} --interactive=false", last[0]);
    let lines = [given.as_str(), last[1], last[2]].join(" && ");
    let exports = format!("export ETCDCTL_API=3 ETCDCTL_ENDPOINTS={}", etcd.url());
    let _enabled = admin.sh(&format!("{exports}; {lines}")).exits(0);
    etcd.has_users_now();
}

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;

const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}"}}"#;

#[test]
fn every_command_of_a_node_works_behind_the_wall() {
    let walled = Walled::start();
    let balanced = json!({
        "id": "api", "environment": {"PORT": 1100}, "local_port": fixed_port(),
        "provides": {"API_URL": "http://{HOST}:{PORT}"},
    });
    let api = walled.own("api01", "reconf-seatgeek");
    let api = api.manifest("api", &balanced.to_string());
    let www = walled
        .own("web01", "reconf-seatgeek@render")
        .manifest("www", WWW);
    api.run(&["announce", "api", "--ttl", "60s"]).fails(0);
    api.run(&["apply", "--all"]).fails(0);
    for words in [
        &["render", "www"][..],
        &["render", "www", "--await-applied"],
        &["applied", "www"],
        &["exec", "www", "--", "true"],
        &["tasks", "www"],
        &["config"],
        &["apply", "--all"],
        &["access", "seatgeek", "--audit"],
    ] {
        let run = www.run(words);
        let is_quiet = !String::from_utf8_lossy(&run.output.stderr).contains("warning");
        assert!(is_quiet, "{}", run.exits(0).text());
        let _ended = run.exits(0);
    }
    let applied = walled
        .etcd
        .ctl(&["get", "--prefix", "/reconf/v1/seatgeek/applied/"]);
    assert!(applied.contains("/web01/www"), "{applied}");
    let listed = www.run(&["ls"]).succeeds();
    assert!(listed.contains("http://10.0.0.5:1100"), "{listed}");
    balances(&www);
    let applied = walled
        .etcd
        .ctl(&["get", "--prefix", "/reconf/v1/seatgeek/applied/"]);
    assert!(applied.contains("/web01/@balance/API_URL"), "{applied}");
    listens(&walled, &www);
    announces(&api, www);
}

/// What only the role of nodes that announce may do.
fn announces(api: &Scenario, www: Scenario) {
    let denied = www.manifest("api", API).run(&["announce", "api"]).fails(77);
    assert!(denied.contains("may not write"), "{denied}");
    api.run(&["withdraw", "api", "--for", "1h", "--last"])
        .fails(0);
    api.run(&["announce", "api"]).fails(0);
    api.run(&["retire", "web01"]).fails(0);
    fs::remove_file(api.path("etc/reconf/services/api.json")).unwrap();
    api.run(&["remove", "api"]).fails(0);
}

/// Balances with a real HAProxy.
fn balances(node: &Scenario) {
    let haproxy = Haproxy::below(&node.path(""), OUTPUT);
    let config = fs::read_to_string(node.path("etc/reconf/config.json")).unwrap();
    let mut with: Value = serde_json::from_str(&config).unwrap();
    with["balance"] = json!({
        "local": true, "output": format!("/{OUTPUT}"), "socket": "/run/reconf-haproxy/admin.sock",
        "reload": [haproxy.reload_command()], "stop": [haproxy.stop_command()],
    });
    node.put("etc/reconf/config.json", &with.to_string());
    node.run(&["apply", "--all"]).fails(0);
    node.put("etc/reconf/config.json", &config);
}

/// Listens, with a slot for each provision and a lease for an announcement, and provisions when a name has moved.
fn listens(walled: &Walled, node: &Scenario) {
    let words = [
        "listen",
        "--",
        "sh",
        "-c",
        "reconf render --all -q && echo ran >>runs",
    ];
    let listener = Running::start(node.command(&words), &node.path(""));
    let runs = || {
        fs::read_to_string(node.path("runs"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    until("the listener has provisioned", || {
        (runs() == 1).then_some(())
    });
    let moved = walled
        .own("api02", "reconf-seatgeek")
        .env("RECONF_HOST", "10.0.0.6")
        .manifest("api", API);
    let other = walled.own("api01", "reconf-seatgeek").manifest("api", API);
    moved.run(&["announce", "api"]).fails(0);
    other.run(&["withdraw", "api"]).fails(0);
    until("the listener has provisioned again", || {
        (runs() >= 2).then_some(())
    });
    moved.run(&["withdraw", "api", "--last"]).fails(0);
    other.run(&["announce", "api"]).fails(0);
    assert_eq!(listener.stop(), Some(0));
}
