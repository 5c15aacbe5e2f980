//! Fleets whose announcements expire, are withdrawn and come back.

use std::collections::BTreeSet;

use super::REMEMBERED;
use crate::{
    balance::random::Draws,
    model::{
        id::Id,
        key::{Key, Kind},
        snapshot::Snapshot,
    },
};

mod fleet;

use fleet::Fleet;

/// How many are in rotation after each of these changes, two seconds apart.
fn sizes(nodes: usize, changes: &[(char, usize)]) -> Vec<usize> {
    let mut fleet = Fleet::new(nodes);
    let mut sizes = vec![fleet.run().len()];
    for (change, node) in changes {
        match change {
            '-' => fleet.expire(*node),
            '+' => fleet.announce(*node),
            _ => fleet.withdraw(*node),
        }
        fleet.pass(2);
        sizes.push(fleet.run().len());
    }
    sizes
}

#[test]
fn a_dead_node_goes_and_a_registry_that_lost_its_leases_empties_nothing() {
    let all =
        |change: char, nodes: usize| (0..nodes).map(|node| (change, node)).collect::<Vec<_>>();
    let slowly = sizes(10, &all('-', 10));
    assert_eq!(slowly, [10, 9, 8, 7, 6, 5, 10, 10, 10, 10, 10]);
    assert_eq!(sizes(10, &all('-', 3)), [10, 9, 8, 7]);
    assert_eq!(sizes(1, &[('-', 0), ('x', 0)]), [1, 1, 0]);
    assert_eq!(sizes(3, &all('x', 3)), [3, 2, 1, 0]);
    let one_returns = [('-', 0), ('-', 1), ('+', 0), ('x', 1)];
    assert_eq!(sizes(2, &one_returns), [2, 1, 2, 2, 1]);
    let mut most: Vec<_> = all('-', 7);
    most.extend(all('+', 7));
    assert_eq!(sizes(10, &most)[7..], [10; 8]);
}

#[test]
fn a_registry_that_was_wiped_or_is_away_empties_nothing() {
    let mut fleet = Fleet::new(10);
    fleet.run();
    fleet.snapshot = Snapshot::default();
    assert_eq!(fleet.run().len(), 10);
    fleet.is_read = false;
    fleet.pass(100_000);
    assert_eq!(fleet.run().len(), 10);
    // What was expired and out stays so while the registry is away.
    let mut fleet = Fleet::new(10);
    fleet.run();
    fleet.expire(3);
    assert_eq!(fleet.run().len(), 9);
    fleet.is_read = false;
    assert_eq!(fleet.run().len(), 9);
}

#[test]
fn an_expired_one_is_remembered_for_an_hour() {
    let mut fleet = Fleet::new(3);
    fleet.run();
    fleet.expire(0);
    fleet.run();
    assert_eq!(fleet.due, Some(fleet.now + REMEMBERED));
    fleet.pass(3599);
    fleet.run();
    assert_eq!(fleet.known.len(), 3);
    // It still counts: two of three have expired now.
    let mut again = Fleet { due: None, ..fleet };
    again.expire(1);
    assert_eq!(again.run().len(), 3);
    let mut fleet = Fleet::new(3);
    fleet.run();
    fleet.expire(0);
    fleet.run();
    fleet.pass(3600);
    fleet.run();
    assert_eq!((fleet.known.len(), fleet.due), (2, None));
}

#[test]
fn what_is_gone_for_good_does_not_come_back() {
    let mut fleet = Fleet::new(4);
    fleet.run();
    (0..4).for_each(|node| fleet.expire(node));
    assert_eq!(fleet.run().len(), 4);
    fleet.found_down(0);
    assert_eq!(fleet.run(), BTreeSet::from([1, 2, 3]));
    fleet.down.clear();
    assert_eq!(fleet.run(), BTreeSet::from([1, 2, 3]));
    // A new machine has the address of another.
    let host = fleet.known[&Fleet::key(1).path(Kind::Provides)]
        .host
        .clone();
    fleet.announce_at(7, &host);
    assert_eq!(fleet.run(), BTreeSet::from([2, 3, 7]));
    // One that is found down, but still announced, is left to its health check.
    fleet.found_down(7);
    assert_eq!(fleet.run(), BTreeSet::from([2, 3, 7]));
    fleet.drop_expired = true;
    assert_eq!(fleet.run(), BTreeSet::from([7]));
}

#[test]
fn a_pool_that_is_rebuilt_every_day_stays_below_three_times_its_size() {
    const SIZE: usize = 10;
    let mut fleet = Fleet::new(SIZE);
    fleet.run();
    for day in 1..30 {
        let (old, new) = ((day - 1) * SIZE, day * SIZE);
        // The machines go one by one, and their leases with them; the new ones come later.
        for node in old..old + SIZE {
            fleet.expire(node);
            fleet.pass(30);
            assert!(!fleet.run().is_empty());
        }
        for node in new..new + SIZE {
            fleet.announce(node);
            fleet.pass(30);
            let in_rotation = fleet.run().len();
            assert!(in_rotation < 3 * SIZE, "{in_rotation} on day {day}");
        }
        // Ten minutes later HAProxy's checks have found down what is gone.
        fleet.pass(600);
        (old..old + SIZE).for_each(|node| fleet.found_down(node));
        assert_eq!(fleet.run(), (new..new + SIZE).collect(), "day {day}");
        fleet.down.clear();
    }
}

/// Random steps of random fleets: what is announced is in rotation, what is withdrawn is not, and a pool empties only by
/// withdrawal.
fn random(fleets: usize) {
    let mut draws = Draws::new();
    for _ in 0..fleets {
        let nodes = 1 + draws.below(12);
        let mut fleet = Fleet::new(nodes);
        let mut pool = fleet.run();
        for _ in 0..60 {
            fleet.pass(*draws.one(&[1, 5, 60, 1800]));
            let node = draws.below(nodes);
            match draws.below(4) {
                0 | 1 => fleet.expire(node),
                2 => fleet.announce(node),
                _ => fleet.withdraw(node),
            }
            let before = std::mem::take(&mut pool);
            pool = fleet.run();
            let is = |entries: &dyn Fn(&Key) -> bool, node: &usize| entries(&Fleet::key(*node));
            for node in 0..nodes {
                let live = is(&|key| fleet.snapshot.live.contains_key(key), &node);
                let withdrawn = is(&|key| fleet.snapshot.withdrawn.contains_key(key), &node);
                assert!(!live || pool.contains(&node));
                assert!(!withdrawn || live || !pool.contains(&node));
            }
            let withdrawn =
                |node: &usize| fleet.snapshot.withdrawn.contains_key(&Fleet::key(*node));
            assert!(!pool.is_empty() || before.iter().all(withdrawn));
        }
    }
}

#[test]
fn a_pool_empties_only_by_withdrawal() {
    random(100);
}

#[test]
#[ignore = "long: script/prove"]
fn a_pool_empties_only_by_withdrawal_in_120_000_steps() {
    random(2000);
}

#[test]
fn what_cannot_be_read_has_not_expired() {
    let mut fleet = Fleet::new(1);
    fleet.run();
    let live = fleet.snapshot.live.get_mut(&Fleet::key(0)).unwrap();
    live.announcement.host = "10.0.0.1 backup".to_owned();
    assert!(fleet.run().is_empty());
    assert!(fleet.known.is_empty());
}

#[test]
fn only_regions_of_this_node_count() {
    let mut fleet = Fleet::new(2);
    fleet.regions = vec![Id::parse("elsewhere").unwrap()];
    assert!(fleet.run().is_empty());
}
