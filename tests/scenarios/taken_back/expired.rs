//! What has expired with its lease is still taken back: it is last known to others until then.

use std::fs;

use super::{API, TOMBSTONE, WWW};
use crate::{
    harness::{scenario::Scenario, wait::until},
    scenarios::{Fleet, all_succeed, on_both},
};

/// Lets the announcement of a node end with its lease, and takes it back with what `take_back` is given: the provider, a
/// consumer that has its last known value, and a machine that knows nothing.
fn taken_back_after_it_expired(fleet: &Fleet, take_back: impl Fn(&Scenario, &Scenario, &Scenario)) {
    let node = fleet.node("api01").manifest("api", API);
    all_succeed(&node, &["announce api"]);
    let web = fleet.node("web01").manifest("www", WWW);
    all_succeed(&web, &["render www"]);
    all_succeed(&node, &["announce api --ttl 1s"]);
    until("its lease has ended", || {
        let listed = web.run(&["ls"]).text();
        (!listed.contains("api@api01")).then_some(())
    });
    // Expired is not withdrawn: the last known value is used.
    let _kept = web.run(&["render", "www"]).changes_nothing().exits(0);
    take_back(&node, &web, &fleet.node("other"));
    assert_eq!(fleet.announced(), [TOMBSTONE]);
    let _unmet = web.run(&["render", "www"]).exits(75);
}

#[test]
fn a_provider_that_has_expired_is_taken_back_for_good() {
    on_both(|fleet| {
        taken_back_after_it_expired(fleet, |node, _, _| {
            let taken = node.run(&["withdraw", "api"]);
            let said = taken.text();
            assert!(said.contains("api: withdrawn API_URL"), "{said}");
            let _taken = taken.exits(0);
        });
    });
}

#[test]
fn the_announcements_of_a_retired_machine_are_taken_back_although_they_expired() {
    on_both(|fleet| {
        // By what services run with, which the registry says.
        taken_back_after_it_expired(fleet, |_, _, other| {
            let retired = other.run(&["retire", "api01"]);
            let said = retired.text();
            assert!(said.contains("api01: withdrawn API_URL of api"), "{said}");
            let _retired = retired.exits(0);
        });
    });
    on_both(|fleet| {
        // By what a node knew when it last read the registry.
        taken_back_after_it_expired(fleet, |_, web, other| {
            let record = "/reconf/v1/default/applied/web01/www";
            fleet.registry().put("default", record, "{}");
            let _unknown = other.run(&["retire", "api01"]).exits(66);
            all_succeed(web, &["retire api01"]);
        });
    });
}

#[test]
fn a_service_that_is_removed_without_its_state_is_taken_back_although_it_expired() {
    on_both(|fleet| {
        taken_back_after_it_expired(fleet, |node, _, _| {
            for file in [
                "etc/reconf/services/api.json",
                "var/lib/reconf/services/api.json",
            ] {
                fs::remove_file(node.path(file)).unwrap();
            }
            node.put("var/lib/reconf/applied/api.conf", "");
            all_succeed(node, &["remove api"]);
        });
    });
}
