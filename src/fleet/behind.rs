//! Which users of a federation run with something else than the registry says now (docs/sight.md, `status --fleet`).

use std::collections::BTreeMap;

use super::records::{NodeRecord, RecordContent, User, records};
use crate::model::{
    announcement::{By, Tombstone},
    id::Id,
    key::{Key, Kind},
    name::Name,
    snapshot::Snapshot,
};

/// The revision of what the user's own node offers by its manifests: it was used before it was announced.
const OFFERED: i64 = 0;

/// How what a user runs with compares to the registry; the worst of what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Currency {
    /// Everything that it uses is announced at the revision that it has applied.
    Current,
    /// What it uses was announced anew since, perhaps with the same value: its record holds none.
    Perhaps,
    /// It uses what is not announced any more.
    Behind,
}

impl Currency {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Perhaps => "perhaps",
            Self::Behind => "behind",
        }
    }
}

/// Why a user is not, or may not be, current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutdatedUse<'a> {
    /// The provider was withdrawn.
    Withdrawn(&'a Tombstone),
    /// The provider is not announced any more, and nobody withdrew it.
    Expired,
    /// The provider was announced anew, at this revision.
    Announced(i64),
    /// The announcement cannot be read.
    Unreadable,
}

impl OutdatedUse<'_> {
    fn currency(&self) -> Currency {
        match self {
            Self::Withdrawn(_) | Self::Expired => Currency::Behind,
            Self::Announced(_) | Self::Unreadable => Currency::Perhaps,
        }
    }
}

/// One announcement that a user runs with and that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutdatedSource<'a> {
    /// The variable; of a balancer, the name.
    pub variable: Name,
    /// The announcement, as the record has it.
    pub key: String,
    /// The revision at which it was applied.
    pub revision: i64,
    /// What became of it.
    pub why: OutdatedUse<'a>,
}

impl OutdatedSource<'_> {
    /// `service@node`; the key itself, if it is none of ours.
    pub(crate) fn provider(&self) -> String {
        Key::parse(&self.key).map_or_else(|| self.key.clone(), |(_, key)| key.provider())
    }
}

/// A service, or the balancer, of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FleetUser<'a> {
    /// The node.
    pub node: Id,
    /// The service, or `its balancer`.
    pub user: String,
    /// How it compares to the registry.
    pub currency: Currency,
    /// The keys of its records that cannot be read: it may run with anything.
    pub unreadable: Vec<String>,
    /// What it runs with and is not as it was.
    pub outdated: Vec<OutdatedSource<'a>>,
}

/// Every user of a federation that has a record, in the order of nodes.
pub(super) fn users<'a>(federation: &Id, snapshot: &'a Snapshot) -> Vec<FleetUser<'a>> {
    let mut users: Vec<FleetUser> = Vec::new();
    for record in records(federation, snapshot) {
        let user = judge(record, snapshot);
        match users.last_mut() {
            // A balancer has a record for each name.
            Some(last) if last.node == user.node && last.user == user.user => last.join(user),
            _ => users.push(user),
        }
    }
    users
}

fn judge(record: NodeRecord, snapshot: &Snapshot) -> FleetUser<'_> {
    let mut user = FleetUser {
        node: record.node,
        user: match record.user {
            User::Service(id) => id.to_string(),
            User::Balancer { .. } => "its balancer".to_owned(),
        },
        currency: Currency::Current,
        unreadable: Vec::new(),
        outdated: Vec::new(),
    };
    let RecordContent::Applied(applied) = record.content else {
        user.currency = Currency::Perhaps;
        user.unreadable.push(record.key);
        return user;
    };
    for (variable, sources) in applied {
        for (key, revision) in sources {
            let Some(why) = outdated(&key, revision, snapshot) else {
                continue;
            };
            user.currency = user.currency.max(why.currency());
            user.outdated.push(OutdatedSource {
                variable: variable.clone(),
                key,
                revision,
                why,
            });
        }
    }
    user
}

/// What became of an announcement that was applied at that revision; `None`: nothing.
fn outdated<'a>(path: &str, revision: i64, snapshot: &'a Snapshot) -> Option<OutdatedUse<'a>> {
    if snapshot.unreadable.contains_key(path) {
        return Some(OutdatedUse::Unreadable);
    }
    let Some((Kind::Provides, key)) = Key::parse(path) else {
        return Some(OutdatedUse::Unreadable);
    };
    if let Some(live) = snapshot.live.get(&key) {
        let is_old = revision != OFFERED && live.revision != revision;
        return is_old.then_some(OutdatedUse::Announced(live.revision));
    }
    let withdrawn = snapshot.withdrawn.get(&key);
    Some(withdrawn.map_or(OutdatedUse::Expired, |entry| {
        OutdatedUse::Withdrawn(&entry.tombstone)
    }))
}

impl FleetUser<'_> {
    /// Whether nothing is known of it but that a record cannot be read.
    pub(crate) fn is_unknown(&self) -> bool {
        !self.unreadable.is_empty() && self.outdated.is_empty()
    }

    fn join(&mut self, other: Self) {
        self.currency = self.currency.max(other.currency);
        self.unreadable.extend(other.unreadable);
        self.outdated.extend(other.outdated);
    }
}

/// A service that was withdrawn by hand, with the names of which it has a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldProvider<'a> {
    /// `service@node`.
    pub provider: String,
    /// What was withdrawn.
    pub names: Vec<&'a Name>,
    /// By whom, until when and why.
    pub tombstone: &'a Tombstone,
    /// Whether it is announced all the same.
    pub is_live: bool,
}

/// What was withdrawn by hand, by provider.
pub(super) fn held(snapshot: &Snapshot) -> Vec<HeldProvider<'_>> {
    let mut held: BTreeMap<(String, bool), Vec<HeldProvider>> = BTreeMap::new();
    let by_hand = snapshot.withdrawn.iter();
    for (key, entry) in by_hand.filter(|(_, entry)| entry.tombstone.by == By::Hand) {
        let (provider, is_live) = (key.provider(), snapshot.live.contains_key(key));
        let of_provider = held.entry((provider.clone(), is_live)).or_default();
        let mut known = of_provider.iter_mut();
        match known.find(|known| *known.tombstone == entry.tombstone) {
            Some(known) => known.names.push(&key.name),
            None => of_provider.push(HeldProvider {
                provider,
                names: vec![&key.name],
                tombstone: &entry.tombstone,
                is_live,
            }),
        }
    }
    held.into_values().flatten().collect()
}

#[cfg(test)]
mod tests;
