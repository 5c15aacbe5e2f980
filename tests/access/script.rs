//! The printed commands: what they say, and that they show no password.

use std::fs;

use crate::harness::{
    etcd::Etcd,
    scenario::{Scenario, golden_story},
    user,
};

#[test]
fn the_script_is_printed_as_it_was_judged_right() {
    let node = Scenario::new().registry("http://127.0.0.1:1");
    let limited = Scenario::new()
        .registry("https://127.0.0.1:1,https://127.0.0.1:2")
        .config(r#"{"registry": {"ca": "/etc/ssl/etcd.pem"}, "listen": {"max_parallel": 2}}"#);
    golden_story(
        "access/script",
        &[
            node.run(&["access", "seatgeek"]).changes_nothing(),
            limited.run(&["access", "seatgeek", "--certificates"]),
            limited.run(&["access", "seatgeek", "--output", "json"]),
            Scenario::new().run(&["access", "seatgeek"]),
            Scenario::new().run(&["access", "seatgeek", "--audit", "--output", "json"]),
        ],
    );
}

#[test]
fn no_process_list_shows_a_password_and_the_files_are_closed() {
    let etcd = Etcd::start();
    let admin = Scenario::new().registry(etcd.url());
    // An etcdctl that writes down how it was called.
    admin.put(
        "bin/etcdctl",
        "#!/bin/sh\necho \"$@\" >>calls\nexec /usr/bin/etcdctl \"$@\"\n",
    );
    let run = admin
        .sh("chmod +x bin/etcdctl; PATH=$PWD/bin:$PATH; reconf access f | PASSWORDS=etcd/new sh");
    let run = run.exits(0);
    let closed = run.changes.iter().filter(|change| change.mode == 0o600);
    assert_eq!(closed.count(), 2, "{}", run.text());
    let calls = fs::read_to_string(admin.path("calls")).unwrap();
    for user in ["reconf-f", "reconf-f@render"] {
        let password =
            fs::read_to_string(admin.path(&format!("etcd/new/{user}.password"))).unwrap();
        let password = password.trim();
        assert_eq!(password.len(), 32, "{password}");
        assert!(!calls.contains(password), "{calls}");
        assert!(calls.contains(&format!("user add {user} ")), "{calls}");
    }
}

#[test]
fn an_ordinary_user_prints_and_audits_too() {
    let node = Scenario::new().registry("http://127.0.0.1:1");
    let Some(mut command) = user::command_as(&node, (4242, 4242), &["access", "seatgeek"]) else {
        return;
    };
    let printed = command.output().unwrap();
    let as_root = node.run(&["access", "seatgeek"]).succeeds();
    assert_eq!(String::from_utf8_lossy(&printed.stdout), as_root);
}
