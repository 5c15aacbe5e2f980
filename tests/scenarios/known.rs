//! The last known announcements are a cache: a damaged file is made anew where the registry answers, and stops nobody;
//! where it does not, nothing stands in for what was lost.

use std::fs;

use serde_json::Value;

use super::{Fleet, all_succeed, conf, on_both, value};
use crate::harness::{etcd::refused, scenario::Scenario};

const KNOWN: &str = "var/lib/reconf/known/default.json";
const DATASTORES: &str =
    r#"{"datastores": {"API_URL": "of a datastore", "DOCS_URL": "of a datastore"}}"#;

/// `web01` with `www` and `docs`, each of which requires a name that another node announces.
fn web(fleet: &Fleet) -> Scenario {
    let api = r#"{"id": "api", "provides": {"API_URL": "announced", "DOCS_URL": "announced"}}"#;
    let api = fleet.node("api01").manifest("api", api);
    all_succeed(&api, &["announce api"]);
    let web = fleet
        .node("web01")
        .manifest("www", r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#)
        .manifest(
            "docs",
            r#"{"id": "docs", "requires": {"URL": "{DOCS_URL}"}}"#,
        )
        .datastores(DATASTORES);
    all_succeed(&web, &["render --all"]);
    web
}

#[test]
fn a_damaged_file_is_made_anew_with_a_warning() {
    on_both(|fleet| {
        let web = web(fleet);
        let good: Value = serde_json::from_slice(&fs::read(web.path(KNOWN)).unwrap()).unwrap();
        for damage in [
            "",
            "{",
            "\0\0\0\0",
            "[1]",
            r#"{"version": 1, "regions": 7}"#,
        ] {
            web.put(KNOWN, damage);
            let rendered = web.run(&["render", "--all"]);
            let told = rendered.text();
            assert!(
                told.contains("warning: the last known announcements are lost"),
                "{told}"
            );
            assert!(told.contains("known/default.json"), "{told}");
            let _rendered = rendered.exits(0);
            assert_eq!(value(&web, "www", "URL"), "announced");
            let anew: Value = serde_json::from_slice(&fs::read(web.path(KNOWN)).unwrap()).unwrap();
            assert_eq!(anew["regions"], good["regions"]);
            let again = web.run(&["render", "--all"]).changes_nothing();
            assert!(!again.text().contains("warning"), "{}", again.text());
        }
        // A file of a newer release is no damage.
        web.put(KNOWN, r#"{"version": 2}"#);
        let _newer = web.run(&["render", "www"]).changes_nothing().exits(78);
    });
}

#[test]
fn a_folder_in_the_place_of_the_file_stops_no_render() {
    on_both(|fleet| {
        let web = web(fleet);
        fs::remove_file(web.path(KNOWN)).unwrap();
        fs::create_dir(web.path(KNOWN)).unwrap();
        let rendered = web.run(&["render", "--all"]).exits(0).text();
        for told in ["are lost", "are not kept"] {
            let told = format!("warning: the last known announcements {told}");
            assert!(rendered.contains(&told), "{rendered}");
        }
        assert_eq!(value(&web, "www", "URL"), "announced");
        assert!(web.path(KNOWN).is_dir());
    });
}

#[test]
fn no_datastore_stands_in_for_what_was_lost() {
    on_both(|fleet| {
        let web = web(fleet);
        web.put(KNOWN, "{");
        let web = web.registry(&refused());
        let before = fs::read(web.path(&conf("www"))).unwrap();
        for policy in ["last-known", "datastores"] {
            let config = format!(r#"{{"render": {{"on_unreachable": "{policy}"}}}}"#);
            web.put("etc/reconf/config.json", &config);
            let _unread = web.run(&["render", "--all"]).exits(69);
        }
        assert_eq!(fs::read(web.path(&conf("www"))).unwrap(), before);
        web.put("etc/reconf/config.json", "{}");
        // What one service has read since is known; of the names of the other still nothing is.
        let web = web.registry(&fleet.location());
        all_succeed(&web, &["render www"]);
        let web = web.registry(&refused());
        let _degraded = web.run(&["render", "www"]).exits(0);
        let _unread = web.run(&["render", "docs"]).exits(69);
        assert_eq!(value(&web, "docs", "URL"), "announced");
        // A file that was removed is that of a new node: only then datastores stand in.
        fs::remove_file(web.path(KNOWN)).unwrap();
        let _fresh = web.run(&["render", "docs"]).exits(0);
        assert_eq!(value(&web, "docs", "URL"), "of a datastore");
    });
}
