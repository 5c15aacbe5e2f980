//! etcd with TLS and client certificates.

use std::{fs, path::Path};

use crate::edge::registry::Session;

use super::{
    Credentials, PATIENT, RegistryError, RegistrySettings, change, etcd, failure, federation, key,
    pairs, put, reasons,
};
use crate::harness::{
    certificates::{Authority, Pair},
    etcd::{Etcd, Tls, shared},
    wait::until,
};

/// A server may hang up before its reason is read; then the message can only guess.
const LOST: &str = "it has just stopped, speaks http only, or asks for another client certificate";

/// A server that wants a certificate signed by its own authority.
struct Secured {
    server: Etcd,
    folder: tempfile::TempDir,
    own: Authority,
}

impl Secured {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Authority::new(folder.path(), "own");
        let server = Etcd::with_tls(|| Tls {
            server: own.issue("server"),
            ca: own.ca.clone(),
            client: Some(own.issue("ctl")),
        });
        Self {
            server,
            folder,
            own,
        }
    }

    fn settings(&self, ca: Option<&Path>, credentials: Credentials) -> RegistrySettings {
        RegistrySettings {
            ca: ca.map(Path::to_owned),
            credentials,
            ..etcd(&[self.server.url()], PATIENT)
        }
    }
}

#[test]
fn who_shows_the_right_certificate_is_served() {
    let secured = Secured::start();
    let credentials = shown(&secured.own.issue("client"));
    let settings = secured.settings(Some(&secured.own.ca), credentials);
    let federation = federation();
    let mut session = Session::new(&settings);
    change(
        &mut session,
        &federation,
        &[put(&key(&federation, "k"), "v")],
    );
    assert_eq!(pairs(&mut session, &federation).len(), 1);
}

#[test]
fn a_certificate_is_checked_on_both_sides() {
    let secured = Secured::start();
    let own = shown(&secured.own.issue("client"));
    let stranger = Authority::new(secured.folder.path(), "stranger");
    let foreign = shown(&stranger.issue("foreign"));
    let (right, wrong) = (secured.own.ca.as_path(), stranger.ca.as_path());
    let reasons_of = |ca, credentials| {
        let error = failure(&secured.settings(ca, credentials));
        reasons(&error).remove(0)
    };
    let unknown = "its certificate is signed by an unknown authority";
    assert_eq!(reasons_of(Some(wrong), own.clone()), unknown);
    assert_eq!(reasons_of(None, own), unknown);
    let missing = reasons_of(Some(right), Credentials::default());
    let asked = missing == "asks for a client certificate" || missing.ends_with(LOST);
    assert!(asked, "{missing}");
    let refused = reasons_of(Some(right), foreign);
    let named = refused.starts_with("does not accept the client certificate `");
    assert!(named || refused.ends_with(LOST), "{refused}");
}

#[test]
fn a_certificate_for_another_host_or_another_time_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    for (server, expected) in [
        (
            Authority::issue_for_another_host as fn(&Authority, &str) -> Pair,
            "its certificate is for another name",
        ),
        (
            Authority::issue_expired,
            "its certificate is not valid at this time",
        ),
    ] {
        let server = Etcd::with_tls(|| Tls {
            server: server(&own, "server"),
            ca: own.ca.clone(),
            client: None,
        });
        let settings = RegistrySettings {
            ca: Some(own.ca.clone()),
            ..etcd(&[server.url()], PATIENT)
        };
        assert_eq!(reasons(&failure(&settings)), [expected]);
    }
}

#[test]
fn http_and_https_are_not_taken_for_each_other() {
    let url = shared().url().replace("http://", "https://");
    // A server that hangs up before its answer is read cannot be recognised: the reason is a guess then.
    until("a server without TLS is recognised", || {
        let reason = reasons(&failure(&etcd(&[&url], PATIENT))).remove(0);
        let exact = reason == "does not speak TLS";
        assert!(exact || reason.ends_with(LOST), "{reason}");
        exact.then_some(())
    });

    let secured = Secured::start();
    let url = secured.server.url().replace("https://", "http://");
    let error = failure(&etcd(&[&url], PATIENT));
    assert!(
        reasons(&error)[0].ends_with("it has just stopped, or speaks https only"),
        "{error:?}"
    );
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let [bad, garbled, missing] =
        ["bad", "garbled", "missing"].map(|name| folder.path().join(format!("{name}.pem")));
    fs::write(&bad, "not a certificate").unwrap();
    fs::write(
        &garbled,
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let with_ca = |ca: &Path| RegistrySettings {
        ca: Some(ca.to_owned()),
        ..etcd(&["https://127.0.0.1:1"], PATIENT)
    };
    let half = Credentials {
        cert: Some(bad.clone()),
        ..Credentials::default()
    };
    for (settings, expected) in [
        (with_ca(&bad), "bad.pem"),
        (with_ca(&missing), "missing.pem"),
        (with_ca(&garbled), "https://127.0.0.1:1"),
        (
            RegistrySettings {
                credentials: half,
                ca: None,
                ..with_ca(&bad)
            },
            "are needed together",
        ),
    ] {
        let error = failure(&settings);
        assert!(
            matches!(error, RegistryError::Configuration(_)),
            "{error:?}"
        );
        assert!(error.to_string().contains(expected), "{error}");
    }
}

fn shown(pair: &Pair) -> Credentials {
    Credentials {
        cert: Some(pair.cert.clone()),
        key: Some(pair.key.clone()),
        ..Credentials::default()
    }
}
