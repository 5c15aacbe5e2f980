//! `check --live`: what the registry has counts as provided.

use super::{check, messages};
use crate::harness::fleet::on_both;

const WWW: &str = r#"{"id": "www", "requires": {"A": "{API_URL}"}}"#;
const API: &str =
    r#"{"id": "api", "environment": {"PORT": 1}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;
const NOTHING: &str = "{}";

#[test]
fn what_is_announced_counts_in_its_region_and_federation() {
    on_both(|fleet| {
        let api = fleet.node("api01").manifest("api", API);
        let _announced = api.run(&["announce", "api"]).exits(0);
        let www = fleet
            .node("web01")
            .file("items/www.json", WWW)
            .file("d.json", NOTHING);
        let run = |words: &str| check(&www, &format!("items --datastores d.json {words}"));
        let _absent = run("").exits(65);
        let _there = run("--live").exits(0);
        let other = run("--live --regions elsewhere --output json").exits(65);
        assert_eq!(messages(&other), ["nothing provides `API_URL`"]);
        let other = run("--live --federations other --output json").exits(65);
        assert_eq!(messages(&other), ["nothing provides `API_URL`"]);
        let matrix = run("--live -v").exits(0);
        assert!(
            matrix.text().contains("ok (announced)"),
            "{}",
            matrix.text()
        );
    });
}

#[test]
fn a_registry_that_does_not_answer_is_no_answer() {
    on_both(|fleet| {
        let www = fleet.node("web01").file("items/www.json", WWW);
        let www = www.env("RECONF_REGISTRY", "http://127.0.0.1:1");
        let unread = check(&www, "items --live --output json").exits(69);
        assert!(unread.text().contains("cannot reach"), "{}", unread.text());
        let _without = check(&www, "items").exits(0);
    });
}
