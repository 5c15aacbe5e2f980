//! What holds for both registries; each test runs the same body on both.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{
    edge::registry::{Grant, Lease, Renewal, random_lease_id},
    model::{snapshot::Entry, transaction::Transaction},
};

use super::{
    Change, Commit, Id, PATIENT, Range, RegistryError, RegistrySettings, Session, change,
    directory, etcd, everything, federation, key, leased, pairs, put, read, unless_changed,
};
use crate::harness::{etcd::shared, wait::until};

fn on_both(body: impl Fn(&RegistrySettings, &Id) + Sync) {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| body(&directory(&folder.path().join("registry")), &federation()));
        scope.spawn(|| body(&etcd(&[shared().url()], PATIENT), &federation()));
    });
}

#[test]
fn a_commit_is_done_only_if_nothing_changed_in_between() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let a = key(federation, "provides/A/r/s@n");
        assert_eq!(pairs(&mut session, federation), []);
        let absent = [unless_changed(&a, 0)];
        let first = session
            .commit(federation, &absent, &[put(&a, "1")])
            .unwrap();
        assert!(matches!(first, Commit::Done { .. }));
        let again = session
            .commit(federation, &absent, &[put(&a, "2")])
            .unwrap();
        let conflict = || Commit::Conflict {
            changed: [a.clone()].into(),
        };
        assert_eq!(again, conflict());
        assert_eq!(
            pairs(&mut session, federation),
            [(a.clone(), "1".to_owned())]
        );

        let reading = read(&mut session, federation, vec![Range::Key(a.clone())]).unwrap();
        let known = reading.entries[0].revision;
        assert_eq!(first, Commit::Done { revision: known });
        let seen = [unless_changed(&a, known)];
        let second = session.commit(federation, &seen, &[put(&a, "2")]).unwrap();
        assert!(matches!(second, Commit::Done { revision } if revision > known));
        let gone = [Change::Delete { key: a.clone() }];
        assert_eq!(
            session.commit(federation, &seen, &gone).unwrap(),
            conflict()
        );
        change(&mut session, federation, &gone);
        assert_eq!(pairs(&mut session, federation), []);
    });
}

#[test]
fn of_many_transactions_each_stands_alone_and_a_conflict_names_its_keys() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let at = |number: usize| key(federation, &format!("k{number:03}"));
        let taken = change(&mut session, federation, &[put(&at(3), "theirs")]);
        let transaction = |number: usize| Transaction {
            preconditions: vec![unless_changed(&at(number), 0), unless_changed(&at(200), 0)],
            changes: vec![put(&at(number), "ours")],
        };
        let mut all: Vec<Transaction> = (0..100).map(transaction).collect();
        all[5].changes = vec![leased(&at(5), "ours", 4242)];
        let results = session.commit_all(federation, &all);
        assert_eq!(results.len(), all.len());
        for (number, result) in results.into_iter().enumerate() {
            match (number, result) {
                (3, result) => {
                    let changed = [at(3)].into();
                    assert_eq!(result, Ok(Commit::Conflict { changed }));
                }
                (5, result) => {
                    let changed = BTreeSet::new();
                    assert_eq!(
                        result,
                        Ok(Commit::Conflict { changed }),
                        "its lease has ended"
                    );
                }
                (_, result) => {
                    let after = |revision| revision > taken;
                    assert!(matches!(result, Ok(Commit::Done { revision }) if after(revision)));
                }
            }
        }
        assert_eq!(pairs(&mut session, federation).len(), 99);
    });
}

#[test]
fn many_leases_are_granted_and_kept_alive_at_the_same_time() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let lease = |id| Lease {
            id,
            ttl: Duration::from_secs(100),
        };
        let mut ids: Vec<i64> = (0..50).map(|_| random_lease_id()).collect();
        let different: BTreeSet<&i64> = ids.iter().collect();
        assert_eq!(different.len(), 50);
        let leases: Vec<Lease> = ids.iter().copied().map(lease).collect();
        let granted = session.grant_all(federation, &leases);
        assert_eq!(granted, vec![Ok(Grant::Granted { seconds: 100 }); 50]);
        let put =
            |(number, id): (usize, &i64)| leased(&key(federation, &format!("k{number}")), "v", *id);
        let puts: Vec<Change> = ids.iter().enumerate().map(put).collect();
        change(&mut session, federation, &puts);
        ids[7] = 4242;
        let kept = Session::new(settings).keep_alive_all(federation, &ids);
        for (number, kept) in kept.into_iter().enumerate() {
            let alive = Renewal::Renewed { seconds: 100 };
            let expected = if number == 7 { Renewal::Ended } else { alive };
            assert_eq!(kept, Ok(expected));
        }
    });
}

#[test]
fn ranges_take_what_they_say_and_no_neighbour() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let names = ["a/b/1", "a/b/2", "a/bc", "a/b"].map(|tail| key(federation, tail));
        let puts = names.each_ref().map(|name| put(name, "v"));
        let revision = change(&mut session, federation, &puts);
        let ranges = vec![
            Range::Key(names[3].clone()),
            Range::Key(key(federation, "none")),
            Range::Prefix(key(federation, "a/b/")),
        ];
        let reading = read(&mut session, federation, ranges).unwrap();
        let keys: Vec<_> = reading.entries.iter().map(|entry| &entry.key).collect();
        assert_eq!(keys, [&names[3], &names[0], &names[1]]);
        assert!(reading.revision >= revision);
        assert!(
            reading
                .entries
                .iter()
                .all(|entry| entry.revision == revision && entry.lease == 0)
        );
    });
}

#[test]
fn federations_are_read_side_by_side_in_the_order_of_the_requests() {
    on_both(|settings, first| {
        let mut session = Session::new(settings);
        let all = [first.clone(), federation(), federation()];
        for (at, own) in all.iter().enumerate() {
            change(&mut session, own, &[put(&key(own, "k"), &at.to_string())]);
        }
        let requests = all.each_ref().map(|own| (own.clone(), everything(own)));
        let values: Vec<_> = session
            .read(&requests)
            .into_iter()
            .map(|reading| reading.unwrap().entries.remove(0).value)
            .collect();
        assert_eq!(values, [b"0", b"1", b"2"]);
    });
}

#[test]
fn three_hundred_ranges_are_read_at_one_revision() {
    on_both(|settings, federation| {
        let keys: Vec<_> = (0..300)
            .map(|at| key(federation, &format!("k{at:03}")))
            .collect();
        let mut session = Session::new(settings);
        // One key in each of the three transactions that the read takes.
        let spread = [&keys[0], &keys[150], &keys[299]];
        let write = |session: &mut Session, value: u32| {
            change(
                session,
                federation,
                &spread.map(|key| put(key, &value.to_string())),
            );
        };
        write(&mut session, 0);
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = Session::new(settings);
                for value in 1.. {
                    if ended.load(Ordering::Relaxed) || value > 10_000 {
                        break;
                    }
                    write(&mut writer, value);
                }
            });
            for _ in 0..100 {
                let ranges = keys.iter().cloned().map(Range::Key).collect();
                let reading = read(&mut session, federation, ranges).unwrap();
                let mut values: Vec<_> = reading.entries.iter().map(|entry| &entry.value).collect();
                values.dedup();
                assert_eq!(reading.entries.len(), 3);
                if values.len() != 1 {
                    ended.store(true, Ordering::Relaxed);
                }
                assert_eq!(values.len(), 1, "a torn read");
            }
            ended.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_lease_carries_its_keys_and_takes_them_with_it() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let id = 0x5eed_0001;
        let short = Lease {
            id,
            ttl: Duration::from_millis(1500),
        };
        let granted = Grant::Granted { seconds: 2 };
        let (leased_key, plain_key) = (key(federation, "leased"), key(federation, "plain"));
        assert_eq!(session.grant(federation, &short).unwrap(), granted);
        let both = [leased(&leased_key, "v", id), leased(&plain_key, "v", id)];
        change(&mut session, federation, &both);
        // A put without a lease takes the key off it.
        change(&mut session, federation, &[put(&plain_key, "v")]);

        let mut other = Session::new(settings);
        assert_eq!(
            other.grant(federation, &short).unwrap(),
            granted,
            "an existing lease is renewed"
        );
        let renewed = other.keep_alive(federation, id).unwrap();
        assert_eq!(renewed, Renewal::Renewed { seconds: 2 });
        let reading = read(&mut other, federation, everything(federation)).unwrap();
        let leases: Vec<_> = reading.entries.iter().map(|entry| entry.lease).collect();
        assert_eq!(leases, [id, 0]);

        until("the lease ends", || {
            (pairs(&mut Session::new(settings), federation).len() == 1).then_some(())
        });
        let ended = Session::new(settings).keep_alive(federation, id);
        assert_eq!(ended, Ok(Renewal::Ended));
        let absent = [unless_changed(&leased_key, 0)];
        let back = other
            .commit(federation, &absent, &[put(&leased_key, "w")])
            .unwrap();
        assert!(
            matches!(back, Commit::Done { .. }),
            "an expired key counts as absent"
        );
    });
}

#[test]
fn a_lease_of_another_ttl_is_taken_and_stays_as_it_was() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let id = 0x5eed_0002;
        let lease = |ttl| Lease {
            id,
            ttl: Duration::from_secs(ttl),
        };
        let granted = session.grant(federation, &lease(50)).unwrap();
        assert_eq!(granted, Grant::Granted { seconds: 50 });
        let key = leased(&key(federation, "leased"), "v", id);
        change(&mut session, federation, &[key]);
        let mut other = Session::new(settings);
        assert_eq!(other.grant(federation, &lease(100)), Ok(Grant::Taken));
        let renewed = other.keep_alive_all(federation, &[4711, id]);
        let alive = Renewal::Renewed { seconds: 50 };
        assert_eq!(renewed, [Ok(Renewal::Ended), Ok(alive)]);
    });
}

#[test]
fn a_lease_that_is_kept_alive_outlives_its_time() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let ttl = Duration::from_secs(4);
        let [kept, other] = [(); 2].map(|()| session.grant_new(federation, ttl).unwrap());
        assert!(kept > 0 && kept != other);
        let puts = [("kept", kept), ("other", other)];
        let puts = puts.map(|(name, id)| leased(&key(federation, name), "v", id));
        change(&mut session, federation, &puts);
        until("the lease that nobody keeps alive expires", || {
            let mut session = Session::new(settings);
            let renewed = session.keep_alive(federation, kept).unwrap();
            assert_eq!(renewed, Renewal::Renewed { seconds: 4 });
            let left = pairs(&mut session, federation);
            (left == [(key(federation, "kept"), "v".to_owned())]).then_some(())
        });
    });
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let refused = |result: Result<Commit, RegistryError>| {
            let error = result.unwrap_err();
            assert!(matches!(error, RegistryError::Refused { .. }), "{error:?}");
            assert!(!error.is_unreachable());
        };
        let orphan = [
            put(&key(federation, "a"), "v"),
            leased(&key(federation, "b"), "v", 4711),
        ];
        let ended = session.commit(federation, &[], &orphan);
        let changed = BTreeSet::new();
        assert_eq!(ended, Ok(Commit::Conflict { changed }));
        let many: Vec<_> = (0..129)
            .map(|at| put(&key(federation, &at.to_string()), "v"))
            .collect();
        refused(session.commit(federation, &[], &many));
        assert_eq!(pairs(&mut session, federation), []);
        change(&mut session, federation, &many[..128]);
        assert_eq!(pairs(&mut session, federation).len(), 128);
    });
}

/// Puts 2,300 keys below `long/` and one below `short/`, and returns them in their order with the two ranges.
fn long_and_short(session: &mut Session, federation: &Id) -> (Vec<String>, Vec<Range>) {
    let at = |at: usize| key(federation, &format!("long/k{at:04}"));
    let mut keys: Vec<String> = (0..2_300).map(at).collect();
    keys.push(key(federation, "short/k"));
    let puts: Vec<Change> = keys.iter().map(|key| put(key, "v")).collect();
    let transactions = puts.chunks(100).map(|changes| Transaction {
        preconditions: Vec::new(),
        changes: changes.to_vec(),
    });
    let results = session.commit_all(federation, &transactions.collect::<Vec<_>>());
    assert!(results.iter().all(Result::is_ok));
    let ranges = ["long/", "short/"].map(|tail| Range::Prefix(key(federation, tail)));
    (keys, ranges.to_vec())
}

#[test]
fn a_long_range_is_read_in_pages_at_one_revision_and_in_order() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let (all, ranges) = long_and_short(&mut session, federation);
        let mut entries = || {
            let reading = read(&mut session, federation, ranges.clone());
            reading.unwrap().entries
        };
        let keys: Vec<String> = entries().into_iter().map(|entry| entry.key).collect();
        assert_eq!(keys, all);
        // A key of the first page and one of the last change together.
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = Session::new(settings);
                let values = 1..10_000_u32;
                for value in values.take_while(|_| !ended.load(Ordering::Relaxed)) {
                    let puts = [&all[0], &all[2_299]].map(|key| put(key, &value.to_string()));
                    change(&mut writer, federation, &puts);
                }
            });
            let is_torn = |entries: Vec<Entry>| entries[0].value != entries[2_299].value;
            let torn = (0..20).filter(|_| is_torn(entries())).count();
            ended.store(true, Ordering::Relaxed);
            assert_eq!(torn, 0, "torn reads");
        });
    });
}
