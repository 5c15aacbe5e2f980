use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use super::generated;
use crate::harness::{
    json_schema::refusals,
    scenario::Scenario,
    seed::{self, Dice},
};

/// The bad manifests that a schema accepts: what it cannot see.
const BEYOND_A_SCHEMA: [(&str, &str); 5] = [
    (
        "duplicates",
        "validators see the last of two keys with one name",
    ),
    ("no-port", "`{PORT}` needs a key elsewhere"),
    ("number", "validators read any number"),
    ("socket-port", "`{PORT}` needs another value elsewhere"),
    ("twice", "a variable of two objects"),
];

/// What the parsers say of faults that no schema can see: relations between two places, likeness, what a word means.
const NOT_FOR_A_SCHEMA: [&str; 20] = [
    "did you mean",
    "`id` is `",
    "is also in `environment`",
    "needs a port",
    "is neither a node fact nor a variable",
    "keeps its `$`",
    "is literal text, not the node fact",
    "must be a duration",
    "or more",
    "must be at most",
    "must be whole seconds",
    "is not a host name",
    "is not a domain",
    "requires `registry",
    "wrapped in `raw_data`",
    "is not an IP address",
    "is neither an address nor a host name",
    "stands for every address",
    "mixes `http` and `https`",
    "needs a port from 1 to 65535",
];

/// A file of this repository.
fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The golden texts of a kind: case, document, and whether the parser takes it.
fn golden(kind: &str) -> Vec<(String, String, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(kind);
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let verdict = fs::read_to_string(path.with_extension("txt")).unwrap();
            let case = path.file_stem().unwrap().to_string_lossy().into_owned();
            let document = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            cases.push((case, document, !verdict.starts_with("error:")));
        }
    }
    cases
}

#[test]
fn schemas_judge_the_golden_texts_as_the_parsers_do() {
    for (kind, schema) in [
        ("manifest", "manifest"),
        ("settings", "config"),
        ("datastores", "configuration"),
    ] {
        let cases = golden(kind);
        let documents: Vec<String> = cases.iter().map(|(_, text, _)| text.clone()).collect();
        let Some(refusals) = refusals(&generated(&["schema", schema]), &documents) else {
            return;
        };
        for ((case, _, is_good), refusal) in cases.iter().zip(refusals) {
            let is_beyond = BEYOND_A_SCHEMA.iter().any(|(name, _)| name == case);
            let expected = *is_good || (is_beyond && kind == "manifest");
            assert_eq!(refusal.is_none(), expected, "{kind} {case}: {refusal:?}");
        }
    }
}

#[test]
fn schemas_accept_every_example_of_the_repository() {
    let manifests =
        ["api", "app-www"].map(|id| text(&format!("examples/data_bags/service/{id}.json")));
    let contract = text("docs/design.md");
    let blocks = contract.split("```json\n").skip(1);
    let blocks: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    // Values that the contract leaves out are paths.
    let config = blocks[1].replace("\"…\"", "\"/x\"");
    let mut manifests = manifests.to_vec();
    manifests.push(blocks[0].to_owned());
    for (schema, documents) in [
        ("manifest", manifests),
        ("config", vec![config, text("packaging/config.json")]),
        ("configuration", vec![text("examples/configuration.json")]),
    ] {
        let Some(refusals) = refusals(&generated(&["schema", schema]), &documents) else {
            return;
        };
        for (document, refusal) in documents.iter().zip(refusals) {
            assert_eq!(refusal, None, "{schema}: {document}");
        }
    }
}

#[test]
fn the_schema_of_the_view_is_that_of_a_view() {
    let manifest = json!({"id": "api", "environment": {"PORT": 8080}, "local_port": 28080,
        "provides": {"API_URL": "http://{HOST}:{PORT}"}, "balance": {"mode": "http", "check": {"path": "/"}}});
    let node = Scenario::new()
        .config(r#"{"balance": {"local": true, "internal": {"domain": "int.example.com"}, "stats": ":9000"}}"#)
        .manifest("api", &manifest.to_string());
    let _announced = node.run(&["announce", "api"]).exits(0);
    let view = node.run(&["balance", "--view"]).exits(0).output.stdout;
    let view = String::from_utf8(view).unwrap();
    let schema = generated(&["schema", "view"]);
    let keys = |text: &str| -> Vec<String> {
        let value: Map<String, Value> = serde_json::from_str(text).unwrap();
        value.keys().cloned().collect()
    };
    let described: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(keys(&view), keys(&described["properties"].to_string()));
    let broken = view.replace("\"port\"", "\"gate\"");
    if let Some(refusals) = refusals(&schema, &[view, broken]) {
        assert_eq!(refusals[0], None);
        assert!(refusals[1].is_some());
    }
}

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
                let known = NOT_FOR_A_SCHEMA.iter().any(|part| message.contains(part));
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

#[test]
fn the_schema_of_manifests_agrees_with_the_parser_on_random_ones() {
    let mut originals = vec![text("tests/golden/manifest/whole.json")];
    originals.extend(
        ["api", "app-www"].map(|id| text(&format!("examples/data_bags/service/{id}.json"))),
    );
    originals.push(text("tests/golden/manifest/provides-objects.json"));
    let documents: Vec<String> = mutants(&originals, 500);
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
    agree("manifest", &named, &said);
}

/// What a command says of each document in this file; nothing if it takes it.
fn said_of(documents: &[String], file: &str, command: &str) -> Vec<Option<String>> {
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
