//! etcd with users and roles: each federation is used with its own credentials.

use std::{fs, path::Path};

use crate::{edge::registry::Session, model::key::federation_prefix};

use super::{
    Credentials, Id, PATIENT, RegistryError, RegistrySettings, change, etcd, everything, failure,
    federation, key, put,
};
use crate::harness::etcd::{Etcd, shared};

/// A server with a user for each of two federations.
struct Walled {
    server: Etcd,
    folder: tempfile::TempDir,
    mine: Id,
    theirs: Id,
}

impl Walled {
    fn start() -> Self {
        let (mine, theirs) = (federation(), federation());
        let server = Etcd::start();
        server.require_users(&[
            ("me", "s3cret", &federation_prefix(&mine)),
            ("they", "0ther", &federation_prefix(&theirs)),
        ]);
        Self {
            server,
            folder: tempfile::tempdir().unwrap(),
            mine,
            theirs,
        }
    }

    fn settings(&self, credentials: Credentials) -> RegistrySettings {
        RegistrySettings {
            credentials,
            ..etcd(&[self.server.url()], PATIENT)
        }
    }

    fn user(&self, name: &str, password: &str) -> Credentials {
        user(self.folder.path(), name, password)
    }
}

#[test]
fn each_federation_is_used_with_its_own_credentials() {
    let walled = Walled::start();
    let (mine, theirs) = (&walled.mine, &walled.theirs);
    // One final newline is no part of a password.
    let alone = walled.settings(walled.user("me", "s3cret\n"));
    let settings = RegistrySettings {
        federations: [(theirs.clone(), walled.user("they", "0ther"))].into(),
        ..alone.clone()
    };
    let mut session = Session::new(&settings);
    for own in [mine, theirs] {
        change(&mut session, own, &[put(&key(own, "k"), own.as_str())]);
    }
    let requests = [mine, theirs].map(|own| (own.clone(), everything(own)));
    let found: Vec<_> = session
        .read(&requests)
        .into_iter()
        .map(|reading| reading.unwrap().entries.remove(0).key)
        .collect();
    assert_eq!(found, [key(mine, "k"), key(theirs, "k")]);

    // One federation is denied, the other is read all the same.
    let mut results = Session::new(&alone).read(&requests);
    let denied = results.remove(1).unwrap_err();
    assert!(matches!(&denied, RegistryError::Denied { federation, .. } if federation == theirs));
    assert!(!denied.is_unreachable());
    assert_eq!(results.remove(0).unwrap().entries.len(), 1);
    let write = [put(&key(theirs, "k"), "mine now")];
    let error = Session::new(&alone)
        .commit(theirs, &[], &write)
        .unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error:?}");
}

#[test]
fn wrong_and_missing_users_are_reported_without_passwords() {
    let walled = Walled::start();
    for (credentials, expected) in [
        (walled.user("me", "wrong-pw"), "authentication failed"),
        (walled.user("nobody", "wrong-pw"), "authentication failed"),
        (Credentials::default(), "user name is empty"),
    ] {
        let error = failure(&walled.settings(credentials));
        assert!(
            matches!(error, RegistryError::Credentials { .. }),
            "{error:?}"
        );
        assert!(error.facts()[0].contains(expected), "{:?}", error.facts());
        assert!(!format!("{error:?}").contains("wrong-pw"));
    }
}

#[test]
fn a_user_is_not_accepted_where_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let settings = RegistrySettings {
        credentials: user(folder.path(), "me", "s3cret"),
        ..etcd(&[shared().url()], PATIENT)
    };
    let error = failure(&settings);
    assert!(
        matches!(error, RegistryError::Credentials { .. }),
        "{error:?}"
    );
    assert!(
        error.facts()[0].contains("authentication is not enabled"),
        "{:?}",
        error.facts()
    );
}

#[test]
fn a_password_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let plain = etcd(&["http://127.0.0.1:1"], PATIENT);
    for user in [Some("me".to_owned()), None] {
        let credentials = Credentials {
            user,
            password_file: Some(missing.clone()),
            ..Credentials::default()
        };
        let error = failure(&RegistrySettings {
            credentials,
            ..plain.clone()
        });
        assert!(
            matches!(error, RegistryError::Configuration(_)),
            "{error:?}"
        );
        assert!(
            error.to_string().contains(&missing.display().to_string()),
            "{error}"
        );
    }
}

fn user(folder: &Path, name: &str, password: &str) -> Credentials {
    let file = folder.join(name);
    fs::write(&file, password).unwrap();
    Credentials {
        user: Some(name.to_owned()),
        password_file: Some(file),
        ..Credentials::default()
    }
}
