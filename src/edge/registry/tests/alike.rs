//! What holds for both registries; each test runs the same body on both.

use std::{collections::BTreeSet, thread};

use super::{
    Change, Commit, Id, PATIENT, Range, RegistryError, RegistrySettings, Session, change,
    directory, etcd, federation, key, leased, pairs, put, read, unless_changed,
};
use crate::{harness::etcd::shared, model::transaction::Transaction};

mod leases;
mod ranges;

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
