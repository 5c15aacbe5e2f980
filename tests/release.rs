//! The binary reads, renders, announces and withdraws what the previous release, commit 66c5c83, wrote on a node, and
//! writes it back under the same names (docs/design.md).
//!
//! `golden/release-66c5c83/README.md` says how the files were made. No lease in them expires by the clock, so that the
//! test does not depend on the day.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{
    etcd::refused,
    scenario::{Run, Scenario},
    shells::environment_of,
    wait::until,
};

const STATE: &str = "var/lib/reconf";
const FEDERATIONS: [&str; 2] = ["pivotly", "seatgeek"];

/// The TTL with which the release announced.
const TTL: &str = "87600h";

/// The words for the variants of enumerations, whose names must not change either.
const WORDS: [&str; 5] = ["done", "hand", "insisted", "manifest", "under-way"];

/// A node as the release left it. Only `node.json` has its address, so that every test needs it to be read.
fn node() -> Scenario {
    let node = Scenario::new()
        .without("RECONF_HOST")
        .env("RECONF_TIMEOUT", "20s");
    copy(&golden(), &node.path(""), Path::new(""));
    node
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/release-66c5c83/web01")
}

/// Copies a folder that is `inside` the root, with the modes that the release sets, since Git does not keep them.
fn copy(from: &Path, to: &Path, inside: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let inside = inside.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            symlink(fs::read_link(&source).unwrap(), &target).unwrap();
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&source, &target, &inside);
        } else {
            fs::write(&target, fs::read(&source).unwrap()).unwrap();
        }
        let mode = mode(&inside, kind.is_dir());
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn mode(inside: &Path, folder: bool) -> u32 {
    let confs = inside.starts_with("etc/services.d") && inside != Path::new("etc/services.d");
    let tasks = inside.starts_with(format!("{STATE}/tasks"));
    let state = inside.starts_with(STATE) && inside != Path::new(STATE);
    match (confs, tasks, state, folder) {
        (true, _, _, true) => 0o750,
        (true, _, _, false) | (_, true, _, false) => 0o640,
        (_, false, true, true) => 0o700,
        (_, false, true, false) => 0o600,
        (.., true) => 0o755,
        (.., false) => 0o644,
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The bytes of a file, or of each file of a folder.
fn bytes(path: &Path) -> BTreeMap<String, Vec<u8>> {
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
fn files(node: &Scenario, folder: &str) -> BTreeMap<String, Value> {
    let list = fs::read_dir(node.path(folder)).unwrap();
    let names = list.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let json = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "json"));
    json.map(|name| format!("{folder}/{name}"))
        .map(|path| (path.clone(), read(&node.path(&path))))
        .collect()
}

/// The keys of a federation that have not expired, without `expires`, which every announce moves.
fn keys(node: &Scenario, federation: &str) -> BTreeMap<String, Value> {
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
fn changes(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |key: &String| match (before.get(key), after.get(key)) {
        (Some(_), None) => Some(format!("- {key}")),
        (None, Some(_)) => Some(format!("+ {key}")),
        (old, new) => (old != new).then(|| format!("~ {key}")),
    };
    all.into_iter().filter_map(change).collect()
}

/// The paths that a run changed below the root, without locks.
fn written(run: &Run) -> Vec<String> {
    let lasting = run.changes.iter().filter(|c| !c.path.starts_with("run"));
    lasting
        .map(|change| change.path.display().to_string())
        .collect()
}

/// The keys that the states have announced or owe to withdraw, without `/reconf/v1/`.
fn recorded(node: &Scenario) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for state in files(node, &format!("{STATE}/services")).values() {
        for map in ["announced", "withdrawing"] {
            let all = state[map].as_object().unwrap().keys();
            keys.extend(all.map(|key| key.replacen("/reconf/v1/", "", 1)));
        }
    }
    keys
}

/// The embedded registry of a federation.
fn registry(federation: &str) -> String {
    format!("{STATE}/registry/{federation}.json")
}

#[test]
fn every_conf_is_rendered_as_it_is() {
    let node = node();
    // The release did not publish which version it is.
    let first = node.run(&["render", "--all"]).exits(0);
    assert_eq!(written(&first), FEDERATIONS.map(registry));
    let run = node.run(&["render", "--all", "--output", "json"]).exits(0);
    assert_eq!(written(&run), [""; 0], "{}", run.text());
    let reports: Vec<Value> = run
        .output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let services = |is: &str| -> Vec<&str> {
        let all = reports
            .iter()
            .filter(|report| is.is_empty() || report[is] == true);
        all.map(|report| report["service"].as_str().unwrap())
            .collect()
    };
    assert_eq!(
        services(""),
        [
            "api", "app-www", "billing", "jobs", "mailer", "notify", "search"
        ]
    );
    // A conf that is not yet applied counts as changed until it is.
    assert_eq!(
        (services("changed"), services("pending")),
        (vec!["api"], vec!["api"])
    );
    // The provider of GEO_URL has expired.
    assert_eq!(services("degraded"), ["app-www"]);
    // Rendered anew, each file has the bytes that the release wrote.
    let confs = golden().join("etc/services.d");
    fs::remove_dir_all(node.path("etc/services.d")).unwrap();
    let _written = node.run(&["render", "--all"]).exits(0);
    for entry in fs::read_dir(confs).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        // Hidden names are random, and one service has no manifest any more.
        if !name.starts_with('.') && name != "old.conf" {
            let path = node.path(&format!("etc/services.d/{name}"));
            assert_eq!(bytes(&path), bytes(&entry.path()), "{name}");
        }
    }
}

#[test]
fn commands_run_with_the_conf_that_is_there() {
    let node = node();
    let ran = environment_of(node.command(&["exec", "--pristine", "app-www", "--", "env", "-0"]));
    let ran: BTreeMap<String, String> = ran
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8(value).unwrap()))
        .collect();
    // The release wrote the same environment as JSON beside the conf.
    assert_eq!(
        json!(ran),
        read(&golden().join("etc/services.d/app-www.json"))
    );
    let run = node.run(&["applied", "api"]).exits(0);
    let after = [
        "applied/api.conf",
        "registry/seatgeek.json",
        "services/api.json",
    ];
    assert_eq!(written(&run), after.map(|path| format!("{STATE}/{path}")));
    let state = read(&node.path(&format!("{STATE}/services/api.json")));
    assert_eq!(
        (&state["pending"], &state["sources"]),
        (&json!(false), &Value::Null)
    );
    // The release kept what the conf was made of; now that is published.
    let published = &keys(&node, "seatgeek")["applied/web01/api"]["value"];
    assert!(
        published
            .as_str()
            .unwrap()
            .ends_with("/cache@cache01\",21]]}"),
        "{published}"
    );
}

#[test]
fn announcing_writes_what_is_owed_and_nothing_else() {
    let node = node();
    let before = FEDERATIONS.map(|federation| keys(&node, federation));
    let run = node.run(&["announce", "--all", "--ttl", TTL]).exits(0);
    let after = FEDERATIONS.map(|federation| keys(&node, federation));
    assert_eq!(
        changes(&before[0], &after[0]),
        [
            "- provides/BILLING_URL/us-east-1/billing@web01",
            "- provides/BULK_MAIL_URL/us-east-1/mailer@web01",
            "~ provides/MAIL_URL/us-east-1/mailer@web01",
            "+ provides/NOTIFY_URL/us-east-1/notify@web01",
            "+ withdrawn/BILLING_URL/us-east-1/billing@web01",
            "+ withdrawn/BULK_MAIL_URL/us-east-1/mailer@web01",
        ]
    );
    assert_eq!(changes(&before[1], &after[1]), [""; 0]);
    let owing = ["billing", "mailer", "notify"].map(|id| format!("services/{id}.json"));
    let registry = FEDERATIONS.map(|federation| format!("registry/{federation}.json"));
    let expected = registry.iter().chain(&owing);
    let expected: Vec<_> = expected.map(|path| format!("{STATE}/{path}")).collect();
    assert_eq!(written(&run), expected, "{}", run.text());
    for (path, state) in files(&node, &format!("{STATE}/services")) {
        assert_eq!(state["withdrawing"], json!({}), "{path}");
        for announced in state["announced"].as_object().unwrap().values() {
            assert_eq!(announced["outcome"], "done", "{path}");
            assert_ne!(announced["revision"], 0, "{path}");
        }
    }
    let again = node.run(&["announce", "--all", "--ttl", TTL]).exits(0);
    // Only the leases are kept alive.
    assert_eq!(written(&again), expected[..2], "{}", again.text());
    assert_eq!(FEDERATIONS.map(|federation| keys(&node, federation)), after);
}

#[test]
fn withdrawing_takes_back_exactly_what_was_announced() {
    let node = node();
    let before = FEDERATIONS.map(|federation| keys(&node, federation));
    let recorded = recorded(&node);
    assert_eq!(recorded.len(), 9, "{recorded:?}");
    // web02 has applied OLD_URL, which nobody else announces.
    let _refused = node.run(&["withdraw", "--all"]).exits(75);
    let _done = node.run(&["withdraw", "--all", "--last"]).exits(0);
    let mut tombstones = BTreeSet::new();
    for (federation, before) in FEDERATIONS.iter().zip(before) {
        for change in changes(&before, &keys(&node, federation)) {
            let (what, key) = change.split_once(' ').unwrap();
            assert!(key.contains("web01"), "{change}");
            if what == "+" {
                let provided = key.replacen("withdrawn/", "provides/", 1);
                tombstones.insert(format!("{federation}/{provided}"));
            } else {
                // Nothing stays of the service that has no manifest.
                let mine = recorded.contains(&format!("{federation}/{key}"));
                assert!(
                    what == "-" && (mine || key == "applied/web01/old"),
                    "{change}"
                );
            }
        }
    }
    assert_eq!(tombstones, recorded);
    for (path, state) in files(&node, &format!("{STATE}/services")) {
        assert_eq!(
            (&state["announced"], &state["held"]),
            (&json!({}), &json!(true)),
            "{path}"
        );
    }
    assert!(!node.path(&format!("{STATE}/services/old.json")).exists());
}

#[test]
fn switch_stamp_and_address_are_read() {
    let node = node();
    let status = node
        .run(&["listen", "status", "--output", "json"])
        .succeeds();
    let status: Value = serde_json::from_str(&status).unwrap();
    let golden = |name: &str| read(&golden().join(STATE).join(name));
    let (switch, mut stamp) = (golden("listen.json"), golden("provision.json"));
    assert_eq!(status["on"], false);
    for key in ["since", "until", "reason"] {
        assert_eq!(status[key], switch[key], "{key}");
    }
    stamp.as_object_mut().unwrap().remove("version");
    assert_eq!(status["last"], stamp);

    let config = node.run(&["config", "--output", "json"]).succeeds();
    let value = |key: &str| {
        let rows = config.lines().map(|row| serde_json::from_str(row).unwrap());
        let row = rows.into_iter().find(|row: &Value| row["key"] == key);
        row.unwrap()["value"].clone()
    };
    assert_eq!(value("host"), "10.0.0.5");
    assert_eq!(value("regions"), "us-east-1,us-west-2");
    assert_eq!(value("federations"), "seatgeek,pivotly");
}

/// Names that the release did not write, and ignores.
const ADDED: [&str; 8] = [
    "var/lib/reconf/services held_ttl",
    "var/lib/reconf/services hold ",
    "var/lib/reconf/services edits ",
    "var/lib/reconf/services configuration",
    "var/lib/reconf/registry keys nodes ",
    "var/lib/reconf/provision.json process boot",
    "var/lib/reconf/provision.json process pid",
    "var/lib/reconf/provision.json process start",
];

#[test]
fn no_name_in_state_or_registry_changes() {
    let node = node();
    // Another TTL rewrites every announcement and its state.
    run(&node, &["announce", "--all", "--ttl", "1h"], 0);
    provision(&node);
    learn(&node);
    owe(&node);
    for folder in ["", "/services", "/known", "/registry"] {
        let folder = format!("{STATE}{folder}");
        let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
        for (path, after) in files(&node, &folder) {
            let before = read(&golden().join(&path));
            // Written only where an etcd answers; every test reads it.
            if path.ends_with("/node.json") {
                continue;
            }
            let kind = if folder == STATE { &path } else { &folder };
            names(&before, kind, &mut old);
            if after != before {
                names(&after, kind, &mut new);
            }
        }
        new.retain(|name| !ADDED.iter().any(|added| name.starts_with(added)));
        assert_eq!(new, old, "{folder}");
    }
}

#[track_caller]
fn run(node: &Scenario, arguments: &[&str], status: i32) {
    let _ended = node.run(arguments).exits(status);
}

/// Rewrites the listener's switch and stamp.
fn provision(node: &Scenario) {
    run(node, &["listen", "on"], 0);
    let mut listener = node.command(&["listen"]);
    let listener = listener.stdout(Stdio::null()).stderr(Stdio::null());
    let listener = Killed(listener.spawn().unwrap());
    let stamp = node.path(&format!("{STATE}/provision.json"));
    until("the provision has ended", || {
        (read(&stamp)["exit"] == 0).then_some(())
    });
    drop(listener);
    run(
        node,
        &["listen", "off", "--for", "1h", "--reason", "again"],
        0,
    );
}

/// Rewrites the last known values: the provider that had expired announces again.
fn learn(node: &Scenario) {
    let registry = node.path(&format!("{STATE}/registry"));
    let geo =
        r#"{"id": "geo", "federation": "seatgeek", "provides": {"GEO_URL": "http://{HOST}"}}"#;
    let other = Scenario::new()
        .manifest("geo", geo)
        .env("RECONF_FEDERATION", "seatgeek")
        .env("RECONF_NODE", "geo01")
        .env("RECONF_REGION", "us-east-1")
        .registry(&format!("dir:{}", registry.display()));
    run(&other, &["announce", "geo"], 0);
    run(node, &["render", "app-www"], 0);
}

/// Rewrites states that owe something, in every way in which they can.
fn owe(node: &Scenario) {
    let away = refused();
    run(node, &["withdraw", "app-www", "--registry", &away], 69);
    run(node, &["announce", "billing", "--registry", &away], 69);
    node.put(
        "etc/reconf/services/mailer.json",
        r#"{"id": "mailer", "federation": "pivotly", "provides": {"POST_URL": "smtp://{HOST}"}}"#,
    );
    let keep = [
        "announce",
        "mailer",
        "--keep-withdrawn",
        "--registry",
        &away,
    ];
    run(node, &keep, 69);
}

/// A process that ends with its test, even a failing one.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Collects the path of every field, with its value where that is one of [`WORDS`]. In a path, a registry key stands as
/// its kind, and any other key of a map as `*`: fields alone are lower case.
fn names(value: &Value, path: &str, all: &mut BTreeSet<String>) {
    let is_field = |key: &str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let name = match key.split('/').nth(4) {
                    Some(kind) => kind,
                    None if is_field(key) => key,
                    None => "*",
                };
                names(value, &format!("{path} {name}"), all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, path, all)),
        Value::String(text) if WORDS.contains(&&text[..]) => {
            all.insert(format!("{path}: {text}"));
        }
        // The registry holds records as text.
        Value::String(text) if text.starts_with("{\"") => {
            names(&serde_json::from_str(text).unwrap(), path, all);
        }
        _ => {
            all.insert(path.to_owned());
        }
    }
}
