//! The audit proves the wall, finds what reaches over it, and writes nothing.

use serde_json::json;

use super::{API, Walled};
use crate::harness::{
    certificates::Authority,
    etcd::{Etcd, Tls},
    scenario::{Run, Scenario, golden_story},
};

#[test]
fn the_audit_proves_the_wall_and_writes_nothing() {
    let walled = Walled::start();
    let node = walled.own("api01", "reconf-seatgeek").manifest("api", API);
    node.run(&["announce", "api"]).fails(0);
    let before = (walled.keys(), walled.revision());
    let runs = [
        node.run(&["access", "seatgeek", "--audit"])
            .changes_nothing()
            .exits(0),
        node.run(&["access", "seatgeek", "--audit", "--output", "json"]),
        walled
            .own("web01", "reconf-seatgeek@render")
            .manifest("api", API)
            .run(&["access", "seatgeek", "--audit"]),
        node.run(&["access", "pivotly", "--audit"]),
    ];
    golden_story("access/audit", &runs.map(Run::changes_nothing));
    assert_eq!((walled.keys(), walled.revision()), before);
}

#[test]
fn a_credential_that_reaches_over_the_wall_is_found() {
    let walled = Walled::start();
    let before = walled.keys();
    for (at, (operation, prefix, shown)) in [
        ("read", "/reconf/v1/pivotly/", "/reconf/v1/pivotly/*"),
        // A neighbour whose name begins with that of the federation.
        ("readwrite", "/reconf/v1/seatgeek", "/reconf/v1/seatgeek*"),
        ("write", "/other/", "/other/*"),
        ("read", "", "every key"),
    ]
    .into_iter()
    .enumerate()
    {
        let node = walled.wide(&format!("wide{at}"), operation, prefix);
        let run = node
            .run(&["access", "seatgeek", "--audit"])
            .changes_nothing();
        let text = run.exits(75).text();
        assert!(text.contains("reach beyond its federations"), "{text}");
        let row = text
            .lines()
            .find(|line| line.starts_with("fault  ") && line.contains(shown));
        assert!(
            row.is_some_and(|row| row.contains("role `wide")),
            "{shown}: {text}"
        );
    }
    let root = walled.node("web01", "root", "root");
    let text = root
        .run(&["access", "seatgeek", "--audit"])
        .exits(75)
        .text();
    assert!(text.contains("reach beyond its federations"), "{text}");
    assert_eq!(walled.keys(), before);
}

#[test]
fn an_etcd_without_authentication_is_a_fault_whatever_the_node_shows() {
    let etcd = Etcd::start();
    let plain = Scenario::new().registry(etcd.url());
    let with_user = Scenario::new()
        .file("etc/reconf/password", "secret")
        .registry(etcd.url());
    let file = with_user.path("etc/reconf/password");
    with_user.put(
        "etc/reconf/config.json",
        &json!({"registry": {"user": "reconf-default", "password_file": file}}).to_string(),
    );
    let audit = ["access", "default", "--audit"];
    golden_story(
        "access/open",
        &[
            plain.run(&audit).changes_nothing(),
            with_user.run(&audit).changes_nothing(),
        ],
    );
    assert_eq!(etcd.ctl(&["get", "", "--prefix"]), "");
}

#[test]
fn users_with_certificates_alone_are_walled_in_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let etcd = Etcd::with_tls(|| Tls {
        server: own.issue("server"),
        ca: own.ca.clone(),
        client: Some(own.issue("root")),
    });
    let client = own.issue("reconf-default");
    let node = Scenario::new().registry(etcd.url()).config(
        &json!({"registry": {"ca": own.ca, "cert": client.cert, "key": client.key}}).to_string(),
    );
    let root = own.issue("root");
    let exports = format!(
        "export ETCDCTL_CERT={} ETCDCTL_KEY={}",
        root.cert.display(),
        root.key.display()
    );
    let made = node.sh(&format!(
        "{exports}; reconf access default --certificates | sh"
    ));
    assert_eq!(made.exits(0).changes, []);
    enable_without_passwords(&etcd);
    let audit = ["access", "default", "--audit"];
    let _proved = node.run(&audit).exits(0).changes_nothing();
    for role in ["wide", "wider"] {
        etcd.ctl(&["role", "add", role]);
        etcd.ctl(&["user", "grant-role", "reconf-default", role]);
    }
    etcd.ctl(&[
        "role",
        "grant-permission",
        "wide",
        "--prefix=true",
        "read",
        "/elsewhere/",
    ]);
    let text = node.run(&audit).exits(75).text();
    assert!(text.contains("/elsewhere/*"), "{text}");
}

/// What the script leaves to its reader, where `root` has a certificate too.
fn enable_without_passwords(etcd: &Etcd) {
    for words in [
        &["user", "add", "root", "--no-password"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        etcd.ctl(words);
    }
}
