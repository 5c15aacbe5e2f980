//! Somebody who may write in the federation writes what no reconf writes, beside three good providers: consumers go on, and
//! everything that is printed stays clean.

use serde_json::{Value, json};

use super::{Fleet, all_succeed, conf, on_both};
use crate::harness::scenario::{Run, Scenario};

const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}",
    "ALL": {"value": "{API_URL}", "pick": "all"}}}"#;

/// An announcement of `evil@` that node, with other fields.
fn announcement(node: &str, fields: &Value) -> String {
    let mut announcement = json!({
        "value": "http://evil", "pattern": "http://evil", "host": "10.0.0.66", "port": null,
        "local_port": null, "service": "evil", "node": node, "public": false,
        "since": "2026-01-01T00:00:00Z",
    });
    let fields = fields.as_object().unwrap().clone();
    announcement.as_object_mut().unwrap().extend(fields);
    announcement.to_string()
}

/// The ends of keys below `provides/API_URL/`, or below `provides/`, with values that cannot be used.
fn unusable() -> Vec<(String, String)> {
    let with = |node: &str, fields: Value| {
        let key = format!("API_URL/default/evil@{node}");
        (key, announcement(node, &fields))
    };
    let long = "x".repeat(70_000);
    let large = "x".repeat(200 * 1024);
    let at = |key: String| (key, announcement("n", &json!({})));
    let array = json!(["v", "v", "h", null, null, "evil", "array", false, "s"]);
    vec![
        with("nul", json!({"value": "a\u{0}b"})),
        with("large", json!({"value": large})),
        with("pattern", json!({"pattern": large})),
        with("service", json!({"service": "api"})),
        with("node", json!({"node": "api01"})),
        with("fields", json!({"port": "many"})),
        ("API_URL/default/evil@array".to_owned(), array.to_string()),
        ("API_URL/default/evil@text".to_owned(), "text".to_owned()),
        at(format!("API_URL/default/evil@{long}")),
        at(format!("API_URL/default/{long}@n")),
        at(format!("API_URL/{long}/evil@n")),
        at("API_URL/default/ev\u{1b}[2Jil@n".to_owned()),
        at("API_URL/default/evil@n\nerror: all is lost".to_owned()),
        at("API_URL/default/evil@n/more".to_owned()),
    ]
}

fn put(fleet: &Fleet, key: &str, value: &str) {
    let key = format!("/reconf/v1/default/provides/{key}");
    fleet.registry().put("default", &key, value);
}

/// Nothing that a terminal acts on, no line as long as a book, and no line that pretends to be ours.
#[track_caller]
fn is_clean(run: &Run) {
    let output = [&run.output.stdout[..], &run.output.stderr[..]].concat();
    let text = String::from_utf8(output).unwrap();
    let acts = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(acts), "{text:.2000}");
    assert!(text.lines().all(|line| line.len() < 2_000), "{text:.2000}");
    assert!(!text.lines().any(|line| line.starts_with("error: all is")));
}

/// What is known of all names takes less than 1 MiB.
#[track_caller]
fn knows_little(node: &Scenario) {
    let known = node.path("var/lib/reconf/known/default.json");
    let size = known.metadata().unwrap().len();
    assert!(size < 1 << 20, "{size}");
}

#[test]
fn hostile_announcements_stop_no_consumer_and_dirty_no_output() {
    on_both(|fleet| {
        for number in 1..=3 {
            let api =
                format!(r#"{{"id": "api", "provides": {{"API_URL": "http://api{number}"}}}}"#);
            let api = fleet.node(&format!("api0{number}")).manifest("api", &api);
            all_succeed(&api, &["announce api"]);
        }
        let www = fleet.node("web01").manifest("www", WWW);
        all_succeed(&www, &["render www"]);
        let good = std::fs::read(www.path(&conf("www"))).unwrap();
        let unusable = unusable();
        for (key, value) in &unusable {
            put(fleet, key, value);
        }
        let long = "X".repeat(70_000);
        put(fleet, &format!("{long}/default/evil@n"), "text");
        for number in 0..8 {
            let www = fleet.node(&format!("web{number:02}")).manifest("www", WWW);
            let rendered = www.run(&["render", "www"]);
            is_clean(&rendered);
            assert!(!rendered.text().contains("warning"), "{}", rendered.text());
            let _rendered = rendered.exits(0);
            knows_little(&www);
        }
        all_succeed(&www, &["render www"]);
        assert_eq!(std::fs::read(www.path(&conf("www"))).unwrap(), good);
        told_where_they_are_listed(&www, unusable.len());
        told_where_they_are_unmet(fleet);
    });
}

/// The list has the good ones, and says of each of the others that it is not used, up to a number of them.
fn told_where_they_are_listed(www: &Scenario, unusable: usize) {
    let listed = www.run(&["ls", "API_URL"]);
    is_clean(&listed);
    let told = listed.text();
    for number in 1..=3 {
        assert!(told.contains(&format!("http://api{number}")), "{told}");
    }
    assert!(!told.contains("http://evil"), "{told}");
    let why = "API_URL/default/evil@array` is not used: it is no JSON object";
    assert!(told.contains(why), "{told}");
    let others = format!("{} more records are not used", unusable - 10);
    assert!(told.contains(&others), "{told}");
    let _listed = listed.exits(0);
    for words in [&["ls"][..], &["ls", "--output", "json"]] {
        let listed = www.run(words);
        is_clean(&listed);
        let _listed = listed.exits(0);
    }
}

/// A name that has nothing else is unmet, and the message names the record.
fn told_where_they_are_unmet(fleet: &Fleet) {
    let value = announcement("nul", &json!({"value": "\u{0}"}));
    put(fleet, "LOST_URL/default/evil@nul", &value);
    let www = r#"{"id": "www", "requires": {"LOST": "{LOST_URL}"}}"#;
    let www = fleet.node("web09").manifest("www", www);
    let unmet = www.run(&["render", "www"]);
    is_clean(&unmet);
    let told = unmet.exits(75).text();
    let why =
        "`/reconf/v1/default/provides/LOST_URL/default/evil@nul` is not used: it contains a NUL";
    assert!(told.contains(why), "{told}");
}

#[test]
fn a_value_that_only_one_format_cannot_carry_names_its_provider() {
    on_both(|fleet| {
        let value = announcement("n", &json!({"value": "a\u{1b}b\nc"}));
        put(fleet, "API_URL/default/evil@n", &value);
        let www = |formats: &str| {
            let www = format!(
                r#"{{"id": "www", "requires": {{"API": "{{API_URL}}"}}, "conf": {{"formats": {formats}}}}}"#
            );
            fleet.node("web01").manifest("www", &www)
        };
        all_succeed(&www(r#"["shell"]"#), &["render www"]);
        let refused = www(r#"["shell", "docker"]"#).run(&["render", "www"]);
        is_clean(&refused);
        let told = refused.exits(65).text();
        let provider = "`API` is what `evil@n` announces: `/reconf/v1/default/provides/API_URL/default/evil@n`";
        assert!(told.contains(provider), "{told}");
        assert!(
            told.contains("let its provider announce another value"),
            "{told}"
        );
    });
}

#[test]
fn what_is_known_of_a_name_has_a_limit() {
    on_both(|fleet| {
        let large = "x".repeat(120_000);
        for number in 0..12 {
            let node = format!("n{number:02}");
            let value = announcement(&node, &json!({"value": large, "pattern": large}));
            put(fleet, &format!("API_URL/default/evil@{node}"), &value);
        }
        put(
            fleet,
            "API_URL/default/evil@small",
            &announcement("small", &json!({})),
        );
        let www = r#"{"id": "www", "requires": {"API": "{API_URL}"}}"#;
        let www = fleet.node("web01").manifest("www", www);
        all_succeed(&www, &["render www"]);
        knows_little(&www);
        let known = std::fs::read_to_string(www.path("var/lib/reconf/known/default.json")).unwrap();
        assert!(known.contains("evil@small") && known.contains("evil@n00"));
        let _again = www.run(&["render", "www"]).changes_nothing().exits(0);
    });
}
