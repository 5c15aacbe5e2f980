//! What only the embedded registry has: a file, its modes and its lock.

use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt},
    thread,
};

use crate::edge::registry::{Lease, Session};
use nix::{sys::stat::Mode, unistd::mkfifo};

use super::{
    Commit, Location, PATIENT, Range, RegistryError, SHORT, change, directory, failure, federation,
    key, leased, pairs, put, read, settings, unless_changed,
};

#[test]
fn nothing_there_is_an_empty_registry_and_reading_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("var/registry");
    let own = federation();
    let mut session = Session::new(&directory(&place));
    let reading = read(&mut session, &own, vec![Range::Key(key(&own, "k"))]).unwrap();
    assert_eq!((reading.revision, reading.entries.len()), (0, 0));
    assert!(!folder.path().join("var").exists());
    assert_eq!(session.local_address(), None);

    change(&mut session, &own, &[put(&key(&own, "k"), "v")]);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = place.join(format!("{own}.json"));
    assert_eq!(mode(place.clone()), 0o700);
    assert_eq!(mode(file.clone()), 0o600);
    assert_eq!(mode(folder.path().join("var")), 0o755);
    let text = fs::read_to_string(file).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let record = serde_json::json!({"value": "v", "revision": 1});
    let keys = serde_json::json!({ key(&own, "k"): record });
    assert_eq!(
        json,
        serde_json::json!({"version": 1, "revision": 1, "keys": keys})
    );
}

#[test]
fn a_commit_that_changes_nothing_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    let mut session = Session::new(&directory(folder.path()));
    let same = [put(&key(&own, "k"), "v")];
    let first = change(&mut session, &own, &same);
    let inode = || {
        fs::metadata(folder.path().join(format!("{own}.json")))
            .unwrap()
            .ino()
    };
    let before = inode();
    assert_eq!(change(&mut session, &own, &same), first);
    assert_eq!(inode(), before);
    change(&mut session, &own, &[put(&key(&own, "k"), "w")]);
    assert_ne!(inode(), before);
}

#[test]
fn writers_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    let counter = key(&own, "counter");
    let add_one = |session: &mut Session| {
        let reading = read(session, &own, vec![Range::Key(counter.clone())]).unwrap();
        let known = reading.entries.first();
        let text = known.map_or(b"0".as_slice(), |entry| entry.value.as_slice());
        let next = str::from_utf8(text).unwrap().parse::<u32>().unwrap() + 1;
        let seen = [unless_changed(
            &counter,
            known.map_or(0, |entry| entry.revision),
        )];
        let done = session
            .commit(&own, &seen, &[put(&counter, &next.to_string())])
            .unwrap();
        matches!(done, Commit::Done { .. })
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut session = Session::new(&directory(folder.path()));
                for _ in 0..25 {
                    while !add_one(&mut session) {}
                }
            });
        }
    });
    let all = pairs(&mut Session::new(&directory(folder.path())), &own);
    assert_eq!(all, [(counter.clone(), "100".to_owned())]);
}

#[test]
fn a_held_lock_is_waited_for_no_longer_than_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let held = File::create(folder.path().join(".lock")).unwrap();
    held.lock().unwrap();
    let own = federation();
    let location = Location::Directory(folder.path().to_owned());
    let mut session = Session::new(&settings(location, SHORT));
    let error = session
        .commit(&own, &[], &[put(&key(&own, "k"), "v")])
        .unwrap_err();
    assert!(matches!(error, RegistryError::Locked { .. }), "{error:?}");
    assert_eq!(pairs(&mut session, &own), [], "readers take no lock");
}

#[test]
fn a_file_that_is_not_understood_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    let file = folder.path().join(format!("{own}.json"));
    for (text, newer) in [
        ("{\"version\": 1,", false),
        ("{\"version\": 2, \"x\": 1}", true),
    ] {
        fs::write(&file, text).unwrap();
        let mut session = Session::new(&directory(folder.path()));
        let write = session.commit(&own, &[], &[put(&key(&own, "k"), "v")]);
        let read = read(&mut session, &own, vec![Range::Key(key(&own, "k"))]);
        for error in [write.unwrap_err(), read.unwrap_err()] {
            assert_eq!(
                matches!(error, RegistryError::Newer { .. }),
                newer,
                "{error:?}"
            );
            assert_eq!(
                matches!(error, RegistryError::Corrupt { .. }),
                !newer,
                "{error:?}"
            );
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn an_expired_key_is_removed_by_the_next_writer() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    let file = folder.path().join(format!("{own}.json"));
    let mut session = Session::new(&directory(folder.path()));
    let lease = Lease {
        id: 7,
        ttl: PATIENT,
    };
    session.grant(&own, &lease).unwrap();
    change(&mut session, &own, &[leased(&key(&own, "old"), "v", 7)]);
    let text = fs::read_to_string(&file).unwrap();
    let expires = text
        .split("\"expires\": \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    fs::write(&file, text.replace(expires, "2001-01-01T00:00:00Z")).unwrap();
    assert_eq!(pairs(&mut session, &own), []);
    assert!(fs::read_to_string(&file).unwrap().contains("old"));
    change(&mut session, &own, &[put(&key(&own, "new"), "v")]);
    assert!(!fs::read_to_string(&file).unwrap().contains("old"));
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    let place = folder.path().join("file");
    fs::write(&place, "").unwrap();
    let settings = directory(&place);
    let error = failure(&settings);
    let RegistryError::Io { action, reason, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((action, &*reason), ("read", "not a directory"));
    let write = [put(&key(&own, "k"), "v")];
    let error = Session::new(&settings)
        .commit(&own, &[], &write)
        .unwrap_err();
    assert!(error.to_string().starts_with("cannot "), "{error}");
}

#[test]
fn a_pipe_in_the_place_of_the_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let own = federation();
    mkfifo(&folder.path().join(format!("{own}.json")), Mode::S_IRWXU).unwrap();
    let mut session = Session::new(&directory(folder.path()));
    let wanted = vec![Range::Key(key(&own, "k"))];
    match read(&mut session, &own, wanted) {
        Err(RegistryError::Io { reason, .. }) => assert_eq!(reason, "it is not a regular file"),
        other => panic!("{other:?}"),
    }
}
