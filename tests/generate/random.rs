//! A schema is never stricter than the parser, and as strict where a schema can be: in random documents.

use serde_json::Value;

use super::{beyond::BEYOND, generated, schemas::text};
use crate::harness::{
    json_schema::refusals,
    scenario::Scenario,
    seed::{self, Dice},
};

/// Values that are right somewhere and wrong elsewhere.
const VALUES: &str = r#"[null, true, false, 0, 1, -1, 8080, 65536, 1.5, 4294967296, "", "x", "X", "{A}", "{A|url}", "{HOST}", "{",
    "${A}", "{{A}}", "a{A}b}}", "5s", "5", "1h 30m", "0", "0s", "5x", "0640", "0777", "4755", "640", "all", "spread", "tcp", "http",
    "shell", "fail", "/abs", "a/b", ".hidden", "a b", "é", "a\u0000b", "a\nb", "10.0.0.5", "::1", "[::1]", "0.0.0.0", "a.example.com",
    "http://h:2379", "https://h:2379", "dir:/x", "http://u@h:1", "{file}", [], ["x"], [""], ["", "x"], ["/x", "{file}"], ["shell", "json"],
    ["http://h:2379"], ["dir:/x"], ["A"], [1], {}, {"value": "{A}"}, {"value": "{HOST}", "port": 1}, {"tcp": true}, {"path": "/x"},
    {"A": "x"}, {"A": null}, {"A": {}}]"#;

/// Keys that are right somewhere and wrong elsewhere.
const KEYS: [&str; 24] = [
    "value",
    "port",
    "mode",
    "owner",
    "command",
    "x-note",
    "UID",
    "A",
    "a-b",
    "",
    "RECONF_X",
    "LD_X",
    "PATH",
    "separator",
    "pick",
    "interval",
    "cert",
    "user",
    "datastores",
    "X_URL",
    "regions",
    "tcp",
    "names",
    "zzzzzzzz",
];

/// Changes one place of a document.
fn mutate(document: &mut Value, dice: &mut Dice) {
    let values: Vec<Value> = serde_json::from_str(VALUES).unwrap();
    let value = values[dice.roll(values.len())].clone();
    let mut place = document;
    loop {
        let size = match place {
            Value::Object(members) => members.len(),
            Value::Array(list) => list.len(),
            _ => 0,
        };
        if size == 0 || dice.roll(4) == 0 {
            break;
        }
        let index = dice.roll(size);
        place = match place {
            Value::Object(members) => members.values_mut().nth(index).unwrap(),
            Value::Array(list) => &mut list[index],
            _ => return,
        };
    }
    match place {
        Value::Object(members) if dice.roll(4) > 0 => {
            let key = KEYS[dice.roll(KEYS.len())].to_owned();
            let first = members.keys().next().cloned().unwrap_or_default();
            match dice.roll(3) {
                0 => drop(members.insert(key, value)),
                1 => drop(members.remove(&first)),
                _ => {
                    let member = members.remove(&first).unwrap_or(value);
                    members.insert(key, member);
                }
            }
        }
        Value::Array(list) if dice.roll(2) == 0 => list.push(value),
        other => *other = value,
    }
}

/// Documents that each differ from one of these in one place.
fn mutants(originals: &[String], count: usize) -> Vec<String> {
    let _printed = seed::config();
    let mut dice = Dice::new();
    let mut draw = || {
        let original = &originals[dice.roll(originals.len())];
        let mut document: Value = serde_json::from_str(original).unwrap();
        mutate(&mut document, &mut dice);
        document.to_string()
    };
    (0..count).map(|_| draw()).collect()
}

/// A schema is never stricter than the parser, and as strict where a schema can be.
fn agree(schema: &str, documents: &[String], said: &[Option<String>]) {
    let Some(refusals) = refusals(&generated(&["schema", schema]), documents) else {
        return;
    };
    let (mut refused, mut beyond) = (0, 0);
    for ((document, said), refusal) in documents.iter().zip(said).zip(&refusals) {
        match (said, refusal) {
            (None, Some(why)) => panic!("only the schema refuses {document}: {why}"),
            (Some(message), None) => {
                let known = BEYOND.iter().any(|fault| message.contains(fault.says));
                assert!(known, "only the parser refuses {document}: {message}");
                beyond += 1;
            }
            (Some(_), Some(_)) => refused += 1,
            (None, None) => {}
        }
    }
    assert!(
        refused > beyond && refused < documents.len(),
        "{refused} and {beyond}"
    );
}

/// What a render says of each of these manifests; nothing if it takes it. Returns them with ids of their own, too.
pub(super) fn said_of_manifests(documents: Vec<String>) -> (Vec<String>, Vec<Option<String>>) {
    let mut node = Scenario::new();
    let mut named = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        let mut value: Value = serde_json::from_str(&document).unwrap();
        let id = format!("m{number}");
        // What happens to the other keys shows only where the id is that of the file.
        if let Some(member) = value
            .get_mut("id")
            .filter(|id| id.as_str().is_some_and(|id| !id.is_empty()))
        {
            *member = Value::from(id.clone());
        }
        named.push(value.to_string());
        node = node.manifest(&id, &value.to_string());
    }
    let mut render = node.command(&["render", "--all", "--dry-run", "--output", "json"]);
    let output = String::from_utf8(render.output().unwrap().stdout).unwrap();
    let mut said = vec![None; named.len()];
    for line in output.lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        if report["error"]["code"] == 65 {
            let number: usize = report["service"].as_str().unwrap()[1..].parse().unwrap();
            said[number] = report["error"]["message"].as_str().map(str::to_owned);
        }
    }
    (named, said)
}

#[test]
fn the_schema_of_manifests_agrees_with_the_parser_on_random_ones() {
    let mut originals = vec![text("tests/golden/manifest/whole.json")];
    originals.extend(
        ["api", "app-www"].map(|id| text(&format!("examples/data_bags/service/{id}.json"))),
    );
    originals.push(text("tests/golden/manifest/provides-objects.json"));
    let documents: Vec<String> = mutants(&originals, 500);
    let (named, said) = said_of_manifests(documents);
    agree("manifest", &named, &said);
}

/// What a command says of each document in this file; nothing if it takes it.
pub(super) fn said_of(documents: &[String], file: &str, command: &str) -> Vec<Option<String>> {
    let node = Scenario::new();
    let judge = |document: &String| {
        node.put(file, document);
        let output = node.command(&[command]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code() == Some(78)).then_some(stderr)
    };
    documents.iter().map(judge).collect()
}

#[test]
fn the_schemas_of_configurations_agree_with_the_parsers_on_random_ones() {
    let config = text("tests/golden/settings/whole.json");
    let documents = mutants(&[config], 80);
    let said = said_of(&documents, "etc/reconf/config.json", "config");
    agree("config", &documents, &said);
    let datastores = [
        "tests/golden/datastores/good.json",
        "examples/configuration.json",
    ]
    .map(text);
    let documents = mutants(&datastores, 80);
    let said = said_of(&documents, "etc/reconf/configuration.json", "ls");
    agree("configuration", &documents, &said);
}
