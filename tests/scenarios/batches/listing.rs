//! Names are listed by themselves: what else is announced is not looked at and takes no time.

use std::time::{Duration, Instant};

use super::with_services;
use crate::{
    harness::etcd::Etcd,
    scenarios::{Fleet, all_succeed, on_both},
};

#[test]
fn the_names_that_are_asked_for_are_read_and_no_others() {
    on_both(|fleet| {
        let node = with_services(fleet.node("web01"), 3);
        all_succeed(&node, &["announce --all"]);
        // A name that nobody asks for is not even looked at.
        let other = format!(
            "/reconf/v1/{}/provides/S0002_URL/default/x@y",
            fleet.federation()
        );
        fleet
            .registry()
            .put(fleet.federation(), &other, "no record");
        let all = node.run(&["ls"]).exits(0).text();
        assert!(all.contains("S0001_URL") && all.contains("x@y"), "{all}");
        let two = node.run(&["ls", "S0001_URL", "S0000_URL"]).succeeds();
        assert_eq!(two.lines().count(), 3, "{two}");
        assert!(
            two.contains("S0000_URL") && two.contains("S0001_URL"),
            "{two}"
        );
    });
}

/// The values of a name among that many announcements of others, and how long it took to list them: the least of some.
fn listed_among(etcd: &Etcd, announcements: usize) -> (String, Duration) {
    let fleet = Fleet::at(etcd.url());
    let mut registry = fleet.registry();
    fleet.announce_through(&mut registry, "db01", "DB_URL", "one");
    for number in 1..announcements {
        let name = format!("N{}_URL", number % 1000);
        fleet.announce_through(&mut registry, &format!("n{number}"), &name, "other");
    }
    let node = fleet.node("web01");
    let list = || {
        let start = Instant::now();
        let listed = node.run(&["ls", "DB_URL"]).succeeds();
        (listed, start.elapsed())
    };
    let runs = (0..20).map(|_| list());
    runs.min_by_key(|(_, took)| *took).unwrap()
}

#[test]
#[ignore = "long: script/prove"]
#[expect(clippy::print_stdout, reason = "script/prove shows figures")]
fn a_name_is_listed_among_a_hundred_thousand_announcements_as_among_a_hundred() {
    let etcd = Etcd::start();
    let (few, short) = listed_among(&etcd, 100);
    let (many, long) = listed_among(&etcd, 100_000);
    assert_eq!(few, many);
    println!("`ls NAME` among 100: {short:?}, among 100,000: {long:?}");
    assert!(long <= 3 * short, "{short:?} {long:?}");
}
