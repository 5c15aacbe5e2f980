//! Machines without a route to announce, and with an address that leads nowhere.

use std::path::Path;

use super::{API, LIVE, host};
use crate::{
    harness::not_run,
    scenarios::{Fleet, all_succeed, on_both},
};

#[test]
fn a_machine_without_a_route_announces_nothing_until_it_has_one() {
    let fleet = Fleet::etcd();
    let machine = fleet
        .node("api01")
        .manifest("api", API)
        .without("RECONF_HOST");
    let Some(unshare) = ["unshare -n", "unshare -rn"].into_iter().find(|unshare| {
        machine
            .sh(&format!("{unshare} true"))
            .output
            .status
            .success()
    }) else {
        let what = "announcing without a route: this user may not make a network of its own";
        not_run::record(Path::new(not_run::LIST), what);
        return;
    };
    for command in ["announce api", "announce --all", "apply --all"] {
        let cut_off = machine.sh(&format!("{unshare} reconf {command}")).exits(75);
        let told = cut_off.text();
        assert!(
            told.contains("this machine has no route yet, so `api` is not announced"),
            "{told}"
        );
        assert!(
            !machine.path("var/lib/reconf/services/api.json").exists(),
            "{told}"
        );
    }
    assert_eq!(fleet.announced(), [""; 0]);
    let machine = machine.env("RECONF_HOST", "10.0.0.1");
    all_succeed(&machine, &["announce --all"]);
    assert_eq!(host(&fleet, LIVE), "10.0.0.1");
}

#[test]
fn a_loopback_address_that_was_given_is_announced_with_a_warning() {
    on_both(|fleet| {
        let machine = fleet.node("api01").manifest("api", API);
        let machine = machine
            .env("RECONF_HOST", "127.0.0.1")
            .manifest("plain", r#"{"id": "plain", "environment": {}}"#);
        let told = machine.run(&["announce", "--all"]).exits(0).text();
        let warned = told
            .matches("which leads every other machine to itself")
            .count();
        assert_eq!(warned, usize::from(fleet.own_etcd().is_some()), "{told}");
        assert_eq!(host(fleet, LIVE), "127.0.0.1");
        for refused in ["0.0.0.0", "::", "10.0.0.300"] {
            let nowhere = fleet.node("api01").env("RECONF_HOST", refused);
            let told = nowhere
                .run(&["announce", "--all"])
                .changes_nothing()
                .fails(78);
            assert!(told.contains("RECONF_HOST"), "{told}");
        }
    });
}
