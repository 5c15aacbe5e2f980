//! One endpoint answers while others do not: every call succeeds.

use std::time::{Duration, Instant};

use crate::edge::registry::Session;

use super::{PATIENT, change, etcd, everything, federation, key, pairs, put, read};
use crate::harness::{
    etcd::{Etcd, cluster, refused, shared},
    wait::until,
};

/// Less than the time that an endpoint is given before the next is tried.
const LESS_THAN_A_HEAD_START: Duration = Duration::from_millis(100);

#[test]
fn two_of_three_endpoints_are_dead_and_every_read_succeeds() {
    let (first, second) = (refused(), refused());
    let settings = |timeout| etcd(&[&first, &second, shared().url()], timeout);
    let federation = federation();
    let reading = |timeout| {
        let mut session = Session::new(&settings(timeout));
        read(&mut session, &federation, everything(&federation))
    };
    for _ in 0..20 {
        reading(PATIENT).unwrap();
    }
    // A busy machine may need several attempts, but none would do if a dead endpoint cost a head start.
    until("a read without a head start", || {
        reading(LESS_THAN_A_HEAD_START).ok()
    });
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
    // Whoever waited for the frozen member would never come to the next one in that time.
    let settings = etcd(&order, Duration::from_secs(1));
    let write = [put(&key(&federation, "k"), "v")];
    until("a write passes the frozen member by", || {
        let mut session = Session::new(&settings);
        session.commit(&federation, &[], &write).ok()?;
        (pairs(&mut session, &federation).len() == 1).then_some(())
    });
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
