//! What is found on a node and in its registry: files, keys, and what a run changed of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::STATE;
use crate::harness::scenario::{Run, Scenario};

/// The JSON of a file.
pub(super) fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The bytes of a file, or of each file of a folder.
pub(super) fn bytes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(list) = fs::read_dir(path) else {
        return BTreeMap::from([(String::new(), fs::read(path).unwrap())]);
    };
    list.map(Result::unwrap)
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The JSON files below a folder of the state, by their path from the root.
pub(super) fn files(node: &Scenario, folder: &str) -> BTreeMap<String, Value> {
    let list = fs::read_dir(node.path(folder)).unwrap();
    let names = list.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let json = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "json"));
    json.map(|name| format!("{folder}/{name}"))
        .map(|path| (path.clone(), read(&node.path(&path))))
        .collect()
}

/// The keys of a federation that have not expired, without `expires`, which every announce moves.
pub(super) fn keys(node: &Scenario, federation: &str) -> BTreeMap<String, Value> {
    let file = read(&node.path(&format!("{STATE}/registry/{federation}.json")));
    let mut keys = BTreeMap::new();
    for (key, record) in file["keys"].as_object().unwrap() {
        let mut record = record.as_object().unwrap().clone();
        let expires = record.remove("expires").unwrap_or_default();
        if !expires
            .as_str()
            .is_some_and(|time| time.starts_with("2020-"))
        {
            let short = key.replacen(&format!("/reconf/v1/{federation}/"), "", 1);
            keys.insert(short, Value::Object(record));
        }
    }
    keys
}

/// Compares the keys of a federation: `-` is gone, `+` is new, `~` has another record.
pub(super) fn changes(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Vec<String> {
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |key: &String| match (before.get(key), after.get(key)) {
        (Some(_), None) => Some(format!("- {key}")),
        (None, Some(_)) => Some(format!("+ {key}")),
        (old, new) => (old != new).then(|| format!("~ {key}")),
    };
    all.into_iter().filter_map(change).collect()
}

/// The paths that a run changed below the root, without locks.
pub(super) fn written(run: &Run) -> Vec<String> {
    let lasting = run.changes.iter().filter(|c| !c.path.starts_with("run"));
    lasting
        .map(|change| change.path.display().to_string())
        .collect()
}

/// The keys that the states have announced or owe to withdraw, without `/reconf/v1/`.
pub(super) fn recorded(node: &Scenario) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for state in files(node, &format!("{STATE}/services")).values() {
        for map in ["announced", "withdrawing"] {
            let all = state[map].as_object().unwrap().keys();
            keys.extend(all.map(|key| key.replacen("/reconf/v1/", "", 1)));
        }
    }
    keys
}
