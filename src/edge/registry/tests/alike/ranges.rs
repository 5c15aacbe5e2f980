//! Ranges: what a read takes, at which revision and in which order.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{
    super::{change, everything, federation, key, put, read},
    on_both,
};
use crate::{
    edge::registry::{Change, Range, Session},
    model::{id::Id, snapshot::Entry, transaction::Transaction},
};

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
