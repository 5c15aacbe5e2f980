//! The registry is away, in every way that it can be: every command ends in time, says why, and spoils nothing.

use std::fs;

use super::node::{PATIENT, Registry, of, suffer};
use crate::harness::{
    black_hole::BlackHole,
    certificates::{Authority, Pair},
    etcd::{Etcd, Tls, cluster, refused},
    fleet::{Fleet, all_succeed},
    scenario::{Run, Scenario, golden_story},
    wait::until,
};

#[test]
fn nothing_listens() {
    let urls = [refused(), refused()].join(",");
    let runs = suffer("refused", &Registry::at(&urls).patient());
    golden_story("hardship/refused", &runs);
}

#[test]
fn the_server_is_frozen() {
    let server = Etcd::start();
    server.freeze();
    let runs = suffer("frozen", &Registry::at(server.url()));
    golden_story("hardship/frozen", &runs);
}

#[test]
fn packets_vanish() {
    let hole = BlackHole::dig();
    let runs = suffer("vanished", &Registry::at(hole.url()));
    golden_story("hardship/vanished", &runs);
}

#[test]
fn the_quorum_is_lost() {
    let members = cluster(3);
    members[0].kill();
    members[1].kill();
    let urls: Vec<_> = members.iter().map(Etcd::url).collect();
    // The last member notices only after a while that its leader is gone.
    until("the leader is gone", || {
        let node = Scenario::new().registry(urls[2]);
        let told = node.run(&["ls"]).fails(69);
        told.contains("quorum lost").then_some(())
    });
    let runs = suffer("quorum", &Registry::at(&urls.join(",")).patient());
    golden_story("hardship/quorum", &runs);
}

#[test]
fn certificates_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let stranger = Authority::new(folder.path(), "stranger");
    let server = Etcd::with_tls(|| Tls {
        server: own.issue("server"),
        ca: own.ca.clone(),
        client: Some(own.issue("ctl")),
    });
    let location = server.url();
    let keys = |authority: &Authority| format!(r#"{{"ca": "{}"}}"#, authority.ca.display());
    let keys_of_stranger = keys(&stranger);
    let runs = suffer(
        "authority",
        &Registry {
            location,
            timeout: Some(PATIENT),
            keys: &keys_of_stranger,
        },
    );
    golden_story("hardship/authority", &runs);

    let keys = keys(&own);
    let runs = suffer(
        "certificate",
        &Registry {
            location,
            timeout: Some(PATIENT),
            keys: &keys,
        },
    );
    // The server may hang up before its reason is read, so what is said differs.
    keeps_going(&runs);
    let told = of(&runs, "ls").text();
    assert!(told.contains("client certificate"), "{told}");
}

#[test]
fn the_registry_denies_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Etcd::start();
    server.require_users(&[("they", "s3cret", "/reconf/v1/theirs/")]);
    let password = folder.path().join("password");
    fs::write(&password, "s3cret").unwrap();
    let keys = format!(
        r#"{{"user": "they", "password_file": "{}"}}"#,
        password.display()
    );
    let location = server.url();
    let runs = suffer(
        "denied",
        &Registry {
            location,
            timeout: Some(PATIENT),
            keys: &keys,
        },
    );
    golden_story("hardship/denied", &runs);
    fs::write(&password, "wrong-pw").unwrap();
    let runs = suffer(
        "strangers",
        &Registry {
            location,
            timeout: Some(PATIENT),
            keys: &keys,
        },
    );
    golden_story("hardship/strangers", &runs);
}

/// What every way of being unreachable has in common, whatever is said of it.
fn keeps_going(runs: &[Run]) {
    for (command, code, said) in [
        ("render www", 0, "last known values"),
        ("render new", 69, "hint: "),
        ("announce www", 0, "still announced"),
        (
            "announce new",
            69,
            "is retried by the next `reconf announce new`",
        ),
        ("withdraw www", 69, "`reconf withdraw www` retries it"),
        ("apply www", 0, "last known values"),
        ("apply new", 69, "hint: "),
        ("ls", 69, "hint: "),
        ("exec www -- true", 0, ""),
    ] {
        let run = of(runs, command);
        let text = run.text();
        assert_eq!(run.output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_certificate_that_ended_or_is_for_another_host_is_a_registry_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let ca = own.ca.display().to_string();
    for (issue, reason) in [
        (
            Authority::issue_expired as fn(&Authority, &str) -> Pair,
            "its certificate is not valid at this time",
        ),
        (
            Authority::issue_for_another_host,
            "its certificate is for another name",
        ),
    ] {
        let server = Etcd::with_tls(|| Tls {
            server: issue(&own, "server"),
            ca: own.ca.clone(),
            client: None,
        });
        let fleet = Fleet::embedded();
        let api = r#"{"id": "api", "provides": {"API_URL": "announced"}}"#;
        let api = fleet.node("api01").manifest("api", api);
        all_succeed(&api, &["announce api"]);
        let www = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;
        let www = fleet.node("web01").manifest("www", www);
        all_succeed(&www, &["render www"]);
        let config = format!(r#"{{"registry": {{"ca": "{ca}"}}}}"#);
        let www = www.config(&config).registry(server.url());
        let degraded = www.run(&["render", "www"]);
        let told = degraded.text();
        assert!(told.contains(reason), "{told}");
        assert!(told.contains("using last known values"), "{told}");
        let _degraded = degraded.changes_nothing().exits(0);
    }
}
