//! Last known announcements, for when the registry does not answer (design.md section 6).

mod size;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    announcement::Announcement,
    id::Id,
    key::Key,
    name::Name,
    record,
    snapshot::{LiveEntry, Snapshot},
};

/// The last known announcements of one federation: the content of `known/<federation>.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastKnown {
    /// The registry's revision at the last change.
    #[serde(default)]
    revision: i64,
    /// Where an earlier file was lost: the names that were read since. Nothing is known of any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<BTreeSet<Name>>,
    /// Region -> name -> `service@node` -> its announcement.
    regions: BTreeMap<Id, BTreeMap<Name, BTreeMap<String, KnownValue>>>,
}

/// An announcement that was live when the registry was last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownValue {
    /// The announcement; boxed, since most names have one provider in a map node with room for eleven.
    pub announcement: Box<Announcement>,
    /// The revision of its key.
    pub revision: i64,
}

/// The live announcements of a name that are to be known, by region and provider.
type LiveByRegion<'a> = BTreeMap<&'a Id, BTreeMap<String, &'a LiveEntry>>;

impl LastKnown {
    /// What is known after the file was lost: nothing, of any name.
    pub(crate) fn lost() -> Self {
        Self {
            read: Some(BTreeSet::new()),
            ..Self::default()
        }
    }

    /// Whether the registry may have had a name of which nothing is known.
    pub(crate) fn may_lack(&self, name: &Name) -> bool {
        let is_unread = |read: &BTreeSet<Name>| !read.contains(name);
        self.read.as_ref().is_some_and(is_unread)
    }

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
        // An earlier release learnt what contradicts its key, or what no environment could carry.
        let is_usable = |key: &Key, kept: &KnownValue, provider: &str| {
            key.provider() == provider && record::check(key, &kept.announcement).is_ok()
        };
        kept.into_iter()
            .flatten()
            .map(|(provider, kept)| (key(kept), kept, provider))
            .filter(|(key, kept, provider)| is_usable(key, kept, provider))
            .map(|(key, kept, _)| (key, kept))
            .collect()
    }

    /// The keys of all announcements, as keys of `federation`.
    pub(crate) fn keys(&self, federation: &Id) -> BTreeSet<Key> {
        let names = self.regions.iter().flat_map(|(region, names)| {
            let names = names.keys();
            names.map(move |name| (region, name))
        });
        names
            .flat_map(|(region, name)| self.of(federation, region, name).into_keys())
            .collect()
    }

    /// Forgets the announcements of all other names.
    pub(crate) fn retain(&mut self, names: &BTreeSet<Name>) {
        for kept in self.regions.values_mut() {
            kept.retain(|name, _| names.contains(name));
        }
        self.regions.retain(|_, names| !names.is_empty());
    }

    /// The registry's revision at the last change.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// Updates the entries of `names` from a snapshot that was read for them, and returns whether anything changed. In a
    /// region with live announcements of a name, these replace the known ones; elsewhere only withdrawn ones are removed,
    /// so expired ones stay. Announcements that `is_local` are not stored: this node's manifests have them, and storing
    /// them would make the first render after an announce write a state file.
    pub(crate) fn update(
        &mut self,
        names: &BTreeSet<Name>,
        snapshot: &Snapshot,
        is_local: impl Fn(&Key) -> bool,
    ) -> bool {
        let removed = self.remove_withdrawn(names, snapshot);
        let stored = self.store_live(names, snapshot, is_local);
        let added = self.add_read(names);
        let changed = removed || stored || added;
        if changed {
            self.revision = snapshot.revision;
        }
        changed
    }

    /// Adds to the names that were read since a loss.
    fn add_read(&mut self, names: &BTreeSet<Name>) -> bool {
        let Some(read) = &mut self.read else {
            return false;
        };
        let before = read.len();
        read.extend(names.iter().cloned());
        read.len() > before
    }

    fn remove_withdrawn(&mut self, names: &BTreeSet<Name>, snapshot: &Snapshot) -> bool {
        let mut changed = false;
        let withdrawn = snapshot.withdrawn.keys();
        for key in withdrawn.filter(|key| names.contains(&key.name)) {
            changed |= self.remove(key);
        }
        changed
    }

    fn store_live(
        &mut self,
        names: &BTreeSet<Name>,
        snapshot: &Snapshot,
        is_local: impl Fn(&Key) -> bool,
    ) -> bool {
        let mut by_name: BTreeMap<&Name, LiveByRegion> = BTreeMap::new();
        let live = snapshot.live.iter();
        for (key, entry) in live.filter(|(key, _)| names.contains(&key.name)) {
            let regions = by_name.entry(&key.name).or_default();
            let entries = regions.entry(&key.region).or_default();
            if !is_local(key) {
                entries.insert(key.provider(), entry);
            }
        }
        let mut changed = false;
        for (name, mut regions) in by_name {
            changed |= self.limit(name, &mut regions);
            for (region, entries) in regions {
                changed |= self.store(region, name, &entries);
            }
        }
        changed
    }

    /// Takes out of `live`, and of what is known in other regions, what a name has beyond its limit; returns whether
    /// anything known was removed.
    fn limit(&mut self, name: &Name, live: &mut LiveByRegion<'_>) -> bool {
        let known = self
            .regions
            .iter()
            .filter(|(region, _)| !live.contains_key(region));
        let known = known.filter_map(|(region, names)| Some((region, names.get(name)?)));
        let known = known.flat_map(|(region, kept)| {
            let entries = kept.iter();
            entries.map(move |(provider, kept)| (region, provider, &*kept.announcement))
        });
        let new = live.iter().flat_map(|(region, entries)| {
            let entries = entries.iter();
            entries.map(move |(provider, live)| (*region, provider, &*live.announcement))
        });
        let beyond = size::beyond_limit(name, known.chain(new));
        let mut changed = false;
        for (region, provider) in beyond {
            if let Some(entries) = live.get_mut(&region) {
                entries.remove(&provider);
            } else if let Some(names) = self.regions.get_mut(&region) {
                let kept = names.get_mut(name);
                changed |= kept.is_some_and(|kept| kept.remove(&provider).is_some());
                self.remove_if_empty(&region, name);
            }
        }
        changed
    }

    /// Replaces what is known of a name in a region by what is live; returns whether that is different.
    fn store(&mut self, region: &Id, name: &Name, live: &BTreeMap<String, &LiveEntry>) -> bool {
        let known = self.regions.get(region).and_then(|names| names.get(name));
        let changed = !is_current(known, live);
        if changed {
            let values = live.iter();
            let values = values.map(|(provider, live)| (provider.clone(), KnownValue::from(*live)));
            let names = self.regions.entry(region.clone()).or_default();
            names.insert(name.clone(), values.collect());
        }
        self.remove_if_empty(region, name);
        changed
    }

    /// Removes an announcement, and returns whether it was known.
    fn remove(&mut self, key: &Key) -> bool {
        let Some(names) = self.regions.get_mut(&key.region) else {
            return false;
        };
        let kept = names.get_mut(&key.name);
        let removed = kept.and_then(|kept| kept.remove(&key.provider()));
        self.remove_if_empty(&key.region, &key.name);
        removed.is_some()
    }

    /// Removes a name without announcements, and a region without names.
    fn remove_if_empty(&mut self, region: &Id, name: &Name) {
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

/// Whether the known announcements of a name are exactly the live ones.
fn is_current(
    known: Option<&BTreeMap<String, KnownValue>>,
    live: &BTreeMap<String, &LiveEntry>,
) -> bool {
    let Some(known) = known else {
        return live.is_empty();
    };
    let same = |(provider, live): (&String, &&LiveEntry)| {
        known.get(provider).is_some_and(|known| {
            known.revision == live.revision && known.announcement == live.announcement
        })
    };
    known.len() == live.len() && live.iter().all(same)
}

impl From<&LiveEntry> for KnownValue {
    fn from(live: &LiveEntry) -> Self {
        Self {
            announcement: live.announcement.clone(),
            revision: live.revision,
        }
    }
}

#[cfg(test)]
mod tests;
