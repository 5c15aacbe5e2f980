//! Whose state and whose keys: copied machines, and two machines with one name.

mod addresses;

use std::fs;

use serde_json::{Value, json};

use super::{Fleet, all_succeed, on_both};
use crate::harness::scenario::{Run, Scenario};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;
const DOCS: &str = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{HOST}/docs"}}"#;
const LIVE: &str = "default/provides/API_URL/default/api@api01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@api01";
const DOCS_LIVE: &str = "default/provides/DOCS_URL/default/docs@api01";

// Two machine-ids.
const ONE: &str = "0123456789abcdef0123456789abcdef";
const TWO: &str = "fedcba9876543210fedcba9876543210";

/// A machine with `api`.
fn machine(fleet: &Fleet, node: &str, host: &str, machine_id: &str) -> Scenario {
    let machine = fleet.node(node).manifest("api", API);
    machine
        .env("RECONF_HOST", host)
        .file("etc/machine-id", &format!("{machine_id}\n"))
}

/// A copy of a machine's disk, with a name, an address and a machine-id of its own.
fn copy(fleet: &Fleet, original: &Scenario, [node, host, id]: [&str; 3]) -> Scenario {
    let copy = machine(fleet, node, host, id);
    let from = original.path("");
    let script = format!(
        "cp -a {0}/var . && cp -a {0}/etc/reconf etc/",
        from.display()
    );
    let _copied = copy.sh(&script).exits(0);
    copy
}

fn node_state(machine: &Scenario) -> Value {
    let text = fs::read(machine.path("var/lib/reconf/node.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn service_state(machine: &Scenario, id: &str) -> Value {
    let path = format!("var/lib/reconf/services/{id}.json");
    let text = fs::read(machine.path(&path)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The address that a key of the registry has.
fn host(fleet: &Fleet, key: &str) -> String {
    let value: Value = serde_json::from_str(&fleet.keys()[&format!("/reconf/v1/{key}")]).unwrap();
    value["host"].as_str().unwrap().to_owned()
}

/// A run that leaves the key to the machine at that address, and says so.
#[track_caller]
fn leaves(run: Run, host: &str) {
    let told = run.exits(75).text();
    let expected = format!("another machine, at `{host}`, announces");
    assert!(told.contains(&expected), "{told}");
}

/// A dry run on a copied machine says so, and writes nothing.
#[track_caller]
fn only_looks(copied: &Scenario, verb: &str) {
    let looks = copied.run(&[verb, "--all", "--dry-run"]).changes_nothing();
    let told = looks.exits(0).text();
    assert!(
        told.contains("another machine's") && !told.contains("withdrawn API_URL"),
        "{told}"
    );
}

#[test]
fn a_copied_machine_withdraws_nothing_of_its_original() {
    on_both(|fleet| {
        let original = machine(fleet, "api01", "10.0.0.1", ONE).manifest("docs", DOCS);
        all_succeed(&original, &["apply --all", "withdraw docs"]);
        let before = fleet.keys();
        let copied = copy(fleet, &original, ["api02", "10.0.0.2", TWO]);
        only_looks(&copied, "announce");
        only_looks(&copied, "withdraw");
        assert_eq!(node_state(&copied)["machine_id"], ONE);

        let claims = copied.run(&["announce", "--all"]).exits(0).text();
        assert!(claims.contains("was another machine's"), "{claims}");
        for (key, value) in before {
            assert_eq!(fleet.keys().get(&key), Some(&value), "{key}");
        }
        // It announces its own, also what the original withdrew by hand.
        assert_eq!(
            host(fleet, "default/provides/API_URL/default/api@api02"),
            "10.0.0.2"
        );
        assert_eq!(
            host(fleet, "default/provides/DOCS_URL/default/docs@api02"),
            "10.0.0.2"
        );
        let state = node_state(&copied);
        assert_eq!(
            (&state["machine_id"], &state["copied"]),
            (&TWO.into(), &true.into())
        );
        let again = copied
            .run(&["announce", "--all"])
            .changes_nothing()
            .exits(0)
            .text();
        assert!(!again.contains("warning"), "{again}");
    });
}

#[test]
fn a_copied_machine_forgets_what_its_original_intended() {
    on_both(|fleet| {
        let original = machine(fleet, "api01", "10.0.0.1", ONE);
        all_succeed(&original, &["announce --all"]);
        let before = fleet.keys();
        let copied = copy(fleet, &original, ["api02", "10.0.0.2", TWO]);
        // As a withdrawal leaves it that was killed: of a service that has a state, and of one whose state is gone.
        let mut state = service_state(&copied, "api");
        state.as_object_mut().unwrap().remove("version");
        let key = "/reconf/v1/default/provides/API_URL/default/api@api01";
        let mut after = state.clone();
        after["withdrawing"] = json!({key: "hand"});
        let intended = json!({"before": state, "after": after});
        let services = json!({"api": intended, "gone": intended});
        let intents = json!({"version": 1, "services": services});
        let copied = copied.file("var/lib/reconf/intents.json", &intents.to_string());
        let claims = copied.run(&["render", "api"]).exits(0).text();
        assert!(claims.contains("was another machine's"), "{claims}");
        assert!(!copied.path("var/lib/reconf/intents.json").exists());
        all_succeed(&copied, &["announce --all"]);
        for (key, value) in before {
            assert_eq!(fleet.keys().get(&key), Some(&value), "{key}");
        }
    });
}

#[test]
fn a_copied_machine_forgets_what_its_original_balanced() {
    on_both(|fleet| {
        let original = machine(fleet, "api01", "10.0.0.1", ONE);
        all_succeed(&original, &["apply --all"]);
        let _off = original.run(&["balance", "off"]).exits(0);
        let copied = copy(fleet, &original, ["api02", "10.0.0.2", TWO]);
        let switch = copied.path("var/lib/reconf/balance.json");
        let _looks = copied.run(&["balance", "--dry-run"]).changes_nothing();
        assert!(switch.exists());
        let _claims = copied.run(&["announce", "--all"]).exits(0);
        assert!(!switch.exists());
    });
}

#[test]
fn a_state_is_claimed_by_whoever_has_a_machine_id_first() {
    on_both(|fleet| {
        let machine = machine(fleet, "api01", "10.0.0.1", "uninitialized");
        all_succeed(&machine, &["announce api"]);
        assert_eq!(node_state(&machine)["machine_id"], Value::Null);
        assert_eq!(node_state(&machine)["host"], "10.0.0.1");
        for (id, expected) in [(ONE, ONE), ("", ONE), ("uninitialized", ONE)] {
            machine.put("etc/machine-id", id);
            all_succeed(&machine, &["announce --all"]);
            assert_eq!(node_state(&machine)["machine_id"], expected);
        }
        let api = service_state(&machine, "api");
        assert_eq!(api["announced"].as_object().unwrap().len(), 1);
        let time = node_state(&machine)["read"].as_str().unwrap().len();
        assert_eq!(time, "2026-01-01T00:00:00Z".len());
    });
}

#[test]
fn of_two_machines_with_one_name_only_one_announces() {
    on_both(|fleet| {
        let first = machine(fleet, "api01", "10.0.0.1", ONE).manifest("docs", DOCS);
        let second = machine(fleet, "api01", "10.0.0.2", TWO).manifest("docs", DOCS);
        all_succeed(&first, &["announce --all"]);
        // It may be the same machine, built anew.
        all_succeed(&second, &["announce --all"]);
        let revision = fleet.revision();
        for command in [
            "announce --all",
            "announce api --keep-withdrawn",
            "apply --all",
        ] {
            leaves(
                first.run(&command.split(' ').collect::<Vec<_>>()),
                "10.0.0.2",
            );
            all_succeed(&second, &["announce --all"]);
        }
        assert_eq!(fleet.revision() - revision, 0);
        // Nor does a machine take one back that was withdrawn here.
        all_succeed(&first, &["withdraw docs"]);
        all_succeed(&second, &["announce docs"]);
        leaves(
            first.run(&["announce", "docs", "--keep-withdrawn"]),
            "10.0.0.2",
        );
        leaves(first.run(&["withdraw", "--all"]), "10.0.0.2");
        assert_eq!(host(fleet, DOCS_LIVE), "10.0.0.2");
        all_succeed(&first, &["announce api"]);
        assert_eq!(host(fleet, LIVE), "10.0.0.1");
        leaves(second.run(&["announce", "--all"]), "10.0.0.1");
        assert_eq!(host(fleet, DOCS_LIVE), "10.0.0.2");
    });
}

#[test]
fn a_copied_machine_with_the_same_name_takes_a_key_only_by_hand() {
    on_both(|fleet| {
        let original = machine(fleet, "api01", "10.0.0.1", ONE);
        all_succeed(&original, &["announce api"]);
        let copied = copy(fleet, &original, ["api01", "10.0.0.2", TWO]);
        leaves(copied.run(&["announce", "--all"]), "10.0.0.1");
        // Its state says nothing any more, and that is no reason to take over.
        leaves(copied.run(&["announce", "--all"]), "10.0.0.1");
        assert_eq!(host(fleet, LIVE), "10.0.0.1");
        all_succeed(&copied, &["announce api"]);
        assert_eq!(host(fleet, LIVE), "10.0.0.2");
        assert_eq!(node_state(&copied)["copied"], Value::Null);
        leaves(original.run(&["announce", "--all"]), "10.0.0.2");
    });
}

#[test]
fn what_an_earlier_name_announced_is_withdrawn_with_the_same_address_only() {
    on_both(|fleet| {
        for (name, address, left) in [("api08", "10.0.0.1", false), ("api09", "10.0.0.2", true)] {
            let machine = machine(fleet, "api01", "10.0.0.1", "");
            all_succeed(&machine, &["announce api"]);
            let renamed = machine.env("RECONF_NODE", name).env("RECONF_HOST", address);
            let told = renamed.run(&["announce", "--all"]).exits(0).text();
            let expected = "left `API_URL` of `api@api01` to the machine at `10.0.0.1`";
            assert_eq!(told.contains(expected), left, "{told}");
            let announced = fleet.announced();
            assert_eq!(announced.contains(&LIVE.to_owned()), left, "{announced:?}");
            assert_eq!(
                announced.contains(&TOMBSTONE.to_owned()),
                !left,
                "{announced:?}"
            );
            let _again = renamed
                .run(&["announce", "--all"])
                .changes_nothing()
                .exits(0);
        }
    });
}
