//! The printed commands make a wall in a real etcd, behind which all commands of a node work; the audit proves it, finds
//! what reaches over it, and writes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{
    certificates::Authority,
    etcd::{Etcd, Tls},
    haproxy::Haproxy,
    ports::fixed_port,
    process::Running,
    scenario::{Scenario, golden_story, path_with_binary},
    user,
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
fn the_script_is_printed_as_it_was_judged_right() {
    let node = Scenario::new().registry("http://127.0.0.1:1");
    let limited = Scenario::new()
        .registry("https://127.0.0.1:1,https://127.0.0.1:2")
        .config(r#"{"registry": {"ca": "/etc/ssl/etcd.pem"}, "listen": {"max_parallel": 2}}"#);
    golden_story(
        "access/script",
        &[
            node.run(&["access", "seatgeek"]).changes_nothing(),
            limited.run(&["access", "seatgeek", "--certificates"]),
            limited.run(&["access", "seatgeek", "--output", "json"]),
            Scenario::new().run(&["access", "seatgeek"]),
            Scenario::new().run(&["access", "seatgeek", "--audit", "--output", "json"]),
        ],
    );
}

#[test]
fn no_process_list_shows_a_password_and_the_files_are_closed() {
    let etcd = Etcd::start();
    let admin = Scenario::new().registry(etcd.url());
    // An etcdctl that writes down how it was called.
    admin.put(
        "bin/etcdctl",
        "#!/bin/sh\necho \"$@\" >>calls\nexec /usr/bin/etcdctl \"$@\"\n",
    );
    let run = admin
        .sh("chmod +x bin/etcdctl; PATH=$PWD/bin:$PATH; reconf access f | PASSWORDS=etcd/new sh");
    let run = run.exits(0);
    let closed = run.changes.iter().filter(|change| change.mode == 0o600);
    assert_eq!(closed.count(), 2, "{}", run.text());
    let calls = fs::read_to_string(admin.path("calls")).unwrap();
    for user in ["reconf-f", "reconf-f@render"] {
        let password =
            fs::read_to_string(admin.path(&format!("etcd/new/{user}.password"))).unwrap();
        let password = password.trim();
        assert_eq!(password.len(), 32, "{password}");
        assert!(!calls.contains(password), "{calls}");
        assert!(calls.contains(&format!("user add {user} ")), "{calls}");
    }
}

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

#[test]
fn the_audit_proves_the_wall_and_writes_nothing() {
    let walled = Walled::start();
    let node = walled.own("api01", "reconf-seatgeek").manifest("api", API);
    node.run(&["announce", "api"]).fails(0);
    let before = (walled.keys(), walled.revision());
    let runs = [
        node.run(&["access", "seatgeek", "--audit"])
            .changes_nothing()
            .exits(0),
        node.run(&["access", "seatgeek", "--audit", "--output", "json"]),
        walled
            .own("web01", "reconf-seatgeek@render")
            .manifest("api", API)
            .run(&["access", "seatgeek", "--audit"]),
        node.run(&["access", "pivotly", "--audit"]),
    ];
    golden_story(
        "access/audit",
        &runs.map(super::harness::scenario::Run::changes_nothing),
    );
    assert_eq!((walled.keys(), walled.revision()), before);
}

#[test]
fn a_credential_that_reaches_over_the_wall_is_found() {
    let walled = Walled::start();
    let before = walled.keys();
    for (at, (operation, prefix, shown)) in [
        ("read", "/reconf/v1/pivotly/", "/reconf/v1/pivotly/*"),
        // A neighbour whose name begins with that of the federation.
        ("readwrite", "/reconf/v1/seatgeek", "/reconf/v1/seatgeek*"),
        ("write", "/other/", "/other/*"),
        ("read", "", "every key"),
    ]
    .into_iter()
    .enumerate()
    {
        let node = walled.wide(&format!("wide{at}"), operation, prefix);
        let run = node
            .run(&["access", "seatgeek", "--audit"])
            .changes_nothing();
        let text = run.exits(75).text();
        assert!(text.contains("reach beyond its federations"), "{text}");
        let row = text
            .lines()
            .find(|line| line.starts_with("fault  ") && line.contains(shown));
        assert!(
            row.is_some_and(|row| row.contains("role `wide")),
            "{shown}: {text}"
        );
    }
    let root = walled.node("web01", "root", "root");
    let text = root
        .run(&["access", "seatgeek", "--audit"])
        .exits(75)
        .text();
    assert!(text.contains("reach beyond its federations"), "{text}");
    assert_eq!(walled.keys(), before);
}

#[test]
fn an_etcd_without_authentication_is_a_fault_whatever_the_node_shows() {
    let etcd = Etcd::start();
    let plain = Scenario::new().registry(etcd.url());
    let with_user = Scenario::new()
        .file("etc/reconf/password", "secret")
        .registry(etcd.url());
    let file = with_user.path("etc/reconf/password");
    with_user.put(
        "etc/reconf/config.json",
        &json!({"registry": {"user": "reconf-default", "password_file": file}}).to_string(),
    );
    let audit = ["access", "default", "--audit"];
    golden_story(
        "access/open",
        &[
            plain.run(&audit).changes_nothing(),
            with_user.run(&audit).changes_nothing(),
        ],
    );
    assert_eq!(etcd.ctl(&["get", "", "--prefix"]), "");
}

#[test]
fn users_with_certificates_alone_are_walled_in_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let etcd = Etcd::with_tls(|| Tls {
        server: own.issue("server"),
        ca: own.ca.clone(),
        client: Some(own.issue("root")),
    });
    let client = own.issue("reconf-default");
    let node = Scenario::new().registry(etcd.url()).config(
        &json!({"registry": {"ca": own.ca, "cert": client.cert, "key": client.key}}).to_string(),
    );
    let root = own.issue("root");
    let exports = format!(
        "export ETCDCTL_CERT={} ETCDCTL_KEY={}",
        root.cert.display(),
        root.key.display()
    );
    let made = node.sh(&format!(
        "{exports}; reconf access default --certificates | sh"
    ));
    assert_eq!(made.exits(0).changes, []);
    enable_without_passwords(&etcd);
    let audit = ["access", "default", "--audit"];
    let _proved = node.run(&audit).exits(0).changes_nothing();
    for role in ["wide", "wider"] {
        etcd.ctl(&["role", "add", role]);
        etcd.ctl(&["user", "grant-role", "reconf-default", role]);
    }
    etcd.ctl(&[
        "role",
        "grant-permission",
        "wide",
        "--prefix=true",
        "read",
        "/elsewhere/",
    ]);
    let text = node.run(&audit).exits(75).text();
    assert!(text.contains("/elsewhere/*"), "{text}");
}

#[test]
fn an_ordinary_user_prints_and_audits_too() {
    let node = Scenario::new().registry("http://127.0.0.1:1");
    let Some(mut command) = user::command_as(&node, (4242, 4242), &["access", "seatgeek"]) else {
        return;
    };
    let printed = command.output().unwrap();
    let as_root = node.run(&["access", "seatgeek"]).succeeds();
    assert_eq!(String::from_utf8_lossy(&printed.stdout), as_root);
}

/// What the script leaves to its reader, where `root` has a certificate too.
fn enable_without_passwords(etcd: &Etcd) {
    for words in [
        &["user", "add", "root", "--no-password"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        etcd.ctl(words);
    }
}
