//! How a service of this node is: its conf and its announcements, by its manifest, its state and the registry
//! (docs/sight.md, `status`).

use std::{collections::BTreeMap, time::SystemTime};

use crate::model::{
    announcement::{Announcement, By, Tombstone},
    key::Key,
    name::Name,
    service_state::ServiceState,
    snapshot::Snapshot,
    withdrawal_note::WithdrawalNote,
};

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ServiceCondition {
    /// As it should be, or as a person wants it.
    #[default]
    Good,
    /// Something is yet to be done, or goes on with less.
    Behind,
    /// Something is wrong.
    Fault,
}

/// What is known of a service's conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfFacts {
    /// Whether there is a manifest, readable or not.
    pub has_manifest: bool,
    /// Whether the manifest asks for a conf; so does one that cannot be read, where there is a conf.
    pub is_wanted: bool,
    /// When the conf was written (RFC 3339); `None` where there is none.
    pub written: Option<String>,
    /// When it was last applied.
    pub applied: Option<String>,
    /// Whether it was written and is not applied yet.
    pub is_pending: bool,
    /// What a render would do.
    pub render: RenderForecast,
    /// When the registry was last read, where it does not answer now.
    pub last_read: Option<String>,
}

/// What a render of a service would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum RenderForecast {
    /// That is not known.
    #[default]
    Unknown,
    /// These names that it needs have no value.
    Unmet(Vec<Name>),
    /// It would fail otherwise.
    Fails(String),
    /// It would change these variables, or these files where no variable changes; from the registry as it is, or not.
    Changes {
        /// Variables, or paths.
        what: Vec<String>,
        /// Whether values are older than the registry's answer.
        degraded: bool,
    },
}

/// How the conf of a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfStatus {
    /// The service has none.
    Unneeded,
    /// Something is left of a service without a manifest.
    Orphan,
    /// It is not there.
    Missing,
    /// The next render fails, since these names have no value.
    Unmet(Vec<Name>),
    /// The next render fails otherwise.
    Failing(String),
    /// It was written at this time and is not applied yet.
    Pending(String),
    /// The next render changes this.
    WouldChange(Vec<String>),
    /// Values are older than the registry's answer; where the registry does not answer, since this time.
    Degraded(Option<String>),
    /// It was applied at this time, if that is known.
    Applied(Option<String>),
}

impl ConfStatus {
    /// Judges what is known.
    pub(crate) fn of(facts: &ConfFacts) -> Self {
        if !facts.has_manifest {
            return Self::Orphan;
        }
        match (&facts.render, &facts.written) {
            _ if !facts.is_wanted => Self::Unneeded,
            (RenderForecast::Unmet(names), _) => Self::Unmet(names.clone()),
            (RenderForecast::Fails(reason), _) => Self::Failing(reason.clone()),
            (_, None) => Self::Missing,
            (_, Some(written)) if facts.is_pending => Self::Pending(written.clone()),
            (RenderForecast::Changes { what, .. }, _) if !what.is_empty() => {
                Self::WouldChange(what.clone())
            }
            (RenderForecast::Changes { degraded: true, .. }, _) => {
                Self::Degraded(facts.last_read.clone())
            }
            _ => Self::Applied(facts.applied.clone()),
        }
    }

    /// How bad that is.
    pub(crate) fn condition(&self) -> ServiceCondition {
        match self {
            Self::Unneeded | Self::Applied(_) => ServiceCondition::Good,
            Self::Orphan | Self::Pending(_) | Self::WouldChange(_) | Self::Degraded(_) => {
                ServiceCondition::Behind
            }
            Self::Missing | Self::Unmet(_) | Self::Failing(_) => ServiceCondition::Fault,
        }
    }
}

/// How the announcements of a service are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnnouncementStatus {
    /// It provides nothing.
    Unneeded,
    /// So many names are announced.
    Announced(usize),
    /// It was withdrawn by hand.
    Held {
        /// When, if the registry says that.
        since: Option<String>,
        /// Who said it, until when and why.
        note: WithdrawalNote,
        /// Whether its time is over.
        is_over: bool,
        /// Whether it is announced all the same.
        is_live: bool,
    },
    /// These are to be announced or withdrawn when the registry can be written.
    Owed(Vec<Name>),
    /// These were announced, and their leases have ended.
    Expired(Vec<Name>),
    /// These are not announced.
    NotAnnounced(Vec<Name>),
    /// These are announced with something else than the manifest says.
    Differs(Vec<Name>),
}

impl AnnouncementStatus {
    /// Judges a service by what its manifest `offers`, by its state, and by the registry, if that was read.
    pub(crate) fn of(
        offers: &BTreeMap<Key, Announcement>,
        state: &ServiceState,
        snapshot: Option<&Snapshot>,
        now: SystemTime,
    ) -> Self {
        if let Some(held) = Self::held(offers, state, snapshot, now) {
            return held;
        }
        let owed: Vec<Name> = state
            .withdrawing_keys()
            .chain(state.pending_keys())
            .map(|key| key.name)
            .collect();
        if !owed.is_empty() {
            return Self::Owed(unique(owed));
        }
        let is_live = |key: &&Key| match snapshot {
            Some(snapshot) => snapshot.live.contains_key(*key),
            None => state.announces(key),
        };
        let absent = || offers.keys().filter(|key| !is_live(key));
        let is_expired = |key: &&Key| state.announces(key) && !is_withdrawn(snapshot, key);
        let names =
            |keys: Vec<&Key>| unique(keys.into_iter().map(|key| key.name.clone()).collect());
        let expired: Vec<&Key> = absent().filter(is_expired).collect();
        let absent: Vec<&Key> = absent().collect();
        let differing = offers.iter().filter(|(key, offer)| {
            let live = snapshot.and_then(|snapshot| snapshot.live.get(*key));
            live.is_some_and(|live| !live.announcement.same_content(offer))
        });
        let differing: Vec<&Key> = differing.map(|(key, _)| key).collect();
        match offers.len() {
            0 => Self::Unneeded,
            _ if !expired.is_empty() => Self::Expired(names(expired)),
            _ if !absent.is_empty() => Self::NotAnnounced(names(absent)),
            _ if !differing.is_empty() => Self::Differs(names(differing)),
            count => Self::Announced(count),
        }
    }

    /// A service that its state holds, or of which the registry says so.
    fn held(
        offers: &BTreeMap<Key, Announcement>,
        state: &ServiceState,
        snapshot: Option<&Snapshot>,
        now: SystemTime,
    ) -> Option<Self> {
        let by_hand = |key: &Key| -> Option<&Tombstone> {
            let entry = snapshot?.withdrawn.get(key)?;
            (entry.tombstone.by == By::Hand).then_some(&entry.tombstone)
        };
        let tombstone = offers.keys().find_map(by_hand);
        let is_live = |key: &Key| snapshot.is_some_and(|snapshot| snapshot.live.contains_key(key));
        let is_live = offers.keys().any(is_live);
        if !state.held && (tombstone.is_none() || is_live) {
            return None;
        }
        let of_registry = tombstone.map(|tombstone| tombstone.note.clone());
        let note = state.hold.clone().or(of_registry).unwrap_or_default();
        Some(Self::Held {
            since: tombstone.map(|tombstone| tombstone.time().to_owned()),
            is_over: note.is_over(now),
            note,
            is_live,
        })
    }

    /// How bad that is.
    pub(crate) fn condition(&self) -> ServiceCondition {
        match self {
            Self::Unneeded | Self::Announced(_) => ServiceCondition::Good,
            Self::Held { is_live: true, .. } | Self::Expired(_) => ServiceCondition::Fault,
            Self::Held { is_over, .. } if !is_over => ServiceCondition::Good,
            Self::Held { .. } | Self::Owed(_) | Self::NotAnnounced(_) | Self::Differs(_) => {
                ServiceCondition::Behind
            }
        }
    }
}

fn is_withdrawn(snapshot: Option<&Snapshot>, key: &Key) -> bool {
    snapshot.is_some_and(|snapshot| snapshot.withdrawn.contains_key(key))
}

fn unique(mut names: Vec<Name>) -> Vec<Name> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
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
}
