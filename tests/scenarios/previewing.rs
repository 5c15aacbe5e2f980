//! `withdraw --dry-run` and `retire --dry-run`: what each consumer would take instead, what is refused, and that nothing is
//! written.

use serde_json::json;

use super::{Fleet, all_succeed, on_both, value};
use crate::harness::scenario::{Run, Scenario, golden_story};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{NODE}:{PORT}"}}"#;
const DOCS: &str = r#"{"id": "docs", "provides": {"DOCS_URL": "http://{NODE}/docs"}}"#;
const METRICS: &str = r#"{"id": "metrics", "provides": {"METRICS_URL": "http://{NODE}/metrics"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

/// The arguments for a report that programs read.
const JSON: [&str; 2] = ["--output", "json"];

/// A preview of a withdrawal that would leave a consumer without a provider.
const PREVIEW_OF_THE_LAST: &str = "$ reconf withdraw api --dry-run
status 75
--- stderr
api: would withdraw API_URL; would stay so until `reconf announce api`
  web01   URL of www: unmet, unless its node has a datastore, a default or a last known value for API_URL
error: no other node announces what `api` provides in region `default`, and it is in use
  web01   URL of www
note: nothing of `api` was withdrawn
hint: announce it on another node of the region first, or withdraw it all the same with `--last`
";

/// Runs a command, after which neither the node nor the registry has changed.
#[track_caller]
fn looks(fleet: &Fleet, node: &Scenario, words: &[&str]) -> Run {
    let before = (fleet.revision(), fleet.keys());
    let run = node.run(words).changes_nothing();
    assert_eq!((fleet.revision(), fleet.keys()), before, "{}", run.text());
    run
}

/// A node that announces all of its manifests.
fn announcing(node: Scenario, manifests: &[(&str, &str)]) -> Scenario {
    let add = |node: Scenario, (id, json): &(&str, &str)| node.manifest(id, json);
    let node = manifests.iter().fold(node, add);
    all_succeed(&node, &["announce --all"]);
    node
}

/// A node of region `west` that announces this.
fn west(fleet: &Fleet, name: &str, manifest: (&str, &str)) {
    let node = fleet.node(name).env("RECONF_REGION", "west");
    let _west = announcing(node, &[manifest]);
}

/// What nodes say that they run with: node and user, variable, providers.
const CONSUMERS: [(&str, &str, &[&str]); 7] = [
    ("web02/www", "URLS", &[API_1, API_2]),
    ("web03/www", "DOCS", &[DOCS_1]),
    ("web04/www", "URL", &[API_1, "CACHE_URL/default/cache@gone"]),
    ("web05/@balance/API_URL", "API_URL", &[API_1, API_2]),
    ("web06/@balance/DOCS_URL", "DOCS_URL", &[DOCS_1]),
    (
        "web07/www",
        "METRICS",
        &["METRICS_URL/default/metrics@api01"],
    ),
    ("api02/www", "URL", &[API_1]),
];

const API_1: &str = "API_URL/default/api@api01";
const API_2: &str = "API_URL/default/api@api02";
const DOCS_1: &str = "DOCS_URL/default/docs@api01";

/// Records these, and one that cannot be read.
fn record_consumers(fleet: &Fleet) {
    let mut registry = fleet.registry();
    let mut put = |user: &str, record: &str| {
        let key = format!("/reconf/v1/default/applied/{user}");
        registry.put("default", &key, record);
    };
    for (user, variable, used) in CONSUMERS {
        let used = used.iter();
        let used = used.map(|place| json!([format!("/reconf/v1/default/provides/{place}"), 1]));
        let record = json!({variable: used.collect::<Vec<_>>()});
        put(user, &record.to_string());
    }
    put("web08/www", "?");
}

#[test]
fn a_preview_tells_what_each_consumer_would_take_instead_and_what_is_refused() {
    on_both(|fleet| {
        let (docs, metrics) = (("docs", DOCS), ("metrics", METRICS));
        let first = announcing(fleet.node("api01"), &[("api", API), docs, metrics]);
        let web = fleet.node("web01").manifest("www", WWW);
        all_succeed(&web, &["render www"]);
        let preview = ["withdraw", "api", "--dry-run"];
        let last = looks(fleet, &first, &preview);
        last.exits(75).reads(PREVIEW_OF_THE_LAST);
        let _second = announcing(fleet.node("api02"), &[("api", API), metrics]);
        west(fleet, "api07", docs);
        record_consumers(fleet);
        // After they rendered.
        west(fleet, "api08", metrics);
        let ops = fleet.node("ops");
        let all = ["withdraw", "--all", "--dry-run"];
        let lifted = ["--last", "--for", "2h", "-v"];
        let retire = ["retire", "api01", "--dry-run"];
        let runs = [
            looks(fleet, &first, &all).exits(75),
            looks(fleet, &first, &[&preview[..], &lifted].concat()).exits(0),
            looks(fleet, &first, &[&all[..], &JSON].concat()).exits(75),
            looks(fleet, &ops, &retire).exits(0),
            looks(fleet, &ops, &[&retire[..], &["api02", "-v"]].concat()).exits(0),
            looks(fleet, &ops, &[&retire[..], &JSON].concat()).exits(0),
        ];
        golden_story("scenarios/dry-runs", &runs);
        // It is what happens then.
        all_succeed(&first, &["withdraw api"]);
        all_succeed(&web, &["render www"]);
        assert_eq!(value(&web, "www", "URL"), "http://api02:1100");
    });
}
