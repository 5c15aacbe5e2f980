//! Some endpoints are away and one is not: nobody notices.

use std::time::{Duration, Instant};

use crate::edge::registry::Session;

use super::{PATIENT, change, etcd, everything, federation, key, pairs, put, read};
use crate::harness::{
    etcd::{Etcd, cluster, refused, shared},
    wait::until,
};

#[test]
fn two_of_three_endpoints_are_dead_and_every_read_succeeds() {
    let (first, second) = (refused(), refused());
    let settings = etcd(&[&first, &second, shared().url()], PATIENT);
    let federation = federation();
    let start = Instant::now();
    for _ in 0..100 {
        read(
            &mut Session::new(&settings),
            &federation,
            everything(&federation),
        )
        .unwrap();
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "a dead endpoint costs no head start"
    );
}

#[test]
fn a_write_without_a_read_finds_the_live_endpoint() {
    let dead = refused();
    let federation = federation();
    let mut session = Session::new(&etcd(&[&dead, shared().url()], PATIENT));
    change(
        &mut session,
        &federation,
        &[put(&key(&federation, "k"), "v")],
    );
    assert_eq!(pairs(&mut session, &federation).len(), 1);
}

#[test]
fn a_frozen_member_costs_a_head_start_and_no_more() {
    let members = cluster(3);
    let urls: Vec<_> = members.iter().map(Etcd::url).collect();
    let federation = federation();
    // The leader stays, whichever it is: losing it would take an election.
    let frozen = usize::from(is_leader(&members[0]));
    let mut order = urls.clone();
    order.swap(0, frozen);
    members[frozen].freeze();
    let start = Instant::now();
    let mut session = Session::new(&etcd(&order, PATIENT));
    change(
        &mut session,
        &federation,
        &[put(&key(&federation, "k"), "v")],
    );
    assert_eq!(pairs(&mut session, &federation).len(), 1);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn an_endpoint_that_dies_in_a_pause_after_a_read_is_left_for_another() {
    let members = cluster(3);
    let urls: Vec<_> = members.iter().map(Etcd::url).collect();
    let federation = federation();
    let first = usize::from(is_leader(&members[0]));
    let mut order = urls.clone();
    order.swap(0, first);
    let mut session = Session::new(&etcd(&order, PATIENT));
    read(&mut session, &federation, everything(&federation)).unwrap();
    members[first].kill();
    let killed = Instant::now();
    until("a pause", || {
        (killed.elapsed() > Duration::from_millis(300)).then_some(())
    });
    change(
        &mut session,
        &federation,
        &[put(&key(&federation, "k"), "v")],
    );
    assert_eq!(pairs(&mut session, &federation).len(), 1);
}

#[test]
fn the_loopback_is_no_address_for_others() {
    let federation = federation();
    let mut session = Session::new(&etcd(&[shared().url()], PATIENT));
    read(&mut session, &federation, everything(&federation)).unwrap();
    assert_eq!(session.local_address(), None);
}

/// `endpoint status` says `…, version, size, is leader, …`.
fn is_leader(member: &Etcd) -> bool {
    let status = member.ctl(&["endpoint", "status"]);
    status.split(", ").nth(4) == Some("true")
}
