//! What the fleet is told that a service runs with: what is applied, never what is only written.

use std::fs;

use super::{APP, datastores, render, rotate};
use crate::scenarios::{Fleet, all_succeed, on_both};

const WWW: &str = r#"{"id": "www", "requires": {"SECRET": "{SECRET}", "URL": "{API_URL}"}}"#;
const API: &str = r#"{"id": "api", "provides": {"API_URL": "http://{NODE}"}}"#;

#[test]
fn the_fleet_is_told_what_is_applied_and_not_what_is_only_written() {
    on_both(|fleet: &Fleet| {
        let api = |name: &str| fleet.node(name).manifest("api", API);
        let revision = || {
            let keys = fleet.keys();
            let said = keys.get("/reconf/v1/default/applied/web01/www")?;
            let said: serde_json::Value = serde_json::from_str(said).unwrap();
            assert_eq!(
                said["SECRET"],
                serde_json::Value::Null,
                "no datastores, and no values"
            );
            Some(said["URL"].clone())
        };
        all_succeed(&api("api01"), &["announce api"]);
        let web = fleet.node("web01").manifest("www", WWW);
        let web = web.datastores(&datastores("old"));
        let _failed = render(&web, "false").exits(71);
        assert_eq!(revision(), None);
        let _done = render(&web, "true").exits(0);
        let first = revision().unwrap();
        assert!(first.to_string().contains("/api@api01\""), "{first}");

        all_succeed(&api("api02"), &["announce api"]);
        all_succeed(&api("api01"), &["withdraw api"]);
        all_succeed(&web, &["render www --await-applied", "render www"]);
        assert_eq!(revision(), Some(first));
        all_succeed(&web, &["applied www"]);
        let second = revision().unwrap();
        assert!(second.to_string().contains("/api@api02\""), "{second}");
    });
}

#[test]
fn a_conf_that_was_never_written_is_not_published_as_applied() {
    on_both(|fleet: &Fleet| {
        let api = |name: &str| fleet.node(name).manifest("api", API);
        let web = fleet.node("web01").manifest("www", WWW);
        let web = web.datastores(&datastores("old"));
        let record = || fleet.keys()["/reconf/v1/default/applied/web01/www"].clone();
        all_succeed(&api("api01"), &["announce api"]);
        all_succeed(&web, &["render www"]);
        let first = record();
        all_succeed(&api("api02"), &["announce api"]);
        all_succeed(&api("api01"), &["withdraw api"]);
        // The render gets as far as the pending mark, and not to the conf.
        let gate = web.path("var/lib/reconf/tasks/www.gate");
        fs::remove_file(&gate).unwrap();
        std::os::unix::fs::symlink("nowhere", &gate).unwrap();
        let _failed = web.run(&["render", "www", "--await-applied"]).exits(73);
        fs::remove_file(&gate).unwrap();
        all_succeed(&web, &["applied www"]);
        assert_eq!(record(), first);
        all_succeed(&web, &["render www"]);
        assert!(record().contains("/api@api02\""), "{}", record());
    });
}

#[test]
fn a_record_that_cannot_be_published_is_a_warning_and_stops_no_service() {
    on_both(|fleet: &Fleet| {
        let api = fleet.node("api01").manifest("api", API);
        all_succeed(&api, &["announce api"]);
        let web = fleet
            .node("web01")
            .manifest("www", WWW)
            .manifest("app", APP);
        let web = web.datastores(&datastores("old"));
        all_succeed(&web, &["render --all"]);
        let key = "/reconf/v1/default/applied/web01/www";
        fleet.registry().put(fleet.federation(), key, "{}");
        rotate(&web, "new");
        let lock = fs::File::open(web.path("run/reconf/state.lock")).unwrap();
        lock.lock().unwrap();
        let run = web.run(&["render", "--all", "--timeout", "4s"]).exits(0);
        let text = run.text();
        for line in [
            "could not publish the applied values of `www`",
            "app: wrote",
            "www: wrote",
        ] {
            assert!(text.contains(line), "{text}");
        }
    });
}
