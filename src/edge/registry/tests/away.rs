//! etcd is away, in every way that it can be: each call ends in time, and says why.

use std::{net::TcpListener, thread, time::Duration};

use crate::edge::registry::Session;

use super::{
    PATIENT, RegistryError, SHORT, etcd, everything, failure, federation, key, put, read, reasons,
};
use crate::harness::{
    black_hole::BlackHole,
    etcd::{Etcd, cluster, refused},
    wait::until,
};

const NO_ANSWER: &str = "no answer within 600ms";

#[test]
fn nothing_listens() {
    let error = failure(&etcd(&[&refused(), &refused()], PATIENT));
    assert_eq!(
        reasons(&error),
        ["connection refused", "connection refused"]
    );
    assert_eq!(error.to_string(), "cannot reach the registry");
    assert!(
        error.facts()[0].ends_with("   connection refused"),
        "{:?}",
        error.facts()
    );
}

#[test]
fn the_name_is_unknown() {
    let error = failure(&etcd(&["http://no-such-host.invalid:2379"], PATIENT));
    assert_eq!(reasons(&error), ["unknown host name"]);
}

#[test]
fn the_server_is_frozen() {
    let server = Etcd::start();
    let settings = etcd(&[server.url()], SHORT);
    let federation = federation();
    let write = [put(&key(&federation, "k"), "v")];
    // Where its answer is too old by then, as on a busy machine, the server is asked first, and the write is surely not done.
    let mut session = until("a write is sent to a server that has just answered", || {
        server.thaw();
        let mut session = Session::new(&settings);
        read(&mut session, &federation, everything(&federation)).ok()?;
        server.freeze();
        let error = session.commit(&federation, &[], &write).unwrap_err();
        assert!(error.is_unreachable());
        if matches!(error, RegistryError::Unconfirmed { .. }) {
            return Some(session);
        }
        assert_eq!(reasons(&error), [NO_ANSWER]);
        None
    });
    assert_eq!(reasons(&failure(&settings)), [NO_ANSWER]);

    server.thaw();
    let again = session.commit(&federation, &[], &write).unwrap_err();
    assert_eq!(reasons(&again), [NO_ANSWER], "its time was spent before");
    // What timed out has happened after all, as the error says that it may.
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
    let mut session = Session::new(&etcd(&[server.url()], SHORT));
    let write = [put(&key(&federation, "k"), "v")];
    let error = session.commit(&federation, &[], &write).unwrap_err();
    assert_eq!(reasons(&error), [NO_ANSWER]);
}

#[test]
fn a_server_that_is_killed_is_not_taken_for_one_that_speaks_https() {
    let mut server = Etcd::start();
    let settings = etcd(&[server.url()], PATIENT);
    let federation = federation();
    for _ in 0..5 {
        let mut session = Session::new(&settings);
        read(&mut session, &federation, everything(&federation)).unwrap();
        server.freeze();
        let error = thread::scope(|scope| {
            let call = scope.spawn(|| read(&mut session, &federation, everything(&federation)));
            server.kill();
            call.join().unwrap().unwrap_err()
        });
        let reason = reasons(&error).remove(0);
        let is_true = reason == "connection refused"
            || reason.starts_with("connection lost (") && reason.ends_with(')');
        assert!(is_true, "{reason}");
        server.restart();
    }
}

#[test]
fn a_server_that_answers_and_then_no_more_is_told_from_one_that_cannot_be_reached() {
    let server = Etcd::start();
    let federation = federation();
    // Its first answer may take long on a busy machine.
    let settings = etcd(&[server.url()], Duration::from_secs(3));
    let mut session = Session::new(&settings);
    read(&mut session, &federation, everything(&federation)).unwrap();
    server.freeze();
    let error = read(&mut session, &federation, everything(&federation)).unwrap_err();
    assert!(error.is_unreachable());
    let told = "the registry answered, but not everything in time";
    assert_eq!(error.to_string(), told);
    assert!(error.facts()[0].ends_with("no answer within 3s"));
}

#[test]
fn packets_vanish() {
    let hole = BlackHole::dig();
    let error = failure(&etcd(&[hole.url()], SHORT));
    assert_eq!(reasons(&error), [NO_ANSWER]);
}

#[test]
fn the_server_never_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let error = failure(&etcd(&[&format!("{scheme}://{address}")], SHORT));
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
        let seen = reasons(&failure(&settings));
        (seen[2] != no_answer).then_some(seen)
    });
    assert_eq!(seen, [no_answer, no_answer, "no leader (quorum lost)"]);

    // A member that waited for its leader would run into the timeout instead.
    let settings = etcd(&[urls[2]], Duration::from_secs(1));
    let federation = federation();
    let write = [put(&key(&federation, "k"), "v")];
    until("a write is refused at once", || {
        let error = Session::new(&settings).commit(&federation, &[], &write);
        let RegistryError::Unreachable { endpoints } = error.unwrap_err() else {
            return None;
        };
        (endpoints[0].1 == "no leader (quorum lost)").then_some(())
    });

    members[0].thaw();
    members[1].thaw();
    until("the quorum is back", || {
        let mut session = Session::new(&etcd(&urls, PATIENT));
        session.commit(&federation, &[], &write).ok()
    });
}
