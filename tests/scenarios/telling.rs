//! What commands tell: each service by itself, people and programs alike, and passwords to nobody.

use std::fs;

use serde_json::Value;

use super::{Fleet, all_succeed, on_both};
use crate::harness::scenario::{Run, Scenario, golden_story};

const SECRET: &str = "s3cret";
const DATASTORES: &str =
    r#"{"datastores": {"DB_URL": "mysql://app:s3cret@db1/app", "PLAIN": "s3cret"}}"#;
const API: &str = r#"{"id": "api", "environment": {"PORT": 1100, "TOKEN": "s3cret"}, "public": true,
    "provides": {"API_URL": "http://user:s3cret@{HOST}:{PORT}/"}}"#;
const WWW: &str = r#"{"id": "www", "environment": {"MODE": "live"}, "requires": {
    "API": "{API_URL}", "DB": "{DB_URL}", "SURE": {"value": "{NOBODY}", "default": "x"},
    "MAYBE": {"value": "{NOBODY}", "optional": true}}}"#;

/// api announces, and web01 has both services and a datastore.
fn web(fleet: &Fleet) -> Scenario {
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["announce api"]);
    fleet
        .node("web01")
        .manifest("www", WWW)
        .datastores(DATASTORES)
}

/// The JSON lines of a run.
fn lines(run: &Run) -> Vec<Value> {
    let told = String::from_utf8_lossy(&run.output.stdout);
    told.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_manifest_that_is_a_link_to_nowhere_is_told_as_one() {
    let node = Scenario::new().manifest("api", API);
    let link = node.path("etc/reconf/services/app.json");
    std::os::unix::fs::symlink("nowhere", link).unwrap();
    let told = node.run(&["render", "--all"]).exits(66).text();
    assert!(told.contains("there is no manifest of `app`"), "{told}");
    assert!(
        told.contains("a symbolic link which leads nowhere"),
        "{told}"
    );
    let told = node.run(&["render", "apj"]).exits(66).text();
    assert!(told.contains("did you mean `api`?"), "{told}");
}

#[test]
fn one_damaged_state_stops_no_other_service() {
    let docs = r#"{"id": "docs", "environment": {"A": 1}, "provides": {"DOCS_URL": "x"}}"#;
    let www = r#"{"id": "www", "requires": {"URL": "{DOCS_URL}"}}"#;
    let node = Scenario::new().manifest("docs", docs).manifest("www", www);
    all_succeed(&node, &["apply --all"]);
    node.put("var/lib/reconf/services/docs.json", "{");
    fs::remove_file(node.path("etc/services.d/www.conf")).unwrap();
    let rendered = node.run(&["render", "--all", "--output", "json"]);
    let said = lines(&rendered);
    assert_eq!(said[0]["service"], "docs");
    assert_eq!(said[0]["error"]["code"], 78);
    assert_eq!(said[1]["changed"], true);
    let _failed = rendered.exits(78);
    all_succeed(&node, &["render www", "apply www"]);
}

#[test]
fn one_bad_service_of_five_stops_no_other() {
    on_both(|fleet| {
        let unmet = r#"{"id": "c", "requires": {"A": "{NOBODY}"}}"#;
        let mut node = fleet.node("web01").manifest("c", unmet);
        for id in ["a", "b", "d", "e"] {
            let good = r#"{"id": "ID", "environment": {"A": 1}, "provides": {"ID_URL": "x"}}"#;
            node = node.manifest(
                id,
                &good.replace("ID\"", &format!("{id}\"")).replace("ID_", id),
            );
        }
        let rendered = node.run(&["render", "--all", "--output", "json", "--detailed-exitcode"]);
        let said = lines(&rendered);
        let services: Vec<_> = said
            .iter()
            .map(|line| line["service"].as_str().unwrap())
            .collect();
        assert_eq!(services, ["a", "b", "c", "d", "e"], "{}", rendered.text());
        assert_eq!(said[2]["error"]["code"], 75);
        assert_eq!(
            said.iter().filter(|line| line["changed"] == true).count(),
            4
        );
        let _failed = rendered.exits(75);
        let confs = fs::read_dir(node.path("etc/services.d")).unwrap().count();
        assert_eq!(confs, 4);

        // The first failed one by id gives the code, whatever came later.
        let node = node.manifest("b", "{");
        let _failed = node.run(&["render", "--all"]).exits(65);
        let _failed = node.run(&["announce", "--all"]).exits(65);
        assert_eq!(fleet.announced().len(), 3, "{:?}", fleet.announced());
        let applied = node.run(&["apply", "--all"]).exits(65);
        assert!(
            applied.text().contains("e: already announced"),
            "{}",
            applied.text()
        );
        let _failed = node.run(&["render", "nothing", "a", "c"]).exits(75);
    });
}

#[test]
fn what_would_change_is_told_masked_and_writes_nothing() {
    let fleet = Fleet::etcd();
    let web = web(&fleet);
    let dry = [
        "render",
        "www",
        "--dry-run",
        "--diff",
        "--detailed-exitcode",
    ];
    let mut story = vec![web.run(&dry)];
    story.push(web.run(&["render", "www", "--diff", "--detailed-exitcode"]));
    story.push(web.run(&dry));
    web.put(
        "etc/reconf/configuration.json",
        &DATASTORES.replace("db1", "db2"),
    );
    web.put("etc/reconf/services/www.json", &WWW.replace("MODE", "KIND"));
    story.push(web.run(&dry));
    story.push(web.run(&["render", "www", "--dry-run", "-v"]));
    for run in &story {
        let dry = run.text().contains("--dry-run");
        assert!(!dry || run.changes.is_empty(), "{}", run.text());
        assert!(!run.text().contains(SECRET), "{}", run.text());
    }
    let shown = web.run(&["render", "www", "--dry-run", "--diff", "--show-values"]);
    assert!(shown.text().contains(SECRET), "{}", shown.text());
    golden_story("scenarios/dry-run", &story);
}

#[test]
fn every_format_can_be_printed_and_a_template_tried() {
    let fleet = Fleet::etcd();
    let web = web(&fleet).file(
        "try.hbs",
        "# {{count}} variables, as we like it\n{{#each variables}}export {{name}}={{shell value}}\n{{/each}}",
    );
    let mut story = Vec::new();
    for format in ["shell", "systemd", "docker", "dotenv", "json", "envdir"] {
        let printed = web.run(&["render", "www", "--stdout", "--format", format]);
        story.push(printed.changes_nothing());
    }
    story.push(web.run(&["render", "www", "--stdout", "--template", "try.hbs"]));
    story.push(web.run(&["render", "www", "--format", "docker"]));
    golden_story("scenarios/formats", &story);
}

#[test]
fn programs_read_a_line_for_each_service() {
    let fleet = Fleet::etcd();
    let web = web(&fleet).manifest("api", API);
    let json = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        web.run(&[words.as_slice(), &["--output", "json"]].concat())
    };
    let story = [
        json("render --all --await-applied"),
        json("applied --all"),
        json("announce --all --dry-run"),
        json("announce --all --ttl 60s"),
        json("ls"),
        json("withdraw api"),
        json("announce --all"),
        json("withdraw --all"),
        json("render www"),
        json("render nothing"),
        json("tasks www"),
    ];
    for run in &story {
        assert!(!run.text().contains(SECRET), "{}", run.text());
    }
    golden_story("scenarios/json", &story);
}

#[test]
fn everything_that_is_unmet_is_told_at_once() {
    let needs = r#"{"id": "www", "requires": {"A": "{READONLY_URL}", "B": "{API_URI}", "C": "{API_URL} {GONE_URL}",
        "D": "{CACHE_URL}", "E": "{NOBODY}", "F": "{DB_URL}"}}"#;
    on_both(|fleet| {
        let api = r#"{"id": "api", "provides": {"API_URL": "x", "GONE_URL": "x"}}"#;
        let other = fleet.node("api01").env("RECONF_REGION", "west");
        let other = other.manifest("api", &api.replace("GONE_URL", "READONLY_URL"));
        all_succeed(&other, &["announce api"]);
        let api = fleet.node("api02").manifest("api", api);
        all_succeed(&api, &["announce api"]);
        let api = api.manifest("api", r#"{"id": "api", "provides": {"API_URL": "x"}}"#);
        all_succeed(&api, &["announce api"]);
        let web = fleet.node("web01").manifest("www", needs).datastores(
            r#"{"datastores": {"DB_URL": "s3cret"},
                "regions": {"west": {"datastores": {"CACHE_URL": "s3cret"}}}}"#,
        );
        let unmet = web.run(&["render", "www"]).exits(75);
        assert!(!unmet.text().contains(SECRET), "{}", unmet.text());
        unmet.golden(match fleet.own_etcd() {
            Some(_) => "scenarios/unmet",
            None => "scenarios/unmet-embedded",
        });
    });
}

#[test]
fn people_read_tables() {
    let fleet = Fleet::etcd();
    let regional = r#"{"datastores": {"DB_URL": "s3cret"}, "regions": {"east": {"datastores": {"CACHE": "s3cret"}}}}"#;
    let web = web(&fleet).datastores(regional);
    let story = [
        web.run(&["ls"]),
        web.run(&["ls", "API_URL", "NOBODY"]),
        web.run(&["tasks", "www"]),
    ];
    for run in &story {
        assert!(!run.text().contains(SECRET), "{}", run.text());
    }
    golden_story("scenarios/tables", &story);
    let shown = web.run(&["ls", "--show-values", "DB_URL"]).succeeds();
    assert!(shown.contains(SECRET), "{shown}");
}

#[test]
fn the_configuration_says_where_each_value_comes_from() {
    let node = Scenario::new().env("RECONF_TIMEOUT", "3s").config(
        r#"{"region": "east", "regions": ["east", "default"], "registry": {"timeout": "1s"}, "announce": {"ttl": "90s"}}"#,
    );
    let config = ["config", "--region", "west"];
    let told = node.run(&config).changes_nothing().succeeds();
    let lines = told
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<_> = lines.collect();
    for wanted in [
        "region west --region",
        "registry.timeout 3s RECONF_TIMEOUT",
        "regions east,default config.json",
        "announce.ttl 1m 30s config.json",
        "render.on_unreachable last-known default",
        "node web01 RECONF_NODE",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {told}");
    }
    let json = node
        .run(&[config.as_slice(), &["--output", "json"]].concat())
        .succeeds();
    let wanted = r#"{"key":"region","value":"west","source":"--region"}"#;
    assert!(json.lines().any(|line| line == wanted), "{json}");
    assert_eq!(json.lines().count(), lines.len());
}
