//! What a command reads of the registry, collected first and read in one transaction per federation.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    edge::registry::{Range, Session},
    model::{
        announcement::By,
        id::Id,
        key::{self, Key, Kind},
        name::Name,
        snapshot::Snapshot,
    },
    report::{Code, Failure},
};

/// What is to be read, by federation.
#[derive(Default)]
pub(crate) struct ReadSet {
    federations: BTreeMap<Id, FederationRanges>,
    states: BTreeMap<Id, u64>,
}

#[derive(Default)]
struct FederationRanges {
    names: BTreeSet<Name>,
    keys: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

/// What was read, by federation.
#[derive(Default)]
pub(crate) struct Snapshots {
    federations: BTreeMap<Id, Result<Snapshot, ReadError>>,
    names: BTreeMap<Id, BTreeSet<Name>>,
    states: BTreeMap<Id, u64>,
}

/// The answer for one federation.
#[derive(Clone, Copy)]
pub(crate) enum Read<'a> {
    /// Nothing was to be read of it.
    NotAsked,
    /// It could not be read.
    Failed(&'a ReadError),
    /// What it holds.
    Snapshot(&'a Snapshot),
}

/// Why a federation could not be read.
#[derive(Clone)]
pub(crate) struct ReadError {
    /// The failure, as it is reported.
    pub(crate) failure: Failure,
    /// Whether the registry is away, rather than refusing.
    pub(crate) is_away: bool,
}

impl<'a> Read<'a> {
    /// What was read.
    pub(crate) fn snapshot(self) -> Option<&'a Snapshot> {
        match self {
            Self::Snapshot(snapshot) => Some(snapshot),
            Self::NotAsked | Self::Failed(_) => None,
        }
    }

    /// Why it could not be read.
    pub(crate) fn error(self) -> Option<&'a ReadError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::NotAsked | Self::Snapshot(_) => None,
        }
    }

    /// What was read; `None` where nothing was to be read.
    pub(crate) fn required(self) -> Result<Option<&'a Snapshot>, Failure> {
        match self {
            Self::NotAsked => Ok(None),
            Self::Failed(error) => Err(error.failure.clone()),
            Self::Snapshot(snapshot) => Ok(Some(snapshot)),
        }
    }
}

impl ReadSet {
    /// Adds names: their announcements and tombstones in every region.
    pub(crate) fn names<'a>(&mut self, federation: &Id, names: impl Iterator<Item = &'a Name>) {
        let names: Vec<Name> = names.cloned().collect();
        if !names.is_empty() {
            self.of(federation).names.extend(names);
        }
    }

    /// Adds the announcements, or the tombstones, of these names; of all, if there are none.
    pub(crate) fn records(&mut self, federation: &Id, names: &[Name], kind: Kind) {
        if names.is_empty() {
            self.prefix(federation, key::all_names_prefix(federation, kind));
        }
        for name in names {
            self.prefix(federation, key::name_prefix(federation, name, kind));
        }
    }

    /// Adds one announcement, with its tombstone.
    pub(crate) fn announcement(&mut self, key: &Key) {
        let keys = [Kind::Provides, Kind::Withdrawn].map(|kind| key.path(kind));
        self.of(&key.federation).keys.extend(keys);
    }

    /// Adds one other key.
    pub(crate) fn key(&mut self, federation: &Id, path: String) {
        self.of(federation).keys.insert(path);
    }

    /// Adds everything below a prefix.
    pub(crate) fn prefix(&mut self, federation: &Id, prefix: String) {
        self.of(federation).prefixes.insert(prefix);
    }

    /// Notes which edit the state of a service had last when its reads were added.
    pub(crate) fn after_state(&mut self, service: &Id, edit: u64) {
        self.states.insert(service.clone(), edit);
    }

    fn of(&mut self, federation: &Id) -> &mut FederationRanges {
        self.federations.entry(federation.clone()).or_default()
    }

    /// The ranges to read or watch, by federation.
    pub(crate) fn requests(&self) -> Vec<(Id, Vec<Range>)> {
        let federations = self.federations.iter();
        federations
            .map(|(federation, ranges)| (federation.clone(), ranges.list(federation)))
            .collect()
    }

    /// Reads all of it. A federation that has no ranges is not asked.
    pub(crate) fn read(self, session: &mut Session) -> Snapshots {
        let requests = self.requests();
        if requests.is_empty() {
            return Snapshots::default();
        }
        let results = session.read(&requests);
        let mut snapshots = Snapshots::default();
        for ((federation, _), result) in requests.into_iter().zip(results) {
            let snapshot = match result {
                Ok(reading) => Ok(Snapshot::new(
                    &federation,
                    reading.revision,
                    reading.entries,
                )),
                Err(error) => Err(ReadError {
                    is_away: error.is_unreachable(),
                    failure: error.into(),
                }),
            };
            snapshots.federations.insert(federation, snapshot);
        }
        snapshots.states = self.states;
        let names = self.federations.into_iter();
        snapshots.names = names
            .map(|(federation, ranges)| (federation, ranges.names))
            .collect();
        snapshots
    }
}

impl FederationRanges {
    fn list(&self, federation: &Id) -> Vec<Range> {
        let of_name = |name| {
            let kinds = [Kind::Provides, Kind::Withdrawn].into_iter();
            kinds.map(move |kind| Range::Prefix(key::name_prefix(federation, name, kind)))
        };
        let covered = |path: &String| {
            let key = Key::parse(path);
            key.is_some_and(|(_, key)| self.names.contains(&key.name))
        };
        let names = self.names.iter().flat_map(of_name);
        let keys = self.keys.iter().filter(|path| !covered(path));
        let prefixes = self.prefixes.iter().cloned().map(Range::Prefix);
        names
            .chain(keys.cloned().map(Range::Key))
            .chain(prefixes)
            .collect()
    }
}

impl Snapshots {
    /// Nothing is read yet of these federations: a watch will see it.
    pub(crate) fn awaited<'a>(federations: impl Iterator<Item = &'a Id>) -> Self {
        let failure = Failure::new(Code::Unreachable, "the registry was not read yet");
        let unread = ReadError {
            failure,
            is_away: true,
        };
        Self {
            federations: federations
                .map(|id| (id.clone(), Err(unread.clone())))
                .collect(),
            ..Self::default()
        }
    }

    /// A federation was listed whole.
    pub(crate) fn list(&mut self, federation: Id, snapshot: Snapshot) {
        self.federations.insert(federation, Ok(snapshot));
    }

    /// What was read of a federation, to be kept up to date.
    pub(crate) fn of_mut(&mut self, federation: &Id) -> Option<&mut Snapshot> {
        self.federations.get_mut(federation)?.as_mut().ok()
    }

    /// The answer of a federation.
    pub(crate) fn of(&self, federation: &Id) -> Read<'_> {
        match self.federations.get(federation) {
            None => Read::NotAsked,
            Some(Err(error)) => Read::Failed(error),
            Some(Ok(snapshot)) => Read::Snapshot(snapshot),
        }
    }

    /// What was read of a federation.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(crate) fn take(mut self, federation: &Id) -> Result<Snapshot, Failure> {
        match self.federations.remove(federation) {
            None => Ok(Snapshot::default()),
            Some(read) => read.map_err(|error| error.failure),
        }
    }

    /// Whether any federation was read.
    pub(crate) fn was_read(&self) -> bool {
        self.federations.values().any(Result::is_ok)
    }

    /// Which edit the state of a service had last, before the registry was read.
    pub(crate) fn state_of(&self, service: &Id) -> u64 {
        self.states.get(service).copied().unwrap_or_default()
    }

    /// Whether the registry has an announcement of the key.
    pub(crate) fn is_live(&self, key: &Key) -> bool {
        let snapshot = self.of(&key.federation).snapshot();
        snapshot.is_some_and(|s| s.live.contains_key(key))
    }

    /// Whether the registry has a tombstone of the key and no announcement.
    pub(crate) fn is_withdrawn(&self, key: &Key) -> bool {
        let snapshot = self.of(&key.federation).snapshot();
        snapshot.is_some_and(|s| s.withdrawn.contains_key(key) && !s.live.contains_key(key))
    }

    /// Whether the registry has the tombstone of a key whose node was retired.
    pub(crate) fn is_retired(&self, key: &Key) -> bool {
        let snapshot = self.of(&key.federation).snapshot();
        let withdrawn = snapshot.and_then(|snapshot| snapshot.withdrawn.get(key));
        withdrawn.is_some_and(|withdrawn| withdrawn.tombstone.by == By::Retired)
    }

    /// Every federation that was read, with the names that were asked for and the answer.
    pub(crate) fn available(&self) -> impl Iterator<Item = (&Id, &BTreeSet<Name>, &Snapshot)> {
        self.federations
            .iter()
            .filter_map(|(federation, snapshot)| {
                let names = self.names.get(federation)?;
                Some((federation, names, snapshot.as_ref().ok()?))
            })
    }
}

/// Every name that is announced in a federation; none if it cannot be read any more.
pub(crate) fn read_names(session: &mut Session, federation: &Id) -> BTreeSet<Name> {
    let mut reads = ReadSet::default();
    reads.records(federation, &[], Kind::Provides);
    let snapshots = reads.read(session);
    let live = snapshots.of(federation).snapshot().map(|s| s.live.keys());
    live.into_iter()
        .flatten()
        .map(|key| key.name.clone())
        .collect()
}

#[cfg(test)]
mod tests;
