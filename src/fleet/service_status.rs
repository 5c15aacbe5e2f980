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
mod tests;
