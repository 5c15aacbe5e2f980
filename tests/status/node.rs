//! One node at a glance, in every state in which its services can be.

use super::{API, DATASTORES, WWW, golden_on_both, status};
use crate::harness::{
    certificates::Authority,
    etcd::refused,
    fleet::{Fleet, all_succeed, on_both},
    golden::mask_times,
    scenario::{Run, Scenario},
};

fn node(fleet: &Fleet) -> Scenario {
    fleet
        .node("web01")
        .manifest("api", API)
        .manifest("www", WWW)
        .datastores(DATASTORES)
}

#[test]
fn a_node_is_shown_from_its_first_day_to_its_last() {
    on_both(|fleet| {
        let node = node(fleet);
        let mut story = vec![
            status(fleet, &node, "").exits(75),
            status(fleet, &node, "--monitor").exits(2),
        ];
        all_succeed(&node, &["apply --all"]);
        for words in ["", "--output json", "--monitor", "www"] {
            story.push(status(fleet, &node, words).exits(0));
        }

        // A rotated password, and a manifest with another port.
        node.put(
            "etc/reconf/configuration.json",
            &DATASTORES.replace("s3cret", "n3w"),
        );
        node.put("etc/reconf/services/api.json", &API.replace("1100", "1200"));
        story.push(status(fleet, &node, "").exits(75));
        story.push(status(fleet, &node, "--monitor").exits(1));
        all_succeed(&node, &["render --all --await-applied"]);
        story.push(status(fleet, &node, "").exits(75));
        story.push(status(fleet, &node, "--output json").exits(75));
        all_succeed(&node, &["applied --all", "announce --all"]);
        story.push(status(fleet, &node, "").exits(0));

        all_succeed(&node, &["withdraw api --last --for 2h --reason disk"]);
        story.push(status(fleet, &node, "").exits(75));
        story.push(status(fleet, &node, "api").exits(0));
        story.push(status(fleet, &node, "--output json").exits(75));
        story.push(status(fleet, &node, "--monitor").exits(2));

        node.put("etc/reconf/services/www.json", "{");
        std::fs::remove_file(node.path("etc/reconf/services/api.json")).unwrap();
        story.push(status(fleet, &node, "").exits(75));
        story.push(status(fleet, &node, "apj").exits(66));
        let shown: String = story.iter().map(Run::text).collect();
        assert!(
            !shown.contains("s3cret") && !shown.contains(":n3w@"),
            "{shown}"
        );
        golden_on_both("status/node", &story);
    });
}

#[test]
fn what_expired_and_what_is_owed_is_said() {
    on_both(|fleet| {
        let node = node(fleet);
        all_succeed(&node, &["apply --all"]);
        let key = format!(
            "/reconf/v1/{}/provides/API_URL/default/api@web01",
            fleet.federation()
        );
        fleet.registry().delete(fleet.federation(), &key);
        let expired = status(fleet, &node, "api").exits(75).text();
        assert!(expired.contains("  expired: API_URL  "), "{expired}");
        all_succeed(&node, &["announce api"]);
        let _owed = node
            .run(&[
                "withdraw",
                "api",
                "--registry",
                &refused(),
                "--timeout",
                "500ms",
            ])
            .exits(69);
        let held = status(fleet, &node, "api").exits(75).text();
        assert!(held.contains("; announced all the same"), "{held}");
    });
}

#[test]
fn a_registry_that_is_away_is_a_line_and_the_rest_is_what_this_node_knows() {
    let fleet = Fleet::etcd();
    let node = node(&fleet);
    all_succeed(&node, &["apply --all"]);
    let away = refused();
    let node = node.registry(&away).env("RECONF_TIMEOUT", "500ms");
    let text = node.run(&["status"]).changes_nothing().exits(69).text();
    assert!(text.contains("degraded since [TIME]"), "{text}");
    assert!(text.contains("  announced 1 name  "), "{text}");
    assert!(
        text.contains("registry  `default` away, last read [TIME]: cannot reach"),
        "{text}"
    );
    let monitored = node
        .run(&["status", "--monitor"])
        .changes_nothing()
        .exits(2)
        .text();
    assert!(
        monitored.contains("RECONF CRITICAL - www: degraded since"),
        "{monitored}"
    );
}

#[test]
fn the_end_of_the_own_certificate_is_shown() {
    let node = Scenario::new().env("RECONF_TIMEOUT", "500ms");
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    let (fresh, expired) = (authority.issue("web01"), authority.issue_expired("web01"));
    for (pair, ends) in [(&fresh, "2"), (&expired, "2002-01-01T00:00:00Z")] {
        let secured = refused().replace("http:", "https:");
        node.put(
            "etc/reconf/config.json",
            &serde_json::json!({"registry": {
                "endpoints": [secured], "ca": authority.ca, "cert": pair.cert, "key": pair.key,
            }})
            .to_string(),
        );
        let run = node
            .run(&["status", "--registry", &secured])
            .changes_nothing()
            .exits(69);
        let stdout = String::from_utf8_lossy(&run.output.stdout).into_owned();
        let expected = format!("; own certificate ends {ends}");
        assert!(stdout.contains(&expected), "{}", mask_times(&stdout));
    }
}

#[test]
fn what_cannot_be_said_is_a_line_too() {
    on_both(|fleet| {
        let node = node(fleet);
        all_succeed(&node, &["apply --all"]);
        node.put("var/lib/reconf/services/api.json", "{");
        let damaged = status(fleet, &node, "").exits(78);
        node.put("etc/reconf/configuration.json", "{");
        let datastores = status(fleet, &node, "").exits(78);
        node.put("etc/reconf/config.json", "{");
        let config = status(fleet, &node, "").exits(78);
        let monitored = status(fleet, &node, "--monitor").exits(3);
        let json = status(fleet, &node, "--output json").exits(78);
        let story = [damaged, datastores, config, monitored, json];
        golden_on_both("status/unsaid", &story);
    });
}

#[test]
fn the_answers_for_nodes_and_fleets_do_not_mix() {
    let node = Scenario::new();
    for words in [
        &["status", "--all"][..],
        &["status", "www", "--fleet"],
        &["status", "--fleet", "--monitor"],
        &["status", "--monitor", "--output", "json"],
    ] {
        let _refused = node.run(words).changes_nothing().exits(64);
    }
}
