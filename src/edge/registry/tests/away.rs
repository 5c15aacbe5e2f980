//! etcd is away, in every way that it can be: each call ends in time, and says why.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::edge::registry::Session;

use super::{
    PATIENT, RegistryError, SHORT, TINY, etcd, everything, fails_in_time, federation, key, put,
    read, reasons,
};
use crate::harness::{
    black_hole::BlackHole,
    etcd::{Etcd, cluster, refused},
    wait::until,
};

const NO_ANSWER: &str = "no answer within 600ms";

#[test]
fn nothing_listens() {
    let start = Instant::now();
    let error = fails_in_time(&etcd(&[&refused(), &refused()], PATIENT));
    assert_eq!(
        reasons(&error),
        ["connection refused", "connection refused"]
    );
    assert!(start.elapsed() < TINY, "a refusal needs no waiting");
    assert_eq!(error.to_string(), "cannot reach the registry");
    assert!(
        error.facts()[0].ends_with("   connection refused"),
        "{:?}",
        error.facts()
    );
}

#[test]
fn the_name_is_unknown() {
    let error = fails_in_time(&etcd(&["http://no-such-host.invalid:2379"], PATIENT));
    assert_eq!(reasons(&error), ["unknown host name"]);
}

#[test]
fn the_server_is_frozen() {
    let server = Etcd::start();
    let settings = etcd(&[server.url()], SHORT);
    let federation = federation();
    let mut session = Session::new(&settings);
    read(&mut session, &federation, everything(&federation)).unwrap();
    server.freeze();
    let start = Instant::now();
    let write = [put(&key(&federation, "k"), "v")];
    let error = session.commit(&federation, &[], &write).unwrap_err();
    assert!(
        matches!(error, RegistryError::Unconfirmed { .. }),
        "{error:?}"
    );
    assert!(error.is_unreachable());
    assert!(start.elapsed() < SHORT + TINY);
    let spent = Instant::now();
    let again = session.commit(&federation, &[], &write).unwrap_err();
    assert_eq!(reasons(&again), [NO_ANSWER]);
    assert!(
        spent.elapsed() < Duration::from_millis(100),
        "the budget was spent before"
    );

    assert_eq!(reasons(&fails_in_time(&settings)), [NO_ANSWER]);

    // What timed out has happened after all, as the error says that it may.
    server.thaw();
    let patient = etcd(&[server.url()], PATIENT);
    until("the write arrives", || {
        let reading = read(
            &mut Session::new(&patient),
            &federation,
            everything(&federation),
        );
        (reading.unwrap().entries.len() == 1).then_some(())
    });
}

#[test]
fn a_write_to_a_frozen_server_that_was_not_read_before_is_surely_not_done() {
    let server = Etcd::start();
    server.freeze();
    let federation = federation();
    let start = Instant::now();
    let mut session = Session::new(&etcd(&[server.url()], SHORT));
    let write = [put(&key(&federation, "k"), "v")];
    let error = session.commit(&federation, &[], &write).unwrap_err();
    assert_eq!(reasons(&error), [NO_ANSWER]);
    assert!(start.elapsed() < SHORT + TINY);
}

#[test]
fn packets_vanish() {
    let hole = BlackHole::dig();
    let error = fails_in_time(&etcd(&[hole.url()], SHORT));
    assert_eq!(reasons(&error), [NO_ANSWER]);
}

#[test]
fn the_server_never_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let error = fails_in_time(&etcd(&[&format!("{scheme}://{address}")], SHORT));
        assert_eq!(reasons(&error), [NO_ANSWER], "{scheme}");
    }
}

#[test]
fn the_quorum_is_lost() {
    let members = cluster(3);
    members[0].freeze();
    members[1].freeze();
    let urls: Vec<_> = members.iter().map(Etcd::url).collect();
    let settings = etcd(&urls, Duration::from_millis(1500));
    let no_answer = "no answer within 1s 500ms";
    // The last member notices only after a while that its leader is gone.
    let seen = until("the leader is gone", || {
        let seen = reasons(&fails_in_time(&settings));
        (seen[2] != no_answer).then_some(seen)
    });
    assert_eq!(seen, [no_answer, no_answer, "no leader (quorum lost)"]);

    let start = Instant::now();
    let federation = federation();
    let mut session = Session::new(&etcd(&[urls[2]], PATIENT));
    let write = [put(&key(&federation, "k"), "v")];
    let error = session.commit(&federation, &[], &write).unwrap_err();
    assert_eq!(reasons(&error), ["no leader (quorum lost)"]);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "it is known at once"
    );

    members[0].thaw();
    members[1].thaw();
    until("the quorum is back", || {
        let mut session = Session::new(&etcd(&urls, PATIENT));
        session.commit(&federation, &[], &write).ok()
    });
}
