//! What this node's services would be if they were rendered now, by what the watch has seen: no read of the registry.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    edge::registry::{KeyChange, Range, Session, WatchEvent},
    model::{
        id::Id,
        key::Key,
        manifest::Manifest,
        name::Name,
        pattern::Pattern,
        snapshot::{Entry, Snapshot},
    },
    node::Node,
    operations::{
        inputs::Inputs,
        read_set::{ReadSet, Snapshots},
    },
    provision::{Baseline, Resolved},
    report::{Failure, Journal},
};

/// What the watch has seen, and what follows from it.
pub(super) struct Mirror {
    pub(super) inputs: Inputs,
    interest: Interest,
    pub(super) baseline: Baseline,
    /// The services to be looked at again.
    pub(super) affected: BTreeSet<Id>,
    /// What every service was when it was looked at last.
    pub(super) resolved: BTreeMap<Id, Resolved>,
    pub(super) differing: BTreeMap<Id, Vec<String>>,
    pub(super) unmet: BTreeSet<Id>,
    pub(super) bad: BTreeMap<Id, String>,
}

/// What is watched of each federation.
pub(super) type Interest = Vec<(Id, Vec<Range>)>;

impl Mirror {
    /// Of a node of whose registry nothing was seen yet.
    pub(super) fn new(node: &Node, session: &Session) -> Result<Self, Failure> {
        let inputs = Inputs::without_registry(node, session)?;
        let mut mirror = Self {
            interest: interest(&inputs),
            inputs,
            baseline: Baseline::default(),
            affected: BTreeSet::new(),
            resolved: BTreeMap::new(),
            differing: BTreeMap::new(),
            unmet: BTreeSet::new(),
            bad: BTreeMap::new(),
        };
        mirror.forget();
        Ok(mirror)
    }

    /// Reads this node's files again; says whether something else is to be watched from now on.
    pub(super) fn reload(
        &mut self,
        node: &Node,
        session: &Session,
        journal: Journal,
    ) -> Result<bool, Failure> {
        let mut inputs = Inputs::without_registry(node, session)?;
        inputs.snapshots = std::mem::take(&mut self.inputs.snapshots);
        self.inputs = inputs;
        self.tell_bad(journal);
        self.affect_all();
        let interest = interest(&self.inputs);
        let moved = interest != self.interest;
        self.interest = interest;
        Ok(moved)
    }

    /// Nothing that was seen of the registry counts any more: a new watch begins.
    pub(super) fn forget(&mut self) {
        self.inputs.snapshots = Snapshots::awaited(self.interest.iter().map(|(id, _)| id));
        self.baseline.clear();
    }

    /// What is to be watched.
    pub(super) fn interest(&self) -> &Interest {
        &self.interest
    }

    /// How many names are watched: each by its announcements and its tombstones.
    pub(super) fn names(&self) -> usize {
        let ranges = self.interest.iter().map(|(_, ranges)| ranges.len());
        ranges.sum::<usize>() / 2
    }

    /// Takes over what the watch has seen.
    pub(super) fn take(&mut self, node: &Node, seen: WatchEvent) {
        match seen {
            WatchEvent::Snapshot {
                federation,
                reading,
            } => {
                self.baseline.clear();
                let snapshot = Snapshot::new(&federation, reading.revision, reading.entries);
                self.inputs.snapshots.list(federation, snapshot);
                self.affect_all();
            }
            WatchEvent::Changes {
                federation,
                changes,
                ..
            } => {
                let mut names = BTreeSet::new();
                for moved in changes {
                    names.extend(self.make(&federation, moved));
                }
                let ids = self.requiring(&federation, &names);
                for id in &ids {
                    if self.baseline.watches(id)
                        && let Some((resolved, _)) = self.resolved(node, id)
                    {
                        self.baseline.record(id, resolved);
                    }
                }
                self.affected.extend(ids);
            }
            WatchEvent::Disconnected { .. } => {}
        }
    }

    /// Every service is to be looked at again.
    pub(super) fn affect_all(&mut self) {
        self.affected.extend(self.inputs.manifests.keys().cloned());
        // Those whose manifest is gone no longer differ.
        self.affected.extend(self.differing.keys().cloned());
    }

    /// The services that a provision would change, with the variables that differ from what is applied.
    pub(super) fn differing(&self) -> &BTreeMap<Id, Vec<String>> {
        &self.differing
    }

    /// Makes one change; gives the name that it is about.
    fn make(&mut self, federation: &Id, moved: KeyChange) -> Option<Name> {
        let snapshot = self.inputs.snapshots.of_mut(federation)?;
        let (KeyChange::Put(Entry { key, .. }) | KeyChange::Deleted(key)) = &moved;
        let (_, key) = Key::parse(key)?;
        match moved {
            KeyChange::Put(entry) => snapshot.put(federation, entry),
            KeyChange::Deleted(path) => snapshot.remove(&path),
        }
        Some(key.name)
    }

    fn requiring(&self, federation: &Id, names: &BTreeSet<Name>) -> Vec<Id> {
        let manifests = self.inputs.manifests.values().flatten();
        let requires = |manifest: &&Manifest| {
            let mut patterns = manifest.requires.values().map(|r| &r.pattern);
            manifest.federation == *federation
                && patterns.any(|pattern| pattern.holes().any(|hole| names.contains(hole)))
        };
        manifests.filter(requires).map(|m| m.id.clone()).collect()
    }
}

fn interest(inputs: &Inputs) -> Interest {
    let mut reads = ReadSet::default();
    for manifest in inputs.manifests.values().flatten() {
        let patterns = manifest.requires.values().map(|r| &r.pattern);
        reads.names(&manifest.federation, patterns.flat_map(Pattern::holes));
    }
    reads.requests()
}
