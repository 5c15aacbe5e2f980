//! What a call intended that was killed before it wrote to the registry.

use std::fs;

use serde_json::{Value, json};

use super::{id, with_services};
use crate::{
    harness::scenario::Scenario,
    scenarios::{all_succeed, on_both},
};

/// What a state file says, without its version.
fn state_of(node: &Scenario, id: &str) -> Value {
    let state = fs::read_to_string(node.path(&format!("var/lib/reconf/services/{id}.json")));
    let mut state: Value = serde_json::from_str(&state.unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("version");
    state
}

#[test]
fn what_a_killed_call_intended_counts_until_the_state_says_something_else() {
    on_both(|fleet| {
        let node = with_services(fleet.node("web01"), 2);
        all_succeed(&node, &["announce --all"]);
        let intents = "var/lib/reconf/intents.json";
        assert!(!node.path(intents).exists(), "the outcomes are known");
        // As a call leaves it that was killed before it wrote to the registry.
        let intended = |id: &str, before: &Value| {
            let key = format!(
                "/reconf/v1/{}/provides/{}_URL/default/{id}@web01",
                fleet.federation(),
                id.to_uppercase()
            );
            let mut after = before.clone();
            after["withdrawing"] = json!({key: "hand"});
            after["held"] = json!(true);
            json!({"before": before, "after": after})
        };
        let [first, second] = [0, 1].map(|number| state_of(&node, &id(number)));
        let mut other = second.clone();
        other["pending"] = json!(true);
        let services = json!({
            "s0000": intended("s0000", &first),
            "s0001": intended("s0001", &other),
            "s0002": intended("s0002", &json!({})),
        });
        node.put(
            intents,
            &json!({"version": 1, "services": services}).to_string(),
        );
        let run = node.run(&["announce", "--all"]).exits(0).text();
        assert!(!node.path(intents).exists(), "{run}");
        assert!(run.contains("s0000: withdrawn"), "{run}");
        assert!(run.contains("`s0002` has no manifest any more"), "{run}");
        let is_held = |id| state_of(&node, id)["held"] == true;
        assert!(is_held("s0000") && !is_held("s0001"), "{run}");
        let mut live = fleet.announced();
        live.retain(|key| key.contains("/provides/"));
        assert!(live.len() == 1 && live[0].contains("S0001_URL"), "{live:?}");
    });
}
