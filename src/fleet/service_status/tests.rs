//! How confs and announcements are judged, by table and on random services.

use super::*;
use crate::{
    harness::seed::Dice,
    model::{
        id::Id,
        key::Kind,
        sample,
        service_state::{AnnounceProgress, AnnouncedRecord},
        snapshot::Entry,
    },
};

const NOON: &str = "2026-03-01T12:00:00Z";

fn at(text: &str) -> SystemTime {
    humantime::parse_rfc3339(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn changes(what: &[&str], degraded: bool) -> RenderForecast {
    RenderForecast::Changes {
        what: what.iter().map(ToString::to_string).collect(),
        degraded,
    }
}

fn facts(render: RenderForecast) -> ConfFacts {
    ConfFacts {
        has_manifest: true,
        is_wanted: true,
        written: Some("w".to_owned()),
        applied: Some("a".to_owned()),
        is_pending: false,
        render,
        last_read: None,
    }
}

#[test]
fn a_conf_is_as_what_matters_most_about_it() {
    let (same, more) = (changes(&[], false), changes(&["A"], true));
    let unmet = RenderForecast::Unmet(vec![name("X")]);
    let is_unmet = ConfStatus::Unmet(vec![name("X")]);
    let pending = ConfStatus::Pending("w".to_owned());
    let applied = ConfStatus::Applied(Some("a".to_owned()));
    let change = ConfStatus::WouldChange(vec!["A".to_owned()]);
    for (forecast, is_pending, expected) in [
        (same.clone(), false, applied.clone()),
        (RenderForecast::Unknown, false, applied),
        (changes(&["A"], false), false, change.clone()),
        (more.clone(), false, change),
        (changes(&[], true), false, ConfStatus::Degraded(None)),
        (same, true, pending.clone()),
        (more, true, pending),
        (unmet.clone(), true, is_unmet.clone()),
        (unmet, false, is_unmet),
    ] {
        let facts = ConfFacts {
            is_pending,
            ..facts(forecast)
        };
        assert_eq!(ConfStatus::of(&facts), expected, "{facts:?}");
    }
}

#[test]
fn a_conf_that_is_not_there_is_missing_where_it_is_wanted() {
    let none = |has_manifest, is_wanted, render| {
        ConfStatus::of(&ConfFacts {
            written: None,
            has_manifest,
            is_wanted,
            ..facts(render)
        })
    };
    let fails = || RenderForecast::Fails("x".to_owned());
    assert_eq!(none(true, true, changes(&[], false)), ConfStatus::Missing);
    assert_eq!(none(true, true, fails()), ConfStatus::Failing("x".into()));
    assert_eq!(none(true, false, changes(&[], false)), ConfStatus::Unneeded);
    assert_eq!(
        none(false, true, RenderForecast::Unknown),
        ConfStatus::Orphan
    );
    let away = ConfFacts {
        last_read: Some("r".to_owned()),
        ..facts(changes(&[], true))
    };
    assert_eq!(
        ConfStatus::of(&away),
        ConfStatus::Degraded(Some("r".into()))
    );
}

fn record(outcome: AnnounceProgress) -> AnnouncedRecord {
    AnnouncedRecord {
        announcement: sample::announcement("x"),
        lease: 0,
        ttl: 0,
        granted: 0,
        outcome,
        revision: 5,
    }
}

/// What a registry, or a state, has of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    Nothing,
    Live,
    Other,
    Hand,
    Gone,
}

fn entries(of: &str, has: Has) -> Vec<Entry> {
    let key = sample::key("f", of);
    match has {
        Has::Nothing => vec![],
        Has::Live => vec![sample::live(&key, &sample::announcement("x"), 5)],
        Has::Other => vec![sample::live(&key, &sample::announcement("y"), 5)],
        Has::Hand => vec![sample::tombstone(&key, By::Hand, 6)],
        Has::Gone => vec![sample::tombstone(&key, By::Manifest, 6)],
    }
}

fn offers(names: &[&str]) -> BTreeMap<Key, Announcement> {
    let offer = |name: &&str| (sample::key("f", name), sample::announcement("x"));
    names.iter().map(offer).collect()
}

fn state(announced: &[(&str, AnnounceProgress)], held: bool) -> ServiceState {
    let path = |name: &str| sample::key("f", name).path(Kind::Provides);
    let announced = announced.iter();
    ServiceState {
        announced: announced
            .map(|(n, progress)| (path(n), record(*progress)))
            .collect(),
        held,
        ..ServiceState::default()
    }
}

fn judged(has: &[(&str, Has)], state: &ServiceState, is_read: bool) -> AnnouncementStatus {
    let found = has
        .iter()
        .flat_map(|(name, has)| entries(name, *has))
        .collect();
    let snapshot = Snapshot::new(&Id::parse("f").unwrap(), 9, found);
    let names: Vec<&str> = has.iter().map(|(name, _)| *name).collect();
    let snapshot = is_read.then_some(&snapshot);
    AnnouncementStatus::of(&offers(&names), state, snapshot, at(NOON))
}

#[test]
fn announcements_are_as_registry_and_state_say() {
    use AnnounceProgress::{Done, Pending};
    use AnnouncementStatus::{Announced, Differs, Expired, NotAnnounced, Owed, Unneeded};
    use Has::{Gone, Live, Nothing, Other};
    let (a, b) = (|| vec![name("A")], || vec![name("B")]);
    let none: &[(&str, AnnounceProgress)] = &[];
    for (has, known, expected) in [
        (&[][..], none, Unneeded),
        (&[("A", Live)], &[("A", Done)], Announced(1)),
        (&[("A", Live), ("B", Live)], &[("A", Done)], Announced(2)),
        (&[("A", Live), ("B", Nothing)], &[("B", Done)], Expired(b())),
        (&[("A", Live), ("B", Nothing)], none, NotAnnounced(b())),
        (&[("A", Gone)], &[("A", Done)], NotAnnounced(a())),
        (&[("A", Other)], &[("A", Done)], Differs(a())),
        (&[("A", Nothing)], &[("A", Pending)], Owed(a())),
        (&[("A", Nothing)], none, NotAnnounced(a())),
    ] {
        assert_eq!(judged(has, &state(known, false), true), expected, "{has:?}");
    }
    // A registry that was not read: the state alone counts.
    let unread = |known| judged(&[("A", Nothing)], &state(known, false), false);
    assert_eq!(unread(&[("A", Done)]), Announced(1));
    assert_eq!(unread(&[]), NotAnnounced(a()));
    let mut owing = state(&[], false);
    let key = sample::key("f", "Z").path(Kind::Provides);
    owing.withdrawing.insert(key, By::Manifest);
    assert_eq!(judged(&[], &owing, true), Owed(vec![name("Z")]));
}

#[test]
fn a_service_is_held_by_its_state_or_by_the_registry_and_at_fault_if_that_does_not_hold() {
    let held = |until: Option<&str>| ServiceState {
        hold: Some(WithdrawalNote {
            until: until.map(str::to_owned),
            ..WithdrawalNote::default()
        }),
        ..state(&[], true)
    };
    let not = ServiceState::default();
    for (has, state, expected) in [
        (Has::Hand, held(None), Some(ServiceCondition::Good)),
        (
            Has::Hand,
            held(Some("2026-03-01T12:00:01Z")),
            Some(ServiceCondition::Good),
        ),
        (Has::Hand, held(Some(NOON)), Some(ServiceCondition::Behind)),
        (Has::Live, held(None), Some(ServiceCondition::Fault)),
        (Has::Nothing, held(None), Some(ServiceCondition::Good)),
        (Has::Hand, not.clone(), Some(ServiceCondition::Good)),
        (Has::Gone, not.clone(), None),
        (Has::Live, not, None),
    ] {
        let judged = judged(&[("A", has)], &state, true);
        let is_held = matches!(judged, AnnouncementStatus::Held { .. });
        assert_eq!(
            is_held.then(|| judged.condition()),
            expected,
            "{has:?} {state:?}"
        );
    }
}

#[test]
fn a_random_service_is_good_exactly_if_every_offer_is_announced_as_it_is() {
    let mut dice = Dice::new();
    let all = [Has::Nothing, Has::Live, Has::Other, Has::Gone];
    for _ in 0..2000 {
        let has: Vec<(&str, Has)> = ["A", "B", "C"]
            .into_iter()
            .take(dice.roll(4))
            .map(|name| (name, all[dice.roll(all.len())]))
            .collect();
        let known = ["A", "B", "C"].into_iter().filter(|_| dice.roll(2) == 0);
        let known: Vec<_> = known.map(|name| (name, AnnounceProgress::Done)).collect();
        let condition = judged(&has, &state(&known, false), true).condition();
        let is_good = has.iter().all(|(_, has)| *has == Has::Live);
        assert_eq!(
            condition == ServiceCondition::Good,
            is_good,
            "{has:?} {known:?}"
        );
        let is_lost = has.iter().any(|(name, has)| {
            *has == Has::Nothing && known.iter().any(|(known, _)| known == name)
        });
        assert_eq!(
            condition == ServiceCondition::Fault,
            is_lost,
            "{has:?} {known:?}"
        );
    }
}
