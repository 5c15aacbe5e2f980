//! Whatever a service's user puts in a place that it can write, root's commands refuse it or are not harmed: they end,
//! and nothing outside is read, written or given away.

mod attack;

use std::fs;

use crate::harness::{process::Running, scenario::Scenario, strace::on_two_threads, wait::until};

use attack::{KINDS, Kind, SECRET, Victims, attack, attack_in, plant, run, taken_over};

/// The folder of the confs is the user's, as is every file in it.
const CONFIG: &str = r#"{"render": {"directory": "/srv/app/confs"}}"#;

const MANIFEST: &str = r#"{"id": "app", "environment": {"A": "one", "PORT": 80}, "requires": {"DB": "{DB_URL}"},
    "provides": {"APP_URL": "http://{HOST}:{PORT}"},
    "conf": {"owner": 4201, "group": 4300, "formats": ["shell", "systemd", "docker", "dotenv", "json", "envdir"]}}"#;

/// Files and folders that the user may come to own, below the root of the node. `GENERATION` is the one in use.
const PLACES: [&str; 45] = [
    "srv/app/confs/app.conf",
    "srv/app/confs/app.systemd",
    "srv/app/confs/app.docker",
    "srv/app/confs/app.dotenv",
    "srv/app/confs/app.json",
    "srv/app/confs/app.envdir",
    "srv/app/confs/GENERATION",
    "srv/app/confs/GENERATION/A",
    "srv/app/confs/GENERATION/unknown",
    "srv/app/confs/.app.conf.reconf-AAAAAAAA",
    "srv/app/confs/.app.envdir.reconf-AAAAAAAA",
    "srv/app/confs",
    "srv/app",
    "var/lib/reconf",
    "var/lib/reconf/services",
    "var/lib/reconf/services/app.json",
    "var/lib/reconf/services/.app.json.reconf-AAAAAAAA",
    "var/lib/reconf/applied",
    "var/lib/reconf/applied/app.conf",
    "var/lib/reconf/known",
    "var/lib/reconf/known/default.json",
    "var/lib/reconf/intents.json",
    "var/lib/reconf/node.json",
    "var/lib/reconf/listen.json",
    "var/lib/reconf/provision.json",
    "var/lib/reconf/tasks",
    "var/lib/reconf/tasks/app.gate",
    "var/lib/reconf/tasks/app.lock",
    "var/lib/reconf/registry",
    "var/lib/reconf/registry/.lock",
    "var/lib/reconf/registry/default.json",
    "run/reconf",
    "run/reconf/state.lock",
    "run/reconf/on-change.lock",
    "run/reconf/listener.lock",
    "run/reconf/listener.json",
    "run/reconf/provision.lock",
    "run/reconf/services",
    "run/reconf/services/app.lock",
    "etc/reconf/config.json",
    "etc/reconf/configuration.json",
    "etc/reconf/services",
    "etc/reconf/services/app.json",
    "etc/reconf/templates/shell.hbs",
    "etc/machine-id",
];

/// The files that the settings of an etcd name.
const NAMED: [&str; 4] = ["ca", "cert", "key", "password_file"];

const COMMANDS: [&str; 6] = [
    "apply --all",
    "render app --drain 1ms --on-change true",
    "applied app",
    "exec --task --wait 1ms app -- true",
    "withdraw app",
    "listen status",
];

#[test]
fn every_place_that_a_user_can_write_is_refused_or_harmless() {
    let node = Scenario::new()
        .config(CONFIG)
        .manifest("app", MANIFEST)
        .datastores(r#"{"datastores": {"DB_URL": "db"}}"#)
        .file("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    for line in ["apply --all", "render app --await-applied", "listen off"] {
        let ended = run(&node, line);
        assert!(ended.status.success(), "{ended:?}");
    }
    let cases: Vec<_> = PLACES
        .into_iter()
        .flat_map(|place| KINDS.map(|kind| (place, kind)))
        .collect();
    on_two_threads(&cases, |(place, kind)| {
        attack(&node, place, *kind, &COMMANDS);
    });
}

#[test]
fn what_the_settings_of_a_registry_name_is_refused_or_harmless() {
    for name in NAMED {
        let node = Scenario::new();
        let home = node.path("srv/app");
        let path = |name: &str| home.join(name).display().to_string();
        let settings = NAMED.map(|name| format!(r#""{name}": "{}""#, path(name)));
        let settings = settings.join(", ");
        let config = format!(
            r#"{{"registry": {{"endpoints": ["https://127.0.0.1:1"], "user": "u", "timeout": "100ms", {settings}}}}}"#
        );
        let node = node.config(&config).manifest("app", MANIFEST);
        for kind in KINDS {
            for other in NAMED {
                let text = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
                let _gone = fs::remove_dir_all(node.path(&format!("srv/app/{other}")));
                let _gone = fs::remove_file(node.path(&format!("srv/app/{other}")));
                node.put(&format!("srv/app/{other}"), text);
            }
            let said = attack_in(&node, &format!("srv/app/{name}"), kind, &["render app"]);
            assert!(
                said.contains(&format!("cannot use `{}`", path(name))),
                "{kind:?}: {said}"
            );
        }
    }
}

#[test]
fn a_listener_defers_a_provision_whose_lock_is_no_file() {
    for kind in KINDS {
        let victims = Victims::new();
        let node = Scenario::new();
        let lock = node.path("srv/app/lock").display().to_string();
        let node = node.config(&format!(
            r#"{{"listen": {{"busy_lock": "{lock}", "command": ["true"], "splay": "0s", "debounce": "0s"}}}}"#
        ));
        node.put("srv/app/lock", "");
        let path = taken_over(&node, "srv/app/lock");
        plant(kind, &path, &victims);
        let before = victims.state();
        let listener = Running::start(node.command(&["listen"]), &node.path(""));
        let refused = match kind {
            Kind::Fifo | Kind::Device => "a retry: cannot read",
            Kind::SymbolicLink => "a symbolic link below it leads there",
            Kind::HardLink => "it has a second hard link",
            Kind::Folder => "it is a directory",
            // A lock is not read.
            Kind::Endless => "with exit 0",
        };
        until("the listener says what it waits for", || {
            let status = run(&node, "listen status");
            let said = String::from_utf8_lossy(&status.stdout).into_owned();
            assert!(!said.contains(SECRET));
            said.contains(refused).then_some(())
        });
        drop(listener);
        assert_eq!(victims.state(), before, "{kind:?}");
    }
}
