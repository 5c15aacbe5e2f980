//! The binary reads, renders, announces and withdraws what the previous release, commit 66c5c83, wrote on a node, and
//! writes it back under the same names (docs/design.md).
//!
//! `golden/release-66c5c83/README.md` says how the files were made. No lease in them expires by the clock, so that the
//! test does not depend on the day.

mod copied;
mod found;
mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};

use crate::harness::shells::environment_of;

use copied::{golden, node};
use found::{bytes, changes, files, keys, read, recorded, written};

const STATE: &str = "var/lib/reconf";
const FEDERATIONS: [&str; 2] = ["pivotly", "seatgeek"];

/// The TTL with which the release announced.
const TTL: &str = "87600h";

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
