//! The lines of `status` for registry, listener and balancer, by table.

use std::time::Duration;

use super::*;
use crate::model::{
    balance_state::{OpenPort, SwitchedOff},
    listening::Listening,
    settings::{Flags, Settings},
    stamp::Stamp,
    switch::StoredSwitch,
};

#[test]
fn a_registry_is_as_bad_as_the_certificate_for_it() {
    for (validity, expected) in [
        (Validity::Valid, ServiceCondition::Good),
        (Validity::EndsSoon(Duration::ZERO), ServiceCondition::Behind),
        (Validity::Ended, ServiceCondition::Fault),
    ] {
        let status = RegistryStatus {
            federation: Id::default_scope(),
            reach: RegistryReach::Read(5),
            certificate: Some(CertificateStatus::of(validity, "then".to_owned())),
        };
        assert_eq!(status.condition(), expected, "{validity:?}");
        assert!(status.text().ends_with("; own certificate ends then"));
    }
}

fn listener(running: bool, failures: u32, queued: &[&str]) -> ListenerStatus {
    let listening = Listening {
        since: "12:00".to_owned(),
        on: true,
        queued: queued.iter().map(ToString::to_string).collect(),
        waits_for: Some("the busy lock".to_owned()),
        ..Listening::default()
    };
    ListenerStatus {
        running,
        on: true,
        switch: StoredSwitch::default(),
        listening: running.then_some(listening),
        provisioning: false,
        stamp: running.then(|| Stamp {
            started: "11:00".to_owned(),
            reasons: vec!["kick".to_owned()],
            ended: Some("11:01".to_owned()),
            exit: Some(u8::from(failures > 0)),
            failures,
            succeeded: None,
            process: None,
        }),
        balance_off: None,
        config_error: None,
    }
}

#[test]
fn a_listener_says_what_it_does_in_one_line() {
    let ended = "provisions on; last provision started 11:00 (kick); ended 11:01 with exit";
    for (status, is_expected, text, condition) in [
        (
            listener(false, 0, &[]),
            false,
            "not running; provisions on",
            ServiceCondition::Good,
        ),
        (
            listener(false, 0, &[]),
            true,
            "not running; provisions on",
            ServiceCondition::Fault,
        ),
        (
            listener(true, 0, &[]),
            true,
            &format!("running since 12:00; {ended} 0"),
            ServiceCondition::Good,
        ),
        (
            listener(true, 2, &["change"]),
            true,
            &format!("running since 12:00; {ended} 1; queued: change; waiting for the busy lock"),
            ServiceCondition::Behind,
        ),
    ] {
        let line = ListenerLine::of(&status, is_expected);
        assert_eq!((line.text.as_str(), line.condition), (text, condition));
    }
}

fn settings(config: &str) -> BalanceSettings {
    let file = Some(("config.json", config));
    let settings = Settings::load(&Flags::default(), |_| None, file);
    settings.unwrap().balance
}

#[test]
fn a_balancer_says_what_it_has_open_and_why_it_is_behind() {
    let (given, none) = (settings(r#"{"balance": {"local": true}}"#), settings("{}"));
    let run = BalanceState {
        shape: Some("0123".to_owned()),
        ports: [(21100, OpenPort::default())].into(),
        ..BalanceState::default()
    };
    let off = BalanceState {
        off: Some(SwitchedOff {
            since: "11:00".to_owned(),
            ..SwitchedOff::default()
        }),
        owed: true,
        ..run.clone()
    };
    let failing = Balancing {
        error: Some("no answer".to_owned()),
        ..Balancing::default()
    };
    let judged = |settings, state, listening| {
        let status = BalancerStatus::of(settings, state, listening, SystemTime::UNIX_EPOCH);
        status.map(|status| (status.text, status.condition))
    };
    let says = |text: &str, condition| Some((text.to_owned(), condition));
    let new = BalanceState::default();
    assert_eq!(judged(&none, &new, None), None);
    let behind = |text| says(text, ServiceCondition::Behind);
    assert_eq!(judged(&given, &new, None), behind("never run"));
    let ends = "1 local port; `reconf balance` ends it";
    assert_eq!(judged(&none, &run, None), behind(ends));
    let owed = "1 local port; local: off since 11:00; its records are owed to the registry";
    assert_eq!(judged(&given, &off, None), behind(owed));
    let good = says("1 local port", ServiceCondition::Good);
    assert_eq!(judged(&given, &run, None), good);
    let fault = says(
        "1 local port; runs fail: no answer",
        ServiceCondition::Fault,
    );
    assert_eq!(judged(&given, &run, Some(&failing)), fault);
}
