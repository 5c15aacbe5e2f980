//! What a manifest asks for, and what a command answers that cannot do it.

use std::fs;

use serde_json::{Value, json};

use super::{Scenario, conf};
#[test]
fn a_manifest_with_only_a_run_list_gets_no_conf() {
    let node = Scenario::new().manifest("web", r#"{"id": "web", "run_list": ["nginx"]}"#);
    let said = "web: no conf is written, since its manifest has only a `run_list`\n";
    for command in [
        &["render", "web"][..],
        &["render", "web", "--dry-run", "--diff"],
        &["render", "web", "--stdout"],
        &[
            "render",
            "--all",
            "--on-change",
            "false",
            "--detailed-exitcode",
        ],
    ] {
        let run = node.run(command).exits(0);
        assert!(run.text().contains(said), "{}", run.text());
        assert!(!node.path(&conf("web")).exists());
    }
    let json = node.run(&["render", "web", "--output", "json"]).exits(0);
    assert!(
        json.text()
            .contains(r#"{"service":"web","path":null,"changed":false"#),
        "{}",
        json.text()
    );
    let applied = node.run(&["applied", "--all"]).exits(0);
    assert!(
        applied.text().contains("web: has no conf"),
        "{}",
        applied.text()
    );
    let _applied = node.run(&["apply", "--all"]).exits(0);
    assert!(!node.path(&conf("web")).exists());
}

#[test]
fn the_conf_of_a_manifest_that_has_only_a_run_list_left_stays() {
    let node = Scenario::new().manifest("web", r#"{"id": "web", "environment": {"A": "x"}}"#);
    let _written = node.run(&["render", "web"]).exits(0);
    node.put(
        "etc/reconf/services/web.json",
        r#"{"id": "web", "run_list": ["nginx"]}"#,
    );
    let run = node.run(&["render", "web"]).changes_nothing().exits(0);
    let left = "etc/services.d/web.conf` is left from an earlier render";
    assert!(run.text().contains(left), "{}", run.text());
}

#[test]
fn a_manifest_that_says_nothing_takes_no_variable_away() {
    let node = Scenario::new().manifest("web", r#"{"id": "web", "environment": {"A": "x"}}"#);
    let _written = node.run(&["render", "web"]).exits(0);
    for json in [
        r#"{"id": "web"}"#,
        r#"{"id": "web", "raw_data": {"id": "web", "environment": {"A": "y"}}}"#,
        r#"{"id": "web", "environment": {"encrypted_data": "x", "cipher": "aes-256-gcm", "version": 3}}"#,
        r#"{"id": "web", "requires": {"A": "{{A_URL}}"}}"#,
    ] {
        node.put("etc/reconf/services/web.json", json);
        let run = node.run(&["render", "web"]).changes_nothing().exits(65);
        assert!(
            run.text().contains("web.conf is unchanged\n"),
            "{}",
            run.text()
        );
    }
}

#[test]
fn a_check_that_nothing_runs_is_warned_of() {
    let node = Scenario::new().manifest(
        "api",
        r#"{"id": "api", "local_port": 1, "check": {"tcp": true}, "provides": {"API_URL": "x:{PORT}"}}"#,
    );
    let warning = "warning: the `check` of `api` is never run: its announcements have no TTL; announce them with `--ttl`, or set `announce.ttl`\n";
    let run = node.run(&["announce", "api"]).exits(0);
    assert!(run.text().contains(warning), "{}", run.text());
    let run = node.run(&["announce", "api", "--ttl", "60s"]).exits(0);
    assert!(!run.text().contains("warning"), "{}", run.text());
}

#[test]
fn each_provided_name_may_have_a_port_of_its_own() {
    let node = Scenario::new().manifest(
        "api",
        r#"{"id": "api", "environment": {"PORT": 8080}, "local_port": 28080, "provides": {
            "API_URL": "http://{HOST}:{PORT}",
            "ADMIN_URL": {"value": "http://{HOST}:{PORT}/x", "port": 8081, "local_port": 28081, "public": true}}}"#,
    );
    let _announced = node.run(&["announce", "api"]).exits(0);
    let registry = fs::read(node.path("var/lib/reconf/registry/default.json")).unwrap();
    let registry: Value = serde_json::from_slice(&registry).unwrap();
    let record = |name: &str| {
        let key = format!("/reconf/v1/default/provides/{name}/default/api@web01");
        let record = registry["keys"][&key]["value"].as_str().unwrap();
        let record: Value = serde_json::from_str(record).unwrap();
        ["value", "pattern", "port", "local_port", "public"].map(|field| record[field].clone())
    };
    assert_eq!(
        json!(record("API_URL")),
        json!([
            "http://10.0.0.5:8080",
            "http://{HOST}:{PORT}",
            8080,
            28080,
            false
        ])
    );
    assert_eq!(
        json!(record("ADMIN_URL")),
        json!([
            "http://10.0.0.5:8081/x",
            "http://{HOST}:{PORT}/x",
            8081,
            28081,
            true
        ])
    );
}

#[test]
fn datastores_that_are_no_text_stop_only_those_who_need_them() {
    let node = Scenario::new()
        .manifest(
            "bad",
            r#"{"id": "bad", "requires": {"HOSTS": "{DB_HOSTS}"}}"#,
        )
        .manifest("good", r#"{"id": "good", "requires": {"KEY": "{SECRET}"}}"#)
        .datastores(
            r#"{"datastores": {"SECRET": "s3cret\n", "DB_HOSTS": ["db1", "db2"], "OLD": null}}"#,
        );
    let text = node.run(&["render", "--all"]).exits(78).text();
    for line in [
        "needs DB_HOSTS  its datastore is a list, not a string, number or boolean (line 1 of configuration.json)\n",
        "warning: the datastore SECRET ends in a line break: `good` gets it in KEY\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
    assert!(node.path(&conf("good")).exists() && !node.path(&conf("bad")).exists());
    let listed = node.run(&["ls"]).exits(0).text();
    assert!(listed.contains("unusable: a list\n"), "{listed}");
}

#[test]
fn what_is_unmet_says_that_there_are_no_datastores() {
    let node = Scenario::new().manifest("www", r#"{"id": "www", "requires": {"DB": "{DB_URL}"}}"#);
    let expected =
        "note: there are no datastores, since there is no [ROOT]/etc/reconf/configuration.json\n";
    let text = node.run(&["render", "www"]).exits(75).text();
    assert!(text.contains(expected), "{text}");
    node.put("etc/reconf/configuration.json", "{}");
    let text = node.run(&["render", "www"]).exits(75).text();
    assert!(!text.contains("no datastores"), "{text}");
    node.put("etc/reconf/configuration.json", r#"{"DB_URL": "s3cret"}"#);
    let text = node.run(&["render", "www"]).exits(78).text();
    assert!(text.contains("hint: move it into `datastores`\n"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
