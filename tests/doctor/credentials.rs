//! Endpoints, credentials and certificates, tried without a write.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::json;

use super::{WWW, all_of, check, doctor, healthy, rows};
use crate::harness::{
    certificates::Authority,
    etcd::{Etcd, Tls, refused},
    scenario::Scenario,
};

#[test]
fn endpoints_that_do_not_answer_are_faults_unless_another_one_does() {
    let etcd = Etcd::start();
    let gone = refused();
    for (endpoints, code, conditions) in [
        (format!("{},{gone}", etcd.url()), 0, ["ok", "warning"]),
        (format!("{gone},{}", refused()), 78, ["fault", "fault"]),
    ] {
        let node = healthy(Scenario::new()).registry(&endpoints);
        let run = node
            .run(&["doctor", "--output", "json"])
            .changes_nothing()
            .exits(code);
        let found = rows(&run).into_iter().filter(|row| row[1] == "endpoint");
        let found: Vec<String> = found.map(|row| row[0].clone()).collect();
        assert_eq!(found, conditions, "{}", run.text());
    }
    let full = Etcd::full();
    let node = healthy(Scenario::new()).registry(full.url());
    // A write fills it.
    node.run(&["apply", "--all"]).exits(69).text();
    let run = doctor(&node).exits(78).text();
    assert!(run.contains("alarm:NOSPACE"), "{run}");
}

#[test]
fn credentials_are_tried_without_writing_and_their_files_are_judged() {
    let etcd = Etcd::start();
    etcd.require_users(&[
        ("me", "secret", "/reconf/v1/default/"),
        ("they", "secret", "/reconf/v1/other/"),
    ]);
    let node = Scenario::new().registry(etcd.url());
    let with = |user: &str, password: &str, mode: u32| {
        node.put("etc/reconf/password", password);
        let file = node.path("etc/reconf/password");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let config = json!({"registry": {"user": user, "password_file": file}});
        node.put("etc/reconf/config.json", &config.to_string());
    };
    node.put("etc/reconf/services/www.json", WWW);
    let before = all_of(&etcd);
    let mut runs = Vec::new();
    for (user, password, mode) in [
        ("me", "secret", 0o600),
        ("me", "secret", 0o644),
        ("they", "secret", 0o600),
        ("me", "wrong", 0o600),
    ] {
        with(user, password, mode);
        runs.push(doctor(&node));
    }
    check("doctor/credentials", &runs);
    assert_eq!(all_of(&etcd), before);
}

#[test]
fn the_end_of_a_certificate_is_seen_before_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let etcd = Etcd::with_tls(|| Tls {
        server: own.issue("server"),
        ca: own.ca.clone(),
        client: Some(own.issue("ctl")),
    });
    let config = |pair: &crate::harness::certificates::Pair| {
        json!({"registry": {"ca": own.ca, "cert": pair.cert, "key": pair.key}}).to_string()
    };
    let node = healthy(Scenario::new()).registry(etcd.url());
    let judged = |path: &Path| {
        let run = node.run(&["doctor", "--output", "json"]).changes_nothing();
        let row = rows(&run).into_iter();
        let mut row = row.filter(|row| {
            row[1] == "certificate" && row[2].starts_with(&path.display().to_string())
        });
        let row = row.next().unwrap_or_else(|| panic!("{}", run.text()));
        (row[0].clone(), run.output.status.code())
    };
    let good = own.issue("client");
    close(&good.key);
    node.put("etc/reconf/config.json", &config(&good));
    assert_eq!(judged(&good.cert), ("ok".to_owned(), Some(0)));
    let soon = own.issue_until("soon", 5);
    close(&soon.key);
    node.put("etc/reconf/config.json", &config(&soon));
    assert_eq!(judged(&soon.cert), ("warning".to_owned(), Some(0)));
    let ended = own.issue_expired("ended");
    node.put("etc/reconf/config.json", &config(&ended));
    assert_eq!(judged(&ended.cert), ("fault".to_owned(), Some(78)));
}

fn close(key: &Path) {
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
}
