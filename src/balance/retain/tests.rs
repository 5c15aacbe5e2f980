//! Fleets whose announcements expire, are withdrawn and come back.

use super::*;
use crate::{
    balance::random::Draws,
    model::{
        announcement::{Announcement, By, Tombstone},
        sample,
        snapshot::TombstoneEntry,
        withdrawal_note::WithdrawalNote,
    },
};

/// A registry with announcements of `API_URL` behind one port, and what a balancer knows of it.
struct Fleet {
    federation: Id,
    regions: Vec<Id>,
    snapshot: Snapshot,
    is_read: bool,
    known: BTreeMap<String, KnownInstance>,
    down: BTreeSet<ServerAddress>,
    drop_expired: bool,
    now: SystemTime,
    due: Option<SystemTime>,
}

impl Fleet {
    fn new(nodes: usize) -> Self {
        let mut fleet = Self {
            federation: Id::parse("f").unwrap(),
            regions: vec![Id::default_scope()],
            snapshot: Snapshot::default(),
            is_read: true,
            known: BTreeMap::new(),
            down: BTreeSet::new(),
            drop_expired: false,
            now: humantime::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
            due: None,
        };
        for node in 0..nodes {
            fleet.announce(node);
        }
        fleet
    }

    fn key(node: usize) -> Key {
        Key {
            node: Id::parse(&format!("s{node}")).unwrap(),
            ..sample::key("f", "API_URL")
        }
    }

    fn announce(&mut self, node: usize) {
        self.announce_at(node, &format!("10.0.{}.{}", node / 250, node % 250 + 1));
    }

    fn announce_at(&mut self, node: usize, host: &str) {
        let key = Self::key(node);
        let announcement = Announcement {
            host: host.to_owned(),
            port: Some(8080),
            local_port: Some(21100),
            node: key.node.clone(),
            ..sample::announcement("http://{HOST}:{PORT}")
        };
        let live = LiveEntry {
            announcement: Box::new(announcement),
            revision: 5,
            lease: 0,
        };
        self.snapshot.withdrawn.remove(&key);
        self.snapshot.live.insert(key, live);
    }

    fn expire(&mut self, node: usize) {
        self.snapshot.live.remove(&Self::key(node));
    }

    fn withdraw(&mut self, node: usize) {
        let tombstone = Tombstone {
            by: By::Hand,
            at: String::new(),
            note: WithdrawalNote::default(),
        };
        let withdrawn = TombstoneEntry {
            tombstone,
            revision: 6,
        };
        self.expire(node);
        self.snapshot.withdrawn.insert(Self::key(node), withdrawn);
    }

    fn found_down(&mut self, node: usize) {
        let instance = &self.known[&Self::key(node).path(Kind::Provides)];
        self.down.insert(ServerAddress {
            name: format!("default:api:s{node}"),
            host: instance.host.clone(),
            port: instance.port,
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// The nodes in rotation after a run.
    fn run(&mut self) -> BTreeSet<usize> {
        let federations = BTreeMap::from([(
            self.federation.clone(),
            self.is_read.then_some(&self.snapshot),
        )]);
        let input = RetainInput {
            regions: &self.regions,
            federations: &federations,
            before: &self.known,
            down: &self.down,
            drop_expired: self.drop_expired,
            now: self.now,
        };
        let group = |i: &Instance| {
            let port = i.local_port;
            port.map(|port| PoolGroup::Port(i.key.federation.clone(), port))
                .into_iter()
                .collect()
        };
        let retained = retain(&input, group, |_| true);
        (self.known, self.due) = (retained.known, retained.due);
        let nodes = retained.instances.iter();
        nodes
            .map(|i| i.key.node.as_str()[1..].parse().unwrap())
            .collect()
    }
}

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
