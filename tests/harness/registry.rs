//! Reads and writes of a registry past reconf, as the contract has it (docs/design.md section 5): what other nodes do, and
//! what is really there.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use etcd_client::{Client, GetOptions, GetResponse, PutOptions};
use serde_json::{Map, Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

/// How long a call may take on a busy machine.
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

    /// Sets a key that etcd deletes by itself after so many seconds; etcd grants no fewer than 2.
    pub(crate) fn put_for(&mut self, seconds: i64, key: &str, value: &str) {
        let Self::Etcd(client, runtime) = self else {
            panic!("an embedded registry has no leases");
        };
        let writing = async {
            let lease = client.lease_grant(seconds, None).await?.id();
            let options = PutOptions::new().with_lease(lease);
            client.put(key, value, Some(options)).await
        };
        let writing = async { timeout(LONG, writing).await };
        runtime.block_on(writing).unwrap().unwrap();
    }

    /// Deletes a key of a federation, as the end of a lease does.
    pub(crate) fn delete(&mut self, federation: &str, key: &str) {
        match self {
            Self::Etcd(client, runtime) => {
                let deleting = async { timeout(LONG, client.delete(key, None)).await };
                runtime.block_on(deleting).unwrap().unwrap();
            }
            Self::Embedded(folder) => {
                change_file(folder, federation, |keys, _| {
                    keys.remove(key);
                });
            }
        }
    }

    /// Every key that begins so, with its value.
    pub(crate) fn keys(&mut self, prefix: &str) -> BTreeMap<String, String> {
        match self {
            Self::Etcd(client, runtime) => {
                let found = get(client, runtime, prefix);
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let pairs = found.kvs().iter();
                pairs.map(|kv| (text(kv.key()), text(kv.value()))).collect()
            }
            Self::Embedded(folder) => {
                let files = files(folder);
                let all = files.iter().flat_map(keys_of);
                all.filter(|(key, _)| key.starts_with(prefix)).collect()
            }
        }
    }

    /// The revision: it grows with every write, whatever is written.
    pub(crate) fn revision(&mut self) -> i64 {
        match self {
            Self::Etcd(client, runtime) => {
                get(client, runtime, "none").header().unwrap().revision()
            }
            Self::Embedded(folder) => {
                let revision = |file: &Value| file["revision"].as_i64().unwrap();
                files(folder).iter().map(revision).sum()
            }
        }
    }
}

fn get(client: &mut Client, runtime: &Runtime, prefix: &str) -> GetResponse {
    let options = GetOptions::new().with_prefix();
    let reading = async { timeout(LONG, client.get(prefix, Some(options))).await };
    runtime.block_on(reading).unwrap().unwrap()
}

/// The files of an embedded registry; none before the first write.
fn files(folder: &Path) -> Vec<Value> {
    let Ok(list) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = list.map(|item| item.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    files
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

fn keys_of(file: &Value) -> Vec<(String, String)> {
    let keys = file["keys"].as_object().unwrap();
    let value = |entry: &Value| entry["value"].as_str().unwrap().to_owned();
    keys.iter()
        .map(|(key, entry)| (key.clone(), value(entry)))
        .collect()
}

fn put_in_file(folder: &Path, federation: &str, key: &str, value: &str) -> i64 {
    change_file(folder, federation, |keys, revision| {
        keys.insert(key.into(), json!({"value": value, "revision": revision}));
    })
}

/// Changes the keys of a federation at a new revision, which it returns.
fn change_file(
    folder: &Path,
    federation: &str,
    change: impl FnOnce(&mut Map<String, Value>, i64),
) -> i64 {
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
    change(contents["keys"].as_object_mut().unwrap(), revision);
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
    fn both_registries_take_a_write_count_it_and_give_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = format!("dir:{}", folder.path().display());
        for location in [embedded.as_str(), shared().url()] {
            let mut registry = Registry::at(location);
            let first = registry.put("harness", "/reconf/v1/harness/a", "1");
            let second = Registry::at(location).put("harness", "/reconf/v1/harness/b", "2");
            assert!(second > first, "{location}");
            assert!(registry.revision() >= second, "{location}");
            let third = registry.put("harness", "/reconf/v1/harness/c", "3");
            registry.delete("harness", "/reconf/v1/harness/c");
            assert!(registry.revision() > third, "{location}");
            let found = registry.keys("/reconf/v1/harness/");
            let expected = [("a", "1"), ("b", "2")];
            let expected = expected.map(|(k, v)| (format!("/reconf/v1/harness/{k}"), v.to_owned()));
            assert_eq!(found, expected.into(), "{location}");
        }
        let kept = fs::read_to_string(folder.path().join("harness.json")).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let a = json!({"value": "1", "revision": 1});
        assert_eq!(kept["keys"]["/reconf/v1/harness/a"], a);
    }
}
