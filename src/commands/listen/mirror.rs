//! What this node's services would be if they were rendered now, by what the watch has seen: no read of the registry.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        view::View,
    },
    edge::registry::{Moved, Range, Seen, Session},
    model::{
        id::Id,
        key::Key,
        manifest::Manifest,
        name::Name,
        pattern::Pattern,
        snapshot::{Entry, Snapshot},
    },
    provision::{Resolved, Standing},
    report::{Failure, Journal},
};

/// What the watch has seen, and what follows from it.
pub(super) struct Mirror {
    pub(super) view: View,
    interest: Interest,
    pub(super) standing: Standing,
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
        let view = View::watching(node, session)?;
        let mut mirror = Self {
            interest: interest(&view),
            view,
            standing: Standing::default(),
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
        let mut view = View::watching(node, session)?;
        view.readings = std::mem::take(&mut self.view.readings);
        self.view = view;
        self.tell_bad(journal);
        self.affect_all();
        let interest = interest(&self.view);
        let moved = interest != self.interest;
        self.interest = interest;
        Ok(moved)
    }

    /// Nothing that was seen of the registry counts any more: a new watch begins.
    pub(super) fn forget(&mut self) {
        self.view.readings = Readings::awaited(self.interest.iter().map(|(id, _)| id));
        self.standing.lost_sight();
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
    pub(super) fn take(&mut self, node: &Node, seen: Seen) {
        match seen {
            Seen::Listed {
                federation,
                reading,
            } => {
                self.standing.lost_sight();
                let snapshot = Snapshot::new(&federation, reading.revision, reading.entries);
                self.view.readings.list(federation, snapshot);
                self.affect_all();
            }
            Seen::Moved {
                federation, moves, ..
            } => {
                let mut names = BTreeSet::new();
                for moved in moves {
                    names.extend(self.make(&federation, moved));
                }
                let ids = self.requiring(&federation, &names);
                for id in &ids {
                    if self.standing.heeds(id)
                        && let Some((resolved, _)) = self.resolved(node, id)
                    {
                        self.standing.saw(id, resolved);
                    }
                }
                self.affected.extend(ids);
            }
            Seen::Lost { .. } => {}
        }
    }

    /// Every service is to be looked at again.
    pub(super) fn affect_all(&mut self) {
        self.affected.extend(self.view.manifests.keys().cloned());
        // Those whose manifest is gone no longer differ.
        self.affected.extend(self.differing.keys().cloned());
    }

    /// The services that a provision would change, with the variables that differ from what is applied.
    pub(super) fn differing(&self) -> &BTreeMap<Id, Vec<String>> {
        &self.differing
    }

    /// Makes one change; gives the name that it is about.
    fn make(&mut self, federation: &Id, moved: Moved) -> Option<Name> {
        let snapshot = self.view.readings.of_mut(federation)?;
        let (Moved::Put(Entry { key, .. }) | Moved::Gone(key)) = &moved;
        let (_, key) = Key::parse(key)?;
        match moved {
            Moved::Put(entry) => snapshot.put(federation, entry),
            Moved::Gone(path) => snapshot.remove(&path),
        }
        Some(key.name)
    }

    fn requiring(&self, federation: &Id, names: &BTreeSet<Name>) -> Vec<Id> {
        let manifests = self.view.manifests.values().flatten();
        let requires = |manifest: &&Manifest| {
            let mut patterns = manifest.requires.values().map(|r| &r.pattern);
            manifest.federation == *federation
                && patterns.any(|pattern| pattern.holes().any(|hole| names.contains(hole)))
        };
        manifests.filter(requires).map(|m| m.id.clone()).collect()
    }
}

fn interest(view: &View) -> Interest {
    let mut wanted = Wanted::default();
    for manifest in view.manifests.values().flatten() {
        let patterns = manifest.requires.values().map(|r| &r.pattern);
        wanted.names(&manifest.federation, patterns.flat_map(Pattern::holes));
    }
    wanted.requests()
}
