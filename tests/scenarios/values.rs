//! Whatever a value holds, it arrives as it is: announced, read, rendered, sourced and executed; and none runs as code.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Fleet, all_succeed, environment, on_both};
use crate::harness::{
    shells::Environment,
    values::{CANARY, random},
};

/// For each variable, a pair that makes a member of a manifest.
fn members(values: &Environment, member: impl Fn(&str, &[u8]) -> (String, String)) -> Value {
    let text = |(name, value): (&String, &Vec<u8>)| {
        let (name, value) = member(name, value);
        (name, Value::from(value))
    };
    values.iter().map(text).collect::<Map<_, _>>().into()
}

fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).unwrap()
}

/// The same thousand values for a test run.
fn thousand() -> Environment {
    let drawn = random(1000).into_iter().enumerate();
    let values: Environment = drawn
        .map(|(number, value)| (format!("V{number}"), value.into_bytes()))
        .collect();
    assert_eq!(values.len(), 1000);
    values
}

/// What provides `announced`, what has `stored` as datastores, and what requires all of them.
fn texts(announced: &Environment, stored: &Environment) -> [String; 3] {
    let plain = |name: &str, value: &[u8]| (name.to_owned(), text(value));
    let offer = |name: &str, _: &[u8]| (format!("P_{name}"), format!("{{{name}}}"));
    let datastore = |name: &str, value: &[u8]| (format!("P_{name}"), text(value));
    let need = |name: &str, _: &[u8]| (name.to_owned(), format!("{{P_{name}}}"));
    let all = announced.iter().chain(stored);
    let all: Environment = all
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let provider = json!({
        "id": "provider",
        "environment": members(announced, plain),
        "provides": members(announced, offer),
    });
    let datastores = json!({ "datastores": members(stored, datastore) });
    let consumer = json!({ "id": "consumer", "requires": members(&all, need) });
    [provider, datastores, consumer].map(|json| json.to_string())
}

#[test]
fn a_thousand_values_go_through_the_registry_and_arrive_as_they_are() {
    let values = thousand();
    let is_even = |(name, _): &(String, Vec<u8>)| name.ends_with(['0', '2', '4', '6', '8']);
    let (announced, stored) = values.clone().into_iter().partition(is_even);
    let [provider, datastores, consumer] = texts(&announced, &stored);
    on_both(|fleet| {
        let from = fleet.node("api01").manifest("provider", &provider);
        let to = fleet.node("web01").manifest("consumer", &consumer);
        let to = to.datastores(&datastores);
        all_succeed(&from, &["render provider", "announce provider"]);
        all_succeed(&to, &["render consumer"]);
        let written = environment(&from, "provider");
        assert!(written == announced, "a written value differs");
        let arrived = environment(&to, "consumer");
        for (name, value) in &values {
            assert_eq!(
                arrived.get(name),
                Some(value),
                "{name} of {:?}",
                text(value)
            );
        }
        assert_eq!(arrived.len(), values.len());
        for folder in [&from.path(""), &to.path(""), Path::new("/")] {
            assert!(!folder.join(CANARY).exists(), "a value ran as code");
        }
        let revision = fleet.revision();
        let _again = from
            .run(&["announce", "provider"])
            .changes_nothing()
            .exits(0);
        let _again = to.run(&["render", "consumer"]).changes_nothing().exits(0);
        assert_eq!(fleet.revision(), revision);
    });
}

/// The registry is there: to try it again, or elsewhere, would not help.
#[test]
fn what_is_too_large_for_the_registry_is_for_the_manifest_to_mend() {
    let fleet = Fleet::etcd();
    // Beyond what etcd takes, and beyond what its transport takes; a value is announced together with its pattern.
    for (kilobytes, reason) in [
        (900, "request is too large"),
        (2048, "message larger than max"),
    ] {
        let large = "x".repeat(kilobytes * 1024);
        let large = format!(r#"{{"id": "large", "provides": {{"LARGE": "{large}"}}}}"#);
        let small = r#"{"id": "small", "provides": {"SMALL": "x"}}"#;
        let node = fleet
            .node("web01")
            .manifest("large", &large)
            .manifest("small", small);
        let told = node.run(&["announce", "--all"]).exits(65).text();
        assert!(
            told.contains("error: this is too large for the registry\n"),
            "{told}"
        );
        assert!(told.contains(reason), "{told}");
        assert!(
            told.contains("the announcements of `large`\nhint: let the manifest"),
            "{told}"
        );
        assert_eq!(
            fleet.announced(),
            ["default/provides/SMALL/default/small@web01"]
        );
    }
}
