//! What a person and what a program reads of a run.

use serde_json::json;

use super::*;
use crate::balance::instance::LeftOutKind;

mod sample;

use sample::{id, plan, report};

#[test]
fn each_port_and_route_that_changed_has_a_line() {
    let lines = report(Takeover::Socket, false).lines().join("\n");
    let expected = "\
local: 127.0.0.1:21100, [::1]:21100 API_URL, READONLY_API_URL -> 3 instances (1 new, 1 moved), without a reload
local: 127.0.0.1:21300 (serves no name any more) -> no instance (opened), without a reload
local: port 21400 is closed, without a reload
external: */some-mount -> 1 instance (opened), without a reload
external: */other is not routed any more, without a reload";
    assert_eq!(lines, expected);
}

#[test]
fn the_end_of_a_line_says_how_haproxy_took_it_over() {
    for (how, dry, end) in [
        (
            Takeover::Socket,
            false,
            "(1 new, 1 moved), without a reload",
        ),
        (Takeover::Reload, false, "(1 new, 1 moved), with a reload"),
        (Takeover::Unchanged, false, "(1 new, 1 moved)"),
        (
            Takeover::Socket,
            true,
            "(1 new, 1 moved); nothing was written, it takes no reload",
        ),
        (
            Takeover::Reload,
            true,
            "(1 new, 1 moved); nothing was written, it takes a reload",
        ),
    ] {
        let lines = report(how, dry).lines();
        assert!(lines[0].ends_with(end), "{lines:?}");
    }
}

#[test]
fn without_a_changed_port_one_line_says_what_happened() {
    const FILE: &str = "/etc/haproxy/reconf.cfg";
    let unchanged = "balance: unchanged (2 local ports, 2 routes)";
    let reloaded = "balance: all ports and routes as before, with a reload";
    let stopped = "balance: nothing is left to balance: stopped HAProxy, removed";
    for (changed, how, dry, expected) in [
        (false, Takeover::Unchanged, false, unchanged.to_owned()),
        (true, Takeover::Reload, false, reloaded.to_owned()),
        (
            true,
            Takeover::Unchanged,
            false,
            format!("balance: wrote {FILE}"),
        ),
        (
            true,
            Takeover::Unchanged,
            true,
            format!("balance: would write {FILE}"),
        ),
        (true, Takeover::Stop, false, format!("{stopped} {FILE}")),
    ] {
        let report = BalanceReport {
            changed,
            how,
            dry,
            path: FILE.to_owned(),
            ..BalanceReport::new(&plan(), &ViewChanges::default())
        };
        assert_eq!(report.lines(), [expected]);
    }
}

#[test]
fn what_is_left_out_or_kept_is_a_warning() {
    let left = |kind, id: &str, federation: Option<&str>, detail: &str| LeftOut {
        kind,
        id: id.to_owned(),
        federation: federation.map(self::id),
        reason: "taken",
        detail: detail.to_owned(),
    };
    let taken = "`java` (pid 4711) listens on 0.0.0.0:21200; SEARCH_URL stays direct";
    let mut report = report(Takeover::Unchanged, false);
    report.left_out = vec![
        left(LeftOutKind::Port, "127.0.0.1:21200", None, taken),
        left(
            LeftOutKind::Route,
            "api",
            Some("default"),
            "give `balance.internal.domain` in config.json, or `balance.hosts` in its manifest",
        ),
        left(
            LeftOutKind::Instance,
            "API_URL of api@a",
            Some("default"),
            "it has no port",
        ),
    ];
    report.warnings = vec!["the registry is away".to_owned()];
    let warnings = [
        "127.0.0.1:21200 is not opened: `java` (pid 4711) listens on 0.0.0.0:21200; SEARCH_URL stays direct",
        "API_URL of api@a is left out: it has no port",
        "`api` is not routed: give `balance.internal.domain` in config.json, or `balance.hosts` in its manifest",
        "2 of 3 instances of `api` expired and are kept in rotation, judged by health checks",
        "the registry is away",
    ];
    assert_eq!(report.all_warnings(), warnings);
    // With two federations each line says whose.
    report.left_out[2].federation = Some(id("other"));
    let line = "API_URL of api@a of federation `other` is left out: it has no port";
    assert_eq!(report.all_warnings()[1], line);
    // Thousands of lines are counted.
    report.left_out = vec![report.left_out[2].clone(); 5000];
    let warnings = report.all_warnings();
    assert_eq!(warnings.len(), 10 + 1 + 2);
    assert_eq!(warnings[10], "… and 4990 more (`--output json` lists all)");
}

#[test]
fn programs_read_it_as_one_object() {
    let mut report = report(Takeover::Socket, false);
    report.left_out = vec![LeftOut {
        kind: LeftOutKind::Port,
        id: "127.0.0.1:21200".to_owned(),
        federation: None,
        reason: "taken",
        detail: "`java` (pid 4711) listens on 0.0.0.0:21200".to_owned(),
    }];
    report.ports.truncate(1);
    report.routes.truncate(1);
    let names = json!([
        {"federation": "default", "name": "API_URL"}, {"federation": "default", "name": "READONLY_API_URL"}
    ]);
    let expected = json!({
        "changed": true, "how": "socket",
        "ports": [{
            "addresses": ["127.0.0.1:21100", "[::1]:21100"], "port": 21100, "names": names,
            "instances": 3, "new": 1, "moved": 1, "gone": 0, "state": "open",
        }],
        "routes": [{
            "kind": "external", "host": null, "path": "/some-mount", "federation": "default",
            "instances": 1, "new": 0, "moved": 0, "gone": 0, "state": "opened",
        }],
        "left_out": [{
            "kind": "port", "id": "127.0.0.1:21200", "federation": null, "reason": "taken",
            "detail": "`java` (pid 4711) listens on 0.0.0.0:21200",
        }],
        "kept": [{"federation": "default", "service": "api", "kept": 2, "of": 3}],
        "warnings": [],
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
}

#[test]
fn hints_say_what_to_do_next() {
    let mut report = BalanceReport::default();
    let start = |report: &BalanceReport| {
        let hints = report.hints().into_iter();
        let firsts = hints.map(|hint| hint.split(' ').take(2).collect::<Vec<_>>().join(" "));
        firsts.collect::<Vec<_>>()
    };
    assert_eq!(start(&report), ["a port"]);
    report.changed = true;
    assert_eq!(start(&report), [""; 0]);
    report.changed = false;
    report.left_out.push(LeftOut {
        kind: LeftOutKind::Name,
        id: "API_URL".to_owned(),
        federation: None,
        reason: crate::balance::instance::EMPTY,
        detail: "no instance is left behind port 21100".to_owned(),
    });
    assert_eq!(start(&report), ["`reconf ls`"]);
}
