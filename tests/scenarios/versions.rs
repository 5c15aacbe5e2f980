//! Each node says which version of its configuration all its services run with, and which reconf it has (docs/sight.md).

use std::fs;

use super::{Fleet, all_succeed, on_both};
use crate::harness::scenario::Scenario;

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}", "DB": "{DB_URL}"}}"#;
const JOBS: &str = r#"{"id": "jobs", "requires": {"DB": "{DB_URL}"}}"#;

/// What `configuration.json` says, with this password.
fn datastores(version: &str, password: &str) -> String {
    format!(
        r#"{{"version": "{version}", "datastores": {{"DB_URL": "mysql://app:{password}@db1/app"}}}}"#
    )
}

/// The record of `web01`, with the version of the binary masked.
fn record(fleet: &Fleet) -> Option<String> {
    let key = format!("/reconf/v1/{}/nodes/web01", fleet.federation());
    let record = fleet.keys().remove(&key)?;
    let reconf = concat!(r#""reconf":""#, env!("CARGO_PKG_VERSION"), r#"""#);
    assert!(record.contains(reconf), "{record}");
    Some(record.replace(reconf, "R"))
}

/// Asserts what the record of `web01` says.
#[track_caller]
fn has(fleet: &Fleet, version: &str) {
    let expected = format!(r#"{{"configuration":"{version}",R}}"#);
    assert_eq!(record(fleet).as_deref(), Some(expected.as_str()));
}

/// `api` announces, and web01 has `www` and `jobs`.
fn web(fleet: &Fleet) -> Scenario {
    let api = fleet.node("api01").manifest("api", API);
    all_succeed(&api, &["apply --all"]);
    fleet
        .node("web01")
        .manifest("www", WWW)
        .manifest("jobs", JOBS)
        .datastores(&datastores("one", "a"))
}

fn configure(web: &Scenario, version: &str, password: &str) {
    web.put(
        "etc/reconf/configuration.json",
        &datastores(version, password),
    );
}

#[test]
fn a_node_has_a_version_when_all_its_services_run_with_it() {
    on_both(|fleet| {
        let web = web(fleet);
        all_succeed(&web, &["render www"]);
        // `jobs` was never rendered.
        assert_eq!(record(fleet).as_deref(), Some("{R}"));
        all_succeed(&web, &["render jobs"]);
        has(fleet, "one");

        // As Chef does: each by itself, applied at the end.
        configure(&web, "two", "b");
        all_succeed(&web, &["render www --await-applied"]);
        all_succeed(&web, &["render jobs --await-applied"]);
        has(fleet, "one");
        all_succeed(&web, &["applied www"]);
        has(fleet, "one");
        all_succeed(&web, &["applied jobs"]);
        has(fleet, "two");

        // A version alone changes no conf.
        configure(&web, "three", "b");
        let _unchanged = web
            .run(&["render", "--all", "--detailed-exitcode"])
            .exits(0);
        has(fleet, "three");
        let revision = fleet.revision();
        let _idle = web.run(&["render", "--all"]).changes_nothing().exits(0);
        all_succeed(&web, &["render www", "applied --all"]);
        assert_eq!(fleet.revision(), revision);
    });
}

#[test]
fn a_service_that_fails_keeps_its_node_at_the_former_version() {
    on_both(|fleet| {
        let web = web(fleet);
        all_succeed(&web, &["render --all"]);
        has(fleet, "one");
        configure(&web, "two", "b");
        web.put(
            "etc/reconf/services/jobs.json",
            &JOBS.replace("DB_URL", "NOBODY"),
        );
        let _unmet = web.run(&["render", "--all"]).exits(75);
        has(fleet, "one");
        web.put("etc/reconf/services/jobs.json", "{");
        let _bad = web.run(&["render", "www"]).exits(0);
        has(fleet, "one");
        web.put("etc/reconf/services/jobs.json", JOBS);
        all_succeed(&web, &["render jobs"]);
        has(fleet, "two");
    });
}

#[test]
fn the_record_goes_with_the_last_service_that_takes_values_and_with_the_machine() {
    on_both(|fleet| {
        let web = web(fleet);
        all_succeed(&web, &["render --all"]);
        for (service, left) in [("www", true), ("jobs", false)] {
            fs::remove_file(web.path(&format!("etc/reconf/services/{service}.json"))).unwrap();
            all_succeed(&web, &[&format!("remove {service}")]);
            assert_eq!(record(fleet).is_some(), left, "{service}");
        }
        let web = web.manifest("www", WWW);
        all_succeed(&web, &["render www"]);
        has(fleet, "one");
        all_succeed(&fleet.node("ops"), &["retire web01"]);
        assert_eq!(record(fleet), None);
    });
}

#[test]
fn without_a_version_only_a_node_that_uses_announcements_has_a_record() {
    on_both(|fleet| {
        let web = web(fleet).datastores(r#"{"datastores": {"DB_URL": "x"}}"#);
        all_succeed(&web, &["render jobs"]);
        assert_eq!(record(fleet), None);
        all_succeed(&web, &["render www"]);
        assert_eq!(record(fleet).as_deref(), Some("{R}"));
        let revision = fleet.revision();
        all_succeed(&web, &["render --all"]);
        assert_eq!(fleet.revision(), revision);
    });
}
