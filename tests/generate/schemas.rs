//! Schemas judge what is in this repository as the parsers do.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use super::{beyond::GOLDEN, generated};
use crate::harness::{json_schema::refusals, scenario::Scenario};

/// A file of this repository.
pub(super) fn text(path: &str) -> String {
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
            let is_beyond = GOLDEN.iter().any(|(name, _)| name == case);
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
