//! Writes to a registry past reconf, as the contract has it (docs/design.md section 5): for what other nodes do.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use etcd_client::Client;
use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

/// How long a write may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A connection to etcd, or the folder of an embedded registry.
pub(crate) enum Registry {
    Etcd(Box<Client>, Runtime),
    Embedded(PathBuf),
}

impl Registry {
    /// Connects to what `RECONF_REGISTRY` names: one endpoint of etcd without TLS, or `dir:PATH`.
    pub(crate) fn at(location: &str) -> Self {
        if let Some(folder) = location.strip_prefix("dir:") {
            return Self::Embedded(folder.into());
        }
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connecting = async { timeout(LONG, Client::connect([location], None)).await };
        let client = runtime.block_on(connecting).unwrap().unwrap();
        Self::Etcd(Box::new(client), runtime)
    }

    /// Sets a key of a federation, without a lease, and returns the revision of the write.
    pub(crate) fn put(&mut self, federation: &str, key: &str, value: &str) -> i64 {
        match self {
            Self::Etcd(client, runtime) => {
                let writing = async { timeout(LONG, client.put(key, value, None)).await };
                let written = runtime.block_on(writing).unwrap().unwrap();
                written.header().unwrap().revision()
            }
            Self::Embedded(folder) => put_in_file(folder, federation, key, value),
        }
    }
}

fn put_in_file(folder: &Path, federation: &str, key: &str, value: &str) -> i64 {
    fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join(".lock")).unwrap();
    lock.lock().unwrap();
    let path = folder.join(format!("{federation}.json"));
    let mut contents: Value = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(_) => json!({"version": 1, "revision": 0, "keys": {}}),
    };
    let revision = contents["revision"].as_i64().unwrap() + 1;
    contents["revision"] = revision.into();
    contents["keys"][key] = json!({"value": value, "revision": revision});
    let next = folder.join(".new-test");
    fs::write(&next, contents.to_string()).unwrap();
    fs::rename(next, path).unwrap();
    revision
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::etcd::shared;

    #[test]
    fn both_registries_take_a_write_and_count_it() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = format!("dir:{}", folder.path().display());
        for location in [embedded.as_str(), shared().url()] {
            let mut registry = Registry::at(location);
            let first = registry.put("harness", "/reconf/v1/harness/a", "1");
            let second = Registry::at(location).put("harness", "/reconf/v1/harness/b", "2");
            assert!(second > first, "{location}");
        }
        let kept = fs::read_to_string(folder.path().join("harness.json")).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let a = json!({"value": "1", "revision": 1});
        assert_eq!(kept["keys"]["/reconf/v1/harness/a"], a);
    }
}
