//! What the registry last said, kept for the time when it says nothing (design.md section 6).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    announcement::Announcement,
    id::Id,
    key::Key,
    name::Name,
    snapshot::{LiveEntry, Snapshot},
};

/// The last known announcements of one federation: the content of `known/<federation>.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastKnown {
    /// The registry's revision when it last said something new.
    #[serde(default)]
    revision: i64,
    /// Region -> name -> `service@node` -> what it announced.
    regions: BTreeMap<Id, BTreeMap<Name, BTreeMap<String, KnownValue>>>,
}

/// An announcement that was live when it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownValue {
    /// What it said; aside, since most names have one provider in a map that has room for eleven.
    pub announcement: Box<Announcement>,
    /// The revision of its key.
    pub revision: i64,
}

impl LastKnown {
    /// The announcements of a name in a region, as keys of `federation`.
    pub(crate) fn of(
        &self,
        federation: &Id,
        region: &Id,
        name: &Name,
    ) -> BTreeMap<Key, &KnownValue> {
        let kept = self.regions.get(region).and_then(|names| names.get(name));
        let key = |kept: &KnownValue| Key {
            federation: federation.clone(),
            name: name.clone(),
            region: region.clone(),
            service: kept.announcement.service.clone(),
            node: kept.announcement.node.clone(),
        };
        kept.into_iter()
            .flat_map(BTreeMap::values)
            .map(|kept| (key(kept), kept))
            .collect()
    }

    /// The registry's revision when this was learnt.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// Takes over what a snapshot says of the names that it was asked for. Where a region has live announcements of
    /// a name, they replace what is kept; where it has none, only the withdrawn ones are forgotten. What is `ours` is
    /// not kept: the manifests of this node say it, and a first announce would only make the next render write.
    /// Returns whether anything is known otherwise now.
    pub(crate) fn update(
        &mut self,
        names: &BTreeSet<Name>,
        snapshot: &Snapshot,
        ours: impl Fn(&Key) -> bool,
    ) -> bool {
        let changed = self.take_over(names, snapshot, ours);
        if changed {
            self.revision = snapshot.revision;
        }
        changed
    }

    /// Returns whether anything is known otherwise now.
    fn take_over(
        &mut self,
        names: &BTreeSet<Name>,
        snapshot: &Snapshot,
        ours: impl Fn(&Key) -> bool,
    ) -> bool {
        let mut changed = false;
        for key in snapshot
            .withdrawn
            .keys()
            .filter(|k| names.contains(&k.name))
        {
            changed |= self.forget(key);
        }
        let mut live: BTreeMap<(&Id, &Name), Vec<(String, &LiveEntry)>> = BTreeMap::new();
        for (key, entry) in snapshot
            .live
            .iter()
            .filter(|(k, _)| names.contains(&k.name))
        {
            let place = live.entry((&key.region, &key.name)).or_default();
            if !ours(key) {
                place.push((key.provider(), entry));
            }
        }
        for ((region, name), said) in live {
            let before = self.regions.get(region).and_then(|names| names.get(name));
            if !says_the_same(before, &said) {
                changed = true;
                let kept = said
                    .into_iter()
                    .map(|(by, live)| (by, KnownValue::from(live)));
                let names = self.regions.entry(region.clone()).or_default();
                names.insert(name.clone(), kept.collect());
            }
            self.sweep(region, name);
        }
        changed
    }

    /// Returns whether it was known.
    fn forget(&mut self, key: &Key) -> bool {
        let Some(names) = self.regions.get_mut(&key.region) else {
            return false;
        };
        let kept = names.get_mut(&key.name);
        let forgotten = kept.and_then(|kept| kept.remove(&key.provider()));
        self.sweep(&key.region, &key.name);
        forgotten.is_some()
    }

    /// Leaves no empty place behind.
    fn sweep(&mut self, region: &Id, name: &Name) {
        let Some(names) = self.regions.get_mut(region) else {
            return;
        };
        if names.get(name).is_some_and(BTreeMap::is_empty) {
            names.remove(name);
        }
        if names.is_empty() {
            self.regions.remove(region);
        }
    }
}

/// Whether what is kept of a name is what the registry says of it.
fn says_the_same(
    kept: Option<&BTreeMap<String, KnownValue>>,
    said: &[(String, &LiveEntry)],
) -> bool {
    let Some(kept) = kept else {
        return said.is_empty();
    };
    let same = |(by, live): &(String, &LiveEntry)| {
        kept.get(by).is_some_and(|kept| {
            kept.revision == live.revision && *kept.announcement == live.announcement
        })
    };
    kept.len() == said.len() && said.iter().all(same)
}

impl From<&LiveEntry> for KnownValue {
    fn from(live: &LiveEntry) -> Self {
        Self {
            announcement: Box::new(live.announcement.clone()),
            revision: live.revision,
        }
    }
}
