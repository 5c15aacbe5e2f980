//! The rows and the summary of a listener's status, by table.

use super::*;
use crate::model::{id::Id, listening::Away};

#[test]
fn one_name_is_no_names() {
    assert_eq!(
        [0, 1, 2].map(watched),
        ["0 names", "1 name", "2 names"].map(str::to_owned)
    );
}

#[test]
fn the_summary_names_what_matters_most() {
    let cases = [
        (true, false, false, true, "watching; 3 names"),
        (true, true, false, true, "a provision is queued; 3 names"),
        (true, true, true, true, "provisioning; 3 names"),
        (false, true, false, true, "off; 3 names"),
        (false, true, true, true, "provisioning; 3 names"),
        (
            true,
            false,
            false,
            false,
            "watching; 3 names; the registry is not connected",
        ),
    ];
    for (on, queued, running, connected, expected) in cases {
        let id = |text| Id::parse(text).unwrap();
        let listening = Listening {
            on,
            running,
            names: 3,
            queued: queued.then(|| "change".to_owned()).into_iter().collect(),
            registry: [(id("one"), true), (id("two"), connected)].into(),
            ..Listening::default()
        };
        assert_eq!(summary(&listening), expected);
    }
}

#[test]
fn the_queue_shows_its_reasons_and_what_it_waits_for() {
    let cases = [
        (&[][..], None, None, "nothing"),
        (&["start", "change"], None, None, "start, change"),
        (&["change"], Some("12:00"), None, "change; not before 12:00"),
        (
            &["change"],
            Some("12:00"),
            Some("`reconf listen on`"),
            "change; waiting for `reconf listen on`",
        ),
    ];
    for (reasons, due, waits_for, expected) in cases {
        let listening = Listening {
            queued: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            due: due.map(str::to_owned),
            waits_for: waits_for.map(str::to_owned),
            ..Listening::default()
        };
        assert_eq!(queued(&listening), expected);
    }
}

#[test]
fn the_leases_of_a_service_are_shown_with_what_is_wrong() {
    let leases = |check: Option<&str>, error: Option<&str>| Leases {
        count: 2,
        ttl: 30,
        check: check.map(str::to_owned),
        error: error.map(str::to_owned),
    };
    for (is_healthy, leases, expected) in [
        (true, None, "kept alive"),
        (
            true,
            Some(leases(None, None)),
            "kept alive (2 leases of 30s)",
        ),
        (
            true,
            Some(leases(Some("refused"), None)),
            "kept alive (2 leases of 30s); its check fails: refused",
        ),
        (
            false,
            Some(leases(Some("refused"), Some("away"))),
            "unhealthy: lease will expire (2 leases of 30s); its check fails: refused; \
             the last renewal failed: away",
        ),
    ] {
        assert_eq!(announced(is_healthy, leases.as_ref()), expected);
    }
}

#[test]
fn what_is_wrong_has_rows_of_its_own() {
    let id = |text| Id::parse(text).unwrap();
    let away = Away {
        since: "12:00".to_owned(),
        reason: "it does not answer".to_owned(),
    };
    let listening = Listening {
        registry: [(id("one"), true), (id("two"), false)].into(),
        away: [(id("two"), away)].into(),
        changed: ["api", "www"]
            .map(|name| (id(name), vec!["DB".to_owned()]))
            .into(),
        stale: [id("www")].into(),
        unmet: [(id("geo"), vec!["DB_URL: nothing provides it".to_owned()])].into(),
        broken: [(id("old"), "it is no JSON".to_owned())].into(),
        reload_error: Some("config.json is no JSON".to_owned()),
        ..Listening::default()
    };
    let rows = of_listener(&listening).into_iter().skip(1);
    let rows: Vec<String> = rows.map(|[key, text]| format!("{key}: {text}")).collect();
    assert_eq!(
        rows,
        [
            "registry: one: connected",
            "registry: two: not connected since 12:00: it does not answer",
            "broken: old: it is no JSON",
            "broken: not reloaded: config.json is no JSON",
            "changed: api: DB",
            "stale: www: DB",
            "unmet: geo: DB_URL: nothing provides it",
            "queued: nothing",
        ]
    );
}

#[test]
fn the_last_provision_has_ended_is_running_or_left_no_end() {
    let ended = Some("2026-01-01T00:01:00.7Z".to_owned());
    for (ended, exit, is_running, expected) in [
        (
            ended,
            Some(3),
            false,
            "ended 2026-01-01T00:01:00Z with exit 3",
        ),
        (None, None, true, "still running"),
        (None, None, false, "its end was not recorded"),
    ] {
        let stamp = Stamp {
            started: "2026-01-01T00:00:00.690687501Z".to_owned(),
            reasons: vec!["kick".to_owned()],
            ended,
            exit,
            ..Stamp::default()
        };
        let text = last(&stamp, is_running);
        assert_eq!(
            text,
            format!("started 2026-01-01T00:00:00Z (kick); {expected}")
        );
    }
}
