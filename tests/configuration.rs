//! What a node is configured with and cannot be used is refused by its name, whoever names it.

use crate::harness::scenario::Scenario;

const PLAIN: &str = r#"{"id": "plain", "environment": {"A": "b"}}"#;

#[test]
fn a_variable_that_is_no_text_is_refused_by_its_name() {
    let node = Scenario::new().manifest("plain", PLAIN);
    let _rendered = node.run(&["render", "plain"]).exits(0);
    for name in [
        "ROOT",
        "CONFIG",
        "REGISTRY",
        "FEDERATION",
        "REGION",
        "NODE",
        "HOST",
        "TIMEOUT",
    ] {
        let told = node.sh(&format!(
            "export RECONF_{name}=\"$(printf 'x\\377')\"; reconf config"
        ));
        let told = told.changes_nothing().fails(78);
        assert_eq!(told, format!("error: `RECONF_{name}` is not UTF-8\n"));
    }
    let told = node.sh("RECONF_ROOT=\"$(printf '/\\377')\" reconf exec plain -- true");
    assert_eq!(told.fails(125), "error: `RECONF_ROOT` is not UTF-8\n");
    // A flag beats it, so nobody reads it.
    let flag = node.sh("RECONF_REGION=\"$(printf '\\377')\" reconf config --region eu");
    assert!(flag.succeeds().contains("region"));
}
