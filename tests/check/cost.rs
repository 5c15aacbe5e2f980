//! What a check of a large repository costs, in system calls: each manifest is read once, and nothing is looked up twice.

use super::folder;
use crate::harness::{scenario::Scenario, strace};

/// A repository of so many services, each of which needs the one before.
fn chain(services: usize) -> Scenario {
    let mut repository = folder().file("d.json", r#"{"datastores": {"FIRST_URL": "x"}}"#);
    let mut needed = "FIRST_URL".to_owned();
    for number in 0..services {
        let provided = format!("S{number}_URL");
        let manifest = format!(
            r#"{{"id": "s{number}", "environment": {{"PORT": {}, "ENV": "production"}},
  "requires": {{"NEEDED_URL": "{{{needed}}}"}},
  "provides": {{"{provided}": "http://{{HOST}}:{{PORT}}"}}, "public": true, "local_port": {}}}"#,
            1024 + number % 1000,
            21_000 + number,
        );
        repository = repository.file(&format!("items/s{number}.json"), &manifest);
        needed = provided;
    }
    repository
}

/// How many files a check opens, reads and looks at.
fn calls(services: usize) -> usize {
    let repository = chain(services);
    let check = repository.command(&["check", "items", "--datastores", "d.json", "--strict"]);
    let calls = strace::trace(
        &check,
        "openat,read,?statx,?fstat,?newfstatat,?lseek,?getdents64",
    );
    calls.lines().count()
}

#[test]
fn every_manifest_is_opened_once_and_read_to_its_end() {
    if !strace::may_trace("what a check of many manifests costs") {
        return;
    }
    let (few, many) = (100, 400);
    let more = calls(many) - calls(few);
    let each = more / (many - few);
    // Open, size, content, end.
    assert!((3..=6).contains(&each), "{each} calls for each manifest");
}

#[test]
fn a_thousand_manifests_in_a_chain_are_sound() {
    let repository = chain(1_000);
    let said = super::check(&repository, "items --datastores d.json --strict").fails(0);
    assert_eq!(said, "checked 1000 manifests: no problems\n");
}
