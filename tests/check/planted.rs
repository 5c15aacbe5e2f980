//! Each fault that is planted in a sound repository is found at its place, alone.

use super::{
    check, findings,
    repository::{STRICT, sound},
};
use crate::harness::scenario::{Scenario, golden_story};

/// What is changed in the sound repository to make it faulty.
enum Fault {
    /// A text is replaced by another one, in a file.
    Replace(&'static str, &'static str, &'static str),
    /// A file is added.
    Add(&'static str, &'static str),
}

/// Faults by the name of their golden text, with the rule that each breaks and the exit code without `--strict`.
const FAULTS: [(&str, Fault, &str, i32); 17] = {
    use Fault::{Add, Replace};
    const API: &str = "data_bags/service/api.json";
    const WWW: &str = "data_bags/service/app-www.json";
    [
        (
            "comma",
            Replace(API, "\"production\",", "\"production\""),
            "manifest",
            65,
        ),
        (
            "shell-owned",
            Replace(API, "\"ENV\"", "\"UID\""),
            "manifest",
            65,
        ),
        (
            "id",
            Replace(API, "\"id\": \"api\"", "\"id\": \"apy\""),
            "manifest",
            65,
        ),
        (
            "misspelt",
            Replace(WWW, "{PRIMARY_DATABASE_URL}", "{PRIMARY_DATABSE_URL}"),
            "missing",
            65,
        ),
        (
            "region",
            Add(
                "datastores.json",
                r#"{"datastores": {"PRIMARY_DATABASE_URL": "x"},
                "regions": {"us": {"datastores": {"API_ELASTICSEARCH_CLUSTER_URL": "x"}}, "eu": {}}}"#,
            ),
            "missing",
            65,
        ),
        (
            "null",
            Replace(
                "datastores.json",
                "\"http://elastic-ec2-01,elastic-ec2-02:9200\"",
                "null",
            ),
            "missing",
            65,
        ),
        (
            "list",
            Replace(
                "datastores.json",
                "\"http://elastic-ec2-01,elastic-ec2-02:9200\"",
                "[\"s3cret\"]",
            ),
            "missing",
            65,
        ),
        (
            "federation",
            Add(
                "data_bags/service/b.json",
                r#"{"id": "b", "federation": "pivotly", "requires": {"A": "{WWW_URL}"}}"#,
            ),
            "other-federation",
            65,
        ),
        (
            "format",
            Add(
                "data_bags/service/b.json",
                r#"{"id": "b", "environment": {"A": "x\ny", "B": "x"}, "conf": {"formats": ["systemd", "docker"]}}"#,
            ),
            "format",
            65,
        ),
        (
            "local-port",
            Replace(WWW, "28080", "21100"),
            "local-port",
            65,
        ),
        (
            "equal-port",
            Replace(WWW, "28080", "8080"),
            "balanced-port",
            0,
        ),
        (
            "ephemeral-port",
            Replace(WWW, "28080", "38080"),
            "balanced-port",
            0,
        ),
        (
            "providers",
            Add(
                "data_bags/service/b.json",
                r#"{"id": "b", "environment": {"PORT": 1200}, "provides": {"READONLY_API_URL": "http://{HOST}:{PORT}"}}"#,
            ),
            "providers",
            0,
        ),
        (
            "cycle",
            Replace(
                API,
                "\"requires\": {",
                "\"requires\": {\"WWW_URL\": \"{WWW_URL}\",",
            ),
            "cycle",
            0,
        ),
        ("unused", Replace(WWW, "\"public\": true,", ""), "unused", 0),
        (
            "key",
            Replace(
                WWW,
                "\"public\": true,",
                "\"public\": true, \"healthcheck\": \"/\",",
            ),
            "key",
            0,
        ),
        (
            "encrypted",
            Add(
                "data_bags/service/b.json",
                r#"{"id": "b", "environment": {"encrypted_data": "s3cret", "cipher": "aes-256-gcm", "version": 3}}"#,
            ),
            "encrypted",
            0,
        ),
    ]
};

fn plant(fault: &Fault) -> Scenario {
    let repository = sound();
    match fault {
        Fault::Add(path, text) => repository.file(path, text),
        Fault::Replace(path, from, to) => {
            let text = std::fs::read_to_string(repository.path(path)).unwrap();
            assert!(text.contains(from), "{from}");
            repository.put(path, &text.replacen(from, to, 1));
            repository
        }
    }
}

#[test]
fn each_planted_fault_is_found_alone_and_at_its_place() {
    for (name, fault, rule, code) in &FAULTS {
        let repository = plant(fault);
        let as_json = check(&repository, &format!("{STRICT} --output json")).exits(65);
        let rules: Vec<String> = findings(&as_json)
            .iter()
            .map(|found| found["rule"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(&rules[..], [*rule], "{name}: {}", as_json.text());
        let lenient = check(&repository, STRICT.trim_end_matches("--strict")).exits(*code);
        let runs = [lenient, as_json];
        assert!(
            runs.iter().all(|run| !run.text().contains("s3cret")),
            "{name}"
        );
        golden_story(&format!("check/{name}"), &runs);
    }
}
