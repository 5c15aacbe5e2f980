//! A service moves: to another node name, another region, another federation. It leaves no key behind where it was.

use std::fs;

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::scenario::Scenario;

const API: &str = r#"{"id": "api", "environment": {"PORT": 1}, "provides": {"API_URL": "http://{NODE}.{REGION}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;
const DOCS: &str = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;

/// Every live key, what nodes run with included, without `/reconf/v1/`.
fn live(fleet: &Fleet) -> Vec<String> {
    let keys = fleet.keys().into_keys();
    let short = keys.map(|key| key.replacen("/reconf/v1/", "", 1));
    short.filter(|key| !key.contains("/withdrawn/")).collect()
}

fn converge(node: &Scenario) {
    all_succeed(node, &["render --all", "announce --all"]);
    let again = [vec!["render", "--all"], vec!["announce", "--all"]];
    for command in again {
        let _again = node.run(&command).changes_nothing().exits(0);
    }
}

/// Of a manifest, the same in a federation.
fn of(federation: &str, manifest: &str) -> String {
    manifest.replacen('{', &format!(r#"{{"federation": "{federation}", "#), 1)
}

#[test]
fn a_service_that_moves_leaves_no_key_behind() {
    on_both(|fleet| {
        let is_at = |federation: &str, region: &str, node: &Scenario, name: &str| {
            converge(node);
            assert_eq!(value(node, "www", "URL"), format!("http://{name}.{region}"));
            let keys = [
                format!("{federation}/applied/{name}/www"),
                format!("{federation}/nodes/{name}"),
                format!("{federation}/provides/API_URL/{region}/api@{name}"),
            ];
            assert_eq!(live(fleet), keys);
        };
        let node = fleet.node("old").manifest("api", API);
        let node = node.manifest("www", WWW);
        is_at("default", "default", &node, "old");
        let node = node.env("RECONF_NODE", "new");
        is_at("default", "default", &node, "new");
        let node = node.env("RECONF_REGION", "east");
        is_at("default", "east", &node, "new");
        let node = node.env("RECONF_FEDERATION", "pivotly");
        let node = node.manifest("api", &of("pivotly", API));
        let node = node.manifest("www", &of("pivotly", WWW));
        is_at("pivotly", "east", &node, "new");

        // What no longer requires anything runs with nothing of others.
        let node = node.manifest("www", &of("pivotly", r#"{"id": "www", "environment": {}}"#));
        converge(&node);
        assert_eq!(live(fleet), ["pivotly/provides/API_URL/east/api@new"]);
    });
}

#[test]
fn a_name_that_is_no_longer_provided_is_taken_back_and_may_come_again() {
    on_both(|fleet| {
        let both = API.replace(r#"{"API_URL""#, r#"{"NEW_URL": "x", "API_URL""#);
        let node = fleet.node("old").manifest("api", &both);
        converge(&node);
        let node = node.manifest("api", API);
        let taken = node
            .run(&["announce", "api", "--output", "json"])
            .succeeds();
        assert!(
            taken
                .contains(r#""withdrawn":["/reconf/v1/default/provides/NEW_URL/default/api@old"]"#),
            "{taken}"
        );
        assert_eq!(live(fleet), ["default/provides/API_URL/default/api@old"]);
        let node = node.manifest("api", &both);
        converge(&node);
        assert_eq!(live(fleet).len(), 2);
    });
}

/// The manifest of a service that uses a datastore, a name of the registry, and a secret if it is given one.
fn user(id: &str) -> String {
    let json = r#"{"id": "ID", "requires": {"DB": "{DB_URL}", "URL": "{API_URL}",
        "ONLY": {"value": "{SECRET}", "optional": true}}}"#;
    json.replace("ID", id)
}

#[test]
fn two_federations_on_one_node_get_only_what_is_theirs() {
    on_both(|fleet| {
        let node = fleet.node("web01").env("RECONF_FEDERATION", "seatgeek");
        let node = node.config(r#"{"federations": ["seatgeek", "pivotly"]}"#);
        let node = node.datastores(
            r#"{"datastores": {"DB_URL": "db.seatgeek", "SECRET": "seatgeek's"},
                "federations": {"pivotly": {"datastores": {"DB_URL": "db.pivotly"}}}}"#,
        );
        let node = node.manifest("one", &of("seatgeek", &user("one")));
        let node = node.manifest("two", &of("pivotly", &user("two")));
        for federation in ["seatgeek", "pivotly"] {
            let api = API.replace("{NODE}", "{FEDERATION}");
            let other = fleet.node("api01").env("RECONF_FEDERATION", federation);
            let other = other.manifest("api", &of(federation, &api));
            all_succeed(&other, &["announce api"]);
        }
        all_succeed(&node, &["render --all"]);
        for (id, federation, secret) in [("one", "seatgeek", "seatgeek's"), ("two", "pivotly", "")]
        {
            assert_eq!(value(&node, id, "DB"), format!("db.{federation}"));
            let url = format!("http://{federation}.default");
            assert_eq!(value(&node, id, "URL"), url);
            assert_eq!(value(&node, id, "ONLY"), secret);
        }
    });
}

/// A flag takes no secret through the wall: what stands at the top is that federation's which `config.json` names.
#[test]
fn a_flag_does_not_give_a_federation_the_datastores_of_another() {
    let fleet = Fleet::embedded();
    let node = fleet
        .node("web01")
        .config(r#"{"federation": "seatgeek", "federations": ["seatgeek", "pivotly"]}"#);
    let node = node.datastores(r#"{"datastores": {"DB_URL": "db.seatgeek"}}"#);
    let manifest = r#"{"id": "two", "requires": {"DB": "{DB_URL}"}}"#;
    let node = node.manifest("two", &of("pivotly", manifest));
    for flags in [
        &["render", "two"][..],
        &["render", "two", "--dry-run", "--federation", "pivotly"],
    ] {
        let refused = node.run(flags).exits(75);
        assert!(refused.text().contains("nothing provides it"));
    }
    let listed = node.run(&["ls", "--federation", "pivotly"]).succeeds();
    assert!(!listed.contains("DB_URL"), "{listed}");
}

#[test]
fn a_manifest_without_a_federation_belongs_to_that_of_its_node() {
    on_both(|fleet| {
        for federation in ["staging", "production"] {
            let config = format!(r#"{{"federation": "{federation}"}}"#);
            let node = fleet
                .node("web01")
                .without("RECONF_FEDERATION")
                .config(&config);
            let node = node.manifest("api", API).manifest("www", WWW);
            all_succeed(&node, &["apply --all"]);
            let key = format!("{federation}/provides/API_URL/default/api@web01");
            let found = fleet.announced();
            assert!(found.contains(&key), "{found:?}");
        }
        assert_eq!(live(fleet).len(), 6);
    });
}

#[test]
fn no_command_writes_for_another_federation_than_that_of_its_node() {
    let node = Scenario::new()
        .config(r#"{"federation": "seatgeek", "federations": ["seatgeek", "pivotly"]}"#)
        .manifest("api", API)
        .manifest("docs", &of("seatgeek", DOCS));
    for command in [
        "render api",
        "announce api",
        "withdraw api",
        "apply api",
        "applied api",
        "listen -- true",
    ] {
        let words: Vec<&str> = ["--federation", "pivotly"]
            .into_iter()
            .chain(command.split(' '))
            .collect();
        let run = node.run(&words).changes_nothing().exits(64);
        let said =
            "error: --federation names federation `pivotly`, but this node belongs to `seatgeek`\n";
        assert!(run.text().contains(said), "{}", run.text());
    }
    let node = node.env("RECONF_FEDERATION", "pivotly");
    let run = node.run(&["apply", "--all"]).changes_nothing().exits(64);
    assert!(
        run.text().contains("leave out RECONF_FEDERATION"),
        "{}",
        run.text()
    );
    // To look is allowed; a manifest that names its federation is moved by no flag.
    let looked = node.run(&["announce", "--all", "--dry-run", "--output", "json"]);
    let looked = looked.exits(0).text();
    for key in [
        "/v1/pivotly/provides/API_URL/",
        "/v1/seatgeek/provides/DOCS_URL/",
    ] {
        assert!(looked.contains(key), "{looked}");
    }
}

#[test]
fn a_federation_that_was_not_let_in_is_refused_by_every_command() {
    let fleet = Fleet::embedded();
    let node = fleet.node("web01").manifest("www", &of("acme", WWW));
    for verb in ["render", "announce", "withdraw", "apply"] {
        let refused = node.run(&[verb, "www"]).exits(77);
        let told = refused.text();
        assert!(
            told.contains("`www` belongs to federation `acme`"),
            "{told}"
        );
    }
    assert!(!node.path("etc/services.d").exists());
}

/// What one federation refuses does not keep another from being told, here or for another node.
#[test]
fn a_withdrawal_goes_on_past_a_federation_whose_registry_fails() {
    for (withdrawal, done) in [
        ("withdraw api docs", "docs: withdrawn DOCS_URL"),
        ("withdraw --all", "docs: withdrawn DOCS_URL"),
        ("--node ops retire web01", "withdrawn API_URL of api"),
    ] {
        let node = half_moved();
        let words: Vec<&str> = withdrawal.split(' ').collect();
        let run = node.run(&words);
        let told = run.text();
        assert!(told.contains(done), "{told}");
        assert_eq!(told.matches("acme.json` is not").count(), 1, "{told}");
        let _failed = run.exits(78);
        let pivotly = node.path("registry/pivotly.json");
        let left = fs::read_to_string(pivotly).unwrap();
        assert!(!left.contains("/provides/API_URL/"), "{told}{left}");
    }
}

/// `api` has moved to another federation, and the registry of the old one is damaged; `docs` is in the new one only.
fn half_moved() -> Scenario {
    let both = r#"{"federation": "acme", "federations": ["acme", "pivotly"]}"#;
    let node = Scenario::new().config(both);
    let registry = format!("dir:{}", node.path("registry").display());
    let node = node.registry(&registry).manifest("api", &of("acme", API));
    all_succeed(&node, &["announce api"]);
    node.put("registry/acme.json", "no registry");
    let node = node.manifest("api", &of("pivotly", API));
    let node = node.manifest("docs", &of("pivotly", DOCS));
    let _half = node.run(&["announce", "api", "docs"]).exits(78);
    node
}
