//! An etcd that is restored from a backup says what was true then: nodes mend what is theirs, and who was retired since comes
//! back from the dead until he is retired again (docs/operations.md).

use crate::harness::{etcd::Etcd, scenario::Scenario};

const API: &str = r#"{"id": "api", "environment": {"PORT": 80}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;

#[test]
fn a_backup_brings_back_what_was_retired_and_nodes_mend_the_rest() {
    let mut etcd = Etcd::start();
    let url = etcd.url().to_owned();
    let node = |name: &str, host: &str| {
        let node = Scenario::new().registry(&url).env("RECONF_NODE", name);
        let node = node.env("RECONF_HOST", host).env("RECONF_TIMEOUT", "20s");
        node.manifest("api", API)
    };
    let dead = node("api01", "10.0.0.1");
    let held = node("api02", "10.0.0.2");
    let later = node("api03", "10.0.0.3");
    for old in [&dead, &held] {
        old.run(&["announce", "api"]).fails(0);
    }
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("etcd.db");
    etcd.ctl(&["snapshot", "save", &snapshot.display().to_string()]);
    later.run(&["announce", "api"]).fails(0);
    later.run(&["retire", "api01"]).fails(0);
    held.run(&["withdraw", "api"]).fails(0);
    etcd.restore(&snapshot);
    let values = || later.run(&["ls", "API_URL", "--output", "json"]).succeeds();
    let has = |listed: &str| {
        ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
            .map(|host| listed.contains(&format!("http://{host}:80")))
    };
    assert_eq!(has(&values()), [true, true, false]);
    for living in [&held, &later] {
        let _converged = living.run(&["announce", "--all"]).exits(0);
    }
    assert_eq!(has(&values()), [true, false, true]);
    later.run(&["retire", "api01"]).fails(0);
    assert_eq!(has(&values()), [false, false, true]);
}
