//! `check` of a whole repository: the seed's is sound, and what is wrong somewhere makes nothing else wrong.

use std::{path::Path, process::Stdio};

use nix::{sys::stat::Mode, unistd::mkfifo};
use serde_json::Value;

use super::{check, findings, folder, messages};
use crate::harness::{
    golden, not_run,
    scenario::{Scenario, golden_story},
};

/// The seed's services and datastores.
const API: &str = include_str!("../../examples/data_bags/service/api.json");
const WWW: &str = include_str!("../../examples/data_bags/service/app-www.json");
const DATASTORES: &str = include_str!("../../examples/configuration.json");

/// A repository without any fault: what nothing requires is for clients outside.
pub(super) fn sound() -> Scenario {
    let all_used = API.replace(r#""API_URL": "http"#, r#""x-API": "http"#);
    let all_used = all_used.replace(r#""x-API": "http://{HOST}:{PORT}","#, "");
    let public = WWW.replace(r#""command""#, r#""public": true, "command""#);
    folder()
        .file("data_bags/service/api.json", &all_used)
        .file("data_bags/service/app-www.json", &public)
        .file("datastores.json", DATASTORES)
        .file("config.json", r#"{"balance": {"local": true}}"#)
}

/// The same with a service that needs what nothing provides.
fn with_unmet() -> Scenario {
    let manifest = r#"{"id": "b", "requires": {"A": "{GONE_URL}"}}"#;
    sound().file("data_bags/service/b.json", manifest)
}

/// The arguments that try every rule.
pub(super) const STRICT: &str = "--datastores datastores.json --config config.json --strict";

#[test]
fn a_sound_repository_passes_every_rule() {
    let said = check(&sound(), STRICT).fails(0);
    assert_eq!(said, "checked 2 manifests: no problems\n");
}

#[test]
fn the_repository_of_the_essay_has_no_error() {
    let repository = folder()
        .file("data_bags/service/api.json", API)
        .file("data_bags/service/app-www.json", WWW)
        .file("datastores.json", DATASTORES);
    golden_story(
        "check/essay",
        &[
            check(&repository, "").exits(0),
            check(&repository, "--datastores datastores.json").exits(0),
            check(&repository, "--output json -v").exits(0),
        ],
    );
    // As the essay itself has it: with the comma that it forgets, each program listens on its local port.
    let essay = repository.path("data_bags/service/app-www.json");
    std::fs::write(
        &essay,
        WWW.replace("28080", "8080")
            .replace("\"production\",", "\"production\""),
    )
    .unwrap();
    let said = check(&repository, "").fails(65);
    assert!(said.contains("app-www.json:10:5\n"), "{said}");
    assert!(
        said.contains("hint: add a comma at the end of line 9\n"),
        "{said}"
    );
}

#[test]
fn the_matrix_says_where_each_value_comes_from() {
    let repository = sound()
        .file(
            "datastores.json",
            r#"{"datastores": {"PRIMARY_DATABASE_URL": "x"},
            "regions": {"us": {"datastores": {"PRIMARY_DATABASE_URL": "y", "API_ELASTICSEARCH_CLUSTER_URL": "z"}}, "eu": {}}}"#,
        )
        .file(
            "data_bags/service/job.json",
            r#"{"id": "job", "requires": {"A": {"value": "{A}", "default": "x"}, "B": {"value": "{B_URL}{READONLY_API_URL}", "optional": true}}}"#,
        );
    golden_story(
        "check/matrix",
        &[
            check(&repository, "--datastores datastores.json -v").exits(65),
            check(
                &repository,
                "--datastores datastores.json -v --federations a,b --regions us",
            )
            .exits(0),
            check(
                &repository,
                "--datastores datastores.json -v --output json --regions eu",
            )
            .exits(65),
        ],
    );
}

#[test]
fn federations_are_apart() {
    let repository = folder()
        .file("items/api.json", r#"{"id": "api", "provides": {"API_URL": {"value": "x", "public": true}}}"#)
        .file("items/www.json", r#"{"id": "www", "requires": {"A": "{API_URL}", "D": "{DB}"}, "federation": "seatgeek"}"#)
        .file("d.json", r#"{"datastores": {"DB": "x"}}"#);
    let found = check(&repository, "items --output json").exits(65);
    assert_eq!(
        messages(&found),
        [
            "only `api` (which names no federation) provides `API_URL`, and a name never crosses a federation",
            "taken for datastores: DB",
        ]
    );
    // A manifest that names none is on the nodes of each; datastores at the top are a node's own.
    for (words, expected) in [
        ("items --federations seatgeek --datastores d.json", &[][..]),
        (
            "items --federations seatgeek,staging --datastores d.json",
            &[],
        ),
        (
            "items --federations staging --datastores d.json",
            &[
                "only `api` of federation `staging` provides `API_URL`, and a name never crosses a federation",
                "nothing provides `DB`",
            ],
        ),
    ] {
        let found = check(&repository, &format!("{words} --output json"));
        assert_eq!(messages(&found), expected, "{words}");
    }
}

#[test]
fn a_bad_manifest_hides_nothing_else_and_makes_nothing_else_wrong() {
    let repository = with_unmet();
    let api = repository.path("data_bags/service/api.json");
    let text = std::fs::read_to_string(&api).unwrap();
    std::fs::write(&api, text.replace("\"production\",", "\"production\"")).unwrap();
    let found = check(&repository, "--datastores datastores.json --output json").exits(65);
    assert_eq!(
        messages(&found),
        [
            "not valid JSON: expected `,` or `}`",
            "nothing provides `GONE_URL`"
        ]
    );
}

#[test]
fn what_an_encrypted_item_provides_is_not_known() {
    let repository = with_unmet().file(
        "data_bags/service/c.json",
        r#"{"id": "c", "provides": {"encrypted_data": "x", "cipher": "y"}}"#,
    );
    let found = check(&repository, "--datastores datastores.json --output json").exits(0);
    assert_eq!(
        messages(&found),
        [
            "nothing provides `GONE_URL`, unless the encrypted `c` does",
            "`c` is encrypted: it is not checked",
        ]
    );
    // A node cannot do anything with it.
    let _error = check(&repository, "data_bags/service/c.json --form").exits(65);
}

/// Nobody may be at the other end of a pipe that a folder lists: it is reported, not waited for.
#[test]
fn a_pipe_among_the_items_is_refused_at_once() {
    let repository = sound();
    let pipe = repository.path("data_bags/service/pipe.json");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let text = repository.sh("timeout 20 reconf check").fails(65);
    let shown = "cannot read `data_bags/service/pipe.json`: it is not a regular file";
    assert!(text.contains(shown), "{text}");
}

#[test]
fn datastores_come_from_attribute_files_through_ruby() {
    let repository = sound();
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("cookbook/tools/datastores.rb");
    let attributes = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cookbook/test/repository/cookbooks/configuration/attributes/datastores.rb");
    let mut ruby = repository.program(Path::new("ruby"), &[]);
    let ruby = ruby
        .arg(tool)
        .arg(attributes)
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut ruby) = ruby else {
        not_run::record(
            not_run::LIST.as_ref(),
            "attribute files: there is no `ruby`",
        );
        return;
    };
    let datastores = ruby.stdout.take().unwrap();
    let mut check = repository.command(&["check", "--datastores", "/dev/stdin", "--strict", "-v"]);
    let output = check.stdin(Stdio::from(datastores)).output().unwrap();
    assert!(ruby.wait().unwrap().success());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    golden::same(
        "SERVICE  VARIABLE           NEEDS                          default\n\
         api      DATABASE_URL       PRIMARY_DATABASE_URL           common datastore\n\
         api      ELASTICSEARCH_URL  API_ELASTICSEARCH_CLUSTER_URL  common datastore\n\
         app-www  API_URL            READONLY_API_URL               ok (api)\n\
         app-www  DATABASE_URL       PRIMARY_DATABASE_URL           common datastore\n",
        &String::from_utf8(output.stdout).unwrap(),
    );
}

#[test]
fn every_row_of_the_matrix_is_one_json_object() {
    let rows = findings(&check(&sound(), "--datastores datastores.json -v --output json").exits(0));
    let of = |row: &Value| (row["variable"].clone(), row["state"].clone());
    assert_eq!(of(&rows[2]), ("API_URL".into(), "services".into()));
    assert_eq!(rows[2]["providers"], serde_json::json!(["api"]));
    assert_eq!(rows.len(), 4, "{rows:?}");
}
