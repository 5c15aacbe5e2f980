//! An independent validator of JSON Schemas: Python's `jsonschema`, which `script/setup test` installs with pip.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::not_run;

/// Checks the schema itself, then prints for each document a line: `ok`, or why it is refused.
const SCRIPT: &str = r"
import json, sys
from jsonschema import Draft7Validator
schema, documents = json.load(sys.stdin)
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
for document in documents:
    try:
        error = next(validator.iter_errors(json.loads(document)), None)
    except ValueError as unreadable:
        error = unreadable
    print(json.dumps('ok' if error is None else str(error)))
";

/// What the validator says of each document: nothing, or why the schema refuses it. `None`, with a record of what is not
/// tried, where Python's `jsonschema` is not installed.
pub(crate) fn refusals(schema: &str, documents: &[String]) -> Option<Vec<Option<String>>> {
    let folder = env::var_os("RECONF_TEST_VENV").map_or_else(venv, PathBuf::from);
    let python = folder.join("bin/python");
    let probe = Command::new(&python)
        .args(["-c", "import jsonschema"])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        let what = "schemas against an independent validator: no `jsonschema` in target/venv";
        not_run::record(not_run::LIST.as_ref(), what);
        return None;
    }
    let schema: serde_json::Value = serde_json::from_str(schema).expect("a schema is JSON");
    let mut child = Command::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python can be started");
    let input = serde_json::to_vec(&(schema, documents)).expect("it is JSON");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(&input).expect("python reads it all");
    drop(stdin);
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "the schema itself is wrong");
    let lines = String::from_utf8(output.stdout).expect("it is JSON");
    let verdicts = lines.lines().map(|line| match serde_json::from_str(line) {
        Ok(serde_json::Value::String(text)) if text == "ok" => None,
        verdict => Some(verdict.expect("it is JSON").to_string()),
    });
    let verdicts: Vec<_> = verdicts.collect();
    assert_eq!(verdicts.len(), documents.len());
    Some(verdicts)
}

fn venv() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.expect("it lies in the target folder").join("venv")
}
