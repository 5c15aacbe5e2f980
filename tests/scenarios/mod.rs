//! Several nodes that share a registry, and what operators do with them: each file tells of one concern, and most of its
//! stories are told with both registries.

mod applying;
mod at_once;
mod away;
mod crashing;
mod deploy;
mod idle;
mod leases;
mod moving;
mod telling;
mod values;
mod withdrawing;

use std::{collections::BTreeMap, fs, panic, path::Path, thread};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    etcd::Etcd,
    scenario::Scenario,
    shells::{Environment, SHELLS, environment_of},
};

/// The seed's services and datastores.
const WWW: &str = include_str!("../../examples/data_bags/service/app-www.json");
const API: &str = include_str!("../../examples/data_bags/service/api.json");
const DATASTORES: &str = include_str!("../../examples/configuration.json");

/// A registry, and the nodes that share it.
struct Fleet {
    registry: Registry,
}

enum Registry {
    Etcd(Box<Etcd>),
    Directory(TempDir),
}

/// Tells a story with each of the registries, each time from nothing, both at the same time.
fn on_both(story: impl Fn(&Fleet) + Sync) {
    thread::scope(|scope| {
        let embedded = scope.spawn(|| story(&Fleet::embedded()));
        story(&Fleet::etcd());
        if let Err(panic) = embedded.join() {
            panic::resume_unwind(panic);
        }
    });
}

impl Fleet {
    fn etcd() -> Self {
        let registry = Registry::Etcd(Box::new(Etcd::start()));
        Self { registry }
    }

    fn embedded() -> Self {
        let registry = Registry::Directory(tempfile::tempdir().unwrap());
        Self { registry }
    }

    /// A node of that name, with a patient timeout.
    fn node(&self, name: &str) -> Scenario {
        Scenario::new()
            .env("RECONF_NODE", name)
            .env("RECONF_TIMEOUT", "20s")
            .registry(&self.location())
    }

    fn location(&self) -> String {
        match &self.registry {
            Registry::Etcd(etcd) => etcd.url().to_owned(),
            Registry::Directory(folder) => format!("dir:{}", folder.path().display()),
        }
    }

    /// The registry's revision: it grows with every write, whatever is written.
    fn revision(&self) -> i64 {
        match &self.registry {
            Registry::Etcd(etcd) => {
                let answer: Value =
                    serde_json::from_str(&etcd.ctl(&["get", "x", "-w=json"])).unwrap();
                answer["header"]["revision"].as_i64().unwrap()
            }
            Registry::Directory(folder) => {
                let revision = |file: &Value| file["revision"].as_i64().unwrap();
                files(folder.path()).iter().map(revision).sum()
            }
        }
    }

    /// Every key with its value, with times masked.
    fn keys(&self) -> BTreeMap<String, String> {
        match &self.registry {
            Registry::Etcd(etcd) => {
                let told = etcd.ctl(&["get", "--prefix", "/reconf/"]);
                let lines: Vec<&str> = told.lines().collect();
                let pairs = lines.chunks(2);
                pairs
                    .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
                    .collect()
            }
            Registry::Directory(folder) => {
                let mut all = BTreeMap::new();
                for file in files(folder.path()) {
                    for (key, entry) in file["keys"].as_object().unwrap() {
                        let value = entry["value"].as_str().unwrap();
                        all.insert(key.clone(), value.to_owned());
                    }
                }
                all
            }
        }
    }

    /// The keys without `/reconf/v1/`, and without those of `applied/`, which say what nodes run with.
    fn said(&self) -> Vec<String> {
        let keys = self.keys().into_keys();
        let short = keys.map(|key| key.replacen("/reconf/v1/", "", 1));
        short.filter(|key| !key.contains("/applied/")).collect()
    }
}

/// The embedded registry's files.
fn files(folder: &Path) -> Vec<Value> {
    let list = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path());
    list.filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

/// Where the conf of `id` is on `node`, relative to its root.
fn conf(id: &str) -> String {
    format!("etc/services.d/{id}.conf")
}

/// The environment that four shells and `exec` find in the conf of `id`: the same for all, or the test fails.
#[track_caller]
fn environment(node: &Scenario, id: &str) -> Environment {
    let ran = node.command(&["exec", "--pristine", id, "--", "/usr/bin/env", "-0"]);
    let executed = environment_of(ran);
    for shell in SHELLS {
        let sourced = shell.source(&node.path(&conf(id)));
        assert_eq!(sourced, executed, "{}", shell.name);
    }
    executed
}

/// The value of one variable of a conf, as [`environment`] finds it; empty if it is not set.
#[track_caller]
fn value(node: &Scenario, id: &str, name: &str) -> String {
    let value = environment(node, id).remove(name).unwrap_or_default();
    String::from_utf8(value).unwrap()
}

/// Runs commands that are to end with 0, whatever they say.
#[track_caller]
fn all_succeed(node: &Scenario, commands: &[&str]) {
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let _done = node.run(&words).exits(0);
    }
}
