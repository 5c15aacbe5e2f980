//! Nodes that share a registry: each node is a folder, and the registry an etcd or a folder.

use std::{
    collections::BTreeMap,
    panic,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use serde_json::json;
use tempfile::TempDir;

use super::{
    etcd::{Etcd, shared},
    registry::Registry,
    scenario::Scenario,
};

/// The federation of nodes that say nothing of one.
const DEFAULT: &str = "default";

/// A registry, and the federation in it to which the nodes belong.
pub(crate) struct Fleet {
    place: Place,
    federation: String,
}

/// Where the registry is.
enum Place {
    Etcd(Box<Etcd>),
    Embedded(TempDir),
    /// Wherever that is, the caller or the whole run keeps it.
    At(String),
}

/// Runs a test with each of the registries, each time from nothing, both at the same time.
pub(crate) fn on_both(test: impl Fn(&Fleet) + Sync) {
    thread::scope(|scope| {
        let embedded = scope.spawn(|| test(&Fleet::embedded()));
        test(&Fleet::etcd());
        if let Err(panic) = embedded.join() {
            panic::resume_unwind(panic);
        }
    });
}

impl Fleet {
    /// With an etcd of its own.
    pub(crate) fn etcd() -> Self {
        Self {
            place: Place::Etcd(Box::new(Etcd::start())),
            federation: DEFAULT.to_owned(),
        }
    }

    /// With an embedded registry of its own.
    pub(crate) fn embedded() -> Self {
        Self {
            place: Place::Embedded(tempfile::tempdir().unwrap()),
            federation: DEFAULT.to_owned(),
        }
    }

    /// With a federation of its own in the etcd that all tests share.
    pub(crate) fn shared() -> Self {
        Self::at(shared().url())
    }

    /// With a federation of its own in the registry at `location`.
    pub(crate) fn at(location: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::in_federation(location, &format!("fleet{number}"))
    }

    /// In a federation that others may share.
    pub(crate) fn in_federation(location: &str, federation: &str) -> Self {
        Self {
            place: Place::At(location.to_owned()),
            federation: federation.to_owned(),
        }
    }

    /// A node of that name, which waits long for its registry.
    pub(crate) fn node(&self, name: &str) -> Scenario {
        let node = Scenario::new()
            .env("RECONF_NODE", name)
            .env("RECONF_TIMEOUT", "20s")
            .registry(&self.location());
        if self.federation == DEFAULT {
            node
        } else {
            node.env("RECONF_FEDERATION", &self.federation)
        }
    }

    /// What `--registry` names it.
    pub(crate) fn location(&self) -> String {
        match &self.place {
            Place::Etcd(etcd) => etcd.url().to_owned(),
            Place::Embedded(folder) => format!("dir:{}", folder.path().display()),
            Place::At(location) => location.clone(),
        }
    }

    /// The federation of its nodes.
    pub(crate) fn federation(&self) -> &str {
        &self.federation
    }

    /// The etcd that it has for itself.
    pub(crate) fn own_etcd(&self) -> Option<&Etcd> {
        match &self.place {
            Place::Etcd(etcd) => Some(etcd),
            Place::Embedded(_) | Place::At(_) => None,
        }
    }

    /// The same, to end it or to start it again.
    #[track_caller]
    pub(crate) fn own_etcd_mut(&mut self) -> &mut Etcd {
        match &mut self.place {
            Place::Etcd(etcd) => etcd,
            Place::Embedded(_) | Place::At(_) => panic!("it has no etcd for itself"),
        }
    }

    /// A connection to its registry.
    pub(crate) fn registry(&self) -> Registry {
        Registry::at(&self.location())
    }

    /// The registry's revision: it grows with every write, whatever is written.
    pub(crate) fn revision(&self) -> i64 {
        self.registry().revision()
    }

    /// Every key with its value: of all federations, if the registry is its own.
    pub(crate) fn keys(&self) -> BTreeMap<String, String> {
        let prefix = match self.place {
            Place::Etcd(_) | Place::Embedded(_) => "/reconf/".to_owned(),
            Place::At(_) => format!("/reconf/v1/{}/", self.federation),
        };
        self.registry().keys(&prefix)
    }

    /// The keys without `/reconf/v1/`, and without those of `applied/` and `nodes/`, which say what nodes run with.
    pub(crate) fn announced(&self) -> Vec<String> {
        let keys = self.keys().into_keys();
        let short = keys.map(|key| key.replacen("/reconf/v1/", "", 1));
        let is_announced = |key: &String| !key.contains("/applied/") && !key.contains("/nodes/");
        short.filter(is_announced).collect()
    }

    /// The key at which service `db` of that node announces a name.
    pub(crate) fn key(&self, node: &str, name: &str) -> String {
        let federation = &self.federation;
        format!("/reconf/v1/{federation}/provides/{name}/default/db@{node}")
    }

    /// The beginning of the keys of the slots in which its nodes provision.
    pub(crate) fn slots(&self) -> String {
        format!("/reconf/v1/{}/slots/", self.federation)
    }

    /// Has service `db` of that node announce a name, past reconf; returns the revision.
    pub(crate) fn announce(&self, node: &str, name: &str, value: &str) -> i64 {
        self.announce_through(&mut self.registry(), node, name, value)
    }

    /// The same through a connection that was made before, for many.
    pub(crate) fn announce_through(
        &self,
        registry: &mut Registry,
        node: &str,
        name: &str,
        value: &str,
    ) -> i64 {
        let announcement = json!({
            "value": value, "pattern": value, "host": "10.0.0.9", "port": null, "local_port": null,
            "service": "db", "node": node, "public": false, "since": "2026-01-01T00:00:00Z",
        });
        let key = self.key(node, name);
        registry.put(&self.federation, &key, &announcement.to_string())
    }
}

/// Runs commands that are to end with 0, whatever they say.
#[track_caller]
pub(crate) fn all_succeed(node: &Scenario, commands: &[&str]) {
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let _done = node.run(&words).exits(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DB: &str =
        r#"{"id": "db", "federation": "FLEET", "provides": {"DB_URL": "db://{NODE}"}}"#;

    #[test]
    fn fleets_in_one_registry_do_not_see_each_other_and_nodes_of_one_do() {
        for fleet in [Fleet::etcd(), Fleet::embedded(), Fleet::shared()] {
            let node = fleet.node("db01");
            let node = node.manifest("db", &DB.replace("FLEET", fleet.federation()));
            all_succeed(&node, &["announce db"]);
            let before = fleet.revision();
            assert!(fleet.announce("db02", "DB_URL", "other") > before);
            let federation = fleet.federation();
            let keys = ["db01", "db02"].map(|node| fleet.key(node, "DB_URL"));
            assert_eq!(fleet.keys().into_keys().collect::<Vec<_>>(), keys);
            let announced = fleet.announced().remove(0);
            assert_eq!(
                announced,
                format!("{federation}/provides/DB_URL/default/db@db01")
            );
            let listed = fleet.node("web01").run(&["ls", "DB_URL"]).exits(0).text();
            assert!(
                listed.contains("db01") && listed.contains("db02"),
                "{listed}"
            );
        }
    }
}
