//! Who announces what, when some announcements have left.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{id::Id, key::Key, name::Name, snapshot::Snapshot, spread};

/// Providers by region and `service@node`, with the keys of the names that each announces.
pub(super) struct Providers<'a> {
    regions: BTreeMap<&'a Id, BTreeMap<String, BTreeMap<&'a Name, &'a Key>>>,
    snapshot: &'a Snapshot,
    leaving: &'a BTreeSet<Key>,
}

impl<'a> Providers<'a> {
    /// Those of a snapshot, without the keys that leave.
    pub(super) fn of(snapshot: &'a Snapshot, leaving: &'a BTreeSet<Key>) -> Self {
        let mut regions: BTreeMap<&Id, BTreeMap<String, BTreeMap<&Name, &Key>>> = BTreeMap::new();
        for key in snapshot.live.keys().filter(|key| !leaving.contains(key)) {
            let providers = regions.entry(&key.region).or_default();
            let names = providers.entry(key.provider()).or_default();
            names.insert(&key.name, key);
        }
        Self {
            regions,
            snapshot,
            leaving,
        }
    }

    /// Whether an announcement is there.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.snapshot.live.contains_key(key) && !self.leaving.contains(key)
    }

    /// The revision of an announcement; 0 if it is not there.
    pub(super) fn revision(&self, key: &Key) -> i64 {
        let live = self.snapshot.live.get(key);
        live.map(|live| live.revision).unwrap_or_default()
    }

    /// A key of each provider in a region that announces all these names, in their order.
    pub(super) fn with_all(&self, region: &Id, names: &BTreeSet<&Name>) -> Vec<&'a Key> {
        let providers = self.in_region(region);
        let whole =
            providers.filter(|(_, found)| names.iter().all(|name| found.contains_key(name)));
        let key =
            |found: &BTreeMap<&Name, &'a Key>| names.iter().find_map(|n| found.get(n).copied());
        whole.filter_map(|(_, found)| key(found)).collect()
    }

    /// The regions with a provider of all these names.
    pub(super) fn regions_of(&self, names: &BTreeSet<&Name>) -> BTreeSet<Id> {
        let regions = self.regions.keys().copied();
        let found = regions.filter(|region| !self.with_all(region, names).is_empty());
        found.cloned().collect()
    }

    /// The regions with a provider of any of these names.
    pub(super) fn regions_of_any(&self, names: &BTreeSet<&Name>) -> BTreeSet<Id> {
        let regions = self.regions.keys().copied();
        let found = regions.filter(|region| self.newest(region, names) > 0);
        found.cloned().collect()
    }

    /// The last revision in a region at which any of these names changed; 0 if none is announced there.
    pub(super) fn newest(&self, region: &Id, names: &BTreeSet<&Name>) -> i64 {
        let announced = self.in_region(region).flat_map(|(_, found)| found.values());
        let of_names = announced.filter(|key| names.contains(&key.name));
        of_names
            .map(|key| self.revision(key))
            .max()
            .unwrap_or_default()
    }

    /// Whether a datastore could make another provider in the region of `key` as good as those that announce all of these
    /// names: it announces some of them, or what its provider does not announce.
    pub(super) fn may_be_completed(&self, key: &Key, names: &BTreeSet<&Name>) -> bool {
        let own = self.regions.get(&key.region);
        let own = own.and_then(|providers| providers.get(&key.provider()));
        let services = self.services_of(names);
        self.in_region(&key.region).any(|(_, found)| {
            let has = names
                .iter()
                .filter(|name| found.contains_key(*name))
                .count();
            let is_related = found.values().any(|key| services.contains(&key.service));
            let adds = found
                .keys()
                .any(|name| own.is_none_or(|own| !own.contains_key(name)));
            (has > 0 && has < names.len()) || (has == 0 && is_related && adds)
        })
    }

    /// Whether any service announces a name of each.
    pub(super) fn are_joined(&self, some: &BTreeSet<&Name>, others: &BTreeSet<&Name>) -> bool {
        !self
            .services_of(some)
            .is_disjoint(&self.services_of(others))
    }

    /// What else the services of these names announce, in any region.
    pub(super) fn joints_of(&self, names: &BTreeSet<&Name>) -> BTreeSet<(&'a Id, &'a Name)> {
        let services = self.services_of(names);
        let keys = self.regions.values().flat_map(BTreeMap::values);
        let keys = keys.flat_map(BTreeMap::values);
        let keys = keys.filter(|key| services.contains(&key.service));
        keys.map(|key| (&key.service, &key.name)).collect()
    }

    /// The services that announce any of these names, in any region.
    fn services_of(&self, names: &BTreeSet<&Name>) -> BTreeSet<&'a Id> {
        let keys = self.regions.values().flat_map(BTreeMap::values);
        let keys = keys.flat_map(BTreeMap::values);
        let keys = keys.filter(|key| names.contains(&key.name));
        keys.map(|key| &key.service).collect()
    }

    fn in_region(
        &self,
        region: &Id,
    ) -> impl Iterator<Item = (&String, &BTreeMap<&'a Name, &'a Key>)> {
        self.regions.get(region).into_iter().flatten()
    }
}

/// The provider that a node takes by the spread; of equals the first.
pub(super) fn best(node: &Id, providers: &[&Key]) -> Option<String> {
    let best = providers.iter().rev();
    let best = best.max_by_key(|key| spread::score(node, key));
    best.map(|key| key.provider())
}
