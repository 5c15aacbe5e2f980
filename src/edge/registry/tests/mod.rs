//! The registry, against real etcd servers and real folders.

mod alike;
mod away;
mod directory;
mod failover;
mod secured;
mod users;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{
    edge::registry::{Change, Commit, Precondition, Range, Reading, RegistryError, Session},
    model::{
        id::Id,
        key::federation_prefix,
        settings::{Credentials, Location, RegistrySettings},
    },
};

/// Enough for any call that is to succeed on a busy machine.
const PATIENT: Duration = Duration::from_secs(20);

/// Short, for calls that are to fail by running out of time.
const SHORT: Duration = Duration::from_millis(600);

/// A federation of the caller's own.
fn federation() -> Id {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Id::parse(&format!("f{number}")).unwrap()
}

fn settings(location: Location, timeout: Duration) -> RegistrySettings {
    RegistrySettings {
        location,
        ca: None,
        credentials: Credentials::default(),
        federations: BTreeMap::new(),
        timeout,
    }
}

fn etcd(urls: &[&str], timeout: Duration) -> RegistrySettings {
    let urls = urls.iter().map(|&url| url.to_owned()).collect();
    settings(Location::Etcd(urls), timeout)
}

fn directory(folder: &Path) -> RegistrySettings {
    settings(Location::Directory(folder.to_owned()), PATIENT)
}

fn key(federation: &Id, tail: &str) -> String {
    format!("{}{tail}", federation_prefix(federation))
}

fn everything(federation: &Id) -> Vec<Range> {
    vec![Range::Prefix(federation_prefix(federation))]
}

fn put(key: &str, value: &str) -> Change {
    leased(key, value, 0)
}

fn leased(key: &str, value: &str, lease: i64) -> Change {
    Change::Put {
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
        lease,
    }
}

fn unless_changed(key: &str, revision: i64) -> Precondition {
    Precondition {
        key: key.to_owned(),
        revision,
    }
}

fn read(
    session: &mut Session,
    federation: &Id,
    ranges: Vec<Range>,
) -> Result<Reading, RegistryError> {
    session.read(&[(federation.clone(), ranges)]).remove(0)
}

/// Reads all of a federation, as pairs of key and value.
fn pairs(session: &mut Session, federation: &Id) -> Vec<(String, String)> {
    let reading = read(session, federation, everything(federation)).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let entries = reading.entries.into_iter();
    entries
        .map(|entry| (entry.key, text(entry.value)))
        .collect()
}

/// Changes without a condition.
fn change(session: &mut Session, federation: &Id, changes: &[Change]) -> i64 {
    match session.commit(federation, &[], changes).unwrap() {
        Commit::Done { revision } => revision,
        Commit::Conflict { .. } => panic!("a conflict without a check"),
    }
}

/// The error of one read.
fn failure(settings: &RegistrySettings) -> RegistryError {
    let federation = federation();
    let mut session = Session::new(settings);
    read(&mut session, &federation, everything(&federation)).unwrap_err()
}

/// Why each endpoint is of no use.
fn reasons(error: &RegistryError) -> Vec<String> {
    assert!(error.is_unreachable(), "{error:?}");
    match error {
        RegistryError::Unreachable { endpoints } | RegistryError::Late { endpoints } => {
            endpoints.iter().map(|(_, reason)| reason.clone()).collect()
        }
        other => panic!("not unreachable: {other:?}"),
    }
}
